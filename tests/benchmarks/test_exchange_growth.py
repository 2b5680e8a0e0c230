"""A step costs what it touches, and not what the exchange holds: counted in calls, so that no clock decides."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from measured_exchange import MARKETS, actions_of, exchange_of

from solvent.exchange import all_actions, step

FEW, MANY = 10, 1000
POSITIONS = 5
BY_HOLDERS = {"deleverage", "settle_funding"}
"""What touches every holder of a market: their ranks, and their payments."""
SLACK = 1.1
"""Tables grow by the logarithm of their size; a step may take so many times the calls."""


def calls(happening: Callable[[], object]) -> int:
    """How many functions are called, those of Python and those of C."""
    counted = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal counted
        counted += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        happening()
    finally:
        sys.setprofile(None)
    return counted


def calls_of(kind: str, accounts: int) -> int:
    exchange, action = exchange_of(accounts, POSITIONS), actions_of(accounts, POSITIONS)[kind]
    step(exchange, action)
    return calls(lambda: step(exchange, action))


def holders(accounts: int) -> int:
    return len(exchange_of(accounts, POSITIONS).markets[MARKETS[0]].holders)


@pytest.mark.parametrize("kind", sorted(all_actions().keys() - BY_HOLDERS))
def test_a_step_takes_no_more_calls_among_a_hundred_times_the_accounts(kind: str) -> None:
    few, many = (calls_of(kind, accounts) for accounts in (FEW, MANY))

    assert many <= few * SLACK


@pytest.mark.parametrize("kind", sorted(BY_HOLDERS))
def test_a_step_that_touches_every_holder_takes_no_more_calls_for_each(kind: str) -> None:
    few, many = (calls_of(kind, accounts) / holders(accounts) for accounts in (FEW, MANY))

    assert many <= few * SLACK


def test_a_step_that_walks_all_accounts_would_be_noticed() -> None:
    exchanges = [exchange_of(accounts, POSITIONS) for accounts in (FEW, MANY)]
    few, many = (calls(lambda one=one: next(iter(one.members))) for one in exchanges)

    assert many > few * SLACK
