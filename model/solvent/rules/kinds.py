"""What a rule's argument may be: the kinds of numbers, for readers, types and generated inputs alike."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Annotated, TypeAlias

from attrs import frozen

from solvent.arithmetic import Condition, Number


@frozen
class Kind:
    """A range of numbers with the values at which rules turn.

    Attributes:
        unit: what the number counts.
        low, high: the closed range; ``None`` for no bound.
        edges: values at which rules tend to change their course.
        open_low: whether ``low`` itself is excluded.
        nonzero: whether zero is excluded.
    """

    unit: str
    low: Fraction | None = None
    high: Fraction | None = None
    edges: tuple[Fraction, ...] = ()
    open_low: bool = False
    nonzero: bool = False


def _edges(*texts: str) -> tuple[Fraction, ...]:
    return tuple(Fraction(text) for text in texts)


Usd: TypeAlias = Annotated[Number, Kind("USD", edges=_edges("0", "-1", "1", "20", "100000"))]
"""An amount of money of either sign."""
UsdPositive: TypeAlias = Annotated[Number, Kind("USD", Fraction(0), edges=_edges("0", "20", "100000"))]
"""An amount of money that is not negative."""
UsdOpen: TypeAlias = Annotated[
    Number, Kind("USD", Fraction(0), edges=_edges("0.001", "1", "1000000"), open_low=True)
]
"""An amount of money above zero."""
Amount: TypeAlias = Annotated[Number, Kind("token", Fraction(0), edges=_edges("0", "0.00000001", "1"))]
"""An amount of a token that is not negative."""
AmountSigned: TypeAlias = Annotated[Number, Kind("token", edges=_edges("0", "-1", "1"))]
"""An amount of a token of either sign."""
Size: TypeAlias = Annotated[Number, Kind("contracts", edges=_edges("0", "-1", "1"))]
"""A signed size: above zero long, below zero short."""
SizeHeld: TypeAlias = Annotated[Number, Kind("contracts", edges=_edges("-1", "1"), nonzero=True)]
"""A signed size of an open position: never zero."""
SizeOpen: TypeAlias = Annotated[
    Number, Kind("contracts", Fraction(0), edges=_edges("0.001", "1"), open_low=True)
]
"""A magnitude of an open position."""
Side: TypeAlias = Annotated[Number, Kind("side")]
"""+1 for long or buy, -1 for short or sell."""
Price: TypeAlias = Annotated[
    Number, Kind("USD per unit", Fraction(0), edges=_edges("0.00001", "1", "50000"), open_low=True)
]
"""A price above zero."""
Leverage: TypeAlias = Annotated[
    Number, Kind("x", Fraction(1), Fraction(50), edges=_edges("1", "3", "10", "40"))
]
"""A leverage of at least one."""
Share: TypeAlias = Annotated[
    Number, Kind("1", Fraction(0), Fraction(1), edges=_edges("0", "0.1", "0.5", "1"))
]
"""A fraction of one: an LTV, a threshold, a weight, a utilization."""
ShareOpen: TypeAlias = Annotated[
    Number, Kind("1", Fraction(0), Fraction(1), edges=_edges("0.5", "1"), open_low=True)
]
"""A fraction of one, above zero."""
Rate: TypeAlias = Annotated[
    Number, Kind("1", Fraction(-1), Fraction(1), edges=_edges("0", "0.0001", "-0.0005"))
]
"""A rate of either sign."""
Quotient: TypeAlias = Annotated[Number, Kind("1")]
"""A number without unit and without bounds."""
Factor: TypeAlias = Annotated[Number, Kind("1", Fraction(1), Fraction(5), edges=_edges("1"))]
"""A growth factor: at least one."""
FactorOpen: TypeAlias = Annotated[
    Number, Kind("1", Fraction(0), Fraction(5), edges=_edges("0.5", "1", "1.05"), open_low=True)
]
"""An interest index: above zero, and at least one until suppliers have borne a loss."""
Cap: TypeAlias = Annotated[Number, Kind("token", Fraction(0), edges=_edges("0", "1000"))]
"""A cap on an amount."""
Unit: TypeAlias = Annotated[
    Number, Kind("step", Fraction(1, 10**10), Fraction(1), edges=_edges("0.000001", "1"))
]
"""A step that amounts are rounded to."""
Milliseconds: TypeAlias = Annotated[Number, Kind("ms", Fraction(0), edges=_edges("0", "30000"))]
"""A time or a span of time."""
Count: TypeAlias = Annotated[Number, Kind("1", Fraction(0), edges=_edges("0", "1", "50000"))]
"""How many of something there are."""
Flag: TypeAlias = Annotated[Condition, Kind("yes or no")]
"""A condition."""


@frozen
class Tier:
    """One tier of a margin table, in use from ``lower_bound`` (USD of notional) upwards.

    Attributes:
        lower_bound: the smallest notional of the tier.
        max_leverage: the largest leverage that may be chosen in the tier.
        rate: the maintenance rate.
        deduction: what is subtracted from ``notional * rate``.
    """

    lower_bound: Number
    max_leverage: Number
    rate: Number
    deduction: Number


Tiers: TypeAlias = Sequence[Tier]
"""The tiers of one margin table by rising lower bound; the first begins at zero."""


@frozen
class Resting:
    """What a rule sees of a resting order: its magnitude and its limit price (USD)."""

    size: Number
    price: Number


@frozen
class Ratio:
    """A ratio as numerator and denominator, so that it can be compared by products."""

    numerator: Number
    denominator: Number

    def above(self, bound: Number) -> Condition:
        """Whether the ratio lies above ``bound``, for a denominator above zero."""
        return self.numerator > bound * self.denominator

    def at_least(self, bound: Number) -> Condition:
        """Whether the ratio is ``bound`` or more, for a denominator above zero."""
        return self.numerator >= bound * self.denominator
