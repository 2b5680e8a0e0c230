"""The shape of the requirement: how it grows with size, and what splitting and merging do to it."""

from __future__ import annotations

from attrs import evolve

from solvent import Account, Dex, Position, Prices, assess
from solvent.account import Regime
from solvent.arithmetic import ONE, ZERO, both, either, maximum, negate
from solvent.prove.pools import (
    ANY,
    coin,
    markets,
    one_tier_more,
    pool_of,
    portfolio_margin,
    regimes_of,
    sound_amounts,
    sound_bounds,
    sound_ltv,
    sound_rates,
    sound_trigger,
    venue_of,
)
from solvent.prove.theorem import Family, Part, theorem
from solvent.rules import numbers, perp
from solvent.rules.kinds import Tier
from solvent.venue import MarginTable


def two_notionals(given):
    """Two notionals of any size."""
    one, other = given.number("notional"), given.number("other notional")
    given.assume("notionals are not negative", both(one >= 0, other >= 0))
    return one, other


def tables(given):
    """The margin tables of the venue by name, or one of two tiers with any numbers."""
    venue = venue_of(given, tables=True)
    sound_rates(given, venue)
    return {name: venue.tiers(market, None) for name, market in markets(venue)}


def line(notional, tier):
    """What a tier alone would ask."""
    return perp.maintenance_margin(notional, (tier,))


@theorem(
    Family.SHAPE,
    why="Every other statement about tiers rests on this one: a table is the highest of its lines, so it bends upwards only.",
)
def maintenance_margin_is_the_highest_of_the_lines_of_its_tiers(given):
    """Maintenance margin by a margin table is the largest of what each of its tiers alone would ask.

    MM(n) = max over tiers of r_k * n - d_k, by induction over tiers.
    """
    notional = given.number("notional")
    parts = [
        Part(name, perp.maintenance_margin(notional, tiers) == maximum(*(line(notional, t) for t in tiers)))
        for name, tiers in tables(given).items()
    ]
    if given.venue is None:
        before, after, found = one_tier_more(given, notional)
        last = Tier(
            ZERO, ONE, given.number("rate of the last tier"), given.number("deduction of the last tier")
        )
        claim = after == maximum(before, line(notional, found))
        parts.append(Part("one tier more", claim, before >= line(notional, last)))
    return parts


@theorem(
    Family.SHAPE,
    why="A requirement that jumps at a tier edge liquidates by a cent; one that falls with size invites size.",
)
def maintenance_margin_rises_with_size_and_without_a_jump(given):
    """Maintenance margin rises with notional at least at the rate of the first tier and at most at that of the last.

    r_first * (b - a) <= MM(b) - MM(a) <= r_last * (b - a) for a <= b: monotone, continuous, tier edges included. The
    margin truncated to the USD unit does not fall.
    """
    low, high = given.number("notional"), given.number("larger notional")
    given.assume("the second notional is not the smaller one", high >= low)
    unit, parts = venue_of(given, legs=True).parameters.usd_unit, []
    asked, more = given.number("maintenance margin"), given.number("larger maintenance margin")
    truncated = numbers.usd_amount(asked, unit) <= numbers.usd_amount(more, unit)
    parts.append(Part("truncated to the USD unit", truncated, asked <= more))
    for name, tiers in tables(given).items():
        small, large = (perp.maintenance_margin(n, tiers) for n in (low, high))
        parts.append(Part(name, _between(small, large, high - low, tiers[0].rate, tiers[-1].rate)))
    if given.venue is None:
        first, rate = given.number("first rate"), given.number("rate of the next tier")
        last = Tier(
            ZERO, ONE, given.number("rate of the last tier"), given.number("deduction of the last tier")
        )
        (before_low, after_low, _), (before_high, after_high, _) = (
            one_tier_more(given, n, f" at {place}")
            for n, place in ((low, "the smaller"), (high, "the larger"))
        )
        so_far = both(
            _between(before_low, before_high, high - low, first, last.rate),
            before_low >= line(low, last),
            before_high >= line(high, last),
            first <= last.rate,
        )
        parts.append(Part("one tier more", _between(after_low, after_high, high - low, first, rate), so_far))
    return parts


def _between(small, large, step, least, most):
    return both(large - small >= least * step, large - small <= most * step)


@theorem(
    Family.SHAPE,
    why="A larger book costs its venue more to close for each dollar of it, and must not ask less for each dollar.",
)
def maintenance_margin_is_convex(given):
    """Maintenance margin of a mixture of two notionals is at most the mixture of their maintenance margins.

    MM(w * a + (1 - w) * b) <= w * MM(a) + (1 - w) * MM(b) for w between zero and one; for any number of tiers, since
    the mixture stands on the line of one tier, and neither part asks less than that line.
    """
    a, b = given.number("notional"), given.number("other notional")
    weight = given.number("weight")
    given.assume("the weight lies between zero and one", both(weight >= 0, weight <= 1))
    mixed, parts = weight * a + (1 - weight) * b, []
    for name, tiers in tables(given).items() if given.venue else ():
        margins = [perp.maintenance_margin(n, tiers) for n in (mixed, a, b)]
        parts.append(Part(name, margins[0] <= weight * margins[1] + (1 - weight) * margins[2]))
    if given.venue is None:
        tier = Tier(ZERO, ONE, given.number("rate of its tier"), given.number("deduction of its tier"))
        asked, other = given.number("margin of the notional"), given.number("margin of the other notional")
        highest = both(asked >= line(a, tier), other >= line(b, tier))
        parts.append(Part("any tier", line(mixed, tier) <= weight * asked + (1 - weight) * other, highest))
    return parts


@theorem(
    Family.SHAPE,
    why="Nineteen wallets that held one position between them needed a third of the margin of one: POPCAT, November 2025.",
)
def splitting_a_position_never_raises_the_requirement(given):
    """A position of one side over several accounts never asks more maintenance margin than in one account.

    MM(a + b) >= MM(a) + MM(b), equal within the first tier: tiers are superadditive, and splitting pays.
    """
    a, b = two_notionals(given)
    parts = []
    sound_bounds(given, venue_of(given, tables=True))
    for name, tiers in tables(given).items():
        parted = perp.maintenance_margin(a, tiers) + perp.maintenance_margin(b, tiers)
        whole, first = perp.maintenance_margin(a + b, tiers), line(a + b, tiers[0])
        parts.append(Part(name, both(whole >= parted, either(whole > first, whole == parted))))
    if given.venue is None:
        higher, lower = (
            Tier(
                ZERO,
                ONE,
                given.number(f"rate of the {which} tier"),
                given.number(f"deduction of the {which} tier"),
            )
            for which in ("higher", "lower")
        )
        whole = given.number("margin of the whole")
        asked = both(whole >= line(a + b, higher), higher.rate >= lower.rate, lower.deduction >= 0)
        parts.append(Part("any two tiers", whole >= line(a, higher) + line(b, lower), asked))
    return parts


@theorem(
    Family.SHAPE,
    why="If tiers were subadditive, an owner would gain nothing from many wallets.",
    false=True,
    repair="set the tier of a position by all that its owner holds, or by the open interest of the market",
)
def merging_positions_of_one_side_never_raises_the_requirement(given):
    """A position of one side in one account never asks more maintenance margin than over several accounts."""
    a, b = two_notionals(given)
    found = tables(given)
    if given.venue is None:
        tiers = found[ANY]
        given.side("there is a second tier with a higher rate", tiers[0].rate < tiers[1].rate)
        given.side("its bound is above zero", tiers[1].lower_bound > 0)
    return [
        Part(
            name,
            perp.maintenance_margin(a + b, t)
            <= perp.maintenance_margin(a, t) + perp.maintenance_margin(b, t),
        )
        for name, t in found.items()
    ]


@theorem(
    Family.SHAPE,
    why="A hedge that costs margin is a reason to stay unhedged.",
)
def netting_opposite_positions_of_a_market_never_raises_the_requirement(given):
    """Positions of both sides of a market ask at most as much maintenance margin in one account as in two.

    MM(|a + b|) <= MM(|a|) + MM(|b|) for sizes a and b of opposite sides.
    """
    long, short, mark = given.number("long size"), given.number("short size"), given.number("mark price")
    given.assume("one is long and the other short", both(long >= 0, short <= 0))
    given.assume("the mark price is above zero", mark > 0)
    parts = []
    for name, tiers in tables(given).items():
        net, *apart = (
            perp.maintenance_margin(perp.notional(s, mark), tiers) for s in (long + short, long, short)
        )
        parts.append(Part(name, net <= apart[0] + apart[1]))
    return parts


@theorem(
    Family.SHAPE,
    why="Portfolio margin nets profit and loss, not requirements: nobody should expect an offset that is not there.",
)
def positions_of_different_markets_ask_for_the_sum_of_their_parts(given):
    """The requirement of positions in different markets is the sum of what each asks for alone, in every regime."""
    venue = venue_of(given, ratio=True, legs=True)
    rates = given.number("maintenance rate"), given.number("other maintenance rate")
    known = {
        name: MarginTable(name, (Tier(ZERO, ONE, r, ZERO),)) for name, r in zip("AB", rates, strict=True)
    }
    venue = evolve(venue, tables=known)
    prices = Prices(
        marks={"A": given.number("mark price of A", "100"), "B": given.number("mark price of B", "20")}
    )
    parts = []
    for regime in regimes_of(given):
        a, b = (Position(market=name, size=given.number(f"size of {name}", "5"), leverage=1) for name in "AB")
        asked = [
            assess(_account(regime, given.number("balance"), held), prices, venue).requirement
            for held in ((a, b), (a,), (b,))
        ]
        parts.append(Part(regime, asked[0] == asked[1] + asked[2]))
    return parts


def _account(regime, balance, positions):
    return Account(regime=regime, dexes=(Dex(raw=balance, positions=positions),))


@theorem(
    Family.SHAPE,
    regimes=(Regime.PORTFOLIO,),
    over="collateral",
    why="Switching portfolio margin on should never be what gets an account liquidated; without collateral it can.",
)
def portfolio_margin_asks_no_more_than_unified_exactly_with_enough_support(given):
    """An account is never liquidatable under portfolio margin and healthy as a unified one exactly when its support is large enough.

    With trigger u: exactly when u * K >= (1 - u) * MM, for u = 0.95 a support of a nineteenth of maintenance margin.
    With less, equity between MM and MM / u - K is liquidatable under portfolio margin alone.
    """
    venue, equity, maintenance = (
        venue_of(given, ratio=True),
        given.number("equity"),
        given.number("maintenance margin"),
    )
    trigger, own = sound_trigger(given, venue), coin(given, given.number("collateral"))
    sound_ltv(given, own)
    sound_amounts(given, own)
    support = portfolio_margin(venue, equity, maintenance, [own]).support
    alone = pool_of(venue, Regime.UNIFIED, equity, maintenance).liquidatable
    shared = pool_of(venue, Regime.PORTFOLIO, equity, maintenance, [own]).liquidatable
    enough = trigger * support >= (1 - trigger) * maintenance
    between = both(equity >= maintenance, trigger * equity < maintenance - trigger * support)
    return [
        Part("enough", either(negate(shared), alone), enough),
        Part("too little", both(shared, negate(alone)), both(negate(enough), between)),
        Part("too little, at maintenance margin", between, both(negate(enough), equity == maintenance)),
    ]


@theorem(
    Family.SHAPE,
    regimes=(Regime.PORTFOLIO,),
    why="Portfolio margin is sold as the mode that asks for less.",
    false=True,
    repair="hold an account without a virtual borrow to a ratio of one, as a unified account is",
)
def portfolio_margin_never_asks_more_than_unified_for_the_same_holdings(given):
    """An account that is healthy as a unified one is not liquidatable under portfolio margin."""
    venue, equity, maintenance = (
        venue_of(given, ratio=True),
        given.number("equity"),
        given.number("maintenance margin"),
    )
    trigger = sound_trigger(given, venue)
    given.side("the trigger is below one", trigger < 1)
    given.assume("there is a requirement", maintenance > 0)
    alone, shared = (
        pool_of(venue, regime, equity, maintenance) for regime in (Regime.UNIFIED, Regime.PORTFOLIO)
    )
    given.assume("the borrow cap is not negative", venue.tokens[venue.quote].user_borrow_cap >= 0)
    return either(alone.liquidatable, negate(shared.liquidatable))


def _two_accounts(given, venue):
    """Two portfolio accounts with any margin, and the account that has all of both; one collateral."""
    held = []
    for whose in ("one", "the other"):
        equity, maintenance = (
            given.number(f"equity of {whose}"),
            given.number(f"maintenance margin of {whose}"),
        )
        held.append((equity, maintenance, coin(given, given.number(f"collateral of {whose}"))))
    sound_amounts(given, *(own for *_, own in held))
    one, other = (portfolio_margin(venue, equity, maintenance, [own]) for equity, maintenance, own in held)
    (e1, m1, c1), (e2, m2, c2) = held
    return one, other, portfolio_margin(venue, e1 + e2, m1 + m2, [coin(given, c1.amount + c2.amount)])


@theorem(
    Family.SHAPE,
    regimes=(Regime.PORTFOLIO,),
    why="An owner who merges sub-accounts to save margin must not be liquidated for it.",
)
def merging_accounts_that_are_not_liquidatable_gives_one_that_is_not(given):
    """Two portfolio accounts within their ratio, merged, are within it, where requirements and supports add up.

    Requirements add up for positions in different markets, and in one market within the first tier; supports while the
    borrow cap does not bind. The accounts may themselves be merged ones, so it holds for any number.
    """
    trigger, rule, due = (
        sound_trigger(given, venue_of(given, ratio=True)),
        given.rule("PM-RATIO"),
        given.rule("PM-LIQUIDATABLE"),
    )
    names = ("equity", "maintenance margin", "support")
    one, other = ([given.number(f"{name} of {whose}") for name in names] for whose in ("one", "the other"))
    merged = [a + b for a, b in zip(one, other, strict=True)]
    safe = [
        negate(due(rule(maintenance, equity, ZERO, support, given.parameter("borrow_offset")), trigger))
        for equity, maintenance, support in (one, other, merged)
    ]
    return either(negate(safe[0]), negate(safe[1]), safe[2])


@theorem(
    Family.SHAPE,
    regimes=(Regime.PORTFOLIO,),
    over="collateral",
    why="A cap on each user bounds what one account may owe, not what one owner may.",
)
def merging_accounts_never_raises_their_support(given):
    """Two accounts merged have at most the support of both, and exactly as much while the borrow cap does not bind.

    min(cap, a + b) <= min(cap, a) + min(cap, b): caps are a reason to split.
    """
    venue = venue_of(given, ratio=True)
    one, other, merged = _two_accounts(given, venue)
    given.assume("the borrow cap is not negative", merged.borrow_cap >= 0)
    parts = one.support + other.support
    return both(merged.support <= parts, either(parts > merged.borrow_cap, merged.support == parts))


@theorem(
    Family.SHAPE,
    regimes=(Regime.PORTFOLIO,),
    over="collateral",
    why="If caps held owners, splitting would gain nothing.",
    false=True,
    repair="apply the user's caps to all accounts of an owner together",
)
def splitting_an_account_never_raises_its_support(given):
    """Two accounts have together at most the support of the account that has all of both."""
    venue = venue_of(given, ratio=True)
    one, other, merged = _two_accounts(given, venue)
    given.assume("the borrow cap is not negative", merged.borrow_cap >= 0)
    return one.support + other.support <= merged.support


@theorem(
    Family.SHAPE,
    why="Initial margin that maintenance margin overtakes leaves no room between opening and liquidation.",
)
def initial_margin_is_never_below_maintenance_margin(given):
    """Initial margin at any leverage of the first tier is at least maintenance margin, whatever tier prices carry the position to.

    It holds while no tier's largest leverage is below half of the first one's, and is twice maintenance margin in a
    tier that allows the leverage.
    """
    notional = given.number("notional")
    given.assume("the notional is not negative", notional >= 0)
    leverage = given.number("leverage")
    given.assume("the leverage is at least one", leverage >= 1)
    parts = []
    for name, tiers in _leveraged(given).items():
        highest = maximum(*(tier.rate for tier in tiers))
        given.side(
            "no tier halves the first tier's leverage more than once", highest * tiers[0].max_leverage <= ONE
        )
        initial = perp.initial_margin(notional, leverage)
        maintenance = perp.maintenance_margin(notional, tiers)
        parts.append(Part(name, initial >= maintenance, leverage <= tiers[0].max_leverage))
        allowed = perp.leverage_allowed(leverage, notional, tiers)
        twice = Part(f"{name}, in a tier that allows it", initial >= 2 * maintenance, allowed)
        parts.append(twice)
    return parts


def _leveraged(given):
    """Margin tables whose rates are those of their largest leverages (PERP-RATE)."""
    if given.venue is not None:
        return tables(given)
    bound, high, low = (
        given.number("tier bound"),
        given.number("largest leverage"),
        given.number("next largest leverage"),
    )
    given.side("the largest leverages fall from tier to tier, to one at least", both(high >= low, low >= 1))
    rates = [perp.maintenance_rate(leverage) for leverage in (high, low)]
    given.side("tier bounds rise from zero", bound > 0)
    deduction = perp.tier_deduction(ZERO, bound, *rates)
    return {ANY: (Tier(ZERO, high, rates[0], ZERO), Tier(bound, low, rates[1], deduction))}


@theorem(
    Family.SHAPE,
    why="A position without a requirement is a free option; truncation makes dust one.",
    false=True,
    repair="round maintenance margin up to the USD unit",
)
def every_position_has_a_requirement(given):
    """Every position with a notional above zero asks for maintenance margin above zero."""
    notional = given.number("notional")
    given.assume("there is a position", notional > 0)
    unit = venue_of(given, legs=True).parameters.usd_unit
    given.side("the USD unit is above zero", unit > 0)
    tiers = next(iter(tables(given).values()))
    return numbers.usd_amount(perp.maintenance_margin(notional, tiers), unit) > 0


def support_for_parity(venue, _token):
    """The least support, as a part of maintenance margin, with which portfolio margin asks no more than unified."""
    trigger = venue.parameters.margin_ratio_trigger
    return (1 - trigger) / trigger


FIGURES = {
    "support over maintenance margin from which portfolio asks no more than unified": support_for_parity
}
