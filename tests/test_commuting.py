"""Independent actions commute; of those that do not, the order is a rule."""

from __future__ import annotations

from itertools import combinations

import pytest

from solvent import load_venue
from solvent.exchange import (
    AddMargin,
    AutoRepay,
    AutoSupply,
    CancelOrder,
    ChangeLeverage,
    Deposit,
    LiquidateOnBook,
    MovePrices,
    PassTime,
    PerpToSpot,
    PlaceOrder,
    Repay,
    Send,
    SettleFunding,
    SpotToPerp,
    Supply,
    SwitchMode,
    Withdraw,
    WithdrawSupply,
    step,
)
from solvent.exchange.record import text
from solvent.prove.examples import busy_exchange

HOUR = 3_600_000
BUSY = step(busy_exchange(load_venue("hyperliquid-beta")), PassTime(milliseconds=HOUR))

ACTIONS = [
    Deposit(account="standard", token="USDC", amount="7"),
    Deposit(account="unified", token="HYPE", amount="7"),
    Withdraw(account="unified", token="USDC", amount="7"),
    Withdraw(account="standard/sub", token="USDC", amount="7"),
    Send(sender="standard", receiver="lender", token="USDC", amount="7"),
    PerpToSpot(account="standard/sub", amount="7"),
    PlaceOrder(account="unified", order="new", market="ETH", size="1", price="3000"),
    CancelOrder(account="standard", order="buy"),
    AddMargin(account="standard", market="ETH", amount="7"),
    ChangeLeverage(account="unified", market="ETH", leverage="3"),
    Supply(account="unified", token="HYPE", amount="7"),
    WithdrawSupply(account="lender", token="USDC", amount="7"),
    Repay(account="standard", token="USDC", amount="7"),
    AutoSupply(account="portfolio", token="USDC"),
    AutoRepay(account="portfolio", token="USDC"),
    SettleFunding(market="BTC"),
    SettleFunding(market="ETH"),
    SwitchMode(account="lender", mode="unified"),
]
ALLOWED = [action for action in ACTIONS if action.refusal(BUSY) is None]


def touched(action):
    """The accounts, pools and markets that an action changes; of the treasury only sums change."""
    after = action.apply(BUSY)
    return {
        (part, name)
        for part in ("members", "pools", "markets")
        for name, value in getattr(after, part).items()
        if getattr(BUSY, part).get(name) is not value
    }


INDEPENDENT = [(a, b) for a, b in combinations(ALLOWED, 2) if not touched(a) & touched(b)]


def test_there_are_independent_pairs_of_many_kinds():
    assert len({type(action) for pair in INDEPENDENT for action in pair}) >= 12


@pytest.mark.parametrize(("one", "other"), INDEPENDENT, ids=str)
def test_independent_actions_commute(one, other):
    assert text(step(step(BUSY, one), other)) == text(step(step(BUSY, other), one))


def test_a_withdrawal_and_a_fall_of_the_price_do_not_commute():
    out = PerpToSpot(account="standard", amount="10000")
    fall = MovePrices(marks={"BTC": "80000"})

    assert out.refusal(BUSY) is None
    assert out.refusal(step(BUSY, fall)) is not None


def test_a_rescue_and_a_liquidation_do_not_commute():
    down = step(BUSY, MovePrices(marks={"BTC": "66000"}))
    liquidation = LiquidateOnBook(account="standard", market="BTC")
    rescue = SpotToPerp(account="standard", amount="5000")

    late = step(step(down, liquidation), rescue)

    assert liquidation.refusal(step(down, rescue)) is not None
    assert "BTC" not in late.members["standard"].positions
