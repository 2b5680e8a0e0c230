"""An account is fetched from a venue's info API whole, or with one error that says why not."""

from __future__ import annotations

import errno
import json
import os
import socket
import time
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import replay_server as venues
from attrs import astuple
from replay_server import ADDRESS, UNKNOWN, answer, broken_off, content, endless, failure, replaying, silence

from solvent.errors import InputError
from solvent.ingest import hyperliquid, info_api, strict_json
from solvent.ingest.info_api import fetch, record

STATES = ["userAbstraction", "spotClearinghouseState", "clearinghouseState", "frontendOpenOrders"]
OPTIONAL = ["perpDexs", "allBorrowLendReserveStates", "borrowLendUserState", "meta", "activeAssetData MEGA"]


@pytest.fixture
def venue():
    with replaying(deepcopy(venues.ANSWERS)) as server:
        yield server


@pytest.fixture
def waits(monkeypatch):
    """The seconds that were waited between tries; the test does not wait."""
    seconds: list[float] = []
    monkeypatch.setattr(time, "sleep", seconds.append)
    return seconds


def refused(venue, **options: Any) -> InputError:
    with pytest.raises(InputError) as caught:
        fetch(ADDRESS, venue.api, **options)
    return caught.value


def test_an_account_is_fetched_in_the_form_of_an_observation(venue):
    assert fetch(ADDRESS, venue.api) == {
        "provenance": {
            "address": ADDRESS,
            "api": venue.api,
            "recordedAt": "2026-09-22T12:45:38.300Z",
            "scaled": False,
        },
        "userAbstraction": "unifiedAccount",
        "spotClearinghouseState": venues.SPOT,
        "clearinghouseState": {"": venues.OWN_DEX, "xyz": venues.FUNDED_DEX},
        "frontendOpenOrders": [*venues.ORDERS, venues.GOLD_ORDER],
        "orderDexes": ["", "xyz"],
        "allBorrowLendReserveStates": venues.RESERVES,
        "borrowLendUserState": venues.LOANS,
        "activeAssetData": {"MEGA": venues.MEGA_DATA, "xyz:GOLD": venues.GOLD_DATA},
        "szDecimals": {"MEGA": 0, "xyz:GOLD": 4},
        "dexTokens": {"": 0, "xyz": 360},
    }


def test_every_request_about_the_account_names_it_in_lower_case(venue):
    address = "0xABCDEF" + "0" * 34
    assert fetch(address, venue.api + "/")["provenance"]["api"] == venue.api
    users = {request["type"]: request.get("user") for request in venue.requests}
    apart = {"perpDexs", "allBorrowLendReserveStates", "meta"}
    assert users == {kind: None if kind in apart else address.lower() for kind in users}


def test_an_empty_dex_costs_one_request(venue):
    fetch(ADDRESS, venue.api)
    assert len([request for request in venue.requests if request.get("dex") == "flx"]) == 1


def test_the_venues_own_dex_is_kept_although_it_is_empty(venue):
    venue.answers["clearinghouseState"] = venues.EMPTY_DEX
    venue.answers["frontendOpenOrders"] = []
    assert fetch(ADDRESS, venue.api)["clearinghouseState"][""] == venues.EMPTY_DEX


def test_a_dex_with_a_position_is_kept_although_its_account_value_is_zero(venue):
    venue.answers["clearinghouseState flx"] = venues.EMPTY_DEX | {
        "assetPositions": venues.OWN_DEX["assetPositions"]
    }
    venue.answers["frontendOpenOrders flx"] = []
    assert list(fetch(ADDRESS, venue.api)["clearinghouseState"]) == ["", "xyz", "flx"]


def test_a_spot_order_asks_for_no_market_data(venue):
    fetch(ADDRESS, venue.api)
    assert [request["coin"] for request in venue.asked("activeAssetData")] == ["MEGA", "xyz:GOLD"]


def test_an_account_is_fetched_over_one_connection(venue):
    fetch(ADDRESS, venue.api)
    assert venue.connections == 1


def test_progress_tells_each_request_with_counts(venue):
    told: list[str] = []
    fetch(ADDRESS, venue.api, progress=told.append)
    assert told[0] == "1/6 userAbstraction"
    assert told[4] == "5/8 clearinghouseState xyz"
    assert told[-1] == "14/14 activeAssetData xyz:GOLD"
    assert len(told) == len(venue.requests) == 14


def test_answers_without_a_time_leave_the_time_of_recording_out(venue):
    for name in ("clearinghouseState", "clearinghouseState xyz", "clearinghouseState flx"):
        venue.answers[name] = {key: value for key, value in venue.answers[name].items() if key != "time"}
    assert "recordedAt" not in fetch(ADDRESS, venue.api)["provenance"]


@pytest.mark.parametrize("name", OPTIONAL)
@pytest.mark.parametrize("reply", [UNKNOWN, answer(None), answer({"error": "unknown"}), content(b"<html>")])
def test_an_optional_answer_that_does_not_come_is_null(venue, name, reply):
    venue.always(name, reply)
    told: list[str] = []
    bundle = fetch(ADDRESS, venue.api, progress=told.append)
    recorded = {
        "perpDexs": bundle["orderDexes"],
        "allBorrowLendReserveStates": bundle["allBorrowLendReserveStates"],
        "borrowLendUserState": bundle["borrowLendUserState"],
        "meta": bundle["szDecimals"],
        "activeAssetData MEGA": bundle["activeAssetData"],
    }
    assert [kind for kind, value in recorded.items() if value is None] == [name]
    assert [line for line in told if line.startswith(f"{name.partition(' ')[0]} is not recorded: found ")]


def test_without_a_list_of_dexes_only_the_venues_own_is_asked(venue):
    venue.always("perpDexs", UNKNOWN)
    bundle = fetch(ADDRESS, venue.api)
    assert list(bundle["clearinghouseState"]) == [""]
    assert [request["dex"] for request in venue.asked("clearinghouseState")] == [""]


def test_an_optional_type_of_request_that_failed_is_not_asked_again(venue):
    del venue.answers["meta"], venue.answers["meta xyz"]
    del venue.answers["activeAssetData MEGA"], venue.answers["activeAssetData xyz:GOLD"]
    told: list[str] = []
    bundle = fetch(ADDRESS, venue.api, progress=told.append)
    assert bundle["dexTokens"] is bundle["activeAssetData"] is None
    assert len(venue.asked("meta")) == len(venue.asked("activeAssetData")) == 1
    assert "12/12 activeAssetData MEGA" in told


def test_what_was_answered_before_a_type_of_request_failed_is_kept(venue):
    venue.always("meta xyz", UNKNOWN)
    bundle = fetch(ADDRESS, venue.api)
    assert (bundle["dexTokens"], bundle["szDecimals"]) == ({"": 0}, {"MEGA": 0})


@pytest.mark.parametrize("unanswered", [[], OPTIONAL])
def test_what_was_fetched_reads_as_a_record(venue, unanswered):
    for name in unanswered:
        venue.always(name, UNKNOWN)
    read = hyperliquid.record(fetch(ADDRESS, venue.api), venue.api)
    assert read.complete is not bool(unanswered)
    assert read.order_dexes == ({""} if unanswered else {"", "xyz"})


def test_the_number_of_requests_is_bounded_on_a_venue_that_fails(venue, waits):
    for name in OPTIONAL:
        venue.always(name, failure(500))
    fetch(ADDRESS, venue.api, retries=2)
    assert len(venue.requests) == len(OPTIONAL) * 3 + len(STATES)
    assert len(waits) == len(OPTIONAL)


@pytest.mark.parametrize("name", [*STATES, "clearinghouseState xyz", "frontendOpenOrders xyz"])
def test_a_state_that_is_refused_ends_the_fetch_with_its_name_at_once(venue, name):
    venue.always(name, UNKNOWN)
    error = refused(venue)
    assert (error.source, error.where, error.found) == (venue.api, f"info {name}", "HTTP 422")


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_an_overloaded_venue_is_asked_again(venue, status):
    venue.first("clearinghouseState", failure(status))
    assert fetch(ADDRESS, venue.api)["clearinghouseState"][""] == venues.OWN_DEX


def test_the_waits_between_tries_double(venue, waits):
    venue.always("userAbstraction", failure(429, Retry_After="0"))
    error = refused(venue)
    assert error.found == "HTTP 429 after 5 tries"
    assert waits == [2, 4, 8]


@pytest.mark.parametrize(("wish", "seconds"), [("3", [3]), ("86400", [60]), ("soon", [])])
def test_the_venues_wish_to_wait_is_followed_up_to_a_minute(venue, waits, wish, seconds):
    venue.first("userAbstraction", failure(429, Retry_After=wish))
    fetch(ADDRESS, venue.api)
    assert waits == seconds


def test_an_answer_that_comes_too_late_is_asked_for_again(venue):
    venue.first("spotClearinghouseState", silence)
    assert fetch(ADDRESS, venue.api, timeout=0.2)["spotClearinghouseState"] == venues.SPOT


def test_an_answer_that_does_not_come_in_time_is_an_error(venue):
    venue.always("spotClearinghouseState", silence)
    error = refused(venue, timeout=0.25, retries=1)
    assert str(error) == (
        f"{venue.api}: info spotClearinghouseState: found no answer within 0.25 s in 2 tries; expected an answer"
    )


def test_an_answer_that_breaks_off_is_asked_for_again(venue):
    venue.first("clearinghouseState", broken_off)
    assert fetch(ADDRESS, venue.api)["clearinghouseState"][""] == venues.OWN_DEX


def test_an_answer_that_always_breaks_off_is_an_error(venue, waits):
    venue.always("clearinghouseState", broken_off)
    error = refused(venue, retries=2)
    assert (error.where, error.found) == ("info clearinghouseState", "a connection that broke off in 3 tries")
    assert waits == [2]


def test_tries_that_fail_in_different_ways_are_counted_together(venue):
    venue.first("userAbstraction", failure(500), broken_off)
    assert refused(venue, retries=1).found == "a connection that broke off in 2 tries"


def test_an_answer_without_end_is_refused(venue, monkeypatch):
    monkeypatch.setattr(info_api, "LARGEST_ANSWER", 10_000)
    venue.always("spotClearinghouseState", endless)
    error = refused(venue)
    assert (error.where, error.found) == ("info spotClearinghouseState", "more than 10000 bytes")


def test_a_redirect_is_not_followed(venue):
    with replaying(venues.ANSWERS) as elsewhere:
        venue.always("userAbstraction", failure(307, Location=f"{elsewhere.api}/info"))
        error = refused(venue)
    assert error.found == f"HTTP 307 to {elsewhere.api}/info"
    assert elsewhere.requests == []


def test_nobody_listening_is_an_error_at_once(venue, waits):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        venue.api = f"http://127.0.0.1:{unused.getsockname()[1]}"
        error = refused(venue)
    assert (error.where, error.found) == ("info userAbstraction", "connection refused")
    assert waits == []


def test_a_host_without_address_is_an_error(venue, monkeypatch):
    def unknown(*_: Any, **__: Any) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    venue.api = "http://venue.example"
    assert refused(venue).found == "no host of this name"


def test_a_server_that_does_not_speak_tls_is_an_error_at_once(venue, waits):
    venue.api = venue.api.replace("http:", "https:")
    assert refused(venue).found.startswith("no trusted connection")
    assert waits == []


@pytest.mark.parametrize("address", ["", "0x12", "2359" + "0" * 38, ADDRESS + "\n", "0x" + "g" * 40])
def test_an_address_is_0x_and_40_hexadecimal_digits(venue, address):
    with pytest.raises(InputError) as caught:
        fetch(address, venue.api)
    assert astuple(caught.value) == ("address", "", repr(address), "0x and 40 hexadecimal digits")
    assert venue.requests == []


@pytest.mark.parametrize(
    "api",
    [
        "",
        "venue.example",
        "ftp://venue.example",
        "http://",
        "http://a:b",
        "http://a@b",
        "http://a?b",
        "http://a#b",
    ],
)
def test_an_api_is_an_http_address(api):
    with pytest.raises(InputError) as caught:
        fetch(ADDRESS, api)
    assert (caught.value.source, caught.value.found) == ("api", repr(api))


FAULTS = [
    ("clearinghouseState", content(b'{"time":'), ", line 1 column 9", "the end of the text", "a value"),
    ("clearinghouseState", answer(None), "", "null", "a perp account"),
    ("spotClearinghouseState", answer({"error": 1}), "", '{"error": 1}', 'balances with the key "balances"'),
    (
        "clearinghouseState",
        answer(venues.OWN_DEX | {"assetPositions": [{"position": "MEGA"}]}),
        ", assetPositions[0].position",
        '"MEGA"',
        "a position",
    ),
    (
        "clearinghouseState xyz",
        answer(venues.FUNDED_DEX | {"time": -1}),
        ", time",
        "-1",
        "milliseconds since 1970",
    ),
    (
        "clearinghouseState xyz",
        answer(venues.FUNDED_DEX | {"marginSummary": {"accountValue": "5e3"}}),
        ", marginSummary.accountValue",
        '"5e3"',
        "a decimal string",
    ),
    ("spotClearinghouseState", answer({"balances": [2.5]}), ", balances[0]", "2.5", "a decimal string"),
    ("userAbstraction", answer(["default"]), "", '["default"]', "the name of an account mode"),
    ("frontendOpenOrders", answer({}), "", "{}", "a list of orders"),
]


@pytest.mark.parametrize(("name", "reply", "place", "found", "expected"), FAULTS)
def test_an_answer_in_another_form_is_an_error_that_names_the_place(
    venue, name, reply, place, found, expected
):
    venue.always(name, reply)
    assert astuple(refused(venue)) == (venue.api, f"info {name}{place}", found, expected)


def test_the_same_answers_give_the_same_record_byte_for_byte(venue, tmp_path):
    for name in ("first.json", "second.json"):
        record(fetch(ADDRESS, venue.api), tmp_path / name)
    first, second = (tmp_path / name for name in ("first.json", "second.json"))
    assert first.read_bytes() == second.read_bytes()


def test_a_record_loads_as_what_was_fetched(venue, tmp_path):
    bundle = fetch(ADDRESS, venue.api)
    record(bundle, tmp_path / "account.json")
    assert strict_json.load(tmp_path / "account.json") == bundle
    assert (tmp_path / "account.json").read_text().endswith("}\n")


def test_a_record_replaces_an_earlier_one(tmp_path):
    (tmp_path / "account.json").write_text("earlier")
    record({"userAbstraction": "default"}, tmp_path / "account.json")
    assert [path.name for path in tmp_path.iterdir()] == ["account.json"]
    assert json.loads((tmp_path / "account.json").read_text()) == {"userAbstraction": "default"}


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("", "a folder"),
        ("missing/account.json", "no such file or directory"),
        ("file/account.json", "not a directory"),
        ("a\0b", "a path that cannot be"),
    ],
)
def test_a_record_is_refused_where_no_file_can_be(tmp_path, name, found):
    (tmp_path / "file").write_text("earlier")
    path = tmp_path / name
    with pytest.raises(InputError) as caught:
        record({}, path)
    assert astuple(caught.value) == (str(path), "", found, "a path where a file can be written")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_what_is_no_file_is_not_replaced_by_a_record(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="something that is no file"):
        record({}, tmp_path / "pipe")
    assert (tmp_path / "pipe").is_fifo()


def test_a_record_that_fails_half_way_leaves_what_stood_there(tmp_path, monkeypatch):
    def full(path: Path, content: bytes) -> None:
        with path.open("wb") as file:
            file.write(content[:1])
        raise OSError(errno.ENOSPC, "No space left on device")

    (tmp_path / "account.json").write_text("earlier")
    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(InputError, match="no space left on device"):
        record({}, tmp_path / "account.json")
    assert [path.name for path in tmp_path.iterdir()] == ["account.json"]
    assert (tmp_path / "account.json").read_text() == "earlier"
