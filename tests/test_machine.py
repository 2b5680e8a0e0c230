"""The machine searches every change for a broken invariant, and notices when it could not have found one."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from itertools import count
from typing import ClassVar

import pytest
from attrs import evolve, frozen

from solvent.exchange import Action, Exchange, Group, LiquidateOnBook, MovePrices, PassTime
from solvent.exchange.action import Check
from solvent.exchange.margin import liquidatable
from solvent.explore.campaign import Campaign, Tally, runs, tally_of
from solvent.explore.coverage import CHECKED_UNHEALTHY, LADDER, missed
from solvent.explore.machine import BY_ACCOUNT, Watch, all_invariants, carry_out, touched
from solvent.explore.profiles import PROFILES, TARGETS
from solvent.explore.story import told
from solvent.explore.worlds import Limits
from solvent.invariants import state_invariants

PROFILE = PROFILES["every-change"]
FEW = ("a-log-replays",)


@cache
def explored():
    """Some runs, held to nothing but that their logs replay."""
    return [outcome for _, outcome in runs(1, range(25), Limits(), Watch(names=FEW))]


def some_world():
    return explored()[0].world


# The search


def test_every_change_finds_no_broken_invariant_and_reaches_what_it_must():
    outcome = Campaign(profile=PROFILE, most_runs=PROFILE.runs, jobs=2).explore()

    stories = "\n\n".join("\n".join(told(find)) for find in outcome.finds)
    assert not outcome.finds, stories
    assert not outcome.missed, "\n".join(map(str, outcome.missed))
    assert outcome.complete


def test_what_is_known_to_be_false_is_counted_and_does_not_stop_the_search():
    known = {name for name, invariant in all_invariants().items() if not invariant.expected}

    outcome = Campaign(profile=PROFILE, most_runs=60, watch=Watch(names=tuple(sorted(known)))).explore()

    assert set(outcome.tally.broken) <= known
    assert outcome.tally.runs == 60


# A search that could not find anything is noticed


def reached(limits=Limits(), watch=Watch(), number=80):  # noqa: B008
    """What crippled runs miss of the targets."""
    watch = evolve(watch, names=FEW)
    tally = sum((tally_of(n, outcome) for n, outcome in runs(0, range(number), limits, watch)), Tally())
    return {shortfall.event for shortfall in missed(tally.events, tally.runs, TARGETS)}


def test_runs_without_a_flaw_reach_the_targets_of_the_tests_below():
    assert not reached() & {
        "full liquidation on the book", "backstop takeover", "auto-deleveraging", "bad debt allocated",
        "hedged account", "two users hold positions", "dust moved", CHECKED_UNHEALTHY,
    }  # fmt: skip


def small_moves(exchange: Exchange, action: Action) -> bool:
    """Prices move by a thousandth at most."""
    if not isinstance(action, MovePrices):
        return True
    marks = (abs(price / exchange.markets[name].mark - 1) for name, price in action.marks.items())
    spots = (abs(price / exchange.spots[token].price - 1) for token, price in action.spots.items())
    return max((*marks, *spots), default=0) <= Fraction(1, 1000)


def test_prices_that_never_reach_maintenance_are_noticed():
    assert {"full liquidation on the book", "backstop takeover", "auto-deleveraging"} <= reached(
        watch=Watch(tries=small_moves)
    )


def no_hedge(exchange: Exchange, action: Action) -> bool:
    """Nobody sells a perp."""
    return not (action.name() == "market_order" and action.market in exchange.markets and action.size < 0)


def test_worlds_without_a_token_hedged_by_its_perp_are_noticed():
    assert "hedged account" in reached(watch=Watch(tries=no_hedge))


def test_worlds_with_one_user_are_noticed():
    assert "two users hold positions" in reached(Limits(users=1))


def no_dust(_exchange: Exchange, action: Action) -> bool:
    """Amounts are of one token at least."""
    amount = getattr(action, "amount", None)
    return not isinstance(amount, Fraction) or amount >= 1


def test_amounts_of_whole_tokens_alone_are_noticed():
    assert "dust moved" in reached(watch=Watch(tries=no_dust))


def sound(exchange: Exchange) -> bool:
    """Every account is healthy."""
    return not any(liquidatable(exchange, name) for name in exchange.members)


def test_invariants_that_are_only_looked_at_in_healthy_states_are_noticed():
    assert CHECKED_UNHEALTHY in reached(watch=Watch(looks=sound), number=60)


# What the machine itself holds runs to


def broken_by(*actions, exchange=None):
    world = some_world() if exchange is None else evolve(some_world(), exchange=exchange)
    return set(carry_out(world, actions).broken)


def test_a_state_that_breaks_an_invariant_is_found_before_the_first_step():
    exchange = some_world().exchange

    assert broken_by(exchange=exchange.to_treasury("USDC", Fraction(1, 10**8))) == {"conservation"}


@frozen
class Fails(Action):
    """An action whose guard fails."""

    group: ClassVar[Group] = Group.VENUE
    words: ClassVar[str] = "something fails"

    def checks(self, exchange: Exchange) -> Iterator[Check]:
        yield Check(exchange.now / 0 > 1, "this is never asked")


def test_an_action_that_is_neither_carried_out_nor_refused_is_found_and_ends_the_run():
    outcome = carry_out(some_world(), [Fails(), PassTime(milliseconds=1)])

    assert set(outcome.broken) == {"every-action-is-answered"}
    assert "ZeroDivisionError" in outcome.broken["every-action-is-answered"].claim.subject
    assert len(outcome.steps) == 1


_CALLS = count(1)


@frozen
class Forgets(Action):
    """An action whose effect is another one each time."""

    group: ClassVar[Group] = Group.ENVIRONMENT
    words: ClassVar[str] = "something happens"

    def checks(self, exchange: Exchange) -> Iterator[Check]:
        yield Check(exchange is not None, "this is always so")

    def apply(self, exchange: Exchange) -> Exchange:
        return evolve(exchange, now=exchange.now + next(_CALLS))


def test_a_log_that_does_not_replay_is_found():
    assert broken_by(Forgets()) == {"a-log-replays"}


@frozen(kw_only=True)
class Idles(LiquidateOnBook):
    """A liquidation that does nothing."""

    def checks(self, exchange: Exchange) -> Iterator[Check]:
        yield Check(exchange is not None, "this is always so")

    def apply(self, exchange: Exchange) -> Exchange:
        return exchange


def test_a_ladder_that_leaves_as_much_to_do_is_found():
    taken = next(t for outcome in explored() for t in outcome.steps if isinstance(t.action, LiquidateOnBook))
    idles = Idles(account=taken.action.account, market=taken.action.market)

    assert "the-ladder-ends" in broken_by(idles, exchange=taken.before)


def test_a_run_stops_at_the_first_broken_invariant_where_it_is_told_to():
    exchange = some_world().exchange.to_treasury("USDC", Fraction(1))
    world = evolve(some_world(), exchange=exchange)

    assert not carry_out(world, [PassTime(milliseconds=1)], Watch(stops=True)).steps
    assert len(carry_out(world, [PassTime(milliseconds=1)], Watch(stops=False)).steps) == 1


def test_only_the_named_invariants_are_watched():
    exchange = some_world().exchange.to_treasury("USDC", Fraction(1))
    world = evolve(some_world(), exchange=exchange)

    assert not carry_out(world, [], Watch(names=("open-interest",))).broken


@pytest.mark.parametrize("name", sorted(BY_ACCOUNT))
def test_an_account_that_a_step_leaves_alone_has_the_claims_that_it_had(name):
    claims = state_invariants()[name].claims
    allowed = [t for outcome in explored()[:12] for t in outcome.steps if t.refusal is None]
    narrowed = [t for t in allowed if len(touched(t).members) < len(t.after.members)]

    assert len(narrowed) > 50
    for taken in narrowed[::3]:
        was = {claim.subject: claim for claim in claims(taken.before)}
        now = {claim.subject: claim for claim in claims(taken.after)}
        seen = {claim.subject: claim for claim in claims(touched(taken))}
        assert seen == {subject: now[subject] for subject in seen}
        assert all(now[subject] == was[subject] for subject in now if subject not in seen)


def test_liquidations_happen_in_most_of_the_runs_that_come_near_them():
    assert sum(any(isinstance(t.action, LADDER) for t in outcome.steps) for outcome in explored()) > 8
