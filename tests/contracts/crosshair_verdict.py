"""CrossHair's verdict on a contract: a function of plain numbers that returns whether a claim holds.

CrossHair runs the contract, and whatever it calls, on symbolic integers along one path after the other, and asks Z3
whether an input of that path breaks the claim.
"""

from __future__ import annotations

import ast
import fractions
import math
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from numbers import Rational
from types import SimpleNamespace
from typing import Any

import pytest
from attrs import frozen
from crosshair.core_and_libs import MessageType, analyze_function, run_checkables
from crosshair.options import AnalysisKind, AnalysisOptionSet

Contract = Callable[..., bool]

CONFIRMED = MessageType.CONFIRMED
"""No input breaks the claim: all paths were followed to their ends, and Z3 refuted each of them."""
UNBROKEN = MessageType.CANNOT_CONFIRM
"""No input that was found breaks the claim, within the bounds of the search: this is no proof."""
BROKEN = MessageType.POST_FAIL
"""An input breaks the claim."""

SECONDS = 60
"""The CPU time after which a search is given up; a contract takes a second or two."""
SECONDS_A_PATH = 20


@frozen
class Verdict:
    """What CrossHair says of a contract.

    Attributes:
        state: CONFIRMED, UNBROKEN or BROKEN, or that it could not be run.
        message: the same in CrossHair's words.
        counterexample: the arguments that break the claim; ``None`` where none were found.
    """

    state: MessageType
    message: str
    counterexample: tuple[Any, ...] | None


def verdict(contract: Contract, paths: int | None = None) -> Verdict:
    """What CrossHair says of a contract, over at most so many paths; of all of them where ``paths`` is not given."""
    options = AnalysisOptionSet(
        analysis_kind=[AnalysisKind.PEP316],
        per_condition_timeout=SECONDS,
        per_path_timeout=SECONDS_A_PATH,
        max_iterations=paths,
        report_all=True,
    )
    with unreduced():
        (message,) = run_checkables(analyze_function(contract, options))
    found = re.search(r"when calling \w+\((.*)\) \(which returns", message.message)
    arguments = None if found is None else ast.literal_eval(f"({found[1]},)")
    return Verdict(message.state, message.message, arguments)


@contextmanager
def unreduced() -> Iterator[None]:
    """Fractions are not brought to lowest terms, and are equal where their cross products are.

    A fraction is the same number in any terms, and only ``==`` looks at them. Euclid's algorithm is a loop with a path
    for each number of rounds, which CrossHair would follow without end. Two more functions are asked of the class that
    ``floor`` and ``hash`` would ask: for those CrossHair tries single numbers, or any number at all.
    """
    without_euclid = SimpleNamespace(**{**vars(math), "gcd": lambda _a, _b: 1})
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(fractions, "math", without_euclid)
        patched.setattr(Fraction, "__eq__", _equal)
        patched.setattr("pyrsistent._pmap.hash", str.__hash__, raising=False)
        yield


def _equal(a: Fraction, b: object) -> bool:
    if not isinstance(b, Rational):
        return NotImplemented
    return a.numerator * b.denominator == b.numerator * a.denominator
