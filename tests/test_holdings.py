"""The holdings behind a record, and answers as they are read."""

from __future__ import annotations

from fractions import Fraction

import pytest
from attrs import evolve
from given import (
    CROSS,
    DEXES,
    MARKS,
    PORTFOLIO,
    PRICES,
    UBTC,
    UNIFIED,
    VENUE,
    cash,
    order,
    position,
    read,
)
from synthetic import bundle

from solvent import (
    Account,
    Balance,
    Dex,
    InputError,
    Order,
)
from solvent.decimals import Printed
from solvent.ingest.holdings import holdings
from solvent.ingest.record import dex_of

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
