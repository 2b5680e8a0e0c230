"""The world around the exchange: prices, books, time and parameters, and the funding that time brings."""

from __future__ import annotations

from fractions import Fraction

import pytest
from exchange_examples import (
    HOUR,
    at,
    cash,
    isolated,
    margin,
    member,
    opening,
    refused,
    run,
    trades,
)

from solvent.exchange import (
    ChangeDepth,
    ChangeParameter,
    LiquidateOnBook,
    MovePrices,
    PassTime,
    SettleFunding,
    Supply,
    Withdraw,
)

# Prices


def test_a_batch_of_prices_moves_all_that_it_names_at_once():
    exchange = opening()

    after = run(
        exchange,
        MovePrices(
            marks={"BTC": 90_000, "xyz:CL": 81},
            oracles={"BTC": 90_100, "HYPE": 41},
            spots={"HYPE": 39},
            premiums={"BTC": "0.001"},
            usdt="0.99",
        ),
    )

    btc, crude, hype = (after.markets[name] for name in ("BTC", "xyz:CL", "HYPE"))
    assert (btc.mark, btc.oracle, btc.premium) == (90_000, 90_100, Fraction("0.001"))
    assert (btc.previous_mark, btc.previous_oracle) == (100_000, 100_000)
    assert (crude.mark, crude.oracle) == (81, 81)
    assert (hype.mark, hype.oracle, hype.previous_mark, hype.previous_oracle) == (40, 41, 40, 40)
    assert (after.spots["HYPE"].price, after.usdt) == (39, Fraction("0.99"))
    assert dict(after.prices.marks) == {name: m.mark for name, m in after.markets.items()}


def test_the_borrow_price_is_the_median_of_spot_and_the_perps_prices_in_the_quote_token():
    exchange = opening()

    low = run(exchange, MovePrices(spots={"HYPE": 30}, marks={"HYPE": 40}, oracles={"HYPE": 38}))
    cheap = run(low, MovePrices(usdt="0.5"))

    assert (low.prices.tokens["HYPE"], cheap.prices.tokens["HYPE"]) == (38, 20)
    assert (low.prices.tokens["USDC"], low.prices.tokens["USDT0"]) == (1, 1)


def test_a_hedge_is_whole_after_a_batch_of_both_its_prices_and_broken_between_two_batches():
    exchange = opening(member("alice", raw=7000))
    exchange = trades(trades(exchange, "alice", 1), "alice", -50, "ETH")
    both = run(exchange, MovePrices(marks={"BTC": 105_000, "ETH": 2100}))
    half = run(exchange, MovePrices(marks={"ETH": 2100}))

    assert not both.assess("alice").liquidatable
    assert half.assess("alice").liquidatable


def test_a_batch_that_says_nothing_of_a_market_makes_its_present_price_the_previous_one():
    exchange = at(at(opening(), HYPE=30), BTC=99_000)

    assert (exchange.markets["HYPE"].previous_mark, exchange.markets["BTC"].previous_mark) == (30, 100_000)


@pytest.mark.parametrize(
    ("batch", "asks"),
    [
        ({"marks": {"ZZZ": 1}}, "there is a market ZZZ"),
        ({"oracles": {"HYPE/USDC": 1}}, "there is a market HYPE/USDC"),
        ({"premiums": {"ZZZ": 0}}, "there is a market ZZZ"),
        ({"spots": {"ZZZ": 1}}, "there is a spot market of ZZZ"),
        ({"marks": {"BTC": 0}}, "the price of BTC is above zero"),
        ({"oracles": {"BTC": -1}}, "the price of BTC is above zero"),
        ({"spots": {"HYPE": 0}}, "the price of HYPE is above zero"),
        ({"premiums": {"BTC": "1.01"}}, "the premium of BTC is at most 1"),
        ({"premiums": {"BTC": "-1.01"}}, "the premium of BTC is at least -1"),
        ({"usdt": 0}, "the price of USDT is above zero"),
    ],
)
def test_one_bad_price_refuses_the_whole_batch(batch, asks):
    refused(opening(), MovePrices(**{"marks": {"ETH": 1999}} | batch), asks)


# Books, time, parameters


def test_the_depth_of_a_book_is_that_of_its_market_alone():
    changed = {"spread": "0.01", "width": 5000, "size": 3}

    perp = run(opening(), ChangeDepth(market="BTC", **changed))
    spot = run(opening(), ChangeDepth(market="HYPE/USDC", **changed))

    depths = [
        (depth.spread, depth.width, depth.size)
        for depth in (perp.markets["BTC"].depth, spot.spots["HYPE"].depth)
    ]
    assert depths == [(Fraction("0.01"), 5000, 3)] * 2
    assert perp.spots == opening().spots
    assert spot.markets == opening().markets


@pytest.mark.parametrize(
    ("change", "asks"),
    [
        ({"market": "ZZZ"}, "there is a market ZZZ"),
        ({"spread": "-0.01"}, "the spread is not below zero"),
        ({"spread": "1.01"}, "the spread is at most the price"),
        ({"width": 0}, "the width is above zero"),
        ({"size": -1}, "the size is not below zero"),
    ],
)
def test_a_book_without_meaning_is_refused(change, asks):
    refused(opening(), ChangeDepth(**{"market": "BTC"} | change), asks)


def test_time_only_passes_and_only_in_whole_milliseconds():
    exchange = run(opening(now=5), PassTime(milliseconds=1), PassTime(milliseconds=HOUR))

    assert exchange.now == 6 + HOUR
    for span in (0, -1, 1.5, True):
        refused(exchange, PassTime(milliseconds=span), "the time is above zero")


def test_a_changed_parameter_holds_from_now_on():
    exchange = at(trades(opening(member("alice", "unified", USDC=10_000)), "alice", "0.5"), BTC=110_000)

    after = run(exchange, ChangeParameter(parameter="transfer_fraction", value="0.2"))

    # Of 15 000 a fifth of 55 000 stays.
    most = Withdraw(account="alice", token="USDC", amount=4000)
    more = Withdraw(account="alice", token="USDC", amount="4000.01")
    assert run(after, most)
    refused(after, more, "the amount is withdrawable from alice", "PERP-WITHDRAWABLE")
    assert run(exchange, more)


def test_a_changed_parameter_of_a_token_holds_for_it_alone():
    exchange = opening(member("alice", USDC=10, HYPE=10))

    after = run(exchange, ChangeParameter(parameter="HYPE.user_supply_cap", value=4))

    assert after.venue.tokens["HYPE"].user_supply_cap == 4
    assert after.venue.tokens["USDC"] is exchange.venue.tokens["USDC"]
    refused(
        after,
        Supply(account="alice", token="HYPE", amount=5),
        "the supply stays within the caps",
        "LEND-MAY-SUPPLY",
    )


@pytest.mark.parametrize(
    ("parameter", "value", "asks"),
    [
        ("transfer_fraction", "-0.1", "the value is not below zero"),
        ("transfer_fraction", "1.1", "the value is at most one"),
        ("usd_unit", 0, "the value is above zero"),
        ("rate_year", 0, "the value is above zero"),
        ("collateral_half_life", 0, "the value is above zero"),
        ("leverage", 1, "leverage is a parameter of the venue"),
        ("ZZZ.ltv", 0, "ZZZ is a token of the venue"),
        ("HYPE.name", 0, "name is a parameter of a token"),
        ("HYPE.threshold", 0, "threshold is a parameter of a token"),
        ("HYPE.ltv", 1, "the value is below one"),
        ("HYPE.stated_threshold", 1, "the value is below one"),
        ("HYPE.depth_width", 0, "the value is above zero"),
    ],
)
def test_a_parameter_without_meaning_is_refused(parameter, value, asks):
    refused(opening(), ChangeParameter(parameter=parameter, value=value), asks)


@pytest.mark.parametrize("value", [0, "0.5", 1])
def test_a_share_may_be_anything_from_zero_to_one(value):
    after = run(opening(), ChangeParameter(parameter="reserve_share", value=value))

    assert after.venue.parameters.reserve_share == Fraction(value)


def test_prices_alone_make_an_account_liquidatable_and_healthy_again():
    exchange = trades(opening(member("alice", raw=5000)), "alice", 1)
    sunk = at(exchange, BTC=96_000)

    assert run(sunk, LiquidateOnBook(account="alice", market="BTC"))
    refused(
        at(sunk, BTC=97_000),
        LiquidateOnBook(account="alice", market="BTC"),
        "BTC of alice is liquidatable",
        "PERP-LIQUIDATABLE",
    )


# Funding


def funded(premium, *, hours=1, **more):
    """The exchange after some hours at a premium, of which none is paid for."""
    exchange = trades(opening(member("alice", raw=50_000), **more), "alice", 1)
    return run(exchange, MovePrices(premiums={"BTC": premium}), PassTime(milliseconds=hours * HOUR))


@pytest.mark.parametrize(
    ("premium", "paid"),
    [
        ("0", "1.25"),  # (0 + 0.0001) / 8 of 100 000
        ("0.01", "118.75"),  # (0.01 - 0.0005) / 8
        ("-0.01", "-118.75"),  # (-0.01 + 0.0005) / 8
        ("1", "4000"),  # capped at 4 %
        ("-1", "-4000"),
    ],
)
def test_every_hour_a_long_pays_a_short_by_the_rate_of_the_premium(premium, paid):
    after = run(funded(premium), SettleFunding(market="BTC"))

    assert cash(after, "alice") == 50_000 - 100_000 - Fraction(paid)
    assert cash(after, "maker") == 10**12 + 100_000 + Fraction(paid)
    assert after.treasury.get("USDC") == 0


def test_the_remainder_of_rounded_payments_is_the_treasurys_of_either_sign():
    # Each long of 0.00003 pays 0.0000375..., rounded to 0.000038; the short of both receives 0.000075.
    exchange = opening(member("alice", raw=50), member("bob", raw=50))
    for name in ("alice", "bob"):
        exchange = trades(exchange, name, "0.00003")
    exchange = run(exchange, MovePrices(oracles={"BTC": "100000.1"}), PassTime(milliseconds=HOUR))

    after = run(exchange, SettleFunding(market="BTC"))
    backwards = run(exchange, MovePrices(premiums={"BTC": "-0.0006"}), SettleFunding(market="BTC"))

    assert cash(after, "alice") - cash(exchange, "alice") == Fraction("-0.000038")
    assert cash(after, "maker") - cash(exchange, "maker") == Fraction("0.000075")
    assert after.treasury["USDC"] == Fraction("0.000001")
    # (-0.0006 + 0.0005) / 8 turns the payments round.
    assert backwards.treasury["USDC"] == Fraction("-0.000001")


def test_funding_is_due_after_an_hour_and_once_for_every_hour():
    exchange = trades(opening(member("alice", raw=50_000)), "alice", 1)
    asks = "an hour has passed that is not paid for", "FUND-PAYMENT"
    settle = SettleFunding(market="BTC")

    early, late = (run(exchange, PassTime(milliseconds=ms)) for ms in (HOUR - 1, 5 * HOUR // 2))
    refused(early, settle, *asks)
    twice = run(late, settle, settle)

    refused(twice, settle, *asks)
    assert cash(twice, "alice") == -50_000 - Fraction("2.5")
    assert twice.markets["BTC"].funded == 2 * HOUR


def test_funding_of_an_isolated_position_is_paid_from_its_margin_and_of_a_dex_from_its_cash():
    exchange = isolated(opening(member("alice", raw=50_000, xyz=1000)), "alice", 1, 10)
    exchange = run(trades(exchange, "alice", 100, "xyz:CL"), PassTime(milliseconds=HOUR))

    after = run(exchange, SettleFunding(market="BTC"), SettleFunding(market="xyz:CL"))

    assert (cash(after, "alice"), margin(after, "alice")) == (40_000, 10_000 - Fraction("1.25"))
    assert cash(after, "alice", "xyz") == 1000 - 8000 - Fraction("0.1")
    refused(after, SettleFunding(market="HYPE/USDC"), "there is a market HYPE/USDC")
