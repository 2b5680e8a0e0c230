"""User actions: none of them, and no fill, turns a healthy account liquidatable.

Each is proved of the action that the model runs: what its guard asks implies that the account is not liquidatable
after its effect. Accounts have one position that the action is about, and one that stands for all the others.
"""

from __future__ import annotations

from attrs import evolve

from solvent import load_venue
from solvent.account import Regime
from solvent.arithmetic import both, either, negate
from solvent.exchange import (
    AddMargin,
    CancelOrder,
    ChangeLeverage,
    Deposit,
    Fill,
    MarketOrder,
    PerpToSpot,
    PlaceOrder,
    RemoveMargin,
    Send,
    SpotToPerp,
    SubAccountTransfer,
    Withdraw,
)
from solvent.exchange.orders import reduces
from solvent.prove.assumed import (
    assume_kept_by_transfers,
    assume_loan_within_support,
    assume_margins_by_table,
    assume_orders,
    assume_other_margins,
    assume_smaller_asks_less,
    stays_healthy,
)
from solvent.prove.examples import any_numbers, pair_exchange
from solvent.prove.pools import regimes_of
from solvent.prove.theorem import Family, theorem

PLAIN = (Regime.CROSS, Regime.UNIFIED)
"""The modes without collateral in the margin ratio."""


def pair(given, mode):
    """Two accounts of a mode, a sub-account and the book, with any numbers."""
    example = pair_exchange(given.venue or load_venue("hyperliquid-beta"), mode)
    return any_numbers(given, example, of="" if given.regime else f"{mode} mode: ")


def in_modes(given, *cases):
    """The cases in each plain mode of the column."""
    return [part for mode in regimes_of(given, *PLAIN) for case in cases for part in case(given, mode)]


def assume_of_trade(given, exchange, happening, *names):
    """What a trade in BTC needs of margin tables and orders."""
    after = happening.apply(exchange)
    assume_other_margins(given, exchange, "BTC", *names)
    assume_margins_by_table(given, after, "BTC", *names)
    assume_orders(given, after, *names)
    of_portfolio = [name for name in names if exchange.members[name].mode is Regime.PORTFOLIO]
    if of_portfolio:
        assume_smaller_asks_less(given, exchange, after, "BTC", *of_portfolio)


def market_order(given, mode):
    """A market order of any size: the account and the book."""
    exchange = pair(given, mode)
    order = MarketOrder(account="ann", market="BTC", size=given.number("size", "1"))
    assume_of_trade(given, exchange, order, "ann", "book")
    return [stays_healthy(exchange, name, order) for name in ("ann", "book")]


def fill(given, mode):
    """A fill of two resting orders at any price that both allow: buyer and seller."""
    exchange, size, price = pair(given, mode), given.number("size", "1"), given.number("price", "1000")
    happening = Fill(market="BTC", buyer="ann", buy="buy", seller="bob", sell="sell", size=size, price=price)
    assume_of_trade(given, exchange, happening, "ann", "bob")
    return [stays_healthy(exchange, name, happening) for name in ("ann", "bob")]


def spot_order(given, mode):
    """A spot order of any size."""
    exchange = pair(given, mode)
    order = MarketOrder(account="ann", market=f"HYPE/{exchange.venue.quote}", size=given.number("size", "1"))
    assume_other_margins(given, exchange, "", "ann")
    assume_orders(given, order.apply(exchange), "ann")
    if mode is Regime.PORTFOLIO:
        assume_loan_within_support(given, exchange, "ann")
    return [stays_healthy(exchange, "ann", order, "spot order")]


@theorem(
    Family.USER_ACTIONS,
    regimes=PLAIN,
    why="An order that the venue accepts must not be the order that liquidates the account.",
)
def no_market_order_makes_either_side_liquidatable(given):
    """No market order for a cross position, of any size and at any depth of the book, makes the account or the book liquidatable."""
    return in_modes(given, market_order)


@theorem(
    Family.USER_ACTIONS,
    regimes=PLAIN,
    why="A resting order fills later, at its own price, when the account may hold less.",
)
def no_fill_makes_buyer_or_seller_liquidatable(given):
    """No fill of two resting orders for cross positions, at any price that both allow, makes buyer or seller liquidatable."""
    return in_modes(given, fill)


@theorem(
    Family.USER_ACTIONS,
    regimes=PLAIN,
    why="In unified mode the cash of a spot purchase is the margin of the perps.",
)
def no_spot_order_makes_an_account_liquidatable(given):
    """No spot order, of any size and at any depth of the book, makes an account liquidatable."""
    return in_modes(given, spot_order)


@theorem(
    Family.USER_ACTIONS,
    regimes=(Regime.PORTFOLIO,),
    general=False,
    why="Under portfolio margin an order may be paid with a loan that the order itself needs.",
)
def no_market_order_makes_a_portfolio_account_or_the_book_liquidatable(given):
    """No market order for a cross position, of any size and at any depth of the book, makes a portfolio account or the book liquidatable."""
    return market_order(given, Regime.PORTFOLIO)


@theorem(
    Family.USER_ACTIONS,
    regimes=(Regime.PORTFOLIO,),
    general=False,
    why="A resting order fills later, when collateral may be worth less.",
)
def no_fill_makes_a_portfolio_account_liquidatable(given):
    """No fill of two resting orders for cross positions, at any price that both allow, makes buyer or seller in portfolio mode liquidatable."""
    return fill(given, Regime.PORTFOLIO)


@theorem(
    Family.USER_ACTIONS,
    regimes=(Regime.PORTFOLIO,),
    general=False,
    why="The cash of a spot purchase may be borrowed, and is the margin of the perps.",
)
def below_the_borrow_cap_no_spot_order_makes_a_portfolio_account_liquidatable(given):
    """No spot order makes a portfolio account liquidatable while its borrow capacity is at most the trigger times its support."""
    return spot_order(given, Regime.PORTFOLIO)


@theorem(
    Family.USER_ACTIONS,
    regimes=(Regime.ISOLATED,),
    why="Initial margin of an isolated position is set aside at the price of the trade, and its health is read at the mark.",
)
def no_market_order_makes_an_isolated_position_liquidatable(given):
    """No market order for an isolated position makes the position liquidatable, nor, where it opens, any other of the account."""
    exchange = pair(given, Regime.CROSS)
    order = MarketOrder(account="ann", market="ETH", size=given.number("size", "-1"))
    after = order.apply(exchange)
    assume_other_margins(given, exchange, "ETH", "ann")
    assume_orders(given, after, "ann")
    asked, opens = (
        stays_healthy(exchange, "ann", order),
        negate(reduces(exchange.members["ann"], "ETH", order.size)),
    )
    due = either(*(pool.liquidatable for pool in after.assess("ann").pools if "ETH" in pool.members))
    return [
        evolve(asked, name="an order that opens: the account", when=both(asked.when, opens)),
        evolve(asked, name="any order: the position", claim=negate(due)),
    ]


def cash_out(given, mode):
    """Every way of cash out of a balance: who gives, and who receives."""
    exchange, amount = pair(given, mode), given.number("amount", "1")
    quote = exchange.venue.quote
    assume_kept_by_transfers(given, exchange, "ann", "bob", "ann/sub")
    assume_orders(given, exchange, "ann", "bob")
    if mode is Regime.PORTFOLIO:
        assume_loan_within_support(given, exchange, "ann", "ann/sub", "bob")
    withdrawal = Withdraw(account="ann", token=quote, amount=amount)
    gift = Send(sender="ann", receiver="bob", token=quote, amount=amount)
    moved = SubAccountTransfer(sender="ann", receiver="ann/sub", amount=amount)
    ways = [("ann", withdrawal), ("ann", gift), ("bob", gift), ("ann", moved), ("ann/sub", moved)]
    if mode is Regime.CROSS:
        ways += [("ann", way(account="ann", amount=amount)) for way in (PerpToSpot, SpotToPerp)]
    ways += [("ann", way(account="ann", market="ETH", amount=amount)) for way in (AddMargin, RemoveMargin)]
    return [stays_healthy(exchange, name, way) for name, way in ways]


@theorem(
    Family.USER_ACTIONS,
    regimes=PLAIN,
    why="On 2025-03-12 an account withdrew what its position needed, and the vault paid for closing it.",
)
def no_cash_that_leaves_a_balance_makes_an_account_liquidatable(given):
    """No withdrawal, payment, transfer or move of margin makes the account that gives or the one that receives liquidatable."""
    return in_modes(given, cash_out)


@theorem(
    Family.USER_ACTIONS,
    regimes=(Regime.PORTFOLIO,),
    general=False,
    why="A loan must not leave as a withdrawal.",
)
def no_cash_that_leaves_makes_a_portfolio_account_liquidatable(given):
    """No withdrawal, payment, transfer or move of margin makes a portfolio account liquidatable, on either side."""
    return cash_out(given, Regime.PORTFOLIO)


def without_cost(given, mode):
    """Deposits, orders that rest or are taken back, and a choice of leverage."""
    exchange, amount, price = pair(given, mode), given.number("amount", "5"), given.number("price", "1000")
    asked = {"account": "ann", "order": "more", "market": "BTC", "price": price}
    happenings = {
        "deposit": Deposit(account="ann", token=exchange.venue.quote, amount=amount),
        "buy order": PlaceOrder(size="1", **asked),
        "sell order": PlaceOrder(size="-1", **asked),
        "cancelled order": CancelOrder(account="ann", order="buy"),
        "leverage": ChangeLeverage(account="ann", market="BTC", leverage=amount),
        "leverage of an isolated position": ChangeLeverage(
            account="ann", market="ETH", leverage=amount, isolated=True
        ),
    }
    return [stays_healthy(exchange, "ann", happening, words) for words, happening in happenings.items()]


@theorem(
    Family.USER_ACTIONS,
    regimes=PLAIN,
    why="Who adds money, or only asks for something, must not be liquidated for it.",
)
def no_deposit_order_or_leverage_makes_an_account_liquidatable(given):
    """No deposit, no placing or cancelling of an order and no change of leverage makes an account liquidatable."""
    return in_modes(given, without_cost)


@theorem(
    Family.USER_ACTIONS,
    regimes=(Regime.PORTFOLIO,),
    general=False,
    why="Who adds money, or only asks for something, must not be liquidated for it.",
)
def no_deposit_order_or_leverage_makes_a_portfolio_account_liquidatable(given):
    """No deposit, no placing or cancelling of an order and no change of leverage makes a portfolio account liquidatable."""
    return without_cost(given, Regime.PORTFOLIO)
