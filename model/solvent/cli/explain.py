"""``solvent explain``: one rule, with all that is known of it."""

from __future__ import annotations

import inspect
import json
from difflib import get_close_matches
from typing import Any

import click
from rich.console import Console
from rich.syntax import Syntax
from rich.text import Text

from solvent.cli.console import output
from solvent.ingest.venue_file import bundled_venues
from solvent.rulebook import Entry, entries
from solvent.rules import all_rules


@click.command(short_help="Print one rule with all that is known of it.")
@click.argument("identifier", metavar="ID")
@click.option("--json", "as_json_text", is_flag=True, help="Print JSON (schema rule).")
def explain(identifier: str, *, as_json_text: bool) -> None:
    """Print what the rulebook says of one rule, its function, and which venues read it otherwise."""
    entry = entries().get(identifier.upper())
    if entry is None:
        close = get_close_matches(identifier.upper(), entries(), n=3, cutoff=0.4)
        hint = f"; did you mean {', '.join(close)}?" if close else "; solvent rules lists them"
        raise click.UsageError(f"there is no rule {identifier}{hint}")
    if as_json_text:
        click.echo(json.dumps(_json(entry), indent=1, ensure_ascii=False))
    else:
        _print(entry)


def _json(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "title": entry.title,
        "chapter": entry.chapter,
        "sentence": entry.sentence,
        "formula": entry.formula.strip(),
        "items": {key: list(texts) for key, texts in entry.items.items()},
        "venues": _venues(entry),
        "functions": {name: _source(function) for name, function in all_rules()[entry.id].readings.items()},
    }


def _venues(entry: Entry) -> dict[str, str]:
    return {
        name: venue.readings[entry.id]
        for name, venue in bundled_venues().items()
        if entry.id in venue.readings
    }


def _source(function: Any) -> str:
    return inspect.getsource(function).rstrip()


def _print(entry: Entry) -> None:
    console = output()
    console.print(Text.assemble((f"{entry.id}: {entry.title}", "bold"), f"  (chapter {entry.chapter})\n"))
    console.print(entry.sentence + "\n")
    console.print(entry.formula + "\n")
    for key, texts in entry.items.items():
        for text in texts:
            console.print(Text.assemble((key, "bold"), f": {text}"))
    for name, reading in _venues(entry).items():
        console.print(Text.assemble(("venue", "bold"), f": {name} reads it as {reading}"))
    for function in all_rules()[entry.id].readings.values():
        console.print()
        console.print(_shown(_source(function), console))


def _shown(source: str, console: Console) -> Syntax | str:
    if not console.is_terminal:
        return source
    return Syntax(source, "python", background_color="default", word_wrap=True)
