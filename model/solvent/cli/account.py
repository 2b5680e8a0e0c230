"""``solvent account``: recompute every figure that a venue reported for an account."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from attrs import frozen

from solvent.cli.console import output, progress, say
from solvent.cli.exits import Exit
from solvent.compare import Compared, compare
from solvent.errors import InputError
from solvent.ingest import files, info_api
from solvent.ingest.holdings import holdings
from solvent.ingest.venue_file import load_venue
from solvent.interval import interval
from solvent.reconcile.inputs import Missing
from solvent.reconcile.names import price_of
from solvent.reconcile.observe import observe
from solvent.reconcile.report import Report, Status
from solvent.report.account_json import as_json
from solvent.report.account_text import print_compared, print_reports
from solvent.rules import all_rules

PUBLIC_API = "https://api.hyperliquid.xyz"
LONGEST_TIMEOUT = 3600


@click.command(short_help="Recompute what a venue reported of accounts.")
@click.argument("sources", nargs=-1, required=True, metavar="FILE|FOLDER|ADDRESS...")
@click.option("--compare", "comparing", is_flag=True, help="Show the holdings under every regime instead.")
@click.option(
    "--venue", "venue_name", metavar="NAME|FILE",
    help="Use the parameters of this venue; by default, of Hyperliquid on the day of the record.",
)  # fmt: skip
@click.option(
    "--reading", "readings", multiple=True, metavar="RULE=NAME",
    help="Use another reading of a rule; solvent explain RULE names them. May be repeated.",
)  # fmt: skip
@click.option(
    "--api", default=PUBLIC_API, show_default=True, metavar="URL", help="Where to ask for an ADDRESS."
)
@click.option(
    "--timeout", default=10.0, show_default=True, metavar="SECONDS", help="How long to wait for one answer."
)
@click.option(
    "--record", "record_file", type=click.Path(path_type=Path), metavar="FILE",
    help="Keep what the API answered for an ADDRESS.",
)  # fmt: skip
@click.option("--json", "as_json_text", is_flag=True, help="Print JSON (schema account-report).")
@click.pass_context
def account(
    context: click.Context,
    sources: tuple[str, ...],
    *,
    comparing: bool,
    venue_name: str | None,
    readings: tuple[str, ...],
    api: str,
    timeout: float,
    record_file: Path | None,
    as_json_text: bool,
) -> None:
    """Recompute every figure that a venue reported of real accounts.

    A FILE is one bundle of API answers keyed by request type, a FOLDER has one file per request type, and of an
    ADDRESS the answers are asked for. Exit code 1 where a figure differs, 4 where there was none to compare.
    """
    if record_file is not None and not (len(sources) == 1 and _is_address(sources[0])):
        raise click.UsageError("--record keeps one account as the API answers it: name one ADDRESS")
    if not 0 < timeout <= LONGEST_TIMEOUT:
        raise click.UsageError(f"--timeout {timeout:g}: expected seconds above 0, at most {LONGEST_TIMEOUT}")
    chosen = _readings(readings)
    venue = None if venue_name is None else load_venue(venue_name)
    asking = _Asking(api, timeout, record_file)
    faults: list[InputError] = []
    reports: list[Report] = []
    compared: dict[str, Compared] = {}
    for source in progress(sources, "accounts", len(sources)):
        try:
            report = observe(asking.read(source), source, venue, chosen)
            if comparing:
                compared[source] = _compared(report)
            reports.append(report)
        except InputError as fault:
            faults.append(fault)
    if faults:
        say(*faults)
        context.exit(Exit.INPUT)
    _print(reports, compared, as_json_text=as_json_text)
    context.exit(_exit(reports, comparing=comparing))


@frozen
class _Asking:
    """How to ask the venue, and where to keep what it answers."""

    api: str
    timeout: float
    record: Path | None

    def read(self, source: str) -> dict[str, Any]:
        """The bundle of a file or folder, or of an address that the venue is asked for."""
        if not _is_address(source):
            return files.read(source)
        bundle = info_api.fetch(source, self.api, timeout=self.timeout, progress=_say)
        if self.record is not None:
            info_api.record(bundle, self.record)
        return bundle


def _is_address(source: str) -> bool:
    """Whether a source means an address, be it malformed, rather than a file or folder."""
    return source.lower().startswith("0x") and "." not in source and not os.path.lexists(source)


def _say(text: str) -> None:
    if sys.stderr.isatty():
        click.echo(text, err=True)


def _readings(pairs: Sequence[str]) -> dict[str, str]:
    chosen = {}
    for pair in pairs:
        rule, _, name = pair.partition("=")
        if rule not in all_rules():
            raise click.UsageError(f"--reading {pair}: there is no rule {rule}; solvent rules lists them")
        known = all_rules()[rule].readings
        if name not in known:
            raise click.UsageError(f"--reading {pair}: the readings of {rule} are {', '.join(known)}")
        chosen[rule] = name
    return chosen


def _compared(report: Report) -> Compared:
    """The account of a report under every regime, with prices that were recorded or solved."""
    state, venue = report.state, report.state.exact_venue
    if not state.record.dexes:
        raise InputError(report.source, "", "no perp state", "an account bundle with clearinghouseState")
    solved = {}
    for token in venue.tokens:
        name = price_of(token, "spot")
        if name in state.inputs.declared and not isinstance(state.inputs[name], Missing):
            solved[token] = interval(state.inputs[name]).middle
    held = holdings(state.record, report.regime, venue, solved)
    try:
        return compare(held.account, held.prices, venue)
    except LookupError as error:
        expected = f"holdings that every regime of {venue.name} takes"
        raise InputError(report.source, "", str(error), expected) from None


def _print(reports: Sequence[Report], compared: Mapping[str, Compared], *, as_json_text: bool) -> None:
    if as_json_text:
        click.echo(json.dumps(as_json(reports, compared), indent=1))
        return
    console = output()
    if not compared:
        print_reports(console, reports)
    for report in reports if compared else ():
        print_compared(console, report.id, compared[report.source], report.state.unscaled.quote)


def _exit(reports: Sequence[Report], *, comparing: bool) -> Exit:
    if any(report.count(Status.DIFFERS) for report in reports):
        return Exit.VIOLATION
    if not comparing and not any(report.comparisons for report in reports):
        return Exit.INCOMPLETE
    return Exit.PASSED
