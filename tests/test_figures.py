"""Each figure of a recorded account in detail: what it is computed from, and what it says when it cannot be."""

from __future__ import annotations

from fractions import Fraction

import pytest
from attrs import evolve
from given import (
    CROSS,
    MARKS,
    PORTFOLIO,
    PRICES,
    UBTC,
    UNIFIED,
    VENUE,
    agrees,
    cash,
    order,
    read,
    reported,
    row,
)
from synthetic import bundle

from solvent import (
    Account,
    Balance,
    InputError,
    Order,
    assess,
    observe,
)
from solvent.compare import compare
from solvent.reconcile.names import change_of_orders
from solvent.reconcile.report import Status, regime_of
from solvent.regimes.assessment import Assessment, Pool
from solvent.regimes.portfolio import portfolio_margin
from solvent.rules.kinds import Ratio

# Figures of whole accounts


@pytest.mark.parametrize("regime", [CROSS, UNIFIED, PORTFOLIO])
@pytest.mark.parametrize("complete", [{}, {"orderDexes": [""]}], ids=["of one dex", "complete"])
def test_a_record_that_agrees_needs_no_explanation(regime, complete):
    assert agrees(reported(cash(regime, idle=0), **complete))


def test_a_whole_balance_stands_for_a_cross_balance_that_was_not_recorded():
    document = bundle(cash(), PRICES, VENUE)
    del document["clearinghouseState"][""]["crossMarginSummary"]["totalRawUsd"]

    assert agrees(observe(document, "given", VENUE))


@pytest.mark.parametrize(
    ("spot", "mode", "regime"),
    [
        ({"portfolioMarginRatio": "0.1"}, None, PORTFOLIO),
        ({"tokenToAvailableAfterMaintenance": [[0, "1"]]}, None, UNIFIED),
        ({}, None, CROSS),
        ({"portfolioMarginRatio": "0.1"}, "default", CROSS),
        ({}, "unifiedAccount", UNIFIED),
        ({}, "portfolioMargin", PORTFOLIO),
    ],
)
def test_what_the_spot_state_carries_tells_the_regime_where_no_mode_was_recorded(spot, mode, regime):
    document = {"spotClearinghouseState": {"balances": [], **spot}, "userAbstraction": mode}

    assert regime_of(read(document)) is regime


@pytest.mark.parametrize("amount", ["borrowed", "supplied"])
def test_a_token_that_the_venue_does_not_list_cannot_be_lent(amount):
    row = {"coin": "PURR", "token": 1, "total": "5", "hold": "0", amount: "1"}

    with pytest.raises(InputError, match=r"found PURR; expected a token of hyperliquid-beta"):
        observe({"spotClearinghouseState": {"balances": [row]}}, "given", VENUE)


def test_a_token_that_the_venue_does_not_list_may_be_held_and_not_lent():
    row = {"coin": "PURR", "token": 1, "total": "5", "hold": "0", "borrowed": "0", "supplied": "0"}

    assert agrees(observe({"spotClearinghouseState": {"balances": [row]}}, "given", VENUE))


def test_a_negative_balance_of_what_the_venue_takes_as_collateral_is_refused_with_its_place():
    balance = {"coin": "UBTC", "token": UBTC, "total": "-1", "hold": "0"}

    with pytest.raises(InputError, match=r"spotClearinghouseState.balances\[0\].total: found -1"):
        observe({"spotClearinghouseState": {"balances": [balance]}}, "given", VENUE)


def test_the_tolerance_of_a_figure_is_that_of_its_digits_and_of_every_amount_behind_it():
    # Raw balance, notional, and the printed margin itself: one unit each.
    assert row(reported(cash()), "margin used", "ETH").tolerance == 3 * VENUE.parameters.usd_unit


@pytest.mark.parametrize("supply", [199, 300])
@pytest.mark.parametrize("cap", [200, None])
def test_supply_counts_up_to_its_cap_where_there_is_one(supply, cap):
    tokens = {**VENUE.tokens, "UBTC": evolve(VENUE.tokens["UBTC"], user_supply_cap=cap)}
    account = cash(PORTFOLIO)
    account = evolve(account, balances=(*account.balances, Balance(token="UBTC", supplied=Fraction(supply))))
    cheap = evolve(PRICES, tokens={"UBTC": Fraction(10)})
    known = evolve(
        VENUE, tokens={**tokens, "UBTC": evolve(tokens["UBTC"], user_supply_cap=Fraction(cap or 10**9))}
    )

    assert agrees(observe(bundle(account, cheap, known), "given", evolve(VENUE, tokens=tokens)))


def test_a_supply_of_zero_needs_no_price():
    document = bundle(cash(PORTFOLIO), PRICES, VENUE)
    hype = {"coin": "HYPE", "token": VENUE.tokens["HYPE"].index, "total": "0", "hold": "0", "supplied": "0"}
    document["spotClearinghouseState"]["balances"].append(hype)

    assert agrees(observe(document, "given", VENUE))


def test_sums_over_positions_that_were_not_recorded_are_left_open():
    document = bundle(cash(), PRICES, VENUE)
    del document["clearinghouseState"][""]["assetPositions"][0]
    report = observe({**document, "partialPositions": True}, "given", VENUE)

    assert report.count(Status.DIFFERS) == 0
    assert row(report, "withdrawable", "main dex").because == (
        "not recorded: the transfer requirement of positions of the main dex that were not recorded"
    )


def test_a_token_that_can_neither_be_borrowed_nor_support_is_held_as_in_a_unified_account():
    balance = Balance(token="USDH", idle=Fraction(5), selling=Fraction(2))
    account = cash(PORTFOLIO)
    account = evolve(account, balances=(*account.balances, balance))
    report = reported(account, frontendOpenOrders=[order("USDH/USDC", "A", 2)])

    assert (row(report, "hold", "USDH").rule, agrees(report)) == ("UA-SPOT-HOLD", True)


def test_a_price_and_the_absence_of_one_are_figures_of_different_rules():
    report = reported(cash())
    rules = {
        market: row(report, "liquidation price", market).rule for market in MARKS if market in ("BTC", "ETH")
    }

    assert rules == {"BTC": "LIQPX-NONE", "ETH": "LIQPX-ROOT"}


# Orders


@pytest.mark.parametrize("pair", ["UBTC/USDC", "@142"])
def test_spot_buys_hold_their_notional_of_the_quote_token(pair):
    account = evolve(
        cash(UNIFIED), balances=(Balance(token="USDC", buying=Fraction(30)), Balance(token="UBTC"))
    )

    assert agrees(reported(account, frontendOpenOrders=[order(pair, "B", 3, 10)]))


def test_spot_sells_hold_their_size_of_the_token_that_is_sold():
    account = evolve(
        cash(UNIFIED), balances=(Balance(token="USDC"), Balance(token="UBTC", selling=Fraction(3)))
    )

    assert agrees(reported(account, frontendOpenOrders=[order("UBTC/USDC", "A", 3, 10)]))


def test_a_spot_sell_in_a_numbered_pair_leaves_open_which_token_is_held():
    account = evolve(cash(UNIFIED), balances=(Balance(token="USDC"), Balance(token="UBTC")))
    report = reported(account, frontendOpenOrders=[order("@142", "A", 3, 10)])

    assert row(report, "hold", "UBTC").because == "not recorded: the token of spot orders in @142"
    assert row(report, "hold", "USDC").status is Status.AGREES


def test_an_order_of_unknown_leverage_leaves_the_order_margin_of_its_dex_open_and_nothing_else():
    report = reported(cash(), frontendOpenOrders=[order("SOL", "B")])

    assert "the order margin of the main dex is solved" in row(report, "withdrawable", "main dex").because
    assert report.count(Status.AGREES) == len(report.comparisons) - 1


def test_an_order_of_a_market_whose_leverage_was_recorded_is_counted():
    resting = Order(market="SOL", side=1, size=2, price=3, leverage=Fraction(3))
    account = evolve(cash(), dexes=(evolve(cash().dexes[0], orders=(resting,)),))
    data = {"SOL": {"leverage": 3, "markPx": "3"}}

    assert agrees(reported(account, frontendOpenOrders=[order("SOL", "B")], activeAssetData=data))


def test_an_order_of_another_dex_leaves_the_order_margin_of_a_dex_as_it_is():
    assert agrees(reported(cash(), frontendOpenOrders=[order("xyz:CL", "B")]))


def test_orders_that_changed_between_the_calls_are_solved_with_the_sign_of_the_change():
    resting = Order(market="BTC", side=1, size=1, price=10_000, leverage=Fraction(10))
    account = cash()
    account = evolve(account, dexes=(evolve(account.dexes[0], orders=(resting,)),))
    document = bundle(account, PRICES, VENUE)
    state = document["clearinghouseState"][""]
    state["withdrawable"] = str(Fraction(state["withdrawable"]) - 4)
    report = observe({**document, "frontendOpenOrders": [order("BTC", "B", 1, 10_000)]}, "given", VENUE)

    solved = report.state.inputs.solved[change_of_orders("")]
    assert solved.low <= Fraction(4, 1_000) <= solved.high


def test_order_margin_that_was_solved_is_no_longer_said_to_be_taken_as_none():
    document = {**bundle(cash(UNIFIED, idle=0), PRICES, VENUE), "frontendOpenOrders": None}
    state, balance = document["clearinghouseState"][""], document["spotClearinghouseState"]["balances"][0]
    state["withdrawable"] = str(Fraction(state["withdrawable"]) - 400)
    balance["hold"] = str(Fraction(balance["hold"]) + 404)
    report = observe(document, "given", VENUE)

    because = {row(report, *of).because for of in (("hold", "USDC"), ("withdrawable", "main dex"))}
    assert "with the order margin of the main dex as solved from another figure" in because
    assert any(
        text.startswith("the order margin of the main dex is solved from this figure") for text in because
    )


def test_orders_that_were_solved_are_held_of_the_collateral_too():
    resting = Order(market="BTC", side=1, size=1, price=50_000, leverage=Fraction(1))
    account = cash(PORTFOLIO)
    coin = Balance(token="UBTC", supplied=Fraction(1))
    account = evolve(
        account, dexes=(evolve(account.dexes[0], orders=(resting,)),), balances=(*account.balances, coin)
    )
    found = row(reported(account, frontendOpenOrders=None), "hold", "UBTC")

    assert found.reported > 0
    assert found.status is Status.AGREES
    assert found.because == "with the order margin of the main dex as solved from another figure"


# Regimes


def test_the_sums_of_a_dex_stand_in_an_assessment_after_those_of_its_positions():
    found = assess(cash(), PRICES, VENUE).lines[-4:]

    assert [(line.figure, line.amount) for line in found] == [
        ("cross equity", 45_000),
        ("account value", 45_000 + 17_000 - 20_000),
        ("transfer requirement", 4_000),
        ("order margin", 0),
    ]


def test_nothing_may_be_borrowed_of_a_token_without_a_borrow_cap():
    margin = portfolio_margin(VENUE.tokens["UBTC"], cash(PORTFOLIO), (), PRICES, VENUE)

    assert (margin.borrow_cap, margin.capacity) == (0, 0)


def test_under_cross_margin_the_quote_token_stands_in_its_dex_alone():
    compared = compare(cash(idle=7), PRICES, VENUE).assessments[CROSS]

    assert compared.holds == {}


def test_what_rests_in_sells_of_a_token_does_not_leave_a_portfolio_account():
    held_of = Balance(token="UBTC", idle=Fraction(5), selling=Fraction(2))
    found = assess(evolve(cash(PORTFOLIO), balances=(held_of,)), PRICES, VENUE)

    assert found.withdrawable["UBTC"] == 3


def test_every_loan_however_small_has_a_health_factor():
    for loan, factors in ((0, []), (Fraction(1, 2), [2 * 39_995]), (1, [39_995])):
        owes = (Balance(token="USDC", borrowed=loan), Balance(token="UBTC", supplied=1))
        lines = assess(Account(regime=PORTFOLIO, balances=owes), PRICES, VENUE).lines

        assert [line.amount for line in lines if line.figure == "health factor"] == factors


def test_a_pool_of_nothing_is_not_the_worst_one():
    def pool(requirement, resources):
        ratio = Ratio(Fraction(requirement), Fraction(resources))
        return Pool(
            name="", requirement=0, resources=0, ratio=ratio, available=0, liquidatable=False, bankrupt=False
        )

    found = Assessment(
        regime=CROSS, pools=(pool(0, 0), pool(1, 2)), initial=0, withdrawable={}, available={}, holds={},
        capital=0, liquidation_prices={}, lines=(),
    )  # fmt: skip

    assert found.ratio == Ratio(Fraction(1), Fraction(2))
