"""Venue actions that liquidate borrowed collateral: the backstop takes it over with the debt, and sells it over time."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import ClassVar

from attrs import evolve, frozen

from solvent.account import Regime
from solvent.arithmetic import (
    ONE,
    ZERO,
    Condition,
    Number,
    either,
    floor_to,
    maximum,
    minimum,
    quotient,
    where,
)
from solvent.exchange import lending as pools
from solvent.exchange.action import Check, action
from solvent.exchange.guards import known_account
from solvent.exchange.margin import Loans, debt_tokens, loans_of, owed_in
from solvent.exchange.pool_actions import VenueAction
from solvent.exchange.state import BACKSTOP, BOOK, Exchange
from solvent.exchange.table import Table
from solvent.exchange.trading import price_at_book, trade_spot
from solvent.quantities import decay
from solvent.regimes.portfolio import Collateral
from solvent.rules import borrow_liquidation


def accrue_all(exchange: Exchange) -> Exchange:
    """The exchange with the interest of every pool accrued up to now."""
    for token in exchange.pools:
        exchange = pools.accrue(exchange, token)
    return exchange


@action
@frozen(kw_only=True)
class LiquidateCollateral(VenueAction):
    """The backstop takes a fifth of the collateral and of what is owed over, or all of both (BLQ-DUE, BLQ-STEP).

    A portfolio account that is liquidatable without cross positions, and owes, is due as well: nothing else can
    help it.
    """

    words: ClassVar[str] = "the backstop takes over collateral and debt of {account}"
    account: str

    def checks(self, exchange: Exchange) -> Iterator[Check]:
        yield from known_account(exchange, self.account, BACKSTOP)
        yield Check(self.account != BACKSTOP, "the account is not the backstop's own")
        now = accrue_all(exchange)
        loans = loans_of(now, self.account)
        yield Check(loans.owed > 0, f"{self.account} owes something", "BLQ-DEBT")
        yield Check(self._due(now, loans), f"the collateral of {self.account} is due", "BLQ-DUE")
        yield Check(loans.value > 0, f"{self.account} has collateral", "PM-COLLATERAL")
        last = exchange.members[self.account].last_step
        interval = exchange.venue.parameters.collateral_interval * 1000
        waited = True if last is None else borrow_liquidation.step_due(exchange.now, last, interval)
        yield Check(either(loans.due_in_full, waited), "the interval has passed", "BLQ-INTERVAL")

    def _due(self, exchange: Exchange, loans: Loans) -> Condition:
        member = exchange.members[self.account]
        cross = [p for p in member.positions.values() if not p.isolated]
        if member.mode is Regime.PORTFOLIO and not cross:
            return either(loans.due, exchange.assess(self.account).liquidatable)
        return loans.due

    def part(self, exchange: Exchange, loans: Loans) -> Number:
        """Which part is taken over: all of it in full liquidation, and when the loan exceeds what there is."""
        full = either(loans.due_in_full, loans.owed >= loans.value)
        return borrow_liquidation.step_amount(ONE, exchange.venue.parameters.collateral_step, full)

    def apply(self, exchange: Exchange) -> Exchange:
        now = accrue_all(exchange)
        loans = loans_of(now, self.account)
        part = self.part(now, loans)
        after = now
        for collateral in loans.collateral:
            token, taken = collateral.token.name, self.taken(collateral, loans, part)
            supplied = now.supplied(now.members[self.account], token)
            counted = quotient(collateral.amount, supplied, ZERO)
            after = pools.move_supply(after, self.account, BACKSTOP, token, taken * counted)
        for token in debt_tokens(now, now.members[self.account]):
            after = self._debt_moved(after, now, token, part)
        stamped = after.put(evolve(after.members[self.account], last_step=exchange.now))
        return evolve(stamped, selling=self._clocks(now, loans))

    def _clocks(self, exchange: Exchange, loans: Loans) -> Table[int]:
        clocks = exchange.selling
        for collateral in loans.collateral:
            if collateral.token.name not in exchange.members[BACKSTOP].supplied:
                clocks = clocks.put(collateral.token.name, exchange.now)
        return clocks

    def taken(self, collateral: Collateral, loans: Loans, part: Number) -> Number:
        """Which part of one collateral leaves the owner: all in full liquidation, else what BLQ-TAKEOVER says."""
        value: Number = collateral.amount * collateral.price * part
        debt = loans.owed * part * quotient(collateral.amount * collateral.price, loans.value, ZERO)
        width = collateral.token.depth_width
        discount: Number = ZERO
        if width is not None:
            full = borrow_liquidation.full_threshold(collateral.token.ltv)
            discount = borrow_liquidation.takeover_discount(value, full, width)
        left = maximum(ZERO, borrow_liquidation.left_with_owner(value, debt, discount))
        return where(loans.due_in_full, ONE, part * quotient(value - left, value, ZERO))

    def _debt_moved(self, exchange: Exchange, before: Exchange, token: str, part: Number) -> Exchange:
        member = before.members[self.account]
        below = owed_in(before, member, token) - before.borrowed(member, token)
        after = exchange
        if token in member.borrowed:
            after = pools.move_debt(after, self.account, BACKSTOP, token, part)
        moved = below * part
        owner, backstop = after.members[self.account], after.members[BACKSTOP]
        return after.put(owner.add_spot(token, moved), backstop.add_spot(token, -moved))


@action
@frozen(kw_only=True)
class SellCollateral(VenueAction):
    """The backstop sells of the collateral that it took, half of it in each half-life, and repays (BLQ-TWAP)."""

    words: ClassVar[str] = "the backstop sells {token}"
    token: str

    def checks(self, exchange: Exchange) -> Iterator[Check]:
        yield from known_account(exchange, BACKSTOP, BOOK)
        yield Check(self.token in exchange.spots, f"there is a spot market of {self.token}")
        now = accrue_all(exchange)
        yield Check(self.token in now.members[BACKSTOP].supplied, f"the backstop has taken {self.token}")
        waited = now.now > now.selling.get(self.token, now.now)
        yield Check(waited, "time has passed since it took or sold of it", "BLQ-TWAP")
        cost = self.amount(now) * self.price(now)
        yield Check(self.amount(now) > 0, "an amount of at least one unit is due", "BLQ-TWAP")
        yield Check(self.price(now) > 0, "the book has a price above zero", "TRADE-PRICE")
        cash = now.members[BOOK].spot.get(now.venue.quote, ZERO)
        yield Check(cost <= cash, "the book has the cash")

    def amount(self, exchange: Exchange) -> Number:
        """How much is sold (tokens), as far as the book is deep: the half-life keeps the rest, but no last unit."""
        parameters, depth = exchange.venue.parameters, exchange.spots[self.token].depth
        held = exchange.supplied(exchange.members[BACKSTOP], self.token)
        seconds = Fraction(exchange.now - exchange.selling.get(self.token, exchange.now), 1000)
        kept = borrow_liquidation.unsold(held, decay(seconds, parameters.collateral_half_life))
        sold = floor_to(held - kept, parameters.token_unit)
        due = where(held - sold <= parameters.token_unit, held, sold)
        return due if depth.size is None else minimum(due, depth.size)

    def price(self, exchange: Exchange) -> Number:
        """The average price at the book (quote token)."""
        spot = exchange.spots[self.token]
        return price_at_book(spot.price, -1, self.amount(exchange) * spot.price, spot.depth)

    def apply(self, exchange: Exchange) -> Exchange:
        now = accrue_all(exchange)
        amount, price, quote = self.amount(now), self.price(now), exchange.venue.quote
        out = pools.take_out(now, now.members[BACKSTOP], self.token, amount)
        sold = trade_spot(out, f"{self.token}/{quote}", BOOK, BACKSTOP, amount, price)
        clocked = evolve(sold, selling=sold.selling.put(self.token, exchange.now))
        return repay_from_sale(clocked)


@action
@frozen(kw_only=True)
class RepayTaken(VenueAction):
    """The backstop repays of a debt that it took over, with what it has or can buy at the book."""

    words: ClassVar[str] = "the backstop repays {token}"
    token: str

    def checks(self, exchange: Exchange) -> Iterator[Check]:
        yield from known_account(exchange, BACKSTOP, BOOK)
        yield Check(self.token in exchange.members[BACKSTOP].borrowed, f"the backstop owes {self.token}")
        now = accrue_all(exchange)
        after = repay_from_sale(now)
        was, left = (x.borrowed(x.members[BACKSTOP], self.token) for x in (now, after))
        yield Check(left < was, "it has the means", "BLQ-TWAP")

    def apply(self, exchange: Exchange) -> Exchange:
        return repay_from_sale(accrue_all(exchange))


def repay_from_sale(exchange: Exchange) -> Exchange:
    """The exchange after the backstop has paid what it can of the debts that it took over, quote token first.

    Of another token it buys what it owes at the book, as far as its cash and what the book has go.
    """
    quote = exchange.venue.quote
    paid = _repaid(exchange, quote)
    for token in exchange.members[BACKSTOP].borrowed:
        if token != quote:
            paid = _repaid(_bought(paid, token), token)
    return paid


def _repaid(exchange: Exchange, token: str) -> Exchange:
    backstop = exchange.members[BACKSTOP]
    if token not in backstop.borrowed:
        return exchange
    owed = exchange.borrowed(backstop, token)
    paid = minimum(owed, maximum(ZERO, backstop.spot.get(token, ZERO)))
    return pools.repay(exchange, backstop.add_spot(token, -paid), token, paid)


def _bought(exchange: Exchange, token: str) -> Exchange:
    backstop, quote, spot = exchange.members[BACKSTOP], exchange.venue.quote, exchange.spots[token]
    wanted = maximum(ZERO, exchange.borrowed(backstop, token) - backstop.spot.get(token, ZERO))
    price = price_at_book(spot.price, 1, wanted * spot.price, spot.depth)
    cash = maximum(ZERO, backstop.spot.get(quote, ZERO))
    offered = exchange.members[BOOK].spot.get(token, ZERO)
    bought = minimum(wanted, quotient(cash, price, ZERO), maximum(ZERO, offered))
    if spot.depth.size is not None:
        bought = minimum(bought, spot.depth.size)
    return trade_spot(exchange, f"{token}/{quote}", BACKSTOP, BOOK, bought, price)
