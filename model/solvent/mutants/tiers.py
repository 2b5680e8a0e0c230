"""Mistakes about margin tiers."""

from __future__ import annotations

from solvent.mutants.loader import Edit
from solvent.mutants.mutant import Mutant, Severity, add

add(
    Mutant(
        id="B02",
        family="tiers",
        rule="PERP-MM",
        mistake="The maintenance deduction is dropped.",
        reading="no deduction in higher tiers",
        edits=(
            Edit(
                "rules.perp",
                (
                    "        margin = where(notional >= tier.lower_bound, notional * tier.rate - "
                    "tier.deduction, margin)"
                ),
                "        margin = where(notional >= tier.lower_bound, notional * tier.rate, margin)",
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="B03",
        family="tiers",
        rule="PERP-DEDUCTION",
        mistake="The deduction is twice what makes the tiers continuous.",
        reading="deductions by initial rates",
        edits=(
            Edit(
                "rules.perp",
                (
                    "        margin = where(notional >= tier.lower_bound, notional * tier.rate - "
                    "tier.deduction, margin)"
                ),
                (
                    "        margin = where(notional >= tier.lower_bound, notional * tier.rate - 2 * "
                    "tier.deduction, margin)"
                ),
            ),
        ),
    ),
    Mutant(
        id="B22",
        family="tiers",
        rule="PERP-MM",
        mistake=(
            "A notional exactly on a tier's bound is in the tier below, with the deduction of the tier above."
        ),
        reading="the deduction one tier early",
        edits=(
            Edit(
                "rules.perp",
                "    margin = notional * tiers[0].rate - tiers[0].deduction\n",
                "    margin = notional * tiers[0].rate - tiers[-1].deduction\n",
            ),
        ),
    ),
    Mutant(
        id="B23",
        family="tiers",
        rule="PERP-MM",
        mistake="The rate of the first tier is used for every notional.",
        reading="the first tier for all",
        edits=(
            Edit(
                "rules.perp",
                (
                    "        margin = where(notional >= tier.lower_bound, notional * tier.rate - "
                    "tier.deduction, margin)"
                ),
                "        margin = where(notional >= tier.lower_bound, margin, margin)",
            ),
        ),
    ),
    Mutant(
        id="B24",
        family="tiers",
        rule="PERP-LEVERAGE",
        mistake="A tier's largest leverage does not bind a position that reaches it.",
        reading="leverage not bound by the tier",
        edits=(
            Edit(
                "rules.perp",
                (
                    "    return both(*(either(notional < tier.lower_bound, leverage <= "
                    "tier.max_leverage) for tier in tiers))"
                ),
                "    return leverage <= tiers[0].max_leverage",
            ),
        ),
    ),
    Mutant(
        id="B25",
        family="tiers",
        rule="PERP-TIER-ROOM",
        mistake="Orders do not count toward the bound of a tier.",
        reading="orders left out of the tier's room",
        edits=(
            Edit(
                "exchange.orders",
                "    within = (held + total(same)) * mark < most",
                "    within = held * mark < most",
            ),
        ),
    ),
)
