"""Deciding an obligation: proved or refuted, with a witness, and a countermodel for every assumption that is needed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

import z3
from attrs import frozen

from solvent.ledger import called
from solvent.prove.bearing import Symbols
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

NEAR_TIMEOUT = 1_000
"""The most milliseconds of a question about numbers near the examples."""

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

    def refutes(model: Model) -> bool:
        return evaluate(stated, cell, model).refutes(part.name)

    follows, countermodel = _follows(due, part, due.assumed, refutes)
    if countermodel is not None:
        short = readable(countermodel, refutes)
        return _Decided(Verdict.REFUTED, short, short)
    possible, witness = _witness(due, part, example)
    if possible == z3.unsat:
        return _Decided(Verdict.VACUOUS, None, None)
    proved = follows and witness is not None
    return _Decided(Verdict.PROVED if proved else Verdict.UNKNOWN, witness, None)


def _follows(
    due: Obligation,
    part: Part,
    assumed: Sequence[Assumption],
    refutes: Callable[[Model], bool],
    free: Collection[str] = (),
) -> tuple[bool, Model | None]:
    """Whether a part follows from these assumptions; where it does not, a countermodel that the exact model confirms.

    It is asked first without what is known of its floors: what follows whatever they are needs no bounds of them. Then
    a countermodel is looked for near the examples: with their numbers, but for those that are free.
    """
    timeout = due.theorem.timeout
    denied = [*(term(a.condition) for a in assumed), term(part.when), z3.Not(term(part.claim))]
    bounds = due.bounds.bearing_on(denied)
    near = [due.symbols[name] == term(value) for name, value in due.examples.items() if name not in free]
    asked = [([], timeout)] + [(near, NEAR_TIMEOUT)] * bool(near) + [(bounds, timeout)] * bool(bounds)
    for known, most in asked:
        answer, model = ask([*known, *denied], due.symbols, most)
        if answer == z3.unsat and known is not near:
            return True, None
        if model is not None and refutes(model):
            return False, model
    return False, None


def _witness(
    due: Obligation, part: Part, example: Outcome | None
) -> tuple[z3.CheckSatResult, Model | None]:
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


def _needs(due: Obligation, *, sides_only: bool = False) -> tuple[Need, ...]:
    """Each assumption with whether it is needed; a countermodel without it counts once the exact model confirms it."""
    return tuple(_need(due, dropped) for dropped in due.assumed if dropped.side or not sides_only)


def _need(due: Obligation, dropped: Assumption) -> Need:
    kept, free = [a for a in due.assumed if a is not dropped], Symbols().of(term(dropped.condition))
    unsure = False
    for part in due.parts:

        def refutes(model: Model, name: str = part.name) -> bool:
            return evaluate(due.theorem, due.cell, model).refutes(name, without=dropped.meaning)

        follows, model = _follows(due, part, kept, refutes, free)
        if model is not None:
            return Need(dropped.meaning, dropped.side, True, model)
        unsure = unsure or not follows
    return Need(dropped.meaning, dropped.side, None if unsure else False, None)
