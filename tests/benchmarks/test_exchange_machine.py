"""Steps per second of the state machine, every state held to every invariant, and how they grow with accounts."""

from __future__ import annotations

from time import process_time

import pytest
from measured_exchange import actions_of, exchange_of
from pytest_benchmark.fixture import BenchmarkFixture

from solvent.explore.campaign import runs
from solvent.explore.machine import Watch, carry_out
from solvent.explore.worlds import Limits, World

SEED, RUNS = 1, 4
MOST_UNMEASURED = 100
WALK = ("deposit", "place_order", "fill", "liquidate_on_book", "settle_funding", "accrue", "pass_time")
"""Actions that exclude none of each other, carried out one after the other."""


def steps_per_second(benchmark: BenchmarkFixture, steps: int) -> None:
    if benchmark.stats is not None:
        benchmark.extra_info["steps_per_second"] = steps / benchmark.stats.stats.min


@pytest.mark.benchmark(group="runs of the machine", timer=process_time)
def test_the_machine_runs(benchmark: BenchmarkFixture) -> None:
    def explore() -> int:
        return sum(len(run.steps) for _, run in runs(SEED, range(RUNS), Limits(), Watch()))

    steps = benchmark.pedantic(explore, rounds=3)

    assert steps > RUNS
    steps_per_second(benchmark, steps)


@pytest.mark.benchmark(group="seven steps, held to every invariant", timer=process_time)
@pytest.mark.parametrize("accounts", [10, 100, 1000])
def test_the_machine_walks_among(accounts: int, benchmark: BenchmarkFixture) -> None:
    if benchmark.disabled and accounts > MOST_UNMEASURED:
        pytest.skip("takes seconds, and is run where tests/benchmarks is asked for")
    exchange = exchange_of(accounts, 5)
    known = actions_of(accounts, 5)
    world = World(venue=exchange.venue.name, readings={}, exchange=exchange)

    walked = benchmark.pedantic(carry_out, args=(world, [known[kind] for kind in WALK]), rounds=2)

    assert [taken.refusal for taken in walked.steps] == [None] * len(WALK)
    steps_per_second(benchmark, len(WALK))
