"""``solvent audit`` shows one matrix with everything behind it, in every form, and its exit code says how it ended."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree as ET

import pytest
from command import run
from jsonschema import Draft202012Validator
from test_audit import BROKEN, MARGIN

from solvent import bundle
from solvent.ingest import schemas

FALLS = "the_ratio_falls_as_equity_rises"
FALSE = "a_unified_ratio_of_at_most_one_means_that_nothing_is_missing"
CHOSEN = ("--theorem", FALLS, "--theorem", FALSE)
OWN = "a_loan_is_at_most_six_tenths_of_its_collateral"
VENUE = """
extends = "hyperliquid-beta"
title = "A venue of our own"
since = 2026-10-01

[tokens.HYPE.ltv]
value = "{ltv}"
unit = "1"
source = "our own"
date = 2026-10-01
"""


def audited(*arguments):
    return run("audit", "--jobs", 1, "--no-cache", *arguments)


def told(outcome):
    return [" ".join(line.split()) for line in outcome.out.splitlines()]


def venue_file(folder, name, ltv):
    path = folder / f"{name}.toml"
    path.write_text(VENUE.format(ltv=ltv), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A folder of a user: two venues that differ in one LTV, and a file of theorems."""
    folder = tmp_path_factory.mktemp("user")
    venue_file(folder, "tight", "0.6")
    venue_file(folder, "loose", "0.61")
    (folder / "margins.py").write_text(MARGIN.format(name=OWN), encoding="utf-8")
    (folder / "broken.py").write_text(
        BROKEN.replace("a_statement_that_asks_for", "another_statement_that_asks_for"), encoding="utf-8"
    )
    return folder


@pytest.fixture(scope="module")
def finding(own):
    """An audit that finds one theorem refuted that should hold, in every form."""
    forms = {form: own / f"audit.{form}" for form in ("junit", "sarif", "markdown")}
    options = [part for form, path in forms.items() for part in (f"--{form}", path)]
    options += ["--theorems", own / "margins.py", "--theorem", OWN, *CHOSEN]
    outcome = audited(own / "tight.toml", own / "loose.toml", *options)
    return outcome, {form: path.read_text(encoding="utf-8") for form, path in forms.items()}


# Text


def test_the_matrix_has_a_row_for_each_theorem_by_family_and_says_what_its_signs_mean():
    outcome = audited("hyperliquid-beta", *CHOSEN)
    lines = told(outcome)

    assert (outcome.code, outcome.err) == (0, "")
    assert lines[:4] == [
        "theorem any A",
        "RATIO",
        "the ratio falls as equity rises ✓ ···✓",
        "a unified ratio of at most one means that nothing is missing (stated to be false) ✗ ··✗·",
    ]
    assert "A hyperliquid-beta" in lines
    assert "each cell of a venue: isolated, cross, unified, portfolio" in lines
    assert {"✓ proved", "✗ refuted, as stated", "· not applicable"} <= set(lines)


def test_a_refuted_statement_is_told_with_its_numbers_and_what_would_repair_it():
    lines = told(audited("hyperliquid-beta", "--theorem", FALSE))
    place = lines.index("A unified account whose displayed ratio is at most one is not liquidatable.")

    assert lines[place + 1] == "refuted: any venue; hyperliquid-beta (unified)"
    assert lines[place + 2] == "maintenance margin = 1"
    assert lines[place + 4] == "these numbers meet: there is a requirement"
    assert lines[place + 6].startswith("what would make it true: show no ratio")
    assert re.fullmatch(r"stated in: proofs/ratio\.py:\d+", lines[place + 7])


def test_venues_of_which_all_cells_are_equal_stand_in_one_column():
    lines = told(audited("hyperliquid-alpha", "hyperliquid-beta", *CHOSEN))

    assert lines[0] == "theorem any A"
    assert "A hyperliquid-alpha, hyperliquid-beta" in lines


def test_the_figures_of_the_theorems_files_are_told_with_the_venues():
    lines = told(audited("hyperliquid-beta", "--theorem", FALLS))

    assert any(line.startswith("available at the trigger") and line.endswith("0.05 all") for line in lines)


def test_the_last_line_counts_theorems_cells_and_verdicts():
    assert told(audited("hyperliquid-beta", *CHOSEN))[-1] == "2 theorems in 4 cells: 2 proved, 2 refuted"


# Selection


def test_all_bundled_venues_are_audited_where_none_is_named():
    outcome = audited("--theorem", FALLS, "--json")
    named = [venue["name"] for venue in json.loads(outcome.out)[0]["venues"]]

    assert sorted(named) == sorted(path.stem for path in (bundle.spec() / "venues").glob("*.toml"))


def test_a_family_and_a_regime_are_selected():
    outcome = audited(
        "hyperliquid-beta", "--family", "cascades", "--regime", "unified", "--no-needs", "--json"
    )
    events = json.loads(outcome.out)

    assert {e["family"] for e in events if e["event"] == "theorem"} == {"cascades"}
    assert {e["regime"] for e in events if e["event"] == "result"} == {"", "unified"}
    assert all(e["needs"] == [] for e in events if e["event"] == "result")


# Exit codes


def test_the_code_is_1_where_a_theorem_is_refuted_that_should_hold(finding):
    outcome, _ = finding
    lines = told(outcome)

    assert outcome.code == 1
    assert "a loan is at most six tenths of its collateral · ···✓ ···!" in lines
    assert "! REFUTED, AND SHOULD HOLD" in lines
    assert "Refuted, and should hold: 1" in lines
    assert "refuted: loose (portfolio with HYPE)" in lines
    assert lines[-1].endswith("1 REFUTED AND SHOULD HOLD")


def test_one_ltv_in_a_venue_file_changes_the_code(own):
    theorems = ("--theorems", own / "margins.py", "--theorem", OWN)

    assert audited(own / "tight.toml", *theorems).code == 0
    assert audited(own / "loose.toml", *theorems).code == 1


def test_the_code_is_4_where_a_statement_cannot_be_read_and_the_reason_is_told(own):
    name = "another_statement_that_asks_for_what_no_venue_has"
    outcome = audited(own / "tight.toml", "--theorems", own / "broken.py", "--theorem", name)
    lines = told(outcome)

    assert outcome.code == 4
    assert "Not decided: 1" in lines
    assert any(line.startswith("the statement cannot be read here: AttributeError") for line in lines)


def test_the_code_is_4_where_nothing_is_selected():
    outcome = audited("hyperliquid-beta", "--theorem", FALSE, "--regime", "cross")

    assert outcome.code == 4
    assert told(outcome)[-1] == "0 theorems in 0 cells: nothing selected"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("no-such-venue",), "found an unknown venue"),
        (("gone.toml",), "gone.toml"),
        (("hyperliquid-beta", "hyperliquid-beta"), "there are two venues of the name hyperliquid-beta"),
        (("--theorem", "the_ratio_falls_as_equity_rise"), f"did you mean {FALLS}"),
        (("--theorems", "gone.py"), "found nothing"),
        (("--family", "no-such"), "cascades"),
        (("--regime", "no-such"), "portfolio"),
        (("--timeout", "0"), "--timeout"),
        (("--jobs", "0"), "--jobs"),
        (("--cache", "folder"), "exclude each other"),
        (("--theorem", FALLS, "--junit", "no/such/folder.xml"), "a file that can be written"),
    ],
)
def test_wrong_usage_is_one_message_and_code_2(arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    outcome = audited(*arguments)

    assert (outcome.code, outcome.out) == (2, "")
    assert message in " ".join(outcome.err.split())
    assert "Traceback" not in outcome.err


def test_a_cache_that_cannot_be_written_is_refused_before_anything_is_decided(tmp_path):
    (tmp_path / "file").write_text("")
    outcome = run("audit", "hyperliquid-beta", *CHOSEN, "--cache", tmp_path / "file" / "cache")

    assert (outcome.code, outcome.out) == (2, "")
    assert "expected a folder that can be written" in outcome.err


# The second solver


def test_both_solvers_are_named_and_their_agreement_is_counted(tmp_path):
    outcome = audited("hyperliquid-beta", *CHOSEN, "--cross-check", "--smtlib", tmp_path)

    assert outcome.code == 0
    assert told(outcome)[-1].endswith("second opinions: 4 agree")
    assert len(list(tmp_path.rglob("*.smt2"))) == 4


# Kept results


def test_a_second_run_uses_what_the_first_kept_and_prints_the_same(tmp_path):
    arguments = ("audit", "hyperliquid-beta", *CHOSEN, "--jobs", 1, "--cache", tmp_path / "kept")
    first = run(*arguments)
    files = {path: path.stat().st_mtime_ns for path in (tmp_path / "kept").iterdir()}
    second = run(*arguments)

    assert first == second
    assert files == {path: path.stat().st_mtime_ns for path in (tmp_path / "kept").iterdir()} != {}


# JSON


def test_json_follows_its_schema_with_one_event_a_line_and_the_same_bytes_every_time():
    arguments = ("hyperliquid-beta", *CHOSEN, "--json")
    first, second = audited(*arguments), audited(*arguments)
    document = json.loads(first.out)

    schemas.hold(document, "audit", "output")
    assert first.out == second.out
    assert len(first.out.splitlines()) == len(document) + 2
    assert not any("milliseconds" in event for event in document)


def test_times_and_second_opinions_follow_the_schema_too():
    outcome = audited("hyperliquid-beta", *CHOSEN, "--json", "--times", "--cross-check")
    document = json.loads(outcome.out)

    schemas.hold(document, "audit", "output")
    assert all("milliseconds" in event for event in document if event["event"] == "result")


@pytest.mark.parametrize("left_out", [0, -1])
def test_the_schema_takes_no_stream_without_header_or_footer(left_out):
    document = json.loads(audited("hyperliquid-beta", *CHOSEN, "--json").out)
    del document[left_out]

    assert not Draft202012Validator(schemas.schema("audit")).is_valid(document)


# Other forms


def test_junit_has_a_failure_for_what_should_hold_and_does_not(finding):
    root = ET.fromstring(finding[1]["junit"])
    cases = {case.get("name"): case for case in root.iter("testcase")}
    (failed,) = (case for case in cases.values() if case.find("failure") is not None)

    assert (
        failed.get("name") == "a loan is at most six tenths of its collateral [loose (portfolio with HYPE)]"
    )
    assert "collateral" in failed.find("failure").text
    assert [suite.get("failures") for suite in root] == ["0", "1"] or [s.get("failures") for s in root] == [
        "1",
        "0",
    ]
    assert sum(int(suite.get("tests")) for suite in root) == len(cases)
    assert cases["the ratio falls as equity rises [any venue]"].find("failure") is None
    refuted = next(case for name, case in cases.items() if name.startswith("a unified ratio"))
    assert refuted.find("system-out").text.startswith("A unified account")


def test_sarif_points_at_the_file_of_the_venue_that_is_refuted(finding, own):
    run_ = json.loads(finding[1]["sarif"])["runs"][0]
    failed = [result for result in run_["results"] if result["kind"] == "fail"]

    assert [(result["ruleId"], result["level"]) for result in failed] == [(OWN, "error")]
    place = failed[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert place == (own / "loose.toml").as_posix()
    assert run_["tool"]["driver"]["rules"][failed[0]["ruleIndex"]]["id"] == OWN
    assert {result["kind"] for result in run_["results"]} == {"fail", "informational"}
    assert all(result["level"] == "none" for result in run_["results"] if result["kind"] != "fail")


def test_markdown_opens_with_the_verdict_and_folds_what_is_as_stated(finding):
    text = finding[1]["markdown"]

    assert text.startswith("# Audit of margin rules\n\n**3 theorems in ")
    assert "1 REFUTED AND SHOULD HOLD**" in text
    assert "| a loan is at most six tenths of its collateral |" in text
    assert text.index("### A loan at the LTV is at most six tenths") < text.index(
        "<details><summary>A unified"
    )
    assert text.count("<details>") == text.count("</details>") == 1


def test_the_page_holds_the_same_theorems(tmp_path):
    pytest.importorskip("jinja2")
    outcome = audited("hyperliquid-beta", *CHOSEN, "--html", tmp_path / "audit.html")
    page = (tmp_path / "audit.html").read_text(encoding="utf-8")

    assert outcome.code == 0
    assert "The ratio falls as equity rises" in page
    assert f"solvent audit --theorem {FALSE}" in page
