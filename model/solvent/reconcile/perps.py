"""Figures of the states of perp dexes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from solvent.account import Regime
from solvent.arithmetic import total
from solvent.decimals import Printed
from solvent.ingest.record import DexState, PositionRow, Record
from solvent.interval import Interval, Undecided, hull
from solvent.reconcile.figure import Digits, Figure
from solvent.reconcile.inputs import NotRecordedError
from solvent.reconcile.names import MOVE, SCALE, change_of_orders, orders_of, price_of, rest_of
from solvent.reconcile.state import State
from solvent.regimes.assessment import LiquidationPrice
from solvent.regimes.dexes import DexMargin, Leg
from solvent.rules import numbers, perp
from solvent.venue import Venue


def perp_figures(record: Record, venue: Venue) -> Iterator[Figure]:
    """Every figure that the states of dexes report."""
    prices = tuple(price_of(token.name, "perps") for token in venue.tokens.values() if token.is_collateral)
    for state in record.dexes.values():
        for row in state.positions:
            yield from _position_figures(state, row, prices)
        yield from _dex_figures(state)


def _usd(
    figure: str, subject: str, rule: str, reported: Printed | None, compute: Any, *inputs: str
) -> Iterator[Figure]:
    if reported is not None:
        yield Figure(
            figure=figure, subject=subject, rule=rule, reported=reported,
            digits=Digits.USD, compute=compute, inputs=inputs,
        )  # fmt: skip


def _position_figures(dex: DexState, row: PositionRow, prices: tuple[str, ...]) -> Iterator[Figure]:
    def leg(state: State) -> Leg:
        legs = state.dex(dex).legs
        return next(leg for leg in legs if leg.position.market == row.market)

    if row.isolated:
        yield from _usd(
            "margin used", row.market, "PERP-ISO-MARGIN", row.margin_used, lambda state: leg(state).margin
        )
    else:
        yield from _usd(
            "margin used", row.market, "PERP-IM", row.margin_used, lambda state: leg(state).initial
        )
    if row.profit is not None and row.entry is not None:
        yield from _usd(
            "unrealized profit", row.market, "NUM-ENTRY-SHOWN", row.profit, lambda state: _profit(state, row)
        )
    if row.reports_liquidation:
        yield Figure(
            figure="liquidation price",
            subject=row.market,
            rule="LIQPX-ROOT" if row.liquidation is not None else "LIQPX-NONE",
            reported=row.liquidation,
            digits=Digits.PRICE,
            compute=lambda state: _shown_price(_liquidation_price(state, dex, row)),
            inputs=(SCALE,) if row.isolated else (SCALE, MOVE, *prices),
        )


def _profit(state: State, row: PositionRow) -> Interval:
    entry = row.entry
    if entry is None:
        raise NotRecordedError(f"the entry price of {row.market}")
    bounds = numbers.profit_bounds(state.amount(row.size), state.marks[row.market], entry.value, entry.unit)
    return hull(bounds.low, bounds.high)


def _liquidation_price(state: State, dex: DexState, row: PositionRow) -> LiquidationPrice:
    moved = not row.isolated and state.regime in {Regime.UNIFIED, Regime.PORTFOLIO}
    margin = state.dex(dex, moved=moved)
    leg = next(leg for leg in margin.legs if leg.position.market == row.market)
    return leg.liquidation_price(_free(state, margin, leg), state.venue)


def _free(state: State, dex: DexMargin, leg: Leg) -> Any:
    """The margin after maintenance that stands behind a position, by the mode of the account."""
    if leg.margin is not None:
        return leg.margin - leg.maintenance
    token = state.unscaled.tokens.get(dex.token)
    if state.regime is Regime.PORTFOLIO and token is not None and token.is_borrowable:
        return state.portfolio_margin(token, "perps").available
    if state.regime in {Regime.UNIFIED, Regime.PORTFOLIO}:
        row = (
            next((r for r in state.record.spot.rows if r.coin == dex.token), None)
            if state.record.spot
            else None
        )
        if row is None:
            raise NotRecordedError(f"the {dex.token} balance")
        return state.token_margin(dex.token, state.amount(row.total)).available
    return perp.margin_after_maintenance(dex.cross_equity, dex.maintenance)


def _shown_price(price: LiquidationPrice) -> Any:
    """The root, or ``None`` for none; where the digits do not decide between them, both."""
    if isinstance(price.none, Undecided):
        return price.root
    return None if price.none else price.root


def _dex_figures(dex: DexState) -> Iterator[Figure]:
    name = dex.name or "main dex"
    value, isolated = rest_of("value", dex.name), rest_of("isolated margin", dex.name)
    initial = rest_of("initial margin", dex.name)
    maintenance = rest_of("maintenance margin", dex.name)
    summary, cross = dex.summary, dex.cross

    def margin(state: State) -> DexMargin:
        return state.dex(dex)

    yield from _usd(
        "cross equity", name, "PERP-EQUITY", cross.account_value, lambda s: margin(s).cross_equity, value
    )
    yield from _usd(
        "account value",
        name,
        "PERP-VALUE",
        summary.account_value,
        lambda s: margin(s).account_value,
        value,
        isolated,
    )
    yield from _usd(
        "cross notional", name, "PERP-NOTIONAL", cross.notional, lambda s: _notional(s, dex, cross=True)
    )
    yield from _usd(
        "notional", name, "PERP-NOTIONAL", summary.notional, lambda s: _notional(s, dex, cross=False)
    )
    yield from _usd(
        "cross margin used", name, "PERP-IM", cross.margin_used, lambda s: margin(s).initial, initial
    )
    yield from _usd(
        "total margin used",
        name,
        "PERP-IM",
        summary.margin_used,
        lambda s: margin(s).initial + margin(s).isolated,
        initial,
        isolated,
    )
    yield from _usd(
        "maintenance margin",
        name,
        "PERP-MM",
        dex.maintenance,
        lambda s: margin(s).maintenance,
        maintenance,
        SCALE,
    )
    yield from _usd(
        "withdrawable",
        name,
        "PERP-WITHDRAWABLE",
        dex.withdrawable,
        lambda s: perp.withdrawable(margin(s).cross_equity, margin(s).transfer, margin(s).orders),
        orders_of(dex.name),
        change_of_orders(dex.name),
    )


def _notional(state: State, dex: DexState, *, cross: bool) -> Any:
    if state.record.partial:
        raise NotRecordedError(rest_of("notional", dex.name))
    legs = state.dex(dex).legs
    return total(leg.notional for leg in legs if not (cross and leg.margin is not None))
