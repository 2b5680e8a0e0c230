"""The audit: every theorem in every cell, in parallel processes, with results kept by the content of the obligation."""

from __future__ import annotations

import importlib.util
import signal
import sys
import traceback
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from attrs import evolve, field, frozen

from solvent import bundle
from solvent.account import Regime
from solvent.errors import InputError
from solvent.ingest.venue_file import bundled_venues
from solvent.prove.decide import Result, decided
from solvent.prove.kept import Finding, Kept, fingerprint
from solvent.prove.reads import Reads, nameless, noted
from solvent.prove.theorem import Cell, Obligation, Theorem, Verdict, all_theorems, cells, obligation
from solvent.venue import Venue
from solvent.written import make_folder, write_file

if TYPE_CHECKING:
    from solvent.prove.second import Opinion


def theorem_files(place: Path) -> list[Path]:
    """The files of theorems at a place: the file itself, or those of a folder that are no tests.

    Raises:
        InputError: there is nothing at the place.
    """
    if place.is_file():
        return [place]
    if not place.is_dir():
        raise InputError(str(place), "", "nothing", "a Python file of theorems, or a folder of such files")
    return sorted(p for p in place.glob("*.py") if not p.name.startswith(("test_", "_", "conftest")))


def load(places: Iterable[Path] = ()) -> Mapping[str, Theorem]:
    """All theorems: the project's own and those of further files or folders.

    Raises:
        InputError: a place holds no file, or a file cannot be run.
    """
    modules = {_run(path).__name__ for place in (bundle.proofs(), *places) for path in theorem_files(place)}
    return {name: stated for name, stated in all_theorems().items() if stated.statement.__module__ in modules}


def _run(path: Path) -> ModuleType:
    name = f"solvent_theorems_{sha256(str(path.resolve()).encode()).hexdigest()[:12]}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise InputError(str(path), "", "no Python file", "a file of theorems that ends in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise InputError(str(path), "", f"{type(error).__name__}: {error}", "a file of theorems") from error
    return module


def rules_called(stated: Theorem) -> frozenset[str]:
    """The rules that a theorem calls, read in the first of its cells: without a venue, or at the newest one."""
    cell = next(cells(stated, [*bundled_venues().values()][::-1]))
    return frozenset(obligation(stated, cell).rules)


@frozen(kw_only=True)
class Settings:
    """How theorems are decided.

    Attributes:
        regimes: the regimes whose cells are decided.
        places: further files or folders of theorems.
        kept: the folder of kept results; ``None`` to keep none.
        needs: whether assumptions are dropped in turn.
        timeout: the most milliseconds of one question to a solver; by default the theorem's own.
        second: whether a second solver decides each part again.
        smtlib: the folder that obligations are written to.
    """

    regimes: Collection[Regime] = tuple(Regime)
    places: tuple[Path, ...] = ()
    kept: Path | None = None
    needs: bool = True
    timeout: int | None = None
    second: bool = False
    smtlib: Path | None = None


@frozen
class Job:
    """One theorem in all cells of some venues, as a process is asked to decide it."""

    theorem: str
    venues: tuple[Venue, ...]
    settings: Settings

    def cells(self, stated: Theorem) -> list[Cell]:
        """The cells to be decided."""
        wanted = self.settings.regimes
        if not set(stated.regimes) & set(wanted):
            return []
        return [cell for cell in cells(stated, self.venues) if cell.regime is None or cell.regime in wanted]


def run_job(job: Job) -> list[Finding]:
    """What is found in each cell; cells that are alike in all that a statement reads of them are decided once.

    Where parts are written as text, each cell has files of its own.
    """
    stated = load(job.settings.places)[job.theorem]
    if job.settings.timeout is not None:
        stated = evolve(stated, timeout=job.settings.timeout)
    known: list[tuple[Reads, Finding]] = []
    findings = []
    for cell in job.cells(stated):
        bare = nameless(cell)
        found = next((found for reads, found in known if reads.hold_of(bare)), None)
        if found is None:
            noting, reads = noted(bare)
            found = _found(stated, noting, cell.label, job.settings)
            found = evolve(found, reads=tuple(reads.names))
            if job.settings.smtlib is None:
                known.append((reads, found))
        findings.append(evolve(found, result=found.result.at(cell)))
    return findings


def _found(stated: Theorem, cell: Cell, label: str, settings: Settings) -> Finding:
    try:
        return _decided(stated, cell, label, settings)
    except InputError:
        raise
    except Exception as error:  # noqa: BLE001 - a statement that cannot be read in a cell is told as unknown there
        last = traceback.extract_tb(error.__traceback__)[-1]
        words = f"{type(error).__name__}: {error} ({Path(last.filename).name}:{last.lineno})"
        return Finding(_open(stated), (), trouble=words)


def _decided(stated: Theorem, cell: Cell, label: str, settings: Settings) -> Finding:
    due = obligation(stated, cell)
    kept = None if settings.kept is None else Kept(settings.kept)
    key = fingerprint(due, needs=settings.needs) if kept else ""
    found = kept.read(key, due) if kept else None
    if found is None:
        found = Finding(
            decided(due, needs=settings.needs), tuple((a.meaning, a.side) for a in due.assumptions)
        )
        if kept:
            kept.write(key, found)
    if settings.second or settings.smtlib:
        found = evolve(found, opinions=_texts(due, label, found.result.verdict, settings))
    return found


def _texts(due: Obligation, label: str, verdict: Verdict, settings: Settings) -> tuple[Opinion, ...]:
    """The parts as text: written where they are asked for, and with what a second solver says of them."""
    from solvent.prove.second import opinion, questions  # noqa: PLC0415 - the second solver is loaded where asked for

    asked = list(questions(due, label))
    if settings.smtlib is not None:
        for place, question in enumerate(asked):
            name = "-".join(part for part in (f"{place:02d}", _slug(question.part)) if part)
            write_file(
                make_folder(settings.smtlib / due.theorem.name / _slug(label)) / f"{name}.smt2", question.text
            )
    return tuple(opinion(q, verdict, due.theorem.timeout) for q in asked) if settings.second else ()


def _slug(words: str) -> str:
    return "-".join("".join(c if c.isalnum() or c in "-." else " " for c in words).split())


def _open(stated: Theorem) -> Result:
    return Result(
        theorem=stated.name, verdict=Verdict.UNKNOWN, part="", parts=0, witness=None, countermodel=None,
        confirmed=False, needs=(), failed_sides=(), rules=(),
    )  # fmt: skip


@frozen
class Audited:
    """A theorem with what was found in each of its cells."""

    theorem: Theorem
    findings: tuple[Finding, ...]


def _quiet(done: int, of: int) -> None:
    """Tell nobody."""


@frozen(kw_only=True)
class Audit:
    """What to audit.

    Attributes:
        venues: the venues whose numbers are taken.
        names: which theorems; all of them by default.
        settings: how they are decided.
        workers: how many processes; one decides in this process.
        tells: is called with how many theorems are done, and how many there are.
    """

    venues: Sequence[Venue]
    names: Sequence[str] | None = None
    settings: Settings = field(factory=Settings)
    workers: int = 2
    tells: Callable[[int, int], None] = _quiet

    def theorems(self) -> list[Theorem]:
        """The chosen theorems that speak of one of the regimes, in the order of their declaration."""
        known = load(self.settings.places)
        chosen = known if self.names is None else [name for name in known if name in self.names]
        wanted = set(self.settings.regimes)
        return [known[name] for name in chosen if wanted & set(known[name].regimes)]

    def run(self) -> Iterator[Audited]:
        """Every theorem with its findings; the same whatever is decided first."""
        theorems = self.theorems()
        jobs = [Job(stated.name, tuple(self.venues), self.settings) for stated in theorems]
        for stated, findings in zip(theorems, self._each(jobs), strict=True):
            yield Audited(stated, tuple(findings))

    def _each(self, jobs: Sequence[Job]) -> list[list[Finding]]:
        if self.workers == 1:
            found = []
            for done, job in enumerate(jobs, 1):
                found.append(run_job(job))
                self.tells(done, len(jobs))
            return found
        spawn = get_context("spawn")
        with ProcessPoolExecutor(self.workers, mp_context=spawn, initializer=_leave_interrupts) as pool:
            running = [pool.submit(run_job, job) for job in jobs]
            try:
                for done, each in enumerate(as_completed(running), 1):
                    each.result()
                    self.tells(done, len(jobs))
            except BaseException:
                _cancel(running)
                raise
            return [each.result() for each in running]


def _cancel(running: Iterable[Future[Any]]) -> None:
    for each in running:
        each.cancel()


def _leave_interrupts() -> None:
    """The process that began this one is told of an interrupt, and ends it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def audit(
    venues: Sequence[Venue],
    *,
    names: Sequence[str] | None = None,
    places: Sequence[Path] = (),
    kept: Path | None = None,
    needs: bool = True,
    workers: int = 2,
) -> Iterator[tuple[Theorem, list[Result]]]:
    """Every theorem with its results: ``Audit`` for those who need no more."""
    settings = Settings(places=tuple(places), kept=kept, needs=needs)
    for each in Audit(venues=venues, names=names, settings=settings, workers=workers).run():
        yield each.theorem, [finding.result for finding in each.findings]
