"""What was found, told shortly, and written as a scenario that anybody can replay."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from attrs import frozen

from solvent.arithmetic import Number
from solvent.decimals import show
from solvent.exchange import BACKSTOP, BOOK, Check, Exchange
from solvent.exchange.guards import is_house
from solvent.exchange.record import action_fields
from solvent.explore.machine import Broken, Run
from solvent.scenario import Scenario, Step, figures

DIGITS = 8
"""How many digits a number of a story has after its point."""


@frozen
class Find:
    """An invariant that does not hold, and the shortest run that shows it.

    Attributes:
        outcome: the run, shrunk.
        broken: what does not hold at its end.
    """

    outcome: Run
    broken: Broken

    @property
    def name(self) -> str:
        """The invariant's name."""
        return self.broken.invariant.name

    @property
    def accounts(self) -> list[str]:
        """The accounts that the last step is about, or all users if it names none."""
        if not self.outcome.steps:
            return []
        last = self.outcome.steps[-1]
        named = {value for value in action_fields(last.action).values() if isinstance(value, str)}
        subject = set(self.broken.claim.subject.split())
        known = [n for n in last.after.members if n in named | subject]
        return known or [n for n in last.after.members if not (is_house(n) or n in (BOOK, BACKSTOP))]


def find_of(name: str, outcome: Run) -> Find:
    """The find of an invariant that a run breaks."""
    return Find(outcome, outcome.broken[name])


def told(find: Find) -> Iterator[str]:
    """The story, a line at a time: the invariant, what happened, and the accounts before and after the last step."""
    claim, steps = find.broken.claim, find.outcome.steps
    yield f"{find.name}: {find.broken.invariant.sentence}"
    numbers = ", ".join(f"{key} {_shown(value)}" for key, value in claim.numbers.items())
    yield f"  does not hold of {claim.subject}{': ' if numbers else ''}{numbers}"
    for number, taken in enumerate(steps, 1):
        refused = "" if taken.refusal is None else " (refused)"
        yield f"  {number}. {taken.action}{refused}"
    if steps:
        yield "  before the last step:"
        yield from _accounts(steps[-1].before, find.accounts)
        yield "  after it:"
        yield from _accounts(steps[-1].after, find.accounts)


def _accounts(exchange: Exchange, names: list[str]) -> Iterator[str]:
    for name in names:
        if name in exchange.members:
            found = figures(exchange, name)
            ratio = found.ratio if isinstance(found.ratio, str) else show(found.ratio, 4)
            yield (
                f"    {name}: equity {show(found.equity, 2)}, requirement {show(found.requirement, 2)}, "
                f"ratio {ratio}, {found.status}"
            )


def _shown(number: Number) -> str:
    return show(number, DIGITS) if isinstance(number, Fraction | int) else str(number)


def scenario_of(find: Find, origin: str) -> Scenario:
    """The find as a scenario.

    Args:
        find: the find.
        origin: which campaign found it, as the end of "Found by".
    """
    invariant, claim = find.broken.invariant, find.broken.claim
    steps = [Step(action=taken.action, refused=_why(taken.refusal)) for taken in find.outcome.steps]
    numbers = "; ".join(f"{key}: {_shown(value)}" for key, value in claim.numbers.items())
    story = f"{invariant.sentence}\n\nAfter the last step it does not hold of {claim.subject}."
    story += f" {numbers[0].upper()}{numbers[1:]}." if numbers else ""
    return Scenario(
        title=f"Against {invariant.name}",
        story=f"{story}\n\nFound by {origin}.",
        venue=find.outcome.world.exchange.venue,
        begins=find.outcome.world.exchange,
        steps=tuple(steps),
    )


def _why(refusal: Check | None) -> str | None:
    return None if refusal is None else refusal.rule or refusal.asks
