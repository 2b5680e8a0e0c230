"""What a record and its figures say in detail: holdings, answers as read, inputs, bounds, and reasons."""

from __future__ import annotations

from fractions import Fraction

import pytest
from attrs import evolve
from synthetic import bundle

from solvent import (
    Account,
    Balance,
    Dex,
    InputError,
    Order,
    Position,
    Prices,
    Regime,
    assess,
    load_venue,
    observe,
)
from solvent.arithmetic import floor_to
from solvent.compare import compare
from solvent.decimals import Printed, show
from solvent.ingest import hyperliquid
from solvent.ingest.holdings import holdings
from solvent.ingest.record import dex_of
from solvent.interval import Interval
from solvent.reconcile.declare import declare
from solvent.reconcile.figure import Digits, Figure
from solvent.reconcile.inputs import Input, Inputs, Missing
from solvent.reconcile.names import SCALE, change_of_orders, free_at
from solvent.reconcile.report import Status, regime_of
from solvent.reconcile.scale import largest_scale
from solvent.reconcile.solve import Solution, Value, find, solve, whole
from solvent.reconcile.state import State
from solvent.regimes.assessment import Assessment, Pool
from solvent.regimes.portfolio import portfolio_margin
from solvent.rules.kinds import Ratio

VENUE = load_venue("hyperliquid-beta")
DEXES = evolve(VENUE, dex_tokens={"hyna": "USDT0"})
ISOLATED, CROSS, UNIFIED, PORTFOLIO = Regime
USDC, UBTC, USDT0 = (VENUE.tokens[name].index for name in ("USDC", "UBTC", "USDT0"))


def position(market, size, entry, raw=None, **more):
    raw = None if raw is None else Fraction(raw)
    levels = {"leverage": Fraction(10), "max_leverage": Fraction(40), **more}
    return Position(market=market, size=Fraction(size), entry=Fraction(entry), raw=raw, **levels)


def read(document):
    return hyperliquid.record(document, "given")


def cash(regime=CROSS, **amounts):
    """An account of two BTC longs' worth of perps, one of them isolated, and a balance of the quote token."""
    legs = (position("BTC", "0.5", 70_000), position("ETH", -8, 2_000, raw=17_000))
    own = Balance(token="USDC", **{name: Fraction(amount) for name, amount in amounts.items()})
    return Account(regime=regime, dexes=(Dex(raw=Fraction(5_000), positions=legs),), balances=(own,))


MARKS = {"BTC": Fraction(80_000), "ETH": Fraction(2_500), "hyna:BTC": Fraction(80_001)}
PRICES = Prices(marks=MARKS, tokens={"UBTC": Fraction(79_990), "USDT0": Fraction("0.999")})


# Holdings


def held(account, venue=VENUE, prices=PRICES, **changed):
    """The holdings behind what the venue would report of an account."""
    return holdings(read({**bundle(account, prices, venue), **changed}), account.regime, venue)


@pytest.mark.parametrize(
    ("regime", "amounts"),
    [
        (CROSS, {"idle": 7}),
        (UNIFIED, {"idle": 7}),
        (PORTFOLIO, {"idle": 7, "supplied": 11}),
        (PORTFOLIO, {"idle": 7, "borrowed": 13}),
    ],
)
def test_the_holdings_behind_a_record_are_the_account_that_was_reported(regime, amounts):
    account = cash(regime, **amounts)

    assert held(account).account == account


@pytest.mark.parametrize("regime", [UNIFIED, PORTFOLIO])
def test_what_stands_in_each_dex_is_taken_out_of_the_balance_of_its_own_token(regime):
    other = Dex(name="hyna", token="USDT0", raw=Fraction(-60), positions=(position("hyna:BTC", 1, 9),))
    more = Dex(name="xyz", raw=Fraction(40))
    both = evolve(
        cash(regime, idle=7),
        dexes=(*cash().dexes, other, more),
        balances=(*cash(idle=7).balances, Balance(token="USDT0", idle=Fraction(3))),
    )

    assert held(both, DEXES).account == both


def test_marks_are_the_notional_of_a_unit_and_prices_those_of_the_reserves():
    found = held(cash(), prices=PRICES)

    assert found.prices.marks == {"BTC": MARKS["BTC"], "ETH": MARKS["ETH"]}
    assert found.prices.tokens == PRICES.tokens


def test_reserves_without_a_price_or_of_an_unknown_token_price_nothing():
    reserves = [[UBTC, {"ltv": "0.5"}], [999, {"oraclePx": "7"}]]

    assert held(cash(), allBorrowLendReserveStates=reserves).prices.tokens == {}


def test_what_a_position_does_not_report_is_not_known_of_it():
    document = bundle(cash(), PRICES, VENUE)
    for row in document["clearinghouseState"][""]["assetPositions"]:
        del row["position"]["entryPx"], row["position"]["maxLeverage"]
    (dex,) = holdings(read(document), CROSS, VENUE).account.dexes

    assert {(p.entry, p.max_leverage) for p in dex.positions} == {(None, None)}


def test_without_a_spot_state_there_are_no_balances():
    document = {**bundle(cash(), PRICES, VENUE), "spotClearinghouseState": None}

    assert holdings(read(document), CROSS, VENUE).account.balances == ()


def test_a_price_that_was_recorded_goes_before_one_that_is_given():
    given = {"UBTC": Fraction(1), "HYPE": Fraction(80)}
    record = read(bundle(cash(), PRICES, VENUE))

    assert holdings(record, CROSS, VENUE, given).prices.tokens == {**PRICES.tokens, "HYPE": 80}


@pytest.mark.parametrize(
    ("token", "amounts", "unpriced"),
    [
        ("UBTC", {"idle": 1}, ("UBTC",)),
        ("UBTC", {"supplied": 1}, ("UBTC",)),
        ("UBTC", {}, ()),
        ("USDT0", {"idle": 1}, ()),
    ],
)
def test_collateral_without_a_price_is_named(token, amounts, unpriced):
    account = Account(regime=PORTFOLIO, balances=(Balance(token=token, **amounts),))
    row = {
        "coin": token,
        "token": VENUE.tokens[token].index,
        "total": str(sum(amounts.values())),
        "hold": "0",
        "supplied": str(amounts.get("supplied", 0)),
    }
    record = read({"spotClearinghouseState": {"balances": [row]}})

    assert holdings(record, PORTFOLIO, VENUE).account == account
    assert holdings(record, PORTFOLIO, VENUE).unpriced == unpriced
    assert holdings(record, PORTFOLIO, VENUE, {token: Fraction(1)}).unpriced == ()


def test_a_token_that_the_venue_does_not_list_is_held_and_needs_no_price():
    row = {"coin": "PURR", "token": 1, "total": "5", "hold": "0"}
    found = holdings(read({"spotClearinghouseState": {"balances": [row]}}), UNIFIED, VENUE)

    assert found.account.balances == (Balance(token="PURR", idle=Fraction(5)),)
    assert found.unpriced == ()


def order(coin, side, size=2, price=3, **more):
    return {"coin": coin, "side": side, "sz": str(size), "limitPx": str(price), **more}


def test_spot_sells_of_a_token_rest_in_its_balance():
    orders = [order("UBTC/USDC", "A", 2), order("UBTC/USDC", "A", 3), order("UBTC/USDC", "B", 4)]
    orders += [order("UBTCX/USDC", "A", 7), order("BTC", "A", 11)]
    account = evolve(cash(), balances=(Balance(token="UBTC", idle=Fraction(9)),))

    assert held(account, frontendOpenOrders=orders).account.balance("UBTC").selling == 5


def test_perp_orders_stand_in_their_dex_at_the_leverage_of_their_market():
    orders = [
        order("BTC", "A"),
        order("SOL", "B", reduceOnly=True),
        order("HYPE", "B"),
        order("xyz:CL", "B"),
        order("UBTC/USDC", "B"),
    ]
    data = {coin: {"leverage": 3, "markPx": "1"} for coin in ("SOL", "BTC", "UBTC/USDC")}
    account = evolve(cash(), dexes=(*cash().dexes, Dex(name="xyz", raw=Fraction(0))))
    own, other = held(account, frontendOpenOrders=orders, activeAssetData=data).account.dexes

    # The leverage of HYPE and xyz:CL is not known.
    numbers = {"size": Fraction(2), "price": Fraction(3)}
    assert own.orders == (
        Order(market="BTC", side=-1, leverage=Fraction(10), **numbers),
        Order(market="SOL", side=1, leverage=Fraction(3), reserves=False, **numbers),
    )
    assert other.orders == ()


def test_where_orders_were_not_recorded_none_stand_in_the_account():
    assert held(cash(), frontendOpenOrders=None).account == cash(idle=0)


@pytest.mark.parametrize("missing", ["crossMarginSummary", "marginSummary"])
def test_the_cross_balance_is_the_whole_balance_less_that_of_isolated_positions(missing):
    document = bundle(cash(), PRICES, VENUE)
    del document["clearinghouseState"][""][missing]["totalRawUsd"]

    assert holdings(read(document), CROSS, VENUE).account == cash(idle=0)


def test_a_dex_without_a_balance_is_refused():
    document = bundle(cash(), PRICES, VENUE)
    for summary in ("crossMarginSummary", "marginSummary"):
        del document["clearinghouseState"][""][summary]["totalRawUsd"]

    with pytest.raises(
        InputError, match=r'clearinghouseState\[""\].crossMarginSummary.totalRawUsd: found nothing'
    ):
        holdings(read(document), CROSS, VENUE)


# Figures of whole accounts


def reported(account, venue=VENUE, prices=PRICES, **changed):
    """What recomputing the venue's answers of an account, some of them changed, says."""
    return observe({**bundle(account, prices, venue), **changed}, "given", venue)


def row(report, figure, subject):
    return next(r for r in report.comparisons if (r.figure, r.subject) == (figure, subject))


def agrees(report):
    """Whether every figure agrees, and none needs a word of explanation."""
    return {(r.status, r.because) for r in report.comparisons} == {(Status.AGREES, "")}


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
        "the transfer requirement of positions of the main dex that were not recorded was not recorded"
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

    assert row(report, "hold", "UBTC").because == "the token of spot orders in @142 was not recorded"
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


# What may be traded


def trading(account, market, mark, **given):
    """The report of an account with what may be traded of a market, whose sizes have two decimals."""
    data = {market: {"leverage": 5, "markPx": str(mark), **given}}
    return reported(account, activeAssetData=data, szDecimals={market: 2})


@pytest.mark.parametrize("side", [1, -1], ids=["long", "short"])
@pytest.mark.parametrize(("more", "agreeing"), [(0, 2), (Fraction(1, 100), 0)])
def test_the_margin_table_bounds_the_largest_orders_with_position_and_resting_orders(side, more, agreeing):
    # A leverage of 25 is allowed up to 150M, which is 1,875 BTC.
    resting = Order(market="BTC", side=1, size=4, price=3, leverage=Fraction(25))
    held_of = position("BTC", side, 80_000, leverage=Fraction(25))
    account = evolve(cash(), dexes=(Dex(raw=Fraction(50_000_000), positions=(held_of,), orders=(resting,)),))
    sizes = [show(1_875 - 4 - side + more), show(1_875 + side + more)]
    report = observe(
        {
            **bundle(account, PRICES, VENUE),
            "frontendOpenOrders": [order("BTC", "B", 4, 3), order("ETH", "B", 5, 3)],
            "activeAssetData": {
                "BTC": {"leverage": 25, "markPx": "80000", "maxTradeSzs": sizes},
                "ETH": {"leverage": 10, "markPx": "2500"},
            },
            "szDecimals": {"BTC": 2},
        },
        "given",
        VENUE,
    )
    rows = [row(report, "largest buy", "BTC"), row(report, "largest sell", "BTC")]

    assert [r.rule for r in rows] == ["PERP-SIZE-INCREASE", "PERP-SIZE-OPPOSITE"][::side]
    assert sum(r.status is Status.AGREES and not r.because for r in rows) == agreeing


def test_margin_that_was_freed_until_the_call_for_a_market_is_solved_as_more():
    free = 5_000 + 40_000 - 4_000
    report = trading(cash(), "SOL", 100, availableToTrade=[str(free + 500)] * 2)

    solved = report.state.inputs.solved[free_at("SOL")]
    assert abs(solved.middle - 500) < 1
    assert row(report, "available to sell", "SOL").status is Status.AGREES


@pytest.mark.parametrize(
    ("regime", "balances", "free"),
    [
        (UNIFIED, [Balance(token="USDC", idle=7)], 7),
        (UNIFIED, [Balance(token="USDC", idle=7, buying=30)], 7 - 30),
        (PORTFOLIO, [Balance(token="USDC"), Balance(token="UBTC", supplied=1)], 39_995),
    ],
    ids=["cash", "spot buys", "collateral"],
)
def test_what_may_be_traded_is_what_the_regime_shares(regime, balances, free):
    # The position's equity of 45,000 less its initial margin of 4,000, and what stands outside its dex.
    account = evolve(cash(regime), balances=tuple(balances))
    orders = [order("UBTC/USDC", "B", b.buying, price=1) for b in balances if b.buying]
    data = {"SOL": {"leverage": 5, "markPx": "0.01", "availableToTrade": [str(41_000 + free)] * 2}}

    assert agrees(reported(account, activeAssetData=data, szDecimals={"SOL": 2}, frontendOpenOrders=orders))


def test_what_may_be_traded_of_a_market_needs_the_state_of_its_dex():
    report = trading(cash(), "xyz:CL", 100, availableToTrade=["1", "1"])

    assert row(report, "available to buy", "xyz:CL").because == "the leverage of xyz:CL was not recorded"


def test_what_may_be_traded_from_a_shared_balance_needs_that_balance():
    data = {"SOL": {"leverage": 5, "markPx": "100", "availableToTrade": ["1", "1"]}}
    report = reported(cash(UNIFIED), spotClearinghouseState=None, activeAssetData=data, szDecimals={"SOL": 2})

    assert row(report, "available to buy", "SOL").because == "the USDC balance was not recorded"


# Lending


def lent(health, *loans, regime=PORTFOLIO, **changed):
    """The health factor's row of an account that supplies one UBTC (39,995 at its LTV) and has these loans."""
    states = {str(UBTC): {"borrow": {"value": "0"}, "supply": {"value": "1"}}}
    states |= {str(token): {"borrow": {"value": loan}, "supply": {"value": "0"}} for token, loan in loans}
    state = {"tokenToState": states, "healthFactor": health}
    return row(reported(cash(regime), borrowLendUserState=state, **changed), "health factor", "account")


@pytest.mark.parametrize(
    ("health", "loans", "status"),
    [
        ("3.9995", [(USDC, "10000")], Status.AGREES),
        ("3.9996", [(USDC, "10000")], Status.NOT_OBSERVABLE),
        ("4.1", [(USDC, "10000")], Status.DIFFERS),
        (None, [], Status.AGREES),
        (None, [(USDC, "10000")], Status.DIFFERS),
    ],
)
def test_the_health_factor_is_the_capacity_over_the_loan_but_for_a_small_move_of_the_price(
    health, loans, status
):
    assert lent(health, *loans).status is status


@pytest.mark.parametrize(
    ("loans", "lacking"),
    [
        ([(999, "1")], "the parameters of token 999"),
        ([(VENUE.tokens["USDH"].index, "1")], "the parameters of token 360"),
        ([(USDC, "1"), (USDT0, "1")], "how loans in several tokens are added up"),
    ],
)
def test_the_health_factor_of_loans_that_cannot_be_added_up_is_not_observable(loans, lacking):
    assert lent("1.5", *loans).because == f"{lacking} was not recorded"


def test_a_borrow_cap_that_was_recorded_goes_before_that_of_the_venue():
    assert lent("2", (USDC, "10000"), userCaps={"borrow": {str(USDC): "20000"}}).computed == 2


@pytest.mark.parametrize("regime", [CROSS, UNIFIED])
def test_a_manual_loan_of_an_account_without_portfolio_margin_has_a_health_factor(regime):
    assert lent("3.9995", (USDC, "10000"), regime=regime).status is Status.AGREES


def test_a_supply_cap_that_was_recorded_goes_before_that_of_the_venue():
    account = evolve(cash(PORTFOLIO), balances=(Balance(token="USDC"), Balance(token="UBTC", supplied=1)))
    report = reported(account, userCaps={"supply": {str(UBTC): "0.5"}, "borrow": {str(UBTC): "7"}})
    support = Fraction("0.75") * 79_990

    found = row(report, "available after maintenance", "USDC")
    assert round(found.reported - found.computed, 6) == support / 2


@pytest.mark.parametrize("token", ["usdc", "hype", "ubtc", "usdt0", "usdh"])
def test_the_reserve_of_each_token_is_read(token):
    reserve = {"totalBorrowed": "1", "totalSupplied": "4", "utilization": "0.25"}

    assert (
        row(observe({token: reserve}, "given", VENUE), "utilization", token.upper()).status is Status.AGREES
    )


def test_a_reserve_gain_may_be_off_by_the_digits_of_the_amounts_behind_it():
    readings = [
        {"balance": "100", "totalBorrowed": "50", "totalSupplied": "149"},
        {"balance": "100", "totalBorrowed": "60", "totalSupplied": "158"},
    ]
    (gain,) = observe({"usdc": readings}, "given", VENUE).comparisons

    # A tenth of 10 of interest; six amounts of half a unit, the interest's own, and the gain's digits.
    assert (gain.reported, gain.computed, gain.status) == (1, 1, Status.AGREES)
    assert gain.tolerance == (3 + Fraction(1, 10) + 1) * VENUE.parameters.token_unit


def test_a_reserve_gain_needs_two_readings_of_every_amount():
    whole, part = {"balance": "1", "totalBorrowed": "2", "totalSupplied": "3"}, {"totalBorrowed": "2"}

    assert observe({"usdc": [whole, part, whole]}, "given", VENUE).comparisons == ()
    assert len(observe({"usdc": [part, whole, whole]}, "given", VENUE).comparisons) == 1


def flow(fills=0, payments=0, **more):
    """A balance flow of zeros with so many fills and funding payments."""
    starting = ("starting_net_balance", "starting_unrealized_pnl", "ending_unrealized_pnl")
    flows = (
        "net_external_transfers",
        "spot_cash_flow",
        "realized_perp_pnl",
        "trading_fees",
        "funding_received",
    )
    fill = {"coin": "BTC", "px": "1", "sz": "1", "closedPnl": "0", "crossed": True, "fee": "0"}
    return {
        "inputs": dict.fromkeys((*starting, *flows, "supply_interest", "borrow_interest"), "0"),
        "reported": {"api_end_net": "0"},
        "fills": fills * [fill],
        "funding": payments * [{"coin": "BTC", "usdc": "0", "szi": "1", "fundingRate": "0"}],
        **more,
    }


def test_posted_interest_is_what_a_loan_accrues_in_an_hour():
    debts = [{"at": "2026-09-08T04:00:00Z", "borrowed": "1000"}]
    posted = [{"time": 1, "token": "USDC", "borrow": "0", "supply": "0"}]
    report = observe(flow(debtObservations=debts, postedInterest=posted), "given", VENUE)

    # 1,000 x (1.05^(1 / 8,760) - 1)
    assert round(row(report, "posted interest", "USDC").computed, 5) == Fraction("0.00557")


@pytest.mark.parametrize(("shown", "status"), [(None, Status.AGREES), ("1", Status.DIFFERS)])
def test_a_position_that_its_margin_pays_for_has_no_liquidation_price(shown, status):
    long = {
        "coin": "BTC",
        "side": "long",
        "entryPx": "10.0000",
        "size": "1",
        "leverage": "1",
        "collateral": "11",
    }
    document = {"positions": [{**long, "liquidationPx": shown}], "maxLeverage": {"BTC": 40}}
    (found,) = observe(document, "given", VENUE).comparisons

    assert found.status is status


def test_a_net_balance_may_be_off_by_one_unit_for_each_amount_behind_it():
    report = observe(flow(fills=3, payments=2), "given", VENUE)

    # Two positions: four amounts of balances, two of profits and half of a funding payment each; two of each fill.
    units = 2 * (4 + 2 + Fraction(1, 2)) + 3 * 2
    parameters = VENUE.parameters
    tolerance = units * parameters.usd_unit + parameters.token_unit
    assert row(report, "net balance", "USDC").tolerance == tolerance


# Scale


@pytest.mark.parametrize(
    ("price", "bound"), [("7", 200_000), ("7.0", 200_000), ("7.5", 20_000), ("7.25", 2_000)]
)
def test_digits_of_prices_bound_the_scale_by_the_smallest_size(price, bound):
    document = {"clearinghouseState": {}, "frontendOpenOrders": [order("BTC", "B", "0.2", price)]}

    assert largest_scale(read(document)) == bound


def test_differences_of_sizes_bound_the_scale_unless_digits_explain_them():
    sizes = ("0.2", "0.2000000005", "0.25")
    document = {"clearinghouseState": {}, "frontendOpenOrders": [order("BTC", "B", s, 7) for s in sizes]}

    assert largest_scale(read(document)) == (Fraction(sizes[2]) - Fraction(sizes[1])) * 10**6


def test_everything_that_counts_in_amounts_is_scaled_in_the_venue_of_a_scaled_record():
    record = read({**bundle(cash(), PRICES, VENUE), "provenance": {"scaled": True}})
    inputs = declare(record, CROSS, VENUE).with_solved(SCALE, Interval(Fraction(1, 2), Fraction(1, 2)))
    venue = State(record, CROSS, VENUE, inputs).exact_venue
    usdc, ubtc = venue.tokens["USDC"], venue.tokens["UBTC"]

    assert (usdc.user_borrow_cap, usdc.user_supply_cap) == (25_000_000, 125_000_000)
    assert (ubtc.user_borrow_cap, ubtc.user_supply_cap) == (None, 100)
    assert venue.parameters.usd_unit == VENUE.parameters.usd_unit / 2
    assert venue.tiers("BTC", None)[1].lower_bound == 75_000_000


# Solving


def figure(shown, compute, *inputs, digits=Digits.EXACT):
    return Figure(
        figure="f", subject="s", rule="NUM-USD", reported=Printed(Fraction(shown), 0), digits=digits,
        compute=lambda state: compute(state.inputs["x"]), inputs=inputs,
    )  # fmt: skip


def knowing(taken, low=0, high=1_000):
    """A state with one input."""
    x = Input(name="x", taken=taken, low=Fraction(low), high=Fraction(high))
    return State(read({"clearinghouseState": {}}), CROSS, VENUE, Inputs({"x": x}))


OPEN = knowing(Missing("x"))


@pytest.mark.parametrize(
    ("compute", "shown"),
    [
        (lambda x: 2 * x + 1, 401),
        (lambda x: 401 - 2 * x, 1),
        (lambda x: x * x, 40_000),
        (lambda x: 2 / (x + 50), "0.008"),
    ],
)
def test_an_input_is_found_where_a_figure_that_rises_or_falls_comes_out_as_reported(compute, shown):
    found = find(figure(shown, compute, digits=Digits.RATIO), "x", OPEN)

    assert found.low <= 200 <= found.high
    assert found.reach < Fraction(1, 10**4)


@pytest.mark.parametrize(("shown", "found"), [("99", Interval(99, 102)), ("60", None)])
def test_a_figure_that_rises_in_steps_tells_an_input_where_the_step_is_small_beside_it(shown, found):
    solved = find(figure(shown, lambda x: floor_to(x, Fraction(3))), "x", OPEN)

    assert (solved is None) is (found is None)
    if found is not None:
        assert abs(solved.low - found.low) + abs(solved.high - found.high) < Fraction(1, 10**9)


@pytest.mark.parametrize(
    ("compute", "shown"),
    [
        (lambda x: x, -1),
        (lambda x: x, 1_001),
        (lambda x: x * 0 + 7, 7),
        (lambda x: None if x.low == 0 else x, 5),
        (lambda x: None if 400 < x.low < 600 else x, 300),
        (lambda x: x + Missing("y"), 5),
    ],
    ids=["below", "above", "constant", "null at a bound", "null on the way", "another input is missing"],
)
def test_an_input_is_not_found_where_a_figure_does_not_tell_it(compute, shown):
    assert find(figure(shown, compute), "x", OPEN) is None


@pytest.mark.parametrize(("taken", "found"), [(Missing("x"), Interval(0, 1_000)), (Interval(1, 1), None)])
def test_any_value_of_a_missing_input_will_do_where_a_figure_does_not_depend_on_it(taken, found):
    constant = figure(7, lambda x: x * 0 + 7)
    solved = whole(constant, "x", knowing(taken))

    assert (solved and (solved.low, solved.high)) == (found and (found.low, found.high))


def test_an_input_is_solved_only_where_no_figure_stops_to_agree():
    off = figure(5, lambda x: x, "x")
    state = knowing(Interval(3, 3))

    assert solve([off], state).told == {0: "x"}
    assert solve([off, figure(3, lambda x: x)], state).told == {}


def test_the_input_that_makes_more_figures_agree_is_solved_first():
    figures = [figure(5, lambda x: x, "x"), figure(6, lambda x: x, "x"), figure(12, lambda x: 2 * x)]
    solution = solve(figures, knowing(Interval(3, 3)))

    assert solution.told == {1: "x"}
    assert [solution.agrees(i, each) for i, each in enumerate(figures)] == [False, False, True]


def test_a_figure_that_lacks_an_input_does_not_agree_with_null():
    none = evolve(figure(0, lambda x: x), reported=None)
    solution = Solution(figures=[none], state=OPEN, values=(Value(lacks="x"),))

    assert not solution.agrees(0, none)


# Answers as read


@pytest.mark.parametrize(("market", "dex"), [("xyz:CL", "xyz"), ("BTC", "")])
def test_what_stands_before_the_colon_is_the_dex_of_a_market(market, dex):
    assert dex_of(market) == dex


@pytest.mark.parametrize(
    ("recorded", "milliseconds"),
    [
        ("1970-01-02", 86_400_000),
        ("1970-01-01T00:00:01.5Z", 1_500),
        ("1970-01-01T02:00:01+02:00", 1_000),
        ("1969-12-31", None),
        ("soon", None),
    ],
)
def test_the_time_of_a_record_is_the_stated_one_where_no_state_has_one(recorded, milliseconds):
    assert read({"clearinghouseState": {}, "provenance": {"recordedAt": recorded}}).time == milliseconds


def test_the_time_of_a_record_is_that_of_its_earliest_state():
    states = {name: {"assetPositions": [], "time": time} for name, time in (("", 7), ("xyz", 5))}

    assert read({"clearinghouseState": states, "provenance": {"recordedAt": "1970-01-02"}}).time == 5


def test_a_position_without_value_is_worth_its_size_at_the_mark_of_its_market():
    leg = {"coin": "BTC", "szi": "-0.5", "leverage": {"type": "cross", "value": 3}}
    document = {"": {"assetPositions": [{"position": leg}]}}
    data = {"BTC": {"markPx": "80000.5"}}
    (found,) = read({"clearinghouseState": document, "activeAssetData": data}).dexes[""].positions

    assert found.notional == Printed(Fraction("40000.25"), 2)


@pytest.mark.parametrize("second", [{"coin": "USDC"}, {"token": 0}])
def test_a_second_balance_of_a_token_is_refused_with_its_place(second):
    first = {"coin": "USDC", "token": 0, "total": "1", "hold": "0"}
    rows = [first, {**first, "coin": "OTHER", "token": 9, **second}]

    with pytest.raises(InputError, match=r"spotClearinghouseState.balances\[1\]: found a second balance of"):
        read({"spotClearinghouseState": {"balances": rows}})


def test_a_collateral_below_zero_is_refused_with_its_place():
    balance = {"coin": "UBTC", "token": UBTC, "total": "-1", "hold": "0", "ltv": "0.5"}

    with pytest.raises(InputError, match=r"spotClearinghouseState.balances\[0\].total: found -1"):
        read({"spotClearinghouseState": {"balances": [balance]}})


def test_an_empty_position_is_refused_with_its_place():
    leg = {"coin": "BTC", "szi": "0.0", "leverage": {"type": "cross", "value": 3}}

    with pytest.raises(
        InputError, match=r'clearinghouseState\[""\].assetPositions\[0\].position.szi: found 0.0'
    ):
        read({"clearinghouseState": {"": {"assetPositions": [{"position": leg}]}}})


def test_a_position_without_any_price_is_refused_with_its_place():
    leg = {"coin": "BTC", "szi": "1", "leverage": {"type": "cross", "value": 3}}
    place = (
        r'clearinghouseState\[""\].assetPositions\[0\].position.positionValue: found a position without price'
    )

    with pytest.raises(InputError, match=place):
        read({"clearinghouseState": {"": {"assetPositions": [{"position": leg}]}}})


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
