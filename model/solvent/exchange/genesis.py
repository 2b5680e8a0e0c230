"""How an exchange begins: markets and pools, the venue's own accounts, and what everybody brings in."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import evolve

from solvent.account import Regime
from solvent.arithmetic import ZERO
from solvent.exchange.liquidation import vault_of
from solvent.exchange.state import BACKSTOP, BOOK, Amounts, Exchange, LendingPool, Market, Member, SpotMarket
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
    perps, listed, brought, further = list(markets), list(spots), list(members), list(pools)
    house = {BOOK, BACKSTOP, vault_of(""), *(vault_of(market.dex) for market in perps)}
    opened = sorted(house - {member.name for member in brought})
    brought += [Member(name=name, mode=_MODES.get(name, Regime.CROSS)) for name in opened]
    _require_a_beginning(brought)
    _require_once("account", [member.name for member in brought])
    _require_once("market", [market.name for market in perps])
    _require_once("spot market", [spot.token for spot in listed])
    priced = {venue.quote, *(spot.token for spot in listed)}
    _require_prices({*(token for member in brought for token in member.spot), *further} - priced)
    capped = {
        name
        for name, token in venue.tokens.items()
        if token.user_supply_cap is not None or token.user_borrow_cap is not None
    }
    tokens = sorted({*(capped & priced), *further})
    return Exchange(
        venue=venue,
        now=now,
        markets=table({market.name: evolve(market, funded=now) for market in perps}),
        spots=table({spot.token: spot for spot in listed}),
        members=table({member.name: member for member in brought}),
        pools=table({name: LendingPool(token=name, accrued=now) for name in tokens}),
        external=_brought_in(brought, venue),
    )


def _require_a_beginning(members: Iterable[Member]) -> None:
    for member in members:
        held = (member.positions, member.orders, member.supplied, member.borrowed, member.deficit)
        if any(len(entries) for entries in held):
            what = "positions, orders, supplies, loans or a deficit"
            raise ValueError(f"account {member.name} begins with {what}")


def _require_once(what: str, names: list[str]) -> None:
    if len(set(names)) != len(names):
        raise ValueError(f"{what} {max(names, key=names.count)} stands twice")


def _require_prices(tokens: set[str]) -> None:
    for token in sorted(tokens):
        raise ValueError(f"token {token} has no spot market, so it has no price")


def _brought_in(members: Iterable[Member], venue: Venue) -> Amounts:
    external = Amounts()
    for member in members:
        amounts = [*member.spot.items(), *((venue.token_of(dex), raw) for dex, raw in member.raw.items())]
        for token, amount in amounts:
            external = external.put(token, external.get(token, ZERO) + amount)
    return external
