"""Programs made from a seed: program ``n`` depends on the seed, on ``n``, and on what the engine can do, alone.

The draws of sequences are those of one version of Hypothesis, as in ``solvent.explore``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import islice
from random import Random
from typing import Any

from attrs import evolve
from hypothesis import HealthCheck, given, settings

from solvent.account import Regime
from solvent.conform.accounts import account_state
from solvent.conform.decimal_state import decimal_genesis, shortened
from solvent.conform.edges import edge_steps
from solvent.conform.odd_venues import odd_venue
from solvent.conform.program import Document, Program, refusals_of
from solvent.conform.values import Abilities
from solvent.decimals import DECIMAL
from solvent.exchange import Exchange, all_actions, duties
from solvent.explore.campaign import bytes_of
from solvent.explore.choices import BYTES, Intent, makers, realise, users
from solvent.explore.coverage import Taken
from solvent.explore.machine import Watch, run
from solvent.explore.worlds import Limits, Plan, World, plans, worlds
from solvent.protocol.engine import DISCHARGE, op_of, perform
from solvent.protocol.picture import FIELDS

LIMITS = Limits(users=4, markets=3, length=3)
UNWATCHED = Watch(names=("nothing",), stops=True)
MOST_STEPS = 40
SHORT = 6
"""The steps of a program that begins in the middle."""
FREQUENT = (
    "move_prices",
    "pass_time",
    "settle_funding",
    "switch_mode",
    "auto_supply",
    "auto_borrow",
    "fill",
) * 3
"""Kinds of intents that come more often."""
DRAWN = 3
"""How many steps at edges one is chosen of."""
SPOILT = ("0", "-1", "0.000000001", "1000000000")
"""Numbers in the place of those of a step."""
MOST_DUTIES = 6
"""The duties of a state that an engine is asked for one by one where it cannot discharge them."""
_OPEN = ("place_order", "market_order", "fill", "borrow", "auto_borrow", "supply", "auto_supply")
Step = dict[str, Any]


def observed(abilities: Abilities) -> tuple[str, ...]:
    """The figures that are looked at."""
    return tuple(name for name in FIELDS if name in abilities.fields)


def random_of(seed: int, number: int, what: str) -> Random:
    """The random numbers of one program."""
    return Random(f"{what} {seed} {number}")  # noqa: S311 - programs are drawn, nothing is kept secret


def accounts(seed: int, numbers: Iterable[int], abilities: Abilities) -> Iterator[Program]:
    """Programs about accounts that are there already, with no step or a few, or what the venue must do at once."""
    regimes = [regime for regime in Regime if regime.value in abilities.regimes]
    if not abilities.any_genesis or not {*regimes} - {Regime.ISOLATED}:
        return
    for number in numbers:
        choose = random_of(seed, number, "accounts")
        exchange = account_state(choose, regimes)
        steps = tuple(_few_steps(exchange, abilities, choose))
        yield Program(decimal_genesis(exchange), steps, observed(abilities))


def _few_steps(exchange: Exchange, abilities: Abilities, choose: Random) -> Iterator[Step]:
    """A few steps that somebody would like to take, some twice, some spoilt, and what is due then; none, now and then."""
    kinds = _known_kinds(abilities)
    for _ in range(choose.choice((0, 2, 4, 6))):
        step = (
            _edge(exchange, abilities, choose)
            if choose.random() < 0.6
            else _intended(exchange, kinds, choose)
        )
        if step and choose.random() < 0.15:
            step = _spoilt(step, exchange, choose)
        for _ in range(choose.choice((1, 1, 1, 2)) if step and _can(step, abilities) else 0):
            yield step
            exchange, _ = perform(exchange, step)
    if choose.random() < 0.5:
        yield from [{"op": DISCHARGE}] if DISCHARGE in abilities.operations else _duties(exchange, abilities)


def _edge(exchange: Exchange, abilities: Abilities, choose: Random) -> Step:
    """Of a few steps at edges the one that is nearest to what is wanted: refused by one check alone, or by none."""
    wanted, drawn = choose.choice((0, 1)), [_at_an_edge(exchange, choose) for _ in range(DRAWN)]
    steps = [step for step in drawn if _can(step, abilities)]
    return min(steps, key=lambda step: abs(len(refusals_of(exchange, step)) - wanted), default={})


def _at_an_edge(exchange: Exchange, choose: Random) -> Step:
    ways = edge_steps(exchange, choose.choice(users(exchange)), choose)
    return choose.choice(list(ways))()


def _intended(exchange: Exchange, kinds: list[str], choose: Random) -> Step:
    """What somebody would like to do; nothing where the state has nothing that it could be about."""
    intent = Intent(
        choose.choice([*(kind for kind in FREQUENT if kind in kinds), *kinds]), choose.randbytes(BYTES)
    )
    action = realise(exchange, intent)
    return {} if action is None else shortened(op_of(action))


def _spoilt(step: Step, exchange: Exchange, choose: Random) -> Step:
    """The step with something else in one place; as it was where the model itself cannot take that."""
    key = choose.choice([key for key in step if key != "op"] or ["op"])
    value: Any = step[key]
    if isinstance(value, dict) and value:
        name = choose.choice(list(value))
        other: Any = {**value, name: _another(value[name], exchange, choose)}
    else:
        other = _another(value, exchange, choose)
    try:
        perform(exchange, {**step, key: other})
    except Exception:  # noqa: BLE001 - whatever a step that makes no sense meets
        return step
    return {**step, key: other}


def _another(value: Any, exchange: Exchange, choose: Random) -> Any:
    """Another account, market or token in the place of one, or another number in the place of a number."""
    known = (users(exchange), list(exchange.markets), list(exchange.prices.tokens))
    names = next((names for names in known if value in names), None)
    if names is not None:
        return choose.choice(names)
    return choose.choice(SPOILT) if isinstance(value, str) and DECIMAL.fullmatch(value) else value


def _duties(exchange: Exchange, abilities: Abilities) -> Iterator[Step]:
    """What is due, step by step, for an engine that cannot discharge it of its own accord."""
    for _ in range(MOST_DUTIES):
        action = next(duties(exchange), None)
        if action is None or action.name() not in abilities.operations:
            return
        yield shortened(op_of(action))
        exchange = action.apply(exchange)


def sequences(seed: int, numbers: Iterable[int], abilities: Abilities) -> Iterator[Program]:
    """Programs of many steps: users, the venue and the world act, and some of it is refused."""
    for number in numbers:
        program = _sequence(seed, number, abilities)
        if program is not None:
            yield program


def _sequence(seed: int, number: int, abilities: Abilities) -> Program | None:
    drawn = _drawn(seed, number)
    if drawn is None:
        return None
    (world, plan), choose = drawn, random_of(seed, number, "sequence")
    exchange = _in_known_modes(world.exchange, abilities, choose)
    if choose.random() < 0.4:
        exchange = evolve(exchange, venue=odd_venue(exchange.venue, choose, exchange.markets))
    known = {*abilities.operations, *({*_kinds(plan)} - {*all_actions()})}
    plan = Plan(tuple(intent for intent in plan.intents if intent.kind in known))
    taken = run(evolve(world, exchange=exchange), plan, UNWATCHED).steps
    if abilities.any_genesis and choose.random() < 0.5:
        exchange, taken = _middle(exchange, taken, choose)
    steps = [shortened(op_of(one.action)) for one in taken]
    steps = [step for step in steps if _can(step, abilities)][:MOST_STEPS]
    steps = steps or list(islice(_known_steps(exchange, abilities, choose), SHORT))
    if DISCHARGE in abilities.operations:
        steps = list(_with_discharges(steps, choose))
    return Program(decimal_genesis(exchange), tuple(steps), observed(abilities)) if steps else None


def _known_steps(exchange: Exchange, abilities: Abilities, choose: Random) -> Iterator[Step]:
    """Steps of the kinds that an engine knows, where it knows so few that a plan has none of them."""
    kinds = _known_kinds(abilities)
    for _ in range(MOST_STEPS if abilities.operations else 0):
        step = _intended(exchange, kinds, choose)
        if step and _can(step, abilities):
            yield step
            exchange, _ = perform(exchange, step)


def _known_kinds(abilities: Abilities) -> list[str]:
    """The kinds of intents that may lead to steps that an engine knows."""
    return [kind for kind in makers() if kind in abilities.operations or kind not in all_actions()]


def _kinds(plan: Plan) -> Iterator[str]:
    return (intent.kind for intent in plan.intents)


def _drawn(seed: int, number: int) -> tuple[World, Plan] | None:
    """A world and a plan; nothing where they would draw more than there is."""
    draw, drawn = _draw()
    drawn.clear()
    draw(bytes_of(seed, number))
    return drawn[0] if drawn else None


@cache
def _draw() -> tuple[Callable[[bytes], Any], list[tuple[World, Plan]]]:
    """A function that draws from bytes, and the list that it leaves what it drew in."""
    drawn: list[tuple[World, Plan]] = []
    quiet = settings(database=None, deadline=None, suppress_health_check=list(HealthCheck))
    test: Any = given(worlds(LIMITS), plans(LIMITS))(lambda world, plan: drawn.append((world, plan)))
    return quiet(test).hypothesis.fuzz_one_input, drawn


def _in_known_modes(exchange: Exchange, abilities: Abilities, choose: Random) -> Exchange:
    """The state with users in the modes that an engine knows."""
    modes = (Regime.CROSS, Regime.UNIFIED, Regime.PORTFOLIO)
    known = [mode for mode in modes if mode.value in abilities.regimes]
    members = [exchange.members[name] for name in users(exchange)]
    strange = [member for member in members if known and member.mode not in known]
    return exchange.put(*(evolve(member, mode=choose.choice(known)) for member in strange))


def _can(step: Document, abilities: Abilities) -> bool:
    """Whether an engine can do a step in the regimes that it knows."""
    known = step["op"] in abilities.operations
    apart = not step.get("isolated") or Regime.ISOLATED.value in abilities.regimes
    return known and apart and step.get("mode") in {None, *abilities.regimes}


def _with_discharges(steps: list[Step], choose: Random) -> Iterator[Step]:
    """The steps; now and then the venue does all that is due after a move of prices."""
    for step in steps:
        yield step
        if step["op"] in ("move_prices", "pass_time") and choose.random() < 0.3:
            yield {"op": DISCHARGE}


def _middle(
    exchange: Exchange, taken: tuple[Taken, ...], choose: Random
) -> tuple[Exchange, tuple[Taken, ...]]:
    """A state after some of the steps, where more is at stake, and the next of them."""
    opened = [n for n, one in enumerate(taken) if one.action.name() in _OPEN]
    first = choose.randint(opened[0] + 1 if opened else 0, len(taken))
    if first == len(taken):
        return (taken[-1].after if taken else exchange), ()
    return taken[first].before, taken[first : first + SHORT]
