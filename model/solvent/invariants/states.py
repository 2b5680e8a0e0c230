"""Invariants of states."""

from __future__ import annotations

from collections.abc import Iterator

from solvent.account import Regime
from solvent.arithmetic import ZERO, Number, both, maximum, total
from solvent.exchange import Exchange, Member
from solvent.exchange.guards import is_house
from solvent.exchange.risk import net_requirement, net_risk, net_risk_of_collateral_fall
from solvent.invariants.kit import Claim, holdings, of_states, tokens


@of_states("conservation")
def conservation(exchange: Exchange) -> Iterator[Claim]:
    """Of every token, what accounts, lending pools and the treasury have is what came in less what went out."""
    for token in tokens(exchange):
        owned = total(holdings(exchange, member, token) for member in exchange.members.values())
        pool = exchange.pools.get(token)
        cash = ZERO if pool is None else pool.cash
        own = exchange.treasury.get(token, ZERO)
        external = exchange.external.get(token, ZERO)
        numbers = {"accounts": owned, "pool": cash, "treasury": own, "external": external}
        yield Claim(token, owned + cash + own == external, numbers)


@of_states("open-interest")
def open_interest(exchange: Exchange) -> Iterator[Claim]:
    """The positions of a market sum to zero, and the market knows each of them."""
    for name, market in exchange.markets.items():
        sizes = {n: m.size(name) for n, m in exchange.members.items() if name in m.positions}
        long = total(maximum(ZERO, size) for size in sizes.values())
        numbers = {"sum of sizes": total(sizes.values()), "long": long}
        known = both(
            sorted(sizes) == list(market.holders),
            *(market.holders[n] == size for n, size in sizes.items() if n in market.holders),
        )
        yield Claim(name, both(total(sizes.values()) == 0, known), numbers)


@of_states("pool-identity")
def pool_identity(exchange: Exchange) -> Iterator[Claim]:
    """A lending pool's cash and loans are its suppliers' claims and the reserve, and its shares are its accounts' shares."""
    for token, pool in exchange.pools.items():
        supply = total(m.supplied.get(token, ZERO) for m in exchange.members.values())
        debt = total(m.borrowed.get(token, ZERO) for m in exchange.members.values())
        numbers = {
            "cash": pool.cash,
            "borrowed": pool.borrowed,
            "supplied": pool.supplied,
            "reserve": pool.reserve,
        }
        identity = pool.cash + pool.borrowed == pool.supplied + pool.reserve
        yield Claim(token, both(identity, supply == pool.supply_shares, debt == pool.debt_shares), numbers)


@of_states("nothing-below-zero")
def nothing_below_zero(exchange: Exchange) -> Iterator[Claim]:
    """No pool lends cash that it does not have, no reserve is overdrawn, and no spot balance of a standard account is."""
    for token, pool in exchange.pools.items():
        yield Claim(f"cash of {token}", pool.cash >= 0, {"cash": pool.cash})
        yield Claim(f"reserve of {token}", pool.reserve >= 0, {"reserve": pool.reserve})
        yield Claim(f"shares of {token}", both(pool.supply_shares >= 0, pool.debt_shares >= 0), {})
    for name, member in exchange.members.items():
        for token, shares in (*member.supplied.items(), *member.borrowed.items()):
            yield Claim(f"shares of {name} in {token}", shares >= 0, {"shares": shares})
        if member.mode is Regime.CROSS and not is_house(name):
            for token, amount in member.spot.items():
                yield Claim(f"{token} of {name}", amount >= 0, {"idle": amount})


@of_states("margin-covers-net-risk")
def margin_covers_net_risk(exchange: Exchange) -> Iterator[Claim]:
    """The requirement of an account is at least its net risk: its worst loss when each underlying moves by the stated rate."""
    for name in exchange.members:
        requirement, risk = net_requirement(exchange, name), net_risk(exchange, name)
        yield Claim(name, requirement >= risk, {"requirement": requirement, "net risk": risk})


@of_states(
    "margin-covers-falling-collateral",
    refuted_by="wrong-way-collateral",
    repair="margin a long perp on the coin of its own collateral at the collateral's haircut",
)
def margin_covers_falling_collateral(exchange: Exchange) -> Iterator[Claim]:
    """The requirement of an account is at least its loss when collateral falls to its threshold and its perp with it."""
    for name in exchange.members:
        requirement, risk = net_requirement(exchange, name), net_risk_of_collateral_fall(exchange, name)
        yield Claim(name, requirement >= risk, {"requirement": requirement, "net risk": risk})


@of_states(
    "profit-is-funded",
    refuted_by="unfunded-loss",
    repair="let only profit leave that the losing side has paid or been lent",
)
def profit_is_funded(exchange: Exchange) -> Iterator[Claim]:
    """The cash behind perps is not below zero: nobody has withdrawn profit that the losing side has not paid."""
    for token in sorted({exchange.venue.token_of(m.dex) for m in exchange.markets.values()}):
        cash = total(_perp_cash(exchange, member, token) for member in exchange.members.values())
        yield Claim(token, cash >= 0, {"cash behind perps": cash})


def _perp_cash(exchange: Exchange, member: Member, token: str) -> Number:
    apart = member.mode is Regime.CROSS and not is_house(member.name)
    return holdings(exchange, member, token) - (member.spot.get(token, ZERO) if apart else ZERO)


@of_states(
    "utilization-at-most-one",
    refuted_by="reserve-lent-out",
    repair="measure utilization against cash and loans, as they are what can be lent",
)
def utilization_at_most_one(exchange: Exchange) -> Iterator[Claim]:
    """No lending pool has lent more than was supplied."""
    for token, pool in exchange.pools.items():
        numbers = {"borrowed": pool.borrowed, "supplied": pool.supplied}
        yield Claim(token, pool.borrowed <= pool.supplied, numbers)
