"""What an account is, what it refuses to be, and what holds of every account under its regime."""

from __future__ import annotations

import operator
from fractions import Fraction

import pytest
import z3
from attrs import evolve
from attrs.exceptions import FrozenInstanceError
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import PROFILE, VENUE, accounts, amounts, balance, money, moved, pool, prices_above_zero

from solvent.account import Account, Dex, Order, Position, Regime
from solvent.explore import numbers
from solvent.explore.numbers import kind_of
from solvent.market import Prices
from solvent.prove import exact, leaves, real, term
from solvent.regimes import assess
from solvent.rules import all_rules, modes, perp
from solvent.rules.kinds import Ratio, SizeHeld

ISOLATED, CROSS, UNIFIED, PORTFOLIO = Regime
UNIT = VENUE.parameters.usd_unit
LONG = Position(market="BTC", size=1, leverage=10, max_leverage=40)
OWN = Dex(raw=1000, positions=(LONG,))
ACCOUNT = Account(regime=Regime.CROSS, dexes=(OWN,), balances=(balance("UBTC", idle=2),))


@pytest.mark.parametrize(
    ("parts", "fault"),
    [
        ({"dexes": (OWN, Dex(raw=0))}, "more than one dex of ''"),
        (
            {"balances": (balance("UBTC"), balance("USDC"), balance("UBTC"))},
            "more than one balance of 'UBTC'",
        ),
        ({"dexes": (Dex(raw=0, positions=(LONG, LONG)),)}, "more than one position of 'BTC'"),
        ({"dexes": (OWN, Dex(name="xyz", raw=0, positions=(LONG,)))}, "more than one position of 'BTC'"),
    ],
)
def test_nothing_stands_twice_in_an_account(parts, fault):
    with pytest.raises(ValueError, match=f"^{fault}$"):
        Account(regime=Regime.CROSS, **parts)


def test_the_regimes_stand_in_the_order_in_which_margin_is_shared_more():
    assert list(Regime) == ["isolated", "cross", "unified", "portfolio"]


def test_an_account_under_another_regime_has_the_same_holdings():
    unified = ACCOUNT.under(Regime.UNIFIED)

    assert unified.regime is Regime.UNIFIED
    assert unified.under(Regime.CROSS) == ACCOUNT


def test_the_balance_of_a_token_is_the_one_that_stands_in_the_account():
    assert ACCOUNT.balance("UBTC") == balance("UBTC", idle=2)


def test_the_balance_of_a_token_that_an_account_does_not_have_is_empty():
    assert ACCOUNT.balance("HYPE") == balance("HYPE", idle=0, supplied=0, borrowed=0, selling=0, buying=0)


@pytest.mark.parametrize(("raw", "isolated"), [(None, False), (0, True), (-5, True)])
def test_a_position_is_isolated_where_it_has_a_balance_of_its_own(raw, isolated):
    assert Position(market="BTC", size=1, leverage=10, max_leverage=40, raw=raw).isolated is isolated


def test_an_account_does_not_change():
    with pytest.raises(FrozenInstanceError):
        ACCOUNT.regime = Regime.UNIFIED


def test_prices_are_those_that_are_given():
    prices = Prices(marks={"BTC": 100}, tokens={"UBTC": 99})

    assert (prices.mark("BTC"), prices.token("UBTC")) == (100, 99)


def test_a_price_that_is_not_given_is_named():
    prices = Prices(marks={"UBTC": 100}, tokens={"BTC": 99})

    with pytest.raises(LookupError, match=r"^no mark price for BTC$"):
        prices.mark("BTC")
    with pytest.raises(LookupError, match=r"^no borrow oracle price for UBTC$"):
        prices.token("UBTC")


# What holds of every account


def of_every_account(*regimes):
    """Give a test the drawn accounts of these regimes with their prices, regime by regime."""

    def apply(test):
        @pytest.mark.parametrize("regime", regimes)
        def each(regime):
            PROFILE(given(accounts(regime))(lambda drawn: test(*drawn)))()

        return each

    return apply


def with_cash(account, more):
    """The account with more of the quote token, where its regime counts it."""
    if account.regime in (ISOLATED, CROSS):
        own = account.dexes[0]
        return evolve(account, dexes=(evolve(own, raw=own.raw + more), *account.dexes[1:]))
    quote, *others = account.balances
    return evolve(account, balances=(evolve(quote, idle=quote.idle + more), *others))


def amounts_of(assessment, figure):
    """The amounts of all lines of this figure, by subject."""
    return {line.subject: line.amount for line in assessment.lines if line.figure == figure}


@of_every_account(*Regime)
def test_maintenance_margin_is_at_most_half_of_initial_margin(account, prices):
    found = assess(account, prices, VENUE)
    initial = amounts_of(found, "initial margin")

    assert all(
        2 * amount <= initial[market] for market, amount in amounts_of(found, "maintenance margin").items()
    )
    assert found.requirement == sum(amounts_of(found, "maintenance margin").values())
    assert found.initial == sum(initial.values())


@of_every_account(*Regime)
def test_margins_of_positions_and_orders_are_whole_usd_units(account, prices):
    found = assess(account, prices, VENUE)

    for figure in ("initial margin", "maintenance margin", "order margin"):
        assert all((amount / UNIT).denominator == 1 for amount in amounts_of(found, figure).values())


@of_every_account(*Regime)
def test_what_is_available_of_a_pool_is_its_resources_less_its_requirement(account, prices):
    for found in assess(account, prices, VENUE).pools:
        assert found.available == found.resources - found.requirement


@of_every_account(ISOLATED, CROSS, UNIFIED)
def test_a_pool_is_liquidatable_where_less_than_nothing_is_available(account, prices):
    found = assess(account, prices, VENUE)

    assert all(pool.ratio == Ratio(pool.requirement, pool.resources) for pool in found.pools)
    assert all(pool.liquidatable is (pool.available < 0) for pool in found.pools)
    assert found.liquidatable is any(pool.available < 0 for pool in found.pools)


@of_every_account(PORTFOLIO)
def test_nothing_is_missing_where_the_margin_ratio_is_at_most_one(account, prices):
    found = assess(account, prices, VENUE)
    ratio = pool(found, "USDC").ratio

    assert ratio.denominator >= 0
    if ratio.denominator > 0:
        assert (found.available["USDC"] >= 0) is (ratio.numerator <= ratio.denominator)


@pytest.mark.parametrize("regime", Regime)
def test_cash_adds_itself_to_what_is_available_and_lowers_nothing_else(regime):
    @PROFILE
    @given(accounts(regime), amounts)
    def holds(drawn, more):
        account, prices = drawn
        before, after = (assess(a, prices, VENUE).available for a in (account, with_cash(account, more)))
        assert after["USDC"] == before["USDC"] + more
        assert all(after[token] >= before[token] for token in before)

    holds()


@of_every_account(UNIFIED)
def test_a_unified_account_has_what_its_dexes_have_apart_and_its_cash(account, prices):
    unified, apart = assess(account, prices, VENUE), assess(account.under(CROSS), prices, VENUE)

    assert unified.available["USDC"] == apart.available["USDC"] + account.balance("USDC").idle


@of_every_account(*Regime)
def test_resting_orders_take_from_what_may_leave_and_touch_no_margin(account, prices):
    quiet = evolve(account, dexes=tuple(evolve(dex, orders=()) for dex in account.dexes))
    found, without = assess(account, prices, VENUE), assess(quiet, prices, VENUE)
    buffered = Fraction("1.01") * sum(amounts_of(found, "order margin").values())

    assert (found.pools, found.available) == (without.pools, without.available)
    assert found.liquidation_prices == without.liquidation_prices
    assert found.withdrawable["USDC"] <= without.withdrawable["USDC"]
    if account.regime in (UNIFIED, PORTFOLIO):
        assert found.holds["USDC"] == without.holds["USDC"] + buffered


@of_every_account(*Regime)
def test_an_order_reserves_as_much_as_its_two_halves(account, prices):
    def halved(dex):
        halves = [evolve(order, size=order.size / 2) for order in dex.orders]
        return evolve(dex, orders=(*halves, *halves))

    split = evolve(account, dexes=tuple(map(halved, account.dexes)))

    assert assess(split, prices, VENUE) == assess(account, prices, VENUE)


@of_every_account(CROSS)
def test_what_may_leave_of_a_dex_is_what_transfer_requirement_and_orders_leave(account, prices):
    apart = [evolve(account, dexes=(dex,)) for dex in account.dexes]
    out, *others = [assess(dex, prices, VENUE).withdrawable["USDC"] for dex in apart]
    alone = apart[0]
    kept = assess(with_cash(alone, -out), prices, VENUE)
    needed = (
        amounts_of(kept, "transfer requirement")["main dex"] + amounts_of(kept, "order margin")["main dex"]
    )

    assert out + sum(others) == assess(account, prices, VENUE).withdrawable["USDC"]
    assert out >= kept.withdrawable["USDC"] == 0
    assert kept.pools[0].resources == needed if out > 0 else kept.pools[0].resources <= needed


@of_every_account(UNIFIED)
def test_what_may_leave_of_a_unified_account_is_what_is_not_held(account, prices):
    out = assess(account, prices, VENUE).withdrawable["USDC"]
    kept = assess(with_cash(account, -out), prices, VENUE)
    equity = amounts_of(kept, "equity")["USDC"]

    assert out >= kept.withdrawable["USDC"] == 0
    assert equity == kept.holds["USDC"] if out > 0 else equity <= kept.holds["USDC"]


@of_every_account(*Regime)
def test_at_a_liquidation_price_nothing_is_available_but_what_truncation_leaves_off(account, prices):
    positions = {p.market: p for dex in account.dexes for p in dex.positions}
    for market, liquidation in assess(account, prices, VENUE).liquidation_prices.items():
        if liquidation.price is None:
            assert liquidation.root <= 0
            continue
        there = assess(account, moved(prices, market, liquidation.price), VENUE)
        tiers = VENUE.tiers(market, positions[market].max_leverage)
        untruncated = perp.maintenance_margin(amounts_of(there, "notional")[market], tiers)
        (shared,) = (pool for pool in there.pools if market in pool.members)
        assert shared.available == untruncated - amounts_of(there, "maintenance margin")[market]
        assert 0 <= shared.available < UNIT


@of_every_account(*Regime)
def test_every_position_has_one_line_per_amount_one_pool_and_one_root(account, prices):
    found = assess(account, prices, VENUE)
    positions = {p.market: p for dex in account.dexes for p in dex.positions}

    assert sorted(market for pool in found.pools for market in pool.members) == sorted(positions)
    assert set(found.liquidation_prices) == set(positions)
    for market, held in positions.items():
        optional = ["isolated margin"] * held.isolated + ["unrealized profit"]
        expected = ["notional", "initial margin", "maintenance margin", *optional]
        assert [line.figure for line in found.lines if line.subject == market] == expected


@of_every_account(*Regime)
def test_every_line_names_a_rule_and_no_two_lines_are_of_the_same_amount(account, prices):
    lines = assess(account, prices, VENUE).lines

    assert {line.rule for line in lines} <= set(all_rules())
    assert len({(line.figure, line.subject) for line in lines}) == len(lines)


# What single amounts are


SHORT = Position(market="BTC", size=Fraction(-1), leverage=10, max_leverage=40)


def one_dex(regime, *positions, order=None, cash=0, **spot):
    """The assessment of an account with cash in spot, at 100 USD."""
    orders = () if order is None else (Order(market="BTC", price=Fraction(100), leverage=10, **order),)
    dex = Dex(raw=Fraction(0), positions=positions, orders=orders)
    held = Account(
        regime=regime, dexes=(dex,), balances=(balance("USDC", idle=cash, **spot), balance("UBTC"))
    )
    return assess(held, Prices(marks=dict.fromkeys(("BTC", "ETH"), Fraction(100))), VENUE)


@pytest.mark.parametrize(
    ("side", "size", "reserves", "margin"),
    [(1, 1, True, 0), (1, 3, True, 20), (-1, 1, True, 10), (-1, 1, False, 0), (1, 3, False, 0)],
)
def test_an_order_reserves_for_what_it_adds_to_a_position(side, size, reserves, margin):
    found = one_dex(CROSS, SHORT, order={"side": side, "size": size, "reserves": reserves})

    assert amounts_of(found, "order margin") == {"main dex": margin}


@pytest.mark.parametrize(("leverage", "held"), [(5, 20), (10, 10), (40, 10)])
def test_a_unified_account_holds_a_tenth_of_notional_where_initial_margin_is_less(leverage, held):
    assert one_dex(UNIFIED, evolve(SHORT, leverage=leverage)).holds["USDC"] == held


def test_a_unified_account_holds_isolated_margin_and_what_rests_in_spot_orders():
    alone = evolve(SHORT, raw=Fraction(130))
    found = one_dex(UNIFIED, alone, cash=100, buying=7, selling=2)

    assert found.holds == {"USDC": 30 + 7 + 2, "UBTC": 0}
    assert (found.withdrawable["USDC"], [pool.name for pool in found.pools]) == (100 - 9, ["USDC", "BTC"])


def test_a_standard_account_holds_what_rests_in_spot_sell_orders():
    assert one_dex(CROSS, cash=100, selling=2).holds == {"USDC": 2, "UBTC": 0}


def test_what_is_supplied_to_the_pool_supports_no_unified_account():
    assert one_dex(UNIFIED, cash=1, supplied=50).available["USDC"] == 1


def test_the_largest_leverage_of_a_position_rules_where_it_is_not_that_of_its_table():
    assert one_dex(CROSS, evolve(SHORT, max_leverage=50)).requirement == 1


@pytest.mark.parametrize(("margin", "ratio"), [(5, (4, 5)), (4, (4, 4)), (0, (4, 0)), (-1, (4, -1))])
def test_the_ratio_of_an_account_is_that_of_its_worst_pool(margin, ratio):
    eth = Position(market="ETH", size=Fraction(2), leverage=10, max_leverage=25, raw=margin - Fraction(200))
    found = one_dex(CROSS, evolve(SHORT, raw=Fraction(102)), eth).ratio

    assert found == Ratio(*ratio)


def test_sub_accounts_never_net():
    rich, poor = (
        one_dex(UNIFIED, evolve(SHORT, size=Fraction(1)), cash=10**6),
        one_dex(UNIFIED, SHORT, cash=100),
    )

    assert modes.owner_requirement([rich.requirement, poor.requirement]) == Fraction(5, 2)
    assert (rich.status, poor.status) == ("healthy", "liquidatable")


# The symbolic reading

NAMES = ("cash", "coin", "btc", "btc_price", "btc_raw", "eth", "eth_price", "eth_raw")
SYMBOLIC = [ISOLATED, CROSS, UNIFIED, PORTFOLIO]
few = st.integers(1, 5).map(Fraction)
signed = st.integers(-20, 20).map(Fraction)
sizes = numbers(kind_of(SizeHeld)) | few | few.map(operator.neg)


def two_legs(regime, cash, coin, btc, btc_price, btc_raw, eth, eth_price, eth_raw):
    """The assessment of two legs with cash and coins, of numbers of any reading."""
    own_btc, own_eth = (btc_raw, eth_raw) if regime is ISOLATED else (None, None)
    legs = (
        Position(market="BTC", size=btc, leverage=10, max_leverage=40, entry=4, raw=own_btc),
        Position(market="ETH", size=eth, leverage=5, max_leverage=25, entry=3, raw=own_eth),
    )
    held = Account(
        regime=regime,
        dexes=(Dex(raw=btc_raw + eth_raw, positions=legs),),
        balances=(balance("USDC", idle=cash), balance("UBTC", supplied=Fraction(2))),
    )
    return assess(held, Prices(marks={"BTC": btc_price, "ETH": eth_price}, tokens={"UBTC": coin}), VENUE)


def values(assessment):
    """All numbers and conditions of an assessment, in order."""
    return [leaf for leaf in leaves(assessment) if leaf is not None and not isinstance(leaf, str)]


@pytest.mark.parametrize("regime", SYMBOLIC)
def test_an_assessment_of_symbols_says_of_numbers_what_an_assessment_of_numbers_says(regime):
    symbols = [real(name) for name in NAMES]
    terms = [term(value) for value in values(two_legs(regime, *symbols))]

    @settings(PROFILE, max_examples=25)
    @given(
        st.tuples(
            amounts, prices_above_zero | few,
            sizes, prices_above_zero | few, money | signed,
            sizes, prices_above_zero | few, money | signed,
        )
    )  # fmt: skip
    def holds(drawn):
        at = list(zip(symbols, map(term, drawn), strict=True))
        expected = values(two_legs(regime, *drawn))
        assert [exact(z3.substitute(value, *at)) for value in terms] == expected

    holds()
