"""Properties of the same parts for drawn numbers, which CrossHair chooses under its profile (see README.md)."""

from __future__ import annotations

from fractions import Fraction

import pytest
from crosshair_verdict import unreduced
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from solvent.arithmetic import ZERO, ceil_to, floor_to, nearest, truncate
from solvent.rules.deleveraging import deleveraged_size, left_to_deleverage
from solvent.rules.lending import claim, shares_given, shares_taken
from solvent.rules.liquidation import book_size

PROFILE = settings(max_examples=50, derandomize=True, deadline=None, database=None)
"""What is drawn is always the same; the backend is that of the profile that the command line names."""
COUNTS = st.integers(1, 10**12)
SIGNED = st.integers(-(10**12), 10**12)
NUMBERS = st.fractions(min_value=-1000, max_value=1000, max_denominator=60)
RARE = 987_654_321


def an_amount_lies_between_its_roundings(amount, unit, parts):
    exact, step = Fraction(amount, parts), Fraction(unit, parts)

    down, up = floor_to(exact, step), ceil_to(exact, step)

    assert down <= exact <= up < down + 2 * step
    assert down <= truncate(exact, step) <= up
    assert down <= nearest(exact, step) <= up


def who_borrows_or_supplies_and_goes_back_never_gains(amount, index, parts):
    worth, unit = Fraction(index, parts), Fraction(1, parts)

    given_shares, taken_shares = shares_given(amount, worth, unit), shares_taken(amount, worth, unit)

    assert claim(given_shares, worth) <= amount <= claim(taken_shares, worth)
    assert taken_shares - given_shares <= unit


def what_goes_to_the_book_is_some_of_what_is_there(size, mark, percent, cooling):
    assume(size != 0)

    sent = book_size(size, mark, 10**6, Fraction(percent, 100), cooling, 1)

    assert 0 < sent <= abs(size)


def counterparties_give_up_what_is_needed_as_far_as_they_have_it(needed, first, second):
    assume(needed != 0)

    one = deleveraged_size(needed, first)
    two = deleveraged_size(needed - one if needed > 0 else needed + one, second)
    there = sum(abs(size) for size in (first, second) if size * needed < 0)

    assert left_to_deleverage(abs(needed), [one, two]) == max(ZERO, abs(needed) - there)


PROPERTIES = {
    an_amount_lies_between_its_roundings: (SIGNED, COUNTS, COUNTS),
    who_borrows_or_supplies_and_goes_back_never_gains: (COUNTS, COUNTS, COUNTS),
    what_goes_to_the_book_is_some_of_what_is_there: (SIGNED, COUNTS, st.integers(0, 100), st.booleans()),
    counterparties_give_up_what_is_needed_as_far_as_they_have_it: (SIGNED, SIGNED, SIGNED),
}
BY_CROSSHAIR = settings(PROFILE, backend="crosshair")


def run(holds, strategies, how):
    with unreduced():
        how(given(*strategies)(holds))()


@pytest.mark.parametrize("holds", PROPERTIES, ids=lambda holds: holds.__name__)
def test_for_drawn_numbers(holds):
    run(holds, PROPERTIES[holds], PROFILE)


@pytest.mark.parametrize("holds", list(PROPERTIES)[:2], ids=lambda holds: holds.__name__)
def test_for_numbers_that_crosshair_chooses(holds):
    run(holds, PROPERTIES[holds], BY_CROSSHAIR)


def test_crosshair_chooses_the_one_amount_in_a_trillion_that_is_rounded_wrongly():
    def holds(amount):
        rounded = floor_to(amount, 10) + (10 if amount == RARE else 0)
        assert rounded <= amount

    run(holds, (COUNTS,), settings(PROFILE, backend="hypothesis"))
    with pytest.raises(AssertionError, match=str(RARE)):
        run(holds, (COUNTS,), BY_CROSSHAIR)


@settings(PROFILE, backend="hypothesis")
@given(NUMBERS, NUMBERS)
def test_fractions_that_are_not_reduced_are_the_same_numbers(a, b):
    reduced = [a + b, a - b, a * b, a / b if b else ZERO, a // b if b else ZERO]
    order = [a < b, a <= b, a == b, a != b]

    with unreduced():
        again = [a + b, a - b, a * b, a / b if b else ZERO, a // b if b else ZERO]
        again_order = [a < b, a <= b, a == b, a != b]
        equal = [one == other for one, other in zip(reduced, again, strict=True)]

    assert again_order == order
    assert all(equal)
    assert [Fraction(n.numerator, n.denominator) for n in map(Fraction, again)] == reduced
