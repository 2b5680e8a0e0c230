"""An audit as JUnit XML: a suite for each family, a case for each theorem and cell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from xml.etree import ElementTree as ET

from solvent.report.audit_reading import Reading, Story, read, title
from solvent.report.audit_text import story_lines
from solvent.report.events import Event, Standing
from solvent.report.tables import printable


def junit(events: Iterable[Event]) -> str:
    """The XML: a failure where a theorem is refuted and should hold, an error where it is not decided or solvers disagree.

    Cases have times where the events have.
    """
    reading = read(events)
    suites = ET.Element("testsuites", name="solvent audit")
    for family, theorems in reading.families.items():
        cases = [
            _case(reading, theorem, result)
            for theorem in theorems
            for result in reading.results[theorem["name"]]
        ]
        suites.append(_suite(family, cases))
    ET.indent(suites, " ")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(suites, encoding="unicode")}\n'


def _suite(family: str, cases: Sequence[ET.Element]) -> ET.Element:
    counts = {what: sum(case.find(what) is not None for case in cases) for what in ("failure", "error")}
    suite = ET.Element(
        "testsuite", name=family, tests=str(len(cases)), failures=str(counts["failure"]),
        errors=str(counts["error"]), skipped="0",
    )  # fmt: skip
    suite.extend(cases)
    return suite


def _case(reading: Reading, theorem: Event, result: Event) -> ET.Element:
    story = Story(theorem, [result])
    case = ET.Element(
        "testcase", classname=printable(theorem["family"]), name=printable(f"{title(theorem['name'])} [{story.where}]"),
        file=printable(theorem["file"]), line=str(theorem["line"]),
    )  # fmt: skip
    if "milliseconds" in result:
        case.set("time", f"{result['milliseconds'] / 1000:.3f}")
    said = "\n".join(printable(line) for line in story_lines(story))
    disagreeing = [opinion for opinion in result["opinions"] if opinion["says"] == "disagree"]
    if disagreeing:
        solvers = f"{reading.header['solver']} and {reading.header['second']} disagree"
        ET.SubElement(case, "error", type="disagreement", message=solvers).text = said
    elif result["standing"] == Standing.FINDING:
        ET.SubElement(case, "failure", type="refuted", message=printable(theorem["sentence"])).text = said
    elif result["standing"] == Standing.OPEN:
        ET.SubElement(
            case, "error", type=result["verdict"], message=printable(theorem["sentence"])
        ).text = said
    elif result["verdict"] == "refuted":
        ET.SubElement(case, "system-out").text = said
    return case
