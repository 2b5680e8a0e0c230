"""``solvent conform``: what is run, what comes of it, and the exit code of each outcome."""

from __future__ import annotations

import json
import sys
from datetime import date
from fractions import Fraction
from functools import partial
from pathlib import Path

import pytest
from command import run as command
from conform_engines import BUY, FALL, VECTORS, conform, of, vector, written

from solvent.conform.cases import Family, Selection
from solvent.conform.connect import connect
from solvent.conform.events import line
from solvent.conform.profiles import Profile
from solvent.conform.runner import Settings, run
from solvent.ingest import schemas

FEW = Profile(
    "few",
    programs=6,
    least=6,
    rules=Fraction(1),
    rules_of_programs=Fraction(1),
    accepted=Fraction(1),
    events={},
)
FIXED = ("--no-generated",)
HANGING = Path(__file__).with_name("conform_engines.py")
"""Run as a program, an engine that hangs where prices move."""


def events_of(engine="Right", **settings):
    chosen = {"profile": FEW, "vectors": tuple(VECTORS.values())} | settings
    return list(run(Settings(**chosen), partial(connect, f"py:conform_engines:{engine}")))


def verdicts(events):
    return {event["id"]: event["verdict"] for event in of(events, "case")}


# Exit codes


def test_the_code_is_0_where_all_that_was_selected_passes(tmp_path):
    outcome, events = conform(tmp_path, "Right", *FIXED)

    assert (outcome.code, outcome.err) == (0, "")
    assert events[-1]["overall"] == "passed"
    assert not (tmp_path / "failures").exists()


@pytest.mark.parametrize("engine", ["Generous", "Lax", "Crashing", "Boasting"])
def test_the_code_is_1_where_the_engine_differs_crashes_or_cannot_what_it_declares(tmp_path, engine):
    outcome, events = conform(tmp_path, engine, *FIXED)

    assert outcome.code == 1
    assert events[-1]["overall"] == "violation"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--profile", "weekly"), "every-change"),
        (("--family", "vector"), "sequences"),
        (("--budget", "30"), "expected a time such as 90s, 30m or 2h"),
        (("--no-vectors", "--no-generated"), "leave nothing"),
        (("--baseline-update",), "--baseline-update needs --baseline FILE"),
        (("--yes",), "--yes goes with --baseline-update"),
        (("--baseline", "none.toml"), "expected a baseline that can be read"),
        (("--regressions", "none"), "expected a folder of vectors"),
        (("--today", "soon"), "soon"),
        (("--jobs", "0"), "--jobs"),
    ],
    ids=str,
)
def test_the_code_is_2_for_wrong_usage_and_the_message_says_what_is_expected(tmp_path, options, message):
    outcome, events = conform(tmp_path, "Right", *options)

    assert (outcome.code, outcome.out, events) == (2, "", [])
    assert message in outcome.err


def test_the_code_is_3_where_the_engine_speaks_another_protocol(tmp_path):
    outcome, _ = conform(tmp_path, "Ancient")

    assert outcome.code == 3
    assert "protocol 0" in outcome.err


def test_the_code_is_3_where_the_engine_crashes_again_and_again(tmp_path):
    falls = [vector(f"falls-{n}", FALL) for n in range(8)]
    for one in falls:
        (tmp_path / one.file).write_text(one.text)

    outcome, events = conform(tmp_path, "Crashing", *FIXED, vectors=tmp_path)

    assert outcome.code == 3
    assert "the engine broke 6 times" in events[-1]["ends"]
    assert events[-1]["restarts"] == 5
    assert events[-1]["verdicts"] | {"error": 5, "not-run": 3} == events[-1]["verdicts"]
    assert events[-1]["outcomes"] == ["adapter", "violation", "incomplete"]


def test_the_code_is_3_where_the_engine_breaks_the_protocol(tmp_path):
    outcome, events = conform(tmp_path, "Babbling", *FIXED)

    assert outcome.code == 3
    assert {event["check"] for event in of(events, "case")} == {"outcome/protocol"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--rule", "PM-RATTIO"), "there is no rule PM-RATTIO; did you mean PM-RATIO"),
        (("--check", "account/ratio"), "there is no check account/ratio; did you mean accounts/ratio"),
        (("--flag", "roundign"), "there is no flag roundign"),
    ],
    ids=str,
)
def test_the_code_is_4_where_nothing_is_selected_and_the_nearest_names_are_told(tmp_path, options, message):
    outcome, events = conform(tmp_path, "Right", *options)

    assert (outcome.code, outcome.out, events) == (4, "", [])
    assert message in outcome.err


def test_the_code_is_4_where_no_case_could_run(tmp_path):
    outcome, events = conform(tmp_path, "Small", *FIXED, "--rule", "UA-EQUITY")

    assert outcome.code == 4
    assert verdicts(events) == {"test/unified": "unsupported"}
    assert of(events, "case")[0]["reason"] == "regime unified"


def test_the_code_is_4_where_the_run_reaches_less_than_its_profile_asks_for(tmp_path):
    outcome, events = conform(tmp_path, "Right", "--programs", "3")

    assert outcome.code == 4
    assert "3 generated programs ran; the profile asks for 150" in outcome.out
    assert events[-1]["outcomes"] == ["incomplete"]


def test_the_code_is_5_where_the_kit_itself_falls_over_and_the_run_goes_on():
    class Odd(dict):
        """A step that cannot be copied, in place of a fault that is not known yet."""

        def get(self, *_):
            raise RuntimeError("a fault")

    broken = vector("buys", BUY)
    object.__setattr__(broken, "steps", (Odd(BUY),))
    vectors = (broken, VECTORS["test/idle"])

    events = events_of(vectors=vectors, selection=Selection(families=(Family.VECTORS,)))

    assert [event["verdict"] for event in of(events, "case")] == ["not-run", "pass"]
    assert events[-1]["overall"] == "fault"
    assert "RuntimeError: a fault" in of(events, "case")[0]["fault"]


def test_with_validate_an_answer_that_is_not_of_the_schema_breaks_the_protocol(tmp_path):
    loose, _ = conform(tmp_path, "Untidy", *FIXED)
    strict, events = conform(tmp_path, "Untidy", *FIXED, "--validate")
    right, _ = conform(tmp_path, "Right", *FIXED, "--validate")

    assert (loose.code, strict.code, right.code) == (0, 3, 0)
    assert {case["check"] for case in of(events, "case") if case["steps"]} == {"outcome/protocol"}
    assert (
        of(events, "case")[0]["reason"] == "the reply: outcomes[0].detail: found 7; expected of type string"
    )


def test_where_several_apply_the_weightiest_is_the_code_and_all_are_told(tmp_path):
    outcome, events = conform(tmp_path, "Babbling", "--programs", "1")

    assert outcome.code == 3
    assert events[-1]["outcomes"] == ["adapter", "violation", "incomplete"]
    assert "the adapter broke; does not conform; incomplete" in outcome.out


# What is run


def test_vectors_come_first_then_the_users_own_then_generated_programs_of_both_families():
    own = vector("own", BUY)

    events = events_of(regressions=(own,))

    families = [event["family"] for event in of(events, "case")]
    assert families[:6] == ["vectors"] * 5 + ["regressions"]
    assert families[6:] == ["sequences", "accounts", "accounts"] * 2
    assert [event["number"] for event in of(events, "case")] == list(range(1, 13))


def test_the_users_own_vectors_are_found_where_they_are_by_default(tmp_path):
    written(tmp_path / ".solvent" / "regressions", "test/falls")

    _, events = conform(tmp_path, "Right", "--family", "regressions")

    assert verdicts(events) == {"test/falls": "pass"}


@pytest.mark.parametrize(
    ("selection", "ids"),
    [
        (Selection(rules=("UA-EQUITY",), families=(Family.VECTORS,)), ["test/unified"]),
        (Selection(families=(Family.ACCOUNTS,)), [f"accounts/{n}" for n in range(6)]),
    ],
    ids=["a rule", "a family"],
)
def test_only_what_is_selected_runs(selection, ids):
    events = events_of(selection=selection)

    assert list(verdicts(events)) == ids


def test_the_beginning_of_an_id_selects_all_that_go_on_after_a_hyphen_or_a_slash():
    selection = Selection(rules=("UA",), checks=("accounts/positions",))

    assert selection.asks(["UA-HOLD"])
    assert not selection.asks(["UAX-HOLD"])
    assert selection.holds("accounts/positions.entry")
    assert not selection.holds("accounts/perp")


def test_a_flag_selects_vectors_alone():
    flagged = vector("flagged", flags=("rounding",))

    events = events_of(vectors=(flagged, *VECTORS.values()), selection=Selection(flags=("rounding",)))

    assert list(verdicts(events)) == ["test/flagged"]


def test_of_a_check_that_is_selected_alone_no_other_makes_a_case_fail():
    of_ratio = events_of(
        "Generous", selection=Selection(checks=("accounts/ratio",), families=(Family.VECTORS,))
    )
    of_withdrawable = events_of(
        "Generous", selection=Selection(checks=("accounts/withdrawable",), families=(Family.VECTORS,))
    )

    assert {*verdicts(of_ratio).values()} == {"pass"}
    assert {*verdicts(of_withdrawable).values()} == {"fail"}


def test_a_case_that_asks_more_than_the_engine_can_is_counted_and_listed_and_not_run():
    events = events_of("Small", selection=Selection(families=(Family.VECTORS,)))

    assert verdicts(events)["test/unified"] == "unsupported"
    assert events[-1]["verdicts"]["unsupported"] == 1
    assert "UA-EQUITY" in events[-1]["rules"]["beyond"]


def test_the_verdicts_add_up_to_what_was_selected_wherever_a_run_ends():
    whole = events_of("Generous")
    early = events_of("Generous", fail_fast=True)

    for events in (whole, early):
        assert sum(events[-1]["verdicts"].values()) == events[-1]["selected"] == 11
    assert early[-1]["verdicts"]["fail"] == 1
    assert early[-1]["verdicts"]["not-run"] == 10


def test_the_same_run_gives_the_same_stream_however_many_processes_there_are():
    few = Selection(families=(Family.VECTORS,))
    alone, again, several = (events_of("Generous", jobs=jobs, selection=few) for jobs in (1, 1, 2))

    assert [*map(line, alone)] == [*map(line, again)] == [*map(line, several)]


def test_the_stream_follows_its_schema():
    schemas.hold(events_of("Generous"), "conform", "stream")
    schemas.hold(events_of("Crashing", regressions=(vector("own"),)), "conform", "stream")


# Failures


def test_a_kind_of_failure_is_told_once_however_many_cases_show_it():
    events = events_of("Generous", selection=Selection(families=(Family.VECTORS,)))

    (failure,) = of(events, "failure")
    assert failure["check"] == "accounts/withdrawable"
    assert events[-1]["failures"] == {failure["id"]: 5}
    assert {event["failure"] for event in of(events, "case")} == {failure["id"]}


def test_a_failure_is_shrunk_and_kept_as_a_vector_that_fails_again(tmp_path):
    only = written(tmp_path / "one", "test/refused")
    longer = vector("longer", BUY, FALL, VECTORS["test/refused"].steps[0])
    (only / "longer.json").write_text(longer.text)

    _, events = conform(tmp_path, "Lax", *FIXED, vectors=only)
    (failure,) = of(events, "failure")
    written_to = tmp_path / failure["file"]
    kept = json.loads(written_to.read_text())
    engines = [f"py:conform_engines:{engine}" for engine in ("Lax", "Right")]
    replayed = [command("replay", written_to, "--engine", engine).code for engine in engines]
    kept_by = command("vectors", "promote", written_to, "--to", tmp_path / ".solvent" / "regressions")
    own = [conform(tmp_path, engine, "--family", "regressions")[0].code for engine in ("Lax", "Right")]

    assert (failure["check"], failure["operation"]) == ("outcome/refused", "withdraw")
    assert failure["steps"] == 1 < failure["from"]
    assert [step["op"] for step in kept["steps"]] == ["withdraw"]
    assert kept["kind"] == "failure"
    assert (replayed, kept_by.code, own) == ([1, 0], 0, [1, 0])


def test_a_failure_names_the_rule_that_refuses_the_step():
    events = events_of(
        "Lax", vectors=(VECTORS["test/refused"],), selection=Selection(families=(Family.VECTORS,))
    )

    (failure,) = of(events, "failure")
    assert failure["rule"] == "PERP-WITHDRAWABLE"
    assert failure["sentence"]


def test_a_crash_is_the_verdict_of_its_case_and_the_run_goes_on():
    events = events_of("Crashing", selection=Selection(families=(Family.VECTORS,)))

    assert verdicts(events)["test/falls"] == "error"
    assert verdicts(events)["test/unified"] == "pass"
    (failure,) = of(events, "failure")
    assert (failure["check"], failure["step"]) == ("outcome/crash", None)
    assert "ZeroDivisionError" in failure["reason"]


def test_an_engine_that_hangs_is_started_again_and_the_run_goes_on(tmp_path):
    options = ("--vectors", written(tmp_path / "fixed"), "--no-generated", "--timeout", "0.5")

    outcome, events = conform(tmp_path, "", *options, address=f"stdio:{sys.executable} {HANGING}")

    assert outcome.code == 1
    assert verdicts(events)["test/falls"] == "timeout"
    assert [name for name, verdict in verdicts(events).items() if verdict == "pass"] == [
        "test/buys", "test/idle", "test/refused", "test/unified",
    ]  # fmt: skip
    assert events[-1]["restarts"] == 1
    assert "the engine was started again" in outcome.out


def test_an_interrupt_ends_the_run_with_a_report():
    def interrupted(*_):
        raise KeyboardInterrupt

    events = events_of(generators={Family.ACCOUNTS: interrupted, Family.SEQUENCES: interrupted})

    assert events[-1]["families"]["vectors"] == {"pass": 5}
    assert events[-1]["verdicts"]["not-run"] == 6
    assert events[-1]["outcomes"] == ["incomplete"]


# Nightly runs


def test_a_run_goes_on_where_the_last_one_ended(tmp_path):
    state = tmp_path / "state.json"
    options = ("--no-vectors", "--programs", "4", "--profile", "nightly", "--resume", state)

    _, first = conform(tmp_path, "Right", *options)
    _, second = conform(tmp_path, "Right", *options)
    document = json.loads(state.read_text())

    schemas.hold(document, "conform-cursor", "state")
    assert first[0]["seed"] == second[0]["seed"] == document["seed"]
    assert (first[0]["first"], second[0]["first"], document["next"], document["programs"]) == (0, 4, 8, 8)
    assert not {*verdicts(first)} & {*verdicts(second)}
    assert {*first[-1]["rules"]["reached"]} <= {*second[-1]["rules"]["reached"]}


def test_another_seed_than_that_of_the_run_to_go_on_with_is_refused(tmp_path):
    state = tmp_path / "state.json"
    conform(tmp_path, "Right", "--no-vectors", "--programs", "1", "--seed", "3", "--resume", state)

    outcome, _ = conform(tmp_path, "Right", "--no-vectors", "--seed", "4", "--resume", state)

    assert outcome.code == 2
    assert "has the seed 3" in outcome.err


def test_a_state_that_is_none_is_refused(tmp_path):
    (tmp_path / "state.json").write_text('{"seed": -1}')

    outcome, _ = conform(tmp_path, "Right", "--resume", tmp_path / "state.json")

    assert outcome.code == 2
    assert "state.json" in outcome.err


def test_a_budget_that_is_over_begins_no_program():
    events = events_of(budget=0.0)

    assert events[-1]["families"]["vectors"] == {"pass": 5}
    assert events[-1]["verdicts"]["not-run"] == 6
    assert events[-1]["overall"] == "incomplete"


# What the run must reach


def blind(seed, numbers, abilities):
    """Programs in which nothing ever happens."""
    del seed, abilities
    yield from (VECTORS["test/idle"].program for _ in numbers)


def test_a_search_that_reaches_nothing_is_incomplete_and_says_what_it_misses():
    generators = {Family.ACCOUNTS: blind, Family.SEQUENCES: blind}

    events = events_of(profile=Profile("blind", programs=160), generators=generators, vectors=())

    assert events[-1]["overall"] == "incomplete"
    assert "no generated program reached: auto-deleveraging" in events[-1]["lacks"]


def test_what_the_engine_cannot_do_is_not_asked_of_the_search():
    generators = {Family.ACCOUNTS: blind, Family.SEQUENCES: blind}

    events = events_of("Small", profile=Profile("blind", programs=160), generators=generators, vectors=())

    assert "no generated program reached: hedged account" not in events[-1]["lacks"]
    assert "no generated program reached: position flip" in events[-1]["lacks"]


def test_the_run_ends_with_the_rules_that_it_reached_and_those_that_it_did_not(tmp_path):
    outcome, events = conform(tmp_path, "Crashing", *FIXED)
    small, _ = conform(tmp_path, "Small", *FIXED)

    rules = events[-1]["rules"]
    unasked = len(rules["unasked"])
    reached, missed = len(rules["reached"]), len(rules["missed"])
    assert missed == 0
    assert outcome.out.splitlines()[-1] == f"{reached}/{reached} rules reached; no vector asks for {unasked}"
    assert "; 5 are beyond what the engine can do;" in small.out.splitlines()[-1]


def test_a_program_that_the_engine_does_not_answer_reaches_nothing():
    falls = (VECTORS["test/falls"],)

    crashed = events_of("Crashing", vectors=falls, selection=Selection(families=(Family.VECTORS,)))

    assert crashed[-1]["rules"]["reached"] == []
    assert "PERP-EQUITY" in crashed[-1]["rules"]["missed"]
    assert crashed[-1]["outcomes"] == ["violation", "incomplete"]


def test_nothing_expires_unless_a_day_is_given():
    assert Settings(vectors=()).today == date.min
