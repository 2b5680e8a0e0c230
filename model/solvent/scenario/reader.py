"""Scenarios read: TOML files, and action logs in JSON Lines whose first line is the head and each other a step."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from attrs import evolve

from solvent.errors import InputError
from solvent.exchange import Exchange, all_actions
from solvent.exchange.record import action_of, number_of, shown
from solvent.ingest import sourced_toml, strict_json
from solvent.ingest.sourced_toml import Node
from solvent.ingest.strict_json import dotted
from solvent.scenario.beginning import HEAD, begin, fault_at
from solvent.scenario.facts import STATE, WORDS, unknown
from solvent.scenario.places import line_of, places_of
from solvent.scenario.values import Fact, Scenario, Step

LOG = ".jsonl"
"""How the name of an action log ends."""
OF_STEP = ("refused", "note", "expect")
"""What a step may have besides its action."""
_LOG_STEP = re.compile(r"steps\[(\d+)\]")


def read(path: Path) -> Scenario:
    """The scenario of a TOML file, or of an action log in JSON Lines where the name ends in ``.jsonl``.

    Raises:
        InputError: it is none; the error names file, line, field, what was found and what was expected.
    """
    return _read_log(path) if path.suffix == LOG else _read_toml(path)


def _read_toml(path: Path) -> Scenario:
    source, document = str(path), sourced_toml.read(path)
    places = places_of(path.read_text(encoding="utf-8"))
    try:
        scenario = build(Node(source, (), document), path.parent)
    except InputError as error:
        raise _at_line(error, source, line_of(places, error.where)) from None
    return _with_lines(scenario, lambda number: line_of(places, f"steps[{number}]"))


def _read_log(path: Path) -> Scenario:
    source = str(path)
    entries = [_entry(line, source, number) for number, line in enumerate(_lines(path), 1)]
    head = Node(source, (), entries[0])
    try:
        if "steps" in head.entries("an object, the head"):
            raise head.child("steps").error("each step on a line of its own")
        scenario = build(Node(source, (), {**head.content, "steps": entries[1:]}), path.parent)
    except InputError as error:
        step = _LOG_STEP.match(error.where)
        raise _at_line(error, source, 1 if step is None else int(step[1]) + 2) from None
    return _with_lines(scenario, lambda number: number + 2)


def _lines(path: Path) -> list[bytes]:
    source = str(path)
    try:
        with path.open("rb") as file:
            content = file.read(strict_json.LARGEST_FILE + 1)
    except FileNotFoundError:
        raise InputError(source, "", "nothing", "an action log") from None
    except (OSError, ValueError) as error:
        found = getattr(error, "strerror", None) or error
        raise InputError(source, "", str(found).lower(), "a readable action log") from None
    if len(content) > strict_json.LARGEST_FILE:
        raise InputError(source, "", f"more than {strict_json.LARGEST_FILE >> 20} MB", "a smaller file")
    return content.removesuffix(b"\n").split(b"\n")


def _entry(line: bytes, source: str, number: int) -> Any:
    try:
        return strict_json.loads(line, source)
    except InputError as error:
        if "line 1 column" in error.where:
            raise evolve(error, where=error.where.replace("line 1 column", f"line {number} column")) from None
        raise _at_line(error, source, number) from None


def _at_line(error: InputError, source: str, line: int | None) -> InputError:
    """The error with its line, unless it is about another file: that of the venue."""
    if error.source != source or line is None:
        return error
    return evolve(error, where=f"line {line}, {error.where}" if error.where else f"line {line}")


def _with_lines(scenario: Scenario, line: Callable[[int], int | None]) -> Scenario:
    steps = (evolve(step, line=line(number)) for number, step in enumerate(scenario.steps))
    return evolve(scenario, steps=tuple(steps))


def build(top: Node, folder: Path) -> Scenario:
    """The scenario of a document.

    Args:
        top: the document; a log's has its steps under ``steps``.
        folder: where the path of a venue's file begins.

    Raises:
        InputError: it is no scenario.
    """
    entries = top.table(("title", "story", "venue"), (*HEAD, "steps"))
    title, story = entries["title"].name(), entries["story"].name()
    begins, file = begin(top, folder)
    steps = tuple(_step(node, begins) for node in entries["steps"].items()) if "steps" in entries else ()
    return Scenario(title, story, begins.venue, begins, steps, file)


def _step(node: Node, begins: Exchange) -> Step:
    entries = node.entries("a table of one action")
    for key, entry in entries.items():
        if key not in all_actions() and key not in OF_STEP:
            raise entry.error(f"one of {', '.join((*OF_STEP, *all_actions()))}", "an unknown key")
    names = [key for key in entries if key in all_actions()]
    if len(names) != 1:
        raise node.error("one action", ", ".join(names) or "no action")
    (name,) = names
    action = action_of(name, entries[name].content, fault_at(entries[name]))
    return Step(
        action=action,
        refused=entries["refused"].name() if "refused" in entries else None,
        note=entries["note"].name() if "note" in entries else "",
        expect=tuple(_facts(entries["expect"], begins, ())) if "expect" in entries else (),
    )


def _facts(node: Node, begins: Exchange, path: tuple[str, ...]) -> Iterator[Fact]:
    if isinstance(node.content, Mapping):
        if not node.content:
            raise node.error("at least one fact", "an empty table")
        for key, entry in node.entries().items():
            yield from _facts(entry, begins, (*path, key))
        return
    fault = unknown(begins, path)
    if fault is not None:
        depth, expected = fault
        place = dotted((*node.path[: len(node.path) - len(path)], *path[: depth + 1]))
        found = "an unknown key" if depth < len(path) else shown(node.content)
        raise InputError(node.source, place, found, expected)
    if path != (STATE,) and not _is_value(node.content):
        raise node.error(f"a decimal string, a quotient such as '2/3', or one of {', '.join(WORDS)}")
    yield Fact(path, node.name())


def _is_value(content: Any) -> bool:
    try:
        return content in WORDS or number_of(content) is not None
    except ValueError:
        return False
