"""Venue actions of ordinary trading: fills of resting orders, and hourly funding."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from attrs import evolve, field, frozen

from solvent.account import Order
from solvent.arithmetic import Condition, Number, certainly, either
from solvent.decimals import exact
from solvent.exchange.action import Check, action
from solvent.exchange.guards import above_zero, known_account, known_market
from solvent.exchange.orders import after_checks, in_steps, reduces, solvent_position
from solvent.exchange.pool_actions import VenueAction
from solvent.exchange.state import Exchange, Member, is_spot
from solvent.exchange.trading import trade, trade_spot
from solvent.rules import funding

HOUR = 3_600_000
"""The time between two payments of funding (ms)."""


@action
@frozen(kw_only=True)
class Fill(VenueAction):
    """Two resting orders meet; the buyer's is the older one, and pays the maker's fee."""

    words: ClassVar[str] = "{size} {market} at {price} from {seller} ({sell}) to {buyer} ({buy})"
    market: str
    buyer: str
    buy: str
    seller: str
    sell: str
    size: Number = field(converter=exact)
    price: Number = field(converter=exact)

    def checks(self, exchange: Exchange) -> Iterator[Check]:
        yield from known_account(exchange, self.buyer, self.seller)
        yield from known_market(exchange, self.market)
        yield Check(self.buyer != self.seller, "buyer and seller differ")
        yield above_zero(self.size, "the size")
        yield in_steps(exchange, self.market, self.size)
        for name, order, side in self._sides():
            resting: Order | None = exchange.members[name].orders.get(order)
            fits = resting is not None and resting.market == self.market and resting.side == side
            yield Check(fits, f"{name} has an order {order} of this market and side")
            if resting is not None:
                yield Check(self.size <= resting.size, f"order {order} has the size")
                yield Check(side * (resting.price - self.price) >= 0, f"order {order} allows the price")
                yield from self._reduce_only(exchange, name, resting)
        after = self.apply(exchange)
        for (name, _, side), fee in zip(self._sides(), self._fees(exchange), strict=True):
            member = exchange.members[name]
            less: Condition = False
            if not is_spot(self.market):
                less = reduces(member, self.market, side * self.size)
                yield solvent_position(exchange, member, self.market, self.size, self.price, fee)
            yield from after_checks(exchange, after, name, self.market, less)

    def _sides(self) -> tuple[tuple[str, str, int], tuple[str, str, int]]:
        return (self.buyer, self.buy, 1), (self.seller, self.sell, -1)

    def _fees(self, exchange: Exchange) -> tuple[Number, Number]:
        return exchange.venue.parameters.fee_maker, exchange.venue.parameters.fee_taker

    def _reduce_only(self, exchange: Exchange, name: str, order: Order) -> Iterator[Check]:
        less = reduces(exchange.members[name], self.market, order.side * self.size)
        yield Check(either(order.reserves, less), "a reduce-only order only reduces", "TRADE-REDUCES")

    def apply(self, exchange: Exchange) -> Exchange:
        members = [filled(exchange.members[name], order, self.size) for name, order, _ in self._sides()]
        happens = trade_spot if is_spot(self.market) else trade
        sides, fees = (self.buyer, self.seller), self._fees(exchange)
        return happens(exchange.put(*members), self.market, *sides, self.size, self.price, fees)


def filled(member: Member, order: str, size: Number) -> Member:
    """The account with so much less of an order resting."""
    left = member.orders[order].size - size
    if certainly(left == 0):
        return evolve(member, orders=member.orders.drop(order))
    return evolve(member, orders=member.orders.put(order, evolve(member.orders[order], size=left)))


def rate_of(exchange: Exchange, market: str) -> Number:
    """The hourly funding rate of a market (FUND-RATE)."""
    parameters = exchange.venue.parameters
    return funding.funding_rate(
        exchange.markets[market].premium,
        parameters.funding_interest,
        parameters.funding_clamp,
        parameters.funding_cap,
    )


@action
@frozen(kw_only=True)
class SettleFunding(VenueAction):
    """For every hour longs pay shorts, or shorts longs; the rounding remainder is the treasury's (FUND-REMAINDER)."""

    words: ClassVar[str] = "funding of {market} is paid"
    market: str

    def checks(self, exchange: Exchange) -> Iterator[Check]:
        yield from known_market(exchange, self.market, spot=False)
        due = exchange.now >= exchange.markets[self.market].funded + HOUR
        yield Check(due, "an hour has passed that is not paid for", "FUND-PAYMENT")

    def payments(self, exchange: Exchange) -> dict[str, Number]:
        """What each holder receives (USD), below zero where it pays."""
        market, rate = exchange.markets[self.market], rate_of(exchange, self.market)
        unit = exchange.venue.parameters.usd_unit
        return {
            name: funding.funding_payment(size, market.oracle, rate, unit)
            for name, size in market.holders.items()
        }

    def apply(self, exchange: Exchange) -> Exchange:
        market, payments = exchange.markets[self.market], self.payments(exchange)
        paid = [
            receive(exchange.members[name], market.name, market.dex, amount)
            for name, amount in payments.items()
        ]
        after = exchange.put(*paid).put_market(evolve(market, funded=market.funded + HOUR))
        remainder = funding.funding_remainder(list(payments.values()))
        return after.to_treasury(exchange.token_of(self.market), remainder)


def receive(member: Member, market: str, dex: str, amount: Number) -> Member:
    """The account after an amount has been paid to its position: into its own margin where it is isolated."""
    position = member.positions[market]
    if position.raw is None:
        return member.add_raw(dex, amount)
    held = evolve(position, raw=position.raw + amount)
    return evolve(member, positions=member.positions.put(market, held))
