"""Claims about the words that round, in their exact reading: an amount and a unit are whole numbers of a finer unit."""

from __future__ import annotations

from fractions import Fraction

from claims import claimed

from solvent.arithmetic import absolute, ceil_to, floor_to, nearest, truncate


def half_a_unit_up(amount, unit):
    return floor_to(amount, unit) + unit / 2


def one_unit_up(amount, unit):
    return floor_to(amount, unit) + unit


def one_more(amount, _unit):
    return amount + 1


def the_remainder(amount, unit):
    return amount - floor_to(amount, unit)


@claimed(floor_to, ceil_to, truncate, nearest, wrong=half_a_unit_up)
def a_rounded_amount_is_a_multiple_of_the_unit(rounding):
    def contract(amount: int, unit: int) -> bool:
        """
        pre: unit > 0
        post: _
        """
        rounded = rounding(amount, Fraction(unit))
        return rounded // unit * unit == rounded

    return contract


@claimed(floor_to, ceil_to, truncate, nearest, wrong=one_unit_up)
def rounding_moves_by_less_than_a_unit(rounding):
    def contract(amount: int, unit: int) -> bool:
        """
        pre: unit > 0
        post: _
        """
        return absolute(rounding(amount, Fraction(unit)) - amount) < unit

    return contract


@claimed(nearest, wrong=floor_to)
def rounding_to_the_nearest_moves_by_half_a_unit_at_most(rounding):
    def contract(amount: int, unit: int) -> bool:
        """
        pre: unit > 0
        post: _
        """
        return absolute(rounding(amount, Fraction(unit)) - amount) * 2 <= unit

    return contract


@claimed(floor_to, wrong=truncate)
def rounding_down_never_raises(rounding):
    def contract(amount: int, unit: int) -> bool:
        """
        pre: unit > 0
        post: _
        """
        return rounding(amount, Fraction(unit)) <= amount

    return contract


@claimed(ceil_to, wrong=nearest)
def rounding_up_never_lowers(rounding):
    def contract(amount: int, unit: int) -> bool:
        """
        pre: unit > 0
        post: _
        """
        return rounding(amount, Fraction(unit)) >= amount

    return contract


@claimed(truncate, wrong=floor_to)
def truncation_never_raises_the_magnitude(rounding):
    def contract(amount: int, unit: int) -> bool:
        """
        pre: unit > 0
        post: _
        """
        return absolute(rounding(amount, Fraction(unit))) <= absolute(amount)

    return contract


@claimed(floor_to, ceil_to, truncate, nearest, wrong=one_unit_up)
def a_rounded_amount_is_not_moved_again(rounding):
    def contract(amount: int, unit: int) -> bool:
        """
        pre: unit > 0
        post: _
        """
        once = rounding(amount, Fraction(unit))
        return rounding(once, Fraction(unit)) == once

    return contract


@claimed(floor_to, ceil_to, truncate, nearest, wrong=the_remainder)
def rounding_keeps_the_order_of_amounts(rounding):
    def contract(amount: int, more: int, unit: int) -> bool:
        """
        pre: unit > 0 and more >= 0
        post: _
        """
        return rounding(amount, Fraction(unit)) <= rounding(amount + more, Fraction(unit))

    return contract


@claimed(floor_to, ceil_to, truncate, nearest, wrong=one_more)
def rounding_does_not_depend_on_what_numbers_are_counted_in(rounding):
    """So what is claimed of whole numbers holds of all rational amounts and units: they are whole numbers of parts."""

    def contract(amount: int, unit: int, parts: int) -> bool:
        """
        pre: unit > 0 and parts > 0
        post: _
        """
        counted = rounding(Fraction(amount, parts), Fraction(unit, parts))
        return counted * parts == rounding(amount, Fraction(unit))

    return contract
