"""Worlds and plans: realistic, on the edges, the same every time, and shrinking to what a reader can follow."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from functools import cache

from attrs import evolve
from hypothesis import HealthCheck, given, settings

from solvent.exchange import all_actions
from solvent.exchange.duties import duties
from solvent.exchange.margin import liquidatable
from solvent.explore.campaign import Reached, Tally, lean, runs, shrunk, tally_of
from solvent.explore.choices import Choices, makers, price_near, rounded, users
from solvent.explore.coverage import Taken, all_events, events_of, missed
from solvent.explore.environment_intents import critical_factor, moved
from solvent.explore.machine import Watch, carry_out, due_of, due_of_backstop, run
from solvent.explore.story import find_of, scenario_of, told
from solvent.explore.trade_intents import largest_allowed
from solvent.explore.worlds import DUTIES, Limits, Plan, plans, worlds
from solvent.scenario import play, read, write

UNIT = Fraction(1, 10**8)
NOTHING = Watch(names=("a-log-replays",))
KNOWN = "margin-covers-falling-collateral"
SOME = settings(
    max_examples=25, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)


@cache
def explored():
    """Some runs of seed 0."""
    return [outcome for _, outcome in runs(0, range(100), Limits(), NOTHING)]


@cache
def shown():
    """The shrunk run of an invariant that is known to be false."""
    tried = runs(0, range(200), Limits(), Watch(names=(KNOWN,), stops=True))
    return shrunk(0, next(number for number, outcome in tried if KNOWN in outcome.broken), Limits(), KNOWN)


# Amounts


def test_amounts_lean_to_the_edge_of_what_is_allowed_and_to_dust():
    most = Fraction("123.456")

    drawn = Counter(Choices(bytes([aim, 100, 0])).amount(most, UNIT) for aim in range(16))

    assert drawn[most] >= 3
    assert drawn[most + UNIT] >= 2
    assert min(drawn) == UNIT
    assert max(drawn) > 2 * most


def test_every_amount_is_above_zero_and_a_whole_number_of_units():
    for aim in range(16):
        for most in (Fraction(0), Fraction(-5), UNIT / 3, Fraction(1, 3), Fraction(10**9, 7)):
            amount = Choices(bytes([aim, 7, 1])).amount(most, UNIT)

            assert amount > 0
            assert amount % UNIT == 0


def test_amounts_away_from_edges_have_few_digits():
    assert rounded(Fraction("98765.4321"), UNIT) == 98760
    assert rounded(Fraction("0.123456789"), UNIT) == Fraction("0.12345678")


def test_a_price_has_neighbours_on_the_grid_just_below_and_just_above_it():
    assert price_near(Fraction(1, 3), Fraction(1, 10)) == (Fraction("0.3"), Fraction("0.4"))
    assert price_near(Fraction(1, 2), Fraction(1, 10)) == (Fraction("0.5"), Fraction("0.6"))


def test_numbers_that_have_run_out_are_zero():
    assert [Choices(b"\x05").number(), Choices(b"").number()] == [5, 0]


# Worlds


@SOME
@given(worlds())
def test_every_world_begins_with_sound_accounts_and_nothing_open(world):
    exchange = world.exchange

    assert not any(liquidatable(exchange, name) for name in exchange.members)
    assert next(duties(exchange), None) is None
    assert users(exchange)


@SOME
@given(worlds(Limits(users=1, markets=1)))
def test_a_world_has_no_more_users_and_markets_than_its_limits_say(world):
    assert len(users(world.exchange)) == len(world.exchange.markets) == 1


def test_worlds_have_every_mode_sub_accounts_several_venues_readings_and_thin_books():
    exchanges = [outcome.world.exchange for outcome in explored()]
    members = [e.members[name] for e in exchanges for name in users(e)]

    assert {member.mode for member in members} == {"cross", "unified", "portfolio"}
    assert any(member.owner != member.name for member in members)
    assert len({outcome.world.venue for outcome in explored()}) > 3
    assert len({tuple(outcome.world.readings.items()) for outcome in explored()}) > 3
    assert any(market.depth.width < 10**7 for e in exchanges for market in e.markets.values())


# Intents


def test_every_action_has_a_maker_of_its_name():
    assert set(all_actions()) <= set(makers())


def test_every_action_is_tried_and_nearly_every_one_allowed():
    tried = Counter(taken.action.name() for outcome in explored() for taken in outcome.steps)
    allowed = {t.action.name() for outcome in explored() for t in outcome.steps if t.refusal is None}

    assert set(tried) == set(all_actions())
    assert len(allowed) >= 0.8 * len(all_actions())


def test_actions_are_refused_by_many_different_rules():
    refusals = sum((Counter(outcome.refusals) for outcome in explored()), Counter())

    assert len(refusals) > 25


@SOME
@given(worlds(), plans())
def test_an_intent_has_a_meaning_or_none_in_every_state_and_never_fails(world, plan):
    for intent in plan.intents:
        if intent.kind != DUTIES:
            run(world, Plan((intent,)), NOTHING)


def test_a_critical_move_is_the_smallest_that_makes_an_account_liquidatable():
    taken = next(
        t
        for outcome in explored()
        for t in outcome.steps
        if t.refusal is None and t.action.name() == "market_order" and t.action.market in t.after.markets
        if t.after.members[t.action.account].size(t.action.market) > 0
        if critical_factor(t.after, t.action.account, t.action.market, down=True)
    )
    name, market = taken.action.account, taken.action.market

    factor = critical_factor(taken.after, name, market, down=True)

    almost = factor + Fraction(1, 10_000)
    assert liquidatable(moved(taken.after, {market: factor}).apply(taken.after), name)
    assert not liquidatable(moved(taken.after, {market: almost}).apply(taken.after), name)


def test_the_largest_allowed_size_is_allowed_and_the_next_one_is_refused():
    taken = next(
        t
        for outcome in explored()
        for t in outcome.steps
        if t.refusal is None and t.action.name() == "market_order" and t.action.market in t.before.markets
        if t.before.members[t.action.account].size(t.action.market) == 0
    )
    order, step = taken.action, taken.before.markets[taken.action.market].step
    side = 1 if order.size > 0 else -1

    largest = largest_allowed(
        lambda size: evolve(order, size=side * size), taken.before, abs(order.size), step
    )

    assert evolve(order, size=side * largest).refusal(taken.before) is None
    assert evolve(order, size=side * (largest + step)).refusal(taken.before) is not None


# Runs


def test_a_run_is_the_same_every_time_and_wherever_it_stands_in_a_campaign():
    (first,) = (outcome for _, outcome in runs(3, range(5, 6), Limits(), NOTHING))
    *_, (number, again) = runs(3, range(4, 6), Limits(), NOTHING)

    assert number == 5
    assert [str(taken.action) for taken in first.steps] == [str(taken.action) for taken in again.steps]
    assert first == again


def test_runs_of_another_seed_are_others():
    worlds_of = [[r.world.exchange for _, r in runs(seed, range(3), Limits(), NOTHING)] for seed in (1, 2)]

    assert worlds_of[0] != worlds_of[1]


def test_the_duties_of_an_account_are_those_of_the_whole_exchange():
    states = [taken.after for outcome in explored()[:25] for taken in outcome.steps[::5]]

    for exchange in states:
        mine = [action for name in exchange.members for action in due_of(exchange, name)]
        mine += list(due_of_backstop(exchange))

        assert mine == [action for action in duties(exchange) if action.name() != "accrue"]


def test_tallies_add_up_in_any_order():
    one, two, three = (tally_of(n, outcome) for n, outcome in enumerate(explored()[:3]))

    assert (one + two) + three == three + (two + one)
    assert (one + two + three).runs == 3


def test_the_shortest_run_of_a_tally_has_the_fewest_steps_and_then_the_lowest_number():
    tallies = [Tally(shortest={"it": Reached(*each)}) for each in ((5, 1), (3, 9), (3, 4))]

    assert sum(tallies, Tally()).shortest == {"it": Reached(3, 4)}


# Targets


def test_a_target_that_is_not_reached_is_named_with_its_counts():
    (shortfall,) = missed({"a": 9, "b": 10}, 100, {"a": Fraction(10), "b": Fraction(10)})

    assert str(shortfall) == "a: reached in 9 runs; the target is 10"


def test_a_target_asks_for_one_run_at_least():
    assert missed({}, 3, {"a": Fraction(1)})[0].least == 1


def test_a_refused_action_is_an_event_of_its_group():
    refused = next(t for outcome in explored() for t in outcome.steps if t.refusal is not None)

    assert f"{refused.action.group} action refused" in set(events_of(refused))
    assert set(events_of(refused)) <= set(all_events())


def test_no_event_is_reached_by_nothing():
    change = next(t for outcome in explored() for t in outcome.steps if t.action.name() == "pass_time")

    assert set(events_of(Taken(change.action, change.before, change.before))) == set()


# Finds


def test_a_find_shrinks_to_few_steps_and_few_users():
    assert len(shown().steps) <= 4
    assert len(users(shown().world.exchange)) <= 2


def test_no_step_and_no_user_can_be_left_out_of_a_find():
    actions = [taken.action for taken in shown().steps]
    watch = Watch(names=(KNOWN,), stops=True)
    fewer = [carry_out(shown().world, actions[:n] + actions[n + 1 :], watch) for n in range(len(actions))]

    assert not any(KNOWN in outcome.broken for outcome in fewer)
    assert lean(shown(), watch) == shown()


def test_a_find_is_told_with_its_invariant_its_steps_and_the_accounts_before_and_after():
    story = list(told(find_of(KNOWN, shown())))

    assert story[0].startswith(f"{KNOWN}: The requirement of an account is at least")
    assert f"  1. {shown().steps[0].action}" in story
    assert story.index("  before the last step:") < story.index("  after it:")
    assert sum("requirement" in line and "ratio" in line for line in story) == 2


def test_a_find_is_written_as_a_scenario_that_leads_to_the_same_state(tmp_path):
    path = tmp_path / "find.toml"
    scenario = scenario_of(find_of(KNOWN, shown()), "a test")

    path.write_text(write(scenario), encoding="utf-8")

    moments = list(play(read(path)))
    assert moments[-1].after == shown().steps[-1].after
    assert not any(moment.failed for moment in moments)
