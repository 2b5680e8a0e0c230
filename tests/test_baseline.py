"""Baselines: what is known may fail, for a time; what is stale, expired, unknown or new makes the run fail."""

from __future__ import annotations

from datetime import date

import pytest
from conform_engines import conform, of, written

from solvent.conform import baseline
from solvent.errors import InputError

TODAY = "2026-11-25"
CHECKED = ("--no-generated", "--rule", "PERP-EQUITY", "--today", TODAY)
KNOWN = "accounts/withdrawable:PERP-WITHDRAWABLE"


def entry(name, until="2027-01-31", reason="they round up", issue="ENG-12"):
    return f'[[failure]]\nid = "{name}"\nreason = "{reason}"\nissue = "{issue}"\nuntil = {until}\n'


def gated(tmp_path, *entries, engine="Generous", options=CHECKED, vectors=("test/buys",)):
    """The outcome of a run with a baseline of these entries, its events, and the baseline's text after it."""
    file = tmp_path / "baseline.toml"
    file.write_text("".join(entries))
    fixed = written(tmp_path / "few", *vectors)
    outcome, events = conform(tmp_path, engine, "--baseline", file, *options, vectors=fixed)
    return outcome, events, file.read_text()


@pytest.fixture(scope="module")
def name(tmp_path_factory):
    """The id of the failure of the generous engine."""
    outcome, events = conform(tmp_path_factory.mktemp("found"), "Generous", *CHECKED)
    assert outcome.code == 1
    return of(events, "failure")[0]["id"]


def test_a_failure_that_the_baseline_has_is_expected_and_the_run_passes(tmp_path, name):
    outcome, events, _ = gated(tmp_path, entry(name))

    assert outcome.code == 0
    assert events[-1]["verdicts"]["expected-failure"] == 1
    assert of(events, "failure")[0]["allowed"] == {
        "reason": "they round up", "issue": "ENG-12", "until": "2027-01-31",
    }  # fmt: skip
    assert "EXPECTED until 2027-01-31" in outcome.out


def test_an_entry_may_name_one_case(tmp_path):
    outcome, events, _ = gated(tmp_path, entry("test/buys"), vectors=("test/buys", "test/falls"))

    assert outcome.code == 1
    assert {event["id"]: event["verdict"] for event in of(events, "case")} == {
        "test/buys": "expected-failure",
        "test/falls": "fail",
    }


def test_a_failure_that_the_baseline_does_not_have_is_a_regression(tmp_path, name):
    outcome, events, _ = gated(tmp_path)

    assert outcome.code == 1
    assert of(events, "baseline") == [
        {
            "event": "baseline",
            "kind": "regression",
            "id": name,
            "words": f"{name}: fails, and the baseline does not have it",
        }
    ]


def test_an_entry_of_what_does_not_fail_any_more_is_stale(tmp_path):
    outcome, events, _ = gated(tmp_path, entry("test/buys"), engine="Right")

    (problem,) = of(events, "baseline")
    assert outcome.code == 1
    assert (problem["kind"], problem["words"]) == ("stale", "test/buys: does not fail any more; remove it")


def test_an_entry_past_its_last_day_is_expired_and_its_failure_counts(tmp_path, name):
    last, _, _ = gated(tmp_path, entry(name, until=TODAY))
    outcome, events, _ = gated(tmp_path, entry(name, until="2026-11-24"))

    (problem,) = of(events, "baseline")
    assert (last.code, outcome.code) == (0, 1)
    assert problem["kind"] == "expired"
    assert problem["words"] == f"{name}: allowed until 2026-11-24, which is past (they round up; ENG-12)"
    assert events[-1]["verdicts"]["fail"] == 1


def test_an_entry_of_what_there_is_not_is_unknown(tmp_path):
    outcome, events, _ = gated(tmp_path, entry("acounts/ratio:PM-RATIO"), engine="Right")

    (problem,) = of(events, "baseline")
    assert outcome.code == 1
    assert problem["kind"] == "unknown"
    assert "there is no such failure or case" in problem["words"]


def test_an_entry_of_what_was_not_asked_for_is_left_alone(tmp_path):
    outcome, _, _ = gated(tmp_path, entry("accounts/ratio:PM-RATIO"), engine="Right")

    assert outcome.code == 0


# Updating


def test_an_update_prints_what_it_would_change_and_changes_nothing(tmp_path, name):
    outcome, _, text = gated(tmp_path, entry("test/gone"), options=(*CHECKED, "--baseline-update"))

    assert '-id = "test/gone"' in outcome.out
    assert f'+id = "{name}"' in outcome.out
    assert text == entry("test/gone")
    assert "--yes writes it" in outcome.err


def test_an_update_that_is_agreed_to_is_written_and_the_next_run_passes(tmp_path):
    first, _, text = gated(tmp_path, entry("test/gone"), options=(*CHECKED, "--baseline-update", "--yes"))
    second, _, _ = gated(tmp_path, text)

    assert (first.code, second.code) == (1, 0)
    assert "test/gone" not in text
    assert f'reason = "adopted on {TODAY}, not looked into yet"' in text
    assert "until = 2027-02-23" in text


def test_an_update_keeps_comments_and_what_is_still_known(tmp_path, name):
    mine = "# ours\n" + entry(name)

    outcome, _, text = gated(tmp_path, mine, options=(*CHECKED, "--baseline-update", "--yes"))

    assert text == mine
    assert "nothing to change" in outcome.out


def test_an_update_may_begin_a_baseline(tmp_path, name):
    outcome, _ = conform(
        tmp_path, "Generous", *CHECKED, "--baseline", tmp_path / "new.toml", "--baseline-update", "--yes"
    )

    assert outcome.code == 1
    assert name in (tmp_path / "new.toml").read_text()


# Files that cannot be taken


@pytest.mark.parametrize(
    ("text", "where", "expected"),
    [
        ("[failure", "", "TOML"),
        ("[[failures]]\n", "failures", "tables [[failure]] alone"),
        ("failure = 3\n", "failure", "tables [[failure]]"),
        ("failure = [3]\n", "failure[0]", "a table of id, reason, issue, until"),
        (entry("a") + entry("a"), "failure[1].id", "each id once"),
        (entry("a").replace("until", "till"), "failure[0].till", "one of id, reason, issue, until"),
        (entry("a", reason=" "), "failure[0].reason", "a text that says something"),
        (entry("a").replace('issue = "ENG-12"\n', ""), "failure[0].issue", "a text that says something"),
        (entry("a", until='"2027-01-31"'), "failure[0].until", "a date such as 2027-01-31, without quotes"),
        (
            entry("a", until="2027-01-31T00:00:00"),
            "failure[0].until",
            "a date such as 2027-01-31, without quotes",
        ),
    ],
)
def test_a_file_that_is_no_baseline_is_refused_with_the_entry_and_the_key(tmp_path, text, where, expected):
    file = tmp_path / "baseline.toml"
    file.write_text(text)

    with pytest.raises(InputError) as refused:
        baseline.load(file)

    assert (refused.value.source, refused.value.where, refused.value.expected) == (str(file), where, expected)


def test_a_baseline_is_read_with_its_dates(tmp_path):
    file = tmp_path / "baseline.toml"
    file.write_text(entry("a"))

    assert baseline.load(file).entries["a"].until == date(2027, 1, 31)
