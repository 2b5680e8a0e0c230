"""An audit as SARIF 2.1.0, for places that show findings beside the files that they are about."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from solvent.report.audit_reading import Reading, read, title
from solvent.report.audit_text import story_lines
from solvent.report.events import Event, Standing

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
KINDS: Mapping[Standing, tuple[str, str]] = {
    Standing.FINDING: ("fail", "error"),
    Standing.OPEN: ("open", "none"),
    Standing.AS_STATED: ("informational", "none"),
}
"""The kind and level of what is told; a level other than none goes with failures alone."""


def sarif(events: Iterable[Event]) -> str:
    """The log: what is refuted, and what is not decided; each with the venue's file, if it is one of the user's, and the theorem."""
    reading = read(events)
    rules = {name: place for place, name in enumerate(reading.theorems)}
    run = {
        "tool": {
            "driver": {
                "name": "Solvent",
                "version": reading.header["version"],
                "rules": [_rule(theorem) for theorem in reading.theorems.values()],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": list(_results(reading, rules)),
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1) + "\n"


def _rule(theorem: Event) -> dict[str, Any]:
    rule: dict[str, Any] = {
        "id": theorem["name"],
        "shortDescription": {"text": theorem["sentence"]},
        "properties": {"tags": [theorem["family"]]},
    }
    if theorem["why"]:
        rule["fullDescription"] = {"text": theorem["why"]}
    if theorem["repair"]:
        rule["help"] = {"text": theorem["repair"]}
    return rule


def _results(reading: Reading, rules: Mapping[str, int]) -> Iterator[dict[str, Any]]:
    files = {venue["name"]: venue["file"] for venue in reading.header["venues"]}
    for disagreement, opinion in reading.disagreements():
        theorem = reading.theorems[disagreement["theorem"]]
        case = f", {opinion['part']}" if opinion["part"] else ""
        said = f"{title(theorem['name'])}{case}: {reading.header['solver']} says {opinion['first']}, {reading.header['second']} says {opinion['second']}"
        yield _result(theorem, rules, ("fail", "error"), said, [_place(theorem["file"], theorem["line"])])
    for story in reading.stories(*KINDS):
        result = story.result
        if result["standing"] == Standing.AS_STATED and result["verdict"] != "refuted":
            continue
        own = list(dict.fromkeys(files.get(each["venue"]) for each in story.results))
        theorem = story.theorem
        places = [_place(file) for file in own if file] or [_place(theorem["file"], theorem["line"])]
        yield _result(
            theorem, rules, KINDS[Standing(result["standing"])], "\n".join(story_lines(story)), places
        )


def _result(
    theorem: Event, rules: Mapping[str, int], kind: tuple[str, str], said: str, places: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "ruleId": theorem["name"],
        "ruleIndex": rules[theorem["name"]],
        "kind": kind[0],
        "level": kind[1],
        "message": {"text": said},
        "locations": places,
    }


def _place(file: str, line: int = 1) -> dict[str, Any]:
    return {"physicalLocation": {"artifactLocation": {"uri": file}, "region": {"startLine": line}}}
