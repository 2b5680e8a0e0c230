"""Programs: a whole state and the steps that follow, and what the model makes of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from attrs import field, frozen

from solvent.exchange import Exchange
from solvent.exchange.action import Check
from solvent.protocol.engine import DISCHARGE, action_from, perform
from solvent.protocol.genesis import exchange_of
from solvent.protocol.picture import FIELDS, Path, Picture, Viewer, field_of
from solvent.rules import called

Document = Mapping[str, Any]


def canonical(document: Any) -> str:
    """Plain values as JSON that is the same whenever they are."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


@frozen
class Program:
    """What an engine is asked to run.

    Attributes:
        genesis: the state that it begins with.
        steps: what happens then, each with its operation and fields.
        fields: the figures that are observed.
    """

    genesis: Document = field(repr=False)
    steps: tuple[Document, ...]
    fields: tuple[str, ...] = field(default=FIELDS, repr=False)

    @property
    def content(self) -> Document:
        """The program as plain values."""
        return {"genesis": self.genesis, "steps": list(self.steps)}

    @property
    def id(self) -> str:
        """The first digits of the SHA-256 of its content."""
        return hashlib.sha256(canonical(self.content).encode()).hexdigest()[:12]

    def __hash__(self) -> int:
        return hash((self.id, self.fields))

    def message(self, seq: int) -> dict[str, Any]:
        """The message that asks an engine to run it."""
        observe = {"after": "each", "fields": list(self.fields)}
        return {"cmd": "run", "seq": seq, "case": self.id, **self.content, "observe": observe}


@frozen
class Moment:
    """What the model makes of one step.

    Attributes:
        state: the state after it.
        picture: its figures.
        refusals: the checks that do not hold, none of a step that is carried out.
    """

    state: Exchange = field(repr=False)
    picture: Picture = field(repr=False)
    refusals: tuple[Check, ...] = ()

    @property
    def codes(self) -> frozenset[str]:
        """The codes that a refusal may have: a rule of a check that does not hold."""
        return frozenset(check.rule or "invalid" for check in self.refusals)


def expected(program: Program) -> tuple[Moment, ...]:
    """What the model makes of a program: the beginning, and then each step.

    Raises:
        InputError: the genesis or a step cannot be.
    """
    return _run(program)[0]


def rules_of(program: Program) -> frozenset[str]:
    """The rules that the model calls for a program.

    Raises:
        InputError: the genesis or a step cannot be.
    """
    return _run(program)[1]


@lru_cache(maxsize=512)
def _run(program: Program) -> tuple[tuple[Moment, ...], frozenset[str]]:
    with called() as rules:
        moments = tuple(_moments(program))
    return moments, frozenset(rules)


def _moments(program: Program) -> Iterator[Moment]:
    view, state = Viewer(frozenset(program.fields)), exchange_of(program.genesis)
    yield Moment(state, view.look(state))
    for step in program.steps:
        moment = after(state, step, view)
        yield moment
        state = moment.state


def after(state: Exchange, step: Document, view: Viewer) -> Moment:
    """What the model makes of a step in a state."""
    refusals = refusals_of(state, step)
    reached = state if refusals else perform(state, step)[0]
    return Moment(reached, view.look(reached), refusals)


def rules_behind(state: Exchange, step: Document | None, path: Path) -> frozenset[str]:
    """The rules that the model calls for one figure, after a step where there is one."""
    with called() as rules:
        reached = state if step is None or refusals_of(state, step) else perform(state, step)[0]
        if path:
            Viewer(frozenset({field_of(path)})).look(reached)
    return frozenset(rules)


def refusals_of(state: Exchange, step: Document) -> tuple[Check, ...]:
    """The checks of a step's guard that do not hold; what comes after the first of them is asked as far as it can be."""
    if step.get("op") == DISCHARGE:
        return ()
    failed: list[Check] = []
    checks = action_from(step).checks(state)
    while True:
        try:
            check = next(checks, None)
        except (LookupError, ZeroDivisionError, TypeError, AttributeError, RuntimeError):
            if not failed:
                raise
            check = None
        if check is None:
            return tuple(failed)
        if not check.condition:
            failed.append(check)
