"""Scenarios that have been played as JSON, in the form of the schema ``replay``."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from solvent.decimals import show
from solvent.exchange.record import action_fields, digest, number_text
from solvent.scenario import Moment, Scenario, figures, touched

SCHEMA = "replay"
RATIO_DIGITS = 10


def as_json(played: Sequence[tuple[str, Scenario, Sequence[Moment]]]) -> dict[str, Any]:
    """All replays with the sums of what was played.

    Args:
        played: the file, the scenario and the moments of each.
    """
    moments = [moment for _, _, of_one in played for moment in of_one]
    return {
        "scenarios": [_scenario(*one) for one in played],
        "summary": {
            "steps": len(moments),
            "refused": sum(moment.refusal is not None for moment in moments),
            "facts": sum(len(moment.step.expect) for moment in moments),
            "failed": sum(len(moment.failed) for moment in moments),
        },
    }


def _scenario(source: str, scenario: Scenario, moments: Sequence[Moment]) -> dict[str, Any]:
    return {
        "source": source,
        "title": scenario.title,
        "venue": scenario.venue.name,
        "steps": [_step(moment) for moment in moments],
        "state": digest(moments[-1].after if moments else scenario.begins),
    }


def _step(moment: Moment) -> dict[str, Any]:
    action, refusal = moment.step.action, moment.refusal
    return {
        "number": moment.number,
        "line": moment.step.line,
        "action": {"name": action.name(), "fields": action_fields(action), "words": str(action)},
        "refused": None if refusal is None else {"unless": refusal.asks, "rule": refusal.rule or None},
        "accounts": [_account(moment, name) for name in touched(moment)],
        "failed": [
            {"fact": failure.fact, "expected": failure.expected, "found": _text(failure.found)}
            for failure in moment.failed
        ],
    }


def _account(moment: Moment, name: str) -> dict[str, Any]:
    found = figures(moment.after, name)
    return {
        "name": name,
        "equity": number_text(found.equity),
        "resources": number_text(found.resources),
        "requirement": number_text(found.requirement),
        "marginRatio": found.ratio if isinstance(found.ratio, str) else show(found.ratio, RATIO_DIGITS),
        "status": found.status,
    }


def _text(found: Fraction | str) -> str:
    return found if isinstance(found, str) else number_text(found)
