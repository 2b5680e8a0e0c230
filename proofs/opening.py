"""What may be opened and borrowed: initial margin above maintenance margin, borrowing limits before thresholds."""

from __future__ import annotations

from solvent.account import Regime
from solvent.arithmetic import ZERO, absolute, both, negate
from solvent.exchange.risk import Exposure
from solvent.prove.pools import (
    coin,
    markets,
    other_collateral,
    pool_of,
    portfolio_margin,
    regimes_of,
    sound_amounts,
    sound_ltv,
    sound_trigger,
    venue_of,
)
from solvent.prove.theorem import Family, Part, theorem
from solvent.rules import borrow_liquidation, perp, trading
from solvent.rules.kinds import Tier


def halves(maintenance, initial):
    """Whether maintenance margin is at most half the initial margin."""
    return maintenance + maintenance <= initial


@theorem(
    Family.USER_ACTIONS,
    why="Half of the initial margin is what an account has to lose before it is liquidated: it must be there in every tier.",
)
def a_position_that_its_tier_allows_asks_at_most_half_its_initial_margin_for_maintenance(given):
    """Where the tier of its notional allows the leverage of a position, maintenance margin is at most half of initial margin.

    By induction over the tiers: of one tier with half the initial rate (PERP-RATE), and of one tier more, whose
    deduction (PERP-DEDUCTION) is not negative. Amounts in whole units keep it: twice a whole number of units is one.
    """
    notional, leverage = given.number("notional", "1000"), given.number("leverage", "10")
    given.assume("the leverage is at least one", leverage >= 1)
    given.assume("the notional is not negative", notional >= 0)
    initial = perp.initial_margin(notional, leverage)
    most, below = given.number("largest leverage", "20"), given.number("margin by the tiers below", "12.5")
    last, deduction = (
        given.number("rate of the last tier", "0.0125"),
        given.number("deduction of the last tier"),
    )
    bound, rate = given.number("bound of the next tier", "500"), perp.maintenance_rate(most)
    first = Tier(ZERO, most, rate, ZERO)
    more = Tier(bound, most, rate, perp.tier_deduction(deduction, bound, last, rate))
    rising = both(rate >= last, bound >= 0, deduction >= 0)
    tables = {
        "one tier": ([first], True),
        "one tier more": ([Tier(ZERO, most, ZERO, -below), more], both(rising, halves(below, initial))),
    }
    for name, market in markets(given.venue) if given.venue else ():
        tables[f"margin table {name}"] = (given.venue.tables[market].tiers, True)
    parts = [
        Part(name, halves(perp.maintenance_margin(notional, tiers), initial), both(when, perp.leverage_allowed(leverage, notional, tiers)))
        for name, (tiers, when) in tables.items()
    ]  # fmt: skip
    return [*parts, Part("the deduction of one tier more", more.deduction >= 0, rising)]


def opened(given, regime):
    """An account of any size that covers its initial margin: its margin pool, its margin, and whether it covers it."""
    venue, equity = venue_of(given, ratio=True), given.number("equity", "100")
    initial, maintenance = given.number("initial margin", "100"), given.number("maintenance margin", "10")
    orders, buys, lent = given.number("order margin"), given.number("spot buys"), ZERO
    given.assume("order margin and spot buys are not negative", both(orders >= 0, buys >= 0))
    given.assume(
        "maintenance margin is at most half of initial margin",
        both(maintenance >= 0, halves(maintenance, initial)),
    )
    held, margin = (), None
    if regime is Regime.PORTFOLIO:
        held = (
            coin(given, given.number("collateral")),
            other_collateral(given, given.number("value of the other collateral")),
        )
        sound_amounts(given, *held)
        margin = portfolio_margin(venue, equity, maintenance, held)
        lent = given.number("what may be lent")
        given.assume("no more is lent than the borrow capacity", lent <= margin.capacity)
    pool = pool_of(venue, regime, equity, maintenance, held)
    return pool, margin, trading.opening_allowed(equity, lent, [initial], orders, buys)


def sound_limits(given, margin):
    """LTVs are so low that a loan at them is within the trigger at the thresholds: u * t >= l, with t = (1 + l) / 2."""
    trigger = venue_of(given, ratio=True).parameters.margin_ratio_trigger
    given.side("the trigger lies between one half and one", both(trigger * 2 >= 1, trigger <= 1))
    for held in margin.collateral:
        within = both(held.token.ltv >= 0, held.token.ltv <= trigger * held.token.threshold)
        if held.token is given.token:
            given.side("the LTV is at most the trigger times the threshold, and not negative", within)
        else:
            meaning = (
                f"the LTV of {held.token.name} is at most the trigger times its threshold, and not negative"
            )
            given.assume(meaning, within)
    return trigger


@theorem(
    Family.USER_ACTIONS,
    over="collateral",
    why="What an order may leave an account with decides whether it can be liquidated at once.",
)
def an_account_that_covers_its_initial_margin_is_not_liquidatable(given):
    """An account whose equity and borrow capacity cover initial margin, orders and spot buys is not liquidatable by its positions.

    Under portfolio margin: while the collateral at its LTV is worth at most the trigger times the user's borrow cap.
    """
    parts = []
    for regime in regimes_of(given):
        pool, margin, covers = opened(given, regime)
        if margin is not None:
            trigger = sound_limits(given, margin)
            below = margin.capacity <= trigger * margin.borrow_cap
            given.assume("the collateral at its LTV is at most the trigger times the borrow cap", below)
        parts.append(Part(regime, negate(pool.perps_due), covers))
    return parts


@theorem(
    Family.USER_ACTIONS,
    regimes=(Regime.PORTFOLIO,),
    over="collateral",
    why="The borrow cap bounds what collateral supports as well as what may be borrowed: at the cap the two are one.",
    false=True,
    repair="lend at most the trigger times the user's borrow cap, or let the cap bind the loan and not the support",
)
def an_account_may_borrow_up_to_its_cap_without_being_liquidatable(given):
    """A portfolio account whose equity and borrow capacity cover initial margin, orders and spot buys is not liquidatable by its positions, however much collateral it has."""
    pool, margin, covers = opened(given, Regime.PORTFOLIO)
    sound_limits(given, margin)
    given.assume("the borrow cap is above zero", margin.borrow_cap > 0)
    return [Part("", negate(pool.perps_due), covers)]


@theorem(
    Family.USER_ACTIONS,
    regimes=(Regime.PORTFOLIO,),
    over="collateral",
    why="Where the loan alone brings the ratio to its trigger should be a number that a user can keep away from.",
)
def at_the_borrow_cap_a_loan_is_too_large_exactly_beyond_the_trigger_times_the_cap(given):
    """An account without positions that owes more than it has in the quote token is liquidatable by its ratio exactly when it owes more than the trigger times its support.

    With trigger u, borrow cap B and enough collateral: exactly when -F > u * B, since the support is at most B.
    """
    venue, owed = venue_of(given, ratio=True), given.number("owed")
    trigger = venue.parameters.margin_ratio_trigger
    held = (
        coin(given, given.number("collateral")),
        other_collateral(given, given.number("value of the other collateral")),
    )
    given.assume("something is owed", owed > 0)
    margin = portfolio_margin(venue, -owed, ZERO, held)
    due = pool_of(venue, Regime.PORTFOLIO, -owed, ZERO, held).perps_due
    cap, worth = margin.borrow_cap, margin.support
    return [
        Part("any collateral", due == (owed > trigger * worth)),
        Part("collateral that supports more than the cap", due == (owed > trigger * cap), worth >= cap),
    ]


@theorem(
    Family.USER_ACTIONS,
    regimes=(Regime.CROSS, Regime.UNIFIED, Regime.PORTFOLIO),
    over="collateral",
    why="How far the price may fall before a loan at the borrowing limit is due is the borrower's whole warning time.",
)
def a_loan_at_the_borrowing_limit_is_due_exactly_beyond_a_fall(given):
    """A loan of all that collateral allows becomes due exactly when its price falls by more than a part that the LTV gives.

    With LTV l: 1 - 2 * l / (1 + l) = (1 - l) / (1 + l).
    """
    price, fall = given.number("price"), given.number("fall")
    held = coin(given, given.number("collateral"), price)
    given.assume("there is collateral of some price", both(held.amount > 0, price > 0))
    ltv, value = held.token.ltv, held.amount * price
    loan = value * ltv
    threshold = borrow_liquidation.partial_threshold(ltv)
    due = borrow_liquidation.collateral_liquidatable(loan, value * (1 - fall), threshold)
    return due == (fall * (1 + ltv) > 1 - ltv)


@theorem(
    Family.USER_ACTIONS,
    regimes=(Regime.PORTFOLIO,),
    over="collateral",
    why="Under portfolio margin the ratio may pass its trigger before the loan passes its threshold.",
)
def an_account_that_owes_its_borrow_capacity_passes_the_trigger_exactly_beyond_a_fall(given):
    """A portfolio account without positions that owes all that its collateral allows passes the trigger exactly when its price falls by more than a part that LTV and trigger give.

    With LTV l and trigger u: 1 - 2 * l / (u * (1 + l)); earlier than its loan is due, (1 - l) / (1 + l).
    """
    venue, price, fall = venue_of(given, ratio=True), given.number("price"), given.number("fall")
    trigger, before = sound_trigger(given, venue), coin(given, given.number("collateral"), price)
    after = coin(given, before.amount, price * (1 - fall))
    sound_ltv(given, before)
    given.assume("there is collateral of some price", both(before.amount > 0, price > 0))
    owed, ltv = before.amount * price * before.token.ltv, before.token.ltv
    margin = portfolio_margin(venue, -owed, ZERO, [after])
    given.assume("the support is within the borrow cap", margin.support < margin.borrow_cap)
    due = pool_of(venue, Regime.PORTFOLIO, -owed, ZERO, [after]).perps_due
    return [
        Part("the trigger", due == (2 * ltv > trigger * (1 + ltv) * (1 - fall))),
        Part("before the threshold", due, fall * (1 + ltv) > 1 - ltv),
    ]


def hedge(given):
    """A perp beside collateral of its coin before and after an order that only reduces the perp."""
    size, order, value = given.number("value of the perp"), given.number("order"), given.number("collateral")
    rate, share = given.number("maintenance rate"), given.number("haircut rate")
    given.assume("the collateral is worth nothing less than zero", value >= 0)
    given.assume("rates lie above zero and at most at one", both(rate > 0, rate <= 1, share > 0, share <= 1))
    given.assume("the order only reduces", trading.only_reduces(size, order))
    return tuple(
        Exposure(
            name="coin", perp=perp_value, value=value, maintenance=absolute(perp_value) * rate, rate=rate,
            haircut=value * share, share=share,
        )
        for perp_value in (size, size + order)
    )  # fmt: skip


@theorem(
    Family.USER_ACTIONS,
    regimes=(Regime.PORTFOLIO,),
    why="'It only reduces' is taken as a promise that an account becomes safer.",
    false=True,
    repair="margin collateral and perps of one coin by their netted exposure, and ask margin of what enlarges it",
)
def a_reduce_only_order_never_raises_net_risk(given):
    """An order that only reduces a perp never raises the worst loss of the account over the moves that its requirement is stated for."""
    before, after = hedge(given)
    return after.worst() <= before.worst()


@theorem(
    Family.USER_ACTIONS,
    regimes=(Regime.PORTFOLIO,),
    why="A hedge that is taken off lowers what is asked and raises what can be lost.",
)
def a_reduce_only_order_raises_net_risk_only_where_it_leaves_collateral_unhedged(given):
    """An order that only reduces a perp never raises the requirement, and raises net risk only where the account is net long the coin after it, and not by its perp."""
    before, after = hedge(given)
    unhedged = both(after.perp + after.value > 0, after.perp <= 0)
    return [
        Part("the requirement", after.requirement <= before.requirement),
        Part("net risk", after.worst() <= before.worst(), negate(unhedged)),
    ]


def loan_beyond_trigger(venue, _token):
    """The loan (quote token) beyond which the margin ratio is above its trigger, however much collateral there is: u * B."""
    return venue.parameters.margin_ratio_trigger * venue.tokens[venue.quote].user_borrow_cap


def fall_to_threshold(_venue, token):
    """The fall of a collateral from which a loan at the borrowing limit is due: (1 - l) / (1 + l)."""
    return (1 - token.ltv) / (1 + token.ltv)


def fall_to_trigger(venue, token):
    """The fall from which an account that owes its borrow capacity passes the trigger: 1 - 2 * l / (u * (1 + l))."""
    return 1 - 2 * token.ltv / (venue.parameters.margin_ratio_trigger * (1 + token.ltv))


FIGURES = {
    "loan from which the ratio passes its trigger, whatever the collateral": loan_beyond_trigger,
    "fall of a collateral from which a loan at the borrowing limit is due": fall_to_threshold,
    "fall from which an account that owes its borrow capacity passes the trigger": fall_to_trigger,
}
