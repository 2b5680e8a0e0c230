"""Figures of what may be traded: the largest orders of a market, and the margin that they would use."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from typing import Any

from attrs import evolve, frozen

from solvent.account import Regime
from solvent.arithmetic import ZERO, absolute, floor_to, maximum, minimum, total
from solvent.ingest.record import AssetRow, PositionRow, Record, dex_of
from solvent.reconcile.figure import Digits, Figure
from solvent.reconcile.inputs import NotRecordedError
from solvent.reconcile.names import free_at, resting_in
from solvent.reconcile.state import State
from solvent.regimes.dexes import DexMargin, order_margins
from solvent.rules import perp

SIDES = ("buy", "sell")
UNLIMITED = Fraction(10**15)


def trading_figures(record: Record) -> Iterator[Figure]:
    """The largest order and the available margin for a buy and a sell of every market asked for."""
    for market, asset in record.assets.items():
        for side, name in enumerate(SIDES):
            sign = 1 - 2 * side
            if asset.sizes is not None:
                yield Figure(
                    figure=f"largest {name}", subject=market, rule=_rule(record, market, sign),
                    reported=asset.sizes[side], digits=Digits.EXACT,
                    compute=partial(_largest_order, market, asset, sign), inputs=(resting_in(market, sign),),
                )  # fmt: skip
            if asset.available is not None:
                yield Figure(
                    figure=f"available to {name}", subject=market, rule="PERP-AVAILABLE",
                    reported=asset.available[side], digits=Digits.USD,
                    compute=partial(_available, market, asset, sign), inputs=(free_at(market),),
                )  # fmt: skip


def _position(record: Record, market: str) -> PositionRow | None:
    state = record.dexes.get(dex_of(market))
    return None if state is None else next((r for r in state.positions if r.market == market), None)


def _rule(record: Record, market: str, sign: int) -> str:
    row = _position(record, market)
    return "PERP-SIZE-OPPOSITE" if row is not None and row.size.value * sign < 0 else "PERP-SIZE-INCREASE"


@frozen(kw_only=True)
class _Free:
    """The margin that a further order of a market may use.

    Attributes:
        increasing: what is free for an order that increases the position.
        closing: what is free once an opposite order has closed it and released its margin and orders.
        position: the signed size.
        leverage, max_leverage: of the market.
    """

    increasing: Any
    closing: Any
    position: Any
    leverage: int
    max_leverage: int | None


def _free(state: State, market: str, asset: AssetRow) -> _Free:
    record = state.record
    dex_state = record.dexes.get(dex_of(market))
    row = _position(record, market)
    leverage = asset.leverage if row is None else row.leverage
    if dex_state is None or leverage is None:
        raise NotRecordedError(f"the leverage of {market}")
    equity, dexes = _resources(state, dex_state.name)
    own = next((leg for dex in dexes for leg in dex.legs if leg.position.market == market), None)
    isolated = total(dex.isolated for dex in dexes)
    released: Any = ZERO
    position: Any = ZERO
    if own is not None:
        position = own.position.size
        if own.margin is not None:
            at_mark = perp.isolated_margin(own.position.raw or ZERO, position, asset.mark.value)
            isolated = isolated - own.margin + at_mark
            released = at_mark
        else:
            released = perp.initial_margin(perp.notional(position, asset.mark.value), Fraction(leverage))
    dex = state.account_dex(dex_state)
    same = tuple(order for order in dex.orders if order.market == market)
    margins = order_margins(evolve(dex, orders=same), state.venue)
    initial = total(dex.initial for dex in dexes)
    orders = total(dex.orders for dex in dexes)
    free = equity - isolated - initial - orders + state.inputs[free_at(market)]
    closing = free + released + margins.get(market, ZERO)
    return _Free(
        increasing=free,
        closing=closing,
        position=position,
        leverage=leverage,
        max_leverage=None if row is None else row.max_leverage,
    )


def _resources(state: State, dex: str) -> tuple[Any, tuple[DexMargin, ...]]:
    """What stands behind a market's orders, isolated margins included, and the dexes that share it."""
    name = state.token_of(dex)
    if state.regime not in {Regime.UNIFIED, Regime.PORTFOLIO}:
        own = state.dex(state.record.dexes[dex])
        return own.account_value, (own,)
    row = None if state.record.spot is None else next(
        (r for r in state.record.spot.rows if r.coin == name), None
    )  # fmt: skip
    if row is None:
        raise NotRecordedError(f"the {name} balance")
    margin = state.token_margin(name, state.amount(row.total))
    equity = margin.equity - margin.buying
    token = state.unscaled.tokens.get(name)
    if state.regime is Regime.PORTFOLIO and token is not None:
        equity = equity + state.portfolio_margin(token).capacity
    return equity, margin.dexes


def _largest(state: State, market: str, asset: AssetRow, sign: int) -> tuple[Any, Any]:
    """The largest order of a side, and the same before the margin table limits it."""
    decimals = state.record.size_decimals.get(market)
    if decimals is None:
        raise NotRecordedError(f"the size step of {market}")
    step = Fraction(1, 10**decimals)
    free = _free(state, market, asset)
    leverage, mark = Fraction(free.leverage), asset.mark.value
    if free.position * sign < 0:
        size = perp.largest_opposite(free.position, free.closing, leverage, mark, step)
        held = -absolute(free.position)
    else:
        size = perp.largest_increase(free.increasing, leverage, mark, step)
        held = absolute(free.position)
    if free.max_leverage is None and market not in state.venue.tables:
        return size, size
    tiers = state.venue.tiers(market, free.max_leverage)
    room = perp.largest_notional(leverage, tiers, UNLIMITED) / mark - held - _resting(state, market, sign)
    return minimum(size, floor_to(maximum(ZERO, room), step)), size


def _resting(state: State, market: str, sign: int) -> Any:
    orders = state.record.orders or ()
    known = total(o.size.value for o in orders if o.market == market and o.side == sign and o.reserves)
    return known + state.inputs[resting_in(market, sign)]


def _largest_order(market: str, asset: AssetRow, sign: int, state: State) -> Any:
    limited, _ = _largest(state, market, asset, sign)
    return limited


def _available(market: str, asset: AssetRow, sign: int, state: State) -> Any:
    _, size = _largest(state, market, asset, sign)
    leverage = _free(state, market, asset).leverage
    return perp.available_to_trade(size, asset.mark.value, Fraction(leverage))
