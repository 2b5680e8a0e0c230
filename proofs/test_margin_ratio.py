"""The margin ratio of portfolio margin, for all equities, requirements and supports.

Every theorem is about the functions that the model runs, read with Z3 terms, and is checked twice: that its
assumptions can hold together, and that they and the opposite of its claim cannot.
"""

from __future__ import annotations

import pytest
import z3

from solvent import bundled_venues
from solvent.prove.symbolic import real, term
from solvent.rules import liquidation_price, perp, portfolio
from solvent.rules.kinds import Tier

MAINTENANCE, EQUITY, SUPPORT = real("maintenance"), real("equity"), real("support")
LOAN, OFFSET = real("loan"), real("offset")
REQUIREMENTS_ARE_NOT_NEGATIVE = (MAINTENANCE >= 0, SUPPORT >= 0)
TIMEOUT = 30_000


def holds(claim, *assumptions):
    solver = z3.Solver()
    solver.set("timeout", TIMEOUT)
    solver.add(*assumptions)
    assert solver.check() == z3.sat, "the assumptions cannot hold together"
    refuting = z3.Solver()
    refuting.set("timeout", TIMEOUT)
    refuting.add(*assumptions, z3.Not(claim))
    return refuting.check() == z3.unsat


def ratio(maintenance, equity):
    return portfolio.portfolio_ratio(maintenance, equity, LOAN, SUPPORT, OFFSET)


def test_the_ratio_is_at_most_one_exactly_when_available_after_maintenance_is_not_negative():
    shown = ratio(MAINTENANCE, EQUITY)
    available = portfolio.available_quote(EQUITY, SUPPORT, MAINTENANCE)

    assert holds(
        (shown.numerator <= shown.denominator) == (available >= 0),
        *REQUIREMENTS_ARE_NOT_NEGATIVE,
        shown.denominator > 0,
    )


def test_the_ratio_falls_as_equity_rises():
    more = real("more")
    lower, higher = ratio(MAINTENANCE, EQUITY), ratio(MAINTENANCE, EQUITY + more)

    assert holds(
        higher.numerator * lower.denominator < lower.numerator * higher.denominator,
        MAINTENANCE > 0,
        SUPPORT >= 0,
        more > 0,
        lower.denominator > 0,
    )


def test_the_ratio_is_continuous_where_the_virtual_borrow_begins():
    shown = ratio(MAINTENANCE, EQUITY)

    assert holds(
        z3.And(shown.numerator == MAINTENANCE, shown.denominator == MAINTENANCE + SUPPORT),
        *REQUIREMENTS_ARE_NOT_NEGATIVE,
        EQUITY == MAINTENANCE,
    )


def test_the_loan_and_the_offset_do_not_enter_the_observed_ratio():
    other = portfolio.portfolio_ratio(MAINTENANCE, EQUITY, real("other loan"), SUPPORT, real("other offset"))
    shown = ratio(MAINTENANCE, EQUITY)

    assert holds(z3.And(shown.numerator == other.numerator, shown.denominator == other.denominator))


def test_the_documented_ratio_calls_an_account_without_positions_liquidatable():
    documented = portfolio.documented_ratio(z3.RealVal(0), EQUITY, z3.RealVal(0), SUPPORT, z3.RealVal(20))

    assert holds(documented.above(z3.RealVal("0.95")), EQUITY > 0, EQUITY < 20, SUPPORT == 0)


@pytest.mark.parametrize("side", [1, -1], ids=["long", "short"])
def test_at_the_liquidation_price_exactly_nothing_is_left_after_maintenance(side):
    size, mark, others = real("size"), real("mark"), real("available of others")
    bound, rate, step = real("bound"), real("rate"), real("step of rate")
    tiers = (
        Tier(term(0), term(40), rate, term(0)),
        Tier(bound, term(20), rate + step, perp.tier_deduction(term(0), bound, rate, rate + step)),
    )
    maintenance = perp.maintenance_margin(perp.notional(side * size, mark), tiers)
    free = others - maintenance
    price = liquidation_price.liquidation_price(side * size, mark, free, maintenance, tiers)
    there = perp.maintenance_margin(perp.notional(side * size, price), tiers)

    assert holds(
        others + side * size * (price - mark) - there == 0,
        size > 0,
        mark > 0,
        price > 0,
        bound > 0,
        rate > 0,
        step > 0,
        rate + step < 1,
    )


@pytest.mark.parametrize("name", bundled_venues())
def test_maintenance_margin_has_no_jump_at_a_tier_bound(name):
    tables = {table.name: table for table in bundled_venues()[name].tables.values() if len(table.tiers) > 1}
    assert tables
    for table in tables.values():
        for below, above in zip(table.tiers, table.tiers[1:], strict=False):
            at = above.lower_bound
            assert at * below.rate - below.deduction == at * above.rate - above.deduction
