"""``solvent trace``: replay a log of an engine's events, and name the first that the spec cannot explain."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.text import Text

from solvent.cli.console import output
from solvent.cli.exits import Exit
from solvent.conform.trace import Traced, Unexplained, traced
from solvent.conform.values import Difference
from solvent.decimals import show
from solvent.protocol.picture import DIGITS, Value
from solvent.report.tables import printable

MOST_SHOWN = 10
"""How many differences are printed; ``--json`` has all."""


@click.command(short_help="Replay a log of an engine's events through the model.")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--json", "as_json_text", is_flag=True, help="Print JSON (schema conform-trace).")
@click.pass_context
def trace(context: click.Context, file: Path, *, as_json_text: bool) -> None:
    """Replay a log of an engine's events through the model, and name the first that the spec cannot explain.

    FILE is JSON Lines. The first line has the genesis, and may have the engine's capabilities; every other line is an
    event, {"step": ..., "outcome": ...}, both as in the protocol. What an outcome does not state is not compared.

    Exit code 1 where an event is not explained, 4 where the log has no event.
    """
    found = traced(file)
    if as_json_text:
        click.echo(json.dumps(as_json(found), indent=1))
    else:
        _print(output(), found)
    if found.unexplained is not None:
        context.exit(Exit.VIOLATION)
    context.exit(Exit.PASSED if found.events else Exit.INCOMPLETE)


def as_json(found: Traced) -> dict[str, Any]:
    """What the model makes of a log, as the schema ``conform-trace`` describes it."""
    stopped = found.unexplained
    return {
        "events": found.events,
        "explained": found.events if stopped is None else max(0, stopped.event - 1),
        "states": found.states,
        "accepted": found.accepted,
        "unexplained": None if stopped is None else _unexplained(stopped),
    }


def _unexplained(stopped: Unexplained) -> dict[str, Any]:
    return {
        "event": stopped.event,
        "line": stopped.line,
        "step": stopped.step,
        "allowed": stopped.allowed,
        "differences": [_difference(one) for one in stopped.differences],
    }


def _difference(one: Difference) -> dict[str, Any]:
    expected, found = _value(one.expected), _value(one.found)
    return {"check": one.check, "path": list(one.path), "spec": expected, "engine": found}


def _value(value: Value) -> str:
    return value if isinstance(value, str) else show(value, DIGITS)


def _print(console: Console, found: Traced) -> None:
    stopped = found.unexplained
    if stopped is None:
        stated = f", {found.states} of them with a state that agrees" if found.events else ""
        console.print(f"all {found.events} events are explained by the spec{stated}", style="bold")
        return
    for number, line in enumerate(_told(stopped)):
        console.print(Text(printable(line), style="" if number else "bold red"), soft_wrap=True)
    explained = max(0, stopped.event - 1)
    console.print(f"{explained} of {found.events} events are explained by the spec", style="bold")


def _told(stopped: Unexplained) -> Iterator[str]:
    """The event, what the log says of it, and what the rules allow."""
    what = f"event {stopped.event}" if stopped.event else "the beginning"
    yield f"{what} (line {stopped.line}) is not explained by the spec"
    if stopped.event:
        yield f"  step      {json.dumps(stopped.step)}"
        said = {key: value for key, value in stopped.outcome.items() if key != "state"}
        yield f"  engine    {json.dumps(said)}"
        yield f"  allowed   {json.dumps(stopped.allowed)}"
    for one in stopped.differences[:MOST_SHOWN]:
        yield f"  {one.check}  {'.'.join(one.path)}"
        yield f"      spec    {_value(one.expected)}"
        yield f"      engine  {_value(one.found)}"
    if len(stopped.differences) > MOST_SHOWN:
        yield f"  and {len(stopped.differences) - MOST_SHOWN} more"
