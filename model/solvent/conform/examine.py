"""What a failing case shows: the smallest program that still fails, the rule, and the misreading that explains it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from attrs import define, evolve, field, frozen

from solvent import rulebook
from solvent.conform.baseline import Entry
from solvent.conform.diagnose import Misreading, misreadings
from solvent.conform.events import allowance
from solvent.conform.judge import Divergence
from solvent.conform.program import Program
from solvent.conform.render import story
from solvent.conform.shrink import shrunk
from solvent.conform.trial import Answer, Bench, Trial, operation_of
from solvent.conform.vectors import Kind, made
from solvent.decimals import show
from solvent.errors import InputError
from solvent.protocol.picture import DIGITS, FIELDS, Value

MOST_CALLS = 400
"""How many programs are tried to find a smaller one."""


@frozen
class Failure:
    """A kind of failure, as the first case that shows it does.

    Attributes:
        id: the check, and the misreading or else the rule: the same in every run of one version.
        check: that fails.
        case: that shows it first.
        key: what its cases have in common.
        told: the rest of its event.
    """

    id: str
    check: str
    case: str
    key: str
    told: Mapping[str, Any] = field(factory=dict, repr=False)

    def event(self, entry: Entry | None) -> dict[str, Any]:
        """The event of the stream, with what a baseline says of the failure."""
        about = {"id": self.id, "case": self.case, "check": self.check}
        return {"event": "failure", **about, **self.told, "allowed": allowance(entry)}


@define
class Examiner:
    """Looks into failing cases of one engine."""

    bench: Bench
    calls: int = 0

    def examined(self, trial: Trial) -> Failure:
        """What a failing case shows.

        Raises:
            Broken: the engine could not be started again.
        """
        if trial.program is None:
            raise ValueError("only a case that failed can be looked into")
        program, answer = trial.program, Answer(trial.verdict, trial.check, trial.reason)
        if trial.shrinks:
            program, answer = self._smallest(trial.program, trial)
        told = self._told(program, answer)
        return Failure(
            id=":".join(part for part in (trial.check, _cause(answer, told)) if part),
            check=trial.check,
            case=trial.case.id,
            key=trial.key,
            told=self._event(program, answer, told, len(trial.program.steps)),
        )

    def _smallest(self, program: Program, trial: Trial) -> tuple[Program, Answer]:
        """The smallest program found that fails in the same way, and what the engine makes of it."""

        def fails(smaller: Program) -> bool:
            self.calls += 1
            try:
                answer = self.bench.answer(smaller)
            except InputError:
                return False
            same = answer.check == trial.check and answer.shrinks
            return same and operation_of(smaller, answer.divergence) == trial.operation

        small = shrunk(program, fails, MOST_CALLS, any_genesis=self.bench.work.abilities.any_genesis)
        answer = self.bench.answer(small)
        if answer.check != trial.check:
            return program, self.bench.answer(program)
        return small, answer

    def _told(self, program: Program, answer: Answer) -> tuple[Misreading, ...]:
        if answer.divergence is None:
            return ()
        return misreadings(program, answer.reply, answer.divergence, self.bench.work.abilities)

    def _event(
        self, program: Program, answer: Answer, told: tuple[Misreading, ...], before: int
    ) -> dict[str, Any]:
        """What is told of it, but for what the run alone knows."""
        rule = _rule(answer, told)
        entry = rulebook.entries().get(rule)
        vector = made(
            evolve(program, fields=FIELDS),
            id=f"failure/{program.id}",
            title=f"{answer.check} fails",
            kind=Kind.FAILURE,
            source={"name": "solvent conform"},
        )
        return {
            "rule": rule,
            "sentence": entry.sentence if entry else "",
            "vector": vector.id,
            "file": "",
            **_place(program, answer.divergence),
            "steps": len(program.steps),
            "reason": answer.reason,
            "misreadings": [
                {"id": one.id, "words": one.words, "rule": one.rule, "whole": one.whole} for one in told
            ],
            "story": list(_story(program, answer, told)),
            "from": before,
            "calls": self.calls,
            "program": vector.document,
        }


def _story(program: Program, answer: Answer, told: tuple[Misreading, ...]) -> Iterator[str]:
    """The failure in words."""
    if answer.divergence is not None:
        yield from story(program, answer.divergence, told)
        return
    yield from (answer.reason or answer.check).splitlines()
    yield f"program of {len(program.steps)} steps"


def _rule(answer: Answer, told: tuple[Misreading, ...]) -> str:
    """The rule that is misread, or that refuses the step that the engine carries out."""
    if told:
        return told[0].rule
    if answer.divergence is not None and answer.divergence.moment.refusals:
        return answer.divergence.moment.refusals[0].rule or ""
    return ""


def _cause(answer: Answer, told: tuple[Misreading, ...]) -> str:
    return told[0].id if told and told[0].whole else _rule(answer, told)


def _place(program: Program, divergence: Divergence | None) -> dict[str, Any]:
    """Where engine and model part, and both values."""
    if divergence is None:
        return {"step": None, "operation": "", "path": "", "spec": None, "engine": None}
    first = divergence.differences[0]
    return {
        "step": divergence.step,
        "operation": "" if not divergence.step else str(program.steps[divergence.step - 1].get("op")),
        "path": ".".join(first.path),
        "spec": _shown(first.expected),
        "engine": _shown(first.found),
    }


def _shown(value: Value) -> str:
    return value if isinstance(value, str) else show(value, DIGITS)
