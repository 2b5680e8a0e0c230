"""What users do with their money: in and out, between accounts and balances, between modes, and around margin."""

from __future__ import annotations

from fractions import Fraction

import pytest
from attrs import evolve
from exchange_examples import (
    at,
    cash,
    held,
    idle,
    isolated,
    margin,
    member,
    opening,
    refused,
    run,
    trades,
)

from solvent import load_venue
from solvent.account import Regime
from solvent.exchange import (
    AddMargin,
    AllocateShortfall,
    AutoSupply,
    Borrow,
    ChangeLeverage,
    Deleverage,
    Deposit,
    PerpToSpot,
    PlaceOrder,
    RemoveMargin,
    Send,
    SpotToPerp,
    SubAccountTransfer,
    Supply,
    SwitchMode,
    Withdraw,
)
from solvent.exchange.state import amounts

UNIT = Fraction(1, 10**8)
"""One unit more than is allowed."""


WITHDRAWABLE = "the amount is withdrawable from alice", "PERP-WITHDRAWABLE"
ADDABLE = "the amount may leave the cross balance", "PERP-TRANSFER"


def leaves(exchange, most, action, check, **fields):
    """The exchange after the largest amount that an action allows; one unit more is refused."""
    refused(exchange, action(amount=Fraction(most) + UNIT, **fields), *check)
    return run(exchange, action(amount=Fraction(most), **fields))


# Deposit and withdraw


def test_a_deposit_comes_into_the_spot_balance_from_outside():
    before = opening(member("alice", USDC="0.5"))

    after = run(before, Deposit(account="alice", token="USDC", amount="250.25"))

    assert idle(after, "alice") == Fraction("250.75")
    assert after.external["USDC"] - before.external["USDC"] == Fraction("250.25")
    assert after.members["maker"] is before.members["maker"]


def test_a_deposit_asks_for_a_known_token_and_an_amount_above_zero():
    exchange = opening(member("alice"))

    refused(exchange, Deposit(account="alice", token="ZZZ", amount=1), "ZZZ has a price here")
    refused(exchange, Deposit(account="alice", token="USDC", amount=0), "the amount is above zero")
    refused(exchange, Deposit(account="alice", token="USDC", amount=-1), "the amount is above zero")


@pytest.mark.parametrize("mode", ["cross", "unified", "portfolio"])
def test_what_lies_idle_without_a_position_may_all_be_withdrawn(mode):
    exchange = opening(member("alice", mode, USDC=1000))

    after = leaves(exchange, 1000, Withdraw, WITHDRAWABLE, account="alice", token="USDC")

    assert idle(after, "alice") == 0
    assert exchange.external["USDC"] - after.external["USDC"] == 1000


def test_the_standard_mode_withdraws_from_spot_alone_and_not_what_rests_in_orders():
    exchange = opening(member("alice", raw=7000, USDC=1000, HYPE=10))
    refused(exchange, Withdraw(account="alice", token="USDC", amount=0), "the amount is above zero")
    exchange = run(
        exchange,
        PlaceOrder(account="alice", order="buy", market="HYPE/USDC", size=10, price=35),
        PlaceOrder(account="alice", order="sell", market="HYPE/USDC", size=-4, price=45),
    )

    after = leaves(exchange, 1000 - 350, Withdraw, WITHDRAWABLE, account="alice", token="USDC")
    after = leaves(after, 10 - 4, Withdraw, WITHDRAWABLE, account="alice", token="HYPE")

    assert (idle(after, "alice"), idle(after, "alice", "HYPE"), cash(after, "alice")) == (350, 4, 7000)


def test_a_unified_account_keeps_a_tenth_of_its_notional_on_every_dex_of_the_token():
    exchange = opening(member("alice", "unified", USDC=10_000))
    exchange = trades(trades(exchange, "alice", "0.5"), "alice", 100, "xyz:CL")
    # At 40x and 20x initial margin is 1 250 and 400: the transfer requirement is 5 000 + 800.

    after = leaves(exchange, 4200, Withdraw, WITHDRAWABLE, account="alice", token="USDC")
    fallen = at(exchange, **{"xyz:CL": 60})
    loser = leaves(fallen, 10_000 - 2000 - 5000 - 600, Withdraw, WITHDRAWABLE, account="alice", token="USDC")

    assert (idle(after, "alice"), cash(after, "alice"), cash(after, "alice", "xyz")) == (5800, -50_000, -8000)
    assert idle(loser, "alice") == 10_000 - 2400


def test_profit_of_a_unified_account_may_leave_and_is_paid_from_its_perps_once_spot_is_empty():
    exchange = at(trades(opening(member("alice", "unified", USDC=10_000)), "alice", "0.5"), BTC=130_000)

    # Equity 10 000 + 15 000, of which a tenth of 65 000 stays.
    after = leaves(exchange, 18_500, Withdraw, WITHDRAWABLE, account="alice", token="USDC")

    assert (idle(after, "alice"), cash(after, "alice")) == (0, -50_000 - 8500)


def test_what_is_supplied_cannot_be_withdrawn_before_it_is_taken_out():
    exchange = run(
        opening(member("alice", "portfolio", USDC=1000)), AutoSupply(account="alice", token="USDC")
    )

    refused(exchange, Withdraw(account="alice", token="USDC", amount=UNIT), *WITHDRAWABLE)


# Between accounts


def test_a_sent_token_comes_into_the_spot_balance_of_the_receiver():
    exchange = opening(member("alice", HYPE=10), member("bob", "portfolio"))

    after = leaves(exchange, 10, Send, WITHDRAWABLE, sender="alice", receiver="bob", token="HYPE")

    assert (idle(after, "alice", "HYPE"), idle(after, "bob", "HYPE")) == (0, 10)


def test_nobody_sends_to_himself_or_nothing():
    exchange = opening(member("alice", USDC=10), member("bob"))

    to_self = Send(sender="alice", receiver="alice", token="USDC", amount=1)
    nothing = Send(sender="alice", receiver="bob", token="USDC", amount=0)
    refused(exchange, to_self, "sender and receiver differ")
    refused(exchange, nothing, "the amount is above zero")


def test_a_standard_sub_account_transfers_what_the_transfer_requirement_leaves():
    exchange = opening(member("alice", raw=10_000, USDC=5), member("sub", "unified", owner="alice"))
    exchange = trades(exchange, "alice", "0.5")
    transfer = {"sender": "alice", "receiver": "sub"}

    after = leaves(
        exchange, 5000, SubAccountTransfer, ("the amount may leave alice", "PERP-TRANSFER"), **transfer
    )

    assert (cash(after, "alice"), cash(after, "sub"), idle(after, "alice")) == (5000 - 50_000, 5000, 5)


def test_a_unified_sub_account_transfers_from_its_one_balance_into_the_named_dex():
    exchange = opening(member("alice"), member("sub", "unified", owner="alice", USDC=300))

    after = leaves(
        exchange,
        300,
        SubAccountTransfer,
        ("the amount may leave sub", "PERP-TRANSFER"),
        sender="sub",
        receiver="alice",
        dex="xyz",
    )

    assert (idle(after, "sub"), cash(after, "alice", "xyz"), cash(after, "alice")) == (0, 300, 0)


def test_a_sub_account_transfer_stays_within_one_owner_and_a_known_dex():
    exchange = opening(
        member("alice", raw=10), member("sub", raw=10, owner="alice"), member("bob", owner="bob")
    )

    def transfer(**changed):
        return SubAccountTransfer(**{"sender": "alice", "receiver": "sub", "amount": 1} | changed)

    refused(exchange, transfer(receiver="alice"), "sender and receiver differ")
    refused(exchange, transfer(receiver="bob"), "alice and bob have one owner", "MODE-SUB")
    refused(exchange, transfer(dex="abc"), "there is a dex abc")
    refused(exchange, transfer(amount=0), "the amount is above zero")


# Between spot and perps, and between modes


def test_the_standard_mode_moves_cash_between_spot_and_each_dex():
    exchange = run(
        opening(member("alice", raw=10_000, USDC=700)),
        PlaceOrder(account="alice", order="buy", market="HYPE/USDC", size=10, price=20),
    )
    exchange = run(
        trades(exchange, "alice", "0.5"),
        PlaceOrder(account="alice", order="more", market="BTC", size="0.1", price=100_000),
    )
    perp = "the amount may leave the perps", "PERP-TRANSFER"

    # 200 rest in the spot buy; 5 000 are a tenth of the notional, and the order reserves 10 000 / 40.
    after = leaves(exchange, 500, SpotToPerp, WITHDRAWABLE, account="alice", dex="xyz")
    after = leaves(after, 500, PerpToSpot, perp, account="alice", dex="xyz")
    after = leaves(after, 10_000 - 5000 - 250, PerpToSpot, perp, account="alice")

    assert (idle(after, "alice"), cash(after, "alice"), cash(after, "alice", "xyz")) == (5450, -44_750, 0)


@pytest.mark.parametrize("move", [SpotToPerp, PerpToSpot])
def test_moving_between_spot_and_perps_is_for_the_standard_mode_and_known_dexes(move):
    exchange = opening(member("alice", "unified", USDC=9), member("bob", raw=9, USDC=9))

    refused(exchange, move(account="alice", amount=1), "alice is in the standard mode", "MODE-SHARED")
    refused(exchange, move(account="bob", amount=1, dex="abc"), "there is a dex abc")
    refused(exchange, move(account="bob", amount=0), "the amount is above zero")


def test_nothing_leaves_a_dex_on_which_the_account_has_nothing():
    refused(
        opening(member("alice", raw=9)),
        PerpToSpot(account="alice", amount=UNIT, dex="xyz"),
        "the amount may leave the perps",
        "PERP-TRANSFER",
    )


@pytest.mark.parametrize("mode", ["unified", "portfolio"])
def test_a_switch_of_mode_brings_the_cash_of_all_dexes_into_spot(mode):
    exchange = opening(member("alice", raw=100, xyz="50.5", USDC=7))

    after = run(exchange, SwitchMode(account="alice", mode=mode))
    back = run(after, SwitchMode(account="alice", mode="cross"))

    assert (after.members["alice"].mode, idle(after, "alice")) == (Regime(mode), Fraction("157.5"))
    assert not after.members["alice"].raw
    assert back.members["alice"].mode is Regime.CROSS


def test_a_switch_of_mode_asks_for_an_account_without_anything_open():
    exchange = opening(member("alice", raw=5000, USDC=9, HYPE=100), member("sue", USDC=9))
    order = PlaceOrder(account="alice", order="a", market="HYPE/USDC", size="0.1", price=40)
    lent = run(
        exchange,
        Supply(account="sue", token="USDC", amount=9),
        Supply(account="alice", token="HYPE", amount=100),
        Borrow(account="alice", token="USDC", amount=9),
    )
    owing = exchange.put(evolve(exchange.members["alice"], deficit=amounts({"": -1})))
    switch = SwitchMode(account="alice", mode="unified")

    refused(trades(exchange, "alice", 1), switch, "there are no positions and no orders", "MODE-SWITCH")
    refused(run(exchange, order), switch, "there are no positions and no orders", "MODE-SWITCH")
    refused(lent, switch, "there is no loan", "MODE-SWITCH")
    refused(owing, switch, "there is no deficit")
    refused(exchange, SwitchMode(account="alice", mode="cross"), "alice is in another mode")
    refused(
        exchange,
        SwitchMode(account="alice", mode="isolated"),
        "the mode is cross, unified or portfolio",
    )


def test_a_switch_of_mode_does_not_hide_what_an_account_owes():
    exchange = at(trades(opening(member("alice", "unified", USDC=5000)), "alice", 1), BTC=94_000)
    closed = Deleverage(account="alice", market="BTC", counterparty="maker")
    exchange = run(at(exchange, BTC=93_000), closed)
    switch = SwitchMode(account="alice", mode="cross")

    refused(exchange, switch, "no balance is below zero", "MODE-SWITCH")
    assert run(exchange, AllocateShortfall(account="alice"), switch)


def test_the_portfolio_mode_is_for_accounts_below_the_bound_of_value():
    rich = opening(member("alice", raw=20_000_000, xyz=4_000_000, USDC=1_000_000))
    switch = SwitchMode(account="alice", mode="portfolio")
    alpha = load_venue("hyperliquid-alpha")
    less = run(rich, Withdraw(account="alice", token="USDC", amount="0.01"))
    unbounded = opening(*(m for m in rich.members.values() if m.name == "alice"), venue=alpha)

    refused(rich, switch, "the account value is below the bound", "MODE-ELIGIBLE-VALUE")

    assert run(less, switch).members["alice"].mode is Regime.PORTFOLIO
    assert run(unbounded, switch).members["alice"].mode is Regime.PORTFOLIO


def test_what_is_supplied_counts_for_the_bound_of_value():
    rich = run(
        opening(member("alice", USDC=25_000_000)), Supply(account="alice", token="USDC", amount=25_000_000)
    )

    refused(
        rich,
        SwitchMode(account="alice", mode="portfolio"),
        "the account value is below the bound",
        "MODE-ELIGIBLE-VALUE",
    )


# Isolated margin


def test_margin_is_added_up_to_what_may_leave_the_cross_balance():
    exchange = trades(opening(member("alice", raw=20_000)), "alice", 50, "HYPE")
    exchange = isolated(exchange, "alice", 1, 10)
    assert (cash(exchange, "alice"), held(exchange, "alice")) == (
        20_000 - 2000 - 10_000,
        (1, 100_000, -90_000),
    )

    # The cross long of 2 000 keeps a tenth: 10 000 - 200.
    after = leaves(exchange, 9800, AddMargin, ADDABLE, account="alice", market="BTC")

    assert (cash(after, "alice"), margin(after, "alice")) == (200 - 2000, 19_800)


def test_a_unified_account_adds_margin_from_its_one_balance():
    exchange = isolated(opening(member("alice", "unified", USDC=15_000)), "alice", 1, 10)

    after = leaves(exchange, 5000, AddMargin, ADDABLE, account="alice", market="BTC")

    assert (idle(after, "alice"), cash(after, "alice"), margin(after, "alice")) == (15_000, -15_000, 15_000)


@pytest.mark.parametrize(
    ("leverage", "price", "stays"), [(5, 110_000, 22_000), (40, 120_000, 12_000)], ids=["initial", "a tenth"]
)
def test_margin_is_removed_down_to_the_transfer_requirement(leverage, price, stays):
    exchange = at(isolated(opening(member("alice", raw=20_000)), "alice", 1, leverage), BTC=price)
    had = Fraction(100_000, leverage) + price - 100_000

    after = leaves(
        exchange,
        had - stays,
        RemoveMargin,
        ("the margin may be removed", "PERP-ISO-REMOVE"),
        account="alice",
        market="BTC",
    )

    assert margin(after, "alice") == stays
    assert cash(after, "alice") == 20_000 + price - 100_000 - stays


@pytest.mark.parametrize("move", [AddMargin, RemoveMargin])
def test_margin_moves_only_where_a_position_has_margin_of_its_own(move):
    exchange = trades(opening(member("alice", raw=20_000)), "alice", "0.1")
    alone = isolated(opening(member("alice", raw=20_000)), "alice", 1, 10)
    asks = "alice has an isolated position in {}"

    refused(exchange, move(account="alice", market="BTC", amount=1), asks.format("BTC"), "PERP-ISO-MARGIN")
    refused(exchange, move(account="alice", market="HYPE", amount=1), asks.format("HYPE"), "PERP-ISO-MARGIN")
    refused(exchange, move(account="alice", market="ZZZ", amount=1), "there is a market ZZZ")
    refused(alone, move(account="alice", market="BTC", amount=0), "the amount is above zero")


# Leverage


def test_the_leverage_lies_between_one_and_the_largest_of_the_market():
    exchange = opening(member("alice", raw=5000))

    def sets(leverage, market="BTC"):
        return ChangeLeverage(account="alice", market=market, leverage=leverage)

    refused(exchange, sets(0), "the leverage is at least 1", "PERP-LEVERAGE")
    refused(exchange, sets("2.5"), "the leverage is a whole number", "PERP-LEVERAGE")
    refused(exchange, sets(41), "the leverage is at most 40", "PERP-LEVERAGE")
    refused(exchange, sets(21, "xyz:CL"), "the leverage is at most 20", "PERP-LEVERAGE")
    refused(exchange, sets(1, "HYPE/USDC"), "there is a market HYPE/USDC")
    for leverage in (1, 40):
        after = run(exchange, sets(leverage))
        assert after.members["alice"].settings["BTC"].leverage == leverage


def test_a_lower_leverage_asks_for_the_initial_margin_of_position_and_orders():
    exchange = run(
        trades(opening(member("alice", raw=12_000)), "alice", 1),
        PlaceOrder(account="alice", order="more", market="BTC", size="0.2", price=100_000),
    )

    # 100 000 / 10 and 20 000 / 10 are the 12 000 that the account has.
    after = run(exchange, ChangeLeverage(account="alice", market="BTC", leverage=10))
    short = ChangeLeverage(account="alice", market="BTC", leverage=9)
    refused(exchange, short, "alice covers it", "TRADE-OPEN")

    assert after.members["alice"].positions["BTC"].leverage == 10
    assert after.members["alice"].orders["more"].leverage == 10
    assert held(after, "alice") == held(exchange, "alice")


def test_the_tier_of_the_position_bounds_the_leverage():
    exchange = run(
        opening(member("alice", raw=10**8)), ChangeLeverage(account="alice", market="BTC", leverage=20)
    )
    exchange = trades(exchange, "alice", 1500)

    refused(
        exchange,
        ChangeLeverage(account="alice", market="BTC", leverage=21),
        "the tier allows the leverage of alice",
        "PERP-LEVERAGE",
    )
    just_below = trades(exchange, "alice", "-0.00001")
    assert run(just_below, ChangeLeverage(account="alice", market="BTC", leverage=21))


def test_an_isolated_position_asks_for_the_initial_margin_of_its_new_leverage():
    exchange = isolated(opening(member("alice", raw=50_000)), "alice", 1, 10)

    def sets(leverage):
        return ChangeLeverage(account="alice", market="BTC", leverage=leverage, isolated=True)

    refused(exchange, sets(9), "the isolated margin covers it", "PERP-IM")
    for leverage in (10, 25):
        after = run(exchange, sets(leverage))
        assert (after.members["alice"].positions["BTC"].leverage, margin(after, "alice")) == (
            leverage,
            10_000,
        )


def test_an_open_position_keeps_its_kind_of_margin():
    exchange = trades(opening(member("alice", raw=50_000)), "alice", 1)
    alone = isolated(opening(member("alice", raw=50_000)), "alice", 1, 10)
    asks = "the margin stays cross or isolated while the position is open"

    refused(exchange, ChangeLeverage(account="alice", market="BTC", leverage=10, isolated=True), asks)
    refused(alone, ChangeLeverage(account="alice", market="BTC", leverage=10), asks)


def test_who_is_liquidatable_does_not_change_the_leverage_of_a_position():
    exchange = at(trades(opening(member("alice", raw=5000)), "alice", 1), BTC=96_000)

    refused(exchange, ChangeLeverage(account="alice", market="BTC", leverage=40), "alice is not liquidatable")
