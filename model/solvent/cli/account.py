"""``solvent account``: recompute every figure that a venue reported for an account."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from attrs import frozen

from solvent.cli.console import output, progress
from solvent.cli.exits import Exit
from solvent.compare import Comparison, compare
from solvent.errors import InputError
from solvent.ingest import files, info_api
from solvent.ingest.holdings import holdings
from solvent.ingest.venue_file import load_venue
from solvent.interval import interval
from solvent.reconcile.inputs import Missing
from solvent.reconcile.observe import observe
from solvent.reconcile.report import Report, Status
from solvent.reconcile.state import price_of
from solvent.report.account_json import as_json
from solvent.report.account_text import print_compared, print_reports
from solvent.rules import all_rules
from solvent.venue import Venue

PUBLIC_API = "https://api.hyperliquid.xyz"
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")


@click.command()
@click.argument("sources", nargs=-1, required=True, metavar="FILE|FOLDER|ADDRESS...")
@click.option("--compare", "comparing", is_flag=True, help="Show the holdings under every regime instead.")
@click.option("--venue", "venue_name", metavar="NAME|FILE", help="Use these parameters, whatever the day.")
@click.option("--reading", "readings", multiple=True, metavar="RULE=NAME", help="Read a rule otherwise.")
@click.option(
    "--api", default=PUBLIC_API, show_default=True, metavar="URL", help="Where to ask for an ADDRESS."
)
@click.option("--timeout", default=10.0, show_default=True, help="Seconds to wait for one answer.")
@click.option("--record", "record_file", type=click.Path(path_type=Path), help="Keep what the API answered.")
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
    """Recompute every figure that a venue reported for real accounts.

    A FILE is one bundle of API answers keyed by request type, a FOLDER has one file per request type, and of an
    ADDRESS the answers are asked for. Exit code 1 where a figure differs, 4 where there was none to compare.
    """
    if record_file is not None and len(sources) != 1:
        raise click.UsageError("--record keeps one account: name one ADDRESS")
    chosen = _readings(readings)
    venue = None if venue_name is None else load_venue(venue_name)
    asking = _Asking(api, timeout, record_file)
    faults: list[InputError] = []
    reports: list[Report] = []
    for source in progress(sources, "accounts", len(sources)):
        try:
            reports.append(_report(source, asking, venue, chosen))
        except InputError as fault:
            faults.append(fault)
    if faults:
        click.echo("\n".join(f"solvent: {each}" for each in faults), err=True)
        context.exit(Exit.INPUT)
    compared = {report.source: _compared(report) for report in reports} if comparing else {}
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
        if not _ADDRESS.fullmatch(source) or Path(source).exists():
            return files.read(source)
        bundle = info_api.fetch(source, self.api, timeout=self.timeout, progress=_say)
        if self.record is not None:
            info_api.record(bundle, self.record)
        return bundle


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


def _report(source: str, asking: _Asking, venue: Venue | None, readings: Mapping[str, str]) -> Report:
    return observe(asking.read(source), source, venue, readings)


def _compared(report: Report) -> Comparison:
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
    return compare(held.account, held.prices, venue)


def _print(reports: Sequence[Report], compared: Mapping[str, Comparison], *, as_json_text: bool) -> None:
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
