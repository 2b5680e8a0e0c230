"""A scenario or an action log that cannot be taken is one clear error, with file, line, field, value and reason."""

from __future__ import annotations

import copy
import json
import tomllib
from contextlib import suppress

import pytest
from command import run
from hypothesis import given, settings
from hypothesis import strategies as st

from solvent import InputError, bundle
from solvent.ingest.sourced_toml import Node
from solvent.scenario import play, read, write_log
from solvent.scenario.reader import build

GOOD = """\
title = "T"
story = "S"
venue = "hyperliquid-beta"
now = 7
usdt = "1.01"
pools = ["UBTC"]

[readings]
MODE-FALLBACK = "new-borrowing"

[parameters]
transfer_fraction = "0"

[[markets]]
name = "BTC"
mark = "100"
depth = { spread = "0.1" }

[[spots]]
token = "UBTC"
price = "100"
perp = "BTC"

[[accounts]]
name = "ann"
mode = "unified"
spot = { USDC = "1000" }
perp = { main = "5" }
settings = { BTC = { leverage = "3" } }

[[accounts]]
name = "bob"

[[steps]]
withdraw = { account = "ann", token = "USDC", amount = "10" }
note = "n"
refused = "r"
expect.ann = { ratio = "0.5" }

[[steps]]
pass_time = { milliseconds = 5 }

[[steps]]
switch_mode = { account = "ann", mode = "portfolio" }

[[steps]]
market_order = { account = "ann", market = "BTC", size = "1", reduce_only = true }
"""
NUMBER = "a decimal string such as '0.65' or a quotient such as '2/3'"
UNKNOWN = "an unknown key"
RATIO = 'expect.ann = { ratio = "0.5" }'
WORDS = (
    "a decimal string, a quotient such as '2/3', or one of healthy, liquidatable, bankrupt, none, no equity"
)
LONG = "9" * 2000
BUNDLED = sorted((bundle.spec() / "scenarios").glob("*.toml"))


def fault_of(path):
    with pytest.raises(InputError) as caught:
        read(path)
    return caught.value


def test_the_text_that_is_damaged_below_is_a_scenario(tmp_path):
    (tmp_path / "s.toml").write_text(GOOD)

    assert len(read(tmp_path / "s.toml").steps) == 4


@pytest.mark.parametrize(
    ("good", "bad", "where", "found", "expected"),
    [
        ('title = "T"', 'title = ""', "line 1, title", "''", "a text that is not empty"),
        ('title = "T"', "", "title", "nothing", "this key beside story, venue"),
        ('story = "S"', "story = 1.5", "line 2, story", "1.5", "a text that is not empty"),
        ("now = 7", "later = 7", "line 4, later", UNKNOWN, "one of title, story, venue, readings"),
        ("now = 7", "now = -1", "line 4, now", "-1", "an integer of zero or more"),
        ("now = 7", "now = 7.0", "line 4, now", "7.0", "an integer of zero or more"),
        ('"1.01"', '"0"', "line 5, usdt", "'0'", "a number above zero"),
        ('["UBTC"]', '["HYPE"]', "line 6, pools[0]", "'HYPE'", "one of the tokens with a price: USDC, UBTC"),
        ('["UBTC"]', '"UBTC"', "line 6, pools", "'UBTC'", "a list"),
        ('"hyperliquid-beta"', '"hyperliquid"', "line 3, venue", "'hyperliquid'", "the path of a TOML file, or one"),
        ('"hyperliquid-beta"', "3", "line 3, venue", "3", "a text that is not empty"),
        ('"new-borrowing"', '"both"', "line 9, readings.MODE-FALLBACK", "'both'", "a reading of MODE-FALLBACK: new"),
        ("MODE-FALLBACK", "MODE-FALLBAC", "line 9, readings.MODE-FALLBAC", "an unknown rule", "the id of a rule"),
        ('transfer_fraction = "0"', 'transfer_fraction = "2"', "line 12, parameters.transfer_fraction", "'2'", "a number so that the value is at most one"),
        ('transfer_fraction = "0"', "transfer_fraction = 0.1", "line 12, parameters.transfer_fraction", "0.1", NUMBER),
        ('transfer_fraction = "0"', 'transfer = "0"', "line 12, parameters.transfer", UNKNOWN, "one of usd_unit"),
        ('transfer_fraction = "0"', 'HYPE.index = "0"', "line 12, parameters.HYPE.index", UNKNOWN, "one of ltv"),
        ('transfer_fraction = "0"', 'HYPE = "0"', "line 12, parameters.HYPE", "'0'", "a table of its parameters"),
    ],
)  # fmt: skip
def test_a_bad_head_is_refused(tmp_path, good, bad, where, found, expected):
    refuses(tmp_path, good, bad, where, found, expected)


@pytest.mark.parametrize(
    ("good", "bad", "where", "found", "expected"),
    [
        ('mark = "100"', "mark = 100.0", "line 16, markets[0].mark", "100.0", NUMBER),
        ('mark = "100"', "mark = 100", "line 16, markets[0].mark", "100", NUMBER),
        ('mark = "100"', 'mark = "1e2"', "line 16, markets[0].mark", "'1e2'", NUMBER),
        ('mark = "100"', 'mark = "1/0"', "line 16, markets[0].mark", "'1/0'", NUMBER),
        ('mark = "100"', 'mark = "0"', "line 16, markets[0].mark", "'0'", "a number above zero"),
        ('mark = "100"', f'mark = "{LONG}"', "line 16, markets[0].mark", f"'{LONG}'", "a number of at most 1000 characters"),
        ('mark = "100"', 'marks = "100"', "line 16, markets[0].marks", UNKNOWN, "one of name, mark, oracle"),
        ('mark = "100"', "", "line 14, markets[0].mark", "nothing", "this key beside name"),
        ('name = "BTC"', 'name = "FOO"', "line 14, markets[0].max_leverage", "nothing", "this key, because hyperliquid-beta has no margin table of FOO"),
        ('name = "BTC"', 'name = "BTC/USDC"', "line 15, markets[0].name", "'BTC/USDC'", "the name of a perp market, without a slash"),
        ('spread = "0.1"', 'spread = "2"', "line 17, markets[0].depth.spread", "'2'", "a number of zero or more, at most 1"),
        ("spread =", "sprea =", "line 17, markets[0].depth.sprea", UNKNOWN, "one of spread, width, size"),
        ('{ spread = "0.1" }', '"deep"', "line 17, markets[0].depth", "'deep'", "a table of spread, width, size"),
        ('token = "UBTC"\n', 'token = "XBTC"\n', "line 20, spots[0].token", "'XBTC'", "a token of the venue besides its quote token"),
        ('perp = "BTC"', 'perp = "ETH"', "line 22, spots[0].perp", "'ETH'", "one of the markets: BTC"),
        ('name = "ann"', 'name = "pools"', "line 25, accounts[0].name", "'pools'", "a printable name of at most 60 characters"),
        ('name = "ann"', 'name = "\\u0007"', "line 25, accounts[0].name", "'\\x07'", "a printable name of at most 60 characters"),
        ('name = "bob"', 'name = "ann"', "line 32, accounts[1].name", "'ann'", "each name once"),
        ('"unified"', '"isolated"', "line 26, accounts[0].mode", "'isolated'", "one of cross, unified, portfolio"),
        ("USDC = ", "USDX = ", "line 27, accounts[0].spot.USDX", UNKNOWN, "one of the tokens with a price: USDC, UBTC"),
        ('"1000"', '"-1"', "line 27, accounts[0].spot.USDC", "'-1'", "a number of zero or more"),
        ("main =", "xyz =", "line 28, accounts[0].perp.xyz", UNKNOWN, "one of the dexes of the markets: main"),
        ('leverage = "3"', 'leverage = "50"', "line 29, accounts[0].settings.BTC.leverage", "'50'", "a leverage of at most 40"),
        ('leverage = "3"', 'leverage = "0.5"', "line 29, accounts[0].settings.BTC.leverage", "'0.5'", "a leverage of at least 1"),
        ("settings = { BTC", "settings = { ETH", "line 29, accounts[0].settings.ETH", UNKNOWN, "one of the markets: BTC"),
    ],
)  # fmt: skip
def test_a_bad_market_or_account_is_refused(tmp_path, good, bad, where, found, expected):
    refuses(tmp_path, good, bad, where, found, expected)


@pytest.mark.parametrize(
    ("good", "bad", "where", "found", "expected"),
    [
        ("withdraw =", "withdrawal =", "line 35, steps[0].withdrawal", UNKNOWN, "one of refused, note, expect, deposit"),
        ("amount =", "amont =", "line 35, steps[0].withdraw.amont", UNKNOWN, "one of account, token, amount"),
        (', amount = "10"', "", "line 35, steps[0].withdraw.amount", "nothing", "this key beside account, token"),
        ('"10"', "10", "line 35, steps[0].withdraw.amount", "10", NUMBER),
        ('"10"', '"ten"', "line 35, steps[0].withdraw.amount", "'ten'", NUMBER),
        ('withdraw = { account = "ann"', "withdraw = { account = 3", "line 35, steps[0].withdraw.account", "3", "a text in quotes"),
        ('note = "n"', "note = 7", "line 36, steps[0].note", "7", "a text that is not empty"),
        ('refused = "r"', 'refused = ""', "line 37, steps[0].refused", "''", "a text that is not empty"),
        ("milliseconds = 5", 'milliseconds = "5"', "line 41, steps[1].pass_time.milliseconds", "'5'", "an integer of at most 15 digits"),
        ("milliseconds = 5", f"milliseconds = 1{'0' * 15}", "line 41, steps[1].pass_time.milliseconds", f"1{'0' * 15}", "an integer of at most 15 digits"),
        ("{ milliseconds = 5 }", "5", "line 41, steps[1].pass_time", "5", "a table of milliseconds"),
        ("pass_time = { milliseconds = 5 }", "", "line 40, steps[1]", "no action", "one action"),
        ("pass_time =", 'accrue = { token = "USDC" }\npass_time =', "line 40, steps[1]", "accrue, pass_time", "one action"),
        ('"portfolio" }', '"joint" }', "line 44, steps[2].switch_mode.mode", "'joint'", "one of isolated, cross, unified, portfolio"),
        ("= true", '= "true"', "line 47, steps[3].market_order.reduce_only", "'true'", "true or false, without quotes"),
        (RATIO, 'expect.ann = { ration = "1" }', "line 38, steps[0].expect.ann.ration", UNKNOWN, "one of status, ratio"),
        (RATIO, 'expect.anna = { ratio = "1" }', "line 38, steps[0].expect.anna", UNKNOWN, "one of ann, backstop, bob, book, vault, pools"),
        (RATIO, "expect.ann = { ratio = 0.5 }", "line 38, steps[0].expect.ann.ratio", "0.5", WORDS),
        (RATIO, 'expect.ann = { ratio = "half" }', "line 38, steps[0].expect.ann.ratio", "'half'", WORDS),
        (RATIO, 'expect.ann = { size.ETH = "1" }', "line 38, steps[0].expect.ann.size.ETH", UNKNOWN, "one of BTC"),
        (RATIO, 'expect.ann = "0.5"', "line 38, steps[0].expect.ann", "'0.5'", "a table of status, ratio"),
        (RATIO, 'expect.ann.ratio.USDC = "1"', "line 38, steps[0].expect.ann.ratio.USDC", UNKNOWN, "a text"),
        (RATIO, "expect.ann = {}", "line 38, steps[0].expect.ann", "an empty table", "at least one fact"),
        (RATIO, 'expect.pools.HYPE.cash = "1"', "line 38, steps[0].expect.pools.HYPE", UNKNOWN, "one of UBTC, USDC"),
        ("[[steps]]\npass", "[[steps]\npass", "line 40 column 8", "'[[steps]'", "TOML (expected ']]'"),
    ],
)  # fmt: skip
def test_a_bad_step_is_refused(tmp_path, good, bad, where, found, expected):
    refuses(tmp_path, good, bad, where, found, expected)


def refuses(tmp_path, good, bad, where, found, expected):
    assert GOOD.count(good) == 1
    path = tmp_path / "s.toml"
    path.write_text(GOOD.replace(good, bad))
    fault = fault_of(path)
    outcome = run("replay", path)

    assert (fault.source, fault.where, fault.found) == (str(path), where, found)
    assert fault.expected.startswith(expected)
    assert (outcome.code, outcome.out, outcome.err) == (2, "", f"solvent: {fault}\n")


def test_a_list_of_actions_in_one_line_is_refused_by_number(tmp_path):
    head = GOOD.partition("[[markets]]")[0]
    (tmp_path / "s.toml").write_text(
        head.replace("pools", "steps = [\n {pass_time={milliseconds=1}},\n {pass_time={}}\n]\n#")
    )

    assert fault_of(tmp_path / "s.toml").where == "line 6, steps[1].pass_time.milliseconds"


def test_a_text_of_several_lines_does_not_shift_the_lines(tmp_path):
    story = 'story = """\n[[steps]]\nname = 1 # "\n\\"""" # """\n'
    (tmp_path / "s.toml").write_text(GOOD.replace('story = "S"\n', story).replace('"10"', '"ten"'))

    assert fault_of(tmp_path / "s.toml").where == "line 38, steps[0].withdraw.amount"


def test_a_fault_of_the_venue_file_is_told_as_its_own(tmp_path):
    (tmp_path / "s.toml").write_text(GOOD.replace('"hyperliquid-beta"', '"mine.toml"'))
    (tmp_path / "mine.toml").write_text("title = 3")
    fault = fault_of(tmp_path / "s.toml")

    assert fault.source == str(tmp_path / "mine.toml")
    assert "line" not in fault.where


# Action logs


def log_of(tmp_path):
    (tmp_path / "s.toml").write_text(GOOD)
    return write_log(read(tmp_path / "s.toml")).splitlines()


@pytest.mark.parametrize(
    ("number", "line", "where", "found"),
    [
        (1, "[]", "line 1", "a list"),
        (1, "", "line 1 column 1", "the end of the text"),
        (1, '{"title": "T"}', "line 1, story", "nothing"),
        (1, '{"title": "T", "steps": []}', "line 1, steps", "a list"),
        (2, "{", "line 2 column 2", "the end of the text"),
        (2, "3", "line 2, steps[0]", "3"),
        (3, '{"pass_time": {"milliseconds": 1.5}}', "line 3, pass_time.milliseconds", "1.5"),
        (3, '{"pass_time": {"milliseconds": "1"}}', "line 3, steps[1].pass_time.milliseconds", "'1'"),
        (3, '{"pass_time": {"milliseconds": 1, "milliseconds": 2}}', "line 3, pass_time.milliseconds", "a key that stands here twice"),
        (3, '{"withdraw": {"account": "ann", "token": "USDC"}}', "line 3, steps[1].withdraw.amount", "nothing"),
        (4, '{"nothing": {}}', "line 4, steps[2].nothing", UNKNOWN),
        (4, "", "line 4 column 1", "the end of the text"),
        (5, "\ud800", "line 5, byte 1", "0xed"),
    ],
)  # fmt: skip
def test_a_bad_line_of_a_log_is_refused(tmp_path, number, line, where, found):
    lines = log_of(tmp_path)
    lines[number - 1] = line
    path = tmp_path / "log.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8", errors="surrogatepass")
    fault = fault_of(path)
    outcome = run("replay", path)

    assert (fault.source, fault.where) == (str(path), where)
    assert fault.found.startswith(found)
    assert (outcome.code, outcome.out) == (2, "")


@pytest.mark.parametrize(("name", "found"), [("none.jsonl", "nothing"), ("", "is a directory")])
def test_a_log_that_cannot_be_read_is_refused(tmp_path, name, found):
    (tmp_path / "folder.jsonl").mkdir()
    fault = fault_of(tmp_path / (name or "folder.jsonl"))

    assert (fault.where, fault.found) == ("", found)


# Random damage


JUNK = st.one_of(
    st.sampled_from(
        [
            *("", "0", "-1", "1/3", "1/0", "1e5", "9" * 900, f"0.{'0' * 600}1", "main", "none", "2"),
            *("ann", "book", "vault", "backstop", "USDC", "UBTC", "HYPE", "BTC", "UBTC/USDC", "portfolio"),
            *("HYPE.ltv", "UBTC.user_borrow_cap", "rate_base", "collateral_half_life", "index_unit"),
        ]
    ),
    st.integers(-(10**20), 10**20),
    st.booleans(),
    st.just([]),
    st.just({}),
    st.text(max_size=5),
)


def places(node, path=()):
    """The path of every value of a document."""
    yield from ([path] if path else [])
    keys = node if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
    for key in keys:
        yield from places(node[key], (*path, key))


def inside(document, path):
    for key in path:
        document = document[key]
    return document


def refused_or_read(document):
    """The scenario of a document, or nothing where it is refused."""
    with suppress(InputError):
        return build(Node("damaged", (), document), BUNDLED[0].parent)
    return None


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_random_damage_is_refused_or_played(data):
    document = tomllib.loads(data.draw(st.sampled_from([path.read_text() for path in BUNDLED])))
    for _ in range(data.draw(st.integers(1, 3))):
        *way, key = data.draw(st.sampled_from(list(places(document))))
        around = inside(document, way)
        match data.draw(st.sampled_from(["drop", "junk", "copy"])):
            case "drop":
                del around[key]
            case "junk":
                around[key] = data.draw(JUNK)
            case "copy":
                other = data.draw(st.sampled_from(list(places(document))))
                around[key] = copy.deepcopy(inside(document, other))

    scenario = refused_or_read(document)

    assert scenario is None or len(list(play(scenario))) == len(scenario.steps)


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_text_that_is_cut_or_garbled_is_refused_or_played(tmp_path_factory, data):
    path = data.draw(st.sampled_from(BUNDLED))
    content = path.read_bytes()
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(start, min(len(content), start + 200)))
    damaged = tmp_path_factory.getbasetemp() / f"damaged{data.draw(st.sampled_from(['.toml', '.jsonl']))}"
    damaged.write_bytes(content[:start] + data.draw(st.binary(max_size=20)) + content[end:])
    outcome = run("replay", damaged)

    assert outcome.code in (0, 1, 2)
    assert outcome.code < 2 or (outcome.out == "" and outcome.err.startswith(f"solvent: {damaged}"))


def test_a_bad_file_among_good_ones_leaves_nothing_behind(tmp_path):
    (tmp_path / "bad.toml").write_text(GOOD.replace('"10"', '"ten"'))
    outcome = run("replay", BUNDLED[0], tmp_path / "bad.toml", BUNDLED[1])
    alone = run("replay", tmp_path / "bad.toml", "--to", tmp_path / "log.jsonl", "--plot", tmp_path / "p.svg")

    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    assert alone.code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["bad.toml"]


def test_a_log_that_breaks_off_inside_a_line_is_refused(tmp_path):
    lines = log_of(tmp_path)
    path = tmp_path / "log.jsonl"
    path.write_text("\n".join(lines)[:-3])

    assert fault_of(path).where.startswith(f"line {len(lines)} column ")
    assert json.loads(lines[0])["title"] == "T"
