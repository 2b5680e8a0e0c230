"""The displayed liquidation price: the root of the rule, when there is none, and how far it lies beyond the trigger."""

from __future__ import annotations

from solvent.account import Regime
from solvent.arithmetic import ONE, ZERO, absolute, both, either, negate
from solvent.prove.pools import (
    coin,
    markets,
    pool_of,
    sound_amounts,
    sound_bounds,
    sound_ltv,
    sound_rates,
    sound_trigger,
    venue_of,
)
from solvent.prove.theorem import Family, Part, theorem
from solvent.rules import borrow_liquidation, liquidation_price, perp
from solvent.rules.kinds import Tier

SIDES = ((1, "long"), (-1, "short"))


def tables(given):
    """The margin tables of the venue by name, or one of two tiers with any numbers."""
    venue = venue_of(given, tables=True)
    sound_rates(given, venue)
    return {name: venue.tiers(market, None) for name, market in markets(venue)}


class Priced:
    """A position at its mark, with all that other positions and balances leave after their own maintenance margin."""

    def __init__(self, given, side, tiers):
        size, mark = given.number("size"), given.number("mark price")
        given.assume("the size and the mark price are above zero", both(size > 0, mark > 0))
        self.size, self.mark, self.tiers = side * size, mark, tiers
        self.others = given.number("available of the rest")
        self.maintenance = perp.maintenance_margin(perp.notional(self.size, mark), tiers)
        self.free = self.others - self.maintenance
        self.root = given.rule("LIQPX-ROOT")(self.size, mark, self.free, self.maintenance, tiers)

    def available(self, price):
        """What is available after maintenance at another price of this market."""
        return (
            self.others
            + self.size * (price - self.mark)
            - perp.maintenance_margin(perp.notional(self.size, price), self.tiers)
        )


@theorem(
    Family.LIQUIDATION_PRICE,
    why="Front ends show prices that are no root of any rule: wrong sign, wrong tier, other positions left out.",
)
def at_the_liquidation_price_exactly_nothing_is_left_after_maintenance(given):
    """At the liquidation price available-after-maintenance is exactly zero, by the tier of that price, with all other positions counted.

    For any number of tiers: the price is the outermost of the roots of the tiers' lines, maintenance margin is the
    highest of the lines, and of any two lines the one with the outer root is the higher one there.
    """
    parts = []
    for side, name in SIDES:
        for table, tiers in tables(given).items():
            position = Priced(given, side, tiers)
            claim = position.available(position.root) == 0
            parts.append(Part(f"{name}, {table}", claim, position.root > 0))
        if given.venue is None:
            parts.append(Part(f"{name}, any two tiers", *_outer_root(given, side)))
    return parts


def _outer_root(given, side):
    """Of two tiers in any order, the one with the outer root asks for more at that price; and when it is asked for."""
    lines = [
        Tier(ZERO, ONE, given.number(f"rate of {which} tier"), given.number(f"deduction of {which} tier"))
        for which in ("one", "the other")
    ]
    sound = both(*(both(line.rate > 0, line.rate < 1) for line in lines))
    one, other = (Priced(given, side, (line,)) for line in lines)
    rule = given.rule("LIQPX-ROOT")
    held = one.others - one.maintenance
    root = rule(one.size, one.mark, held, one.maintenance, tuple(lines))
    claim = both(
        either(one.available(root) == 0, other.available(root) == 0),
        one.available(root) >= 0,
        other.available(root) >= 0,
    )
    return claim, both(sound, root > 0)


@theorem(
    Family.LIQUIDATION_PRICE,
    why="A liquidation price must part the prices at which a position is safe from those at which it is not.",
)
def the_liquidation_price_parts_the_prices(given):
    """A long position's account is liquidatable exactly at prices below its liquidation price, a short one's exactly above.

    For every price p > 0 of this market, all others held: long, available(p) < 0 if and only if p < root; short, p > root.
    """
    parts, price = [], given.number("price")
    for side, name in SIDES:
        for table, tiers in tables(given).items():
            position = Priced(given, side, tiers)
            due = liquidation_price.already_liquidatable(position.available(price))
            beyond = price < position.root if side > 0 else price > position.root
            parts.append(Part(f"{name}, {table}", due == beyond))
    return parts


@theorem(
    Family.LIQUIDATION_PRICE,
    why="A screen that shows a far price for an account that is liquidatable now is worse than none.",
)
def a_position_is_already_liquidatable_exactly_when_its_price_has_passed(given):
    """Margin after maintenance is below zero exactly when the mark price lies beyond the liquidation price: below it for a long, above it for a short."""
    parts = []
    for side, name in SIDES:
        for table, tiers in tables(given).items():
            position = Priced(given, side, tiers)
            already = liquidation_price.already_liquidatable(position.free)
            passed = position.mark < position.root if side > 0 else position.mark > position.root
            parts.append(Part(f"{name}, {table}", already == passed))
    return parts


@theorem(
    Family.LIQUIDATION_PRICE,
    why="No price shown is read as: cannot be liquidated.",
)
def without_a_liquidation_price_no_price_liquidates_unless_all_do(given):
    """Where no liquidation price is shown, a long position is safe at every price of its market, and a short one at none.

    Both are right for a reader only with the answer *already*: a short without a price is liquidatable now.
    """
    parts, price = [], given.number("price")
    given.assume("the price is above zero", price > 0)
    for side, name in SIDES:
        for table, tiers in tables(given).items():
            position = Priced(given, side, tiers)
            none = liquidation_price.no_liquidation_price(position.root)
            due = liquidation_price.already_liquidatable(position.available(price))
            already = liquidation_price.already_liquidatable(position.free)
            claim = negate(due) if side > 0 else both(due, already)
            parts.append(Part(f"{name}, {table}", claim, none))
    return parts


@theorem(
    Family.LIQUIDATION_PRICE,
    why="A short of an account that owes more than it has shows no liquidation price: it looks safest when it is lost.",
    false=True,
    repair="show *already* before *none*",
)
def a_position_without_a_liquidation_price_is_safe(given):
    """A position without a liquidation price is not liquidatable by a price of its own market."""
    parts, price = [], given.number("price")
    given.assume("the price is above zero", price > 0)
    sound_bounds(given, venue_of(given, tables=True))
    for side, name in SIDES:
        table, tiers = next(iter(tables(given).items()))
        position = Priced(given, side, tiers)
        none = liquidation_price.no_liquidation_price(position.root)
        parts.append(Part(f"{name}, {table}", position.available(price) >= 0, none))
    return parts


@theorem(
    Family.LIQUIDATION_PRICE,
    regimes=(Regime.CROSS, Regime.UNIFIED, Regime.PORTFOLIO),
    why="Wallets compute the price of one position and forget what the others ask for.",
)
def leaving_out_other_positions_overstates_the_room(given):
    """A liquidation price that leaves out the maintenance margin of other positions is never nearer to the mark than the true one.

    Strictly farther wherever other positions ask for anything: below the true price for a long, above it for a short.
    """
    others = given.number("maintenance margin of other positions")
    given.assume("other positions ask for something", others > 0)
    parts = []
    for side, name in SIDES:
        for table, tiers in tables(given).items():
            position = Priced(given, side, tiers)
            rule, margin = given.rule("LIQPX-ROOT"), position.maintenance
            naive = rule(position.size, position.mark, position.free + others, margin, tiers)
            farther = naive < position.root if side > 0 else naive > position.root
            parts.append(Part(f"{name}, {table}", farther))
    return parts


@theorem(
    Family.LIQUIDATION_PRICE,
    why="A price by the tier of today is wrong as soon as the way to it crosses a tier edge.",
    false=True,
    repair="take the tier of the notional at the liquidation price",
)
def the_tier_of_the_mark_gives_the_liquidation_price(given):
    """At the price computed by the tier of the notional at the mark, available-after-maintenance is zero."""
    parts = []
    sound_bounds(given, venue_of(given, tables=True))
    for side, name in SIDES:
        table, tiers = next(iter(tables(given).items()))
        position = Priced(given, side, tiers)
        frozen = liquidation_price.liquidation_price_of_current_tier
        root = frozen(position.size, position.mark, position.free, position.maintenance, tiers)
        parts.append(
            Part(f"{name}, {table}", position.available(root) == 0, both(root > 0, position.free > 0))
        )
    return parts


class Held:
    """A portfolio account with one position of one tier, and all else that it has, at any price of that market."""

    def __init__(self, given, side, collateral=(), deduction=ZERO):
        self.venue = venue_of(given, ratio=True)
        self.trigger = self.venue.parameters.margin_ratio_trigger
        size, mark, rate = given.number("size"), given.number("mark price"), given.number("rate of its tier")
        given.assume("the size and the mark price are above zero", both(size > 0, mark > 0))
        given.assume("the maintenance rate lies between zero and one half", both(rate > 0, 2 * rate < 1))
        self.side, self.size, self.mark, self.rate = side, side * size, mark, rate
        self.tiers = (Tier(ZERO, ONE, rate, deduction),)
        self.equity, self.rest = given.number("equity"), given.number("maintenance margin of the rest")
        self.collateral = collateral

    def maintenance(self, price):
        """The maintenance margin of all positions at a price."""
        return self.rest + perp.maintenance_margin(perp.notional(self.size, price), self.tiers)

    def pool(self, price, collateral=None):
        """The account's pool at a price of this market; all other prices held, unless other collateral is given."""
        equity = self.equity + self.size * (price - self.mark)
        held = self.collateral if collateral is None else collateral
        return pool_of(self.venue, Regime.PORTFOLIO, equity, self.maintenance(price), held)

    def shown(self, given):
        """The displayed liquidation price."""
        own = self.maintenance(self.mark) - self.rest
        return given.rule("LIQPX-ROOT")(self.size, self.mark, self.pool(self.mark).available, own, self.tiers)


@theorem(
    Family.LIQUIDATION_PRICE,
    regimes=(Regime.PORTFOLIO,),
    over="collateral",
    why="Users set stops by the displayed price; the venue acts on the ratio.",
)
def the_displayed_price_is_where_the_margin_ratio_is_one(given):
    """At the displayed liquidation price of a portfolio account, all other prices held, its margin ratio is exactly one."""
    own = coin(given, given.number("collateral"))
    parts = []
    for side, name in SIDES:
        account = Held(given, side, [own], given.number("deduction of its tier"))
        ratio = account.pool(account.shown(given)).ratio
        parts.append(Part(name, ratio.numerator == ratio.denominator, account.shown(given) > 0))
    return parts


@theorem(
    Family.LIQUIDATION_PRICE,
    regimes=(Regime.PORTFOLIO,),
    over="collateral",
    why="The account is liquidated at a ratio of 0.95, before the displayed price: by how much should be a formula.",
)
def the_displayed_price_lies_beyond_the_trigger_by_a_formula(given):
    """The price at which a portfolio account is liquidated lies before its displayed liquidation price by an exact distance.

    With trigger u and a virtual borrow: distance = (1 - u) * (MM + K) / (|s| * (1 - side * r)), MM and K at the price
    where liquidation begins, side 1 for a long and -1 for a short. Without one, (1 - u) / u * MM takes the place of
    (1 - u) * (MM + K). At the displayed price itself, with (2 - u) * r for r, MM and K are those there.
    """
    own = coin(given, given.number("collateral"))
    price, parts = given.number("price"), []
    for side, name in SIDES:
        account = Held(given, side, [own], given.number("deduction of its tier"))
        pool, shown, trigger = account.pool(price), account.shown(given), account.trigger
        distance = side * (price - shown) * absolute(account.size)
        at = both(pool.ratio.numerator == trigger * pool.ratio.denominator, price > 0, shown > 0)
        support, asked = (
            pool.resources - (account.equity + account.size * (price - account.mark)),
            pool.requirement,
        )
        borrows = pool.resources - support < asked
        there = account.maintenance(shown) + support
        parts += [
            Part(f"{name}, with a virtual borrow",
                 distance * (1 - side * account.rate) == (1 - trigger) * (asked + support), both(at, borrows)),
            Part(f"{name}, from the displayed price",
                 distance * (1 - side * (2 - trigger) * account.rate) == (1 - trigger) * there, both(at, borrows)),
            Part(f"{name}, without a virtual borrow",
                 trigger * distance * (1 - side * account.rate) == (1 - trigger) * asked, both(at, negate(borrows))),
        ]  # fmt: skip
    return parts


@theorem(
    Family.LIQUIDATION_PRICE,
    regimes=(Regime.PORTFOLIO,),
    over="collateral",
    why="A stop at the displayed price comes too late under portfolio margin.",
    false=True,
    repair="display the price at which the ratio reaches the trigger",
)
def a_portfolio_account_is_not_liquidated_before_its_displayed_price(given):
    """A portfolio account is not liquidatable at a price on the safe side of its displayed liquidation price."""
    own = coin(given, given.number("collateral"))
    sound_ltv(given, own)
    sound_amounts(given, own)
    price, parts = given.number("price"), []
    for side, name in SIDES:
        account = Held(given, side, [own])
        _sound(given, account)
        shown = account.shown(given)
        before = (
            both(price > shown, price < account.mark)
            if side > 0
            else both(price < shown, price > account.mark)
        )
        claim = negate(account.pool(price).liquidatable)
        parts.append(Part(name, claim, both(before, shown > 0)))
    return parts


def _sound(given, account):
    """What is meant by a healthy account with one position, under a trigger below one."""
    given.side(
        "the trigger lies between one half and one", both(2 * account.trigger > 1, account.trigger < 1)
    )
    given.assume("there is no other position", account.rest == 0)
    given.assume(
        "the borrow cap is not negative", account.venue.tokens[account.venue.quote].user_borrow_cap >= 0
    )
    given.assume("the account is healthy at the mark", negate(account.pool(account.mark).liquidatable))


@theorem(
    Family.LIQUIDATION_PRICE,
    regimes=(Regime.PORTFOLIO,),
    over="collateral",
    why="No displayed price, yet a fall to zero of the market liquidates: a ratio of one is never reached, 0.95 is.",
    false=True,
    repair="display the price at which the ratio reaches the trigger",
)
def a_portfolio_long_without_a_displayed_price_is_never_liquidated(given):
    """A long position of a healthy portfolio account without a displayed liquidation price is not liquidatable at any price of its market."""
    own = coin(given, given.number("collateral"))
    sound_ltv(given, own)
    sound_amounts(given, own)
    account, price = Held(given, 1, [own]), given.number("price")
    _sound(given, account)
    given.assume("the price lies between zero and the mark", both(price > 0, price < account.mark))
    given.assume("no price is displayed", liquidation_price.no_liquidation_price(account.shown(given)))
    return negate(account.pool(price).liquidatable)


@theorem(
    Family.LIQUIDATION_PRICE,
    regimes=(Regime.PORTFOLIO,),
    over="collateral",
    why="The displayed price leaves the collateral where it is; the coin does not.",
    false=True,
    repair="move collateral and position of one coin together when a liquidation price is computed",
)
def a_long_on_the_coin_of_its_collateral_is_safe_above_its_displayed_price(given):
    """A long perp on the coin of its collateral keeps a ratio of at most one while the coin stays above the displayed liquidation price."""
    amount, price = given.number("collateral"), given.number("price")
    mark = given.number("mark price")
    own, moved = coin(given, amount, mark), coin(given, amount, price)
    sound_ltv(given, own)
    given.assume("there is collateral", amount > 0)
    account = Held(given, 1, [own])
    _sound(given, account)
    shown = account.shown(given)
    given.assume("the displayed price is above zero", shown > 0)
    given.assume("the coin stays above it, and below the mark", both(price > shown, price < mark))
    return account.pool(price, [moved]).available >= 0


@theorem(
    Family.LIQUIDATION_PRICE,
    regimes=(Regime.PORTFOLIO,),
    over="collateral",
    why="A borrower wants one number: the price of the coin at which the loan is called.",
)
def a_loan_is_due_exactly_below_the_collateral_liquidation_price(given):
    """With one collateral a loan is due exactly while the coin's price is below the collateral liquidation price.

    price = D / (q * t); the other parts of the account do not enter.
    """
    venue, price, loan = venue_of(given, ratio=True), given.number("price"), given.number("loan")
    own = coin(given, given.number("collateral"), price)
    sound_ltv(given, own)
    given.assume("there is collateral", own.amount > 0)
    given.assume("the margin ratio asks for nothing", given.number("equity") >= 0)
    given.assume("prices are above zero", price > 0)
    sound_trigger(given, venue)
    given.assume("the borrow cap is not negative", venue.tokens[venue.quote].user_borrow_cap >= 0)
    pool = pool_of(venue, Regime.PORTFOLIO, given.number("equity"), ZERO, [own], loan)
    threshold = borrow_liquidation.partial_threshold(own.token.ltv)
    root = borrow_liquidation.collateral_liquidation_price(loan, own.amount, threshold)
    return pool.liquidatable == (price < root)


def distance_beyond_the_trigger(venue, size, rate, maintenance, support):
    """How far the displayed price of a portfolio position lies beyond the price where it is liquidated (USD).

    Args:
        venue: whose trigger is taken.
        size: the signed size.
        rate: the maintenance rate of its tier.
        maintenance, support: the account's maintenance margin, and its support, at the displayed price (USD).
    """
    buffer = (1 - venue.parameters.margin_ratio_trigger) * (maintenance + support)
    slope = absolute(size) - size * (2 - venue.parameters.margin_ratio_trigger) * rate
    return buffer / slope


def distance_of_a_position_as_large_as_its_support(venue, _token):
    """The same as a part of the mark price, with maintenance margin left out: one less the trigger."""
    return distance_beyond_the_trigger(venue, ONE, ZERO, ZERO, ONE)


FIGURES = {
    "distance from the trigger to the displayed price, per USD of support over notional":
        distance_of_a_position_as_large_as_its_support,
}  # fmt: skip
