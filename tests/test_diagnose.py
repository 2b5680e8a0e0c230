"""Diagnosis and the story of a failure: the misreading by its name, and words that an engineer can act on."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction

import pytest
from exchange_examples import member, opening

from solvent.conform.diagnose import Misreading, misreadings
from solvent.conform.engine import greeting, hello
from solvent.conform.judge import judge
from solvent.conform.program import Program
from solvent.conform.render import python_of, story
from solvent.conform.substitutes import numeric
from solvent.mutants import catalogue, engine_of
from solvent.protocol.engine import Reference
from solvent.protocol.genesis import genesis_of

ALL = greeting(Reference().answer(hello(1))).abilities
BUY = {"op": "market_order", "account": "ann", "market": "BTC", "size": "1"}
FALL = {"op": "move_prices", "marks": {"BTC": "90000"}, "oracles": {"BTC": "95000"}}


def program(*steps, mode="cross", **cash):
    """An account of ann's that does this where BTC and ETH are traded, and nobody else is."""
    genesis = genesis_of(opening(member("ann", mode, **(cash or {"raw": 50_000}))))
    del genesis["accounts"]["maker"]
    markets = {name: genesis["markets"][name] for name in ("BTC", "ETH")}
    return Program({**genesis, "markets": markets}, steps)


def diagnosed(engine, made, *mutants):
    """Where the engine and the model part, and the misreadings, these mutants among those that are tried."""
    reply = engine.answer(made.message(1))
    divergence = judge(made, reply, ALL)
    return divergence, misreadings(made, reply, divergence, ALL, [catalogue()[name] for name in mutants])


class Altered(Reference):
    """Says another number of one figure of ann's."""

    def __init__(self, figure, alter):
        super().__init__()
        self.figure, self.alter = figure, alter

    def run(self, message):
        reply = super().run(message)
        for outcome in (reply, *reply["outcomes"]):
            account = outcome["state"]["accounts"]["ann"]
            account[self.figure] = self.alter(account[self.figure])
        return reply


class Oracular(Reference):
    """Takes oracle prices for mark prices."""

    def run(self, message):
        genesis = message["genesis"]
        markets = {name: {**market, "mark": market["oracle"]} for name, market in genesis["markets"].items()}
        return super().run({**message, "genesis": {**genesis, "markets": markets}})


class Careless(Reference):
    """Follows the documented margin ratio whatever the venue says, and knows refusals by its own names."""

    def run(self, message):
        venue = message["genesis"]["venue"]
        readings = {**venue["readings"], "PERP-TRANSFER": "of-sums"}
        return super().run(
            {**message, "genesis": {**message["genesis"], "venue": {**venue, "readings": readings}}}
        )


OTHERS = ("B02", "F08", "R04", "X02")


@pytest.mark.parametrize("mutant", ["B09", "R03", "X01", "F07"])
def test_a_mutant_is_known_by_its_own_name(mutant):
    steps = (
        BUY, {"op": "move_prices", "marks": {"BTC": "123456.7"}, "premiums": {"BTC": "0.001"}},
        {"op": "market_order", "account": "ann", "market": "ETH", "size": "1000"},
        {"op": "pass_time", "milliseconds": 3_600_000}, {"op": "settle_funding", "market": "BTC"},
    )  # fmt: skip
    genesis = program().genesis
    venue = genesis["venue"]
    odd = {**venue, "parameters": {**venue["parameters"], "fee_taker": "0.000333333"}}
    engine = engine_of(catalogue()[mutant])

    _, found = diagnosed(engine, Program({**genesis, "venue": odd}, steps), *OTHERS, mutant)

    assert mutant in [one.id for one in found]
    assert found[0].whole
    assert found[0].rule


def test_another_reading_of_a_rule_is_known_by_the_rule_and_the_reading():
    slow = {"op": "change_leverage", "account": "ann", "market": "ETH", "leverage": "2"}
    eth = {"op": "market_order", "account": "ann", "market": "ETH", "size": "-2"}

    _, found = diagnosed(Careless(), program(BUY, slow, eth, mode="unified", USDC=120_000))

    assert found[0] == Misreading(
        "PERP-TRANSFER=of-sums", "the reading of-sums of PERP-TRANSFER", "PERP-TRANSFER", whole=True
    )


def test_one_price_in_the_place_of_another_is_known():
    made = program(BUY, FALL)
    moved = {**made.genesis["markets"], "BTC": {**made.genesis["markets"]["BTC"], "oracle": "99000"}}

    _, found = diagnosed(Oracular(), Program({**made.genesis, "markets": moved}, (BUY,)))

    assert [one.words for one in found] == ["oracle prices for mark prices"]


def test_what_makes_the_number_alone_is_told_apart_from_what_makes_all():
    _, found = diagnosed(Altered("equity", lambda number: f"-{number}"), program(BUY))

    assert [(one.words, one.whole) for one in found] == [("the other sign", False)]


def test_a_figure_that_is_late_by_a_step_is_known():
    class Late(Reference):
        def run(self, message):
            reply = super().run(message)
            for before, after in reversed(
                [*zip((reply, *reply["outcomes"]), reply["outcomes"], strict=False)]
            ):
                after["state"]["accounts"]["ann"]["equity"] = before["state"]["accounts"]["ann"]["equity"]
            return reply

    _, found = diagnosed(Late(), program(BUY, FALL))

    assert [one.words for one in found] == ["the figure before the step"]


@pytest.mark.parametrize(
    ("wanted", "found", "words"),
    [
        ("1.234567", "1.234568", "the number rounded up to the USD unit"),
        ("1.2345678", "1.23", "the number rounded down to 0.01"),
        ("-1.2345678", "-1.24", "the number rounded up to 0.01"),
        ("3", "-3", "the other sign"),
        ("3", "6", "twice the figure"),
        ("3", "0", "nothing in its place"),
    ],
)
def test_a_number_alone_tells_of_another_rounding_or_sign(wanted, found, words):
    told = dict(numeric(Fraction(wanted), Fraction(found), None, {"usd_unit": "0.000001"}))

    assert words in told.values()


def test_a_number_that_nothing_makes_has_no_misreading():
    divergence, found = diagnosed(Altered("equity", lambda _: "17.1231231231231"), program(BUY))

    assert divergence.differences[0].check == "accounts/equity"
    assert found == ()


STORY = """\
step 2 of 2: ann trades 25 BTC at the market
outcome/refused
    spec      refused unless ann covers what it opens
    engine    carried out
accounts.ann.perp.main
    spec      -50000.01
    engine    -2550006.26   -2500006.25
accounts.book.perp.main
    spec      1000000100000.01
    engine    1000002600006.26   +2500006.25
accounts.ann.positions.BTC.size
    spec      1
    engine    26   +25
and 11 others: accounts.book.positions.BTC.size, accounts.ann.positions.BTC.entry, accounts.book.positions.BTC.entry, accounts.ann.positions.BTC.liquidation_price, accounts.ann.ratio, accounts.ann.equity, accounts.ann.resources, accounts.ann.requirement, and more
misread   every figure up to here is what it would be with no margin for opening (X01)
rule      TRADE-OPEN: What opens exposure must leave equity and borrow capacity that cover initial margin, orders and spot buys.
          spec/rules/12-trading.md#trade-open-margin-of-an-opening-trade
program
  at hyperliquid-beta
  prices: BTC at 100000, ETH at 2000, HYPE in spot at 40, UBTC in spot at 100000, USDT0 in spot at 1
  ann (cross) has 50000 USD on perps
  1. ann trades 1 BTC at the market
  2. ann trades 25 BTC at the market (refused)
replay    solvent replay failures/one.json
promote   cp failures/one.json regressions/\
"""


def test_a_failure_reads_as_a_story():
    steps = (BUY, {"op": "market_order", "account": "ann", "market": "BTC", "size": "25"})
    made = program(*steps)
    divergence, found = diagnosed(engine_of(catalogue()["X01"]), made, "X01")

    lines = story(made, divergence, found, file="failures/one.json", regressions="regressions")

    assert "\n".join(lines) == STORY


def test_the_rules_behind_a_figure_are_named_where_no_misreading_is_known():
    made = program(BUY)
    divergence, found = diagnosed(Altered("equity", lambda _: "17.1231231231231"), made)

    lines = story(made, divergence, found)

    assert [line for line in lines if line.startswith("rule")]
    assert not [line for line in lines if line.startswith("misread")]


def test_a_program_can_be_had_as_python_that_runs():
    text = python_of(program(BUY))

    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[0].startswith("genesis")
    assert len(done.stdout.splitlines()) == 2
