"""What theorems about an account's actions assume of its margins, and the claim that it stays healthy."""

from __future__ import annotations

from solvent.account import Regime
from solvent.arithmetic import ONE, Condition, Number, both, either, negate, total
from solvent.exchange import Action, Exchange
from solvent.exchange.margin import liquidatable, loans_of, portfolio_of, price_of
from solvent.exchange.orders import reduces
from solvent.prove.theorem import Given, Part
from solvent.regimes.dexes import Leg, measure_dex
from solvent.regimes.portfolio import PortfolioMargin
from solvent.rules import perp


def stays_healthy(exchange: Exchange, name: str, happening: Action, words: str = "") -> Part:
    """An account that is not liquidatable is not so after an action that is allowed."""
    before, after = liquidatable(exchange, name), liquidatable(happening.apply(exchange), name)
    asked = both(happening.allowed(exchange), negate(before))
    said = words or happening.name().replace("_", " ")
    return Part(f"{said}: {name} in {exchange.members[name].mode} mode", negate(after), asked)


def legs_of(exchange: Exchange, name: str) -> list[Leg]:
    """The positions of an account as the regimes measure them."""
    dexes = exchange.account(name).dexes
    return [leg for dex in dexes for leg in measure_dex(dex, exchange.prices, exchange.venue).legs]


def legs_in(exchange: Exchange, name: str, market: str) -> list[Leg]:
    """The position of an account in a market, if it has one."""
    return [leg for leg in legs_of(exchange, name) if leg.position.market == market]


def at_most_half(leg: Leg) -> Condition:
    """Whether the maintenance margin of a position is at most half its initial margin, and not negative."""
    return both(leg.maintenance >= 0, leg.maintenance + leg.maintenance <= leg.initial)


def assume_other_margins(given: Given, exchange: Exchange, market: str, *names: str) -> None:
    """Every other cross position asks at most half its initial margin, as its table gives while its tier allows its leverage."""
    legs = [leg for name in names for leg in legs_of(exchange, name) if leg.margin is None]
    half = both(*(at_most_half(leg) for leg in legs if leg.position.market != market))
    given.assume("other positions have a maintenance margin of at most half their initial margin", half)


def assume_margins_by_table(given: Given, exchange: Exchange, market: str, *names: str) -> None:
    """A position whose leverage its tier allows asks at most half its initial margin."""
    legs = [leg for name in names for leg in legs_in(exchange, name, market)]
    half = both(*(either(negate(allowed_by_tier(leg)), at_most_half(leg)) for leg in legs))
    meaning = "maintenance margin is at most half of initial margin where the tier allows the leverage"
    given.assume(meaning, half)


def allowed_by_tier(leg: Leg) -> Condition:
    """Whether the tier of a position's notional allows its leverage (PERP-LEVERAGE)."""
    return perp.leverage_allowed(leg.position.leverage, leg.notional, leg.tiers)


def assume_smaller_asks_less(
    given: Given, before: Exchange, after: Exchange, market: str, *names: str
) -> None:
    """A position that is only reduced asks no more maintenance margin."""
    conditions = []
    for name in names:
        was, now = (total(leg.maintenance for leg in legs_in(x, name, market)) for x in (before, after))
        change = after.members[name].size(market) - before.members[name].size(market)
        conditions.append(either(negate(reduces(before.members[name], market, change)), now <= was))
    given.assume("a smaller position asks no more maintenance margin", both(*conditions))


def assume_kept_by_transfers(given: Given, exchange: Exchange, *names: str) -> None:
    """No position asks more maintenance margin than stays for it on any way out; in portfolio mode than the trigger's part."""
    legs = [(name, leg) for name in names for leg in legs_of(exchange, name)]
    kept = both(*(_kept_by_transfers(exchange, leg, exchange.members[name].mode) for name, leg in legs))
    given.assume("maintenance margin of a position is at most what stays for it on a transfer", kept)


def _kept_by_transfers(exchange: Exchange, leg: Leg, mode: Regime) -> Condition:
    rule, parameters, initial = exchange.venue.rule("PERP-TRANSFER"), exchange.venue.parameters, leg.initial
    if leg.margin is not None:
        initial = perp.initial_margin(leg.notional, leg.position.leverage)
    stays = rule([initial], [leg.notional], parameters.transfer_fraction)
    share: Number = parameters.margin_ratio_trigger if mode is Regime.PORTFOLIO else ONE
    return both(leg.maintenance >= 0, leg.maintenance <= share * stays)


def assume_orders(given: Given, exchange: Exchange, *names: str) -> None:
    """Order margin is not negative, nor is what a hold adds to it."""
    if any(exchange.members[name].mode is not Regime.CROSS for name in names):
        given.side("the order buffer is not negative", exchange.venue.parameters.order_buffer >= 0)
    dexes = [dex for name in names for dex in exchange.account(name).dexes]
    orders = [measure_dex(dex, exchange.prices, exchange.venue).orders for dex in dexes]
    given.assume("order margin is not negative", both(*(margin >= 0 for margin in orders)))


def margin_of(exchange: Exchange, name: str) -> PortfolioMargin:
    """What a portfolio account has in the quote token."""
    return portfolio_of(exchange, exchange.account(name), exchange.venue.quote)


def assume_loan_within_support(given: Given, exchange: Exchange, *names: str) -> None:
    """What may be borrowed is not so much that a loan of it alone brings the ratio to its trigger."""
    trigger, margins = exchange.venue.parameters.margin_ratio_trigger, [margin_of(exchange, n) for n in names]
    within = both(*(both(m.support >= 0, m.capacity <= trigger * m.support) for m in margins))
    given.assume("borrow capacity is at most the trigger times what the collateral supports", within)


def share_of(exchange: Exchange, token: str, *, debt: bool = False) -> Number:
    """What one step of a share of a lending pool is worth (USD)."""
    pool = exchange.pools[token]
    index = pool.debt_index if debt else pool.supply_index
    worth: Number = exchange.venue.parameters.index_unit * index * price_of(exchange, token)
    return worth


def assume_room_beyond_rounding(given: Given, after: Exchange, name: str, share: Number) -> None:
    """After the action the thresholds lie above the borrow capacity by more than the rounding of one pool share."""
    loans = loans_of(after, name)
    room = either(loans.loan == 0, loans.partial - loans.capacity >= share)
    given.assume("between borrow capacity and thresholds lies more than the rounding of one pool share", room)


def assume_loan_beyond_rounding(given: Given, before: Exchange, name: str, share: Number) -> None:
    """Before the action the thresholds cover the loan and the rounding of one pool share."""
    loans = loans_of(before, name)
    covered = loans.loan + share <= loans.partial
    given.assume("thresholds cover the loan and the rounding of one pool share", covered)


def assume_ratio_beyond_rounding(given: Given, exchange: Exchange, name: str, share: Number) -> None:
    """The margin ratio would not be above its trigger with the rounding of one pool share less of equity."""
    venue, margin = exchange.venue, margin_of(exchange, name)
    parameters, equity = venue.parameters, margin.margin.cross_equity - share
    ratio = venue.rule("PM-RATIO")(
        margin.margin.maintenance, equity, margin.loan, margin.support, parameters.borrow_offset
    )
    safe = negate(venue.rule("PM-LIQUIDATABLE")(ratio, parameters.margin_ratio_trigger))
    given.assume("the margin ratio is within its trigger by more than the rounding of one pool share", safe)
