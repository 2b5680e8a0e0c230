"""The npm package hyperliquid-math: what it is asked, and all in which it differs from the model."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from adapters.builds import Unbuilt, carry_out
from attrs import evolve
from foreign.findings import VENUE, Example, Finding, Foreign, account, parameter, position, reading

from solvent.account import Regime
from solvent.conform.program import Moment
from solvent.conform.values import Difference
from solvent.scenario.facts import NO_EQUITY, NONE

FOLDER = Path(__file__).with_name("hyperliquid_math")
INSTALL = (
    "npm",
    "install",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--no-package-lock",
    "--fetch-retries=0",
)
FINEST = f"0.{'0' * 39}1"
STANDARD, UNIFIED = Regime.CROSS, Regime.UNIFIED


def install(cache: Path) -> Callable[[str], str]:
    """The address of the adapter in a mode, its package installed beside it."""
    for tool in ("node", "npm"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed, so hyperliquid-math cannot run")
    shutil.copytree(FOLDER, cache, dirs_exist_ok=True)
    try:
        if not (cache / "node_modules" / "hyperliquid-math").is_dir():
            carry_out(INSTALL, cache)
    except Unbuilt as unbuilt:
        pytest.skip(f"hyperliquid-math cannot be installed: {unbuilt.reason}")
    return lambda mode: f"stdio:node {cache / 'adapter.mjs'} {mode}"


# The smallest accounts

RECORDED = account(STANDARD, position("HYPE", "1000", "40", "3"), marks={"HYPE": "41.66265939"})
TWO = account(
    UNIFIED,
    position("BTC", "1", "100", "20"),
    position("ETH", "1", "100", "5"),
    marks={"BTC": "100", "ETH": "100"},
    perp="-200",
    spot="1000",
)
ONE = account(UNIFIED, position("BTC", "1", "100", "20"), marks={"BTC": "100"}, perp="-100", spot="1000")
TWISTED = evolve(
    ONE, venue=evolve(VENUE, parameters=evolve(VENUE.parameters, transfer_fraction=Fraction(1, 5)))
)
AT_MAINTENANCE = account(STANDARD, position("BTC", "1", "1000", "40"), marks={"BTC": "1000"}, perp="-987.5")
NOTHING = account(UNIFIED, marks={"BTC": "1000"})
ALL_ISOLATED = account(UNIFIED, position("BTC", "1", "1000", "20", raw="-950"), marks={"BTC": "1000"})
BANKRUPT = account(
    UNIFIED, position("BTC", "1", "1000", "20", raw="-1001"), marks={"BTC": "1000"}, spot="100"
)


# The differences that no other telling of the model removes


def _at_maintenance(difference: Difference, moment: Moment) -> bool:
    """The package calls at or below maintenance what the venue calls liquidatable below it alone."""
    if (difference.check, difference.expected, difference.found) != (
        "accounts/status",
        "healthy",
        "liquidatable",
    ):
        return False
    pools = moment.state.assess(difference.path[1]).pools
    return any(pool.resources == pool.requirement for pool in pools if pool.members)


def _of_nothing(difference: Difference, moment: Moment) -> bool:
    """The package's ratio is zero without a division where no margin is used."""
    if difference.check != "accounts/ratio" or difference.expected not in (NONE, NO_EQUITY):
        return False
    return difference.found == 0 and not len(moment.state.members[difference.path[1]].positions)


def _all_isolated(difference: Difference, moment: Moment) -> bool:
    """The package has no ratio where isolated margin takes up the whole balance of a token."""
    if (difference.check, difference.found) != ("accounts/ratio", NO_EQUITY):
        return False
    pools = moment.state.assess(difference.path[1]).pools
    shared = [pool for pool in pools if len(pool.members) != 1 or pool.name not in pool.members]
    return any(pool.resources <= 0 and not pool.requirement for pool in shared)


def _negative_isolated(difference: Difference, moment: Moment) -> bool:
    """The package takes no isolated margin below zero."""
    if (difference.check, difference.found) != ("accounts/ratio", "nothing"):
        return False
    state, name = moment.state, difference.path[1]
    marks = {market: held.mark for market, held in state.markets.items()}
    positions = state.members[name].positions.values()
    margins = [p.raw + p.size * marks[p.market] for p in positions if p.raw is not None]
    return difference.expected == NO_EQUITY and any(margin < 0 for margin in margins)


FINDINGS = (
    Finding(
        id="HM-UNIT",
        rule="NUM-USD",
        mode="standard",
        example=Example(RECORDED, ("requirement",), "2083.132969", "2083.1329695"),
        reads=parameter("usd_unit", FINEST),
    ),
    Finding(
        id="HM-TRANSFER",
        rule="PERP-TRANSFER",
        mode="unified",
        example=Example(TWO, ("withdrawable", "USDC"), "970", "975"),
        reads=reading("PERP-TRANSFER", "of-sums"),
    ),
    Finding(
        id="HM-FRACTION",
        rule="PERP-TRANSFER",
        mode="unified",
        example=Example(TWISTED, ("withdrawable", "USDC"), "980", "990"),
        reads=parameter("transfer_fraction", "0.1"),
    ),
    Finding(
        id="HM-TRIGGER",
        rule="PERP-LIQUIDATABLE",
        mode="standard",
        example=Example(AT_MAINTENANCE, ("status",), "healthy", "liquidatable"),
        about=_at_maintenance,
    ),
    Finding(
        id="HM-NOTHING",
        rule="UA-RATIO",
        mode="unified",
        example=Example(NOTHING, ("ratio",), "none", "0"),
        about=_of_nothing,
    ),
    Finding(
        id="HM-ISOLATED",
        rule="UA-RATIO",
        mode="unified",
        example=Example(ALL_ISOLATED, ("ratio",), "0.25", "no equity"),
        about=_all_isolated,
    ),
    Finding(
        id="HM-BANKRUPT",
        rule="UA-RATIO",
        mode="unified",
        example=Example(BANKRUPT, ("ratio",), "no equity", "nothing"),
        about=_negative_isolated,
    ),
)
"""All findings; the page of findings tells of each who is right."""

HYPERLIQUID_MATH = Foreign(
    name="hyperliquid-math",
    modes={"standard": STANDARD, "unified": UNIFIED},
    findings=FINDINGS,
    install=install,
)
