"""How many steps a second an adapter is asked and judged, and what of the time is the engine's, the pipe's and the kit's."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from subprocess import CalledProcessError, run

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
"""Programs of one round; of every eighth the rules are looked for, as in a run."""
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
def adapter(
    request: pytest.FixtureRequest,
    benchmark: BenchmarkFixture,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Connection]:
    """A conversation with the skeleton of a language, which knows deposits and withdrawals."""
    language = LANGUAGES[request.param]
    if language.build and benchmark.disabled:
        pytest.skip(f"the {language.title} adapter is built where tests/benchmarks is asked for")
    write(request.param, tmp_path / "adapter")
    monkeypatch.chdir(tmp_path / "adapter")
    for command in language.build:
        try:
            run(command, check=True, capture_output=True, timeout=120)
        except (OSError, CalledProcessError) as error:
            pytest.skip(f"the {language.title} adapter is not built here: {error}")
    with connect(language.address) as connection:
        yield connection


def measured(benchmark: BenchmarkFixture, work: Callable[[], object]) -> None:
    """Measure a function that puts all programs to an engine, which the model has not seen before."""
    benchmark.group = f"{PROGRAMS} programs of {STEPS} deposits"
    benchmark.pedantic(work, setup=expected.cache_clear, rounds=10, warmup_rounds=2)  # type: ignore[no-untyped-call]
    if benchmark.stats is not None:
        benchmark.extra_info["steps_per_second"] = STEPS * PROGRAMS / benchmark.stats.stats.min


def test_an_adapter_is_asked(adapter: Connection, made: Made, benchmark: BenchmarkFixture) -> None:
    messages = [made.program(number).message(number) for number in range(PROGRAMS)]

    measured(benchmark, lambda: [adapter.ask(message) for message in messages])

    assert len(adapter.ask(messages[0])["outcomes"]) == STEPS


def test_an_adapter_is_asked_and_judged(adapter: Connection, made: Made, benchmark: BenchmarkFixture) -> None:
    bench = Bench(adapter, Work(adapter.greeting.abilities, Selection(), 0, {Family.SEQUENCES: made}))
    cases = [Case(number, Family.SEQUENCES, f"sequences/{number}", number) for number in range(PROGRAMS)]

    measured(benchmark, lambda: [bench.trial(case) for case in cases])

    trials = [bench.trial(case) for case in cases]
    assert {trial.verdict for trial in trials if trial} == {Verdict.PASS}


def test_a_canned_reply_is_asked(made: Made, benchmark: BenchmarkFixture) -> None:
    messages = [made.program(number).message(number) for number in range(PROGRAMS)]
    state = {"accounts": {name: {"spot": {"USDC": "123.21"}} for name in messages[0]["genesis"]["accounts"]}}
    reply = json.dumps({"state": state, "outcomes": [{"ok": True, "state": state}] * STEPS})[1:]
    with ExitStack() as stack:
        process = Process((sys.executable, "-c", CANNED, reply))
        stack.callback(process.kill)

        measured(benchmark, lambda: [process.ask(message, 10) for message in messages])

        assert len(process.ask(messages[0], 10)["outcomes"]) == STEPS


def test_the_model_is_run(made: Made, benchmark: BenchmarkFixture) -> None:
    programs = [made.program(number) for number in range(PROGRAMS)]

    measured(benchmark, lambda: [expected(program) for program in programs])

    assert not any(moment.refusals for moment in expected(programs[0]))
