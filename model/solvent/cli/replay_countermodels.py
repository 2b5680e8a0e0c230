"""Countermodels as ``solvent replay`` replays them: by the exact model alone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click

from solvent.cli.console import output, progress, say
from solvent.cli.exits import Exit
from solvent.errors import InputError
from solvent.ingest import strict_json
from solvent.prove.countermodel import Replayed, is_one, read, replayed
from solvent.report.countermodel_text import document, print_countermodels


def is_countermodel(file: Path) -> bool:
    """Whether a file holds a countermodel; what cannot be read does not."""
    try:
        return is_one(strict_json.load(file))
    except InputError:
        return False


def replay_countermodels(files: Sequence[Path], *, as_json: bool) -> Exit:
    """Replay countermodels, and say whether each still breaks its theorem."""
    faults: list[InputError] = []
    played: list[Replayed] = []
    for file in progress(files, "countermodels", len(files)):
        try:
            found = read(file)
            played.append(replayed(found, str(file), _places(found.file)))
        except InputError as fault:
            faults.append(fault)
    if faults:
        say(*faults)
        return Exit.INPUT
    if as_json:
        click.echo(json.dumps(document(played), indent=1, ensure_ascii=False))
    else:
        print_countermodels(output(), played)
    return Exit.PASSED if all(one.stands for one in played) else Exit.VIOLATION


def _places(file: str) -> tuple[Path, ...]:
    """The user's own file of theorems; none where the project's own declare it."""
    return () if file.startswith("proofs/") else (Path(file),)
