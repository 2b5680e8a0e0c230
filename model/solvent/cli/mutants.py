"""``solvent mutants``: engines with one mistake each, and what finds them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches, unified_diff
from typing import Any, TypeVar

import click
from attrs import evolve
from rich.progress import Progress

from solvent.cli.console import errors, output
from solvent.cli.exits import Exit
from solvent.conform.blind import BLIND, rows
from solvent.conform.cases import CHECKS
from solvent.conform.kill import GENERATED, MODES, MOST_CALLS, VECTORS, Hunt, abilities
from solvent.conform.profiles import PROFILES
from solvent.conform.vectors import load
from solvent.errors import InputError
from solvent.mutants import Mutant, catalogue
from solvent.report.kills import Matrix, document, print_matrix, print_rows, rows_document
from solvent.report.kills_markdown import markdown

T = TypeVar("T")
Tells = Callable[[str, int, int], None]
PROFILE = "every-change"
"""What mutants of the search have to fall short of."""


@click.command(short_help="Print the kill matrix: which check finds which mutant.")
@click.argument("ids", nargs=-1, metavar="[ID...]")
@click.option("--family", metavar="NAME", help="The mutants of this family alone.")
@click.option("--vectors-only", "mode", flag_value=VECTORS, help="Hunt with the fixed vectors alone.")
@click.option("--generated-only", "mode", flag_value=GENERATED, help="Hunt with generated programs alone.")
@click.option(
    "--calls", type=click.IntRange(1, 100_000), help=f"The most generated programs; by default {MOST_CALLS}."
)
@click.option("--seed", type=click.IntRange(0), default=0, help="What generated programs depend on.")
@click.option("--shrink", is_flag=True, help="Make the programs that find a mutant small.")
@click.option("--jobs", type=click.IntRange(1, 256), default=os.cpu_count() or 1, help="How many processes.")
@click.option("--list", "listed", is_flag=True, help="List the mutants and hunt none.")
@click.option(
    "--show", is_flag=True, help="Show the mistake of each mutant as a change of source, and hunt none."
)
@click.option(
    "--search", is_flag=True, help="Try mutants of the search itself, which coverage has to notice."
)
@click.option("--times", is_flag=True, help="Tell how long each kill took.")
@click.option("--markdown", "as_page", is_flag=True, help="Print a page in Markdown.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON (schema mutants).")
@click.pass_context
def mutants(
    context: click.Context, ids: tuple[str, ...], *, family: str | None, mode: str | None, calls: int | None,
    seed: int, shrink: bool, jobs: int, listed: bool, show: bool, search: bool, times: bool, as_page: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """Hunt mutants, engines that differ from the model by one mistake each, and print which check finds which.

    Each has to be found by the fixed vectors, and by generated programs alone. Exit code 1 where one survives, where
    of all mutants a check finds none, or where a mutant of the search goes unnoticed.
    """
    if search:
        context.exit(_search(seed, calls, as_json=as_json))
    chosen = _chosen(ids, family)
    if listed or show:
        for mutant in chosen.values():
            lines = _shown(mutant) if show else [f"{mutant.id}  {mutant.rule}  {mutant.mistake}"]
            click.echo("\n".join(lines))
        return
    modes = MODES if mode is None else (mode,)
    vectors = load() if VECTORS in modes else ()
    hunt = Hunt(modes, vectors, seed, calls or MOST_CALLS, shrink, jobs)
    kills = _with_progress(lambda tells: hunt.kills(tuple(chosen.values()), tells))
    whole = len(chosen) == len(catalogue())
    matrix = Matrix(tuple(chosen.values()), modes, kills, CHECKS if whole else ())
    if as_json:
        _print_json({**document(matrix, times=times), "seed": seed, "calls": hunt.most, "search": []})
    elif as_page:
        click.echo(markdown(matrix, [vector.id for vector in vectors]), nl=False)
    else:
        print_matrix(output(), matrix, times=times)
    context.exit(Exit.PASSED if matrix.passed else Exit.VIOLATION)


def _search(seed: int, programs: int | None, *, as_json: bool) -> Exit:
    """Try the mutants of the search."""
    profile = PROFILES[PROFILE]
    profile = evolve(profile, programs=programs or profile.programs)
    told = _with_progress(
        lambda tells: tuple(rows(BLIND, profile, seed, abilities(), lambda *n: tells("search", *n)))
    )
    if as_json:
        matrix = document(Matrix((), (), ()), times=False)
        _print_json({**matrix, "seed": seed, "calls": profile.programs, "search": rows_document(told)})
    else:
        print_rows(output(), told)
    return Exit.PASSED if all(row.right for row in told) else Exit.VIOLATION


def _print_json(found: Mapping[str, Any]) -> None:
    click.echo(json.dumps(found, indent=1, ensure_ascii=False))


def _chosen(ids: Sequence[str], family: str | None) -> Mapping[str, Mutant]:
    known = catalogue()
    for name in ids:
        _required("mutant", name, list(known))
    if family is not None:
        _required("family", family, sorted({mutant.family for mutant in known.values()}))
    chosen = {
        name: mutant
        for name, mutant in known.items()
        if (not ids or name in ids) and family in (None, mutant.family)
    }
    if not chosen:
        raise InputError("--family", "", f"{family!r} has none of {', '.join(ids)}", "a family of theirs")
    return chosen


def _required(what: str, name: str, known: Sequence[str]) -> None:
    if name not in known:
        near = get_close_matches(name, known) or known
        raise InputError("mutants", what, repr(name), f"one of {', '.join(near)}")


def _with_progress(work: Callable[[Tells], T]) -> T:
    """What the work gives, with a bar for each part of it where there is a terminal."""
    console = errors()
    if not console.is_terminal:
        return work(lambda *_: None)
    with Progress(console=console, transient=True) as progress:
        tasks: dict[str, Any] = {}

        def tells(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what, total=total)
            progress.update(tasks[what], completed=done)

        return work(tells)


def _shown(mutant: Mutant) -> Iterator[str]:
    yield f"{mutant.id}  {mutant.mistake}"
    seen = f"; seen: {mutant.real}" if mutant.real else ""
    yield f"rule {mutant.rule}; endangers {mutant.severity}{seen}"
    for edit in mutant.edits:
        was = edit.source.splitlines()
        name = f"solvent/{edit.module.replace('.', '/')}.py"
        yield from unified_diff(was, edit.applied().splitlines(), name, name, lineterm="", n=1)
