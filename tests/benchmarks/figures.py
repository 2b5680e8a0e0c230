"""The figures that both sides give of an account, under one name each, and how far apart they may lie."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, TypeAlias

from solvent.regimes import Assessment

UNIT = Fraction(1, 10**6)
"""The USD unit that Solvent truncates the margins of each position to (NUM-USD); the peer rounds at 40 digits."""

POSITION_FIGURES = {
    "notional": "notional",
    "initial margin": "initial",
    "maintenance margin": "maintenance",
    "unrealized profit": "profit",
}
"""What the peer's answer calls the lines of a position."""

Figures: TypeAlias = Mapping[tuple[str, str], Any]
"""Exact amounts by figure and subject; ``None`` where there is no liquidation price."""


def figures_of(assessment: Assessment) -> Figures:
    """The figures of an assessment of one dex whose positions are all cross."""
    (pool,) = assessment.pools
    (withdrawable,) = assessment.withdrawable.values()
    lines = {(line.figure, line.subject): line.amount for line in assessment.lines}
    return {
        ("initial margin", "account"): assessment.initial,
        ("maintenance margin", "account"): pool.requirement,
        ("available after maintenance", "account"): pool.available,
        ("transfer requirement", "account"): lines["transfer requirement", pool.name],
        ("withdrawable", "account"): withdrawable,
        **{key: amount for key, amount in lines.items() if key[1] in pool.members},
        **{
            ("liquidation price", market): found.price
            for market, found in assessment.liquidation_prices.items()
        },
    }


def figures_of_peer(answer: Mapping[str, Any], markets: tuple[str, ...]) -> Figures:
    """The figures of a peer's answer, for positions in the order of these markets."""
    figures: dict[tuple[str, str], Any] = {
        ("initial margin", "account"): Fraction(answer["initial"]),
        ("maintenance margin", "account"): Fraction(answer["maintenance"]),
        ("available after maintenance", "account"): Fraction(answer["available"]),
        ("transfer requirement", "account"): Fraction(answer["transfer"]),
        ("withdrawable", "account"): Fraction(answer["withdrawable"]),
    }
    for market, row in zip(markets, answer["positions"], strict=True):
        figures |= {(figure, market): Fraction(row[name]) for figure, name in POSITION_FIGURES.items()}
        price = row["liquidation"]
        figures["liquidation price", market] = None if price is None else Fraction(price)
    return figures


def roundings(sizes: Mapping[str, Fraction]) -> Mapping[tuple[str, str], Fraction]:
    """How far truncation to the USD unit moves each figure at most, for positions of these sizes.

    A position's margin moves by less than one unit, a sum of them by less than one unit a position. A liquidation
    price moves by that sum over the size less its maintenance rate, which is at most one half.
    """
    whole = len(sizes) * UNIT
    rounding = {
        (figure, "account"): whole
        for figure in (
            "initial margin",
            "maintenance margin",
            "available after maintenance",
            "transfer requirement",
            "withdrawable",
        )
    }
    for market, size in sizes.items():
        rounding |= {
            ("notional", market): Fraction(0),
            ("initial margin", market): UNIT,
            ("maintenance margin", market): UNIT,
            ("unrealized profit", market): Fraction(0),
            ("liquidation price", market): 2 * whole / abs(size),
        }
    return rounding


def differences(
    ours: Figures, theirs: Figures, sizes: Mapping[str, Fraction]
) -> Mapping[tuple[str, str], tuple[Any, Any]]:
    """The figures that differ by more than rounding, with both amounts."""
    assert ours.keys() == theirs.keys()
    rounding = roundings(sizes)
    return {
        key: (ours[key], theirs[key]) for key in ours if not _equal(ours[key], theirs[key], rounding[key])
    }


def _equal(a: Any, b: Any, rounding: Fraction) -> bool:
    if a is None or b is None:
        return a is b
    return bool(abs(a - b) <= rounding)
