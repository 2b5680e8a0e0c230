"""The margin ratio: what it says about equity, requirement and support."""

from __future__ import annotations

from solvent.account import Regime
from solvent.arithmetic import ONE, ZERO, absolute, both, either, negate
from solvent.prove.pools import (
    coin,
    other_collateral,
    pool_of,
    regimes_of,
    sound_amounts,
    sound_ltv,
    sound_trigger,
    venue_of,
)
from solvent.prove.theorem import Family, Part, theorem
from solvent.rules import portfolio, unified


def requirement(given):
    """The maintenance margin of all positions, above zero."""
    maintenance = given.number("maintenance margin")
    given.assume("there is a requirement", maintenance > 0)
    return maintenance


def support_of(given):
    """What collateral supports."""
    support = given.number("support")
    given.assume("support is not negative", support >= 0)
    return support


def ratio_of(given, maintenance, equity, support):
    """The margin ratio of portfolio margin in the venue's reading; the loan is any number."""
    return given.rule("PM-RATIO")(
        maintenance, equity, given.number("loan"), support, given.parameter("borrow_offset")
    )


def cap_of(venue):
    """The user's borrow cap of the quote token."""
    return venue.tokens[venue.quote].user_borrow_cap


def collateral_of(given):
    """Collateral of one token and of all others together, any amounts of them."""
    return [
        coin(given, given.number("collateral")),
        other_collateral(given, given.number("value of the other collateral")),
    ]


@theorem(
    Family.RATIO,
    why="The displayed ratio and the displayed liquidation price are two views of one number.",
)
def the_ratio_is_at_most_one_exactly_when_available_after_maintenance_is_not_negative(given):
    """The margin ratio is at most one exactly when available-after-maintenance is not negative, and below one exactly when it is above zero.

    ratio = n / d, available = a: n <= d if and only if a >= 0, and n < d if and only if a > 0.
    """
    venue, equity, maintenance = (
        venue_of(given, ratio=True),
        given.number("equity"),
        given.number("maintenance margin"),
    )
    parts = []
    for regime in regimes_of(given):
        collateral = collateral_of(given) if regime is Regime.PORTFOLIO else ()
        pool = pool_of(venue, regime, equity, maintenance, collateral)
        shown = pool.ratio
        claim = both(
            (shown.numerator <= shown.denominator) == (pool.available >= 0),
            (shown.numerator < shown.denominator) == (pool.available > 0),
        )
        parts.append(Part(regime, claim))
    return parts


@theorem(
    Family.RATIO,
    regimes=(Regime.PORTFOLIO,),
    why="Which equity keeps an account from liquidation should be a formula that a user can check.",
)
def the_trigger_is_the_higher_of_two_lines_in_requirement_and_support(given):
    """By its margin ratio a portfolio account is not liquidatable exactly when its equity lies on or above two lines.

    With trigger u: F >= (2 - u) * MM - u * K, and u * (F + K) >= MM. The first is the higher one while u * K >= (1 - u) * MM.
    """
    trigger, equity = sound_trigger(given, venue_of(given, ratio=True)), given.number("equity")
    maintenance, support = given.number("maintenance margin"), given.number("support")
    due = given.rule("PM-LIQUIDATABLE")(ratio_of(given, maintenance, equity, support), trigger)
    borrowing = equity >= (2 - trigger) * maintenance - trigger * support
    owning = trigger * (equity + support) >= maintenance
    return [
        Part("both lines", negate(due) == both(borrowing, owning)),
        Part("the first line", negate(due) == borrowing, trigger * support >= (1 - trigger) * maintenance),
        Part("the second line", negate(due) == owning, trigger * support <= (1 - trigger) * maintenance),
    ]


@theorem(
    Family.RATIO,
    regimes=(Regime.PORTFOLIO,),
    why="What lies between the trigger of 0.95 and a ratio of one pays for a liquidation that comes late.",
)
def an_account_that_is_not_liquidatable_has_the_trigger_buffer_left(given):
    """A portfolio account that is not liquidatable by its ratio has available a fixed part of its requirement and support.

    With trigger u: available >= (1 - u) * (MM + K) with a virtual borrow, and u * available >= (1 - u) * MM without
    one; at the trigger exactly as much.
    """
    trigger, equity = given.parameter("margin_ratio_trigger"), given.number("equity")
    maintenance, support = given.number("maintenance margin"), given.number("support")
    shown = ratio_of(given, maintenance, equity, support)
    safe, at = negate(shown.above(trigger)), shown.numerator == trigger * shown.denominator
    borrows = portfolio.virtual_borrow(maintenance, equity) > 0
    available = portfolio.available_quote(equity, support, maintenance)
    buffer, least = (1 - trigger) * (maintenance + support), (1 - trigger) * maintenance
    return [
        Part("with a virtual borrow", available >= buffer, both(safe, borrows)),
        Part("with a virtual borrow, at the trigger", available == buffer, both(at, borrows)),
        Part("without a virtual borrow", trigger * available >= least, both(safe, negate(borrows))),
        Part("without one, at the trigger", trigger * available == least, both(at, negate(borrows))),
    ]


@theorem(Family.RATIO, regimes=(Regime.PORTFOLIO,), why="A gain must never look like a loss.")
def the_ratio_falls_as_equity_rises(given):
    """The margin ratio falls strictly as equity rises."""
    equity, more, maintenance = given.number("equity"), given.number("more"), requirement(given)
    support = support_of(given)
    given.assume("the gain is above zero", more > 0)
    low, high = (ratio_of(given, maintenance, e, support) for e in (equity, equity + more))
    return high.numerator * low.denominator < low.numerator * high.denominator


@theorem(Family.RATIO, regimes=(Regime.PORTFOLIO,), why="More collateral must never look like less.")
def the_ratio_never_rises_with_support(given):
    """The margin ratio does not rise as support rises."""
    equity, more, maintenance = given.number("equity"), given.number("more"), requirement(given)
    support = given.number("support")
    given.assume("the gain is not negative", more >= 0)
    low, high = (ratio_of(given, maintenance, equity, s) for s in (support, support + more))
    return high.numerator * low.denominator <= low.numerator * high.denominator


@theorem(
    Family.RATIO,
    regimes=(Regime.PORTFOLIO,),
    why="A larger book must look riskier; far below zero the displayed ratio does not.",
)
def the_ratio_rises_with_maintenance_margin_while_equity_is_above_minus_twice_the_support(given):
    """The margin ratio rises with maintenance margin while equity is above minus twice the support, where it is two.

    (2 * MM - F) / (MM + K) rises in MM exactly while F > -2 * K; below that a larger book shows a lower ratio.
    """
    equity, more, support = given.number("equity"), given.number("more"), support_of(given)
    maintenance = requirement(given)
    given.assume("the added requirement is above zero", more > 0)
    small = ratio_of(given, maintenance, equity, support)
    large = ratio_of(given, maintenance + more, equity, support)
    before, after = small.numerator * large.denominator, large.numerator * small.denominator
    return [
        Part("above", before < after, equity > -2 * support),
        Part("at", both(before == after, small.numerator == 2 * small.denominator), equity == -2 * support),
        Part("below", before > after, equity < -2 * support),
    ]


@theorem(
    Family.RATIO,
    regimes=(Regime.PORTFOLIO,),
    why="A jump where the virtual borrow begins would liquidate an account that has lost a cent.",
)
def the_ratio_has_no_jump_as_equity_changes(given):
    """A change of equity changes the margin ratio by at most that change over requirement and support.

    |ratio(F1) - ratio(F2)| * (MM + K) <= |F1 - F2|, across the point where the virtual borrow begins as well.
    """
    one, other, maintenance = given.number("equity"), given.number("other equity"), requirement(given)
    support = support_of(given)
    a, b = (ratio_of(given, maintenance, equity, support) for equity in (one, other))
    difference = absolute(a.numerator * b.denominator - b.numerator * a.denominator)
    bound = absolute(one - other) * a.denominator * b.denominator
    at = ratio_of(given, maintenance, maintenance, support)
    return [
        Part("any two equities", difference * (maintenance + support) <= bound),
        Part(
            "where the virtual borrow begins",
            both(at.numerator == maintenance, at.denominator == maintenance + support),
        ),
    ]


@theorem(
    Family.RATIO,
    regimes=(Regime.PORTFOLIO,),
    why="The documentation names loan and offset in the ratio; recorded ratios show neither.",
)
def the_loan_and_the_offset_do_not_enter_the_ratio(given):
    """The margin ratio is the same for any loan and any offset of the same equity, requirement and support."""
    equity, support, maintenance = (
        given.number("equity"),
        given.number("support"),
        given.number("maintenance margin"),
    )
    rule = given.rule("PM-RATIO")
    one = rule(maintenance, equity, given.number("loan"), support, given.number("offset"))
    other = rule(maintenance, equity, given.number("other loan"), support, given.number("other offset"))
    return both(one.numerator == other.numerator, one.denominator == other.denominator)


@theorem(
    Family.RATIO,
    why="A user who watches the ratio must learn from it that a liquidation is near.",
)
def the_ratio_passes_its_trigger_exactly_when_positions_are_liquidatable(given):
    """An account without a loan is liquidatable exactly when its margin ratio is above one, or the portfolio trigger.

    Isolated, cross and unified: MM > E; portfolio: n > u * d with ratio n / d and trigger u.
    """
    venue, equity, maintenance = (
        venue_of(given, ratio=True),
        given.number("equity"),
        given.number("maintenance margin"),
    )
    parts = []
    for regime in regimes_of(given):
        own = regime is Regime.PORTFOLIO
        collateral = collateral_of(given) if own else ()
        trigger = venue.parameters.margin_ratio_trigger if own else ONE
        sound_ltv(given, *collateral)
        sound_amounts(given, *collateral)
        pool = pool_of(venue, regime, equity, maintenance, collateral)
        parts.append(Part(regime, pool.liquidatable == pool.ratio.above(trigger)))
    return parts


@theorem(
    Family.RATIO,
    regimes=(Regime.PORTFOLIO,),
    over="collateral",
    why="A borrower who holds the borrowed cash sees a calm ratio until the collateral is taken.",
    false=True,
    repair="show the health of the loan beside the margin ratio, or net the loan with the quote balance",
)
def a_ratio_below_the_trigger_means_that_nothing_is_liquidated(given):
    """A portfolio account whose margin ratio is below the trigger is not liquidatable."""
    venue, equity, maintenance = venue_of(given, ratio=True), given.number("equity"), requirement(given)
    trigger, loan = sound_trigger(given, venue), given.number("loan")
    collateral = coin(given, given.number("collateral"))
    sound_ltv(given, collateral)
    given.assume("there is collateral", collateral.amount > 0)
    given.assume("the loan is above zero and within the borrow cap", both(loan > 0, loan <= cap_of(venue)))
    pool = pool_of(venue, Regime.PORTFOLIO, equity, maintenance, [collateral], loan)
    return either(pool.ratio.above(trigger), negate(pool.liquidatable))


@theorem(
    Family.RATIO,
    regimes=(Regime.UNIFIED,),
    why="A ratio that reads zero for an account without equity is a green light at the worst moment.",
    false=True,
    repair="show no ratio, or one above every number, where equity outside isolated positions is not above zero",
)
def a_unified_ratio_of_at_most_one_means_that_nothing_is_missing(given):
    """A unified account whose displayed ratio is at most one is not liquidatable."""
    equity, maintenance = given.number("equity"), requirement(given)
    shown = unified.unified_ratio([maintenance], [equity], [ZERO])
    available = unified.available_after_maintenance(equity, [maintenance], [ZERO])
    return either(shown > 1, negate(unified.unified_liquidatable(available)))


@theorem(
    Family.RATIO,
    regimes=(Regime.PORTFOLIO,),
    why="The documentation adds 20 USDC to the requirement; recorded ratios do not show it.",
    false=True,
    repair="let the offset be a floor of the requirement that binds only with a position, not a part of it",
)
def adding_twenty_to_the_requirement_keeps_idle_accounts_healthy(given):
    """By the documented ratio an account that only holds the quote token is not liquidatable."""
    equity = given.number("equity")
    given.assume("the account holds the quote token", equity > 0)
    offset, trigger = given.parameter("borrow_offset"), given.parameter("margin_ratio_trigger")
    given.side("the trigger lies above zero and not above one", both(trigger > 0, trigger <= 1))
    given.side("the offset is above zero", offset > 0)
    shown = portfolio.documented_ratio(ZERO, equity, ZERO, ZERO, offset)
    return shown.numerator <= trigger * shown.denominator


@theorem(
    Family.RATIO,
    regimes=(Regime.PORTFOLIO,),
    why="One way in which the documented 20 USDC may act makes small idle accounts liquidatable.",
    false=True,
    repair="apply the floor only where there is maintenance margin",
)
def a_least_requirement_of_twenty_keeps_idle_accounts_healthy(given):
    """By the ratio with the offset as least requirement an account that only holds the quote token is not liquidatable."""
    equity = given.number("equity")
    given.assume("the account holds the quote token", equity > 0)
    offset, trigger = given.parameter("borrow_offset"), given.parameter("margin_ratio_trigger")
    given.side("the trigger lies above zero and not above one", both(trigger > 0, trigger <= 1))
    given.side("the offset is above zero", offset > 0)
    return negate(portfolio.floored_ratio(ZERO, equity, ZERO, ZERO, offset).above(trigger))


def buffer_at_trigger(venue, _token):
    """What is available at the trigger, as a part of requirement and support: one less the trigger."""
    return 1 - venue.parameters.margin_ratio_trigger


def support_that_borrows(venue, _token):
    """The least support, as a part of maintenance margin, with which an account reaches the trigger while borrowing."""
    trigger = venue.parameters.margin_ratio_trigger
    return (1 - trigger) / trigger


FIGURES = {
    "available at the trigger, as a part of requirement and support": buffer_at_trigger,
    "support over maintenance margin from which the trigger is reached while borrowing": support_that_borrows,
}
