"""Intents: what somebody would like to do, as plain numbers that any state gives a meaning to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, TypeVar

from attrs import frozen

from solvent.arithmetic import ZERO, Number, ceil_to, floor_to
from solvent.exchange import Action, Exchange
from solvent.exchange.guards import is_house
from solvent.exchange.state import BOOK

T = TypeVar("T")


def exactly(number: Any) -> Fraction:
    """A number of the exact reading, as what it is."""
    return Fraction(number)


BYTES = 10
"""How many numbers an intent carries: bytes, because Hypothesis draws and shrinks them as one."""
DIGITS = 4
"""How many significant digits an amount keeps that is not at an edge."""

_AIMS = ("part",) * 8 + ("most",) * 4 + ("above",) * 2 + ("dust", "far")


@frozen
class Intent:
    """A kind of action and the numbers that choose its fields once a state is known.

    No number is without meaning in any state, so leaving out other intents of a plan, or making numbers smaller,
    leaves a plan. That is what lets a failing plan shrink well.
    """

    kind: str
    numbers: bytes = b""


class Choices:
    """The numbers of an intent, read one by one; zero where they have run out."""

    def __init__(self, numbers: bytes) -> None:
        """Begin with the first number."""
        self._numbers: Iterator[int] = iter(numbers)

    def number(self) -> int:
        """The next number."""
        return next(self._numbers, 0)

    def one(self, items: Sequence[T]) -> T:
        """One of the items, of which there is at least one."""
        return items[self.number() % len(items)]

    def chance(self, percent: int) -> bool:
        """Whether a thing happens that is to happen in so many of a hundred cases."""
        return self.number() * 100 >= (100 - percent) * 256

    def part(self) -> Fraction:
        """A part of one, above zero and below one."""
        return Fraction(1 + self.number(), 257)

    def amount(self, most: Number, unit: Number) -> Fraction:
        """An amount around the largest that is allowed: a part of it, all of it, one unit more, dust, or far more."""
        aim, part = self.one(_AIMS), self.part()
        most, unit = exactly(most), exactly(unit)
        if aim == "dust" or (most <= 0 and aim != "far"):
            return unit * (1 + self.number() % 3)
        if aim == "most":
            return exactly(max(unit, floor_to(most, unit)))
        if aim == "above":
            return exactly(floor_to(most, unit) + unit)
        if aim == "far":
            return max(unit, rounded(max(most, ZERO) * 3 + 100, unit))
        return max(unit, rounded(most * part, unit))


def rounded(amount: Number, unit: Number, digits: int = DIGITS) -> Fraction:
    """An amount above zero with few significant digits, rounded down to a multiple of the unit."""
    known, step = exactly(amount), exactly(unit)
    coarse = Fraction(10) ** (len(str(int(known))) - digits) if known >= 1 else step
    return exactly(floor_to(floor_to(known, max(coarse, step)), step))


def price_near(price: Fraction, unit: Fraction = Fraction(1, 10**6)) -> tuple[Fraction, Fraction]:
    """The prices on the grid of the unit just below a price, or at it, and just above it."""
    below = floor_to(price, unit)
    above = ceil_to(price, unit)
    return (below, above) if above > below else (below, below + unit)


def users(exchange: Exchange) -> list[str]:
    """The accounts of users: all but the venue's own and that of the book."""
    return [name for name in exchange.members if name != BOOK and not is_house(name)]


Maker = Callable[[Exchange, Choices], Action | None]
"""Gives an intent its meaning in a state; ``None`` where the state has nothing that it could be about."""

_MAKERS: dict[str, Maker] = {}


def maker(kind: str) -> Callable[[Maker], Maker]:
    """Register how intents of this kind become actions; a kind is an action's name, or one of its own."""

    def register(make: Maker) -> Maker:
        _MAKERS[kind] = make
        return make

    return register


def makers() -> Mapping[str, Maker]:
    """Every kind of intent with its maker."""
    return _MAKERS


def realise(exchange: Exchange, intent: Intent) -> Action | None:
    """The action that an intent is in this state."""
    return _MAKERS[intent.kind](exchange, Choices(intent.numbers))
