"""Claims about parts of positions: sizes and steps are whole numbers of a smallest size, of either sign."""

from __future__ import annotations

from fractions import Fraction

from claims import claimed

from solvent.arithmetic import absolute, floor_to, maximum, where
from solvent.rules.deleveraging import deleveraged_size, left_to_deleverage
from solvent.rules.liquidation import book_size
from solvent.rules.trading import closed_part, only_reduces

FIFTH = Fraction(1, 5)
LONGEST = 20
"""The most steps of a position that is liquidated to its end here."""


def a_part_or_nothing(size, _mark, _partial_from, partial, _cooling, step):
    return floor_to(absolute(size) * partial, step)


def a_part_of_any_size(size, _mark, _partial_from, partial, _cooling, _step):
    return absolute(size) * partial


def the_whole_change(_position, change):
    return absolute(change)


def the_whole_position(position, _change):
    return absolute(position)


def always_against(position, change):
    return position * change < 0


def whatever_is_needed(needed, counter):
    return where(needed * counter < 0, absolute(needed), 0)


def of_either_side(needed, counter):
    return where(absolute(needed) <= absolute(counter), absolute(needed), absolute(counter))


@claimed(book_size, wrong=a_part_or_nothing)
def what_goes_to_the_book_is_above_zero_and_no_more_than_there_is(rule):
    def contract(size: int, mark: int, large: int, percent: int, cooling: bool, step: int) -> bool:
        """
        pre: size != 0 and mark > 0 and large > 0 and 0 <= percent <= 100 and step > 0
        post: _
        """
        return 0 < rule(size, mark, large, Fraction(percent, 100), cooling, step) <= absolute(size)

    return contract


@claimed(book_size, wrong=a_part_of_any_size)
def what_goes_to_the_book_is_whole_or_a_multiple_of_the_step(rule):
    def contract(size: int, mark: int, large: int, percent: int, cooling: bool, step: int) -> bool:
        """
        pre: size != 0 and mark > 0 and large > 0 and 0 <= percent <= 100 and step > 0
        post: _
        """
        sent = rule(size, mark, large, Fraction(percent, 100), cooling, step)
        return sent == absolute(size) or sent // step * step == sent

    return contract


@claimed(book_size, wrong=a_part_or_nothing)
def each_liquidation_takes_all_or_at_least_one_step(rule):
    """So a position of n steps is closed after n liquidations at most, whatever n is."""

    def contract(size: int, mark: int, large: int, percent: int, cooling: bool, step: int) -> bool:
        """
        pre: size != 0 and mark > 0 and large > 0 and 0 <= percent <= 100 and step > 0
        post: _
        """
        sent = rule(size, mark, large, Fraction(percent, 100), cooling, step)
        return sent == absolute(size) or sent >= step

    return contract


@claimed(book_size, wrong=a_part_or_nothing)
def liquidations_close_a_position_within_as_many_as_it_has_steps(rule):
    def contract(size: int) -> bool:
        """
        pre: 0 < size <= LONGEST
        post: _
        """
        left, taken = size, 0
        while left > 0 and taken <= LONGEST:
            left, taken = left - rule(left, 1, 0, FIFTH, False, 1), taken + 1
        return left == 0 and taken <= size

    return contract


@claimed(closed_part, wrong=the_whole_change)
def no_more_is_closed_than_is_held(rule):
    def contract(position: int, change: int) -> bool:
        """
        post: _
        """
        return 0 <= rule(position, change) <= absolute(position)

    return contract


@claimed(closed_part, wrong=the_whole_position)
def no_more_is_closed_than_is_traded(rule):
    def contract(position: int, change: int) -> bool:
        """
        post: _
        """
        return 0 <= rule(position, change) <= absolute(change)

    return contract


@claimed(closed_part, wrong=the_whole_change)
def what_a_trade_closes_and_what_it_opens_make_up_the_trade(rule):
    def contract(position: int, change: int) -> bool:
        """
        post: _
        """
        closed = rule(position, change)
        kept, opened = absolute(position) - closed, absolute(change) - closed
        return absolute(position + change) == kept + opened

    return contract


@claimed(only_reduces, wrong=always_against)
def a_trade_that_only_reduces_flips_nothing(rule):
    def contract(position: int, change: int) -> bool:
        """
        post: _
        """
        after = position + change
        flips_or_grows = after * position < 0 or absolute(after) >= absolute(position)
        return not (rule(position, change) and flips_or_grows)

    return contract


@claimed(only_reduces, wrong=always_against)
def a_trade_only_reduces_exactly_where_it_closes_all_that_it_trades(rule):
    def contract(position: int, change: int) -> bool:
        """
        pre: change != 0
        post: _
        """
        return rule(position, change) == (closed_part(position, change) == absolute(change))

    return contract


@claimed(deleveraged_size, wrong=whatever_is_needed)
def deleveraging_flips_nobody(rule):
    def contract(needed: int, counter: int) -> bool:
        """
        post: _
        """
        closed = rule(needed, counter)
        return 0 <= closed <= absolute(needed) and closed <= absolute(counter)

    return contract


@claimed(deleveraged_size, wrong=of_either_side)
def deleveraging_closes_opposite_sides_alone(rule):
    def contract(needed: int, counter: int) -> bool:
        """
        post: _
        """
        return (rule(needed, counter) > 0) == (needed * counter < 0)

    return contract


@claimed(deleveraged_size, wrong=whatever_is_needed)
def what_counterparties_give_up_adds_up_to_the_position_or_to_all_that_they_have(rule):
    def contract(needed: int, first: int, second: int) -> bool:
        """
        pre: needed > 0 and first <= 0 and second <= 0
        post: _
        """
        one = rule(needed, first)
        two = rule(needed - one, second)
        left = left_to_deleverage(needed, [one, two])
        return left == maximum(0, needed + first + second)

    return contract
