"""Deciding an obligation: proved or refuted, with a witness, and a countermodel for every assumption that is needed."""

from __future__ import annotations

import time
from collections.abc import Sequence

import z3
from attrs import evolve, frozen

from solvent.prove.needs import Need, needs_of
from solvent.prove.readable import readable
from solvent.prove.solver import SOLVER, Model, ask
from solvent.prove.symbolic import term
from solvent.prove.theorem import (
    Cell,
    Obligation,
    Outcome,
    Part,
    Theorem,
    Verdict,
    evaluate,
    obligation,
)


@frozen(kw_only=True)
class Result:
    """What is known of a theorem in a cell.

    Attributes:
        theorem, venue, regime, token: the theorem and its cell, by name.
        verdict: what is known of the claim.
        part: the part that decides the verdict, where the statement has several.
        parts: how many parts there are.
        witness: numbers for which all assumptions hold; empty where they are those of the statement's example.
        countermodel: numbers for which all assumptions hold and the claim does not, confirmed by the exact model.
        confirmed: whether the exact model agrees with the solver on the countermodel and the witness.
        needs: for every assumption, whether it is needed.
        failed_sides: the side conditions that the venue's numbers do not meet.
        rules: the rules that the statement calls.
        solver: the solver and its version.
        milliseconds: how long it took.
    """

    theorem: str
    verdict: Verdict
    part: str
    parts: int
    witness: Model | None
    countermodel: Model | None
    confirmed: bool
    needs: tuple[Need, ...]
    failed_sides: tuple[str, ...]
    rules: tuple[str, ...]
    solver: str = SOLVER
    milliseconds: int = 0
    venue: str = ""
    regime: str = ""
    token: str = ""

    def at(self, cell: Cell) -> Result:
        """The same in another cell."""
        venue = cell.venue.name if cell.venue else ""
        return evolve(self, venue=venue, regime=cell.regime or "", token=cell.token)


@frozen
class _Decided:
    """What is known of one part."""

    verdict: Verdict
    witness: Model | None
    countermodel: Model | None


def decide(stated: Theorem, cell: Cell, *, needs: bool = True) -> Result:
    """Decide a theorem in a cell: each of its parts, and the theorem as its worst part.

    Args:
        stated: the theorem.
        cell: the venue, the regime and the collateral whose numbers are taken.
        needs: whether every assumption is also dropped, to see whether it is needed.
    """
    return decided(obligation(stated, cell), needs=needs).at(cell)


def decided(due: Obligation, *, needs: bool = True) -> Result:
    """What is known of an obligation, in no cell of the matrix yet."""
    began = time.perf_counter()
    example = evaluate(due.theorem, due.cell, due.examples) if due.examples else None
    parts = [(part, _decide_part(due, part, example)) for part in due.parts]
    part, worst = max(parts, key=lambda one: _BADNESS.index(one[1].verdict))
    models = [m for m in (worst.witness, worst.countermodel) if m is not None]
    wanted = worst.verdict is Verdict.PROVED
    dropped = needs_of(due, sides_only=not needs) if wanted else ()
    return Result(
        theorem=due.theorem.name,
        verdict=_conditional(due, worst.verdict, dropped),
        part=part.name,
        parts=len(parts),
        witness=worst.witness,
        countermodel=worst.countermodel,
        confirmed=bool(models),
        needs=dropped if needs else (),
        failed_sides=tuple(due.failed_sides),
        rules=due.rules,
        milliseconds=round((time.perf_counter() - began) * 1000),
    )


_BADNESS = (Verdict.PROVED, Verdict.CONDITIONAL, Verdict.UNKNOWN, Verdict.VACUOUS, Verdict.REFUTED)


def _decide_part(due: Obligation, part: Part, example: Outcome | None) -> _Decided:
    stated, cell = due.theorem, due.cell

    def refutes(model: Model) -> bool:
        return evaluate(stated, cell, model).refutes(part.name)

    against, countermodel = _against(due, part)
    if countermodel is not None:
        if not refutes(countermodel):
            return _Decided(Verdict.UNKNOWN, None, None)
        short = readable(countermodel, refutes)
        return _Decided(Verdict.REFUTED, short, short)
    possible, witness = _witness(due, part, example)
    if possible == z3.unsat:
        return _Decided(Verdict.VACUOUS, None, None)
    proved = against == z3.unsat and witness is not None
    return _Decided(Verdict.PROVED if proved else Verdict.UNKNOWN, witness, None)


def _against(due: Obligation, part: Part) -> tuple[z3.CheckSatResult, Model | None]:
    """Whether anything speaks against a part, and a countermodel, which the exact model has still to confirm.

    It is asked first without what is known of its floors: what follows whatever they are needs no bounds of them.
    """
    denied, timeout = part.denied(due.assumed), due.theorem.timeout
    bounds = due.bounds.bearing_on(denied)
    if bounds and ask(denied, due.symbols, timeout)[0] == z3.unsat:
        return z3.unsat, None
    return ask([*bounds, *denied], due.symbols, timeout)


def _witness(due: Obligation, part: Part, example: Outcome | None) -> tuple[z3.CheckSatResult, Model | None]:
    """Numbers of which the exact model says that all assumptions hold: the statement's own example, or the solver's."""
    stated, cell = due.theorem, due.cell

    def holds(model: Model) -> bool:
        return evaluate(stated, cell, model).witnesses(part.name)

    if example is not None and example.witnesses(part.name):
        return z3.sat, {}
    asked = [*(term(a.condition) for a in due.assumed), term(part.when)]
    possible, witness = ask([*due.bounds.bearing_on(asked), *asked], due.symbols, stated.timeout)
    if witness is None or not holds(witness):
        return (possible if witness is None else z3.unknown), None
    return z3.sat, readable(witness, holds)


def _conditional(due: Obligation, verdict: Verdict, needs: Sequence[Need]) -> Verdict:
    conditions = any(need.side and need.needed is not False for need in needs)
    proved = verdict is Verdict.PROVED and due.cell.venue is None
    return Verdict.CONDITIONAL if proved and conditions else verdict
