"""The smoke test names each fault of the wire with its repair, and finds none in engines that have none."""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path

import pytest
from command import run

from solvent.conform.smoke import ENDS, STARTS, Mark
from solvent.ingest import schemas
from solvent.protocol.engine import Reference
from solvent.protocol.serve import http_server

FAULTY = Path(__file__).parent / "faulty" / "adapter.py"
ANSWERS = "it answers a program with a state and one outcome of each step"
BEGINS = "it begins with the genesis"
FORM = "it writes every number in one form"
DIGITS = "it keeps every digit of a number"
FORGETS = "it keeps nothing from one run to the next"
REFUSES = "a step that it refuses changes nothing"
DECLARED = "it can do all that it declares"
COMMANDS = "it answers the commands that it declares, and questions change nothing"
IGNORES = "it ignores what it does not know of a message"

CANNOT_START = {
    "Banner": "wrote 'Listening on standard input' where a reply was due: standard output is for replies alone, logs",
    "Unflushed": "its output waits in a buffer; flush standard output after every line (in python: print(reply, flush=True))",
    "NoNewline": "end every reply with a newline",
    "NoJson": "expected a key in double quotes",
    "WrongSeq": "one reply to each message, in order, with its seq",
    "NoSeq": "every reply repeats the seq of its message",
    "RepeatedKey": "found a key that stands here twice; expected each key once",
    "Misspells": "capabilities.operations: found 'deposits'",
    "Ancient": "the engine speaks protocol 0; this kit speaks 1",
    "ExitsEarly": "the engine ended with code 1 before it answered; the last that it wrote on standard error: no configuration file",
}
"""Faults with which no conversation begins, and what is told of each."""
FAULTS = {
    "LogsAfterwards": (ANSWERS, "'answered' where a reply was due"),
    "Floats": (ANSWERS, 'numbers go as JSON strings, such as "12.5"'),
    "NotANumber": (ANSWERS, "found NaN; expected a decimal string"),
    "Exponents": (ANSWERS, "expected a decimal string such as '0.65'"),
    "FewerOutcomes": (ANSWERS, "1 outcomes of 2 steps"),
    "NoStates": (ANSWERS, "a state is missing"),
    "SaysError": (ANSWERS, "run is answered with error: crash: index out of bounds"),
    "Crashes": (
        "it reports every figure that it declares",
        "ended with code 7 before it answered; the last that it wrote on standard error: index out",
    ),
    "IgnoresGenesis": (BEGINS, "accounts.ann.spot.USDC is 0; expected 1234567890.12345678"),
    "LacksAFigure": ("it reports every figure that it declares", "the state lacks accounts.ratio"),
    "LosesDigits": (DIGITS, "binary floats lose digits: hold numbers exactly (in python: decimal.Decimal"),
    "ReadsTheClock": ("it gives the same answer to the same message", "nothing may depend on a clock"),
    "KeepsState": (BEGINS, "every run begins with the whole genesis of its message"),
    "KeepsTheOther": (FORGETS, "begin every run anew with its genesis"),
    "ChangesOnRefusal": (REFUSES, "the state after withdraw was refused differs from the state before it"),
    "RefusesNothing": (REFUSES, "which nobody can afford"),
    "Boasts": (ANSWERS, "unsupported: orders; leave out of the capabilities what the engine cannot do"),
    "BoastsOfLoans": (DECLARED, "it declares borrow and answers error: crash: borrow"),
    "BoastsOfQuestions": (COMMANDS, "it declares quote and answers unsupported"),
    "ChangesOnQuestions": (COMMANDS, "answer questions on a copy"),
    "KnowsEverything": ("it answers what it does not know with unsupported", '"unsupported": "..."'),
    "ShortSeq": ("it repeats the sequence number of any message", "the message had 9007199254740991"),
    "Strict": (IGNORES, "run is answered with error: malformed: an unknown key"),
    "Hangs": (IGNORES, "no answer within 0.5 s"),
    "ShortLines": ("it reads lines of any length", "to a line of 200000 characters"),
    "GoesOn": (ENDS, "it goes on running 2 s after bye; answer bye, and end with code 0 at once"),
    "EndsBadly": (ENDS, "it ended with code 3 after bye"),
}
"""Faults of a conversation: the first item that finds each, and what is told of it."""


class Misreads(Reference):
    """Puts a digit before the equity of everybody."""

    def run(self, message):
        return json.loads(json.dumps(super().run(message)).replace('"equity": "', '"equity": "1'))


def smoke(address, *options):
    """The exit code of the command, and its report."""
    outcome = run("smoke", address, "--json", *options)
    report = json.loads(outcome.out)
    schemas.hold(report, "smoke", "the report")
    return outcome.code, report


def faulty(name):
    return f"stdio:{sys.executable} -S {FAULTY} {name}"


def bad(report):
    return [one for one in report["items"] if one["mark"] in (Mark.FAILED, Mark.WARNED)]


def test_a_small_adapter_without_a_fault_passes():
    code, report = smoke(faulty("Right"))

    assert {one["mark"] for one in report["items"]} == {"passed"}
    assert report["engine"] == {"name": "small", "version": "1", "language": "python"}
    assert code == 0


@pytest.mark.parametrize(("fault", "told"), CANNOT_START.items(), ids=CANNOT_START)
def test_an_adapter_with_which_no_conversation_begins_is_told_why(fault, told):
    code, report = smoke(faulty(fault), "--start", "1.5")

    (only,) = report["items"]
    assert (only["item"], only["mark"]) == (STARTS, "failed")
    assert told in only["told"]
    assert code == 3


@pytest.mark.parametrize(("fault", "found"), FAULTS.items(), ids=FAULTS)
def test_each_fault_is_named_with_its_repair(fault, found):
    item, told = found

    code, report = smoke(faulty(fault), "--timeout", "0.5")

    first = bad(report)[0]
    assert (first["item"], first["mark"]) == (item, "failed")
    assert told in first["told"]
    assert code in (1, 3)


def test_numbers_that_are_not_in_their_shortest_form_are_one_warning():
    code, report = smoke(faulty("TrailingZeros"))

    (only,) = bad(report)
    assert (only["item"], only["mark"]) == (FORM, "warned")
    assert only["told"].endswith("leave out trailing zeros and the sign of zero")
    assert code == 0


def test_the_reference_engine_passes_over_standard_input_and_output():
    code, report = smoke(f"stdio:{sys.executable} -m solvent serve", "--start", "60", "--timeout", "60")

    assert {one["mark"] for one in report["items"]} == {"passed"}
    assert code == 0


def test_the_reference_engine_passes_over_http_and_in_python():
    with http_server(Reference().answer, "127.0.0.1", 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        served, over_http = smoke(f"http://127.0.0.1:{server.server_address[1]}/v1")
        server.shutdown()
    here, in_python = smoke("py:solvent.protocol.engine:Reference")

    assert (served, here) == (0, 0)
    assert {one["mark"] for report in (over_http, in_python) for one in report["items"]} == {"passed"}


def test_an_engine_that_misreads_a_rule_speaks_the_protocol_and_is_warned():
    code, report = smoke("py:test_smoke:Misreads")

    (only,) = bad(report)
    assert (only["item"], only["mark"]) == ("it agrees with the model on a first program", "warned")
    assert "solvent conform says more" in only["told"]
    assert code == 0


def test_people_read_a_table_that_ends_with_the_counts():
    outcome = run("smoke", faulty("KnowsEverything"))

    lines = [" ".join(line.split()) for line in outcome.out.splitlines()]
    assert lines[1] == f"ok {STARTS}"
    assert lines[-1] == "small 1: 16 passed, 1 failed"
    assert outcome.code == 1


def test_a_place_where_nothing_is_served_cannot_be_talked_to():
    code, report = smoke("http://127.0.0.1:9/v1")

    assert report["items"][0]["told"] == "http://127.0.0.1:9/v1: http://127.0.0.1:9/v1: connection refused"
    assert code == 3
