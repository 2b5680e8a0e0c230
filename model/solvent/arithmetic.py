"""The words that rules are written in, beside ``+ - * /`` and comparisons.

A rule is one text with several readings. Read with ``Fraction`` it is the exact model, with Z3 terms it is
the formula that theorems are about, with intervals it carries the uncertainty of printed digits. The words
here are the places where those readings part: choice, logic, and rounding. A reading joins by registering
its condition and number types with ``choose``, ``conjoin``, ``disjoin``, ``invert`` and ``floor_multiple``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from functools import reduce, singledispatch
from typing import Any, Protocol, TypeAlias


class Number(Protocol):
    """A number of any reading: ``Fraction`` or ``int``, a Z3 term, an interval."""

    def __add__(self, other: Any, /) -> Any: ...
    def __radd__(self, other: Any, /) -> Any: ...
    def __sub__(self, other: Any, /) -> Any: ...
    def __rsub__(self, other: Any, /) -> Any: ...
    def __mul__(self, other: Any, /) -> Any: ...
    def __rmul__(self, other: Any, /) -> Any: ...
    def __truediv__(self, other: Any, /) -> Any: ...
    def __rtruediv__(self, other: Any, /) -> Any: ...
    def __neg__(self) -> Any: ...
    def __lt__(self, other: Any, /) -> Any: ...
    def __le__(self, other: Any, /) -> Any: ...
    def __gt__(self, other: Any, /) -> Any: ...
    def __ge__(self, other: Any, /) -> Any: ...


Condition: TypeAlias = Any
"""The outcome of a comparison: ``bool`` in the exact reading, a term of the reading otherwise."""

ZERO = Fraction(0)
HALF = Fraction(1, 2)
ONE = Fraction(1)


@singledispatch
def choose(condition: Condition, a: Number, b: Number) -> Any:
    """``where`` for a condition that is not a ``bool``; each reading registers its own."""
    raise TypeError(f"no reading of a condition of type {type(condition).__name__}")


@singledispatch
def conjoin(a: Condition, b: Condition) -> Condition:
    """``both`` where ``a`` is not a ``bool``."""
    raise TypeError(f"no reading of a condition of type {type(a).__name__}")


@singledispatch
def disjoin(a: Condition, b: Condition) -> Condition:
    """``either`` where ``a`` is not a ``bool``."""
    raise TypeError(f"no reading of a condition of type {type(a).__name__}")


@singledispatch
def invert(a: Condition) -> Condition:
    """``negate`` where ``a`` is not a ``bool``."""
    raise TypeError(f"no reading of a condition of type {type(a).__name__}")


@singledispatch
def floor_multiple(term: Any, amount: Number, unit: Number) -> Any:
    """``floor_to`` where ``term``, one of amount and unit, is a number of another reading than the exact one."""
    raise TypeError(f"no reading of a number of type {type(term).__name__}")


def where(condition: Condition, a: Number, b: Number) -> Any:
    """``a`` where the condition holds, else ``b``. Both are evaluated."""
    if condition is True:
        return a
    if condition is False:
        return b
    return choose(condition, a, b)


def both(*conditions: Condition) -> Condition:
    """Whether all the conditions hold; true of none."""
    return reduce(_both, conditions, True)


def either(*conditions: Condition) -> Condition:
    """Whether any of the conditions holds; false of none."""
    return reduce(_either, conditions, False)


def _both(a: Condition, b: Condition) -> Condition:
    if isinstance(a, bool):
        return b if a else False
    if isinstance(b, bool):
        return a if b else False
    return conjoin(a, b)


def _either(a: Condition, b: Condition) -> Condition:
    if isinstance(a, bool):
        return True if a else b
    if isinstance(b, bool):
        return True if b else a
    return disjoin(a, b)


def unless(condition: Condition, otherwise: Callable[[], Condition]) -> Condition:
    """``either``, whose second condition is not asked for where the first is known to hold."""
    return True if certainly(condition) else either(condition, otherwise())


def negate(condition: Condition) -> Condition:
    """Whether the condition does not hold."""
    return not condition if isinstance(condition, bool) else invert(condition)


def certainly(condition: Condition) -> bool:
    """Whether a condition is known to hold; a condition that a reading leaves open is not."""
    return condition is True


def maximum(first: Number, *others: Number) -> Any:
    """The largest of the numbers."""
    return reduce(lambda a, b: where(a >= b, a, b), others, first)


def minimum(first: Number, *others: Number) -> Any:
    """The smallest of the numbers."""
    return reduce(lambda a, b: where(a <= b, a, b), others, first)


def absolute(a: Number) -> Any:
    """The magnitude of ``a``."""
    return where(a >= 0, a, -a)


def total(numbers: Iterable[Number]) -> Any:
    """The sum of the numbers; zero of none."""
    return sum(numbers, ZERO)


def median(a: Number, b: Number, c: Number) -> Any:
    """The middle one of three numbers."""
    return maximum(minimum(a, b), minimum(maximum(a, b), c))


def quotient(a: Number, b: Number, otherwise: Number) -> Any:
    """``a / b``, and ``otherwise`` where ``b`` is not above zero."""
    return where(b > 0, a / where(b > 0, b, ONE), otherwise)


def floor_to(amount: Any, unit: Any) -> Any:
    """``amount`` rounded down to a multiple of ``unit``."""
    for term in (amount, unit):
        if not isinstance(term, int | Fraction):
            return floor_multiple(term, amount, unit)
    return Fraction(amount) // unit * Fraction(unit)


def ceil_to(amount: Number, unit: Number) -> Any:
    """``amount`` rounded up to a multiple of ``unit``."""
    return -floor_to(-amount, unit)


def truncate(amount: Number, unit: Number) -> Any:
    """``amount`` rounded towards zero to a multiple of ``unit``."""
    magnitude = floor_to(absolute(amount), unit)
    return where(amount >= 0, magnitude, -magnitude)


def nearest(amount: Number, unit: Number) -> Any:
    """``amount`` rounded to the nearest multiple of ``unit``, halves away from zero."""
    magnitude = floor_to(absolute(amount) + unit / 2, unit)
    return where(amount >= 0, magnitude, -magnitude)
