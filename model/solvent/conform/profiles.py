"""Profiles: how many programs a run generates, and what it has to reach so that it says something."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

from attrs import field, frozen

from solvent.account import Regime
from solvent.arithmetic import ZERO
from solvent.conform.cases import GENERATED, Family
from solvent.conform.coverage import Reach, Rules
from solvent.conform.values import Abilities
from solvent.protocol.engine import DISCHARGE

EVENTS: Mapping[str, tuple[str, ...]] = {
    "auto-deleveraging": (DISCHARGE,),
    "backstop takeover": (DISCHARGE,),
    "bad debt allocated": (DISCHARGE,),
    "dust moved": ("deposit",),
    "full liquidation on the book": (DISCHARGE,),
    "partial liquidation of collateral": (DISCHARGE, Regime.PORTFOLIO),
    "hedged account": ("market_order", Regime.PORTFOLIO),
    "interest accrued": ("pass_time", "accrue"),
    "longs pay funding": ("settle_funding",),
    "isolated position": ("change_leverage", "market_order", Regime.ISOLATED),
    "mode switch": ("switch_mode",),
    "portfolio position": ("market_order", Regime.PORTFOLIO),
    "position flip": ("market_order",),
    "tier crossing": ("market_order", "move_prices"),
    "two users hold positions": ("market_order",),
    "user action refused": ("market_order",),
}
"""Events that generated sequences have to reach, each with the operations and regimes that it needs."""


@frozen
class Profile:
    """How far a run goes.

    Attributes:
        name: its name.
        programs: how many programs it generates; ``None`` where a budget bounds it.
        accounts: how many accounts there are for each sequence.
        least: how many generated programs there must be for what they have to reach to mean anything.
        random: whether the seed is drawn where none is given.
        budget: after how many seconds no case is begun, unless the command says otherwise.
        rules, rules_of_programs: the least share of the rules within reach that are reached, in percent; the second
            where there are generated programs alone.
        accepted: the least share of the steps of generated programs that are carried out, in percent.
        events: what generated sequences have to reach, and what that needs of the engine.
    """

    name: str
    programs: int | None
    accounts: int = 2
    least: int = 150
    random: bool = False
    budget: float | None = None
    rules: Fraction = Fraction(90)
    rules_of_programs: Fraction = Fraction(60)
    accepted: Fraction = Fraction(25)
    events: Mapping[str, tuple[str, ...]] = field(default=EVENTS)


PROFILES = {
    profile.name: profile
    for profile in (
        Profile("every-change", programs=300),
        Profile("nightly", programs=None, least=600, random=True, budget=1800.0),
    )
}


@frozen
class Seen:
    """What a run has come to, as its profile asks.

    Attributes:
        rules: how it stands to the rules.
        families: those that it asked for.
        programs: how many programs were generated and run, those of runs that it continues among them.
        reach: what these reached.
    """

    rules: Rules
    families: tuple[Family, ...]
    programs: int
    reach: Reach


def shortfalls(profile: Profile, seen: Seen, abilities: Abilities) -> Iterator[str]:
    """What a run lacks of its profile's minimum, in words."""
    reached, within = len(seen.rules.reached), seen.rules.within
    least = profile.rules if Family.VECTORS in seen.families else profile.rules_of_programs
    whole = Family.VECTORS in seen.families or {*GENERATED} <= {*seen.families}
    if whole and within and 100 * reached < least * within:
        yield f"{reached} of {within} rules within reach were reached; the profile asks for {least} %"
    if {*GENERATED} <= {*seen.families}:
        yield from _of_programs(profile, seen, abilities)


def _of_programs(profile: Profile, seen: Seen, abilities: Abilities) -> Iterator[str]:
    """What generated programs lack."""
    if seen.programs < profile.least:
        yield f"{seen.programs} generated programs ran; the profile asks for {profile.least}"
        return
    steps = seen.reach.steps
    share = Fraction(100 * seen.reach.accepted, steps) if steps else ZERO
    if share < profile.accepted:
        yield f"{round(share)} % of generated steps are carried out; the profile asks for {profile.accepted} %"
    able = abilities.operations | abilities.regimes
    for event, needs in profile.events.items():
        if able.issuperset(needs) and not seen.reach.events[event]:
            yield f"no generated program reached: {event}"
