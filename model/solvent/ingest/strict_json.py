"""JSON as a venue's money needs it: every amount a decimal string, every key once, every fault named."""

from __future__ import annotations

import codecs
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from attrs import field, frozen

from solvent.errors import InputError

LARGEST_FILE = 64 * 2**20
"""How many bytes are read at most."""
LONGEST_INTEGER = 30
"""How many digits an integer may have."""
DEEPEST = 64
"""How many objects and lists may stand inside one another."""
LONGEST_EXCERPT = 40

Path_ = tuple[str | int, ...]
"""The keys and list indices that lead from the top of a document to a value."""

_PLAIN_KEY = re.compile(r"[A-Za-z0-9_:@/+-]{1,60}")
_LONG_INTEGER = re.compile(rf"[0-9]{{{LONGEST_INTEGER + 1}}}")
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_MODEST_NUMBER = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,2})?")
_WANTED = (
    ("Expecting value", "a value"),
    ("Expecting property name", "a key in double quotes"),
    ("Expecting ':'", "a colon after the key"),
    ("Expecting ','", "a comma or the end of the object or list"),
    ("Extra data", "nothing after the first value"),
    ("Unterminated string", "the string to end"),
    ("Invalid control character", "control characters to be escaped"),
    ("Invalid \\", "a valid escape sequence"),
    ("Illegal trailing comma", "no comma before the end"),
)
_REFUSED: Final = object()


@frozen
class _Repeated:
    """Stands for an object that has this key more than once."""

    key: str


@frozen
class _Reader:
    """One reading of a document: what is refused on the way, and the first such number.

    Attributes:
        source: what the document is called in messages.
        within: the path of the document inside the source.
        floats_as_text: whether a JSON number that is no integer becomes a decimal string.
        refused: the text of the first number that cannot be taken, once there is one.
    """

    source: str
    within: Path_
    floats_as_text: bool
    refused: list[str] = field(factory=list)

    def document(self, text: str) -> Any:
        """The value of the whole text, with marks in place of what cannot be taken."""
        long_integers = _LONG_INTEGER.search(text) is not None
        try:
            return json.loads(
                text,
                object_pairs_hook=_object,
                parse_float=self.number if self.floats_as_text else self.refuse,
                parse_constant=self.refuse,
                parse_int=self.integer if long_integers else None,
            )
        except json.JSONDecodeError as error:
            raise self.malformed(error) from None
        except RecursionError:
            raise self.too_deep(()) from None

    def refuse(self, text: str) -> object:
        """Note a number that cannot be taken; the first one is what the message will show."""
        if not self.refused:
            self.refused.append(text)
        return _REFUSED

    def integer(self, text: str) -> object:
        """An integer of bearable length."""
        return int(text) if len(text) <= LONGEST_INTEGER else self.refuse(text)

    def number(self, text: str) -> object:
        """The plain decimal string of a JSON number, without exponent."""
        return format(Decimal(text), "f") if _MODEST_NUMBER.fullmatch(text) else self.refuse(text)

    def check(self, value: Any, path: Path_, bad_text: Callable[[str], object]) -> None:
        """Raise the fault that stands first in the text, if there is one at or below this path."""
        if value is _REFUSED:
            raise self.refusal(path)
        if type(value) is _Repeated:
            raise self.error((*path, value.key), "a key that stands here twice", "each key once")
        if type(value) is str and bad_text(value):
            raise self.error(path, ascii(excerpt(value)), "text without lone surrogates")
        if not isinstance(value, dict | list):
            return
        if len(path) >= DEEPEST:
            raise self.too_deep(path)
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            if type(key) is str and bad_text(key):
                raise self.error(path, f"the key {excerpt(key)!a}", "keys without lone surrogates")
            if type(item) not in _HARMLESS:
                self.check(item, (*path, key), bad_text)

    def refusal(self, path: Path_) -> InputError:
        """The error for the first number that was refused."""
        text = self.refused[0]
        if text.lstrip("-").isdigit():
            return self.error(path, excerpt(text), f"an integer of at most {LONGEST_INTEGER} digits")
        return self.error(path, excerpt(text), "a decimal string")

    def too_deep(self, path: Path_) -> InputError:
        """The error for objects and lists inside one another without end."""
        return self.error(path[:8], "values nested too deeply", f"at most {DEEPEST} levels")

    def malformed(self, error: json.JSONDecodeError) -> InputError:
        """The error for text that is not JSON."""
        rest = error.doc[error.pos : error.pos + LONGEST_EXCERPT]
        found = ascii(excerpt(rest, 20)) if rest.strip() else "the end of the text"
        wanted = next((words for start, words in _WANTED if error.msg.startswith(start)), "JSON")
        place = f"line {error.lineno} column {error.colno}"
        return self.error((), found, wanted, place)

    def error(self, path: Path_, found: str, expected: str, place: str = "") -> InputError:
        """The error for a value at this path of the document."""
        where = ", ".join(part for part in (dotted(self.within + path), place) if part)
        return InputError(self.source, where, found, expected)


_HARMLESS = frozenset({int, bool, type(None)})


def loads(text: str | bytes, source: str, *, within: Path_ = (), floats_as_text: bool = False) -> Any:
    """The value of a JSON document whose amounts are decimal strings.

    Args:
        text: the document.
        source: what the document is called in messages.
        within: the path of the document inside the source, for messages.
        floats_as_text: take a JSON number that is no integer as a decimal string rather than refuse it.

    Raises:
        InputError: it is not UTF-8 or not JSON, an object has a key twice, a number is not an integer of
            bearable length, or values are nested too deeply.
    """
    reader = _Reader(source, within, floats_as_text)
    decoded = _decoded(text, reader)
    value = reader.document(decoded)
    escapes = _SURROGATE_ESCAPE.search(decoded) is not None
    reader.check(value, (), _SURROGATE.search if escapes else _nothing)
    return value


def load(path: str | Path, *, floats_as_text: bool = False) -> Any:
    """The value of a JSON file, read as ``loads`` reads text.

    Raises:
        InputError: the file cannot be read or is too large, or ``loads`` does not take its text.
    """
    source = str(path)
    try:
        with Path(path).open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        raise InputError(source, "", _why_unreadable(error), "a readable JSON file") from None
    if len(content) > LARGEST_FILE:
        raise InputError(source, "", f"more than {LARGEST_FILE >> 20} MB", "a smaller file")
    return loads(content, source, floats_as_text=floats_as_text)


def dotted(path: Iterable[str | int]) -> str:
    """A path as text: ``clearinghouseState[""].assetPositions[3].position.szi``."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif _PLAIN_KEY.fullmatch(part):
            text += f".{part}" if text else part
        else:
            text += f"[{json.dumps(excerpt(part))}]"
    return text


def excerpt(text: str, length: int = LONGEST_EXCERPT) -> str:
    """The beginning of a text that may be long."""
    return text if len(text) <= length else f"{text[:length]}..."


def _object(pairs: list[tuple[str, Any]]) -> object:
    values = dict(pairs)
    if len(values) == len(pairs):
        return values
    counts = Counter(key for key, _ in pairs)
    return _Repeated(next(key for key, count in counts.items() if count > 1))


def _nothing(_: str) -> None:
    """No text is bad."""


def _decoded(text: str | bytes, reader: _Reader) -> str:
    bom = codecs.BOM_UTF8 if isinstance(text, bytes) else "\ufeff"
    if text.startswith(bom):  # type: ignore[arg-type]
        raise reader.error((), "a byte order mark", "UTF-8 without one", "line 1 column 1")
    try:
        if isinstance(text, bytes):
            return text.decode()
        text.encode()
    except UnicodeDecodeError as error:
        found = f"0x{error.object[error.start : error.start + 4].hex()}"
        raise reader.error((), found, "UTF-8", f"byte {error.start + 1}") from None
    except UnicodeEncodeError as error:
        place = f"character {error.start + 1}"
        raise reader.error((), "a lone surrogate", "text that has a UTF-8 form", place) from None
    return text


def _why_unreadable(error: OSError | ValueError) -> str:
    match error:
        case FileNotFoundError():
            return "nothing"
        case IsADirectoryError():
            return "a folder"
        case OSError(strerror=str(reason)):
            return f"{reason.lower()}"
        case _:
            return "a path that cannot be"
