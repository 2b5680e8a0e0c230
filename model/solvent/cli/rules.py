"""``solvent rules``: the ledger."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import click
from attrs import frozen
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from solvent.cli.console import errors, output
from solvent.cli.exits import Exit
from solvent.conform.vectors import load
from solvent.ledger import Row, ledger, observations
from solvent.mutants import catalogue
from solvent.prove.audit import load as theorem_files
from solvent.prove.audit import rules_called
from solvent.report.tables import Column, print_table

COLUMNS = (
    Column("rule"),
    Column("title", wraps=True),
    Column("standing"),
    Column("function"),
    Column("worked", "right"),
    Column("figures", "right"),
    Column("accounts", "right"),
    Column("vectors", "right"),
    Column("mutants", "right"),
)
THEOREMS = Column("theorems", "right")


@click.command(short_help="Print the ledger of all rules.")
@click.option(
    "--theorems", "stated", is_flag=True, help="Count the theorems about each rule too: half a minute."
)
@click.option("--json", "as_json_text", is_flag=True, help="Print JSON (schema ledger).")
@click.pass_context
def rules(context: click.Context, *, stated: bool, as_json_text: bool) -> None:
    """Print the ledger: every rule, how it is known, its function, and what reaches it.

    Recorded figures and theorems are counted where they call the rule, vectors where the model does for them, and
    mutants where they misread it. Exit code 1 where a rule lacks what its standing asks for and no reason is stated.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=errors(), transient=True, disable=not errors().is_terminal) as bar:
        task = bar.add_task("observations", total=len(observations()))
        rows = ledger(lambda _: bar.advance(task))
        theorems = _theorems(bar) if stated else None
    held = Held(
        vectors=Counter(rule for vector in load() for rule in vector.rules),
        mutants=Counter(mutant.rule for mutant in catalogue().values()),
        theorems=theorems,
    )
    if as_json_text:
        click.echo(json.dumps({"rules": [_json(row, held) for row in rows]}, indent=1))
    else:
        _print(rows, held)
    context.exit(Exit.VIOLATION if any(row.gap for row in rows) else Exit.PASSED)


@frozen
class Held:
    """How many vectors, mutants and theorems there are of each rule; theorems where they were asked for."""

    vectors: Mapping[str, int]
    mutants: Mapping[str, int]
    theorems: Mapping[str, int] | None


def _theorems(bar: Progress) -> Mapping[str, int]:
    """How many theorems call each rule, in the first cell that each is checked in."""
    stated, counts = theorem_files(), Counter[str]()
    task = bar.add_task("theorems", total=len(stated))
    for theorem in stated.values():
        counts.update(rules_called(theorem))
        bar.advance(task)
    return counts


def _json(row: Row, held: Held) -> dict[str, Any]:
    theorems = {} if held.theorems is None else {"theorems": held.theorems[row.entry.id]}
    return {
        "id": row.entry.id,
        "title": row.entry.title,
        "chapter": row.entry.chapter,
        "standing": row.entry.standing,
        "readings": dict(row.readings),
        "worked": len(row.entry.worked),
        "figures": row.figures,
        "observations": list(row.observations),
        "vectors": held.vectors[row.entry.id],
        "mutants": held.mutants[row.entry.id],
        **theorems,
        "gap": row.gap or None,
    }


def _print(rows: Sequence[Row], held: Held) -> None:
    console = output()
    columns = COLUMNS if held.theorems is None else (*COLUMNS, THEOREMS)
    print_table(console, columns, [_cells(row, held) for row in rows], optional=("function",))
    for row in rows:
        if row.gap:
            console.print(f"{row.entry.id}: {row.gap}", style="bold red")
    reached = sum(1 for row in rows if row.figures)
    console.print(f"{len(rows)} rules, {reached} of them reached by recorded figures that agree")


def _cells(row: Row, held: Held) -> tuple[str, ...]:
    functions = list(row.readings.values())
    more = f" and {len(functions) - 1} more" if len(functions) > 1 else ""
    return (
        row.entry.id, row.entry.title, row.entry.standing, functions[0] + more,
        *(
            str(count or "-")
            for count in (
                len(row.entry.worked), row.figures, len(row.observations),
                *(counts[row.entry.id] for counts in (held.vectors, held.mutants, held.theorems) if counts is not None),
            )
        ),
    )  # fmt: skip
