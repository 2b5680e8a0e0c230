"""Traces: a log of what an engine did, replayed through the model up to the first event that no rule explains."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from attrs import define, evolve, field, frozen

from solvent.conform.engine import Broken, greeting
from solvent.conform.judge import compare, follow, outcome_differences
from solvent.conform.program import Document, Moment, after
from solvent.conform.values import Abilities, Difference, flat
from solvent.errors import InputError
from solvent.exchange import Exchange
from solvent.ingest import strict_json
from solvent.protocol.engine import DISCHARGE, PROTOCOL, perform
from solvent.protocol.genesis import exchange_of
from solvent.protocol.picture import Viewer

HEAD = ("genesis", "state", "engine", "capabilities", "errors")
EVENT = ("step", "outcome")
Line = tuple[int, Document]
"""The number of a line, and the object that stands on it."""


@frozen
class Unexplained:
    """An event that the rules do not explain.

    Attributes:
        event: which one, from 1; 0 for the beginning.
        line: of the log.
        step, outcome: what was asked for and what came of it; empty of the beginning.
        differences: in what the log and the model part, the first of them first.
        allowed: the outcome that the rules allow.
    """

    event: int
    line: int
    step: Document
    outcome: Document = field(repr=False)
    differences: tuple[Difference, ...]
    allowed: Document


@frozen
class Traced:
    """What the model makes of a log.

    Attributes:
        events: how many events the log has.
        states: how many of those that were explained state what followed.
        accepted: how many of those that were explained were carried out.
        unexplained: the first that the rules do not explain.
    """

    events: int = 0
    states: int = 0
    accepted: int = 0
    unexplained: Unexplained | None = None


def traced(path: Path) -> Traced:
    """What the model makes of the log of a file.

    Args:
        path: JSON Lines. The first line has the ``genesis``; it may have ``capabilities`` and ``errors``, as a reply
            to ``hello`` has them, and the ``state`` that the engine begins with. Every other line is an event: a
            ``step``, and its ``outcome`` as a reply to ``run`` has it, where ``state`` may be left out.

    Raises:
        InputError: the log cannot be taken; the error names the line and the field.
    """
    lines = _lines(path)
    number, head = next(lines, (1, None))
    if head is None:
        raise InputError(str(path), "", "nothing", "a first line with the genesis")
    source = f"{path}:{number}"
    _require_keys(head, source, HEAD, ("genesis",))
    abilities = _abilities(head, source)
    state = exchange_of(head["genesis"], source)
    walk = _Walk(state, state, abilities, Viewer(abilities.fields))
    found = walk.beginning(head["state"], source) if "state" in head else ()
    begun = Traced(unexplained=Unexplained(0, number, {}, {}, found, {}) if found else None)
    return _followed(walk, begun, str(path), lines)


def _abilities(head: Document, source: str) -> Abilities:
    reply = {"engine": {"name": "log"}, "capabilities": {}, **head, "protocol": PROTOCOL}
    try:
        return greeting(reply).abilities
    except Broken as broken:
        expected = "what a reply to hello may have"
        raise InputError(source, "capabilities", broken.reason, expected) from None


def _followed(walk: _Walk, traced: Traced, path: str, lines: Iterable[Line]) -> Traced:
    """The whole log; what comes after an event that is not explained is read and counted, and no more."""
    for number, event in lines:
        source = f"{path}:{number}"
        _require_keys(event, source, EVENT, EVENT)
        step, outcome = (_object(event[key], source, key) for key in EVENT)
        if type(outcome.get("ok")) is not bool:
            raise InputError(source, "outcome.ok", repr(outcome.get("ok")), "true or false")
        if "state" in outcome:
            _object(outcome["state"], source, "outcome.state")
        traced = evolve(traced, events=traced.events + 1)
        if traced.unexplained is not None:
            continue
        try:
            found = walk.take(step, outcome)
        except InputError as error:
            where = ".".join(part for part in ("step", error.where) if part)
            raise InputError(source, where, error.found, error.expected) from None
        if found:
            allowed = perform(walk.before, step)[1]
            unexplained = Unexplained(traced.events, number, step, outcome, found, allowed)
            traced = evolve(traced, unexplained=unexplained)
            continue
        traced = evolve(
            traced,
            states=traced.states + ("state" in outcome),
            accepted=traced.accepted + bool(outcome["ok"]),
        )
    return traced


@define
class _Walk:
    """The model beside a log: the state before the last event, the present one, and what the engine stated of it."""

    before: Exchange
    state: Exchange
    abilities: Abilities
    view: Viewer
    stated: Mapping[Any, Any] | None = None

    def beginning(self, stated: Any, source: str) -> tuple[Difference, ...]:
        """In what the engine's beginning and the genesis differ."""
        self.stated = dict(flat(_object(stated, source, "state")))
        moment = Moment(self.state, self.view.look(self.state))
        return tuple(compare(moment, self.stated, self.abilities))

    def take(self, step: Document, outcome: Document) -> tuple[Difference, ...]:
        """What the rules do not explain of an event."""
        told: tuple[Difference, ...] = ()
        self.before = self.state
        if step.get("op") == DISCHARGE:
            reached, told = follow(self.state, outcome.get("events"))
            moment = Moment(reached, self.view.look(reached))
        else:
            moment = after(self.state, step, self.view)
        stated = dict(flat(outcome["state"])) if "state" in outcome else None
        both = ({}, {}) if self.stated is None or stated is None else (self.stated, stated)
        found = [*told, *outcome_differences(moment, outcome, *both, self.abilities)]
        if stated is not None:
            found.extend(compare(moment, stated, self.abilities))
        self.state, self.stated = moment.state, stated
        return tuple(found)


def _lines(path: Path) -> Iterator[Line]:
    """The objects of a log, each with the number of its line."""
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    source = f"{path}:{number}"
                    yield number, _object(strict_json.loads(line.strip(), source), source, "")
    except OSError as error:
        raise InputError(str(path), "", str(error.strerror).lower(), "a log that can be read") from None
    except UnicodeDecodeError:
        raise InputError(str(path), "", "bytes that are no UTF-8", "JSON Lines in UTF-8") from None


def _object(content: Any, source: str, where: str) -> Document:
    if not isinstance(content, Mapping):
        raise InputError(source, where, repr(content), "an object")
    return content


def _require_keys(content: Document, source: str, known: tuple[str, ...], needed: tuple[str, ...]) -> None:
    for key in content:
        if key not in known:
            raise InputError(source, key, "an unknown key", f"one of {', '.join(known)}")
    for key in needed:
        if key not in content:
            raise InputError(source, key, "nothing", "this key")
