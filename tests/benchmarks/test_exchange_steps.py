"""Steps per second of every kind of action, and how the time of a step grows with accounts and with positions."""

from __future__ import annotations

from collections.abc import Iterator
from time import process_time

import pytest
from attrs import Factory, frozen
from measured_exchange import SIZES, actions_of, exchange_of
from pytest_benchmark.fixture import BenchmarkFixture

from solvent.exchange import all_actions, step

Size = tuple[int, int]
BASE = SIZES[0]
"""The accounts, and positions of each, that steps are first measured with."""
GROWTH = ((SIZES[0], SIZES[1:3]), (SIZES[3], (SIZES[1], SIZES[4])))
"""The sizes that times are compared to, each with those that are compared."""
HEADS = ("accounts 100 / 10", "accounts 1000 / 10", "positions 5 / 1", "positions 20 / 1")


@frozen
class Times:
    """The seconds of the fastest step, by kind and size, since other work on the machine only adds time."""

    seconds: dict[tuple[str, Size], float] = Factory(dict)

    def ratio(self, kind: str, size: Size, to: Size) -> float:
        """How many times as long the step takes at one size as at another."""
        return self.seconds[kind, size] / self.seconds[kind, to]

    def lines(self) -> Iterator[str]:
        """The growth table of all kinds: steps a second, and times as long with so many times the accounts or positions."""
        compared = [(size, base) for base, sizes in GROWTH for size in sizes]
        yield f"{'one step':22}{'a second':>9}" + "".join(f"{head:>19}" for head in HEADS)
        for kind in all_actions():
            rate = 1 / self.seconds[kind, BASE]
            yield f"{kind:22}{rate:9,.0f}" + "".join(f"{self.ratio(kind, *pair):19.2f}" for pair in compared)


@pytest.fixture(scope="module")
def times(pytestconfig: pytest.Config) -> Iterator[Times]:
    times = Times()
    yield times
    if len(times.seconds) == len(SIZES) * len(all_actions()):
        with pytestconfig.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
            print("", *times.lines(), sep="\n")  # noqa: T201 - the table is what is asked for


def test_there_is_a_measured_action_of_every_kind() -> None:
    assert actions_of(*BASE).keys() == all_actions().keys()


@pytest.mark.benchmark(timer=process_time, max_time=0.1, min_rounds=3, warmup=False)
@pytest.mark.parametrize("kind", all_actions())
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}-accounts-of-{size[1]}")
def test_a_step_of(size: Size, kind: str, benchmark: BenchmarkFixture, times: Times) -> None:
    if benchmark.disabled and size != BASE:
        pytest.skip("larger exchanges are measured where tests/benchmarks is asked for")
    benchmark.group = f"one step, {size[0]} accounts of {size[1]} positions"
    exchange = exchange_of(*size)
    action = actions_of(*size)[kind]

    after = benchmark(step, exchange, action)

    assert after != exchange
    if benchmark.stats is not None:
        times.seconds[kind, size] = benchmark.stats.stats.min
        benchmark.extra_info["steps_per_second"] = 1 / benchmark.stats.stats.min
