"""Quantities that no rational number gives, each computed once to a stated precision.

Rules take them as arguments. In proofs they are symbols with bounds: a growth factor is at least one for a rate
that is not negative, a decay lies between zero and one.
"""

from __future__ import annotations

from decimal import Context, Decimal
from fractions import Fraction

DIGITS = 40
"""How many significant digits are computed."""

_CONTEXT = Context(prec=DIGITS)


def growth_factor(yearly_rate: Fraction, seconds: Fraction, year: Fraction) -> Fraction:
    """What one unit grows to in a time, at an effective yearly rate compounded continuously (LEND-ACCRUE).

    Args:
        yearly_rate: the rate by which a unit grows in a year, above -1.
        seconds: the time, not negative.
        year: the seconds of a year.

    Raises:
        ValueError: the rate is -1 or less, the time is negative, or the year is not above zero.
    """
    if yearly_rate <= -1 or seconds < 0 or year <= 0:
        raise ValueError("a growth factor needs a rate above -1, a time of at least 0 and a year above 0")
    log = _CONTEXT.ln(_decimal(1 + yearly_rate))
    return Fraction(_CONTEXT.exp(_CONTEXT.multiply(log, _decimal(seconds / year))))


def decay(seconds: Fraction, half_life: Fraction) -> Fraction:
    """What is left of one unit after a time, at a half-life (BLQ-TWAP).

    Raises:
        ValueError: the time is negative or the half-life is not above zero.
    """
    if seconds < 0 or half_life <= 0:
        raise ValueError("a decay needs a time of at least 0 and a half-life above 0")
    return Fraction(_CONTEXT.power(Decimal("0.5"), _decimal(seconds / half_life)))


def exponential_decay(seconds: Fraction, time_constant: Fraction) -> Fraction:
    """The weight that a sample keeps after a time in an exponential average (PRICE-EMA).

    Raises:
        ValueError: the time is negative or the time constant is not above zero.
    """
    if seconds < 0 or time_constant <= 0:
        raise ValueError("a decay needs a time of at least 0 and a time constant above 0")
    return Fraction(_CONTEXT.exp(_decimal(-seconds / time_constant)))


def _decimal(value: Fraction) -> Decimal:
    return _CONTEXT.divide(Decimal(value.numerator), Decimal(value.denominator))
