"""How the scale of a record and inputs that were not recorded are solved, in detail."""

from __future__ import annotations

from fractions import Fraction

import pytest
from attrs import evolve
from given import CROSS, PRICES, VENUE, cash, order, read
from synthetic import bundle

from solvent.arithmetic import floor_to
from solvent.decimals import Printed
from solvent.interval import Interval
from solvent.reconcile.declare import declare
from solvent.reconcile.figure import Digits, Figure
from solvent.reconcile.inputs import Input, Inputs, Missing
from solvent.reconcile.names import SCALE
from solvent.reconcile.scale import largest_scale
from solvent.reconcile.solve import Solution, Value, find, solve, whole
from solvent.reconcile.state import State

# Scale


@pytest.mark.parametrize(
    ("price", "bound"), [("7", 200_000), ("7.0", 200_000), ("7.5", 20_000), ("7.25", 2_000)]
)
def test_digits_of_prices_bound_the_scale_by_the_smallest_size(price, bound):
    document = {"clearinghouseState": {}, "frontendOpenOrders": [order("BTC", "B", "0.2", price)]}

    assert largest_scale(read(document)) == bound


def test_differences_of_sizes_bound_the_scale_unless_digits_explain_them():
    sizes = ("0.2", "0.2000000005", "0.25")
    document = {"clearinghouseState": {}, "frontendOpenOrders": [order("BTC", "B", s, 7) for s in sizes]}

    assert largest_scale(read(document)) == (Fraction(sizes[2]) - Fraction(sizes[1])) * 10**6


def test_everything_that_counts_in_amounts_is_scaled_in_the_venue_of_a_scaled_record():
    record = read({**bundle(cash(), PRICES, VENUE), "provenance": {"scaled": True}})
    inputs = declare(record, CROSS, VENUE).with_solved(SCALE, Interval(Fraction(1, 2), Fraction(1, 2)))
    venue = State(record, CROSS, VENUE, inputs).exact_venue
    usdc, ubtc = venue.tokens["USDC"], venue.tokens["UBTC"]

    assert (usdc.user_borrow_cap, usdc.user_supply_cap) == (25_000_000, 125_000_000)
    assert (ubtc.user_borrow_cap, ubtc.user_supply_cap) == (None, 100)
    assert venue.parameters.usd_unit == VENUE.parameters.usd_unit / 2
    assert venue.tiers("BTC", None)[1].lower_bound == 75_000_000


# Solving


def figure(shown, compute, *inputs, digits=Digits.EXACT):
    return Figure(
        figure="f", subject="s", rule="NUM-USD", reported=Printed(Fraction(shown), 0), digits=digits,
        compute=lambda state: compute(state.inputs["x"]), inputs=inputs,
    )  # fmt: skip


def knowing(taken, low=0, high=1_000):
    """A state with one input."""
    x = Input(name="x", taken=taken, low=Fraction(low), high=Fraction(high))
    return State(read({"clearinghouseState": {}}), CROSS, VENUE, Inputs({"x": x}))


OPEN = knowing(Missing("x"))


@pytest.mark.parametrize(
    ("compute", "shown"),
    [
        (lambda x: 2 * x + 1, 401),
        (lambda x: 401 - 2 * x, 1),
        (lambda x: x * x, 40_000),
        (lambda x: 2 / (x + 50), "0.008"),
    ],
)
def test_an_input_is_found_where_a_figure_that_rises_or_falls_comes_out_as_reported(compute, shown):
    found = find(figure(shown, compute, digits=Digits.RATIO), "x", OPEN)

    assert found.low <= 200 <= found.high
    assert found.reach < Fraction(1, 10**4)


@pytest.mark.parametrize(("shown", "found"), [("99", Interval(99, 102)), ("60", None)])
def test_a_figure_that_rises_in_steps_tells_an_input_where_the_step_is_small_beside_it(shown, found):
    solved = find(figure(shown, lambda x: floor_to(x, Fraction(3))), "x", OPEN)

    assert (solved is None) is (found is None)
    if found is not None:
        assert abs(solved.low - found.low) + abs(solved.high - found.high) < Fraction(1, 10**9)


@pytest.mark.parametrize(
    ("compute", "shown"),
    [
        (lambda x: x, -1),
        (lambda x: x, 1_001),
        (lambda x: x * 0 + 7, 7),
        (lambda x: None if x.low == 0 else x, 5),
        (lambda x: None if 400 < x.low < 600 else x, 300),
        (lambda x: x + Missing("y"), 5),
    ],
    ids=["below", "above", "constant", "null at a bound", "null on the way", "another input is missing"],
)
def test_an_input_is_not_found_where_a_figure_does_not_tell_it(compute, shown):
    assert find(figure(shown, compute), "x", OPEN) is None


@pytest.mark.parametrize(("taken", "found"), [(Missing("x"), Interval(0, 1_000)), (Interval(1, 1), None)])
def test_any_value_of_a_missing_input_will_do_where_a_figure_does_not_depend_on_it(taken, found):
    constant = figure(7, lambda x: x * 0 + 7)
    solved = whole(constant, "x", knowing(taken))

    assert (solved and (solved.low, solved.high)) == (found and (found.low, found.high))


def test_an_input_is_solved_only_where_no_figure_stops_to_agree():
    off = figure(5, lambda x: x, "x")
    state = knowing(Interval(3, 3))

    assert solve([off], state).told == {0: "x"}
    assert solve([off, figure(3, lambda x: x)], state).told == {}


def test_the_input_that_makes_more_figures_agree_is_solved_first():
    figures = [figure(5, lambda x: x, "x"), figure(6, lambda x: x, "x"), figure(12, lambda x: 2 * x)]
    solution = solve(figures, knowing(Interval(3, 3)))

    assert solution.told == {1: "x"}
    assert [solution.agrees(i, each) for i, each in enumerate(figures)] == [False, False, True]


def test_a_figure_that_lacks_an_input_does_not_agree_with_null():
    none = evolve(figure(0, lambda x: x), reported=None)
    solution = Solution(figures=[none], state=OPEN, values=(Value(lacks="x"),))

    assert not solution.agrees(0, none)
