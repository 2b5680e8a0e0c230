"""``solvent trace``: a log of an engine's events, and the first that no rule explains."""

from __future__ import annotations

import json

import pytest
from command import run
from conform_engines import BUY, FALL, TOO_MUCH, VECTORS

from solvent.ingest import schemas
from solvent.protocol.engine import Reference

STEPS = (BUY, TOO_MUCH, FALL, {"op": "discharge"}, {"op": "pass_time", "milliseconds": 1000})
HEAD = {"codes": True, "digits": 20}


def recorded(steps=STEPS):
    """The lines of a log of what the model itself does."""
    genesis = VECTORS["test/idle"].genesis
    reply = Reference().answer({"cmd": "run", "seq": 1, "genesis": genesis, "steps": steps})
    head = {"genesis": genesis, "state": reply["state"], "capabilities": HEAD}
    events = [
        {"step": step, "outcome": outcome} for step, outcome in zip(steps, reply["outcomes"], strict=True)
    ]
    return [head, *events]


@pytest.fixture
def lines():
    return recorded()


@pytest.fixture
def traced(tmp_path):
    """The outcome of tracing these lines, as text and as JSON."""

    def trace(lines):
        file = tmp_path / "log.jsonl"
        file.write_text(
            "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
        )
        text, printed = run("trace", file), run("trace", "--json", file)
        document = json.loads(printed.out) if printed.out else None
        if document is not None:
            schemas.hold(document, "conform-trace", "output")
        assert text.code == printed.code
        return text, document

    return trace


def test_a_log_of_the_model_is_explained_to_its_last_event(traced, lines):
    outcome, document = traced(lines)

    assert outcome.code == 0
    assert outcome.out == "all 5 events are explained by the spec, 5 of them with a state that agrees\n"
    assert document == {"events": 5, "explained": 5, "states": 5, "accepted": 4, "unexplained": None}


def test_states_and_capabilities_may_be_left_out(traced, lines):
    bare = [{"genesis": lines[0]["genesis"]}]
    bare += [
        {"step": one["step"], "outcome": {k: v for k, v in one["outcome"].items() if k != "state"}}
        for one in lines[1:]
    ]

    outcome, document = traced(bare)

    assert outcome.code == 0
    assert (document["explained"], document["states"]) == (5, 0)


def test_the_first_event_that_no_rule_explains_is_named_with_both_values(traced, lines):
    lines[3]["outcome"]["state"]["accounts"]["ann"]["equity"] = "40000.5"
    lines[5]["outcome"]["state"]["accounts"]["ann"]["equity"] = "1"

    outcome, document = traced(lines)

    stopped = document["unexplained"]
    assert outcome.code == 1
    assert (stopped["event"], stopped["line"]) == (3, 4)
    assert stopped["step"] == FALL
    assert stopped["differences"] == [
        {
            "check": "accounts/equity",
            "path": ["accounts", "ann", "equity"],
            "spec": "39999.99",
            "engine": "40000.5",
        }
    ]
    assert outcome.out.splitlines()[0] == "event 3 (line 4) is not explained by the spec"
    assert outcome.out.splitlines()[-1] == "2 of 5 events are explained by the spec"


def test_of_a_step_that_should_have_been_refused_the_refusal_is_the_outcome_that_is_allowed(traced, lines):
    del lines[2]["outcome"]["code"]
    lines[2]["outcome"]["ok"] = True

    outcome, document = traced(lines)

    allowed = document["unexplained"]["allowed"]
    assert outcome.code == 1
    assert (allowed["ok"], allowed["code"]) == (False, "PERP-WITHDRAWABLE")
    assert document["unexplained"]["differences"][0]["check"] == "outcome/refused"


def test_a_beginning_that_is_not_that_of_the_genesis_is_event_0(traced, lines):
    lines[0]["state"]["accounts"]["ann"]["perp"]["main"] = "1"

    outcome, document = traced(lines)

    assert outcome.code == 1
    assert (document["unexplained"]["event"], document["unexplained"]["line"]) == (0, 1)
    assert document["explained"] == 0


def test_a_discharge_that_does_what_is_not_due_is_not_explained(traced, lines):
    lines[4]["outcome"]["events"] = [{"op": "take_over", "account": "ann", "market": "BTC"}]

    outcome, document = traced(lines)

    assert outcome.code == 1
    assert document["unexplained"]["event"] == 4
    assert document["unexplained"]["differences"][0]["check"] == "outcome/events"


def test_a_log_without_events_says_nothing(traced, lines):
    outcome, document = traced(lines[:1])

    assert outcome.code == 4
    assert document["events"] == 0


@pytest.mark.parametrize(
    ("place", "line", "where", "expected"),
    [
        (0, {}, "1: genesis", "expected this key"),
        (0, {"genesis": {"venues": {}}}, "1: venues", "an unknown key"),
        (0, {"genesis": 3}, "1", "expected an object"),
        (1, "{", "2: line 1 column 2", "expected a key in double quotes"),
        (1, "[]", "2", "expected an object"),
        (2, {"step": BUY}, "3: outcome", "expected this key"),
        (2, {"step": BUY, "outcome": {}}, "3: outcome.ok", "expected true or false"),
        (2, {"step": BUY, "outcome": {"ok": True, "state": 1}}, "3: outcome.state", "expected an object"),
        (2, {"step": BUY, "outcome": {"ok": True}, "at": 1}, "3: at", "an unknown key"),
        (2, {"step": {"op": "by"}, "outcome": {"ok": True}}, "3: step", "the action 'by'"),
        (2, {"step": BUY | {"size": "1,5"}, "outcome": {"ok": True}}, "3: step.size", "a decimal string"),
        (2, {"step": BUY | {"size": 1.5}, "outcome": {"ok": True}}, "3: step.size", "a decimal string"),
    ],
)
def test_a_log_that_cannot_be_taken_is_refused_with_its_line_and_field(
    traced, lines, place, line, where, expected
):
    lines[place] = line

    outcome, document = traced(lines)

    assert (outcome.code, document) == (2, None)
    assert f".jsonl:{where}" in outcome.err
    assert expected in outcome.err


def test_what_cannot_be_taken_is_refused_after_an_event_that_is_not_explained_too(traced, lines):
    lines[1]["outcome"]["ok"] = False
    lines[5] = "nonsense"

    outcome, _ = traced(lines)

    assert outcome.code == 2


@pytest.mark.parametrize("content", [None, b"", b"\xff\n"], ids=["no file", "an empty file", "no text"])
def test_a_file_that_is_no_log_is_refused(tmp_path, content):
    file = tmp_path / "log.jsonl"
    if content is not None:
        file.write_bytes(content)

    outcome = run("trace", file)

    assert (outcome.code, outcome.out) == (2, "")
    assert str(file) in outcome.err
