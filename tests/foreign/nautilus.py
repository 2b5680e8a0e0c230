"""The Python package nautilus_trader: its margin models, and all in which they differ from the model."""

from __future__ import annotations

import os
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from foreign.findings import Example, Finding, Foreign, Genesis, account, position

from solvent.account import Regime
from solvent.conform.program import Moment
from solvent.conform.values import Difference

FOLDER = Path(__file__).with_name("nautilus_trader")
PYTHON = "SOLVENT_NAUTILUS_PYTHON"
"""The variable that names a Python with the package; its hundred megabytes are installed by nobody who does not ask."""
CENT = Fraction(1, 10**8)
"""The package's unit of a USDC amount."""


def install(cache: Path) -> Callable[[str], str]:
    """The address of the adapter in a mode."""
    del cache
    python = os.environ.get(PYTHON)
    if not python:
        pytest.skip(f"{PYTHON} names no Python that has nautilus_trader")
    return lambda mode: f"stdio:{python} {FOLDER / 'adapter.py'} {mode}"


HALF = account(Regime.CROSS, position("HYPE", "1000", "40", "3"), marks={"HYPE": "41.66265939"})
HIGH = account(Regime.CROSS, position("HYPE", "1000000", "30", "5"), marks={"HYPE": "30"})
PLAIN = account(Regime.CROSS, position("HYPE", "100", "40", "4"), marks={"HYPE": "40"})


def _first_tier(genesis: Genesis) -> Genesis:
    """The model with one tier in every market."""
    markets = {name: {**market, "tiers": market["tiers"][:1]} for name, market in genesis["markets"].items()}
    return {**genesis, "markets": markets}


def _unrounded(moment: Moment, name: str, *, by_leverage: bool) -> tuple[Fraction, Fraction]:
    """Maintenance margin before any rounding, and the most that the roundings of both come to."""
    state, margin, slack = moment.state, Fraction(0), Fraction(0)
    for held in state.members[name].positions.values():
        tier = state.venue.tiers(held.market, held.max_leverage)[0]
        notional = abs(held.size) * state.markets[held.market].mark
        margin += notional * tier.rate / (held.leverage if by_leverage else 1)
        slack += state.venue.parameters.usd_unit + 2 * CENT
    return Fraction(margin), slack


def _rounding(difference: Difference, moment: Moment) -> bool:
    """The package rounds each amount to the nearest hundred-millionth."""
    state, name = moment.state, difference.path[1]
    unit = state.venue.parameters.usd_unit
    most = (unit + 2 * CENT) * len(state.members[name].positions)
    found, wanted = difference.found, difference.expected
    numbers = isinstance(found, Fraction) and isinstance(wanted, Fraction)
    return numbers and abs(found - wanted) <= most


def _by_leverage(difference: Difference, moment: Moment) -> bool:
    """The package's default model divides maintenance margin, too, by the chosen leverage."""
    if difference.check != "accounts/requirement" or not isinstance(difference.found, Fraction):
        return False
    margin, slack = _unrounded(moment, difference.path[1], by_leverage=True)
    return abs(difference.found - margin) <= slack


FINDINGS = (
    Finding(
        id="NT-TIER",
        rule="PERP-MM",
        mode="standard",
        example=Example(HIGH, ("requirement",), "2000000", "1500000"),
        reads=_first_tier,
    ),
    Finding(
        id="NT-ROUND",
        rule="NUM-USD",
        mode="standard",
        example=Example(HALF, ("requirement",), "2083.132969", "2083.1329695"),
        about=_rounding,
    ),
    Finding(
        id="NT-LEVERAGE",
        rule="PERP-MM",
        mode="leveraged",
        example=Example(PLAIN, ("requirement",), "200", "50"),
        about=_by_leverage,
    ),
)
"""All findings; the page of findings tells of each who is right."""

NAUTILUS_TRADER = Foreign(
    name="nautilus_trader",
    modes={"standard": Regime.CROSS, "leveraged": Regime.CROSS},
    findings=FINDINGS,
    install=install,
)
