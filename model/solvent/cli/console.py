"""Consoles: colour and the terminal's width on a terminal, plain text of any width elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import track

T = TypeVar("T")

PLAIN_WIDTH = 200


def output() -> Console:
    """The console for results."""
    return Console() if sys.stdout.isatty() else Console(width=PLAIN_WIDTH, no_color=True, emoji=False)


def errors() -> Console:
    """The console for progress and messages."""
    return Console(stderr=True)


def progress(items: Iterable[T], what: str, count: int) -> Iterator[T]:
    """The items, with a bar, counts and time left on standard error where that is a terminal."""
    if not sys.stderr.isatty():
        yield from items
        return
    yield from track(items, what, total=count, console=errors(), transient=True)
