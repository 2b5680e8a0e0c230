"""The rulebook and the functions say the same."""

from __future__ import annotations

import re

import pytest
from attrs import fields, has

from solvent import bundle, rulebook
from solvent.rules import all_rules

ENTRIES = rulebook.entries()
README = (bundle.spec() / "README.md").read_text(encoding="utf-8")
MOST_WORDS = 40


def parts(value):
    """The numbers that a result consists of."""
    return tuple(getattr(value, f.name) for f in fields(type(value))) if has(type(value)) else value


def row(entry):
    """The line that the list of rules must have for an entry, with the anchor that its heading gets."""
    heading = f"{entry.id}: {entry.title}".lower()
    anchor = re.sub(r"[^a-z0-9 -]", "", heading).replace(" ", "-")
    return f"| [{entry.id}](rules/{entry.chapter}.md#{anchor}) | {entry.title} | {entry.standing} |"


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


@pytest.mark.parametrize("identifier", [i for i, e in ENTRIES.items() if e.standing == "observed"])
def test_an_observed_rule_says_how_often_it_was_observed(identifier):
    assert re.search(r"[0-9]", ENTRIES[identifier].items["standing"][0])


def test_a_chapter_holds_the_rules_of_one_module():
    pairs = {(entry.chapter, all_rules()[i].chapter) for i, entry in ENTRIES.items()}

    assert len(pairs) == len({chapter for chapter, _ in pairs}) == len({module for _, module in pairs})


def test_the_list_of_rules_is_complete_and_current():
    rows = [line for line in README.splitlines() if re.match(r"\| \[[A-Z]", line)]

    assert rows == [row(entry) for entry in ENTRIES.values()]


def test_the_list_names_every_chapter_by_its_heading():
    titles = [
        path.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ") for path in rulebook.chapters()
    ]
    listed = [
        f"[{title}](rules/{path.name})" for title, path in zip(titles, rulebook.chapters(), strict=True)
    ]

    assert re.findall(r"^### (.+)$", README, re.MULTILINE) == listed


def test_the_glossary_explains_each_word_once_and_few_words():
    glossary = README.partition("## Glossary")[2].partition("\n## ")[0]
    words = re.findall(r"^\| ([a-z][^|]+) \| [A-Z][^|]+\. \|$", glossary, re.MULTILINE)

    assert len(words) == len(set(words)) == glossary.count("\n|") - 2
    assert len(words) <= MOST_WORDS


@pytest.mark.parametrize("path", rulebook.chapters(), ids=lambda path: path.stem)
def test_every_rule_that_a_chapter_names_exists(path):
    families = "|".join({identifier.partition("-")[0] for identifier in ENTRIES})
    named = re.findall(rf"\b(?:{families})-[A-Z0-9]+(?:-[A-Z0-9]+)*\b", path.read_text(encoding="utf-8"))

    assert set(named) <= set(all_rules())
