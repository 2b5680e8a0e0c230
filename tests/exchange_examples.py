"""A small exchange that tests of actions begin with, and its books, added up without the library's help."""

from __future__ import annotations

from fractions import Fraction

import pytest
from attrs import evolve, fields

from solvent import load_venue
from solvent.account import Regime
from solvent.exchange import (
    BOOK,
    VAULT,
    ChangeLeverage,
    Exchange,
    Fill,
    Market,
    Member,
    MovePrices,
    PlaceOrder,
    Refused,
    Setting,
    SpotMarket,
    found,
    step,
)

VENUE = load_venue("hyperliquid-beta")
HOUR = 3_600_000
MAKER = "maker"
"""Who takes the other side of every trade that ``trades`` makes."""


def with_parameters(venue, **changes):
    """The venue with some parameters changed."""
    exact = {name: Fraction(value) for name, value in changes.items()}
    return evolve(venue, parameters=evolve(venue.parameters, **exact))


def with_token(venue, token, **changes):
    """The venue with some values of a token changed."""
    exact = {name: value if value is None else Fraction(value) for name, value in changes.items()}
    return evolve(venue, tokens={**venue.tokens, token: evolve(venue.tokens[token], **exact)})


FREE = with_parameters(VENUE, fee_taker=0, fee_maker=0)
"""The venue without fees, so that numbers stay short."""


def member(name, mode="cross", *, raw=0, xyz=0, owner=None, **spot):
    """An account with cash on the venue's own dex (``raw``), on the dex xyz, and tokens in spot."""
    cash = {dex: amount for dex, amount in (("", raw), ("xyz", xyz)) if amount}
    return Member(name=name, owner=owner or name, mode=Regime(mode), raw=cash, spot=spot)


def opening(*members, venue=FREE, vault=0, now=0):
    """The exchange with these accounts, a rich maker, a rich book, and a vault with so much cash.

    BTC stands at 100 000 (40x, so 1.25 % maintenance; 20x from 150M), ETH at 2 000 (25x: 2 %), HYPE at 40 (10x: 5 %),
    and xyz:CL, on a dex that shares the quote token, at 80 (20x: 2.5 %). An account that is given takes the place of one of that name.
    """
    perps = [
        ("BTC", "", 100_000, None),
        ("ETH", "", 2000, None),
        ("HYPE", "", 40, None),
        ("xyz:CL", "xyz", 80, 20),
    ]
    rich = {"raw": 10**12, "xyz": 10**12, "USDC": 10**12, "HYPE": 10**9, "UBTC": 10**6, "USDT0": 10**9}
    careful = {name: Setting(leverage=1) for name, *_ in perps}
    known = [evolve(member(name, **rich), settings=careful) for name in (MAKER, BOOK)]
    known.append(member(VAULT, raw=vault))
    return found(
        venue,
        markets=[
            Market(
                name=name,
                dex=dex,
                mark=price,
                oracle=price,
                previous_mark=price,
                previous_oracle=price,
                max_leverage=leverage,
            )
            for name, dex, price, leverage in perps
        ],
        spots=[
            SpotMarket(token="HYPE", price=40, perp="HYPE"),
            SpotMarket(token="UBTC", price=100_000, perp="BTC"),
            SpotMarket(token="USDT0", price=1),
        ],
        members=list({m.name: m for m in (*known, *members)}.values()),
        now=now,
    )


def run(exchange, *actions):
    """The exchange after these actions; the books balance after each."""
    for action in actions:
        exchange = step(exchange, action)
        assert_books_balance(exchange)
    return exchange


def refused(exchange, action, asks, rule=""):
    """Check that an action is refused for this reason, and that every part of the state stays the very same one."""
    before = {f.name: getattr(exchange, f.name) for f in fields(Exchange)}

    with pytest.raises(Refused) as refusal:
        step(exchange, action)

    assert (refusal.value.check.asks, refusal.value.check.rule) == (asks, rule)
    assert refusal.value.action is action
    assert action.allowed(exchange) is False
    assert all(getattr(exchange, name) is part for name, part in before.items())


def trades(exchange, name, size, market="BTC", price=None, against=MAKER):
    """The exchange after an account has traded with another one, through two resting orders; at the mark by default."""
    if price is None:
        spot = market.partition("/")[0]
        price = exchange.markets[market].mark if spot == market else exchange.spots[spot].price
    size = Fraction(size)
    buyer, seller = (name, against) if size > 0 else (against, name)
    sides = ((buyer, abs(size)), (seller, -abs(size)))
    for who, signed in sides:
        exchange = run(exchange, PlaceOrder(account=who, order="t", market=market, size=signed, price=price))
    return run(
        exchange,
        Fill(market=market, buyer=buyer, buy="t", seller=seller, sell="t", size=abs(size), price=price),
    )


def isolated(exchange, name, size, leverage, market="BTC"):
    """The exchange after an account has opened an isolated position at the mark."""
    chosen = ChangeLeverage(account=name, market=market, leverage=leverage, isolated=True)
    return trades(run(exchange, chosen), name, size, market)


def at(exchange, **marks):
    """The exchange after the marks, oracles and spot prices of these coins have moved together."""
    spots = {token: marks[coin] for token, coin in (("HYPE", "HYPE"), ("UBTC", "BTC")) if coin in marks}
    return run(exchange, MovePrices(marks=marks, spots=spots))


def cash(exchange, name, dex=""):
    """The cross balance of an account on a dex."""
    return exchange.members[name].raw.get(dex, Fraction(0))


def idle(exchange, name, coin="USDC"):
    """What an account has of a token in spot."""
    return exchange.members[name].spot.get(coin, Fraction(0))


def held(exchange, name, market="BTC"):
    """The size, the entry price and the own balance of an account's position."""
    position = exchange.members[name].positions[market]
    return position.size, position.entry, position.raw


def margin(exchange, name, market="BTC"):
    """The margin of an isolated position: its balance and its size at the mark."""
    size, _, raw = held(exchange, name, market)
    return raw + size * exchange.markets[market].mark


def assert_books_balance(exchange):
    """Every unit of every token has one owner, every position a counterparty, and every pool share an account."""
    members = [m for _, m in exchange.members.items()]
    for token in _tokens(exchange, members):
        owned = sum(_owned(exchange, m, token) for m in members)
        pool = exchange.pools.get(token)
        kept = 0 if pool is None else pool.cash
        assert owned + kept + exchange.treasury.get(token, 0) == exchange.external.get(token, 0), token
    for name, market in exchange.markets.items():
        sizes = {m.name: m.positions[name].size for m in members if name in m.positions}
        assert sum(sizes.values()) == 0
        assert dict(market.holders.items()) == sizes
        assert 0 not in sizes.values()
    for token, pool in exchange.pools.items():
        supplies = sum(m.supplied.get(token, 0) for m in members)
        debts = sum(m.borrowed.get(token, 0) for m in members)
        assert (pool.supply_shares, pool.debt_shares) == (supplies, debts)
        claims = supplies * pool.supply_index
        assert pool.cash + debts * pool.debt_index == claims + pool.reserve


def _tokens(exchange, members):
    named = {token for m in members for token in m.spot}
    return sorted({*named, *exchange.pools, *exchange.treasury, *exchange.external, exchange.venue.quote})


def _owned(exchange, who, token):
    def here(dex):
        return exchange.venue.dex_tokens.get(dex, exchange.venue.quote) == token

    own = who.spot.get(token, 0)
    cross = sum(amount for dex, amount in who.raw.items() if here(dex))
    owed = sum(amount for dex, amount in who.deficit.items() if here(dex))
    alone = sum(
        position.raw
        for market, position in who.positions.items()
        if position.raw is not None and here(exchange.markets[market].dex)
    )
    return own + cross + owed + alone
