"""Scenarios played: each action through its guard, each fact held to the state after it."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from solvent.decimals import DECIMAL, places
from solvent.exchange import BOOK, Check, Exchange, Group
from solvent.exchange.record import action_fields, number_of
from solvent.scenario.facts import value_of
from solvent.scenario.values import Fact, Failure, Moment, Scenario, Step


def play(scenario: Scenario) -> Iterator[Moment]:
    """Every step of a scenario; a refused action changes nothing, and the story goes on."""
    exchange = scenario.begins
    for number, step in enumerate(scenario.steps, 1):
        refusal = step.action.refusal(exchange)
        after = exchange if refusal is not None else step.action.apply(exchange)
        failed = (*_outcome(step, refusal), *_facts(step, after))
        yield Moment(number, step, exchange, after, refusal, failed)
        exchange = after


def touched(moment: Moment) -> list[str]:
    """The accounts that a step is about: those that it names, changes or states facts of, in the order of names.

    Where prices, time or parameters change, these are all accounts with positions or loans. The account of
    the book is only among them where a fact is about it.
    """
    action, before, after = moment.step.action, moment.before.members, moment.after.members
    names = {name for name, member in after.items() if before.get(name) is not member}
    names |= {value for value in action_fields(action).values() if isinstance(value, str)}
    if action.group is Group.ENVIRONMENT:
        names |= {n for n, m in after.items() if len(m.positions) or len(m.borrowed)}
    names = names - {BOOK} | {fact.path[0] for fact in moment.step.expect}
    return sorted(names & {*after})


def _outcome(step: Step, refusal: Check | None) -> Iterator[Failure]:
    found = "allowed" if refusal is None else reason(refusal)
    if step.refused is None:
        if refusal is not None:
            yield Failure("refused", "allowed", found)
    elif refusal is None or not (step.refused == refusal.rule or step.refused in refusal.asks):
        yield Failure("refused", step.refused, found)


def reason(refusal: Check) -> str:
    """Why an action is refused, as the end of a sentence."""
    rule = f" ({refusal.rule})" if refusal.rule else ""
    return f"refused unless {refusal.asks}{rule}"


def _facts(step: Step, exchange: Exchange) -> Iterator[Failure]:
    for fact in step.expect:
        found = value_of(exchange, fact.path)
        if not holds(fact, found):
            yield Failure(fact.name, fact.expected, found)


def holds(fact: Fact, found: Fraction | str) -> bool:
    """Whether what was found is what a fact expects, to the digits that it shows."""
    if isinstance(found, str):
        return found == fact.expected
    if not DECIMAL.fullmatch(fact.expected):
        return "/" in fact.expected and number_of(fact.expected) == found
    return round(found, places(fact.expected)) == number_of(fact.expected)
