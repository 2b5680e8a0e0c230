"""Which assumptions a claim needs: each is dropped, and a countermodel without it shows that it is needed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from functools import partial
from itertools import chain

import z3
from attrs import field, frozen

from solvent.prove.bearing import Divisors, Names, Symbols
from solvent.prove.solver import PLAIN, Model, ask
from solvent.prove.symbolic import Term, term
from solvent.prove.theorem import Assumption, Obligation, Part, evaluate

EFFORT, TIMEOUT = 600_000, 2_000
"""The most steps of the solver for one question; and the most milliseconds, for what it does not count as steps."""
LEAST_EFFORT = 60_000
"""The most steps of a last question that seldom helps where the first ones did not."""


@frozen
class Need:
    """Whether an assumption is needed: a countermodel without it shows that it is.

    Attributes:
        meaning: the assumption.
        side: whether it is a side condition on parameters.
        needed: true, false, or ``None`` where it is not known.
        model: the countermodel without it, where there is one.
    """

    meaning: str
    side: bool
    needed: bool | None
    model: Model | None


def needs_of(due: Obligation, *, sides_only: bool = False) -> tuple[Need, ...]:
    """Each assumption of a proved obligation with whether it is needed.

    It is not, where every part follows without it wherever nothing is divided by zero. A countermodel counts once the
    exact model confirms it. It is looked for next to the examples, with one number changed that the assumption speaks
    of, then with any for those and for what the statement itself names; and then with any numbers at all.
    """
    dropped = [a for a in due.assumed if a.side or not sides_only]
    return _Search(due).needs(dropped) if dropped else ()


@frozen
class _Search:
    """The search for what an obligation needs."""

    due: Obligation
    _divisors: Divisors = field(factory=Divisors)

    def needs(self, dropped: Sequence[Assumption]) -> tuple[Need, ...]:
        resting = self.due.parts
        if len(dropped) > 1:
            resting = tuple(part for part in self.due.parts if not self._follows(part, ()))
        return tuple(self._need(each, resting) for each in dropped)

    def _need(self, dropped: Assumption, resting: Sequence[Part]) -> Need:
        due, kept = self.due, [a for a in self.due.assumed if a is not dropped]
        spoken, found = Symbols().of(term(dropped.condition)), partial(Need, dropped.meaning, dropped.side)

        def broken(models: Iterable[Model]) -> Model | None:
            breaks = (
                m for m in models if evaluate(due.theorem, due.cell, m).refuted(without=dropped.meaning)
            )
            return next(breaks, None)

        left = next((part for part in resting if not self._follows(part, kept)), None)
        if left is None:
            return found(needed=False, model=None)
        model = broken(
            chain(self._changed(spoken), self._near(spoken, kept, resting), self._anywhere(left, kept))
        )
        return found(needed=None if model is None else True, model=model)

    def _follows(self, part: Part, assumed: Sequence[Assumption]) -> bool:
        """Whether a part is known to follow from these assumptions."""
        denied = part.denied(assumed)
        bounds = self.due.bounds.bearing_on(denied)
        questions = [denied, [*bounds, *denied]] if bounds else [denied]
        return any(self._ask(asked)[0] == z3.unsat for asked in questions)

    def _ask(
        self, terms: Sequence[Term], tactics: Sequence[str] = (), effort: int = EFFORT
    ) -> tuple[z3.CheckSatResult, Model | None]:
        """Whether formulas can hold together where nothing in them is divided by zero."""
        defined = (divisor != 0 for divisor in self._divisors.in_all(terms))
        timeout = min(self.due.theorem.timeout, TIMEOUT)
        return ask([*defined, *terms], self.due.symbols, timeout, tactics, effort)

    def _models(
        self, terms: Sequence[Term], tactics: Sequence[str] = (), effort: int = EFFORT
    ) -> Iterator[Model]:
        model = self._ask(terms, tactics, effort)[1]
        if model is not None:
            yield model

    def _near(self, spoken: Names, kept: Sequence[Assumption], parts: Sequence[Part]) -> Iterator[Model]:
        """Countermodels with the numbers of the examples, but for those spoken of and those that belong to no state."""
        examples, symbols = self.due.examples, self.due.symbols
        known = [symbols[n] == term(v) for n, v in examples.items() if "." in n and n not in spoken]
        if known:
            denied = z3.Or(*(z3.And(*part.denied(kept)) for part in parts))
            bounds = self.due.bounds.bearing_on([denied])
            if bounds:
                yield from self._models([*known, *self.due.bounds.unrounded, denied])
            yield from self._models([*known, *bounds, denied])

    def _changed(self, spoken: Names) -> Iterator[Model]:
        """The examples with the first number changed that is spoken of."""
        examples = self.due.examples
        for name in sorted(spoken & examples.keys())[:1]:
            value = examples[name]
            yield from ({**examples, name: other} for other in (Fraction(0), 2 * value) if other != value)

    def _anywhere(self, part: Part, kept: Sequence[Assumption]) -> Iterator[Model]:
        """Countermodels of a part with any numbers."""
        denied = part.denied(kept)
        bounds = self.due.bounds.bearing_on(denied)
        if bounds:
            yield from self._models([*self.due.bounds.unrounded, *denied])
        yield from self._models([*bounds, *denied])
        yield from self._models([*bounds, *denied], PLAIN, LEAST_EFFORT)
