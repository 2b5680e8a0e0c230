"""What stands in formulas: symbols, divisors, and the bounds of floors that bear on a question."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Generic, TypeVar

import z3
from attrs import Factory, frozen

from solvent.prove.symbolic import Floors, Term

Names = frozenset[str]
Kind = TypeVar("Kind")


@frozen
class _Walked(Generic[Kind]):
    """What stands in formulas; what formulas share is walked once."""

    _known: dict[int, frozenset[Kind]] = Factory(dict)
    _kept: list[Term] = Factory(list)  # the formulas are kept, so that their ids stay theirs

    def _own(self, formula: Term) -> Iterable[Kind]:
        """What a formula adds to what stands in its parts."""
        raise NotImplementedError

    def of(self, formula: Term) -> frozenset[Kind]:
        """What stands in a formula."""
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
            inside = (self._known[part.get_id()] for part in parts)
            self._known[top.get_id()] = frozenset(self._own(top)).union(*inside)
        return self._known[formula.get_id()]


@frozen
class Symbols(_Walked[str]):
    """The names of the symbols that stand in formulas."""

    def _own(self, formula: Term) -> Iterable[str]:
        return [formula.decl().name()] if z3.is_const(formula) and not z3.is_rational_value(formula) else []


@frozen
class Divisors(_Walked[int]):
    """What is divided by in formulas, numbers left out; each has a number, in the order in which they were met."""

    terms: list[Term] = Factory(list)
    _numbers: dict[int, int] = Factory(dict)

    def _own(self, formula: Term) -> Iterable[int]:
        if not z3.is_div(formula) or z3.is_rational_value(formula.arg(1)):
            return []
        divisor = formula.arg(1)
        number = self._numbers.setdefault(divisor.get_id(), len(self.terms))
        if number == len(self.terms):
            self.terms.append(divisor)
        return [number]

    def in_all(self, formulas: Iterable[Term]) -> list[Term]:
        """The divisors in formulas."""
        return [self.terms[number] for number in sorted(frozenset[int]().union(*map(self.of, formulas)))]


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
