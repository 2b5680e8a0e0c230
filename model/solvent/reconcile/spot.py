"""Figures of the spot state: balances, holds, what is available after maintenance, ratios."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from solvent.account import Regime
from solvent.arithmetic import ZERO, maximum
from solvent.decimals import Printed
from solvent.ingest.record import Record, SpotRow, SpotState
from solvent.reconcile.figure import Digits, Figure
from solvent.reconcile.inputs import NotRecordedError
from solvent.reconcile.names import (
    ELSEWHERE,
    IDLE,
    MOVE,
    SCALE,
    change_of_orders,
    of_perps,
    orders_of,
    price_of,
    raw_of,
)
from solvent.reconcile.state import State
from solvent.regimes.portfolio import Collateral
from solvent.rules import portfolio
from solvent.venue import Token, Venue

SPOT = "spot"
PERP_SUMS = (of_perps("maintenance margin"), of_perps("isolated margin"))

Compute = Callable[[State], Any]


def spot_figures(record: Record, regime: Regime, venue: Venue) -> Iterator[Figure]:
    """Every figure that the spot state reports."""
    if record.spot is None:
        return
    match regime:
        case Regime.PORTFOLIO:
            yield from _portfolio_figures(record, record.spot, venue)
        case Regime.UNIFIED:
            yield from _unified_figures(record, record.spot, venue)
        case _:
            yield from (_spot_hold(row) for row in record.spot.rows)


def _amount(
    figure: str, coin: str, rule: str, reported: Printed, compute: Compute, inputs: tuple[str, ...] = ()
) -> Figure:
    return Figure(
        figure=figure, subject=coin, rule=rule, reported=reported,
        digits=Digits.TOKEN, compute=compute, inputs=inputs,
    )  # fmt: skip


def _available(coin: str, rule: str, reported: Printed, compute: Compute, *inputs: str) -> Figure:
    return _amount("available after maintenance", coin, rule, reported, compute, inputs)


def _spot_hold(row: SpotRow) -> Figure:
    """The hold of a token that no dex uses."""
    return _amount("hold", row.coin, "UA-SPOT-HOLD", row.hold, partial(_selling, row.coin))


def _selling(coin: str, state: State) -> Any:
    return state.spot_orders(coin, -1)


def _order_inputs(record: Record) -> tuple[str, ...]:
    named = (name(dex) for dex in record.dexes for name in (orders_of, change_of_orders))
    return (*named, ELSEWHERE, of_perps("commitments"))


# -- unified -------------------------------------------------------------------------------------------------


def _unified_figures(record: Record, spot: SpotState, venue: Venue) -> Iterator[Figure]:
    used = {record.token_of(dex, venue) for dex in record.dexes}
    for row in spot.rows:
        if row.coin in used:
            hold = partial(_unified_hold, row)
            yield _amount("hold", row.coin, "UA-HOLD", row.hold, hold, (MOVE, *_order_inputs(record)))
        else:
            yield _spot_hold(row)
    for index, reported in spot.available.items():
        found = spot.row(index)
        if found is not None:
            compute = partial(_unified_available, found)
            yield _available(found.coin, "UA-AVAILABLE", reported, compute, MOVE, *PERP_SUMS)


def _unified_hold(row: SpotRow, state: State) -> Any:
    return state.token_margin(row.coin, state.amount(row.total)).hold(state.venue)


def _unified_available(row: SpotRow, state: State) -> Any:
    return state.token_margin(row.coin, state.amount(row.total)).available


# -- portfolio margin ----------------------------------------------------------------------------------------


def _portfolio_figures(record: Record, spot: SpotState, venue: Venue) -> Iterator[Figure]:
    main = venue.tokens[venue.quote]
    prices = tuple(price_of(token.name, SPOT) for token in venue.tokens.values() if token.is_collateral)
    for row in spot.rows:
        token = venue.tokens.get(row.coin)
        if token is not None and token.name == main.name:
            yield from _quote_figures(record, row, main, prices)
        elif token is not None and token.is_collateral:
            compute = partial(_collateral_hold, token, main)
            inputs = (*_order_inputs(record), price_of(token.name, SPOT))
            yield _amount("hold", row.coin, "PM-COLLATERAL-HOLD", row.hold, compute, inputs)
        elif token is not None and token.is_borrowable:
            compute = partial(_other_hold, token, main)
            inputs = (price_of(token.name, SPOT), SCALE, *prices)
            yield _amount("hold", row.coin, "PM-OTHER-HOLD", row.hold, compute, inputs)
        else:
            yield _spot_hold(row)
    for index, reported in spot.available.items():
        found = spot.row(index)
        if found is not None:
            yield _portfolio_available(found, reported, main, venue, prices)
    yield from _cap_figures(spot, venue)
    if spot.ratio is not None:
        yield Figure(
            figure="margin ratio", subject="account", rule="PM-RATIO", reported=spot.ratio,
            digits=Digits.RATIO, compute=partial(_ratio, main), inputs=(MOVE, *PERP_SUMS, *prices),
        )  # fmt: skip


def _quote_figures(record: Record, row: SpotRow, token: Token, prices: tuple[str, ...]) -> Iterator[Figure]:
    orders, raws = _order_inputs(record), tuple(raw_of(dex) for dex in record.dexes)
    coin = row.coin
    yield _amount(
        "net balance",
        coin,
        "PM-EQUITY",
        row.total,
        partial(_equity, token),
        (MOVE, IDLE, *raws, of_perps("account value")),
    )
    yield _amount("hold", coin, "PM-HOLD", row.hold, partial(_quote_hold, token), (MOVE, *orders, *prices))
    if row.spot_hold is not None:
        compute = partial(_quote_spot_hold, token)
        yield _amount("spot hold", coin, "PM-SPOT-HOLD", row.spot_hold, compute, (MOVE, *orders))


def _equity(token: Token, state: State) -> Any:
    row, margin = state.row(token), state.portfolio_margin(token)
    supplied = ZERO if row is None or row.supplied is None else state.amount(row.supplied)
    idle = margin.margin.buying + state.inputs[IDLE]
    return portfolio.portfolio_equity([margin.margin.perp_value], supplied, idle, margin.loan)


def _quote_hold(token: Token, state: State) -> Any:
    return state.portfolio_margin(token).hold(state.venue)


def _quote_spot_hold(token: Token, state: State) -> Any:
    return state.portfolio_margin(token).spot_hold(state.venue)


def _supplied(token: Token | None, state: State) -> Collateral | None:
    return next((c for c in state.collateral(SPOT) if token is not None and c.token.name == token.name), None)


def _collateral_hold(token: Token, main: Token, state: State) -> Any:
    collateral = _supplied(token, state)
    if collateral is None:
        return state.spot_orders(token.name, -1)
    return state.portfolio_margin(main).collateral_hold(collateral, state.venue)


def _other_hold(token: Token, main: Token, state: State) -> Any:
    if not state.collateral(SPOT):
        return ZERO
    return state.portfolio_margin(token).hold_besides(state.portfolio_margin(main), state.venue)


def _portfolio_available(
    row: SpotRow, reported: Printed, main: Token, venue: Venue, prices: tuple[str, ...]
) -> Figure:
    token, coin = venue.tokens.get(row.coin), row.coin
    if token is not None and token.name == main.name:
        return _available(
            coin, "PM-AVAILABLE", reported, partial(_quote_available, main), MOVE, *PERP_SUMS, *prices
        )
    if token is not None and token.is_collateral:
        compute = partial(_collateral_available, row, token, main)
        inputs = (price_of(coin, SPOT), MOVE)
        return _available(coin, "PM-AVAILABLE-COLLATERAL", reported, compute, *inputs)
    compute = partial(_other_available, row, token, main)
    return _available(coin, "PM-AVAILABLE-OTHER", reported, compute, price_of(coin, SPOT), SCALE, *prices)


def _quote_available(main: Token, state: State) -> Any:
    return state.portfolio_margin(main).available


def _collateral_available(row: SpotRow, token: Token, main: Token, state: State) -> Any:
    collateral = _supplied(token, state)
    if collateral is None:
        return state.amount(row.total)
    return state.portfolio_margin(main).available_collateral(collateral)


def _other_available(row: SpotRow, token: Token | None, main: Token, state: State) -> Any:
    if token is None or not token.is_borrowable or not state.collateral(SPOT):
        return state.amount(row.total)
    return state.portfolio_margin(token).available_besides(state.portfolio_margin(main))


def _cap_figures(spot: SpotState, venue: Venue) -> Iterator[Figure]:
    by_index = {token.index: token for token in venue.tokens.values()}
    for side, ratios in (("supply", spot.supply_ratios), ("borrow", spot.borrow_ratios)):
        for index, reported in ratios.items():
            row, token = spot.row(index), by_index.get(index)
            amount = None if row is None else row.supplied if side == "supply" else row.borrowed
            if token is not None and amount is not None:
                yield Figure(
                    figure=f"{side} cap ratio", subject=token.name, rule="PM-CAP-USE", reported=reported,
                    digits=Digits.RATIO, compute=partial(_cap_use, token, amount, side), inputs=(SCALE,),
                )  # fmt: skip


def _cap_use(token: Token, amount: Printed, side: str, state: State) -> Any:
    cap = state.cap(token, side)
    if cap is None:
        raise NotRecordedError(f"the {side} cap of {token.name}")
    return portfolio.cap_use(state.amount(amount), cap)


def _ratio(main: Token, state: State) -> Any:
    used = dict.fromkeys([main.name, *(state.token_of(dex) for dex in state.record.dexes)])
    ratios = []
    for name in used:
        token = state.unscaled.tokens.get(name)
        if token is None:
            raise NotRecordedError(f"the parameters of {name}")
        ratio = state.portfolio_margin(token).ratio(state.venue)
        ratios.append(ratio.numerator / ratio.denominator)
    return maximum(*ratios)
