"""The rules, one module per chapter of the rulebook, and their registry."""

from solvent.rules import (
    borrow_liquidation,
    deleveraging,
    funding,
    lending,
    liquidation,
    liquidation_price,
    modes,
    numbers,
    perp,
    portfolio,
    trading,
    unified,
)
from solvent.rules.registry import Rule, all_rules, called, rule, select

__all__ = [
    "Rule",
    "all_rules",
    "borrow_liquidation",
    "called",
    "deleveraging",
    "funding",
    "lending",
    "liquidation",
    "liquidation_price",
    "modes",
    "numbers",
    "perp",
    "portfolio",
    "rule",
    "select",
    "trading",
    "unified",
]
