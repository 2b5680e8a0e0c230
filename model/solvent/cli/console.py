"""Consoles: colour and the terminal's width on a terminal, plain text of any width elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import NoReturn, TypeVar

import click
from rich.console import Console
from rich.progress import track

from solvent.report.tables import UNBOUNDED, printable

T = TypeVar("T")


class _Console(Console):
    """A console that prints names as they are, and leaves a reader who has gone to the command's own end."""

    def on_broken_pipe(self) -> NoReturn:
        raise BrokenPipeError


def output() -> Console:
    """The console for results."""
    if sys.stdout.isatty():
        return _Console(markup=False, emoji=False, highlight=False)
    return _Console(width=UNBOUNDED, force_terminal=False, markup=False, emoji=False, highlight=False)


def errors() -> Console:
    """The console for progress and messages."""
    return Console(stderr=True)


def say(*messages: object) -> None:
    """Print messages on standard error, one a line."""
    for message in messages:
        click.echo(f"solvent: {printable(str(message))}", err=True)


def progress(items: Iterable[T], what: str, count: int) -> Iterator[T]:
    """The items, with a bar, counts and time left on standard error where that is a terminal."""
    if not sys.stderr.isatty():
        yield from items
        return
    yield from track(items, what, total=count, console=errors(), transient=True)
