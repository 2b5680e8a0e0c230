"""Scenarios that have been played, as tables for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import zip_longest

from rich.console import Console
from rich.text import Text

from solvent.decimals import show
from solvent.report.tables import Column, print_table, printable
from solvent.scenario import Moment, Scenario, figures, reason, touched

STEPS = (
    Column("step", "right"),
    Column("action", wraps=True),
    Column("account"),
    Column("equity", "right"),
    Column("resources", "right"),
    Column("requirement", "right"),
    Column("ratio", "right"),
    Column("status"),
)
LEFT_OUT = ("resources", "equity")
STYLES = {"healthy": "green", "liquidatable": "yellow", "bankrupt": "bold red"}
DIGITS = 8
"""How many digits of a number that was found are printed after the point, or those of what was expected if more."""

Row = tuple[str | Text, ...]


def print_replay(console: Console, scenario: Scenario, moments: Sequence[Moment]) -> None:
    """Print a scenario, a table of its steps, their notes, and what was to hold and does not."""
    console.print(Text(printable(scenario.title), style="bold"), soft_wrap=True)
    for line in scenario.story.splitlines():
        console.print(Text(printable(line)), soft_wrap=True)
    console.print()
    if moments:
        print_table(console, STEPS, [row for moment in moments for row in _rows(moment)], LEFT_OUT)
        console.print()
    notes = [moment for moment in moments if moment.step.note]
    for moment in notes:
        console.print(Text(f"step {moment.number}: {printable(moment.step.note)}"), soft_wrap=True)
    if notes:
        console.print()
    for line in failures(moments):
        console.print(Text(printable(line), style="bold red"), soft_wrap=True)
    console.print(summary(moments))


def _rows(moment: Moment) -> Iterator[Row]:
    words = [Text(printable(str(moment.step.action)))]
    if moment.refusal is not None:
        words.append(Text(printable(reason(moment.refusal)), style="magenta"))
    accounts = [_account(moment, name) for name in touched(moment)]
    for place, (said, account) in enumerate(zip_longest(words, accounts)):
        number = str(moment.number) if place == 0 else ""
        yield (number, said or "", *(account or ("",) * 6))


def _account(moment: Moment, name: str) -> Row:
    found = figures(moment.after, name)
    ratio = found.ratio if isinstance(found.ratio, str) else f"{Decimal(show(found.ratio, 4)):.4f}"
    return (
        name, _money(found.equity), _money(found.resources), _money(found.requirement),
        ratio.replace("none", "-"), Text(found.status, style=STYLES[found.status]),
    )  # fmt: skip


def _money(value: Fraction) -> str:
    return f"{Decimal(show(value, 2)):,.2f}"


def failures(moments: Sequence[Moment]) -> Iterator[str]:
    """What was to hold and does not, a line each."""
    for moment in moments:
        line = "" if moment.step.line is None else f" (line {moment.step.line})"
        for failure in moment.failed:
            found = failure.found
            if isinstance(found, Fraction):
                found = show(found, max(DIGITS, len(failure.expected.partition(".")[2])))
            yield f"step {moment.number}{line}: {failure.fact}: expected {failure.expected}, found {found}"


def summary(moments: Sequence[Moment]) -> str:
    """How much was played, and how much of it is as expected."""
    facts = sum(len(moment.step.expect) for moment in moments)
    refused = sum(moment.refusal is not None for moment in moments)
    failed = sum(len(moment.failed) for moment in moments)
    outcome = f"{failed} NOT AS EXPECTED" if failed else "all as expected"
    return f"{len(moments)} steps, {refused} refused, {facts} facts: {outcome}"
