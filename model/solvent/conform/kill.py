"""The kill matrix: which checks find which mutant, after how many calls, and in how few steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from time import perf_counter
from typing import Any

from attrs import evolve, frozen

from solvent.conform import generate
from solvent.conform.engine import Broken, InProcess, greeting, hello
from solvent.conform.judge import Divergence, judge
from solvent.conform.program import Program, expected
from solvent.conform.shrink import shrunk
from solvent.conform.values import Abilities
from solvent.conform.vectors import Vector
from solvent.mutants import Mutant, catalogue, engine_of
from solvent.protocol.engine import Reference

VECTORS, GENERATED = "vectors", "generated"
MODES = (VECTORS, GENERATED)
CRASH = "outcome/crash"
MOST_CALLS = 1500
"""How many generated programs a mutant may survive."""
MOST_SHRINKING = 300
"""How many programs are tried to find a smaller one."""


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
    program: Program | None = None
    seconds: float = 0

    @property
    def survived(self) -> bool:
        """Whether nothing found it."""
        return not self.checks


def abilities() -> Abilities:
    """What the reference engine, and so every mutant, says that it can do."""
    return greeting(Reference().answer(hello(1))).abilities


def programs(seed: int, able: Abilities, most: int) -> Iterator[Program]:
    """Generated programs, accounts and sequences in turn."""
    made = 0
    for number in range(most):
        for family in (generate.accounts, generate.sequences):
            for program in family(seed, (number,), able):
                if made == most:
                    return
                made += 1
                yield program


def found(engine: InProcess, program: Program, able: Abilities) -> tuple[str, ...]:
    """The checks that an engine fails on a program."""
    divergence = diverged(engine, program, able)
    if divergence is None:
        return ()
    return (
        tuple(dict.fromkeys(d.check for d in divergence.differences)) if divergence.differences else (CRASH,)
    )


def diverged(engine: InProcess, program: Program, able: Abilities) -> Divergence | None:
    """Where an engine and the model part; one that breaks parts from it at once, without differences."""
    trace = expected(program)
    try:
        reply = engine.ask(program.message(1))
    except Broken:
        return Divergence(0, (), trace[0])
    return Divergence(0, (), trace[0]) if "error" in reply else judge(program, reply, able)


def hunt(
    mutants: Sequence[Mutant], tried: Iterable[Program], mode: str, *, shrink: bool = False
) -> Iterator[Kill]:
    """How each mutant is found; the model runs each program once for all that are left."""
    able = abilities()
    left = {mutant.id: InProcess(engine_of(mutant).answer) for mutant in mutants}
    spent = dict.fromkeys(left, 0.0)
    calls = 0
    for program in tried:
        if not left:
            return
        expected(program)
        calls += 1
        for name, engine in list(left.items()):
            began = perf_counter()
            checks = found(engine, program, able)
            spent[name] += perf_counter() - began
            if checks:
                del left[name]
                small = smallest(engine, program, checks[0], able) if shrink else program
                yield Kill(name, mode, checks, calls, len(small.steps), small, spent[name])
    for name in left:
        yield Kill(name, mode, (), calls, seconds=spent[name])


def smallest(engine: InProcess, program: Program, check: str, able: Abilities) -> Program:
    """The smallest program found on which an engine fails the same check first."""

    def fails(candidate: Program) -> bool:
        return found(engine, candidate, able)[:1] == (check,)

    divergence = diverged(engine, program, able)
    cut = program if divergence is None else evolve(program, steps=program.steps[: divergence.step])
    return shrunk(cut if fails(cut) else program, fails, MOST_SHRINKING)


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

    def kills(self, ids: Sequence[str], tells: Callable[[int], None] = lambda _: None) -> list[Kill]:
        """How each mutant is found in each mode, in the order of mutants and modes."""
        pieces = [tuple(ids[n :: 2 * self.jobs]) for n in range(2 * self.jobs)]
        work = [(self, piece) for piece in pieces if piece]
        kills: list[Kill] = []
        for part in self._parts(work):
            kills += part
            tells(len({kill.mutant for kill in kills}))
        order = list(ids)
        return sorted(kills, key=lambda kill: (order.index(kill.mutant), MODES.index(kill.mode)))

    def _parts(self, work: list[tuple[Hunt, tuple[str, ...]]]) -> Iterator[list[Kill]]:
        if self.jobs == 1:
            yield from map(_part, work)
            return
        with ProcessPoolExecutor(self.jobs, mp_context=get_context("spawn")) as pool:
            yield from pool.map(_part, work)


def _part(work: tuple[Hunt, tuple[str, ...]]) -> list[Kill]:
    settings, ids = work
    mutants = [catalogue()[name] for name in ids]
    kills: list[Kill] = []
    if VECTORS in settings.modes:
        tried: Iterable[Program] = (vector.program for vector in settings.vectors)
        kills += hunt(mutants, tried, VECTORS)
    if GENERATED in settings.modes:
        tried = programs(settings.seed, abilities(), settings.most)
        kills += hunt(mutants, tried, GENERATED, shrink=settings.shrink)
    return kills


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


def plain(kill: Kill, *, times: bool = False) -> dict[str, Any]:
    """A kill as plain values."""
    about = {"mode": kill.mode, "checks": list(kill.checks), "calls": kill.calls, "steps": kill.steps}
    return about | ({"seconds": round(kill.seconds, 3)} if times else {})
