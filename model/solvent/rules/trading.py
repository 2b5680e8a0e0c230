"""Chapter: trades, and what is left of a shortfall."""

from __future__ import annotations

from collections.abc import Sequence

from solvent.arithmetic import ZERO, absolute, both, maximum, minimum, total, where
from solvent.rules.kinds import Flag, Price, Share, Side, Size, Usd, UsdOpen, UsdPositive
from solvent.rules.registry import rule


@rule("TRADE-SLIPPAGE")
def book_slippage(spread: Share, notional: UsdPositive, width: UsdOpen) -> Share:
    """An order to the book trades worse than the mark by half the spread, and more in proportion to its notional."""
    return spread / 2 + notional / width


@rule("TRADE-PRICE")
def trade_price(mark: Price, side: Side, slippage: Share) -> Price:
    """A buyer pays the mark price and the slippage, and a seller receives the mark price less the slippage."""
    return mark * (1 + side * slippage)


@rule("TRADE-CLOSED")
def closed_part(position: Size, change: Size) -> UsdPositive:
    """A trade against a position closes as much of it as there is, and opens with the rest."""
    return where(position * change < 0, minimum(absolute(position), absolute(change)), ZERO)


@rule("TRADE-REDUCES")
def only_reduces(position: Size, change: Size) -> Flag:
    """A trade only reduces when it is against the position and no larger."""
    return both(position * change < 0, absolute(change) <= absolute(position))


@rule("TRADE-OPEN")
def opening_allowed(
    equity: Usd,
    capacity: UsdPositive,
    initials: Sequence[UsdPositive],
    orders: UsdPositive,
    buys: UsdPositive,
) -> Flag:
    """What opens exposure must leave equity and borrow capacity that cover initial margin, orders and spot buys."""
    return equity + capacity >= total(initials) + orders + buys


@rule("TRADE-SHORTFALL")
def vault_share(shortfall: UsdPositive, vault_equity: Usd) -> UsdPositive:
    """What a closed account owes beyond what it has is borne by the liquidator vault as far as its equity goes."""
    return minimum(shortfall, maximum(ZERO, vault_equity))
