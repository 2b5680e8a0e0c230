"""Margin pools of any size for theorems: one part of an account that the rules measure, and the sums of the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from attrs import evolve, fields

from solvent.account import Position, Regime
from solvent.arithmetic import ONE, ZERO, Number, both
from solvent.ingest.venue_file import bundled_venues
from solvent.market import Prices
from solvent.prove.theorem import Given
from solvent.regimes import Pool, portfolio, unified
from solvent.regimes.dexes import DexMargin, Leg, measure, simple_pool
from solvent.regimes.portfolio import Collateral, PortfolioMargin
from solvent.regimes.unified import TokenMargin
from solvent.rules import perp
from solvent.rules.kinds import Tier
from solvent.venue import MarginTable, Parameters, Token, Venue

ANY = "any"
"""The market, the coin and the margin table where there is no venue."""


def venue_of(given: Given, *, ratio: bool = False, legs: bool = False, tables: bool = False) -> Venue:
    """The venue; without one, a venue in which all that is asked for is a symbol and all else is missing.

    Args:
        given: what the theorem is given.
        ratio: whether trigger and offset of the margin ratio, and the quote token with its borrow cap, are asked for.
        legs: whether what positions are measured with is.
        tables: whether a margin table is: one market of two tiers.
    """
    if given.venue is not None:
        return given.venue
    known = bundled_venues()["hyperliquid-beta"]
    named: dict[str, Any] = dict.fromkeys(field.name for field in fields(Parameters))
    asked = (*_RATIO, *_LEGS) if ratio and legs else _RATIO if ratio else _LEGS if legs else ()
    named |= {name: given.parameter(name, getattr(known.parameters, name)) for name in asked}
    tokens = {}
    if ratio:
        tokens[known.quote] = Token(
            name=known.quote, index=0, ltv=ZERO, user_borrow_cap=given.number("borrow cap")
        )
    return evolve(
        known,
        parameters=Parameters(**named),
        tokens=tokens,
        tables={ANY: MarginTable(ANY, two_tiers(given))} if tables else {},
        readings={},
    )


_RATIO = ("margin_ratio_trigger", "borrow_offset")
_LEGS = ("usd_unit", "transfer_fraction", "order_buffer")


def two_tiers(given: Given) -> tuple[Tier, ...]:
    """A margin table of two tiers with any bound and any rates; the deduction by PERP-DEDUCTION."""
    bound, low, high = given.number("tier bound"), given.number("first rate"), given.number("second rate")
    deduction = perp.tier_deduction(ZERO, bound, low, high)
    return Tier(ZERO, ONE, low, ZERO), Tier(bound, ONE, high, deduction)


def one_tier_more(given: Given, notional: Number, place: str = "") -> tuple[Number, Number, Tier]:
    """The margin by the tiers so far, the margin by one more tier, and that tier.

    The tiers before the last one so far enter through the margin that they give at this notional; the last one has
    any rate and deduction. What holds of one tier, and is kept by one tier more, holds of a table of any length.
    """
    below = given.number(f"margin by the tiers below{place}")
    last, deduction = given.number("rate of the last tier"), given.number("deduction of the last tier")
    bound, next_bound = given.number("bound of the last tier"), given.number("bound of the next tier")
    rate = given.number("rate of the next tier")
    given.side("rates rise from tier to tier", rate >= last)
    given.side("bounds rise from tier to tier", next_bound >= bound)
    found = Tier(next_bound, ONE, rate, perp.tier_deduction(deduction, next_bound, last, rate))
    so_far = (Tier(ZERO, ONE, ZERO, -below), Tier(bound, ONE, last, deduction))
    before, after = (perp.maintenance_margin(notional, tiers) for tiers in (so_far, (*so_far, found)))
    return before, after, found


def markets(venue: Venue) -> Iterator[tuple[str, str]]:
    """Each margin table of a venue by name, with a market that uses it."""
    seen = set()
    for market, table in venue.tables.items():
        if table.name not in seen:
            seen.add(table.name)
            yield table.name, market


def sound_rates(given: Given, venue: Venue) -> None:
    """Maintenance rates lie between zero and one and rise with the tiers."""
    for table in venue.tables.values():
        pairs = zip(table.tiers, table.tiers[1:], strict=False)
        rates = [table.tiers[0].rate > 0, table.tiers[-1].rate < 1, *(a.rate <= b.rate for a, b in pairs)]
        given.side("maintenance rates lie between zero and one and rise with the tiers", both(*rates))


def sound_bounds(given: Given, venue: Venue) -> None:
    """Tier bounds rise from zero."""
    for table in venue.tables.values():
        pairs = zip(table.tiers, table.tiers[1:], strict=False)
        rise = both(*(a.lower_bound < b.lower_bound for a, b in pairs))
        given.side("tier bounds rise from zero", rise)


def sound_trigger(given: Given, venue: Venue) -> Number:
    """The trigger of the margin ratio, with the side condition on it."""
    trigger = venue.parameters.margin_ratio_trigger
    given.side("the trigger lies above zero and not above one", both(trigger > 0, trigger <= 1))
    return trigger


def leg_of(venue: Venue, market: str, size: Number, mark: Number) -> Leg:
    """A cross position as the regimes measure it."""
    return measure(Position(market=market, size=size, leverage=1), Prices(marks={market: mark}), venue)


def coin(given: Given, amount: Number, price: Number = ONE) -> Collateral:
    """So much of the collateral of the cell, or of one of any LTV, supplied and within the user's supply cap."""
    token = given.token or Token(name=ANY, index=1, ltv=given.number("token.ltv", "0.5"))
    return Collateral(token=token, amount=amount, held=amount, price=price)


def other_collateral(given: Given, value: Number, price: Number = ONE) -> Collateral:
    """All other collateral as one: worth so many USD before prices move, at the LTV that its values average."""
    token = Token(name="other collateral", index=2, ltv=given.number("LTV of the other collateral"))
    return Collateral(token=token, amount=value, held=value, price=price)


def sound_ltv(given: Given, *collateral: Collateral) -> None:
    """LTVs lie between zero and one: a side condition for the collateral of the cell."""
    for held in collateral:
        bounds = both(held.token.ltv > 0, held.token.ltv < 1)
        if held.token is given.token or (given.venue is None and held.token.name == ANY):
            given.side("the LTV lies between zero and one", bounds)
        else:
            given.assume(f"the LTV of {held.token.name} lies between zero and one", bounds)


def sound_amounts(given: Given, *collateral: Collateral) -> None:
    """Amounts of collateral are not negative."""
    if collateral:
        sound = both(*(held.amount >= 0 for held in collateral))
        given.assume("amounts of collateral are not negative", sound)


def token_margin(venue: Venue, equity: Number, maintenance: Number) -> TokenMargin:
    """What stands in the quote token, of any number of dexes and positions: its sums."""
    dex = DexMargin(
        name="", token=venue.quote, legs=(), cross_equity=equity, account_value=equity, isolated=ZERO,
        maintenance=maintenance, initial=ZERO, transfer=ZERO, orders=ZERO,
    )  # fmt: skip
    return TokenMargin(
        token=venue.quote, equity=equity, perp_value=equity, dexes=(dex,), buying=ZERO, selling=ZERO
    )


def portfolio_margin(
    venue: Venue,
    equity: Number,
    maintenance: Number,
    collateral: Sequence[Collateral] = (),
    loan: Number = ZERO,
) -> PortfolioMargin:
    """What stands in the quote token of a portfolio account, with the collateral behind it; the loan is taken off equity."""
    return PortfolioMargin(
        margin=token_margin(venue, equity, maintenance),
        token=venue.tokens[venue.quote],
        price=ONE,
        loan=loan,
        collateral=tuple(collateral),
    )


def pool_of(
    venue: Venue,
    regime: Regime,
    equity: Number,
    maintenance: Number,
    collateral: Sequence[Collateral] = (),
    loan: Number = ZERO,
) -> Pool:
    """The pool of a regime with this equity and this maintenance margin of all its positions."""
    if regime is Regime.PORTFOLIO:
        margin = portfolio_margin(venue, equity, maintenance, collateral, loan)
        return portfolio.pool_of(margin, (), venue)
    if regime is Regime.UNIFIED:
        return unified.pool_of(token_margin(venue, equity, maintenance))
    return simple_pool("all positions", maintenance, equity, ())


def regimes_of(given: Given, *regimes: Regime) -> tuple[Regime, ...]:
    """The regime of the column; without a venue, each of these or of all regimes."""
    return (regimes or tuple(Regime)) if given.regime is None else (given.regime,)
