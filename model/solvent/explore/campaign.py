"""Campaigns: many runs, spread over processes, and what they find, shrunk.

Run ``n`` of seed ``s`` draws from bytes that depend on ``s`` and ``n`` alone, so that a campaign of so many runs
gives the same outcome however it is spread. The draws are those of one version of Hypothesis.
"""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from multiprocessing import get_context
from random import Random
from time import monotonic
from typing import Any

from attrs import evolve, field, frozen
from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis.database import InMemoryExampleDatabase

from solvent.exchange import found as begin
from solvent.explore.choices import users
from solvent.explore.coverage import Shortfall, missed
from solvent.explore.machine import Run, Watch, all_invariants, carry_out, run
from solvent.explore.profiles import Profile
from solvent.explore.story import Find, find_of
from solvent.explore.worlds import Limits, Plan, World, plans, worlds

BYTES = 6_000
"""How many random bytes a run may draw from."""
PIECE = 8
"""How many runs a process does at a time."""


@frozen
class Reached:
    """The shortest run known to break an invariant: after how many steps, and which run it is."""

    steps: int
    number: int


@frozen
class Tally:
    """What some runs have reached.

    Attributes:
        runs, steps: how many.
        events: by event, how many runs reached it.
        refusals: by rule, how often it refused an action.
        broken: by invariant, how many runs broke it.
        shortest: by invariant, the run that broke it after the fewest steps, the first of those.
    """

    runs: int = 0
    steps: int = 0
    events: Counter[str] = field(factory=Counter)
    refusals: Counter[str] = field(factory=Counter)
    broken: Counter[str] = field(factory=Counter)
    shortest: Mapping[str, Reached] = field(factory=dict)

    def __add__(self, other: Tally) -> Tally:
        """Both together."""
        names = sorted({*self.shortest, *other.shortest})
        both = {name: [t.shortest[name] for t in (self, other) if name in t.shortest] for name in names}
        return Tally(
            runs=self.runs + other.runs,
            steps=self.steps + other.steps,
            events=self.events + other.events,
            refusals=self.refusals + other.refusals,
            broken=self.broken + other.broken,
            shortest={n: min(r, key=lambda one: (one.steps, one.number)) for n, r in both.items()},
        )


def tally_of(number: int, outcome: Run) -> Tally:
    """One run as a tally."""
    return Tally(
        runs=1,
        steps=len(outcome.steps),
        events=Counter(outcome.events),
        refusals=Counter(outcome.refusals),
        broken=Counter(outcome.broken.keys()),
        shortest={name: Reached(broken.steps, number) for name, broken in outcome.broken.items()},
    )


class BrokenInvariantError(Exception):
    """Tells Hypothesis that a run breaks the invariant that it is shrunk for."""


def _test(
    limits: Limits, body: Callable[[World, Plan], None], database: InMemoryExampleDatabase | None
) -> Any:
    """A Hypothesis test whose inputs are worlds and plans; it shrinks failures that the database holds."""
    chosen = settings(
        database=database,
        deadline=None,
        phases=(Phase.reuse, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
        print_blob=False,
    )
    return chosen(given(worlds(limits), plans(limits))(body))


def bytes_of(seed: int, number: int) -> bytes:
    """What a run draws from."""
    return Random(f"{seed}/{number}").randbytes(BYTES)  # noqa: S311 - it is to be reproducible


def runs(seed: int, numbers: range, limits: Limits, watch: Watch) -> Iterator[tuple[int, Run]]:
    """The runs of these numbers, each with its number; one that draws more than its bytes is left out."""
    done: list[Run] = []
    draw = _test(
        limits, lambda world, plan: done.append(run(world, plan, watch)), None
    ).hypothesis.fuzz_one_input
    for number in numbers:
        draw(bytes_of(seed, number))
        while done:
            yield number, done.pop()


def shrunk(seed: int, number: int, limits: Limits, invariant: str) -> Run:
    """The smallest run that Hypothesis finds to break an invariant, beginning with one that does."""
    watch, last = Watch(names=(invariant,), stops=True), []

    def body(world: World, plan: Plan) -> None:
        outcome = run(world, plan, watch)
        if invariant in outcome.broken:
            last.append(outcome)
            raise BrokenInvariantError

    test = _test(limits, body, InMemoryExampleDatabase())
    for attempt in (lambda: test.hypothesis.fuzz_one_input(bytes_of(seed, number)), test):
        try:
            attempt()
        except BrokenInvariantError:
            continue
    return lean(last[-1], watch)


def lean(found: Run, watch: Watch) -> Run:
    """The run without the steps and the users that the broken invariant does not need."""
    (invariant,) = watch.names
    for number in reversed(range(len(found.steps))):
        actions = [taken.action for n, taken in enumerate(found.steps) if n != number]
        found = _if_broken(carry_out(found.world, actions, watch), invariant) or found
    for name in users(found.world.exchange):
        exchange = found.world.exchange
        left = [member for member in exchange.members.values() if member.name != name]
        markets, spots = exchange.markets.values(), exchange.spots.values()
        fewer = begin(exchange.venue, markets=markets, spots=spots, members=left, now=exchange.now)
        world = evolve(found.world, exchange=fewer)
        found = (
            _if_broken(carry_out(world, [taken.action for taken in found.steps], watch), invariant) or found
        )
    return found


def _if_broken(outcome: Run, invariant: str) -> Run | None:
    return outcome if invariant in outcome.broken else None


def _piece(seed: int, numbers: range, limits: Limits, watch: Watch) -> Tally:
    total = Tally()
    for number, outcome in runs(seed, numbers, limits, watch):
        total += tally_of(number, outcome)
    return total


@frozen
class Outcome:
    """What a campaign came to.

    Attributes:
        tally: all runs together.
        finds: what was found of invariants that are expected to hold or were asked for by name, each shrunk, in
            the order of their names.
        missed: the targets of the profile that were not reached.
        whole: whether there were as many runs as the profile's targets ask for, and nobody interrupted them.
    """

    tally: Tally
    finds: tuple[Find, ...]
    missed: tuple[Shortfall, ...]
    whole: bool

    @property
    def complete(self) -> bool:
        """Whether the runs were enough, and reached what they had to."""
        return self.whole and not self.missed


def _quiet(tally: Tally, shrinking: str) -> None:
    """Tell nobody."""


@frozen
class Campaign:
    """What to explore.

    Attributes:
        profile: the worlds, and the targets; with ``watch.names`` there are no targets.
        seed: what the bytes of runs depend on, beside their numbers.
        most_runs: after how many runs it ends; ``None`` for no bound.
        budget: after how many seconds no run is begun any more; ``None`` for no bound.
        jobs: over how many processes it is spread.
        watch: what runs are held to.
        tells: is called with the tally after each piece of work, and with the name of what is shrunk.
    """

    profile: Profile
    seed: int = 0
    most_runs: int | None = None
    budget: float | None = None
    jobs: int = 1
    watch: Watch = field(factory=Watch)
    tells: Callable[[Tally, str], None] = _quiet

    def explore(self) -> Outcome:
        """Run until runs or time are out, or somebody interrupts; then shrink what was found."""
        if self.jobs == 1:
            pieces = (self._tally(numbers) for numbers in self._pieces())
            return self._outcome(*self._gathered(pieces), map)
        spawn = get_context("spawn")
        with ProcessPoolExecutor(self.jobs, mp_context=spawn, initializer=_leave_interrupts) as pool:
            return self._outcome(*self._gathered(self._spread(pool)), pool.map)

    def _gathered(self, parts: Iterator[Tally]) -> tuple[Tally, bool]:
        """All parts together, and whether nobody interrupted."""
        tally = Tally()
        try:
            for part in parts:
                tally += part
                self.tells(tally, "")
        except KeyboardInterrupt:
            return tally, False
        return tally, True

    def _tally(self, numbers: range) -> Tally:
        return _piece(self.seed, numbers, self.profile.limits, self.watch)

    def _pieces(self) -> Iterator[range]:
        """The numbers of runs, piece by piece, until runs or time are out."""
        begun, first = monotonic(), 0
        while self.budget is None or monotonic() - begun < self.budget:
            end = first + PIECE if self.most_runs is None else min(first + PIECE, self.most_runs)
            if first >= end:
                return
            yield range(first, end)
            first = end

    def _spread(self, pool: ProcessPoolExecutor) -> Iterator[Tally]:
        waiting: set[Future[Tally]] = set()
        pieces = self._pieces()
        while True:
            while len(waiting) <= self.jobs and (numbers := next(pieces, None)) is not None:
                waiting.add(pool.submit(_piece, self.seed, numbers, self.profile.limits, self.watch))
            if not waiting:
                return
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            yield from (future.result() for future in done)

    def _outcome(self, tally: Tally, whole: bool, each: Callable[..., Iterator[Run]]) -> Outcome:
        named = self.watch.names
        names = [name for name in tally.shortest if name in named or all_invariants()[name].expected]
        for name in names:
            self.tells(tally, name)
        work = [(self.seed, tally.shortest[name].number, self.profile.limits, name) for name in names]
        finds = tuple(find_of(n, outcome) for n, outcome in zip(names, each(_shrunk, work), strict=True))
        if self.watch.names:
            return Outcome(tally, finds, (), whole)
        enough = whole and tally.runs >= self.profile.least
        return Outcome(tally, finds, missed(tally.events, tally.runs, self.profile.targets), enough)


def _shrunk(arguments: tuple[int, int, Limits, str]) -> Run:
    return shrunk(*arguments)


def _leave_interrupts() -> None:
    """Let the process that spreads the work alone answer an interrupt."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
