"""Which inputs of a record may be solved, what is taken for them at first, and within which bounds."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from solvent.account import Regime
from solvent.ingest.record import DexState, Record, dex_of
from solvent.interval import Interval, around
from solvent.reconcile.inputs import Input, Inputs, Missing
from solvent.reconcile.names import (
    ELSEWHERE,
    IDLE,
    MOVE,
    PERPS,
    REST,
    SCALE,
    change_of_orders,
    free_at,
    of_perps,
    orders_of,
    price_of,
    raw_of,
    rest_of,
    resting_in,
)
from solvent.reconcile.scale import largest_scale
from solvent.reconcile.state import PRICE_PRINT
from solvent.venue import Token, Venue

LARGEST_MOVE = Fraction(1, 100)
"""How far a price may have moved between two calls that are seconds apart, as a fraction."""
CALLS = ("spot", "perps", "lending")
"""The calls at which collateral is priced."""
STABLE = (Fraction(9, 10), Fraction(11, 10))
"""Between which prices (USDC) a token that is borrowable but no collateral is taken to lie."""
MOST_PRICE = Fraction(10**9)
DUST = Fraction(1)
"""An idle balance (in the token) that is too small to be supplied is smaller than this."""
MOST_USD = Fraction(10**12)

NOTHING = Interval(0, 0)


def declare(record: Record, regime: Regime, venue: Venue) -> Inputs:
    """The inputs of a record, before any is solved."""
    found = [*_of_dexes(record), *_of_tokens(record, venue)]
    if record.scaled:
        found.append(
            Input(name=SCALE, taken=Missing(SCALE), low=Fraction(1, 10**6), high=largest_scale(record))
        )
    if regime in {Regime.UNIFIED, Regime.PORTFOLIO}:
        found.append(
            Input(
                name=MOVE, taken=NOTHING, low=-LARGEST_MOVE, high=LARGEST_MOVE,
                assumption="the calls are taken as made at one instant", plain=True, drifts=True,
            )
        )  # fmt: skip
        if not record.complete:
            found.append(
                Input(
                    name=ELSEWHERE, taken=NOTHING, low=Fraction(0), high=MOST_USD,
                    assumption="dexes that were not recorded are taken as empty", plain=True,
                )
            )  # fmt: skip
    if regime is Regime.PORTFOLIO:
        found.append(
            Input(
                name=IDLE,
                taken=NOTHING,
                low=Fraction(0),
                high=DUST * (largest_scale(record) if record.scaled else 1),
            )
        )
    for market in record.assets:
        found += [
            Input(name=free_at(market), taken=NOTHING, low=-MOST_USD, high=MOST_USD, plain=True),
            *(
                Input(
                    name=resting_in(market, side), taken=NOTHING, low=Fraction(0), high=MOST_USD, plain=True
                )
                for side in (1, -1)
            ),
        ]
    if regime in {Regime.UNIFIED, Regime.PORTFOLIO} and not record.dexes:
        found += [_of_perps(what) for what in PERPS]
    return Inputs({entry.name: entry for entry in found})


def _of_dexes(record: Record) -> Iterator[Input]:
    for state in record.dexes.values():
        yield _orders(record, state)
        if state.cross.raw is None and state.summary.raw is None:
            yield _missing(raw_of(state.name))
        if record.partial:
            yield from _of_rest(state)


def _orders(record: Record, state: DexState) -> Input:
    """The order margin of a dex, or where orders were recorded their change since the call of the state."""
    if record.order_margins is None and not leverages_known(record, state):
        return _missing(orders_of(state.name))
    if record.order_margins is None and state.name not in record.order_dexes:
        return Input(
            name=orders_of(state.name), taken=NOTHING, low=Fraction(0), high=MOST_USD,
            assumption="orders were not recorded and are taken as none",
        )  # fmt: skip
    name = change_of_orders(state.name)
    return Input(name=name, taken=NOTHING, low=-LARGEST_MOVE, high=LARGEST_MOVE)


def _of_rest(state: DexState) -> Iterator[Input]:
    for what in REST:
        yield _missing(rest_of(what, state.name))


def _of_perps(what: str) -> Input:
    if what == "isolated margin":
        return Input(
            name=of_perps(what), taken=NOTHING, low=Fraction(0), high=MOST_USD,
            assumption="perps were not recorded; isolated positions are taken as none",
        )  # fmt: skip
    return _missing(of_perps(what))


def _missing(name: str) -> Input:
    return Input(name=name, taken=Missing(name), low=-MOST_USD, high=MOST_USD)


def _of_tokens(record: Record, venue: Venue) -> Iterator[Input]:
    for token in venue.tokens.values():
        if token.name != venue.quote:
            yield from _prices(record, token)


def _prices(record: Record, token: Token) -> Iterator[Input]:
    """A token's price at each call: that of the call for reserves up to a small move, or one of the others."""
    first, *others = (price_of(token.name, call) for call in CALLS)
    row = record.reserves.get(token.index)
    if row is not None and row.price is not None:
        price = around(row.price.value, PRICE_PRINT / 2)
        for name in (first, *others):
            yield _drifting(name, price, price, f"the {token.name} price is taken from the call for reserves")
        return
    mark = _mark(record, token)
    if mark is not None:
        yield _drifting(first, mark, mark, f"the {token.name} price is taken to be the mark price")
    else:
        low, high = (Fraction(1, 10**9), MOST_PRICE) if token.is_collateral else STABLE
        yield Input(name=first, taken=Missing(first), low=low, high=high)
        mark = Interval(low, high)
    for name in others:
        yield _drifting(name, first, mark, f"the {token.name} price is taken from the {CALLS[0]} call")


def _drifting(name: str, taken: Interval | str, near: Interval, assumption: str) -> Input:
    """A price that may have moved a little since it was known."""
    return Input(
        name=name, taken=taken, assumption=assumption, plain=True, drifts=True,
        low=near.low * (1 - LARGEST_MOVE), high=near.high * (1 + LARGEST_MOVE),
    )  # fmt: skip


def _mark(record: Record, token: Token) -> Interval | None:
    """The mark price of the perp of a collateral's asset, which lies near its price (PRICE-BORROW)."""
    for state in record.dexes.values() if token.is_collateral else ():
        for position in state.positions:
            if position.market in {token.name, token.name.removeprefix("U")}:
                mark = position.notional.value / abs(position.size.value)
                return Interval(mark, mark)
    return None


def leverages_known(record: Record, state: DexState) -> bool:
    """Whether the leverage of every resting order of a dex was recorded."""
    known = {row.market for row in state.positions}
    known |= {market for market, asset in record.assets.items() if asset.leverage is not None}
    return all(
        order.market in known
        for order in record.orders or ()
        if order.reserves and not order.spot and dex_of(order.market) == state.name
    )
