"""Claims about shares, indices and the lending pool: amounts and shares are whole numbers of one unit of shares."""

from __future__ import annotations

from fractions import Fraction

from attrs import evolve
from claims import claimed

from solvent.arithmetic import ceil_to, floor_to
from solvent.exchange import Exchange, LendingPool, Member
from solvent.exchange.lending import borrow, grown, repay, supply, take_out, write_off
from solvent.ingest.venue_file import load_venue
from solvent.rules.lending import claim, index_after_loss, reserve_gain, shares_given, shares_taken

TOKEN = "USDC"
UNIT = Fraction(1)
MANY = Fraction(10**9)
"""What the account and the pool have of everything else, so that an operation of less is allowed."""
VENUE = load_venue("hyperliquid-beta")
EXCHANGE = Exchange(venue=evolve(VENUE, parameters=evolve(VENUE.parameters, index_unit=UNIT)))
RICH = Member(name="rich", **{held: {TOKEN: MANY} for held in ("spot", "supplied", "borrowed")})


def balanced(pool: LendingPool) -> LendingPool:
    """The pool with the reserve that makes its identity hold."""
    return evolve(pool, reserve=pool.cash + pool.borrowed - pool.supplied)


def rounded_up(amount, index, unit):
    return ceil_to(amount / index, unit)


def rounded_down(amount, index, unit):
    return floor_to(amount / index, unit)


def less_a_unit(amount, index, unit):
    return ceil_to(amount / index, unit) - 2 * unit


def with_one_share_for_free(exchange, member, token, amount):
    after = supply(exchange, member, token, amount)
    pool = after.pools[token]
    return after.put_pool(balanced(evolve(pool, supply_shares=pool.supply_shares + UNIT)))


def with_one_coin_from_nowhere(exchange, member, token, amount):
    after = supply(exchange, member, token, amount)
    pool = after.pools[token]
    return after.put_pool(evolve(pool, cash=pool.cash + UNIT))


def debt_index_lowered(exchange, pool, growth):
    after = grown(exchange, pool, growth)
    return balanced(evolve(after, debt_index=after.debt_index - UNIT))


def supply_index_lowered(exchange, pool, growth):
    after = grown(exchange, pool, growth)
    return balanced(evolve(after, supply_index=after.supply_index - UNIT))


def supply_index_raised(exchange, pool, growth):
    after = grown(exchange, pool, growth)
    return balanced(evolve(after, supply_index=after.supply_index + UNIT))


def remainder_forgotten(exchange, pool, growth):
    after = grown(exchange, pool, growth)
    kept = reserve_gain(after.borrowed - pool.borrowed, exchange.venue.parameters.reserve_share)
    return evolve(after, reserve=pool.reserve + kept)


def all_of_the_loss(index, loss, supplied):
    return index * (1 - loss / supplied)


@claimed(shares_given, wrong=rounded_up)
def shares_that_count_for_an_account_are_worth_no_more_than_it_gives(shares_of):
    def contract(amount: int, index: int, scale: int) -> bool:
        """
        pre: amount >= 0 and index > 0 and scale > 0
        post: _
        """
        worth = Fraction(index, scale)
        shares = shares_of(Fraction(amount), worth, UNIT)
        return claim(shares, worth) <= amount < claim(shares + UNIT, worth)

    return contract


@claimed(shares_taken, wrong=rounded_down)
def shares_that_count_against_an_account_are_worth_no_less_than_it_takes(shares_of):
    def contract(amount: int, index: int, scale: int) -> bool:
        """
        pre: amount >= 0 and index > 0 and scale > 0
        post: _
        """
        worth = Fraction(index, scale)
        shares = shares_of(Fraction(amount), worth, UNIT)
        return claim(shares - UNIT, worth) < amount <= claim(shares, worth)

    return contract


@claimed(shares_given, wrong=rounded_up)
def who_supplies_and_takes_out_what_that_is_worth_never_gains(shares_of):
    def contract(amount: int, index: int, scale: int) -> bool:
        """
        pre: amount >= 0 and index > 0 and scale > 0
        post: _
        """
        worth = Fraction(index, scale)
        shares = shares_of(Fraction(amount), worth, UNIT)
        taken = claim(shares, worth)
        return shares_taken(taken, worth, UNIT) == shares and taken <= amount

    return contract


@claimed(shares_taken, wrong=less_a_unit)
def who_borrows_and_repays_the_same_never_gains(shares_of):
    def contract(amount: int, index: int, scale: int) -> bool:
        """
        pre: amount >= 0 and index > 0 and scale > 0
        post: _
        """
        worth = Fraction(index, scale)
        return shares_of(Fraction(amount), worth, UNIT) >= shares_given(Fraction(amount), worth, UNIT)

    return contract


@claimed(supply, take_out, borrow, repay, wrong=with_one_share_for_free)
def no_operation_takes_from_the_reserve_or_from_anybody_else(operation):
    def contract(amount: int, index: int, scale: int) -> bool:
        """
        pre: amount > 0 and scale > 0 and amount * scale <= index * MANY
        post: _
        """
        before, after = pools_around(operation, Fraction(amount), Fraction(index, scale))
        others = after.supply_index >= before.supply_index and after.debt_index <= before.debt_index
        return others and after.reserve >= before.reserve

    return contract


@claimed(supply, take_out, borrow, repay, wrong=with_one_coin_from_nowhere)
def every_operation_keeps_the_identity_of_the_pool(operation):
    def contract(amount: int, index: int, scale: int) -> bool:
        """
        pre: amount > 0 and scale > 0 and amount * scale <= index * MANY
        post: _
        """
        _, after = pools_around(operation, Fraction(amount), Fraction(index, scale))
        return after.cash + after.borrowed == after.supplied + after.reserve

    return contract


def pools_around(operation, amount: Fraction, index: Fraction) -> tuple[LendingPool, LendingPool]:
    """The pool before and after an operation of an amount, at one index of supplies and debts."""
    shares = {"supply_shares": 2 * MANY, "debt_shares": 2 * MANY}
    before = balanced(LendingPool(token=TOKEN, cash=MANY, supply_index=index, debt_index=index, **shares))
    return before, operation(EXCHANGE.put_pool(before), RICH, TOKEN, amount).pools[TOKEN]


@claimed(grown, wrong=debt_index_lowered)
def interest_never_lowers_the_debt_index(accrual):
    def contract(
        supplied: int, supply_index: int, owed: int, debt_index: int, growth: int, scale: int
    ) -> bool:
        """
        pre: supplied >= 0 and owed >= 0 and supply_index > 0 and debt_index > 0 and growth >= scale > 0
        post: _
        """
        before, after = pools_around_interest(
            accrual, supplied, supply_index, owed, debt_index, growth, scale
        )
        return after.debt_index >= before.debt_index

    return contract


@claimed(grown, wrong=supply_index_lowered)
def interest_never_lowers_the_supply_index(accrual):
    def contract(
        supplied: int, supply_index: int, owed: int, debt_index: int, growth: int, scale: int
    ) -> bool:
        """
        pre: supplied >= 0 and owed >= 0 and supply_index > 0 and debt_index > 0 and growth >= scale > 0
        post: _
        """
        before, after = pools_around_interest(
            accrual, supplied, supply_index, owed, debt_index, growth, scale
        )
        return after.supply_index >= before.supply_index

    return contract


@claimed(grown, wrong=supply_index_raised)
def interest_never_takes_from_the_reserve(accrual):
    def contract(
        supplied: int, supply_index: int, owed: int, debt_index: int, growth: int, scale: int
    ) -> bool:
        """
        pre: supplied >= 0 and owed >= 0 and supply_index > 0 and debt_index > 0 and growth >= scale > 0
        post: _
        """
        before, after = pools_around_interest(
            accrual, supplied, supply_index, owed, debt_index, growth, scale
        )
        return after.reserve >= before.reserve

    return contract


@claimed(grown, wrong=remainder_forgotten)
def interest_keeps_the_identity_of_the_pool(accrual):
    def contract(
        supplied: int, supply_index: int, owed: int, debt_index: int, growth: int, scale: int
    ) -> bool:
        """
        pre: supplied >= 0 and owed >= 0 and supply_index > 0 and debt_index > 0 and growth >= scale > 0
        post: _
        """
        _, after = pools_around_interest(accrual, supplied, supply_index, owed, debt_index, growth, scale)
        return after.cash + after.borrowed == after.supplied + after.reserve

    return contract


def pools_around_interest(
    accrual, supplied: int, supply_index: int, owed: int, debt_index: int, growth: int, scale: int
) -> tuple[LendingPool, LendingPool]:
    """A pool of so many shares before and after its debts have grown by a quotient of at least one."""
    pool = LendingPool(
        token=TOKEN,
        cash=MANY,
        supply_shares=Fraction(supplied),
        supply_index=Fraction(supply_index),
        debt_shares=Fraction(owed),
        debt_index=Fraction(debt_index),
    )
    before = balanced(pool)
    return before, accrual(EXCHANGE, before, Fraction(growth, scale))


@claimed(index_after_loss, wrong=all_of_the_loss)
def a_loss_lowers_the_supply_index_and_never_below_zero(rule):
    def contract(index: int, loss: int, supplied: int) -> bool:
        """
        pre: index > 0 and loss >= 0 and supplied > 0
        post: _
        """
        return 0 <= rule(Fraction(index), Fraction(loss), Fraction(supplied)) <= index

    return contract


def loss_forgotten(exchange, debtor, token):
    after = write_off(exchange, debtor, token)
    return after.put_pool(evolve(after.pools[token], reserve=exchange.pools[token].reserve))


def suppliers_spared(exchange, debtor, token):
    after = write_off(exchange, debtor, token)
    kept = exchange.pools[token].supply_index
    return after.put_pool(balanced(evolve(after.pools[token], supply_index=kept)))


@claimed(write_off, wrong=loss_forgotten)
def a_loan_that_is_written_off_keeps_the_identity_of_the_pool(loss):
    def contract(cash: int, debt_index: int) -> bool:
        """
        pre: cash >= 0 and debt_index > 0
        post: _
        """
        _, after = pools_around_loss(loss, cash, debt_index)
        return after.cash + after.borrowed == after.supplied + after.reserve

    return contract


@claimed(write_off, wrong=suppliers_spared)
def suppliers_bear_what_the_reserve_cannot(loss):
    def contract(cash: int, debt_index: int) -> bool:
        """
        pre: cash >= 0 and 0 < debt_index <= 4000
        post: _
        """
        before, after = pools_around_loss(loss, cash, debt_index)
        return after.supply_index <= before.supply_index and (before.reserve < 0 or after.reserve >= 0)

    return contract


def pools_around_loss(loss, cash: int, debt_index: int) -> tuple[LendingPool, LendingPool]:
    """The pool before and after half of its debts, which is a quarter of its supplies at equal indices, is written off."""
    before = balanced(
        LendingPool(
            token=TOKEN,
            cash=Fraction(cash),
            supply_shares=4 * MANY,
            supply_index=Fraction(1000),
            debt_shares=2 * MANY,
            debt_index=Fraction(debt_index),
        )
    )
    return before, loss(EXCHANGE.put(RICH).put_pool(before), RICH.name, TOKEN).pools[TOKEN]
