"""What every state of an exchange has by construction, whatever happened before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from solvent.arithmetic import Condition, both
from solvent.exchange import Exchange, Member
from solvent.prove.theorem import Given

Stated = Iterator[tuple[str, Condition]]
"""Conditions, each with its meaning."""


def well_formed(exchange: Exchange) -> Stated:
    """The conditions on single numbers of a state, each with its meaning."""
    yield from markets_well_formed(exchange)
    yield from tables_well_formed(exchange)
    yield from pools_well_formed(exchange)
    for member in exchange.members.values():
        yield from _member_well_formed(member)


def assume_all(given: Given, stated: Iterable[tuple[str, Condition]]) -> None:
    """Assume conditions, those of one meaning together."""
    by_meaning: dict[str, list[Condition]] = {}
    for meaning, condition in stated:
        by_meaning.setdefault(meaning, []).append(condition)
    for meaning, conditions in by_meaning.items():
        given.assume(meaning, both(*conditions))


def assume_well_formed(given: Given, exchange: Exchange) -> None:
    """Assume what every state has by construction."""
    assume_all(given, well_formed(exchange))


def markets_well_formed(exchange: Exchange) -> Stated:
    """Prices and books."""
    markets, spots = list(exchange.markets.values()), list(exchange.spots.values())
    for market in markets:
        for price in (market.mark, market.oracle, market.previous_mark, market.previous_oracle):
            yield "prices are above zero", price > 0
    for price in (*(spot.price for spot in spots), exchange.usdt):
        yield "prices are above zero", price > 0
    for depth in (*(market.depth for market in markets), *(spot.depth for spot in spots)):
        yield "the depth of a book is above zero", depth.width > 0
        yield "the spread of a book is not negative", depth.spread >= 0


def tables_well_formed(exchange: Exchange) -> Stated:
    """Margin tables."""
    for name, market in exchange.markets.items():
        for tier in exchange.venue.tiers(name, market.max_leverage):
            yield "leverages are at least one", tier.max_leverage >= 1
            yield "maintenance rates lie between zero and one", both(tier.rate > 0, tier.rate < 1)


def pools_well_formed(exchange: Exchange) -> Stated:
    """Lending pools, what accounts hold of them, and the prices and caps of their tokens."""
    yield from shares_well_formed(exchange)
    for spot in exchange.spots.values():
        yield "prices are above zero", spot.price > 0
    for token in exchange.venue.tokens.values():
        caps = [token.user_borrow_cap, token.user_supply_cap, token.global_borrow_cap]
        for cap in (*caps, token.global_supply_cap):
            if cap is not None:
                yield "caps are not negative", cap >= 0


def shares_well_formed(exchange: Exchange) -> Stated:
    """The indices of lending pools, and what accounts hold of them."""
    for pool in exchange.pools.values():
        for index in (pool.supply_index, pool.debt_index):
            yield "interest indices are above zero", index > 0
        for shares in (pool.supply_shares, pool.debt_shares):
            yield "pool shares are not negative", shares >= 0
    for member in exchange.members.values():
        for shares in (*member.supplied.values(), *member.borrowed.values()):
            yield "pool shares are not negative", shares >= 0


def _member_well_formed(member: Member) -> Stated:
    for position in member.positions.values():
        yield "positions have a size", position.size != 0
    chosen = [setting.leverage for setting in member.settings.values()]
    chosen += [p.leverage for p in member.positions.values()] + [o.leverage for o in member.orders.values()]
    for leverage in chosen:
        yield "leverages are at least one", leverage >= 1
    for order in member.orders.values():
        yield "orders have a size and a price above zero", both(order.size > 0, order.price > 0)
