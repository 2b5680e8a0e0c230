"""Recomputed accounts as tables for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from solvent.compare import Comparison as Compared
from solvent.decimals import show
from solvent.reconcile.report import Comparison, Report, Status
from solvent.regimes.assessment import Assessment
from solvent.rules.kinds import Ratio

WORDS = {Status.AGREES: "agrees", Status.DIFFERS: "DIFFERS", Status.NOT_OBSERVABLE: "not observable"}
COUNTED = {Status.AGREES: "agree", Status.DIFFERS: "differ", Status.NOT_OBSERVABLE: "not observable"}
STYLES = {Status.AGREES: "green", Status.DIFFERS: "bold red", Status.NOT_OBSERVABLE: "yellow"}
PLACES = 10


def print_reports(console: Console, reports: Sequence[Report]) -> None:
    """Print every figure of every account, the reasons below, and the sums at the end."""
    for report in reports:
        console.print(_title(report))
        console.print(_figures(report))
        for reason in _reasons(report):
            console.print(reason, highlight=False, soft_wrap=True)
        console.print()
    console.print(_summary(reports), highlight=False)


def _title(report: Report) -> Text:
    counts = ", ".join(
        f"{report.count(status)} {COUNTED[status]}" for status in Status if report.count(status)
    )
    title = Text(report.id, style="bold")
    return title.append(f"  {report.regime.value} margin, {report.venue}: {counts}", style="not bold")


def _figures(report: Report) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("figure", "of", "rule"):
        table.add_column(heading, no_wrap=True)
    for heading in ("reported", "recomputed", "residual", "tolerance"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    numbers = _numbered(report)
    for position, row in enumerate(report.comparisons):
        word = Text(WORDS[row.status], style=STYLES[row.status])
        if position in numbers:
            word.append(f" [{numbers[position]}]")
        table.add_row(
            row.figure, row.subject, row.rule, _number(row, row.reported), _number(row, row.computed),
            _small(row.residual), _small(row.tolerance), word,
        )  # fmt: skip
    return table


def _number(row: Comparison, value: Fraction | None) -> str:
    if value is not None:
        return show(value, PLACES)
    return "none" if row.status is Status.AGREES else "-"


def _small(value: Fraction | None) -> str:
    if value is None:
        return ""
    return f"{float(value):.1e}" if value else "0"


def _numbered(report: Report) -> dict[int, int]:
    """The number of its reason, for every figure that has one; equal reasons share a number."""
    reasons: dict[str, int] = {}
    numbers = {}
    for position, row in enumerate(report.comparisons):
        if row.because:
            numbers[position] = reasons.setdefault(row.because, len(reasons) + 1)
    return numbers


def _reasons(report: Report) -> Iterator[Text]:
    numbers = _numbered(report)
    said = {number: report.comparisons[position].because for position, number in numbers.items()}
    for number, because in sorted(said.items()):
        yield Text(f"  [{number}] {because}", style="dim")


def _summary(reports: Sequence[Report]) -> Text:
    sums = {status: sum(report.count(status) for report in reports) for status in Status}
    of = "1 account" if len(reports) == 1 else f"{len(reports)} accounts"
    words = ", ".join(f"{count} {COUNTED[status]}" for status, count in sums.items())
    return Text(f"{sum(sums.values())} figures of {of}: {words}", style="bold")


def print_compared(console: Console, name: str, compared: Compared, quote: str) -> None:
    """Print the same holdings under every regime, side by side."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column(name, no_wrap=True, style="bold")
    for regime in compared.assessments:
        table.add_column(regime.value, justify="right", no_wrap=True)
    for label, cells in _rows(compared, quote):
        table.add_row(label, *cells)
    console.print(table)
    console.print()


def _rows(compared: Compared, quote: str) -> Iterator[tuple[str, list[str]]]:
    sides = list(compared.assessments.values())
    yield f"capital needed ({quote})", [_money(side.capital) for side in sides]
    yield "saved by the step", [_money(compared.saved[side.regime], first="") for side in sides]
    yield "initial margin", [_money(side.initial) for side in sides]
    yield "maintenance margin", [_money(side.requirement) for side in sides]
    yield "available after maintenance", [_money(side.available.get(quote)) for side in sides]
    yield "margin ratio", [_ratio(side.ratio) for side in sides]
    yield "status", [side.status for side in sides]
    markets = dict.fromkeys(market for side in sides for market in side.liquidation_prices)
    for market in markets:
        yield f"liquidation price {market}", [_price(side, market) for side in sides]


def _money(value: Any, first: str = "-") -> str:
    return first if value is None else f"{float(value):,.2f}"


def _ratio(ratio: Ratio | None) -> str:
    if ratio is None:
        return "-"
    numerator, denominator = (Fraction(part) for part in (ratio.numerator, ratio.denominator))  # type: ignore[call-overload]
    if denominator <= 0:
        return "no equity" if numerator > 0 else "-"
    return f"{float(numerator / denominator):.4f}"


def _price(side: Assessment, market: str) -> str:
    price = side.liquidation_prices.get(market)
    if price is None:
        return "-"
    if price.already:
        return "already"
    return "none" if price.price is None else f"{float(Fraction(price.root)):,.6g}"  # type: ignore[call-overload]
