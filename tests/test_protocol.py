"""The protocol's page, its schemas, the engine that is served, and the messages of the kit say the same."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import threading
from fractions import Fraction
from itertools import pairwise

import pytest
import urllib3
from attrs import NOTHING, fields
from command import run
from jsonschema import Draft202012Validator

from solvent import bundle
from solvent.account import Order, Position, Regime
from solvent.conform.connect import Misspoken, connect
from solvent.conform.generate import accounts, sequences
from solvent.conform.judge import judge
from solvent.conform.values import Abilities
from solvent.errors import InputError
from solvent.exchange import LendingPool, Market, Member, SpotMarket, all_actions
from solvent.exchange.record import number_text
from solvent.exchange.state import Depth, Setting
from solvent.protocol import schemas
from solvent.protocol.engine import COMMANDS, DISCHARGE, Reference
from solvent.protocol.picture import FIELDS
from solvent.protocol.serve import answer_text, http_server, serve_lines
from solvent.scenario.facts import WORDS
from solvent.venue import Parameters, Token

PAGE = (bundle.spec() / "protocol" / "README.md").read_text(encoding="utf-8")
BLOCKS = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]
GENESIS = next(block for block in BLOCKS if "venue" in block)
ELLIPSIS = "…"
EXCHANGES = [(one, two) for one, two in pairwise(BLOCKS) if "cmd" in one]
"""Every message of the page, and the reply that follows it."""
ALL = Abilities(
    regimes=frozenset(map(str, Regime)),
    operations=frozenset([*all_actions(), DISCHARGE]),
    codes=True,
    digits=28,
)
REQUIRED = {"hello", "run", "bye"}


def whole(document):
    """A message or reply of the page with the page's genesis in it."""
    return {**document, "genesis": GENESIS} if document.get("genesis") == ELLIPSIS else document


def rows(heading):
    """The first cells of the table under a heading of the page, without the head."""
    table = PAGE.partition(f"\n{heading}\n")[2].partition("\n#")[0]
    found = [line.strip("|").split(" | ") for line in table.splitlines() if line.startswith("| `")]
    return {cells[0].strip(" `"): [cell.strip() for cell in cells[1:]] for cells in found}


def of(schema, *path):
    """A part of a published schema."""
    found = schemas.published()[schema]
    for key in path:
        found = found[key]
    return found


# The page


def test_the_page_shows_every_command_and_a_reply_to_each():
    shown = {message["cmd"] for message, _ in EXCHANGES}

    assert shown >= REQUIRED | {*COMMANDS}
    assert len(BLOCKS) == 2 * len(EXCHANGES) + 1


@pytest.mark.parametrize(("message", "reply"), EXCHANGES, ids=[message["cmd"] for message, _ in EXCHANGES])
def test_every_message_and_reply_of_the_page_fits_its_schema(message, reply):
    malformed = "error" in reply

    if not malformed:
        schemas.hold_message(whole(message))
    schemas.hold_reply(whole(reply), message)

    assert reply["seq"] == message["seq"]


def test_the_reference_engine_answers_as_the_page_shows():
    engine = Reference()
    asked = [(message, reply) for message, reply in EXCHANGES if message["cmd"] != "hello"]

    for message, reply in asked:
        answer = engine.answer(whole(message))

        expected = {**reply, "genesis": answer["genesis"]} if "genesis" in reply else reply
        assert answer == expected, message["cmd"]


def test_the_page_lists_every_operation_with_its_fields():
    listed = rows("## Steps")
    known = {
        name: ", ".join(f"`{f.name}`" + ("" if f.default is NOTHING else "?") for f in fields(action))
        for name, action in all_actions().items()
    }

    assert {name: cells[0] for name, cells in listed.items()} == {**known, DISCHARGE: "none"}


def test_the_page_lists_every_figure_with_its_unit_and_meaning():
    listed = rows("### Figures")

    assert tuple(listed) == FIELDS
    assert all(unit and meaning for unit, meaning in listed.values())


def test_the_page_names_every_schema():
    linked = set(re.findall(r"\(v1/([a-z-]+)\.schema\.json\)", PAGE))

    assert linked == {*schemas.published()}


# The schemas


@pytest.mark.parametrize("name", schemas.published())
def test_a_schema_is_one_and_is_known_by_its_id(name):
    schema = of(name)

    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"{schemas.PREFIX}{name}"


def test_the_schemas_know_every_name_of_the_protocol():
    names = {name: one.get("enum") for name, one in of("values", "$defs").items()}

    assert names["field"] == list(FIELDS)
    assert names["operation"] == [*all_actions(), DISCHARGE]
    assert names["command"] == list(COMMANDS)
    assert names["regime"] == [*Regime]
    assert all(word in of("values", "$defs", "figure", "pattern") for word in (*WORDS, *Regime))


def defaults(kind, besides=()):
    """The default of each field that has a value for one, as a genesis or a step would write it."""
    return {
        f.name: number_text(f.default) if isinstance(f.default, Fraction) else f.default
        for f in fields(kind)
        if isinstance(f.default, Fraction | bool | int) and f.name not in besides
    }


def described(schema):
    """The keys of a schema's object, those that are required, and the defaults that it states."""
    stated = {
        key: one["default"]
        for key, one in schema["properties"].items()
        if isinstance(one.get("default"), str | int)
    }
    return {*schema["properties"]}, {*schema.get("required", ())}, stated


@pytest.mark.parametrize("name", all_actions())
def test_the_schema_of_a_step_has_the_fields_of_its_action(name):
    action = all_actions()[name]

    keys, required, stated = described(of("step", "$defs", name))

    assert keys == {"op", *(f.name for f in fields(action))}
    assert required == {"op", *(f.name for f in fields(action) if f.default is NOTHING)}
    assert stated == defaults(action)


@pytest.mark.parametrize(
    ("part", "kind", "without", "besides"),
    [
        ("market", Market, {"name", "holders", "max_leverage"}, {"tiers"}),
        ("spot", SpotMarket, {"token"}, set()),
        ("depth", Depth, set(), set()),
        ("position", Position, {"market"}, set()),
        ("order", Order, set(), set()),
        ("setting", Setting, set(), set()),
        ("pool", LendingPool, {"token", "supply_shares", "debt_shares"}, set()),
        ("token", Token, {"name"}, {"threshold"}),
        (
            "account",
            Member,
            {"name", "raw", "supplied", "borrowed"},
            {"perp", "supply_shares", "debt_shares"},
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_schema_of_a_genesis_has_the_fields_of_the_state(part, kind, without, besides):
    keys, _, stated = described(of("genesis", "$defs", part))

    assert keys == {f.name for f in fields(kind)} - without | besides
    assert {key: value for key, value in stated.items() if key != "mode"} == defaults(kind, without)


def test_the_schema_of_a_venue_has_its_parameters():
    keys, required, stated = described(of("genesis", "$defs", "venue", "properties", "parameters"))

    assert keys == {f.name for f in fields(Parameters)}
    assert required == {f.name for f in fields(Parameters) if f.default is NOTHING}
    assert stated == defaults(Parameters)


def test_the_schema_of_a_state_has_every_figure():
    accounts_, pools, markets = (
        of("state", "properties", part, "additionalProperties", "properties")
        for part in ("accounts", "pools", "markets")
    )
    positions = accounts_.pop("positions")["additionalProperties"]["properties"]

    found = {
        *(f"accounts.{name}" for name in accounts_),
        *(f"accounts.positions.{name}" for name in positions),
        *(f"pools.{name}" for name in pools),
        *(f"markets.{name}" for name in markets),
        *({*of("state", "properties")} - {"accounts", "pools", "markets"}),
    }
    assert found == {*FIELDS}


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ({"cmd": "hello", "protocol": [1]}, "the message: found no such key; expected the key seq"),
        ({"cmd": "open", "seq": 1, "genesis": {}}, "the message: genesis: found no such key; expected the key venue"),
        (
            {"cmd": "step", "seq": 1, "session": "s", "step": {"op": "depost"}},
            'the message: step.op: found "depost"; expected one of deposit, withdraw',
        ),
        (
            {"cmd": "step", "seq": 1, "session": "s", "step": {"op": "accrue", "token": 5}},
            "the message: step.token: found 5; expected of type string",
        ),
        (
            {"cmd": "step", "seq": 1, "session": "s", "step": {"op": "accrue", "token": "USDC", "x": 1}},
            "Additional properties are not allowed ('x' was unexpected)",
        ),
        ({"cmd": "ping", "seq": -1}, "the message: seq: found -1; expected minimum 0"),
        ({"cmd": "hello", "seq": 1, "protocol": [1], "numbers": "float"}, 'numbers: found "float"; expected "decimal-string"'),
    ],
)  # fmt: skip
def test_a_message_that_does_not_fit_is_told_in_words(message, told):
    with pytest.raises(InputError, match=re.escape(told)):
        schemas.hold_message(message)


# The messages of the kit


def programs():
    """Generated programs of both kinds."""
    return [*sequences(3, range(5), ALL), *accounts(3, range(5), ALL)]


def test_every_message_and_reply_of_the_kits_own_programs_fits():
    with connect("py:solvent.protocol.engine:Reference", strict=True) as engine:
        found = [judge(one, engine.ask(one.message(n)), ALL) for n, one in enumerate(programs())]

    assert len(found) >= 8
    assert not any(found)


def test_a_message_of_ours_that_breaks_its_schema_is_a_fault_of_ours():
    with (
        connect("py:solvent.protocol.engine:Reference", strict=True) as engine,
        pytest.raises(Misspoken, match=re.escape("observe.after")),
    ):
        engine.ask({"cmd": "observe", "seq": 1, "session": "s", "observe": {"after": "sometimes"}})


# What is served


def served(*lines):
    """The replies of the reference engine to lines."""
    out = io.BytesIO()
    serve_lines(Reference().answer, io.BytesIO("\n".join(lines).encode()), out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('{"cmd": ', "the end of the text"),
        ("[1", "expected a comma"),
        ('"hello"', "a message is one JSON object"),
        ('{"cmd":"ping","seq":1.5}', "found 1.5; expected a decimal string"),
        ('{"cmd":"ping","cmd":"bye"}', "a key that stands here twice"),
        ("", "expected a value"),
    ],
)
def test_a_malformed_line_is_answered_and_the_engine_goes_on(line, told):
    first, second = served(line, '{"cmd":"ping","seq":2}')

    assert first["error"]["kind"] == "malformed"
    assert told in first["error"]["message"]
    assert second == {"seq": 2, "ok": True}


def test_a_message_over_which_the_engine_fails_is_answered_with_its_seq():
    def broken(message):
        return {"seq": message["seq"], "outcomes": message["steps"]}

    reply, last = answer_text(broken, b'{"cmd":"run","seq":3}')

    error = json.loads(reply)["error"]
    assert (json.loads(reply)["seq"], error["kind"], last) == (3, "crash", False)
    assert error["message"] == "KeyError: 'steps'"
    assert "in broken" in error["trace"]


def test_after_bye_nothing_is_read_any_more():
    replies = served('{"cmd":"bye","seq":1}', '{"cmd":"ping","seq":2}')

    assert replies == [{"seq": 1, "ok": True}]


def test_the_served_program_ends_with_its_input():
    command = [sys.executable, "-m", "solvent", "serve"]

    done = subprocess.run(
        command, input=b'{"cmd":"ping","seq":3}\n', capture_output=True, check=False, timeout=60
    )

    assert (done.stdout, done.returncode) == (b'{"seq":3,"ok":true}\n', 0)


def test_a_server_answers_lists_of_messages_and_the_same_key_as_before():
    step = {"cmd": "step", "seq": 2, "session": "s1", "step": {"op": "pass_time", "milliseconds": 5}}
    step["observe"] = {"after": "none"}
    with http_server(Reference().answer, "127.0.0.1", 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}/v1"

        def post(body, **headers):
            return urllib3.request("POST", url, body=json.dumps(body).encode(), headers=headers).json()

        opened, pinged = post([{"cmd": "open", "seq": 0, "genesis": GENESIS}, {"cmd": "ping", "seq": 1}])
        for _ in range(3):
            stepped = post(step, **{"Idempotency-Key": "a-2"})
        kept = post({"cmd": "snapshot", "seq": 3, "session": "s1"})
        wrong = urllib3.request("POST", url + "/other", body=b"{}")
        server.shutdown()

    assert (opened["session"], pinged["ok"], stepped["outcome"]) == ("s1", True, {"ok": True})
    assert kept["genesis"]["now"] == GENESIS["now"] + 5
    assert wrong.status == 404


@pytest.mark.parametrize("place", ["nowhere", "127.0.0.1:", "127.0.0.1:99999"])
def test_a_place_that_cannot_be_served_is_told(place):
    outcome = run("serve", "--http", place)

    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("solvent: --http: found ")


def test_a_mutant_that_nobody_knows_is_told_with_those_that_are_known():
    outcome = run("serve", "--mutant", "no-such-mutant")

    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("solvent: --mutant: found 'no-such-mutant'; expected one of ")


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (("venue", "parameters", "usd_unit"), "0", "venue.parameters.usd_unit: found 0; expected a number above zero"),
        (("venue", "parameters", "index_unit"), "0", "venue.parameters.index_unit: found 0"),
        (("venue", "parameters", "funding_cap"), "-1", "expected a number of zero or more"),
        (("venue", "parameters", "reserve_share"), "1.5", "at most 1"),
        (("venue", "parameters", "levity"), "1", "venue.parameters.levity: found an unknown parameter"),
        (("accounts", "backstop"), None, "accounts.backstop: found nothing"),
        (("accounts", "vault"), None, "accounts.vault: found nothing"),
        (("accounts", "book"), None, "accounts.book: found nothing"),
    ],
)  # fmt: skip
def test_a_genesis_that_cannot_be_is_malformed_and_names_the_field(path, value, told):
    genesis = json.loads(json.dumps(GENESIS))
    *above, key = path
    part = genesis
    for name in above:
        part = part[name]
    if value is None:
        del part[key]
    else:
        part[key] = value

    reply = Reference().answer({"cmd": "run", "seq": 3, "genesis": genesis, "steps": [{"op": "discharge"}]})

    assert reply["error"]["kind"] == "malformed"
    assert told in reply["error"]["message"]


@pytest.mark.parametrize("message", [
    {"cmd": "run", "genesis": GENESIS, "steps": [{"op": "levitate"}]},
    {"cmd": "quote", "genesis": GENESIS, "steps": [{"op": "levitate"}], "questions": []},
])  # fmt: skip
def test_an_operation_that_the_engine_does_not_know_is_unsupported(message):
    assert Reference().answer({"seq": 3, **message}) == {"seq": 3, "unsupported": "the operation 'levitate'"}


def test_the_name_of_a_closed_session_is_not_given_again():
    engine = Reference()
    opened = [engine.answer({"cmd": "open", "genesis": GENESIS})["session"] for _ in range(2)]
    engine.answer({"cmd": "close", "session": opened[0]})

    third = engine.answer({"cmd": "open", "genesis": GENESIS})["session"]

    assert len({*opened, third}) == 3
    assert engine.answer({"cmd": "observe", "session": opened[1]})["state"]


def test_a_session_that_cannot_begin_leaves_none():
    engine = Reference()

    assert "error" in engine.answer({"cmd": "open", "genesis": {}})
    assert engine.sessions == {}
