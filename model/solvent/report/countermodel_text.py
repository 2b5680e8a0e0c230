"""Countermodels that have been replayed, as people read them and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from solvent.exchange.record import number_text
from solvent.prove.countermodel import Replayed
from solvent.report.tables import printable


def print_countermodels(console: Console, played: Sequence[Replayed]) -> None:
    """Print each: the sentence, the numbers, what they meet, and what they break."""
    for place, one in enumerate(played):
        if place:
            console.print()
        for line in lines(one):
            console.print(Text(printable(line)), soft_wrap=True)
    stand = sum(one.stands for one in played)
    verdict = f"{stand} of {len(played)} countermodels break their theorem"
    console.print(Text(verdict, style="bold" if stand == len(played) else "bold red"), soft_wrap=True)


def lines(one: Replayed) -> Iterator[str]:
    """A countermodel in words."""
    countermodel, outcome = one.countermodel, one.outcome
    yield one.theorem.sentence
    yield f"  at {countermodel.where}"
    width = max(map(len, countermodel.numbers), default=0)
    for name, value in sorted(countermodel.numbers.items()):
        yield f"    {name:<{width}} = {number_text(value)}"
    yield from (f"  {'holds ' if holds else 'BROKEN'}  {meaning}" for meaning, holds in outcome.assumptions)
    for name, asked, holds in outcome.parts:
        if asked and name == countermodel.part:
            case = f" in the case: {name}" if name else ""
            yield f"  {'the claim HOLDS' if holds else 'false  what is claimed'}{case}"
    if not outcome.parts:
        yield "  the statement has no answer at these numbers"


def document(played: Sequence[Replayed]) -> dict[str, Any]:
    """The countermodels as plain values (schema ``replay-countermodels``)."""
    return {
        "countermodels": [
            {
                **one.countermodel.document,
                "sentence": one.theorem.sentence,
                "assumptions": [{"meaning": m, "holds": h} for m, h in one.outcome.assumptions],
                "stands": one.stands,
            }
            for one in played
        ]
    }
