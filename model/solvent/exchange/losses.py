"""Venue actions on what is lost: auto-deleveraging, and the allocation of what nobody can cover."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from attrs import evolve, frozen

from solvent.account import Regime
from solvent.arithmetic import ZERO, Number, both, either, maximum, negate, total, where
from solvent.exchange.action import Check, action
from solvent.exchange.guards import known_account, known_dex
from solvent.exchange.liquidation import position_checks, vault_of, without_orders
from solvent.exchange.margin import pool_of_market, shares_balances
from solvent.exchange.pool_actions import VenueAction
from solvent.exchange.ranking import candidates
from solvent.exchange.state import Exchange, Member
from solvent.exchange.trading import trade
from solvent.regimes.dexes import measure_dex
from solvent.rules import deleveraging, trading


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
