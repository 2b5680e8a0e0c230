"""Assessments per second on five cross legs: Solvent, and hyperliquid-math on the same account in the same run.

The peer has no entrance past its own reading of decimal strings, so Solvent is measured both ways: from ready
values, and from decimal strings to decimal strings.
"""

from __future__ import annotations

from typing import Any

import pytest
from figures import Figures, differences, figures_of, figures_of_peer
from measured_accounts import FIVE_LEGS, RAW, account_of, peer_account
from peer_process import Peer
from pytest_benchmark.fixture import BenchmarkFixture
from speeds import FROM_STRINGS, PEER, SOLVENT, TIMES, Speeds

from solvent import decimals
from solvent.regimes import Assessment, assess
from solvent.venue import Venue

MARKETS = tuple(row.market for row in FIVE_LEGS)
SIZES = {row.market: decimals.parse(row.size) for row in FIVE_LEGS}


def assess_strings(venue: Venue) -> Assessment:
    return assess(*account_of(FIVE_LEGS, RAW), venue)


def shown(figures: Figures) -> dict[tuple[str, str], str | None]:
    return {key: None if amount is None else decimals.show(amount) for key, amount in figures.items()}


@pytest.fixture
def of_sums(venue: Venue) -> Venue:
    """The venue with the documented reading of the transfer requirement, which is the peer's."""
    return venue.with_readings({"PERP-TRANSFER": "of-sums"})


@pytest.fixture
def account_for_peer(venue: Venue) -> dict[str, Any]:
    return peer_account(FIVE_LEGS, assess_strings(venue).resources, venue)


@pytest.fixture
def peer_figures(peer: Peer, account_for_peer: dict[str, Any]) -> Figures:
    return figures_of_peer(peer.assess(account_for_peer), MARKETS)


def test_the_account_holds_a_leg_without_liquidation_price_and_one_that_changes_its_tier(
    venue: Venue,
) -> None:
    account, prices = account_of(FIVE_LEGS, RAW)
    assessment = assess(account, prices, venue)
    found = assessment.liquidation_prices
    bound, size = venue.tiers("SOL", None)[1].lower_bound, abs(SIZES["SOL"])

    assert assessment.healthy
    assert [market for market in MARKETS if found[market].none] == ["HYPE"]
    assert size * prices.mark("SOL") < bound < size * found["SOL"].root


def test_both_give_the_same_figures(of_sums: Venue, peer_figures: Figures) -> None:
    assert differences(figures_of(assess_strings(of_sums)), peer_figures, SIZES) == {}


def test_by_solvents_default_they_differ_in_the_transfer_requirement_and_what_follows_from_it(
    venue: Venue, peer_figures: Figures
) -> None:
    differing = differences(figures_of(assess_strings(venue)), peer_figures, SIZES)

    assert differing.keys() == {("transfer requirement", "account"), ("withdrawable", "account")}


def test_solvent_assesses_ready_values(benchmark: BenchmarkFixture, speeds: Speeds, of_sums: Venue) -> None:
    account, prices = account_of(FIVE_LEGS, RAW)

    def assess_times() -> None:
        for _ in range(TIMES):
            dict(assess(account, prices, of_sums).liquidation_prices)

    speeds.measure(SOLVENT, benchmark, assess_times)


def test_solvent_assesses_decimal_strings(
    benchmark: BenchmarkFixture, speeds: Speeds, of_sums: Venue
) -> None:
    def assess_times() -> None:
        for _ in range(TIMES):
            shown(figures_of(assess_strings(of_sums)))

    speeds.measure(FROM_STRINGS, benchmark, assess_times)


def test_the_peer_assesses_decimal_strings(
    benchmark: BenchmarkFixture, speeds: Speeds, peer: Peer, account_for_peer: dict[str, Any]
) -> None:
    speeds.measure(PEER, benchmark, lambda: peer.assess(account_for_peer, TIMES))

    benchmark.extra_info |= {"node": peer.node, "times_as_fast": speeds.ratios}
