"""The reading of rules in which a number is only known to lie between two bounds.

A venue prints figures with so many digits and truncates others; a rule read with intervals says how far its
result may lie from what was printed, so that a tolerance is computed and never chosen.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import wraps
from math import floor
from typing import Any

from attrs import field, frozen

from solvent.arithmetic import choose, conjoin, disjoin, floor_multiple, invert


class IndeterminateError(ArithmeticError):
    """A quotient whose divisor may be zero."""


def _operator(operation: Callable[[Interval, Interval], Any]) -> Callable[[Interval, Any], Any]:
    """An operation with any number of this reading; with others, those decide."""

    @wraps(operation)
    def operate(self: Interval, other: Any) -> Any:
        if not isinstance(other, Interval | Fraction | int):
            return NotImplemented
        return operation(self, interval(other))

    return operate


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

    @_operator
    def __add__(self, other: Interval) -> Interval:
        return Interval(self.low + other.low, self.high + other.high)

    def __neg__(self) -> Interval:
        return Interval(-self.high, -self.low)

    @_operator
    def __sub__(self, other: Interval) -> Interval:
        return Interval(self.low - other.high, self.high - other.low)

    @_operator
    def __rsub__(self, other: Interval) -> Interval:
        return Interval(other.low - self.high, other.high - self.low)

    @_operator
    def __mul__(self, other: Interval) -> Interval:
        corners = [a * b for a in (self.low, self.high) for b in (other.low, other.high)]
        return Interval(min(corners), max(corners))

    @_operator
    def __truediv__(self, other: Interval) -> Interval:
        return _divide(self, other)

    @_operator
    def __rtruediv__(self, other: Interval) -> Interval:
        return _divide(other, self)

    __radd__ = __add__
    __rmul__ = __mul__

    @_operator
    def __lt__(self, other: Interval) -> Any:
        return _decide(self.high < other.low, self.low >= other.high)

    @_operator
    def __ge__(self, other: Interval) -> Any:
        return _decide(self.low >= other.high, self.high < other.low)

    @_operator
    def __gt__(self, other: Interval) -> Any:
        return _decide(self.low > other.high, self.high <= other.low)

    @_operator
    def __le__(self, other: Interval) -> Any:
        return _decide(self.high <= other.low, self.low > other.high)


def _divide(a: Interval, b: Interval) -> Interval:
    if b.low <= 0 <= b.high:
        raise IndeterminateError(f"division by a number between {b.low} and {b.high}")
    return interval(a * Interval(1 / b.high, 1 / b.low))


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
        return interval(amount + around(Fraction(0), unit.high))
    step = unit.low
    return Interval(floor(amount.low / step) * step, floor(amount.high / step) * step)
