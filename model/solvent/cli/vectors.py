"""``solvent vectors``: the public test vectors, how they are made, and whether they still hold."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click

from solvent.cli.console import output, progress, say
from solvent.cli.exits import Exit
from solvent.conform.build import CHEAP, built, drifts, flags, write
from solvent.conform.cases import within
from solvent.conform.vectors import Kind, Vector, files, folder_of, load, read
from solvent.errors import InputError
from solvent.report.tables import Column, print_table
from solvent.written import make_folder, write_file

KINDS = tuple(kind.value for kind in Kind if kind is not Kind.FAILURE)
REGRESSIONS = Path(".solvent/regressions")
"""Where ``solvent conform`` looks for a user's own vectors."""
COLUMNS = (
    Column("id"),
    Column("kind"),
    Column("steps", "right"),
    Column("rules", "right"),
    Column("flags"),
    Column("shows", wraps=True),
)
_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.group(invoke_without_command=True, short_help="List, make, check and keep test vectors.")
@click.option("--rule", "rules", multiple=True, metavar="RULE", help="Only vectors that reach this rule.")
@click.option("--flag", "named", multiple=True, metavar="NAME", help="Only vectors of this flag.")
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    type=click.Choice([kind.value for kind in Kind]),
    help="Only vectors of this kind.",
)
@click.option(
    "--in", "folder", type=_FOLDER, metavar="DIR", help="A folder instead of the project's own vectors."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON (schema vectors).")
@click.pass_context
def vectors(
    context: click.Context, *, rules: tuple[str, ...], named: tuple[str, ...], kinds: tuple[str, ...],
    folder: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """List the test vectors: programs with what each of their steps must lead to.

    spec/vectors/README.md says what stands in one. RULE may be the beginning of a rule's id, such as PM. Exit code 4
    where none is listed.
    """
    if context.invoked_subcommand is not None:
        return
    for flag in named:
        if folder is None and flag not in flags():
            raise InputError("--flag", "", flag, f"one of {', '.join(flags())}")
    listed = [
        vector
        for vector in load(folder)
        if (not rules or any(within(rule, rules, "-") for rule in vector.rules))
        and (not named or {*named} & {*vector.flags})
        and (not kinds or vector.kind in kinds)
    ]
    if as_json:
        click.echo(
            json.dumps({"vectors": [_entry(vector) for vector in listed]}, indent=1, ensure_ascii=False)
        )
    else:
        _print(listed)
    context.exit(Exit.PASSED if listed else Exit.INCOMPLETE)


def _entry(vector: Vector) -> dict[str, Any]:
    """A vector without its program and what that leads to."""
    left_out = ("genesis", "steps", "expect")
    entry = {key: value for key, value in vector.document.items() if key not in left_out}
    return {**entry, "steps": len(vector.steps)}


def _print(listed: list[Vector]) -> None:
    console = output()
    rows = [
        (v.id, v.kind.value, str(len(v.steps)), str(len(v.rules)), ", ".join(v.flags), v.title)
        for v in listed
    ]
    if rows:
        print_table(console, COLUMNS, rows, ("shows", "flags", "rules"))
    by_kind = ((kind, sum(vector.kind is kind for vector in listed)) for kind in Kind)
    told = ", ".join(f"{count} {kind}" for kind, count in by_kind if count)
    console.print(f"{len(listed)} vectors: {told}" if listed else "no vectors")


@vectors.command(short_help="Make the project's vectors afresh.")
@click.option(
    "--kind", "kinds", multiple=True, type=click.Choice(KINDS), help="Only this kind; may be repeated."
)
@click.option(
    "--to", "folder", type=_FOLDER, metavar="DIR", help="Where to, instead of the project's own folder."
)
@click.option("--jobs", type=click.IntRange(1, 256), default=os.cpu_count() or 1, help="How many processes.")
def build(*, kinds: tuple[str, ...], folder: Path | None, jobs: int) -> None:
    """Make vectors afresh, the same byte for byte whenever rules and solver are.

    Files of a kind that is made and that are not made again are taken away.
    """
    for name in kinds or KINDS:
        kind = Kind(name)
        to = folder_of(kind) if folder is None else folder / kind
        written = list(write(_counted(built(kind, jobs), kind), to))
        click.echo(f"{len(written)} {kind} vectors in {to}")


def _counted(made: Iterable[Vector], kind: Kind) -> Iterator[Vector]:
    yield from progress(made, f"{kind} vectors", _known(kind))


def _known(kind: Kind) -> int:
    """How many vectors of a kind there are now, which is about how many there will be."""
    return len(list(folder_of(kind).glob("*.json")))


@vectors.command(short_help="Tell in what vectors have drifted.")
@click.option(
    "--in", "folder", type=_FOLDER, metavar="DIR", help="A folder instead of the project's own vectors."
)
@click.pass_context
def check(context: click.Context, *, folder: Path | None) -> None:
    """Hold every vector to its hash, to the model, and to what made it.

    Of the project's own, those that are made in seconds are made again and compared; of a recorded account, the model
    is held to the figures that the venue reported; of a killing vector, its mutant must still be found. Exit code 1
    where something has drifted, 4 where there is no vector.
    """
    count = len(files(folder))
    again = "" if folder else f", {', '.join(CHEAP)} made again"
    found = list(progress(drifts(folder), "vectors", count))
    say(*found)
    click.echo(f"{count} vectors{again}: {f'{len(found)} DRIFTED' if found else 'all hold'}")
    context.exit(Exit.VIOLATION if found else Exit.PASSED if count else Exit.INCOMPLETE)


@vectors.command(short_help="Keep a failure among your own vectors.")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@click.option(
    "--to", "folder", type=_FOLDER, default=REGRESSIONS, show_default=True, metavar="DIR", help="The folder."
)
def promote(file: Path, *, folder: Path) -> None:
    """Copy the vector in FILE, such as a failure that was found, to a folder of regressions, under the name of its id."""
    vector = read(file)
    kept = folder / vector.file
    if kept.exists() and read(kept).hash != vector.hash:
        raise InputError(str(kept), "", f"another vector {vector.id}", "no file, or the same vector")
    write_file(make_folder(folder) / vector.file, vector.text)
    click.echo(f"{vector.id} is kept in {kept}")
