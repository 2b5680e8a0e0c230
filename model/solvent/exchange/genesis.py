"""How an exchange begins: markets and pools, the venue's own accounts, and what everybody brings in."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import evolve

from solvent.account import Regime
from solvent.arithmetic import ZERO
from solvent.exchange.liquidation import vault_of
from solvent.exchange.state import BACKSTOP, BOOK, Exchange, LendingPool, Market, Member, SpotMarket
from solvent.exchange.table import table
from solvent.venue import Venue

_MODES = {BACKSTOP: Regime.PORTFOLIO}
"""The backstop stands in the place of the portfolio accounts whose collateral and debt it takes over."""


def found(
    venue: Venue,
    *,
    markets: Iterable[Market] = (),
    spots: Iterable[SpotMarket] = (),
    members: Iterable[Member] = (),
    pools: Iterable[str] = (),
    now: int = 0,
) -> Exchange:
    """An exchange whose accounts bring in what they have; nobody has a position, a supply or a loan yet.

    The accounts of the book, of the liquidator vaults and of the backstop are opened where ``members`` does not
    name them; there is a lending pool of every token of the venue that has a cap and a price, and of ``pools``.

    Raises:
        ValueError: an account begins with positions, orders, supplies or loans, a name stands twice, or an account
            or a pool has a token without a price.
    """
    perps, brought, further = list(markets), list(members), list(pools)
    house = {BOOK, BACKSTOP, vault_of(""), *(vault_of(market.dex) for market in perps)}
    opened = sorted(house - {member.name for member in brought})
    brought += [Member(name=name, mode=_MODES.get(name, Regime.CROSS)) for name in opened]
    for member in brought:
        held = (member.positions, member.orders, member.supplied, member.borrowed, member.deficit)
        if any(len(entries) for entries in held):
            raise ValueError(
                f"account {member.name} begins with positions, orders, supplies, loans or a deficit"
            )
    listed = list(spots)
    for what, names in (
        ("account", [member.name for member in brought]),
        ("market", [market.name for market in perps]),
        ("spot market", [spot.token for spot in listed]),
    ):
        if len(set(names)) != len(names):
            raise ValueError(f"{what} {max(names, key=names.count)} stands twice")
    priced = {venue.quote, *(spot.token for spot in listed)}
    for token in sorted({token for member in brought for token in member.spot} | set(further)):
        if token not in priced:
            raise ValueError(f"token {token} has no spot market, so it has no price")
    tokens = {
        name
        for name, token in venue.tokens.items()
        if token.user_supply_cap is not None or token.user_borrow_cap is not None
    }
    tokens &= priced
    exchange = Exchange(
        venue=venue,
        now=now,
        markets=table({market.name: evolve(market, funded=now) for market in perps}),
        spots=table({spot.token: spot for spot in listed}),
        members=table({member.name: member for member in brought}),
        pools=table({name: LendingPool(token=name, accrued=now) for name in sorted({*tokens, *further})}),
    )
    external = exchange.external
    for member in brought:
        for token, amount in member.spot.items():
            external = external.put(token, external.get(token, ZERO) + amount)
        for dex, amount in member.raw.items():
            token = venue.token_of(dex)
            external = external.put(token, external.get(token, ZERO) + amount)
    return evolve(exchange, external=external)
