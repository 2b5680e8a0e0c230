"""The symbolic reading: Z3 terms as the numbers and conditions of the rules.

Importing this module registers Z3 with the words of ``solvent.arithmetic``. From then on a rule that is called
with the symbols made here gives the formula of its result, over the reals and without rounding that the rule
does not name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from typing import Annotated, Any, TypeAlias, get_args, get_origin, get_type_hints

import z3
from attrs import Factory, fields, frozen, has

from solvent.arithmetic import Condition, choose, conjoin, disjoin, floor_multiple, invert

Term: TypeAlias = Any
"""A Z3 term of sort ``Real`` or ``Bool``."""

conjoin.register(z3.BoolRef, z3.And)
disjoin.register(z3.BoolRef, z3.Or)
invert.register(z3.BoolRef, z3.Not)


@choose.register(z3.BoolRef)
def _choose(condition: Term, a: Any, b: Any) -> Term:
    return z3.If(condition, term(a), term(b))


@frozen
class Floors:
    """The floors of one block: a symbol for each amount and unit, and what bounds the symbols.

    Attributes:
        amounts: of what each symbol is the floor, by its name.
        bounds: what is known of the symbols, where their unit is above zero.
    """

    amounts: dict[str, Term] = Factory(dict)
    bounds: list[Term] = Factory(list)
    _known: dict[tuple[int, int], tuple[Term, Term, Term]] = Factory(dict)

    def floor(self, amount: Term, unit: Term) -> Term:
        """The symbol of the floor of an amount to a unit."""
        key = amount.get_id(), unit.get_id()
        if key not in self._known:
            floored = z3.Real(f"floor {len(self._known)}")
            self._bound(unit, floored <= amount, amount < floored + unit)
            self._bound(unit, z3.Implies(amount >= 0, floored >= 0), z3.Or(floored <= 0, floored >= unit))
            for other, of, by in self._known.values():
                if by.eq(unit):
                    self._bound(unit, z3.Implies(of <= amount, other <= floored))
                    self._bound(unit, z3.Implies(amount <= of, floored <= other))
            self.amounts[floored.decl().name()] = amount
            self._known[key] = (floored, amount, unit)  # the terms are kept, so that their ids stay theirs
        return self._known[key][0]

    def _bound(self, unit: Term, *bounds: Term) -> None:
        fixed = z3.is_rational_value(unit) and unit.as_fraction() > 0
        self.bounds.extend(bounds if fixed else (z3.Implies(unit > 0, bound) for bound in bounds))


_BOUNDED_FLOORS: list[Floors] = []


@floor_multiple.register(z3.ArithRef)
def _floor_multiple(_: Term, amount: Any, unit: Any) -> Term:
    if not _BOUNDED_FLOORS:
        return z3.ToReal(z3.ToInt(term(amount) / term(unit))) * term(unit)
    return _BOUNDED_FLOORS[-1].floor(term(amount), term(unit))


@contextmanager
def bounded_floors() -> Iterator[Floors]:
    """Inside the block a floor is any number less than a unit below its amount, if the unit is above zero.

    It has the amount's sign where that is not negative, none lies between zero and the unit, and floors to one unit
    are in the order of their amounts. Of a floor to a unit that may be zero or less nothing is known.
    This says less than that it is a multiple of the unit. What is proved so holds; a countermodel may rest on a number
    that is no floor, and counts only once the exact reading confirms it.
    """
    floors = Floors()
    _BOUNDED_FLOORS.append(floors)
    try:
        yield floors
    finally:
        _BOUNDED_FLOORS.pop()


def real(name: str) -> Term:
    """The symbol of this name for a number."""
    return z3.Real(name)


def flag(name: str) -> Term:
    """The symbol of this name for a condition."""
    return z3.Bool(name)


def term(value: Any) -> Term:
    """The Z3 term of a number or condition of either reading; a term stays what it is.

    Raises:
        TypeError: the value is none of ``Fraction``, ``int``, ``bool`` and a Z3 term.
    """
    if isinstance(value, z3.ExprRef):
        return value
    if isinstance(value, bool):
        return z3.BoolVal(value)
    if isinstance(value, int | Fraction):
        return z3.RealVal(str(value))
    raise TypeError(f"no exact number or condition: {value!r}")


def exact(value: Any) -> Fraction | bool:
    """The value of a closed term in the exact reading.

    Raises:
        TypeError: it is not a number or condition of either reading.
        ValueError: it has no value: a symbol stands in it, or a division by zero.
    """
    simple = z3.simplify(term(value))
    if z3.is_true(simple) or z3.is_false(simple):
        return bool(z3.is_true(simple))
    if z3.is_rational_value(simple) or z3.is_int_value(simple):
        return Fraction(simple.as_string())
    raise ValueError(f"not a closed term: {simple}")


def leaves(value: Any) -> Iterator[Any]:
    """The numbers and conditions that arguments, a sequence or an attrs value consist of, in order."""
    if isinstance(value, Mapping):
        parts: Sequence[Any] = list(value.values())
    elif has(type(value)):
        parts = [getattr(value, field.name) for field in fields(type(value))]
    elif isinstance(value, list | tuple):
        parts = value
    else:
        yield value
        return
    for part in parts:
        yield from leaves(part)


def parameters(function: Callable[..., Any]) -> dict[str, Any]:
    """The annotation of every parameter of a rule by name, kinds included."""
    hints = get_type_hints(function, include_extras=True)
    return {name: hint for name, hint in hints.items() if name != "return"}


def symbolic_arguments(function: Callable[..., Any], /, **lengths: int) -> dict[str, Any]:
    """Arguments for a rule that are symbols throughout, by parameter.

    The symbols carry the names of what they stand for: ``notional``, ``marks[1]``, ``tiers[0].rate``.

    Args:
        function: the rule.
        lengths: how many items each sequence has, by parameter.

    Raises:
        KeyError: a sequence has no length here.
        TypeError: a parameter is not annotated as a kind, a sequence, or an attrs value of numbers.
    """
    symbols: dict[str, Any] = {}
    for name, hint in parameters(function).items():
        if get_origin(hint) is Sequence:
            (item,) = get_args(hint)
            symbols[name] = tuple(_symbol(f"{name}[{place}]", item) for place in range(lengths[name]))
        else:
            symbols[name] = _symbol(name, hint)
    return symbols


def _symbol(name: str, hint: Any) -> Any:
    if get_origin(hint) is Annotated:
        return flag(name) if get_args(hint)[0] is Condition else real(name)
    if isinstance(hint, type) and has(hint):
        return hint(**{field.name: real(f"{name}.{field.name}") for field in fields(hint)})
    raise TypeError(f"no symbol for {name}, which is annotated as {hint!r}")
