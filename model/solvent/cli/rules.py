"""``solvent rules``: the ledger."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from solvent.cli.console import errors, output
from solvent.cli.exits import Exit
from solvent.ledger import Row, ledger, observations
from solvent.report.tables import Column, print_table

COLUMNS = (
    Column("rule"),
    Column("title", wraps=True),
    Column("standing"),
    Column("function"),
    Column("worked", "right"),
    Column("figures", "right"),
    Column("accounts", "right"),
)


@click.command(short_help="Print the ledger of all rules.")
@click.option("--json", "as_json_text", is_flag=True, help="Print JSON (schema ledger).")
@click.pass_context
def rules(context: click.Context, *, as_json_text: bool) -> None:
    """Print the ledger: every rule, how it is known, its function, and the recorded figures that reach it.

    Exit code 1 where a rule lacks what its standing asks for and no reason is stated.
    """
    columns = (TextColumn("observations"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=errors(), transient=True, disable=not errors().is_terminal) as bar:
        task = bar.add_task("", total=len(observations()))
        rows = ledger(lambda _: bar.advance(task))
    if as_json_text:
        click.echo(json.dumps({"rules": [_json(row) for row in rows]}, indent=1))
    else:
        _print(rows)
    context.exit(Exit.VIOLATION if any(row.gap for row in rows) else Exit.PASSED)


def _json(row: Row) -> dict[str, Any]:
    return {
        "id": row.entry.id,
        "title": row.entry.title,
        "chapter": row.entry.chapter,
        "standing": row.entry.standing,
        "readings": dict(row.readings),
        "worked": len(row.entry.worked),
        "figures": row.figures,
        "observations": list(row.observations),
        "gap": row.gap or None,
    }


def _print(rows: Sequence[Row]) -> None:
    console = output()
    print_table(console, COLUMNS, [_cells(row) for row in rows], optional=("function",))
    for row in rows:
        if row.gap:
            console.print(f"{row.entry.id}: {row.gap}", style="bold red")
    reached = sum(1 for row in rows if row.figures)
    console.print(f"{len(rows)} rules, {reached} of them reached by recorded figures that agree")


def _cells(row: Row) -> tuple[str, ...]:
    functions = list(row.readings.values())
    more = f" and {len(functions) - 1} more" if len(functions) > 1 else ""
    return (
        row.entry.id, row.entry.title, row.entry.standing, functions[0] + more,
        str(len(row.entry.worked)), str(row.figures or "-"), str(len(row.observations) or "-"),
    )  # fmt: skip
