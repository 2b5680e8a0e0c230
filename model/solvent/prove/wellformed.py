"""What every state of an exchange has by construction, whatever happened before."""

from __future__ import annotations

from collections.abc import Iterator

from solvent.arithmetic import Condition
from solvent.exchange import Exchange
from solvent.prove.theorem import Given


def well_formed(exchange: Exchange) -> Iterator[tuple[str, Condition]]:
    """The conditions on single numbers of a state, each with its meaning."""
    for market in exchange.markets.values():
        for price in (market.mark, market.oracle, market.previous_mark, market.previous_oracle):
            yield "prices are above zero", price > 0
        yield "the depth of a book is above zero", market.depth.width > 0
        yield "the spread of a book is not negative", market.depth.spread >= 0
    for spot in exchange.spots.values():
        yield "prices are above zero", spot.price > 0
        yield "the depth of a book is above zero", spot.depth.width > 0
        yield "the spread of a book is not negative", spot.depth.spread >= 0
    yield "prices are above zero", exchange.usdt > 0
    for pool in exchange.pools.values():
        for index in (pool.supply_index, pool.debt_index):
            yield "interest indices are above zero", index > 0
        for shares in (pool.supply_shares, pool.debt_shares):
            yield "pool shares are not negative", shares >= 0
    for member in exchange.members.values():
        for shares in (*member.supplied.values(), *member.borrowed.values()):
            yield "pool shares are not negative", shares >= 0
        chosen = (*member.settings.values(), *member.positions.values(), *member.orders.values())
        for setting in chosen:
            yield "leverages are at least one", setting.leverage >= 1
        for order in member.orders.values():
            yield "orders have a size and a price above zero", order.size > 0
            yield "orders have a size and a price above zero", order.price > 0


def assume_well_formed(given: Given, exchange: Exchange) -> None:
    """Assume what every state has by construction."""
    for meaning, condition in well_formed(exchange):
        given.assume(meaning, condition)
