"""A run as JUnit XML: a suite for each family, a case for each case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from xml.etree import ElementTree as ET

from solvent.conform.events import Event
from solvent.conform.trial import Verdict
from solvent.report.conform_reading import WORDS, Reading, read
from solvent.report.tables import printable

TAGS: Mapping[str, str] = {
    Verdict.FAIL: "failure",
    Verdict.ERROR: "error",
    Verdict.TIMEOUT: "error",
    Verdict.UNSUPPORTED: "skipped",
    Verdict.EXPECTED: "skipped",
    Verdict.NOT_RUN: "skipped",
}


def junit(events: Iterable[Event]) -> str:
    """The XML: a failure where engine and model differ, an error where the engine gave no answer, skipped what did not count.

    What is wrong with the baseline, and what the run lacks, are cases of a suite of their own.
    """
    reading = read(events)
    told = {failure["id"]: failure for failure in reading.failures}
    suites = ET.Element("testsuites", name=f"solvent conform {printable(reading.engine)}")
    for family, cases in reading.families():
        suites.append(_suite(family, [_case(case, told.get(case.get("failure", ""))) for case in cases]))
    whole = [*_baseline(reading), *_lacks(reading)]
    if whole:
        suites.append(_suite("run", whole))
    ET.indent(suites, " ")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(suites, encoding="unicode")}\n'


def _suite(name: str, cases: list[ET.Element]) -> ET.Element:
    count = {
        tag: sum(case.find(tag) is not None for case in cases) for tag in ("failure", "error", "skipped")
    }
    suite = ET.Element(
        "testsuite", name=name, tests=str(len(cases)), failures=str(count["failure"]), errors=str(count["error"]),
        skipped=str(count["skipped"]),
    )  # fmt: skip
    suite.extend(cases)
    return suite


def _case(case: Event, failure: Event | None) -> ET.Element:
    made = ET.Element("testcase", classname=f"conform.{case['family']}", name=printable(case["id"]))
    tag = TAGS.get(case["verdict"])
    if tag is None:
        return made
    said = [case[key] for key in ("check", "reason", "fault") if key in case]
    message = printable(": ".join(said) or WORDS[Verdict(case["verdict"])])
    inside = ET.SubElement(made, tag, message=message)
    if tag != "skipped":
        inside.set("type", case["verdict"])
    if failure is not None:
        inside.text = "\n".join(printable(line) for line in failure["story"])
    return made


def _baseline(reading: Reading) -> Iterable[ET.Element]:
    for problem in reading.problems:
        made = ET.Element("testcase", classname="conform.baseline", name=printable(problem["id"]))
        ET.SubElement(made, "failure", type=problem["kind"], message=printable(problem["words"]))
        yield made


def _lacks(reading: Reading) -> Iterable[ET.Element]:
    ends = [reading.footer["ends"]] if reading.footer["ends"] else []
    for words in (*reading.footer["lacks"], *ends):
        made = ET.Element("testcase", classname="conform.minimum", name=printable(words))
        ET.SubElement(made, "error", type="incomplete", message=printable(words))
        yield made
