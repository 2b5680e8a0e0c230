"""Reading the stream of an audit into what the page shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from solvent.report import audit_reading
from solvent.report.audit_reading import ANY_VENUE, BADNESS, FINDING, Reading, Story
from solvent.report.events import Event, Standing
from solvent.report.html.numbers import quantities
from solvent.report.html.view import Card, Column, Outcome, Place, View


def read(events: Iterable[Event]) -> View:
    """The page's content; the stream may be of any selection of theorems, venues and regimes.

    Raises:
        ValueError: the stream has no footer, so that the audit did not end.
    """
    stream = list(events)
    told = audit_reading.read(stream)
    columns = _columns(told)
    cards = {name: _card(f"t{number}", told, name, columns) for number, name in enumerate(told.theorems)}
    return View(
        header=told.header,
        footer=told.footer,
        columns=columns,
        families={
            family: [cards[each["name"]] for each in theorems] for family, theorems in told.families.items()
        },
        figures=_figures(told.figures),
        frontiers=[event for event in stream if event["event"] == "frontier"],
    )


def _columns(told: Reading) -> list[Column]:
    """The column of any venue, and for each venue the regimes that have results."""
    seen = {(result["venue"], result["regime"]) for results in told.results.values() for result in results}
    general = [Column(ANY_VENUE, "")] if ("", "") in seen else []
    return general + [
        Column(venue["name"], regime, venue["title"])
        for venue in told.header["venues"]
        for regime in told.header["regimes"]
        if (venue["name"], regime) in seen
    ]


def _figures(events: Sequence[Event]) -> dict[str, dict[str, dict[str, str]]]:
    figures: dict[str, dict[str, dict[str, str]]] = {}
    for event in events:
        if event["value"] is not None:
            of_venue = figures.setdefault(event["figure"], {}).setdefault(event["venue"], {})
            of_venue[event["token"]] = event["value"]
    return figures


def _card(anchor: str, told: Reading, name: str, columns: Sequence[Column]) -> Card:
    theorem, results = told.theorems[name], told.results[name]
    groups: dict[Any, list[Event]] = {}
    for result in results:
        groups.setdefault(_same(result), []).append(result)
    ordered = sorted(groups.values(), key=lambda group: -BADNESS.index(group[0]["verdict"]))
    outcomes = [_outcome(f"{anchor}-{place}", theorem, group) for place, group in enumerate(ordered)]
    by_cell = {_cell(r): outcome for group, outcome in zip(ordered, outcomes, strict=True) for r in group}
    return Card(
        id=anchor,
        theorem=theorem,
        kind=_kind(results),
        outcomes=outcomes,
        places=[_place(column, results, by_cell) for column in columns],
        rules=sorted({rule for result in results for rule in result["rules"]}),
        reads=sorted({name for result in results for name in result["reads"]}),
    )


def _same(result: Event) -> Any:
    """What of a result its readers are shown; cells of which it is equal are told together."""
    return (
        result["verdict"],
        result["part"] if result["verdict"] == "refuted" else "",
        result["confirmed"],
        tuple(sorted((result["countermodel"] or {}).items())),
        tuple((need["meaning"], need["needed"]) for need in result["needs"]),
        tuple(result["failed_sides"]),
        tuple((opinion["part"], opinion["says"]) for opinion in result["opinions"]),
        result["trouble"],
    )


def _cell(result: Event) -> tuple[str, str, str]:
    return result["venue"], result["regime"], result["token"]


def _outcome(anchor: str, theorem: Event, group: Sequence[Event]) -> Outcome:
    result = group[0]
    return Outcome(
        id=anchor,
        kind=FINDING if result["standing"] == Standing.FINDING else result["verdict"],
        where=Story(theorem, group).where,
        count=len(group),
        result=result,
        witness=quantities(result["witness"] or {}),
        countermodel=quantities(result["countermodel"] or {}),
        needs=[(need, quantities(need["model"] or {})) for need in result["needs"]],
    )


def _kind(results: Sequence[Event]) -> str:
    standings = {result["standing"] for result in results}
    if Standing.FINDING in standings:
        return FINDING
    if any(result["verdict"] == "refuted" for result in results):
        return "refuted"
    return "unknown" if not results or Standing.OPEN in standings else "proved"


def _place(
    column: Column, results: Sequence[Event], by_cell: Mapping[tuple[str, str, str], Outcome]
) -> Place:
    venue = "" if column.venue == ANY_VENUE else column.venue
    here = [r for r in results if (r["venue"], r["regime"]) == (venue, column.regime)]
    if not here:
        return Place(None)
    worst = max(here, key=lambda result: BADNESS.index(result["verdict"]))
    verdicts = {result["verdict"] for result in here}
    told = ", ".join(f"{r['verdict']} ({r['token']})" if r["token"] else r["verdict"] for r in here)
    words = told if len(verdicts) > 1 else worst["verdict"]
    if worst["standing"] == Standing.FINDING:
        words = f"{words}, and should hold"
    return Place(by_cell[_cell(worst)], words, mixed=len(verdicts) > 1)
