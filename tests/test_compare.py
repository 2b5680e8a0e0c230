"""The same holdings under every regime: what each needs, and why a regime saves capital."""

from __future__ import annotations

from fractions import Fraction

import pytest
from attrs import evolve
from hypothesis import given
from strategies import PROFILE, VENUE, accounts, balance, carry_trade

from solvent.account import Account, Dex, Order, Position, Regime
from solvent.compare import compare
from solvent.market import Prices

ISOLATED, CROSS, UNIFIED, PORTFOLIO = Regime


def capital(account, prices):
    """The capital that each regime needs, in the order of the regimes."""
    return [a.capital for a in compare(account, prices, VENUE).assessments.values()]


def perp(market, size, entry, leverage=10, **more):
    """A position whose own margin table says its largest leverage."""
    return Position(
        market=market, size=Fraction(size), leverage=leverage, max_leverage=None, entry=entry, **more
    )


def perps(*positions, orders=(), **more):
    """An account with perp positions only."""
    return Account(regime=Regime.CROSS, dexes=(Dex(raw=0, positions=positions, orders=orders, **more),))


# The documented carry trade: long 1 BTC, short 1 BTC perp at 100k


@pytest.mark.parametrize(
    ("price", "expected"),
    [
        # The short has won 50k, and its initial margin is 5k: its profit carries it under every regime.
        (50_000, [0, 0, 0, 0]),
        (100_000, [10_000, 10_000, 10_000, 0]),
        (150_000, [65_000, 65_000, 65_000, 0]),
        (200_000, [120_000, 120_000, 120_000, 20_000]),
    ],
)
def test_only_portfolio_margin_lets_the_coin_carry_its_hedge(price, expected):
    assert capital(*carry_trade(price)) == expected


@pytest.mark.parametrize("price", [50_000, 100_000, 150_000, 200_000])
def test_the_coin_carries_no_hedge_where_it_has_no_borrow_oracle_price(price):
    account, prices = carry_trade(price)
    *others, portfolio = capital(account, evolve(prices, tokens={}))

    assert {portfolio} == set(others)


@pytest.mark.parametrize(("before", "after", "saved"), [(CROSS, UNIFIED, 0), (UNIFIED, PORTFOLIO, 100_000)])
def test_a_regime_saves_what_it_needs_less_than_the_one_before(before, after, saved):
    comparison = compare(*carry_trade(200_000), VENUE)
    needed = {regime: assessment.capital for regime, assessment in comparison.assessments.items()}

    assert comparison.saved[after] == needed[before] - needed[after] == saved


def test_the_first_regime_saves_nothing_that_could_be_named():
    assert compare(*carry_trade(200_000), VENUE).saved[ISOLATED] is None


@pytest.mark.parametrize("supplied", [0, Fraction(1, 4), 1])
def test_the_coin_counts_under_portfolio_margin_wherever_it_lies(supplied):
    account, prices = carry_trade(200_000)
    lies = balance("UBTC", idle=1 - supplied, supplied=supplied)

    found = compare(evolve(account, balances=(lies,)), prices, VENUE).assessments[PORTFOLIO]

    assert found.capital == 20_000
    assert found.withdrawable["UBTC"] == 1
    assert found.available["UBTC"] == 1


# A hedge of two perps


@pytest.mark.parametrize(
    ("leverage", "isolated", "shared"),
    [
        # Initial margin is 55k a leg, and the long's profit of 50k is all used by its own.
        (10, (55_000 - 50_000) + (55_000 + 50_000), 2 * 55_000),
        # Initial margin is 27.5k a leg, and what the long's profit exceeds it by carries the short under cross margin.
        (20, 0 + (27_500 + 50_000), 2 * 27_500),
    ],
)
def test_isolated_margin_strands_the_profit_that_a_leg_does_not_need_itself(leverage, isolated, shared):
    hedge = perps(perp("ETH", 100, 5_000, leverage), perp("BTC", -5, 100_000, leverage))
    after_10_percent = Prices(marks={"ETH": 5_500, "BTC": 110_000})

    assert capital(hedge, after_10_percent) == [isolated, shared, shared, shared]


def test_a_hedge_across_dexes_shares_its_profit_in_a_unified_account_only():
    own = Dex(raw=0, positions=(perp("BTC", -1, entry=100_000),))
    built = Dex(name="xyz", raw=0, positions=(perp("xyz:GOLD", 100, entry=1_000, leverage=20),))
    own_table = evolve(built.positions[0], max_leverage=20)
    account = Account(regime=Regime.CROSS, dexes=(own, evolve(built, positions=(own_table,))))

    prices = Prices(marks={"BTC": 200_000, "xyz:GOLD": 2_000})

    # Initial margin 20k and 10k; the short has lost 100k and gold has won 100k.
    assert capital(account, prices) == [120_000, 120_000, 30_000, 30_000]
    assert list(compare(account, prices, VENUE).saved.values()) == [None, 0, 90_000, 0]


def test_portfolio_margin_saves_nothing_without_collateral():
    book = perps(perp("BTC", 1, entry=100_000), perp("ETH", 10, entry=5_000))
    account = evolve(book, balances=(balance("USDC", idle=1_000_000),))
    comparison = compare(account, Prices(marks={"BTC": 90_000, "ETH": 4_000}), VENUE)

    assert comparison.saved == {ISOLATED: None, CROSS: 0, UNIFIED: 0, PORTFOLIO: 0}
    assert comparison.assessments[PORTFOLIO].capital == (9_000 + 10_000) + (4_000 + 10_000)


@pytest.mark.parametrize("regime", Regime)
def test_the_margin_of_resting_orders_needs_capital_under_every_regime(regime):
    order = Order(market="ETH", side=1, size=2, price=5_000, leverage=5)
    book = perps(perp("BTC", 1, entry=100_000), orders=(order,))
    needed = compare(book, Prices(marks={"BTC": 100_000}), VENUE).assessments[regime].capital

    assert needed == 10_000 + 2_000


def test_the_capital_is_not_known_without_an_entry_price():
    book = perps(perp("BTC", 1, entry=100_000), perp("ETH", 10, entry=None))
    comparison = compare(book, Prices(marks={"BTC": 90_000, "ETH": 4_000}), VENUE)

    assert {assessment.capital for assessment in comparison.assessments.values()} == {None}
    assert set(comparison.saved.values()) == {None}


def test_an_isolated_position_stays_isolated_under_every_regime():
    book = perps(perp("BTC", 1, entry=100_000, raw=Fraction(-80_000)))
    assessments = compare(book, Prices(marks={"BTC": 90_000}), VENUE).assessments.values()

    assert [next(p.resources for p in a.pools if p.name == "BTC") for a in assessments] == [10_000] * 4


# The same holdings


@pytest.mark.parametrize(
    ("cash", "net"),
    [
        ({"idle": 500}, 500),
        ({"supplied": 500}, 500),
        ({"borrowed": 500}, -500),
        ({"idle": 5, "supplied": 7, "borrowed": 1}, 11),
    ],
)
def test_quote_outside_perps_less_its_loan_counts_under_every_regime(cash, net):
    book = perps(perp("BTC", 1, entry=100_000))
    marks = Prices(marks={"BTC": 100_000})
    with_cash, without = (
        compare(evolve(book, balances=balances), marks, VENUE).assessments
        for balances in ((balance("USDC", **cash),), ())
    )

    assert {with_cash[r].resources - without[r].resources for r in Regime} == {net}


def test_quote_stands_in_the_dex_that_uses_it_under_cross_margin():
    other = perp("xyz:GOLD", 1, entry=1_000)
    token = "USDT0"
    built = Dex(name="xyz", token=token, raw=0, positions=(evolve(other, max_leverage=20),))
    account = Account(
        regime=Regime.UNIFIED,
        dexes=(built, Dex(raw=0, positions=(perp("BTC", 1, entry=1),))),
        balances=(balance("USDC", idle=7),),
    )
    marks = Prices(marks={"xyz:GOLD": 1_000, "BTC": 1}, tokens={token: 1})
    pools = compare(account, marks, VENUE).assessments[CROSS].pools

    assert {pool.name: pool.resources for pool in pools} == {"xyz": 1_000, "main dex": 1 + 7}


def test_quote_stands_in_the_own_dex_where_the_account_has_no_perps():
    account = Account(regime=Regime.UNIFIED, balances=(balance("USDC", idle=7),))
    assessments = compare(account, Prices(), VENUE).assessments

    assert [assessments[regime].withdrawable["USDC"] for regime in Regime] == [7, 7, 7, 7]
    assert capital(account, Prices()) == [0, 0, 0, 0]


def test_a_token_that_supports_nothing_needs_no_price():
    account = Account(regime=Regime.CROSS, balances=(balance("USDT0", idle=5), balance("PURR", idle=6)))

    assert capital(account, Prices()) == [0, 0, 0, 0]


def test_a_balance_in_the_token_of_a_dex_supports_the_dex_under_portfolio_margin_too():
    token = "USDT0"
    gold = evolve(perp("xyz:GOLD", 10, entry=1_000), max_leverage=20)
    account = Account(
        regime=Regime.UNIFIED,
        dexes=(Dex(name="xyz", token=token, raw=-10_000, positions=(gold,)),),
        balances=(balance(token, idle=500),),
    )
    found = compare(account, Prices(marks={"xyz:GOLD": 1_000}, tokens={token: 1}), VENUE).assessments

    assert found[UNIFIED].available[token] == found[PORTFOLIO].available[token] == 250


@PROFILE
@given(accounts(Regime.PORTFOLIO))
def test_a_comparison_assesses_every_regime_and_sharing_more_never_needs_more(drawn):
    comparison = compare(*drawn, VENUE)
    isolated, cross, unified, portfolio = (a.capital for a in comparison.assessments.values())

    assert [a.regime for a in comparison.assessments.values()] == list(comparison.assessments) == list(Regime)
    assert isolated >= cross >= unified >= portfolio >= 0
