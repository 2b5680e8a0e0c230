"""Quantities that no rational number gives hold their identities to the stated precision."""

from __future__ import annotations

from decimal import localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import PROFILE

from solvent.quantities import decay, exponential_decay, growth_factor

YEAR = Fraction(31_536_000)
HALF_LIFE = Fraction(600)
NEAR = Fraction(1, 10**35)
rates = st.fractions(Fraction(-9, 10), 5, max_denominator=1000)
spans = st.fractions(0, 4 * YEAR, max_denominator=1000)
short_spans = st.fractions(0, 20 * HALF_LIFE, max_denominator=1000)


def apart(found, expected):
    """How far two quantities lie apart, relative to the expected one."""
    return abs(found - expected) / abs(expected)


# Growth


@PROFILE
@given(rates)
def test_one_unit_grows_in_a_year_by_the_yearly_rate(rate):
    assert apart(growth_factor(rate, YEAR, YEAR), 1 + rate) < NEAR


@pytest.mark.parametrize("years", [2, 3, 10])
def test_growth_over_whole_years_is_a_power(years):
    assert apart(growth_factor(Fraction(1, 20), years * YEAR, YEAR), Fraction(21, 20) ** years) < NEAR


def test_half_a_year_of_growth_by_a_square_is_its_root():
    assert apart(growth_factor(Fraction(21, 100), YEAR / 2, YEAR), Fraction(11, 10)) < NEAR


@PROFILE
@given(rates, spans, spans)
def test_growth_over_two_times_multiplies_to_growth_over_the_whole(rate, first, second):
    parts = growth_factor(rate, first, YEAR) * growth_factor(rate, second, YEAR)

    assert apart(parts, growth_factor(rate, first + second, YEAR)) < NEAR


@PROFILE
@given(rates.filter(lambda rate: rate >= 0), spans)
def test_growth_at_a_rate_that_is_not_negative_is_at_least_one(rate, seconds):
    assert growth_factor(rate, seconds, YEAR) >= 1


def test_the_year_is_the_one_that_is_given():
    assert growth_factor(Fraction(1, 20), Fraction(7), Fraction(7)) == growth_factor(
        Fraction(1, 20), YEAR, YEAR
    )


@pytest.mark.parametrize("rate", [Fraction(0), Fraction(1, 20), Fraction(-1, 2)])
def test_nothing_grows_in_no_time(rate):
    assert growth_factor(rate, Fraction(0), YEAR) == 1


@pytest.mark.parametrize(
    ("rate", "seconds", "year"),
    [(-1, 1, 1), (-2, 1, 1), (0, -1, 1), (0, Fraction(-1, 10**30), 1), (0, 1, 0), (0, 1, -1)],
)
def test_growth_needs_a_rate_above_minus_one_a_time_and_a_year(rate, seconds, year):
    with pytest.raises(ValueError, match="growth factor needs a rate above -1"):
        growth_factor(Fraction(rate), Fraction(seconds), Fraction(year))


# Decay


@pytest.mark.parametrize("half_lives", [0, 1, 2, 10, 100])
def test_half_is_left_after_each_half_life(half_lives):
    assert apart(decay(half_lives * HALF_LIFE, HALF_LIFE), Fraction(1, 2**half_lives)) < NEAR


@PROFILE
@given(short_spans, short_spans)
def test_decay_over_two_times_multiplies_to_decay_over_the_whole(first, second):
    parts = decay(first, HALF_LIFE) * decay(second, HALF_LIFE)

    assert apart(parts, decay(first + second, HALF_LIFE)) < NEAR


@PROFILE
@given(short_spans)
def test_what_is_left_lies_between_nothing_and_all(seconds):
    assert 0 < decay(seconds, HALF_LIFE) <= 1
    assert 0 < exponential_decay(seconds, HALF_LIFE) <= 1


def test_one_time_constant_leaves_one_part_in_e():
    terms, factorial = Fraction(0), 1
    for n in range(40):
        factorial *= max(n, 1)
        terms += Fraction((-1) ** n, factorial)

    assert apart(exponential_decay(Fraction(150), Fraction(150)), terms) < NEAR


@PROFILE
@given(short_spans, short_spans)
def test_weights_over_two_times_multiply_to_the_weight_over_the_whole(first, second):
    parts = exponential_decay(first, HALF_LIFE) * exponential_decay(second, HALF_LIFE)

    assert apart(parts, exponential_decay(first + second, HALF_LIFE)) < NEAR


@pytest.mark.parametrize("quantity", [decay, exponential_decay])
@pytest.mark.parametrize(("seconds", "span"), [(-1, 1), (1, 0), (1, -1)])
def test_decay_needs_a_time_and_a_span_above_zero(quantity, seconds, span):
    with pytest.raises(ValueError, match="a decay needs a time of at least 0"):
        quantity(Fraction(seconds), Fraction(span))


@pytest.mark.parametrize(
    "quantity",
    [
        lambda: growth_factor(Fraction(1, 20), Fraction(7), YEAR),
        lambda: decay(Fraction(7), HALF_LIFE),
        lambda: exponential_decay(Fraction(7), HALF_LIFE),
    ],
)
def test_a_quantity_does_not_depend_on_the_decimal_context_of_its_caller(quantity):
    with localcontext(prec=5):
        coarse = quantity()

    assert coarse == quantity()
