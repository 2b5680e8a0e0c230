"""Boundaries: states in which an account stands exactly on an edge of a rule, found by Z3 over the shipped rules.

The model is read symbolically: the one free number of a boundary is a Z3 term, a whole number of units, and what the
rules make of it is set to stand on the edge. The number is then carried back to exact arithmetic, with one unit to
each side, and what happens must change there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from typing import Any

import z3
from attrs import frozen

from solvent.arithmetic import Number
from solvent.conform.program import Program, expected
from solvent.conform.vectors import Kind, Vector, made
from solvent.decimals import show
from solvent.exchange import Action, Exchange
from solvent.protocol.engine import DISCHARGE, op_of
from solvent.protocol.genesis import genesis_of
from solvent.protocol.picture import Value, field_of
from solvent.prove.solver import SOLVER, ask
from solvent.prove.symbolic import real, term

SIDES = (("below", -1), ("at", 0), ("above", 1))
NUMBER, COUNT = "number", "units"
PATIENCE = 20_000
"""How many milliseconds the solver has for one boundary."""


@frozen(kw_only=True)
class Edge:
    """An edge of a rule, with a state that the solver puts on it.

    Attributes:
        id: the rule, a slash, and a name.
        title: what stands on the edge.
        world: the state that it begins with.
        before: the actions that lead to the edge, by the free number.
        then: the action whose outcome changes there; ``None`` where a figure does.
        gap: what is zero on the edge, in the state after ``before``, by the free number.
        unit: the step of the free number.
        watch: the figure that changes, where it is not the outcome.
        discharged: whether the venue does last what is due.
        flags: the mistakes that it finds.
    """

    id: str
    title: str
    world: Callable[[], Exchange]
    before: Callable[[Any], tuple[Action, ...]] = lambda _: ()
    then: Callable[[Any], Action] | None = None
    gap: Callable[[Any, Any], Number]
    unit: Fraction
    watch: tuple[str, ...] = ()
    discharged: bool = False
    flags: tuple[str, ...] = ("edge",)


class NoBoundary(Exception):  # noqa: N818 - a fault of an edge as it is written, which its builder sees
    """An edge that no number of units stands on, more than one, or at which nothing changes."""


def solve(edge: Edge) -> Fraction:
    """The one number that stands on the edge.

    Raises:
        NoBoundary: there is none, there are several, or the solver does not know.
    """
    free, units = real(NUMBER), z3.Int(COUNT)
    state = edge.world()
    for action in edge.before(free):
        state = action.apply(state)
    whole = free == z3.ToReal(units) * term(edge.unit)
    stands = [free > 0, whole, term(edge.gap(state, free)) == 0]
    answer, model = ask(stands, {NUMBER: free}, PATIENCE)
    if model is None:
        raise NoBoundary(f"{edge.id}: no number stands on the edge ({answer})")
    found = model[NUMBER]
    other, _ = ask([*stands, free != term(found)], {NUMBER: free}, PATIENCE)
    if other != z3.unsat:
        raise NoBoundary(f"{edge.id}: {show(found)} is not shown to be the only number on the edge ({other})")
    return found


def program(edge: Edge, number: Fraction) -> Program:
    """The program of an edge with this number."""
    actions = [*edge.before(number), *([edge.then(number)] if edge.then else [])]
    steps = [op_of(action) for action in actions]
    if edge.discharged:
        steps.append({"op": DISCHARGE})
    return Program(genesis_of(edge.world()), tuple(steps))


def effect(edge: Edge, number: Fraction) -> tuple[frozenset[str], Value | None]:
    """What happens with this number: the codes of the last step's refusal, and the figure that is watched."""
    last = expected(program(edge, number))[-1]
    return last.codes, last.picture.get(edge.watch)


def vectors_of(edge: Edge) -> Iterator[Vector]:
    """The vectors of an edge: one unit below it, at it, and one unit above.

    Raises:
        NoBoundary: no number stands on it, or nothing changes there.
    """
    number = solve(edge)
    effects = [effect(edge, number + side * edge.unit) for _, side in SIDES]
    if effects[0] == effects[1] == effects[2]:
        raise NoBoundary(f"{edge.id}: nothing changes at {show(number)}")
    where = {"below": "one unit below", "at": "exactly at", "above": "one unit above"}
    for name, side in SIDES:
        yield made(
            program(edge, number + side * edge.unit),
            id=f"{edge.id}-{name}",
            title=f"{edge.title}: {where[name]} the edge",
            kind=Kind.BOUNDARY,
            source={"name": "the rules, read symbolically", "solver": SOLVER},
            flags=edge.flags,
            fields=(field_of(edge.watch),) if edge.watch else (),
        )


def whole(number: Any) -> Any:
    """A number as an integer where it is exact: time has no other."""
    return int(number) if isinstance(number, Fraction) else number


def boundary_vectors(edges: Iterable[Edge]) -> Iterator[Vector]:
    """The vectors of all these edges."""
    for edge in edges:
        yield from vectors_of(edge)
