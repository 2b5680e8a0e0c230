"""The margin ratio: what it says about equity, requirement and support."""

from __future__ import annotations

from solvent.account import Regime
from solvent.arithmetic import both
from solvent.prove.theorem import Family, theorem
from solvent.rules import portfolio


def ratio_of(given, equity):
    """The margin ratio with the venue's reading, for the maintenance margin, support and loan of an account."""
    rule = portfolio.portfolio_ratio if given.venue is None else given.venue.rule("PM-RATIO")
    maintenance, support = given.number("maintenance margin"), given.number("support")
    given.assume("maintenance margin is not negative", maintenance >= 0)
    given.assume("support is not negative", support >= 0)
    return rule(maintenance, equity, given.number("loan"), support, given.parameter("borrow_offset"))


@theorem(
    Family.RATIO,
    regimes=(Regime.PORTFOLIO,),
    why="The displayed ratio and the displayed liquidation price are two views of one number.",
)
def the_ratio_is_at_most_one_exactly_when_available_after_maintenance_is_not_negative(given):
    """The margin ratio is at most one exactly when available-after-maintenance is not negative."""
    equity = given.number("equity")
    shown = ratio_of(given, equity)
    given.assume("the denominator of the ratio is above zero", shown.denominator > 0)
    available = portfolio.available_quote(equity, given.number("support"), given.number("maintenance margin"))
    return (shown.numerator <= shown.denominator) == (available >= 0)


@theorem(Family.RATIO, regimes=(Regime.PORTFOLIO,), why="A gain must never look like a loss.")
def the_ratio_falls_as_equity_rises(given):
    """The margin ratio falls strictly as equity rises."""
    equity, more = given.number("equity"), given.number("more")
    given.assume("the gain is above zero", more > 0)
    low, high = ratio_of(given, equity), ratio_of(given, equity + more)
    given.assume("there is a requirement", given.number("maintenance margin") > 0)
    given.assume("the denominator of the ratio is above zero", low.denominator > 0)
    return high.numerator * low.denominator < low.numerator * high.denominator


@theorem(
    Family.RATIO,
    regimes=(Regime.PORTFOLIO,),
    why="The documentation adds 20 USDC to the requirement; recorded ratios do not show it.",
    false=True,
    repair="let the offset be a floor of the requirement, not a part of it",
)
def adding_twenty_to_the_requirement_keeps_idle_accounts_healthy(given):
    """By the documented ratio an account that only holds the quote token is not liquidatable."""
    equity = given.number("equity")
    given.assume("the account holds the quote token", equity > 0)
    offset, trigger = given.parameter("borrow_offset"), given.parameter("margin_ratio_trigger")
    given.side("the trigger lies between zero and one", both(trigger > 0, trigger <= 1))
    given.side("the offset is above zero", offset > 0)
    shown = portfolio.documented_ratio(0, equity, 0, 0, offset)
    return shown.numerator <= trigger * shown.denominator
