"""An account that is asked of the venue is reported like its record, and an error of the venue leaves no file."""

from __future__ import annotations

import json
import socket
import time
from copy import deepcopy

import pytest
import replay_server as venues
from command import run
from replay_server import ADDRESS, UNKNOWN, broken_off, failure, replaying, silence

from solvent.ingest import info_api


@pytest.fixture
def venue():
    with replaying(deepcopy(venues.ANSWERS) | {"perpDexs": [None]}) as server:
        yield server


@pytest.fixture
def ask(venue, tmp_path):
    """Asks the venue for the account and keeps it in a file of this name."""

    def run_it(name="account.json", *options, api=None):
        return run("account", "--api", api or venue.api, "--record", tmp_path / name, *options, ADDRESS)

    return run_it


def without_waiting(monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda _: None)


@pytest.mark.parametrize("options", [(), ("--json",), ("--compare",), ("--json", "--compare")])
def test_an_account_is_reported_alike_from_the_venue_and_from_its_record(ask, tmp_path, options):
    asked = ask(f"{ADDRESS}.json", *options)
    read = run("account", *options, tmp_path / f"{ADDRESS}.json")

    assert asked == read
    assert (asked.code, asked.err) == (0, "")
    assert ADDRESS in asked.out


def test_the_report_is_of_what_the_venue_answered(ask, venue):
    (account,) = json.loads(ask("account.json", "--json").out)["accounts"]
    reported = {(f["figure"], f["subject"]): f["reported"] for f in account["figures"]}

    assert account["regime"] == "unified"
    assert reported["margin used", "MEGA"] == "2123.360586"
    assert reported["available after maintenance", "USDC"] == "172.99725228"
    assert venue.asked("clearinghouseState")


def test_two_runs_keep_the_same_bytes(ask, tmp_path):
    assert ask("first.json") == ask("second.json")
    assert (tmp_path / "first.json").read_bytes() == (tmp_path / "second.json").read_bytes()


def test_nothing_is_kept_unless_it_is_asked_for(venue, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert run("account", "--api", venue.api, ADDRESS).code == 0
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_named_like_an_address_is_read(venue, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ADDRESS).write_text('{"spotClearinghouseState": {"balances": []}}')

    assert run("account", "--api", venue.api, ADDRESS).code == 4
    assert venue.requests == []


@pytest.mark.parametrize(
    ("fault", "found", "expected"),
    [
        (failure(429), "HTTP 429 after 5 tries", "HTTP 200 and JSON"),
        (failure(503), "HTTP 503 after 5 tries", "HTTP 200 and JSON"),
        (UNKNOWN, "HTTP 422", "HTTP 200 and JSON"),
        (silence, "no answer within 0.05 s in 5 tries", "an answer"),
        (broken_off, "a connection that broke off in 5 tries", "an answer"),
    ],
)
@pytest.mark.parametrize("request_", ["userAbstraction", "clearinghouseState"])
def test_a_venue_that_does_not_answer_is_one_line_and_no_file(
    ask, venue, tmp_path, monkeypatch, fault, found, expected, request_
):
    without_waiting(monkeypatch)
    venue.always(request_, fault)
    outcome = ask("account.json", "--timeout", "0.05" if fault is silence else "5")

    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == f"solvent: {venue.api}: info {request_}: found {found}; expected {expected}\n"
    assert list(tmp_path.iterdir()) == []


def test_a_venue_that_is_not_there_is_one_line_and_no_file(ask, tmp_path):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        api = f"http://127.0.0.1:{unused.getsockname()[1]}"
        outcome = ask(api=api)

    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == (
        f"solvent: {api}: info userAbstraction: found connection refused; expected an answer\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_an_error_of_the_venue_leaves_an_earlier_record_as_it_was(ask, venue, tmp_path):
    (tmp_path / "account.json").write_text("earlier")
    venue.always("userAbstraction", UNKNOWN)

    assert ask("account.json").code == 2
    assert (tmp_path / "account.json").read_text() == "earlier"


def test_a_record_that_cannot_be_written_is_one_line_and_no_report(ask, tmp_path):
    outcome = ask("missing/account.json")

    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith(f"solvent: {tmp_path / 'missing/account.json'}: found no such file")
    assert outcome.err.count("\n") == 1


def test_an_answer_that_is_too_large_is_one_line(ask, venue, monkeypatch):
    monkeypatch.setattr(info_api, "LARGEST_ANSWER", 100)
    outcome = ask()

    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith(f"solvent: {venue.api}: info spotClearinghouseState: found more than")


@pytest.mark.parametrize("address", ["0x", "0x12", ADDRESS[:-1], ADDRESS + "0", ADDRESS[:-1] + "g"])
def test_a_malformed_address_is_an_error_before_anything_is_asked(venue, address):
    outcome = run("account", "--api", venue.api, address)

    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == (f"solvent: address: found '{address}'; expected 0x and 40 hexadecimal digits\n")
    assert venue.requests == []


@pytest.mark.parametrize("api", ["venue.example", "ftp://venue.example", "http://venue.example?a=b"])
def test_a_malformed_address_of_the_api_is_an_error(api):
    outcome = run("account", "--api", api, ADDRESS)

    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith(f"solvent: api: found '{api}'; expected an http or https address")


@pytest.mark.parametrize("sources", [(ADDRESS, ADDRESS), ("account.json",), (ADDRESS, "account.json")])
def test_a_record_is_kept_of_one_address_only(venue, tmp_path, sources):
    outcome = run("account", "--api", venue.api, "--record", tmp_path / "kept.json", *sources)

    assert (outcome.code, outcome.out) == (2, "")
    assert "--record keeps one account as the API answers it: name one ADDRESS" in outcome.err
    assert venue.requests == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("timeout", ["0", "-1", "nan", "inf", "3601"])
def test_a_time_to_wait_is_above_zero_and_bounded(venue, timeout):
    outcome = run("account", "--api", venue.api, "--timeout", timeout, ADDRESS)

    assert (outcome.code, outcome.out) == (2, "")
    assert f"--timeout {timeout}: expected seconds above 0, at most 3600" in outcome.err
    assert venue.requests == []
