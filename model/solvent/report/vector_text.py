"""Vectors that have been replayed, as people read them and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from attrs import frozen
from rich.console import Console
from rich.text import Text

from solvent.conform.build import of_vector
from solvent.conform.diagnose import Misreading
from solvent.conform.program import Document
from solvent.conform.render import story, words_of
from solvent.conform.trial import Answer, Verdict
from solvent.conform.vectors import Vector
from solvent.report.tables import Column, print_table, printable

STEPS = (Column("step", "right"), Column("happens", wraps=True), Column("leads to", wraps=True))


@frozen
class Replayed:
    """A vector that was put to an engine, or held to the model.

    Attributes:
        vector: the vector.
        engine: the engine's name; empty of the model.
        verdict: what came of it.
        told: why it is no pass, a line each.
    """

    vector: Vector
    engine: str
    verdict: Verdict
    told: tuple[str, ...] = ()

    @property
    def document(self) -> dict[str, Any]:
        """The outcome as plain values."""
        return {
            "id": self.vector.id,
            "engine": self.engine or "the model",
            "verdict": str(self.verdict),
            "steps": len(self.vector.steps),
            "told": list(self.told),
        }


def held_to_model(vector: Vector, source: Any) -> Replayed:
    """A vector, held to the model."""
    told = tuple(f"{place}: {found}" for place, found in of_vector(vector, source))
    return Replayed(vector, "", Verdict.FAIL if told else Verdict.PASS, told)


def answered(vector: Vector, engine: str, answer: Answer, misread: tuple[Misreading, ...]) -> Replayed:
    """A vector, with what an engine made of it."""
    if answer.divergence is not None:
        return Replayed(
            vector, engine, answer.verdict, tuple(story(vector.program, answer.divergence, misread))
        )
    told = () if answer.verdict is Verdict.PASS else (answer.check, *answer.reason.splitlines())
    return Replayed(vector, engine, answer.verdict, told)


def print_replayed(console: Console, one: Replayed) -> None:
    """Print a vector, its steps and what they must lead to, and what does not."""
    vector = one.vector
    console.print(Text(printable(f"{vector.id}  {vector.title}"), style="bold"), soft_wrap=True)
    if vector.steps:
        rows = [
            (str(number), words_of(step), expectation(expect))
            for number, (step, expect) in enumerate(zip(vector.steps, vector.expect[1:], strict=True), 1)
        ]
        print_table(console, STEPS, rows)
    for line in one.told:
        console.print(Text(printable(line), style="bold red"), soft_wrap=True)
    console.print(f"{one.engine or 'the model'}: {one.verdict}")


def expectation(expect: Mapping[str, Any]) -> str:
    """What a step must lead to, in words."""
    if "reject" in expect:
        return f"refused ({' or '.join(expect['reject'])})"
    if "allowed" in expect:
        more = "more than " if expect.get("more") else ""
        return f"one of {more}{len(expect['allowed'])} orders of what is due ({expect['because']})"
    if "events" in expect:
        return "; ".join(_events(expect["events"])) or "nothing is due"
    return "carried out"


def _events(events: list[Document]) -> Iterator[str]:
    yield from (words_of(event) for event in events)
