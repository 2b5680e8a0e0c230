"""A run: every case put to an engine, every kind of failure shrunk and explained once, and what it all comes to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import date
from itertools import chain
from time import monotonic
from typing import Any

from attrs import define, evolve, field, frozen

from solvent.conform.baseline import Baseline, Entry, Found, Kind, Problem, problems
from solvent.conform.cases import (
    CHECKS,
    FIXED,
    GENERATED,
    Case,
    Family,
    Selection,
    fixed,
    generated,
    missing,
    within,
)
from solvent.conform.coverage import Reach, Rules, rules_of_run
from solvent.conform.crew import Crew, Opens, crew
from solvent.conform.engine import Broken, Greeting
from solvent.conform.events import Event, Total, case_event, footer, header, problem_event
from solvent.conform.examine import Failure
from solvent.conform.generate import accounts, sequences
from solvent.conform.profiles import PROFILES, Profile, Seen, shortfalls
from solvent.conform.resume import Cursor
from solvent.conform.trial import BAD, BROKEN, PROTOCOL, UNANSWERED, Generator, Trial, Verdict, Work
from solvent.conform.vectors import Vector, load

GENERATORS: Mapping[Family, Generator] = {
    Family.ACCOUNTS: accounts, Family.SEQUENCES: sequences,
}  # fmt: skip
MOST_EXAMINED, MOST_ALIKE = 16, 3
"""How many failing cases are looked into, and how many of one check and one operation."""


def _quiet(total: Total) -> None:
    """Tell nobody."""


@frozen
class Settings:
    """What a run is asked for.

    Attributes:
        profile: how many programs it generates, and what it has to reach.
        selection: which cases, and which checks.
        seed: what generated programs depend on, beside their numbers.
        programs: how many are generated; by default as many as the profile says.
        budget: after how many seconds no generated case is begun.
        jobs: how many processes there are, each with a conversation of its own.
        fail_fast: whether it ends with the first failure that no baseline allows.
        baseline, today: the failures that are allowed, and the day on which they must be.
        vectors: the fixed vectors; by default those of the project.
        regressions: the user's own.
        generators: by family, how programs are made.
        after: where the run ended that this one continues.
        about: what the header says of the run besides.
        tells: is called with the total after each case.
    """

    profile: Profile = PROFILES["every-change"]
    selection: Selection = field(factory=Selection)
    seed: int = 0
    programs: int | None = None
    budget: float | None = None
    jobs: int = 1
    fail_fast: bool = False
    baseline: Baseline | None = None
    today: date = date.min
    vectors: tuple[Vector, ...] = field(factory=load)
    regressions: tuple[Vector, ...] = ()
    generators: Mapping[Family, Generator] = field(default=GENERATORS)
    after: Cursor | None = None
    about: Mapping[str, Any] = field(factory=dict)
    tells: Callable[[Total], None] = _quiet

    @property
    def families(self) -> tuple[Family, ...]:
        """Those that are asked for."""
        return tuple(family for family in Family if self.selection.takes(family))

    @property
    def since(self) -> Cursor:
        """Where its programs begin."""
        return self.after or Cursor(self.seed, 0, 0, Reach())

    @property
    def count(self) -> int | None:
        """How many programs are generated; ``None`` where nothing but time bounds it."""
        return self.profile.programs if self.programs is None else self.programs

    @property
    def fixed(self) -> Mapping[Family, tuple[Vector, ...]]:
        """The vectors of both families."""
        return {Family.VECTORS: self.vectors, Family.REGRESSIONS: self.regressions}

    def work(self, greeting: Greeting) -> Work:
        """What its cases have in common."""
        able = greeting.abilities
        if self.selection.checks:
            able = evolve(able, fields=able.fields & self.selection.fields)
        return Work(able, self.selection, self.seed, self.generators)


def run(settings: Settings, opens: Opens) -> Iterator[Event]:
    """The events of a run, as it goes on.

    Raises:
        NothingSelected: there is no rule, check or flag of a name that is asked for.
        Broken: the engine cannot be started.
    """
    settings.selection.required((*settings.vectors, *settings.regressions))
    with ExitStack() as stack:
        greeting, those = crew(opens, settings.work, settings.jobs, stack)
        yield header(_asked(settings), greeting)
        yield from _Run(settings, greeting, those).events()


def _asked(settings: Settings) -> dict[str, Any]:
    chosen = settings.selection
    return {
        "address": "",
        **settings.about,
        "profile": settings.profile.name,
        "seed": settings.seed,
        "first": settings.since.next,
        "selection": {
            "rules": list(chosen.rules),
            "checks": list(chosen.checks),
            "flags": list(chosen.flags),
            "families": [str(family) for family in settings.families],
        },
        "baseline": None if settings.baseline is None else settings.baseline.source,
    }


@define
class _Run:
    """A run that goes on.

    Attributes:
        settings, greeting, crew: what is asked for, of whom, and who asks.
        total: of its cases so far.
        failures: by id, what was found.
        met: how many generated programs it has come to.
        tried: ids of the cases that ran.
        failing: ids of failures, and of cases that failed.
        examined: how many failing cases were looked into, by what they have in common.
    """

    settings: Settings
    greeting: Greeting
    crew: Crew
    total: Total = field(factory=Total)
    failures: dict[str, Failure] = field(factory=dict)
    met: int = 0
    tried: set[str] = field(factory=set)
    failing: set[str] = field(factory=set)
    examined: Counter[str] = field(factory=Counter)

    def events(self) -> Iterator[Event]:
        """The cases and failures, what is wrong with the baseline, and the footer."""
        settings = self.settings
        cases = fixed(settings.selection, settings.fixed, self.greeting.abilities)
        trials = self.crew.trials(chain(cases, self._generated(len(cases))))
        left = len(cases)
        try:
            for trial in trials:
                if trial is not None and trial.case.family in FIXED:
                    left -= 1
                else:
                    self.met += 1
                if trial is not None:
                    yield from self._told(trial)
                    settings.tells(self.total)
                if self._stops():
                    break
        except KeyboardInterrupt:
            self.total.interrupted = True
        self._leave(cases[len(cases) - left :])
        wrong = tuple(self._problems())
        yield from map(problem_event, wrong)
        rules = self._rules()
        yield footer(self.total, rules, tuple(self._lacks(rules)), wrong, self._cursor())

    @property
    def _families(self) -> tuple[Family, ...]:
        """The families of generated programs that are asked for and that the engine can begin."""
        able = self.greeting.abilities
        asked = (each for each in GENERATED if self.settings.selection.takes(each))
        return tuple(each for each in asked if able.any_genesis or each is not Family.ACCOUNTS)

    def _generated(self, before: int) -> Iterator[Case]:
        """Generated cases until their number or the time is out."""
        settings, begun = self.settings, monotonic()
        accounts_each = settings.profile.accounts
        for case in generated(self._families, before + 1, settings.since.next, settings.count, accounts_each):
            if settings.budget is not None and monotonic() - begun >= settings.budget:
                return
            yield case

    def _stops(self) -> bool:
        failed = any(self.total.verdicts[each] for each in BAD)
        return bool(self.total.ends) or (self.settings.fail_fast and failed)

    def _told(self, trial: Trial) -> Iterator[Event]:
        """The case, and the failure that it is the first to show."""
        verdict, found, new = trial.verdict, None, False
        if verdict in BAD:
            found = self._failure(trial)
            new = found is not None and found.id not in self.failures
            if found is not None:
                self.failures.setdefault(found.id, found)
            self.failing.update((trial.case.id, *([found.id] if found else ())))
            if self._allows(found.id if found else "", trial.case.id):
                verdict = Verdict.EXPECTED
        self._count(trial, verdict, found)
        yield case_event(trial, verdict, found.id if found else "")
        if found is not None and new:
            yield found.event(self._entry(found.id, trial.case.id))

    def _count(self, trial: Trial, verdict: Verdict, found: Failure | None) -> None:
        total = self.total
        total.verdicts[verdict] += 1
        total.families[trial.case.family][verdict] += 1
        total.failing.update([found.id] if found else ())
        total.restarts += trial.restarts
        total.faults += bool(trial.fault)
        total.broke |= trial.check == PROTOCOL
        total.ends = total.ends or trial.ends
        if verdict not in (Verdict.UNSUPPORTED, Verdict.NOT_RUN):
            self.tried.add(trial.case.id)
            reach = Reach() if verdict in UNANSWERED else trial.reach
            total.reach += reach
            if trial.case.family in GENERATED:
                total.generated += reach
                total.programs += 1

    def _failure(self, trial: Trial) -> Failure | None:
        """What a failing case shows; ``None`` where too many others were looked into.

        Where enough of its like were looked into, it is taken to show what the first of them does.
        """
        alike = next((one for one in self.failures.values() if one.key == trial.key), None)
        if self.examined[trial.key] >= MOST_ALIKE or self.examined.total() >= MOST_EXAMINED:
            return alike
        self.examined[trial.key] += 1
        self.total.doing = f"looking into {trial.check} of {trial.case.id}"
        self.settings.tells(self.total)
        try:
            return self.crew.examined(trial)
        except Broken as broken:
            self.total.ends = str(broken)
            return None
        finally:
            self.total.doing = ""

    def _entry(self, *ids: str) -> Entry | None:
        baseline = self.settings.baseline
        return None if baseline is None else baseline.allowing(*ids)

    def _allows(self, *ids: str) -> bool:
        entry = self._entry(*ids)
        return entry is not None and entry.until >= self.settings.today

    def _leave(self, cases: tuple[Case, ...]) -> None:
        """Count what was selected and did not run."""
        for case in cases:
            self.total.families[case.family][Verdict.NOT_RUN] += 1
        families = self._families
        missing_ = max(0, (self.settings.count or 0) - self.met) if families else 0
        if families:
            self.total.families[families[-1]][Verdict.NOT_RUN] += missing_
        self.total.verdicts[Verdict.NOT_RUN] += len(cases) + missing_

    def _problems(self) -> Iterator[Problem]:
        """What is wrong with the baseline: entries of its own, and failures that it does not have."""
        settings = self.settings
        if settings.baseline is None:
            return
        vectors = [vector.id for vectors in settings.fixed.values() for vector in vectors]
        ended = bool(self.total.verdicts[Verdict.NOT_RUN]) or self.total.interrupted
        found = Found(
            failing=frozenset(self.failing),
            tried=frozenset(self.tried),
            known=frozenset({*vectors, *self.tried}),
            checks=frozenset((*CHECKS, *BROKEN)),
            whole=not settings.selection and not ended,
        )
        yield from problems(settings.baseline, found, settings.today)
        for name, failure in self.failures.items():
            if self._entry(name, failure.case) is None:
                words = f"{name}: fails, and the baseline does not have it"
                yield Problem(Kind.REGRESSION, name, words)

    def _rules(self) -> Rules:
        able = self.settings.work(self.greeting).abilities
        having: set[str] = set()
        lacking: set[str] = set()
        for vector in self.settings.vectors:
            (lacking if missing(vector.requires, able) else having).update(vector.rules)
        return rules_of_run(self.total.reach.rules | self.settings.since.reach.rules, having, lacking)

    def _lacks(self, rules: Rules) -> Iterator[str]:
        """What the run lacks of what it has to reach."""
        settings, chosen = self.settings, self.settings.selection
        for rule in chosen.rules:
            if not any(within(one, (rule,), "-") for one in rules.reached):
                yield f"no case reached {rule}"
        if chosen.rules or chosen.checks or chosen.flags:
            return
        since = settings.since
        programs, reach = since.programs + self.total.programs, self.total.generated + since.reach
        yield from shortfalls(
            settings.profile, Seen(rules, settings.families, programs, reach), self.greeting.abilities
        )

    def _cursor(self) -> dict[str, Any]:
        """Where a run goes on that continues this one."""
        since = self.settings.since
        reach = self.total.generated + since.reach
        return {
            "seed": self.settings.seed,
            "next": since.next + self.met,
            "programs": since.programs + self.total.programs,
            "rules": sorted(reach.rules),
            "events": dict(sorted(reach.events.items())),
            "accepted": reach.accepted,
            "refused": reach.refused,
        }
