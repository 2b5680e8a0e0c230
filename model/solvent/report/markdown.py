"""An audit as Markdown: the verdict, the matrix, and what is refuted, folded where it is as stated."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from solvent.report.audit_reading import ANY_VENUE, LEGEND, SIGNS, Reading, Story, read, title
from solvent.report.audit_text import firsts, story_lines
from solvent.report.events import Event, Standing
from solvent.report.tables import printable

MARKS = str.maketrans({mark: f"\\{mark}" for mark in "\\`*_{}[]<>#|~"})
"""What Markdown would read as more than itself."""


def markdown(events: Iterable[Event]) -> str:
    """The report; it reads as well where Markdown is not rendered."""
    return "\n".join(_lines(read(events))) + "\n"


def _plain(words: str) -> str:
    return printable(words).translate(MARKS)


def _lines(reading: Reading) -> Iterator[str]:
    yield "# Audit of margin rules"
    yield ""
    yield f"**{_plain(reading.summary())}**"
    yield ""
    for result, opinion in reading.disagreements():
        cell = Story({}, [result]).where
        said = f"{opinion['first']} and {opinion['second']}"
        yield f"- **The solvers disagree** ({_plain(said)}): {_plain(title(result['theorem']))}, {_plain(cell)}"
    if reading.theorems:
        yield from _matrix(reading)
    yield from _stories("Refuted, and should hold", reading.stories(Standing.FINDING), folded=False)
    yield from _stories("Not decided", reading.stories(Standing.OPEN), folded=False)
    yield from _stories("Refuted, as stated", firsts(reading.stories(Standing.AS_STATED)), folded=True)
    yield from _stories("Stated to be false, and proved", reading.stories(Standing.BETTER), folded=True)


def _matrix(reading: Reading) -> Iterator[str]:
    columns = reading.columns()
    regimes = ", ".join(reading.header["regimes"])
    heads = [ANY_VENUE if venues == (ANY_VENUE,) else ", ".join(venues) for venues in columns]
    place = {name: number for number, name in enumerate(reading.theorems)}
    for family, theorems in reading.families.items():
        yield f"## {_plain(family.capitalize())}"
        yield ""
        yield _row(["theorem", *map(_plain, heads)])
        yield _row(["---"] * (len(heads) + 1))
        for theorem in theorems:
            kinds = [cells[place[theorem["name"]]] for cells in columns.values()]
            stated = " *(stated to be false)*" if theorem["false"] else ""
            signs = [" ".join(SIGNS[kind][0] for kind in each) for each in kinds]
            yield _row([_plain(title(theorem["name"])) + stated, *signs])
        yield ""
    shown = {kind for cells in columns.values() for row in cells for kind in row}
    legend = "; ".join(f"{SIGNS[kind][0]} {meaning}" for kind, meaning in LEGEND.items() if kind in shown)
    yield f"{legend}. Each cell of a venue: {_plain(regimes)}."
    yield ""


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _stories(heading: str, stories: Iterable[Story], *, folded: bool) -> Iterator[str]:
    told = list(stories)
    if not told:
        return
    yield f"## {heading}: {len(told)}"
    yield ""
    for story in told:
        sentence, *lines = [printable(line) for line in story_lines(story)]
        yield f"<details><summary>{_html(sentence)}</summary>" if folded else f"### {_plain(sentence)}"
        yield ""
        yield "```text"
        yield from lines
        yield "```"
        yield ""
        if folded:
            yield "</details>"
            yield ""


def _html(words: str) -> str:
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
