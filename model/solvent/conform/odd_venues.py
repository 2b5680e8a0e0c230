"""Venues that there are not: an engine that knows a parameter or a tier by heart is found out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from random import Random
from typing import Any

from attrs import evolve, fields, fields_dict

from solvent.arithmetic import ONE, ZERO
from solvent.rules.kinds import Tier
from solvent.rules.perp import maintenance_rate, tier_deduction
from solvent.venue import MarginTable, Parameters, Token, Venue

FACTORS = tuple(map(Fraction, ("1/2", "2", "3/4", "5/4", "9/10", "1/10", "3")))
"""What a parameter is multiplied by."""
UNITS = tuple(map(Fraction, ("1/10", "10", "100")))
"""What a unit is multiplied by: a decimal grid stays one."""
FINEST = Fraction(1, 10**18)
"""The smallest unit."""
CAPS = (*FACTORS, Fraction(1, 100), Fraction(1, 10_000))
BOUNDS = tuple(map(Fraction, (1_000, 33_333, 100_000, 2_500_000, 40_000_000)))
LEVERAGES = tuple(map(Fraction, (50, 40, 25, 20, 10, 7, 5, 3, 2, 1)))
SPARED = ("eligible_volume", "eligible_value", "daily_actions", "rate_year")
"""Parameters that no step asks for, and the length of a year."""


def odd_venue(venue: Venue, choose: Random, markets: Iterable[str]) -> Venue:
    """The venue with up to four other parameters and, for some of these markets, other tiers."""
    names = list(_parameters(venue))
    for name in choose.sample(names, choose.randint(1, 4)):
        venue = _changed(venue, name, choose)
    tables = {
        market: MarginTable(market, _tiers(choose))
        for market in markets
        if market in venue.tables and choose.random() < 0.4
    }
    return evolve(venue, tables={**venue.tables, **tables}, dex_tokens=_dex_tokens(venue, choose))


def _dex_tokens(venue: Venue, choose: Random) -> dict[str, str]:
    """The collateral token of each builder-deployed dex: now and then one that is not the quote token."""
    stable = [name for name, token in venue.tokens.items() if not token.is_collateral]
    return {
        dex: choose.choice(stable) if choose.random() < 0.4 else token
        for dex, token in venue.dex_tokens.items()
    }


def _parameters(venue: Venue) -> Iterator[str]:
    """Every parameter that the venue states, those of tokens behind the token's name."""
    own = (f.name for f in fields(Parameters) if f.name not in SPARED)
    yield from (name for name in own if getattr(venue.parameters, name))
    for token in venue.tokens.values():
        stated = (f.name for f in fields(Token) if f.name not in ("name", "index"))
        yield from (f"{token.name}.{name}" for name in stated if getattr(token, name))


def _changed(venue: Venue, name: str, choose: Random) -> Venue:
    token, _, parameter = name.rpartition(".")
    if token:
        changed = _changed_token(venue.tokens[token], parameter, choose)
        return evolve(venue, tokens={**venue.tokens, token: changed})
    held: Any = getattr(venue.parameters, parameter)
    value = held * choose.choice(UNITS if parameter.endswith("_unit") else FACTORS)
    value = max(value, FINEST)
    if fields_dict(Parameters)[parameter].metadata["unit"] == "1":
        value = min(value, ONE)
    return evolve(venue, parameters=evolve(venue.parameters, **{parameter: value}))


def _changed_token(token: Token, parameter: str, choose: Random) -> Token:
    held: Any = getattr(token, parameter)
    value = held * choose.choice(CAPS if "cap" in parameter else FACTORS)
    if parameter == "ltv" and value >= (1 if token.stated_threshold is None else token.stated_threshold):
        value = held / 2
    if parameter == "stated_threshold":
        value = token.ltv + choose.choice((1, 3)) * (ONE - token.ltv) / 4
    return evolve(token, **{parameter: value})


def _tiers(choose: Random) -> tuple[Tier, ...]:
    """One to three tiers that fit together as the rules ask."""
    count = choose.randint(1, 3)
    bounds = (ZERO, *sorted(choose.sample(BOUNDS, count - 1)))
    tiers: list[Tier] = []
    for bound, leverage in zip(bounds, sorted(choose.sample(LEVERAGES, count), reverse=True), strict=True):
        rate = maintenance_rate(leverage)
        last = tiers[-1] if tiers else Tier(ZERO, leverage, rate, ZERO)
        tiers.append(Tier(bound, leverage, rate, tier_deduction(last.deduction, bound, last.rate, rate)))
    return tuple(tiers)
