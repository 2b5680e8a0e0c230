"""TOML in which every value is a table of the value itself, its unit, its source and the date of the source."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

from attrs import field, frozen

from solvent import decimals
from solvent.errors import InputError
from solvent.ingest.strict_json import dotted
from solvent.venue import Sourced

LARGEST_FILE = 2**20
"""How many bytes a file may have."""

Document = dict[str, Any]
"""The top table of a file."""

_PLACE = re.compile(r" \(at line (\d+), column (\d+)\)")
_AT_END = " (at end of document)"


@frozen
class _Float:
    """A TOML float as it is written."""

    text: str

    def __str__(self) -> str:
        return self.text


def read(path: Path) -> Document:
    """The top table of a TOML file.

    Raises:
        InputError: the file cannot be read, is too large, or is not TOML; then the error names the line.
    """
    source = str(path)
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        raise InputError(source, "", "nothing", "a TOML file") from None
    except (OSError, ValueError) as error:
        found = getattr(error, "strerror", None) or error
        raise InputError(source, "", str(found).lower(), "a readable TOML file") from None
    if len(content) > LARGEST_FILE:
        raise InputError(source, "", f"more than {LARGEST_FILE >> 20} MB", "a smaller file")
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise InputError(source, f"byte {error.start + 1}", "text that is not UTF-8", "UTF-8") from None
    return _parsed(text, source)


def _parsed(text: str, source: str) -> Document:
    try:
        return tomllib.loads(text, parse_float=_Float)
    except tomllib.TOMLDecodeError as error:
        raise _malformed(text, source, str(error)) from None
    except ValueError:
        raise InputError(source, "", "an integer of thousands of digits", "shorter integers") from None
    except RecursionError:
        raise InputError(source, "", "values nested too deeply", "TOML of a few levels") from None


def _malformed(text: str, source: str, message: str) -> InputError:
    place = _PLACE.search(message)
    if place is None:
        where, found = f"line {max(1, len(text.splitlines()))}", "the end of the text"
    else:
        where = f"line {place[1]} column {place[2]}"
        found = repr((text.split("\n")[int(place[1]) - 1]).strip())
    fault = _PLACE.sub("", message).replace(_AT_END, "")
    return InputError(source, where, found, f"TOML ({fault[:1].lower()}{fault[1:]})")


@frozen
class Node:
    """A value of a document at its place.

    Attributes:
        source: the file, as messages call it.
        path: the keys and list indices that lead to the value.
        content: the value.
        provenance: the source of every value that has been taken, by dotted key; one for the whole document.
    """

    source: str
    path: tuple[str | int, ...]
    content: Any
    provenance: dict[str, Sourced] = field(factory=dict, repr=False)

    def child(self, key: str | int) -> Node:
        """The node that this key leads to."""
        return Node(self.source, (*self.path, key), self.content[key], self.provenance)

    def error(self, expected: str, found: str | None = None) -> InputError:
        """The error for this value."""
        return InputError(self.source, dotted(self.path), found or _shown(self.content), expected)

    def entries(self, what: str = "a table") -> Mapping[str, Node]:
        """What a table of free names holds."""
        if not isinstance(self.content, dict):
            raise self.error(what)
        return {key: self.child(key) for key in self.content}

    def table(self, required: tuple[str, ...], optional: tuple[str, ...] = ()) -> Mapping[str, Node]:
        """What a table of fixed keys holds."""
        entries = self.entries(f"a table of {', '.join(required)}")
        for key, entry in entries.items():
            if key not in required + optional:
                raise entry.error(f"one of {', '.join(required + optional)}", "an unknown key")
        for key in required:
            if key not in entries:
                place = dotted((*self.path, key))
                raise InputError(self.source, place, "nothing", f"this key beside {_others(key, required)}")
        return entries

    def items(self) -> Iterator[Node]:
        """What a list holds."""
        if not isinstance(self.content, list):
            raise self.error("a list")
        return (self.child(index) for index in range(len(self.content)))

    def name(self) -> str:
        """A text that is not empty."""
        if not isinstance(self.content, str) or not self.content.strip():
            raise self.error("a text that is not empty")
        return self.content

    def day(self) -> date:
        """A day."""
        if type(self.content) is not date:
            raise self.error("a date such as 2026-08-22, without quotes")
        return self.content

    def number(self, unit: str, allowed: Callable[[Fraction], bool], expected: str) -> Fraction:
        """A sourced number of this unit for which ``allowed`` holds."""
        entries = self.table(("value", "unit", "source", "date"))
        value, stated = entries["value"], entries["unit"]
        if stated.content != unit:
            raise stated.error(f"the unit {unit!r}")
        try:
            number = _number(value.content)
        except ValueError:
            raise value.error("a decimal string such as '0.65' or a quotient such as '2/3'") from None
        if not allowed(number):
            raise value.error(expected)
        self._note(value.content, unit, entries)
        return number

    def choice(self, known: Mapping[str, Any], kind: str) -> str:
        """A sourced name out of those that are known."""
        entries = self.table(("value", "source", "date"))
        value = entries["value"]
        if value.name() not in known:
            raise value.error(f"{kind}: {', '.join(known)}")
        self._note(value.name(), "", entries)
        return value.name()

    def _note(self, text: str, unit: str, entries: Mapping[str, Node]) -> None:
        sourced = Sourced(text, unit, entries["source"].name(), entries["date"].day())
        self.provenance[dotted(self.path)] = sourced


def _number(text: Any) -> Fraction:
    if not isinstance(text, str) or "/" not in text:
        return decimals.parse(text)
    numerator, _, denominator = text.partition("/")
    divisor = decimals.parse(denominator)
    if divisor <= 0:
        raise ValueError(text)
    return decimals.parse(numerator) / divisor


def _others(key: str, keys: tuple[str, ...]) -> str:
    return ", ".join(other for other in keys if other != key)


def _shown(content: Any) -> str:
    match content:
        case dict():
            return "a table"
        case list():
            return "a list"
        case str():
            return repr(content)
        case bool():
            return str(content).lower()
        case _:
            return str(content)
