"""Small accounts and prices that tests of recorded answers begin with."""

from __future__ import annotations

from fractions import Fraction

from attrs import evolve
from synthetic import bundle

from solvent import (
    Account,
    Balance,
    Dex,
    Position,
    Prices,
    Regime,
    load_venue,
    observe,
)
from solvent.ingest import hyperliquid
from solvent.reconcile.report import Status

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


def reported(account, venue=VENUE, prices=PRICES, **changed):
    """What recomputing the venue's answers of an account, some of them changed, says."""
    return observe({**bundle(account, prices, venue), **changed}, "given", venue)


def row(report, figure, subject):
    return next(r for r in report.comparisons if (r.figure, r.subject) == (figure, subject))


def agrees(report):
    """Whether every figure agrees, and none needs a word of explanation."""
    return {(r.status, r.because) for r in report.comparisons} == {(Status.AGREES, "")}


def order(coin, side, size=2, price=3, **more):
    return {"coin": coin, "side": side, "sz": str(size), "limitPx": str(price), **more}
