"""Profiles: how far worlds and plans go, how many runs there are, and what they must reach."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from attrs import field, frozen

from solvent.explore.coverage import CHECKED_UNHEALTHY
from solvent.explore.worlds import Limits

TARGETS: Mapping[str, Fraction] = {
    event: Fraction(percent)
    for event, percent in {
        "backstop takeover": "10",
        "auto-deleveraging": "12",
        "bad debt allocated": "4",
        "loan written off": "0.75",
        "collateral sold": "3",
        "position unwound": "2",
        "orders filled": "2.5",
        "mode switch": "6",
        "partial liquidation on the book": "5",
        "full liquidation on the book": "8",
        "partial liquidation of collateral": "4",
        "full liquidation of collateral": "1.5",
        "interest accrued": "6",
        "full utilization": "3",
        "fallback at a cap": "0.75",
        "longs pay funding": "2.5",
        "shorts pay funding": "2.5",
        "tier crossing": "1.5",
        "position flip": "7",
        "hedged account": "12",
        "two users hold positions": "20",
        "isolated position": "10",
        "dust moved": "3",
        "cap hit": "3",
        "user action refused": "50",
        "venue action refused": "30",
        "environment action refused": "5",
        CHECKED_UNHEALTHY: "30",
    }.items()
}
"""By event, the least share of runs in percent: about half of what runs without a flaw reach."""


@frozen
class Profile:
    """A way to explore.

    Attributes:
        name: its name.
        runs: how many runs it has, unless the command says otherwise.
        least: how many runs there must be for its targets to mean anything.
        limits: how far worlds and plans go.
        targets: by event, the least share of runs in percent that reach it.
    """

    name: str
    runs: int
    least: int
    limits: Limits = field(factory=Limits)
    targets: Mapping[str, Fraction] = field(default=TARGETS)


PROFILES = {
    profile.name: profile
    for profile in (
        Profile("every-change", runs=400, least=300),
        Profile("nightly", runs=20_000, least=2_000, limits=Limits(users=8, markets=4, length=8)),
    )
}
