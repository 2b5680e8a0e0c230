"""The command says what happened by its exit code, and prints the same every time, to people and to programs."""

from __future__ import annotations

import json
import re
from functools import cache

import pytest
from attrs import evolve
from command import OBSERVATIONS, PM, UNIFIED, run, run_apart

from solvent.conform.vectors import load as vectors
from solvent.errors import InputError
from solvent.ingest import schemas
from solvent.ledger import ledger
from solvent.mutants import catalogue
from solvent.prove.audit import load as theorems
from solvent.rulebook import entries

RECORDS = sorted(OBSERVATIONS.glob("*.json"))
PRINTED = ("account-report", "ledger", "rule")
EMPTY = {"spotClearinghouseState": {"balances": []}}


@cache
def recomputed():
    """What is printed of all recorded accounts as JSON."""
    outcome = run("account", "--json", *RECORDS)
    assert (outcome.code, outcome.err) == (0, "")
    return json.loads(outcome.out)


@pytest.fixture(scope="module")
def rows():
    return ledger()


@pytest.fixture
def of_the_ledger(rows, monkeypatch):
    """What ``solvent rules`` prints, of a ledger that is computed once."""
    monkeypatch.setattr("solvent.cli.rules.ledger", lambda _: rows)

    def printed(*options):
        outcome = run("rules", *options)
        assert (outcome.code, outcome.err) == (0, "")
        return outcome.out

    return printed


# Exit codes


def test_the_code_is_0_where_every_figure_agrees_or_says_what_was_not_recorded():
    assert run("account", UNIFIED).code == 0


def test_the_code_is_1_where_a_figure_differs():
    outcome = run("account", "--reading", "PM-RATIO=documented", PM)
    (line,) = (line for line in outcome.out.splitlines() if "DIFFERS" in line)

    assert (outcome.code, outcome.err) == (1, "")
    assert line.split()[:4] == ["margin", "ratio", "account", "PM-RATIO"]


def test_the_code_is_2_where_an_input_cannot_be_taken():
    assert run("account", "missing.json").code == 2


def test_the_code_is_4_where_nothing_was_reported(tmp_path):
    (tmp_path / "empty.json").write_text(json.dumps(EMPTY))
    outcome = run("account", tmp_path / "empty.json")

    assert outcome.code == 4
    assert outcome.out.splitlines()[-1] == "0 figures of 1 account: 0 agree, 0 differ, 0 not observable"


def test_the_code_is_5_and_the_fault_is_shown_where_the_model_breaks(monkeypatch):
    def broken(*_):
        raise ZeroDivisionError("here")

    monkeypatch.setattr("solvent.cli.rules.ledger", broken)
    outcome = run("rules")

    assert (outcome.code, outcome.out) == (5, "")
    assert outcome.err.startswith("solvent: a fault of solvent itself\n")
    assert "ZeroDivisionError: here" in outcome.err


def test_an_interrupted_run_is_incomplete(monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("solvent.cli.rules.ledger", interrupted)
    assert (run("rules").code, run("rules").err) == (4, "solvent: interrupted\n")


def test_a_gap_in_the_ledger_is_shown_and_the_code_is_1(rows, monkeypatch):
    observed = next(row for row in rows if row.entry.standing == "observed" and row.figures)
    monkeypatch.setattr("solvent.cli.rules.ledger", lambda _: [evolve(observed, figures=0)])
    outcome = run("rules")

    assert outcome.code == 1
    assert f"{observed.entry.id}: observed, but no recorded figure" in outcome.out


# JSON


def test_every_recorded_account_is_printed_in_the_form_of_the_published_schema():
    schemas.hold(recomputed(), "account-report", "output")
    assert [account["id"] for account in recomputed()["accounts"]] == [path.stem for path in RECORDS]


def test_the_summary_counts_the_figures_of_all_accounts():
    found = [figure["status"] for account in recomputed()["accounts"] for figure in account["figures"]]
    summary = recomputed()["summary"]

    assert len(found) == sum(summary.values()) > 400
    assert summary == {status: found.count(status) for status in summary}


def test_a_residual_is_what_was_reported_less_what_was_computed():
    figures = [figure for account in recomputed()["accounts"] for figure in account["figures"]]
    unrounded = [f for f in figures if f["residual"] == "0"]

    assert unrounded
    assert all(f["reported"] == f["computed"] for f in unrounded)
    assert all((f["residual"] is None) == (None in (f["reported"], f["computed"])) for f in figures)


def test_every_figure_names_a_rule_of_the_rulebook():
    figures = [figure for account in recomputed()["accounts"] for figure in account["figures"]]
    assert {figure["rule"] for figure in figures} <= set(entries())


def test_the_comparison_of_regimes_is_printed_in_the_form_of_the_published_schema():
    outcome = run("account", "--json", "--compare", PM, UNIFIED)
    report = json.loads(outcome.out)
    schemas.hold(report, "account-report", "output")

    assert outcome.code == 0
    for account in report["accounts"]:
        assert [side["regime"] for side in account["regimes"]] == [
            "isolated",
            "cross",
            "unified",
            "portfolio",
        ]


def test_regimes_are_printed_only_where_they_were_asked_for():
    assert all("regimes" not in account for account in recomputed()["accounts"])


def test_the_ledger_is_printed_in_the_form_of_the_published_schema(of_the_ledger):
    printed = json.loads(of_the_ledger("--json"))
    schemas.hold(printed, "ledger", "output")

    assert [row["id"] for row in printed["rules"]] == list(entries())


@pytest.mark.parametrize("identifier", entries())
def test_every_rule_is_printed_in_the_form_of_the_published_schema(identifier):
    outcome = run("explain", "--json", identifier)
    rule = json.loads(outcome.out)
    schemas.hold(rule, "rule", "output")

    assert (outcome.code, rule["id"]) == (0, identifier)


def objects(node):
    """Every object inside a JSON value, and it itself."""
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    yield from ([node] if isinstance(node, dict) else [])
    for child in children:
        yield from objects(child)


def test_printed_schemas_take_no_key_that_they_do_not_name():
    for name in PRINTED:
        named = [node for node in objects(schemas.schema(name)) if "properties" in node]
        assert named
        assert all(node["additionalProperties"] is False for node in named)


@pytest.mark.parametrize(
    "change",
    [
        lambda report: report["summary"].update(more=1),
        lambda report: report["summary"].pop("agrees"),
        lambda report: report["accounts"][0]["figures"][0].update(status="perhaps"),
        lambda report: report["accounts"][0]["figures"][0].update(reported=1),
        lambda report: report["accounts"][0]["figures"][0].update(tolerance="-1"),
        lambda report: report["accounts"][0].update(regime="joint"),
        lambda report: report["accounts"][0].pop("venue"),
    ],
)
def test_the_schema_of_accounts_refuses_another_form(change):
    report = json.loads(json.dumps(recomputed()))
    change(report)
    with pytest.raises(InputError):
        schemas.hold(report, "account-report", "output")


# Text


def test_text_and_json_show_the_same_figures():
    (account,) = (a for a in recomputed()["accounts"] if a["id"] == UNIFIED.stem)
    lines = run("account", UNIFIED).out.splitlines()[2 : 2 + len(account["figures"])]

    for line, figure in zip(lines, account["figures"], strict=True):
        assert line.startswith(figure["figure"])
        assert figure["rule"] in line.split()


def test_nothing_but_text_is_printed_where_there_is_no_terminal():
    outcomes = [run_apart("account", PM, FORCE_COLOR="1"), run_apart("explain", "PM-RATIO", FORCE_COLOR="1")]

    assert [outcome.err for outcome in outcomes] == ["", ""]
    assert not any("\x1b" in outcome.out for outcome in outcomes)


@pytest.mark.parametrize("options", [(), ("--json",), ("--compare",), ("--json", "--compare")])
def test_two_runs_print_the_same_bytes(options, tmp_path):
    arguments = ("account", *options, PM, UNIFIED)
    first = run_apart(*arguments, PYTHONHASHSEED="1", TZ="UTC")
    second = run_apart(*arguments, folder=tmp_path, PYTHONHASHSEED="2", TZ="Asia/Tokyo", COLUMNS="40")

    assert first == second
    assert first.code == 0


def test_a_rule_is_explained_with_what_is_known_of_it():
    lines = run("explain", "pm-ratio").out.splitlines()

    assert lines[0] == "PM-RATIO: Margin ratio  (chapter 06-portfolio-margin)"
    assert "def portfolio_ratio(" in lines
    assert any(line.startswith("standing: observed") for line in lines)


def test_a_rule_that_does_not_exist_is_an_error_with_those_that_are_near():
    outcome = run("explain", "PM-RATOI")

    assert (outcome.code, outcome.out) == (2, "")
    assert "there is no rule PM-RATOI; did you mean PM-RATIO" in outcome.err


def test_the_ledger_has_a_line_for_every_rule(of_the_ledger):
    lines = of_the_ledger().splitlines()

    assert [line.split()[0] for line in lines[1:-1]] == list(entries())
    assert re.match(rf"{len(entries())} rules, [1-9]\d* of them reached", lines[-1])


def test_the_ledger_counts_what_else_is_about_a_rule(of_the_ledger, monkeypatch):
    few = ("the_ratio_falls_as_equity_rises",)
    known = {name: stated for name, stated in theorems().items() if name in few}
    monkeypatch.setattr("solvent.cli.rules.theorem_files", lambda: known)

    printed = {row["id"]: row for row in json.loads(of_the_ledger("--theorems", "--json"))["rules"]}

    ratio = printed["PM-RATIO"]
    assert ratio["vectors"] == sum("PM-RATIO" in vector.rules for vector in vectors())
    assert ratio["mutants"] == sum(mutant.rule == "PM-RATIO" for mutant in catalogue().values())
    assert (ratio["theorems"], printed["ADL-RANK"]["theorems"]) == (len(known), 0)
    assert min(ratio["vectors"], ratio["mutants"], ratio["theorems"]) > 0
    assert "theorems" not in json.loads(of_the_ledger("--json"))["rules"][0]


@pytest.mark.parametrize("command", [(), ("account",), ("rules",), ("explain",)])
def test_every_command_says_how_it_is_used(command):
    outcome = run(*command, "-h")

    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith(f"Usage: {' '.join(['solvent', *command])} ")
    assert "\\b" not in outcome.out


def test_the_version_is_printed():
    assert re.fullmatch(r"solvent \d+\.\d+\.\d+\n", run("--version").out)


def test_the_installed_program_works_from_any_folder(tmp_path):
    outcome = run_apart("explain", "PM-RATIO", folder=tmp_path)
    assert (outcome.code, outcome.out) == (0, run("explain", "PM-RATIO").out)
