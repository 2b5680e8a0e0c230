"""What a mutant is: an engine that differs from the model by one mistake, and the registry of all of them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from attrs import frozen

from solvent.mutants.loader import Edit, copy


class Severity(StrEnum):
    """What a mistake endangers: the solvency of the venue, the fairness between users, or that work goes on."""

    SOLVENCY = "solvency"
    FAIRNESS = "fairness"
    LIVENESS = "liveness"


@frozen
class Mutant:
    """An engine with one mistake.

    Attributes:
        id: its name, never given to another.
        family: what the mistake is about.
        rule: the rule that is misread.
        mistake: the mistake, as a sentence.
        reading: the same as the end of "what it would be with ...".
        edits: how its source differs from the model's.
        severity: what it endangers.
        real: where a mistake of this class was met.
    """

    id: str
    family: str
    rule: str
    mistake: str
    reading: str
    edits: tuple[Edit, ...]
    severity: Severity = Severity.SOLVENCY
    real: str = ""


_MUTANTS: dict[str, Mutant] = {}


def add(*mutants: Mutant) -> None:
    """Register mutants under their ids.

    Raises:
        ValueError: an id is taken.
    """
    for mutant in mutants:
        if mutant.id in _MUTANTS:
            raise ValueError(f"there is a mutant {mutant.id} already")
        _MUTANTS[mutant.id] = mutant


def catalogue() -> Mapping[str, Mutant]:
    """Every mutant by id, in the order of registration."""
    return _MUTANTS


def engine_of(mutant: Mutant) -> Any:
    """The mutant as an engine: its ``answer`` takes a message of the protocol and gives the reply."""
    return copy(mutant.id, mutant.edits)("protocol.engine").Reference()
