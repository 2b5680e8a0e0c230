"""Symbolic states: an exchange whose structure is concrete and whose numbers are symbols."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from attrs import evolve, fields, has

from solvent.exchange import Exchange
from solvent.exchange.table import Table
from solvent.market import Prices
from solvent.venue import Venue


def renumbered(
    exchange: Exchange, number: Callable[[str, Fraction], Any], keep: tuple[str, ...] = ()
) -> Exchange:
    """The same exchange with other numbers: accounts, positions, orders and pools stay which they are.

    Args:
        exchange: where the structure comes from.
        number: gives what stands in place of a number, from the path that leads to it
            (``members.ann.spot.USDC``) and the number that stood there.
        keep: the beginnings of paths whose numbers stay as they are.

    Times and the venue stay as they are; what prices give follows from the new ones.
    """

    def changed(value: Any, path: str) -> Any:
        if isinstance(value, Fraction):
            return value if path.startswith(keep) and keep else number(path, value)
        if isinstance(value, Table):
            table = value
            for name, entry in value.items():
                table = table.put(name, changed(entry, f"{path}.{name}"))
            return table
        if has(type(value)) and not isinstance(value, Venue | Prices):
            parts = {f.name: changed(getattr(value, f.name), f"{path}.{f.name}") for f in fields(type(value))}
            return evolve(value, **parts)
        return value

    parts = {
        f.name: changed(getattr(exchange, f.name), f.name)
        for f in fields(Exchange)
        if f.name not in ("venue", "now", "prices")
    }
    other = evolve(exchange, **parts)
    return evolve(other, prices=other.price_view())
