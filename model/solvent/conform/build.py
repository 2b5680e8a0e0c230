"""The project's own vectors: how each kind is made, and what has drifted from that."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from attrs import frozen

from solvent import bundle
from solvent.conform.boundary import Edge, boundary_vectors
from solvent.conform.boundary_money import MONEY
from solvent.conform.boundary_perps import PERPS
from solvent.conform.kill import GENERATED, VECTORS, Hunt, Kill, checks_of, diverged, engine
from solvent.conform.program import Program, expected, rules_of
from solvent.conform.recorded import recorded_vectors
from solvent.conform.vectors import (
    Kind,
    Vector,
    agrees,
    content_hash,
    expectations,
    files,
    folder_of,
    made,
    read,
    reported_figures,
    requires_of,
)  # fmt: skip
from solvent.decimals import show
from solvent.errors import InputError
from solvent.ingest import strict_json
from solvent.mutants import Mutant, catalogue
from solvent.protocol.engine import op_of
from solvent.protocol.genesis import genesis_of
from solvent.protocol.picture import DIGITS
from solvent.scenario import read as read_scenario

EDGES: tuple[Edge, ...] = (*PERPS, *MONEY)
"""All edges that boundary vectors stand on."""
CHEAP = (Kind.SCENARIO, Kind.RECORDED, Kind.BOUNDARY)
"""The kinds that are made again where they are checked."""
COMMAND = "solvent vectors build --kind"
OF_SCENARIO: Mapping[str, tuple[str, ...]] = {
    "cap-fallback-existing-borrowers": ("caps", "modes"),
    "cap-fallback-new-borrowing": ("caps", "modes"),
    "carry-trade": ("borrowing", "portfolio-ratio"),
    "closing-order-becomes-opening": ("requirement",),
    "collateral-bad-debt": ("bad-debt", "liquidation"),
    "collateral-in-steps": ("liquidation", "timing"),
    "deleveraged-hedge": ("deleveraging",),
    "hedge-leg-closed": ("liquidation", "portfolio-ratio"),
    "liquidation-ladder": ("deleveraging", "liquidation"),
    "price-pair-apart": ("prices",),
    "price-pair-together": ("prices",),
    "rally-of-a-hedge": ("portfolio-ratio",),
    "reserve-lent-out": ("borrowing", "caps"),
    "unfunded-loss": ("bad-debt", "deleveraging"),
    "withdrawal-refused": ("margin-drained",),
    "withdrawal-then-liquidated": ("margin-drained",),
    "wrong-way-collateral": ("wrong-way",),
}
"""What each scenario is about, by its file."""


@cache
def flags() -> Mapping[str, Any]:
    """Every flag that the project's vectors may have, with what it means."""
    known: Mapping[str, Any] = strict_json.load(bundle.spec() / "vectors" / "flags.json")
    return known


def built(kind: Kind, jobs: int = 1) -> Iterator[Vector]:
    """The project's vectors of a kind, made afresh.

    Raises:
        InputError: of a kind that is not made but kept: failures.
    """
    makers: Mapping[Kind, Callable[[], Iterable[Vector]]] = {
        Kind.SCENARIO: scenario_vectors,
        Kind.RECORDED: recorded_vectors,
        Kind.BOUNDARY: lambda: boundary_vectors(EDGES),
        Kind.KILLING: lambda: killing_vectors(tuple(catalogue().values()), jobs),
    }
    if kind not in makers:
        raise InputError("vectors", "kind", kind, f"one of {', '.join(makers)}")
    yield from makers[kind]()


def scenario_vectors() -> Iterator[Vector]:
    """The project's scenarios as vectors."""
    for file in sorted((bundle.spec() / "scenarios").glob("*.toml")):
        scenario = read_scenario(file)
        steps = tuple(op_of(step.action) for step in scenario.steps)
        yield made(
            Program(genesis_of(scenario.begins), steps),
            id=f"scenario/{file.stem}",
            title=scenario.title,
            kind=Kind.SCENARIO,
            source={"name": f"spec/scenarios/{file.name}"},
            flags=OF_SCENARIO.get(file.stem, ()),
        )


def killing_vectors(mutants: Sequence[Mutant], jobs: int = 1) -> Iterator[Vector]:
    """For each mutant the smallest program found on which it and the model part.

    Generated programs are tried first; a mutant that survives them is looked for among the project's other vectors.
    """
    kills = Hunt(modes=(GENERATED,), shrink=True, jobs=jobs).kills(mutants)
    found = {kill.mutant: kill for kill in kills if not kill.survived}
    left = [mutant for mutant in mutants if mutant.id not in found]
    if left:
        others = tuple(vector for kind in CHEAP for vector in _kept(kind))
        kills = Hunt(modes=(VECTORS,), vectors=others, shrink=True, jobs=jobs).kills(left)
        found |= {kill.mutant: kill for kill in kills if not kill.survived}
    yield from (killing_vector(mutant, found[mutant.id]) for mutant in mutants if mutant.id in found)


def _kept(kind: Kind) -> Iterator[Vector]:
    yield from (read(file) for file in sorted(folder_of(kind).glob("*.json")))


def killing_vector(mutant: Mutant, kill: Kill) -> Vector:
    """The vector of the program that found a mutant."""
    assert kill.program is not None  # noqa: S101 - of a mutant that was found
    real = {"seen": mutant.real} if mutant.real else {}
    return made(
        kill.program,
        id=f"killing/{mutant.id}",
        title=f"Finds the mistake: {mutant.mistake}",
        kind=Kind.KILLING,
        source={"name": f"{COMMAND} {Kind.KILLING}", "mutant": mutant.id, "rule": mutant.rule, **real},
        flags=(mutant.family.replace(" ", "-"),),
    )


def write(vectors: Iterable[Vector], folder: Path) -> Iterator[Path]:
    """Write vectors, each to a file of its own in a folder that has no others."""
    folder.mkdir(parents=True, exist_ok=True)
    kept = set()
    for vector in vectors:
        file = folder / vector.file
        file.write_text(vector.text, encoding="utf-8")
        kept.add(file)
        yield file
    for file in sorted({*folder.glob("*.json")} - kept):
        file.unlink()


@frozen
class Drift:
    """Something in which a vector is not what it should be: its file, the place in it, and what is wrong."""

    file: str
    place: str
    found: str

    def __str__(self) -> str:
        return f"{self.file}: {self.place}: {self.found}"


def drifts(folder: Path | None = None, progress: Callable[[Path], None] = lambda _: None) -> Iterator[Drift]:
    """In what vectors have drifted: from their hashes, from the model, and from how they are made.

    Args:
        folder: where they are; by default the project's own, whose cheap kinds are made again.
        progress: called with each file before it is read.
    """
    by_kind: dict[Kind, dict[str, Vector]] = {kind: {} for kind in Kind}
    for file in files(folder):
        progress(file)
        try:
            vector = read(file)
        except InputError as error:
            yield Drift(
                file.name, error.where or "the file", f"found {error.found}; expected {error.expected}"
            )
            continue
        by_kind[vector.kind][vector.id] = vector
        yield from (Drift(file.name, *told) for told in of_vector(vector, file))
    for kind in CHEAP if folder is None else ():
        yield from _made_again(kind, by_kind[kind])


def of_vector(vector: Vector, file: Path) -> Iterator[tuple[str, str]]:
    """In what a vector differs from what the model makes of its program, each with the place."""
    program = vector.program
    if file.name != vector.file:
        yield "id", f"its file should be {vector.file}"
    for flag in vector.flags:
        if flag not in flags():
            yield "flags", f"{flag} is not in flags.json"
    try:
        states = list(expectations(program))
    except InputError as error:
        yield error.source, f"found {error.found}; expected {error.expected}"
        return
    for place, (kept, again) in enumerate(zip(vector.expect, states, strict=True)):
        bare = {key: value for key, value in kept.items() if key != "reported"}
        if bare != again:
            yield f"expect[{place}]", f"the model leads to {_first_difference(bare, again)}"
    rules = rules_of(program)
    if {*vector.rules} != rules:
        other = ", ".join(sorted({*vector.rules} ^ rules))
        yield "rules", f"the model calls others: {other}"
    if requires_of(program, vector.requires.fields) != vector.requires:
        yield "requires", f"its program needs {requires_of(program, vector.requires.fields)}"
    yield from off_the_record(vector)
    if vector.kind is Kind.KILLING and not _kills(vector):
        yield "id", "its mutant is not found by it any more"


def _first_difference(kept: Mapping[str, Any], again: Mapping[str, Any], path: str = "") -> str:
    for key in sorted({*kept, *again}):
        one, other = kept.get(key), again.get(key)
        if one != other:
            if isinstance(one, Mapping) and isinstance(other, Mapping):
                return _first_difference(one, other, f"{path}{key}.")
            return f"{path}{key}: {json.dumps(other)}, and not {json.dumps(one)}"
    return "the same"


def off_the_record(vector: Vector) -> Iterator[tuple[str, str]]:
    """In what the model differs from what a venue reported, beyond what the digits leave open."""
    picture = expected(vector.program)[0].picture
    for path, value, within in reported_figures(vector):
        if not agrees(picture.get(path), value, within):
            own = picture.get(path, "nothing")
            shown = own if isinstance(own, str) else show(own, DIGITS)
            yield ".".join(path), f"the model has {shown}, and the venue reported {value} (within {within})"


def _kills(vector: Vector) -> bool:
    mutant = catalogue().get(vector.id.partition("/")[2])
    return mutant is not None and bool(checks_of(diverged(engine(mutant), vector.program)))


def _made_again(kind: Kind, kept: Mapping[str, Vector]) -> Iterator[Drift]:
    """In what the kept vectors of a kind differ from those that are made; a solver's version may."""
    again = {vector.id: vector for vector in built(kind)}
    for name in sorted({*kept, *again}):
        file = (kept.get(name) or again[name]).file
        if name not in again:
            yield Drift(file, "id", f"{COMMAND} {kind} does not make it")
        elif name not in kept:
            yield Drift(file, "the file", f"missing; {COMMAND} {kind} makes it")
        elif _lasting(kept[name]) != _lasting(again[name]):
            yield Drift(file, "the file", f"{COMMAND} {kind} makes another one")


def _lasting(vector: Vector) -> str:
    """The hash of a vector without the solver that found it."""
    document = vector.document
    source = {key: value for key, value in document["source"].items() if key != "solver"}
    return content_hash({**document, "source": source})


def processes() -> int:
    """How many processes make vectors where nothing else is asked for."""
    return os.cpu_count() or 1
