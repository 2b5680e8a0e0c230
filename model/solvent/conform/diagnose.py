"""Diagnosis: which named misreading of a rule makes the number that an engine gave."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from functools import cache
from typing import Any

from attrs import evolve, frozen

from solvent.conform.judge import Divergence
from solvent.conform.program import Program, expected
from solvent.conform.values import Abilities, close, flat, value_of
from solvent.mutants import Mutant, catalogue, engine_of
from solvent.protocol.engine import Reference
from solvent.protocol.picture import Path, Value
from solvent.rules import all_rules

MOST = 3
"""How many misreadings are told."""
Answers = Callable[[Mapping[str, Any]], Mapping[str, Any]]


@frozen
class Misreading:
    """A misreading that makes the engine's number.

    Attributes:
        id: of the mutant, or the rule and its reading.
        words: what is misread, as the end of "the same as with ...".
        rule: the rule.
        whole: whether it makes every outcome and figure up to that step, and not this number alone.
    """

    id: str
    words: str
    rule: str
    whole: bool


def misreadings(
    program: Program, reply: Mapping[str, Any], divergence: Divergence, abilities: Abilities
) -> tuple[Misreading, ...]:
    """The misreadings that make what an engine answered, those that make all of it first."""
    cut = evolve(program, steps=program.steps[: divergence.step])
    found = [
        evolve(misread, whole=alike)
        for misread, answer in _candidates(cut)
        if (alike := _alike(answer, reply, divergence, abilities)) is not None
    ]
    wholly = [one for one in found if one.whole]
    return tuple((wholly or found)[:MOST]) or tuple(_numeric(program, divergence, abilities))


def _candidates(program: Program) -> Iterator[tuple[Misreading, Mapping[str, Any]]]:
    """Every misreading that is known, and what it makes of a program."""
    message = program.message(0)
    readings = program.genesis["venue"]["readings"]
    for name, rule in all_rules().items():
        for reading in rule.readings:
            if len(rule.readings) > 1 and readings.get(name, rule.default) != reading:
                venue = {**program.genesis["venue"], "readings": {**readings, name: reading}}
                other = {**message, "genesis": {**program.genesis, "venue": venue}}
                words = f"the reading '{reading}' of {name}"
                yield (
                    Misreading(f"{name}={reading}", words, name, whole=False),
                    _answer(Reference().answer, other),
                )
    for mutant in catalogue().values():
        misread = Misreading(mutant.id, mutant.reading, mutant.rule, whole=False)
        yield misread, _answer(_engine(mutant), message)


@cache
def _engine(mutant: Mutant) -> Answers:
    answers: Answers = engine_of(mutant).answer
    return answers


def _answer(answers: Answers, message: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        return answers(message)
    except Exception:  # noqa: BLE001 - a flawed engine may fail in any way, and then it does not answer alike
        return {}


def _states(reply: Mapping[str, Any], steps: int) -> list[tuple[Any, dict[Path, Value | None]]]:
    """Whether each step was carried out, and the figures after it; the genesis first."""
    outcomes = reply.get("outcomes", [])[:steps]
    stated = [(True, reply.get("state", {})), *((o.get("ok"), o.get("state", {})) for o in outcomes)]
    return [(ok, {path: value_of(content) for path, content in flat(state)}) for ok, state in stated]


def _alike(
    answer: Mapping[str, Any], reply: Mapping[str, Any], divergence: Divergence, abilities: Abilities
) -> bool | None:
    """Whether an answer is the engine's up to the step: in all, in the differing figure alone (false), or not (none)."""
    ours, theirs = _states(answer, divergence.step), _states(reply, divergence.step)
    if len(ours) != len(theirs):
        return None
    path = divergence.differences[0].path
    (ok, state), (their_ok, their_state) = ours[-1], theirs[-1]
    if ok != their_ok or (path in their_state and not _same(state.get(path), their_state[path], abilities)):
        return None
    return all(
        one[0] == other[0] and _all_same(one[1], other[1], abilities)
        for one, other in zip(ours, theirs, strict=True)
    )


def _all_same(
    ours: Mapping[Path, Value | None], theirs: Mapping[Path, Value | None], abilities: Abilities
) -> bool:
    shared = [path for path in theirs if path in ours]
    apart = [v for path, v in theirs.items() if path not in ours] + [
        v for p, v in ours.items() if p not in theirs
    ]
    wide = len(apart) < len(shared) or not any(apart)
    return wide and all(_same(ours[path], theirs[path], abilities) for path in shared)


def _same(one: Value | None, other: Value | None, abilities: Abilities) -> bool:
    if isinstance(one, Fraction) and isinstance(other, Fraction):
        return close(one, other, abilities.digits)
    return one == other


def _numeric(program: Program, divergence: Divergence, abilities: Abilities) -> Iterator[Misreading]:
    """What the number alone may tell: another rounding, another sign, or the figure of the step before."""
    first = divergence.differences[0]
    wanted, found = first.expected, first.found
    if not isinstance(wanted, Fraction) or not isinstance(found, Fraction):
        return
    parameters = program.genesis["venue"]["parameters"]
    for name in ("usd_unit", "token_unit", "ratio_unit"):
        unit = value_of(parameters.get(name))
        if isinstance(unit, Fraction) and unit and 0 < abs(found - wanted) <= unit and found % unit == 0:
            way = "up" if found > wanted else "down"
            yield Misreading(f"rounded-{way}", f"the number rounded {way} to {name}", "", whole=False)
    if wanted and close(-wanted, found, abilities.digits):
        yield Misreading("sign", "the other sign", "", whole=False)
    if divergence.step:
        before = expected(program)[divergence.step - 1].picture.get(first.path)
        if before != wanted and before == found:
            yield Misreading("stale", "the figure before the step", "", whole=False)


__all__ = ["Misreading", "misreadings"]
