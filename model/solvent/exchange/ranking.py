"""Who may be deleveraged against a bankrupt account, and in which order."""

from __future__ import annotations

from attrs import frozen

from solvent.arithmetic import ZERO, Condition, Number, both, total, where
from solvent.exchange.margin import perp_value, shares_balances
from solvent.exchange.state import Exchange
from solvent.regimes.dexes import dex_equity


@frozen
class Candidate:
    """A holder of a market as a counterparty of auto-deleveraging.

    Attributes:
        name: the account.
        eligible: whether it is on the opposite side, and has a value above zero that the price of deleveraging leaves.
        rank: its rank (ADL-RANK).
    """

    name: str
    eligible: Condition
    rank: Number


def candidates(exchange: Exchange, name: str, market: str) -> list[Candidate]:
    """The holders of a market besides an account, as counterparties against its position."""
    needed, rule = exchange.members[name].size(market), exchange.venue.rule("ADL-RANK")
    market_now, rule_price = exchange.markets[market], exchange.venue.rule("ADL-PRICE")
    mark = market_now.mark
    found = []
    for other, size in market_now.holders.items():
        if other != name:
            entry = exchange.members[other].positions[market].entry
            value = value_behind(exchange, other, market)
            price = rule_price(market_now.previous_mark, market_now.previous_oracle)
            left = value + size * (price - mark)
            rank = rule(size, mark, mark if entry is None else entry, where(value > 0, value, 1))
            found.append(Candidate(other, both(size * needed < 0, value > 0, left >= 0), rank))
    return found


def counterparties(exchange: Exchange, name: str, market: str) -> list[Candidate]:
    """Those who are eligible, of exact numbers, the highest rank first and ties by name."""
    eligible = [one for one in candidates(exchange, name, market) if one.eligible]
    return sorted(eligible, key=lambda one: (-one.rank, one.name))


def value_behind(exchange: Exchange, name: str, market: str) -> Number:
    """The account value behind a position, or the margin of an isolated one (USD)."""
    member = exchange.members[name]
    position = member.positions[market]
    if position.raw is not None:
        return position.raw + position.size * exchange.markets[market].mark
    token, dex = exchange.token_of(market), exchange.markets[market].dex
    if shares_balances(member):
        return member.spot.get(token, ZERO) + perp_value(exchange, member, token)
    own = [d for d in exchange.account(name).dexes if d.name == dex]
    return total(dex_equity(d, exchange.prices) for d in own)
