"""``solvent smoke``: whether an adapter speaks the protocol."""

from __future__ import annotations

import json
from collections.abc import Iterator

import click
from attrs import define, field

from solvent.cli.console import output, progress
from solvent.cli.exits import Exit
from solvent.conform.connect import Limits, connect
from solvent.conform.engine import Broken, Greeting
from solvent.conform.smoke import MOST_ITEMS, STARTS, Item, Mark, Smoke, ended
from solvent.report.tables import Column, print_table, printable

SIGNS = {Mark.PASSED: "ok", Mark.WARNED: "warning", Mark.FAILED: "FAILED", Mark.SKIPPED: "skipped"}
COLUMNS = (
    Column(""),
    Column("the adapter has to", wraps=True),
    Column("what is wrong, and its repair", wraps=True),
)


@click.command(short_help="See in seconds whether an adapter speaks the protocol.")
@click.argument("address")
@click.option(
    "--timeout", type=click.FloatRange(0.01, 3600), default=5.0, show_default=True, metavar="SECONDS",
    help="The most time of one message.",
)  # fmt: skip
@click.option(
    "--start", type=click.FloatRange(0.01, 3600), default=10.0, show_default=True, metavar="SECONDS",
    help="The most time until the first answer.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON (schema smoke).")
@click.pass_context
def smoke(context: click.Context, address: str, *, timeout: float, start: float, as_json: bool) -> None:
    """See in seconds whether the adapter at ADDRESS speaks the protocol, and how to repair it if it does not.

    ADDRESS is stdio:COMMAND, an http(s) URL, or py:MODULE:ATTRIBUTE. spec/protocol/README.md says what an adapter has
    to do.

    Exit code 1 where an item fails, 3 where the adapter cannot be started or a reply is none of the protocol.
    """
    test = _Test(address, Limits(start=start, message=timeout))
    items = list(progress(test.items(), "items", MOST_ITEMS))
    if as_json:
        click.echo(json.dumps(_document(address, test.greeting, items), indent=1, ensure_ascii=False))
    else:
        _print(address, test.greeting, items)
    if any(one.broken for one in items):
        context.exit(Exit.ADAPTER)
    context.exit(Exit.VIOLATION if any(one.mark is Mark.FAILED for one in items) else Exit.PASSED)


@define
class _Test:
    """A smoke test, and what the adapter says of itself once it has begun."""

    address: str
    limits: Limits
    greeting: Greeting | None = field(default=None, init=False)

    def items(self) -> Iterator[Item]:
        """Every item, from the start of the adapter to its end."""
        try:
            with connect(self.address, self.limits, strict=True) as connection:
                self.greeting = connection.greeting
                yield from Smoke(connection).items()
                if connection.alive:
                    connection.close()
                    yield ended(connection.ending)
        except Broken as broken:
            yield Item(STARTS, Mark.FAILED, broken.reason, broken=True)


def _document(address: str, greeting: Greeting | None, items: list[Item]) -> dict[str, object]:
    about = None
    if greeting is not None:
        about = {"name": greeting.name, "version": greeting.version, "language": greeting.language}
    told = [{"item": one.name, "mark": one.mark.value, "told": one.told} for one in items]
    return {"address": address, "engine": about, "items": told}


def _print(address: str, greeting: Greeting | None, items: list[Item]) -> None:
    console = output()
    name = (
        address if greeting is None else " ".join(part for part in (greeting.name, greeting.version) if part)
    )
    print_table(console, COLUMNS, [(SIGNS[one.mark], one.name, one.told) for one in items])
    counts = {mark: sum(one.mark is mark for one in items) for mark in Mark}
    told = ", ".join(f"{count} {mark}" for mark, count in counts.items() if count)
    console.print(printable(f"{name}: {told}"))
