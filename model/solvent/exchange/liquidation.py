"""Venue actions of the perp liquidation ladder: the book, and the backstop with what it sells."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import ClassVar

from attrs import evolve, field, frozen

from solvent.account import Regime
from solvent.arithmetic import (
    ZERO,
    Condition,
    Number,
    absolute,
    both,
    certainly,
    maximum,
    minimum,
    negate,
    quotient,
    total,
    unless,
    where,
)
from solvent.decimals import exact
from solvent.exchange.action import Check, action
from solvent.exchange.guards import above_zero, is_house, known_account, known_market
from solvent.exchange.lending import move_supply
from solvent.exchange.margin import pool_of_market, shares_balances
from solvent.exchange.orders import in_steps, solvent_position
from solvent.exchange.pool_actions import VenueAction
from solvent.exchange.ranking import candidates
from solvent.exchange.state import BOOK, VAULT, Exchange, Member, is_spot
from solvent.exchange.trading import price_at_book, trade
from solvent.regimes import Pool
from solvent.regimes.dexes import measure_dex
from solvent.rules import liquidation


def vault_of(dex: str) -> str:
    """The liquidator vault of a dex."""
    return f"{VAULT}:{dex}" if dex else VAULT


def without_orders(member: Member) -> Member:
    """The account without the resting orders that lean on its margin: they are cancelled before positions are closed."""
    orders = member.orders
    for name, order in member.orders.items():
        apart = is_spot(order.market) and not shares_balances(member)
        orders = orders if apart else orders.drop(name)
    return evolve(member, orders=orders)


def position_checks(exchange: Exchange, name: str, market: str) -> Iterator[Check]:
    """The account has a position in the market, and is not itself one that liquidations go to."""
    yield from known_account(exchange, name)
    yield from known_market(exchange, market, spot=False)
    member = exchange.members[name]
    yield Check(market in member.positions, f"{name} has a position in {market}")


@action
@frozen(kw_only=True)
class LiquidateOnBook(VenueAction):
    """A position of a liquidatable margin pool goes to the book, whole or a fifth of it (LIQ-BOOK, LIQ-COOLDOWN)."""

    words: ClassVar[str] = "the {market} position of {account} is liquidated on the book"
    account: str
    market: str

    def checks(self, exchange: Exchange) -> Iterator[Check]:
        yield from position_checks(exchange, self.account, self.market)
        house = self.account == BOOK or is_house(self.account)
        yield Check(not house, f"{self.account} is the account of a user")
        pool = pool_of_market(exchange, self.account, self.market)
        yield Check(pool.perps_due, f"{self.market} of {self.account} is liquidatable", "PERP-LIQUIDATABLE")
        last = exchange.members[self.account].last_partial
        later = last is None or exchange.now > last
        yield Check(later, "its last partial liquidation was in an earlier block", "LIQ-COOLDOWN")
        yield Check(self.size(exchange) > 0, "the book has some depth", "LIQ-BOOK")
        yield Check(self.price(exchange) > 0, "the book has a price above zero", "TRADE-PRICE")
        member = exchange.members[self.account]
        yield solvent_position(exchange, member, self.market, self.size(exchange), self.price(exchange))

    def size(self, exchange: Exchange) -> Number:
        """How much goes to the book (contracts): what the rule says, as far as the book is deep."""
        parameters, market = exchange.venue.parameters, exchange.markets[self.market]
        member = exchange.members[self.account]
        whole = liquidation.book_size(
            member.size(self.market),
            market.mark,
            parameters.partial_from,
            parameters.partial_share,
            self._cooling(exchange, member),
            market.step,
        )
        return whole if market.depth.size is None else minimum(whole, market.depth.size)

    def _cooling(self, exchange: Exchange, member: Member) -> Condition:
        if member.last_partial is None:
            return False
        span = exchange.venue.parameters.partial_cooldown * 1000
        return liquidation.cooling_down(exchange.now, member.last_partial, span)

    def price(self, exchange: Exchange) -> Number:
        """The average price at the book (USD)."""
        market, size = exchange.markets[self.market], exchange.members[self.account].size(self.market)
        side = where(size > 0, -1, 1)
        return price_at_book(market.mark, side, self.size(exchange) * market.mark, market.depth)

    def apply(self, exchange: Exchange) -> Exchange:
        member = exchange.members[self.account]
        held, size, price = member.size(self.market), self.size(exchange), self.price(exchange)
        partial = certainly(size < absolute(held))
        stamped = evolve(
            without_orders(member), last_partial=exchange.now if partial else member.last_partial
        )
        change = where(held > 0, -size, size)
        cleared = exchange.put(stamped)
        return trade(cleared, self.market, self.account, BOOK, change, price, releases=False)


@action
@frozen(kw_only=True)
class TakeOver(VenueAction):
    """The liquidator vault takes the positions of a margin pool and their margin over, at the mark (LIQ-TAKEOVER)."""

    words: ClassVar[str] = "the liquidator vault takes over {account}, beginning with {market}"
    account: str
    market: str

    def checks(self, exchange: Exchange) -> Iterator[Check]:
        yield from position_checks(exchange, self.account, self.market)
        yield Check(not is_house(self.account), f"{self.account} is not the venue's own account")
        dexes = {exchange.markets[market].dex for market in self._pool(exchange).members}
        vaults = [vault_of(dex) for dex in sorted(dexes)]
        yield from known_account(exchange, *vaults)
        pool = self._pool(exchange)
        fraction = exchange.venue.parameters.backstop_fraction
        yield Check(pool.perps_due, f"{self.account} is liquidatable", "PERP-LIQUIDATABLE")
        due = liquidation.backstop_due(pool.resources, pool.requirement, fraction)
        yield Check(due, "what stands against it is below two thirds of the requirement", "LIQ-BACKSTOP")
        first = unless(negate(pool.bankrupt), lambda: self._nobody(exchange))
        yield Check(first, f"{self.account} is not bankrupt, or nobody can be deleveraged", "ADL-TRIGGER")

    def _nobody(self, exchange: Exchange) -> Condition:
        return both(*(negate(one.eligible) for one in candidates(exchange, self.account, self.market)))

    def _pool(self, exchange: Exchange) -> Pool:
        return pool_of_market(exchange, self.account, self.market)

    def apply(self, exchange: Exchange) -> Exchange:
        pool = self._pool(exchange)
        isolated = exchange.members[self.account].positions[self.market].isolated
        shares = requirement_by_dex(exchange, self.account, pool)
        after = exchange.put(without_orders(exchange.members[self.account]))
        for market in pool.members:
            after = taken(after, self.account, market)
        return after if isolated else cross_margin_taken(after, self.account, shares)


def requirement_by_dex(exchange: Exchange, name: str, pool: Pool) -> dict[str, Number]:
    """The maintenance margin of a margin pool on each of its dexes."""
    dexes = {exchange.markets[market].dex for market in pool.members}
    measured = [measure_dex(d, exchange.prices, exchange.venue) for d in exchange.account(name).dexes]
    return {dex.name: dex.maintenance for dex in measured if dex.name in dexes}


def taken(exchange: Exchange, name: str, market: str) -> Exchange:
    """The exchange after the vault has taken a position at the mark price; an isolated one with its margin."""
    held = exchange.members[name].positions[market]
    mark, dex = exchange.markets[market].mark, exchange.markets[market].dex
    vault = vault_of(dex)
    before = exchange.members[name].raw.get(dex, ZERO)
    after = trade(exchange, market, vault, name, held.size, mark)
    if held.raw is None:
        return after
    freed = after.members[name].raw.get(dex, ZERO) - before
    moved = liquidation.taken_over(ZERO, freed, False)
    return after.put(after.members[name].add_raw(dex, -moved), after.members[vault].add_raw(dex, moved))


def cross_margin_taken(exchange: Exchange, name: str, shares: dict[str, Number]) -> Exchange:
    """The exchange after the vaults have taken the cross margin of an account whose positions they have taken.

    The vault of each dex takes its share by maintenance margin. Of a portfolio account they take its equity where
    that is above zero, in cash first and then in what it has supplied: what it owes rests on its collateral.

    Args:
        exchange: the exchange without the positions.
        name: the account.
        shares: the maintenance margin of the positions by dex.
    """
    member, dexes = exchange.members[name], sorted(shares)
    if not shares_balances(member):
        (dex,) = dexes
        margin = liquidation.taken_over(member.raw.get(dex, ZERO), ZERO, True)
        return _to_vault(exchange.put(member.add_raw(dex, -margin)), dex, margin)
    token = exchange.venue.token_of(dexes[0])
    after = _raw_to_spot(exchange, name, token)
    cash = liquidation.taken_over(after.members[name].spot.get(token, ZERO), ZERO, True)
    supplied, part = after.supplied(member, token), ZERO
    if member.mode is Regime.PORTFOLIO:
        equity = maximum(ZERO, cash + supplied - after.borrowed(member, token))
        cash = minimum(maximum(ZERO, cash), equity)
        part = quotient(minimum(supplied, equity - cash), supplied, ZERO)
    after = after.put(after.members[name].add_spot(token, -cash))
    if token in member.supplied and not certainly(part == 0):
        after = move_supply(after, name, vault_of(dexes[0]), token, part)
    whole = total(shares.values())
    for dex in dexes:
        share = quotient(shares[dex], whole, Fraction(1, len(dexes)))
        after = _to_vault(after, dex, cash * share)
    return after


def _raw_to_spot(exchange: Exchange, name: str, token: str) -> Exchange:
    member = exchange.members[name]
    for dex in exchange.dexes_of(token):
        raw = member.raw.get(dex, ZERO)
        member = member.add_raw(dex, -raw).add_spot(token, raw)
    return exchange.put(member)


def _to_vault(exchange: Exchange, dex: str, amount: Number) -> Exchange:
    return exchange.put(exchange.members[vault_of(dex)].add_raw(dex, amount))


@action
@frozen(kw_only=True)
class Unwind(VenueAction):
    """The liquidator vault closes of a position that it has taken over, on the book (LIQ-BACKSTOP-PNL)."""

    words: ClassVar[str] = "the liquidator vault closes {size} {market} on the book"
    market: str
    size: Number = field(converter=exact)

    def checks(self, exchange: Exchange) -> Iterator[Check]:
        yield from known_market(exchange, self.market, spot=False)
        vault = vault_of(exchange.markets[self.market].dex)
        yield from known_account(exchange, vault, BOOK)
        yield above_zero(self.size, "the size")
        held = exchange.members[vault].size(self.market)
        yield Check(self.size <= absolute(held), "the vault holds the size", "TRADE-REDUCES")
        yield in_steps(exchange, self.market, self.size)
        depth = exchange.markets[self.market].depth.size
        yield Check(True if depth is None else self.size <= depth, "the book is deep enough")
        yield Check(self.price(exchange) > 0, "the book has a price above zero", "TRADE-PRICE")

    def price(self, exchange: Exchange) -> Number:
        """The average price at the book (USD)."""
        market = exchange.markets[self.market]
        side = where(exchange.members[vault_of(market.dex)].size(self.market) > 0, -1, 1)
        return price_at_book(market.mark, side, self.size * market.mark, market.depth)

    def apply(self, exchange: Exchange) -> Exchange:
        vault = vault_of(exchange.markets[self.market].dex)
        held = exchange.members[vault].size(self.market)
        change = where(held > 0, -self.size, self.size)
        return trade(exchange, self.market, vault, BOOK, change, self.price(exchange))
