"""An audit as its renderings show it: the matrix, and what is refuted or open, told once where cells tell the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from attrs import frozen

from solvent.report.events import Event, Standing

ANY_VENUE = "any venue"
BADNESS = ("proved", "conditional", "unknown", "vacuous", "refuted")
"""The verdicts, the best first."""
FINDING, ABSENT = "finding", "not applicable"
SIGNS: Mapping[str, tuple[str, str]] = {
    "proved": ("\N{CHECK MARK}", "+"),
    "conditional": ("\N{CIRCLE WITH LEFT HALF BLACK}", "c"),
    "refuted": ("\N{BALLOT X}", "x"),
    FINDING: ("!", "!"),
    "unknown": ("?", "?"),
    "vacuous": ("\N{EMPTY SET}", "v"),
    ABSENT: ("\N{MIDDLE DOT}", "."),
}
"""The sign of each kind of cell, and the letter where an encoding has no such sign."""
LEGEND: Mapping[str, str] = {
    "proved": "proved",
    "conditional": "proved under side conditions on parameters",
    "refuted": "refuted, as stated",
    FINDING: "REFUTED, AND SHOULD HOLD",
    "unknown": "unknown",
    "vacuous": "vacuous: the assumptions cannot hold together",
    ABSENT: "not applicable",
}


@frozen
class Story:
    """A result with all the cells of a theorem in which the same is known."""

    theorem: Event
    results: Sequence[Event]

    @property
    def result(self) -> Event:
        """The result that stands for all."""
        return self.results[0]

    @property
    def where(self) -> str:
        """The cells in words: venues with the same regimes and collaterals stand together."""
        by_venue: dict[str, dict[str, list[str]]] = {}
        for result in self.results:
            tokens = by_venue.setdefault(result["venue"] or ANY_VENUE, {}).setdefault(result["regime"], [])
            tokens.append(result["token"])
        told: dict[str, list[str]] = {}
        for venue, regimes in by_venue.items():
            told.setdefault(", ".join(_regime(*each) for each in regimes.items()), []).append(venue)
        return "; ".join(f"{', '.join(v)}{f' ({words})' if words else ''}" for words, v in told.items())


def _regime(regime: str, tokens: Sequence[str]) -> str:
    named = " and ".join(token for token in tokens if token)
    return f"{regime} with {named}" if named else regime


@frozen
class Reading:
    """A whole stream, sorted.

    Attributes:
        header, footer: those events.
        theorems: the theorems by name, in the order of the stream.
        results: the results by theorem.
        figures: the figures.
    """

    header: Event
    footer: Event
    theorems: Mapping[str, Event]
    results: Mapping[str, Sequence[Event]]
    figures: Sequence[Event]

    @property
    def families(self) -> Mapping[str, Sequence[Event]]:
        """The theorems by family."""
        families: dict[str, list[Event]] = {}
        for theorem in self.theorems.values():
            families.setdefault(theorem["family"], []).append(theorem)
        return families

    def kind(self, theorem: str, venue: str, regime: str) -> str:
        """What a cell of the matrix shows: the worst of its collaterals."""
        here = [r for r in self.results[theorem] if (r["venue"], r["regime"]) == (venue, regime)]
        if not here:
            return ABSENT
        worst = max(here, key=lambda result: BADNESS.index(result["verdict"]))
        return FINDING if worst["standing"] == Standing.FINDING else str(worst["verdict"])

    def column(self, venue: str) -> tuple[tuple[str, ...], ...]:
        """The cells of a venue: for every theorem, one for each regime; of any venue, one."""
        regimes = self.header["regimes"] if venue else [""]
        return tuple(tuple(self.kind(name, venue, regime) for regime in regimes) for name in self.theorems)

    def columns(self) -> Mapping[tuple[str, ...], Sequence[Sequence[str]]]:
        """The columns of the matrix by the venues that they are of: those with the same cells stand together."""
        groups: dict[tuple[tuple[str, ...], ...], list[str]] = {}
        for venue in self.header["venues"]:
            groups.setdefault(self.column(venue["name"]), []).append(venue["name"])
        general = self.column("")
        found: dict[tuple[str, ...], Sequence[Sequence[str]]] = {}
        if any(cell != (ABSENT,) for cell in general):
            found[ANY_VENUE,] = general
        return found | {tuple(venues): cells for cells, venues in groups.items()}

    def stories(self, *standings: Standing) -> Iterator[Story]:
        """The results that stand so, each once for all cells in which the same is known."""
        for name, theorem in self.theorems.items():
            groups: dict[object, list[Event]] = {}
            for result in self.results[name]:
                if result["standing"] in standings:
                    model = sorted((result["countermodel"] or {}).items())
                    alike = (result["verdict"], result["part"], tuple(model), result["trouble"])
                    groups.setdefault(alike, []).append(result)
            for group in groups.values():
                yield Story(theorem, group)

    def disagreements(self) -> Iterator[tuple[Event, Event]]:
        """Each result on a part of which two solvers disagree, with that opinion."""
        for results in self.results.values():
            for result in results:
                yield from (
                    (result, opinion) for opinion in result["opinions"] if opinion["says"] == "disagree"
                )

    def failed_sides(self) -> Mapping[str, Sequence[str]]:
        """The side conditions that venues do not meet, each with the theorems and venues."""
        failed: dict[str, dict[str, None]] = {}
        for name, results in self.results.items():
            for result in results:
                for side in result["failed_sides"]:
                    cell = " ".join(part for part in (result["venue"], result["token"]) if part)
                    failed.setdefault(f"{side} ({title(name)})", {})[cell] = None
        return {side: list(venues) for side, venues in failed.items()}

    def summary(self) -> str:
        """The audit in one line."""
        counts, kinds = self.footer["verdicts"], self.footer["standings"]
        told = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
        line = f"{self.footer['theorems']} theorems in {self.footer['results']} cells: {told or 'nothing selected'}"
        problems = [f"{kinds[s]} {words}" for s, words in _PROBLEMS.items() if kinds[s]]
        opinions = self.footer["opinions"]
        if opinions is not None:
            told = ", ".join(f"{count} {says}" for says, count in opinions.items() if count)
            problems.append(f"second opinions: {told or 'none'}")
        return "; ".join([line, *problems])


_PROBLEMS = {Standing.FINDING: "REFUTED AND SHOULD HOLD", Standing.OPEN: "not decided"}


def read(events: Iterable[Event]) -> Reading:
    """The audit that a stream tells.

    Raises:
        ValueError: the stream has no footer, so that the audit did not end.
    """
    kinds: dict[str, list[Event]] = {}
    for event in events:
        kinds.setdefault(event["event"], []).append(event)
    if "footer" not in kinds:
        raise ValueError("a stream without a footer: the audit did not end")
    results: dict[str, list[Event]] = {theorem["name"]: [] for theorem in kinds.get("theorem", [])}
    for result in kinds.get("result", []):
        results[result["theorem"]].append(result)
    theorems = {theorem["name"]: theorem for theorem in kinds.get("theorem", [])}
    return Reading(kinds["header"][0], kinds["footer"][-1], theorems, results, kinds.get("figure", []))


def title(name: str) -> str:
    """The name of a theorem as words."""
    return name.replace("_", " ")
