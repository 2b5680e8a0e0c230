"""What engines say: their abilities, their figures, and how those differ from the model's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from attrs import field, frozen

from solvent.account import Regime
from solvent.decimals import parse
from solvent.protocol.picture import FIELDS, Path, Value
from solvent.scenario.facts import WORDS


@frozen
class Abilities:
    """What an engine says that it can do.

    Attributes:
        regimes, operations, fields, commands: by name.
        any_genesis: whether it begins with any state, and not only one without positions, orders, supplies and loans.
        codes: whether its refusals say which rule refused.
        digits: to how many digits its numbers agree with exact ones.
        errors: the engine's own error names, and the code of each.
    """

    regimes: frozenset[str] = frozenset()
    operations: frozenset[str] = frozenset()
    fields: frozenset[str] = frozenset(FIELDS)
    commands: frozenset[str] = frozenset()
    any_genesis: bool = True
    codes: bool = False
    digits: int = 12
    errors: Mapping[str, str] = field(factory=dict)


@frozen
class Difference:
    """Something in which an engine and the model differ after a step.

    Attributes:
        check: the check that fails, such as ``accounts/ratio``.
        path: what it is about; empty of an outcome.
        expected, found: both values, as far as they can be told.
    """

    check: str
    path: Path
    expected: Value
    found: Value


def close(wanted: Fraction, found: Fraction, digits: int) -> bool:
    """Whether two numbers agree to so many digits: decimals of a number below one, else significant ones."""
    return bool(abs(wanted - found) * 10**digits <= max(1, abs(wanted)))


def value_of(content: Any) -> Value | None:
    """A value of an engine's answer; ``None`` of what is neither a decimal string nor a word."""
    if content in (*WORDS, *Regime):
        return str(content)
    try:
        return parse(content)
    except ValueError:
        return None


def flat(state: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """The leaves of an engine's state."""
    if isinstance(state, Mapping):
        for key, below in state.items():
            yield from flat(below, (*path, str(key)))
    else:
        yield path, state
