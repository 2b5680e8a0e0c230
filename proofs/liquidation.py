"""Liquidation of perps: when a step helps, when it spirals, what heals, in which order, and who bears what is left.

Sizes are counted in contracts of one USD at the mark, which is a choice of unit. An account is the leg that a step
closes and the sums of the rest, so that a statement holds for any number of legs.
"""

from __future__ import annotations

from solvent.account import Regime
from solvent.arithmetic import ONE, ZERO, both, either, negate
from solvent.prove.theorem import Family, Part, theorem
from solvent.regimes.dexes import simple_pool
from solvent.rules import liquidation, perp, trading
from solvent.rules.kinds import Tier

GROSS = (Regime.CROSS, Regime.UNIFIED)
"""The regimes in which equity alone stands against the requirement of several positions."""


def not_above(after, before):
    """Whether a ratio is at most another one of a denominator above zero; nothing required of nothing is lowest."""
    nothing = both(after.numerator <= 0, after.denominator >= 0)
    product = after.numerator * before.denominator <= before.numerator * after.denominator
    return either(nothing, both(after.denominator > 0, product))


def flat(rate):
    """A margin table of one tier."""
    return [Tier(ZERO, ONE, rate, ZERO)]


def rising_tiers(given):
    """A margin table of three tiers with rising rates; tables of fewer tiers have tiers of equal rate."""
    rates = [given.number(f"maintenance rate of tier {n}") for n in (1, 2, 3)]
    bounds = [ZERO, given.number("lower bound of tier 2"), given.number("lower bound of tier 3")]
    given.assume("rates rise with the tier", both(rates[0] >= 0, rates[0] <= rates[1], rates[1] <= rates[2]))
    given.assume("tiers follow each other", both(bounds[1] >= 0, bounds[2] >= bounds[1]))
    deductions = [ZERO]
    for n in (1, 2):
        deductions.append(perp.tier_deduction(deductions[-1], bounds[n], rates[n - 1], rates[n]))
    return [Tier(bounds[n], ONE, rates[n], deductions[n]) for n in range(3)]


def pool(equity, requirement):
    """A margin pool of this equity and maintenance margin."""
    return simple_pool("", requirement, equity, ())


def requirement(notional, tiers):
    """The maintenance margin of a leg."""
    return perp.maintenance_margin(perp.notional(notional, ONE), tiers)


def part_of_a_leg(given):
    """The notional of a leg and how much of it is closed."""
    held, closed = given.number("notional"), given.number("closed notional")
    given.assume("a part of the leg is closed, or all of it", both(closed > 0, closed <= held))
    return held, closed


def closing(given, rate, slippage):
    """The margin pool before and after a part of one leg is closed on the book, with any other legs besides."""
    equity, rest = given.number("equity"), given.number("requirement of the other legs")
    held, closed = part_of_a_leg(given)
    given.assume("other legs have no requirement below zero", rest >= 0)
    left = liquidation.equity_after_close(equity, closed, ONE, slippage)
    before = pool(equity, rest + requirement(held, flat(rate)))
    return before, pool(left, rest + requirement(held - closed, flat(rate)))


@theorem(
    Family.LIQUIDATION,
    regimes=GROSS,
    why="steps that cost more than they free drove accounts, and the venue with them, further down.",
)
def a_step_helps_exactly_when_slippage_is_at_most_the_rate_times_equity_over_requirement(given):
    """Closing a part of a leg does not raise the ratio exactly when slippage <= rate * equity / maintenance margin.

    c <= r * E / M, whatever the size of the step: at the trigger c <= r, at the backstop's line c <= 2/3 * r.
    """
    rate, slippage = given.number("maintenance rate"), given.number("slippage")
    given.assume("the maintenance rate is above zero", rate > 0)
    before, after = closing(given, rate, slippage)
    given.assume("the account is not bankrupt", before.resources > 0)
    return not_above(after.ratio, before.ratio) == (slippage * before.requirement <= rate * before.resources)


@theorem(
    Family.LIQUIDATION,
    regimes=GROSS,
    why="Whether a liquidation ends in health or in bad debt is settled before its first order.",
)
def no_step_crosses_the_spiral_threshold(given):
    """Closing a part of a leg leaves rate * equity - slippage * maintenance margin as it is, so no step crosses zero.

    K = r * E - c * M is the same before and after. K >= 0: every further step helps, and equity stays above zero.
    K < 0: every further step raises the ratio. The spiral threshold is E / M = c / r.
    """
    rate, slippage = given.number("maintenance rate"), given.number("slippage")
    before, after = closing(given, rate, slippage)
    kept = [rate * p.resources - slippage * p.requirement for p in (before, after)]
    given.assume("the maintenance rate is above zero", rate > 0)
    given.assume("slippage is not negative", slippage >= 0)
    return [
        Part("the side is not left", kept[1] == kept[0]),
        Part("above it the account does not go bankrupt", negate(after.bankrupt), when=kept[0] >= 0),
    ]


@theorem(
    Family.LIQUIDATION,
    regimes=GROSS,
    why="The docs say that what is left stays with the trader; how much that is depends on the slice.",
)
def a_slice_heals_exactly_when_it_is_at_least_what_is_missing_over_rate_less_slippage(given):
    """Closing heals exactly when the closed notional is at least (maintenance margin - equity) / (rate - slippage).

    n = (M - E) / (r - c), where r > c; where r <= c nothing heals. A leg without others can be healed exactly when
    equity covers the cost c * N of closing it.
    """
    rate, slippage = given.number("maintenance rate"), given.number("slippage")
    before, after = closing(given, rate, slippage)
    held, closed = given.number("notional"), given.number("closed notional")
    given.assume("the account is liquidatable", before.liquidatable)
    missing, healing = -before.available, rate - slippage
    alone = given.number("requirement of the other legs") == 0
    stopped = liquidation.liquidation_stops(after.resources, after.requirement)
    return [
        Part("from there on", stopped == (missing <= closed * healing), when=rate > slippage),
        Part("never at slippage of the rate", after.liquidatable, when=slippage >= rate),
        Part(
            "and the leg is large enough",
            (missing <= held * healing) == (before.resources >= slippage * held),
            when=alone,
        ),
    ]


@theorem(
    Family.LIQUIDATION,
    regimes=GROSS,
    why="large positions stand in tiers of higher rates than the rates at which their last part is closed.",
)
def closing_frees_between_the_lowest_and_the_highest_rate_of_the_tiers_that_it_passes(given):
    """Closing frees at least its notional at the rate of the lowest tier, and at most at that of the tier it begins in.

    So a step helps at slippage up to r(lowest) * E / M, and cannot help above r(present) * E / M.
    """
    tiers = rising_tiers(given)
    held, closed = part_of_a_leg(given)
    freed = requirement(held, tiers) - requirement(held - closed, tiers)
    present = [held >= tier.lower_bound for tier in tiers]
    return [
        Part("at least at the lowest", freed >= closed * tiers[0].rate),
        Part("at most at the second", freed <= closed * tiers[1].rate, when=negate(present[2])),
        Part("at most at the third", freed <= closed * tiers[2].rate),
        Part("and never less than nothing", freed >= 0),
    ]


@theorem(
    Family.LIQUIDATION,
    regimes=GROSS,
    why="a fifth of a whale was more than the book could take; a small slice would have helped.",
)
def in_a_book_of_linear_depth_there_is_a_largest_slice_that_helps(given):
    """With slippage linear in size, closing helps exactly up to a size, and one order heals exactly up to a gap.

    Slippage s/2 + n/W: the largest slice that helps is n = W * (r * E / M - s/2), and one order of any size can make
    up for at most M - E = W * (r - s/2)^2 / 4, with an order of n = W * (r - s/2) / 2.
    """
    rate = given.number("maintenance rate")
    spread, width = given.number("spread"), given.number("depth width")
    closed = given.number("closed notional")
    given.assume("the book has a depth", width > 0)
    given.assume("the maintenance rate is above zero", rate > 0)
    before, after = closing(given, rate, trading.book_slippage(spread, closed, width))
    given.assume("the account is not bankrupt", before.resources > 0)
    slack = rate * before.resources - spread / 2 * before.requirement
    best, missing = width * (rate - spread / 2) / 2, -before.available
    enough = 2 * missing <= best * (rate - spread / 2)
    healed = liquidation.liquidation_stops(after.resources, after.requirement)
    return [
        Part(
            "up to a size",
            not_above(after.ratio, before.ratio) == (closed * before.requirement <= width * slack),
        ),
        Part("no order heals beyond the gap", enough, when=healed),
        Part("one order heals up to the gap", healed, when=both(enough, closed == best)),
    ]


@theorem(
    Family.LIQUIDATION,
    regimes=GROSS,
    why="The docs leave open which position of a cross account goes first; the order decides what the trader keeps.",
)
def closing_the_leg_of_smallest_slippage_per_rate_first_costs_least(given):
    """Of two ways to make up for the same gap, the one that closes more of the leg of smaller slippage / rate costs less.

    The order is by c / r and not by size, side or profit. Closing a leg moves K of another one, r' * E - c' * M, by
    n * (r * c' - c * r'): up where its own c / r is the smaller one.
    """
    cheap, dear = (
        [given.number(f"{what} of the {which} leg") for what in ("rate", "slippage")]
        for which in ("cheap", "dear")
    )
    more, less = given.number("more of the cheap leg"), given.number("less of the dear leg")
    equity, due = given.number("equity"), given.number("maintenance margin")
    given.assume("the cheap leg costs less per rate", cheap[1] * dear[0] <= dear[1] * cheap[0])
    given.assume("closing the dear leg heals", both(dear[1] >= 0, dear[1] < dear[0]))
    given.assume("rates are above zero, and slippage is not negative", both(cheap[0] > 0, cheap[1] >= 0))

    def closed(leg, notional):
        return pool(
            liquidation.equity_after_close(equity, notional, ONE, leg[1]),
            due - requirement(notional, flat(leg[0])),
        )

    one, other = closed(cheap, more), closed(dear, less)
    given.assume("less of the dear leg is closed", less >= 0)
    room = [dear[0] * p.resources - dear[1] * p.requirement for p in (pool(equity, due), one)]
    return [
        Part("it costs less", one.resources >= other.resources, when=one.available == other.available),
        Part("and gives the other leg room", room[1] >= room[0]),
    ]


def slice_of_everything(given):
    """The margin pool before and after a slice of every leg is closed, with the cost of closing everything."""
    equity, part = given.number("equity"), given.number("slice")
    everything, slippage = given.number("notional of all legs"), given.number("average slippage of all legs")
    before, after = given.number("maintenance margin"), given.number("maintenance margin after")
    given.assume("a slice is closed, or everything", both(part > 0, part <= 1))
    given.assume("there is a requirement", before > 0)
    given.assume("the account is not bankrupt", equity > 0)
    left = liquidation.equity_after_close(equity, part * everything, ONE, slippage)
    return pool(equity, before), pool(left, after), slippage * everything


@theorem(
    Family.LIQUIDATION,
    regimes=GROSS,
    why="liquidating and deleveraging leg by leg broke hedges that a slice of the whole would have kept.",
)
def a_slice_of_every_leg_helps_exactly_when_equity_covers_the_cost_of_closing_everything(given):
    """A pro-rata slice does not raise the ratio when equity covers the cost of closing everything, and, in one tier, only then.

    sum(c * N) <= E. Tiers only help: a slice y of a leg frees at least y of its requirement.
    """
    tiers, held, part = rising_tiers(given), given.number("notional"), given.number("slice")
    before, after, cost = slice_of_everything(given)
    leg = [requirement(held, tiers), requirement((1 - part) * held, tiers)]
    others = [
        given.number("requirement of the other legs"),
        given.number("requirement of the other legs after"),
    ]
    kept, helps = (1 - part) * before.requirement, not_above(after.ratio, before.ratio)
    within = both(after.requirement <= kept, after.requirement >= 0)
    return [
        Part("base: no leg keeps more than its part", leg[1] <= (1 - part) * leg[0]),
        Part(
            "step: nor do more legs",
            leg[1] + others[1] <= (1 - part) * (leg[0] + others[0]),
            when=others[1] <= (1 - part) * others[0],
        ),
        Part("so a slice helps", helps, when=both(within, cost <= before.resources)),
        Part("in one tier only then", helps == (cost <= before.resources), when=after.requirement == kept),
    ]


@theorem(
    Family.LIQUIDATION,
    regimes=GROSS,
    why="A venue that closes single legs must pick; there is always one that is safe to pick.",
)
def the_cheapest_leg_is_safe_to_close_while_equity_covers_the_cost_of_closing_everything(given):
    """While equity covers the cost of closing everything, closing the leg of smallest slippage / rate never raises the ratio."""
    rate, slippage = given.number("maintenance rate"), given.number("slippage")
    before, after = closing(given, rate, slippage)
    rest, cost = given.number("requirement of the other legs"), given.number("cost of closing the other legs")
    given.assume("the maintenance rate is above zero", rate > 0)
    given.assume("the account is not bankrupt", before.resources > 0)
    given.assume("the other legs cost no less per rate", rate * cost >= slippage * rest)
    given.assume(
        "equity covers closing everything", slippage * given.number("notional") + cost <= before.resources
    )
    return not_above(after.ratio, before.ratio)


@theorem(
    Family.LIQUIDATION,
    regimes=GROSS,
    why="one illiquid leg eats the equity that would have closed all the others.",
    false=True,
    repair="close a slice of every leg, or first the leg of the smallest slippage over maintenance rate",
)
def closing_any_single_leg_is_safe_while_equity_covers_the_cost_of_closing_everything(given):
    """While equity covers the cost of closing everything, closing a part of any leg does not raise the ratio."""
    leverage, slippage = given.number("largest leverage"), given.number("slippage")
    rate = perp.maintenance_rate(leverage)
    before, after = closing(given, rate, slippage)
    cost = given.number("cost of closing the other legs")
    given.assume(
        "the largest leverage is ten or more, and slippage at most 10 %",
        both(leverage >= 10, slippage * 10 <= 1),
    )
    given.assume("slippage is not negative", both(slippage >= 0, cost >= 0))
    given.assume(
        "the account is liquidatable and not bankrupt", both(before.liquidatable, before.resources > 0)
    )
    given.assume(
        "equity covers closing everything", slippage * given.number("notional") + cost <= before.resources
    )
    return not_above(after.ratio, before.ratio)


def borrowing(given, equity, requirement, support):
    """The margin ratio under portfolio margin, in the venue's reading."""
    rule, offset = given.rule("PM-RATIO"), given.parameter("borrow_offset")
    return rule(requirement, equity, given.number("loan"), support, offset)


def closing_with_support(given, rate, slippage):
    """Equity and requirement before and after a part of one leg is closed on the book, beside collateral."""
    before, after = closing(given, rate, slippage)
    support = given.number("support")
    given.assume("collateral supports no less than nothing", support >= 0)
    return (
        before,
        after,
        support,
        [borrowing(given, p.resources, p.requirement, support) for p in (before, after)],
    )


@theorem(
    Family.LIQUIDATION,
    regimes=(Regime.PORTFOLIO,),
    why="Portfolio margin counts a shortfall of equity twice, so a step may cost more there than it frees.",
)
def under_portfolio_margin_a_step_helps_exactly_up_to_a_slippage(given):
    """With virtual borrow, closing does not raise the margin ratio exactly when slippage <= rate * (2 - ratio).

    Virtual borrow before and after: c <= r * (2 - q), where q = (2M - E) / (M + S). None before and after:
    c <= r / q, where q = M / (E + S). Only before: always. Only after: c * n <= r * n * (2 - q) + d * (d + S) / (E + S),
    where d = E - M. Since 1 / q >= 2 - q, cost of at most (2 - ratio) times the margin freed is safe in all cases.
    """
    rate, slippage = given.number("maintenance rate"), given.number("slippage")
    given.assume("the maintenance rate is above zero", rate > 0)
    before, after, support, ratios = closing_with_support(given, rate, slippage)
    closed = given.number("closed notional")
    borrows = [p.available < 0 for p in (before, after)]
    twice = 2 * ratios[0].denominator - ratios[0].numerator
    own, spare = before.resources + support, before.available
    helps = not_above(ratios[1], ratios[0])
    cost, freed = slippage * closed, rate * closed
    return [
        Part(
            "virtual borrow before and after",
            helps == (slippage * ratios[0].denominator <= rate * twice),
            when=both(*borrows),
        ),
        Part("none", helps == (slippage * before.requirement <= rate * own), when=negate(either(*borrows))),
        Part("only before", helps, when=both(borrows[0], negate(borrows[1]))),
        Part(
            "only after",
            helps == (cost * own <= freed * twice + spare * (spare + support)),
            when=both(negate(borrows[0]), borrows[1]),
        ),
        Part("in all cases", helps, when=slippage * ratios[0].denominator <= rate * twice),
    ]


@theorem(
    Family.LIQUIDATION,
    regimes=(Regime.PORTFOLIO,),
    why="How much a portfolio account must give up, and whether closing perps can save it at all, is not displayed.",
)
def under_portfolio_margin_the_smallest_healing_slice_and_the_spiral_threshold_are_known(given):
    """With virtual borrow, closing heals exactly from a smallest slice on, and keeps rate * (E + 2S) - slippage * (M + S).

    n = (2M - E - t * (M + S)) / ((2 - t) * r - c) with the trigger t. Closing everything heals exactly when the cost
    of closing it less the equity is at most t * S, so from the trigger up to an average slippage of (2 - t) * r.
    """
    rate, slippage, trigger = (
        given.number("maintenance rate"),
        given.number("slippage"),
        given.parameter("margin_ratio_trigger"),
    )
    before, after, support, ratios = closing_with_support(given, rate, slippage)
    due = [given.rule("PM-LIQUIDATABLE")(ratio, trigger) for ratio in ratios]
    given.assume("there is virtual borrow, before and after", both(before.available < 0, after.available < 0))
    missing = ratios[0].numerator - trigger * ratios[0].denominator
    healing = (2 - trigger) * rate - slippage
    kept = [
        rate * (p.resources + 2 * support) - slippage * (p.requirement + support) for p in (before, after)
    ]
    return [
        Part("smallest slice", negate(due[1]) == (missing <= given.number("closed notional") * healing)),
        Part("spiral threshold", kept[1] == kept[0]),
        Part(
            "everything",
            negate(due[1]) == (-after.resources <= trigger * support),
            when=after.requirement == 0,
        ),
    ]


@theorem(
    Family.LIQUIDATION,
    why="in a venue that asks the sum of the legs, no leg is a hedge for the requirement.",
)
def closing_a_leg_at_the_mark_raises_no_ratio_but_that_of_a_portfolio_above_two(given):
    """Closing a part of a leg at the mark price raises no ratio, whatever its tiers and the other legs, but a portfolio's above two.

    Requirements of perps are added up leg by leg, so closing a hedge frees margin like closing any other leg. Above a
    ratio of two r * (2 - q) is below zero: there every order raises the ratio of a portfolio account with virtual borrow.
    """
    tiers, (held, closed) = rising_tiers(given), part_of_a_leg(given)
    equity, support = given.number("equity"), given.number("support")
    before, after = given.number("maintenance margin"), given.number("maintenance margin after")
    given.assume("no requirement is below zero", after >= 0)
    left = liquidation.equity_after_close(equity, closed, ONE, ZERO)
    helps = not_above(pool(left, after).ratio, pool(equity, before).ratio)
    was, now = borrowing(given, equity, before, support), borrowing(given, left, after, support)
    defined, borrows = both(was.denominator > 0, now.denominator > 0), left < after
    return [
        Part(
            "a leg frees no less than nothing", requirement(held - closed, tiers) <= requirement(held, tiers)
        ),
        Part("against equity", helps, when=both(equity > 0, after <= before)),
        Part("up to two", not_above(now, was), when=both(defined, after <= before, negate(was.above(2)))),
        Part(
            "above two",
            negate(not_above(now, was)),
            when=both(defined, after < before, borrows, was.above(2)),
        ),
    ]
