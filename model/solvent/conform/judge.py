"""The verdict on what an engine made of a program: the first step at which it and the model part, and in what."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any

from attrs import define, field, frozen

from solvent.arithmetic import ZERO
from solvent.conform.alone import broken_alone
from solvent.conform.program import Document, Moment, Program, after, expected
from solvent.conform.values import Abilities, Difference, close, flat, value_of
from solvent.errors import InputError
from solvent.exchange import Exchange, Group, duties
from solvent.protocol.engine import DISCHARGE, action_from
from solvent.protocol.picture import FIELDS, Path, Value, Viewer, field_of
from solvent.scenario.facts import NONE

ACCEPTED, REFUSED, CODE = "outcome/accepted", "outcome/refused", "outcome/code"
UNCHANGED, COUNT, EVENTS = "refusal/unchanged", "outcome/count", "outcome/events"
AMOUNTS = (
    "accounts.spot",
    "accounts.perp",
    "accounts.deficit",
    "accounts.supplied",
    "accounts.borrowed",
    "treasury",
)
"""Figures that are zero where an engine does not state them."""
LISTED = ("accounts.positions", "accounts.orders")
"""Figures of things that are not there where an engine does not state them."""


@frozen
class Divergence:
    """The first step after which an engine and the model differ.

    Attributes:
        step: which one, from 1; 0 for the genesis.
        differences: in what, the first of them first.
        moment: what the model makes of the step.
    """

    step: int
    differences: tuple[Difference, ...]
    moment: Moment = field(repr=False)


def check_of(path: Path) -> str:
    """The check that holds an engine to a figure."""
    return field_of(path).replace(".", "/", 1)


def known(path: Path) -> bool:
    """Whether a path leads to a figure that the protocol knows."""
    lengths = {"accounts": (3, 4, 5), "pools": (3,), "markets": (3,), "prices": (2,), "treasury": (2,)}
    if not path or len(path) not in lengths.get(path[0], ()):
        return False
    return len(path) != 5 or path[2] == "positions"


def compare(moment: Moment, stated: Mapping[Path, Any], abilities: Abilities) -> Iterator[Difference]:
    """In what an engine's state differs from the model's, in the order in which differences are told."""
    asked = {path: value for path, value in moment.picture.items() if field_of(path) in abilities.fields}
    own = {
        path: value for path, value in stated.items() if known(path) and field_of(path) in abilities.fields
    }
    order = {name: n for n, name in enumerate(FIELDS)}
    for path in sorted({*asked, *own}, key=lambda p: (order.get(field_of(p), 99), p)):
        figure = field_of(path)
        if figure not in order:
            continue
        absent: Value = ZERO if figure in AMOUNTS else NONE
        if path not in asked and not figure.startswith((*AMOUNTS, *LISTED)):
            continue
        wanted = asked.get(path, absent)
        content = own.get(path)
        found = absent if content is None and figure.startswith((*AMOUNTS, *LISTED)) else value_of(content)
        if found is None:
            shown = "nothing" if content is None else repr(content)
            yield Difference(check_of(path), path, wanted, shown)
        elif not _same(wanted, found, abilities.digits):
            yield Difference(check_of(path), path, wanted, found)


def _same(wanted: Value, found: Value, digits: int) -> bool:
    if isinstance(wanted, str) or isinstance(found, str):
        return wanted == found
    return close(wanted, found, digits)


def judge(
    program: Program,
    reply: Mapping[str, Any],
    abilities: Abilities,
    holds: Callable[[str], bool] = lambda check: True,  # noqa: ARG005 - of every check
) -> Divergence | None:
    """The first step at which an engine and the model part; ``None`` where they do not.

    Args:
        program: what the engine was asked to run.
        reply: what it said.
        abilities: what it can do.
        holds: whether it is held to a check; by default to each.

    Raises:
        InputError: the reply is none of the protocol.
    """
    outcomes = reply.get("outcomes")
    if not isinstance(outcomes, list) or not all(isinstance(outcome, Mapping) for outcome in outcomes):
        raise InputError("the engine's reply", "outcomes", repr(outcomes), "a list of objects")
    trace = expected(program)
    begun = dict(flat(reply.get("state", {})))
    differences = (
        *compare(trace[0], begun, abilities),
        *broken_alone(program.genesis, None, begun, abilities),
    )
    found = tuple(one for one in differences if holds(one.check))
    if found:
        return Divergence(0, found, trace[0])
    walk, before = Walk(program, trace[0].state), begun
    for number, (step, outcome) in enumerate(zip(program.steps, outcomes, strict=False), 1):
        moment, told = walk.take(step, outcome, trace[number])
        stated = dict(flat(outcome.get("state", {})))
        differences = (
            *told,
            *outcome_differences(moment, outcome, before, stated, abilities),
            *compare(moment, stated, abilities),
            *broken_alone(program.genesis, (step, outcome, before), stated, abilities),
        )
        found = tuple(one for one in differences if holds(one.check))
        if found:
            return Divergence(number, found, moment)
        before = stated
    if len(outcomes) != len(program.steps) and holds(COUNT):
        counts = Difference(COUNT, (), Fraction(len(program.steps)), Fraction(len(outcomes)))
        return Divergence(min(len(outcomes), len(program.steps)), (counts,), trace[-1])
    return None


@define
class Walk:
    """The model, led through a program by what an engine chose where the rules leave a choice."""

    program: Program
    state: Exchange
    strayed: bool = False

    def take(
        self, step: Document, outcome: Mapping[str, Any], planned: Moment
    ) -> tuple[Moment, tuple[Difference, ...]]:
        """What the model makes of a step, and what it cannot allow of what the engine chose."""
        told: tuple[Difference, ...] = ()
        if step.get("op") == DISCHARGE:
            reached, told = follow(self.state, outcome.get("events"))
            self.strayed = self.strayed or reached != planned.state
            moment = planned if not self.strayed else self._at(reached)
        else:
            moment = planned if not self.strayed else after(self.state, step, self._view())
        self.state = moment.state
        return moment, told

    def _view(self) -> Viewer:
        return Viewer(frozenset(self.program.fields))

    def _at(self, state: Exchange) -> Moment:
        return Moment(state, self._view().look(state))


def follow(state: Exchange, events: Any) -> tuple[Exchange, tuple[Difference, ...]]:
    """The state after what an engine says that it did of its own accord, as long as the rules allow it."""
    if not isinstance(events, list):
        return state, (Difference(EVENTS, (), "a list of what was done", repr(events)),)
    for event in events:
        try:
            action = action_from(event)
        except InputError as error:
            return state, (Difference(EVENTS, (), error.expected, f"{error.where} {error.found}"),)
        due = [one for one in duties(state) if type(one) is type(action)]
        refusal = action.refusal(state) if action.group is Group.VENUE else None
        if refusal is not None or not due:
            asked = "something that is due" if refusal is None else refusal.asks
            return state, (Difference(EVENTS, (), asked, str(action)),)
        state = action.apply(state)
    left = next(duties(state), None)
    return state, () if left is None else (Difference(EVENTS, (), str(left), "nothing more was done"),)


def outcome_differences(
    moment: Moment,
    outcome: Mapping[str, Any],
    before: Mapping[Path, Any],
    stated: Mapping[Path, Any],
    abilities: Abilities,
) -> Iterator[Difference]:
    """Whether a step is carried out or refused, for which rule, and that a refused one changes nothing."""
    done = outcome.get("ok")
    if done is not True and done is not False:
        yield Difference(ACCEPTED, ("ok",), "true or false", repr(done))
    elif done and moment.refusals:
        first = moment.refusals[0]
        yield Difference(REFUSED, ("ok",), f"refused unless {first.asks}", "carried out")
    elif not done and not moment.refusals:
        yield Difference(ACCEPTED, ("ok",), "carried out", f"refused: {outcome.get('code', 'no reason')}")
    if done is False:
        if before != stated:
            changed = next(
                path for path in sorted({*before, *stated}) if before.get(path) != stated.get(path)
            )
            was, now = (str(state.get(changed, "nothing")) for state in (before, stated))
            yield Difference(UNCHANGED, changed, was, now)
        code = str(outcome.get("code", ""))
        code = abilities.errors.get(code, code)
        if moment.refusals and abilities.codes and code not in moment.codes:
            yield Difference(CODE, ("code",), " or ".join(sorted(moment.codes)), code or "none")
