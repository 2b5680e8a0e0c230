"""Accounts and prices for tests, the documented carry trade and any others; and what tests read of an assessment."""

from __future__ import annotations

from fractions import Fraction

from attrs import evolve
from hypothesis import settings
from hypothesis import strategies as st

from solvent.account import Account, Balance, Dex, Order, Position, Regime
from solvent.arithmetic import ONE, ZERO, Number
from solvent.explore import numbers
from solvent.explore.numbers import STEP, kind_of
from solvent.ingest.venue_file import load_venue
from solvent.market import Prices
from solvent.regimes import Assessment, Pool
from solvent.rules.kinds import Amount, Price, Usd, UsdOpen

VENUE = load_venue("hyperliquid-beta")
PROFILE = settings(max_examples=50, derandomize=True, deadline=None, database=None)
MARKETS = {"": ("BTC", "ETH", "HYPE"), "xyz": ("xyz:CL", "xyz:GOLD")}

prices_above_zero = numbers(kind_of(Price))
money = numbers(kind_of(Usd))
money_above_zero = numbers(kind_of(UsdOpen))
amounts = numbers(kind_of(Amount))
multiples = st.integers(-100, 200).map(lambda percent: Fraction(percent, 100))


def balance(token: str, **amounts: Number) -> Balance:
    """The balance of a token."""
    return Balance(token=token, **amounts)


def moved(prices: Prices, market: str, mark: Number) -> Prices:
    """The same prices with another mark price of one market."""
    return evolve(prices, marks={**prices.marks, market: mark})


def pool(assessment: Assessment, name: str) -> Pool:
    """The one pool of this name."""
    (found,) = (pool for pool in assessment.pools if pool.name == name)
    return found


def carry_trade(price: int | Fraction) -> tuple[Account, Prices]:
    """Long 1 BTC and short 1 BTC perp, opened at 100k with a leverage of 10 and a loan for the initial margin.

    The example of Hyperliquid documentation, trading/portfolio-margin, as of 2026-08-22, without interest and
    funding. Whatever the initial margin needs beyond the perp's profit is borrowed and stands in the perp dex.
    """
    opened = Fraction(100_000)
    loan = max(ZERO, Fraction(price) / 10 - (opened - price))
    short = Position(market="BTC", size=-ONE, leverage=10, max_leverage=40, entry=opened)
    account = Account(
        regime=Regime.PORTFOLIO,
        dexes=(Dex(raw=opened + loan, positions=(short,)),),
        balances=(balance("USDC", borrowed=loan), balance("UBTC", supplied=ONE)),
    )
    return account, Prices(marks={"BTC": Fraction(price)}, tokens={"UBTC": Fraction(price)})


@st.composite
def positions(draw: st.DrawFn, market: str, isolated: bool) -> tuple[Position, Fraction]:
    """A position of a market with its mark price: its notional leans to tier edges, its leverage is allowed there."""
    top = None if market in VENUE.tables else Fraction(draw(st.sampled_from((1, 3, 20, 50))))
    tiers = VENUE.tiers(market, top)
    edges = [tier.lower_bound + beside for tier in tiers[1:] for beside in (-STEP, 0, STEP)]
    notional = draw(st.sampled_from(edges) | money_above_zero if edges else money_above_zero)
    mark = draw(prices_above_zero)
    side = draw(st.sampled_from((1, -1)))
    allowed = min(tier.max_leverage for tier in tiers if tier.lower_bound <= notional)
    position = Position(
        market=market,
        size=side * notional / mark,
        leverage=draw(st.integers(1, int(allowed))),
        max_leverage=top,
        entry=draw(prices_above_zero),
        raw=notional * (draw(multiples) - side) if isolated else None,
    )
    return position, mark


@st.composite
def orders(draw: st.DrawFn, market: str) -> Order:
    """A resting order of a market."""
    return Order(
        market=market,
        side=draw(st.sampled_from((1, -1))),
        size=draw(amounts),
        price=draw(prices_above_zero),
        leverage=draw(st.integers(1, 5)),
        reserves=draw(st.booleans()),
    )


@st.composite
def dexes(draw: st.DrawFn, name: str, regime: Regime) -> tuple[Dex, dict[str, Fraction]]:
    """A dex with one position or two and at most one order, and its mark prices; its equity is near its notional."""
    markets = draw(st.lists(st.sampled_from(MARKETS[name]), min_size=1, max_size=2, unique=True))
    isolated = st.just(True) if regime is Regime.ISOLATED else st.sampled_from((False, False, True))
    drawn = {market: draw(positions(market, draw(isolated))) for market in markets}
    cross = [(position.size, mark) for position, mark in drawn.values() if position.raw is None]
    scale = sum((abs(size) * mark for size, mark in cross), ZERO)
    equity = draw(multiples.map(scale.__mul__) | money)
    dex = Dex(
        name=name,
        raw=equity - sum(size * mark for size, mark in cross),
        positions=tuple(position for position, _ in drawn.values()),
        orders=tuple(draw(st.lists(orders(markets[0]), max_size=1))),
    )
    return dex, {market: mark for market, (_, mark) in drawn.items()}


@st.composite
def accounts(draw: st.DrawFn, regime: Regime) -> tuple[Account, Prices]:
    """An account with one dex or two, cash, a loan under portfolio margin, and UBTC; and all its prices."""
    drawn = [draw(dexes(name, regime)) for name in draw(st.sampled_from((("",), ("", "xyz"))))]
    loan = draw(amounts) if regime is Regime.PORTFOLIO else ZERO
    account = Account(
        regime=regime,
        dexes=tuple(dex for dex, _ in drawn),
        balances=(
            balance("USDC", idle=draw(amounts), borrowed=loan),
            balance("UBTC", idle=draw(amounts), supplied=draw(amounts)),
        ),
    )
    marks = {market: mark for _, marks in drawn for market, mark in marks.items()}
    return account, Prices(marks=marks, tokens={"UBTC": draw(prices_above_zero)})
