"""Accounts to ask about: at tier edges, caps and triggers, hedged, isolated, in debt, or of dust."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from random import Random
from typing import Any

from attrs import evolve, frozen

from solvent.account import Order, Position, Regime
from solvent.arithmetic import ONE, ZERO, Number
from solvent.conform.odd_venues import odd_venue
from solvent.exchange import BOOK, VAULT, Exchange, LendingPool, Market, Member, SpotMarket, found
from solvent.exchange.margin import loans_of
from solvent.exchange.state import Setting
from solvent.exchange.table import table
from solvent.explore.choices import exactly, users
from solvent.explore.worlds import BOOKS, COINS, READINGS, VENUES, Coin, venue_of

USERS = ("ann", "bob", "cat")
RICH = Fraction(10**10)
UNIT, TOKEN_UNIT = Fraction(1, 10**6), Fraction(1, 10**8)
NOW, HOUR = 100 * 3_600_000, 3_600_000
NEAR = tuple(map(Fraction, ("19/20", "1", "1000001/1000000", "999999/1000000", "2/3", "1/2", "11/10", "2", "10", "1/10", "0", "-1/10", "-1/2")))  # fmt: skip
"""Resources over requirement."""
LOANS = tuple(map(Fraction, ("1/2", "9/10", "1", "1000001/1000000", "11/10", "6/5", "13/10", "3/2", "1/100")))
"""Loans over the borrow capacity."""
LENT = ("1/2", "17/20", "1", "999999/1000000")
"""The part of a pool's cash that is lent."""
CAPS = tuple(map(Fraction, ("1", "1.02", "1.5", "2.1", "0.9")))
"""Caps over what is used of them."""
FLAT = 0.2
"""The share of accounts without positions and orders, which may switch the mode."""
BESIDE = (0, 0, 1, -1)
"""Units beside an edge."""


def grid(amount: Number, unit: Fraction = UNIT) -> Fraction:
    """An amount on a grid, rounded down."""
    return exactly(amount) // unit * unit


def account_state(choose: Random, regimes: list[Regime]) -> Exchange:
    """A state of one to three accounts in these regimes."""
    coins = choose.sample(COINS, choose.randint(1, len(COINS)))
    venue = venue_of(choose.choice(VENUES)).with_readings(choose.choice(READINGS))
    if choose.random() < 0.3:
        venue = odd_venue(venue, choose, [coin.market for coin in coins])
    markets = [_market(choose, coin) for coin in coins]
    marks = {market.name: exactly(market.mark) for market in markets}
    spots = [_spot(choose, token, marks) for token in venue.tokens if token != venue.quote]
    maker = _Maker(choose, [regime for regime in regimes if regime is not Regime.ISOLATED], {*regimes})
    exchange = _with_pools(evolve(found(venue, markets=markets, spots=spots), now=NOW), choose)
    usdt = Fraction(choose.choice(("1", "1", "0.998", "1.003")))
    exchange = evolve(exchange, markets=table(_late(choose, exchange.markets.values())), usdt=usdt)
    exchange = evolve(exchange, prices=exchange.price_view())
    for name in USERS[: choose.choice((1, 1, 2, 2, 3))]:
        exchange = maker.joined(exchange, name)
    if choose.random() < 0.5:
        exchange = _tight(exchange, choose)
    return _balanced(exchange, choose)


def _tight(exchange: Exchange, choose: Random) -> Exchange:
    """The exchange with pools lent out to the book, and with caps beside what is supplied and borrowed."""
    for token in exchange.pools:
        if exchange.venue.tokens[token].is_borrowable and choose.random() < 0.5:
            exchange = _lent_out(exchange, token, Fraction(choose.choice(LENT)))
        if choose.random() < 0.6:
            exchange = _capped(exchange, token, choose)
    return exchange


def _lent_out(exchange: Exchange, token: str, part: Fraction) -> Exchange:
    """The exchange whose book has borrowed a part of a pool's cash."""
    pool, book = exchange.pools[token], exchange.members[BOOK]
    shares = grid(pool.cash * part / exactly(pool.debt_index), TOKEN_UNIT)
    if not shares:
        return exchange
    lent = evolve(pool, cash=pool.cash - shares * pool.debt_index, debt_shares=pool.debt_shares + shares)
    owed = book.borrowed.put(token, book.borrowed.get(token, ZERO) + shares)
    return exchange.put(evolve(book, borrowed=owed)).put_pool(lent)


def _capped(exchange: Exchange, token: str, choose: Random) -> Exchange:
    pool, own = exchange.pools[token], exchange.members[choose.choice(users(exchange))]
    used = {
        "user_supply_cap": exchange.supplied(own, token),
        "global_supply_cap": pool.supplied,
        "user_borrow_cap": exchange.borrowed(own, token),
        "global_borrow_cap": pool.borrowed,
    }
    known = exchange.venue.tokens[token]
    caps: dict[str, Any] = {
        name: max(TOKEN_UNIT, grid(amount * choose.choice(CAPS) + choose.choice((0, 1, 100)), TOKEN_UNIT))
        for name, amount in used.items()
        if getattr(known, name) is not None and choose.random() < 0.5
    }
    tokens = {**exchange.venue.tokens, token: evolve(known, **caps)}
    return evolve(exchange, venue=evolve(exchange.venue, tokens=tokens))


def _late(choose: Random, markets: Iterable[Market]) -> dict[str, Market]:
    """The markets, funding due of some."""
    return {m.name: evolve(m, funded=NOW - choose.choice((0, HOUR, 3 * HOUR + 1))) for m in markets}


def _market(choose: Random, coin: Coin) -> Market:
    mark = Fraction(choose.choice(coin.prices)) * choose.choice((1, 1, Fraction("1.1"), Fraction("0.987")))
    oracle = mark * choose.choice((1, 1, Fraction("0.99"), Fraction("1.02")))
    before = choose.choice((ONE, Fraction("1.25"), Fraction("0.9")))
    return Market(
        name=coin.market, dex=coin.dex, mark=mark, oracle=oracle, previous_mark=mark * before,
        previous_oracle=oracle * before, max_leverage=coin.max_leverage,
        step=Fraction(coin.step) * choose.choice((1, 1, 1, 1000, 100_000)),
        premium=choose.choice((0, "0.001", "-0.002", "0.0003", "0.5", "-0.4")), depth=choose.choice(BOOKS),
    )  # fmt: skip


def _spot(choose: Random, token: str, marks: dict[str, Fraction]) -> SpotMarket:
    coin = next((coin for coin in COINS if coin.token == token), None)
    if coin is None:
        return SpotMarket(token=token, price=choose.choice(("1", "0.9998", "0.97")))
    listed = coin.market in marks
    usual = marks[coin.market] if listed else Fraction(coin.prices[0])
    price = usual * choose.choice((1, 1, Fraction("0.98"), Fraction("1.05")))
    return SpotMarket(
        token=token, price=price, perp=coin.market if listed else None, depth=choose.choice(BOOKS)
    )


def _with_pools(exchange: Exchange, choose: Random) -> Exchange:
    """Pools with an index above one, which the account of the book has supplied, and interest due of some."""
    book = exchange.members[BOOK]
    supplied: dict[str, Fraction] = {}
    for token in exchange.pools:
        supply, debt = (Fraction(choose.choice(("1", "1.0125", "1.5", "2"))) for _ in range(2))
        supplied[token] = choose.choice((RICH, Fraction(10_000)))
        pool = LendingPool(
            token=token, cash=supplied[token] * supply, supply_shares=supplied[token], supply_index=supply,
            debt_index=max(supply, debt), accrued=NOW - choose.choice((0, 0, HOUR, 24 * HOUR)),
        )  # fmt: skip
        exchange = exchange.put_pool(pool)
    return exchange.put(evolve(book, supplied=table(supplied)))


@frozen
class _Maker:
    """Makes accounts.

    Attributes:
        choose: what they are drawn from.
        modes: those that accounts may be in.
        regimes: those that the engine knows.
    """

    choose: Random
    modes: list[Regime]
    regimes: set[Regime]

    def joined(self, exchange: Exchange, name: str) -> Exchange:
        """The exchange with an account more: what it holds, what it owes, and cash near a bound."""
        exchange = _settled(exchange, self.member(exchange, name))
        exchange = self.indebted(exchange, name)
        return self.funded(exchange, name)

    def member(self, exchange: Exchange, name: str) -> Member:
        choose, mode = self.choose, self.choose.choice(self.modes)
        markets = list(exchange.markets.values())
        flat = choose.random() < FLAT
        positions = {
            market.name: self.position(exchange, market)
            for market in choose.sample(markets, 0 if flat else choose.randint(0, len(markets)))
        }
        resting = choose.sample(markets, 0 if flat else choose.choice((0, 0, 1, min(2, len(markets)))))
        orders = [
            self.order(exchange, m, positions) for m in resting for _ in range(choose.choice((1, 1, 2)))
        ]
        tokens = choose.sample(list(exchange.spots), choose.randint(0, len(exchange.spots)))
        held = {token: self.holding(exchange, token) for token in tokens}
        if held and not flat and choose.random() < 0.3:
            orders.append(self.spot_order(exchange, choose.choice(tokens), held))
        lends = mode is Regime.PORTFOLIO or choose.random() < 0.6
        supplied = {token: amount for token, amount in held.items() if lends and token in exchange.pools}
        idle = {t: a for t, a in held.items() if t not in supplied or choose.random() < 0.6}
        settings = {
            m.name: Setting(leverage=choose.choice((1, 2, 3)), isolated=Regime.ISOLATED in self.regimes)
            for m in markets
            if m.name not in positions and choose.random() < 0.2
        }
        return Member(
            name=name, mode=mode, positions=positions, spot=idle, supplied=supplied, settings=settings,
            owner=USERS[0] if choose.random() < 0.5 else name,
            orders={f"o{n}": order for n, order in enumerate(orders)},
            last_partial=choose.choice((None, None, NOW - 1000, NOW - 30_000, NOW - 30_001)),
            last_step=choose.choice((None, None, NOW - 1000, NOW - HOUR)),
        )  # fmt: skip

    def size(self, exchange: Exchange, market: Market) -> Fraction:
        """A size whose notional is at a tier edge, at a limit, or anywhere."""
        tiers = exchange.venue.tiers(market.name, market.max_leverage)
        step, mark = exactly(market.step), exactly(market.mark)
        edges = [exactly(tier.lower_bound) for tier in tiers[1:]] or [Fraction(100_000)]
        usual = map(Fraction, (0, 10, 1_000, 33_333, 100_000, 5_000_000))
        notional = self.choose.choice((*edges, exactly(exchange.venue.parameters.partial_from), *usual))
        size = notional / mark // step * step + step * self.choose.choice(BESIDE)
        return max(step * self.choose.choice((1, 2, 4)), size) * self.choose.choice((1, -1))

    def position(self, exchange: Exchange, market: Market) -> Position:
        choose, size, mark = self.choose, self.size(exchange, market), exactly(market.mark)
        most = exactly(exchange.venue.tiers(market.name, market.max_leverage)[0].max_leverage)
        leverage = min(most, Fraction(choose.choice((1, 2, 3, int(most) // 2 or 1, most))))
        entry = grid(mark * choose.choice((1, Fraction("0.9"), Fraction("1.1"), Fraction("1.37"))))
        isolated = Regime.ISOLATED in self.regimes and choose.random() < 0.25
        margin = grid(abs(size) * mark / leverage * choose.choice(NEAR)) - size * mark
        return Position(
            market=market.name, size=size, leverage=leverage, max_leverage=market.max_leverage, entry=entry,
            raw=margin if isolated else None,
        )  # fmt: skip

    def order(self, exchange: Exchange, market: Market, positions: dict[str, Position]) -> Order:
        choose, step, held = self.choose, exactly(market.step), positions.get(market.name)
        part = choose.choice((1, 2, 10, 100, 1000))
        size = max(step, abs(self.size(exchange, market)) / part // step * step)
        return Order(
            market=market.name, side=choose.choice((1, -1)), size=size,
            price=grid(exactly(market.mark) * choose.choice((Fraction("0.95"), 1, Fraction("1.05")))),
            leverage=held.leverage if held else 1, reserves=choose.random() < 0.8,
        )  # fmt: skip

    def spot_order(self, exchange: Exchange, token: str, held: dict[str, Fraction]) -> Order:
        price = exactly(exchange.spots[token].price) * self.choose.choice((1, Fraction("0.9")))
        return Order(
            market=f"{token}/{exchange.venue.quote}", side=self.choose.choice((1, -1)),
            size=max(TOKEN_UNIT, grid(held[token] / self.choose.choice((1, 2)), TOKEN_UNIT)),
            price=grid(price), leverage=1,
        )  # fmt: skip

    def holding(self, exchange: Exchange, token: str) -> Fraction:
        """What is held of a token: at the user's supply cap, dust, or anything."""
        known = exchange.venue.tokens[token]
        edges = [exactly(known.user_supply_cap)] if known.user_supply_cap else []
        usual = map(Fraction, ("1", "250.5", "10000"))
        amount = self.choose.choice((TOKEN_UNIT, *usual, *edges, *edges))
        return max(TOKEN_UNIT, amount + TOKEN_UNIT * self.choose.choice(BESIDE))

    def indebted(self, exchange: Exchange, name: str) -> Exchange:
        """The account with a loan near a bound."""
        choose, member = self.choose, exchange.members[name]
        lent = [t for t in exchange.pools if exchange.venue.tokens[t].is_borrowable]
        if not lent or not ((len(member.supplied) and choose.random() < 0.7) or choose.random() < 0.1):
            return exchange
        token = choose.choice((exchange.venue.quote, choose.choice(lent)))
        pool = exchange.pools[token]
        price = exactly(exchange.prices.tokens[token])
        capacity = exactly(loans_of(exchange, name).capacity) or Fraction(100)
        owed = capacity / price * choose.choice(LOANS)
        shares = grid(owed / exactly(pool.debt_index), TOKEN_UNIT)
        cash = pool.cash - shares * pool.debt_index
        if shares <= 0 or cash < 0:
            return exchange
        exchange = exchange.put_pool(evolve(pool, cash=cash, debt_shares=pool.debt_shares + shares))
        return exchange.put(evolve(member, borrowed=table({token: shares})))

    def funded(self, exchange: Exchange, name: str) -> Exchange:
        """The account with so much cash that it is near a bound."""
        choose, member = self.choose, exchange.members[name]
        rich = choose.choice((0, 0, 0, 1_000_000, RICH))
        for dex in sorted({exchange.markets[market].dex for market in member.positions} | {""}):
            cross = [
                p for m, p in member.positions.items() if exchange.markets[m].dex == dex and p.raw is None
            ]
            values = [exactly(p.size * exchange.markets[p.market].mark) for p in cross]
            asked = sum(map(abs, values), ZERO) / choose.choice((20, 40, 80))
            member = member.add_raw(dex, grid(asked * choose.choice(NEAR)) - sum(values, ZERO))
            if rich:
                member = member.add_raw(dex, rich)
            if choose.random() < 0.08:
                member = member.add_deficit(dex, -grid(asked / 10 + 1))
        exchange = exchange.put(member)
        asked = exactly(exchange.assess(name).requirement)
        near = grid(asked * choose.choice(NEAR))
        spare = near if choose.random() < 0.5 else Fraction(choose.choice((0, 5, 20, 100_000, "0.01", -3)))
        if member.mode is Regime.CROSS or choose.random() < 0.7:
            spare = max(ZERO, spare)
        return exchange.put(member.add_spot(exchange.venue.quote, spare) if spare else member)


def _settled(exchange: Exchange, member: Member) -> Exchange:
    """The exchange with an account, and its claims and positions where the others have theirs."""
    for token, shares in member.supplied.items():
        pool = exchange.pools[token]
        cash = pool.cash + shares * pool.supply_index
        exchange = exchange.put_pool(evolve(pool, supply_shares=pool.supply_shares + shares, cash=cash))
    for market, position in member.positions.items():
        held = exchange.markets[market]
        exchange = exchange.put_market(evolve(held, holders=held.holders.put(member.name, position.size)))
    return exchange.put(member)


def _balanced(exchange: Exchange, choose: Random) -> Exchange:
    """The exchange whose book stands against all users' positions, with as much cash as it needs; vaults have some."""
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
    dexes = sorted({market.dex for market in exchange.markets.values()})
    vaults = [(exchange.members[f"{VAULT}:{dex}" if dex else VAULT], dex) for dex in dexes]
    own = Fraction(choose.choice((0, 1_000, 1_000_000)))
    exchange = exchange.put(*(vault.add_raw(dex, own) for vault, dex in vaults if own))
    return exchange.put(
        evolve(
            book,
            positions=table(positions),
            raw=table(dict.fromkeys(dexes, 10 * RICH)),
            spot=table(dict.fromkeys(exchange.venue.tokens, RICH)),
        )
    )
