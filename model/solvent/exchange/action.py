"""Actions: a guard that the venue checks, and an effect that assumes it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from fractions import Fraction
from typing import ClassVar

from attrs import fields, frozen

from solvent.arithmetic import Condition, both
from solvent.decimals import show
from solvent.exchange.state import Exchange


class Group(StrEnum):
    """Who acts: a user, the venue by its rules, or the world around it."""

    USER = "user"
    VENUE = "venue"
    ENVIRONMENT = "environment"


@frozen
class Check:
    """One condition of a guard, what it asks as the end of "refused unless", and the rule that it follows."""

    condition: Condition
    asks: str
    rule: str = ""


@frozen
class Refused(Exception):  # noqa: N818 - a refusal is an outcome, not a fault
    """An action whose guard does not hold: the state stays as it was."""

    action: Action
    check: Check

    def __str__(self) -> str:
        rule = f" ({self.check.rule})" if self.check.rule else ""
        return f"{self.action}: refused unless {self.check.asks}{rule}"


_ACTIONS: dict[str, type[Action]] = {}


class Action:
    """Something that happens to an exchange. A concrete action is a frozen attrs class with a name and words.

    Attributes:
        group: who acts.
        words: the action as a sentence, with its fields in braces; a flag stands as its name or not at all.
    """

    __slots__ = ()
    group: ClassVar[Group]
    words: ClassVar[str]

    def checks(self, exchange: Exchange) -> Iterator[Check]:
        """The conditions of the guard, in the order in which the venue checks them."""
        raise NotImplementedError

    def apply(self, exchange: Exchange) -> Exchange:
        """The effect, for an exchange that allows the action."""
        raise NotImplementedError

    def allowed(self, exchange: Exchange) -> Condition:
        """The guard. What comes after a check that fails for certain is not evaluated."""
        conditions = []
        for check in self.checks(exchange):
            conditions.append(check.condition)
            if check.condition is False:
                return False
        return both(*conditions)

    def refusal(self, exchange: Exchange) -> Check | None:
        """The first check that does not hold, of exact numbers; ``None`` where the action is allowed."""
        return next((check for check in self.checks(exchange) if not check.condition), None)

    def __str__(self) -> str:
        values = {f.name: _shown(f.name, getattr(self, f.name)) for f in fields(type(self))}  # type: ignore[arg-type]
        return self.words.format(**values)

    @classmethod
    def name(cls) -> str:
        """The action's name in scenarios and logs: its class's name in lower case, words joined by underscores."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()


def _shown(name: str, value: object) -> object:
    if isinstance(value, bool):
        return f", {name.replace('_', '-')}" if value else ""
    if name == "dex":
        return f" of {value}" if value else ""
    return show(value) if isinstance(value, Fraction) else value


def action(cls: type[Action]) -> type[Action]:
    """Register a concrete action under its name."""
    _ACTIONS[cls.name()] = cls
    return cls


def all_actions() -> Mapping[str, type[Action]]:
    """Every action by name, in the order of registration."""
    return _ACTIONS


def step(exchange: Exchange, happening: Action) -> Exchange:
    """The exchange after an action.

    Raises:
        Refused: the guard does not hold; nothing has changed.
    """
    refusal = happening.refusal(exchange)
    if refusal is not None:
        raise Refused(happening, refusal)
    return happening.apply(exchange)
