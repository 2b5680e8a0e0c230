"""How long the theorems of each family take, and how what is bounded grows with its size."""

from __future__ import annotations

import sys
from time import process_time

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from solvent.arithmetic import total
from solvent.prove.audit import Audit, Settings, load
from solvent.prove.decide import Result, decide
from solvent.prove.theorem import Cell, Family, Given, Theorem, Verdict
from solvent.venue import Venue

DECIDED = {Verdict.PROVED, Verdict.REFUTED, Verdict.CONDITIONAL}


def theorems_of(family: Family) -> list[str]:
    return [name for name, stated in load().items() if stated.family is family]


@pytest.mark.benchmark(group="theorems of a family, at one venue and at any", timer=process_time)
@pytest.mark.parametrize("family", list(Family), ids=str)
def test_the_theorems_of(family: Family, benchmark: BenchmarkFixture, venue: Venue) -> None:
    names = theorems_of(family)
    asked = names[-1:] if benchmark.disabled else names

    def audit() -> list[Result]:
        decided = Audit(venues=[venue], names=asked, settings=Settings(kept=None), workers=1).run()
        return [finding.result for each in decided for finding in each.findings]

    results = benchmark.pedantic(audit, rounds=1)

    assert {result.theorem for result in results} == set(asked)
    assert {result.verdict for result in results} <= DECIDED
    benchmark.extra_info |= {"theorems": len(asked), "cells": len(results)}


@pytest.mark.benchmark(group="a weighted median of n sources", timer=process_time)
@pytest.mark.parametrize("liars", [1, 2, 3], ids=["n=3", "n=5", "n=7"])
def test_a_weighted_median_survives(liars: int, benchmark: BenchmarkFixture) -> None:
    if benchmark.disabled and liars > 1:
        pytest.skip("takes seconds, and is run where tests/benchmarks is asked for")
    stated = load()["a_weighted_median_survives_liars_of_less_than_half_the_weight"]
    weighed = sys.modules[stated.statement.__module__].weighed

    def statement(given: Given) -> object:
        claim, weights = weighed(given, liars)
        given.assume("honest sources have more than half", 2 * total(weights[: liars + 1]) > total(weights))
        return claim

    of_size = Theorem(stated.name, stated.family, statement, timeout=600_000)

    result = benchmark.pedantic(decide, args=(of_size, Cell()), kwargs={"needs": False}, rounds=1)

    assert result.verdict is Verdict.PROVED
