"""Isolated margin: every position has margin of its own, and nothing supports anything else (PERP-ISO-MARGIN)."""

from __future__ import annotations

from attrs import evolve

from solvent.account import Account, Dex, Position, Regime
from solvent.arithmetic import ZERO, Number, total
from solvent.market import Prices
from solvent.regimes.assessment import Assessment
from solvent.regimes.cross import assess_cross
from solvent.regimes.dexes import measure
from solvent.venue import Venue


def assess_isolated(account: Account, prices: Prices, venue: Venue) -> Assessment:
    """Assess an account as if each of its cross positions had exactly its initial margin to itself.

    What is left of a dex's balance is its cross equity; it is below zero where the balance cannot give every
    position its initial margin.

    Raises:
        LookupError: a market has no mark price.
    """
    apart = evolve(account, dexes=tuple(isolate(dex, prices, venue) for dex in account.dexes))
    return evolve(assess_cross(apart, prices, venue), regime=Regime.ISOLATED)


def isolate(dex: Dex, prices: Prices, venue: Venue) -> Dex:
    """The same dex with the initial margin of every cross position moved to it; its equity stays the same."""
    positions: list[Position] = []
    moved: list[Number] = [ZERO]
    for position in dex.positions:
        if position.raw is None:
            leg = measure(position, prices, venue)
            raw = leg.initial - leg.value
            moved.append(raw)
            positions.append(evolve(position, raw=raw))
        else:
            positions.append(position)
    return evolve(dex, positions=tuple(positions), raw=dex.raw - total(moved))
