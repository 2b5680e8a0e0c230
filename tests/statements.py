"""Small theorems, each with exactly one property that the kit has to see."""

from __future__ import annotations

from solvent.arithmetic import both, truncate
from solvent.prove.theorem import Cell, Family, Part, Theorem

GENERAL = Cell()


def stated(statement, **about):
    """A theorem that no file declares."""
    return Theorem(statement.__name__, Family.RATIO, statement, **about)


def holds(given):
    """A number above one has a square above itself."""
    x = given.number("x")
    given.assume("x is above one", x > 1)
    return x * x > x


def fails(given):
    """A square is never below its number."""
    x = given.number("x")
    given.assume("x is above zero", x > 0)
    return x * x >= x


def contradicts_itself(given):
    """Whatever is above one and below zero is anything at all."""
    x = given.number("x")
    given.assume("x is above one", x > 1)
    given.assume("x is below zero", x < 0)
    return x == 17


def never_asked(given):
    """A square is never negative, and another case never arises."""
    x = given.number("x")
    return [Part("squares", x * x >= 0), Part("never", x > 0, when=x * x < 0)]


def too_hard(given):
    """The mean of five numbers is at least their geometric mean, which no solver decides in a millisecond."""
    numbers = [given.number(f"x{place}") for place in range(5)]
    given.assume("all are above zero", both(*(x > 0 for x in numbers)))
    mean, product = sum(numbers), 3125
    for x in numbers:
        product = product * x
    return mean * mean * mean * mean * mean >= product


def only_bounded(given):
    """The whole part of a number between one and two is not one and a half."""
    x = given.number("x")
    given.assume("x lies between one and two", both(x > 1, x < 2))
    return truncate(x, 1) * 2 != 3


def irrational(given):
    """A root of two is below zero."""
    x = given.number("x")
    given.assume("the square of x is two", x * x == 2)
    return x < 0


def one_assumption_too_many(given):
    """A number above two is above one."""
    x = given.number("x")
    given.assume("x is above two", x > 2)
    given.assume("x is below a hundred", x < 100)
    return x > 1


def with_side(given):
    """Half of an amount is at least its transfer fraction."""
    x, fraction = given.number("x"), given.parameter("transfer_fraction")
    given.assume("x is above zero", x > 0)
    given.side("the transfer fraction is at most one half", fraction * 2 <= 1)
    return x >= 2 * fraction * x


def with_failing_side(given):
    """A hundredth of an amount is at least its transfer fraction."""
    x, fraction = given.number("x"), given.parameter("transfer_fraction")
    given.assume("x is above zero", x > 0)
    given.side("the transfer fraction is at most a hundredth", fraction * 100 <= 1)
    return x >= 100 * fraction * x


def in_cases(given):
    """A number is above its half, which fails of numbers below zero."""
    x = given.number("x")
    return [Part("above zero", x * 2 > x, when=x > 0), Part("below zero", x * 2 > x, when=x < 0)]


def with_example(given):
    """A number above its own square is below one."""
    x = given.number("x", "0.25")
    given.assume("x lies above its square", x > x * x)
    return x < 1


def divides(given):
    """One over a number is above zero."""
    x = given.number("x")
    return 1 / x > 0


def asks_for_the_regime(given):
    """A number is itself, whatever the regime is called."""
    return given.number(f"x in {given.regime}") == given.number(f"x in {given.regime}")


def calls_a_rule(given):
    """The margin ratio does not depend on the loan."""
    rule = given.rule("PM-RATIO")
    equity, maintenance, support = (
        given.number("equity"),
        given.number("maintenance"),
        given.number("support"),
    )
    one, other = (
        rule(maintenance, equity, given.number(loan), support, given.number("offset"))
        for loan in ("loan", "other loan")
    )
    return both(one.numerator == other.numerator, one.denominator == other.denominator)
