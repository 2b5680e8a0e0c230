"""Liquidation with collateral: when a step helps, when steps end, what the owner keeps, what the backstop and a hedge risk."""

from __future__ import annotations

from fractions import Fraction

from solvent import load_venue
from solvent.account import Regime
from solvent.arithmetic import ONE, ZERO, both, maximum, negate
from solvent.exchange import Exchange, LendingPool, LiquidateCollateral, Member, SpotMarket
from solvent.exchange.margin import loans_of
from solvent.exchange.risk import Exposure
from solvent.prove.theorem import Family, Part, theorem
from solvent.rules import borrow_liquidation, perp, portfolio
from solvent.rules.kinds import Tier

BORROWING = (Regime.CROSS, Regime.UNIFIED, Regime.PORTFOLIO)
"""The regimes in which collateral may stand against a loan: by hand in standard and unified mode, else automatically."""


def taken_over(value, debt, discount):
    """What the backstop takes of collateral of this value together with this debt (USD)."""
    return value - maximum(ZERO, borrow_liquidation.left_with_owner(value, debt, discount))


def step(given, discounted=None):
    """Collateral and debt before and after a partial step (USD), the part, and the discount of the takeover."""
    value, debt = given.number("collateral", "100000"), given.number("debt", "85000")
    part = given.parameter("collateral_step")
    given.side("the part is a fraction", both(part > 0, part < 1))
    given.assume("there is collateral, and a debt", both(value > 0, debt > 0))
    inside = [borrow_liquidation.step_amount(amount, part, False) for amount in (value, debt)]
    discount = given.number("discount", "0.01") if discounted is None else discounted(inside[0])
    return (value, debt), (value - taken_over(*inside, discount), debt - inside[1]), part, discount


def lower(after, before):
    """Whether the debt over the collateral is lower."""
    return after[1] * before[0] < before[1] * after[0]


@theorem(
    Family.LIQUIDATION,
    regimes=BORROWING,
    why="beyond 1 / (1 + bonus) each of 385 liquidations of one account raised its loan to value.",
)
def a_step_lowers_debt_over_collateral_exactly_below_one_less_the_discount(given):
    """A partial step lowers debt over collateral exactly when the debt is less than (1 - discount) of it, and never raises it.

    D < (1 - c) * V, the lending form of the spiral threshold. Up to it (1 - c) * V - D stays as it is; beyond it the
    backstop takes a part of everything at its own loss, and no number of steps heals.
    """
    before, after, _, discount = step(given)
    room = [(1 - discount) * value - debt for value, debt in (before, after)]
    return [
        Part("lowers", lower(after, before) == (room[0] > 0)),
        Part("never raises", after[1] * before[0] <= before[1] * after[0]),
        Part("the side is not left", room[1] == room[0], when=room[0] >= 0),
    ]


def ruled(given):
    """The venue's thresholds of partial and full liquidation, and its discount on a value taken."""
    ltv, width = given.parameter("token.ltv"), given.parameter("token.depth_width")
    given.side("the depth width is above zero", width > 0)
    full = borrow_liquidation.full_threshold(ltv)
    return (
        borrow_liquidation.partial_threshold(ltv),
        full,
        lambda value: borrow_liquidation.takeover_discount(value, full, width),
    )


@theorem(
    Family.LIQUIDATION,
    regimes=BORROWING,
    over="collateral",
    why="what a fifth of a whale costs grows with the whale; the cap of the discount decides whether it helps.",
)
def between_the_thresholds_every_partial_step_lowers_debt_over_collateral(given):
    """Above the partial and below the full threshold every partial step lowers debt over collateral and leaves the owner something.

    Because the discount is at most 1 - full threshold, (1 - c) * V is never below the full threshold.
    """
    partial, full, discounted = ruled(given)
    before, after, part, discount = step(given, discounted)
    value, debt = before
    due = borrow_liquidation.collateral_liquidatable(debt, value, partial)
    given.assume("liquidation is partial", both(due, debt < value * full))
    left = borrow_liquidation.left_with_owner(part * value, part * debt, discount)
    return [Part("lowers", lower(after, before)), Part("leaves something", left > 0)]


@theorem(
    Family.LIQUIDATION,
    regimes=BORROWING,
    over="collateral",
    why="a liquidator's discount on top of a high loan leaves the owner with nothing, or the pool with a debt.",
    false=True,
    repair="let the discount be at most 1 - debt / collateral in full liquidation",
)
def a_discount_of_at_most_one_less_the_full_threshold_always_leaves_the_owner_something(given):
    """A takeover at the venue's discount leaves an owner something whose collateral is worth 5 % more than the debt."""
    _, _, discounted = ruled(given)
    value, debt, ltv = given.number("collateral"), given.number("debt"), given.parameter("token.ltv")
    given.side("the LTV is a fraction", both(ltv > 0, ltv < 1))
    given.assume("collateral is worth 5 % more than the debt", both(debt > 0, debt * 105 <= value * 100))
    return borrow_liquidation.left_with_owner(value, debt, discounted(value)) > 0


@theorem(
    Family.LIQUIDATION,
    regimes=BORROWING,
    over="collateral",
    why="How much of the collateral an owner loses to come back below the threshold is not displayed.",
)
def a_part_heals_exactly_when_it_is_at_least_the_smallest_healing_one(given):
    """Taking a part over ends partial liquidation exactly when it is at least (1 - c) * (D - t * V) / (D * (1 - c - t)).

    t is the partial threshold. So one step of k heals exactly up to D / V = t * (1 - c) / ((1 - c) * (1 - k) + k * t).
    """
    threshold = borrow_liquidation.partial_threshold(given.parameter("token.ltv"))
    before, after, part, discount = step(given)
    (value, debt), kept = before, 1 - discount
    due = borrow_liquidation.collateral_liquidatable(after[1], after[0], threshold)
    given.assume("the debt is below one less the discount", debt <= kept * value)
    smallest = kept * (debt - threshold * value) <= part * debt * (kept - threshold)
    return [
        Part("smallest part", negate(due) == smallest),
        Part(
            "one step",
            negate(due) == (debt * (kept * (1 - part) + part * threshold) <= threshold * kept * value),
        ),
    ]


@theorem(
    Family.LIQUIDATION,
    regimes=BORROWING,
    over="collateral",
    why="Steps every three seconds must come to an end, and not at the last unit of collateral.",
)
def partial_steps_end_in_health_at_unchanged_prices(given):
    """At unchanged prices partial steps end: each takes the part k off the debt, and K = (1 - c) * V - D never falls.

    Debt below t * K / (1 - c - t) is health, so with K > 0 it takes n steps with (1 - k)^n * D <= t * K / (1 - c - t).
    The distance from the spiral threshold, K / D, grows by 1 / (1 - k) a step; close to it a ladder is long.
    """
    threshold, full, discounted = ruled(given)
    before, after, part, discount = step(given, discounted)
    value, debt = before
    given.assume("liquidation is partial", both(debt > threshold * value, debt <= full * value))
    later = discounted(borrow_liquidation.step_amount(after[0], part, False))
    room = (1 - discount) * value - debt
    return [
        Part("the part is off the debt", after[1] == (1 - part) * debt),
        Part("the discount does not grow", later <= discount),
        Part("K stays as it is at the same discount", (1 - discount) * after[0] - after[1] == room),
        Part("and a smaller discount raises it", after[0] >= 0),
        Part("and is not negative", room >= 0),
        Part("little debt is health", debt * (1 - discount - threshold) > threshold * room),
    ]


@theorem(
    Family.LIQUIDATION,
    regimes=BORROWING,
    why="the backstop sells over ten-minute half-lives, and bears what the price does meanwhile.",
)
def the_backstop_breaks_even_exactly_when_it_sells_at_a_fall_of_the_discount(given):
    """The backstop ends with no loss exactly when it sells at a fall, slippage included, of at most the discount.

    Above 1 - c of debt over collateral: at most 1 - D / V. A small takeover is at almost no discount, so the backstop
    bears almost the whole fall: a fifth of 100 000 USD of HYPE goes over at 0.6 %.
    """
    value, debt, discount = (
        given.number("collateral", "1000"),
        given.number("debt", "760"),
        given.number("discount", "0.05"),
    )
    fall = given.number("fall", "0.03")
    given.assume("there is a debt, and collateral worth more", both(debt > 0, debt <= value))
    sold = taken_over(value, debt, discount) * (1 - fall)
    above = debt > (1 - discount) * value
    return [
        Part("at the discount", (sold >= debt) == (fall <= discount), when=negate(above)),
        Part("above it", (sold >= debt) == (fall * value <= value - debt), when=above),
    ]


def borrower(given):
    """A portfolio account with HYPE collateral, a USDC loan and a USDC balance that may be below zero, and the backstop."""
    held, loan = given.number("collateral", "1000"), given.number("loan", "34000")
    balance, price = given.number("balance", "0"), given.number("collateral price", "40")
    given.assume("there is collateral, and a loan", both(held > 0, loan > 0, price > 0))
    venue = given.venue or load_venue("hyperliquid-beta")
    trader = Member(
        name="trader",
        mode=Regime.PORTFOLIO,
        supplied={"HYPE": held},
        borrowed={"USDC": loan},
        spot={"USDC": balance},
    )
    given.assume("collateral is within the user's cap", held <= venue.tokens["HYPE"].user_supply_cap)
    return Exchange(
        venue=venue,
        spots={"HYPE": SpotMarket(token="HYPE", price=price)},
        members={"trader": trader, "backstop": Member(name="backstop", mode=Regime.PORTFOLIO)},
        pools={
            "HYPE": LendingPool(token="HYPE", cash=held, supply_shares=held),
            "USDC": LendingPool(token="USDC", supply_shares=loan, debt_shares=loan),
        },
    )


SEIZE = LiquidateCollateral(account="trader")


@theorem(
    Family.LIQUIDATION,
    regimes=(Regime.PORTFOLIO,),
    general=False,
    why="The docs measure full liquidation by the loan; an account that shares balances may owe more than its loan.",
    false=True,
    repair="measure full liquidation by what is owed, losses beyond the loan included (BLQ-DEBT)",
)
def every_partial_step_lowers_what_is_owed_over_the_collateral(given):
    """Every partial takeover of the backstop lowers what a portfolio account owes over its collateral."""
    before = borrower(given)
    after, loans = SEIZE.apply(before), loans_of(before, "trader")
    given.assume("HYPE stands at 100 USD", before.spots["HYPE"].price == 100)
    given.assume("liquidation is partial", both(loans.due, negate(loans.due_in_full)))
    within = both(loans.owed * 100 >= loans.value * 95, loans.owed * 1001 <= loans.value * 1000)
    given.assume("what is owed is between 95 % and 99.9 % of the collateral", within)
    left = loans_of(after, "trader")
    return left.owed * loans.value < loans.owed * left.value


@theorem(
    Family.LIQUIDATION,
    regimes=(Regime.PORTFOLIO,),
    general=False,
    why="What one side gives up the other has to have: a takeover moves collateral and debt, and makes neither.",
)
def a_takeover_of_collateral_moves_what_it_takes_and_worsens_nothing(given):
    """The backstop's takeover moves collateral and debt without loss, and never raises what is owed over the collateral."""
    before = borrower(given)
    after, loans = SEIZE.apply(before), loans_of(before, "trader")
    left, taken = loans_of(after, "trader"), loans_of(after, "backstop")
    given.assume("the account is due", SEIZE.allowed(before))
    return [
        Part("collateral", left.value + taken.value == loans.value),
        Part("debt", left.owed + taken.owed == loans.owed),
        Part("and the account is no worse", left.owed * loans.value <= loans.owed * left.value),
    ]


def exposure(perp_value, value, rate, threshold):
    """What an account has at stake on one coin: a perp of this signed value, and collateral."""
    supported = portfolio.collateral_support([value], [ONE], [threshold], ONE, value)
    return Exposure(
        name="",
        perp=perp_value,
        value=value,
        maintenance=perp.maintenance_margin(perp.notional(perp_value, ONE), [Tier(ZERO, ONE, rate, ZERO)]),
        rate=rate,
        haircut=value - supported,
        share=1 - threshold,
    )


def hedged(given):
    """Collateral with a short perp of its own coin, the maintenance rate, and the collateral's threshold."""
    rate = given.number("maintenance rate")
    threshold = portfolio.liquidation_threshold(given.parameter("token.ltv"))
    short, value = given.number("short"), given.number("collateral")
    given.side("the threshold is a fraction", both(threshold >= 0, threshold <= 1))
    given.assume(
        "the maintenance rate is at most what the threshold leaves", both(rate > 0, rate <= 1 - threshold)
    )
    given.assume("collateral is hedged", both(short > 0, short <= value))
    return short, value, rate, threshold


@theorem(
    Family.LIQUIDATION,
    regimes=(Regime.PORTFOLIO,),
    over="collateral",
    why="the book was liquidated leg by leg, hedges first, and the rest fell with the market.",
    false=True,
    repair="take a slice of the collateral and of its hedge together",
)
def closing_a_leg_that_frees_margin_never_raises_the_net_risk(given):
    """Closing a part of a leg at the mark price, which lowers the requirement, does not raise the net risk."""
    short, value, rate, threshold = hedged(given)
    closed = given.number("closed notional")
    given.assume("a part of the short is closed", both(closed > 0, closed <= short))
    before, after = exposure(-short, value, rate, threshold), exposure(closed - short, value, rate, threshold)
    given.assume("which frees margin", after.requirement < before.requirement)
    return after.worst() <= before.worst()


@theorem(
    Family.LIQUIDATION,
    regimes=(Regime.PORTFOLIO,),
    over="collateral",
    why="What a netted requirement asks of a liquidation engine: to shrink the book, not to take it apart.",
)
def a_slice_of_perp_and_collateral_together_scales_requirement_and_net_risk_alike(given):
    """Closing the same slice of collateral and perp scales the requirement and the net risk by the same factor."""
    rate = given.number("maintenance rate")
    threshold = portfolio.liquidation_threshold(given.parameter("token.ltv"))
    held, value, part = given.number("perp value"), given.number("collateral"), given.number("slice")
    given.assume("a slice is closed, not everything", both(part > 0, part < 1))
    before, after = (
        exposure(held, value, rate, threshold),
        exposure((1 - part) * held, (1 - part) * value, rate, threshold),
    )
    return [
        Part("requirement", after.requirement == (1 - part) * before.requirement),
        Part("net risk", after.worst() == (1 - part) * before.worst()),
    ]


def healed_by_one_step(venue, token):
    """The debt over collateral up to which one partial step, at no discount, ends partial liquidation."""
    threshold, part = borrow_liquidation.partial_threshold(token.ltv), venue.parameters.collateral_step
    return threshold / (1 - part + part * threshold)


def discount_of_a_step(venue, token):
    """The discount at which the backstop takes over a step of 100 000 USD of collateral."""
    if token.depth_width is None:
        return ZERO
    value = borrow_liquidation.step_amount(Fraction(100_000), venue.parameters.collateral_step, full=False)
    full = borrow_liquidation.full_threshold(token.ltv)
    return borrow_liquidation.takeover_discount(value, full, token.depth_width)


FIGURES = {
    "debt over collateral up to which one partial step heals": healed_by_one_step,
    "discount of the backstop on a step of 100 000 USD of collateral": discount_of_a_step,
}
