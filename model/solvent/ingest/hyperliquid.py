"""Hyperliquid's info API answers, as a record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

from solvent.decimals import Printed, parse, printed
from solvent.errors import InputError
from solvent.ingest import schemas
from solvent.ingest.record import (
    AssetRow,
    DexState,
    LendingState,
    OrderRow,
    PositionRow,
    Record,
    ReserveRow,
    SpotRow,
    SpotState,
    Summary,
    dex_of,
)
from solvent.ingest.strict_json import dotted

SCHEMA = "account-bundle"
LAST_SECOND = 253_402_300_799
"""The last second of the year 9999."""


def record(bundle: Mapping[str, Any], source: str) -> Record:
    """The record that a bundle of API answers makes.

    Args:
        bundle: answers by request type, as the schema ``account-bundle`` says.
        source: the file or address it came from, for messages.

    Raises:
        InputError: the bundle does not fit the schema, names a balance or position twice, has a position of
            no size or without price, an isolated one without own balance, or a collateral below zero.
    """
    present = {key: value for key, value in bundle.items() if value is not None}
    if isinstance(present.get("clearinghouseState"), dict):
        states = present["clearinghouseState"]
        present["clearinghouseState"] = {k: v for k, v in states.items() if v is not None}
    schemas.hold(present, SCHEMA, source)
    _require_once(source, present)
    states = present.get("clearinghouseState", {})
    assets = {coin: _asset(row) for coin, row in present.get("activeAssetData", {}).items()}
    dexes = {name: _dex(source, name, state, assets) for name, state in states.items()}
    orders = present.get("frontendOpenOrders")
    rows = None if orders is None else tuple(_order(row) for row in orders)
    complete = "orderDexes" in present
    return Record(
        source=source,
        id=Path(source).stem,
        mode=present.get("userAbstraction"),
        scaled=bool(present.get("provenance", {}).get("scaled", False)),
        time=_time(dexes.values(), present.get("provenance", {})),
        spot=_spot(source, present.get("spotClearinghouseState")),
        dexes=dexes,
        orders=rows,
        order_dexes=_order_dexes(present, rows),
        order_margins=_order_margins(present.get("orderMargins")),
        reserves={token: _reserve(row) for token, row in present.get("allBorrowLendReserveStates", ())},
        lending=_lending(present.get("borrowLendUserState")),
        assets=assets,
        size_decimals=present.get("szDecimals", {}),
        dex_tokens=present.get("dexTokens", {}),
        borrow_caps=_caps(present, "borrow"),
        supply_caps=_caps(present, "supply"),
        partial=bool(present.get("partialPositions", False)),
        complete=complete,
        uncaptured_isolated=parse(present.get("uncapturedIsolatedMargin", "0")),
    )


def _require_once(source: str, bundle: Mapping[str, Any]) -> None:
    seen: set[str] = set()
    for name, state in bundle.get("clearinghouseState", {}).items():
        for i, row in enumerate(state["assetPositions"]):
            coin = row["position"]["coin"]
            if coin in seen:
                path = dotted(("clearinghouseState", name, "assetPositions", i, "position", "coin"))
                raise InputError(source, path, f"a second position of {coin}", "one per market")
            seen.add(coin)
    tokens: set[int | str] = set()
    for i, row in enumerate(bundle.get("spotClearinghouseState", {}).get("balances", ())):
        if not tokens.isdisjoint((row["token"], row["coin"])):
            place = dotted(("spotClearinghouseState", "balances", i))
            found = f"a second balance of {row['coin']} or of index {row['token']}"
            raise InputError(source, place, found, "one per token")
        tokens |= {row["token"], row["coin"]}


def _number(row: Mapping[str, Any], key: str) -> Printed | None:
    return None if row.get(key) is None else printed(row[key])


def _pairs(pairs: Iterable[tuple[int, str]] | None) -> dict[int, Printed]:
    return {token: printed(text) for token, text in pairs or ()}


def _spot(source: str, state: Mapping[str, Any] | None) -> SpotState | None:
    if state is None:
        return None
    rows = []
    for i, row in enumerate(state["balances"]):
        if parse(row.get("ltv", "0")) > 0 and parse(row["total"]) < 0:
            path = ("spotClearinghouseState", "balances", i, "total")
            raise InputError(source, dotted(path), row["total"], "a collateral balance that is not negative")
        rows.append(
            SpotRow(
                coin=row["coin"],
                token=row["token"],
                total=printed(row["total"]),
                hold=printed(row["hold"]),
                spot_hold=_number(row, "spotHold"),
                ltv=_number(row, "ltv"),
                borrowed=_number(row, "borrowed"),
                supplied=_number(row, "supplied"),
            )
        )
    return SpotState(
        rows=tuple(rows),
        ratio=_number(state, "portfolioMarginRatio"),
        borrow_ratios=_pairs(state.get("tokenToPortfolioBorrowRatio")),
        supply_ratios=_pairs(state.get("tokenToPortfolioSupplyRatio")),
        available=_pairs(state.get("tokenToAvailableAfterMaintenance")),
    )


def _summary(row: Mapping[str, Any] | None) -> Summary:
    row = row or {}
    return Summary(
        account_value=_number(row, "accountValue"),
        notional=_number(row, "totalNtlPos"),
        raw=_number(row, "totalRawUsd"),
        margin_used=_number(row, "totalMarginUsed"),
    )


def _dex(source: str, name: str, state: Mapping[str, Any], assets: Mapping[str, AssetRow]) -> DexState:
    path = ("clearinghouseState", name, "assetPositions")
    return DexState(
        name=name,
        summary=_summary(state.get("marginSummary")),
        cross=_summary(state.get("crossMarginSummary")),
        maintenance=_number(state, "crossMaintenanceMarginUsed"),
        withdrawable=_number(state, "withdrawable"),
        time=state.get("time"),
        positions=tuple(
            _position(source, (*path, i, "position"), row["position"], assets)
            for i, row in enumerate(state["assetPositions"])
        ),
    )


def _position(
    source: str, path: tuple[str | int, ...], row: Mapping[str, Any], assets: Mapping[str, AssetRow]
) -> PositionRow:
    size, leverage = printed(row["szi"]), row["leverage"]
    if size.value == 0:
        raise InputError(source, dotted((*path, "szi")), row["szi"], "a size other than zero")
    isolated = leverage["type"] == "isolated"
    if isolated and "rawUsd" not in leverage:
        raise InputError(source, dotted((*path, "leverage")), "no such key", "the key rawUsd")
    notional = _number(row, "positionValue")
    if notional is None and row["coin"] in assets:
        mark = assets[row["coin"]].mark
        notional = Printed(abs(size.value) * mark.value, size.places + mark.places)
    if notional is None or notional.value == 0:
        expected = f"the position's value above zero, or activeAssetData of {row['coin']}"
        raise InputError(source, dotted((*path, "positionValue")), "a position without price", expected)
    return PositionRow(
        market=row["coin"],
        size=size,
        leverage=leverage["value"],
        raw=printed(leverage["rawUsd"]) if isolated else None,
        entry=_number(row, "entryPx"),
        notional=notional,
        profit=_number(row, "unrealizedPnl"),
        liquidation=_number(row, "liquidationPx"),
        reports_liquidation="liquidationPx" in row,
        margin_used=_number(row, "marginUsed"),
        max_leverage=row.get("maxLeverage"),
    )


def _order(row: Mapping[str, Any]) -> OrderRow:
    return OrderRow(
        market=row["coin"],
        side=1 if row["side"] == "B" else -1,
        size=printed(row["sz"]),
        price=printed(row["limitPx"]),
        reserves=not (row.get("reduceOnly") or row.get("isTrigger")),
    )


def _order_dexes(bundle: Mapping[str, Any], orders: tuple[OrderRow, ...] | None) -> frozenset[str]:
    if orders is None:
        return frozenset()
    named = (dex_of(order.market) for order in orders if not order.spot)
    return frozenset(bundle.get("orderDexes", ())) | {"", *named}


def _order_margins(rows: list[Mapping[str, Any]] | None) -> dict[str, tuple[Fraction, int]] | None:
    if rows is None:
        return None
    margins: dict[str, tuple[Fraction, int]] = {}
    for row in rows:
        amount, count = margins.get(row["coin"], (Fraction(0), 0))
        margins[row["coin"]] = (amount + parse(row["margin"]), count + 1)
    return margins


def _reserve(row: Mapping[str, Any]) -> ReserveRow:
    return ReserveRow(
        price=_number(row, "oraclePx"),
        ltv=_number(row, "ltv"),
        borrow_rate=_number(row, "borrowYearlyRate"),
        supply_rate=_number(row, "supplyYearlyRate"),
        balance=_number(row, "balance"),
        utilization=_number(row, "utilization"),
        supplied=_number(row, "totalSupplied"),
        borrowed=_number(row, "totalBorrowed"),
    )


def _lending(state: Mapping[str, Any] | None) -> LendingState | None:
    if state is None:
        return None
    given = state.get("tokenToState", ())
    tokens = given.items() if isinstance(given, Mapping) else given
    by_token = {int(token): row for token, row in tokens}
    return LendingState(
        borrowed={token: printed(row["borrow"]["value"]) for token, row in by_token.items()},
        supplied={token: printed(row["supply"]["value"]) for token, row in by_token.items()},
        health_factor=_number(state, "healthFactor"),
        reports_health="healthFactor" in state,
    )


def _asset(row: Mapping[str, Any]) -> AssetRow:
    leverage = row.get("leverage")
    return AssetRow(
        leverage=leverage["value"] if isinstance(leverage, Mapping) else leverage,
        sizes=_both(row.get("maxTradeSzs")),
        available=_both(row.get("availableToTrade")),
        mark=printed(row["markPx"]),
    )


def _both(pair: list[str] | None) -> tuple[Printed, Printed] | None:
    return None if pair is None else (printed(pair[0]), printed(pair[1]))


def _caps(bundle: Mapping[str, Any], side: str) -> dict[int, Fraction]:
    caps = bundle.get("userCaps", {}).get(side) or {}
    return {int(token): parse(cap) for token, cap in caps.items()}


def _time(dexes: Iterable[DexState], provenance: Mapping[str, Any]) -> int | None:
    """The time of the earliest state, or the one that the provenance states; one without zone is UTC."""
    times = [dex.time for dex in dexes if dex.time is not None]
    if times:
        return min(times)
    try:
        stated = datetime.fromisoformat(provenance["recordedAt"])
    except (KeyError, ValueError):
        return None
    seconds = (stated if stated.tzinfo else stated.replace(tzinfo=UTC)).timestamp()
    return int(seconds * 1000) if 0 <= seconds <= LAST_SECOND else None
