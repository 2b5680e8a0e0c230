"""Conservation: whatever happens, every unit has an owner and every position a counterparty."""

from __future__ import annotations

from solvent import load_venue
from solvent.arithmetic import both
from solvent.exchange import (
    AddMargin,
    AllocateShortfall,
    AutoBorrow,
    AutoRepay,
    AutoSupply,
    Borrow,
    CancelOrder,
    ChangeLeverage,
    Deleverage,
    Deposit,
    Fill,
    LiquidateCollateral,
    LiquidateOnBook,
    MarketOrder,
    MovePrices,
    PerpToSpot,
    PlaceOrder,
    RemoveMargin,
    Repay,
    SellCollateral,
    Send,
    SettleFunding,
    SpotToPerp,
    SubAccountTransfer,
    Supply,
    TakeOver,
    Unwind,
    Withdraw,
    WithdrawSupply,
    WriteOff,
)
from solvent.invariants import states
from solvent.prove.examples import busy_exchange
from solvent.prove.theorem import Family, Part, theorem

EXAMPLE = "hyperliquid-beta"
KEEP = tuple(f"markets.{name}.step" for name in ("BTC", "ETH", "HYPE"))


def actions(given):
    """One of every action that moves money or positions, with any amount, size and price."""
    amount, size, price = given.number("amount"), given.number("size"), given.number("price")
    return [
        Deposit(account="standard", token="USDC", amount=amount),
        Withdraw(account="standard", token="USDC", amount=amount),
        Withdraw(account="portfolio", token="USDC", amount=amount),
        Send(sender="unified", receiver="standard", token="USDC", amount=amount),
        SubAccountTransfer(sender="standard", receiver="standard/sub", amount=amount),
        SpotToPerp(account="standard", amount=amount),
        PerpToSpot(account="standard", amount=amount),
        PlaceOrder(account="unified", order="more", market="ETH", size=1, price=price),
        CancelOrder(account="standard", order="buy"),
        MarketOrder(account="standard", market="BTC", size=size),
        MarketOrder(account="standard", market="ETH", size=size),
        MarketOrder(account="portfolio", market="HYPE", size=size),
        MarketOrder(account="unified", market="HYPE/USDC", size=size),
        AddMargin(account="standard", market="ETH", amount=amount),
        RemoveMargin(account="standard", market="ETH", amount=amount),
        ChangeLeverage(account="standard", market="BTC", leverage=amount),
        Supply(account="lender", token="USDC", amount=amount),
        WithdrawSupply(account="lender", token="USDC", amount=amount),
        Borrow(account="standard", token="USDC", amount=amount),
        Repay(account="standard", token="USDC", amount=amount),
        Fill(
            market="HYPE",
            buyer="standard",
            buy="buy",
            seller="standard/sub",
            sell="sell",
            size=size,
            price=price,
        ),
        AutoBorrow(account="portfolio", token="USDC"),
        AutoRepay(account="portfolio", token="USDC"),
        AutoSupply(account="portfolio", token="USDC"),
        SettleFunding(market="BTC"),
        SettleFunding(market="ETH"),
        LiquidateOnBook(account="standard", market="BTC"),
        LiquidateOnBook(account="standard", market="ETH"),
        LiquidateOnBook(account="portfolio", market="HYPE"),
        TakeOver(account="standard", market="BTC"),
        TakeOver(account="standard", market="ETH"),
        TakeOver(account="portfolio", market="HYPE"),
        Deleverage(account="unified", market="BTC", counterparty="standard"),
        Deleverage(account="standard", market="ETH", counterparty="book"),
        AllocateShortfall(account="standard"),
        AllocateShortfall(account="portfolio"),
        Unwind(market="BTC", size=size),
        LiquidateCollateral(account="standard"),
        LiquidateCollateral(account="portfolio"),
        SellCollateral(token="HYPE"),
        WriteOff(account="standard", token="USDC"),
        MovePrices(marks={"BTC": price}, spots={"HYPE": amount}),
    ]


def inductive(given, invariant):
    """For every action: where the invariant holds before the effect, it holds after it."""
    exchange = given.state(busy_exchange(given.venue or load_venue(EXAMPLE)), KEEP)
    for claim in invariant(exchange):
        given.assume(f"{claim.subject}: {invariant.__doc__}", claim.condition)
    return [
        Part(type(one).name() + f" {place}", both(*(c.condition for c in invariant(one.apply(exchange)))))
        for place, one in enumerate(actions(given))
    ]


@theorem(Family.CONSERVATION, why="Value that appears from nowhere is paid by somebody else.")
def every_action_conserves_every_token(given):
    """Every action keeps what accounts, lending pools and the treasury have at what came in less what went out."""
    return inductive(given, states.conservation)


@theorem(Family.CONSERVATION, why="A position without a counterparty is a debt of the venue.")
def every_action_keeps_the_positions_of_a_market_at_zero(given):
    """Every action keeps the positions of a market at a sum of zero."""
    return inductive(given, states.open_interest)


@theorem(Family.CONSERVATION, why="Suppliers can be paid only from cash and loans that exist.")
def every_action_keeps_the_identity_of_lending_pools(given):
    """Every action keeps cash and loans of a lending pool equal to suppliers' claims and the reserve."""
    return inductive(given, states.pool_identity)
