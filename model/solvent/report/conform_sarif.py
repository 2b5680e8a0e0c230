"""A run as SARIF 2.1.0: a result for each failure, at the vector that shows it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from solvent.conform.events import Event
from solvent.report.conform_reading import Reading, read
from solvent.report.sarif import SCHEMA


def sarif(events: Iterable[Event]) -> str:
    """The log: every failure, a note where a baseline allows it, and what is wrong with the baseline."""
    reading = read(events)
    rules = {each["id"]: each for each in (*reading.failures, *_problems(reading))}
    run = {
        "tool": {
            "driver": {
                "name": "Solvent",
                "version": reading.header["version"],
                "rules": [_rule(each) for each in rules.values()],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": list(_results(reading, list(rules))),
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1) + "\n"


def _problems(reading: Reading) -> Iterator[Event]:
    for problem in reading.problems:
        if problem["kind"] != "regression":
            yield {"id": f"baseline/{problem['kind']}", "check": f"a baseline entry is {problem['kind']}"}


def _rule(each: Event) -> dict[str, Any]:
    sentence = each.get("sentence") or each["check"]
    rule: dict[str, Any] = {"id": each["id"], "shortDescription": {"text": sentence}}
    if each.get("rule"):
        rule["properties"] = {"tags": [each["rule"]]}
    return rule


def _results(reading: Reading, rules: list[str]) -> Iterator[dict[str, Any]]:
    for failure in reading.failures:
        level = "error" if failure["allowed"] is None else "note"
        yield {
            **_result(failure["id"], rules, level, "\n".join(failure["story"])),
            "locations": _places(failure["file"]),
            "fingerprints": {"solvent/v1": failure["id"]},
        }
    for problem in reading.problems:
        if problem["kind"] != "regression":
            name = f"baseline/{problem['kind']}"
            places = _places(reading.header["baseline"] or "")
            yield {**_result(name, rules, "error", problem["words"]), "locations": places}


def _result(rule: str, rules: list[str], level: str, text: str) -> dict[str, Any]:
    return {"ruleId": rule, "ruleIndex": rules.index(rule), "level": level, "message": {"text": text}}


def _places(file: str) -> list[dict[str, Any]]:
    if not file:
        return []
    return [{"physicalLocation": {"artifactLocation": {"uri": file}, "region": {"startLine": 1}}}]
