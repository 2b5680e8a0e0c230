"""Shrinking: what is left of a failing program is what the failure needs, and fails in the same way."""

from __future__ import annotations

from fractions import Fraction

import pytest
from attrs import evolve
from exchange_examples import member, opening

from solvent.conform.engine import greeting, hello
from solvent.conform.generate import accounts
from solvent.conform.judge import judge
from solvent.conform.program import Program, expected
from solvent.conform.shrink import shrunk
from solvent.conform.smaller import rounded
from solvent.exchange import BOOK
from solvent.exchange.guards import is_house
from solvent.mutants import catalogue, engine_of
from solvent.protocol.engine import Reference
from solvent.protocol.genesis import genesis_of

ALL = greeting(Reference().answer(hello(1))).abilities
FIELDS = ("accounts.spot", "accounts.perp", "accounts.positions.size", "accounts.requirement")
ABLE = evolve(ALL, fields=frozenset(FIELDS))
STEPS = (
    {"op": "deposit", "account": "bob", "token": "USDC", "amount": "1234.5"},
    {"op": "market_order", "account": "ann", "market": "BTC", "size": "0.35"},
    {"op": "market_order", "account": "cat", "market": "ETH", "size": "-3"},
    {"op": "spot_to_perp", "account": "bob", "amount": "17.25"},
    {"op": "pass_time", "milliseconds": 7_200_000},
    {"op": "withdraw", "account": "cat", "token": "USDC", "amount": "99.75"},
    {"op": "move_prices", "marks": {"BTC": "73000"}},
    {"op": "liquidate_on_book", "account": "ann", "market": "BTC"},
    {"op": "market_order", "account": "cat", "market": "ETH", "size": "1.5"},
)


def long_program():
    """Three users who do this and that; one of them is liquidated."""
    users = (
        member("ann", raw=9_600), member("bob", "unified", USDC=5_000, HYPE=3), member("cat", raw=7_000, USDC=800),
    )  # fmt: skip
    return Program(genesis_of(opening(*users)), STEPS, FIELDS)


class Trial:
    """An engine, a program that it fails, and how often it was asked since."""

    def __init__(self, engine, program=None):
        self.engine, self.calls = engine, 0
        self.program = program or long_program()
        self.check = self.divergence(self.program).differences[0].check

    def divergence(self, program):
        return judge(program, self.engine.answer(program.message(1)), ABLE)

    def fails(self, program):
        self.calls += 1
        found = self.divergence(program)
        return found is not None and found.differences[0].check == self.check

    def smallest(self, **options):
        return shrunk(self.program, self.fails, **options)


def users_of(program):
    return [name for name in program.genesis["accounts"] if name != BOOK and not is_house(name)]


class Forgetful(Reference):
    """Says of every withdrawal that it is done, and forgets it."""

    def run(self, message):
        kept = [step for step in message["steps"] if step["op"] != "withdraw"]
        reply = super().run({**message, "steps": kept})
        outcomes, last, told = iter(reply["outcomes"]), {"state": reply["state"]}, []
        for step in message["steps"]:
            last = {**last, "ok": True} if step["op"] == "withdraw" else next(outcomes)
            told.append(last)
        return {**reply, "outcomes": told}


@pytest.mark.parametrize(
    ("mutant", "steps", "users"),
    [("D01", ["liquidate_on_book"], ["ann"]), ("X05", ["spot_to_perp"], ["bob"])],
)
def test_what_is_left_is_the_step_and_the_account_that_the_mistake_needs(mutant, steps, users):
    trial = Trial(engine_of(catalogue()[mutant]))

    small = trial.smallest()

    assert [step["op"] for step in small.steps] == steps
    assert users_of(small) == users
    assert trial.divergence(small).differences[0].check == trial.check


def test_a_mistake_about_accounts_needs_no_step():
    engine = engine_of(catalogue()["B02"])
    programs = (evolve(program, steps=(), fields=FIELDS) for program in accounts(0, range(60), ALL))
    trial = Trial(engine, next(p for p in programs if judge(p, engine.answer(p.message(1)), ABLE)))

    small = trial.smallest()

    assert (len(small.steps), len(users_of(small)), len(small.genesis["markets"])) == (0, 1, 1)
    assert list(small.genesis["spots"]) == []


def test_what_a_step_needs_is_kept_and_its_numbers_become_round():
    small = Trial(Forgetful()).smallest()

    assert small.steps == ({"op": "withdraw", "account": "cat", "token": "USDC", "amount": "1"},)
    assert users_of(small) == ["cat"]
    assert small.genesis["accounts"]["cat"] == {"mode": "cross", "spot": {"USDC": "1"}}
    assert (small.genesis["markets"], small.genesis["spots"], small.genesis["pools"]) == ({}, {}, {})


def test_an_engine_that_cannot_begin_anywhere_keeps_the_steps_that_lead_to_the_failure():
    trial = Trial(engine_of(catalogue()["D01"]))

    small = trial.smallest(any_genesis=False)

    assert [step["op"] for step in small.steps] == ["market_order", "move_prices", "liquidate_on_book"]
    assert "positions" not in small.genesis["accounts"]["ann"]


def test_shrinking_the_same_program_again_gives_the_same_one():
    assert Trial(Forgetful()).smallest() == Trial(Forgetful()).smallest()


def test_the_engine_is_asked_no_more_often_than_allowed():
    trial = Trial(Forgetful())

    small = trial.smallest(most_calls=5)

    assert trial.calls == 5
    assert trial.fails(small)


def test_a_parameter_or_a_reading_that_the_failure_does_not_need_is_the_usual_one_again():
    venue = long_program().genesis["venue"]
    odd = {
        **venue,
        "parameters": {**venue["parameters"], "fee_taker": "0.005", "partial_share": "0.9"},
        "readings": {**venue["readings"], "PM-RATIO": "documented"},
    }
    program = evolve(long_program(), genesis={**long_program().genesis, "venue": odd})

    small = Trial(Forgetful(), program).smallest().genesis["venue"]

    assert (small["parameters"]["fee_taker"], small["parameters"]["partial_share"]) == ("0.00045", "0.2")
    assert small["readings"]["PM-RATIO"] == "observed"


def test_what_is_left_adds_up_and_is_no_failure_of_the_model():
    small = Trial(engine_of(catalogue()["D01"])).smallest()

    assert judge(small, Reference().answer(small.message(1)), ABLE) is None


def test_a_program_that_does_not_fail_again_is_left_as_it_is():
    assert shrunk(long_program(), lambda _: False, most_calls=10) == long_program()


def test_a_program_that_the_model_cannot_run_is_never_put_to_the_engine():
    asked: list[Program] = []

    shrunk(long_program(), lambda one: asked.append(one) or len(asked) % 3 == 0, most_calls=60)

    assert len(asked) == 60
    assert all(expected(one) for one in asked)


@pytest.mark.parametrize(
    ("number", "digits", "text"),
    [("1234.5", 2, "1200"), ("-0.00987", 1, "-0.009"), ("99", 0, "1"), ("-7", 0, "-1"), ("0", 3, "0")],
)
def test_numbers_are_shortened_toward_zero(number, digits, text):
    assert rounded(Fraction(number), digits) == text
