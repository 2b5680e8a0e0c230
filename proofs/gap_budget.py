"""The gap budget: the largest joint move of prices, without a chance to trade, from which no account goes bankrupt."""

from __future__ import annotations

from fractions import Fraction

from solvent.account import Regime
from solvent.arithmetic import ZERO, both, either, maximum, negate
from solvent.prove.pools import (
    coin,
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
from solvent.regimes import portfolio as portfolio_regime
from solvent.rules import perp

WITHOUT_COLLATERAL = (Regime.ISOLATED, Regime.CROSS, Regime.UNIFIED)


def cap_of(venue):
    """The user's borrow cap of the quote token."""
    return venue.tokens[venue.quote].user_borrow_cap


@theorem(
    Family.COVERAGE,
    regimes=WITHOUT_COLLATERAL,
    why="A gap without a chance to trade: the larger it may be, the less the liquidator vault has to bear.",
)
def an_account_that_is_not_liquidatable_survives_every_move_that_its_maintenance_margin_covers(given):
    """An account that is not liquidatable is not bankrupt after a joint move that costs each position at most its maintenance margin.

    Gap budget: |n_i| * x_i <= MM_i for every position i, the first tier's rate where nothing else is known. It is
    exact: with equity at maintenance margin any joint move that costs more bankrupts the account.
    """
    venue, size = venue_of(given), given.number("size")
    price, after = given.number("mark price"), given.number("mark price after")
    charged, rest = given.number("maintenance margin"), given.number("maintenance margin of the rest")
    rest_loss, balance = given.number("loss of the rest"), given.number("balance, with the value of the rest")
    loss = perp.perp_equity(ZERO, [size], [price]) - perp.perp_equity(ZERO, [size], [after])
    parts = []
    for regime in regimes_of(given, *WITHOUT_COLLATERAL):
        alone = regime is Regime.ISOLATED
        others, others_loss = (ZERO, ZERO) if alone else (rest, rest_loss)
        equity = perp.perp_equity(balance, [size], [price])
        left = perp.perp_equity(balance - others_loss, [size], [after])
        before = pool_of(venue, regime, equity, charged + others)
        then = pool_of(venue, regime, left, given.number("maintenance margin after"))
        covered = both(negate(before.liquidatable), loss <= charged, others_loss <= others)
        at_margin = both(before.available == 0, loss + others_loss > charged + others)
        parts += [
            Part(f"{regime}: covered", negate(then.bankrupt), covered),
            Part(f"{regime}: no more", both(negate(before.liquidatable), then.bankrupt), at_margin),
        ]
    return parts


def book(given, venue, owed=ZERO):
    """A portfolio account of any size: its margin, and what a joint move costs it beside what it was worth."""
    equity, maintenance = given.number("equity"), given.number("maintenance margin")
    own, other = (
        coin(given, given.number("collateral")),
        other_collateral(given, given.number("other collateral")),
    )
    sound_amounts(given, own, other)
    return portfolio_margin(venue, equity, maintenance, [own, other], owed)


def fallen(given, margin, loss, *falls):
    """The same account after its perps have lost so much, and its collateral has fallen by these parts."""
    held = [
        type(c)(token=c.token, amount=c.amount, held=c.held, price=c.price * (1 - fall))
        for c, fall in zip(margin.collateral, falls, strict=True)
    ]
    maintenance = given.number("maintenance margin after")
    return portfolio_margin(
        given.venue or venue_of(given, ratio=True),
        margin.margin.equity - loss,
        maintenance,
        held,
        margin.loan,
    )


@theorem(
    Family.COVERAGE,
    regimes=(Regime.PORTFOLIO,),
    over="collateral",
    why="LTV and thresholds are set so that collateral can fall in one jump without a loss for the lending pool.",
)
def a_portfolio_account_that_is_not_liquidatable_survives_every_move_within_the_gap_budget(given):
    """A portfolio account that is not liquidatable is not bankrupt after a joint move that costs at most its gap budget.

    With trigger u and threshold t: loss of perps + sum of V_i * y_i <= (2 - u) * MM + sum of V_i * (1 - u * t_i). It
    holds if perps move against it by at most (2 - u) times their maintenance rate and each collateral falls by at most
    1 - u * t = 1 - u * (1 + LTV) / 2. It is exact: at the trigger, with the cap not binding, a larger loss bankrupts.
    """
    venue = venue_of(given, ratio=True)
    trigger, margin = sound_trigger(given, venue), book(given, venue, given.number("loan"))
    loss, fall, other_fall = (
        given.number("loss of perps"),
        given.number("fall"),
        given.number("fall of the other collateral"),
    )
    own, other = margin.collateral
    budget = (2 - trigger) * margin.margin.maintenance + sum(
        c.amount * c.price * (1 - trigger * c.token.threshold) for c in margin.collateral
    )
    cost = loss + own.amount * own.price * fall + other.amount * other.price * other_fall
    before = portfolio_regime.pool_of(margin, (), venue)
    then = portfolio_regime.pool_of(fallen(given, margin, loss, fall, other_fall), (), venue)
    worth = own.amount * own.price * own.token.threshold + other.amount * other.price * other.token.threshold
    least = margin.margin.equity == (2 - trigger) * margin.margin.maintenance - trigger * worth
    at = both(least, worth <= margin.borrow_cap, negate(before.liquidatable))
    each = both(
        loss <= (2 - trigger) * margin.margin.maintenance,
        fall <= 1 - trigger * own.token.threshold,
        other_fall <= 1 - trigger * other.token.threshold,
    )
    return [
        Part("within the budget", negate(then.bankrupt), both(negate(before.liquidatable), cost <= budget)),
        Part("each within its own", cost <= budget, each),
        Part("beyond the budget", then.bankrupt, both(at, cost > budget)),
    ]


@theorem(
    Family.COVERAGE,
    regimes=(Regime.PORTFOLIO,),
    over="collateral",
    why="A long perp on the coin of its own collateral loses twice when the coin falls: wrong-way risk.",
)
def a_fall_of_a_coin_that_is_collateral_and_perp_is_survived_exactly_within_a_shared_budget(given):
    """With a perp on the coin of its collateral, an account that is not liquidatable survives every fall y within a shared budget.

    y * (V + P) <= (2 - u) * MM + (1 - u * t) * V, P the perp's value, below zero for a short: the more of the coin is
    long, the smaller the fall, down to (2 - u) times the maintenance rate; for a short it may be any fall at all.
    """
    venue = venue_of(given, ratio=True)
    trigger, equity, maintenance = (
        sound_trigger(given, venue),
        given.number("equity"),
        given.number("maintenance margin"),
    )
    perp_value, fall, own = (
        given.number("value of the perp"),
        given.number("fall"),
        coin(given, given.number("collateral")),
    )
    margin = portfolio_margin(venue, equity, maintenance, [own])
    value, threshold = own.amount * own.price, own.token.threshold
    budget = (2 - trigger) * maintenance + (1 - trigger * threshold) * value
    before = portfolio_regime.pool_of(margin, (), venue)
    then = portfolio_regime.pool_of(fallen(given, margin, fall * perp_value, fall), (), venue)
    at = both(
        equity == (2 - trigger) * maintenance - trigger * value * threshold,
        value * threshold <= margin.borrow_cap,
        negate(before.liquidatable),
    )
    cost = fall * (value + perp_value)
    return [
        Part("long, within", negate(then.bankrupt), both(negate(before.liquidatable), perp_value >= 0, cost <= budget)),
        Part("short, within", negate(then.bankrupt), both(negate(before.liquidatable), perp_value < 0, cost <= budget)),
        Part("beyond", then.bankrupt, both(at, cost > budget)),
    ]  # fmt: skip


@theorem(
    Family.COVERAGE,
    regimes=(Regime.PORTFOLIO,),
    over="collateral",
    why="The carry trade is what portfolio margin is made for: how much of the coin must be hedged to survive anything?",
)
def a_carry_hedged_enough_survives_every_move_of_its_coin(given):
    """An account that is not liquidatable with a short perp on the coin of its collateral survives every move, if the hedge is large enough.

    Hedge over collateral between u * t / (1 + (2 - u) * r) and one, at maintenance rate r: no move of the coin, down
    to zero or up without end, bankrupts it. A smaller hedge does not survive a fall to zero from the trigger.
    """
    venue = venue_of(given, ratio=True)
    trigger, equity, hedge = (
        sound_trigger(given, venue),
        given.number("equity"),
        given.number("value of the short perp"),
    )
    rate, move, own = (
        given.number("maintenance rate"),
        given.number("move"),
        coin(given, given.number("collateral")),
    )
    sound_ltv(given, own)
    given.assume("the maintenance rate is not negative", rate >= 0)
    given.assume("the hedge is above zero and not above the collateral", both(hedge > 0, hedge <= own.amount))
    given.assume("a price cannot fall below zero", move >= -1)
    margin = portfolio_margin(venue, equity, rate * hedge, [own])
    supported = own.amount * own.token.threshold
    before = portfolio_regime.pool_of(margin, (), venue)
    then = portfolio_regime.pool_of(fallen(given, margin, move * hedge, -move), (), venue)
    safe = negate(before.liquidatable)
    enough = (1 + (2 - trigger) * rate) * hedge >= trigger * supported
    at = both(
        safe, equity == (2 - trigger) * rate * hedge - trigger * supported, supported <= margin.borrow_cap
    )
    return [
        Part("a fall", negate(then.bankrupt), both(safe, enough, move <= 0)),
        Part("a rise", negate(then.bankrupt), both(safe, move >= 0)),
        Part("a smaller hedge", then.bankrupt, both(at, negate(enough), move == -1)),
    ]


@theorem(
    Family.COVERAGE,
    regimes=(Regime.PORTFOLIO,),
    over="collateral",
    why="A delta-neutral carry is liquidated on a rally: its perp loses in full what its collateral gains at the threshold.",
)
def a_full_hedge_is_liquidated_by_a_rally_exactly_beyond_a_price(given):
    """An account that is fully hedged in its coin becomes liquidatable in a rally exactly beyond a price that trigger, threshold and rate give.

    Collateral N, short N of the same coin, equity f * N beside it: a rise x keeps it from liquidation while
    x * (1 + (2 - u) * r - u * t) <= f + u * t - (2 - u) * r. With f = 0, t = 0.75, r = 1/80: x = 2.33.
    """
    venue = venue_of(given, ratio=True)
    trigger, equity = sound_trigger(given, venue), given.number("equity")
    rate, rise = given.number("maintenance rate"), given.number("rise")
    own = coin(given, given.number("collateral"))
    sound_amounts(given, own)
    sound_ltv(given, own)
    threshold, hedge = own.token.threshold, own.amount
    given.assume(
        "the haircut and the rate leave a virtual borrow", trigger * threshold >= (1 - trigger) * rate
    )
    given.assume("the coin rises", rise >= 0)
    moved = coin(given, own.amount, 1 + rise)
    then = pool_of(venue, Regime.PORTFOLIO, equity - rise * hedge, rate * hedge * (1 + rise), [moved])
    given.assume(
        "the borrow cap does not bind",
        hedge * (1 + rise) * threshold <= cap_of(venue),
    )
    bound = equity + hedge * (trigger * threshold - (2 - trigger) * rate)
    return then.liquidatable == (rise * hedge * (1 + (2 - trigger) * rate - trigger * threshold) > bound)


@theorem(
    Family.COVERAGE,
    why="A venue that finds an account bankrupt before it may liquidate it can only lose.",
)
def a_bankrupt_account_is_liquidatable(given):
    """An account with margin in one token that is bankrupt is liquidatable."""
    venue, equity, maintenance = (
        venue_of(given, ratio=True),
        given.number("equity"),
        given.number("maintenance margin"),
    )
    given.assume("maintenance margin is not negative", maintenance >= 0)
    parts = []
    for regime in regimes_of(given):
        collateral = ()
        if regime is Regime.PORTFOLIO:
            sound_trigger(given, venue)
            collateral = [
                coin(given, given.number("collateral")),
                other_collateral(given, given.number("other collateral")),
            ]
            sound_ltv(given, *collateral)
            sound_amounts(given, *collateral)
        pool = pool_of(venue, regime, equity, maintenance, collateral, given.number("loan"))
        parts.append(Part(regime, either(negate(pool.bankrupt), pool.liquidatable)))
    return parts


@theorem(
    Family.COVERAGE,
    regimes=(Regime.PORTFOLIO,),
    over="collateral",
    why="Each borrowable token counts all of the collateral: two shortfalls may rest on the same coins.",
    false=True,
    repair="count collateral once: subtract from the support of a token what other tokens already owe",
)
def an_account_with_margin_in_two_tokens_is_liquidatable_before_it_is_bankrupt(given):
    """A portfolio account that owes in two tokens against the same collateral is liquidatable when it is bankrupt."""
    venue = venue_of(given, ratio=True)
    sound_trigger(given, venue)
    own = coin(given, given.number("collateral"))
    sound_ltv(given, own)
    one = portfolio_margin(venue, given.number("equity in one token"), ZERO, [own])
    other = portfolio_margin(venue, given.number("equity in the other token"), ZERO, [own])
    pools = [portfolio_regime.pool_of(a, (b,), venue) for a, b in ((one, other), (other, one))]
    due = either(*(pool.liquidatable for pool in pools))
    lent = [t for t in venue.tokens.values() if t.is_borrowable and not t.is_collateral]
    only_one = given.venue is not None and len(lent) < 2
    return either(only_one, negate(either(*(pool.bankrupt for pool in pools))), due)


@theorem(
    Family.COVERAGE,
    regimes=(Regime.PORTFOLIO,),
    over="collateral",
    why="A trader who holds a coin and is short as much of it expects nothing from a move of the coin.",
    false=True,
    repair="credit what the collateral has gained against the loss of its own hedge without a haircut",
)
def a_full_hedge_is_never_liquidated_by_a_move_of_its_coin(given):
    """An account that is short exactly its collateral, and not liquidatable, stays so whatever its coin does."""
    venue, equity, move = venue_of(given, ratio=True), given.number("equity"), given.number("move")
    sound_trigger(given, venue)
    rate, own = given.number("maintenance rate"), coin(given, given.number("collateral"))
    sound_ltv(given, own)
    given.assume("a price does not fall to zero", move > -1)
    given.assume("the maintenance rate lies between zero and one", both(rate > 0, rate < 1))
    given.assume("there is collateral", own.amount > 0)
    given.assume("the borrow cap does not bind", own.amount * (1 + maximum(ZERO, move)) <= cap_of(venue))
    hedge, moved = own.amount, coin(given, own.amount, 1 + move)
    before = pool_of(venue, Regime.PORTFOLIO, equity, rate * hedge, [own])
    then = pool_of(venue, Regime.PORTFOLIO, equity - move * hedge, rate * hedge * (1 + move), [moved])
    return either(before.liquidatable, negate(then.liquidatable))


def trigger_of(venue):
    return venue.parameters.margin_ratio_trigger


def collateral_gap(venue, token):
    """The largest fall of a collateral that no account at the trigger goes bankrupt from: 1 - u * t."""
    return 1 - trigger_of(venue) * token.threshold


def perp_gap(venue, market):
    """The largest move of a market that no isolated, cross or unified account goes bankrupt from: the first tier's rate."""
    return venue.tiers(market, None)[0].rate


def portfolio_perp_gap(venue, market):
    """The largest move of a market that no portfolio account goes bankrupt from: (2 - u) times the first tier's rate."""
    return (2 - trigger_of(venue)) * perp_gap(venue, market)


def hedge_for_every_fall(venue, token, market):
    """The least short perp, as a part of its coin's collateral, with which an account survives a fall to zero."""
    supported = trigger_of(venue) * venue.tokens[token].threshold
    return supported / (1 + (2 - trigger_of(venue)) * perp_gap(venue, market))


def wrong_way_gap(venue, token, market, long_per_collateral=Fraction(1)):
    """The largest fall of a coin that is collateral and, so many times its value, long perp."""
    share = long_per_collateral
    covered = portfolio_perp_gap(venue, market) * share + collateral_gap(venue, venue.tokens[token])
    return covered / (1 + share)


def carry_rally(venue, token, market, equity=Fraction(0)):
    """The rise of its coin beyond which a full hedge is liquidated, with equity beside it as a part of its value."""
    supported = trigger_of(venue) * venue.tokens[token].threshold - portfolio_perp_gap(venue, market)
    return (equity + supported) / (1 - supported)


FIGURES = {"largest fall of the collateral without bankruptcy": collateral_gap}
