"""What a record lacks is solved from one figure and tested on the others, or said to be missing."""

from __future__ import annotations

from fractions import Fraction

import pytest
from attrs import evolve
from synthetic import bundle, scaled

from solvent import Account, Balance, Dex, Position, Prices, Regime, load_venue, observe
from solvent.decimals import show
from solvent.reconcile.report import Status
from solvent.venue import Token

VENUE = load_venue("hyperliquid-beta")


def position(market, size, leverage, max_leverage, entry, raw=None):
    return Position(
        market=market,
        size=Fraction(size),
        leverage=Fraction(leverage),
        max_leverage=Fraction(max_leverage),
        entry=Fraction(entry),
        raw=None if raw is None else Fraction(raw),
    )


def prices(marks, tokens=()):
    return Prices(
        marks={name: Fraction(price) for name, price in marks.items()},
        tokens={name: Fraction(price) for name, price in dict(tokens).items()},
    )


PERPS = Dex(
    raw=Fraction(200000),
    positions=(
        position("BTC", "-1.5", 10, 40, 77000),
        position("ETH", 20, 10, 25, 2500),
        position("HYPE", -100, 5, 10, 80),
    ),
)
PORTFOLIO = Account(
    regime=Regime.PORTFOLIO,
    dexes=(PERPS,),
    balances=(
        Balance(token="USDC", borrowed=Fraction(12000)),
        Balance(token="HYPE", supplied=Fraction(3000)),
        Balance(token="UBTC", supplied=Fraction(1, 2)),
        Balance(token="USDT0"),
    ),
)
UNIFIED = Account(
    regime=Regime.UNIFIED, dexes=(PERPS,), balances=(Balance(token="USDC", idle=Fraction(5000)),)
)
TOKENS = {"HYPE": "80.634512", "UBTC": "78316.638", "USDT0": "0.99974"}
NOW = prices({"BTC": 78347, "ETH": "2508.4", "HYPE": "80.6"}, TOKENS)
SOON = prices({"BTC": 78391, "ETH": "2507.1", "HYPE": "80.63"}, TOKENS)

CROSS = Account(
    regime=Regime.CROSS,
    dexes=(
        Dex(
            raw=Fraction(9_000_000),
            positions=(
                position("DOT", -400000, 5, 10, "4.1"),
                position("BNB", -2500, 8, 10, "726.18"),
                position("ONDO", -900000, 5, 10, "0.8"),
                position("BTC", "3.5", 20, 40, 77000),
            ),
        ),
    ),
)
ALTS = prices({"DOT": "4.0523", "BNB": "722.41", "ONDO": "0.8123", "BTC": 78347})


def counts(report):
    return {status.value: report.count(status) for status in Status}


def row(report, figure, subject):
    return next(r for r in report.comparisons if (r.figure, r.subject) == (figure, subject))


@pytest.mark.parametrize(
    ("account", "at"),
    [(CROSS, ALTS), (UNIFIED, NOW), (PORTFOLIO, NOW)],
    ids=["cross", "unified", "portfolio"],
)
def test_an_account_reported_by_the_model_agrees_throughout(account, at):
    report = observe(bundle(account, at, VENUE), "whole", VENUE)

    assert report.count(Status.AGREES) == len(report.comparisons) >= 19


@pytest.mark.parametrize("factor", ["0.3718291", "7.25"])
def test_an_unknown_scale_is_solved_from_one_price_that_a_tier_moves_and_tested_on_the_others(factor):
    whole = bundle(CROSS, ALTS, VENUE)
    whole["provenance"] = {"scaled": True}

    report = observe(scaled(whole, Fraction(factor)), "scaled", VENUE)

    told = [r for r in report.comparisons if "the scale of the record is solved" in r.because]
    assert len(told) == 1
    assert told[0].figure == "liquidation price"
    assert report.count(Status.DIFFERS) == 0
    assert report.count(Status.AGREES) == len(report.comparisons) - 1
    solved = report.state.inputs.solved["the scale of the record"]
    assert solved.low <= Fraction(factor) <= solved.high


def test_a_scale_that_no_figure_shows_is_not_needed():
    small = Account(
        regime=Regime.CROSS, dexes=(Dex(raw=Fraction(50000), positions=CROSS.dexes[0].positions[3:]),)
    )
    whole = {**bundle(small, ALTS, VENUE), "provenance": {"scaled": True}}

    report = observe(scaled(whole, Fraction("0.3718291")), "scaled", VENUE)

    assert report.count(Status.AGREES) == len(report.comparisons)
    assert not report.state.inputs.solved


def test_without_perps_their_sums_are_solved_and_the_margin_ratio_tests_them():
    whole = bundle(PORTFOLIO, NOW, VENUE)
    del whole["clearinghouseState"]

    report = observe(whole, "spot only", VENUE)

    assert row(report, "margin ratio", "account").status is Status.AGREES
    assert report.count(Status.DIFFERS) == 0


def test_without_reserves_prices_are_taken_from_marks_and_solved():
    whole = {**bundle(PORTFOLIO, NOW, VENUE), "allBorrowLendReserveStates": None}

    report = observe(whole, "no reserves", VENUE)

    assert row(report, "margin ratio", "account").status is Status.AGREES
    assert report.count(Status.DIFFERS) == 0


def test_figures_of_calls_at_different_instants_are_not_observable_and_those_of_one_call_agree():
    whole = bundle(PORTFOLIO, NOW, VENUE)
    whole["clearinghouseState"] = bundle(PORTFOLIO, SOON, VENUE)["clearinghouseState"]

    report = observe(whole, "two instants", VENUE)

    assert report.count(Status.DIFFERS) == 0
    assert "one instant" in row(report, "net balance", "USDC").because
    assert row(report, "cross equity", "main dex").status is Status.AGREES


def test_one_position_shows_how_far_its_mark_moved_and_the_other_figures_agree():
    alone = Account(
        regime=Regime.UNIFIED,
        dexes=(Dex(raw=Fraction(20000), positions=PERPS.positions[:1]),),
        balances=UNIFIED.balances,
    )
    whole = bundle(alone, NOW, VENUE)
    whole["clearinghouseState"] = bundle(alone, SOON, VENUE)["clearinghouseState"]

    report = observe(whole, "two instants", VENUE)

    solved = report.state.inputs.solved["the move of marks between the calls"]
    assert solved.meets(type(solved)(Fraction(78347, 78391) - 1, Fraction(78347, 78391) - 1))
    assert counts(report) == {"agrees": len(report.comparisons) - 1, "differs": 0, "notObservable": 1}


@pytest.mark.parametrize(
    ("path", "subject"),
    [
        (("clearinghouseState", "", "crossMaintenanceMarginUsed"), "main dex"),
        (("clearinghouseState", "", "crossMarginSummary", "accountValue"), "main dex"),
        (("clearinghouseState", "", "withdrawable"), "main dex"),
        (("clearinghouseState", "", "assetPositions", 0, "position", "liquidationPx"), "BTC"),
        (("clearinghouseState", "", "assetPositions", 1, "position", "marginUsed"), "ETH"),
        (("spotClearinghouseState", "tokenToAvailableAfterMaintenance", 0, 1), "USDC"),
        (("spotClearinghouseState", "balances", 1, "hold"), "HYPE"),
        (("spotClearinghouseState", "portfolioMarginRatio"), "account"),
    ],
    ids=lambda value: value[-1] if isinstance(value, tuple) else value,
)
def test_a_wrong_figure_is_found(path, subject):
    whole = bundle(PORTFOLIO, NOW, VENUE)
    node = whole
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = (
        str(Fraction(Fraction(node[path[-1]] or "100") * 102, 100).limit_denominator(1))
        if path[-1] != "portfolioMarginRatio"
        else "0.0093"
    )
    if subject == "HYPE":
        node[path[-1]] = "0.5"

    report = observe(whole, "wrong", VENUE)

    assert report.count(Status.DIFFERS) >= 1
    assert subject in {r.subject for r in report.comparisons if r.status is Status.DIFFERS}


def test_orders_that_were_not_recorded_are_solved_from_the_hold_and_tested_on_withdrawable():
    whole = bundle(UNIFIED, NOW, VENUE)
    whole["frontendOpenOrders"] = None
    state, balance = whole["clearinghouseState"][""], whole["spotClearinghouseState"]["balances"][0]
    order_margin = Fraction("1234.5")
    state["withdrawable"] = str(float(Fraction(state["withdrawable"]) - order_margin))
    balance["hold"] = str(float(Fraction(balance["hold"]) + order_margin * Fraction("1.01")))

    report = observe(whole, "orders", VENUE)

    assert counts(report) == {"agrees": len(report.comparisons) - 1, "differs": 0, "notObservable": 1}
    assert any("order margin" in r.because and "1234.5" in r.because for r in report.comparisons)


def test_a_cap_that_binds_whatever_the_price_needs_no_price():
    rich = Account(
        regime=Regime.PORTFOLIO,
        dexes=(PERPS,),
        balances=(
            Balance(token="USDC"),
            Balance(token="HYPE", supplied=Fraction(90000)),
            Balance(token="USDT0"),
        ),
    )
    whole = bundle(rich, NOW, VENUE)
    whole["allBorrowLendReserveStates"] = whole["allBorrowLendReserveStates"][:1]

    report = observe(whole, "capped", VENUE)

    assert row(report, "hold", "USDT0").reported == -1_000_000
    assert row(report, "hold", "USDT0").status is Status.AGREES
    assert row(report, "available after maintenance", "USDT0").status is Status.AGREES


def test_margin_that_was_free_for_orders_is_solved_from_one_side_and_tested_on_the_other():
    whole = bundle(UNIFIED, NOW, VENUE)
    mark, leverage, size = Fraction(78347), 10, Fraction("1.5")
    free = Fraction(90000) + Fraction("321.5")
    selling = int(free * leverage / mark * 10**5) / Fraction(10**5)
    buying = size + int((free + size * mark / leverage) * leverage / mark * 10**5) / Fraction(10**5)
    whole["szDecimals"] = {"BTC": 5}
    whole["activeAssetData"] = {
        "BTC": {
            "leverage": 10,
            "markPx": "78347",
            "maxTradeSzs": [str(float(buying)), str(float(selling))],
            "availableToTrade": [f"{float(s * mark / leverage):.6f}" for s in (buying, selling)],
        }
    }

    report = observe(whole, "orders", VENUE)

    told = [r for r in report.comparisons if "free margin" in r.because and r.status is Status.NOT_OBSERVABLE]
    assert len(told) == 1
    assert report.count(Status.DIFFERS) == 0
    assert row(report, "largest buy", "BTC").status is Status.AGREES
    assert row(report, "largest sell", "BTC").status is Status.AGREES


def test_the_token_of_an_unknown_dex_is_the_one_with_which_figures_agree():
    usde = Token("USDE", 235, Fraction(0))
    knowing = evolve(VENUE, tokens={**VENUE.tokens, "USDE": usde}, dex_tokens={"hyna": "USDE"})
    two = Account(
        regime=Regime.UNIFIED,
        dexes=(
            Dex(raw=Fraction(20000), positions=(position("ETH", 5, 10, 25, 2500),)),
            Dex(name="hyna", token="USDE", raw=Fraction(3000), positions=(position("hyna:BTC", "0.1", 5, 40, 77000),)),
        ),
        balances=(Balance(token="USDC", idle=Fraction(1000)), Balance(token="USDE", idle=Fraction(500))),
    )  # fmt: skip
    whole = bundle(two, prices({"ETH": "2508.4", "hyna:BTC": 78347}), knowing)

    report = observe(whole, "two dexes", VENUE)

    assert report.count(Status.AGREES) == len(report.comparisons)
    assert "margined in USDE" in row(report, "account value", "hyna").because


@pytest.mark.parametrize("unseen", [0, 1000], ids=["every order recorded", "an order not recorded"])
def test_the_margin_table_limits_the_largest_order_with_what_rests_already(unseen):
    held, mark, leverage = Fraction(400_000), Fraction("4.0523"), 10
    rich = Account(
        regime=Regime.UNIFIED,
        dexes=(Dex(raw=Fraction(0), positions=(position("DOT", held, leverage, 10, "4.1"),)),),
        balances=(Balance(token="USDC", idle=Fraction(5_000_000)),),
    )
    whole = bundle(rich, prices({"DOT": mark}), VENUE)
    free = Fraction(5_000_000) + held * mark - held * mark / leverage
    wanted = [free * leverage / mark, free * leverage / mark + 2 * held]
    room = [3_000_000 / mark - held - unseen, 3_000_000 / mark + held]
    whole["szDecimals"] = {"DOT": 1}
    whole["activeAssetData"] = {
        "DOT": {
            "leverage": leverage,
            "markPx": str(float(mark)),
            "maxTradeSzs": [show(Fraction(int(size * 10), 10), 1) for size in room],
            "availableToTrade": [show(Fraction(int(size * 10), 10) * mark / leverage, 6) for size in wanted],
        }
    }

    report = observe(whole, "capped", VENUE)

    assert report.count(Status.DIFFERS) == 0
    assert row(report, "largest sell", "DOT").status is Status.AGREES
    assert row(report, "largest buy", "DOT").status is (Status.NOT_OBSERVABLE if unseen else Status.AGREES)


def test_spot_orders_say_nothing_of_the_scale_because_their_prices_have_more_digits():
    whole = {**bundle(CROSS, ALTS, VENUE), "provenance": {"scaled": True}}
    bound = observe(whole, "perps", VENUE).state.largest_scale
    spot = {"coin": "PURR/USDC", "side": "B", "limitPx": "0.00001234", "sz": "0.5"}

    with_spot = observe({**whole, "frontendOpenOrders": [spot]}, "spot", VENUE).state.largest_scale

    assert with_spot == bound
