"""A run for people: what failed as stories, what was not run, and how much was reached."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from solvent.conform.events import Event
from solvent.conform.trial import Verdict
from solvent.report.conform_reading import Reading, keep, read
from solvent.report.tables import Column, print_table, printable

MOST_CASES = 10
"""How many cases of a kind are named; ``--json`` has all."""


def print_run(console: Console, events: Iterable[Event]) -> None:
    """Print a whole run.

    Raises:
        InputError: the stream has no footer.
    """
    reading = read(events)
    for failure in reading.failures:
        _failure(console, reading, failure)
    _cases(console, "not looked into", reading.loose())
    _cases(console, "a fault of solvent itself", tuple(case for case in reading.cases if "fault" in case))
    _lacking(console, reading)
    for problem in reading.problems:
        _say(console, f"baseline, {problem['kind']}: {problem['words']}", "bold red")
    for words in (*reading.footer["lacks"], *filter(None, [reading.footer["ends"]])):
        _say(console, words, "bold yellow")
    if reading.footer["restarts"]:
        _say(console, f"the engine was started again {reading.footer['restarts']} times", "bold yellow")
    style = "bold green" if reading.footer["overall"] == "passed" else "bold"
    _say(console, f"{reading.engine} {reading.overall}", style)
    _say(console, reading.counted())
    _say(console, reading.covered())


def _say(console: Console, words: str, style: str = "") -> None:
    console.print(Text(printable(words), style=style), soft_wrap=True)


def _failure(console: Console, reading: Reading, failure: Event) -> None:
    allowed = failure["allowed"]
    word = f"EXPECTED until {allowed['until']}" if allowed else "FAIL"
    _say(console, f"{word}  {failure['id']}", "bold yellow" if allowed else "bold red")
    for line in failure["story"]:
        _say(console, f"  {line}")
    shown = len(reading.shown_by(failure))
    if shown > 1:
        _say(console, f"  shown by {shown} cases, {failure['case']} first")
    if failure["file"]:
        _say(console, f"  again: {reading.again(failure)}", "bold")
        _say(console, f"  keep:  {keep(failure)}")
    console.print()


def _cases(console: Console, what: str, cases: tuple[Event, ...]) -> None:
    if not cases:
        return
    _say(console, f"{what}: {len(cases)} failing case{'' if len(cases) == 1 else 's'}", "bold red")
    for case in cases[:MOST_CASES]:
        told = [case.get("check", ""), case.get("reason", ""), case.get("fault", "")]
        _say(console, f"  {case['id']}  {' '.join(part for part in told if part)}")
    console.print()


def _lacking(console: Console, reading: Reading) -> None:
    """What unsupported cases need, and which they are."""
    unsupported = [case for case in reading.cases if case["verdict"] == Verdict.UNSUPPORTED]
    if not unsupported:
        return
    rows = [(need, str(count)) for need, count in reading.lacking().items()]
    print_table(console, (Column("unsupported for want of", wraps=True), Column("cases", "right")), rows)
    console.print()
