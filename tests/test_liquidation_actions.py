"""The ladder of perp liquidation: the book, the backstop, auto-deleveraging, and what nobody covers."""

from __future__ import annotations

from fractions import Fraction

import pytest
from attrs import evolve
from exchange_examples import (
    FREE,
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

from solvent.exchange import (
    BOOK,
    VAULT,
    AllocateShortfall,
    AutoSupply,
    ChangeDepth,
    Deleverage,
    LiquidateOnBook,
    PassTime,
    PlaceOrder,
    Supply,
    TakeOver,
    Unwind,
    found,
)

CENT = Fraction(1, 100)
BELOW = "what stands against it is below two thirds of the requirement", "LIQ-BACKSTOP"
OWES = "alice is closed and owes more than it has", "TRADE-SHORTFALL"
XYZ_VAULT = f"{VAULT}:xyz"


def long_btc(raw, size=1, price=96_000, *, mode="cross", width=None, venue=FREE, vault=0, **more):
    """Alice, long from 100 000, after the mark has moved; maintenance margin is 1.25 % of the notional."""
    cash_of = {"raw": raw} if mode == "cross" else {"USDC": raw}
    exchange = opening(member("alice", mode, **cash_of, **more), venue=venue, vault=vault)
    exchange = at(trades(exchange, "alice", size), BTC=price)
    return run(exchange, ChangeDepth(market="BTC", width=width)) if width else exchange


def on_book(account="alice", market="BTC"):
    return LiquidateOnBook(account=account, market=market)


def take_over(account="alice", market="BTC"):
    return TakeOver(account=account, market=market)


def deleverage(counterparty, account="alice", market="BTC"):
    return Deleverage(account=account, market=market, counterparty=counterparty)


# The book


@pytest.mark.parametrize("mode", ["cross", "unified"])
def test_a_position_goes_to_the_book_when_equity_is_below_maintenance_margin(mode):
    # At 96 000 maintenance margin is 1 200 and equity the cash less 4 000.
    edge = long_btc(5200, mode=mode)
    due = long_btc(5200 - CENT, mode=mode, width=9_600_000)

    refused(edge, on_book(), "BTC of alice is liquidatable", "PERP-LIQUIDATABLE")
    after = run(due, on_book())

    assert "BTC" not in after.members["alice"].positions
    assert held(after, BOOK) == (1, 95_040, None)
    assert cash(after, "alice") + idle(after, "alice") == 5200 - CENT - 100_000 + 95_040
    assert after.members["alice"].last_partial is None
    assert not after.treasury.get("USDC")


@pytest.mark.parametrize(("size", "sent"), [("1.04166", "1.04166"), ("1.04167", "0.20833"), (10, 2)])
def test_a_fifth_of_a_large_position_goes_to_the_book_in_whole_steps(size, sent):
    # 100 000 / 96 000 = 1.041666... BTC; a fifth of 1.04167 is 0.208334.
    size = Fraction(size)
    exchange = long_btc(5000 * size, size)

    after = run(exchange, on_book())

    assert held(after, BOOK)[0] == Fraction(sent)
    assert after.members["alice"].last_partial == (0 if Fraction(sent) < size else None)


def test_within_the_cooldown_a_large_position_goes_whole():
    exchange = run(long_btc(50_000, 10, width=19_200_000), on_book())
    assert cash(exchange, "alice") == 50_000 - 1_000_000 + 2 * 95_040
    cooling, cooled = (run(exchange, PassTime(milliseconds=ms)) for ms in (29_999, 30_000))

    assert held(run(cooling, on_book()), BOOK)[0] == 10
    assert held(run(cooled, on_book()), BOOK)[0] == 2 + Fraction("1.6")
    assert run(cooled, on_book()).members["alice"].last_partial == 30_000


def test_a_thin_book_takes_what_it_is_deep_and_a_closed_one_nothing():
    exchange = long_btc(5000)
    thin = run(exchange, ChangeDepth(market="BTC", size="0.3"))
    closed = run(exchange, ChangeDepth(market="BTC", size=0))
    falling = run(exchange, ChangeDepth(market="BTC", width=96_000))

    after = run(thin, on_book())

    assert (held(after, "alice")[0], after.members["alice"].last_partial) == (Fraction("0.7"), 0)
    refused(closed, on_book(), "the book has some depth", "LIQ-BOOK")
    refused(falling, on_book(), "the book has a price above zero", "TRADE-PRICE")


def test_a_short_is_bought_back_above_the_mark():
    exchange = at(trades(opening(member("alice", raw=4500)), "alice", "-0.9"), BTC=104_000)
    exchange = run(exchange, ChangeDepth(market="BTC", width=9_360_000))

    after = run(exchange, on_book())

    assert cash(after, "alice") == 4500 + 90_000 - 94_536
    assert held(after, BOOK) == (Fraction("-0.9"), 105_040, None)


def test_liquidation_cancels_perp_orders_and_keeps_spot_orders():
    exchange = run(
        opening(member("alice", raw=5300, HYPE=1)),
        PlaceOrder(account="alice", order="perp", market="BTC", size="0.1", price=50_000),
        PlaceOrder(account="alice", order="spot", market="HYPE/USDC", size=-1, price=50),
    )
    exchange = at(trades(exchange, "alice", 1), BTC=95_500)

    after = run(exchange, on_book())

    assert list(after.members["alice"].orders) == ["spot"]


def test_an_isolated_position_is_liquidated_from_its_own_margin():
    exchange = trades(opening(member("alice", raw=50_000)), "alice", 1, "HYPE")
    exchange = at(isolated(exchange, "alice", 1, 10), BTC=91_000)

    # Margin 1 000 is below 1.25 % of 91 000; the book pays 1 % less, or more than the margin can bear.
    fair = run(exchange, ChangeDepth(market="BTC", width=9_100_000))
    after = run(fair, on_book())
    dear = run(exchange, ChangeDepth(market="BTC", width=8_000_000))

    assert (cash(after, "alice"), held(after, BOOK)[1]) == (40_000 - 40 + 90, 90_090)
    refused(dear, on_book(), "the position has margin left at the price", "PERP-ISO-MARGIN")
    refused(exchange, on_book(market="HYPE"), "HYPE of alice is liquidatable", "PERP-LIQUIDATABLE")


def test_a_portfolio_account_is_liquidated_above_the_trigger_of_its_ratio():
    # Without collateral the ratio is 1 200 over equity: 0.95 at 1 200 / 0.95.
    edge = 4000 + 1200 / Fraction("0.95")
    exchange, due = (long_btc(raw, mode="portfolio") for raw in (edge, edge - CENT))

    refused(exchange, on_book(), "BTC of alice is liquidatable", "PERP-LIQUIDATABLE")
    assert run(due, on_book())


def test_the_ladder_is_for_positions_of_users():
    exchange = long_btc(5000)
    vaulted = run(long_btc(4500), take_over())

    refused(exchange, on_book("ghost"), "there is an account ghost")
    refused(exchange, on_book(market="ZZZ"), "there is a market ZZZ")
    refused(exchange, on_book(market="HYPE"), "alice has a position in HYPE")
    refused(vaulted, on_book(VAULT), f"{VAULT} is the account of a user")
    refused(vaulted, take_over(VAULT), f"{VAULT} is not the venue's own account")
    booked = run(exchange, on_book())
    refused(booked, on_book(BOOK), f"{BOOK} is the account of a user")


def test_a_user_whose_name_begins_like_the_vaults_is_liquidated_as_any_other():
    exchange = at(trades(opening(member("vaulty", raw=5000)), "vaulty", 1), BTC=96_000)
    sunk = at(exchange, BTC=95_500)

    assert run(exchange, on_book("vaulty"))
    assert run(sunk, take_over("vaulty"))


# The backstop


def test_the_vault_takes_over_below_two_thirds_of_maintenance_margin():
    # Two thirds of 1 200 are 800.
    edge, due = long_btc(4800), long_btc(4800 - CENT, vault=700)

    refused(edge, take_over(), *BELOW)
    after = run(due, take_over())

    assert (cash(after, "alice"), dict(after.members["alice"].positions.items())) == (0, {})
    assert held(after, VAULT) == (1, 96_000, None)
    assert cash(after, VAULT) + 96_000 == 700 + 800 - CENT


def test_a_bankrupt_account_is_not_taken_over_and_one_with_nothing_left_is():
    refused(
        long_btc(4000 - CENT),
        take_over(),
        "alice is not bankrupt, or nobody can be deleveraged",
        "ADL-TRIGGER",
    )
    refused(long_btc(5200), take_over(), "alice is liquidatable", "PERP-LIQUIDATABLE")

    assert cash(run(long_btc(4000), take_over()), VAULT) == -96_000


def test_a_cross_takeover_takes_all_cross_positions_and_leaves_isolated_ones():
    exchange = isolated(opening(member("alice", raw=15_500)), "alice", 250, 1, "HYPE")
    exchange = trades(trades(exchange, "alice", 1), "alice", 10, "ETH")
    order = PlaceOrder(account="alice", order="a", market="BTC", size="0.01", price=60_000)
    exchange = at(run(exchange, order), BTC=97_000, ETH=1900)

    # Of 5 500 the fall has left 1 500, and at 2 % of 19 000 maintenance margin is 1 212.50 + 380: not yet.
    refused(exchange, take_over(), *BELOW)
    after = run(at(exchange, BTC=96_500), take_over(market="ETH"))

    assert list(after.members["alice"].positions) == ["HYPE"]
    assert (cash(after, "alice"), margin(after, "alice", "HYPE")) == (0, 10_000)
    assert not after.members["alice"].orders
    assert (held(after, VAULT), held(after, VAULT, "ETH")) == ((1, 96_500, None), (10, 1900, None))
    assert cash(after, VAULT) + 96_500 + 19_000 == 1000


def test_an_isolated_takeover_takes_the_position_with_its_margin_and_nothing_else():
    exchange = trades(opening(member("alice", raw=50_000)), "alice", 100, "HYPE")
    exchange = at(isolated(exchange, "alice", 1, 10), BTC=90_500)
    assert margin(exchange, "alice") == 500

    after = run(exchange, take_over())

    assert list(after.members["alice"].positions) == ["HYPE"]
    assert cash(after, "alice") == cash(exchange, "alice") == 40_000 - 4000
    assert (held(after, VAULT), cash(after, VAULT) + 90_500) == ((1, 90_500, None), 500)


def test_the_vault_of_each_dex_takes_the_positions_of_its_own_markets_and_its_share_of_the_margin():
    exchange = opening(member("alice", "unified", USDC=6000))
    exchange = trades(trades(exchange, "alice", 1), "alice", 100, "xyz:CL")
    exchange = at(exchange, **{"BTC": 96_000, "xyz:CL": 67})

    # Equity 6 000 - 4 000 - 1 300 = 700; maintenance 1 200 + 2.5 % of 6 700 = 1 367.50.
    after = run(exchange, take_over(market="xyz:CL"))

    alice = after.members["alice"]
    assert (dict(alice.positions.items()), idle(after, "alice")) == ({}, 0)
    assert (cash(after, "alice"), cash(after, "alice", "xyz")) == (0, 0)
    share = Fraction(1200) / Fraction("1367.5")
    assert (held(after, VAULT), cash(after, VAULT)) == ((1, 96_000, None), 700 * share - 96_000)
    rest = 700 * (1 - share) - 6700
    assert (held(after, XYZ_VAULT, "xyz:CL"), cash(after, XYZ_VAULT, "xyz")) == ((100, 67, None), rest)


def test_the_vault_takes_of_a_portfolio_account_no_more_than_its_cash():
    exchange = opening(member("alice", "portfolio", HYPE=100, USDC=1000), member("sue", USDC=9000))
    exchange = run(
        exchange, Supply(account="sue", token="USDC", amount=9000), AutoSupply(account="alice", token="HYPE")
    )
    exchange = trades(exchange, "alice", 1)
    sunk = at(exchange, BTC=95_800, HYPE=40)

    # Equity 1 000 - 4 200 and support 3 300 are 100, below two thirds of 1 197.50.
    after = run(sunk, take_over())

    assert held(after, VAULT) == (1, 95_800, None)
    assert cash(after, VAULT) == -95_800
    assert cash(after, "alice") + idle(after, "alice") == -3200
    assert after.members["alice"].supplied["HYPE"] == 100


# Auto-deleveraging


def bankrupt(price=88_000, *, bob=10_000, carol=20_000, venue=FREE, of=2):
    """Alice, long 2 from 100 000 with 10 000, against bob and carol, short 1 each."""
    exchange = opening(
        member("alice", raw=5000 * of), member("bob", raw=bob), member("carol", raw=carol), venue=venue
    )
    for name in ("bob", "carol")[:of]:
        exchange = trades(exchange, "alice", 1, against=name)
    return at(exchange, BTC=price)


def test_a_bankrupt_account_is_closed_at_the_previous_mark_against_the_highest_rank_first():
    exchange = bankrupt()

    # Equal profits: bob's leverage 88 000 / 22 000 is above carol's 88 000 / 32 000.
    refused(exchange, deleverage("carol"), "carol has the highest rank", "ADL-RANK")
    after = run(exchange, deleverage("bob"))
    whole = run(after, deleverage("carol"))

    assert (held(after, "alice")[0], cash(after, "bob")) == (1, 10_000)
    assert "BTC" not in after.members["bob"].positions
    assert (cash(whole, "alice"), dict(whole.members["alice"].positions.items())) == (10_000, {})
    assert not whole.markets["BTC"].holders


def test_equal_ranks_are_both_first():
    exchange = bankrupt(carol=10_000)

    one, other = deleverage("bob"), deleverage("carol")
    assert run(exchange, one, other) == run(exchange, other, one)


def test_a_counterparty_gives_up_no_more_than_is_needed():
    exchange = opening(member("alice", raw=5000), member("bob", raw=10_000))
    exchange = trades(exchange, "alice", 1, against="bob")
    exchange = at(trades(exchange, "bob", -2), BTC=94_000)

    after = run(exchange, deleverage("bob"))

    assert held(after, "bob") == (-2, 100_000, None)
    assert "BTC" not in after.members["alice"].positions


def test_a_bankrupt_short_is_closed_against_a_long():
    exchange = opening(member("alice", raw=5000), member("bob", raw=10_000))
    exchange = at(trades(exchange, "alice", -1, against="bob"), BTC=106_000)

    after = run(exchange, deleverage("bob"))

    assert (cash(after, "alice"), cash(after, "bob")) == (5000, 10_000)


def test_only_the_other_side_of_a_bankrupt_position_is_deleveraged():
    exchange = bankrupt()
    friend = trades(exchange, "carol", 2)

    refused(exchange, deleverage("alice"), "the counterparty is another account")
    refused(friend, deleverage("carol"), "carol is on the opposite side", "ADL-SIZE")
    refused(exchange, deleverage("maker"), "maker has a position in BTC")
    refused(exchange, deleverage("bob", account="maker"), "maker has a position in BTC")
    refused(bankrupt(95_000), deleverage("bob"), "alice is bankrupt", "ADL-TRIGGER")
    assert run(bankrupt(95_000 - CENT), deleverage("bob"))


def test_a_counterparty_without_value_is_passed_over():
    # Bob has lost more on HYPE than he has: his value lies below zero.
    exchange = opening(member("alice", raw=10_000), member("bob", raw=4600), member("carol", raw=20_000))
    exchange = trades(exchange, "bob", 500, "HYPE")
    for name in ("bob", "carol"):
        exchange = trades(exchange, "alice", 1, against=name)
    exchange = at(exchange, BTC=94_000, HYPE=15)

    refused(exchange, deleverage("bob"), "bob is on the opposite side", "ADL-SIZE")
    assert run(exchange, deleverage("carol"))


def test_a_venue_may_close_at_the_previous_oracle_price():
    exchange = bankrupt(venue=FREE.with_readings({"ADL-PRICE": "oracle"}))
    market = evolve(exchange.markets["BTC"], previous_oracle=Fraction(99_000))

    after = run(exchange.put_market(market), deleverage("bob"))

    assert cash(after, "bob") == 10_000 + 1000


def test_the_price_is_that_before_the_last_batch_also_of_markets_that_it_left_alone():
    exchange = opening(member("alice", raw=10_000), member("bob", raw=20_000))
    exchange = trades(exchange, "alice", 100, "HYPE", against="bob")
    exchange = at(at(trades(exchange, "alice", 1), HYPE=20), BTC=90_000)

    after = run(exchange, deleverage("bob", market="HYPE"))

    assert (cash(after, "bob"), after.markets["HYPE"].previous_mark) == (20_000 + 2000, 20)


def test_an_isolated_position_is_deleveraged_alone_and_gets_its_margin_back():
    exchange = isolated(opening(member("alice", raw=50_000)), "alice", 1, 10)
    exchange = at(at(exchange, BTC=92_000), BTC=89_000)

    after = run(exchange, deleverage("maker"))

    assert (cash(after, "alice"), dict(after.members["alice"].positions.items())) == (40_000 + 2000, {})


# Shortfall


def short_of(mode="cross", vault=0):
    """Alice, closed at 94 000 after the mark has fallen twice: she owes 1 000 beyond her 5 000."""
    exchange = at(long_btc(5000, price=94_000, mode=mode, vault=vault), BTC=93_000)
    return run(exchange, deleverage("maker"))


@pytest.mark.parametrize("mode", ["cross", "unified"])
@pytest.mark.parametrize(("vault", "borne"), [(0, 0), (700, 700), (1000, 1000), (3000, 1000)])
def test_a_shortfall_is_borne_by_the_vault_and_then_by_the_treasury(mode, vault, borne):
    exchange = short_of(mode, vault)
    assert cash(exchange, "alice") + idle(exchange, "alice") == -1000

    after = run(exchange, AllocateShortfall(account="alice"))

    assert cash(after, "alice") + idle(after, "alice") == 0
    assert (cash(after, VAULT), after.treasury["USDC"]) == (vault - borne, borne - 1000)
    refused(after, AllocateShortfall(account="alice"), *OWES)


def test_the_vault_keeps_the_maintenance_margin_of_what_it_has_taken():
    exchange = opening(member("alice", raw=3000), member("dave", raw=4500), vault=5000)
    exchange = run(at(trades(exchange, "dave", 1), BTC=96_000), take_over("dave"))
    exchange = at(at(trades(exchange, "alice", 1), BTC=92_000), BTC=91_900)
    exchange = run(exchange, deleverage("maker"))

    after = run(exchange, AllocateShortfall(account="alice"))
    # The vault has 5 500 less 4 100, of which 1.25 % of 91 900 are kept.
    assert after.treasury["USDC"] == Fraction("1400") - Fraction("1148.75") - 1000


def test_a_shortfall_waits_until_the_account_is_closed():
    exchange = trades(opening(member("alice", raw=5000), member("bob", raw=9)), "alice", 1)

    refused(at(exchange, BTC=94_000), AllocateShortfall(account="alice"), *OWES)
    refused(exchange, AllocateShortfall(account="alice", dex="abc"), f"there is an account {VAULT}:abc")
    elsewhere = found(FREE, members=[member("alice")])
    refused(elsewhere, AllocateShortfall(account="alice"), "there is a dex of the venue")
    asks = "bob is closed and owes more than it has", "TRADE-SHORTFALL"
    refused(exchange, AllocateShortfall(account="bob"), *asks)


def test_a_deficit_of_an_isolated_position_leaves_the_rest_of_the_account_alone():
    exchange = isolated(opening(member("alice", raw=50_000), vault=600), "alice", 1, 10)
    exchange = run(at(at(exchange, BTC=89_000), BTC=88_000), deleverage("maker"))
    assert (cash(exchange, "alice"), exchange.members["alice"].deficit[""]) == (40_000, -1000)

    after = run(exchange, AllocateShortfall(account="alice"))

    assert (cash(after, "alice"), dict(after.members["alice"].deficit.items())) == (40_000, {})
    assert (cash(after, VAULT), after.treasury["USDC"]) == (0, -400)


def test_a_shortfall_on_a_builders_dex_is_borne_by_its_own_vault():
    exchange = trades(opening(member("alice", xyz=500), vault=9999), "alice", 100, "xyz:CL")
    exchange = at(at(exchange, **{"xyz:CL": 74}), **{"xyz:CL": 73})
    exchange = run(exchange, deleverage("maker", market="xyz:CL"))

    after = run(exchange, AllocateShortfall(account="alice", dex="xyz"))

    assert (cash(after, "alice", "xyz"), cash(after, VAULT)) == (0, 9999)
    assert after.treasury["USDC"] == -100


def test_what_a_vault_itself_owes_is_borne_by_the_treasury():
    exchange = run(long_btc(4000), take_over())
    exchange = run(at(exchange, BTC=95_000), Unwind(market="BTC", size=1))
    loss = -cash(exchange, VAULT)

    after = run(exchange, AllocateShortfall(account=VAULT))

    assert loss > 1000
    assert (cash(after, VAULT), after.treasury["USDC"]) == (0, -loss)
