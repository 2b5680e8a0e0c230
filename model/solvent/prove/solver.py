"""Asking the solver: whether formulas can hold together, and numbers for which they do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

import z3

from solvent.prove.symbolic import Term

SOLVER = f"z3 {z3.get_version_string()}"
"""The solver and its version."""

Model = Mapping[str, Fraction]

PLAIN = ("simplify", "propagate-values", "solve-eqs", "smt")
"""The tactics of a solver that is asked where Z3's own choice of tactics does not know."""


def ask(
    terms: Sequence[Term],
    symbols: Mapping[str, Term],
    timeout: int,
    tactics: Sequence[str] = (),
    effort: int = 0,
) -> tuple[z3.CheckSatResult, Model | None]:
    """Whether formulas can hold together, and numbers for which they do; those that may be any are left out.

    The formulas are asked as text in a context of their own, so that an answer does not depend on what was asked before.

    Args:
        terms: the formulas.
        symbols: whose numbers are told.
        timeout: the most milliseconds.
        tactics: those of the solver, where they are not its own choice.
        effort: the most that the solver counts of its own steps, the same on every machine; zero for any.
    """
    written = z3.Solver()
    written.add(*terms)
    context = z3.Context()
    solver = z3.Then(*tactics, ctx=context).solver() if tactics else z3.Solver(ctx=context)
    solver.set("timeout", timeout)
    solver.set("rlimit", effort)
    solver.from_string(written.to_smt2())
    answer = solver.check()
    if answer != z3.sat:
        return answer, None
    model = solver.model()
    values = {decl.name(): model[decl] for decl in model.decls()}
    return answer, {name: _rational(values[name]) for name in symbols if name in values}


def _rational(value: Term) -> Fraction:
    if z3.is_algebraic_value(value):
        value = value.approx(12)
    return Fraction(value.as_string())
