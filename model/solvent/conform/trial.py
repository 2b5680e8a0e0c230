"""One case put to an engine: what came of it, and where it fails, the smallest program that still does."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from itertools import count
from typing import Any

from attrs import define, evolve, field, frozen

from solvent.conform.cases import FIXED, GENERATED, Case, Family, Selection, missing
from solvent.conform.coverage import Reach, reach_of
from solvent.conform.engine import Broken, Engine
from solvent.conform.judge import Divergence, judge
from solvent.conform.program import Document, Program, rules_of
from solvent.conform.values import Abilities
from solvent.conform.vectors import requires_of
from solvent.errors import InputError
from solvent.protocol.picture import FIELDS

CRASH, TIMEOUT, PROTOCOL = "outcome/crash", "outcome/timeout", "outcome/protocol"
DECLARED = "outcome/unsupported"
BROKEN = (CRASH, TIMEOUT, PROTOCOL, DECLARED)
"""The checks that an engine answers at all: in time, in the protocol, and what it declares that it can do."""
Generator = Callable[[int, Iterable[int], Abilities], Iterator[Program]]
"""Makes programs from a seed, their numbers, and what the engine can do."""


class Verdict(StrEnum):
    """What came of a case."""

    PASS = "pass"
    FAIL = "fail"
    ERROR = "error"
    TIMEOUT = "timeout"
    UNSUPPORTED = "unsupported"
    EXPECTED = "expected-failure"
    NOT_RUN = "not-run"


BAD = (Verdict.FAIL, Verdict.ERROR, Verdict.TIMEOUT)
"""What is told as a failure, unless a baseline allows it."""
UNANSWERED = (Verdict.ERROR, Verdict.TIMEOUT)
"""What shows nothing of an engine's rules."""


@frozen
class Answer:
    """What an engine made of a program.

    Attributes:
        verdict: pass, fail, error or timeout.
        check: the check that fails; empty where none does.
        reason: what happened, where no value tells it.
        reply: what the engine said, where it said something.
        divergence: where it and the model part, in the checks that engines are held to.
    """

    verdict: Verdict
    check: str = ""
    reason: str = ""
    reply: Document = field(factory=dict, repr=False)
    divergence: Divergence | None = field(default=None, repr=False)

    @property
    def shrinks(self) -> bool:
        """Whether smaller programs can be tried without starting the engine again."""
        return self.divergence is not None or (self.check in (CRASH, DECLARED) and bool(self.reply))


@frozen
class Trial:
    """What came of a case.

    Attributes:
        case: the case.
        verdict: what came of it.
        check, reason: as of the engine's answer; the reason of an unsupported case is what is missing.
        operation: the step at which engine and model part.
        shrinks: whether smaller programs can be tried without starting the engine again.
        program: what was run, where it fails.
        reach: what it reaches.
        restarts: how often the engine was started again for it.
        ends: why no other case can be run.
        fault: what went wrong in the kit itself.
    """

    case: Case
    verdict: Verdict
    check: str = ""
    reason: str = ""
    operation: str = ""
    shrinks: bool = False
    program: Program | None = field(default=None, repr=False)
    reach: Reach = field(factory=Reach)
    restarts: int = 0
    ends: str = ""
    fault: str = ""

    @property
    def key(self) -> str:
        """What failing cases have in common that are likely alike."""
        return f"{self.check} {self.operation}"


@frozen
class Work:
    """What all cases of a run have in common.

    Attributes:
        abilities: what the engine can do, no more than the selection needs.
        selection: what engines are held to.
        seed: what generated programs depend on, beside their numbers.
        generators: by family, how programs are made.
    """

    abilities: Abilities
    selection: Selection
    seed: int
    generators: Mapping[Family, Generator]

    @property
    def fields(self) -> tuple[str, ...]:
        """The figures that are asked for, in their order."""
        return tuple(name for name in FIELDS if name in self.abilities.fields)

    @property
    def whole(self) -> bool:
        """Whether all figures are looked at, so that a vector reaches every rule that it states."""
        return len(self.fields) == len(FIELDS)


@define
class Bench:
    """An engine, and cases that are put to it one after the other."""

    engine: Engine
    work: Work
    _seq: Iterator[int] = field(factory=lambda: count(2))

    def trial(self, case: Case) -> Trial | None:
        """What comes of a case; ``None`` where its number makes no program that was asked for."""
        if case.missing:
            return Trial(case, Verdict.UNSUPPORTED, reason=", ".join(case.missing))
        before = getattr(self.engine, "restarts", 0)
        try:
            made = self._made(case)
        except Exception:  # noqa: BLE001 - a fault of the kit is told as one, and the run goes on
            made = Trial(case, Verdict.NOT_RUN, fault=traceback.format_exc())
        return made and evolve(made, restarts=getattr(self.engine, "restarts", 0) - before)

    def _made(self, case: Case) -> Trial | None:
        program, rules = self._program(case), None
        if program is None:
            return None
        if case.family in GENERATED:
            lacking = missing(requires_of(program), self.work.abilities)
            if lacking:
                return Trial(case, Verdict.UNSUPPORTED, reason=", ".join(lacking))
            rules = rules_of(program)
            if self.work.selection.rules and not self.work.selection.asks(rules):
                return None
        elif self.work.whole:
            rules = case.rules
        reach = reach_of(program, rules)
        try:
            answer = self.answer(program)
        except Broken as broken:
            return Trial(case, Verdict.NOT_RUN, ends=str(broken))
        trial = Trial(case, answer.verdict, answer.check, answer.reason, reach=reach)
        if answer.verdict not in BAD:
            return trial
        where = operation_of(program, answer.divergence)
        return evolve(trial, operation=where, shrinks=answer.shrinks, program=program)

    def _program(self, case: Case) -> Program | None:
        program = case.program
        if case.family not in FIXED:
            drawn = self.work.generators[case.family](self.work.seed, (case.draw,), self.work.abilities)
            program = next(drawn, None)
        return program and evolve(program, fields=self.work.fields)

    def answer(self, program: Program) -> Answer:
        """What the engine makes of a program.

        Raises:
            Broken: the engine could not be started, or not again.
        """
        try:
            reply = self.engine.ask(program.message(next(self._seq)))
        except Broken as broken:
            if broken.kind == "start":
                raise
            words = "\n".join(part for part in (broken.reason, broken.output.strip()) if part)
            known = {"timeout": (Verdict.TIMEOUT, TIMEOUT), "protocol": (Verdict.ERROR, PROTOCOL)}
            verdict, check = known.get(broken.kind, (Verdict.ERROR, CRASH))
            return Answer(verdict, check, words)
        return self._judged(program, reply)

    def _judged(self, program: Program, reply: Mapping[str, Any]) -> Answer:
        if "unsupported" in reply:
            told = f"unsupported: {reply['unsupported']}; its capabilities say that it can"
            return Answer(Verdict.ERROR, DECLARED, told, reply)
        if "error" in reply:
            error = reply["error"] if isinstance(reply["error"], Mapping) else {"message": reply["error"]}
            told = ": ".join(str(error[key]) for key in ("kind", "message") if key in error)
            return Answer(Verdict.ERROR, CRASH, told, reply)
        try:
            divergence = judge(program, reply, self.work.abilities, self.work.selection.holds)
        except InputError as error:
            return Answer(Verdict.ERROR, PROTOCOL, str(error), reply)
        if divergence is None:
            return Answer(Verdict.PASS, reply=reply)
        return Answer(Verdict.FAIL, divergence.differences[0].check, "", reply, divergence)


def operation_of(program: Program, divergence: Divergence | None) -> str:
    """The operation at which an engine and the model part."""
    if divergence is None or not divergence.step:
        return "-"
    return str(program.steps[divergence.step - 1].get("op"))
