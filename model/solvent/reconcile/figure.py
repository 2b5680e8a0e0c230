"""A figure that a venue reported, and how the model recomputes it."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from fractions import Fraction
from typing import Any

from attrs import frozen

from solvent.decimals import Printed
from solvent.interval import Interval, around, interval
from solvent.reconcile.scale import SCALED_PRINT
from solvent.reconcile.state import State
from solvent.rules import numbers

NEAREST_PLACES = 10
OLDER_PLACES = 8


class Digits(Enum):
    """How a venue prints a kind of figure, and so how far the printed digits may lie from the figure."""

    USD = "one unit of perp USD amounts"
    TOKEN = "one unit of token amounts"
    RATIO = "half of the tenth decimal"
    PRICE = "half of the last printed decimal"
    EXACT = "none"

    def reach(self, shown: Printed, state: State) -> Fraction:
        """How far the figure may lie from what was printed."""
        scaled = state.record.scaled
        extra = SCALED_PRINT / 2 if scaled else Fraction(0)
        match self:
            case Digits.USD:
                return interval(state.usd_unit).high + extra
            case Digits.TOKEN:
                return state.unscaled.parameters.token_unit * state.largest_scale + extra
            case Digits.RATIO:
                return state.unscaled.parameters.ratio_unit / 2
            case Digits.PRICE:
                places = OLDER_PLACES if shown.places <= OLDER_PLACES else NEAREST_PLACES
                return Fraction(1, 2 * 10**places)
            case Digits.EXACT:
                return extra

    def displayed(self, value: Interval, shown: Printed, state: State) -> Interval:
        """The figure as the venue would print it (NUM-RATIO)."""
        match self:
            case Digits.RATIO:
                unit = state.unscaled.parameters.ratio_unit
            case Digits.PRICE:
                unit = 2 * self.reach(shown, state)
            case _:
                return value
        printed: Interval = interval(numbers.displayed_ratio(value, unit))  # type: ignore[arg-type]
        return printed


@frozen(kw_only=True)
class Figure:
    """One reported figure.

    Attributes:
        figure, subject: what it is, and of what.
        rule: the rule that recomputes it.
        reported: what the venue printed; ``None`` for a figure that it reported as null.
        digits: how it is printed.
        compute: the figure by the model; ``None`` for null.
        inputs: names of inputs that this figure may tell.
        caveat: why a difference would not speak against the rule; empty where it would.
    """

    figure: str
    subject: str
    rule: str
    reported: Printed | None
    digits: Digits
    compute: Callable[[State], Any]
    inputs: tuple[str, ...] = ()
    caveat: str = ""

    def agrees(self, value: Interval | None, state: State) -> bool:
        """Whether some number that prints as reported is one that the model allows."""
        if self.reported is None or value is None:
            return self.reported is None and (value is None or value.low <= 0)
        if self.digits in {Digits.RATIO, Digits.PRICE}:
            displayed = self.digits.displayed(value, self.reported, state)
            return displayed.low <= self.reported.value <= displayed.high
        return around(self.reported.value, self.digits.reach(self.reported, state)).meets(value)

    def shown(self, state: State) -> Interval | None:
        """The numbers that print as reported."""
        if self.reported is None:
            return None
        return around(self.reported.value, self.digits.reach(self.reported, state))
