"""User actions that trade: orders, isolated margin and leverage."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import ClassVar

from attrs import evolve, field, frozen

from solvent.account import Order, Regime
from solvent.arithmetic import (
    ONE,
    ZERO,
    Condition,
    Number,
    absolute,
    both,
    either,
    floor_to,
    maximum,
    negate,
    total,
    unless,
    where,
)
from solvent.decimals import exact
from solvent.exchange.action import Check, action
from solvent.exchange.cash import UserAction
from solvent.exchange.guards import above_zero, known_market, not_liquidatable, own_account
from solvent.exchange.margin import main_dex, may_open, movable_from_dex, pool_of_market, withdrawable_of
from solvent.exchange.state import BOOK, Depth, Exchange, Member, Setting, is_spot, token_of_spot
from solvent.exchange.trading import fee_of, price_at_book, setting_of, trade, trade_spot
from solvent.rules import perp, trading
from solvent.rules.kinds import Tiers

UNLIMITED = Fraction(10**15)
"""A notional (USD) beyond any market."""


def tiers_of(exchange: Exchange, market: str) -> Tiers:
    """The margin tiers of a market."""
    return exchange.venue.tiers(market, exchange.markets[market].max_leverage)


def covers(exchange: Exchange, name: str, market: str) -> Condition:
    """Whether an account covers what it holds and has in orders in the token that a market is margined in."""
    if is_spot(market):
        return spot_covered(exchange, name, market)
    return may_open(exchange, name, exchange.token_of(market), exchange.markets[market].dex)


def spot_covered(exchange: Exchange, name: str, market: str) -> Condition:
    """Whether an account has what it sells, and the quote token for what it buys."""
    account, quote = exchange.account(name), exchange.venue.quote
    token = token_of_spot(market)
    sold, conditions = account.balance(token), []
    for other in (token, quote):
        if account.regime is not Regime.CROSS and exchange.dexes_of(other):
            conditions.append(may_open(exchange, name, other, main_dex(exchange, other)))
        elif other == quote:
            cash = account.balance(quote)
            conditions.append(cash.idle >= cash.buying + cash.selling)
    return both(sold.idle >= sold.selling, *conditions)


def allowed_leverage(exchange: Exchange, name: str, market: str) -> Check:
    """The leverage of the position suits the tier of its notional."""
    member = exchange.members[name]
    notional = perp.notional(member.size(market), exchange.markets[market].mark)
    leverage = setting_of(exchange, member, market).leverage
    allowed = perp.leverage_allowed(leverage, notional, tiers_of(exchange, market))
    return Check(allowed, f"the tier allows the leverage of {name}", "PERP-LEVERAGE")


def after_checks(
    before: Exchange, exchange: Exchange, name: str, market: str, reduces: Condition
) -> Iterator[Check]:
    """What a trade must leave an account with: initial margin where it opens, its health where it only reduces."""
    covered = unless(reduces, lambda: covers(exchange, name, market))
    yield Check(covered, f"{name} covers what it opens", "TRADE-OPEN")
    if not is_spot(market) and market in before.members[name].positions:
        kept = unless(negate(reduces), lambda: stays_healthy(before, exchange, name, market))
        yield Check(kept, f"{name} is not liquidatable after it, or no nearer to it", "TRADE-REDUCES")
    if not is_spot(market) and market in exchange.members[name].positions:
        check = allowed_leverage(exchange, name, market)
        yield evolve(check, condition=either(reduces, check.condition))
        safe = unless(reduces, lambda: not_liquidatable(exchange, name).condition)
        yield Check(safe, f"{name} is not liquidatable at once", "PERP-LIQUIDATABLE")


def stays_healthy(before: Exchange, after: Exchange, name: str, market: str) -> Condition:
    """Whether the margin pool of a position is not liquidatable after a step, or has no less left after maintenance."""
    was = pool_of_market(before, name, market)
    now = next((pool for pool in after.assess(name).pools if pool.name == was.name), None)
    return True if now is None else either(negate(now.liquidatable), now.available >= was.available)


def reduces(member: Member, market: str, change: Number) -> Condition:
    """Whether a trade only reduces a position; a spot sale counts as one."""
    return change < 0 if is_spot(market) else trading.only_reduces(member.size(market), change)


def depth_of(exchange: Exchange, market: str) -> tuple[Number, Depth]:
    """The price and the book of a market."""
    if is_spot(market):
        spot = exchange.spots[token_of_spot(market)]
        return spot.price, spot.depth
    perp_market = exchange.markets[market]
    return perp_market.mark, perp_market.depth


def in_steps(exchange: Exchange, market: str, size: Number) -> Check:
    """The size is a whole number of the market's steps; spot markets have none."""
    if is_spot(market):
        return Check(True, "the size is whole")
    unit = exchange.markets[market].step
    return Check(floor_to(absolute(size), unit) == absolute(size), f"the size is in steps of {market}")


@action
@frozen(kw_only=True)
class PlaceOrder(UserAction):
    """A limit order rests in the book and reserves margin, unless it is reduce-only (PERP-ORDER)."""

    words: ClassVar[str] = "{account} places order {order}: {size} {market} at {price}{reduce_only}"
    account: str
    order: str
    market: str
    size: Number = field(converter=exact)
    price: Number = field(converter=exact)
    reduce_only: bool = False

    def checks(self, exchange: Exchange) -> Iterator[Check]:
        yield from own_account(exchange, self.account)
        yield from known_market(exchange, self.market)
        member = exchange.members[self.account]
        yield Check(self.order not in member.orders, f"there is no order {self.order} yet")
        yield Check(self.size != 0, "the size is not zero")
        yield above_zero(self.price, "the price")
        yield in_steps(exchange, self.market, self.size)
        if self.reduce_only:
            only = not is_spot(self.market) and reduces(member, self.market, self.size)
            yield Check(only, "the order only reduces", "TRADE-REDUCES")
            return
        if not is_spot(self.market):
            leverage = exchange.venue.tiers(self.market, exchange.markets[self.market].max_leverage)[
                0
            ].max_leverage
            cap = perp.order_value_cap(leverage, True)
            yield Check(
                absolute(self.size) * self.price <= cap,
                "the order is within the order value cap",
                "PERP-ORDER-CAP",
            )
        yield not_liquidatable(exchange, self.account)
        after = self.apply(exchange)
        if not is_spot(self.market):
            yield tier_room(after, self.account, self.market, after.members[self.account].orders[self.order])
        covered = covers(after, self.account, self.market)
        yield Check(covered, f"{self.account} covers the order", "TRADE-OPEN")

    def apply(self, exchange: Exchange) -> Exchange:
        member = exchange.members[self.account]
        leverage = 1 if is_spot(self.market) else setting_of(exchange, member, self.market).leverage
        order = Order(
            market=self.market,
            side=1 if self.size > 0 else -1,
            size=absolute(self.size),
            price=self.price,
            leverage=leverage,
            reserves=not self.reduce_only,
        )
        return exchange.put(evolve(member, orders=member.orders.put(self.order, order)))


def tier_room(exchange: Exchange, name: str, market: str, order: Order) -> Check:
    """A position and the orders of its side stay below the tier that forbids the leverage (PERP-TIER-ROOM)."""
    member, mark = exchange.members[name], exchange.markets[market].mark
    same = [o.size for o in member.orders.values() if o.market == market and o.side == order.side]
    held = maximum(ZERO, order.side * member.size(market))
    most = perp.largest_notional(order.leverage, tiers_of(exchange, market), UNLIMITED)
    within = (held + total(same)) * mark < most
    return Check(within, "position and orders of a side stay within the leverage's tiers", "PERP-TIER-ROOM")


@action
@frozen(kw_only=True)
class CancelOrder(UserAction):
    """A resting order is taken back."""

    words: ClassVar[str] = "{account} cancels order {order}"
    account: str
    order: str

    def checks(self, exchange: Exchange) -> Iterator[Check]:
        yield from own_account(exchange, self.account)
        known = self.order in exchange.members[self.account].orders
        yield Check(known, f"{self.account} has an order {self.order}")

    def apply(self, exchange: Exchange) -> Exchange:
        member = exchange.members[self.account]
        return exchange.put(evolve(member, orders=member.orders.drop(self.order)))


@action
@frozen(kw_only=True)
class MarketOrder(UserAction):
    """An order to the book, whose counterparty is the account of the book: buy above zero, sell below."""

    words: ClassVar[str] = "{account} trades {size} {market} at the market{reduce_only}"
    account: str
    market: str
    size: Number = field(converter=exact)
    reduce_only: bool = False

    def checks(self, exchange: Exchange) -> Iterator[Check]:
        yield from own_account(exchange, self.account)
        yield from known_market(exchange, self.market)
        yield Check(BOOK in exchange.members and self.account != BOOK, "the book is another account")
        yield Check(self.size != 0, "the size is not zero")
        mark, depth = depth_of(exchange, self.market)
        within = True if depth.size is None else absolute(self.size) <= depth.size
        yield Check(within, "the book is deep enough", "TRADE-SLIPPAGE")
        yield above_zero(self.price(exchange), "the price at the book")
        member = exchange.members[self.account]
        less = reduces(member, self.market, self.size)
        yield Check(either(not self.reduce_only, less), "the order only reduces", "TRADE-REDUCES")
        whole = in_steps(exchange, self.market, self.size)
        yield evolve(whole, condition=either(less, whole.condition))
        if not is_spot(self.market):
            cap = perp.order_value_cap(tiers_of(exchange, self.market)[0].max_leverage, False)
            yield Check(
                either(less, absolute(self.size) * mark <= cap),
                "the order is within its cap",
                "PERP-ORDER-CAP",
            )
            fee = exchange.venue.parameters.fee_taker
            yield solvent_position(exchange, member, self.market, self.size, self.price(exchange), fee)
        yield Check(
            either(less, not_liquidatable(exchange, self.account).condition), "it is not liquidatable"
        )
        after = self.apply(exchange)
        book = reduces(exchange.members[BOOK], self.market, -self.size)
        for name, closes in ((self.account, less), (BOOK, book)):
            yield from after_checks(
                exchange, after, name, self.market, False if is_spot(self.market) else closes
            )

    def price(self, exchange: Exchange) -> Number:
        """The average price at which the book takes the order (USD)."""
        mark, depth = depth_of(exchange, self.market)
        side = where(self.size > 0, 1, -1)
        return price_at_book(mark, side, absolute(self.size) * mark, depth)

    def apply(self, exchange: Exchange) -> Exchange:
        parameters = exchange.venue.parameters
        happens = trade_spot if is_spot(self.market) else trade
        fees = (parameters.fee_taker, parameters.fee_maker)
        return happens(exchange, self.market, self.account, BOOK, self.size, self.price(exchange), fees)


def solvent_position(
    exchange: Exchange, member: Member, market: str, change: Number, price: Number, fee_rate: Number = ZERO
) -> Check:
    """An isolated position has margin left at the price of a trade, after its fee."""
    position = member.positions.get(market)
    left = True
    if position is not None and position.raw is not None:
        fee = fee_of(exchange, price, change, fee_rate)
        left = perp.isolated_margin(position.raw, position.size, price) - fee >= 0
    return Check(left, "the position has margin left at the price", "PERP-ISO-MARGIN")


@action
@frozen(kw_only=True)
class AddMargin(UserAction):
    """Margin goes from the cross balance to an isolated position; it counts as a transfer out (PERP-TRANSFER)."""

    words: ClassVar[str] = "{account} adds {amount} to the margin of {market}"
    account: str
    market: str
    amount: Number = field(converter=exact)

    def checks(self, exchange: Exchange) -> Iterator[Check]:
        yield from isolated_checks(exchange, self.account, self.market)
        yield above_zero(self.amount)
        most = self._movable(exchange)
        yield Check(self.amount <= most, "the amount may leave the cross balance", "PERP-TRANSFER")

    def _movable(self, exchange: Exchange) -> Number:
        if exchange.members[self.account].mode is Regime.CROSS:
            return movable_from_dex(exchange, self.account, exchange.markets[self.market].dex)
        return withdrawable_of(exchange, self.account, exchange.token_of(self.market))

    def apply(self, exchange: Exchange) -> Exchange:
        return move_margin(exchange, self.account, self.market, self.amount)


@action
@frozen(kw_only=True)
class RemoveMargin(UserAction):
    """Margin above the transfer requirement goes from an isolated position to the cross balance (PERP-ISO-REMOVE)."""

    words: ClassVar[str] = "{account} removes {amount} from the margin of {market}"
    account: str
    market: str
    amount: Number = field(converter=exact)

    def checks(self, exchange: Exchange) -> Iterator[Check]:
        yield from isolated_checks(exchange, self.account, self.market)
        yield above_zero(self.amount)
        position = exchange.members[self.account].positions[self.market]
        mark, venue = exchange.markets[self.market].mark, exchange.venue
        notional = perp.notional(position.size, mark)
        initial = perp.initial_margin(notional, position.leverage)
        stays = venue.rule("PERP-TRANSFER")([initial], [notional], venue.parameters.transfer_fraction)
        raw = ZERO if position.raw is None else position.raw
        most = perp.removable_margin(perp.isolated_margin(raw, position.size, mark), stays, False)
        yield Check(self.amount <= most, "the margin may be removed", "PERP-ISO-REMOVE")

    def apply(self, exchange: Exchange) -> Exchange:
        return move_margin(exchange, self.account, self.market, -self.amount)


def isolated_checks(exchange: Exchange, name: str, market: str) -> Iterator[Check]:
    """The account has an isolated position in the market."""
    yield from own_account(exchange, name)
    yield from known_market(exchange, market, spot=False)
    position = exchange.members[name].positions.get(market)
    isolated = position is not None and position.isolated
    yield Check(isolated, f"{name} has an isolated position in {market}", "PERP-ISO-MARGIN")


def move_margin(exchange: Exchange, name: str, market: str, amount: Number) -> Exchange:
    """The exchange after an amount has gone from the cross balance to an isolated position, or back."""
    member = exchange.members[name]
    position = member.positions[market]
    moved = evolve(
        member, positions=member.positions.put(market, evolve(position, raw=position.raw + amount))
    )
    return exchange.put(moved.add_raw(exchange.markets[market].dex, -amount))


@action
@frozen(kw_only=True)
class ChangeLeverage(UserAction):
    """The account chooses leverage and margin for a market; only without a position may it change the margin."""

    words: ClassVar[str] = "{account} sets leverage {leverage} for {market}{isolated}"
    account: str
    market: str
    leverage: Number = field(converter=exact)
    isolated: bool = False

    def checks(self, exchange: Exchange) -> Iterator[Check]:
        yield from own_account(exchange, self.account)
        yield from known_market(exchange, self.market, spot=False)
        member, tiers = exchange.members[self.account], tiers_of(exchange, self.market)
        most = tiers[0].max_leverage
        whole = floor_to(self.leverage, ONE) == self.leverage
        yield Check(whole, "the leverage is a whole number", "PERP-LEVERAGE")
        yield Check(self.leverage >= 1, "the leverage is at least 1", "PERP-LEVERAGE")
        yield Check(self.leverage <= most, f"the leverage is at most {most}", "PERP-LEVERAGE")
        position = member.positions.get(self.market)
        if position is not None:
            kept = position.isolated == self.isolated
            yield Check(kept, "the margin stays cross or isolated while the position is open")
            yield not_liquidatable(exchange, self.account)
        after = self.apply(exchange)
        yield allowed_leverage(after, self.account, self.market)
        for order in after.members[self.account].orders.values():
            if order.market == self.market:
                yield tier_room(after, self.account, self.market, order)
        yield Check(covers(after, self.account, self.market), f"{self.account} covers it", "TRADE-OPEN")
        if position is not None and position.raw is not None:
            mark = exchange.markets[self.market].mark
            margin = perp.isolated_margin(position.raw, position.size, mark)
            initial = perp.initial_margin(perp.notional(position.size, mark), self.leverage)
            yield Check(margin >= initial, "the isolated margin covers it", "PERP-IM")

    def apply(self, exchange: Exchange) -> Exchange:
        member = exchange.members[self.account]
        chosen = Setting(leverage=self.leverage, isolated=self.isolated)
        orders = member.orders
        for name, order in member.orders.items():
            if order.market == self.market:
                orders = orders.put(name, evolve(order, leverage=self.leverage))
        positions = member.positions
        if self.market in positions:
            held = evolve(positions[self.market], leverage=self.leverage)
            positions = positions.put(self.market, held)
        settings = member.settings.put(self.market, chosen)
        return exchange.put(evolve(member, orders=orders, positions=positions, settings=settings))
