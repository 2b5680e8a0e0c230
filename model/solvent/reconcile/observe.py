"""The one entrance: a document that a venue's answers make, whatever its kind, recomputed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from attrs import evolve

from solvent.account import Regime
from solvent.decimals import show
from solvent.errors import InputError
from solvent.ingest import hyperliquid, schemas
from solvent.ingest.record import Record
from solvent.ingest.strict_json import dotted
from solvent.ingest.venue_file import bundled_venues, venue_at
from solvent.reconcile.extracts import (
    balance_flow_figures,
    position_list_figures,
    reserve_state_figures,
)
from solvent.reconcile.inputs import Inputs
from solvent.reconcile.report import Report, reconcile, report_of
from solvent.reconcile.state import State
from solvent.venue import Venue

_DAY = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])(?:-(0[1-9]|[12][0-9]|3[01]))?")

KINDS: Mapping[str, tuple[str, ...]] = {
    "account-bundle": ("clearinghouseState", "spotClearinghouseState"),
    "balance-flow": ("inputs",),
    "position-list": ("positions",),
    "reserve-states": ("reserves", "usdc", "hype", "ubtc", "usdt0", "usdh"),
}
"""Keys that tell what a document is, by the name of its schema."""


def kind_of(document: Mapping[str, Any], source: str) -> str:
    """What a document is: the name of its schema.

    Raises:
        InputError: it has none of the keys that tell.
    """
    for kind, keys in KINDS.items():
        if any(document.get(key) is not None for key in keys):
            return kind
    known = ", ".join(key for keys in KINDS.values() for key in keys)
    raise InputError(source, "", "none of the keys of an observation", f"one of {known}")


def observe(
    document: Mapping[str, Any],
    source: str,
    venue: Venue | None = None,
    readings: Mapping[str, str] | None = None,
) -> Report:
    """Recompute every figure of a document.

    Args:
        document: an account bundle, a balance flow, a position list or reserve states.
        source: the file or address it came from, for messages.
        venue: the parameters to use; by default those of the bundled venue in force when it was recorded.
        readings: by rule, the name of another reading than the venue's.

    Raises:
        InputError: the document is of no known kind, does not fit its schema, or does not fit the venue.
    """
    kind = kind_of(document, source)
    if kind == "account-bundle":
        record = hyperliquid.record(document, source)
        venue = (venue or _in_force(record.time, None)).with_readings(readings or {})
        _require_known(record, venue)
        return reconcile(record, venue)
    schemas.hold(document, kind, source)
    provenance = document.get("provenance", {})
    venue = (venue or _in_force(None, _day(provenance))).with_readings(readings or {})
    match kind:
        case "balance-flow":
            figures = list(balance_flow_figures(document))
        case "position-list":
            figures = list(position_list_figures(document))
        case _:
            names = {token.index: token.name for token in venue.tokens.values()}
            figures = list(reserve_state_figures(document, names))
    record = evolve(_EMPTY, source=source, id=Path(source).stem)
    regime = Regime.ISOLATED if kind == "position-list" else Regime.PORTFOLIO
    return report_of(figures, State(record, regime, venue, Inputs()))


_EMPTY = Record(
    source="", id="", mode=None, scaled=False, time=None, spot=None, dexes={}, orders=None,
    order_dexes=frozenset(), order_margins=None, reserves={}, lending=None, assets={}, size_decimals={},
)  # fmt: skip


def _in_force(milliseconds: int | None, day: date | None) -> Venue:
    if milliseconds is not None:
        day = datetime.fromtimestamp(milliseconds / 1000, UTC).date()
    return venue_at(day) if day is not None else list(bundled_venues().values())[-1]


def _day(provenance: Mapping[str, Any]) -> date | None:
    found = _DAY.search(provenance.get("recordedAt", ""))
    try:
        return None if found is None else date(int(found[1]), int(found[2]), int(found[3] or 1))
    except ValueError:
        return None


def _require_known(record: Record, venue: Venue) -> None:
    """Refuse what the venue's parameters do not cover: a position without tiers, a token that cannot be lent."""
    for name, state in record.dexes.items():
        for i, row in enumerate(state.positions):
            if row.max_leverage is None and row.market not in venue.tables:
                path = ("clearinghouseState", name, "assetPositions", i, "position")
                expected = f"maxLeverage, or a margin table of {row.market} in {venue.name}"
                raise InputError(record.source, dotted(path), "no margin table", expected)
    for i, balance in enumerate(() if record.spot is None else record.spot.rows):
        place = dotted(("spotClearinghouseState", "balances", i, "coin"))
        token = venue.tokens.get(balance.coin)
        if token is not None and token.index != balance.token:
            found = f"{balance.coin} with index {balance.token}"
            raise InputError(record.source, place, found, f"index {token.index} at {venue.name}")
        if token is not None and token.is_collateral and balance.total.value < 0:
            total = dotted(("spotClearinghouseState", "balances", i, "total"))
            expected = f"no negative balance: {token.name} is collateral"
            raise InputError(record.source, total, show(balance.total.value), expected)
        lent = (balance.borrowed, balance.supplied)
        if token is None and any(shown is not None and shown.value for shown in lent):
            known = ", ".join(venue.tokens)
            raise InputError(record.source, place, balance.coin, f"a token of {venue.name}: {known}")
