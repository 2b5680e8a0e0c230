"""What a run has reached: named events, and the least share of runs that must reach each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from math import ceil

from attrs import frozen

from solvent.account import Regime
from solvent.arithmetic import ZERO, absolute
from solvent.exchange import (
    Action,
    AllocateShortfall,
    Borrow,
    Check,
    Deleverage,
    Exchange,
    Fill,
    Group,
    LiquidateCollateral,
    LiquidateOnBook,
    SellCollateral,
    SettleFunding,
    Supply,
    SwitchMode,
    TakeOver,
    Unwind,
    WriteOff,
)
from solvent.exchange.collateral import accrue_all
from solvent.exchange.margin import loans_of
from solvent.exchange.settlement import rate_of
from solvent.explore.choices import users
from solvent.invariants import changed
from solvent.rules import perp

LADDER = (LiquidateOnBook, TakeOver, Deleverage, LiquidateCollateral)
"""The actions that follow from an account that is liquidatable."""


@frozen
class Taken:
    """An action that was tried: the states before and after it, the same one where a check refused it."""

    action: Action
    before: Exchange
    after: Exchange
    refusal: Check | None = None


_EVENTS: dict[str, Callable[[Taken], bool]] = {}


def event(name: str) -> Callable[[Callable[[Taken], bool]], Callable[[Taken], bool]]:
    """Register a predicate over allowed actions as the event of this name."""

    def register(happens: Callable[[Taken], bool]) -> Callable[[Taken], bool]:
        _EVENTS[name] = happens
        return happens

    return register


def events_of(taken: Taken) -> Iterator[str]:
    """The events of an action."""
    if taken.refusal is None:
        yield from (name for name, happens in _EVENTS.items() if happens(taken))
        return
    yield f"{taken.action.group} action refused"
    if over_a_cap(taken):
        yield "cap hit"


def all_events() -> tuple[str, ...]:
    """The names of all events."""
    refused = (f"{group} action refused" for group in Group)
    return (*_EVENTS, "cap hit", *refused, CHECKED_UNHEALTHY)


CHECKED_UNHEALTHY = "invariants checked while an account is liquidatable"
"""The event that tells a machine which looks only at healthy states from one that looks at all."""


def _event_of(name: str, *kinds: type[Action]) -> None:
    event(name)(lambda taken: isinstance(taken.action, kinds))


_event_of("backstop takeover", TakeOver)
_event_of("auto-deleveraging", Deleverage)
_event_of("bad debt allocated", AllocateShortfall, WriteOff)
_event_of("loan written off", WriteOff)
_event_of("collateral sold", SellCollateral)
_event_of("position unwound", Unwind)
_event_of("orders filled", Fill)
_event_of("mode switch", SwitchMode)


def _book_part(taken: Taken) -> bool | None:
    """Whether a liquidation on the book was partial; ``None`` of anything else."""
    action = taken.action
    if not isinstance(action, LiquidateOnBook):
        return None
    held = absolute(taken.before.members[action.account].size(action.market))
    return bool(action.size(taken.before) < held)


@event("partial liquidation on the book")
def _partial(taken: Taken) -> bool:
    return _book_part(taken) is True


@event("full liquidation on the book")
def _full(taken: Taken) -> bool:
    return _book_part(taken) is False


def _collateral_part(taken: Taken) -> bool | None:
    """Whether a takeover of collateral was of a part; ``None`` of anything else."""
    action = taken.action
    if not isinstance(action, LiquidateCollateral):
        return None
    now = accrue_all(taken.before)
    return bool(action.part(now, loans_of(now, action.account)) < 1)


@event("partial liquidation of collateral")
def _partial_collateral(taken: Taken) -> bool:
    return _collateral_part(taken) is True


@event("full liquidation of collateral")
def _full_collateral(taken: Taken) -> bool:
    return _collateral_part(taken) is False


@event("interest accrued")
def _interest(taken: Taken) -> bool:
    before, after = taken.before.pools, taken.after.pools
    return before is not after and any(after[t].debt_index > before[t].debt_index for t in before)


@event("full utilization")
def _utilization(taken: Taken) -> bool:
    before, after = taken.before.pools, taken.after.pools
    return before is not after and any(p.cash <= 0 < p.borrowed for p in after.values())


@event("fallback at a cap")
def _fallback(taken: Taken) -> bool:
    return bool(taken.after.fallen_back()) and not taken.before.fallen_back()


def _funding(taken: Taken) -> int:
    """Who pays funding: 1 for longs, -1 for shorts, 0 for nobody."""
    action = taken.action
    if not isinstance(action, SettleFunding) or not len(taken.before.markets[action.market].holders):
        return 0
    rate = rate_of(taken.before, action.market)
    return int(rate > 0) - int(rate < 0)


@event("longs pay funding")
def _longs_pay(taken: Taken) -> bool:
    return _funding(taken) > 0


@event("shorts pay funding")
def _shorts_pay(taken: Taken) -> bool:
    return _funding(taken) < 0


def _moved_positions(taken: Taken) -> Iterator[tuple[str, str]]:
    """The positions of users whose size or price an action may have changed."""
    repriced = taken.before.prices is not taken.after.prices
    for name in users(taken.after) if repriced else _changed_users(taken):
        for market in taken.after.members[name].positions:
            yield name, market


def _changed_users(taken: Taken) -> list[str]:
    known = {*users(taken.after)}
    return [name for name in changed(taken.before, taken.after) if name in known]


def _tier(exchange: Exchange, name: str, market: str) -> int:
    known = exchange.markets[market]
    notional = perp.notional(exchange.members[name].size(market), known.mark)
    return sum(notional >= t.lower_bound for t in exchange.venue.tiers(market, known.max_leverage))


@event("tier crossing")
def _tier_crossing(taken: Taken) -> bool:
    return any(
        len(taken.after.venue.tiers(market, taken.after.markets[market].max_leverage)) > 1
        and market in taken.before.members[name].positions
        and _tier(taken.before, name, market) != _tier(taken.after, name, market)
        for name, market in _moved_positions(taken)
    )


@event("position flip")
def _flip(taken: Taken) -> bool:
    """A user's position is turned over."""
    before, after = taken.before.members, taken.after.members
    return any(
        before[name].size(market) * after[name].size(market) < 0
        for name in _changed_users(taken)
        for market in after[name].positions
    )


@event("hedged account")
def _hedged(taken: Taken) -> bool:
    """A user is long a token and short its perp."""
    after = taken.after
    short = {
        (name, market)
        for name in changed(taken.before, after)
        for market in after.members[name].positions
        if after.members[name].size(market) < 0 and name in users(after)
    }
    return any(
        spot.perp == market
        and after.members[name].spot.get(token, ZERO) + after.supplied(after.members[name], token) > 0
        for name, market in short
        for token, spot in after.spots.items()
    )


@event("two users hold positions")
def _two_users(taken: Taken) -> bool:
    holding = [name for name in users(taken.after) if len(taken.after.members[name].positions)]
    return taken.before.members is not taken.after.members and len(holding) > 1


@event("isolated position")
def _isolated(taken: Taken) -> bool:
    members = taken.after.members
    return any(
        position.isolated
        for name in changed(taken.before, taken.after)
        for position in members[name].positions.values()
    )


@event("portfolio position")
def _portfolio(taken: Taken) -> bool:
    members = taken.after.members
    return any(
        members[name].mode is Regime.PORTFOLIO and len(members[name].positions)
        for name in _changed_users(taken)
    )


@event("dust moved")
def _dust(taken: Taken) -> bool:
    """An action about less than a hundred units of a token is allowed."""
    amount = getattr(taken.action, "amount", None)
    unit = taken.before.venue.parameters.token_unit
    return taken.action.group is Group.USER and isinstance(amount, type(unit)) and amount < 100 * unit


def over_a_cap(taken: Taken) -> bool:
    """Whether an action was refused although everything but a cap would allow it."""
    action, exchange = taken.action, taken.before
    if taken.refusal is None or not isinstance(action, Borrow | Supply):
        return False
    if taken.refusal.rule not in ("LEND-MAY-BORROW", "LEND-MAY-SUPPLY"):
        return False
    pool, token = exchange.pools[action.token], exchange.venue.tokens[action.token]
    member, supplying = exchange.members[action.account], isinstance(action, Supply)
    own = exchange.supplied(member, token.name) if supplying else exchange.borrowed(member, token.name)
    user_cap = token.user_supply_cap if supplying else token.user_borrow_cap
    all_of, global_cap = (
        (pool.supplied, token.global_supply_cap) if supplying else (pool.borrowed, token.global_borrow_cap)
    )
    bounds = ((own, user_cap), (all_of, global_cap))
    return any(cap is not None and held + action.amount > cap for held, cap in bounds)


@frozen
class Shortfall:
    """A target that was not reached: the event, how many runs reached it, and how many should have."""

    event: str
    reached: int
    least: int

    def __str__(self) -> str:
        return f"{self.event}: reached in {self.reached} runs; the target is {self.least}"


def missed(reached: Mapping[str, int], runs: int, targets: Mapping[str, Fraction]) -> tuple[Shortfall, ...]:
    """The targets that so many runs have not reached.

    Args:
        reached: by event, the runs that reached it.
        runs: how many runs there were.
        targets: by event, the least share of runs in percent.
    """
    least = {name: max(1, ceil(runs * percent / 100)) for name, percent in targets.items()}
    return tuple(
        Shortfall(name, reached.get(name, 0), least[name])
        for name in targets
        if reached.get(name, 0) < least[name]
    )
