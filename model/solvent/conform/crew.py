"""Those who put cases to an engine: one conversation in this process, or several processes with one each."""

from __future__ import annotations

import signal
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from itertools import islice
from multiprocessing import get_context
from multiprocessing.util import Finalize
from typing import Any, Protocol

from attrs import frozen

from solvent.conform.cases import Case
from solvent.conform.engine import Broken, Greeting
from solvent.conform.examine import Examiner, Failure
from solvent.conform.trial import Bench, Trial, Verdict, Work

PIECE = 4
"""How many cases a process does at a time."""


class Connected(Protocol):
    """An engine with which a conversation has begun."""

    @property
    def greeting(self) -> Greeting:
        """What it says of itself."""

    @property
    def restarts(self) -> int:
        """How often it was started again."""

    def ask(self, message: Mapping[str, Any]) -> Mapping[str, Any]:
        """The reply to a message."""


Opens = Callable[[], AbstractContextManager[Connected]]
"""Begins a conversation; with several processes it is carried to each of them."""


class Crew(Protocol):
    """Those who put cases to the engine."""

    def trials(self, cases: Iterator[Case]) -> Iterator[Trial | None]:
        """What comes of cases, in their order."""

    def examined(self, trial: Trial) -> Failure:
        """What a failing case shows."""


@frozen
class Alone:
    """One conversation, in this process."""

    bench: Bench

    def trials(self, cases: Iterator[Case]) -> Iterator[Trial | None]:
        """What comes of cases, in their order."""
        return map(self.bench.trial, cases)

    def examined(self, trial: Trial) -> Failure:
        """What a failing case shows."""
        return Examiner(self.bench).examined(trial)


@frozen
class Several:
    """Several processes with a conversation each, and one in this process, in which failing cases are looked into."""

    bench: Bench
    pool: ProcessPoolExecutor
    jobs: int

    def trials(self, cases: Iterator[Case]) -> Iterator[Trial | None]:
        """What comes of cases, in their order."""
        waiting: deque[Future[list[Trial | None]]] = deque()
        try:
            for piece in iter(lambda: tuple(islice(cases, PIECE)), ()):
                waiting.append(self.pool.submit(_trials, piece))
                while len(waiting) > 2 * self.jobs:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()

    def examined(self, trial: Trial) -> Failure:
        """What a failing case shows."""
        return Examiner(self.bench).examined(trial)


def crew(
    opens: Opens, work: Callable[[Greeting], Work], jobs: int, stack: ExitStack
) -> tuple[Greeting, Crew]:
    """What an engine says of itself, and those who put cases to it until the stack is closed.

    Raises:
        Broken: the engine cannot be started.
    """
    first = stack.enter_context(opens())
    bench = Bench(first, work(first.greeting))
    if jobs == 1:
        return first.greeting, Alone(bench)
    spawn, arguments = get_context("spawn"), (opens, bench.work)
    pool = ProcessPoolExecutor(jobs, mp_context=spawn, initializer=_begin, initargs=arguments)
    stack.callback(pool.shutdown, cancel_futures=True)
    return first.greeting, Several(bench, pool, jobs)


_ours: list[Any] = []
"""In a process of several: how it begins its conversation, what cases have in common, and the bench once it has one."""


def _begin(opens: Opens, work: Work) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _ours[:] = [opens, work]


def _bench() -> Bench:
    """The process's own, from its first case on.

    Raises:
        Broken: the engine cannot be started.
    """
    if len(_ours) == 2:
        stack = ExitStack()
        bench = Bench(stack.enter_context(_ours[0]()), _ours[1])
        Finalize(None, stack.close, exitpriority=10)
        _ours.append(bench)
    found: Bench = _ours[2]
    return found


def _trials(cases: tuple[Case, ...]) -> list[Trial | None]:
    try:
        bench = _bench()
    except Broken as broken:
        return [Trial(case, Verdict.NOT_RUN, ends=str(broken)) for case in cases]
    return [bench.trial(case) for case in cases]
