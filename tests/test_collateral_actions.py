"""What the venue has taken over: borrowed collateral and its sale, and the vault's positions on the book."""

from __future__ import annotations

from fractions import Fraction

import pytest
from attrs import evolve
from exchange_examples import (
    FREE,
    HOUR,
    at,
    cash,
    held,
    idle,
    member,
    opening,
    refused,
    run,
    trades,
    with_token,
)

from solvent.exchange import (
    BACKSTOP,
    BOOK,
    VAULT,
    Accrue,
    AutoBorrow,
    Borrow,
    ChangeDepth,
    ChangeParameter,
    Deposit,
    LiquidateCollateral,
    MarketOrder,
    PassTime,
    SellCollateral,
    Supply,
    TakeOver,
    Unwind,
    Withdraw,
    WithdrawSupply,
    WriteOff,
    discharge,
)

UNIT = Fraction(1, 10**8)
SHARE = Fraction(1, 10**18)
HALF_LIFE = 600_000
DAYS_30 = 30 * 24 * HOUR
STEP = LiquidateCollateral(account="alice")
SALE = SellCollateral(token="HYPE")


def supplied(exchange, name, coin="HYPE"):
    """What an account can claim: its shares at the pool's index."""
    return exchange.members[name].supplied.get(coin, Fraction(0)) * exchange.pools[coin].supply_index


def owed(exchange, name, coin="USDC"):
    """What an account owes: its shares at the pool's index."""
    return exchange.members[name].borrowed.get(coin, Fraction(0)) * exchange.pools[coin].debt_index


def lending(*, mode="cross", loan=0, btc=0, usdc=0, pool=100_000, venue=FREE):
    """Alice with 100 HYPE supplied, perhaps UBTC too, and a loan out of a pool of USDC."""
    tokens = {"HYPE": 100} | ({"UBTC": btc} if btc else {}) | ({"USDC": usdc} if usdc else {})
    exchange = run(
        opening(member("alice", mode, **tokens), member("sue", USDC=pool), venue=venue),
        Supply(account="sue", token="USDC", amount=pool),
        Supply(account="alice", token="HYPE", amount=100),
    )
    if btc:
        exchange = run(exchange, Supply(account="alice", token="UBTC", amount=btc))
    return run(exchange, Borrow(account="alice", token="USDC", amount=loan)) if loan else exchange


def borrowed(price, *, width=3_000_000, loan=2000):
    """Alice with 100 HYPE at a price against a loan, where the discount grows over a width."""
    return at(lending(loan=loan, venue=with_token(FREE, "HYPE", depth_width=width)), HYPE=price)


# Liquidation of borrowed collateral


def test_collateral_is_due_when_the_loan_exceeds_it_at_the_partial_threshold():
    # 0.825 of 100 HYPE at 24 are 1 980.
    edge, due = borrowed(24, loan=1980), borrowed(24, loan=1980 + UNIT)

    refused(edge, STEP, "the collateral of alice is due", "BLQ-DUE")
    assert run(due, STEP)


def test_a_partial_step_takes_a_fifth_of_the_debt_and_collateral_worth_it_at_the_discount():
    # The step is worth 480 and owes 400; 480 * (2.65 / 3) / 3 816 is a discount of a ninth, so it costs 450.
    exchange = run(borrowed(24, width=3816), STEP)

    assert (owed(exchange, "alice"), owed(exchange, BACKSTOP)) == (1600, 400)
    assert supplied(exchange, BACKSTOP) == Fraction(450, 24)
    assert supplied(exchange, "alice") == 100 - Fraction(450, 24)
    assert idle(exchange, "alice") == 2000
    assert exchange.members["alice"].last_step == 0


def test_partial_steps_follow_each_other_after_the_interval():
    exchange = at(run(borrowed(24, width=3816), STEP), HYPE=23)

    refused(run(exchange, PassTime(milliseconds=2999)), STEP, "the interval has passed", "BLQ-INTERVAL")
    after = run(exchange, PassTime(milliseconds=3000), STEP)

    assert after.members["alice"].last_step == 3000
    assert owed(after, "alice") == Fraction(4, 5) * owed(
        run(exchange, PassTime(milliseconds=3000), Accrue(token="USDC")), "alice"
    )


def test_full_liquidation_takes_all_debt_and_all_collateral_at_once():
    # 0.88333 of 2 200 is below 2 000.
    exchange = run(borrowed(22, width=40_810), STEP)

    assert (owed(exchange, "alice"), owed(exchange, BACKSTOP)) == (0, 2000)
    assert (supplied(exchange, "alice"), supplied(exchange, BACKSTOP)) == (0, 100)
    assert "USDC" not in exchange.members["alice"].borrowed


def test_full_liquidation_begins_beyond_the_full_threshold_and_waits_for_nothing():
    # Two thirds of the way from 0.65 to one, of 100 HYPE at 24, are 2 120.
    partial, full = (run(borrowed(24, loan=loan), STEP) for loan in (2120, 2120 + UNIT))
    assert owed(partial, "alice") == Fraction(4, 5) * 2120
    assert owed(full, "alice") == 0

    after = run(at(partial, HYPE=20), STEP)

    assert owed(after, "alice") == 0


@pytest.mark.parametrize("price", [20, 19])
def test_a_debt_that_the_collateral_is_not_worth_takes_all_of_both(price):
    exchange = run(borrowed(price), STEP)

    assert (owed(exchange, "alice"), owed(exchange, BACKSTOP)) == (0, 2000)
    assert (supplied(exchange, "alice"), supplied(exchange, BACKSTOP)) == (0, 100)


def test_the_discount_leaves_what_lies_between_the_full_threshold_and_the_value():
    # At most 1 - 0.88333: 2 000 / 0.88333 = 2 264 are more than 2 260, however thin the book.
    exchange = run(borrowed("22.6", width=1), STEP)

    assert supplied(exchange, "alice") == 0


def test_every_collateral_bears_its_share_of_the_debt():
    venue = with_token(with_token(FREE, "HYPE", depth_width=None), "UBTC", depth_width=None)
    exchange = at(lending(loan=7600, btc="0.1", venue=venue), HYPE=30, BTC=65_000)

    # 0.825 of 3 000 and 0.75 of 6 500 are below 7 600; together at the full threshold they are above.
    after = run(exchange, STEP)

    part = Fraction(1520, 9500)
    assert owed(after, BACKSTOP) == 1520
    assert (supplied(after, BACKSTOP), supplied(after, BACKSTOP, "UBTC")) == (100 * part, part / 10)


def test_collateral_is_liquidated_for_who_owes_and_has_some():
    exchange = borrowed(24)
    bare = run(exchange, ChangeParameter(parameter="HYPE.ltv", value=0))

    refused(lending(), STEP, "alice owes something", "BLQ-DEBT")
    refused(bare, STEP, "alice has collateral", "PM-COLLATERAL")
    refused(
        run(exchange, STEP), LiquidateCollateral(account=BACKSTOP), "the account is not the backstop's own"
    )
    refused(exchange, LiquidateCollateral(account="ghost"), "there is an account ghost")


def owing_in_perps(hype):
    """Alice, in portfolio mode, has lost 2 000 on a position and borrows nothing; HYPE has fallen."""
    exchange = trades(lending(mode="portfolio"), "alice", 100, "xyz:CL")
    exchange = trades(at(exchange, **{"xyz:CL": 60}), "alice", -100, "xyz:CL")
    assert cash(exchange, "alice", "xyz") == -2000
    return at(exchange, HYPE=hype)


def test_a_portfolio_account_without_positions_is_due_for_a_balance_below_zero():
    refused(owing_in_perps(40), STEP, "the collateral of alice is due", "BLQ-DUE")

    after = run(owing_in_perps(24), STEP)

    assert (owed(after, "alice"), idle(after, "alice"), cash(after, "alice", "xyz")) == (0, 400, -2000)
    assert idle(after, BACKSTOP) == -400


def test_what_a_sale_does_not_bring_of_a_balance_below_zero_is_allocated():
    exchange = run(owing_in_perps(2), STEP)
    assert (idle(exchange, BACKSTOP), supplied(exchange, BACKSTOP)) == (-2000, 100)

    exchange = discharge(run(exchange, PassTime(milliseconds=200 * HALF_LIFE))).exchange

    assert supplied(exchange, BACKSTOP) == 0
    assert idle(exchange, BACKSTOP) + cash(exchange, BACKSTOP) == 0
    assert -1801 < exchange.treasury["USDC"] <= -1800


def test_a_fallen_back_account_keeps_its_collateral_in_the_pool():
    venue = with_token(FREE, "USDC", global_borrow_cap=1000)
    venue = venue.with_readings({"MODE-FALLBACK": "existing-borrowers"})
    exchange = trades(lending(mode="portfolio", venue=venue), "alice", "0.01", "UBTC/USDC")
    exchange = run(exchange, AutoBorrow(account="alice", token="USDC"))
    withdrawable = "the amount is withdrawable from alice", "PERP-WITHDRAWABLE"
    covered = "alice covers what it opens", "TRADE-OPEN"

    refused(exchange, Withdraw(account="alice", token="HYPE", amount=UNIT), *withdrawable)
    refused(exchange, MarketOrder(account="alice", market="HYPE/USDC", size=-1), *covered)
    refused(
        exchange,
        WithdrawSupply(account="alice", token="HYPE", amount=100),
        "no loan and no hold needs it",
        "PM-COLLATERAL-OUT",
    )
    assert run(at(exchange, HYPE=11), LiquidateCollateral(account="alice"))


# The sale by the backstop


def taken(*, width=None, **more):
    """The backstop has taken all 100 HYPE, at 20, with the debt of 2 000."""
    exchange = run(borrowed(20, **more), STEP)
    return run(exchange, ChangeDepth(market="HYPE/USDC", width=width)) if width else exchange


def test_half_of_the_collateral_is_sold_in_each_half_life_and_repays_the_debt():
    exchange = run(taken(width=100_000), PassTime(milliseconds=HALF_LIFE), Accrue(token="USDC"))

    after = run(exchange, SALE)
    again = run(after, PassTime(milliseconds=HALF_LIFE), SALE)

    # 50 HYPE at 20 are 1 000, which moves the price by 1 %.
    assert (supplied(after, BACKSTOP), supplied(again, BACKSTOP)) == (50, 25)
    assert 990 <= owed(exchange, BACKSTOP) - owed(after, BACKSTOP) + UNIT < 990 + 2 * UNIT
    assert idle(after, BOOK) == 10**12 - 990
    assert idle(after, BOOK, "HYPE") == 10**9 + 50
    assert after.selling["HYPE"] == HALF_LIFE


def test_what_is_due_is_rounded_down_to_a_unit_and_the_last_unit_goes_with_the_rest():
    exchange = taken()

    short = run(exchange, PassTime(milliseconds=1000), SALE)
    long = run(exchange, PassTime(milliseconds=100 * HALF_LIFE), SALE)

    sold = 100 - supplied(short, BACKSTOP)
    assert sold % UNIT == 0
    assert sold == pytest.approx(100 * (1 - 0.5 ** (1 / 600)), rel=1e-7)
    assert supplied(long, BACKSTOP) == 0


def test_a_sale_is_refused_for_what_it_lacks():
    exchange = taken()
    later = run(exchange, PassTime(milliseconds=HALF_LIFE))
    waited = "time has passed since it took or sold of it", "BLQ-TWAP"
    falling = run(later, ChangeDepth(market="HYPE/USDC", width=1000))
    poor = evolve(later.members[BOOK], spot={"USDC": Fraction(999)})
    slow = run(
        exchange, ChangeParameter(parameter="collateral_half_life", value=10**13), PassTime(milliseconds=1)
    )

    refused(exchange, SALE, *waited)
    refused(run(later, SALE), SALE, *waited)
    refused(lending(), SALE, "the backstop has taken HYPE")
    refused(exchange, SellCollateral(token="ZZZ"), "there is a spot market of ZZZ")
    refused(falling, SALE, "the book has a price above zero", "TRADE-PRICE")
    refused(later.put(poor), SALE, "the book has the cash")
    refused(slow, SALE, "an amount of at least one unit is due", "BLQ-TWAP")


def test_the_book_bounds_one_sale():
    exchange = run(taken(), ChangeDepth(market="HYPE/USDC", size=10), PassTime(milliseconds=HALF_LIFE))

    assert supplied(run(exchange, SALE), BACKSTOP) == 90


def test_each_token_is_sold_by_its_own_clock():
    exchange = at(lending(loan=52_600, btc=1), HYPE=20, BTC=50_000)
    exchange = run(exchange, STEP, PassTime(milliseconds=HALF_LIFE), SALE)

    after = run(exchange, SellCollateral(token="UBTC"))

    assert (supplied(after, BACKSTOP), supplied(after, BACKSTOP, "UBTC")) == (50, Fraction(1, 2))


def test_the_clock_of_a_sale_begins_when_the_backstop_takes_of_a_token_that_it_had_none_of():
    exchange = run(borrowed(24, width=3816), STEP, PassTime(milliseconds=100 * HALF_LIFE), SALE)
    assert supplied(exchange, BACKSTOP) == 0
    exchange = run(at(exchange, HYPE=15), PassTime(milliseconds=100 * HALF_LIFE), STEP)
    all_of = supplied(exchange, BACKSTOP)

    after = run(exchange, PassTime(milliseconds=HALF_LIFE), SALE)

    assert supplied(after, BACKSTOP) == pytest.approx(all_of / 2, rel=1e-7)


def test_proceeds_beyond_the_debt_stay_with_the_backstop():
    exchange = at(run(borrowed(22, width=40_810), STEP), HYPE=40)

    after = run(exchange, PassTime(milliseconds=100 * HALF_LIFE), SALE)

    # 100 HYPE at 40 are 4 000; the debt is 2 000 and some interest.
    assert not after.members[BACKSTOP].borrowed
    assert 1999 < idle(after, BACKSTOP) < 2000


def test_a_loan_of_another_token_is_repaid_by_the_sale_as_well():
    exchange = run(
        opening(member("alice", HYPE=100), member("sue", USDT0=9999)),
        Supply(account="sue", token="USDT0", amount=9999),
        Supply(account="alice", token="HYPE", amount=100),
        Borrow(account="alice", token="USDT0", amount=2000),
    )
    exchange = run(at(exchange, HYPE=20), STEP, PassTime(milliseconds=100 * HALF_LIFE))

    after = run(exchange, SALE)

    # 100 HYPE bring 2 000 USDC, which buy as many USDT0: all but the interest of the debt.
    assert 0 < owed(after, BACKSTOP, "USDT0") < 1
    assert 9998 < after.pools["USDT0"].cash <= 9999
    assert idle(after, BOOK, "USDT0") < 10**9 - 1999
    assert run(after, WriteOff(account=BACKSTOP, token="USDT0"))


# Write-off


def ruined(price):
    """The exchange after a loan of 1 000, all of the pool, has been taken over and its 100 HYPE sold at a price."""
    exchange = run(at(lending(pool=1000, loan=1000), HYPE=price), STEP)
    exchange = run(exchange, PassTime(milliseconds=DAYS_30))
    while "HYPE" in exchange.members[BACKSTOP].supplied:
        exchange = run(exchange, SALE, PassTime(milliseconds=HOUR))
    return exchange


def test_a_loan_that_nobody_pays_is_borne_by_the_reserve_and_then_by_the_suppliers():
    exchange = run(ruined(1), Accrue(token="USDC"))
    pool, loss = exchange.pools["USDC"], owed(exchange, BACKSTOP)

    after = run(exchange, WriteOff(account=BACKSTOP, token="USDC"))

    assert 0 < pool.reserve < loss
    assert owed(after, BACKSTOP) == 0
    left = supplied(exchange, "sue", "USDC") - (loss - pool.reserve)
    assert left - 1000 * SHARE * 2 < supplied(after, "sue", "USDC") <= left
    assert after.pools["USDC"].reserve == left - supplied(after, "sue", "USDC")


def test_a_small_loss_is_borne_by_the_reserve_alone():
    exchange = lending(pool=1000, loan=1000)
    exchange = run(exchange, PassTime(milliseconds=DAYS_30), Accrue(token="USDC"))
    reserve = exchange.pools["USDC"].reserve
    owes = owed(exchange, "alice")
    exchange = run(at(exchange, HYPE=(owes - reserve / 2) / 100), STEP)
    exchange = run(exchange, PassTime(milliseconds=20 * HOUR), SALE)
    before = exchange.pools["USDC"]

    after = run(exchange, WriteOff(account=BACKSTOP, token="USDC"))

    assert after.pools["USDC"].supply_index == before.supply_index
    assert after.pools["USDC"].reserve == before.reserve - owed(exchange, BACKSTOP)


def test_a_pool_whose_suppliers_have_lost_everything_takes_no_supply():
    exchange = run(ruined("0.00000000000000000001"), WriteOff(account=BACKSTOP, token="USDC"))
    exchange = run(exchange, Deposit(account="sue", token="USDC", amount=5))
    asks = "suppliers of USDC have something left", "LEND-LOSS"

    assert supplied(exchange, "sue", "USDC") == 0
    refused(exchange, Supply(account="sue", token="USDC", amount=5), *asks)


def test_only_an_account_with_nothing_left_has_its_loan_written_off():
    exchange = lending(mode="unified", loan=1000, usdc=500)
    write_off = WriteOff(account="alice", token="USDC")

    refused(trades(exchange, "alice", "0.1"), write_off, "alice has no position left")
    refused(exchange, write_off, "alice has no supply left")
    refused(exchange, WriteOff(account="sue", token="USDC"), "sue owes USDC")
    refused(exchange, WriteOff(account="alice", token="ZZZ"), "there is a lending pool of ZZZ")
    bare = exchange.put(evolve(exchange.members["alice"], supplied={}))
    refused(bare, write_off, "alice has no balance left")


# The vault on the book


def fallen(raw, vault=0):
    """Alice, long a BTC from 100 000, at 96 000."""
    return at(trades(opening(member("alice", raw=raw), vault=vault), "alice", 1), BTC=96_000)


def test_the_vault_closes_of_its_position_on_the_book():
    exchange = run(
        fallen(4500, vault=1000),
        TakeOver(account="alice", market="BTC"),
        ChangeDepth(market="BTC", width=9_600_000),
    )

    after = run(exchange, Unwind(market="BTC", size="0.5"))

    # Half a percent below 96 000.
    assert held(after, VAULT)[0] == Fraction("0.5")
    assert cash(after, VAULT) - cash(exchange, VAULT) == 47_760


def test_the_vault_closes_a_short_by_buying():
    exchange = at(trades(opening(member("alice", raw=5000)), "alice", -1), BTC=104_200)
    exchange = run(
        exchange, TakeOver(account="alice", market="BTC"), ChangeDepth(market="BTC", width=10_420_000)
    )

    after = run(exchange, Unwind(market="BTC", size=1))

    assert cash(after, VAULT) == 800 - 1042


def test_the_vault_closes_no_more_than_it_holds_and_the_book_takes():
    exchange = run(fallen(4500), TakeOver(account="alice", market="BTC"))
    thin = run(exchange, ChangeDepth(market="BTC", size="0.5", width=48_000))

    refused(exchange, Unwind(market="BTC", size="1.00001"), "the vault holds the size", "TRADE-REDUCES")
    refused(exchange, Unwind(market="HYPE", size=1), "the vault holds the size", "TRADE-REDUCES")
    refused(exchange, Unwind(market="HYPE/USDC", size=1), "there is a market HYPE/USDC")
    refused(exchange, Unwind(market="BTC", size=0), "the size is above zero")
    refused(exchange, Unwind(market="BTC", size="0.000001"), "the size is in steps of BTC")
    refused(thin, Unwind(market="BTC", size="0.50001"), "the book is deep enough")
    refused(thin, Unwind(market="BTC", size="0.5"), "the book has a price above zero", "TRADE-PRICE")
