"""An audit for people: the matrix, then in words what is refuted, what is open, and the figures of each venue."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from string import ascii_uppercase
from typing import Any

from rich.console import Console
from rich.text import Text

from solvent.report.audit_reading import ANY_VENUE, FINDING, LEGEND, SIGNS, Reading, Story, read, title
from solvent.report.events import Event, Standing
from solvent.report.tables import Column, print_table, printable

STYLES = {
    "proved": "green", "conditional": "cyan", "refuted": "yellow", FINDING: "bold red", "unknown": "bold magenta",
    "vacuous": "bold magenta",
}  # fmt: skip
MOST_NUMBERS = 24
"""How many numbers of a countermodel are printed; ``--json`` has all."""

Row = tuple[str | Text, ...]


def print_audit(console: Console, events: Iterable[Event]) -> None:
    """Print a whole audit.

    Raises:
        ValueError: the stream has no footer.
    """
    reading = read(events)
    _disagreements(console, reading)
    if reading.theorems:
        _matrix(console, reading)
    _stories(console, "Refuted, and should hold", list(reading.stories(Standing.FINDING)), "bold red")
    _stories(console, "Not decided", list(reading.stories(Standing.OPEN)), "bold magenta")
    _stories(console, "Refuted, as stated", firsts(reading.stories(Standing.AS_STATED)), "bold")
    _stories(console, "Stated to be false, and proved", list(reading.stories(Standing.BETTER)), "bold")
    _sides(console, reading)
    _figures(console, reading)
    _say(console, reading.summary(), "bold")


def _say(console: Console, words: str, style: str = "") -> None:
    console.print(Text(printable(words), style=style), soft_wrap=True)


def _disagreements(console: Console, reading: Reading) -> None:
    for result, opinion in reading.disagreements():
        cell = Story({}, [result]).where
        case = f", {opinion['part']}" if opinion["part"] else ""
        said = f"{reading.header['solver']} says {opinion['first']}, {reading.header['second']} says {opinion['second']}"
        _say(console, f"THE SOLVERS DISAGREE: {title(result['theorem'])}{case}: {cell}: {said}", "bold red")


def _matrix(console: Console, reading: Reading) -> None:
    columns = reading.columns()
    letters = iter(_letters())
    headings = ["any" if venues == (ANY_VENUE,) else next(letters) for venues in columns]
    place = {name: number for number, name in enumerate(reading.theorems)}
    rows: list[Row] = []
    for family, theorems in reading.families.items():
        rows.append((Text(family.upper(), style="bold"), *("" for _ in columns)))
        for theorem in theorems:
            cells = [_signs(console, cells[place[theorem["name"]]]) for cells in columns.values()]
            rows.append(
                (f"{title(theorem['name'])}{' (stated to be false)' if theorem['false'] else ''}", *cells)
            )
    print_table(console, (Column("theorem", wraps=True), *map(Column, headings)), rows)
    console.print()
    for heading, venues in zip(headings, columns, strict=True):
        meaning = "any venue: parameters are symbols" if heading == "any" else ", ".join(venues)
        _say(console, f"{heading:<4} {meaning}")
    _say(console, f"each cell of a venue: {', '.join(reading.header['regimes'])}")
    shown = {kind for cells in columns.values() for row in cells for kind in row}
    for kind, meaning in LEGEND.items():
        if kind in shown:
            console.print(Text.assemble(_signs(console, [kind]), f"    {meaning}"), soft_wrap=True)
    console.print()


def _letters() -> Iterator[str]:
    yield from ascii_uppercase
    yield from (a + b for a in ascii_uppercase for b in ascii_uppercase)


def _signs(console: Console, kinds: Sequence[str]) -> Text:
    signs = Text()
    for kind in kinds:
        sign, letter = SIGNS[kind]
        signs.append(
            sign if console.encoding.lower().startswith("utf") else letter, style=STYLES.get(kind, "")
        )
    return signs


def firsts(stories: Iterable[Story]) -> list[Story]:
    """Of each theorem one story of a refuted cell: with a venue's own numbers, where there is one."""
    found: dict[str, Story] = {}
    for story in stories:
        name = story.theorem["name"]
        known = found.get(name)
        if story.result["verdict"] == "refuted" and (known is None or not known.result["venue"]):
            found[name] = story
    return list(found.values())


def _stories(console: Console, heading: str, stories: Sequence[Story], style: str) -> None:
    if not stories:
        return
    _say(console, f"{heading}: {len(stories)}", style)
    console.print()
    for story in stories:
        for line in story_lines(story):
            _say(console, line)
        console.print()


def story_lines(story: Story) -> Iterator[str]:
    """A result in words: the sentence, where, the numbers that break it, what they meet, and what would repair it."""
    theorem, result = story.theorem, story.result
    yield theorem["sentence"]
    yield f"  {result['verdict']}: {story.where}"
    if result["part"]:
        yield f"  the case: {result['part']}"
    if result["trouble"]:
        yield f"  the statement cannot be read here: {result['trouble']}"
    if result["countermodel"] is not None:
        yield from _numbers(result["countermodel"])
        met = [meaning for meaning in theorem["assumptions"] if meaning not in result["failed_sides"]]
        if met:
            yield f"  these numbers meet: {'; '.join(met)}"
    if theorem["why"]:
        yield f"  why it matters: {theorem['why']}"
    if theorem["repair"]:
        yield f"  what would make it true: {theorem['repair']}"
    yield f"  stated in: {theorem['file']}:{theorem['line']}"


def _numbers(model: dict[str, Any]) -> Iterator[str]:
    """The numbers that are not zero, each on a line, and how many are left out."""
    told = [(name, value) for name, value in model.items() if value != "0"]
    zero = [name for name, value in model.items() if value == "0"]
    width = max((len(name) for name, _ in told[:MOST_NUMBERS]), default=0)
    for name, value in told[:MOST_NUMBERS]:
        yield f"    {name:<{width}} = {value}"
    if len(told) > MOST_NUMBERS:
        yield f"    and {len(told) - MOST_NUMBERS} more numbers (--json has them)"
    if zero:
        yield f"    zero: {', '.join(zero)}" if len(zero) <= MOST_NUMBERS else f"    zero: {len(zero)} others"


def _sides(console: Console, reading: Reading) -> None:
    failed = reading.failed_sides()
    if not failed:
        return
    _say(console, f"Side conditions that a venue's parameters do not meet: {len(failed)}", "bold")
    for side, venues in failed.items():
        _say(console, f"  {side}: {', '.join(venues)}")
    console.print()


def _figures(console: Console, reading: Reading) -> None:
    if not reading.figures:
        return
    grouped: dict[tuple[str, str, str | None], list[str]] = {}
    for figure in reading.figures:
        grouped.setdefault((figure["figure"], figure["token"], figure["value"]), []).append(figure["venue"])
    _say(console, "Figures", "bold")
    every = len(reading.header["venues"])
    rows = [
        (name, token, "-" if value is None else value, "all" if len(names) == every else ", ".join(names))
        for (name, token, value), names in grouped.items()
    ]
    columns = (
        Column("figure", wraps=True),
        Column("of"),
        Column("value", "right"),
        Column("venues", wraps=True),
    )
    print_table(console, columns, rows)
    console.print()
