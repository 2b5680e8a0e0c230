"""The accounts that are measured: five legs as decimal strings, and any number of legs by one formula."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from attrs import frozen

from solvent import decimals
from solvent.account import Account, Balance, Dex, Position, Regime
from solvent.market import Prices
from solvent.venue import Venue

RAW = "33300000.123456"
"""The cross balance of the five legs (USD)."""

SUPPLIED = {"HYPE": Fraction("123.45678901"), "UBTC": Fraction("0.12345678")}
TOKEN_PRICES = {"HYPE": Fraction("41.2345"), "UBTC": Fraction("64300.5")}


@frozen
class Row:
    """A cross position and its mark price, as decimal strings."""

    market: str
    size: str
    mark: str
    entry: str
    leverage: str
    max_leverage: str


FIVE_LEGS = (
    Row("BTC", "812.34567", "64321.5", "61000.1", "20", "40"),
    Row("ETH", "-5123.4567", "3123.45", "3300.2", "7", "25"),
    Row("SOL", "-345678.91", "151.234", "149.01", "10", "20"),
    Row("HYPE", "123456.78", "41.2345", "39.87", "7", "10"),
    Row("MEGA", "-7500001", "0.045715", "0.063913", "3", "3"),
)
"""Leverages on both sides of ten, a liquidation price in a higher tier (SOL), and a position without one (HYPE)."""


def account_of(rows: tuple[Row, ...], raw: str) -> tuple[Account, Prices]:
    """The cross account of decimal strings, and its prices."""
    positions = tuple(
        Position(
            market=row.market,
            size=decimals.parse(row.size),
            leverage=decimals.parse(row.leverage),
            max_leverage=decimals.parse(row.max_leverage),
            entry=decimals.parse(row.entry),
        )
        for row in rows
    )
    account = Account(regime=Regime.CROSS, dexes=(Dex(raw=decimals.parse(raw), positions=positions),))
    return account, Prices(marks={row.market: decimals.parse(row.mark) for row in rows})


def peer_account(rows: tuple[Row, ...], equity: Any, venue: Venue) -> dict[str, Any]:
    """The same account as the peer takes it: with its equity, and with the venue's tiers on every position."""
    return {
        "crossAccountValue": decimals.show(equity),
        "positions": [
            {
                "index": index,
                "signedSize": row.size,
                "entryPrice": row.entry,
                "markPrice": row.mark,
                "leverage": row.leverage,
                "marginTiers": _peer_tiers(venue.tiers(row.market, decimals.parse(row.max_leverage))),
            }
            for index, row in enumerate(rows)
        ],
    }


def _peer_tiers(tiers: Iterable[Any]) -> list[dict[str, str]]:
    return [
        {"lowerBound": decimals.show(tier.lower_bound), "maxLeverage": decimals.show(tier.max_leverage)}
        for tier in tiers
    ]


def account_with(legs: int, regime: Regime) -> tuple[Account, Prices]:
    """A healthy account of this many cross positions, long and short in turn, with supplied HYPE and UBTC."""
    marks = {f"M{i}": Fraction(10_007 + 7_919 * i, 10 ** (i % 6)) for i in range(legs)}
    sizes = [Fraction((-1) ** i * (1_009 + 101 * i), 10 ** (i % 4)) for i in range(legs)]
    positions = tuple(
        Position(
            market=market,
            size=size,
            leverage=Fraction(3 + i % 3),
            max_leverage=Fraction((5, 10, 25, 40)[i % 4]),
            entry=mark * Fraction(100 + i % 7, 103),
        )
        for i, (size, (market, mark)) in enumerate(zip(sizes, marks.items(), strict=True))
    )
    notional = sum((abs(size) * mark for size, mark in zip(sizes, marks.values(), strict=True)), Fraction(0))
    balances = tuple(Balance(token=token, supplied=supplied) for token, supplied in SUPPLIED.items())
    account = Account(regime=regime, dexes=(Dex(raw=2 * notional, positions=positions),), balances=balances)
    return account, Prices(marks=marks, tokens=TOKEN_PRICES)
