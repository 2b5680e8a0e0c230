"""Baselines: failures that are known and allowed for a time, each with a reason, an issue and a last day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from difflib import unified_diff
from enum import StrEnum
from pathlib import Path
from typing import Any

import tomlkit
from attrs import frozen
from tomlkit.exceptions import ParseError
from tomlkit.items import Table

from solvent.errors import InputError

KEYS = ("id", "reason", "issue", "until")
ADOPTED = 90
"""For how many days a failure is allowed that is adopted without a look."""


class Kind(StrEnum):
    """What is wrong with a baseline."""

    REGRESSION = "regression"
    STALE = "stale"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


@frozen
class Entry:
    """A failure that is known.

    Attributes:
        id: of a failure, such as ``accounts/ratio:PM-RATIO``, or of a case.
        reason: why it is allowed.
        issue: where it is followed up.
        until: the last day on which it is allowed.
    """

    id: str
    reason: str
    issue: str
    until: date


@frozen
class Problem:
    """Something that makes a baseline fail: what kind it is, the id, and the message."""

    kind: Kind
    id: str
    words: str


@frozen
class Baseline:
    """The entries of one file.

    Attributes:
        source: the file, as it is called in messages.
        entries: by id.
        text: the file's text.
    """

    source: str
    entries: Mapping[str, Entry]
    text: str = ""

    def allowing(self, *ids: str) -> Entry | None:
        """The entry of the first of these ids that has one, expired or not."""
        return next((self.entries[name] for name in ids if name in self.entries), None)


def load(path: Path, *, absent: bool = False) -> Baseline:
    """The baseline of a file.

    Args:
        path: a TOML file with tables ``[[failure]]`` of the keys id, reason, issue and until.
        absent: whether the file may not be there yet.

    Raises:
        InputError: it cannot be taken; the error names the entry and the key.
    """
    if absent and not path.exists():
        return Baseline(str(path), {})
    try:
        text = path.read_text(encoding="utf-8")
        document = tomlkit.parse(text).unwrap()
    except OSError as error:
        raise InputError(str(path), "", str(error.strerror).lower(), "a baseline that can be read") from None
    except (ParseError, UnicodeDecodeError) as error:
        raise InputError(str(path), "", str(error), "TOML") from None
    entries: dict[str, Entry] = {}
    for key in document:
        if key != "failure":
            raise InputError(str(path), key, "an unknown key", "tables [[failure]] alone")
    tables = document.get("failure", [])
    if not isinstance(tables, list):
        raise InputError(str(path), "failure", type(tables).__name__, "tables [[failure]]")
    for number, table in enumerate(tables):
        entry = _entry(str(path), f"failure[{number}]", table)
        if entry.id in entries:
            raise InputError(str(path), f"failure[{number}].id", repr(entry.id), "each id once")
        entries[entry.id] = entry
    return Baseline(str(path), entries, text)


def _entry(source: str, where: str, table: Any) -> Entry:
    if not isinstance(table, dict):
        raise InputError(source, where, repr(table), f"a table of {', '.join(KEYS)}")
    for key in table:
        if key not in KEYS:
            raise InputError(source, f"{where}.{key}", "an unknown key", f"one of {', '.join(KEYS)}")
    for key in KEYS[:3]:
        value = table.get(key)
        if not isinstance(value, str) or not value.strip():
            found = "nothing" if value is None else repr(value)
            raise InputError(source, f"{where}.{key}", found, "a text that says something")
    until = table.get("until")
    if type(until) is not date:
        found = "nothing" if until is None else repr(until)
        raise InputError(source, f"{where}.until", found, "a date such as 2027-01-31, without quotes")
    return Entry(table["id"], table["reason"], table["issue"], until)


@frozen
class Found:
    """What a run tells its baseline.

    Attributes:
        failing: by id of a failure or of a case, whatever failed.
        tried: ids of cases that ran; an entry of one of them that did not fail is stale.
        known: every id of a case that there is, whether it ran or not.
        checks: every check that there is.
        whole: whether everything was asked for and ran, so that a failure that did not show up is gone.
    """

    failing: frozenset[str]
    tried: frozenset[str]
    known: frozenset[str]
    checks: frozenset[str]
    whole: bool


def problems(baseline: Baseline, found: Found, today: date) -> Iterator[Problem]:
    """What is wrong with the entries of a baseline: unknown, expired, or stale ones."""
    for name, entry in baseline.entries.items():
        check = name.partition(":")[0]
        if name not in found.known and check not in found.checks:
            yield Problem(
                Kind.UNKNOWN, name, f"{name}: there is no such failure or case; correct or remove it"
            )
        elif entry.until < today:
            words = f"{name}: allowed until {entry.until}, which is past ({entry.reason}; {entry.issue})"
            yield Problem(Kind.EXPIRED, name, words)
        elif name not in found.failing and (name in found.tried or (found.whole and name not in found.known)):
            yield Problem(Kind.STALE, name, f"{name}: does not fail any more; remove it")


def updated(baseline: Baseline, today: date, events: Iterable[Mapping[str, Any]]) -> str:
    """The text of a baseline after a run: every failure has an entry, and none that is stale or unknown is left.

    A new entry says that it was adopted, and is allowed for ``ADOPTED`` days. An expired one stays as it is: only its
    owner can say how long it is still allowed.

    Args:
        baseline: before the run.
        today: the day of the run.
        events: its stream.
    """
    told = tuple(events)
    gone = {
        event["id"]
        for event in told
        if event["event"] == "baseline" and event["kind"] in (Kind.STALE, Kind.UNKNOWN)
    }
    document = tomlkit.parse(baseline.text)
    tables = document.setdefault("failure", tomlkit.aot())
    for place in reversed(range(len(tables))):
        if tables[place]["id"] in gone:
            del tables[place]
    for event in told:
        if event["event"] == "failure" and event["allowed"] is None and event["id"] not in baseline.entries:
            tables.append(_adopted(event["id"], today))
    if not len(tables):
        del document["failure"]
    return tomlkit.dumps(document)


def _adopted(name: str, today: date) -> Table:
    """The entry of a failure that nobody has looked into."""
    entry = tomlkit.table()
    entry.add("id", name)
    entry.add("reason", f"adopted on {today}, not looked into yet")
    entry.add("issue", "none yet")
    entry.add("until", today + timedelta(days=ADOPTED))
    return entry


def difference(baseline: Baseline, text: str) -> str:
    """What a new text changes of a baseline, as a unified diff."""
    before, after = baseline.text.splitlines(keepends=True), text.splitlines(keepends=True)
    return "".join(unified_diff(before, after, baseline.source, f"{baseline.source} (updated)"))
