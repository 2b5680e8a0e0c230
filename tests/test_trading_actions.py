"""Orders, fills, and what they do to positions with cross margin and with margin of their own."""

from __future__ import annotations

from fractions import Fraction

import pytest
from attrs import evolve
from exchange_examples import (
    FREE,
    VENUE,
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
    AutoSupply,
    CancelOrder,
    ChangeDepth,
    ChangeLeverage,
    Fill,
    Market,
    MarketOrder,
    PlaceOrder,
    SpotMarket,
    Supply,
    found,
)

OPENS = "alice covers what it opens", "TRADE-OPEN"
EATEN = "the position has margin left at the price", "PERP-ISO-MARGIN"
STAYS = "alice is not liquidatable after it, or no nearer to it", "TRADE-REDUCES"


def order(size, price=100_000, market="BTC", **more):
    return PlaceOrder(
        **{"account": "alice", "order": "a", "market": market, "size": size, "price": price} | more
    )


def market_order(size, market="BTC", **more):
    return MarketOrder(account="alice", market=market, size=size, **more)


# Resting orders


def test_an_order_rests_while_initial_margin_covers_it_and_all_others():
    exchange = run(opening(member("alice", raw=5000)), order(1, order="first"))

    refused(exchange, order("1.00001"), "alice covers the order", "TRADE-OPEN")
    after = run(exchange, order(1))

    assert list(after.members["alice"].orders) == ["a", "first"]
    assert after.members["alice"].raw is exchange.members["alice"].raw


def test_an_order_is_refused_for_what_it_lacks():
    exchange = run(opening(member("alice", raw=5000)), order("0.1"))
    size, steps = "the size is not zero", "the size is in steps of BTC"

    refused(exchange, order(1), "there is no order a yet")
    refused(exchange, order(0, order="b"), size)
    refused(exchange, order(1, 0, order="b"), "the price is above zero")
    refused(exchange, order("0.000011", order="b"), steps)
    for market in ("ZZZ", "ZZZ/USDC", "HYPE/USDH", "HYPE/X/USDC"):
        refused(exchange, order(1, 1, market, order="b"), f"there is a market {market}")


@pytest.mark.parametrize(
    ("market", "most", "price"), [("BTC", 3000, 100_000), ("xyz:CL", 625_000, 80), ("HYPE", 500_000, 40)]
)
def test_a_limit_order_is_worth_at_most_ten_market_orders(market, most, price):
    careful = ChangeLeverage(account="alice", market=market, leverage=5)
    exchange = run(opening(member("alice", raw=10**9, xyz=10**9)), careful)
    over = "the order is within the order value cap", "PERP-ORDER-CAP"

    refused(exchange, order(most + Fraction(1, 10**5), price, market), *over)

    assert run(exchange, order(most, price, market)).members["alice"].orders["a"].size == most


def test_an_order_that_closes_reserves_nothing_and_one_that_turns_over_reserves_the_rest():
    exchange = trades(opening(member("alice", raw=2500)), "alice", 1)

    refused(exchange, order("-1.00001"), "alice covers the order", "TRADE-OPEN")

    assert run(exchange, order(-1)).members["alice"].orders["a"].size == 1


def test_a_reduce_only_order_is_against_the_position_and_no_larger():
    exchange = trades(opening(member("alice", raw=2500, HYPE=9)), "alice", 1)
    only = "the order only reduces", "TRADE-REDUCES"

    refused(exchange, order("-1.00001", reduce_only=True), *only)
    refused(exchange, order(1, reduce_only=True), *only)
    refused(exchange, order(-1, 40, "HYPE", reduce_only=True), *only)
    refused(exchange, order(-1, 40, "HYPE/USDC", reduce_only=True), *only)
    after = run(exchange, order(-1, reduce_only=True))

    assert not after.members["alice"].orders["a"].reserves


def test_a_spot_order_is_covered_by_what_it_spends():
    exchange = opening(member("alice", USDC=1000, HYPE=10, raw=9999))

    refused(exchange, order("25.00001", 40, "HYPE/USDC"), "alice covers the order", "TRADE-OPEN")
    refused(exchange, order("-10.00001", 40, "HYPE/USDC"), "alice covers the order", "TRADE-OPEN")
    after = run(exchange, order(25, 40, "HYPE/USDC"), order(-10, 41, "HYPE/USDC", order="b"))

    refused(after, order("0.00001", 40, "HYPE/USDC", order="c"), "alice covers the order", "TRADE-OPEN")


def test_orders_of_a_unified_account_are_held_with_a_hundredth_more():
    exact, short = (opening(member("alice", "unified", USDC=usdc)) for usdc in (5050, "5049.99"))

    refused(short, order(2), "alice covers the order", "TRADE-OPEN")
    assert run(exact, order(2))


def test_a_portfolio_account_may_buy_spot_as_far_as_its_collateral_reaches():
    exchange = run(
        opening(member("alice", "portfolio", HYPE=100, USDC=10), member("sue", USDC=9999)),
        Supply(account="sue", token="USDC", amount=9999),
        AutoSupply(account="alice", token="HYPE"),
    )

    # 100 HYPE at 40 and an LTV of 0.65 carry 2 600 beside the 10 of its own.
    refused(exchange, order("65.26", 40, "HYPE/USDC"), "alice covers the order", "TRADE-OPEN")
    assert run(exchange, order("65.25", 40, "HYPE/USDC"))


def test_who_is_liquidatable_places_only_reduce_only_orders():
    exchange = at(trades(opening(member("alice", raw=5000)), "alice", 1), BTC=96_000)

    refused(exchange, order(-1), "alice is not liquidatable")
    assert run(exchange, order(-1, reduce_only=True))


def test_a_cancelled_order_leaves_the_account_as_it_was():
    exchange = opening(member("alice", raw=5000))

    after = run(exchange, order(1), CancelOrder(account="alice", order="a"))

    assert after == exchange
    refused(after, CancelOrder(account="alice", order="a"), "alice has an order a")


# Market orders


@pytest.mark.parametrize("side", [1, -1], ids=["buy", "sell"])
def test_a_market_order_pays_spread_slippage_and_fee(side):
    exchange = run(
        opening(member("alice", raw=10_000), venue=VENUE),
        ChangeDepth(market="BTC", spread="0.002", width=10_000_000),
    )

    after = run(exchange, market_order(side))

    # Half of 0.2 % and 100 000 / 10 000 000 make 1.1 % of the mark; the book pays the maker's fee.
    price = 100_000 + side * 1100
    taker, maker = price * Fraction("0.00045"), price * Fraction("0.00015")
    assert held(after, "alice") == (side, price, None)
    assert cash(after, "alice") == 10_000 - side * price - taker
    assert cash(after, BOOK) == 10**12 + side * price - maker
    assert after.treasury["USDC"] == taker + maker


def test_a_spot_market_order_trades_the_token_for_the_quote_token():
    exchange = run(
        opening(member("alice", USDC=1000, HYPE=5), venue=VENUE),
        ChangeDepth(market="HYPE/USDC", width=4000),
    )

    # 10 HYPE are 400 USDC, which moves the price by 10 %.
    bought, sold = run(exchange, market_order(10, "HYPE/USDC")), run(exchange, market_order(-5, "HYPE/USDC"))
    assert idle(bought, "alice", "HYPE") == 15
    assert idle(bought, "alice") == 1000 - 440 - Fraction("0.198")
    assert (idle(sold, "alice", "HYPE"), idle(sold, "alice")) == (0, 1000 + 190 - Fraction("0.0855"))
    assert bought.treasury["USDC"] == Fraction("0.198") + Fraction("0.066")


def test_the_book_takes_no_more_than_its_depth():
    exchange = run(opening(member("alice", raw=90_000)), ChangeDepth(market="BTC", size="0.5"))

    refused(exchange, market_order("-0.50001"), "the book is deep enough", "TRADE-SLIPPAGE")
    assert held(run(exchange, market_order("-0.5")), "alice")[0] == Fraction("-0.5")


def test_a_market_order_is_refused_for_what_it_lacks():
    exchange = opening(member("alice", raw=10**8))
    thin = run(exchange, ChangeDepth(market="BTC", width=100_000))

    refused(exchange, MarketOrder(account=BOOK, market="BTC", size=1), "the book is another account")
    refused(exchange, market_order(0), "the size is not zero")
    refused(exchange, market_order(1, "ZZZ"), "there is a market ZZZ")
    refused(exchange, market_order("0.000001"), "the size is in steps of BTC")
    refused(exchange, market_order("300.00001"), "the order is within its cap", "PERP-ORDER-CAP")
    refused(thin, market_order(-1), "the price at the book is above zero")


def test_a_reduce_only_market_order_reduces_and_is_free_of_the_cap():
    exchange = trades(opening(member("alice", raw=10**8)), "alice", 400)
    only = "the order only reduces", "TRADE-REDUCES"

    refused(exchange, market_order("-400.00001", reduce_only=True), *only)
    refused(exchange, market_order(1, reduce_only=True), *only)
    assert "BTC" not in run(exchange, market_order(-400, reduce_only=True)).members["alice"].positions


def test_what_opens_must_be_covered_after_slippage_on_both_sides():
    poor = evolve(opening().members[BOOK], raw={"": 10**5})
    exchange = run(opening(member("alice", raw=3500), poor), ChangeDepth(market="BTC", width=10_000_000))

    # One BTC costs 1 000 of slippage and 2 500 of initial margin; the book has leverage 1 and gains 1 000 a BTC.
    assert run(exchange, market_order(1))
    richer = run(opening(member("alice", raw=9999), poor), ChangeDepth(market="BTC", width=10_000_000))
    refused(richer, market_order("1.1"), "book covers what it opens", "TRADE-OPEN")
    dearer = run(exchange, ChangeDepth(market="BTC", width=9_999_999))
    refused(dearer, market_order(1), *OPENS)


def test_a_reducing_trade_leaves_a_healthy_account_healthy():
    exchange = trades(opening(member("alice", raw=5000)), "alice", 1)
    thin = run(exchange, ChangeDepth(market="BTC", width=700_000))

    # Half of it goes at a price 50 000 / 700 000 below the mark: 3 571 of the 5 000 for 625 of maintenance margin.
    after = run(thin, market_order("-0.5"))
    assert not after.assess("alice").liquidatable
    refused(run(exchange, ChangeDepth(market="BTC", width=550_000)), market_order("-0.5"), *STAYS)


def test_who_is_liquidatable_may_reduce_only_where_it_brings_him_no_nearer():
    exchange = at(trades(opening(member("alice", raw=5000)), "alice", 1), BTC=96_000)
    thin = run(exchange, ChangeDepth(market="BTC", width=1_000_000))

    refused(exchange, market_order("0.1"), "it is not liquidatable")
    refused(thin, market_order("-0.5"), *STAYS)
    assert held(run(exchange, market_order("-0.5")), "alice")[0] == Fraction("0.5")


def test_a_unified_account_does_not_sell_the_token_that_margins_another_dex():
    venue = evolve(FREE, dex_tokens={"hyna": "USDT0"})
    prices = {"mark": 100_000, "oracle": 100_000, "previous_mark": 100_000, "previous_oracle": 100_000}
    exchange = found(
        venue,
        markets=[Market(name="hyna:BTC", dex="hyna", max_leverage=40, **prices)],
        spots=[SpotMarket(token="USDT0", price=1)],
        members=[
            member("alice", "unified", USDT0=3000),
            evolve(member("maker", USDC=9999), raw={"hyna": 10**9}),
        ],
    )
    exchange = trades(exchange, "alice", 1, "hyna:BTC")
    offer = run(exchange, order(-500, 1, "USDT0/USDC"))

    refused(exchange, order(-501, 1, "USDT0/USDC"), "alice covers the order", "TRADE-OPEN")

    assert offer.members["alice"].orders["a"].size == 500


# Fills


def crossing(exchange, *, buy=100_000, sell=100_000, size=2, **more):
    """The exchange with a resting buy of bob and a resting sell of alice."""
    bid = {"account": "bob", "order": "b", "price": buy}
    return run(exchange, order(size, **bid), order(-size, sell, **more))


def fill(size=2, price=100_000, **more):
    sides = {"buyer": "bob", "buy": "b", "seller": "alice", "sell": "a", "market": "BTC"}
    return Fill(**sides | {"size": size, "price": price} | more)


TWO = (member("alice", raw=20_000), member("bob", raw=20_000))


def test_a_fill_trades_part_of_two_orders_and_takes_the_makers_and_the_takers_fee():
    exchange = crossing(opening(*TWO, venue=VENUE))

    after = run(exchange, fill("0.5"))
    rest = run(after, fill("1.5"))

    assert (held(after, "bob"), held(after, "alice")) == (
        (Fraction("0.5"), 100_000, None),
        (Fraction("-0.5"), 100_000, None),
    )
    assert cash(after, "bob") == 20_000 - 50_000 - Fraction("7.5")
    assert cash(after, "alice") == 20_000 + 50_000 - Fraction("22.5")
    assert after.treasury["USDC"] == 30
    assert after.members["bob"].orders["b"].size == Fraction("1.5")
    assert not rest.members["bob"].orders
    assert not rest.members["alice"].orders


def test_a_fill_needs_two_orders_that_allow_it():
    exchange = crossing(opening(*TWO), buy=100_100)
    asks = "{} has an order {} of this market and side"

    refused(exchange, fill(buyer="alice", buy="a"), "buyer and seller differ")
    refused(exchange, fill(0), "the size is above zero")
    refused(exchange, fill(buy="x"), asks.format("bob", "x"))
    refused(exchange, fill(sell="x"), asks.format("alice", "x"))
    refused(exchange, fill(market="HYPE"), asks.format("bob", "b"))
    refused(exchange, fill(buyer="alice", buy="a", seller="bob", sell="b"), asks.format("alice", "a"))
    refused(exchange, fill("2.00001"), "order b has the size")
    refused(exchange, fill(price="100100.1"), "order b allows the price")
    refused(exchange, fill(price="99999.9"), "order a allows the price")
    refused(exchange, fill(market="ZZZ"), "there is a market ZZZ")
    refused(exchange, fill("0.000001"), "the size is in steps of BTC")
    assert run(exchange, fill(price=100_100))


def test_a_fill_of_a_reduce_only_order_only_reduces():
    exchange = trades(opening(*TWO), "alice", 1)
    exchange = crossing(exchange, size=1, reduce_only=True)
    closed = trades(exchange, "alice", "-0.5")

    refused(closed, fill(1), "a reduce-only order only reduces", "TRADE-REDUCES")
    after = run(closed, fill("0.5"))

    assert "BTC" not in after.members["alice"].positions


def test_a_fill_must_leave_both_sides_with_initial_margin_for_what_they_open():
    exchange = crossing(opening(member("alice", raw=5000), member("bob", raw=5000)))
    higher, lower = at(exchange, BTC=100_001), at(exchange, BTC=99_999)

    refused(higher, fill(), *OPENS)
    refused(lower, fill(), "bob covers what it opens", "TRADE-OPEN")
    assert run(exchange, fill())


def test_nobody_is_ruined_by_a_fill_far_from_the_mark():
    exchange = trades(opening(member("alice", raw=5000), member("bob", raw=200_000)), "alice", 1)
    exchange = crossing(exchange, sell=1, size=1, reduce_only=True)

    refused(exchange, fill(1, 1), *STAYS)
    assert run(exchange, fill(1, 99_000))


def test_the_tier_of_the_resulting_notional_bounds_the_leverage_of_what_opens():
    exchange = opening(member("alice", raw=10**7))

    after = trades(exchange, "alice", "1499.99999")
    resting = crossing(opening(member("alice", raw=10**7), member("bob", raw=10**9)), size=1499)
    crossed = at(resting, BTC=100_100)
    refused(crossed, fill(1499), "the tier allows the leverage of bob", "PERP-LEVERAGE")
    careful = run(at(resting, BTC=99_000), ChangeLeverage(account="bob", market="BTC", leverage=20))
    refused(at(careful, BTC=100_100), fill(1499), "the tier allows the leverage of alice", "PERP-LEVERAGE")

    assert held(after, "alice")[0] < 1500


def test_position_and_orders_of_a_side_stay_below_the_tier_that_forbids_the_leverage():
    exchange = trades(opening(member("alice", raw=10**9)), "alice", 20)
    asks = "position and orders of a side stay within the leverage's tiers", "PERP-TIER-ROOM"

    refused(exchange, order(1480, 100_000), *asks)

    assert run(exchange, order("1479.99999", 100_000)).members["alice"].orders["a"].side == 1
    assert run(exchange, order("-1499.99999", 100_000)).members["alice"].orders["a"].side == -1


def test_a_spot_fill_moves_both_tokens():
    exchange = opening(member("alice", HYPE=10), member("bob", "unified", USDC=1000))
    bid = order(10, 41, "HYPE/USDC", account="bob", order="b")
    exchange = run(exchange, order(-10, 39, "HYPE/USDC"), bid)

    after = run(exchange, fill(10, 40, market="HYPE/USDC"))

    assert (idle(after, "alice"), idle(after, "alice", "HYPE")) == (400, 0)
    assert (idle(after, "bob"), idle(after, "bob", "HYPE")) == (600, 10)


# Positions


def test_the_entry_price_is_the_average_of_what_opened_and_stays_when_a_part_closes():
    exchange = trades(opening(member("alice", raw=50_000)), "alice", 1, price=100_000)

    added = trades(exchange, "alice", 2, price=103_000)
    reduced = trades(added, "alice", "-1.5", price=104_000)
    turned = trades(reduced, "alice", -2, price=101_000)

    assert held(added, "alice")[:2] == (3, 102_000)
    assert held(reduced, "alice")[:2] == (Fraction("1.5"), 102_000)
    assert held(turned, "alice")[:2] == (Fraction("-0.5"), 101_000)
    assert cash(turned, "alice") == 50_000 - 100_000 - 206_000 + 156_000 + 202_000


def test_an_isolated_position_takes_initial_margin_and_gives_it_back_pro_rata():
    exchange = isolated(opening(member("alice", raw=50_000)), "alice", 1, 10)
    assert (cash(exchange, "alice"), margin(exchange, "alice")) == (40_000, 10_000)

    added = trades(at(exchange, BTC=110_000), "alice", 1)
    half = trades(added, "alice", -1)
    flat = trades(half, "alice", -1)

    # 10 000, a profit of 10 000, and a tenth of 110 000.
    assert held(added, "alice") == (2, 105_000, 31_000 - 220_000)
    assert (cash(added, "alice"), margin(added, "alice")) == (29_000, 31_000)
    assert (cash(half, "alice"), margin(half, "alice")) == (44_500, 15_500)
    assert (cash(flat, "alice"), dict(flat.members["alice"].positions.items())) == (60_000, {})


def test_an_isolated_position_that_turns_over_gives_all_back_and_takes_anew():
    exchange = at(isolated(opening(member("alice", raw=50_000)), "alice", 1, 10), BTC=105_000)

    after = trades(exchange, "alice", -3)

    assert held(after, "alice") == (-2, 105_000, 231_000)
    assert (cash(after, "alice"), margin(after, "alice")) == (40_000 + 15_000 - 21_000, 21_000)


def test_fees_of_an_isolated_position_are_paid_from_its_margin():
    exchange = run(
        opening(member("alice", raw=50_000), venue=VENUE),
        ChangeLeverage(account="alice", market="BTC", leverage=10, isolated=True),
    )

    opened = trades(exchange, "alice", 1)
    closed = trades(opened, "alice", -1)

    assert (cash(opened, "alice"), margin(opened, "alice")) == (40_000, 10_000 - 15)
    assert cash(closed, "alice") == 50_000 - 15 - 45


def test_an_isolated_position_is_not_traded_at_a_price_that_eats_more_than_its_margin():
    exchange = isolated(opening(member("alice", raw=50_000), member("bob", raw=10**6)), "alice", 1, 10)
    thin = run(exchange, ChangeDepth(market="BTC", width=999_999))
    low = crossing(exchange, sell=1, size=1, reduce_only=True)

    refused(thin, market_order(-1), *EATEN)
    refused(low, fill(1, 89_999), *EATEN)
    after = run(exchange, ChangeDepth(market="BTC", width=1_000_000), market_order(-1))

    assert (cash(after, "alice"), dict(after.members["alice"].deficit.items())) == (40_000, {})


def test_a_fee_beyond_the_margin_of_an_isolated_position_is_not_left_to_the_venue():
    exchange = isolated(opening(member("alice", raw=50_000), venue=VENUE), "alice", 1, 10)
    exchange = run(exchange, ChangeDepth(market="BTC", width=1_000_000))

    # At 90 000 a margin of 9 985 less the loss of 10 000 cannot pay the fee either.
    refused(exchange, market_order(-1), *EATEN)
    exchange = run(exchange, ChangeDepth(market="BTC", width=1_001_600))
    refused(exchange, market_order(-1), *EATEN)
