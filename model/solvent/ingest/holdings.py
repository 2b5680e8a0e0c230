"""The holdings behind a record, as an account and prices of exact numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from attrs import frozen

from solvent.account import Account, Balance, Dex, Order, Position, Regime
from solvent.arithmetic import Number
from solvent.decimals import Printed
from solvent.errors import InputError
from solvent.ingest.record import DexState, Record, SpotRow, dex_of
from solvent.ingest.strict_json import dotted
from solvent.market import Prices
from solvent.venue import Venue


@frozen
class Holdings:
    """An account with the prices at which it was recorded, and the collateral that has no price.

    Attributes:
        account: under the regime that it was recorded in.
        prices: marks of its positions, and borrow oracle prices of its tokens.
        unpriced: tokens that would be collateral but for which no price is known.
    """

    account: Account
    prices: Prices
    unpriced: tuple[str, ...] = ()


def holdings(
    record: Record, regime: Regime, venue: Venue, prices: Mapping[str, Fraction] | None = None
) -> Holdings:
    """The holdings of a record.

    Args:
        record: what was recorded.
        regime: how the account is margined.
        venue: whose tokens and dexes they are.
        prices: borrow oracle prices by token where the record has none.

    Raises:
        InputError: the balance of a dex was not recorded.
    """
    dexes = tuple(
        perps(record, state, venue, _raw(record, state), amount=_value, usd=_value)
        for state in record.dexes.values()
    )
    values: dict[str, Fraction] = {}
    for name, state in record.dexes.items():
        token = record.token_of(name, venue)
        values[token] = values.get(token, Fraction(0)) + _account_value(record, state)
    rows = () if record.spot is None else record.spot.rows
    tokens = dict(prices or {})
    by_index = {token.index: token.name for token in venue.tokens.values()}
    for index, reserve in record.reserves.items():
        if index in by_index and reserve.price is not None:
            tokens[by_index[index]] = reserve.price.value
    balances = tuple(_balance(row, regime, values.get(row.coin, Fraction(0)), record) for row in rows)
    unpriced = tuple(
        b.token
        for b in balances
        if (b.supplied or b.idle)
        and b.token in venue.tokens
        and venue.tokens[b.token].is_collateral
        and b.token not in tokens
    )
    marks = {
        row.market: row.notional.value / abs(row.size.value)
        for state in record.dexes.values()
        for row in state.positions
    }
    account = Account(regime=regime, dexes=dexes, balances=balances)
    return Holdings(account, Prices(marks=marks, tokens=tokens), unpriced)


def perps(
    record: Record,
    state: DexState,
    venue: Venue,
    raw: Number,
    *,
    amount: Callable[[Printed], Number],
    usd: Callable[[Printed], Number],
    unknown_leverage: Callable[[str], Number] | None = None,
) -> Dex:
    """A dex of a record as an account holds it.

    Args:
        record: what was recorded.
        state: the dex.
        venue: whose dex it is.
        raw: the cross balance (USD).
        amount: how a recorded size is read as a number.
        usd: how a recorded perp USD amount is read as a number.
        unknown_leverage: what stands for the leverage of a market where it was not recorded; orders there
            are left out if nothing does.
    """
    leverages = {row.market: row.leverage for row in state.positions}

    def leverage_of(market: str) -> Number | None:
        asset = record.assets.get(market)
        leverage = leverages.get(market, None if asset is None else asset.leverage)
        if leverage is not None:
            return Fraction(leverage)
        return None if unknown_leverage is None else unknown_leverage(market)

    orders = [order for order in record.orders or () if not order.spot and dex_of(order.market) == state.name]
    return Dex(
        name=state.name,
        token=record.token_of(state.name, venue),
        raw=raw,
        positions=tuple(
            Position(
                market=row.market,
                size=amount(row.size),
                leverage=row.leverage,
                max_leverage=row.max_leverage,
                entry=None if row.entry is None else row.entry.value,
                raw=None if row.raw is None else usd(row.raw),
            )
            for row in state.positions
        ),
        orders=tuple(
            Order(
                market=order.market,
                side=order.side,
                size=order.size.value,
                price=order.price.value,
                leverage=leverage,
                reserves=order.reserves,
            )
            for order in orders
            if (leverage := leverage_of(order.market)) is not None
        ),
    )


def _value(shown: Printed) -> Fraction:
    return shown.value


def _raw(record: Record, state: DexState) -> Fraction:
    if state.cross.raw is not None:
        return state.cross.raw.value
    if state.summary.raw is not None:
        own = sum((row.raw.value for row in state.positions if row.raw is not None), Fraction(0))
        return state.summary.raw.value - own
    path = dotted(("clearinghouseState", state.name, "crossMarginSummary", "totalRawUsd"))
    raise InputError(record.source, path, "nothing", "the balance of the dex")


def _account_value(record: Record, state: DexState) -> Fraction:
    value = _raw(record, state)
    for row in state.positions:
        value += row.notional.value if row.size.value > 0 else -row.notional.value
        value += row.raw.value if row.raw is not None else 0
    return value


def _balance(row: SpotRow, regime: Regime, perp_value: Fraction, record: Record) -> Balance:
    """A balance without what stands in perps, which a unified or portfolio total includes."""
    supplied = Fraction(0) if row.supplied is None else row.supplied.value
    borrowed = Fraction(0) if row.borrowed is None else row.borrowed.value
    total = row.total.value
    if regime in {Regime.UNIFIED, Regime.PORTFOLIO}:
        total -= perp_value
    selling = sum(
        (o.size.value for o in record.orders or () if o.side < 0 and o.market.startswith(f"{row.coin}/")),
        Fraction(0),
    )
    return Balance(
        token=row.coin,
        idle=total - supplied + borrowed,
        supplied=supplied,
        borrowed=borrowed,
        selling=selling,
    )
