"""Input that cannot be taken is one clear error: file, field, what was found, what was expected; and nothing else."""

from __future__ import annotations

import json
from copy import deepcopy

import pytest
from command import OBSERVATIONS, PM, refused, run
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

RECORDED = json.loads(PM.read_text())
REMOVED = object()

BALANCES = ("spotClearinghouseState", "balances")
USDC, HYPE = ((*BALANCES, i) for i in (0, 1))
POSITIONS = ("clearinghouseState", "", "assetPositions")
ISOLATED, CROSS, VVV = ((*POSITIONS, i, "position") for i in (0, 1, 13))
AT_SOL = 'clearinghouseState[""].assetPositions[0].position'
AT_VVV = 'clearinghouseState[""].assetPositions[13].position'
SOL = RECORDED["clearinghouseState"][""]["assetPositions"][0]

DECIMAL = 'a decimal string such as "-12.5", of at most 60 characters'
NOT_NEGATIVE = "a decimal string that is not negative, of at most 60 characters"
PRICE = "a decimal string above zero, of at most 60 characters"
LEVERAGE = "a whole leverage from 1 to 1000"
NAME = "a name of 1 to 60 characters"
MODES = (
    "one of unifiedAccount, portfolioMargin, disabled, default, dexAbstraction, standard, "
    "or null where it was not recorded"
)


def changed(document, path, value):
    """The document with another value at this path, or without it."""
    if not path:
        return value
    document = deepcopy(document)
    node = document
    for part in path[:-1]:
        node = node[part]
    if value is REMOVED:
        del node[path[-1]]
    elif isinstance(node, list) and path[-1] == len(node):
        node.append(value)
    else:
        node[path[-1]] = value
    return document


# A field of an account


@pytest.mark.parametrize(
    ("path", "value", "where", "found", "expected"),
    [
        (("userAbstraction",), "margin", "userAbstraction", '"margin"', MODES),
        (("userAbstraction",), 1, "userAbstraction", "1", MODES),
        (BALANCES, None, "spotClearinghouseState.balances", "null", "a list of balances"),
        (POSITIONS, None, 'clearinghouseState[""].assetPositions', "null", "a list of positions"),
        (("clearinghouseState",), [], "clearinghouseState", "[]", "an object of states by dex name"),
        (("clearinghouseState", "xyz"), [], "clearinghouseState.xyz", "[]", "the state of a dex, an object with assetPositions"),
        (("clearinghouseState", "xyz"), {}, "clearinghouseState.xyz", "no such key", "the key assetPositions"),
        (("frontendOpenOrders",), {}, "frontendOpenOrders", "{}", "a list of orders, or null for not recorded"),
        (("orderMargins",), {}, "orderMargins", "{}", "a list of order margins"),
        (("allBorrowLendReserveStates", 0), [0], "allBorrowLendReserveStates[0]", "[0]", "a token and its state"),
        (("provenance",), [], "provenance", "[]", "an object"),
        ((*USDC, "coin"), "", "spotClearinghouseState.balances[0].coin", '""', NAME),
        ((*USDC, "coin"), "A" * 61, "spotClearinghouseState.balances[0].coin", f'"{"A" * 61}"', NAME),
        ((*USDC, "token"), -1, "spotClearinghouseState.balances[0].token", "-1", "a token's index"),
        ((*USDC, "token"), "0", "spotClearinghouseState.balances[0].token", '"0"', "a token's index"),
        ((*USDC, "token"), True, "spotClearinghouseState.balances[0].token", "true", "a token's index"),
        ((*USDC, "token"), 10**9, "spotClearinghouseState.balances[0].token", "1000000000", "a token's index"),
        ((*USDC, "total"), REMOVED, "spotClearinghouseState.balances[0]", "no such key", "the key total"),
        ((*USDC, "borrowed"), "-1", "spotClearinghouseState.balances[0].borrowed", '"-1"', NOT_NEGATIVE),
        ((*HYPE, "supplied"), "-1", "spotClearinghouseState.balances[1].supplied", '"-1"', NOT_NEGATIVE),
        ((*HYPE, "total"), "-1", "spotClearinghouseState.balances[1].total", "-1", "a collateral balance that is not negative"),
        ((*HYPE, "token"), 151, "spotClearinghouseState.balances[1].coin", "HYPE with index 151", "index 150 at hyperliquid-beta"),
        ((*ISOLATED, "szi"), "0.0", f"{AT_SOL}.szi", "0.0", "a size other than zero"),
        ((*ISOLATED, "szi"), "-0", f"{AT_SOL}.szi", "-0", "a size other than zero"),
        ((*ISOLATED, "szi"), REMOVED, AT_SOL, "no such key", "the key szi"),
        ((*ISOLATED, "entryPx"), "0", f"{AT_SOL}.entryPx", '"0"', f"{PRICE}, or null"),
        ((*ISOLATED, "entryPx"), "-1", f"{AT_SOL}.entryPx", '"-1"', f"{PRICE}, or null"),
        ((*ISOLATED, "positionValue"), REMOVED, f"{AT_SOL}.positionValue", "a position without price", "the position's value above zero, or activeAssetData of SOL"),
        ((*ISOLATED, "positionValue"), "0.0", f"{AT_SOL}.positionValue", "a position without price", "the position's value above zero, or activeAssetData of SOL"),
        ((*ISOLATED, "positionValue"), "-1", f"{AT_SOL}.positionValue", '"-1"', NOT_NEGATIVE),
        ((*ISOLATED, "leverage"), 10, f"{AT_SOL}.leverage", "10", "an object with type and value"),
        ((*ISOLATED, "leverage", "type"), "joint", f"{AT_SOL}.leverage.type", '"joint"', "cross or isolated"),
        ((*ISOLATED, "leverage", "rawUsd"), REMOVED, f"{AT_SOL}.leverage", "no such key", "the key rawUsd"),
        ((*ISOLATED, "leverage", "value"), 0, f"{AT_SOL}.leverage.value", "0", LEVERAGE),
        ((*ISOLATED, "leverage", "value"), -5, f"{AT_SOL}.leverage.value", "-5", LEVERAGE),
        ((*ISOLATED, "leverage", "value"), "5", f"{AT_SOL}.leverage.value", '"5"', LEVERAGE),
        ((*ISOLATED, "leverage", "value"), 1001, f"{AT_SOL}.leverage.value", "1001", LEVERAGE),
        ((*ISOLATED, "leverage", "value"), 10**29, f"{AT_SOL}.leverage.value", str(10**29), LEVERAGE),
        ((*ISOLATED, "maxLeverage"), 0, f"{AT_SOL}.maxLeverage", "0", LEVERAGE),
        ((*VVV, "maxLeverage"), REMOVED, AT_VVV, "no margin table", "maxLeverage, or a margin table of VVV in hyperliquid-beta"),
        ((*POSITIONS, 0), {}, 'clearinghouseState[""].assetPositions[0]', "no such key", "the key position"),
        (("clearinghouseState", "", "time"), -1, 'clearinghouseState[""].time', "-1", "a time in milliseconds since 1970"),
        (("clearinghouseState", "", "time"), 10**15, 'clearinghouseState[""].time', str(10**15), "a time in milliseconds since 1970"),
        (("userCaps", "borrow", "x"), "1", "userCaps.borrow", '"x"', "a token's index"),
        (("orderMargins", 0, "margin"), "-1", "orderMargins[0].margin", '"-1"', NOT_NEGATIVE),
    ],
)  # fmt: skip
def test_a_field_that_cannot_be_taken_is_named(tmp_path, path, value, where, found, expected):
    file = tmp_path / "account.json"
    file.write_text(json.dumps(changed(RECORDED, path, value)))

    refused(file, where, found, expected)


@pytest.mark.parametrize(
    ("row", "found", "where"),
    [
        ({"coin": "NOPE", "token": 9, "total": "0.0", "hold": "0.0", "borrowed": "1.0"}, "NOPE", ".coin"),
        ({"coin": "NOPE", "token": 9, "total": "1.0", "hold": "0.0", "supplied": "1.0"}, "NOPE", ".coin"),
        ({"coin": "USDC", "token": 9, "total": "1.0", "hold": "0.0"}, "a second balance of USDC or of index 9", ""),
        ({"coin": "NOPE", "token": 0, "total": "1.0", "hold": "0.0"}, "a second balance of NOPE or of index 0", ""),
    ],
)  # fmt: skip
def test_a_balance_is_of_a_token_of_its_own_that_can_be_lent_if_it_is(tmp_path, row, found, where):
    file = tmp_path / "account.json"
    file.write_text(json.dumps(changed(RECORDED, (*BALANCES, 5), row)))
    lent = "a token of hyperliquid-beta: USDC, HYPE, UBTC, USDT0, USDH"

    refused(file, f"spotClearinghouseState.balances[5]{where}", found, lent if where else "one per token")


def test_a_collateral_is_never_owed_even_where_the_record_does_not_say_that_it_is_one(tmp_path):
    owed = changed(changed(RECORDED, (*HYPE, "ltv"), REMOVED), (*HYPE, "total"), "-1.5")
    file = tmp_path / "account.json"
    file.write_text(json.dumps(owed))

    place = "spotClearinghouseState.balances[1].total"
    refused(file, place, "-1.5", "no negative balance: HYPE is collateral")


@pytest.mark.parametrize(
    ("path", "value", "where"),
    [
        ((*POSITIONS, 18), SOL, 'clearinghouseState[""].assetPositions[18].position.coin'),
        (("clearinghouseState", "xyz"), {"assetPositions": [SOL]}, "clearinghouseState.xyz.assetPositions[0].position.coin"),
    ],
)  # fmt: skip
def test_a_market_has_one_position_in_all_dexes(tmp_path, path, value, where):
    file = tmp_path / "account.json"
    assert len(RECORDED["clearinghouseState"][""]["assetPositions"]) == 18
    file.write_text(json.dumps(changed(RECORDED, path, value)))

    refused(file, where, "a second position of SOL", "one per market")


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "NaN", "Infinity", "-Infinity", "inf", "1e5", "1E5", "+1", "01", "-01", "00", "1,000", "1_000",
        "1 000", ".5", "5.", "-", "--1", " 1", "1 ", "1\n", "1.5\n", "0x1", "1/2", "\u0661", "1.2.3", "\u22121",
        "1" * 61, "-" + "1" * 60,
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    ("path", "where", "expected"),
    [
        ((*USDC, "total"), "spotClearinghouseState.balances[0].total", DECIMAL),
        ((*HYPE, "supplied"), "spotClearinghouseState.balances[1].supplied", NOT_NEGATIVE),
        ((*ISOLATED, "szi"), f"{AT_SOL}.szi", DECIMAL),
        ((*ISOLATED, "entryPx"), f"{AT_SOL}.entryPx", f"{PRICE}, or null"),
    ],
)  # fmt: skip
def test_an_amount_is_a_plain_decimal_string(tmp_path, text, path, where, expected):
    file = tmp_path / "account.json"
    file.write_text(json.dumps(changed(RECORDED, path, text)))

    refused(file, where, json.dumps(text), expected)


@pytest.mark.parametrize(
    ("literal", "expected"),
    [
        ("1.5", "a decimal string"),
        ("-0.0", "a decimal string"),
        ("1e5", "a decimal string"),
        ("NaN", "a decimal string"),
        ("Infinity", "a decimal string"),
        ("-Infinity", "a decimal string"),
        ("1" * 31, "an integer of at most 30 digits"),
    ],
)
@pytest.mark.parametrize(
    ("path", "where"),
    [
        ((*USDC, "total"), "spotClearinghouseState.balances[0].total"),
        ((*ISOLATED, "leverage", "value"), f"{AT_SOL}.leverage.value"),
        ((*USDC, "entryNtl"), "spotClearinghouseState.balances[0].entryNtl"),
        (("provenance", "anything"), "provenance.anything"),
    ],
)
def test_a_json_number_that_is_no_short_integer_is_refused_wherever_it_stands(
    tmp_path, literal, expected, path, where
):
    file = tmp_path / "account.json"
    file.write_text(json.dumps(changed(RECORDED, path, "HERE")).replace('"HERE"', literal))

    refused(file, where, literal, expected)


@pytest.mark.parametrize("value", ["1", 1])
def test_an_integer_is_no_amount_but_a_string_of_it_is(tmp_path, value):
    file = tmp_path / "account.json"
    file.write_text(json.dumps(changed(RECORDED, (*USDC, "spotHold"), value)))
    outcome = run("account", file)

    assert outcome.code == (2 if value == 1 else 1)


# Records that are not whole accounts


@pytest.mark.parametrize(
    ("name", "path", "value", "where", "found", "expected"),
    [
        ("flow-01", ("debtObservations", 0, "at"), "2026-02-30T00:00:00Z", "debtObservations[0].at", '"2026-02-30T00:00:00Z"', "a UTC time such as 2026-09-08T04:19:30.484Z"),
        ("flow-01", ("fills",), None, "fills", "null", "a list of fills"),
        ("flow-01", ("fills", 0, "sz"), "0", "fills[0].sz", '"0"', PRICE),
        ("flow-01", ("provenance",), {"recordedAt": 5}, "provenance.recordedAt", "5", "a string"),
        ("iso-01", ("positions", 0, "side"), "up", "positions[0].side", '"up"', "long or short"),
        ("iso-01", ("maxLeverage",), REMOVED, "", "no such key", "the key maxLeverage"),
        ("rates-02", ("reserves", "x"), {}, "reserves", '"x"', "a token's index"),
        ("rates-01", ("wbtc",), {}, "wbtc", "{}", "no keys but provenance, reserves, usdc, hype, ubtc, usdt0 and usdh"),
        ("rates-02", ("usdc",), 5, "usdc", "5", "a reserve state"),
    ],
)  # fmt: skip
def test_a_field_of_another_record_is_named_too(tmp_path, name, path, value, where, found, expected):
    (recorded,) = OBSERVATIONS.glob(f"{name}-*.json")
    file = tmp_path / "record.json"
    file.write_text(json.dumps(changed(json.loads(recorded.read_text()), path, value)))

    refused(file, where, found, expected)


# Anything anywhere

LARGE = ["9" * 60, "-" + "9" * 59, "0." + "0" * 57 + "1", "9" * 30 + "." + "9" * 29]


@pytest.mark.parametrize("amount", LARGE)
@pytest.mark.parametrize("path", [(*USDC, "total"), (*CROSS, "szi"), (*CROSS, "marginUsed")])
def test_a_number_of_absurd_size_is_a_number(tmp_path, amount, path):
    file = tmp_path / "account.json"
    file.write_text(json.dumps(changed(RECORDED, path, amount)))

    for options in ((), ("--json",), ("--compare",)):
        outcome = run("account", *options, file)
        assert (outcome.code, outcome.err) == (1, "")
        assert "…" not in outcome.out


def paths(node, path=()):
    """The paths of every value inside a JSON value."""
    yield path
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in items:
        yield from paths(child, (*path, key))


SMALL = {
    name: json.loads(next(OBSERVATIONS.glob(f"{name}-*.json")).read_text())
    for name in (
        "ua-02",
        "ua-06",
        "std-01",
        "std-05",
        "pm-alpha-01",
        "iso-01",
        "rates-01",
        "rates-02",
        "flow-01",
    )
}
NODES = [(name, path) for name, document in SMALL.items() for path in paths(document)]
WORDS = st.sampled_from(
    ["", "0", "-1", "1.5", "1e5", "NaN", "1\n", "[bold]", "[/x]", "\x1b[2J", "USDC", "HYPE", "BTC", "xyz:CL",
     "UBTC/USDC", "@1", "isolated", "cross", "portfolioMargin", "unifiedAccount", "B", "2026-02-30", *LARGE]
)  # fmt: skip
SCALARS = st.none() | st.booleans() | st.integers(-(10**31), 10**31) | st.integers(-2, 400) | WORDS
VALUES = st.recursive(
    SCALARS | st.text(max_size=8) | st.floats(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(WORDS | st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(
    max_examples=400, derandomize=True, deadline=None, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(st.sampled_from(NODES), VALUES | SCALARS, st.sampled_from([(), ("--json",), ("--compare",)]))
@example(("ua-02", ("clearinghouseState",)), {"a\ud800": {"assetPositions": []}}, ())
@example(("pm-alpha-01", ("spotClearinghouseState", "portfolioMarginRatio")), "9" * 60, ("--compare",))
def test_any_value_anywhere_in_a_record_is_reported_or_refused(tmp_path, node, value, options):
    name, path = node
    file = tmp_path / "record.json"
    file.write_text(json.dumps(changed(SMALL[name], path, value)))
    outcome = run("account", *options, file)

    assert outcome.code in {0, 1, 2, 4}, outcome.err
    assert outcome.err.count("\n") == (outcome.code == 2)
    assert (outcome.out == "") == (outcome.code == 2)
    assert "\x1b" not in outcome.out + outcome.err
