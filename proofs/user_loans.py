"""Loans and supplies of users: none of them turns a healthy account liquidatable, but for the rounding of one pool share.

Interest has accrued up to the action, as every action on a pool has it accrue first: what accrual does is its own.
"""

from __future__ import annotations

from fractions import Fraction

from attrs import evolve

from solvent import load_venue
from solvent.account import Regime
from solvent.arithmetic import both
from solvent.exchange import AutoSupply, Borrow, Repay, Supply, WithdrawSupply
from solvent.prove.assumed import (
    assume_kept_by_transfers,
    assume_loan_beyond_rounding,
    assume_orders,
    assume_ratio_beyond_rounding,
    assume_room_beyond_rounding,
    share_of,
    stays_healthy,
)
from solvent.prove.examples import any_numbers, lone_exchange
from solvent.prove.pools import regimes_of
from solvent.prove.theorem import Family, theorem
from solvent.prove.wellformed import assume_all, shares_well_formed

PLAIN = (Regime.CROSS, Regime.UNIFIED)
"""The modes in which users borrow by hand."""
BOTH = (*PLAIN, Regime.PORTFOLIO)


def lone(given, mode):
    """An account with a loan and collateral, whose cross positions are one, and pools with any number of others."""
    example = lone_exchange(given.venue or load_venue("hyperliquid-beta"), mode)
    exchange = any_numbers(given, example, of="" if given.regime else f"{mode} mode: ")
    assume_all(given, shares_well_formed(exchange))
    return exchange


def assume_prices(given, exchange):
    """Prices of collateral are above zero."""
    given.assume("prices are above zero", both(*(spot.price > 0 for spot in exchange.spots.values())))


def in_modes(given, case):
    """The case in each plain mode of the column."""
    return [part for mode in regimes_of(given, *PLAIN) for part in case(given, mode)]


def borrowing(given, mode):
    """A loan of any amount."""
    exchange = lone(given, mode)
    loan = Borrow(account="ann", token=exchange.venue.quote, amount=given.number("amount", "5"))
    share = share_of(exchange, loan.token, debt=True)
    assume_room_beyond_rounding(given, loan.apply(exchange), "ann", share)
    return [stays_healthy(exchange, "ann", loan)]


def collateral_back(given, mode):
    """Collateral taken out of the supply."""
    exchange = lone(given, mode)
    back = WithdrawSupply(account="ann", token="HYPE", amount=given.number("amount", "5"))
    after, share = back.apply(exchange), share_of(exchange, "HYPE")
    assume_prices(given, exchange)
    assume_room_beyond_rounding(given, after, "ann", share)
    assume_loan_beyond_rounding(given, exchange, "ann", share)
    return [stays_healthy(exchange, "ann", back)]


def quote_back(given, mode):
    """The quote token taken out of the supply, supplied, and paid back; collateral supplied."""
    exchange, amount = lone(given, mode), given.number("amount", "5")
    quote = exchange.venue.quote
    assume_prices(given, exchange)
    happenings = [
        WithdrawSupply(account="ann", token=quote, amount=amount),
        Supply(account="ann", token=quote, amount=amount),
        Repay(account="ann", token=quote, amount=amount),
        Supply(account="ann", token="HYPE", amount=amount),
    ]
    if mode is Regime.PORTFOLIO:
        happenings += [AutoSupply(account="ann", token=token) for token in (quote, "HYPE")]
        for debt in (True, False):
            assume_ratio_beyond_rounding(given, exchange, "ann", share_of(exchange, quote, debt=debt))
    else:
        assume_kept_by_transfers(given, exchange, "ann")
        assume_orders(given, exchange, "ann")
    words = [f"{happening.name().replace('_', ' ')} of {happening.token}" for happening in happenings]
    return [stays_healthy(exchange, "ann", one, said) for one, said in zip(happenings, words, strict=True)]


@theorem(Family.USER_ACTIONS, regimes=PLAIN, why="A loan that the venue grants must not be due at once.")
def no_loan_makes_its_borrower_liquidatable(given):
    """No manual loan makes an account liquidatable, if its borrow capacity and thresholds are more than one rounded pool share apart."""
    return in_modes(given, borrowing)


@theorem(Family.USER_ACTIONS, regimes=PLAIN, why="Collateral that a loan needs must not leave.")
def no_collateral_taken_back_makes_an_account_liquidatable(given):
    """No withdrawal of supplied collateral makes an account liquidatable, if its thresholds are more than one rounded pool share away."""
    return in_modes(given, collateral_back)


@theorem(Family.USER_ACTIONS, regimes=PLAIN, why="Who supplies or pays back must not be worse off for it.")
def no_supply_or_repayment_makes_an_account_liquidatable(given):
    """No supply, no repayment and no withdrawal of the supplied quote token makes an account liquidatable."""
    return in_modes(given, quote_back)


@theorem(
    Family.USER_ACTIONS,
    regimes=(Regime.PORTFOLIO,),
    general=False,
    why="Idle balances are supplied automatically: the account must not lose its margin to a rounding.",
)
def no_supply_or_repayment_makes_a_portfolio_account_liquidatable(given):
    """No supply, automatic or not, no repayment and no withdrawal of the supplied quote token makes a portfolio account liquidatable whose ratio is more than one rounded pool share within its trigger."""
    return quote_back(given, Regime.PORTFOLIO)


def dust(venue):
    """A debt index of 4, so that one step of a share is a debt of 4e-18, and collateral worth as much."""
    exchange = lone_exchange(venue, Regime.CROSS)
    ann = exchange.members["ann"]
    worth = Fraction(4, 10**18)
    shares = ann.supplied.put("HYPE", worth / exchange.spots["HYPE"].price)
    bare = evolve(ann, supplied=shares, borrowed=ann.borrowed.drop(venue.quote))
    return exchange.put(bare).put_pool(evolve(exchange.pools[venue.quote], debt_index=Fraction(4)))


@theorem(
    Family.USER_ACTIONS,
    regimes=(Regime.CROSS,),
    general=False,
    why="Debts are rounded up to whole pool shares: of a loan of dust the rounding is more than its collateral.",
    false=True,
    repair="let the guard of a loan count the debt as rounded, or ask a least loan",
)
def no_loan_of_whatever_size_makes_its_borrower_liquidatable(given):
    """No manual loan, however small, makes an account liquidatable."""
    exchange = given.state(
        dust(given.venue), ("members", "markets", "spots", "usdt", "pools", "treasury", "external")
    )
    loan = Borrow(account="ann", token=given.venue.quote, amount=given.number("amount", Fraction(2, 10**18)))
    return [stays_healthy(exchange, "ann", loan)]
