"""Numbers that rules take, drawn where rules turn: at edges, just beside them, and anywhere in range."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from functools import cache
from operator import mul
from typing import Annotated, Any, get_args, get_origin

from hypothesis import strategies as st

from solvent.arithmetic import ONE, ZERO, Condition, Number, both, either
from solvent.prove.symbolic import parameters
from solvent.rules.kinds import (
    Kind,
    Leverage,
    Price,
    Ratio,
    Resting,
    Side,
    SizeOpen,
    Tier,
    Tiers,
    Usd,
    UsdOpen,
)
from solvent.rules.perp import maintenance_rate, tier_deduction

LONGEST = 3
"""How many items a drawn sequence has at most."""
STEP = Fraction(1, 10**6)
"""How far beside an edge numbers are drawn: the step of USD amounts."""
_SCALES = [Fraction(10) ** exponent / divisor for divisor in (1, 3, 7) for exponent in range(-10, 13)]

Turns = Mapping[str, Sequence[Fraction]]
"""By unit, numbers at which a rule may turn because of its other arguments."""


def kind_of(hint: Any) -> Kind:
    """The kind that an annotation such as ``Usd`` carries."""
    kind: Kind = get_args(hint)[1]
    return kind


def admits(kind: Kind, value: Number) -> Condition:
    """Whether a number of any reading is of this kind."""
    above = True if kind.low is None else value > kind.low if kind.open_low else value >= kind.low
    below = True if kind.high is None else value <= kind.high
    return both(above, below, either(value < 0, value > 0) if kind.nonzero else True)


@cache
def numbers(kind: Kind) -> st.SearchStrategy[Fraction]:
    """Exact numbers of a kind: its edges, bounds and zero, one step beside each, and any others.

    Those others range from 1e-10 to about 1e16 where the kind does not bound them, and are not all decimals.
    """
    if kind == kind_of(Side):
        return st.sampled_from((ONE, -ONE))
    edges = {ZERO, *kind.edges, *(bound for bound in (kind.low, kind.high) if bound is not None)}
    near = sorted(
        {beside for edge in edges for beside in _beside(edge)}, key=lambda v: (v.denominator, abs(v), v < 0)
    )
    return st.sampled_from(_admitted(kind, near)) | _anywhere(kind).filter(lambda value: admits(kind, value))


def _beside(edge: Fraction) -> tuple[Fraction, ...]:
    return edge, edge + STEP, edge - STEP


def _admitted(kind: Kind, values: Iterable[Fraction]) -> list[Fraction]:
    return [value for value in values if admits(kind, value)]


def _anywhere(kind: Kind) -> st.SearchStrategy[Fraction]:
    if kind.low is not None and kind.high is not None:
        low, width = kind.low, kind.high - kind.low
        return st.integers(0, 999_999).map(lambda part: low + width * Fraction(part, 999_999))
    magnitudes = st.builds(mul, st.integers(1, 9_999), st.sampled_from(_SCALES))
    if kind.low is not None:
        return magnitudes.map(kind.low.__add__)
    if kind.high is not None:
        return magnitudes.map(kind.high.__sub__)
    return st.builds(mul, st.sampled_from((1, -1)), magnitudes)


@st.composite
def tables(draw: st.DrawFn) -> tuple[Tier, ...]:
    """Consistent margin tables of one to three tiers.

    Bounds rise from zero and leverages fall; rates and deductions are those that the rules give, so that
    maintenance margin has no jump at a bound.
    """
    count = draw(st.integers(1, LONGEST))
    leverages = draw(_distinct(kind_of(Leverage), count))
    bounds = draw(_distinct(kind_of(UsdOpen), count - 1))
    tiers: list[Tier] = []
    for bound, leverage in zip((ZERO, *sorted(bounds)), sorted(leverages, reverse=True), strict=True):
        rate = maintenance_rate(leverage)
        previous = tiers[-1] if tiers else Tier(ZERO, leverage, rate, ZERO)
        deduction = tier_deduction(previous.deduction, bound, previous.rate, rate)
        tiers.append(Tier(bound, leverage, rate, deduction))
    return tuple(tiers)


def _distinct(kind: Kind, count: int) -> st.SearchStrategy[list[Fraction]]:
    return st.lists(numbers(kind), min_size=count, max_size=count, unique=True)


_STRUCTURES: Mapping[Any, st.SearchStrategy[Any]] = {
    Tier: tables(),
    Resting: st.lists(
        st.builds(Resting, numbers(kind_of(SizeOpen)), numbers(kind_of(Price))), max_size=LONGEST
    ).map(tuple),
    Ratio: st.builds(Ratio, numbers(kind_of(Usd)), numbers(kind_of(UsdOpen))),
}
"""What is drawn as a whole: a margin table, the resting orders of one side, a ratio."""


def arguments(function: Callable[..., Any], least: int = 0) -> st.SearchStrategy[dict[str, Any]]:
    """Arguments of a rule by parameter, each of its kind.

    Sequences of numbers share one length; those of resting orders have each their own. Numbers lean to the
    values of arguments drawn before them and, in a rule with a margin table, to where its tiers begin.

    Args:
        function: the rule.
        least: how many items a sequence of numbers has at least.
    """
    return _arguments(parameters(function), least)


@st.composite
def _arguments(draw: st.DrawFn, hints: Mapping[str, Any], least: int) -> dict[str, Any]:
    length = draw(st.integers(least, LONGEST))
    turns: defaultdict[str, list[Fraction]] = defaultdict(list)
    drawn: dict[str, Any] = {}
    for name in sorted(hints, key=lambda name: hints[name] != Tiers):
        drawn[name] = draw(_values(hints[name], length, turns))
        _note(turns, hints[name], drawn[name])
    return {name: drawn[name] for name in hints}


def _values(hint: Any, length: int, turns: Turns) -> st.SearchStrategy[Any]:
    if get_origin(hint) is Annotated:
        if get_args(hint)[0] is Condition:
            return st.booleans()
        kind = kind_of(hint)
        turning = _admitted(kind, turns[kind.unit])
        return numbers(kind) | st.sampled_from(turning) if turning else numbers(kind)
    item = get_args(hint)[0] if get_origin(hint) is Sequence else hint
    if item in _STRUCTURES:
        return _STRUCTURES[item]
    return st.tuples(*[_values(item, length, turns)] * length)


def _note(turns: defaultdict[str, list[Fraction]], hint: Any, value: Any) -> None:
    """Add the numbers at which a rule may turn once this argument is known."""
    if hint == Tiers:
        turns["USD"] += [beside for tier in value for beside in _beside(tier.lower_bound)]
        turns["x"] += [tier.max_leverage for tier in value]
    elif isinstance(value, Fraction):
        unit = kind_of(hint).unit
        turns[unit].append(value)
        if unit == "contracts" and value:
            turns["USD per unit"] += [notional / abs(value) for notional in turns["USD"]]
