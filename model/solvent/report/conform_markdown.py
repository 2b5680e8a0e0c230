"""A run as Markdown, as a step summary of a CI shows it, and as the data of a badge."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from solvent.conform.events import Event
from solvent.conform.trial import Verdict
from solvent.report.conform_reading import OVERALL, WORDS, Reading, read
from solvent.report.markdown import MARKS
from solvent.report.tables import printable

COLOURS = {
    "passed": "brightgreen", "violation": "red", "incomplete": "yellow", "adapter": "orange", "fault": "lightgrey",
}  # fmt: skip


def markdown(events: Iterable[Event]) -> str:
    """The report; it reads as well where Markdown is not rendered."""
    return "\n".join(_lines(read(events))) + "\n"


def badge(events: Iterable[Event]) -> str:
    """The JSON that an endpoint badge of shields.io is drawn from."""
    reading = read(events)
    overall, rules = reading.footer["overall"], reading.footer["rules"]
    reached = len(rules["reached"])
    message = f"{OVERALL[overall]}, {reached}/{reached + len(rules['missed'])} rules"
    shown = {"schemaVersion": 1, "label": "solvent", "message": message, "color": COLOURS[overall]}
    return json.dumps(shown) + "\n"


def _plain(words: str) -> str:
    return printable(words).translate(MARKS)


def _lines(reading: Reading) -> Iterator[str]:
    yield f"# Conformance of {_plain(reading.engine)}"
    yield ""
    yield f"**{_plain(reading.overall.capitalize())}.** {_plain(reading.counted())}."
    yield ""
    yield f"{_plain(reading.covered())}."
    yield ""
    for words in (*reading.footer["lacks"], *filter(None, [reading.footer["ends"]])):
        yield f"- **Incomplete**: {_plain(words)}"
    for problem in reading.problems:
        yield f"- **Baseline, {problem['kind']}**: {_plain(problem['words'])}"
    yield ""
    yield from _table(reading)
    for failure in reading.failures:
        yield from _failure(reading, failure)
    loose = reading.loose()
    if loose:
        yield f"{len(loose)} more failing cases were not looked into."
        yield ""
    yield from _lacking(reading)


def _table(reading: Reading) -> Iterator[str]:
    shown = [each for each in Verdict if reading.footer["verdicts"][each]]
    yield _row(["family", *(WORDS[each] for each in shown)])
    yield _row(["---"] * (len(shown) + 1))
    for family, counts in reading.footer["families"].items():
        if counts:
            yield _row([family, *(str(counts.get(each, 0)) for each in shown)])
    yield ""


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _failure(reading: Reading, failure: Event) -> Iterator[str]:
    allowed = failure["allowed"]
    heading = f"{failure['id']} (allowed until {allowed['until']})" if allowed else failure["id"]
    yield f"## {_plain(heading)}"
    yield ""
    if failure["sentence"]:
        yield f"{_plain(failure['rule'])}: {_plain(failure['sentence'])}"
        yield ""
    yield "```text"
    yield from map(printable, failure["story"])
    yield "```"
    yield ""
    again = reading.again(failure)
    shown = len(reading.shown_by(failure))
    words = f"Shown by {shown} case{'' if shown == 1 else 's'}."
    yield f"{words} Again: `{again}`" if again else words
    yield ""


def _lacking(reading: Reading) -> Iterator[str]:
    lacking = reading.lacking()
    if lacking:
        yield "Unsupported, by what the engine does not have:"
        yield ""
        yield from (f"- {_plain(need)}: {count}" for need, count in lacking.items())
