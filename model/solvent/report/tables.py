"""Tables that are printed whole: no digit is cut, and no name can command the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen
from rich.console import Console, JustifyMethod
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

UNBOUNDED = 10_000
"""More columns than any table has."""


def printable(text: str) -> str:
    """The text with every character that does not print as itself, such as a control character, escaped."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


@frozen
class Column:
    """A column: its heading, on which side its cells stand, and whether their words may stand on several lines."""

    heading: str
    justify: JustifyMethod = "left"
    wraps: bool = False


def print_table(
    console: Console,
    columns: Sequence[Column],
    rows: Sequence[Sequence[str | Text]],
    optional: Sequence[str] = (),
) -> None:
    """Print a table whole.

    Where the console is too narrow, words wrap and optional columns are left out, the first named first; what is
    still too wide goes past the edge.
    """
    for count in range(len(optional) + 1):
        kept = [i for i, column in enumerate(columns) if column.heading not in optional[:count]]
        table = _table(console, [columns[i] for i in kept], [[row[i] for i in kept] for row in rows])
        least = _widths(console, table).minimum
        if least <= console.width:
            break
        table.width = least
    console.print(table, crop=False)


def _table(console: Console, columns: Sequence[Column], rows: Sequence[Sequence[str | Text]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in columns:
        table.add_column(Text(printable(column.heading)), justify=column.justify, no_wrap=not column.wraps)
    for row in rows:
        table.add_row(*(Text(printable(cell)) if isinstance(cell, str) else cell for cell in row))
    for column, made in zip(columns, table.columns, strict=True):
        widths = [_widths(console, cell) for cell in (made.header, *made.cells)]
        made.min_width = max(width.minimum if column.wraps else width.maximum for width in widths)
    return table


def _widths(console: Console, what: object) -> Measurement:
    return Measurement.get(console, console.options.update_width(UNBOUNDED), what)  # type: ignore[arg-type]
