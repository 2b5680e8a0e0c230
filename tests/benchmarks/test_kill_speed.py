"""How long it takes until a mutant is found, and to make the program that finds it small."""

from __future__ import annotations

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from solvent.conform.kill import GENERATED, MOST_SHRINKING, Hunt, Kill, engine, smallest
from solvent.mutants import Mutant, catalogue

QUICK, USUAL = "B11", ("F25", "P01", "A14")
"""Mutants that die at once, and some that take about as many programs as most do."""


def hunted(mutant: Mutant) -> Kill:
    """How generated programs find a mutant."""
    (kill,) = Hunt((GENERATED,)).kills((mutant,))
    return kill


@pytest.mark.benchmark(group="until a mutant is found")
@pytest.mark.parametrize("name", [QUICK, *USUAL])
def test_a_mutant_is_found(name: str, benchmark: BenchmarkFixture) -> None:
    if benchmark.disabled and name != QUICK:
        pytest.skip("takes seconds, and is run where tests/benchmarks is asked for")

    kill: Kill = benchmark.pedantic(hunted, (catalogue()[name],), rounds=1)  # type: ignore[no-untyped-call]

    assert not kill.survived
    benchmark.extra_info |= {"programs": kill.calls, "checks": list(kill.checks)}


@pytest.mark.benchmark(group="until the program that finds it is small")
@pytest.mark.parametrize("name", [QUICK, *USUAL])
def test_the_program_that_finds_it_is_made_small(name: str, benchmark: BenchmarkFixture) -> None:
    if benchmark.disabled and name != QUICK:
        pytest.skip("takes seconds, and is run where tests/benchmarks is asked for")
    kill = hunted(catalogue()[name])
    assert kill.program is not None

    small = benchmark.pedantic(smallest, (engine(catalogue()[name]), kill.program), rounds=1)  # type: ignore[no-untyped-call]

    assert len(small.steps) <= len(kill.program.steps)
    benchmark.extra_info |= {"most": MOST_SHRINKING, "steps": len(small.steps), "before": kill.steps}
