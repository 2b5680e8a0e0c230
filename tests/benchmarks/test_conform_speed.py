"""How many steps a second an adapter is asked and judged, and what of the time is the engine's, the pipe's and the kit's."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from fractions import Fraction
from itertools import count
from pathlib import Path
from subprocess import CalledProcessError, run
from typing import Any

import pytest
from attrs import frozen
from pytest_benchmark.fixture import BenchmarkFixture

from solvent.conform.cases import Case, Family, Selection
from solvent.conform.connect import Connection, connect
from solvent.conform.init import LANGUAGES, write
from solvent.conform.program import Program, expected
from solvent.conform.stdio import Process
from solvent.conform.trial import Bench, Verdict, Work
from solvent.conform.values import Abilities
from solvent.exchange import Member, found
from solvent.exchange.table import table
from solvent.protocol.genesis import genesis_of
from solvent.venue import Venue

STEPS = 20
"""Deposits of one program."""
PROGRAMS = 20
"""Programs of one round."""
FIRSTS = count(1, PROGRAMS)
"""The number of the first program of each round: the model remembers what it has run."""
FIELDS = ("accounts.spot",)
CANNED = """import sys
for line in sys.stdin:
    print('{"seq":' + line.partition('"seq":')[2].partition(",")[0] + "," + sys.argv[1], flush=True)
"""
"""An adapter without an engine: its reply is always the same."""


@frozen
class Made:
    """Programs of deposits, each by its number."""

    venue: Venue

    def __call__(self, _: int, numbers: Iterable[int], __: Abilities) -> Iterator[Program]:
        return map(self.program, numbers)

    def program(self, number: int) -> Program:
        """A program whose amounts no other has."""
        genesis = genesis_of(
            found(self.venue, markets=()).put(Member(name="ann", spot=table({"USDC": Fraction(100)})))
        )
        amounts = (f"{number + 1}.{step + 1:02}1" for step in range(STEPS))
        steps = ({"op": "deposit", "account": "ann", "token": "USDC", "amount": each} for each in amounts)
        return Program(genesis, tuple(steps), FIELDS)


@pytest.fixture(scope="module")
def made(venue: Venue) -> Made:
    return Made(venue)


@pytest.fixture(params=["python", "typescript"])
def adapter(request: pytest.FixtureRequest, tmp_path: Path, measures: bool) -> Iterator[Connection]:
    """A conversation with the skeleton of a language, which knows deposits and withdrawals."""
    language, folder = LANGUAGES[request.param], tmp_path / "adapter"
    if language.build and not measures:
        pytest.skip(f"the {language.title} adapter is built where tests/benchmarks is asked for")
    write(request.param, folder)
    for command in language.build:
        try:
            run(command, cwd=folder, check=True, capture_output=True, timeout=120)
        except (OSError, CalledProcessError) as error:
            pytest.skip(f"the {language.title} adapter is not built here: {error}")
    program, script = language.run
    with connect(f"stdio:{program} {shlex.quote(str(folder / script))}") as connection:
        yield connection


def measured(
    benchmark: BenchmarkFixture, work: Callable[[Any], object], prepared: Callable[[range], object]
) -> None:
    """Measure a function that is given what is prepared of so many numbers of programs, other ones in each round."""

    def setup() -> tuple[tuple[object], dict[str, object]]:
        first = next(FIRSTS)
        return (prepared(range(first, first + PROGRAMS)),), {}

    benchmark.group = f"{PROGRAMS} programs of {STEPS} deposits"
    benchmark.pedantic(work, setup=setup, rounds=12)  # type: ignore[no-untyped-call]
    if benchmark.stats is not None:
        benchmark.extra_info["steps_per_second"] = STEPS * PROGRAMS / benchmark.stats.stats.min


def test_an_adapter_is_asked(adapter: Connection, made: Made, benchmark: BenchmarkFixture) -> None:
    def messages(numbers: range) -> list[dict[str, Any]]:
        return [made.program(number).message(number) for number in numbers]

    measured(benchmark, lambda asked: [adapter.ask(message) for message in asked], messages)

    assert len(adapter.ask(messages(range(1))[0])["outcomes"]) == STEPS


def test_an_adapter_is_asked_and_judged(adapter: Connection, made: Made, benchmark: BenchmarkFixture) -> None:
    bench = Bench(adapter, Work(adapter.greeting.abilities, Selection(), 0, {Family.SEQUENCES: made}))

    def cases(numbers: range) -> list[Case]:
        return [Case(number, Family.SEQUENCES, f"sequences/{number}", number) for number in numbers]

    measured(benchmark, lambda asked: [bench.trial(case) for case in asked], cases)

    (trial,) = map(bench.trial, cases(range(1)))
    assert trial is not None
    assert trial.verdict is Verdict.PASS


def test_a_canned_reply_is_asked(made: Made, benchmark: BenchmarkFixture) -> None:
    def messages(numbers: range) -> list[dict[str, Any]]:
        return [made.program(number).message(number) for number in numbers]

    (first,) = messages(range(1))
    state = {"accounts": {name: {"spot": {"USDC": "123.21"}} for name in first["genesis"]["accounts"]}}
    reply = json.dumps({"state": state, "outcomes": [{"ok": True, "state": state}] * STEPS})[1:]
    with ExitStack() as stack:
        process = Process((sys.executable, "-c", CANNED, reply))
        stack.callback(process.kill)

        measured(benchmark, lambda asked: [process.ask(message, 10) for message in asked], messages)

        assert len(process.ask(first, 10)["outcomes"]) == STEPS


def test_the_model_is_run(made: Made, benchmark: BenchmarkFixture) -> None:
    def programs(numbers: range) -> list[Program]:
        return [made.program(number) for number in numbers]

    measured(benchmark, lambda run: [expected(program) for program in run], programs)

    assert not any(moment.refusals for moment in expected(made.program(0)))
