"""Shrinking: the smallest program that still fails, found by trying smaller ones one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from attrs import define, evolve

from solvent.conform.alone import broken_alone
from solvent.conform.decimal_state import decimal_genesis
from solvent.conform.program import Program, expected
from solvent.conform.smaller import Change, fewer_accounts, fewer_things, shorter_numbers, usual_things
from solvent.conform.values import Abilities, flat
from solvent.protocol.picture import plain

Fails = Callable[[Program], bool]
WHOLE = Abilities(digits=20)
"""What a state has to add up to."""
FEW = 2
"""A program of so many steps is told from its own beginning; a longer one from the state before its last steps."""


def shrunk(program: Program, fails: Fails, most_calls: int = 400, *, any_genesis: bool = True) -> Program:
    """The smallest program found that fails, beginning with one that does.

    Args:
        program: a program that fails.
        fails: whether a program fails in the same way; asked only of programs that the model can run.
        most_calls: how often it is asked at most.
        any_genesis: whether the engine can begin with any state.
    """
    search = _Search(program, fails, most_calls, sound=_adds_up(program))
    search.cut()
    if any_genesis:
        search.begin_later()
    search.take_away()
    search.try_each(shorter_numbers)
    search.take_away()
    return search.best


@define
class _Search:
    """The smallest program so far, and how often the engine may be asked yet."""

    best: Program
    fails: Fails
    left: int
    sound: bool

    def takes(self, candidate: Program | None) -> bool:
        """Whether a candidate fails, too; then it is the best one."""
        if candidate is None or not self.left or candidate.content == self.best.content:
            return False
        if not _runs(candidate) or (self.sound and not _adds_up(candidate)):
            return False
        self.left -= 1
        if self.fails(candidate):
            self.best = candidate
            return True
        return False

    def cut(self) -> None:
        """Leave out what comes after the step that fails, found by halving."""
        least, program = 0, self.best
        while least < len(self.best.steps) and self.left:
            middle = (least + len(self.best.steps)) // 2
            if not self.takes(evolve(program, steps=program.steps[:middle])):
                least = middle + 1

    def begin_later(self) -> None:
        """Begin with the state before the last step, or before as few of the last ones as are needed."""
        program, count = self.best, 1
        while FEW < len(program.steps) > count:
            first = len(program.steps) - count
            genesis = decimal_genesis(expected(program)[first].state)
            if self.takes(evolve(program, genesis=genesis, steps=program.steps[first:])):
                return
            count *= 2

    def take_away(self) -> None:
        """Leave out all that is not needed, until nothing can be left out any more."""
        before = None
        while before is not self.best and self.left:
            before = self.best
            self.drop_steps()
            for ways in (fewer_accounts, fewer_things, usual_things):
                self.try_each(ways)

    def drop_steps(self) -> None:
        """Leave out chunks of steps: large ones first, the last ones first."""
        size = len(self.best.steps)
        while size:
            end = len(self.best.steps)
            while end > 0:
                steps = self.best.steps
                self.takes(evolve(self.best, steps=steps[: max(0, end - size)] + steps[end:]))
                end -= size
            size //= 2

    def try_each(self, ways: Callable[[Program], Iterator[Change]]) -> None:
        """Try every way to make the program smaller, each on the best one so far."""
        for way in ways(self.best):
            self.takes(way(self.best))


def _runs(program: Program) -> bool:
    """Whether the model can run a program; one that was cut too far raises whatever it meets."""
    try:
        expected(program)
    except Exception:  # noqa: BLE001 - a state that was cut too far
        return False
    return True


def _adds_up(program: Program) -> bool:
    """Whether sizes and pools add up in the state that a program begins with."""
    begun = dict(flat(plain(expected(program)[0].picture)))
    return not any(broken_alone(program.genesis, None, begun, WHOLE))
