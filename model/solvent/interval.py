"""The reading of rules in which a number is only known to lie between two bounds.

A venue prints figures with so many digits and truncates others; a rule read with intervals says how far its
result may lie from what was printed, so that a tolerance is computed and never chosen.
"""

from __future__ import annotations

from fractions import Fraction
from math import floor
from typing import Any

from attrs import field, frozen

from solvent.arithmetic import choose, conjoin, disjoin, floor_multiple, invert


class IndeterminateError(ArithmeticError):
    """A quotient whose divisor may be zero."""


@frozen(order=False, eq=False)
class Interval:
    """A number that lies between ``low`` and ``high``, both included."""

    low: Fraction = field(converter=Fraction)
    high: Fraction = field(converter=Fraction)

    @property
    def middle(self) -> Fraction:
        """The number half way between the bounds."""
        return (self.low + self.high) / 2

    @property
    def reach(self) -> Fraction:
        """How far the bounds lie from the middle."""
        return (self.high - self.low) / 2

    def meets(self, other: Interval) -> bool:
        """Whether some number lies in both."""
        return self.low <= other.high and other.low <= self.high

    def __add__(self, other: Any) -> Interval:
        other = interval(other)
        return Interval(self.low + other.low, self.high + other.high)

    def __neg__(self) -> Interval:
        return Interval(-self.high, -self.low)

    def __sub__(self, other: Any) -> Interval:
        return self + -interval(other)

    def __rsub__(self, other: Any) -> Interval:
        return interval(other) - self

    def __mul__(self, other: Any) -> Interval:
        other = interval(other)
        corners = [a * b for a in (self.low, self.high) for b in (other.low, other.high)]
        return Interval(min(corners), max(corners))

    def __truediv__(self, other: Any) -> Interval:
        other = interval(other)
        if other.low <= 0 <= other.high:
            raise IndeterminateError(f"division by a number between {other.low} and {other.high}")
        return self * Interval(1 / other.high, 1 / other.low)

    def __rtruediv__(self, other: Any) -> Interval:
        return interval(other) / self

    __radd__ = __add__
    __rmul__ = __mul__

    def __lt__(self, other: Any) -> Any:
        other = interval(other)
        return _decide(self.high < other.low, self.low >= other.high)

    def __ge__(self, other: Any) -> Any:
        other = interval(other)
        return _decide(self.low >= other.high, self.high < other.low)

    def __gt__(self, other: Any) -> Any:
        other = interval(other)
        return _decide(self.low > other.high, self.high <= other.low)

    def __le__(self, other: Any) -> Any:
        other = interval(other)
        return _decide(self.high <= other.low, self.low > other.high)


@frozen
class Undecided:
    """A condition that the bounds do not decide."""


UNDECIDED = Undecided()


def interval(value: Interval | Fraction | int) -> Interval:
    """The value as an interval: itself, or the one number."""
    return value if isinstance(value, Interval) else Interval(value, value)


def around(value: Fraction, reach: Fraction) -> Interval:
    """The numbers at most ``reach`` away from a value."""
    return Interval(value - reach, value + reach)


def hull(a: Any, b: Any) -> Interval:
    """The smallest interval that contains both."""
    a, b = interval(a), interval(b)
    return Interval(min(a.low, b.low), max(a.high, b.high))


def _decide(yes: bool, no: bool) -> bool | Undecided:
    if yes:
        return True
    return False if no else UNDECIDED


@choose.register
def _(condition: Undecided, a: Any, b: Any) -> Interval:
    return hull(a, b)


@conjoin.register
@disjoin.register
def _(a: Undecided, b: Any) -> Undecided:
    return a


@invert.register
def _(a: Undecided) -> Undecided:
    return a


@floor_multiple.register
def _(term: Interval, amount: Any, unit: Any) -> Interval:
    amount, unit = interval(amount), interval(unit)
    if unit.reach:
        return Interval(amount.low - unit.high, amount.high)
    step = unit.low
    return Interval(floor(amount.low / step) * step, floor(amount.high / step) * step)
