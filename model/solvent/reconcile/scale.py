"""Records whose amounts were all multiplied by one unpublished factor."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from fractions import Fraction
from itertools import pairwise
from typing import Any

from attrs import evolve

from solvent.ingest.record import Record
from solvent.venue import Venue

SCALED_PRINT = Fraction(1, 10**10)
"""One unit of the last digit of a scaled record."""


def scaled(venue: Venue, scale: Any, usd_unit: Any, markets: Collection[str]) -> Venue:
    """A venue with its USD unit, its offset and the margin tables of some markets as a scaled record shows them."""
    return evolve(
        venue,
        parameters=evolve(
            venue.parameters, usd_unit=usd_unit, borrow_offset=venue.parameters.borrow_offset * scale
        ),
        tables={
            market: evolve(
                table,
                tiers=tuple(
                    evolve(tier, lower_bound=tier.lower_bound * scale, deduction=tier.deduction * scale)
                    for tier in table.tiers
                ),
            )
            for market, table in venue.tables.items()
            if market in markets
        },
    )


def largest_scale(record: Record) -> Fraction:
    """A bound of a record's scale: sizes of a market, and their differences, are whole steps.

    A perp's price has at most six digits after the point less the market's size decimals, so the digits of its prices
    bound the step from below, and the smallest scaled size or difference of sizes bounds the factor.
    """
    sizes: dict[str, list[Fraction]] = {}
    places: dict[str, int] = {}
    rows = [row for state in record.dexes.values() for row in state.positions]
    entries = [(row.market, abs(row.size.value), row.entry) for row in rows]
    entries += [
        (order.market, order.size.value, order.price) for order in record.orders or () if not order.spot
    ]
    for market, size, price in entries:
        sizes.setdefault(market, [Fraction(0)]).append(size)
        if price is not None:
            shown = price.places if price.value % 1 else 0
            places[market] = max(shown, places.get(market, 0))
    bounds = [
        step * Fraction(10) ** (6 - places.get(market, 0))
        for market, all_of in sizes.items()
        for step in _steps(sorted(all_of))
    ]
    return min(bounds, default=Fraction(10**6))


def _steps(sizes: list[Fraction]) -> Iterator[Fraction]:
    """Differences of neighbouring sizes that are no effect of printed digits."""
    for before, after in pairwise(sizes):
        if after - before > 10 * SCALED_PRINT:
            yield after - before
