"""A result read with intervals contains every exact result; a comparison decides only what is certain."""

from __future__ import annotations

import operator
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import PROFILE

from solvent.arithmetic import (
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
from solvent.interval import UNDECIDED, IndeterminateError, Interval, around, hull, interval

WORDS = {
    "plus": operator.add,
    "minus": operator.sub,
    "times": operator.mul,
    "maximum": maximum,
    "minimum": minimum,
    "where": lambda a, b: where(a < b, a, b - 7),
    "total": lambda a, b: total([a, b]),
    "median": lambda a, b: median(a, b, Fraction(1)),
    "negative": lambda a, b: -a + b,
    "absolute": lambda a, b: absolute(a) - absolute(b),
}
COMPARISONS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
ROUNDINGS = {"floor": floor_to, "ceil": ceil_to, "truncate": truncate, "nearest": nearest}

bounds = st.integers(-6, 6).map(lambda n: Fraction(n, 2)) | st.fractions(-100, 100, max_denominator=30)
shares = st.sampled_from((Fraction(0), Fraction(1))) | st.fractions(0, 1, max_denominator=9)
units = st.fractions(Fraction(1, 10), 3, max_denominator=10)


@st.composite
def inside(draw, bound=bounds):
    """An interval and a number in it, often one of its ends."""
    low, high = sorted((draw(bound), draw(bound)))
    return Interval(low, high), low + (high - low) * draw(shares)


def contains(found, number):
    """Whether an interval contains a number; one without uncertainty is that number."""
    found = interval(found)
    return found.low <= number <= found.high


# What a result contains


@pytest.mark.parametrize("word", WORDS)
def test_a_result_contains_the_exact_one(word):
    @PROFILE
    @given(inside(), inside())
    def holds(first, second):
        (a, x), (b, y) = first, second
        exact = WORDS[word](x, y)
        for found in (WORDS[word](a, b), WORDS[word](a, y), WORDS[word](x, b)):
            assert contains(found, exact)

    holds()


@PROFILE
@given(inside(), inside())
def test_a_quotient_contains_the_exact_one_or_is_refused(first, second):
    (a, x), (b, y) = first, second
    if b.low <= 0 <= b.high:
        for dividend in (a, x, 1):
            with pytest.raises(IndeterminateError):
                dividend / b
    else:
        assert contains(a / b, x / y)
        assert contains(a / y, x / y)
        assert contains(x / b, x / y)


@PROFILE
@given(inside(), inside())
def test_a_guarded_quotient_contains_the_exact_one_where_the_sign_of_the_divisor_is_known(first, second):
    (a, x), (b, y) = first, second
    if b.low > 0 or b.high <= 0:
        assert contains(quotient(a, b, Fraction(-1)), quotient(x, y, Fraction(-1)))


@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_a_rounded_result_contains_the_exact_one(rounding):
    word = ROUNDINGS[rounding]

    @PROFILE
    @given(inside(), inside(units))
    def holds(first, second):
        (a, x), (unit, y) = first, second
        assert contains(word(a, y), word(x, y))
        assert contains(word(a, unit), word(x, y))
        assert contains(word(x, unit), word(x, y))

    holds()


@PROFILE
@given(inside())
def test_division_of_one_number_by_itself_is_one(drawn):
    _, x = drawn
    if x != 0:
        assert (interval(x) / x).low == (interval(x) / interval(x)).high == 1


# How tight a result is


@pytest.mark.parametrize(
    ("found", "low", "high"),
    [
        (Interval(1, 2) + Interval(10, 20), 11, 22),
        (Interval(1, 2) - Interval(10, 20), -19, -8),
        (5 - Interval(1, 2), 3, 4),
        (-Interval(1, 2), -2, -1),
        (Interval(-1, 2) * Interval(-3, 5), -6, 10),
        (Interval(1, 2) / Interval(4, 5), Fraction(1, 5), Fraction(1, 2)),
        (1 / Interval(-5, -4), Fraction(-1, 4), Fraction(-1, 5)),
        (hull(Interval(1, 2), Fraction(7)), 1, 7),
        (around(Fraction(3), Fraction(1, 2)), Fraction(5, 2), Fraction(7, 2)),
        (where(UNDECIDED, Interval(1, 2), Interval(5, 6)), 1, 6),
        (maximum(Interval(1, 9), Interval(2, 3)), 1, 9),
        (floor_to(Interval(Fraction(5, 2), Fraction(7, 2)), Fraction(1)), 2, 3),
        (floor_to(Interval(Fraction(5, 2), Fraction(11, 4)), Fraction(1)), 2, 2),
        (floor_to(Interval(5, 6), Interval(1, 2)), 3, 8),
    ],
)
def test_a_result_reaches_no_further_than_its_bounds_say(found, low, high):
    assert (found.low, found.high) == (low, high)


def test_a_decided_choice_is_the_chosen_number_itself():
    a, b = Interval(1, 2), Interval(3, 4)

    assert maximum(a, b) is b
    assert minimum(a, b) is a


# Comparisons


@pytest.mark.parametrize("name", COMPARISONS)
def test_a_comparison_decides_exactly_what_holds_of_all_numbers_in_the_intervals(name):
    compare = COMPARISONS[name]

    @PROFILE
    @given(inside(), inside())
    def holds(first, second):
        (a, _), (b, _) = first, second
        ends = {compare(x, y) for x in (a.low, a.high) for y in (b.low, b.high)}
        assert compare(a, b) is (ends.pop() if len(ends) == 1 else UNDECIDED)

    holds()


@pytest.mark.parametrize("name", COMPARISONS)
def test_a_comparison_with_a_plain_number_is_that_with_the_interval_of_this_one_number(name):
    compare = COMPARISONS[name]

    @PROFILE
    @given(inside(), bounds)
    def holds(drawn, number):
        a, _ = drawn
        assert compare(a, number) is compare(a, interval(number))
        assert compare(number, a) is compare(interval(number), a)

    holds()


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (both(UNDECIDED, True), UNDECIDED),
        (both(UNDECIDED, False), False),
        (both(UNDECIDED, UNDECIDED), UNDECIDED),
        (either(UNDECIDED, False), UNDECIDED),
        (either(UNDECIDED, True), True),
        (either(UNDECIDED, UNDECIDED), UNDECIDED),
        (negate(UNDECIDED), UNDECIDED),
    ],
)
def test_logic_decides_what_one_known_condition_decides(condition, expected):
    assert condition is expected


@PROFILE
@given(inside(), inside())
def test_intervals_meet_where_they_share_a_number(first, second):
    (a, _), (b, _) = first, second
    shared = max(a.low, b.low) <= min(a.high, b.high)

    assert a.meets(b) is shared
    assert b.meets(a) is shared


def test_an_interval_has_a_middle_and_a_reach_to_both_sides():
    assert (Interval(1, 4).middle, Interval(1, 4).reach) == (Fraction(5, 2), Fraction(3, 2))


def test_an_interval_takes_no_binary_fraction():
    with pytest.raises(TypeError):
        Interval(1, 2) + 0.5
