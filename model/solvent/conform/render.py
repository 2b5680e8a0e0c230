"""A failure in words: where an engine and the model part, both values, why, and how to see it again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

from solvent import rulebook
from solvent.conform.diagnose import Misreading
from solvent.conform.judge import Divergence
from solvent.conform.program import Document, Program, expected, rules_behind
from solvent.conform.values import Difference
from solvent.decimals import show
from solvent.exchange.state import BOOK
from solvent.protocol.engine import DISCHARGE, action_from
from solvent.protocol.picture import Value

MOST_DIFFERENCES = 10
"""How many differences are told."""
MOST_RULES = 6
"""How many of the rules behind a figure are named where no misreading is known."""
DIGITS = 18


def words_of(step: Document) -> str:
    """A step as a sentence."""
    if step.get("op") == DISCHARGE:
        return "the venue does all that is due"
    return str(action_from(step))


def told(value: Value) -> str:
    """A value as it is told."""
    return value if isinstance(value, str) else show(value, DIGITS)


def story(program: Program, divergence: Divergence, misread: Iterable[Misreading]) -> list[str]:
    """The failure, a line each."""
    return list(_lines(program, divergence, tuple(misread)))


def _lines(program: Program, divergence: Divergence, misread: tuple[Misreading, ...]) -> Iterator[str]:
    number, count = divergence.step, len(program.steps)
    if number:
        yield f"step {number} of {count}: {words_of(program.steps[number - 1])}"
    else:
        yield "at the beginning, before any step"
    for difference in divergence.differences[:MOST_DIFFERENCES]:
        yield from _difference(difference)
    left = len(divergence.differences) - MOST_DIFFERENCES
    if left > 0:
        yield f"and {left} more"
    for one in misread:
        much = "all that the engine answered up to here is" if one.whole else "the engine's number is"
        yield f"{much} what it would be with {one.words}"
    yield from _rules(program, divergence, misread)
    yield "program"
    yield from _beginning(program)
    yield from (f"  {n}. {words_of(step)}" for n, step in enumerate(program.steps, 1))


def _difference(difference: Difference) -> Iterator[str]:
    yield ".".join(difference.path) or difference.check
    yield f"  spec    {told(difference.expected)}"
    gap = ""
    if isinstance(difference.expected, Fraction) and isinstance(difference.found, Fraction):
        gap = f"  ({show(difference.found - difference.expected, DIGITS)})"
    yield f"  engine  {told(difference.found)}{gap}"


def _rules(program: Program, divergence: Divergence, misread: tuple[Misreading, ...]) -> Iterator[str]:
    """The rule that is misread; else those behind what differs."""
    named = list(dict.fromkeys(one.rule for one in misread if one.rule))
    if not named and divergence.moment.refusals:
        named = [divergence.moment.refusals[0].rule] if divergence.moment.refusals[0].rule else []
    if not named:
        step = program.steps[divergence.step - 1] if divergence.step else None
        before = expected(program)[max(0, divergence.step - 1)].state
        named = sorted(rules_behind(before, step, _figure(divergence)))[:MOST_RULES]
    for name in named:
        entry = rulebook.entries().get(name)
        if entry is not None:
            yield f"rule {name}: {entry.sentence}  (spec/rules/{entry.chapter}.md)"


def _figure(divergence: Divergence) -> tuple[str, ...]:
    path = divergence.differences[0].path
    return path if path in divergence.moment.picture else ()


def _beginning(program: Program) -> Iterator[str]:
    """What users begin with, where it is not nothing."""
    for name, account in program.genesis["accounts"].items():
        has = [
            f"{what.replace('_', ' ')} {_amounts(account[what])}"
            for what in ("spot", "perp", "positions", "orders", "supply_shares", "debt_shares")
            if account.get(what)
        ]
        if has and name != BOOK:
            yield f"  {name} ({account['mode']}): {'; '.join(has)}"


def _amounts(entries: Document) -> str:
    return ", ".join(
        f"{entry['size'] if isinstance(entry, dict) else entry} {name}" for name, entry in entries.items()
    )
