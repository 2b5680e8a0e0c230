"""The reports of a run: all of them from its stream alone, and the page in a real browser."""

from __future__ import annotations

import json
import re
import shutil
from xml.etree import ElementTree as ET

import pytest
from command import run
from conform_engines import FALL, VECTORS, conform, of, vector, written

from solvent.conform.events import line, read
from solvent.errors import InputError
from solvent.report.conform_html import page
from solvent.report.conform_junit import junit
from solvent.report.conform_markdown import badge, markdown
from solvent.report.conform_sarif import sarif

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "chrome")
OPTIONS = ("--no-generated", "--today", "2026-11-25")


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """A run of the generous engine: the command's outcome, and its events."""
    return conform(tmp_path_factory.mktemp("ran"), "Generous", *OPTIONS)


@pytest.fixture(scope="module")
def events(ran):
    return ran[1]


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    """The events of a run in which an engine crashes, cannot everything, and a baseline does not fit."""
    folder = tmp_path_factory.mktemp("broken")
    (folder / "baseline.toml").write_text(
        '[[failure]]\nid = "test/nothing"\nreason = "r"\nissue = "i"\nuntil = 2027-01-01\n'
    )
    return conform(folder, "Crashing", *OPTIONS, "--baseline", "baseline.toml")[1]


@pytest.fixture
def stream(tmp_path, events):
    file = tmp_path / "run.ndjson"
    file.write_text("".join(line(event) + "\n" for event in events))
    return file


# The stream


def test_a_stream_is_read_as_it_was_written(stream, events):
    assert list(read(stream)) == events


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda lines: lines[:-1], "no footer"),
        (lambda lines: lines[1:], "no header"),
        (lambda _: [], "no header"),
        (lambda lines: [*lines[:1], "{", *lines[1:]], "the end of the text"),
        (
            lambda lines: [lines[0].replace('"format":1', '"format":2'), *lines[1:]],
            "expected 1, the form that",
        ),
        (lambda lines: [lines[0], *lines], "expected case, failure, baseline or footer"),
    ],
    ids=["no footer", "no header", "nothing", "no JSON", "another format", "two headers"],
)
def test_what_is_no_whole_stream_is_refused(stream, change, found):
    stream.write_text("\n".join(change(stream.read_text().splitlines())))

    outcome = run("report", stream)

    assert (outcome.code, outcome.out) == (2, "")
    assert found in outcome.err
    with pytest.raises(InputError):
        read(stream)


def test_a_report_of_a_stream_is_the_report_of_its_run(stream, ran, tmp_path):
    outcome, events = ran

    again = run("report", stream)
    run("report", stream, "--html", tmp_path / "again.html")

    assert (again.code, again.out) == (0, outcome.out)
    assert (tmp_path / "again.html").read_text() == page(events)


# Text


def test_the_text_tells_the_failure_and_ends_with_verdicts_and_rules(ran):
    outcome, events = ran
    (failure,) = of(events, "failure")
    lines = outcome.out.splitlines()

    assert lines[0] == f"FAIL  {failure['id']}"
    assert f"  {failure['story'][0]}" in lines
    assert f"  keep:  solvent vectors promote {failure['file']}" in lines
    assert lines[-2] == "5 cases: 0 passed, 5 failed"
    assert re.fullmatch(r"(\d+)/\1 rules reached; no vector asks for \d+", lines[-1])


# JUnit


def test_junit_has_a_suite_for_each_family_and_a_case_for_each_case(events):
    suites = {suite.get("name"): suite for suite in ET.fromstring(junit(events))}

    assert suites["vectors"].attrib == {
        "name": "vectors", "tests": "5", "failures": "5", "errors": "0", "skipped": "0",
    }  # fmt: skip
    assert {case.get("name") for case in suites["vectors"]} == {*VECTORS}
    assert all(case.find("failure").text for case in suites["vectors"])


def test_junit_tells_crashes_and_what_is_wrong_with_the_baseline(broken):
    suites = {suite.get("name"): suite for suite in ET.fromstring(junit(broken))}

    (error,) = suites["vectors"].iter("error")
    assert "ZeroDivisionError" in error.get("message")
    assert {problem.get("type") for problem in suites["run"].iter("failure")} == {"unknown", "regression"}


def test_what_an_engine_says_cannot_break_the_xml(events):
    bad = {**of(events, "failure")[0], "story": ["\x00 ]]> <b>"]}

    made = junit([bad if event["event"] == "failure" else event for event in events])

    assert ET.fromstring(made) is not None


# SARIF


def test_sarif_has_a_result_at_the_vector_of_each_failure(events):
    (failure,) = of(events, "failure")

    (told,) = json.loads(sarif(events))["runs"]

    (result,) = told["results"]
    assert result["ruleId"] == told["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == failure["id"]
    assert result["level"] == "error"
    place = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place == {"uri": failure["file"]}


def test_sarif_tells_what_is_wrong_with_the_baseline_at_its_file(broken):
    (told,) = json.loads(sarif(broken))["runs"]

    unknown = next(result for result in told["results"] if result["ruleId"] == "baseline/unknown")
    assert unknown["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": "baseline.toml"}


# Markdown and the badge


def test_markdown_has_the_verdict_the_families_and_every_failure(events, broken):
    made = markdown(events)

    assert "**Does not conform.** 5 cases: 0 passed, 5 failed." in made
    assert "| vectors | 5 |" in made
    assert f"`solvent replay {of(events, 'failure')[0]['file']} --engine py:conform_engines:Generous`" in made
    assert "- **Baseline, unknown**: test/nothing: there is no such failure or case" in markdown(broken)


def test_names_cannot_command_markdown(events):
    bad = {**events[0], "engine": {"name": "[x](y) <b>", "version": "", "language": ""}}

    assert r"\[x\](y) \<b\>" in markdown([bad, *events[1:]])


def test_the_badge_is_what_an_endpoint_badge_is_drawn_from(events):
    shown = json.loads(badge(events))

    assert (shown["schemaVersion"], shown["label"], shown["color"]) == (1, "solvent", "red")
    assert re.fullmatch(r"does not conform, \d+/\d+ rules", shown["message"])


# The page


def test_the_page_needs_nothing_else_and_is_the_same_every_time(events):
    made = page(events)

    assert made == page(events)
    assert not re.search(r"https?://", made)
    assert not re.search(r"<(?:link|script|img|iframe)[^>]+(?:src|href)=\"(?!data:)", made)


def test_the_page_says_how_to_make_the_run_again(events):
    command = "solvent conform py:conform_engines:Generous --profile every-change --family vectors --family regressions"

    assert f"<code>{command}</code>" in page(events)


def test_what_an_engine_says_is_text_and_never_code(events):
    bad = "<script>alert(1)</script>"
    told = [
        {**event, "engine": bad, "reason": bad, "story": [bad]} if event["event"] == "failure" else event
        for event in events
    ]

    made = page(told)

    assert "<script" not in made
    assert made.count("&lt;script&gt;alert(1)") == 3


def test_a_page_of_a_run_without_failures_says_so(tmp_path):
    _, events = conform(tmp_path, "Small", *OPTIONS)

    made = page(events)

    assert '<p class="none">None.</p>' in made
    assert "regime unified" in made


@pytest.fixture(scope="module")
def browser():
    driver = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        pytest.skip(f"there is no browser: none of {', '.join(PROGRAMS)}")
    with driver.sync_playwright() as tools:
        started = tools.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def shown(browser, tmp_path, events):
    """Opens the page in a window of a width; whatever it complains of fails the test."""
    said, file = [], tmp_path / "run.html"
    file.write_text(page(events), encoding="utf-8")
    windows = []

    def open_in(width):
        window = browser.new_context(viewport={"width": width, "height": 900})
        windows.append(window)
        tab = window.new_page()
        tab.on("console", lambda message: said.append(message.text))
        tab.on("pageerror", lambda error: said.append(str(error)))
        tab.goto(file.as_uri())
        return tab

    yield open_in
    for window in windows:
        window.close()
    assert said == []


def test_a_reader_sees_both_values_why_and_how_to_see_it_again(shown, events):
    (failure,) = of(events, "failure")

    tab = shown(1200)

    told = tab.locator("article.failure").inner_text()
    assert failure["id"] in told
    assert re.search(rf"spec\s+{re.escape(failure['spec'])}", told)
    assert re.search(rf"engine\s+{re.escape(failure['engine'])}", told)
    assert f"solvent replay {failure['file']}" in told
    assert "5 cases" in tab.locator(".verdict").inner_text()


@pytest.mark.parametrize("width", [1200, 360])
def test_the_page_is_never_wider_than_the_window(shown, width):
    tab = shown(width)

    assert tab.evaluate("document.documentElement.scrollWidth") <= width


def test_the_vector_of_a_failure_can_be_unfolded(shown):
    tab = shown(1200)

    tab.get_by_text("The vector").click()

    assert '"kind": "failure"' in tab.locator("article details pre").inner_text()


def test_verdicts_of_every_kind_have_their_place_in_every_report(tmp_path):
    known = tmp_path / "baseline.toml"
    known.write_text('[[failure]]\nid = "test/falls"\nreason = "r"\nissue = "i"\nuntil = 2027-01-01\n')
    fixed = written(tmp_path / "fixed")
    (fixed / "test.z.json").write_text(vector("later", FALL).text)
    (fixed / "test.zz.json").write_text(vector("never").text)

    _, told = conform(tmp_path, "Crashing", *OPTIONS, "--baseline", known, "--fail-fast", vectors=fixed)

    assert {name for name, count in told[-1]["verdicts"].items() if count} == {
        "pass", "expected-failure", "error", "not-run",
    }  # fmt: skip
    assert ">failed as expected</th>" in page(told)
    assert "| family | passed | broke the engine | failed as expected | not run |" in markdown(told)
    suites = ET.fromstring(junit(told))
    assert suites.find("testsuite").get("skipped") == "1"
    assert [each.get("message") for each in suites.iter("skipped")] == [
        "outcome/crash: ZeroDivisionError: division by zero"
    ]
