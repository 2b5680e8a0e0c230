"""What may leave: the requirement that stays, what it survives, and that it is the same by any path."""

from __future__ import annotations

from fractions import Fraction

from solvent import load_venue
from solvent.account import Regime
from solvent.arithmetic import ZERO, both, maximum, negate
from solvent.exchange import (
    Fill,
    Market,
    Member,
    MovePrices,
    PerpToSpot,
    PlaceOrder,
    RemoveMargin,
    Withdraw,
    found,
    step,
)
from solvent.exchange.margin import movable_from_dex, withdrawable_of
from solvent.invariants.states import profit_is_funded
from solvent.prove.examples import any_numbers, pair_exchange
from solvent.prove.pools import markets, regimes_of
from solvent.prove.theorem import Family, Part, theorem
from solvent.rules import perp
from solvent.rules.kinds import Tier


def stays(given, initial, notional):
    """What stays for one position on any way out (PERP-TRANSFER)."""
    return given.rule("PERP-TRANSFER")([initial], [notional], fraction(given))


def fraction(given):
    """The least part of notional that stays."""
    return given.parameter("transfer_fraction")


@theorem(
    Family.USER_ACTIONS,
    regimes=(Regime.ISOLATED, Regime.CROSS, Regime.UNIFIED),
    why="A withdrawal must not leave less than what the position needs, in whatever tier a rally has brought it.",
)
def what_stays_on_a_transfer_covers_maintenance_margin_in_every_tier(given):
    """What stays for a position on any way out is at least its maintenance margin, in every tier, whatever leverage the market allows.

    If every maintenance rate is at most the transfer fraction, or the initial rate at the market's largest leverage.
    """
    notional, leverage, most = (
        given.number("notional"),
        given.number("leverage"),
        given.number("largest leverage"),
    )
    given.assume("the leverage is one that the market allows", both(leverage >= 1, leverage <= most))
    given.assume("the notional is not negative", notional >= 0)
    kept = stays(given, perp.initial_margin(notional, leverage), notional)
    rate, deduction = given.number("maintenance rate"), given.number("deduction")
    any_tier = both(deduction >= 0, maximum(fraction(given) - rate, 1 - rate * most) >= 0)
    parts = [
        Part(
            "any tier",
            perp.maintenance_margin(notional, [Tier(ZERO, most, rate, deduction)]) <= kept,
            any_tier,
        )
    ]
    for name, market in markets(given.venue) if given.venue else ():
        tiers = given.venue.tables[market].tiers
        allowed = leverage <= tiers[0].max_leverage
        parts.append(Part(f"margin table {name}", perp.maintenance_margin(notional, tiers) <= kept, allowed))
    return parts


@theorem(
    Family.USER_ACTIONS,
    regimes=(Regime.PORTFOLIO,),
    general=False,
    why="The profit of a rally may be withdrawn, and the position that made it stands in a higher tier.",
    false=True,
    repair="keep on a transfer at least maintenance margin over the trigger, or refuse it while the tier forbids the leverage",
)
def what_stays_on_a_transfer_is_within_the_trigger_of_portfolio_margin(given):
    """What stays for a position on any way out keeps a portfolio account within the trigger of its margin ratio, in every tier."""
    notional, leverage = given.number("notional"), given.number("leverage")
    given.assume("the leverage is at least one", leverage >= 1)
    given.assume("there is a position", notional > 0)
    kept = stays(given, perp.initial_margin(notional, leverage), notional)
    parts = []
    for name, market in markets(given.venue):
        tiers = given.venue.tables[market].tiers
        maintenance = perp.maintenance_margin(notional, tiers)
        ratio = given.rule("PM-RATIO")(maintenance, kept, ZERO, ZERO, given.parameter("borrow_offset"))
        due = given.rule("PM-LIQUIDATABLE")(ratio, given.parameter("margin_ratio_trigger"))
        parts.append(Part(f"margin table {name}", negate(due), leverage <= tiers[0].max_leverage))
    return parts


@theorem(
    Family.USER_ACTIONS,
    regimes=(Regime.ISOLATED, Regime.CROSS, Regime.UNIFIED),
    why="On 2025-03-12 an account of leverage 50 kept 2 % of its notional, and a fall of 1.01 % liquidated it.",
)
def after_a_maximal_withdrawal_a_position_survives_exactly_a_stated_move(given):
    """A position with no more than what stays on a transfer becomes liquidatable exactly when the price moves against it by more than a part that requirement and maintenance rate give.

    With k = max(transfer fraction, 1 / leverage) and maintenance rate m: (k - m) / (1 - m) for a long position,
    (k - m) / (1 + m) for a short one; further away in a market of several tiers, by their deductions.
    """
    price, leverage = given.number("price", "1900"), given.number("leverage", "25")
    rate, move = given.number("maintenance rate", "0.02"), given.number("move", "0.05")
    size = given.number("size", "10")
    given.assume("price and size are above zero", both(price > 0, size > 0))
    given.assume("the leverage is at least one", leverage >= 1)
    notional, tiers = size * price, [Tier(ZERO, leverage, rate, ZERO)]
    kept = stays(given, perp.initial_margin(notional, leverage), notional)
    least = maximum(fraction(given), 1 / leverage)
    parts = []
    for side, words in ((1, "long"), (-1, "short")):
        after = perp.notional(size, price * (1 - side * move))
        due = perp.liquidatable(kept - move * notional, perp.maintenance_margin(after, tiers))
        parts.append(Part(words, due == (move * (1 - side * rate) > least - rate), move > -1))
    return parts


def out(mode, amount):
    """The way of cash out of a balance of a mode, and how much may go."""
    if mode is Regime.ISOLATED:
        return RemoveMargin(account="ann", market="ETH", amount=amount)
    if mode is Regime.CROSS:
        return PerpToSpot(account="ann", amount=amount)
    return Withdraw(account="ann", token="USDC", amount=amount)


def world(given, mode):
    """An account of a mode; an isolated position is that of an account in standard mode."""
    own = Regime.CROSS if mode is Regime.ISOLATED else mode
    example = pair_exchange(given.venue or load_venue("hyperliquid-beta"), own)
    return any_numbers(given, example, of="" if given.regime else f"{mode} mode: ")


@theorem(
    Family.USER_ACTIONS,
    why="Who takes out in parts must get what he gets at once: no more, and no less.",
)
def withdrawing_in_two_parts_is_withdrawing_the_sum(given):
    """A withdrawal and then another, of amounts above zero, are allowed exactly when one of the sum is, and leave the account with the same."""
    one, two, parts = given.number("one part", "1"), given.number("other part", "2"), []
    for mode in regimes_of(given):
        exchange = world(given, mode)
        first, second, whole = (out(mode, amount) for amount in (one, two, one + two))
        between = first.apply(exchange)
        stepwise = both(first.allowed(exchange), second.allowed(between))
        parts.append(Part(f"{mode}: allowed", stepwise == whole.allowed(exchange), both(one > 0, two > 0)))
        ends = [x.members["ann"] for x in (second.apply(between), whole.apply(exchange))]
        left = [(m.spot.get("USDC", ZERO), m.raw.get("", ZERO), m.positions["ETH"].raw) for m in ends]
        same = both(*(a == b for a, b in zip(*left, strict=True)))
        parts.append(Part(f"{mode}: what is left", same, both(one > 0, two > 0, whole.allowed(exchange))))
    return parts


@theorem(
    Family.USER_ACTIONS,
    why="What is shown as withdrawable must be all that may leave: one unit more is refused.",
)
def the_maximal_withdrawal_is_allowed_and_leaves_nothing_withdrawable(given):
    """What is withdrawable may be withdrawn, any more may not, and after it nothing is withdrawable."""
    more, parts = given.number("more", "0.000001"), []
    for mode in regimes_of(given):
        exchange = world(given, mode)
        most = largest(exchange, mode)
        whole, beyond = (out(mode, amount) for amount in (most, most + more))
        left = largest(whole.apply(exchange), mode)
        parts.append(Part(f"{mode}: all of it", both(whole.allowed(exchange), left == 0), most > 0))
        parts.append(Part(f"{mode}: more", negate(beyond.allowed(exchange)), both(more > 0, most >= 0)))
    return parts


def largest(exchange, mode):
    """How much may leave by the way out of a mode."""
    if mode is Regime.ISOLATED:
        venue, position = exchange.venue, exchange.members["ann"].positions["ETH"]
        mark = exchange.markets["ETH"].mark
        notional = perp.notional(position.size, mark)
        initial = perp.initial_margin(notional, position.leverage)
        kept = venue.rule("PERP-TRANSFER")([initial], [notional], venue.parameters.transfer_fraction)
        return perp.removable_margin(perp.isolated_margin(position.raw, position.size, mark), kept, False)
    if mode is Regime.CROSS:
        return movable_from_dex(exchange, "ann", "")
    return withdrawable_of(exchange, "ann", "USDC")


def winner_and_loser(venue):
    """Two unified accounts, one long and one short of the same size, after a price that has tripled."""
    brought = {"mode": Regime.UNIFIED, "spot": {"USDC": "1000"}}
    price = dict.fromkeys(("mark", "oracle", "previous_mark", "previous_oracle"), "100")
    exchange = found(
        venue,
        markets=[Market(name="ETH", **price)],
        members=[Member(name="ann", **brought), Member(name="bob", **brought)],
    )
    for name, size in (("ann", "10"), ("bob", "-10")):
        exchange = step(exchange, PlaceOrder(account=name, order="own", market="ETH", size=size, price="100"))
    filled = Fill(market="ETH", buyer="ann", buy="own", seller="bob", sell="own", size="10", price="100")
    return step(step(exchange, filled), MovePrices(marks={"ETH": "300"}))


@theorem(
    Family.USER_ACTIONS,
    regimes=(Regime.UNIFIED,),
    general=False,
    why="Profit on paper may leave as cash while the losing side cannot pay it.",
    false=True,
    repair="let only profit leave that the losing side has paid or been lent",
)
def nobody_withdraws_profit_that_the_losing_side_has_not_paid(given):
    """A withdrawal leaves the cash behind perps at zero or above: all profit that leaves has been paid."""
    exchange = given.state(winner_and_loser(given.venue), KEPT)
    for claim in profit_is_funded(exchange):
        given.assume("the cash behind perps is not below zero before it", claim.condition)
    leaves = Withdraw(account="ann", token=given.venue.quote, amount=given.number("amount", "2600"))
    funded = both(*(claim.condition for claim in profit_is_funded(leaves.apply(exchange))))
    return [Part("", funded, leaves.allowed(exchange))]


KEPT = (
    *(
        "markets.",
        "usdt",
        "pools",
        "treasury",
        "external",
        "members.book",
        "members.vault",
        "members.backstop",
    ),
    *("members.bob", "members.ann.positions", "members.ann.raw"),
)


def least(venue, leverage):
    """The part of notional that stays on a transfer at a leverage: k."""
    return max(venue.parameters.transfer_fraction, 1 / leverage)


def survived_fall(venue, _token):
    """The fall that a long BTC position of the largest leverage survives after a maximal withdrawal: (k - m) / (1 - m)."""
    first = venue.tables["BTC"].tiers[0]
    return (least(venue, first.max_leverage) - first.rate) / (1 - first.rate)


def survived_fall_before(_venue, _token):
    """The same for leverage 50 where only initial margin stayed, as on 2025-03-12: (1 / 50 - 1 / 100) / (1 - 1 / 100)."""
    initial, rate = Fraction(1, 50), perp.maintenance_rate(Fraction(50))
    return (initial - rate) / (1 - rate)


def outgrown_notional(venue, _token):
    """The least notional, over all margin tables, at which what stays at the market's largest leverage is beyond the trigger."""
    trigger, found_at = venue.parameters.margin_ratio_trigger, []
    for _, market in markets(venue):
        tiers = venue.tables[market].tiers
        kept = trigger * least(venue, tiers[0].max_leverage)
        found_at += [max(t.lower_bound, t.deduction / (t.rate - kept)) for t in tiers if t.rate > kept]
    return min(found_at, default=None)


FIGURES = {
    "fall that a BTC position of the largest leverage survives after a maximal withdrawal": survived_fall,
    "fall that a position of leverage 50 survived on 2025-03-12": survived_fall_before,
    "notional from which a maximal withdrawal passes the trigger of portfolio margin": outgrown_notional,
}
