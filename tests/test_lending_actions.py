"""Lending pools: supplies, loans, interest, what the venue does by itself, and loans that nobody pays."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, localcontext
from fractions import Fraction

import pytest
from exchange_examples import (
    FREE,
    HOUR,
    at,
    cash,
    idle,
    member,
    opening,
    refused,
    run,
    trades,
    with_token,
)

from solvent.exchange import (
    Accrue,
    AutoBorrow,
    AutoRepay,
    AutoSupply,
    Borrow,
    Deposit,
    LiquidateCollateral,
    MovePrices,
    PassTime,
    PlaceOrder,
    Repay,
    SpotMarket,
    Supply,
    Withdraw,
    WithdrawSupply,
    found,
)

UNIT = Fraction(1, 10**8)
SHARE = Fraction(1, 10**18)
"""The unit of shares and indices."""
DAYS_30 = 30 * 24 * HOUR
CAPPED = "the supply stays within the caps", "LEND-MAY-SUPPLY"
MANUAL = "the account is not in portfolio mode and has the capacity", "LEND-MANUAL"
NEEDED = "no loan and no hold needs it", "PM-COLLATERAL-OUT"
SHORT = "capacity, caps and the pool's cash cover it", "LEND-MAY-BORROW"


def idle_of(name):
    return f"{name} has the amount idle", "UA-HOLD"


def supplied(exchange, name, coin="USDC"):
    """What an account can claim: its shares at the pool's index."""
    return exchange.members[name].supplied.get(coin, Fraction(0)) * exchange.pools[coin].supply_index


def owed(exchange, name, coin="USDC"):
    """What an account owes: its shares at the pool's index."""
    return exchange.members[name].borrowed.get(coin, Fraction(0)) * exchange.pools[coin].debt_index


def lending(*, mode="cross", hype=100, usdc=0, pool=10_000, loan=0, venue=FREE):
    """Alice with HYPE supplied and a loan, and sue with the pool's USDC."""
    exchange = run(
        opening(member("alice", mode, HYPE=hype, USDC=usdc), member("sue", USDC=pool), venue=venue),
        Supply(account="sue", token="USDC", amount=pool),
        Supply(account="alice", token="HYPE", amount=hype),
    )
    return run(exchange, Borrow(account="alice", token="USDC", amount=loan)) if loan else exchange


def accrued(*, pool, loan, milliseconds):
    """The exchange after interest of this time, on a loan out of a pool of this size."""
    exchange = lending(hype=10**4, pool=pool, loan=loan)
    return run(exchange, PassTime(milliseconds=milliseconds), Accrue(token="USDC"))


# Supply


def test_a_supply_goes_from_spot_to_the_pool_as_far_as_it_is_idle():
    exchange = run(
        opening(member("sue", USDC=1000)),
        PlaceOrder(account="sue", order="a", market="HYPE/USDC", size=10, price=40),
    )

    refused(exchange, Supply(account="sue", token="USDC", amount=600 + UNIT), *idle_of("sue"))
    after = run(exchange, Supply(account="sue", token="USDC", amount=600))

    assert (idle(after, "sue"), supplied(after, "sue"), after.pools["USDC"].cash) == (400, 600, 600)


def test_a_supply_stays_within_the_cap_of_the_account_and_of_the_venue():
    venue = with_token(FREE, "USDC", user_supply_cap=1000, global_supply_cap=1500)
    exchange = opening(member("sue", USDC=2000), member("tom", USDC=2000), venue=venue)

    refused(exchange, Supply(account="sue", token="USDC", amount=1000 + UNIT), *CAPPED)
    first = run(exchange, Supply(account="sue", token="USDC", amount=1000))
    refused(first, Supply(account="sue", token="USDC", amount=UNIT), *CAPPED)
    refused(first, Supply(account="tom", token="USDC", amount=500 + UNIT), *CAPPED)

    assert supplied(run(first, Supply(account="tom", token="USDC", amount=500)), "tom") == 500


def test_a_unified_account_does_not_supply_what_its_positions_need():
    exchange = trades(opening(member("alice", "unified", USDC=10_000)), "alice", "0.5")

    refused(exchange, Supply(account="alice", token="USDC", amount=5000 + UNIT), *idle_of("alice"))
    after = run(exchange, Supply(account="alice", token="USDC", amount=5000))

    assert (idle(after, "alice"), supplied(after, "alice")) == (5000, 5000)


def test_shares_of_a_supply_are_rounded_down_and_the_rest_is_the_reserves():
    exchange = run(
        accrued(pool=1000, loan=800, milliseconds=DAYS_30), Deposit(account="sue", token="USDC", amount=7)
    )
    index = exchange.pools["USDC"].supply_index
    before, reserve = exchange.members["sue"].supplied["USDC"], exchange.pools["USDC"].reserve

    after = run(exchange, Supply(account="sue", token="USDC", amount=7))

    given = after.members["sue"].supplied["USDC"] - before
    assert given % SHARE == 0
    assert given * index <= 7 < (given + SHARE) * index
    assert after.pools["USDC"].reserve == reserve + 7 - given * index


def test_what_is_supplied_comes_back_as_far_as_the_pool_has_cash():
    exchange = lending(pool=1000, loan=700)

    refused(exchange, WithdrawSupply(account="sue", token="USDC", amount=1001), "sue has supplied the amount")
    refused(
        exchange,
        WithdrawSupply(account="sue", token="USDC", amount=300 + UNIT),
        "the pool has the cash",
        "LEND-WITHDRAW",
    )
    after = run(exchange, WithdrawSupply(account="sue", token="USDC", amount=300))

    assert (idle(after, "sue"), supplied(after, "sue"), after.pools["USDC"].cash) == (300, 700, 0)


def test_collateral_comes_back_as_far_as_the_loan_allows():
    exchange = lending(loan=1300)

    # 1 300 need 50 HYPE at 40 and an LTV of 0.65.
    refused(exchange, WithdrawSupply(account="alice", token="HYPE", amount=50 + UNIT), *NEEDED)
    after = run(exchange, WithdrawSupply(account="alice", token="HYPE", amount=50))
    free = run(lending(), WithdrawSupply(account="alice", token="HYPE", amount=100))

    assert (idle(after, "alice", "HYPE"), supplied(after, "alice", "HYPE")) == (50, 50)
    assert not free.members["alice"].supplied


def test_collateral_of_a_portfolio_account_stays_for_what_its_positions_commit():
    exchange = trades(lending(mode="portfolio", usdc=740), "alice", "0.1")

    # The transfer requirement of 1 000 lies 260 above the equity, which 10 HYPE carry.
    refused(exchange, WithdrawSupply(account="alice", token="HYPE", amount=90 + UNIT), *NEEDED)
    after = run(exchange, WithdrawSupply(account="alice", token="HYPE", amount=90))

    assert supplied(after, "alice", "HYPE") == 10


# Borrow and repay


def test_a_loan_goes_to_spot_up_to_the_collateral_at_ltv():
    exchange = lending()

    refused(exchange, Borrow(account="alice", token="USDC", amount=2600 + UNIT), *MANUAL)
    after = run(exchange, Borrow(account="alice", token="USDC", amount=2600))

    assert (idle(after, "alice"), owed(after, "alice")) == (2600, 2600)
    assert (after.pools["USDC"].cash, after.pools["USDC"].borrowed) == (7400, 2600)


def test_a_portfolio_account_does_not_borrow_by_hand_and_nobody_what_is_not_lent():
    exchange = lending(mode="portfolio")

    refused(exchange, Borrow(account="alice", token="USDC", amount=1), *MANUAL)
    refused(lending(), Borrow(account="alice", token="HYPE", amount=1), "HYPE can be borrowed")


@pytest.mark.parametrize(
    ("caps", "pool"),
    [({"user_borrow_cap": 500}, 9000), ({"global_borrow_cap": 500}, 9000), ({}, 500)],
    ids=["user cap", "global cap", "cash"],
)
def test_a_loan_stays_within_its_cap_the_venues_cap_and_the_cash(caps, pool):
    exchange = lending(pool=pool, loan=100, venue=with_token(FREE, "USDC", **caps))

    refused(exchange, Borrow(account="alice", token="USDC", amount=400 + UNIT), *SHORT)
    after = run(exchange, Borrow(account="alice", token="USDC", amount=400))

    assert owed(after, "alice") == 500


def test_a_loan_of_another_token_counts_at_its_price():
    exchange = run(
        opening(member("alice", HYPE=100), member("sue", USDT0=9999)),
        Supply(account="sue", token="USDT0", amount=9999),
        Supply(account="alice", token="HYPE", amount=100),
    )
    exchange = run(exchange, MovePrices(spots={"USDT0": "1.04"}))

    refused(exchange, Borrow(account="alice", token="USDT0", amount=2500 + UNIT), *MANUAL)
    after = run(exchange, Borrow(account="alice", token="USDT0", amount=2500))

    assert idle(after, "alice", "USDT0") == 2500


def test_shares_of_a_loan_are_rounded_up_and_the_rest_is_the_reserves():
    exchange = accrued(pool=1000, loan=500, milliseconds=DAYS_30)
    index = exchange.pools["USDC"].debt_index
    before, reserve = exchange.members["alice"].borrowed["USDC"], exchange.pools["USDC"].reserve

    after = run(exchange, Borrow(account="alice", token="USDC", amount=7))

    taken = after.members["alice"].borrowed["USDC"] - before
    assert taken % SHARE == 0
    assert (taken - SHARE) * index < 7 <= taken * index
    assert after.pools["USDC"].reserve == reserve + taken * index - 7


def test_a_loan_is_repaid_from_what_is_idle_and_no_further_than_it_goes():
    exchange = run(lending(loan=1000), Withdraw(account="alice", token="USDC", amount=300))

    refused(exchange, Repay(account="alice", token="USDC", amount=700 + UNIT), *idle_of("alice"))
    part = run(exchange, Repay(account="alice", token="USDC", amount=700))
    rich = run(part, Deposit(account="alice", token="USDC", amount=1000))
    refused(rich, Repay(account="alice", token="USDC", amount=300 + UNIT), "the loan is at least the amount")
    whole = run(rich, Repay(account="alice", token="USDC", amount=300))

    assert (owed(part, "alice"), idle(part, "alice")) == (300, 0)
    assert not whole.members["alice"].borrowed
    assert whole.pools["USDC"].cash == 10_000


def test_a_unified_account_does_not_repay_with_what_its_positions_need():
    exchange = trades(lending(mode="unified", hype=1000, usdc=5000, pool=30_000, loan=20_000), "alice", 1)

    # Of 25 000 a tenth of the notional stays.
    refused(exchange, Repay(account="alice", token="USDC", amount=15_000 + UNIT), *idle_of("alice"))
    after = run(exchange, Repay(account="alice", token="USDC", amount=15_000))

    assert (owed(after, "alice"), idle(after, "alice")) == (5000, 10_000)


def test_a_debt_that_was_partly_taken_over_can_be_repaid_to_the_last_share():
    exchange = run(
        lending(pool=3000, loan=1),
        PassTime(milliseconds=HOUR),
        Borrow(account="alice", token="USDC", amount=2598),
    )
    exchange = run(at(exchange, HYPE=31), LiquidateCollateral(account="alice"))

    after = run(exchange, Repay(account="alice", token="USDC", amount=owed(exchange, "alice")))

    assert not after.members["alice"].borrowed


# Interest


@pytest.mark.parametrize(
    ("loan", "rate"),
    [(400, "0.05"), (800, "0.05"), (900, "0.525"), (1000, "1")],
    ids=["low", "kink", "above", "all"],
)
@pytest.mark.parametrize("milliseconds", [1, HOUR, DAYS_30])
def test_a_debt_grows_by_one_plus_the_rate_to_the_power_of_the_years(loan, rate, milliseconds):
    exchange = accrued(pool=1000, loan=loan, milliseconds=milliseconds)

    with localcontext(prec=60):
        years = Decimal(milliseconds) / 1000 / 31_536_000
        growth = (1 + Decimal(rate)) ** years
        index = growth.quantize(Decimal("1e-18"), rounding=ROUND_CEILING)
        interest = loan * (index - 1)
        earned = (1 + interest * Decimal("0.9") / 1000).quantize(Decimal("1e-18"), rounding=ROUND_FLOOR)

    pool = exchange.pools["USDC"]
    assert (pool.debt_index, pool.supply_index) == (Fraction(index), Fraction(earned))
    assert pool.reserve == Fraction(interest) - 1000 * (Fraction(earned) - 1)
    assert pool.reserve >= Fraction(interest) / 10


def test_interest_accrues_once_for_a_time_and_before_every_operation():
    exchange = accrued(pool=1000, loan=800, milliseconds=DAYS_30)
    refused(exchange, Accrue(token="USDC"), "time has passed since the last accrual")

    later = run(exchange, PassTime(milliseconds=HOUR))
    first = run(later, Accrue(token="USDC"), Repay(account="alice", token="USDC", amount=5))

    assert run(later, Repay(account="alice", token="USDC", amount=5)) == first
    assert first.pools["USDC"].debt_index > exchange.pools["USDC"].debt_index


def test_nothing_accrues_where_nothing_is_lent():
    exchange = run(lending(), PassTime(milliseconds=DAYS_30), Accrue(token="USDC"), Accrue(token="HYPE"))

    for token in ("USDC", "HYPE"):
        pool = exchange.pools[token]
        assert (pool.debt_index, pool.supply_index, pool.reserve, pool.accrued) == (1, 1, 0, DAYS_30)


@pytest.mark.parametrize("action", [Supply, WithdrawSupply, Borrow, Repay])
def test_an_operation_on_a_pool_asks_for_an_amount_above_zero_and_a_pool_with_caps(action):
    exchange = found(FREE, spots=[SpotMarket(token="ABC", price=1)], members=[member("alice")], pools=["ABC"])

    refused(exchange, action(account="alice", token="USDC", amount=0), "the amount is above zero")
    refused(exchange, action(account="alice", token="ZZZ", amount=1), "there is a lending pool of ZZZ")
    refused(exchange, action(account="alice", token="ABC", amount=1), "the venue states the caps of ABC")
    refused(exchange, AutoSupply(account="alice", token="ABC"), "the venue states the caps of ABC")
    refused(exchange, Accrue(token="ZZZ"), "there is a lending pool of ZZZ")


# What the venue does by itself


def test_what_a_portfolio_account_has_committed_beyond_its_own_is_lent_once():
    exchange = trades(lending(mode="portfolio", hype=1000, usdc=4000), "alice", 1)

    after = run(exchange, AutoBorrow(account="alice", token="USDC"))

    # A tenth of the notional is 10 000.
    assert (owed(after, "alice"), idle(after, "alice"), after.pools["USDC"].cash) == (6000, 10_000, 4000)
    asks = "it needs a larger loan and may have one", "PM-BORROW"
    refused(after, AutoBorrow(account="alice", token="USDC"), *asks)


@pytest.mark.parametrize(
    ("given", "caps", "loan"),
    [
        ({"hype": 100}, {}, 2600),
        ({"pool": 2000}, {}, 2000),
        ({}, {"user_borrow_cap": 1500}, 1500),
        ({}, {"global_borrow_cap": 1200}, 1200),
    ],
    ids=["capacity", "cash", "user cap", "global cap"],
)
def test_what_is_lent_by_itself_stays_within_capacity_cash_and_caps(given, caps, loan):
    exchange = lending(**{"mode": "portfolio", "hype": 1000} | given, venue=with_token(FREE, "USDC", **caps))
    lends = AutoBorrow(account="alice", token="USDC")

    first = run(trades(exchange, "alice", "0.05"), lends)
    after = run(trades(first, "alice", "0.35"), lends)

    assert (owed(first, "alice"), owed(after, "alice")) == (500, loan)


def test_a_portfolio_account_repays_what_it_no_longer_needs():
    exchange = trades(lending(mode="portfolio", hype=1000, usdc=4000), "alice", 1)
    exchange = run(exchange, AutoBorrow(account="alice", token="USDC"))
    asks = "it has a loan and the means to repay of it", "PM-BORROW"
    refused(exchange, AutoRepay(account="alice", token="USDC"), *asks)

    half = run(trades(exchange, "alice", "-0.5"), AutoRepay(account="alice", token="USDC"))
    won = run(at(exchange, BTC=104_000), AutoRepay(account="alice", token="USDC"))

    # Half the position commits 5 000: a loan of 1 000 is left. A profit of 4 000 less 400 more to commit repays 3 600.
    assert (owed(half, "alice"), idle(half, "alice")) == (1000, 5000)
    assert (owed(won, "alice"), idle(won, "alice"), cash(won, "alice")) == (2400, 6400, -100_000)


def test_a_portfolio_account_repays_in_cash_first_and_then_out_of_its_own_supply():
    exchange = trades(lending(mode="portfolio"), "alice", "0.1")
    exchange = run(exchange, *(act(account="alice", token="USDC") for act in (AutoBorrow, AutoSupply)))
    exchange = trades(exchange, "alice", "-0.1")
    exchange = run(exchange, WithdrawSupply(account="alice", token="USDC", amount=300))
    was = owed(exchange, "alice"), supplied(exchange, "alice")

    after = run(exchange, AutoRepay(account="alice", token="USDC"))

    assert was == (1000, 700)
    assert (owed(after, "alice"), idle(after, "alice"), supplied(after, "alice")) == (0, 0, 0)


def test_automatic_loans_are_for_portfolio_accounts_and_tokens_that_are_lent():
    exchange = lending(mode="unified")
    fallen = with_token(FREE, "USDC", global_borrow_cap=1000)
    fallen = fallen.with_readings({"MODE-FALLBACK": "existing-borrowers"})
    full = lending(mode="portfolio", hype=1000, venue=fallen)
    full = run(trades(full, "alice", "0.1"), AutoBorrow(account="alice", token="USDC"))

    for action in (AutoBorrow, AutoRepay):
        asks = "alice is margined as a portfolio", "PM-BORROW"
        refused(exchange, action(account="alice", token="USDC"), *asks)
        refused(full, action(account="alice", token="USDC"), *asks)
        refused(exchange, action(account="alice", token="HYPE"), "HYPE can be borrowed")
        refused(exchange, action(account="alice", token="ZZZ"), "there is a lending pool of ZZZ")


@pytest.mark.parametrize("cap", ["user_supply_cap", "global_supply_cap"])
def test_what_lies_idle_in_a_portfolio_account_is_supplied_as_far_as_caps_allow(cap):
    venue = with_token(FREE, "HYPE", **{cap: 70})
    exchange = run(
        opening(member("alice", "portfolio", USDC=1000, HYPE=100), member("bob", USDC=9), venue=venue),
        PlaceOrder(account="alice", order="buy", market="HYPE/USDC", size=5, price=40),
        PlaceOrder(account="alice", order="sell", market="HYPE/USDC", size=-40, price=50),
    )
    asks = "it has idle tokens and the caps have room", "LEND-MAY-SUPPLY"

    after = run(exchange, *(AutoSupply(account="alice", token=token) for token in ("USDC", "HYPE")))
    more = run(
        after, Deposit(account="alice", token="HYPE", amount=50), AutoSupply(account="alice", token="HYPE")
    )

    assert (supplied(after, "alice"), idle(after, "alice")) == (800, 200)
    assert (supplied(after, "alice", "HYPE"), idle(after, "alice", "HYPE")) == (60, 40)
    assert (supplied(more, "alice", "HYPE"), idle(more, "alice", "HYPE")) == (70, 80)
    refused(more, AutoSupply(account="alice", token="HYPE"), *asks)
    refused(exchange, AutoSupply(account="bob", token="USDC"), "bob is in portfolio mode")
    refused(exchange, AutoSupply(account="alice", token="ZZZ"), "there is a lending pool of ZZZ")
