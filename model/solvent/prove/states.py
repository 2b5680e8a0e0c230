"""Symbolic states: an exchange whose structure is concrete and whose numbers are symbols."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from attrs import evolve, fields, frozen, has

from solvent.exchange import Exchange
from solvent.exchange.table import Table
from solvent.market import Prices
from solvent.venue import Venue

CONCRETE = tuple(
    f"venue.parameters.{name}"
    for name in (
        "usd_unit", "token_unit", "ratio_unit", "index_unit", "rate_", "collateral_half_life", "daily_actions",
    )
)  # fmt: skip
"""The beginnings of the paths that are never symbols: units, and what growth factors and decays are computed from."""


def renumbered(
    exchange: Exchange,
    number: Callable[[str, Fraction], Any],
    keep: tuple[str, ...] = (),
    *,
    venue: bool = False,
) -> Exchange:
    """The same exchange with other numbers: accounts, positions, orders and pools stay which they are.

    Args:
        exchange: where the structure comes from.
        number: gives what stands in place of a number, from the path that leads to it
            (``members.ann.spot.USDC``) and the number that stood there.
        keep: the beginnings of paths whose numbers stay as they are.
        venue: whether the parameters, tokens and margin tables of the venue get other numbers too.

    Times stay as they are; what prices give follows from the new ones.
    """
    of = _Renumbering(number, (*keep, *CONCRETE), venue)
    parts = {
        f.name: of.changed(getattr(exchange, f.name), f.name)
        for f in fields(Exchange)
        if f.name not in ("now", "prices")
    }
    other = evolve(exchange, **parts)
    return evolve(other, prices=other.price_view())


@frozen
class _Renumbering:
    """What numbers a value gets: those of ``number``, but at paths that begin as ``kept`` ones do."""

    number: Callable[[str, Fraction], Any]
    kept: tuple[str, ...]
    venue: bool

    def changed(self, value: Any, path: str) -> Any:
        """The value with other numbers."""
        return value if path.startswith(self.kept) else self._changed(value, path)

    def _changed(self, value: Any, path: str) -> Any:
        if isinstance(value, Fraction):
            return self.number(path, value)
        if isinstance(value, Table):
            table = value
            for name, entry in value.items():
                table = table.put(name, self.changed(entry, f"{path}.{name}"))
            return table
        if isinstance(value, Mapping):
            return {name: self.changed(entry, f"{path}.{name}") for name, entry in value.items()}
        if isinstance(value, tuple):
            return tuple(self.changed(entry, f"{path}.{place}") for place, entry in enumerate(value))
        if has(type(value)) and not isinstance(value, Prices):
            return evolve(value, **self._fields(value, path))
        return value

    def _fields(self, value: Any, path: str) -> dict[str, Any]:
        names = [f.name for f in fields(type(value))]
        if isinstance(value, Venue):
            names = ["parameters", "tokens", "tables"] if self.venue else []
        return {name: self.changed(getattr(value, name), f"{path}.{name}") for name in names}
