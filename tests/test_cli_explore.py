"""``solvent explore``: the same every time, exit codes that say how it ended, and finds that anybody can replay."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command import run

from solvent.explore.coverage import all_events
from solvent.explore.machine import all_invariants
from solvent.ingest import schemas

KNOWN = ("--invariant", "margin-covers-falling-collateral")
HELD = ("--invariant", "open-interest")


def explored(*options, runs=4, jobs=1):
    return run("explore", "--profile", "every-change", "--runs", runs, "--jobs", jobs, *options)


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """A campaign that is asked for an invariant that is known to be false, and where it keeps what it finds."""
    folder = tmp_path_factory.mktemp("finds")
    return explored(*KNOWN, "--out", folder, "--json", runs=24), folder


# Exit codes


def test_the_code_is_0_where_the_invariants_that_were_asked_for_hold():
    assert explored(*HELD).code == 0


def test_the_code_is_4_where_there_were_too_few_runs_for_the_targets(tmp_path):
    outcome = explored("--out", tmp_path, runs=1)

    assert outcome.code == 4
    assert "too few runs: the targets of every-change ask for 300" in outcome.out


def test_the_code_is_1_where_something_is_found(found):
    outcome, _ = found

    assert (outcome.code, outcome.err) == (1, "")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--budget", "30"), "expected a time such as 90s, 30m or 2h"),
        (("--budget", "0m"), "expected a time such as 90s, 30m or 2h"),
        (("--runs", "0"), "--runs"),
        (("--seed", "-1"), "--seed"),
        (("--jobs", "0"), "--jobs"),
        (("--profile", "weekly"), "every-change"),
        (("--invariant", "no-such"), "conservation"),
        (("FILE",), "FILE"),
    ],
    ids=str,
)
def test_the_code_is_2_for_wrong_usage_and_the_message_says_what_is_expected(options, message):
    outcome = run("explore", *options)

    assert (outcome.code, outcome.out) == (2, "")
    assert message in outcome.err


def test_the_code_is_2_before_any_search_where_finds_cannot_be_kept(tmp_path):
    (tmp_path / "taken").write_text("")

    outcome = run("explore", "--budget", "30m", "--out", tmp_path / "taken" / "finds")

    assert (outcome.code, outcome.out) == (2, "")
    assert "expected a folder that can be written" in outcome.err


# What is printed


def test_the_same_seed_prints_the_same_bytes_over_one_process_or_two():
    one, two, again = (explored(*HELD, "--seed", 3, runs=20, jobs=jobs).out for jobs in (1, 2, 1))

    assert one == two == again
    assert "20 runs" in one


def test_another_seed_prints_something_else():
    assert explored(*HELD, "--seed", 3).out != explored(*HELD, "--seed", 4).out


def test_json_is_printed_in_the_form_of_the_published_schema(found):
    document = json.loads(found[0].out)

    schemas.hold(document, "explore", "output")
    assert set(document["events"]) == set(all_events())
    assert document["known"] == {n: i.refuted_by for n, i in all_invariants().items() if not i.expected}
    assert [find["invariant"] for find in document["finds"]] == [KNOWN[1]]


def test_every_event_is_printed_with_its_runs():
    printed = explored(*HELD).out

    assert all(f"\n{name}" in f"\n{printed}" for name in all_events())


def test_a_find_is_kept_as_a_scenario_that_replays(found):
    outcome, folder = found
    (find,) = json.loads(outcome.out)["finds"]

    assert find["file"] == str(folder / "margin-covers-falling-collateral.toml")
    assert run("replay", find["file"]).code == 0


def test_the_same_seed_finds_the_same_and_tells_it_with_the_command_that_replays_it(found, tmp_path):
    (find,) = json.loads(found[0].out)["finds"]

    printed = explored(*KNOWN, "--out", tmp_path, runs=24, jobs=2).out

    file = tmp_path / "margin-covers-falling-collateral.toml"
    assert "\n".join(find["story"]) in printed
    assert f"replay it: solvent replay {file}" in printed
    assert file.read_bytes() == Path(find["file"]).read_bytes()


def test_a_budget_ends_the_search():
    outcome = run("explore", "--budget", "1s", "--jobs", 1, *HELD, "--json")

    assert outcome.code == 0
    assert json.loads(outcome.out)["runs"] > 0
