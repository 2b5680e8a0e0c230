"""Engines that differ from the model by exactly one documented mistake each."""

from solvent.mutants import books, guards, liquidation, margin, money, portfolio, refusals, tiers
from solvent.mutants.mutant import Mutant, Severity, catalogue, engine_of

__all__ = [
    "Mutant",
    "Severity",
    "books",
    "catalogue",
    "engine_of",
    "guards",
    "liquidation",
    "margin",
    "money",
    "portfolio",
    "refusals",
    "tiers",
]
