"""Every theorem in every cell: what is stated to be true is proved, and what is stated to be false is refuted."""

from __future__ import annotations

import pytest

from solvent.prove.audit import load
from solvent.prove.theorem import Verdict

THEOREMS = load()
PROVED = {Verdict.PROVED, Verdict.CONDITIONAL}


def told(found):
    """The cells with their verdicts, as they are to be read where a test fails."""
    return [
        (r.venue or "any venue", r.regime, r.token, str(r.verdict), r.part, each.trouble, r.countermodel)
        for each in found
        for r in [each.result]
    ]


@pytest.mark.parametrize("name", [name for name, stated in THEOREMS.items() if not stated.false])
def test_it_is_proved(name, findings):
    not_proved = [each for each in findings[name] if each.result.verdict not in PROVED]

    assert findings[name]
    assert told(not_proved) == []


@pytest.mark.parametrize("name", [name for name, stated in THEOREMS.items() if stated.false])
def test_it_is_refuted_by_numbers_that_the_exact_model_confirms(name, findings):
    refuted = [each for each in findings[name] if each.result.verdict is Verdict.REFUTED]
    open_cells = [each for each in findings[name] if each.result.verdict not in {*PROVED, Verdict.REFUTED}]

    assert refuted
    assert all(each.result.confirmed and each.result.countermodel is not None for each in refuted)
    assert told(open_cells) == []


def test_every_theorem_is_one_sentence_that_says_why_it_matters():
    for stated in THEOREMS.values():
        assert stated.sentence.endswith("."), stated.name
        assert stated.why.endswith((".", "?")), stated.name


def test_what_is_false_says_what_would_make_it_true():
    for stated in THEOREMS.values():
        assert bool(stated.repair) == stated.false, stated.name
