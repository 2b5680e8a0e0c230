"""At which line of a TOML text a value stands."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import accumulate

from solvent.ingest.strict_json import dotted

_TEXT_OR_COMMENT = re.compile(
    r"""
    ["]{3} (?: \\. | [^\\] )*? ["]{3}  |  [']{3} .*? [']{3}
    | ["] (?: \\. | [^"\\\n] )* ["]  |  ['] [^'\n]* [']
    | [#] [^\n]*
    """,
    re.DOTALL | re.VERBOSE,
)
_PART = r"""(?:[A-Za-z0-9_-]+|"(?:\\.|[^"\\])*"|'[^']*')"""
_KEYS = rf"{_PART}(?:\s*\.\s*{_PART})*"
_HEADER = re.compile(rf"\s*(\[\[?)\s*({_KEYS})\s*\]")
_ENTRY = re.compile(rf"\s*({_KEYS})\s*=")


def places_of(text: str) -> Mapping[str, int]:
    """The line of every table and every key of the text, by dotted path."""
    lines: dict[str, int] = {}
    for place, line in _places(text):
        lines.setdefault(place, line)
    return lines


def line_of(places: Mapping[str, int], where: str) -> int | None:
    """The line of the value at a dotted path, or of what stands around it; ``None`` where nothing of it stands."""
    while where not in places:
        where = where[: max(where.rfind("."), where.rfind("["), 0)]
        if not where:
            return None
    return places[where]


def _places(text: str) -> Iterator[tuple[str, int]]:
    elements: Counter[tuple[str | int, ...]] = Counter()
    table: tuple[str | int, ...] = ()
    for number, line in enumerate(_TEXT_OR_COMMENT.sub(_blank, text).split("\n"), 1):
        if header := _HEADER.match(line):
            brackets, keys = header.groups()
            *parents, last = _split(keys)
            table = (*_inside(parents, elements), last)
            if brackets == "[[":
                elements[table] += 1
            table = _inside([*parents, last], elements)
            yield dotted(table), number
        elif entry := _ENTRY.match(line):
            for keys_ in accumulate(((key,) for key in _split(entry[1])), lambda a, b: a + b):
                yield dotted((*table, *keys_)), number


def _blank(found: re.Match[str]) -> str:
    """A comment or a text of several lines without what is in it; other texts stay, for they may be keys."""
    text = found[0]
    if text.startswith(('"""', "'''")):
        return "\n" * text.count("\n")
    return "" if text.startswith("#") else text


def _split(keys: str) -> list[str]:
    return [part.strip("\"'") for part in re.findall(_PART, keys)]


def _inside(keys: list[str], elements: Counter[tuple[str | int, ...]]) -> tuple[str | int, ...]:
    """The path of a table, with the latest element of every list of tables on the way."""
    path: tuple[str | int, ...] = ()
    for key in keys:
        path = (*path, key)
        if path in elements:
            path = (*path, elements[path] - 1)
    return path
