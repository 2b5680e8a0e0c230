"""Programs made from a seed: program ``n`` depends on the seed, on ``n``, and on what the engine can do, alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from random import Random
from typing import Any

from attrs import evolve, fields

from solvent.account import Regime
from solvent.conform.accounts import account_state
from solvent.conform.decimal_state import decimal_genesis
from solvent.conform.program import Document, Program
from solvent.conform.values import Abilities
from solvent.exchange import ChangeParameter, Exchange, Member
from solvent.exchange.guards import is_house
from solvent.exchange.state import BOOK
from solvent.explore.campaign import runs
from solvent.explore.machine import Watch
from solvent.explore.worlds import Limits
from solvent.protocol.engine import DISCHARGE, op_of, perform
from solvent.protocol.genesis import genesis_of
from solvent.protocol.picture import FIELDS
from solvent.venue import Parameters

LIMITS = Limits(users=4, markets=3, length=3)
UNWATCHED = Watch(names=("nothing",))
MOST_STEPS = 40
SHORT = 6
"""The steps of a program that begins in the middle."""
_FACTORS = tuple(map(Fraction, ("1/2", "2", "3/4", "5/4", "9/10", "1/10", "3")))
_OPEN = ("place_order", "market_order", "fill", "borrow", "auto_borrow", "supply", "auto_supply")


def observed(abilities: Abilities) -> tuple[str, ...]:
    """The figures that are looked at."""
    return tuple(name for name in FIELDS if name in abilities.fields)


def random_of(seed: int, number: int, what: str) -> Random:
    """The random numbers of one program."""
    return Random(f"{what} {seed} {number}")  # noqa: S311 - programs are drawn, nothing is kept secret


def sequences(seed: int, numbers: Iterable[int], abilities: Abilities) -> Iterator[Program]:
    """Programs of many steps: users, the venue and the world act, and some of it is refused."""
    for number in numbers:
        program = _sequence(seed, number, abilities)
        if program is not None:
            yield program


def accounts(seed: int, numbers: Iterable[int], abilities: Abilities) -> Iterator[Program]:
    """Programs about accounts that are there already: no step, a move of prices, or what the venue must do at once."""
    if not abilities.any_genesis:
        return
    regimes = [regime for regime in Regime if regime.value in abilities.regimes]
    if not {*regimes} - {Regime.ISOLATED}:
        return
    for number in numbers:
        choose = random_of(seed, number, "accounts")
        exchange, steps = account_state(choose, regimes)
        exchange = twisted(exchange, choose) if choose.random() < 0.3 else exchange
        known = [step for step in steps if step["op"] in abilities.operations]
        yield Program(decimal_genesis(exchange), tuple(known), observed(abilities))


def _sequence(seed: int, number: int, abilities: Abilities) -> Program | None:
    choose = random_of(seed, number, "sequence")
    outcome = next((run for _, run in runs(seed, range(number, number + 1), LIMITS, UNWATCHED)), None)
    if outcome is None:
        return None
    exchange = _within(outcome.world.exchange, abilities, choose)
    exchange = twisted(exchange, choose) if choose.random() < 0.4 else exchange
    steps = [op_of(taken.action) for taken in outcome.steps]
    steps = [step for step in steps if _can(step, abilities)][:MOST_STEPS]
    if DISCHARGE in abilities.operations:
        steps = list(_with_discharges(steps, choose))
    if not steps:
        return None
    if abilities.any_genesis and choose.random() < 0.5:
        return _from_the_middle(exchange, steps, abilities, choose)
    return Program(genesis_of(exchange), tuple(steps), observed(abilities))


def _can(step: Document, abilities: Abilities) -> bool:
    """Whether an engine can do a step in the regimes that it knows."""
    known = step["op"] in abilities.operations
    apart = not step.get("isolated") or Regime.ISOLATED.value in abilities.regimes
    return (
        known and apart and step.get("mode", Regime.CROSS.value) in {*abilities.regimes, Regime.CROSS.value}
    )


def _within(exchange: Exchange, abilities: Abilities, choose: Random) -> Exchange:
    """The state with users in the modes that an engine knows."""
    known = [
        mode for mode in (Regime.CROSS, Regime.UNIFIED, Regime.PORTFOLIO) if mode.value in abilities.regimes
    ]
    if not known:
        return exchange
    strange = [
        member
        for name, member in exchange.members.items()
        if name != BOOK and not is_house(name) and member.mode not in known
    ]
    return exchange.put(*(evolve(member, mode=choose.choice(known)) for member in strange))


def _with_discharges(steps: list[dict[str, Any]], choose: Random) -> Iterator[dict[str, Any]]:
    """The steps; now and then the venue does all that is due after a move of prices."""
    for step in steps:
        yield step
        if step["op"] in ("move_prices", "pass_time") and choose.random() < 0.3:
            yield {"op": DISCHARGE}


def _from_the_middle(
    exchange: Exchange, steps: list[dict[str, Any]], abilities: Abilities, choose: Random
) -> Program:
    """A program that begins after some of the steps, where more is at stake."""
    opened = [n for n, step in enumerate(steps) if step["op"] in _OPEN]
    first = choose.randint(opened[0] + 1 if opened else 0, len(steps))
    for step in steps[:first]:
        exchange, _ = perform(exchange, step)
    left = steps[first : first + SHORT]
    return Program(decimal_genesis(exchange), tuple(left), observed(abilities))


def twisted(exchange: Exchange, choose: Random) -> Exchange:
    """The state with a few parameters that no venue has: an engine that knows a constant by heart is found out."""
    venue = exchange.venue
    names = [f.name for f in fields(Parameters) if getattr(venue.parameters, f.name)]
    names += [f"{token.name}.ltv" for token in venue.tokens.values() if token.ltv]
    names = [name for name in names if not name.endswith("_unit") and not name.startswith("eligible")]
    for name in choose.sample(names, choose.randint(1, 4)):
        token, _, parameter = name.rpartition(".")
        held: Any = getattr(venue.tokens[token] if token else venue.parameters, parameter)
        change = ChangeParameter(parameter=name, value=held * choose.choice(_FACTORS))
        if change.refusal(exchange) is None:
            exchange = change.apply(exchange)
    return exchange


def users_of(exchange: Exchange) -> list[Member]:
    """The accounts of users."""
    return [member for name, member in exchange.members.items() if name != BOOK and not is_house(name)]
