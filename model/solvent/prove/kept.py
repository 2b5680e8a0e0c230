"""Kept results: found by the content of their obligation, and held to the exact model before they are used again."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import z3
from attrs import frozen

from solvent.prove.decide import Result
from solvent.prove.results import result_of, text_of
from solvent.prove.solver import SOLVER
from solvent.prove.symbolic import term
from solvent.prove.theorem import Obligation, Verdict, evaluate

if TYPE_CHECKING:
    from solvent.prove.second import Opinion

KIT = "4"
"""Changed when the meaning of a kept result changes."""


@frozen
class Finding:
    """What is found of a theorem in a cell.

    Attributes:
        result: what is known of its claim.
        assumptions: what it rests on: each meaning, and whether it is a side condition on parameters.
        opinions: what two solvers say of each part, where that was asked for.
        reads: what of the venue and the collateral the statement reads, as dotted paths.
        trouble: why the statement could not be read in the cell; empty where it could.
    """

    result: Result
    assumptions: tuple[tuple[str, bool], ...]
    opinions: tuple[Opinion, ...] = ()
    reads: tuple[str, ...] = ()
    trouble: str = ""


def fingerprint(due: Obligation, *, needs: bool) -> str:
    """What a kept result is found by: all formulas with their meaning, the examples, how it is asked, solver and kit."""
    stated = due.theorem
    formulas = [
        *(term(a.condition) for a in due.assumptions),
        *due.background,
        *(formula for part in due.parts for formula in (term(part.when), term(part.claim))),
    ]
    content = [
        KIT, SOLVER, stated.name, stated.timeout, needs, due.cell.venue is None,
        [(a.meaning, a.side) for a in due.assumptions],
        [part.name for part in due.parts],
        sorted((name, str(value)) for name, value in due.examples.items()),
        len(due.background),
        z3.And(*formulas).sexpr(),
    ]  # fmt: skip
    return sha256(json.dumps(content).encode()).hexdigest()


@frozen
class Kept:
    """A folder of kept results.

    A proof is taken as it was kept; a countermodel or a witness only if the exact model still says the same.
    What is unknown is not kept: more time may decide it.
    """

    folder: Path

    def read(self, key: str, due: Obligation) -> Finding | None:
        """The finding that was kept, if there is one and it stands."""
        try:
            content = json.loads(self._path(key).read_text(encoding="utf-8"))
            assumptions = tuple((meaning, side) for meaning, side in content["assumptions"])
            found = Finding(result_of(content["result"]), assumptions)
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return found if _stands(found.result, due) else None

    def write(self, key: str, found: Finding) -> None:
        """Keep a finding; a folder that cannot be written keeps nothing."""
        if found.result.verdict is Verdict.UNKNOWN:
            return
        text = json.dumps(
            {"result": text_of(found.result), "assumptions": found.assumptions}, sort_keys=True, indent=1
        )
        partial = self._path(key).with_suffix(f".{os.getpid()}.part")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            partial.write_text(text, encoding="utf-8")
            partial.replace(self._path(key))
        except OSError:
            return

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.json"


def _stands(result: Result, due: Obligation) -> bool:
    """Whether the exact model says of the models of a result what it said when the result was kept."""
    if result.verdict is Verdict.REFUTED:
        return result.countermodel is not None and _outcome(due, result.countermodel).refutes(result.part)
    if result.verdict in {Verdict.PROVED, Verdict.CONDITIONAL}:
        model = due.examples if result.witness == {} else result.witness
        return model is not None and _outcome(due, model).witnesses(result.part)
    return result.verdict is Verdict.VACUOUS


def _outcome(due: Obligation, model: Mapping[str, Any]) -> Any:
    return evaluate(due.theorem, due.cell, model)
