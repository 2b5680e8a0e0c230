"""Small whole exchanges around a few accounts: a book on the other side of their positions, and a lender of what they owe."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from attrs import evolve, field, frozen

from solvent.account import Position, Regime
from solvent.arithmetic import ZERO
from solvent.exchange import BOOK, Exchange, LendingPool, Market, Member, Setting, SpotMarket, found
from solvent.exchange.state import is_spot
from solvent.exchange.table import table
from solvent.ingest.record import dex_of
from solvent.ingest.venue_file import load_venue
from solvent.venue import Venue

VENUE = "hyperliquid-beta"
MARKS = {"BTC": Fraction(100_000), "ETH": Fraction(2_000), "HYPE": Fraction(40)}
SPOTS = (
    SpotMarket(token="UBTC", price=100_000, perp="BTC"),
    SpotMarket(token="HYPE", price=40, perp="HYPE"),
    SpotMarket(token="USDT0", price=1),
)
LENDER = "lender"
MUCH = Fraction(10**12)
"""What the book has of everything."""


def account(name: str, mode: str = "cross", *, cash: Any = 0, **parts: Any) -> Member:
    """An account without positions, with so much cash in perps (USD), and other parts as an account has them."""
    return Member(name=name, mode=Regime(mode), raw={"": cash} if cash else {}, **parts)


def holding(
    member: Member, market: str, size: Any, leverage: int, *, margin: Any = None, mark: Any = None
) -> Member:
    """The account with a position that it opened at the mark; an isolated one with so much margin of its own."""
    entry = MARKS[market] if mark is None else mark
    cost = Fraction(size) * entry
    raw = None if margin is None else Fraction(margin) - cost
    position = Position(market=market, size=size, leverage=leverage, entry=entry, raw=raw)
    held = evolve(member, positions=member.positions.put(market, position))
    return held.add_raw(dex_of(market), -cost) if margin is None else held


@frozen(kw_only=True)
class Surroundings:
    """What accounts are put into.

    Attributes:
        venue: the venue; by default the bundled one that the project's scenarios use.
        marks: mark prices by market (USD).
        spots: spot markets, of which those come in whose tokens are used.
        cash: by token, what its pool can lend.
    """

    venue: Venue = field(factory=lambda: load_venue(VENUE))
    marks: Mapping[str, Fraction] = field(default=MARKS)
    spots: tuple[SpotMarket, ...] = SPOTS
    cash: Mapping[str, Any] = field(factory=dict)


def world(*members: Member, **around: Any) -> Exchange:
    """The exchange with these accounts.

    The book is on the other side of all their positions. There is a pool of the quote token and of each token that
    somebody supplies or owes; a lender has supplied what is lent, and so much more where it is to be lent.

    Args:
        members: the accounts.
        around: the attributes of the ``Surroundings``.
    """
    return _world(members, Surroundings(**around))


def _world(members: tuple[Member, ...], around: Surroundings) -> Exchange:
    venue, quote = around.venue, around.venue.quote
    supplies, debts = _sums(members, "supplied"), _sums(members, "borrowed")
    pooled = sorted({quote, *supplies, *debts, *around.cash})
    used = {token for member in members for token in member.spot} | {*pooled}
    spots = [spot for spot in around.spots if spot.token in used]
    perps = (
        sorted({*_markets(members), *(spot.perp for spot in spots if spot.perp)}) or list(around.marks)[:1]
    )
    empty = found(
        _pruned(venue, [spot.token for spot in spots], perps),
        markets=[_market(name, around, members) for name in perps],
        spots=spots,
        pools=pooled,
    )
    lent = {
        token: max(
            ZERO, debts.get(token, ZERO) + Fraction(around.cash.get(token, 0)) - supplies.get(token, ZERO)
        )
        for token in pooled
    }
    everybody = [*members, _book(members, empty)]
    if any(lent.values()):
        supplied = {token: amount for token, amount in lent.items() if amount}
        everybody.append(Member(name=LENDER, mode=members[0].mode, supplied=supplied))
    whole = empty.put(*everybody)
    for token in pooled:
        whole = whole.put_pool(_pool(token, supplies.get(token, ZERO) + lent[token], debts.get(token, ZERO)))
    for name in perps:
        holders = {member.name: member.size(name) for member in everybody if name in member.positions}
        whole = whole.put_market(evolve(whole.markets[name], holders=table(holders)))
    return evolve(whole, external=table(_owned(whole)))


def _sums(members: Iterable[Member], what: str) -> dict[str, Fraction]:
    sums: dict[str, Fraction] = {}
    for member in members:
        for token, amount in getattr(member, what).items():
            sums[token] = sums.get(token, ZERO) + amount
    return sums


def _markets(members: Iterable[Member]) -> set[str]:
    """The perp markets that accounts have something to do with."""
    found_ = {market for member in members for market in (*member.positions, *member.settings)}
    ordered = {order.market for member in members for order in member.orders.values()}
    return found_ | {market for market in ordered if not is_spot(market)}


def _pruned(venue: Venue, tokens: list[str], perps: list[str]) -> Venue:
    return evolve(
        venue,
        tokens={name: token for name, token in venue.tokens.items() if name in (venue.quote, *tokens)},
        tables={name: entry for name, entry in venue.tables.items() if name in perps},
        dex_tokens={dex: token for dex, token in venue.dex_tokens.items() if dex in {*map(dex_of, perps)}},
    )


def _market(name: str, around: Surroundings, members: Iterable[Member]) -> Market:
    mark, stated = around.marks[name], around.venue.tables.get(name)
    own = [m.positions[name].max_leverage for m in members if name in m.positions]
    most = next((one for one in own if one is not None), None)
    return Market(
        name=name,
        dex=dex_of(name),
        mark=mark,
        oracle=mark,
        previous_mark=mark,
        previous_oracle=mark,
        max_leverage=None if stated is not None and most in (None, stated.max_leverage) else most,
    )


def _book(members: Iterable[Member], empty: Exchange) -> Member:
    """The book: much of everything, and the other side of every position."""
    markets = empty.markets
    book = Member(
        name=BOOK,
        spot=dict.fromkeys((empty.venue.quote, *empty.spots), MUCH),
        raw={market.dex: MUCH for market in markets.values()},
        settings={name: Setting(leverage=1) for name in markets},
    )
    for name, size in _sizes(members).items():
        if size:
            book = holding(book, name, -size, 1, mark=markets[name].mark)
    return book


def _sizes(members: Iterable[Member]) -> dict[str, Fraction]:
    sizes: dict[str, Any] = {}
    for member in members:
        for name, position in member.positions.items():
            sizes[name] = sizes.get(name, ZERO) + position.size
    return sizes


def _pool(token: str, supplied: Fraction, borrowed: Fraction) -> LendingPool:
    return LendingPool(token=token, cash=supplied - borrowed, supply_shares=supplied, debt_shares=borrowed)


def _owned(exchange: Exchange) -> dict[str, Any]:
    """All that there is of each token, which somebody must have brought in."""
    sums: dict[str, Any] = {token: pool.cash for token, pool in exchange.pools.items()}
    for member in exchange.members.values():
        own = [(exchange.token_of(p.market), p.raw) for p in member.positions.values() if p.raw is not None]
        cross = [(exchange.venue.token_of(dex), amount) for dex, amount in member.raw.items()]
        for token, amount in (*member.spot.items(), *cross, *own):
            sums[token] = sums.get(token, ZERO) + amount
    return sums
