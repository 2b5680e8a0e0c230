"""Funding: how its payments sum to zero, who bears the rounding, and how high its rate can be."""

from __future__ import annotations

from solvent.arithmetic import ZERO, absolute, both, floor_to, maximum, minimum
from solvent.prove.theorem import Family, Part, theorem
from solvent.rules import funding


def paid(given, size, unit):
    """What a position receives of funding."""
    return funding.funding_payment(size, given.number("oracle price"), given.number("funding rate"), unit)


@theorem(
    Family.DELEVERAGING,
    why="A proof that ran each night found funding that did not sum to zero in another engine.",
)
def funding_sums_to_zero_but_for_half_a_unit_a_position(given):
    """Funding payments sum to zero but for half a USD unit a position, which the treasury gains or bears.

    By induction over the holders of a market: |sum of payments + sum of sizes * oracle price * rate| <= n * unit / 2.
    """
    unit = given.parameter("usd_unit")
    count, sizes = given.number("positions so far"), given.number("sum of their sizes")
    sums, size = given.number("sum of their payments"), given.number("size of one more")

    def bounded(payments, held, number):
        exactly = held * given.number("oracle price") * given.number("funding rate")
        return absolute(payments + exactly) <= number * unit / 2

    before = bounded(sums, sizes, count)
    remainder = funding.funding_remainder([sums])
    return [
        Part("no position", bounded(ZERO, ZERO, 0)),
        Part(
            "one position more", bounded(sums + paid(given, size, unit), sizes + size, count + 1), when=before
        ),
        Part("all positions", absolute(remainder) <= count * unit / 2, when=both(before, sizes == 0)),
    ]


@theorem(
    Family.DELEVERAGING,
    why="Rounding that gives value away pays whoever splits a position into dust.",
    false=True,
    repair="round what is paid up and what is received down",
)
def rounded_funding_costs_the_venue_nothing(given):
    """What rounded funding payments leave is never below zero."""
    unit, size = given.parameter("usd_unit"), given.number("size of the long")
    oracle, rate = given.number("oracle price"), given.number("funding rate")
    given.assume("the long pays a unit", both(size > 0, oracle > 0, size * oracle * rate == unit))
    shorts = [paid(given, -size / 2, unit), paid(given, -size / 2, unit)]
    return funding.funding_remainder([paid(given, size, unit), *shorts]) >= 0


@theorem(
    Family.DELEVERAGING,
    why="Which rounding of funding the venue can promise to carry, and for how much at most.",
)
def funding_rounded_down_costs_the_venue_nothing(given):
    """Funding rounded down, for payers and receivers alike, leaves the venue between nothing and a unit a position.

    By induction over the holders of a market, as the bound of half a unit.
    """
    unit = given.parameter("usd_unit")
    count, exactly = given.number("positions so far"), given.number("sum of what they are owed exactly")
    sums, owed = given.number("sum of their payments"), given.number("what one more is owed exactly")

    def kept(payments, exact, number):
        return both(exact - payments >= 0, exact - payments <= number * unit)

    before, remainder = kept(sums, exactly, count), funding.funding_remainder([sums])
    return [
        Part("no position", kept(ZERO, ZERO, 0)),
        Part("one more", kept(sums + floor_to(owed, unit), exactly + owed, count + 1), when=before),
        Part("all", both(remainder >= 0, remainder <= count * unit), when=both(before, exactly == 0)),
    ]


@theorem(
    Family.DELEVERAGING, why="How much an hour of funding can take from an account that is on the wrong side."
)
def the_funding_rate_keeps_to_its_cap_and_rises_with_the_premium(given):
    """The hourly funding rate lies within the cap, never falls as the premium rises, and is flat inside the clamp.

    Where premium and interest differ by at most the clamp, the rate is an eighth of the interest, within the cap.
    """
    names = ("funding_interest", "funding_clamp", "funding_cap")
    interest, clamp, cap = (given.parameter(name) for name in names)
    given.side("the cap and the clamp are not below zero", both(cap >= 0, clamp >= 0))
    premium, higher = given.number("premium"), given.number("higher premium")
    rate = funding.funding_rate(premium, interest, clamp, cap)
    inside = maximum(-cap, minimum(cap, interest / 8))
    return [
        Part("cap", both(rate <= cap, rate >= -cap)),
        Part("rises", funding.funding_rate(higher, interest, clamp, cap) >= rate, when=higher > premium),
        Part("flat inside the clamp", rate == inside, when=absolute(interest - premium) <= clamp),
    ]
