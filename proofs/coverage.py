"""Coverage: the requirement of an account against its net risk."""

from __future__ import annotations

from attrs import evolve

from solvent.account import Position, Regime
from solvent.arithmetic import ONE, ZERO, both, either, maximum
from solvent.exchange import Exchange, LendingPool, Market, Member, SpotMarket
from solvent.exchange.risk import net_requirement, net_risk, net_risk_of_collateral_fall
from solvent.prove.pools import (
    ANY,
    markets,
    one_tier_more,
    regimes_of,
    sound_rates,
    venue_of,
)
from solvent.prove.theorem import Family, Part, theorem
from solvent.rules import numbers, perp
from solvent.rules.kinds import Tier
from solvent.venue import MarginTable, Token


@theorem(
    Family.COVERAGE,
    why="How far may a market jump before the venue loses money on a position at its maintenance margin?",
)
def maintenance_margin_covers_a_move_by_the_first_tiers_rate(given):
    """A position's maintenance margin covers a move of its market by the rate of the first tier, less one USD unit.

    usd(MM(n)) > r1 * n - unit for every notional n, by induction over tiers; in the first tier it covers no more.
    """
    venue, notional = venue_of(given, legs=True, tables=True), given.number("notional")
    unit, asked = venue.parameters.usd_unit, given.number("maintenance margin by the table")
    sound_rates(given, venue)
    charged = numbers.usd_amount(asked, unit)
    parts = [Part("truncated to the USD unit", both(charged > asked - unit, charged <= asked), asked >= 0)]
    for name, market in markets(venue):
        tiers = venue.tiers(market, None)
        least, margin = tiers[0].rate * notional, perp.maintenance_margin(notional, tiers)
        beyond = either(*(notional >= tier.lower_bound for tier in tiers[1:]))
        parts.append(Part(name, both(margin >= least, either(beyond, margin == least))))
    if given.venue is None:
        least = given.number("first rate") * notional
        before, after, _ = one_tier_more(given, notional)
        parts.append(Part("one tier more", after >= least, before >= least))
    return parts


def exposed(given, venue, regime, token="", *, one_coin=False, size=None):
    """An account with a position of any size and rate, and with a collateral of the same coin or of another one."""
    mark, price = given.number("mark price"), given.number("price of the collateral")
    given.assume("prices are above zero", both(mark > 0, price > 0))
    margin = {"raw": given.number("isolated margin")} if regime is Regime.ISOLATED else {}
    position = Position(market=ANY, size=given.number("size") if size is None else size, leverage=1, **margin)
    supplied = {token: given.number("supplied")} if token else {}
    member = Member(
        name="account",
        mode=Regime.CROSS if regime is Regime.ISOLATED else regime,
        raw={"": given.number("balance")},
        positions={ANY: position},
        supplied=supplied,
    )
    market = Market(name=ANY, mark=mark, oracle=mark, previous_mark=mark, previous_oracle=mark)
    return Exchange(
        venue=venue,
        markets={ANY: market},
        spots={t: SpotMarket(token=t, price=price, perp=ANY if one_coin else None) for t in supplied},
        pools={t: LendingPool(token=t) for t in supplied},
        members={"account": member},
    )


def any_market(given, venue):
    """The venue with one market whose maintenance rate is any one up to the highest of its tables, and its collateral."""
    rate = given.number("maintenance rate")
    if given.venue is None:
        highest = given.number("highest maintenance rate")
    else:
        highest = maximum(*(tier.rate for table in venue.tables.values() for tier in table.tiers))
    given.assume("the maintenance rate is one of a margin table", both(rate > 0, rate <= highest))
    tokens = dict(venue.tokens)
    if given.venue is None:
        tokens["coin"] = Token(name="coin", index=1, ltv=given.number("token.ltv", "0.5"))
    found = [token for token in tokens.values() if token.name == "coin" or token.is_collateral]
    if given.regime in (None, Regime.PORTFOLIO):
        for token in found:
            given.side(
                "no maintenance rate is above the haircut of collateral", highest <= 1 - token.threshold
            )
        given.assume("what is supplied is not negative", given.number("supplied") >= 0)
    table = MarginTable(ANY, (Tier(ZERO, ONE, rate, ZERO),))
    return evolve(venue, tables={ANY: table}, tokens=tokens), [token.name for token in found]


@theorem(
    Family.COVERAGE,
    why="Margin by parts must not ask less than the risk that is left when the parts are netted.",
)
def the_requirement_is_never_below_net_risk(given):
    """The requirement of an account is at least its net risk: its worst loss when each underlying moves by the rate that is stated for it.

    Requirement: maintenance margin, and the haircut (1 - t) * V of collateral. Moves: each market by its maintenance
    rate either way; each collateral down by its haircut, unless the account is long its perp. By induction over
    underlyings: one more keeps it, as risk and requirement add up.
    """
    risk, asked = given.number("net risk of the rest"), given.number("requirement of the rest")
    given.assume("the requirement of the rest is at least its net risk", asked >= risk)
    venue, tokens = any_market(given, venue_of(given, legs=True))
    parts = []
    for regime in regimes_of(given):
        own = regime is Regime.PORTFOLIO
        for token in tokens if own else [""]:
            for one_coin in (True, False) if own else (False,):
                state = exposed(given, venue, regime, token, one_coin=one_coin)
                claim = risk + net_risk(state, "account") <= asked + net_requirement(state, "account")
                label = f"{regime}, {token} and {'its' if one_coin else 'another'} perp" if own else regime
                parts.append(Part(label, claim))
    return parts


@theorem(
    Family.COVERAGE,
    regimes=(Regime.PORTFOLIO,),
    over="collateral",
    why="Borrow against a coin and buy its perp: one fall of the coin hits both, and only the collateral pays a haircut.",
    general=False,
    false=True,
    repair="margin a long perp on the coin of its own collateral at the collateral's haircut",
)
def the_requirement_covers_a_long_perp_that_falls_with_its_collateral(given):
    """The requirement of an account is at least its loss when its collateral falls by its haircut, and the perp on its coin with it.

    Decided with each venue's numbers.
    """
    venue, tokens = any_market(given, venue_of(given, legs=True))
    token = given.token.name if given.token else tokens[0]
    state = exposed(given, venue, Regime.PORTFOLIO, token, one_coin=True)
    given.assume("the perp is long", given.number("size") > 0)
    given.assume("there is collateral", given.number("supplied") > 0)
    return net_risk_of_collateral_fall(state, "account") <= net_requirement(state, "account")


@theorem(
    Family.COVERAGE,
    regimes=(Regime.PORTFOLIO,),
    over="collateral",
    why="Reduce-only orders and deleveraging are taken for safe; closing one leg of a hedge is not.",
    false=True,
    repair="judge an order by the requirement and the risk that it leaves, not by whether it reduces a position",
)
def reducing_a_position_never_raises_net_risk(given):
    """An account whose position becomes smaller does not have a higher net risk than before."""
    venue, tokens = any_market(given, venue_of(given, legs=True))
    token = given.token.name if given.token else tokens[0]
    size, kept = given.number("size"), given.number("part kept")
    given.assume("the position becomes smaller", both(kept > 0, kept < 1))
    given.assume("there is collateral", given.number("supplied") > 0)
    before, after = (
        exposed(given, venue, Regime.PORTFOLIO, token, one_coin=True, size=s) for s in (size, kept * size)
    )
    return net_risk(after, "account") <= net_risk(before, "account")
