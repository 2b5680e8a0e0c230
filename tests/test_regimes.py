"""What the regimes say of an account: which balance supports which position, and where that ends."""

from __future__ import annotations

from fractions import Fraction

import pytest
from attrs import evolve
from strategies import VENUE, balance, carry_trade, moved, pool

from solvent.account import Account, Dex, Position, Regime
from solvent.ingest.venue_file import load_venue
from solvent.market import Prices
from solvent.regimes import assess

ISOLATED, CROSS, UNIFIED, PORTFOLIO = Regime
UNIT = VENUE.parameters.usd_unit
AT_LEAST = VENUE.with_readings({"PM-LIQUIDATABLE": "at-least"})
OTHER, UNLENT = "USDT0", "USDH"
OIL = Position(market="xyz:CL", size=Fraction(100), leverage=10, max_leverage=20)


def position(market, size, leverage=10, **more):
    """A position whose own margin table says its largest leverage."""
    return Position(market=market, size=Fraction(size), leverage=leverage, max_leverage=None, **more)


def account(regime, *positions, equity=0, prices=None, balances=(), **more):
    """An account with positions on the own dex, whose cross equity is the one given."""
    value = sum(p.size * prices.mark(p.market) for p in positions if p.raw is None)
    dex = Dex(raw=equity - value, positions=positions, **more)
    return Account(regime=regime, dexes=(dex,), balances=balances)


def single(regime, size, mark, equity):
    """An account with one BTC position and this equity behind it, and its prices."""
    raw = Fraction(equity - size * mark) if regime is ISOLATED else None
    prices = Prices(marks={"BTC": mark})
    shared = 0 if regime is ISOLATED else equity
    return account(regime, position("BTC", size, raw=raw), equity=shared, prices=prices), prices


def amount(assessment, figure, subject):
    """The amount of the one line of this figure."""
    (line,) = (line for line in assessment.lines if (line.figure, line.subject) == (figure, subject))
    return line.amount


# The documented carry trade: long 1 BTC, short 1 BTC perp at 100k


@pytest.mark.parametrize("row", [
    # price    equity   initial  loan   capacity health maintenance virtual   ratio   available
    ("50000", "50000", "5000", "0", "25000", None, "625", "0", "0.0071", "86875"),
    ("100000", "0", "10000", "10000", "50000", "5.00", "1250", "1250", "0.0328", "73750"),
    ("150000", "-50000", "15000", "65000", "75000", "1.154", "1875", "51875", "0.4699", "60625"),
    ("200000", "-100000", "20000", "120000", "100000", "0.833", "2500", "102500", "0.6885", "47500"),
    ("332640", "-232640", "33264", "265904", "166320", "0.625", "4158", "236798", "0.9500", "12682"),
])  # fmt: skip
def test_the_carry_trade_under_portfolio_margin_is_the_table_of_the_rulebook(row):
    price, equity, initial, loan, capacity, health, maintenance, virtual, ratio, available = row
    trade, prices = carry_trade(int(price))
    found = assess(trade, prices, VENUE)
    figures = {line.figure: line.amount for line in found.lines if line.subject == "USDC"}

    assert (trade.balance("USDC").borrowed, found.initial) == (Fraction(loan), Fraction(initial))
    assert (figures["equity"], figures["borrow capacity"]) == (Fraction(equity), Fraction(capacity))
    assert (found.requirement, figures["virtual borrow"]) == (Fraction(maintenance), Fraction(virtual))
    assert figures["available after maintenance"] == found.available["USDC"] == Fraction(available)
    assert round(figures["margin ratio"], 4) == Fraction(ratio)
    if health is None:
        assert "health factor" not in figures
    else:
        assert round(figures["health factor"], len(health) - 2) == Fraction(health)


def test_at_200k_the_carry_trade_has_committed_more_than_it_owns_and_may_borrow_and_is_still_healthy():
    found = assess(*carry_trade(200_000), VENUE)

    assert amount(found, "equity", "USDC") - found.holds["USDC"] == -100_000 + 100_000 - 20_000
    assert found.status == "healthy"


@pytest.mark.parametrize(
    ("price", "status"), [("2000000/7", "healthy"), ("285715", "liquidatable"), ("333000", "liquidatable")]
)
def test_the_loan_of_the_carry_trade_is_due_before_its_margin_ratio_reaches_the_trigger(price, status):
    # The loan is 1.1 P - 100k and due above 0.75 P: from P = 2,000,000 / 7 upwards.
    found = assess(*carry_trade(Fraction(price)), VENUE)

    assert found.status == status
    assert (found.ratio.numerator > Fraction("0.95") * found.ratio.denominator) is (price == "333000")


@pytest.mark.parametrize(
    ("venue", "quote", "coin"),
    [("hyperliquid-beta", 10_000 - 50_000, Fraction("0.2")), ("hyperliquid-alpha", 10_000 - 50_000, 0)],
)
def test_the_carry_trade_holds_its_initial_margin_less_its_capacity(venue, quote, coin):
    found = assess(*carry_trade(100_000), load_venue(venue))

    assert found.holds == {"USDC": quote, "UBTC": coin}


def test_what_leaves_of_the_collateral_brings_the_health_factor_to_one():
    trade, prices = carry_trade(100_000)
    free = assess(trade, prices, VENUE).withdrawable["UBTC"]
    left = evolve(trade, balances=(trade.balance("USDC"), balance("UBTC", supplied=1 - free)))

    assert free == Fraction("0.8")
    assert amount(assess(left, prices, VENUE), "health factor", "USDC") == 1


@pytest.mark.parametrize(
    ("held", "price", "hold", "available"),
    [
        (carry_trade(100_000)[0], 1, -40_000, 73_750),
        (carry_trade(100_000)[0], 2, -20_000, 36_875),
        (Account(regime=PORTFOLIO, balances=(balance("UBTC", supplied=100),)), 1, -1_000_000, 1_000_000),
    ],
)
def test_another_token_shows_what_free_collateral_could_borrow_of_it(held, price, hold, available):
    both = evolve(held, balances=(*held.balances, balance(OTHER)))
    prices = Prices(marks={"BTC": 100_000}, tokens={"UBTC": 100_000, OTHER: price})
    found = assess(both, prices, VENUE)

    assert (found.holds[OTHER], found.available[OTHER]) == (hold, available)


def test_profit_beyond_what_is_committed_may_leave_a_portfolio_account():
    assert assess(*carry_trade(50_000), VENUE).withdrawable == {"USDC": 50_000 - 5_000, "UBTC": 1}


# What supports what


def test_a_profit_in_one_dex_supports_another_in_a_unified_account_only():
    prices = Prices(marks={"BTC": 50_000, "xyz:CL": 100})
    losing, winning = (
        account(CROSS, position("BTC", 1), equity=600, prices=prices).dexes[0],
        Dex(name="xyz", raw=0, positions=(OIL,)),
    )
    both = Account(regime=CROSS, dexes=(losing, winning))
    apart, shared = assess(both, prices, VENUE), assess(both.under(UNIFIED), prices, VENUE)

    # Maintenance is 625 of BTC against 600, and 250 of oil against 10,000.
    assert {p.name: (p.available, p.liquidatable) for p in apart.pools} == {
        "main dex": (-25, True),
        "xyz": (9_750, False),
    }
    assert [(p.name, p.available, p.liquidatable) for p in shared.pools] == [("USDC", -25 + 9_750, False)]


def test_a_dex_that_uses_another_token_supports_nothing_in_the_quote_token():
    prices = Prices(marks={"BTC": 50_000, "xyz:CL": 100})
    own = account(UNIFIED, position("BTC", 1), equity=600, prices=prices).dexes[0]
    built = Dex(name="xyz", token=OTHER, raw=0, positions=(OIL,))
    found = assess(Account(regime=UNIFIED, dexes=(own, built)), prices, VENUE)

    assert found.available == {"USDC": -25, OTHER: 9_750}
    assert [pool.name for pool in found.pools if pool.liquidatable] == ["USDC"]


def test_a_profit_supports_another_position_of_the_dex_unless_they_are_isolated():
    prices = Prices(marks={"BTC": 50_000, "ETH": 2_000})
    holds = account(CROSS, position("BTC", 1), position("ETH", 10), equity=5_000, prices=prices)
    alone = account(
        ISOLATED,
        position("BTC", 1, raw=Fraction(-49_400)),
        position("ETH", 10, raw=Fraction(-15_600)),
        prices=prices,
    )

    # Maintenance is 625 and 400.
    assert [p.available for p in assess(holds, prices, VENUE).pools] == [5_000 - 1_025]
    assert {p.name: p.available for p in assess(alone, prices, VENUE).pools} == {
        "main dex": 0,
        "BTC": -25,
        "ETH": 4_000,
    }


def test_isolated_assessment_gives_each_position_its_initial_margin_and_leaves_the_rest():
    prices = Prices(marks={"BTC": 50_000, "ETH": 2_000})
    holds = account(ISOLATED, position("BTC", 1), position("ETH", -10), equity=9_000, prices=prices)
    found = assess(holds, prices, VENUE)

    assert {p.name: p.resources for p in found.pools} == {"BTC": 5_000, "ETH": 2_000, "main dex": 2_000}
    assert found.withdrawable == {"USDC": 2_000}


@pytest.mark.parametrize("regime", [CROSS, UNIFIED, PORTFOLIO])
@pytest.mark.parametrize("mark", [1, 100_000])
def test_an_isolated_position_neither_harms_nor_helps_the_rest(regime, mark):
    prices = Prices(marks={"BTC": 50_000, "ETH": 2_000})
    holds = account(
        regime, position("BTC", 1), position("ETH", 10, raw=Fraction(-18_000)), equity=5_000, prices=prices
    )
    before, after = assess(holds, prices, VENUE), assess(holds, moved(prices, "ETH", mark), VENUE)

    assert pool(before, "ETH").resources == 2_000
    assert pool(after, "ETH").resources == 10 * mark - 18_000
    assert pool(after, "ETH").bankrupt is (mark == 1)
    assert (after.available, after.pools[0]) == (before.available, before.pools[0])
    assert after.liquidation_prices["BTC"] == before.liquidation_prices["BTC"]


@pytest.mark.parametrize("regime", [CROSS, UNIFIED])
@pytest.mark.parametrize("coins", [{"idle": 5}, {"supplied": 5}])
def test_coins_support_no_perp_outside_portfolio_margin(regime, coins):
    prices = Prices(marks={"BTC": 50_000}, tokens={"UBTC": 50_000})
    bare = account(regime, position("BTC", 1), equity=600, prices=prices)
    found = assess(evolve(bare, balances=(balance("UBTC", **coins),)), prices, VENUE)

    assert found.available["USDC"] == -25
    assert found.status == "liquidatable"


@pytest.mark.parametrize(
    ("coins", "support"),
    [
        ({"idle": 5}, 0),
        ({"supplied": 5}, Fraction("0.75") * 5 * 50_000),
        ({"idle": 1, "supplied": 4}, Fraction("0.75") * 4 * 50_000),
    ],
)
def test_only_supplied_coins_support_a_portfolio_account(coins, support):
    prices = Prices(marks={"BTC": 50_000}, tokens={"UBTC": 50_000})
    holds = account(
        PORTFOLIO, position("BTC", 1), equity=625, prices=prices, balances=(balance("UBTC", **coins),)
    )
    found = assess(holds, prices, VENUE)

    assert amount(found, "collateral support", "USDC") == support
    assert found.available == {"USDC": support, "UBTC": 5}


def test_collateral_counts_up_to_the_supply_cap_only():
    prices = Prices(tokens={"UBTC": 10})
    at, beyond = (Account(regime=PORTFOLIO, balances=(balance("UBTC", supplied=n),)) for n in (200, 201))

    assert (
        assess(at, prices, VENUE).available["USDC"]
        == assess(beyond, prices, VENUE).available["USDC"]
        == 1_500
    )


# Statuses at their edges


@pytest.mark.parametrize("regime", [ISOLATED, CROSS, UNIFIED])
@pytest.mark.parametrize(
    ("equity", "status"),
    [(625, "healthy"), (625 - UNIT, "liquidatable"), (0, "liquidatable"), (-UNIT, "bankrupt")],
)
def test_equity_below_maintenance_is_liquidatable_and_below_zero_bankrupt(regime, equity, status):
    found = assess(*single(regime, 1, 50_000, equity), VENUE)

    assert (found.status, found.healthy) == (status, status == "healthy")


@pytest.mark.parametrize(("venue", "at_trigger"), [(VENUE, "healthy"), (AT_LEAST, "liquidatable")])
@pytest.mark.parametrize(
    ("coins", "edge"), [(0, Fraction(1_900)), (1, 2 * 1_805 - Fraction("0.95") * (1_805 + 54_150))]
)
def test_a_portfolio_account_is_liquidatable_above_or_at_95_percent(venue, at_trigger, coins, edge):
    # Without coins 1,805 / 1,900; with one coin (2 MM - E) / (MM + K).
    prices = Prices(marks={"BTC": 144_400}, tokens={"UBTC": 72_200})
    owned = {"prices": prices, "balances": (balance("UBTC", supplied=coins),)}
    below, at, above = (
        assess(account(PORTFOLIO, position("BTC", 1), equity=edge + beside, **owned), prices, venue)
        for beside in (UNIT, 0, -UNIT)
    )

    assert Fraction(at.ratio.numerator, at.ratio.denominator) == Fraction("0.95")
    assert (below.status, at.status, above.status) == ("healthy", at_trigger, "liquidatable")


@pytest.mark.parametrize(
    ("cash", "loan", "status"),
    [
        # A coin of 100k at the partial threshold is 75k.
        (70_000, 75_000, "healthy"),
        (70_000, 75_000 + UNIT, "liquidatable"),
        (0, 100_000, "liquidatable"),
        (0, 100_000 + UNIT, "bankrupt"),
    ],
)
def test_a_loan_is_due_above_its_collateral_at_the_threshold_and_bankrupt_above_all_of_it(cash, loan, status):
    owes = (balance("USDC", idle=cash, borrowed=loan), balance("UBTC", supplied=1))
    found = assess(Account(regime=PORTFOLIO, balances=owes), Prices(tokens={"UBTC": 100_000}), VENUE)

    assert found.status == status


def owing(**loans):
    """The assessment of a portfolio account that owes these loans on one coin of 100k."""
    owed = [balance(token, borrowed=loan) for token, loan in loans.items()]
    owes = Account(regime=PORTFOLIO, balances=(*owed, balance("UBTC", supplied=1)))
    return assess(owes, Prices(tokens={"UBTC": 100_000, OTHER: 1}), VENUE)


def test_two_loans_do_not_rest_on_the_same_collateral():
    assert owing(USDC=70_000, USDT0=70_000).status == "bankrupt"


def test_collateral_of_a_loan_in_another_token_may_not_leave():
    assert owing(USDT0=50_000).withdrawable["UBTC"] == 0


@pytest.mark.parametrize(
    ("regime", "venue"),
    [*((regime, VENUE) for regime in Regime), (PORTFOLIO, AT_LEAST)],
)
def test_an_account_of_nothing_is_healthy(regime, venue):
    assert assess(Account(regime=regime), Prices(), venue).status == "healthy"


# What cannot be assessed


@pytest.mark.parametrize("regime", Regime)
def test_a_position_needs_a_mark_price(regime):
    with pytest.raises(LookupError, match="no mark price for BTC"):
        assess(account(regime, position("BTC", 1), prices=Prices(marks={"BTC": 1})), Prices(), VENUE)


def test_a_portfolio_account_needs_a_price_of_its_collateral():
    with pytest.raises(LookupError, match="no borrow oracle price for UBTC"):
        assess(Account(regime=PORTFOLIO, balances=(balance("UBTC", supplied=1),)), Prices(), VENUE)


def test_a_dex_whose_token_cannot_be_borrowed_stands_on_its_own_balance_under_portfolio_margin():
    dex = Dex(name="xyz", token=UNLENT, raw=0, positions=(position("BTC", 1, entry=100_000),))
    held = Account(
        regime=PORTFOLIO,
        dexes=(evolve(dex, raw=-100_000),),
        balances=(balance(UNLENT, idle=2_000), balance("UBTC", supplied=5)),
    )
    prices = Prices(marks={"BTC": 100_000}, tokens={"UBTC": 100_000})
    alone, unified = assess(held, prices, VENUE), assess(held.under(Regime.UNIFIED), prices, VENUE)

    assert alone.available[UNLENT] == unified.available[UNLENT] == 2_000 - 1_250
    assert alone.liquidation_prices["BTC"] == unified.liquidation_prices["BTC"]


# Liquidation prices


@pytest.mark.parametrize(
    ("size", "maintenance"),
    [(2_500, 1_875_000), ("2500.0001", Fraction("1875000.15")), (2_501, 1_876_500), (3_000, 2_625_000)],
)
def test_maintenance_margin_above_150m_of_btc_rises_twice_as_fast(size, maintenance):
    prices = Prices(marks={"BTC": 60_000})

    assert (
        assess(account(CROSS, position("BTC", size), prices=prices), prices, VENUE).requirement == maintenance
    )


@pytest.mark.parametrize("regime", Regime)
@pytest.mark.parametrize(
    ("size", "mark", "equity", "price"),
    [
        # One tier, 1/80: at the liquidation price equity and maintenance are both 500.
        (1, 50_000, 10_500, 40_000),
        (-1, 30_000, 10_500, 40_000),
        # From the tier above 150M (1/40, less 1.875M) down to the first, and back up: 1.5M and 2.625M.
        (3_000, 60_000, 60_000_000 + 1_500_000, 40_000),
        (-3_000, 40_000, 60_000_000 + 2_625_000, 60_000),
    ],
)
def test_at_the_liquidation_price_equity_is_the_maintenance_of_the_tier_there(
    regime, size, mark, equity, price
):
    found = assess(*single(regime, size, mark, equity), VENUE).liquidation_prices["BTC"]

    assert (found.price, found.none, found.already) == (price, False, False)


def test_the_tier_of_the_present_notional_misses_a_liquidation_price_in_another_tier():
    frozen = VENUE.with_readings({"LIQPX-ROOT": "frozen-tier"})
    found = assess(*single(CROSS, 3_000, 60_000, 61_500_000), frozen).liquidation_prices["BTC"]

    # By the upper tier alone: 3,000 (P - P / 40) = 180M - 61.5M - 1.875M.
    assert found.price == Fraction(116_625_000, 2_925)


@pytest.mark.parametrize(("cash", "price"), [(50_000, None), (50_000 - UNIT, UNIT / Fraction("0.9875"))])
def test_a_long_without_debt_has_no_liquidation_price(cash, price):
    assert assess(*single(CROSS, 1, 50_000, cash), VENUE).liquidation_prices["BTC"].price == price


@pytest.mark.parametrize("regime", Regime)
@pytest.mark.parametrize(("equity", "already"), [(625, False), (625 - UNIT, True)])
def test_a_position_without_margin_after_maintenance_is_already_liquidatable(regime, equity, already):
    assert assess(*single(regime, 1, 50_000, equity), VENUE).liquidation_prices["BTC"].already is already
