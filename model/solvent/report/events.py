"""The one event stream of an audit: JSON-ready, in the same order every time; every rendering reads it and nothing else.

A header; every theorem, followed by its results in its cells; figures; a footer with the verdict. A stream without a
footer is of an audit that did not end, and says nothing. Times stand in ``milliseconds`` alone.
"""

from __future__ import annotations

import inspect
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from fractions import Fraction
from importlib.metadata import version
from pathlib import Path
from typing import Any

from solvent import bundle
from solvent.exchange.record import number_text
from solvent.prove.audit import Audit, Audited
from solvent.prove.kept import Finding
from solvent.prove.solver import SOLVER, Model
from solvent.prove.theorem import Theorem, Verdict
from solvent.venue import Token, Venue

SCHEMA = "audit"
Event = Mapping[str, Any]


_NO_FILES: Mapping[str, str] = {}


class Standing(StrEnum):
    """How a result stands to what its theorem states."""

    AS_STATED = "as stated"
    BETTER = "better than stated"
    FINDING = "finding"
    OPEN = "open"


class Overall(StrEnum):
    """What an audit comes to."""

    PASSED = "passed"
    REFUTED = "refuted"
    INCOMPLETE = "incomplete"
    DISAGREEMENT = "disagreement"


def stream(audit: Audit, files: Mapping[str, str] = _NO_FILES) -> Iterator[dict[str, Any]]:
    """The events of an audit.

    Args:
        audit: what to audit.
        files: the file of each venue that is the user's own, by its name.

    Raises:
        InputError: a file of theorems cannot be taken, or an obligation cannot be written.
    """
    yield header(audit, files)
    results = []
    theorems: list[Theorem] = []
    for each in audit.run():
        theorems.append(each.theorem)
        yield theorem_event(each)
        for finding in each.findings:
            results.append(result_event(each.theorem, finding))
            yield results[-1]
    yield from figures(theorems, audit.venues)
    yield footer(results, len(theorems), second=audit.settings.second)


def header(audit: Audit, files: Mapping[str, str] = _NO_FILES) -> dict[str, Any]:
    """What was audited, and with what."""
    second = None
    if audit.settings.second:
        from solvent.prove.second import SECOND  # noqa: PLC0415 - the second solver is loaded where asked for

        second = SECOND
    return {
        "event": "header",
        "version": version("solvent"),
        "solver": SOLVER,
        "second": second,
        "venues": [
            {"name": venue.name, "title": venue.title, "file": files.get(venue.name)}
            for venue in audit.venues
        ],
        "regimes": [str(regime) for regime in audit.settings.regimes],
        "needs": audit.settings.needs,
    }


def theorem_event(audited: Audited) -> dict[str, Any]:
    """The card of a theorem; the assumptions are those of all its cells."""
    stated = audited.theorem
    said = inspect.getdoc(stated.statement) or ""
    code = inspect.unwrap(stated.statement).__code__
    return {
        "event": "theorem",
        "name": stated.name,
        "family": str(stated.family),
        "sentence": stated.sentence,
        "explanation": said.partition("\n")[2].strip(),
        "why": stated.why,
        "assumptions": list(dict.fromkeys(m for f in audited.findings for m, _ in f.assumptions)),
        "regimes": [str(regime) for regime in stated.regimes],
        "over": stated.over,
        "general": stated.general,
        "strength": stated.strength,
        "false": stated.false,
        "repair": stated.repair,
        "file": shown_path(Path(code.co_filename)),
        "line": code.co_firstlineno,
    }


def shown_path(path: Path) -> str:
    """A file's path as it is the same on every machine: inside the project, or from the current folder."""
    for begin, root in (("proofs/", bundle.proofs()), ("", Path.cwd())):
        if path.resolve().is_relative_to(root.resolve()):
            return begin + path.resolve().relative_to(root.resolve()).as_posix()
    return path.as_posix()


def result_event(stated: Theorem, finding: Finding) -> dict[str, Any]:
    """What is known of a theorem in a cell."""
    result = finding.result
    return {
        "event": "result",
        "theorem": stated.name,
        "venue": result.venue,
        "regime": str(result.regime),
        "token": result.token,
        "verdict": str(result.verdict),
        "standing": str(standing(stated, result.verdict)),
        "part": result.part,
        "parts": result.parts,
        "witness": _numbers(result.witness),
        "countermodel": _numbers(result.countermodel) if result.verdict is Verdict.REFUTED else None,
        "confirmed": result.confirmed,
        "needs": [
            {"meaning": n.meaning, "side": n.side, "needed": n.needed, "model": _numbers(n.model)}
            for n in result.needs
        ],
        "failed_sides": list(result.failed_sides),
        "rules": list(result.rules),
        "reads": list(finding.reads),
        "solver": result.solver,
        "opinions": [
            {"part": o.part, "first": o.first, "second": o.second, "says": o.says} for o in finding.opinions
        ],
        "trouble": finding.trouble,
        "milliseconds": result.milliseconds,
    }


def standing(stated: Theorem, verdict: Verdict) -> Standing:
    """How a verdict stands to what a theorem states."""
    if verdict in {Verdict.UNKNOWN, Verdict.VACUOUS}:
        return Standing.OPEN
    if verdict is Verdict.REFUTED:
        return Standing.AS_STATED if stated.false else Standing.FINDING
    return Standing.BETTER if stated.false else Standing.AS_STATED


def _numbers(model: Model | None) -> dict[str, str] | None:
    return None if model is None else {name: number_text(value) for name, value in sorted(model.items())}


def figures(theorems: Iterable[Theorem], venues: Sequence[Venue]) -> Iterator[dict[str, Any]]:
    """The numbers that the files of these theorems give of each venue, or of each of its collaterals."""
    for name in dict.fromkeys(stated.statement.__module__ for stated in theorems):
        offered = getattr(sys.modules[name], "FIGURES", {})
        for meaning, formula in offered.items():
            for venue in venues:
                tokens = [token for token in venue.tokens.values() if token.is_collateral]
                found = {token.name: _figure(formula, venue, token) for token in tokens}
                alike = len(set(found.values())) <= 1
                for token, value in list(found.items())[: 1 if alike else None]:
                    yield {
                        "event": "figure", "figure": meaning, "venue": venue.name,
                        "token": "" if alike else token, "value": value,
                    }  # fmt: skip


def _figure(formula: Any, venue: Venue, token: Token) -> str | None:
    """The figure as text; ``None`` where the venue lacks a number that it needs."""
    try:
        value = formula(venue, token)
        return None if value is None else number_text(Fraction(value))
    except (LookupError, TypeError, ZeroDivisionError):
        return None


def footer(results: Sequence[Event], theorems: int, *, second: bool) -> dict[str, Any]:
    """How much was found, and what it comes to."""
    verdicts = Counter(result["verdict"] for result in results)
    standings = Counter(result["standing"] for result in results)
    opinions = Counter(opinion["says"] for result in results for opinion in result["opinions"])
    return {
        "event": "footer",
        "theorems": theorems,
        "results": len(results),
        "verdicts": {str(each): verdicts[each] for each in Verdict},
        "standings": {str(each): standings[each] for each in Standing},
        "opinions": {each: opinions[each] for each in ("agree", "disagree", "unknown")} if second else None,
        "overall": str(_overall(standings, opinions, len(results))),
    }


def _overall(standings: Mapping[str, int], opinions: Mapping[str, int], results: int) -> Overall:
    if opinions["disagree"]:
        return Overall.DISAGREEMENT
    if standings[Standing.FINDING]:
        return Overall.REFUTED
    return Overall.PASSED if results and not standings[Standing.OPEN] else Overall.INCOMPLETE


def without_times(events: Iterable[Event]) -> Iterator[Event]:
    """The same events without what the clock said."""
    for event in events:
        yield {key: value for key, value in event.items() if key != "milliseconds"}
