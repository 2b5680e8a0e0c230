"""The machine: a plan carried out in a world, every state and every step held to every invariant.

A plan is drawn as a whole and given its meaning state by state. Against a rule-based machine this costs no draw
between steps, shrinks by leaving out any intents without changing what the others are, and lets the very same plan
run again in another world.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction

from attrs import evolve, field, frozen, mutable

from solvent.arithmetic import ZERO, Number, absolute, maximum, total
from solvent.exchange import (
    BACKSTOP,
    BOOK,
    Action,
    AllocateShortfall,
    Exchange,
    Member,
    PassTime,
    SellCollateral,
    WriteOff,
)
from solvent.exchange.collateral import RepayTaken
from solvent.exchange.duties import ladder
from solvent.exchange.margin import debt_tokens, liquidatable, loans_of, owed_in, shares_balances
from solvent.exchange.table import table
from solvent.explore.choices import Choices, Intent, exactly, realise, users
from solvent.explore.coverage import CHECKED_UNHEALTHY, LADDER, Taken, events_of
from solvent.explore.worlds import DUTIES, Plan, World
from solvent.invariants import Claim, Invariant, changed, state_invariants, step_invariants

BY_ACCOUNT = frozenset({"margin-covers-net-risk", "margin-covers-falling-collateral"})
"""Invariants of states whose claims are about one account each, and of no account that a step leaves alone."""
MOST_DUTIES = 40
"""How many actions the venue takes at most before other things happen."""


def _answers(action: Action, error: Exception) -> Iterator[Claim]:
    """An action is carried out or refused, and never fails in another way."""
    yield Claim(f"{action.name()}: {type(error).__name__}: {error}", False, {})


def _ends(before: Exchange, action: Action, after: Exchange) -> Iterator[Claim]:
    """Every action of the liquidation ladder leaves less to liquidate, so the ladder comes to an end."""
    if isinstance(action, (*LADDER, AllocateShortfall, WriteOff)):
        yield Claim(action.name(), left_to_do(after) < left_to_do(before), {})


def left_to_do(exchange: Exchange) -> tuple[Fraction, ...]:
    """What is left to liquidate, the weightiest first: positions but the book's, users' positions, loans, debts."""
    members, mine = dict(exchange.members.items()), set(users(exchange))
    sizes = {
        n: exactly(total(absolute(p.size) for p in m.positions.values()))
        for n, m in members.items()
        if n != BOOK
    }
    loans = {n: exactly(total(m.borrowed.values())) for n, m in members.items()}
    below = {n: exactly(total(_below_zero(exchange, m))) for n, m in members.items()}
    return (
        sum(sizes.values(), ZERO),
        sum((size for n, size in sizes.items() if n in mine), ZERO),
        sum(loans.values(), ZERO),
        sum((loans[n] + below[n] for n in members if n in mine), ZERO),
        sum(below.values(), ZERO),
    )


def _below_zero(exchange: Exchange, member: Member) -> Iterator[Number]:
    """How far each balance of an account is below zero; shared balances count as the liquidation of collateral counts them."""
    yield from (-amount for amount in member.deficit.values())
    if shares_balances(member):
        owed = {token: owed_in(exchange, member, token) for token in debt_tokens(exchange, member)}
        yield from (amount - exchange.borrowed(member, token) for token, amount in owed.items())
    else:
        yield from (maximum(ZERO, -amount) for amount in (*member.raw.values(), *member.spot.values()))


def _replays(final: Exchange, again: Exchange) -> Iterator[Claim]:
    """The allowed actions of a run alone lead to the same state: refused ones change nothing, and nothing is random."""
    yield Claim("the state", final == again, {})


ANSWERS = Invariant("every-action-is-answered", _answers)
ENDS = Invariant("the-ladder-ends", _ends)
REPLAYS = Invariant("a-log-replays", _replays)


def all_invariants() -> Mapping[str, Invariant]:
    """Every invariant that the machine holds runs to, by name: those of states, of steps, and of whole runs."""
    runs = {invariant.name: invariant for invariant in (ANSWERS, ENDS, REPLAYS)}
    return {**state_invariants(), **step_invariants(), **runs}


@frozen
class Broken:
    """An invariant that did not hold: after how many steps, and which claim."""

    invariant: Invariant
    steps: int
    claim: Claim


@frozen
class Run:
    """What happened in a run.

    Attributes:
        world: where it began.
        steps: what was tried, one after the other.
        events: the events that were reached.
        refusals: how often each rule or reason refused an action.
        broken: the first claim that did not hold of each invariant, by name.
    """

    world: World
    steps: tuple[Taken, ...]
    events: frozenset[str]
    refusals: Mapping[str, int]
    broken: Mapping[str, Broken]


@frozen
class Watch:
    """What a run is held to.

    Attributes:
        names: the invariants; empty for all.
        stops: whether the run ends at the first invariant that does not hold, and its events do not matter.
        tries: whether an action is tried in a state, and ``None`` for all of them.
        looks: whether a state is looked at, and ``None`` for all of them. Like ``tries`` it is there to cripple the
            machine on purpose: the targets of profiles must notice.
    """

    names: tuple[str, ...] = ()
    stops: bool = False
    tries: Callable[[Exchange, Action], bool] | None = None
    looks: Callable[[Exchange], bool] | None = None

    def has(self, name: str) -> bool:
        """Whether the invariant is watched."""
        return not self.names or name in self.names


def run(world: World, plan: Plan, watch: Watch = Watch()) -> Run:
    """Carry out a plan in a world."""
    machine = _Machine(world.exchange, watch)
    machine.look(None)
    for intent in plan.intents:
        if machine.over:
            break
        machine.do(intent)
    machine.replay(world.exchange)
    return machine.outcome(world)


def carry_out(world: World, actions: Iterable[Action], watch: Watch = Watch()) -> Run:
    """Try actions that are known already, one after the other."""
    machine = _Machine(world.exchange, watch)
    machine.look(None)
    for action in actions:
        if machine.over:
            break
        machine.take(action)
    machine.replay(world.exchange)
    return machine.outcome(world)


@mutable
class _Machine:
    exchange: Exchange
    watch: Watch
    steps: list[Taken] = field(factory=list)
    events: set[str] = field(factory=set)
    refusals: Counter[str] = field(factory=Counter)
    broken: dict[str, Broken] = field(factory=dict)
    looked: bool = False
    failed: bool = False

    @property
    def over(self) -> bool:
        """Whether nothing more is to be done."""
        return self.failed or (self.watch.stops and bool(self.broken))

    def outcome(self, world: World) -> Run:
        """What has happened."""
        return Run(world, tuple(self.steps), frozenset(self.events), self.refusals, self.broken)

    def do(self, intent: Intent) -> None:
        """Carry out an intent."""
        if intent.kind == DUTIES:
            self.discharge(Choices(intent.numbers))
            return
        action = realise(self.exchange, intent)
        if action is not None and (self.watch.tries is None or self.watch.tries(self.exchange, action)):
            self.take(action)

    def take(self, action: Action) -> bool:
        """Try an action and look at what it leaves; whether it was allowed."""
        before = self.exchange
        try:
            refusal = action.refusal(before)
            after = before if refusal is not None else action.apply(before)
        except Exception as error:  # noqa: BLE001 - whatever an action raises is what the machine looks for
            self.steps.append(Taken(action, before, before))
            self.note(ANSWERS, _answers(action, error))
            self.failed = True
            return False
        taken = Taken(action, before, after, refusal)
        self.steps.append(taken)
        if not self.watch.stops:
            self.events.update(events_of(taken))
        if refusal is not None:
            self.refusals[refusal.rule or f"{action.name()}: no rule"] += 1
            return False
        if self.looked and isinstance(action, LADDER):
            self.events.add(CHECKED_UNHEALTHY)
        self.exchange = after
        self.look(taken)
        return True

    def look(self, taken: Taken | None) -> None:
        """Hold the present state, and the step that led to it, to what is watched."""
        self.looked = self.watch.looks is None or self.watch.looks(self.exchange)
        if not self.looked:
            return
        narrowed = self.exchange if taken is None else touched(taken)
        for invariant in state_invariants().values():
            if self.watch.has(invariant.name) and invariant.name not in self.broken:
                seen = narrowed if invariant.name in BY_ACCOUNT else self.exchange
                self.note(invariant, invariant.claims(seen))
        if taken is None:
            return
        for invariant in (*step_invariants().values(), ENDS):
            if self.watch.has(invariant.name) and invariant.name not in self.broken:
                self.note(invariant, invariant.claims(taken.before, taken.action, taken.after))

    def note(self, invariant: Invariant, claims: Iterator[Claim]) -> None:
        """Keep the first claim that does not hold."""
        if self.watch.has(invariant.name):
            wrong = next((claim for claim in claims if not claim.condition), None)
            if wrong is not None:
                self.broken.setdefault(invariant.name, Broken(invariant, len(self.steps), wrong))

    def discharge(self, choose: Choices) -> None:
        """The venue does what the ladder asks; now and then time passes and it goes on."""
        for waits in range(choose.one((1, 1, 3, 6))):
            if waits:
                span = self.exchange.venue.parameters.collateral_interval * 1000
                self.take(PassTime(milliseconds=int(span)))
            done = 0
            while not self.over and done < MOST_DUTIES and self._next_duty():
                done += 1
            if self.over or not self._waiting():
                return

    def _next_duty(self) -> bool:
        """The first thing that is due is done; whether there was one."""
        due = (action for name in self.exchange.members for action in due_of(self.exchange, name))
        action = next(due, None) or next(due_of_backstop(self.exchange), None)
        return action is not None and self.take(action)

    def _waiting(self) -> bool:
        """Whether somebody's collateral is due, and only time is missing."""
        members = self.exchange.members
        return any(len(members[n].borrowed) and loans_of(self.exchange, n).due for n in users(self.exchange))

    def replay(self, begins: Exchange) -> None:
        """The allowed actions alone, once more from the beginning."""
        if self.failed or not self.watch.has(REPLAYS.name):
            return
        again = begins
        for taken in self.steps:
            if taken.refusal is None:
                again = taken.action.apply(again)
        self.note(REPLAYS, _replays(self.exchange, again))


def touched(taken: Taken) -> Exchange:
    """The state after an action with those accounts alone whose assessment it can have changed."""
    before, after = taken.before, taken.after
    same = before.prices is after.prices and before.venue is after.venue
    indices = all(before.pools[t].supply_index == pool.supply_index for t, pool in after.pools.items())
    if not same or not indices or before.fallen_back() != after.fallen_back():
        return after
    return evolve(after, members=table({name: after.members[name] for name in changed(before, after)}))


def due_of(exchange: Exchange, name: str) -> Iterator[Action]:
    """What the ladder asks of the venue for an account; the guards of a sound account are not asked."""
    member = exchange.members[name]
    overdrawn = any(amount < 0 for amount in (*member.raw.values(), *member.spot.values()))
    if overdrawn or len(member.deficit) or _margined(exchange, name):
        yield from (action for action in ladder(exchange, name) if action.refusal(exchange) is None)


def due_of_backstop(exchange: Exchange) -> Iterator[Action]:
    """What the venue has to do with the collateral and the debts that it took over."""
    backstop = exchange.members[BACKSTOP]
    offers: list[Action] = [SellCollateral(token=token) for token in backstop.supplied]
    offers += [RepayTaken(token=token) for token in backstop.borrowed]
    yield from (action for action in offers if action.refusal(exchange) is None)


def _margined(exchange: Exchange, name: str) -> bool:
    member = exchange.members[name]
    return bool((len(member.positions) or len(member.borrowed)) and liquidatable(exchange, name))
