"""The kill matrix: which checks find which mutant, after how many calls, and in how few steps."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import ExitStack
from functools import cache
from itertools import count
from multiprocessing import get_context
from time import perf_counter
from typing import Any, TypeVar

from attrs import define, evolve, field, frozen

from solvent.conform import generate
from solvent.conform.engine import Broken, InProcess, greeting, hello
from solvent.conform.judge import Divergence, judge
from solvent.conform.program import Program, expected
from solvent.conform.shrink import shrunk
from solvent.conform.trial import CRASH
from solvent.conform.values import Abilities
from solvent.conform.vectors import Vector
from solvent.mutants import Mutant, engine_of
from solvent.mutants.places import runs, watched
from solvent.protocol.engine import Reference

VECTORS, GENERATED = "vectors", "generated"
MODES = (VECTORS, GENERATED)
MOST_CALLS = 1500
"""How many generated programs a mutant may survive."""
MOST_SHRINKING = 300
"""How many programs are tried to find a smaller one."""
STRETCH = 8
"""How many programs a process runs before it tells what they found."""
Given = TypeVar("Given")
Made = TypeVar("Made")


@frozen
class Kill:
    """How a mutant was found in one mode.

    Attributes:
        mutant: its id.
        mode: by fixed vectors, or by generated programs alone.
        checks: the checks that fail at the first step at which it and the model part; none where it survived.
        calls: how many programs it was asked to run.
        steps: the steps of the program that found it; of the smallest one, where it was shrunk.
        program: that program.
        seconds: how long its answers and their judgement took.
    """

    mutant: str
    mode: str
    checks: tuple[str, ...]
    calls: int
    steps: int = 0
    program: Program | None = field(default=None, repr=False)
    seconds: float = 0

    @property
    def survived(self) -> bool:
        """Whether nothing found it."""
        return not self.checks


@frozen
class Stretch:
    """Programs that come one after the other, and the mutants that are asked to run them.

    Attributes:
        mutants: those that have survived so far.
        programs: fixed ones; none where they are generated.
        seed, numbers: of generated ones.
    """

    mutants: tuple[Mutant, ...]
    programs: tuple[Program, ...] = ()
    seed: int = 0
    numbers: range = range(0)

    def __iter__(self) -> Iterator[Program]:
        yield from self.programs
        yield from generated(self.seed, self.numbers, abilities())


@frozen
class Findings:
    """What a stretch comes to: how many programs it had, who was found, and how long each mutant took."""

    programs: int
    kills: tuple[Kill, ...]
    seconds: Mapping[str, float]


@cache
def abilities() -> Abilities:
    """What the reference engine, and so every mutant, says that it can do."""
    return greeting(Reference().answer(hello(1))).abilities


def generated(seed: int, numbers: Iterable[int], able: Abilities) -> Iterator[Program]:
    """Generated programs, accounts and sequences in turn."""
    for number in numbers:
        yield from generate.accounts(seed, (number,), able)
        yield from generate.sequences(seed, (number,), able)


@cache
def engine(mutant: Mutant) -> InProcess:
    """A mutant as an engine, made once."""
    return InProcess(engine_of(mutant).answer)


def diverged(asked: InProcess, program: Program) -> Divergence | None:
    """Where an engine and the model part; one that breaks parts from it at once, without differences."""
    try:
        reply = asked.ask(program.message(1))
    except Broken:
        reply = {"error": {"kind": "crash"}}
    return _judged(program, reply)


def _judged(program: Program, reply: Mapping[str, Any]) -> Divergence | None:
    if "error" in reply:
        return Divergence(0, (), expected(program)[0])
    return judge(program, reply, abilities())


def checks_of(divergence: Divergence | None) -> tuple[str, ...]:
    """The checks that fail where an engine and the model part; none where they do not."""
    if divergence is None:
        return ()
    return tuple(dict.fromkeys(one.check for one in divergence.differences)) or (CRASH,)


def search(stretch: Stretch, mode: str = GENERATED) -> Findings:
    """Put the programs of a stretch to its mutants, to each until it is found."""
    left = {mutant.id: mutant for mutant in stretch.mutants}
    seconds, kills, calls = dict.fromkeys(left, 0.0), list[Kill](), 0
    for program in stretch:
        calls += 1
        message = program.message(1)
        right, called = watched(lambda asked=message: Reference().answer(asked))  # type: ignore[misc]
        for name, mutant in [(name, one) for name, one in left.items() if runs(one, called)]:
            began = perf_counter()
            checks = _found(mutant, program, right)
            seconds[name] += perf_counter() - began
            if checks:
                kills.append(Kill(name, mode, checks, calls, len(program.steps), program))
                del left[name]
        if not left:
            break
    return Findings(calls, tuple(kills), seconds)


def _found(mutant: Mutant, program: Program, right: Mapping[str, Any]) -> tuple[str, ...]:
    """The checks that a mutant fails on a program, of which the right answer is known."""
    try:
        reply = engine(mutant).ask(program.message(1))
    except Broken:
        return (CRASH,)
    return () if reply == right else checks_of(_judged(program, reply))


def smallest(asked: InProcess, program: Program) -> Program:
    """The smallest program found on which an engine fails first the check that it fails first on a program."""
    (check, *_) = checks_of(diverged(asked, program))
    return shrunk(program, lambda tried: checks_of(diverged(asked, tried))[:1] == (check,), MOST_SHRINKING)


def _shrunk(given: tuple[Mutant, Kill]) -> Kill:
    mutant, kill = given
    if kill.program is None:
        return kill
    small = smallest(engine(mutant), kill.program)
    return evolve(kill, steps=len(small.steps), program=small)


@frozen
class Hunt:
    """What to hunt mutants with.

    Attributes:
        modes: the modes.
        vectors: the fixed vectors.
        seed, most: of generated programs: the seed, and how many.
        shrink: whether the programs that find a mutant are made small.
        jobs: how many processes there are.
    """

    modes: tuple[str, ...] = MODES
    vectors: tuple[Vector, ...] = ()
    seed: int = 0
    most: int = MOST_CALLS
    shrink: bool = False
    jobs: int = 1

    def kills(
        self, mutants: Sequence[Mutant], tells: Callable[[str, int, int], None] = lambda *_: None
    ) -> list[Kill]:
        """How each mutant is found in each mode, in the order of mutants and modes: the same with any number of jobs.

        Args:
            mutants: those to hunt.
            tells: is called with what is being done, how much of it is done, and how much there is of it.
        """
        with ExitStack() as stack:
            pool = stack.enter_context(_pool(self.jobs)) if self.jobs > 1 else None
            kills = [kill for mode in self.modes for kill in self._chase(mode, mutants, pool, tells)]
            if self.shrink:
                by_id = {mutant.id: mutant for mutant in mutants}
                pairs = [(by_id[kill.mutant], kill) for kill in kills]
                kills = []
                for kill in _spread(pool, _shrunk, pairs, self.jobs):
                    kills.append(kill)
                    tells("shrunk", len(kills), len(pairs))
        order = {mutant.id: n for n, mutant in enumerate(mutants)}
        return sorted(kills, key=lambda kill: (order[kill.mutant], MODES.index(kill.mode)))

    def _chase(
        self,
        mode: str,
        mutants: Sequence[Mutant],
        pool: Executor | None,
        tells: Callable[[str, int, int], None],
    ) -> Iterator[Kill]:
        """How each mutant is found in a mode."""
        chase = _Chase(self, mode, {mutant.id: mutant for mutant in mutants})
        for findings in _spread(pool, _searched, chase.stretches(), self.jobs):
            yield from chase.take(findings)
            tells(mode, len(mutants) - len(chase.left), len(mutants))
        yield from chase.survivors()


@define
class _Chase:
    """The mutants of one mode that are not found yet, and how many programs were put to them.

    Stretches ahead of the one that is taken may still ask a mutant that has been found; the first kill counts.
    """

    hunt: Hunt
    mode: str
    left: dict[str, Mutant]
    calls: int = 0
    seconds: dict[str, float] = field(factory=dict)

    def stretches(self) -> Iterator[tuple[Stretch, str]]:
        """The stretches, as long as there is something to find."""
        programs = tuple(vector.program for vector in self.hunt.vectors)
        for first in count(0, STRETCH):
            if not self.left or self.calls >= self._most or (self.mode == VECTORS and first >= len(programs)):
                return
            those = tuple(self.left.values())
            if self.mode == VECTORS:
                yield Stretch(those, programs[first : first + STRETCH]), self.mode
            else:
                numbers = range(first // 2, (min(first + STRETCH, self._most) + 1) // 2)
                yield Stretch(those, seed=self.hunt.seed, numbers=numbers), self.mode

    @property
    def _most(self) -> int:
        return len(self.hunt.vectors) if self.mode == VECTORS else self.hunt.most

    def take(self, findings: Findings) -> Iterator[Kill]:
        """The kills of a stretch within the bound."""
        for name, seconds in findings.seconds.items():
            self.seconds[name] = self.seconds.get(name, 0.0) + seconds
        for kill in findings.kills:
            calls = self.calls + kill.calls
            if kill.mutant in self.left and calls <= self._most:
                del self.left[kill.mutant]
                yield evolve(kill, calls=calls, seconds=self.seconds[kill.mutant])
        self.calls += findings.programs

    def survivors(self) -> Iterator[Kill]:
        """The mutants that nothing found."""
        for name in self.left:
            yield Kill(name, self.mode, (), min(self.calls, self._most), seconds=self.seconds.get(name, 0.0))


def _searched(given: tuple[Stretch, str]) -> Findings:
    return search(*given)


def _pool(jobs: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(jobs, mp_context=get_context("spawn"))


def _spread(
    pool: Executor | None, work: Callable[[Given], Made], pieces: Iterable[Given], ahead: int
) -> Iterator[Made]:
    """The results of pieces of work in their order, a few of them under way at once."""
    if pool is None:
        yield from map(work, pieces)
        return
    waiting = deque[Any]()
    for piece in pieces:
        waiting.append(pool.submit(work, piece))
        if len(waiting) > ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def idle_checks(kills: Iterable[Kill], checks: Iterable[str]) -> list[str]:
    """The checks that find no mutant."""
    known = {check for kill in kills for check in kill.checks}
    return [check for check in checks if check not in known]


def by_mutant(kills: Iterable[Kill]) -> Mapping[str, dict[str, Kill]]:
    """The kills of each mutant by mode."""
    table: dict[str, dict[str, Kill]] = {}
    for kill in kills:
        table.setdefault(kill.mutant, {})[kill.mode] = kill
    return table
