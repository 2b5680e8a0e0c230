"""Diagnosis: which named misreading of a rule makes the number that an engine gave."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from functools import cache
from itertools import chain
from typing import Any

from attrs import evolve, frozen

from solvent.conform.judge import AMOUNTS, Divergence
from solvent.conform.program import Document, Program, expected, rules_of
from solvent.conform.substitutes import numeric, substituted
from solvent.conform.values import Abilities, close, flat, value_of
from solvent.mutants import Mutant, catalogue, engine_of
from solvent.mutants.places import runs, watched
from solvent.protocol.engine import Reference
from solvent.protocol.picture import Path, Value, field_of
from solvent.rules import all_rules

MOST = 3
"""How many misreadings are told."""
Reply = Mapping[str, Any]
Answers = Callable[[Mapping[str, Any]], Reply]


@frozen
class Misreading:
    """A misreading that makes the engine's number.

    Attributes:
        id: of the mutant, or the rule and its reading, or what was put in the place of what.
        words: what is misread, as the end of "what it would be with ...".
        rule: the rule; empty where the number alone tells it.
        whole: whether it makes every outcome and figure up to that step, and not this number alone.
    """

    id: str
    words: str
    rule: str
    whole: bool = False


def misreadings(
    program: Program,
    reply: Reply,
    divergence: Divergence,
    abilities: Abilities,
    mutants: Iterable[Mutant] | None = None,
) -> tuple[Misreading, ...]:
    """The misreadings that make what an engine answered up to a step; where none makes all of it, those of the figure.

    Every other reading of a rule and every mutant is tried that the program may tell from the model; where none of
    them makes the figure, one price or claim in the place of another; then what the number alone tells.

    Args:
        program: the program, as small as it could be made.
        reply: what the engine answered.
        divergence: where it and the model part.
        abilities: what the engine can do.
        mutants: those that are tried; all of the catalogue where none are given.
    """
    tried = catalogue().values() if mutants is None else mutants
    cut = evolve(program, steps=program.steps[: divergence.step])
    wanted = _Wanted.of(reply, divergence, abilities)
    for candidates in (chain(_readings(cut), _flawed(cut, tried)), _substitutes(cut)):
        found = [
            evolve(misreading, whole=whole)
            for misreading, answer in candidates
            if (whole := wanted.made_by(answer)) is not None
        ]
        if found:
            best = [one for one in found if one.whole] or found
            return tuple(best[:MOST])
    first, before = divergence.differences[0], None
    if divergence.step:
        before = expected(program)[divergence.step - 1].picture.get(first.path)
    parameters = program.genesis["venue"]["parameters"]
    told = numeric(first.expected, first.found, before, parameters)
    return tuple(Misreading(name, words, "") for name, words in told)[:MOST]


def _readings(program: Program) -> Iterator[tuple[Misreading, Reply]]:
    """Every other reading of the rules that a program calls, and what it makes of it."""
    message, venue = program.message(0), program.genesis["venue"]
    readings, called = venue.get("readings", {}), rules_of(program)
    for name, rule in all_rules().items():
        for reading in rule.readings if name in called else ():
            if len(rule.readings) > 1 and readings.get(name, rule.default) != reading:
                genesis = {**program.genesis, "venue": {**venue, "readings": {**readings, name: reading}}}
                misread = Misreading(f"{name}={reading}", f"the reading {reading} of {name}", name)
                yield misread, _answer(Reference().answer, {**message, "genesis": genesis})


def _flawed(program: Program, mutants: Iterable[Mutant]) -> Iterator[tuple[Misreading, Reply]]:
    """Every mutant of what a program calls, and what it makes of it."""
    message = program.message(0)
    _, called = watched(lambda: Reference().answer(message))
    for mutant in mutants:
        if runs(mutant, called):
            yield Misreading(mutant.id, mutant.reading, mutant.rule), _answer(_engine(mutant), message)


def _substitutes(program: Program) -> Iterator[tuple[Misreading, Reply]]:
    for name, words, other in substituted(program):
        yield Misreading(name, words, ""), _answer(Reference().answer, other.message(0))


@cache
def _engine(mutant: Mutant) -> Answers:
    answers: Answers = engine_of(mutant).answer
    return answers


def _answer(answers: Answers, message: Mapping[str, Any]) -> Reply:
    try:
        return answers(message)
    except Exception:  # noqa: BLE001 - a flawed engine may fail in any way, and then it does not answer alike
        return {}


@frozen
class _Moment:
    """What an engine says of one step: whether it is carried out, why not, what it did, and the figures after it."""

    done: Any
    code: str
    events: Any
    figures: Mapping[Path, Value | None]


@frozen
class _Wanted:
    """What a misreading has to make.

    Attributes:
        moments: what the engine said up to the step, the beginning first.
        divergence: where it differs.
        abilities: to how many digits, and whether codes count.
    """

    moments: tuple[_Moment, ...]
    divergence: Divergence
    abilities: Abilities

    @classmethod
    def of(cls, reply: Reply, divergence: Divergence, abilities: Abilities) -> _Wanted:
        """What the engine's reply asks of a misreading."""
        return cls(tuple(_moments(reply, divergence.step, abilities)), divergence, abilities)

    def made_by(self, answer: Reply) -> bool | None:
        """Whether an answer is the engine's in all up to the step; ``None`` where not even the first difference is."""
        moments = tuple(_moments(answer, self.divergence.step, self.abilities))
        if len(moments) != len(self.moments) or not self._shows(moments[-1]):
            return None
        return all(self._alike(ours, theirs) for ours, theirs in zip(moments, self.moments, strict=True))

    def _shows(self, ours: _Moment) -> bool:
        """Whether the answer has the engine's value of what differs first."""
        theirs, path = self.moments[-1], self.divergence.differences[0].path
        if ours.done != theirs.done or ours.code != theirs.code:
            return False
        if path in theirs.figures or path in ours.figures:
            return self._same(path, ours, theirs)
        return path == ("ok",) or self._alike(ours, theirs)

    def _alike(self, ours: _Moment, theirs: _Moment) -> bool:
        if (ours.done, ours.code, ours.events) != (theirs.done, theirs.code, theirs.events):
            return False
        paths = [path for path in {*ours.figures, *theirs.figures} if field_of(path) in self.abilities.fields]
        return all(self._same(path, ours, theirs) for path in paths)

    def _same(self, path: Path, ours: _Moment, theirs: _Moment) -> bool:
        absent = Fraction(0) if field_of(path) in AMOUNTS else None
        one, other = (moment.figures.get(path, absent) for moment in (ours, theirs))
        if isinstance(one, Fraction) and isinstance(other, Fraction):
            return close(one, other, self.abilities.digits)
        return one == other


def _moments(reply: Reply, steps: int, abilities: Abilities) -> Iterator[_Moment]:
    outcomes: list[Document] = [{"ok": True, "state": reply.get("state", {})}, *reply.get("outcomes", [])]
    for outcome in outcomes[: steps + 1]:
        code = str(outcome.get("code", "")) if outcome.get("ok") is False and abilities.codes else ""
        figures = {
            path: value_of(content) for path, content in flat(outcome.get("state", {})) if len(path) > 1
        }
        yield _Moment(outcome.get("ok"), abilities.errors.get(code, code), outcome.get("events"), figures)
