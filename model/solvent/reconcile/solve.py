"""Solve inputs that were not recorded from one reported figure each, and test them on the others.

A solved input is kept only if no figure that agreed before stops agreeing. The figure it was solved from
tells nothing more and is reported as not observable; what counts is how the other figures then come out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from math import sqrt
from typing import Any

from attrs import evolve, field, frozen

from solvent.interval import IndeterminateError, Interval, around, interval
from solvent.reconcile.figure import Figure
from solvent.reconcile.inputs import Missing, NotRecordedError
from solvent.reconcile.state import State

ROUNDS = 80
"""How many steps the search for one input may take."""
MOST_TRIED = 4
"""From how many figures one input is solved for comparison, before the best is taken."""
WIDEST_STEP = Fraction(1, 50)
"""How wide the step may be, relative to the value, of a figure that an input is solved from."""


@frozen
class Value:
    """What a figure came out as: bounds, ``None`` for null, or the input that it lacks."""

    computed: Interval | None = None
    lacks: str = ""


@frozen(kw_only=True)
class Solution:
    """A state with inputs solved, every figure's value in it, and which figure told which input.

    Attributes:
        figures: the figures.
        state: the state.
        values: the value of each figure, in the order of figures.
        told: by the position of a figure, the input that was solved from it.
    """

    figures: Sequence[Figure]
    state: State
    values: tuple[Value, ...]
    told: Mapping[int, str] = field(factory=dict)

    def agrees(self, position: int, figure: Figure) -> bool:
        """Whether a figure agrees, and was not used to solve an input."""
        value = self.values[position]
        return position not in self.told and not value.lacks and figure.agrees(value.computed, self.state)


def evaluate(figure: Figure, state: State) -> Value:
    """A figure in a state."""
    try:
        computed = figure.compute(state)
    except NotRecordedError as error:
        return Value(lacks=error.input)
    except IndeterminateError:
        return Value(lacks="more printed digits")
    if isinstance(computed, Missing):
        return Value(lacks=computed.name)
    return Value() if computed is None else Value(interval(computed))


def solve(figures: Sequence[Figure], state: State) -> Solution:
    """Solve what can be solved, the input that makes most figures agree first."""
    values = tuple(evaluate(figure, state) for figure in figures)
    solution = Solution(figures=figures, state=state, values=values)
    while True:
        candidates = list(_candidates(figures, solution))
        if not candidates:
            return solution
        best = max(candidates, key=lambda candidate: candidate[0])
        solution = best[1]


def _candidates(figures: Sequence[Figure], solution: Solution) -> Iterator[tuple[int, Solution]]:
    """Each further input that can be solved, with how many more figures agree then."""
    agreed = [solution.agrees(i, figure) for i, figure in enumerate(figures)]
    inputs = solution.state.inputs
    tried: Counter[str] = Counter()
    for position, figure in enumerate(figures):
        if agreed[position] or position in solution.told:
            continue
        for name in figure.inputs:
            if name not in inputs.declared or name in inputs.solved or tried[name] >= MOST_TRIED:
                continue
            tried[name] += 1
            value, told = whole(figure, name, solution.state), dict(solution.told)
            if value is None:
                value, told[position] = find(figure, name, solution.state), name
            if value is None:
                continue
            state = evolve(solution.state, inputs=inputs.with_solved(name, value))
            values = tuple(evaluate(each, state) for each in figures)
            found = Solution(figures=figures, state=state, values=values, told=told)
            after = [found.agrees(i, each) for i, each in enumerate(figures)]
            if not any(was and not now for was, now in zip(agreed, after, strict=True)):
                yield sum(after) - sum(agreed), found


def whole(figure: Figure, name: str, state: State) -> Interval | None:
    """The whole range of a missing input, where a figure comes out as reported all over it."""
    declared, shown = state.inputs.declared[name], figure.shown(state)
    if not isinstance(declared.taken, Missing) or shown is None:
        return None
    value = Interval(declared.low, declared.high)
    computed = evaluate(figure, _with(state, name, value)).computed
    if computed is None or computed.reach > shown.reach or not figure.agrees(computed, state):
        return None
    return value


def find(figure: Figure, name: str, state: State) -> Interval | None:
    """The values of an input at which a figure comes out as reported, with the bounds that digits leave.

    The figure must rise or fall with the input over its range, in steps at most; ``None`` where it does not,
    where another input is missing too, or where no value within the input's bounds makes it come out.
    """
    declared, shown = state.inputs.declared[name], figure.shown(state)
    if shown is None:
        return None

    def distance(x: Fraction) -> Fraction | None:
        value = evaluate(figure, _with(state, name, interval(x)))
        return None if value.lacks or value.computed is None else value.computed.middle - shown.middle

    x = _root(distance, declared.low, declared.high, shown.reach / 10**6)
    if x is None:
        return None
    step = max(abs(x), Fraction(1, 10**6)) / 10**9
    here, there = distance(x), distance(x + step)
    at = evaluate(figure, _with(state, name, interval(x))).computed
    if here is None or there is None or at is None or not figure.agrees(at, state):
        return None
    if here == there:
        return _plateau(lambda y: distance(y) == here, x, declared.low, declared.high)
    return around(x, (at.reach + shown.reach + abs(here)) / abs((there - here) / step))


def _with(state: State, name: str, value: Interval) -> State:
    return evolve(state, inputs=state.inputs.with_solved(name, value))


def _root(
    f: Callable[[Fraction], Fraction | None], low: Fraction, high: Fraction, precision: Fraction
) -> Any:
    """Where ``f`` comes closest to zero between two bounds; by false position with halving."""
    a, b = f(low), f(high)
    if a is None or b is None or a == b or (a < 0) == (b < 0):
        return None
    x = low
    for turn in range(ROUNDS):
        x = (low - a * (high - low) / (b - a) if turn % 3 else _between(low, high)).limit_denominator(10**24)
        y = f(x)
        if y is None or abs(y) <= precision:
            return None if y is None else x
        if (y < 0) == (a < 0):
            low, a = x, y
        else:
            high, b = x, y
    return x


def _plateau(
    inside: Callable[[Fraction], bool], x: Fraction, low: Fraction, high: Fraction
) -> Interval | None:
    """The step of a figure around a value, where the figure does not tell more; ``None`` if it tells too little."""
    edges = []
    for outside in (low, high):
        near, far = x, outside
        for _ in range(ROUNDS):
            middle = (near + far) / 2
            near, far = (middle, far) if inside(middle) else (near, middle)
        edges.append(far.limit_denominator(10**24))
    found = Interval(*edges)
    return found if found.reach <= abs(x) * WIDEST_STEP else None


def _between(low: Fraction, high: Fraction) -> Fraction:
    """A number that halves a range, by ratio where it spans several orders of magnitude."""
    if low > 0 and high > 16 * low:
        return Fraction(sqrt(low) * sqrt(high))
    return (low + high) / 2
