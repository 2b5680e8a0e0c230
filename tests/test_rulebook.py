"""The rulebook and the functions say the same."""

from __future__ import annotations

import pytest
from attrs import fields, has

from solvent import rulebook
from solvent.rules import all_rules

ENTRIES = rulebook.entries()


def parts(value):
    """The numbers that a result consists of."""
    return tuple(getattr(value, f.name) for f in fields(type(value))) if has(type(value)) else value


def test_every_rule_has_one_entry_and_every_entry_one_rule():
    assert sorted(all_rules()) == sorted(ENTRIES)


@pytest.mark.parametrize("identifier", ENTRIES)
def test_the_entry_opens_with_the_sentence_of_the_function(identifier):
    assert all_rules()[identifier].sentence == ENTRIES[identifier].sentence


@pytest.mark.parametrize("identifier", ENTRIES)
def test_the_entry_has_a_formula_and_a_worked_number(identifier):
    assert ENTRIES[identifier].formula
    assert ENTRIES[identifier].worked


@pytest.mark.parametrize(
    ("identifier", "equation"), [(i, equation) for i, entry in ENTRIES.items() for equation in entry.worked]
)
def test_the_worked_number_is_what_the_function_gives(identifier, equation):
    computed, stated = rulebook.evaluate(equation)

    assert parts(stated) == parts(computed)
    names = {function.__name__ for function in all_rules()[identifier].readings.values()}
    assert any(name in equation for name in names)


@pytest.mark.parametrize("identifier", [i for i, rule in all_rules().items() if len(rule.readings) > 1])
def test_a_rule_with_several_readings_names_each_and_what_would_settle_it(identifier):
    entry = ENTRIES[identifier]

    named = [text.split("`")[1] for text in entry.items["reading"]]
    assert list(all_rules()[identifier].readings) == named
    assert entry.items["settled by"]


@pytest.mark.parametrize("identifier", [i for i, e in ENTRIES.items() if e.standing == "assumed"])
def test_an_assumed_rule_says_why_it_is_assumed(identifier):
    assert "because" in ENTRIES[identifier].items["standing"][0]


@pytest.mark.parametrize("identifier", ENTRIES)
def test_every_source_names_a_date(identifier):
    for source in ENTRIES[identifier].items["source"]:
        assert any(year in source for year in ("2024", "2025", "2026"))
