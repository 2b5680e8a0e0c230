"""What stands in formulas: symbols, divisors, and the bounds of floors that bear on a question."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import z3
from attrs import Factory, frozen

from solvent.prove.symbolic import Term

Names = frozenset[str]


@frozen
class Symbols:
    """The symbols that stand in formulas; what formulas share is walked once."""

    _known: dict[int, Names] = Factory(dict)
    _kept: list[Term] = Factory(list)  # the formulas are kept, so that their ids stay theirs

    def of(self, formula: Term) -> Names:
        """The names of the symbols in a formula."""
        waiting = [formula]
        while waiting:
            top = waiting[-1]
            parts = top.children()
            unknown = [part for part in parts if part.get_id() not in self._known]
            if unknown:
                waiting += unknown
                continue
            waiting.pop()
            self._kept.append(top)
            own = Names([top.decl().name()] if z3.is_const(top) and not z3.is_rational_value(top) else [])
            self._known[top.get_id()] = own.union(*(self._known[part.get_id()] for part in parts))
        return self._known[formula.get_id()]


def divisors(formulas: Iterable[Term]) -> list[Term]:
    """What is divided by in formulas, numbers left out."""
    found, seen, waiting = dict[int, Term](), set[int](), list(formulas)
    while waiting:
        top = waiting.pop()
        if top.get_id() not in seen:
            seen.add(top.get_id())
            parts = top.children()
            waiting += parts
            if z3.is_div(top) and not z3.is_rational_value(parts[1]):
                found[parts[1].get_id()] = parts[1]
    return list(found.values())


def unrounded(bounds: Iterable[Term]) -> list[Term]:
    """Each floor of these bounds as its amount, of which it is one of the numbers that it may be."""
    return [bound.arg(0) == bound.arg(1) for bound in bounds if _is_floor(bound)]


def _is_floor(bound: Term) -> bool:
    return bool(z3.is_le(bound) and z3.is_const(bound.arg(0)))


class Bounds:
    """The bounds of the floors of one obligation, as ``bounded_floors`` lists them.

    A floor exists for every amount, so that bounds of floors that a question does not speak of change no answer.
    """

    def __init__(self, bounds: Sequence[Term]) -> None:
        self._symbols = Symbols()
        amounts = {b.arg(0).decl().name(): b.arg(1) for b in bounds if _is_floor(b)}
        self._within: Mapping[str, Names] = {
            floor: self._symbols.of(amount) & amounts.keys() for floor, amount in amounts.items()
        }
        self._bounds = [(bound, self._symbols.of(bound) & amounts.keys()) for bound in bounds]

    def bearing_on(self, terms: Iterable[Term]) -> list[Term]:
        """The bounds of the floors that stand in these terms, or in the amount of such a floor."""
        waiting = [name for each in terms for name in self._symbols.of(each) if name in self._within]
        needed: set[str] = set()
        while waiting:
            name = waiting.pop()
            if name not in needed:
                needed.add(name)
                waiting += self._within[name]
        return [bound for bound, floors in self._bounds if floors <= needed]
