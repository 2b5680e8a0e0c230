"""Deciding an obligation: proved or refuted, with a witness, and a countermodel for every assumption that is needed."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from fractions import Fraction

import z3
from attrs import frozen

from solvent.ledger import called
from solvent.prove.readable import readable
from solvent.prove.symbolic import Term, term
from solvent.prove.theorem import (
    Assumption,
    Cell,
    Obligation,
    Outcome,
    Part,
    Theorem,
    Verdict,
    evaluate,
    obligation,
)

SOLVER = f"z3 {z3.get_version_string()}"
"""The solver and its version."""

Model = Mapping[str, Fraction]


@frozen
class Need:
    """Whether an assumption is needed: a countermodel without it shows that it is.

    Attributes:
        meaning: the assumption.
        side: whether it is a side condition on parameters.
        needed: true, false, or ``None`` where the solver does not know.
        model: the countermodel without it, where there is one.
    """

    meaning: str
    side: bool
    needed: bool | None
    model: Model | None


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
    venue: str
    regime: str
    token: str
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


def ask(
    terms: Sequence[Term], symbols: Mapping[str, Term], timeout: int
) -> tuple[z3.CheckSatResult, Model | None]:
    """Whether formulas can hold together, and numbers for which they do.

    The formulas are asked as text in a context of their own, so that an answer does not depend on what was asked before.
    """
    written = z3.Solver()
    written.add(*terms)
    context = z3.Context()
    solver = z3.Solver(ctx=context)
    solver.set("timeout", timeout)
    solver.from_string(written.to_smt2())
    answer = solver.check()
    if answer != z3.sat:
        return answer, None
    model = solver.model()
    values = {name: model.eval(z3.Real(name, context), model_completion=True) for name in symbols}
    return answer, {name: _rational(value) for name, value in values.items()}


def _rational(value: Term) -> Fraction:
    if z3.is_algebraic_value(value):
        value = value.approx(12)
    return Fraction(value.as_string())


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
    began = time.perf_counter()
    with called() as rules:
        due = obligation(stated, cell)
    example = evaluate(stated, cell, due.examples) if due.examples else None
    decided = [(part, _decide_part(due, part, example)) for part in due.parts]
    part, worst = max(decided, key=lambda one: _BADNESS.index(one[1].verdict))
    models = [m for m in (worst.witness, worst.countermodel) if m is not None]
    wanted = worst.verdict is Verdict.PROVED
    dropped = _needs(due, sides_only=not needs) if wanted else ()
    return Result(
        theorem=stated.name,
        venue=cell.venue.name if cell.venue else "",
        regime=cell.regime or "",
        token=cell.token,
        verdict=_conditional(due, worst.verdict, dropped),
        part=part.name,
        parts=len(decided),
        witness=worst.witness,
        countermodel=worst.countermodel,
        confirmed=bool(models),
        needs=dropped if needs else (),
        failed_sides=tuple(due.failed_sides),
        rules=tuple(sorted(rules)),
        milliseconds=round((time.perf_counter() - began) * 1000),
    )


_BADNESS = (Verdict.PROVED, Verdict.CONDITIONAL, Verdict.UNKNOWN, Verdict.VACUOUS, Verdict.REFUTED)


def _decide_part(due: Obligation, part: Part, example: Outcome | None) -> _Decided:
    stated, cell = due.theorem, due.cell
    asked, denial = [*due.terms, term(part.when)], z3.Not(term(part.claim))
    bare = asked[len(due.background) :]  # what follows whatever the floors are needs no bounds of them
    against, countermodel = (
        ask([*bare, denial], due.symbols, stated.timeout) if due.background else (None, None)
    )
    if against != z3.unsat:
        against, countermodel = ask([*asked, denial], due.symbols, stated.timeout)
    if countermodel is not None:
        if not evaluate(stated, cell, countermodel).refutes(part.name):
            return _Decided(Verdict.UNKNOWN, None, None)
        short = readable(countermodel, lambda m: evaluate(stated, cell, m).refutes(part.name))
        return _Decided(Verdict.REFUTED, short, short)
    possible, witness = _witness(due, part, asked, example)
    if possible == z3.unsat:
        return _Decided(Verdict.VACUOUS, None, None)
    proved = against == z3.unsat and witness is not None
    return _Decided(Verdict.PROVED if proved else Verdict.UNKNOWN, witness, None)


def _witness(
    due: Obligation, part: Part, asked: Sequence[Term], example: Outcome | None
) -> tuple[z3.CheckSatResult, Model | None]:
    """Numbers of which the exact model says that all assumptions hold: the statement's own example, or the solver's."""
    stated, cell = due.theorem, due.cell

    def holds(model: Model) -> bool:
        return evaluate(stated, cell, model).witnesses(part.name)

    if example is not None and example.witnesses(part.name):
        return z3.sat, {}
    possible, witness = ask(asked, due.symbols, stated.timeout)
    if witness is None or not holds(witness):
        return (possible if witness is None else z3.unknown), None
    return z3.sat, readable(witness, holds)


def _conditional(due: Obligation, verdict: Verdict, needs: Sequence[Need]) -> Verdict:
    conditions = any(need.side and need.needed is not False for need in needs)
    proved = verdict is Verdict.PROVED and due.cell.venue is None
    return Verdict.CONDITIONAL if proved and conditions else verdict


def _needs(due: Obligation, *, sides_only: bool = False) -> tuple[Need, ...]:
    """Each assumption with whether it is needed; a countermodel without it counts once the exact model confirms it."""
    kept = [a for a in due.assumptions if not (a.side and due.cell.venue)]
    return tuple(_need(due, kept, dropped) for dropped in kept if dropped.side or not sides_only)


def _need(due: Obligation, kept: Sequence[Assumption], dropped: Assumption) -> Need:
    others = [*due.background, *(term(a.condition) for a in kept if a is not dropped)]
    unsure = False
    for part in due.parts:
        denied = [*others, term(part.when), z3.Not(term(part.claim))]
        answer, model = ask(denied, due.symbols, due.theorem.timeout)
        if model is not None:
            outcome = evaluate(due.theorem, due.cell, model)
            if outcome.refutes(part.name, without=dropped.meaning):
                return Need(dropped.meaning, dropped.side, True, model)
        unsure = unsure or answer != z3.unsat
    return Need(dropped.meaning, dropped.side, None if unsure else False, None)
