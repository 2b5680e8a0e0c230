"""Figures of what may be traded, and of the lending pool, in detail."""

from __future__ import annotations

from fractions import Fraction

import pytest
from attrs import evolve
from given import (
    CROSS,
    PORTFOLIO,
    PRICES,
    UBTC,
    UNIFIED,
    USDC,
    USDT0,
    VENUE,
    agrees,
    cash,
    order,
    position,
    reported,
    row,
)
from synthetic import bundle

from solvent import (
    Balance,
    Dex,
    Order,
    observe,
)
from solvent.decimals import show
from solvent.reconcile.names import free_at
from solvent.reconcile.report import Status

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

    assert row(report, "available to buy", "xyz:CL").because == "not recorded: the leverage of xyz:CL"


def test_what_may_be_traded_from_a_shared_balance_needs_that_balance():
    data = {"SOL": {"leverage": 5, "markPx": "100", "availableToTrade": ["1", "1"]}}
    report = reported(cash(UNIFIED), spotClearinghouseState=None, activeAssetData=data, szDecimals={"SOL": 2})

    assert row(report, "available to buy", "SOL").because == "not recorded: the USDC balance"


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
    assert lent("1.5", *loans).because == f"not recorded: {lacking}"


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
