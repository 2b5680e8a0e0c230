"""Venue actions of the perp liquidation ladder: the book, the backstop, auto-deleveraging, and the shortfall."""

from __future__ import annotations

from collections.abc import Iterator
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
    either,
    maximum,
    minimum,
    negate,
    total,
    where,
)
from solvent.decimals import exact
from solvent.exchange.action import Check, action
from solvent.exchange.guards import above_zero, is_house, known_account, known_dex, known_market
from solvent.exchange.margin import perp_value, pool_of_market, shares_balances
from solvent.exchange.orders import in_steps, solvent_position
from solvent.exchange.pool_actions import VenueAction
from solvent.exchange.state import BOOK, VAULT, Exchange, Member, is_spot
from solvent.exchange.trading import price_at_book, trade
from solvent.regimes import Pool
from solvent.regimes.dexes import measure_dex
from solvent.rules import deleveraging, liquidation, trading


def vault_of(dex: str) -> str:
    """The liquidator vault of a dex."""
    return f"{VAULT}:{dex}" if dex else VAULT


def without_orders(member: Member) -> Member:
    """The account without resting orders in perp markets: they are cancelled before its positions are closed."""
    orders = member.orders
    for name, order in member.orders.items():
        orders = orders if is_spot(order.market) else orders.drop(name)
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
        yield Check(
            pool.liquidatable, f"{self.market} of {self.account} is liquidatable", "PERP-LIQUIDATABLE"
        )
        yield Check(self.size(exchange) > 0, "the book has some depth", "LIQ-BOOK")
        yield Check(self.price(exchange) > 0, "the book has a price above zero", "TRADE-PRICE")
        member = exchange.members[self.account]
        yield solvent_position(member, self.market, self.size(exchange), self.price(exchange))

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
        return trade(exchange.put(stamped), self.market, self.account, BOOK, change, price)


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
        yield Check(pool.liquidatable, f"{self.account} is liquidatable", "PERP-LIQUIDATABLE")
        due = liquidation.backstop_due(pool.resources, pool.requirement, fraction)
        yield Check(due, "what stands against it is below two thirds of the requirement", "LIQ-BACKSTOP")
        yield Check(negate(pool.bankrupt), f"{self.account} is not bankrupt", "ADL-TRIGGER")

    def _pool(self, exchange: Exchange) -> Pool:
        return pool_of_market(exchange, self.account, self.market)

    def apply(self, exchange: Exchange) -> Exchange:
        pool = self._pool(exchange)
        isolated = exchange.members[self.account].positions[self.market].isolated
        after = exchange.put(without_orders(exchange.members[self.account]))
        for market in pool.members:
            after = taken(after, self.account, market)
        dex = exchange.markets[self.market].dex
        return after if isolated else cross_margin_taken(after, self.account, dex)


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


def cross_margin_taken(exchange: Exchange, name: str, dex: str) -> Exchange:
    """The exchange after the vault has taken the cross margin of an account whose positions it has taken.

    Of a portfolio account it takes what is above zero: what the account owes rests on its collateral.
    """
    member, vault = exchange.members[name], vault_of(dex)
    if not shares_balances(member):
        margin = liquidation.taken_over(member.raw.get(dex, ZERO), ZERO, True)
        return exchange.put(member.add_raw(dex, -margin), exchange.members[vault].add_raw(dex, margin))
    token = exchange.venue.token_of(dex)
    after = exchange
    for other in exchange.dexes_of(token):
        raw = after.members[name].raw.get(other, ZERO)
        after = after.put(after.members[name].add_raw(other, -raw).add_spot(token, raw))
    cash = liquidation.taken_over(after.members[name].spot.get(token, ZERO), ZERO, True)
    if member.mode is Regime.PORTFOLIO:
        cash = maximum(ZERO, cash)
    return after.put(after.members[name].add_spot(token, -cash), after.members[vault].add_raw(dex, cash))


@frozen
class Candidate:
    """A holder of a market as a counterparty of auto-deleveraging.

    Attributes:
        name: the account.
        eligible: whether it is on the opposite side, with a value above zero.
        rank: its rank (ADL-RANK).
    """

    name: str
    eligible: Condition
    rank: Number


def candidates(exchange: Exchange, name: str, market: str) -> list[Candidate]:
    """The holders of a market besides an account, as counterparties against its position."""
    needed, rule = exchange.members[name].size(market), exchange.venue.rule("ADL-RANK")
    mark = exchange.markets[market].mark
    found = []
    for other, size in exchange.markets[market].holders.items():
        if other != name:
            entry = exchange.members[other].positions[market].entry
            value = value_behind(exchange, other, market)
            rank = rule(size, mark, mark if entry is None else entry, where(value > 0, value, 1))
            found.append(Candidate(other, both(size * needed < 0, value > 0), rank))
    return found


def counterparties(exchange: Exchange, name: str, market: str) -> list[Candidate]:
    """Those who are eligible, of exact numbers, the highest rank first and ties by name."""
    eligible = [one for one in candidates(exchange, name, market) if one.eligible]
    return sorted(eligible, key=lambda one: (-one.rank, one.name))


def value_behind(exchange: Exchange, name: str, market: str) -> Number:
    """The account value behind a position, or the margin of an isolated one (USD)."""
    member = exchange.members[name]
    position = member.positions[market]
    if position.raw is not None:
        return position.raw + position.size * exchange.markets[market].mark
    token, dex = exchange.token_of(market), exchange.markets[market].dex
    if shares_balances(member):
        return member.spot.get(token, ZERO) + perp_value(exchange, member, token)
    own = [d for d in exchange.account(name).dexes if d.name == dex]
    return total(measure_dex(d, exchange.prices, exchange.venue).cross_equity for d in own)


@action
@frozen(kw_only=True)
class Deleverage(VenueAction):
    """A position of a bankrupt pool is closed against the counterparty of the highest rank (ADL-PRICE, ADL-SIZE)."""

    words: ClassVar[str] = "the {market} position of {account} is closed against {counterparty}"
    account: str
    market: str
    counterparty: str

    def checks(self, exchange: Exchange) -> Iterator[Check]:
        yield from position_checks(exchange, self.account, self.market)
        yield from position_checks(exchange, self.counterparty, self.market)
        pool = pool_of_market(exchange, self.account, self.market)
        yield Check(pool.bankrupt, f"{self.account} is bankrupt", "ADL-TRIGGER")
        yield Check(self.account != self.counterparty, "the counterparty is another account")
        others = {one.name: one for one in candidates(exchange, self.account, self.market)}
        own = others.pop(self.counterparty)
        yield Check(own.eligible, f"{self.counterparty} is on the opposite side", "ADL-SIZE")
        first = both(*(either(negate(one.eligible), own.rank >= one.rank) for one in others.values()))
        yield Check(first, f"{self.counterparty} has the highest rank", "ADL-RANK")

    def size(self, exchange: Exchange) -> Number:
        """How much is closed (contracts)."""
        needed = exchange.members[self.account].size(self.market)
        return deleveraging.deleveraged_size(needed, exchange.members[self.counterparty].size(self.market))

    def apply(self, exchange: Exchange) -> Exchange:
        market = exchange.markets[self.market]
        price = exchange.venue.rule("ADL-PRICE")(market.previous_mark, market.previous_oracle)
        size, held = self.size(exchange), exchange.members[self.account].size(self.market)
        change = where(held > 0, -size, size)
        cleared = exchange.put(without_orders(exchange.members[self.account]))
        return trade(cleared, self.market, self.account, self.counterparty, change, price)


def cross_cash(exchange: Exchange, member: Member, dex: str) -> Number:
    """The cash behind cross positions of a dex: its own balance, or all balances of its token where they are shared."""
    if not shares_balances(member):
        return member.raw.get(dex, ZERO)
    token = exchange.venue.token_of(dex)
    raw = total(member.raw.get(other, ZERO) for other in exchange.dexes_of(token))
    return raw + member.spot.get(token, ZERO) + exchange.supplied(member, token)


def is_closed(exchange: Exchange, member: Member, dex: str) -> bool:
    """Whether an account has no cross position that shares the cash of a dex, and no collateral behind it."""
    shared = exchange.dexes_of(exchange.venue.token_of(dex)) if shares_balances(member) else (dex,)
    cross = (p for p in member.positions.values() if not p.isolated)
    backed = member.mode is Regime.PORTFOLIO and any(
        exchange.venue.tokens[token].is_collateral for token in member.supplied
    )
    return not backed and not any(exchange.markets[p.market].dex in shared for p in cross)


@action
@frozen(kw_only=True)
class AllocateShortfall(VenueAction):
    """What a closed account owes is borne by the liquidator vault, then by the treasury (TRADE-SHORTFALL)."""

    words: ClassVar[str] = "the shortfall of {account} in perps{dex} is allocated"
    account: str
    dex: str = ""

    def checks(self, exchange: Exchange) -> Iterator[Check]:
        yield from known_account(exchange, self.account, vault_of(self.dex))
        yield from known_dex(exchange, self.dex)
        owed = self.deficit(exchange) + self.overdrawn(exchange)
        yield Check(owed > 0, f"{self.account} is closed and owes more than it has", "TRADE-SHORTFALL")

    def deficit(self, exchange: Exchange) -> Number:
        """What closed isolated positions owe (USD)."""
        return -exchange.members[self.account].deficit.get(self.dex, ZERO)

    def overdrawn(self, exchange: Exchange) -> Number:
        """How far the cash lies below zero once all cross positions are closed (USD)."""
        member = exchange.members[self.account]
        closed = is_closed(exchange, member, self.dex)
        return maximum(ZERO, -cross_cash(exchange, member, self.dex)) if closed else ZERO

    def apply(self, exchange: Exchange) -> Exchange:
        deficit, overdrawn = self.deficit(exchange), self.overdrawn(exchange)
        member, vault = exchange.members[self.account], vault_of(self.dex)
        own = ZERO if vault == self.account else free_of_vault(exchange, vault, self.dex)
        share = trading.vault_share(deficit + overdrawn, own)
        cleared = evolve(member.add_raw(self.dex, overdrawn), deficit=member.deficit.drop(self.dex))
        after = exchange.put(cleared)
        paid = after.put(after.members[vault].add_raw(self.dex, -share))
        return paid.to_treasury(exchange.venue.token_of(self.dex), share - deficit - overdrawn)


def free_of_vault(exchange: Exchange, vault: str, dex: str) -> Number:
    """The equity of a liquidator vault beyond its own maintenance margin (USD)."""
    for held in exchange.account(vault).dexes:
        if held.name == dex:
            margin = measure_dex(held, exchange.prices, exchange.venue)
            return maximum(ZERO, margin.cross_equity - margin.maintenance)
    return ZERO


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
