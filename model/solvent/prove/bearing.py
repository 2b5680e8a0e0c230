"""What stands in formulas: symbols, divisors, and the bounds of floors that bear on a question."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

import z3
from attrs import Factory, frozen

from solvent.prove.symbolic import Floors, Term

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


@frozen
class Bounds:
    """The bounds of the floors of one obligation.

    A floor exists for every amount, so that bounds of floors that a question does not speak of change no answer.

    Attributes:
        floors: the floors, and what bounds them.
    """

    floors: Floors
    _symbols: Symbols = Factory(Symbols)

    @property
    def unrounded(self) -> list[Term]:
        """Each floor as its amount, of which it is one of the numbers that it may be."""
        return [z3.Real(name) == amount for name, amount in self.floors.amounts.items()]

    def bearing_on(self, terms: Iterable[Term]) -> list[Term]:
        """The bounds of the floors that stand in these terms, or in the amount of such a floor."""
        amounts = self.floors.amounts
        waiting = [name for each in terms for name in self._symbols.of(each) if name in amounts]
        needed: set[str] = set()
        while waiting:
            name = waiting.pop()
            if name not in needed:
                needed.add(name)
                waiting += self._symbols.of(amounts[name]) & amounts.keys()
        return [bound for bound, floors in self._each if floors <= needed] if needed else []

    @cached_property
    def _each(self) -> list[tuple[Term, Names]]:
        """Each bound with the floors that stand in it."""
        return [(bound, self._symbols.of(bound) & self.floors.amounts.keys()) for bound in self.floors.bounds]
