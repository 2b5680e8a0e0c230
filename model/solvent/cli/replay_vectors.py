"""Vectors as ``solvent replay`` replays them: against the model, or against an engine."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
from attrs import evolve

from solvent.cli.console import output, progress, say
from solvent.cli.exits import Exit
from solvent.conform.cases import Selection, missing
from solvent.conform.connect import Connection, connect
from solvent.conform.diagnose import misreadings
from solvent.conform.engine import Broken
from solvent.conform.trial import PROTOCOL, Bench, Verdict, Work
from solvent.conform.vectors import Vector, read
from solvent.errors import InputError
from solvent.report.vector_text import Replayed, answered, held_to_model, print_replayed

WORST = (Exit.ADAPTER, Exit.VIOLATION, Exit.INCOMPLETE)
"""Exit codes of which the first that applies is the command's."""


def exit_of(one: Replayed) -> Exit:
    """The exit code for one vector."""
    if one.verdict is Verdict.UNSUPPORTED:
        return Exit.INCOMPLETE
    if one.verdict is Verdict.PASS:
        return Exit.PASSED
    return Exit.ADAPTER if PROTOCOL in one.told else Exit.VIOLATION


def replay_vectors(files: Sequence[Path], engine: str | None, *, as_json: bool) -> Exit:
    """Replay the vectors of these files and tell what came of them."""
    vectors, faults = list[tuple[Path, Vector]](), list[InputError]()
    for file in files:
        try:
            vectors.append((file, read(file)))
        except InputError as fault:
            faults.append(fault)
    if faults:
        say(*faults)
        return Exit.INPUT
    try:
        outcomes = tuple(_by_model(vectors) if engine is None else _by_engine(vectors, engine))
    except Broken as broken:
        say(broken)
        return Exit.ADAPTER
    if as_json:
        document = {"vectors": [one.document for one in outcomes]}
        click.echo(json.dumps(document, indent=1, ensure_ascii=False))
    else:
        console = output()
        for place, one in enumerate(outcomes):
            console.print(*([""] if place else []), end="\n" if place else "")
            print_replayed(console, one)
    found = {exit_of(one) for one in outcomes}
    return next((code for code in WORST if code in found), Exit.PASSED)


def _by_model(vectors: Sequence[tuple[Path, Vector]]) -> Iterator[Replayed]:
    for file, vector in progress(vectors, "vectors", len(vectors)):
        yield held_to_model(vector, file)


def _by_engine(vectors: Sequence[tuple[Path, Vector]], engine: str) -> Iterator[Replayed]:
    with connect(engine) as connection:
        bench = Bench(connection, Work(connection.greeting.abilities, Selection(), 0, {}))
        for _, vector in progress(vectors, "vectors", len(vectors)):
            yield _asked(vector, connection, bench)


def _asked(vector: Vector, connection: Connection, bench: Bench) -> Replayed:
    """A vector, put to an engine."""
    name, able = connection.greeting.name, connection.greeting.abilities
    lacking = missing(vector.requires, able)
    if lacking:
        return Replayed(vector, name, Verdict.UNSUPPORTED, (f"it lacks {', '.join(lacking)}",))
    program = evolve(vector.program, fields=bench.work.fields)
    answer = bench.answer(program)
    misread = () if answer.divergence is None else misreadings(program, answer.reply, answer.divergence, able)
    return answered(vector, name, answer, misread)
