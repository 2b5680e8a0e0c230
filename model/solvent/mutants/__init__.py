"""Engines that differ from the model by exactly one documented mistake each."""

from solvent.mutants import liquidation, margin, money, portfolio, refusals, tiers
from solvent.mutants.mutant import Mutant, Severity, catalogue, engine_of

__all__ = [
    "Mutant",
    "Severity",
    "catalogue",
    "engine_of",
    "liquidation",
    "margin",
    "money",
    "portfolio",
    "refusals",
    "tiers",
]
