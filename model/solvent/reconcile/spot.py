"""Figures of the spot state: balances, holds, what is available after maintenance, ratios."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from solvent.account import Regime
from solvent.arithmetic import ONE, ZERO, maximum
from solvent.decimals import Printed
from solvent.ingest.record import Record, SpotRow, SpotState
from solvent.reconcile.figure import Digits, Figure
from solvent.reconcile.inputs import NotRecordedError
from solvent.reconcile.state import (
    ELSEWHERE,
    IDLE,
    MOVE,
    SCALE,
    State,
    change_of_orders,
    orders_of,
    price_of,
    raw_of,
    token_of,
)
from solvent.regimes.portfolio import Collateral
from solvent.rules import portfolio
from solvent.venue import Token, Venue


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
            for row in record.spot.rows:
                yield _hold(row, "UA-SPOT-HOLD", lambda state, row=row: state.spot_orders(row.coin, -1))


def _token(
    figure: str, coin: str, rule: str, reported: Printed, compute: Callable[[State], Any], *inputs: str
) -> Figure:
    return Figure(
        figure=figure, subject=coin, rule=rule, reported=reported,
        digits=Digits.TOKEN, compute=compute, inputs=inputs,
    )  # fmt: skip


def _hold(row: SpotRow, rule: str, compute: Callable[[State], Any], *inputs: str) -> Figure:
    return _token("hold", row.coin, rule, row.hold, compute, *inputs)


def _order_inputs(record: Record) -> tuple[str, ...]:
    named = (name(dex) for dex in record.dexes for name in (orders_of, change_of_orders))
    return (*named, ELSEWHERE)


# -- unified -------------------------------------------------------------------------------------------------


def _unified_figures(record: Record, spot: SpotState, venue: Venue) -> Iterator[Figure]:
    for row in spot.rows:
        yield _hold(row, "UA-HOLD", lambda s, row=row: _unified_hold(s, row), MOVE, *_order_inputs(record))
    for token, reported in spot.available.items():
        row = spot.row(token)
        if row is not None:
            yield _token(
                "available after maintenance",
                row.coin,
                "UA-AVAILABLE",
                reported,
                lambda s, row=row: s.token_margin(row.coin, s.amount(row.total)).available,
                MOVE,
            )


def _unified_hold(state: State, row: SpotRow) -> Any:
    return state.token_margin(row.coin, state.amount(row.total)).hold(state.venue)


# -- portfolio margin ----------------------------------------------------------------------------------------


def _portfolio_figures(record: Record, spot: SpotState, venue: Venue) -> Iterator[Figure]:
    main = venue.tokens[venue.quote]
    for row in spot.rows:
        token = venue.tokens.get(row.coin)
        if token is None or not (token.is_borrowable or token.is_collateral):
            yield _hold(row, "UA-SPOT-HOLD", lambda s, row=row: s.spot_orders(row.coin, -1))
        elif token.is_collateral:
            yield _hold(
                row, "PM-COLLATERAL-HOLD", lambda s, token=token: _collateral_hold(s, token, main),
                *_order_inputs(record), price_of(token.name, "spot"),
            )  # fmt: skip
        elif token.name == venue.quote:
            yield from _quote_figures(record, row, token, venue)
        else:
            yield _hold(
                row, "PM-OTHER-HOLD", lambda s, token=token: _other_hold(s, token, main),
                price_of(token.name, "spot"), SCALE,
            )  # fmt: skip
    yield from _available_figures(spot, main, venue)
    yield from _cap_figures(spot, venue)
    if spot.ratio is not None:
        yield Figure(
            figure="margin ratio", subject="account", rule="PM-RATIO", reported=spot.ratio,
            digits=Digits.RATIO, compute=lambda s: _ratio(s, main), inputs=(MOVE, *_prices(venue)),
        )  # fmt: skip


def _prices(venue: Venue) -> tuple[str, ...]:
    return tuple(price_of(token.name, "spot") for token in venue.tokens.values() if token.is_collateral)


def _quote_figures(record: Record, row: SpotRow, token: Token, venue: Venue) -> Iterator[Figure]:
    orders = _order_inputs(record)
    raws = tuple(raw_of(dex) for dex in record.dexes)
    yield _token(
        "net balance", row.coin, "PM-EQUITY", row.total, lambda s: _equity(s, token), MOVE, IDLE, *raws
    )
    yield _hold(
        row, "PM-HOLD", lambda s: s.portfolio_margin(token).hold(s.venue), MOVE, *orders,
        *_prices(venue),
    )  # fmt: skip
    if row.spot_hold is not None:
        yield _token(
            "spot hold", row.coin, "PM-SPOT-HOLD", row.spot_hold,
            lambda s: s.portfolio_margin(token).spot_hold(s.venue), MOVE, *orders,
        )  # fmt: skip


def _equity(state: State, token: Token) -> Any:
    row, margin = state.row(token), state.portfolio_margin(token)
    supplied = ZERO if row is None or row.supplied is None else state.amount(row.supplied)
    idle = margin.margin.buying + state.inputs[IDLE]
    return portfolio.portfolio_equity([margin.margin.perp_value], supplied, idle, margin.loan)


def _supplied(state: State, token: Token) -> Collateral | None:
    return next((c for c in state.collateral("spot") if c.token.name == token.name), None)


def _collateral_hold(state: State, token: Token, main: Token) -> Any:
    collateral = _supplied(state, token)
    if collateral is None:
        return state.spot_orders(token.name, -1)
    return state.portfolio_margin(main).collateral_hold(collateral, state.venue)


def _other_hold(state: State, token: Token, main: Token) -> Any:
    if not state.collateral("spot"):
        return ZERO
    return state.portfolio_margin(token).hold_besides(state.portfolio_margin(main), state.venue)


def _available_figures(spot: SpotState, main: Token, venue: Venue) -> Iterator[Figure]:
    for index, reported in spot.available.items():
        row = spot.row(index)
        if row is None:
            continue
        token = venue.tokens.get(row.coin)
        rule, inputs = "PM-AVAILABLE-OTHER", (price_of(row.coin, "spot"), SCALE)
        if token is not None and token.name == main.name:
            rule, inputs = "PM-AVAILABLE", (MOVE, *_prices(venue))
        elif token is not None and token.is_collateral:
            rule, inputs = "PM-AVAILABLE-COLLATERAL", (price_of(row.coin, "spot"), MOVE)
        yield _token(
            "available after maintenance", row.coin, rule, reported,
            lambda s, row=row, token=token: _available(s, row, token, main), *inputs,
        )  # fmt: skip


def _available(state: State, row: SpotRow, token: Token | None, main: Token) -> Any:
    quote = state.portfolio_margin(main)
    if token is not None and token.name == main.name:
        return quote.available
    collateral = None if token is None else _supplied(state, token)
    if collateral is not None:
        return quote.available_collateral(collateral)
    if token is None or token.is_collateral or not token.is_borrowable or not state.collateral("spot"):
        return state.amount(row.total)
    return state.portfolio_margin(token).available_besides(quote)


def _cap_figures(spot: SpotState, venue: Venue) -> Iterator[Figure]:
    for side, ratios in (("supply", spot.supply_ratios), ("borrow", spot.borrow_ratios)):
        for index, reported in ratios.items():
            row = spot.row(index)
            token = next((t for t in venue.tokens.values() if t.index == index), None)
            amount = None if row is None else row.supplied if side == "supply" else row.borrowed
            if token is not None and amount is not None:
                yield Figure(
                    figure=f"{side} cap ratio", subject=token.name, rule="PM-CAP-USE", reported=reported,
                    digits=Digits.RATIO, inputs=(SCALE,),
                    compute=lambda s, t=token, a=amount, side=side: _cap_use(s, t, a, side),
                )  # fmt: skip


def _cap_use(state: State, token: Token, amount: Printed, side: str) -> Any:
    cap = state.cap(token, side)
    if cap is None:
        raise NotRecordedError(f"the {side} cap of {token.name}")
    return portfolio.cap_use(state.amount(amount), cap)


def _ratio(state: State, main: Token) -> Any:
    used = dict.fromkeys([main.name, *(state.token_of(dex) for dex in state.record.dexes)])
    ratios = []
    for name in used:
        token = state.unscaled.tokens.get(name)
        if token is None:
            raise NotRecordedError(f"the parameters of {name}")
        ratio = state.portfolio_margin(token).ratio(state.venue)
        ratios.append(ratio.numerator / ratio.denominator)
    return maximum(*ratios) if len(ratios) > 1 else ratios[0] * ONE
