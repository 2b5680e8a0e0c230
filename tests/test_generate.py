"""Generated programs: the same from the same seed, within what the engine can do, and all of the model's own kind."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest
from attrs import evolve

from solvent.conform.decimal_state import decimal_genesis, shortened
from solvent.conform.engine import greeting, hello
from solvent.conform.generate import accounts, sequences
from solvent.conform.judge import judge
from solvent.conform.program import Program, canonical, expected
from solvent.conform.vectors import is_empty, requires_of
from solvent.decimals import DECIMAL
from solvent.exchange import LendingPool, all_actions
from solvent.exchange.record import number_of
from solvent.explore.worlds import venue_of
from solvent.protocol.engine import DISCHARGE, Reference
from solvent.protocol.genesis import exchange_of

ALL = greeting(Reference().answer(hello(1))).abilities
SMALL = evolve(
    ALL,
    regimes=frozenset({"cross", "isolated"}),
    operations=frozenset({"deposit", "withdraw", "market_order", "move_prices", "change_leverage"}),
    fields=frozenset({"accounts.spot", "accounts.equity"}),
    any_genesis=False,
)
FAMILIES = (accounts, sequences)
COUNTS = {"accounts": 14, "sequences": 4}


class Every(dict[str, tuple[Program, ...]]):
    """The programs of a family, made when they are first asked for."""

    def __missing__(self, name):
        family = next(family for family in FAMILIES if family.__name__ == name)
        self[name] = tuple(family(5, range(COUNTS[name]), ALL))
        return self[name]


EVERY = Every()


def numbers_of(content):
    """Every text of plain values that begins as a number does."""
    if isinstance(content, dict):
        return [text for value in content.values() for text in numbers_of(value)]
    if isinstance(content, list | tuple):
        return [text for value in content for text in numbers_of(value)]
    return [content] if isinstance(content, str) and content[:1] in tuple("-0123456789") else []


@pytest.mark.parametrize("family", FAMILIES)
def test_a_program_depends_on_the_seed_and_its_number_alone(family):
    together = EVERY[family.__name__][:3]

    alone = [next(family(5, (number,), ALL)) for number in (2, 0, 1)]
    another = next(family(6, (0,), ALL))

    assert [canonical(program.content) for program in alone] == [
        canonical(together[number].content) for number in (2, 0, 1)
    ]
    assert another != together[0]


def test_programs_are_the_same_bytes_in_every_process():
    code = "import test_generate as t; print(*(next(f(5, (0,), t.ALL)).id for f in t.FAMILIES))"
    environment = {**os.environ, "PYTHONHASHSEED": "1"}

    other = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parent,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )

    assert other.stdout.split() == [EVERY[family.__name__][0].id for family in FAMILIES]


@pytest.mark.parametrize("family", COUNTS)
def test_the_model_behind_the_protocol_is_judged_to_be_the_model(family):
    engine = Reference()

    verdicts = [judge(program, engine.answer(program.message(1)), ALL) for program in EVERY[family]]

    assert verdicts == [None] * len(verdicts)


@pytest.mark.parametrize("family", COUNTS)
def test_every_number_of_a_program_is_a_decimal_of_bearable_length(family):
    texts = [text for program in EVERY[family] for text in numbers_of(program.content)]

    assert [text for text in texts if not DECIMAL.fullmatch(text) or len(text) > 60] == []


def test_programs_act_are_refused_and_reach_liquidations():
    programs = [program for family in COUNTS for program in EVERY[family]]

    operations = {step["op"] for program in programs for step in program.steps}
    refused = [moment for program in programs for moment in expected(program) if moment.refusals]

    assert len(operations & {*all_actions()}) > len(all_actions()) // 2
    assert len(refused) > len(programs) // 4
    assert DISCHARGE in operations


def test_most_refused_steps_are_refused_by_one_check_alone_and_many_checks_are_met_so():
    refused = [m.refusals for program in EVERY["accounts"] for m in expected(program)[1:] if m.refusals]
    alone = [refusals[0] for refusals in refused if len(refusals) == 1]

    assert len(alone) > len(refused) / 2
    assert len({check.rule for check in alone}) > 5


def test_some_accounts_are_liquidatable_and_some_are_healthy():
    statuses = {
        value
        for program in EVERY["accounts"]
        for path, value in expected(program)[0].picture.items()
        if path[-1] == "status"
    }

    assert {"healthy", "liquidatable"} <= statuses


def test_some_venues_have_parameters_and_tiers_that_no_venue_has():
    venues = [exchange_of(program.genesis).venue for program in EVERY["accounts"]]

    assert any(venue.parameters != venue_of(venue.name).parameters for venue in venues)
    assert any(
        table.tiers != venue_of(venue.name).tables[name].tiers
        for venue in venues
        for name, table in venue.tables.items()
        if name in venue_of(venue.name).tables
    )


def test_an_engine_is_asked_only_for_what_it_can_do():
    programs = list(sequences(5, range(5), SMALL))

    assert programs
    for program in programs:
        assert {step["op"] for step in program.steps} <= SMALL.operations
        assert {*requires_of(program).regimes} <= SMALL.regimes
        assert {*program.fields} == SMALL.fields


def test_an_engine_that_cannot_begin_anywhere_begins_without_positions():
    assert all(is_empty(program.genesis) for program in sequences(5, range(5), SMALL))
    assert list(accounts(5, range(5), SMALL)) == []


def test_an_engine_that_cannot_discharge_is_asked_for_each_duty():
    abilities = evolve(ALL, operations=ALL.operations - {DISCHARGE})

    steps = [step for program in accounts(5, range(12), abilities) for step in program.steps]

    assert DISCHARGE not in {step["op"] for step in steps}
    assert {"liquidate_on_book", "take_over", "deleverage"} & {step["op"] for step in steps}


def test_an_engine_without_isolated_margin_is_never_asked_for_it():
    abilities = evolve(ALL, regimes=frozenset({"unified"}))

    programs = [*accounts(5, range(10), abilities), *islice(sequences(5, range(4), abilities), 3)]

    assert {regime for program in programs for regime in requires_of(program).regimes} == {"unified"}


def test_a_state_with_quotients_is_rounded_and_its_pools_still_add_up():
    exchange = exchange_of(next(accounts(5, (0,), ALL)).genesis)
    book = exchange.members["book"]
    pool = LendingPool(token="USDC", cash=1, supply_shares=number_of("1/3"), reserve=number_of("2/3"))
    shares = book.supplied.put("USDC", number_of("1/3"))
    for member in exchange.members.values():
        exchange = exchange.put(
            evolve(member, supplied=member.supplied.drop("USDC"), borrowed=member.borrowed.drop("USDC"))
        )
    exchange = exchange.put(evolve(book, supplied=shares)).put_pool(pool)

    rounded = exchange_of(decimal_genesis(exchange)).pools["USDC"]

    assert rounded.supplied == number_of("0.333333333333333333")
    assert rounded.cash + rounded.borrowed == rounded.supplied + rounded.reserve


def test_names_that_look_like_quotients_are_left_alone():
    assert shortened({"a": "HYPE/USDC", "b": ["1/3"], "c": "v1/2x", "d": 7}) == {
        "a": "HYPE/USDC", "b": ["0.333333333333333333"], "c": "v1/2x", "d": 7,
    }  # fmt: skip


def test_an_engine_that_knows_few_operations_gets_a_program_of_every_number():
    few = evolve(SMALL, operations=frozenset({"deposit", "withdraw"}))

    programs = list(sequences(0, range(20), few))

    assert len(programs) == 20
    assert {step["op"] for program in programs for step in program.steps} == {"deposit", "withdraw"}


def test_an_engine_that_knows_no_operation_is_asked_for_none():
    assert list(sequences(0, range(6), evolve(SMALL, operations=frozenset()))) == []
