"""Inputs of a recomputation that a record may lack, and those of another call that may have moved since."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, NoReturn

from attrs import evolve, field, frozen

from solvent.interval import Interval


class NotRecordedError(Exception):
    """A figure needs an input that was not recorded.

    Attributes:
        input: the name of the input.
    """

    def __init__(self, input_: str) -> None:
        super().__init__(input_)
        self.input = input_


@frozen(eq=False, order=False)
class Missing:
    """Stands where a number was not recorded; sums with it are missing too, and nothing can be decided by it."""

    name: str

    def _spread(self, *_: Any) -> Missing:
        return self

    def _refuse(self, *_: Any) -> NoReturn:
        raise NotRecordedError(self.name)

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _spread
    __neg__ = _spread
    __lt__ = __le__ = __gt__ = __ge__ = _refuse


@frozen(kw_only=True)
class Input:
    """A number that may be solved from a reported figure.

    Attributes:
        name: how it is called in a report.
        taken: what is taken for it at first: a recorded number, a plain assumption, ``Missing``, or the name
            of another input that stands for it.
        low, high: between which bounds it may be solved.
        assumption: what taking it so assumes, for the report; empty where nothing is assumed.
        plain: whether the assumption goes without saying as long as figures agree.
        drifts: whether it may only have moved a little since another call, within its bounds.
    """

    name: str
    taken: Interval | Missing | str
    low: Fraction
    high: Fraction
    assumption: str = ""
    plain: bool = False
    drifts: bool = False


@frozen
class Inputs:
    """The inputs in use: those taken at first, and those solved since.

    Attributes:
        declared: every input by name.
        solved: the values that replace what was taken, by name.
    """

    declared: Mapping[str, Input] = field(factory=dict)
    solved: Mapping[str, Interval] = field(factory=dict)

    def __getitem__(self, name: str) -> Any:
        if name in self.solved:
            return self.solved[name]
        taken = self.declared[name].taken
        return self[taken] if isinstance(taken, str) else taken

    def as_taken(self, name: str) -> Inputs:
        """The same inputs with one of them as it was taken at first."""
        return evolve(self, solved={key: value for key, value in self.solved.items() if key != name})

    def with_solved(self, name: str, value: Interval) -> Inputs:
        """The same inputs with one of them solved."""
        return evolve(self, solved={**self.solved, name: value})
