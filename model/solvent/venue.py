"""A venue: its parameters, tokens and margin tables, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Any

from attrs import NOTHING, Attribute, Factory, evolve, field, fields, frozen

from solvent.arithmetic import certainly
from solvent.rules import select
from solvent.rules.kinds import Tier

SECONDS_A_YEAR = Fraction(31_536_000)
"""The seconds of a year of 365 days."""
INDEX_UNIT = Fraction(1, 10**18)
"""The step of interest indices and pool shares where a venue states none."""


def _parameter(unit: str, meaning: str, *, positive: bool = False, default: Any = NOTHING) -> Any:
    metadata = {"unit": unit, "meaning": meaning, "positive": positive}
    return field(kw_only=True, metadata=metadata, default=default)


@frozen
class Parameters:
    """The numbers that a venue's rules take; each field's metadata gives its unit and its meaning.

    None is negative, and those of unit 1 are at most one; ``positive`` in the metadata excludes zero.
    """

    usd_unit: Fraction = _parameter("USD", "step of perp USD amounts per position", positive=True)
    token_unit: Fraction = _parameter("token", "step of token amounts", positive=True)
    ratio_unit: Fraction = _parameter("1", "step of displayed ratios and liquidation prices", positive=True)
    transfer_fraction: Fraction = _parameter(
        "1", "least part of notional that the transfer requirement keeps"
    )
    order_buffer: Fraction = _parameter("1", "what a hold adds to order margin")
    margin_ratio_trigger: Fraction = _parameter(
        "1", "margin ratio above which a portfolio account is liquidatable"
    )
    borrow_offset: Fraction = _parameter("USD", "documented least borrow in the margin ratio")
    eligible_volume: Fraction | None = _parameter(
        "USD", "weighted volume above which portfolio margin is open", default=None
    )
    eligible_value: Fraction | None = _parameter(
        "USD", "account value below which portfolio margin is open", default=None
    )
    daily_actions: Fraction = _parameter("actions", "user actions a day in unified and portfolio mode")
    fee_taker: Fraction = _parameter("1", "part of notional that a taker pays in the lowest fee tier")
    fee_maker: Fraction = _parameter("1", "part of notional that a maker pays in the lowest fee tier")
    rate_base: Fraction = _parameter("1/year", "borrow rate below the kink")
    rate_slope: Fraction = _parameter("1/year", "rise of the borrow rate per utilization above the kink")
    rate_kink: Fraction = _parameter("1", "utilization at which the borrow rate begins to rise")
    rate_year: Fraction = _parameter(
        "s", "seconds in a year of interest", positive=True, default=SECONDS_A_YEAR
    )
    reserve_share: Fraction = _parameter("1", "part of interest that the reserve keeps")
    index_unit: Fraction = _parameter(
        "1", "step of interest indices and pool shares", positive=True, default=INDEX_UNIT
    )
    partial_from: Fraction = _parameter("USD", "notional above which a liquidation begins with a part")
    partial_share: Fraction = _parameter(
        "1", "part of a position that a partial liquidation sends to the book"
    )
    partial_cooldown: Fraction = _parameter(
        "s", "time after a partial liquidation in which liquidations are whole"
    )
    backstop_fraction: Fraction = _parameter(
        "1", "part of maintenance margin below which the backstop takes over"
    )
    collateral_step: Fraction = _parameter("1", "part of borrowed collateral taken over in one step")
    collateral_interval: Fraction = _parameter("s", "time between two steps")
    collateral_half_life: Fraction = _parameter(
        "s", "half-life of the backstop's collateral sale", positive=True
    )
    funding_interest: Fraction = _parameter("1/8h", "interest part of funding")
    funding_clamp: Fraction = _parameter(
        "1/8h", "largest difference of interest and premium that funding pays"
    )
    funding_cap: Fraction = _parameter("1/h", "largest hourly funding rate")


def may_be(parameter: Attribute[Any], value: Fraction) -> bool:
    """Whether a parameter, as ``Parameters`` declares it, may have a value."""
    positive, share = parameter.metadata["positive"], parameter.metadata["unit"] == "1"
    return value >= 0 and not (positive and value == 0) and not (share and value > 1)


def bounds(parameter: Attribute[Any]) -> str:
    """What a parameter may be, as the end of "expected ..."."""
    least = "a number above zero" if parameter.metadata["positive"] else "a number of zero or more"
    return f"{least}, at most 1" if parameter.metadata["unit"] == "1" else least


@frozen
class Token:
    """A token of the lending pool.

    Attributes:
        name, index: the venue's name and number.
        ltv: how much may be borrowed against one USD of it; above zero for collateral.
        stated_threshold: the liquidation threshold, where the venue states one of its own.
        user_borrow_cap, user_supply_cap, global_borrow_cap, global_supply_cap: caps in the token; ``None``
            where the venue states none. A token without a user borrow cap cannot be borrowed.
        depth_width: the USD over which the backstop's discount on it grows; ``None`` where none is stated.
    """

    name: str
    index: int
    ltv: Fraction
    stated_threshold: Fraction | None = None
    user_borrow_cap: Fraction | None = None
    user_supply_cap: Fraction | None = None
    global_borrow_cap: Fraction | None = None
    global_supply_cap: Fraction | None = None
    depth_width: Fraction | None = None

    @property
    def threshold(self) -> Fraction:
        """The part of its value that supports the account: as stated, or by PM-THRESHOLD."""
        if self.stated_threshold is not None:
            return self.stated_threshold
        threshold: Fraction = select("PM-THRESHOLD", {})(self.ltv)
        return threshold

    @property
    def stated(self) -> tuple[str, ...]:
        """The names of the numbers that the venue states of it, those among them that it may leave out."""
        return tuple(f.name for f in fields(Token) if f.default is None and getattr(self, f.name) is not None)

    @property
    def is_collateral(self) -> bool:
        """Whether supplying it supports the account."""
        return not certainly(self.ltv <= 0)

    @property
    def is_borrowable(self) -> bool:
        """Whether accounts may borrow it."""
        return self.user_borrow_cap is not None


@frozen
class MarginTable:
    """The tiers of a group of markets, by rising lower bound."""

    name: str
    tiers: tuple[Tier, ...]

    @property
    def max_leverage(self) -> Any:
        """The largest leverage of the first tier."""
        return self.tiers[0].max_leverage


@frozen
class Sourced:
    """Where a value of a venue comes from.

    Attributes:
        text: the value as written.
        unit: what a number counts; empty for a name.
        source, date: where it is stated, and as of which day.
    """

    text: str
    unit: str
    source: str
    date: date


@frozen
class Venue:
    """The parameter set of a venue in one phase.

    Attributes:
        name, title: how it is called in commands, and in prose.
        since, until: the first and last day that it describes; ``until`` is ``None`` where it is in force.
        quote: the token that perps of the venue's own dex are margined in.
        parameters, tokens, tables: the numbers; ``tables`` by market.
        dex_tokens: the collateral token of each builder-deployed dex that does not use the quote token.
        readings: the reading of each rule that does not follow its default.
        provenance: the source of every value, by its dotted key.
    """

    name: str
    title: str
    since: date
    until: date | None
    quote: str
    parameters: Parameters
    tokens: Mapping[str, Token]
    tables: Mapping[str, MarginTable]
    dex_tokens: Mapping[str, str] = Factory(dict)
    readings: Mapping[str, str] = Factory(dict)
    provenance: Mapping[str, Sourced] = field(factory=dict, repr=False)

    def rule(self, identifier: str) -> Any:
        """The function of the reading of a rule that this venue follows."""
        return select(identifier, self.readings)

    def tiers(self, market: str, max_leverage: Any) -> tuple[Tier, ...]:
        """The tiers of a market whose position reports this largest leverage.

        A position's own largest leverage rules where it is not that of the market's table (vault children may
        carry one of their own); a market without a table has a single tier.

        Raises:
            LookupError: the market has no table and the position reports no largest leverage.
        """
        table = self.tables.get(market)
        if table is not None and (max_leverage is None or table.max_leverage == max_leverage):
            return table.tiers
        if max_leverage is None:
            raise LookupError(f"no margin table of {market} at {self.name}, and no largest leverage is given")
        return single_tier(max_leverage)

    def token_of(self, dex: str) -> str:
        """The token that a dex's positions are margined in: by the venue's file, or else the quote token."""
        return self.dex_tokens.get(dex, self.quote)

    def with_readings(self, readings: Mapping[str, str]) -> Venue:
        """The same venue with other readings of some rules."""
        return evolve(self, readings={**self.readings, **readings})


def single_tier(max_leverage: Any) -> tuple[Tier, ...]:
    """The margin table of a market with one tier."""
    rate = select("PERP-RATE", {})(Fraction(max_leverage))
    return (Tier(Fraction(0), Fraction(max_leverage), rate, Fraction(0)),)
