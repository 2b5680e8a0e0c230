"""Recomputed accounts as tables for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from rich.console import Console
from rich.text import Text

from solvent.compare import Compared
from solvent.decimals import show
from solvent.reconcile.report import Comparison, Report, Status
from solvent.regimes.assessment import Assessment
from solvent.report.tables import Column, print_table, printable
from solvent.rules.kinds import Ratio

WORDS = {Status.AGREES: "agrees", Status.DIFFERS: "DIFFERS", Status.NOT_OBSERVABLE: "not observable"}
COUNTED = {Status.AGREES: "agree", Status.DIFFERS: "differ", Status.NOT_OBSERVABLE: "not observable"}
STYLES = {Status.AGREES: "green", Status.DIFFERS: "bold red", Status.NOT_OBSERVABLE: "yellow"}
PLACES = 10
SIGNIFICANT = 6

FIGURES = (
    Column("figure", wraps=True),
    Column("of"),
    Column("rule"),
    Column("reported", "right"),
    Column("recomputed", "right"),
    Column("residual", "right"),
    Column("tolerance", "right"),
    Column("status", wraps=True),
    Column(""),
)
LEFT_OUT = ("tolerance", "residual", "rule")


def print_reports(console: Console, reports: Sequence[Report]) -> None:
    """Print every figure of every account, the reasons below, and the sums at the end."""
    for report in reports:
        console.print(_title(report))
        print_table(console, FIGURES, list(_figures(report)), LEFT_OUT)
        for reason in _reasons(report):
            console.print(reason, highlight=False, soft_wrap=True)
        console.print()
    console.print(_summary(reports), highlight=False)


def _title(report: Report) -> Text:
    counts = ", ".join(
        f"{report.count(status)} {COUNTED[status]}" for status in Status if report.count(status)
    )
    title = Text(printable(report.id), style="bold")
    return title.append(f"  {report.regime.value} margin, {report.venue}: {counts}", style="not bold")


def _figures(report: Report) -> Iterator[tuple[str | Text, ...]]:
    numbers = _numbered(report)
    for position, row in enumerate(report.comparisons):
        yield (
            row.figure, row.subject, row.rule, _number(row, row.reported), _number(row, row.computed),
            _small(row.residual), _small(row.tolerance), Text(WORDS[row.status], style=STYLES[row.status]),
            f"[{numbers[position]}]" if position in numbers else "",
        )  # fmt: skip


def _number(row: Comparison, value: Fraction | None) -> str:
    if value is not None:
        return show(value, PLACES)
    return "none" if row.status is Status.AGREES else "-"


def _small(value: Fraction | None) -> str:
    if value is None:
        return ""
    return f"{_decimal(value):.1e}" if value else "0"


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
        yield Text(f"  [{number}] {printable(because)}", style="dim")


def _summary(reports: Sequence[Report]) -> Text:
    sums = {status: sum(report.count(status) for report in reports) for status in Status}
    of = "1 account" if len(reports) == 1 else f"{len(reports)} accounts"
    words = ", ".join(f"{count} {COUNTED[status]}" for status, count in sums.items())
    return Text(f"{sum(sums.values())} figures of {of}: {words}", style="bold")


def print_compared(console: Console, name: str, compared: Compared, quote: str) -> None:
    """Print the same holdings under every regime, side by side."""
    sides = (Column(regime.value, "right") for regime in compared.assessments)
    rows: list[list[str | Text]] = [
        [Text(printable(label), style="bold"), *cells] for label, cells in _rows(compared, quote)
    ]
    print_table(console, (Column(name, wraps=True), *sides), rows)
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
    return first if value is None else f"{Decimal(show(value, 2)):,.2f}"


def _ratio(ratio: Ratio | None) -> str:
    if ratio is None:
        return "-"
    numerator, denominator = (Fraction(part) for part in (ratio.numerator, ratio.denominator))  # type: ignore[call-overload]
    if denominator <= 0:
        return "no equity" if numerator > 0 or denominator < 0 else "-"
    return f"{Decimal(show(numerator / denominator, 4)):.4f}"


def _price(side: Assessment, market: str) -> str:
    price = side.liquidation_prices.get(market)
    if price is None:
        return "-"
    if price.already:
        return "already"
    return "none" if price.price is None else _significant(Fraction(price.root))  # type: ignore[call-overload]


def _significant(value: Fraction) -> str:
    """A number above zero with every digit before the point, and as many after it as make six in all."""
    places = max(0, SIGNIFICANT - 1 - _decimal(value).adjusted())
    return f"{Decimal(show(value, places)):,f}"


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)
