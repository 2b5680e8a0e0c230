"""The audit: every theorem in every cell, in parallel processes, with results kept by the content of the obligation."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from types import ModuleType

import z3
from attrs import evolve, frozen

from solvent import bundle
from solvent.errors import InputError
from solvent.prove.decide import SOLVER, Result, decide
from solvent.prove.results import result_of, text_of
from solvent.prove.symbolic import term
from solvent.prove.theorem import Cell, Obligation, Theorem, all_theorems, cells, obligation
from solvent.venue import Venue

KIT = "1"
"""Changed when the meaning of a kept result changes."""


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
    for place in (bundle.proofs(), *places):
        for path in theorem_files(place):
            _run(path)
    return all_theorems()


def _run(path: Path) -> ModuleType:
    name = f"solvent_theorems_{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:12]}"
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


def smtlib(due: Obligation) -> Iterator[tuple[str, str]]:
    """Each part of an obligation in SMT-LIB 2: unsatisfiable if and only if its claim follows from the assumptions."""
    for part in due.parts:
        solver = z3.Solver()
        solver.add(*due.terms, term(part.when), z3.Not(term(part.claim)))
        head = f"; {due.theorem.sentence}\n; {due.cell.label}\n; {part.name}\n"
        yield part.name, f"{head}(set-logic ALL)\n{solver.to_smt2()}"


def fingerprint(due: Obligation) -> str:
    """What a kept result is found by: the formulas, each assumption with its meaning, solver and kit."""
    parts = [
        KIT,
        SOLVER,
        due.theorem.name,
        str(due.theorem.timeout),
        *(f"{a.meaning}|{a.side}|{term(a.condition).sexpr()}" for a in due.assumptions),
        *(bound.sexpr() for bound in due.background),
        *(f"{p.name}|{term(p.when).sexpr()}|{term(p.claim).sexpr()}" for p in due.parts),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


@frozen
class Job:
    """One theorem with all its cells, as a process is asked to decide it.

    Attributes:
        theorem: its name.
        venues: the venues.
        places: further files of theorems.
        kept: the folder of kept results; ``None`` to keep none.
        needs: whether assumptions are dropped in turn.
    """

    theorem: str
    venues: tuple[Venue, ...]
    places: tuple[Path, ...] = ()
    kept: Path | None = None
    needs: bool = True


def run_job(job: Job) -> list[Result]:
    """The results of a theorem in all its cells; equal obligations are decided once."""
    stated = load(job.places)[job.theorem]
    known: dict[str, Result] = {}
    results = []
    for cell in cells(stated, job.venues):
        key = fingerprint(obligation(stated, cell))
        if key not in known:
            known[key] = _kept(job, key) or _keep(job, key, decide(stated, cell, needs=job.needs))
        results.append(_placed(known[key], cell))
    return results


def _placed(result: Result, cell: Cell) -> Result:
    venue = cell.venue.name if cell.venue else ""
    return evolve(result, venue=venue, regime=cell.regime or "", token=cell.token)


def _kept(job: Job, key: str) -> Result | None:
    if job.kept is None:
        return None
    path = job.kept / f"{key}.json"
    try:
        return result_of(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _keep(job: Job, key: str, result: Result) -> Result:
    if job.kept is not None:
        job.kept.mkdir(parents=True, exist_ok=True)
        partial = job.kept / f"{key}.{result.theorem[:20]}.part"
        partial.write_text(json.dumps(text_of(result), sort_keys=True), encoding="utf-8")
        partial.replace(job.kept / f"{key}.json")
    return result


def audit(
    venues: Sequence[Venue],
    *,
    names: Iterable[str] | None = None,
    places: Sequence[Path] = (),
    kept: Path | None = None,
    needs: bool = True,
    workers: int = 2,
) -> Iterator[tuple[Theorem, list[Result]]]:
    """Every theorem with its results, as they are decided.

    Args:
        venues: the venues whose numbers are taken.
        names: which theorems; all of them by default.
        places: further files or folders of theorems.
        kept: the folder of kept results.
        needs: whether assumptions are dropped in turn.
        workers: how many processes; one decides in this process.
    """
    known = load(places)
    chosen = list(known) if names is None else list(names)
    jobs = [Job(name, tuple(venues), tuple(places), kept, needs) for name in chosen]
    if workers <= 1:
        for job in jobs:
            yield known[job.theorem], run_job(job)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        running = {pool.submit(run_job, job): job for job in jobs}
        for done in as_completed(running):
            yield known[running[done].theorem], done.result()
