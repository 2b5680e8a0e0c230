"""How the time of one assessment grows with the legs of the account, by regime."""

from __future__ import annotations

import pytest
from measured_accounts import account_with
from pytest_benchmark.fixture import BenchmarkFixture

from solvent.account import Regime
from solvent.regimes import assess
from solvent.regimes.assessment import Assessment, LiquidationPrice
from solvent.venue import Venue


@pytest.mark.benchmark(max_time=0.5)
@pytest.mark.parametrize("legs", [5, 50, 200])
@pytest.mark.parametrize("regime", [Regime.CROSS, Regime.UNIFIED, Regime.PORTFOLIO])
def test_an_assessment_of(legs: int, regime: Regime, benchmark: BenchmarkFixture, venue: Venue) -> None:
    benchmark.group = f"one assessment, {regime}"
    account, prices = account_with(legs, regime)

    def assessed() -> tuple[Assessment, dict[str, LiquidationPrice]]:
        """An assessment with its liquidation prices, which are found when they are asked for."""
        assessment = assess(account, prices, venue)
        return assessment, dict(assessment.liquidation_prices)

    assessment, liquidation_prices = benchmark(assessed)

    assert assessment.healthy
    assert len(liquidation_prices) == legs
    if benchmark.stats is not None:
        benchmark.extra_info["microseconds_per_leg"] = benchmark.stats.stats.min / legs * 1e6
