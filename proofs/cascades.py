"""Cascades: forced sales lower the price that forces sales; when this dies out, and when it does not.

A price fall is a fraction of the price. A sale moves the price of its market by its notional over the depth width, as
TRADE-SLIPPAGE has it without spread. The gain of a market is what one unit of fall forces to be sold, over the width.
Nothing is said of single accounts but what a fall of x forces them to sell in all; they may be any number, and sell
whole positions.
"""

from __future__ import annotations

from solvent.account import Regime
from solvent.arithmetic import ONE, ZERO, absolute, both, either, negate
from solvent.prove.theorem import Family, Part, theorem
from solvent.rules import borrow_liquidation, liquidation, numbers, perp, portfolio, trading
from solvent.rules.kinds import Tier


def impact(sold, width):
    """How far a sale of this notional moves the price, as a fraction."""
    return trading.book_slippage(ZERO, sold, width)


def one_market(given):
    """A shock, the forced sale of one unit of fall (USD), and the depth width of the market (USD)."""
    shock, force, width = (
        given.number("shock", "0.1"),
        given.number("forced sale of one unit of fall", "500000"),
        given.number("depth width", "1000000"),
    )
    given.assume("the market has a depth", width > 0)
    return shock, force, width


@theorem(
    Family.CASCADES,
    why="liquidation sales set the price that the next liquidations were triggered by.",
)
def below_a_gain_of_one_a_shock_forces_a_bounded_sale(given):
    """With a gain G below one, a shock beyond a buffer is amplified by at most 1 / (1 - G), whatever the number of rounds.

    Where a fall of x forces at most F * (x - buffer) of sales and G = F / W: the price falls by at most
    buffer + (shock - buffer) / (1 - G), and at most F * (shock - buffer) / (1 - G) is sold. Accounts may be sold out whole.
    """
    shock, force, width = one_market(given)
    buffer, fall, sold = (
        given.number("buffer", "0.05"),
        given.number("fall so far", "0.1"),
        given.number("sold so far", "20000"),
    )
    given.assume("the gain is below one", both(force >= 0, force < width))
    given.assume("the shock passes the buffer", shock >= buffer)
    bound = buffer + (shock - buffer) * width / (width - force)
    given.assume("a fall forces at most its part beyond the buffer", sold <= force * (fall - buffer))
    return [
        Part("base: the shock is within the bound", shock <= bound),
        Part(
            "step: so is the fall after a further round",
            shock + impact(sold, width) <= bound,
            when=fall <= bound,
        ),
        Part(
            "so the sales are bounded",
            sold * (width - force) <= force * width * (shock - buffer),
            when=fall <= bound,
        ),
    ]


@theorem(Family.CASCADES, why="a bound that is never reached would be no reason to change a parameter.")
def the_bound_on_a_cascade_is_reached_in_the_limit(given):
    """Where each round sells exactly what its fall forces, (1 - G) * fall so far + last fall stays equal to the shock.

    With G < 1 the last fall shrinks by G each round, so the fall tends to shock / (1 - G): no smaller bound holds.
    """
    shock, force, width = one_market(given)
    fall, last = given.number("fall so far", "0"), given.number("last fall", "0.1")
    given.assume("the gain is below one", force < width)
    given.assume("the last fall is above zero", last > 0)
    following = impact(force * last, width)

    def level(fall, last):
        return (width - force) * fall + width * last

    return [
        Part("base", level(ZERO, shock) == width * shock),
        Part("step", level(fall + last, following) == level(fall, last)),
        Part(
            "and the last fall shrinks by the gain", both(following < last, following * width == force * last)
        ),
    ]


@theorem(Family.CASCADES, why="two minutes in which every sale forced a larger one.")
def at_a_gain_of_one_or_more_a_spiral_exists(given):
    """Where each round sells at least what its fall forces and G >= 1, no round falls by less than the shock.

    After n rounds the price has fallen by n times the shock at least: no bound holds for all n.
    """
    shock, force, width = one_market(given)
    fall, last, rounds, sold = (
        given.number(name) for name in ("fall so far", "last fall", "rounds", "sold in this round")
    )
    given.assume("the gain is one or more", force >= width)
    given.assume("the shock is above zero", shock > 0)
    given.assume("a fall forces at least so much", sold >= force * last)
    following = impact(sold, width)
    so_far = both(last >= shock, fall >= rounds * shock)
    return [
        Part("no round is smaller than the shock", following >= shock, when=last >= shock),
        Part("so falls add up without bound", fall + last >= (rounds + 1) * shock, when=so_far),
    ]


def two_ends(given):
    """Two falls, each of which is the shock and the impact of all that it forces to be sold."""
    shock, force, width = one_market(given)
    falls = [given.number(f"{which} fall") for which in ("one", "another")]
    sold = [given.number(f"sold at {which} fall") for which in ("one", "another")]
    given.assume(
        "more fall never forces more than its share",
        absolute(sold[0] - sold[1]) <= force * absolute(falls[0] - falls[1]),
    )
    given.assume(
        "each is where the cascade ends",
        both(*(f == shock + impact(s, width) for f, s in zip(falls, sold, strict=True))),
    )
    return force, width, falls


@theorem(Family.CASCADES, why="whether a close is a dip or a collapse must not depend on who trades first.")
def below_a_gain_of_one_a_shock_has_one_end(given):
    """With a gain below one there is one fall only that is the shock and the impact of all that it forces to be sold."""
    force, width, falls = two_ends(given)
    given.assume("the gain is below one", force < width)
    return falls[0] == falls[1]


@theorem(
    Family.CASCADES,
    why="whether a close is a dip or a collapse must not depend on who trades first.",
    false=True,
    repair="keep what one unit of fall forces to be sold below the depth width",
)
def the_price_after_forced_sales_follows_from_the_shock(given):
    """A shock has one end only: the price after all forced sales follows from it, whatever the gain."""
    _, _, falls = two_ends(given)
    shock, sold = (
        given.number("shock"),
        [given.number(f"sold at {which} fall") for which in ("one", "another")],
    )
    given.assume(
        "the shock is above zero, and nobody is forced to buy", both(shock > 0, sold[0] >= 0, sold[1] >= 0)
    )
    given.assume("prices stay above zero", both(falls[0] < 1, falls[1] < 1))
    return falls[0] == falls[1]


def two_markets(given):
    """The depth widths of spot and perp, and what one unit of fall in each forces to be sold in each."""
    width = [given.number(f"depth width of {m}", "1000000") for m in ("spot", "perp")]
    force = [
        [given.number(f"forced sale in {m} of one unit of fall in {of}", "300000") for of in ("spot", "perp")]
        for m in ("spot", "perp")
    ]
    given.assume("both markets have a depth", both(width[0] > 0, width[1] > 0))
    given.assume("a fall forces nobody to buy", both(*(f >= 0 for row in force for f in row)))
    return width, force


def calm(width, force):
    """Whether each market is calm by itself, and both are together: the gain matrix has a spectral radius below one."""
    alone = [width[i] - force[i][i] for i in (0, 1)]
    return both(alone[0] > 0, alone[1] > 0, alone[0] * alone[1] > force[0][1] * force[1][0])


@theorem(
    Family.CASCADES,
    why="collateral of a lending pool was sold where perps of the same coin were liquidated.",
)
def two_markets_with_shared_collateral_amplify_a_shock_boundedly_below_a_joint_gain_of_one(given):
    """Spot and perp that force sales in each other stay within X = (I - G)^-1 * shock exactly while G has a radius below one.

    G11 < 1, G22 < 1 and (1 - G11) * (1 - G22) > G12 * G21, where Gij is what a unit of fall in j forces to be sold in i,
    over the width of i: the fall in spot is at most ((1 - G22) * s1 + G12 * s2) / det, and that in perp alike.
    """
    width, force = two_markets(given)
    shock = [given.number(f"shock to {m}", "0.1") for m in ("spot", "perp")]
    fall = [given.number(f"fall of {m} so far", "0.1") for m in ("spot", "perp")]
    sold = [given.number(f"sold in {m} so far", "60000") for m in ("spot", "perp")]
    given.assume("the joint gain is below one", calm(width, force))
    given.assume("shocks are not gains", both(shock[0] >= 0, shock[1] >= 0))
    alone = [width[i] - force[i][i] for i in (0, 1)]
    rest = alone[0] * alone[1] - force[0][1] * force[1][0]
    bound = [
        (alone[1 - i] * width[i] * shock[i] + force[i][1 - i] * width[1 - i] * shock[1 - i]) / rest
        for i in (0, 1)
    ]
    within = both(*(fall[i] <= bound[i] for i in (0, 1)))
    forced = both(*(sold[i] <= force[i][0] * fall[0] + force[i][1] * fall[1] for i in (0, 1)))
    return [
        Part("base: the shock is within the bound", both(*(shock[i] <= bound[i] for i in (0, 1)))),
        Part("step in spot", shock[0] + impact(sold[0], width[0]) <= bound[0], when=both(within, forced)),
        Part("step in perp", shock[1] + impact(sold[1], width[1]) <= bound[1], when=both(within, forced)),
    ]


@theorem(Family.CASCADES, why="a spiral needs no market that would spiral by itself.")
def two_markets_spiral_at_a_joint_gain_of_one_or_more(given):
    """Where the joint gain is one or more there is a pair of falls that forces sales which move both prices as far again.

    The pair is (1, 0) or (0, 1) where a market spirals by itself, else (G12, 1 - G11).
    """
    width, force = two_markets(given)
    pairs = {
        "spot by itself": ((ONE, ZERO), force[0][0] >= width[0]),
        "perp by itself": ((ZERO, ONE), force[1][1] >= width[1]),
        "both": (
            (force[0][1], width[0] - force[0][0]),
            both(negate(calm(width, force)), force[0][0] < width[0], force[1][1] < width[1]),
        ),
    }

    def repeats(pair):
        sold = [force[i][0] * pair[0] + force[i][1] * pair[1] for i in (0, 1)]
        falls = both(*(impact(sold[i], width[i]) >= pair[i] for i in (0, 1)))
        return both(falls, pair[0] >= 0, pair[1] >= 0, pair[0] + pair[1] > 0)

    every = either(*(when for _, when in pairs.values()))
    return [
        *(Part(name, repeats(pair), when=when) for name, (pair, when) in pairs.items()),
        Part("one of them, unless the joint gain is below one", every == negate(calm(width, force))),
    ]


@theorem(
    Family.CASCADES,
    why="Depth is measured market by market, and so are the gains that risk teams watch.",
    false=True,
    repair="ask (1 - G11) * (1 - G22) > G12 * G21 of spot and perp together",
)
def two_markets_that_are_calm_by_themselves_are_calm_together(given):
    """Where spot and perp each have a gain below one, they amplify no shock without bound together."""
    width, force = two_markets(given)
    given.assume("each is calm by itself", both(force[0][0] < width[0], force[1][1] < width[1]))
    return calm(width, force)


def forced_perps(value, threshold, size, rate, trigger, slippage):
    """What one unit of fall of the collateral, and one of the perp, force a portfolio account at its trigger to sell of perps."""
    healing = (2 - trigger) * rate - slippage
    return trigger * threshold * value / healing, size * (1 - (2 - trigger) * rate) / healing


def forced_collateral(value, threshold, cost):
    """What one unit of fall of collateral at its partial threshold, and one USD of further debt, force to be sold of it."""
    return threshold * value / (1 - cost - threshold), 1 / (1 - cost - threshold)


def long_after_a_fall(given, rate, fall):
    """A long of a margin pool after a fall and the closing of a part: equity before, and equity and requirement after.

    Sizes are in contracts of one USD before the fall.
    """
    size, cash, closed = (
        given.number("size", "100"),
        given.number("balance", "-95"),
        given.number("closed", "10"),
    )
    slippage = given.number("slippage", "0")
    tiers = [Tier(ZERO, ONE, rate, ZERO)]
    given.assume("a long is closed in part, or all of it", both(closed > 0, closed <= size))
    left = liquidation.equity_after_close(
        perp.perp_equity(cash, [size], [1 - fall]), closed, 1 - fall, slippage
    )
    before = perp.perp_equity(cash, [size], [ONE]), perp.maintenance_margin(perp.notional(size, ONE), tiers)
    after = left, perp.maintenance_margin(perp.notional(size - closed, 1 - fall), tiers)
    return before, after, closed * (1 - fall)


@theorem(
    Family.CASCADES,
    regimes=(Regime.CROSS, Regime.UNIFIED),
    why="the sale that a small fall forces is a multiple of what was lost, and the multiple is the leverage.",
)
def at_the_trigger_a_fall_forces_a_long_to_sell_a_known_multiple_of_it(given):
    """A fall of x from the trigger forces a long of notional N to sell exactly x * N * (1 - r) / (r - c).

    So the longs at the trigger are calm below a notional of W * (r - c) / (1 - r): at a rate of 5 % and without
    slippage 1 / 19 of the depth width.
    """
    rate, fall = given.number("maintenance rate", "0.05"), given.number("fall", "0.01")
    before, after, sold = long_after_a_fall(given, rate, fall)
    size, slippage = given.number("size", "100"), given.number("slippage", "0")
    given.assume("the account stands at the trigger", before[0] == before[1])
    healed = liquidation.liquidation_stops(*after)
    return healed == (sold * (rate - slippage) >= fall * size * (1 - rate))


@theorem(
    Family.CASCADES,
    regimes=(Regime.PORTFOLIO,),
    over="collateral",
    why="collateral that falls forces the sale of perps that have not moved.",
)
def at_the_trigger_of_portfolio_margin_a_fall_of_collateral_forces_sales_of_perps(given):
    """At the trigger q of portfolio margin, falls x of collateral V and y of a long N force exactly one sale of perps.

    n = (q * t * V * x + N * (1 - (2 - q) * r) * y) / ((2 - q) * r - c), with threshold t, while there is virtual borrow:
    the collateral's part is what couples spot to perp, whatever the coin of the perp.
    """
    rate, value = given.number("maintenance rate", "0.05"), given.number("collateral", "100")
    falls = given.number("fall of the collateral", "0.01"), given.number("fall of the perp", "0.01")
    trigger, slippage = given.parameter("margin_ratio_trigger"), given.number("slippage", "0")
    threshold = portfolio.liquidation_threshold(given.parameter("token.ltv"))
    before, after, sold = long_after_a_fall(given, rate, falls[1])

    def ratio(pool, price):
        support = portfolio.collateral_support([value], [price], [threshold], ONE, value)
        rule, offset = given.rule("PM-RATIO"), given.parameter("borrow_offset")
        return rule(pool[1], pool[0], given.number("loan"), support, offset)

    was, now = ratio(before, ONE), ratio(after, 1 - falls[0])
    given.side("the threshold is a fraction", both(threshold >= 0, threshold <= 1))
    given.assume(
        "there is collateral that falls by a fraction", both(value > 0, falls[0] >= 0, falls[0] <= 1)
    )
    given.assume(
        "there is virtual borrow, before and after", both(before[0] < before[1], after[0] < after[1])
    )
    missing = [q.numerator - trigger * q.denominator for q in (was, now)]
    healed, healing = negate(given.rule("PM-LIQUIDATABLE")(now, trigger)), (2 - trigger) * rate - slippage
    given.assume("closing perps heals", healing > 0)
    of_collateral, of_perp = forced_perps(
        value, threshold, given.number("size", "100"), rate, trigger, slippage
    )
    forced = of_collateral * falls[0] + of_perp * falls[1]
    return [
        Part("what is missing grows by what is forced", missing[1] - missing[0] == (forced - sold) * healing),
        Part("and nothing is missing in health", healed == (missing[1] <= 0)),
    ]


@theorem(
    Family.CASCADES,
    regimes=(Regime.CROSS, Regime.UNIFIED, Regime.PORTFOLIO),
    over="collateral",
    why="a lending pool sells into the market that prices its collateral.",
)
def at_the_partial_threshold_falls_force_a_known_sale_of_collateral(given):
    """At the partial threshold t a fall x of collateral V and a loss L that is borrowed force the sale of exactly (t * V * x + L) / (1 - c - t).

    c is what the sale costs. So collateral at its threshold is calm below W * (1 - c - t) / t of it.
    """
    value, fall, loss = (
        given.number("collateral", "100000"),
        given.number("fall", "0.01"),
        given.number("loss that is borrowed", "0"),
    )
    part, cost = given.number("part", "0.5"), given.number("cost of the sale", "0")
    threshold = borrow_liquidation.partial_threshold(given.parameter("token.ltv"))
    debt, worth = threshold * value + loss, value * (1 - fall)
    given.assume("there is collateral, and a sale leaves something", both(value > 0, cost >= 0, cost < 1))
    sold = part * worth - borrow_liquidation.left_with_owner(part * worth, part * debt, cost)
    healed = negate(borrow_liquidation.collateral_liquidatable(debt - part * debt, worth - sold, threshold))
    given.assume("a sale brings more than the threshold", 1 - cost > threshold)
    of_fall, of_debt = forced_collateral(value, threshold, cost)
    return healed == (sold >= of_fall * fall + of_debt * loss)


@theorem(
    Family.CASCADES,
    regimes=(Regime.PORTFOLIO,),
    over="collateral",
    why="Collateral and a long perp of its own coin, at the trigger and at the threshold: the worst of both markets.",
)
def the_gains_of_spot_and_perp_add_up_when_collateral_is_shared(given):
    """Collateral V at its threshold and longs N at the trigger are calm exactly while A + B < 1 + A * B * (1 - q / (1 - (2 - q) * r)).

    A = t * V / (W1 * (1 - c - t)) is the gain of spot and B = N * (1 - (2 - q) * r) / (W2 * ((2 - q) * r - c)) that of perp;
    the last term is small, so the gains add up: two markets at 60 % of their own limit spiral together.
    """
    rate, value, size = (
        given.number("maintenance rate", "0.05"),
        given.number("collateral", "100000"),
        given.number("longs", "10000"),
    )
    trigger, cost = given.parameter("margin_ratio_trigger"), given.number("slippage", "0")
    threshold = portfolio.liquidation_threshold(given.parameter("token.ltv"))
    width = [given.number(f"depth width of {m}", "1000000") for m in ("spot", "perp")]
    twice = (2 - trigger) * rate
    given.assume(
        "slippage is below the rate and below what the threshold leaves",
        both(twice > cost, 1 - cost > threshold),
    )
    given.assume("the rate leaves something", twice < 1)
    given.assume(
        "there are depth, collateral and longs", both(width[0] > 0, width[1] > 0, value >= 0, size >= 0)
    )
    of_fall, of_debt = forced_collateral(value, threshold, cost)
    force = [[of_fall, of_debt * size], forced_perps(value, threshold, size, rate, trigger, cost)]
    gains = [force[i][i] / width[i] for i in (0, 1)]
    together = gains[0] * gains[1] * (1 - trigger / (1 - twice))
    return calm(width, force) == both(gains[0] < 1, gains[1] < 1, gains[0] + gains[1] < 1 + together)


@theorem(
    Family.CASCADES,
    regimes=(Regime.CROSS, Regime.UNIFIED, Regime.PORTFOLIO),
    why="The docs take the oracle of HYPE from the venue's own spot market, and the borrow oracle from spot, mark and oracle.",
)
def collateral_whose_oracle_is_its_own_spot_price_has_no_second_opinion(given):
    """Where the perp's oracle is the spot price, the borrow oracle price is the spot price whatever the mark price is.

    Two of the three sources are one, so forced sales of collateral move its own price one for one. With a USDT price u
    besides, it lies between spot and u * spot.
    """
    spot, mark, usdt = (
        given.number("spot price", "40"),
        given.number("mark price", "44"),
        given.number("USDT price", "1"),
    )
    given.assume("the spot price is above zero", spot > 0)
    price = numbers.borrow_oracle_price(spot, mark, spot, usdt)
    return [
        Part("without a USDT price", price == spot, when=usdt == 1),
        Part("with one below", both(spot * usdt <= price, price <= spot), when=usdt <= 1),
        Part("with one above", both(spot <= price, price <= spot * usdt), when=usdt >= 1),
    ]


def calm_collateral(_, token):
    """The collateral (USD) at its partial threshold below which its sale cannot spiral, by the depth width of the takeover."""
    threshold = borrow_liquidation.partial_threshold(token.ltv)
    return ZERO if token.depth_width is None else token.depth_width * (1 - threshold) / threshold


FIGURES = {"collateral at its threshold (USD) from which its sale may spiral": calm_collateral}
