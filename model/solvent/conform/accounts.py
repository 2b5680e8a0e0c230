"""Accounts to ask about: at tier edges and triggers, hedged, isolated, in debt, or of dust."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from random import Random
from typing import Any

from attrs import evolve

from solvent.account import Order, Position, Regime
from solvent.arithmetic import ZERO, absolute
from solvent.decimals import show
from solvent.exchange import BOOK, Exchange, LendingPool, Market, Member, SpotMarket, found
from solvent.exchange.margin import loans_of
from solvent.exchange.table import table
from solvent.explore.choices import exactly
from solvent.explore.worlds import COINS, READINGS, VENUES, venue_of
from solvent.protocol.engine import DISCHARGE

USERS = ("ann", "bob", "cat")
RICH = Fraction(10**10)
UNIT = Fraction(1, 10**6)
NEAR = tuple(
    map(Fraction, ("19/20", "1", "1000001/1000000", "999999/1000000", "2/3", "1/2", "11/10", "2", "10", "1/10", "0", "-1/10"))
)  # fmt: skip
"""Resources over requirement."""
LOANS = tuple(map(Fraction, ("1/2", "9/10", "1", "1000001/1000000", "11/10", "6/5", "13/10", "3/2", "1/100")))
"""Loans over the borrow capacity."""


def grid(amount: Any, unit: Fraction = UNIT) -> Fraction:
    """An amount on a grid, rounded down."""
    return exactly(amount) // unit * unit


def account_state(choose: Random, regimes: list[Regime]) -> tuple[Exchange, list[dict[str, Any]]]:
    """A state of one to three accounts in these regimes, and what may happen to it."""
    venue = venue_of(choose.choice(VENUES)).with_readings(choose.choice(READINGS))
    markets = [_market(choose, coin) for coin in choose.sample(COINS, choose.randint(1, len(COINS)))]
    marks = {market.name: exactly(market.mark) for market in markets}
    spots = [_spot(choose, token, marks) for token in venue.tokens if token != venue.quote]
    exchange = found(venue, markets=markets, spots=spots)
    exchange = _with_pools(exchange, choose)
    modes = [regime for regime in regimes if regime is not Regime.ISOLATED]
    for name in USERS[: choose.choice((1, 1, 2, 3))]:
        member = _member(choose, exchange, name, choose.choice(modes), isolated=Regime.ISOLATED in regimes)
        exchange = _settled(exchange, member)
        exchange = _funded(exchange, choose, name)
    return _balanced(exchange), _steps(choose, exchange)


def _market(choose: Random, coin: Any) -> Market:
    mark = Fraction(choose.choice(coin.prices)) * choose.choice((1, 1, Fraction(11, 10), Fraction("0.987")))
    oracle = mark * choose.choice((1, 1, Fraction("0.99"), Fraction("1.02")))
    return Market(
        name=coin.market, dex=coin.dex, mark=mark, oracle=oracle, previous_mark=mark, previous_oracle=oracle,
        step=coin.step, max_leverage=coin.max_leverage, premium=choose.choice((0, "0.001", "-0.002")),
    )  # fmt: skip


def _spot(choose: Random, token: str, marks: dict[str, Fraction]) -> SpotMarket:
    coin = next((coin for coin in COINS if coin.token == token), None)
    if coin is None:
        return SpotMarket(token=token, price=choose.choice(("1", "0.9998", "0.97")))
    listed = coin.market in marks
    usual = marks[coin.market] if listed else Fraction(coin.prices[0])
    price = usual * choose.choice((1, 1, Fraction("0.98"), Fraction("1.05")))
    return SpotMarket(token=token, price=price, perp=coin.market if listed else None)


def _with_pools(exchange: Exchange, choose: Random) -> Exchange:
    """Pools with an index above one, which the account of the book has supplied."""
    book = exchange.members[BOOK]
    supplied: dict[str, Fraction] = {}
    for token in exchange.pools:
        supply, debt = (Fraction(choose.choice(("1", "1.0125", "1.5", "2"))) for _ in range(2))
        cash, supplied[token] = RICH * supply, RICH
        pool = LendingPool(token=token, cash=cash, supply_index=supply, debt_index=max(supply, debt))
        exchange = exchange.put_pool(evolve(pool, supply_shares=RICH))
    return exchange.put(evolve(book, supplied=table(supplied)))


def _size(choose: Random, exchange: Exchange, market: Market) -> Fraction:
    """A size whose notional is at a tier edge, at a limit, or anywhere."""
    tiers = exchange.venue.tiers(market.name, market.max_leverage)
    step, mark = exactly(market.step), exactly(market.mark)
    edges = [exactly(tier.lower_bound) for tier in tiers[1:]] or [Fraction(100_000)]
    notional = choose.choice((*edges, Fraction(100_000), *map(Fraction, (10, 1_000, 33_333, 5_000_000))))
    size = notional / mark // step * step + step * choose.choice((0, 0, 1, -1))
    return max(step, size) * choose.choice((1, -1))


def _position(choose: Random, exchange: Exchange, market: Market, *, isolated: bool) -> Position:
    size, mark = _size(choose, exchange, market), exactly(market.mark)
    most = exactly(exchange.venue.tiers(market.name, market.max_leverage)[0].max_leverage)
    leverage = Fraction(choose.choice((1, 2, 3, max(1, most // 2), most)))
    entry = grid(mark * choose.choice((1, Fraction("0.9"), Fraction("1.1"), Fraction("1.37"))))
    margin = grid(abs(size) * mark / leverage * choose.choice(NEAR)) - size * mark if isolated else None
    return Position(
        market=market.name,
        size=size,
        leverage=min(leverage, most),
        max_leverage=market.max_leverage,
        entry=entry,
        raw=margin,
    )


def _member(choose: Random, exchange: Exchange, name: str, mode: Regime, *, isolated: bool) -> Member:
    markets = list(exchange.markets.values())
    chosen = choose.sample(markets, choose.randint(0, len(markets)))
    positions = {
        market.name: _position(choose, exchange, market, isolated=isolated and choose.random() < 0.25)
        for market in chosen
    }
    orders = {
        f"o{n}": _order(choose, exchange, market, positions)
        for n, market in enumerate(choose.sample(markets, choose.choice((0, 0, 1, min(2, len(markets))))))
    }
    held = {
        token: grid(choose.choice(("0.00000001", "1", "250.5", "10000")), Fraction(1, 10**8))
        for token in choose.sample(list(exchange.spots), choose.randint(0, len(exchange.spots)))
    }
    supplied = held if mode is Regime.PORTFOLIO or choose.random() < 0.4 else {}
    return Member(
        name=name, mode=mode, positions=positions, orders=orders,
        spot={token: amount for token, amount in held.items() if token not in supplied or choose.random() < 0.3},
        supplied={token: amount for token, amount in supplied.items() if token in exchange.pools},
    )  # fmt: skip


def _order(choose: Random, exchange: Exchange, market: Market, positions: dict[str, Position]) -> Order:
    size = abs(_size(choose, exchange, market)) / choose.choice((1, 2, 10))
    size = max(exactly(market.step), size // exactly(market.step) * exactly(market.step))
    price = grid(exactly(market.mark) * choose.choice((Fraction("0.95"), 1, Fraction("1.05"))))
    held = positions.get(market.name)
    return Order(
        market=market.name, side=choose.choice((1, -1)), size=size, price=price,
        leverage=held.leverage if held else 1, reserves=choose.random() < 0.8,
    )  # fmt: skip


def _settled(exchange: Exchange, member: Member) -> Exchange:
    """The exchange with an account, and its claims and positions where the others have theirs."""
    for token, shares in member.supplied.items():
        pool = exchange.pools[token]
        brought = shares * pool.supply_index
        exchange = exchange.put_pool(
            evolve(pool, supply_shares=pool.supply_shares + shares, cash=pool.cash + brought)
        )
    for market, position in member.positions.items():
        held = exchange.markets[market]
        exchange = exchange.put_market(evolve(held, holders=held.holders.put(member.name, position.size)))
    return exchange.put(member)


def _funded(exchange: Exchange, choose: Random, name: str) -> Exchange:
    """The account with a loan near a bound, and so much cash that it is near a bound, too."""
    member, quote = exchange.members[name], exchange.venue.quote
    if len(member.supplied) and quote in exchange.pools and choose.random() < 0.7:
        capacity = exactly(loans_of(exchange, name).capacity)
        pool = exchange.pools[quote]
        shares = grid(capacity * choose.choice(LOANS) / exactly(pool.debt_index), Fraction(1, 10**8))
        lent = shares * pool.debt_index
        if shares > 0 and lent < pool.cash:
            exchange = exchange.put_pool(
                evolve(pool, cash=pool.cash - lent, debt_shares=pool.debt_shares + shares)
            )
            member = evolve(member, borrowed=table({quote: shares}))
            exchange = exchange.put(member)
    for dex in sorted({exchange.markets[market].dex for market in member.positions} | {""}):
        cross = [p for m, p in member.positions.items() if exchange.markets[m].dex == dex and p.raw is None]
        value = sum((p.size * exchange.markets[p.market].mark for p in cross), ZERO)
        asked = sum((exactly(absolute(p.size)) * exchange.markets[p.market].mark for p in cross), ZERO) / 40
        member = member.add_raw(dex, grid(asked * choose.choice(NEAR)) - value)
    exchange = exchange.put(member)
    asked = exactly(exchange.assess(name).requirement)
    spare = grid(asked * choose.choice(NEAR) if choose.random() < 0.5 else choose.choice((0, 5, 20, 100_000)))
    token = exchange.venue.quote
    return exchange.put(member.add_spot(token, max(ZERO, spare)))


def _balanced(exchange: Exchange) -> Exchange:
    """The exchange whose book stands against all users' positions, with as much cash as it needs."""
    book, positions = exchange.members[BOOK], {}
    for market in exchange.markets.values():
        size = -sum((s for n, s in market.holders.items() if n != BOOK), ZERO)
        holders = market.holders.drop(BOOK)
        if size:
            positions[market.name] = Position(
                market=market.name, size=size, leverage=1, max_leverage=market.max_leverage, entry=market.mark
            )
            holders = holders.put(BOOK, size)
        exchange = exchange.put_market(evolve(market, holders=holders))
    raw = dict.fromkeys(sorted({market.dex for market in exchange.markets.values()}), 10 * RICH)
    spot = dict.fromkeys(exchange.venue.tokens, RICH)
    return exchange.put(evolve(book, positions=table(positions), raw=table(raw), spot=table(spot)))


def _steps(choose: Random, exchange: Exchange) -> list[dict[str, Any]]:
    match choose.choice(("nothing", "nothing", "prices", DISCHARGE)):
        case "prices":
            return [
                {"op": "move_prices", "marks": _moved(choose, exchange.markets.values())},
                {"op": DISCHARGE},
            ]
        case "discharge":
            return [{"op": DISCHARGE}]
    return []


def _moved(choose: Random, markets: Iterable[Market]) -> dict[str, str]:
    moves = ("0.9", "0.99", "1.01", "1.1", "1.5", "0.6")
    return {m.name: show(exactly(m.mark) * Fraction(choose.choice(moves)), 12) for m in markets}
