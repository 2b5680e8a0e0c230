"""Actions on the lending pools: those of users, those that the venue does for portfolio accounts, and accrual."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from attrs import field, frozen

from solvent.account import Regime
from solvent.arithmetic import ZERO, Number, maximum, minimum, total
from solvent.decimals import exact
from solvent.exchange import lending as pools
from solvent.exchange.action import Action, Check, Group, action
from solvent.exchange.cash import UserAction
from solvent.exchange.guards import above_zero, known_account, known_pool, own_account
from solvent.exchange.margin import (
    free_supply,
    lendable,
    loans_of,
    pay,
    perp_value,
    portfolio_of,
    price_of,
    withdrawable_of,
)
from solvent.exchange.state import Exchange, Member
from solvent.rules import lending, portfolio
from solvent.venue import Token


class VenueAction(Action):
    """An action that the venue takes by its rules."""

    __slots__ = ()
    group: ClassVar[Group] = Group.VENUE


def pool_checks(exchange: Exchange, account: str, token: str, amount: Number) -> Iterator[Check]:
    """What every operation of a user on a pool asks first."""
    yield from own_account(exchange, account)
    yield from known_pool(exchange, token)
    yield Check(token in exchange.venue.tokens, f"the venue states the caps of {token}")
    yield above_zero(amount)


def idle_check(exchange: Exchange, name: str, token: str, amount: Number) -> Check:
    """The account has the amount in spot, and neither orders nor, in a unified account, positions need it."""
    balance = exchange.account(name).balance(token)
    idle = balance.idle - balance.selling - balance.buying
    if exchange.members[name].mode is Regime.UNIFIED:
        idle = minimum(idle, withdrawable_of(exchange, name, token))
    return Check(amount <= idle, f"{name} has the amount idle", "UA-HOLD")


def pool_stands(exchange: Exchange, token: str) -> Check:
    """The suppliers of a pool have not lost everything."""
    left = exchange.pools[token].supply_index > 0
    return Check(left, f"suppliers of {token} have something left", "LEND-LOSS")


def supply_room(exchange: Exchange, member: Member, token: Token) -> Number | None:
    """How much more of a token the account may supply under its cap and the global one; ``None`` without caps."""
    pool = exchange.pools[token.name]
    rooms = []
    if token.user_supply_cap is not None:
        rooms.append(token.user_supply_cap - exchange.supplied(member, token.name))
    if token.global_supply_cap is not None:
        rooms.append(token.global_supply_cap - pool.supplied)
    return minimum(*rooms) if rooms else None


@action
@frozen(kw_only=True)
class Supply(UserAction):
    """Idle tokens go to the lending pool, under the user's cap and the global one (LEND-MAY-SUPPLY)."""

    words: ClassVar[str] = "{account} supplies {amount} {token}"
    account: str
    token: str
    amount: Number = field(converter=exact)

    def checks(self, exchange: Exchange) -> Iterator[Check]:
        yield from pool_checks(exchange, self.account, self.token, self.amount)
        now = pools.accrue(exchange, self.token)
        yield idle_check(now, self.account, self.token, self.amount)
        yield pool_stands(now, self.token)
        member, token, pool = now.members[self.account], now.venue.tokens[self.token], now.pools[self.token]
        held, after = now.supplied(member, self.token), pool.supplied + self.amount
        own, all_of = token.user_supply_cap, token.global_supply_cap
        allowed = lending.may_supply(
            held,
            held + self.amount if own is None else own,
            pool.supplied,
            after if all_of is None else all_of,
            self.amount,
        )
        yield Check(allowed, "the supply stays within the caps", "LEND-MAY-SUPPLY")

    def apply(self, exchange: Exchange) -> Exchange:
        now = pools.accrue(exchange, self.token)
        return pools.supply(now, now.members[self.account], self.token, self.amount)


@action
@frozen(kw_only=True)
class WithdrawSupply(UserAction):
    """Supplied tokens come back, as far as the pool has cash and loans allow (LEND-WITHDRAW, PM-COLLATERAL-OUT)."""

    words: ClassVar[str] = "{account} takes {amount} {token} out of its supply"
    account: str
    token: str
    amount: Number = field(converter=exact)

    def checks(self, exchange: Exchange) -> Iterator[Check]:
        yield from pool_checks(exchange, self.account, self.token, self.amount)
        now = pools.accrue(exchange, self.token)
        held = now.supplied(now.members[self.account], self.token)
        yield Check(self.amount <= held, f"{self.account} has supplied the amount")
        most = lending.supply_withdrawable(held, now.pools[self.token].cash)
        yield Check(self.amount <= most, "the pool has the cash", "LEND-WITHDRAW")
        free = free_supply(now, self.account, self.token)
        yield Check(self.amount <= free, "no loan and no hold needs it", "PM-COLLATERAL-OUT")

    def apply(self, exchange: Exchange) -> Exchange:
        now = pools.accrue(exchange, self.token)
        return pools.take_out(now, now.members[self.account], self.token, self.amount)


@action
@frozen(kw_only=True)
class Borrow(UserAction):
    """A standard or unified account borrows against what it has supplied (LEND-MANUAL, LEND-MAY-BORROW)."""

    words: ClassVar[str] = "{account} borrows {amount} {token}"
    account: str
    token: str
    amount: Number = field(converter=exact)

    def checks(self, exchange: Exchange) -> Iterator[Check]:
        yield from pool_checks(exchange, self.account, self.token, self.amount)
        now = pools.accrue(exchange, self.token)
        member, token = now.members[self.account], now.venue.tokens[self.token]
        yield Check(token.is_borrowable, f"{self.token} can be borrowed")
        price = price_of(now, self.token)
        loans, worth = loans_of(now, self.account), self.amount * price
        manual = lending.manual_borrow_allowed(
            member.mode is Regime.PORTFOLIO, loans.loan, worth, loans.capacity
        )
        yield Check(manual, "the account is not in portfolio mode and has the capacity", "LEND-MANUAL")
        pool, cap = now.pools[self.token], token.global_borrow_cap
        loan = now.borrowed(member, self.token)
        room = maximum(ZERO, loans.capacity - loans.loan) / price
        allowed = lending.may_borrow(
            loan,
            loan + room,
            loan if token.user_borrow_cap is None else token.user_borrow_cap,
            pool.borrowed,
            pool.borrowed + self.amount if cap is None else cap,
            pool.cash,
            self.amount,
        )
        yield Check(allowed, "capacity, caps and the pool's cash cover it", "LEND-MAY-BORROW")

    def apply(self, exchange: Exchange) -> Exchange:
        now = pools.accrue(exchange, self.token)
        return pools.borrow(now, now.members[self.account], self.token, self.amount)


@action
@frozen(kw_only=True)
class Repay(UserAction):
    """An account repays from its spot balance, at most what it owes."""

    words: ClassVar[str] = "{account} repays {amount} {token}"
    account: str
    token: str
    amount: Number = field(converter=exact)

    def checks(self, exchange: Exchange) -> Iterator[Check]:
        yield from pool_checks(exchange, self.account, self.token, self.amount)
        now = pools.accrue(exchange, self.token)
        member = now.members[self.account]
        yield Check(self.amount <= now.borrowed(member, self.token), "the loan is at least the amount")
        yield idle_check(now, self.account, self.token, self.amount)

    def apply(self, exchange: Exchange) -> Exchange:
        now = pools.accrue(exchange, self.token)
        member = now.members[self.account].add_spot(self.token, -self.amount)
        return pools.repay(now, member, self.token, self.amount)


@action
@frozen(kw_only=True)
class Accrue(VenueAction):
    """Interest accrues by index up to now (LEND-ACCRUE)."""

    words: ClassVar[str] = "interest of {token} accrues"
    token: str

    def checks(self, exchange: Exchange) -> Iterator[Check]:
        yield from known_pool(exchange, self.token)
        later = exchange.now > exchange.pools[self.token].accrued
        yield Check(later, "time has passed since the last accrual")

    def apply(self, exchange: Exchange) -> Exchange:
        return pools.accrue(exchange, self.token)


def needed_loan(exchange: Exchange, name: str, token: str) -> Number:
    """The loan that commitments beyond what is owned ask for, as far as it can be lent (PM-BORROW)."""
    margin = portfolio_of(exchange, exchange.account(name), token)
    committed = margin.margin.committed(exchange.venue)
    return portfolio.automatic_loan(committed, margin.margin.equity, lendable(exchange, margin))


def automatic_checks(exchange: Exchange, name: str, token: str) -> Iterator[Check]:
    """The account is in portfolio mode and not fallen back, and the token may be borrowed."""
    yield from own_account(exchange, name)
    yield from known_pool(exchange, token)
    known = exchange.venue.tokens.get(token)
    yield Check(known is not None and known.is_borrowable, f"{token} can be borrowed")
    portfolio_mode = exchange.margined(name).regime is Regime.PORTFOLIO
    yield Check(portfolio_mode, f"{name} is margined as a portfolio", "PM-BORROW")


@action
@frozen(kw_only=True)
class AutoBorrow(VenueAction):
    """What a portfolio account has committed beyond what it owns is borrowed (PM-BORROW)."""

    words: ClassVar[str] = "{account} is lent the {token} that it has committed"
    account: str
    token: str

    def checks(self, exchange: Exchange) -> Iterator[Check]:
        yield from automatic_checks(exchange, self.account, self.token)
        now = pools.accrue(exchange, self.token)
        yield Check(self._amount(now) > 0, "it needs a larger loan and may have one", "PM-BORROW")

    def _amount(self, exchange: Exchange) -> Number:
        loan = exchange.borrowed(exchange.members[self.account], self.token)
        return needed_loan(exchange, self.account, self.token) - loan

    def apply(self, exchange: Exchange) -> Exchange:
        now = pools.accrue(exchange, self.token)
        return pools.borrow(now, now.members[self.account], self.token, self._amount(now))


@action
@frozen(kw_only=True)
class AutoRepay(VenueAction):
    """What a portfolio account no longer needs of its loan is repaid from what nothing holds."""

    words: ClassVar[str] = "{account} repays the {token} that it no longer needs"
    account: str
    token: str

    def checks(self, exchange: Exchange) -> Iterator[Check]:
        yield from automatic_checks(exchange, self.account, self.token)
        now = pools.accrue(exchange, self.token)
        cash, lent = self._amounts(now)
        yield Check(cash + lent > 0, "it has a loan and the means to repay of it", "PM-BORROW")

    def _amounts(self, exchange: Exchange) -> tuple[Number, Number]:
        """What is paid in cash, and what is taken out of the account's own supply for it."""
        member = exchange.members[self.account]
        loan = exchange.borrowed(member, self.token)
        margin = portfolio_of(exchange, exchange.account(self.account), self.token).margin
        spare = minimum(loan, maximum(ZERO, loan - needed_loan(exchange, self.account, self.token)))
        free = maximum(ZERO, perp_value(exchange, member, self.token) - margin.committed(exchange.venue))
        idle = maximum(ZERO, member.spot.get(self.token, ZERO) - margin.selling)
        cash = minimum(spare, idle + free)
        return cash, minimum(spare - cash, exchange.supplied(member, self.token))

    def apply(self, exchange: Exchange) -> Exchange:
        now = pools.accrue(exchange, self.token)
        cash, lent = self._amounts(now)
        if self.token in now.members[self.account].supplied:
            now = pools.take_out(now, now.members[self.account], self.token, lent)
        member = pay(now, now.members[self.account], self.token, cash + lent)
        return pools.repay(now, member, self.token, cash + lent)


@action
@frozen(kw_only=True)
class AutoSupply(VenueAction):
    """What lies idle in a portfolio account is supplied, under the caps (PM-COLLATERAL)."""

    words: ClassVar[str] = "the idle {token} of {account} is supplied"
    account: str
    token: str

    def checks(self, exchange: Exchange) -> Iterator[Check]:
        yield from own_account(exchange, self.account)
        yield from known_pool(exchange, self.token)
        yield Check(self.token in exchange.venue.tokens, f"the venue states the caps of {self.token}")
        portfolio_mode = exchange.members[self.account].mode is Regime.PORTFOLIO
        yield Check(portfolio_mode, f"{self.account} is in portfolio mode")
        now = pools.accrue(exchange, self.token)
        yield pool_stands(now, self.token)
        yield Check(self._amount(now) > 0, "it has idle tokens and the caps have room", "LEND-MAY-SUPPLY")

    def _amount(self, exchange: Exchange) -> Number:
        balance = exchange.account(self.account).balance(self.token)
        member, token = exchange.members[self.account], exchange.venue.tokens[self.token]
        idle = member.spot.get(self.token, ZERO) - total([balance.selling, balance.buying])
        room = supply_room(exchange, member, token)
        return idle if room is None else minimum(idle, room)

    def apply(self, exchange: Exchange) -> Exchange:
        now = pools.accrue(exchange, self.token)
        return pools.supply(now, now.members[self.account], self.token, self._amount(now))


@action
@frozen(kw_only=True)
class WriteOff(VenueAction):
    """A loan of an account that has nothing left is borne by the reserve, then by the suppliers (LEND-LOSS)."""

    words: ClassVar[str] = "the {token} loan of {account} is written off"
    account: str
    token: str

    def checks(self, exchange: Exchange) -> Iterator[Check]:
        yield from known_account(exchange, self.account)
        yield from known_pool(exchange, self.token)
        member = exchange.members[self.account]
        yield Check(self.token in member.borrowed, f"{self.account} owes {self.token}")
        yield Check(not len(member.positions), f"{self.account} has no position left")
        held = total(member.supplied.values())
        yield Check(held <= 0, f"{self.account} has no supply left")
        tokens = sorted({*member.spot, *member.raw})
        own = total(maximum(ZERO, member.spot.get(t, ZERO)) for t in tokens)
        cash = total(maximum(ZERO, amount) for amount in member.raw.values())
        yield Check(own + cash <= 0, f"{self.account} has no balance left")

    def apply(self, exchange: Exchange) -> Exchange:
        return pools.write_off(pools.accrue(exchange, self.token), self.account, self.token)
