"""The words of the rules: what they give for exact numbers, and what holds of them for all numbers."""

from __future__ import annotations

from fractions import Fraction

import pytest
import z3

from solvent.arithmetic import (
    HALF,
    ONE,
    ZERO,
    absolute,
    both,
    ceil_to,
    either,
    floor_to,
    maximum,
    median,
    minimum,
    nearest,
    negate,
    quotient,
    total,
    truncate,
    where,
)
from solvent.prove import exact, flag, real, term

CENT = Fraction("0.01")
A, B, C = real("a"), real("b"), real("c")
AMOUNT, UNIT = real("amount"), real("unit")
COUNT = z3.ToReal(z3.Int("count"))
SIGNS = (AMOUNT >= 0, AMOUNT < 0)
P, Q = flag("p"), flag("q")
ROUNDINGS = (floor_to, ceil_to, truncate, nearest)


def witness(*assertions):
    """Numbers that satisfy the assertions, or ``None`` where there are none."""
    solver = z3.Solver()
    solver.set("timeout", 10_000)
    solver.add(*assertions)
    found = solver.check()
    assert found != z3.unknown, f"neither proved nor refuted: {solver.reason_unknown()}"
    return solver.model() if found == z3.sat else None


def refuted(claim, *assumptions):
    """Numbers that break a claim under assumptions, or ``None`` where it is proved for all numbers."""
    assert witness(*assumptions) is not None, "the assumptions exclude each other"
    return witness(*assumptions, z3.Not(claim))


def proved(claim, *assumptions):
    """Whether a claim holds of all numbers that the assumptions leave."""
    return refuted(claim, *assumptions) is None


# For exact numbers


def test_where_takes_the_first_where_the_condition_holds():
    assert where(True, ONE, HALF) == ONE
    assert where(False, ONE, HALF) == HALF


def test_conditions_combine_and_none_of_them_is_true_of_both_and_false_of_either():
    assert both(True, True) is True
    assert both(True, False) is False
    assert either(False, True) is True
    assert either(False, False) is False
    assert negate(True) is False
    assert both() is True
    assert either() is False


def test_maximum_and_minimum_are_of_any_count():
    assert maximum(HALF, ONE, -ONE) == ONE
    assert minimum(HALF, ONE, -ONE) == -ONE
    assert maximum(HALF) == minimum(HALF) == HALF


def test_absolute_is_the_magnitude():
    assert [absolute(a) for a in (-HALF, ZERO, HALF)] == [HALF, ZERO, HALF]


def test_the_total_of_nothing_is_zero():
    assert total([]) == 0
    assert total([HALF, HALF, -ONE, HALF]) == HALF


@pytest.mark.parametrize("three", [(1, 2, 3), (3, 1, 2), (2, 3, 1), (2, 2, 5), (-1, 2, 2)])
def test_the_median_is_the_middle_one_in_any_order(three):
    assert median(*map(Fraction, three)) == 2


@pytest.mark.parametrize("divisor", [ZERO, -ONE])
def test_a_quotient_by_nothing_above_zero_is_the_other_number(divisor):
    assert quotient(ONE, divisor, HALF) == HALF


def test_a_quotient_by_a_number_above_zero_is_exact():
    assert quotient(ONE, Fraction(3), ZERO) == Fraction(1, 3)


@pytest.mark.parametrize(
    ("amount", "down", "up", "to_zero", "to_nearest"),
    [
        ("1.239", "1.23", "1.24", "1.23", "1.24"),
        ("-1.239", "-1.24", "-1.23", "-1.23", "-1.24"),
        ("1.231", "1.23", "1.24", "1.23", "1.23"),
        ("-1.231", "-1.24", "-1.23", "-1.23", "-1.23"),
        ("1.235", "1.23", "1.24", "1.23", "1.24"),
        ("-1.235", "-1.24", "-1.23", "-1.23", "-1.24"),
        ("1.225", "1.22", "1.23", "1.22", "1.23"),
        ("0.004", "0", "0.01", "0", "0"),
        ("-0.004", "-0.01", "0", "0", "0"),
        ("-0.005", "-0.01", "0", "0", "-0.01"),
        ("1/3", "0.33", "0.34", "0.33", "0.33"),
        ("1.23", "1.23", "1.23", "1.23", "1.23"),
        ("-1.23", "-1.23", "-1.23", "-1.23", "-1.23"),
        ("0", "0", "0", "0", "0"),
    ],
)
def test_each_rounding_has_its_direction(amount, down, up, to_zero, to_nearest):
    rounded = [rounding(Fraction(amount), CENT) for rounding in ROUNDINGS]
    assert rounded == [Fraction(text) for text in (down, up, to_zero, to_nearest)]


@pytest.mark.parametrize("rounding", ROUNDINGS)
@pytest.mark.parametrize("unit", [Fraction("0.25"), Fraction(3), Fraction(2, 7)])
def test_a_unit_need_not_be_a_power_of_ten(rounding, unit):
    assert rounding(5 * unit, unit) == 5 * unit
    assert rounding(5 * unit + unit / 100, unit) in (5 * unit, 6 * unit)


@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_roundings_of_large_amounts_are_exact(rounding):
    large = Fraction(10**30) + CENT
    assert rounding(large, CENT) == large
    assert isinstance(rounding(10**30, CENT), Fraction)


@pytest.mark.parametrize(
    "word",
    [
        lambda: where(1, ONE, ZERO),
        lambda: both("yes", "yes"),
        lambda: either("no", "yes"),
        lambda: negate(None),
        lambda: floor_to(0.5, CENT),
        lambda: floor_to(ONE, 0.5),
    ],
)
def test_a_word_refuses_what_no_reading_has_registered(word):
    with pytest.raises(TypeError, match="no reading of"):
        word()


# For all numbers


def test_where_is_one_of_its_arguments_as_the_condition_says():
    chosen = where(P, A, B)
    assert proved(z3.And(z3.Implies(P, chosen == A), z3.Implies(z3.Not(P), chosen == B)))


def test_both_either_and_negate_are_the_connectives_of_logic():
    assert proved(both(P, Q) == z3.And(P, Q))
    assert proved(either(P, Q) == z3.Or(P, Q))
    assert proved(negate(both(P, Q)) == either(negate(P), negate(Q)))


def test_a_plain_condition_combines_with_a_symbolic_one():
    assert both(True, P) is P
    assert both(P, False) is False
    assert either(P, True) is True
    assert either(False, P) is P


def test_the_maximum_is_the_least_number_that_none_exceeds():
    largest = maximum(A, B, C)
    assert proved(z3.And(largest >= A, largest >= B, largest >= C))
    assert proved(z3.Or(largest == A, largest == B, largest == C))


def test_the_minimum_mirrors_the_maximum():
    assert proved(minimum(A, B, C) == -maximum(-A, -B, -C))


def test_the_magnitude_is_the_larger_of_a_number_and_its_negative():
    assert proved(absolute(A) == maximum(A, -A))


def test_the_median_is_one_of_its_arguments_with_one_on_each_side():
    middle = median(A, B, C)
    assert proved(z3.Or(middle == A, middle == B, middle == C))
    assert proved(z3.AtLeast(middle >= A, middle >= B, middle >= C, 2))
    assert proved(z3.AtLeast(middle <= A, middle <= B, middle <= C, 2))


def test_the_median_does_not_depend_on_the_order():
    assert proved(z3.And(median(A, B, C) == median(B, A, C), median(A, B, C) == median(C, B, A)))


def test_a_quotient_times_its_divisor_is_the_dividend():
    assert proved(quotient(A, B, C) * B == A, B > 0)
    assert proved(quotient(A, B, C) == C, B <= 0)


@pytest.mark.parametrize("sign", SIGNS, ids=str)
@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_a_rounded_amount_is_a_multiple_of_the_unit(rounding, sign):
    rounded = rounding(AMOUNT, UNIT)
    assert proved(floor_to(rounded, UNIT) == rounded, UNIT > 0, sign)


@pytest.mark.parametrize("sign", SIGNS, ids=str)
@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_a_multiple_of_the_unit_is_not_moved(rounding, sign):
    assert proved(rounding(AMOUNT, UNIT) == AMOUNT, UNIT > 0, sign, AMOUNT == COUNT * UNIT)


def test_rounding_down_gives_up_less_than_one_unit():
    gap = AMOUNT - floor_to(AMOUNT, UNIT)
    assert proved(z3.And(gap >= 0, gap < UNIT), UNIT > 0)


def test_rounding_up_adds_less_than_one_unit():
    gap = ceil_to(AMOUNT, UNIT) - AMOUNT
    assert proved(z3.And(gap >= 0, gap < UNIT), UNIT > 0)


def test_truncation_never_raises_the_magnitude_and_stays_within_one_unit():
    gap = absolute(AMOUNT) - absolute(truncate(AMOUNT, UNIT))
    assert proved(z3.And(gap >= 0, gap < UNIT), UNIT > 0)


def test_truncation_never_changes_the_sign():
    assert proved(truncate(AMOUNT, UNIT) * AMOUNT >= 0, UNIT > 0)


def test_rounding_to_the_nearest_moves_by_half_a_unit_at_most():
    assert proved(absolute(nearest(AMOUNT, UNIT) - AMOUNT) <= UNIT / 2, UNIT > 0)


@pytest.mark.parametrize(("sign", "away"), [(AMOUNT >= 0, UNIT / 2), (AMOUNT < 0, -UNIT / 2)], ids=str)
def test_a_half_is_rounded_away_from_zero(sign, away):
    assert proved(nearest(AMOUNT, UNIT) == AMOUNT + away, UNIT > 0, sign, AMOUNT == (COUNT + HALF) * UNIT)


@pytest.mark.parametrize("rounding", [truncate, nearest])
def test_symmetric_roundings_do_not_prefer_a_side(rounding):
    assert proved(rounding(-AMOUNT, UNIT) == -rounding(AMOUNT, UNIT), UNIT > 0)


def test_truncating_each_of_two_amounts_is_not_truncating_their_sum():
    model = refuted(truncate(A, CENT) + truncate(B, CENT) == truncate(A + B, CENT))

    a, b = (exact(model.eval(symbol, model_completion=True)) for symbol in (A, B))
    assert truncate(a, CENT) + truncate(b, CENT) != truncate(a + b, CENT)


@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_a_claim_that_rounding_moves_nothing_is_refuted(rounding):
    model = refuted(rounding(AMOUNT, CENT) == AMOUNT)

    amount = exact(model.eval(AMOUNT, model_completion=True))
    assert rounding(amount, CENT) != amount


def test_an_exact_unit_rounds_a_symbol_and_a_symbolic_unit_rounds_a_number():
    assert exact(z3.substitute(floor_to(AMOUNT, CENT), (AMOUNT, term(Fraction("-1.239"))))) == Fraction(
        "-1.24"
    )
    assert exact(z3.substitute(floor_to(Fraction("-1.239"), UNIT), (UNIT, term(CENT)))) == Fraction("-1.24")
