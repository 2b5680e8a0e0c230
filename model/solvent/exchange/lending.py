"""What the lending pool's operations do: shares, cash and the reserve.

Shares that count for an account are rounded down and shares that count against it up; what the rounding leaves is
the reserve's (LEND-SHARES-OUT, LEND-SHARES-IN). Each operation follows an accrual up to the present.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from attrs import evolve

from solvent.arithmetic import ZERO, Number, certainly, floor_to, maximum, minimum, where
from solvent.exchange.state import Amounts, Exchange, LendingPool, Member
from solvent.quantities import growth_factor
from solvent.rules import lending


def accrue(exchange: Exchange, token: str) -> Exchange:
    """The exchange with the interest of a pool accrued up to now, at the utilization that it had.

    The debt index is rounded up and the supply index down; both roundings are the reserve's.
    """
    pool, parameters = exchange.pools[token], exchange.venue.parameters
    if pool.accrued == exchange.now:
        return exchange
    if certainly(pool.debt_shares == 0):
        return exchange.put_pool(evolve(pool, accrued=exchange.now))
    used = minimum(Fraction(1), lending.utilization(pool.borrowed, pool.supplied))
    rate: Any = lending.borrow_rate(used, parameters.rate_base, parameters.rate_slope, parameters.rate_kink)
    seconds = Fraction(exchange.now - pool.accrued, 1000)
    growth = growth_factor(rate, seconds, parameters.rate_year)
    return exchange.put_pool(grown(exchange, pool, growth))


def grown(exchange: Exchange, pool: LendingPool, growth: Number) -> LendingPool:
    """The pool after its debts have grown by a factor (LEND-INDEX, LEND-SUPPLIER, LEND-RESERVE-GAIN)."""
    parameters = exchange.venue.parameters
    unit = parameters.index_unit
    debt_index = -floor_to(-lending.next_index(pool.debt_index, growth), unit)
    owed = lending.claim(pool.debt_shares, debt_index)
    interest = owed - pool.borrowed
    gain = lending.supplier_interest(interest, pool.supplied, pool.supplied, parameters.reserve_share)
    supply_index = pool.supply_index
    if not certainly(pool.supply_shares == 0):
        supply_index = floor_to(pool.supply_index + gain / pool.supply_shares, unit)
    after = evolve(pool, debt_index=debt_index, supply_index=supply_index, accrued=exchange.now)
    kept = lending.reserve_gain(interest, parameters.reserve_share)
    remainder = interest - kept - (after.supplied - pool.supplied)
    return evolve(after, reserve=pool.reserve + kept + remainder)


def _with(shares: Amounts, token: str, change: Number) -> Amounts:
    after = shares.get(token, ZERO) + change
    return shares.drop(token) if certainly(after == 0) else shares.put(token, after)


def supply(exchange: Exchange, member: Member, token: str, amount: Number) -> Exchange:
    """The account supplies from its spot balance."""
    pool, unit = exchange.pools[token], exchange.venue.parameters.index_unit
    shares = lending.shares_given(amount, pool.supply_index, unit)
    after = evolve(
        pool,
        cash=pool.cash + amount,
        supply_shares=pool.supply_shares + shares,
        reserve=pool.reserve + amount - lending.claim(shares, pool.supply_index),
    )
    supplied = _with(member.supplied, token, shares)
    return exchange.put(evolve(member, supplied=supplied).add_spot(token, -amount)).put_pool(after)


def take_out(exchange: Exchange, member: Member, token: str, amount: Number) -> Exchange:
    """The account takes out of its supply, into its spot balance."""
    pool, unit = exchange.pools[token], exchange.venue.parameters.index_unit
    held = member.supplied.get(token, ZERO)
    shares = minimum(held, lending.shares_taken(amount, pool.supply_index, unit))
    after = evolve(
        pool,
        cash=pool.cash - amount,
        supply_shares=pool.supply_shares - shares,
        reserve=pool.reserve + lending.claim(shares, pool.supply_index) - amount,
    )
    supplied = _with(member.supplied, token, -shares)
    return exchange.put(evolve(member, supplied=supplied).add_spot(token, amount)).put_pool(after)


def borrow(exchange: Exchange, member: Member, token: str, amount: Number) -> Exchange:
    """The account borrows into its spot balance."""
    pool, unit = exchange.pools[token], exchange.venue.parameters.index_unit
    shares = lending.shares_taken(amount, pool.debt_index, unit)
    after = evolve(
        pool,
        cash=pool.cash - amount,
        debt_shares=pool.debt_shares + shares,
        reserve=pool.reserve + lending.claim(shares, pool.debt_index) - amount,
    )
    borrowed = _with(member.borrowed, token, shares)
    return exchange.put(evolve(member, borrowed=borrowed).add_spot(token, amount)).put_pool(after)


def repay(exchange: Exchange, member: Member, token: str, amount: Number) -> Exchange:
    """What an account has paid is taken off its debt; the payment itself has left the account already."""
    pool, unit = exchange.pools[token], exchange.venue.parameters.index_unit
    held = member.borrowed.get(token, ZERO)
    rounded = minimum(held, lending.shares_given(amount, pool.debt_index, unit))
    shares = where(amount >= lending.claim(held, pool.debt_index), held, rounded)
    after = evolve(
        pool,
        cash=pool.cash + amount,
        debt_shares=pool.debt_shares - shares,
        reserve=pool.reserve + amount - lending.claim(shares, pool.debt_index),
    )
    return exchange.put(evolve(member, borrowed=_with(member.borrowed, token, -shares))).put_pool(after)


def move_debt(exchange: Exchange, debtor: str, taker: str, token: str, part: Number) -> Exchange:
    """A part of a debt passes to another account; the pool's own sums stay as they are."""
    shares = exchange.members[debtor].borrowed.get(token, ZERO) * part
    one = exchange.members[debtor]
    moved = exchange.put(evolve(one, borrowed=_with(one.borrowed, token, -shares)))
    other = moved.members[taker]
    return moved.put(evolve(other, borrowed=_with(other.borrowed, token, shares)))


def move_supply(exchange: Exchange, owner: str, taker: str, token: str, part: Number) -> Exchange:
    """A part of a supply passes to another account; the pool's own sums stay as they are."""
    one = exchange.members[owner]
    shares = one.supplied.get(token, ZERO) * part
    moved = exchange.put(evolve(one, supplied=_with(one.supplied, token, -shares)))
    other = moved.members[taker]
    return moved.put(evolve(other, supplied=_with(other.supplied, token, shares)))


def write_off(exchange: Exchange, debtor: str, token: str) -> Exchange:
    """A debt that nobody pays is borne by the reserve, and beyond it by the suppliers pro rata (LEND-LOSS)."""
    member, pool = exchange.members[debtor], exchange.pools[token]
    shares = member.borrowed.get(token, ZERO)
    loss = lending.claim(shares, pool.debt_index)
    left = pool.reserve - loss
    index = lending.index_after_loss(pool.supply_index, maximum(ZERO, -left), pool.supplied)
    lowered = floor_to(index, exchange.venue.parameters.index_unit)
    after = evolve(pool, debt_shares=pool.debt_shares - shares, supply_index=lowered)
    written = evolve(after, reserve=left + pool.supplied - after.supplied)
    return exchange.put(evolve(member, borrowed=member.borrowed.drop(token))).put_pool(written)
