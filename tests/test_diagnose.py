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
from solvent.conform.reached import can_tell, reached
from solvent.conform.render import python_of, story
from solvent.conform.substitutes import numeric
from solvent.mutants import catalogue, engine_of
from solvent.protocol.engine import Reference
from solvent.protocol.genesis import genesis_of

ALL = greeting(Reference().answer(hello(1))).abilities
BUY = {"op": "market_order", "account": "ann", "market": "BTC", "size": "1"}
FALL = {"op": "move_prices", "marks": {"BTC": "90000"}, "oracles": {"BTC": "95000"}}


def program(*steps, mode="cross", **cash):
    """An account of ann's that does this."""
    return Program(genesis_of(opening(member("ann", mode, **(cash or {"raw": 50_000})))), steps)


def diagnosed(engine, made, abilities=ALL):
    """Where the engine and the model part, and the misreadings."""
    reply = engine.answer(made.message(1))
    divergence = judge(made, reply, abilities)
    return divergence, misreadings(made, reply, divergence, abilities)


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

    _, found = diagnosed(engine, Program({**genesis, "venue": odd}, steps))

    assert mutant in [one.id for one in found]
    assert found[0].whole
    assert found[0].rule


def test_another_reading_of_a_rule_is_known_by_the_rule_and_the_reading():
    eth = {"op": "market_order", "account": "ann", "market": "ETH", "size": "-2"}

    _, found = diagnosed(Careless(), program(BUY, eth, FALL, raw=120_000))

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


def test_a_mutant_of_what_a_program_does_not_run_is_not_tried():
    places = reached(program())

    tried = [mutant.id for mutant in catalogue().values() if can_tell(mutant, places)]

    assert 0 < len(tried) < len(catalogue()) // 2
    assert not can_tell(catalogue()["X01"], places)
    assert can_tell(catalogue()["X01"], reached(program(BUY)))


STORY = """\
step 2 of 2: ann trades 10 ETH at the market
outcome/refused
    spec      refused unless ann covers what it opens
    engine    carried out
"""


def test_a_failure_reads_as_a_story():
    steps = (BUY, {"op": "market_order", "account": "ann", "market": "BTC", "size": "9"})
    made = program(*steps)
    divergence, found = diagnosed(engine_of(catalogue()["X01"]), made)

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
