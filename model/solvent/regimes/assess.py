"""The one entrance: an account under its regime."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from solvent.account import Account, Regime
from solvent.market import Prices
from solvent.regimes.assessment import Assessment
from solvent.regimes.cross import assess_cross
from solvent.regimes.isolated import assess_isolated
from solvent.regimes.portfolio import assess_portfolio
from solvent.regimes.unified import assess_unified
from solvent.venue import Venue

REGIMES: Mapping[Regime, Callable[[Account, Prices, Venue], Assessment]] = {
    Regime.ISOLATED: assess_isolated,
    Regime.CROSS: assess_cross,
    Regime.UNIFIED: assess_unified,
    Regime.PORTFOLIO: assess_portfolio,
}


def assess(account: Account, prices: Prices, venue: Venue) -> Assessment:
    """Assess an account under its regime, at one set of prices, by one venue's parameters.

    Raises:
        LookupError: a market or a collateral has no price, or a token cannot be used in this regime.
    """
    return REGIMES[account.regime](account, prices, venue)
