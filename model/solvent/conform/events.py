"""The one event stream of a run: a header, cases, failures, and a footer; every report reads it and nothing else.

A stream without a footer is of a run that did not end, and says nothing.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import Any

from attrs import define, field

from solvent.conform.baseline import Entry, Problem
from solvent.conform.cases import Family
from solvent.conform.coverage import Reach, Rules
from solvent.conform.engine import Greeting
from solvent.conform.trial import BAD, Trial, Verdict
from solvent.errors import InputError
from solvent.ingest import schemas, strict_json
from solvent.protocol.engine import PROTOCOL as SPOKEN

SCHEMA = "conform"
FORMAT = 1
"""The version of the stream's form."""
Event = Mapping[str, Any]


class Overall(StrEnum):
    """What a run comes to; where several apply, the first of them."""

    FAULT = "fault"
    ADAPTER = "adapter"
    VIOLATION = "violation"
    INCOMPLETE = "incomplete"
    PASSED = "passed"


@define
class Total:
    """What the cases of a run come to.

    Attributes:
        verdicts: how many cases there are of each; together they are all that was selected.
        families: the same for each family.
        reach: what all cases reach, and what generated ones do.
        programs: how many generated programs ran.
        failing: by id of a failure, how many cases show it.
        restarts: how often the engine was started again.
        ends: why no other case could be run; empty where nothing stood in the way.
        interrupted: whether somebody ended it.
        broke: whether the engine broke the protocol.
        faults: how many cases failed by a fault of the kit itself.
        doing: what takes time just now beside running cases.
    """

    verdicts: Counter[Verdict] = field(factory=Counter)
    families: Mapping[Family, Counter[Verdict]] = field(factory=lambda: {each: Counter() for each in Family})
    failing: Counter[str] = field(factory=Counter)
    reach: Reach = field(factory=Reach)
    generated: Reach = field(factory=Reach)
    programs: int = 0
    restarts: int = 0
    ends: str = ""
    interrupted: bool = False
    broke: bool = False
    faults: int = 0
    doing: str = ""


def header(asked: Mapping[str, Any], greeting: Greeting) -> dict[str, Any]:
    """Who was asked what.

    Args:
        asked: address, profile, seed and selection.
        greeting: what the engine says of itself.
    """
    able = greeting.abilities
    return {
        "event": "header",
        "format": FORMAT,
        "version": version("solvent"),
        "protocol": SPOKEN,
        **asked,
        "engine": {"name": greeting.name, "version": greeting.version, "language": greeting.language},
        "capabilities": {
            "regimes": sorted(able.regimes),
            "operations": sorted(able.operations),
            "fields": sorted(able.fields),
            "commands": sorted(able.commands),
            "genesis": "any" if able.any_genesis else "empty",
            "codes": able.codes,
            "digits": able.digits,
        },
    }


def case_event(trial: Trial, verdict: Verdict, failure: str = "") -> dict[str, Any]:
    """What came of a case.

    Args:
        trial: the case and what came of it.
        verdict: the same as of the trial, or that a baseline allows it.
        failure: the id of the failure that it shows.
    """
    told = {"check": trial.check, "reason": trial.reason, "failure": failure, "fault": trial.fault}
    return {
        "event": "case",
        "number": trial.case.number,
        "family": str(trial.case.family),
        "id": trial.case.id,
        "verdict": str(verdict),
        "steps": trial.reach.steps,
        "accepted": trial.reach.accepted,
        **{key: value for key, value in told.items() if value},
    }


def problem_event(problem: Problem) -> dict[str, Any]:
    """Something that is wrong with the baseline."""
    return {"event": "baseline", "kind": str(problem.kind), "id": problem.id, "words": problem.words}


def allowance(entry: Entry | None) -> dict[str, str] | None:
    """What a baseline says of a failure."""
    if entry is None:
        return None
    return {"reason": entry.reason, "issue": entry.issue, "until": entry.until.isoformat()}


def footer(
    total: Total, rules: Rules, lacks: Sequence[str], problems: Sequence[Problem], cursor: Mapping[str, Any]
) -> dict[str, Any]:
    """What a run comes to.

    Args:
        total: of its cases.
        rules: how it stands to the rules.
        lacks: what it lacks of its profile's minimum, in words.
        problems: of the baseline.
        cursor: the seed, and the number of the next program.
    """
    outcomes = _outcomes(total, lacks, problems)
    return {
        "event": "footer",
        "selected": sum(total.verdicts.values()),
        "verdicts": {str(each): total.verdicts[each] for each in Verdict},
        "families": {
            str(family): {str(each): count[each] for each in Verdict if count[each]}
            for family, count in total.families.items()
        },
        "failures": dict(sorted(total.failing.items())),
        "steps": total.reach.steps,
        "accepted": total.reach.accepted,
        "rules": {
            "reached": list(rules.reached),
            "missed": list(rules.missed),
            "beyond": list(rules.beyond),
            "unasked": list(rules.unasked),
        },
        "events": dict(sorted(total.reach.events.items())),
        "lacks": list(lacks),
        "restarts": total.restarts,
        "ends": total.ends,
        "faults": total.faults,
        "cursor": dict(cursor),
        "outcomes": [str(each) for each in outcomes],
        "overall": str(outcomes[0]),
    }


def _outcomes(total: Total, lacks: Sequence[str], problems: Sequence[Problem]) -> list[Overall]:
    """All that a run comes to, the weightiest first."""
    ran = sum(
        count for each, count in total.verdicts.items() if each not in (Verdict.UNSUPPORTED, Verdict.NOT_RUN)
    )
    applies = {
        Overall.FAULT: total.faults > 0,
        Overall.ADAPTER: bool(total.ends) or total.broke,
        Overall.VIOLATION: any(total.verdicts[each] for each in BAD) or bool(problems),
        Overall.INCOMPLETE: bool(lacks)
        or not ran
        or total.verdicts[Verdict.NOT_RUN] > 0
        or total.interrupted,
    }
    return [each for each, holds in applies.items() if holds] or [Overall.PASSED]


def line(event: Event) -> str:
    """An event as a line of a stream."""
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"))


def read(path: Path) -> tuple[Event, ...]:
    """The events of a stream that was written to a file.

    Raises:
        InputError: it is none, has another format, or no footer.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise InputError(str(path), "", str(error.strerror).lower(), "a stream that can be read") from None
    except UnicodeDecodeError:
        raise InputError(str(path), "", "bytes that are no UTF-8", "JSON Lines in UTF-8") from None
    events = [
        strict_json.loads(text, f"{path}:{number}") for number, text in enumerate(lines, 1) if text.strip()
    ]
    return held(events, str(path))


def held(events: Iterable[Event], source: str) -> tuple[Event, ...]:
    """The events, if they are a whole stream.

    Raises:
        InputError: they are not.
    """
    all_of = tuple(events)
    kinds = [event.get("event") if isinstance(event, Mapping) else None for event in all_of]
    if not kinds or kinds[0] != "header":
        raise InputError(source, "", "no header", "the events of solvent conform, a header first")
    if kinds[-1] != "footer":
        raise InputError(source, "", "no footer", "a stream of a run that ended")
    schemas.hold(list(all_of), SCHEMA, source)
    return all_of
