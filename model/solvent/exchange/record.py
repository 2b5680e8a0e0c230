"""Actions, beginnings and states as plain values that JSON and TOML can hold, and back.

Everything follows from the fields of the attrs classes. Numbers are decimal strings, or ``p/q`` where no finite
decimal is the number.
"""

from __future__ import annotations

import hashlib
import json
import types
from collections.abc import Callable, Mapping
from datetime import date
from enum import Enum
from fractions import Fraction
from functools import cache
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from attrs import NOTHING, Attribute, Factory, fields, has

from solvent import decimals
from solvent.arithmetic import Number
from solvent.exchange.action import Action, all_actions
from solvent.exchange.state import Exchange
from solvent.exchange.table import Table, table
from solvent.venue import Venue

LONGEST_NUMBER = 1000
"""How many characters a number may have that is read."""
LARGEST_INTEGER = 10**15
"""An integer that is read is smaller in magnitude."""
_PRINTED_BITS = 13_000
"""Integers of more bits are printed in base 16, which takes no longer the longer they are."""

Path = tuple[str, ...]
"""The keys that lead to a value."""
Fault = Callable[[Path, str, str], Exception]
"""Makes the error for the value at a path: what was found, and what was expected."""
T = TypeVar("T")


def number_text(value: Fraction | int) -> str:
    """The number as a decimal string, or as ``p/q`` where it has no finite decimal."""
    exact = Fraction(value)
    rest, digits = exact.denominator, 0
    for prime in (2, 5):
        count = 0
        while rest % prime == 0:
            rest, count = rest // prime, count + 1
        digits = max(digits, count)
    if max(exact.numerator.bit_length(), exact.denominator.bit_length()) + 4 * digits > _PRINTED_BITS:
        return f"{exact.numerator:#x}/{exact.denominator:#x}"
    if rest > 1:
        return f"{exact.numerator}/{exact.denominator}"
    return decimals.show(exact, digits)


def number_of(text: Any) -> Fraction:
    """The number of such a text.

    Raises:
        ValueError: it is none, or has more than ``LONGEST_NUMBER`` characters.
    """
    if not isinstance(text, str) or len(text) > LONGEST_NUMBER:
        raise ValueError("not a number of bearable length")
    numerator, slash, denominator = text.partition("/")
    if not slash:
        return decimals.parse(text)
    divisor = decimals.parse(denominator)
    if divisor <= 0:
        raise ValueError("a quotient by what is not above zero")
    return decimals.parse(numerator) / divisor


def action_fields(action: Action) -> dict[str, Any]:
    """The fields of an action that are not at their defaults."""
    return record_fields(action)


def action_of(name: str, content: Any, fault: Fault) -> Action:
    """The action of this name with these fields.

    Raises:
        Exception: what ``fault`` makes of an unknown name or field, a missing one, or a value of another type.
    """
    known = all_actions().get(name)
    if known is None:
        raise fault((), f"the action {name!r}", f"one of {', '.join(all_actions())}")
    return record_of(known, content, fault)


def record_fields(value: Any, besides: tuple[str, ...] = ()) -> dict[str, Any]:
    """The fields of an attrs value that are not at their defaults, but for those that are named."""
    return {
        f.name: _given(getattr(value, f.name))
        for f in fields(type(value))
        if f.name not in besides and getattr(value, f.name) != _default(f, value)
    }


def _given(value: Any) -> Any:
    match value:
        case Table():
            return {name: _given(entry) for name, entry in value.items()}
        case Enum():
            return value.value
        case Fraction():
            return number_text(value)
        case _ if has(type(value)):
            return record_fields(value)
        case _:
            return value


def record_of(kind: type[T], content: Any, fault: Fault, besides: tuple[str, ...] = ()) -> T:
    """The attrs value of these fields; a field that is not given, or that is named besides, is at its default.

    Raises:
        Exception: what ``fault`` makes of an unknown or missing field, or of a value of another type.
    """
    known = {f.name: f for f in fields(kind) if f.name not in besides}  # type: ignore[arg-type]
    required = [name for name, f in known.items() if f.default is NOTHING]
    if not isinstance(content, Mapping):
        raise fault((), shown(content), f"a table of {', '.join(required or known)}")
    for key in content:
        if key not in known:
            raise fault((key,), "an unknown key", f"one of {', '.join(known)}")
    for key in required:
        if key not in content:
            raise fault((key,), "nothing", "this key" + _beside(key, required))
    hints: Mapping[str, Any] = _hints(kind)  # type: ignore[arg-type]
    return kind(**{key: _typed(hints[key], content[key], fault, (key,)) for key in content})


def _beside(key: str, keys: list[str]) -> str:
    others = [other for other in keys if other != key]
    return f" beside {', '.join(others)}" if others else ""


@cache
def _hints(kind: Any) -> Mapping[str, Any]:
    return get_type_hints(kind)


def _typed(hint: Any, content: Any, fault: Fault, path: Path) -> Any:
    """The content as the value of a field with this annotation."""
    if get_origin(hint) is types.UnionType:
        hint = next(one for one in get_args(hint) if one is not type(None))
    if get_origin(hint) is Table:
        return _table(get_args(hint)[0], content, fault, path)
    if has(hint):
        return record_of(hint, content, lambda below, *told: fault((*path, *below), *told))
    if issubclass(hint, Enum):
        return _choice(hint, content, fault, path)
    return _LEAVES[hint](content, fault, path)


def number_at(content: Any, fault: Fault, path: Path) -> Fraction:
    """The content as a number.

    Raises:
        Exception: what ``fault`` makes of a content that is none.
    """
    if isinstance(content, str) and len(content) > LONGEST_NUMBER:
        raise fault(path, shown(content), f"a number of at most {LONGEST_NUMBER} characters")
    try:
        return number_of(content)
    except ValueError:
        expected = "a decimal string such as '0.65' or a quotient such as '2/3'"
        raise fault(path, shown(content), expected) from None


def _table(hint: Any, content: Any, fault: Fault, path: Path) -> Table[Any]:
    if not isinstance(content, Mapping):
        raise fault(path, shown(content), "a table")
    return table({key: _typed(hint, value, fault, (*path, key)) for key, value in content.items()})


def _choice(kind: type[Enum], content: Any, fault: Fault, path: Path) -> Enum:
    try:
        return kind(content)
    except ValueError:
        raise fault(path, shown(content), f"one of {', '.join(one.value for one in kind)}") from None


def _text(content: Any, fault: Fault, path: Path) -> str:
    if not isinstance(content, str):
        raise fault(path, shown(content), "a text in quotes")
    return content


def _integer(content: Any, fault: Fault, path: Path) -> int:
    if type(content) is not int or abs(content) >= LARGEST_INTEGER:
        raise fault(path, shown(content), "an integer of at most 15 digits, without quotes")
    return content


def _flag(content: Any, fault: Fault, path: Path) -> bool:
    if type(content) is not bool:
        raise fault(path, shown(content), "true or false, without quotes")
    return content


_LEAVES: Mapping[Any, Callable[[Any, Fault, Path], Any]] = {
    Number: number_at, int: _integer, bool: _flag, str: _text,
}  # fmt: skip


def _default(f: Attribute[Any], value: Any) -> Any:
    default: Any = f.default
    if not isinstance(default, Factory):  # type: ignore[arg-type]
        return default
    return default.factory(value) if default.takes_self else default.factory()


def shown(content: Any) -> str:
    """A value that was found, as messages show it."""
    match content:
        case Mapping():
            return "a table"
        case list() | tuple():
            return "a list"
        case str():
            return repr(content)
        case bool():
            return str(content).lower()
        case int() if content.bit_length() > _PRINTED_BITS:
            return "an integer of thousands of digits"
        case _:
            return str(content)


def snapshot(exchange: Exchange) -> dict[str, Any]:
    """The whole state as plain values: tables in the order of their names, every number exact.

    Left out is only where the venue's values come from.
    """
    picture: dict[str, Any] = _plain(exchange)
    return picture


def text(exchange: Exchange) -> str:
    """The snapshot as one line of JSON: states of one venue are equal exactly when their texts are, byte for byte."""
    return json.dumps(snapshot(exchange), sort_keys=True, separators=(",", ":"))


def digest(exchange: Exchange) -> str:
    """The SHA-256 of the text of a state."""
    return hashlib.sha256(text(exchange).encode()).hexdigest()


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str | bool):
        return value.value if isinstance(value, Enum) else value
    if isinstance(value, Fraction | int):
        return number_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_plain(entry) for entry in value]
    return {name: _plain(entry) for name, entry in _entries(value)}


def _entries(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, Table | Mapping):
        return sorted(value.items())
    if not has(type(value)):
        raise TypeError(f"{value!r} is no value of an exact state")
    skipped = "provenance" if isinstance(value, Venue) else None
    return [(f.name, getattr(value, f.name)) for f in fields(type(value)) if f.name != skipped]
