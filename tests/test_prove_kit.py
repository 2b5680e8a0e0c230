"""The kit tells a proof from a vacuous one, a countermodel from a guess, and never takes what it does not know as proved."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest
import statements
import z3
from statements import GENERAL, stated

from solvent import load_venue
from solvent.account import Regime
from solvent.arithmetic import floor_to, truncate
from solvent.prove.bearing import Bounds, Divisors
from solvent.prove.decide import decide
from solvent.prove.readable import readable, rounded
from solvent.prove.results import result_of, text_of
from solvent.prove.symbolic import bounded_floors, real
from solvent.prove.theorem import Cell, Verdict, evaluate, obligation

BETA = Cell(load_venue("hyperliquid-beta"), Regime.PORTFOLIO)


def decided(statement, cell=GENERAL, **about):
    return decide(stated(statement, **about), cell)


# Verdicts


def test_what_follows_is_proved_with_a_witness_that_meets_the_assumptions():
    result = decided(statements.holds)

    assert result.verdict is Verdict.PROVED
    assert result.confirmed
    assert result.witness["x"] > 1


def test_what_fails_is_refuted_with_readable_numbers_that_the_exact_reading_confirms():
    result = decided(statements.fails)

    assert result.verdict is Verdict.REFUTED
    assert result.confirmed
    assert result.countermodel == {"x": Fraction(1, 2)}
    assert evaluate(stated(statements.fails), GENERAL, result.countermodel).refutes()


def test_assumptions_that_cannot_hold_together_prove_nothing():
    assert decided(statements.contradicts_itself).verdict is Verdict.VACUOUS


def test_a_case_that_never_arises_is_vacuous_although_the_others_are_proved():
    result = decided(statements.never_asked)

    assert (result.verdict, result.part) == (Verdict.VACUOUS, "never")


def test_what_takes_too_long_is_unknown():
    assert decided(statements.too_hard, timeout=1).verdict is Verdict.UNKNOWN


def test_a_countermodel_that_the_exact_reading_does_not_confirm_is_unknown():
    result = decided(statements.only_bounded)

    assert (result.verdict, result.countermodel, result.confirmed) == (Verdict.UNKNOWN, None, False)


def test_a_countermodel_of_no_rational_number_is_unknown():
    assert decided(statements.irrational).verdict is Verdict.UNKNOWN


def test_the_worst_case_decides():
    result = decided(statements.in_cases)

    assert (result.verdict, result.part, result.parts) == (Verdict.REFUTED, "below zero", 2)


def test_the_example_of_a_statement_is_the_witness_where_it_is_one():
    assert decided(statements.with_example).witness == {}


def test_the_rules_are_those_that_the_statement_calls():
    assert decided(statements.calls_a_rule).rules == ("PM-RATIO", "PM-VIRTUAL")


def test_the_same_theorem_is_decided_alike_whatever_was_decided_before():
    first = decided(statements.fails)
    decided(statements.calls_a_rule)

    assert text_of(decided(statements.fails)) | {"milliseconds": 0} == text_of(first) | {"milliseconds": 0}


# Assumptions


def test_an_assumption_is_needed_where_numbers_break_the_claim_without_it():
    needed, spare = decided(statements.one_assumption_too_many).needs

    assert (needed.meaning, needed.needed, needed.model["x"] <= 1) == ("x is above two", True, True)
    assert (spare.meaning, spare.needed, spare.model) == ("x is below a hundred", False, None)


def test_needs_are_left_out_where_nobody_asks():
    assert decide(stated(statements.holds), GENERAL, needs=False).needs == ()


def test_under_a_side_condition_any_parameters_are_conditional_and_a_venue_is_proved():
    assert decided(statements.with_side).verdict is Verdict.CONDITIONAL
    assert decided(statements.with_side, BETA).verdict is Verdict.PROVED


def test_a_side_condition_that_a_venue_does_not_meet_is_no_excuse():
    result = decided(statements.with_failing_side, BETA)

    assert decided(statements.with_failing_side).verdict is Verdict.CONDITIONAL
    assert result.verdict is Verdict.REFUTED
    assert result.failed_sides == ("the transfer fraction is at most a hundredth",)


# The exact reading


def test_the_exact_reading_says_of_each_assumption_and_case_whether_it_holds():
    outcome = evaluate(stated(statements.in_cases), GENERAL, {"x": Fraction(-1)})

    assert outcome.parts == (("above zero", False, False), ("below zero", True, False))
    assert outcome.refutes("below zero")
    assert not outcome.refutes("above zero")
    assert outcome.witnesses("below zero")
    assert not outcome.witnesses("above zero")


def test_numbers_that_break_an_assumption_refute_nothing():
    outcome = evaluate(stated(statements.fails), GENERAL, {"x": Fraction(-1, 2)})

    assert outcome.assumptions == (("x is above zero", False),)
    assert not outcome.refutes()


def test_where_a_statement_divides_by_zero_it_says_nothing():
    outcome = evaluate(stated(statements.divides), GENERAL, {"x": Fraction(0)})

    assert not outcome.refutes()
    assert not outcome.witnesses()


# Floors


def at_most(bounds, *conditions):
    solver = z3.Solver()
    solver.add(*bounds, *conditions)
    return solver.check()


def test_a_bounded_floor_lies_less_than_a_unit_below_its_amount_and_keeps_the_sign():
    x = real("x")
    with bounded_floors() as floors:
        floored = truncate(x, 1)

    assert at_most(floors.bounds, floored > x, x > 0) == z3.unsat
    assert at_most(floors.bounds, floored <= x - 1, x > 0) == z3.unsat
    assert at_most(floors.bounds, floored < 0, x > 0) == z3.unsat
    assert at_most(floors.bounds, floored == x) == z3.sat


def test_bounded_floors_of_one_unit_are_in_the_order_of_their_amounts():
    x, y = real("x"), real("y")
    with bounded_floors() as floors:
        low, high = truncate(x, 1), truncate(y, 1)

    assert at_most(floors.bounds, x > 0, x < y, low > high) == z3.unsat


def test_of_a_floor_to_a_unit_that_may_be_zero_nothing_is_known():
    x, unit = real("x"), real("unit")
    with bounded_floors() as floors:
        floored = floor_to(x, unit)

    assert at_most(floors.bounds, floored > x, unit > 0) == z3.unsat
    assert at_most(floors.bounds, floored > x) == z3.sat


def test_a_question_gets_the_bounds_of_the_floors_that_it_speaks_of_and_of_those_inside_them():
    x, y = real("x"), real("y")
    with bounded_floors() as floors:
        inner = truncate(x, 1)
        outer = truncate(inner + x, Fraction(1, 2))
        other = truncate(y, Fraction(1, 4))
    found = Bounds(floors)

    speaking = {str(b) for b in found.bearing_on([outer > 0])}
    assert speaking == {str(b) for b in floors.bounds if "floor 2" not in str(b)}
    assert found.bearing_on([x > 0]) == []
    assert len(found.bearing_on([outer > other])) == len(floors.bounds)


def test_divisors_are_told_once_in_the_order_in_which_they_are_met_and_numbers_are_none():
    x, y = real("x"), real("y")
    known = Divisors()

    assert [str(d) for d in known.in_all([x / y + 1 / (y + 1), x / 2])] == ["y + 1", "y"]
    assert [str(d) for d in known.in_all([1 / x, x / y])] == ["y", "x"]
    assert known.in_all([x + y]) == []


# Readable numbers


def test_a_readable_model_has_few_digits_and_still_does_what_it_did():
    model = {"a": Fraction(123456789, 1000), "b": Fraction(-7, 13)}

    short = readable(model, lambda m: m["a"] > 100 and m["b"] < 0)

    assert short == {"a": Fraction(100000), "b": Fraction(-1)}


def test_a_model_that_does_not_do_it_stays_as_it_is():
    model = {"a": Fraction(22, 7)}

    assert readable(model, lambda m: m["a"] > 100) == model


def test_a_division_by_zero_makes_no_model_readable():
    assert readable({"a": Fraction(22, 7)}, lambda m: 1 / m["a"] > 0)["a"] != 0


@pytest.mark.parametrize(
    ("value", "digits", "expected"),
    [("0", 2, "0"), ("123456", 2, "120000"), ("0.00123456", 3, "0.00123"), ("-9.99", 1, "-10")],
)
def test_rounding_counts_digits_from_the_first_that_is_not_zero(value, digits, expected):
    assert rounded(Fraction(value), digits) == Fraction(expected)


# Results as text


@pytest.mark.parametrize(
    "statement",
    [statements.holds, statements.fails, statements.one_assumption_too_many, statements.with_side],
)
def test_a_result_is_the_same_after_it_was_written_and_read(statement):
    result = decided(statement)

    assert result_of(json.loads(json.dumps(text_of(result)))) == result


@pytest.mark.parametrize("missing", ["verdict", "needs", "countermodel", "rules"])
def test_what_is_no_result_is_refused(missing):
    content = text_of(decided(statements.holds))
    del content[missing]

    with pytest.raises(KeyError):
        result_of(content)


def test_an_obligation_names_every_symbol_and_suggests_the_examples():
    due = obligation(stated(statements.with_example), GENERAL)

    assert list(due.symbols) == ["x"]
    assert due.examples == {"x": Fraction(1, 4)}
