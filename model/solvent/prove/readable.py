"""Making a model readable: the same facts with numbers of few digits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction

DIGITS = (1, 2, 3, 4, 6)
"""How many significant digits are tried, the fewest first."""


def readable(
    model: Mapping[str, Fraction], holds: Callable[[Mapping[str, Fraction]], bool]
) -> dict[str, Fraction]:
    """The model with as many numbers as possible rounded, or zero, or one, such that ``holds`` still holds of it.

    A model of which it does not hold to begin with stays as it is.
    """
    current = dict(model)
    if not _safe(holds, current):
        return current
    for _ in range(2):
        for name in sorted(current):
            for candidate in _candidates(current[name]):
                if _simpler(candidate, current[name]):
                    trial = {**current, name: candidate}
                    if _safe(holds, trial):
                        current = trial
                        break
    return current


def _safe(holds: Callable[[Mapping[str, Fraction]], bool], model: Mapping[str, Fraction]) -> bool:
    try:
        return holds(model)
    except ZeroDivisionError:
        return False


def _candidates(value: Fraction) -> Iterator[Fraction]:
    yield from (Fraction(0), Fraction(1), Fraction(100), Fraction(-1), Fraction(1, 2))
    for digits in DIGITS:
        yield rounded(value, digits)


def rounded(value: Fraction, digits: int) -> Fraction:
    """The value rounded to so many significant digits."""
    if value == 0:
        return value
    power = 0
    magnitude = abs(value)
    while magnitude >= 10:
        magnitude, power = magnitude / 10, power + 1
    while magnitude < 1:
        magnitude, power = magnitude * 10, power - 1
    unit = Fraction(10) ** (power - digits + 1)
    return round(value / unit) * unit


def _simpler(candidate: Fraction, value: Fraction) -> bool:
    return _length(candidate) < _length(value)


def _length(value: Fraction) -> int:
    return len(str(value.numerator)) + 2 * len(str(value.denominator))
