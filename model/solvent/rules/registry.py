"""Which function is which rule.

A rule is registered under its immutable id. Where sources disagree it has several named readings; the first
one registered is the default, and a venue may name another.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import Any, TypeVar, cast

from attrs import Factory, frozen

Function = TypeVar("Function", bound=Callable[..., Any])

ONLY_READING = "only"


@frozen
class Rule:
    """A rule of the rulebook: its id, its chapter, and the function of each of its readings."""

    id: str
    chapter: str
    readings: dict[str, Callable[..., Any]] = Factory(dict)

    @property
    def default(self) -> str:
        """The name of the reading that holds where a venue names no other."""
        return next(iter(self.readings))

    @property
    def function(self) -> Callable[..., Any]:
        """The function of the default reading."""
        return self.readings[self.default]

    @property
    def sentence(self) -> str:
        """The rule in one sentence: the first line of its function's docstring."""
        return (inspect.getdoc(self.function) or "").partition("\n")[0]


_RULES: dict[str, Rule] = {}


def rule(identifier: str, reading: str = ONLY_READING) -> Callable[[Function], Function]:
    """Register a function as the rule of this id, or as a further reading of it."""

    def register(function: Function) -> Function:
        chapter = function.__module__.rpartition(".")[2]
        known = _RULES.setdefault(identifier, Rule(identifier, chapter))
        if reading in known.readings:
            raise ValueError(f"rule {identifier} already has a reading named {reading!r}")

        @wraps(function)
        def noting(*arguments: Any, **named: Any) -> Any:
            for found in _LISTENING:
                found.add(identifier)
            return function(*arguments, **named)

        known.readings[reading] = noting
        return cast("Function", noting)

    return register


_LISTENING: list[set[str]] = []


@contextmanager
def called() -> Iterator[set[str]]:
    """The ids of the rules that are called inside the block."""
    found = set[str]()
    _LISTENING.append(found)
    try:
        yield found
    finally:
        _LISTENING[:] = [other for other in _LISTENING if other is not found]


def all_rules() -> Mapping[str, Rule]:
    """Every registered rule by id, in the order of registration."""
    return _RULES


def select(identifier: str, readings: Mapping[str, str]) -> Callable[..., Any]:
    """The function of the reading that ``readings`` names for this rule, or of its default."""
    known = _RULES[identifier]
    return known.readings[readings.get(identifier, known.default)]
