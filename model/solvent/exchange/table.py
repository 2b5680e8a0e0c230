"""A persistent table: a change makes a new one that shares all the rest, and it is walked in the order of its keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Generic, TypeVar

from attrs import field, frozen
from pyrsistent import PMap, pmap

V = TypeVar("V")


@frozen(repr=False)
class Table(Generic[V]):
    """Values by name. A change costs the logarithm of its size, and leaves the table that it was made from as it is."""

    _entries: PMap[str, V] = field(factory=pmap)

    def __getitem__(self, name: str) -> V:
        return self._entries[name]

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._entries))

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:
        return f"Table({dict(self.items())!r})"

    def get(self, name: str, otherwise: Any = None) -> Any:
        """The value of this name, or ``otherwise`` where there is none."""
        return self._entries.get(name, otherwise)

    def items(self) -> Iterator[tuple[str, V]]:
        """The names and their values, in the order of the names."""
        return ((name, self._entries[name]) for name in self)

    def values(self) -> Iterator[V]:
        """The values, in the order of their names."""
        return (self._entries[name] for name in self)

    def put(self, name: str, value: V) -> Table[V]:
        """The table with this value under this name."""
        return Table(self._entries.set(name, value))

    def drop(self, name: str) -> Table[V]:
        """The table without this name."""
        return Table(self._entries.discard(name))


def table(entries: Mapping[str, Any] | Table[Any]) -> Any:
    """The table of these entries."""
    return entries if isinstance(entries, Table) else Table(pmap(entries))
