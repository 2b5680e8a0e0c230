"""What a venue reported of one account, as frozen values; nothing is recomputed here."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from attrs import Factory, frozen

from solvent.decimals import Printed
from solvent.venue import Venue


@frozen(kw_only=True)
class SpotRow:
    """A balance of the spot state."""

    coin: str
    token: int
    total: Printed
    hold: Printed
    spot_hold: Printed | None
    ltv: Printed | None
    borrowed: Printed | None
    supplied: Printed | None


@frozen(kw_only=True)
class SpotState:
    """The spot state: balances and, under unified and portfolio margin, what the venue derives from them."""

    rows: tuple[SpotRow, ...]
    ratio: Printed | None
    borrow_ratios: Mapping[int, Printed]
    supply_ratios: Mapping[int, Printed]
    available: Mapping[int, Printed]

    def row(self, token: int) -> SpotRow | None:
        """The balance of a token."""
        return next((row for row in self.rows if row.token == token), None)


@frozen(kw_only=True)
class Summary:
    """A margin summary of a dex (USD)."""

    account_value: Printed | None
    notional: Printed | None
    raw: Printed | None
    margin_used: Printed | None


@frozen(kw_only=True)
class PositionRow:
    """A position of a dex; ``raw`` is its own balance where it is isolated.

    ``reports_liquidation`` tells a liquidation price of null, which is an answer, from one that was not recorded.
    """

    market: str
    size: Printed
    leverage: int
    raw: Printed | None
    entry: Printed | None
    notional: Printed
    profit: Printed | None
    liquidation: Printed | None
    reports_liquidation: bool
    margin_used: Printed | None
    max_leverage: int | None

    @property
    def isolated(self) -> bool:
        """Whether the position has margin of its own."""
        return self.raw is not None


@frozen(kw_only=True)
class DexState:
    """The state of one perp dex."""

    name: str
    summary: Summary
    cross: Summary
    maintenance: Printed | None
    withdrawable: Printed | None
    time: int | None
    positions: tuple[PositionRow, ...]


@frozen(kw_only=True)
class OrderRow:
    """A resting order; ``reserves`` is false where it is reduce-only or waits for a trigger."""

    market: str
    side: int
    size: Printed
    price: Printed
    reserves: bool

    @property
    def spot(self) -> bool:
        """Whether it rests in a spot market."""
        return "/" in self.market or self.market.startswith("@")


@frozen(kw_only=True)
class ReserveRow:
    """A reserve of the lending pool."""

    price: Printed | None
    ltv: Printed | None
    borrow_rate: Printed | None
    supply_rate: Printed | None
    balance: Printed | None
    utilization: Printed | None
    supplied: Printed | None
    borrowed: Printed | None


@frozen(kw_only=True)
class LendingState:
    """What the lending pool says of the account: loans and supplies by token, and the health factor."""

    borrowed: Mapping[int, Printed]
    supplied: Mapping[int, Printed]
    health_factor: Printed | None
    reports_health: bool


@frozen(kw_only=True)
class AssetRow:
    """What may be traded of a market: sizes and margins for a buy and a sell."""

    leverage: int | None
    sizes: tuple[Printed, Printed] | None
    available: tuple[Printed, Printed] | None
    mark: Printed


@frozen(kw_only=True)
class Record:
    """Everything that was recorded of one account.

    Attributes:
        source: the file it was read from.
        id: its name in reports.
        mode: the account abstraction as reported; ``None`` where it was not recorded.
        scaled: whether every amount was multiplied by one unpublished factor.
        time: milliseconds of the first state that carries a time.
        orders: ``None`` where orders were not recorded.
        order_dexes: the dexes whose orders were recorded.
        order_margins: sum and number by market, where only the margins of orders are known.
        partial: whether the list of positions is not complete.
        uncaptured_isolated: isolated margin on dexes that were not recorded (USD).
        complete: whether every dex of the account was recorded.
    """

    source: str
    id: str
    mode: str | None
    scaled: bool
    time: int | None
    spot: SpotState | None
    dexes: Mapping[str, DexState]
    orders: tuple[OrderRow, ...] | None
    order_dexes: frozenset[str]
    order_margins: Mapping[str, tuple[Fraction, int]] | None
    reserves: Mapping[int, ReserveRow]
    lending: LendingState | None
    assets: Mapping[str, AssetRow]
    size_decimals: Mapping[str, int]
    dex_tokens: Mapping[str, int] = Factory(dict)
    borrow_caps: Mapping[int, Fraction] = Factory(dict)
    supply_caps: Mapping[int, Fraction] = Factory(dict)
    partial: bool = False
    complete: bool = False
    uncaptured_isolated: Fraction = Fraction(0)

    def token_of(self, dex: str, venue: Venue) -> str:
        """The token that a dex's positions are margined in: as recorded, or by the venue's file."""
        index = self.dex_tokens.get(dex)
        if index is None:
            return venue.token_of(dex)
        known = {token.index: token.name for token in venue.tokens.values()}
        known |= {row.token: row.coin for row in (() if self.spot is None else self.spot.rows)}
        return known.get(index, f"token {index}")


def dex_of(market: str) -> str:
    """The dex of a market's name: what stands before the colon, and the venue's own dex where there is none."""
    return market.partition(":")[0] if ":" in market else ""
