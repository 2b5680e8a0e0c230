"""What a statement reads of its cell: two cells that are alike in that have the same finding.

A cell is handed to a statement as one that notes each regime, parameter, token, margin table and reading that is read.
What a statement does depends on nothing else, so that a cell with the same values needs no reading of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from typing import Any, TypeAlias

from attrs import Factory, evolve, fields, frozen

from solvent.prove.theorem import Cell
from solvent.venue import Parameters, Token, Venue

Path: TypeAlias = tuple[str, ...]

NOTED = (Cell, Venue, Parameters, Token)
"""What is read part by part; anything else is read whole."""
FOUND: Mapping[type, tuple[str, ...]] = {
    Cell: ("collateral",),
    Token: ("is_collateral", "is_borrowable", "stated"),
}
"""What is found from the parts of a value, and is read as one."""
NAMES = "<names>"
"""In the place of a name: the names of all entries."""
ABSENT = "<absent>"


def nameless(cell: Cell) -> Cell:
    """The cell without what no rule depends on: the name, the title, the days and the sources of its venue."""
    if cell.venue is None:
        return cell
    bare = evolve(cell.venue, name="the venue", title="", since=date.min, until=None, provenance={})
    return evolve(cell, venue=bare)


@frozen
class Reads:
    """What was read of a cell: the value at every path.

    Attributes:
        values: by path the value; of what is read part by part, which kind of value is there.
    """

    values: dict[Path, Any] = Factory(dict)
    _views: dict[Path, Any] = Factory(dict)

    def hold_of(self, cell: Cell) -> bool:
        """Whether another cell has the same values."""
        return all(_at(cell, path) == value for path, value in self.values.items())

    @property
    def names(self) -> list[str]:
        """What was read of the venue and the collateral, as dotted paths; margin tables are told as one."""
        wholes = set(_NAMES.values())
        names = {
            _name(path)
            for path, value in self.values.items()
            if not (isinstance(value, str) and value in wholes)
        }
        return sorted(names - {""})

    def view(self, value: Any, path: Path) -> Any:
        """A value as it is handed out: noted, and where it is read part by part, as one that notes its parts."""
        self.values[path] = _glance(value)
        if not isinstance(value, (*NOTED, Mapping)):
            return value
        if path not in self._views:
            self._views[path] = self._made(value, path)
        return self._views[path]

    def _made(self, value: Any, path: Path) -> Any:
        note = _Note(value, path, self)
        if isinstance(value, Mapping):
            return _Entries(note)
        kind = _noting(next(known for known in NOTED if isinstance(value, known)))
        made = kind.__new__(kind)
        object.__setattr__(made, "_note", note)
        return made


def noted(cell: Cell) -> tuple[Cell, Reads]:
    """The cell as one that notes what is read of it, and the notes."""
    reads = Reads()
    return reads.view(cell, ()), reads


@frozen
class _Note:
    """The value that another stands for, where it is in the cell, and where reads of it are noted."""

    value: Any
    path: Path
    reads: Reads

    def read(self, name: str) -> Any:
        return self.reads.view(_part(self.value, name), (*self.path, name))


@cache
def _noting(kind: Any) -> Any:
    """The class of values that stand for one of this class; what is evolved from one notes nothing itself."""
    parts = {field.name for field in fields(kind)} | {*FOUND.get(kind, ())}

    class Noting(kind):  # type: ignore[misc]
        __slots__ = ("_note",)

        def __getattribute__(self, name: str) -> Any:
            if name in parts:
                try:
                    note = object.__getattribute__(self, "_note")
                except AttributeError:
                    return object.__getattribute__(self, name)
                return note.read(name)
            return object.__getattribute__(self, name)

    return Noting


@frozen
class _Entries(Mapping[str, Any]):
    """A mapping that stands for one and notes which entries are read."""

    _note: _Note

    def __getitem__(self, name: str) -> Any:
        entry = self._note.read(name)
        if entry is ABSENT:
            raise KeyError(name)
        return entry

    def __iter__(self) -> Iterator[str]:
        return iter(self._note.read(NAMES))

    def __len__(self) -> int:
        return len(self._note.read(NAMES))


def _part(value: Any, name: str) -> Any:
    if isinstance(value, Mapping):
        return tuple(value) if name == NAMES else value.get(name, ABSENT)
    return getattr(value, name)


def _at(cell: Cell, path: Path) -> Any:
    value: Any = cell
    for name in path:
        if value is ABSENT or value is None:
            return ABSENT
        value = _part(value, name)
    return _glance(value)


def _glance(value: Any) -> Any:
    """A value as it is compared: itself, or which kind it is of where it is read part by part."""
    kinds = (name for kind, name in _NAMES.items() if isinstance(value, kind))
    return next(kinds, value)


def _name(path: Path) -> str:
    """What is read at a path, as it is told; nothing of a whole, and of how a token is called and numbered."""
    inside = path[1:] if path[:1] == ("venue",) else path
    if inside[:1] == ("tables",):
        return "tables"
    told = (
        len(inside) > 1 and NAMES not in inside and "" not in inside and inside[-1] not in ("name", "index")
    )
    return ".".join(inside) if told else ""


_NAMES: Mapping[type, str] = {kind: f"<{kind.__name__.lower()}>" for kind in (*NOTED, Mapping)}
