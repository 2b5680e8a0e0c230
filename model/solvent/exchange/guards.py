"""Checks that several actions share."""

from __future__ import annotations

from collections.abc import Iterator

from solvent.account import Regime
from solvent.arithmetic import Number, negate
from solvent.exchange.action import Check
from solvent.exchange.state import BACKSTOP, VAULT, Exchange, is_spot, token_of_spot


def known_account(exchange: Exchange, *names: str) -> Iterator[Check]:
    """The accounts exist."""
    for name in names:
        yield Check(name in exchange.members, f"there is an account {name}")


def own_account(exchange: Exchange, *names: str) -> Iterator[Check]:
    """The accounts exist and are users' own: the vault and the backstop follow the venue's rules alone."""
    yield from known_account(exchange, *names)
    for name in names:
        yield Check(not is_house(name), f"{name} is the account of a user")


def is_house(name: str) -> bool:
    """Whether an account is the venue's own: a liquidator vault or the backstop, which no user commands."""
    return name == BACKSTOP or name.partition(":")[0] == VAULT


def above_zero(amount: Number, what: str = "the amount") -> Check:
    """The amount is above zero."""
    return Check(amount > 0, f"{what} is above zero")


def known_market(exchange: Exchange, market: str, *, spot: bool = True) -> Iterator[Check]:
    """There is such a market."""
    found = market in exchange.markets
    if spot and is_spot(market):
        token = token_of_spot(market)
        found = token in exchange.spots and market == f"{token}/{exchange.venue.quote}"
    yield Check(found, f"there is a market {market}")


def known_pool(exchange: Exchange, token: str) -> Iterator[Check]:
    """There is such a lending pool."""
    yield Check(token in exchange.pools, f"there is a lending pool of {token}")


def known_dex(exchange: Exchange, dex: str) -> Iterator[Check]:
    """There is such a dex."""
    dexes = {market.dex for market in exchange.markets.values()}
    yield Check(dex in dexes, f"there is a dex {dex or 'of the venue'}")


def keeps_apart(exchange: Exchange, name: str) -> Check:
    """The account keeps its spot and perp balances apart."""
    apart = exchange.members[name].mode is Regime.CROSS
    return Check(apart, f"{name} is in the standard mode", "MODE-SHARED")


def not_liquidatable(exchange: Exchange, name: str) -> Check:
    """The account is not being liquidated."""
    return Check(negate(exchange.assess(name).liquidatable), f"{name} is not liquidatable")
