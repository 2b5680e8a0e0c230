"""What a trade does to both of its sides: positions, entry prices, margins and fees."""

from __future__ import annotations

from attrs import evolve

from solvent.account import Position
from solvent.arithmetic import ONE, ZERO, Number, absolute, certainly, maximum, where
from solvent.exchange.margin import pay
from solvent.exchange.state import Depth, Exchange, Market, Member, Setting, token_of_spot
from solvent.rules import funding, numbers, perp, trading


def setting_of(exchange: Exchange, member: Member, market: str) -> Setting:
    """What the account has chosen for a market: as its position has it, as set, or else the largest leverage."""
    position = member.positions.get(market)
    if position is not None:
        return Setting(leverage=position.leverage, isolated=position.isolated)
    chosen = member.settings.get(market)
    if chosen is not None:
        return chosen
    known = exchange.markets[market]
    return Setting(leverage=exchange.venue.tiers(market, known.max_leverage)[0].max_leverage)


def price_at_book(mark: Number, side: Number, notional: Number, depth: Depth) -> Number:
    """The average price of an order to the book (TRADE-SLIPPAGE, TRADE-PRICE)."""
    slippage = trading.book_slippage(depth.spread, notional, depth.width)
    return trading.trade_price(mark, side, slippage)


def entry_after(size: Number, entry: Number | None, change: Number, price: Number) -> Number | None:
    """The entry price after a trade: the average when it opens, the trade's own when it turns the position over."""
    if entry is None:
        return None
    held, traded = absolute(size), absolute(change)
    opened = numbers.entry_after_opening(held, entry, traded, price)
    return where(size * change < 0, where(traded > held, price, entry), opened)


def traded(
    exchange: Exchange,
    member: Member,
    market: Market,
    change: Number,
    price: Number,
    fee: Number = ZERO,
    *,
    releases: bool = True,
) -> Member:
    """The account after it has bought (a change above zero) or sold at a price.

    An isolated position takes initial margin from the cross balance where it opens, and gives margin back pro rata
    where it closes (PERP-ISO-CLOSE); without ``releases`` it keeps its margin while any of it is left. Margin below
    zero is not given back: it stays as a deficit of the account.
    """
    setting = setting_of(exchange, member, market.name)
    before = member.positions.get(market.name)
    size = ZERO if before is None else before.size
    raw = (
        (None if before is None else before.raw)
        if before is not None
        else (ZERO if setting.isolated else None)
    )
    moved, deficit = -change * price - fee, ZERO
    if raw is not None:
        closed = trading.closed_part(size, change)
        kept, opened = absolute(size) - closed, absolute(change) - closed
        margin = perp.isolated_margin(raw, size, price) - fee
        share = perp.released_margin(margin, closed, where(closed > 0, kept, ONE))
        deficit = where(kept > 0, ZERO, where(share < 0, share, ZERO))
        released = maximum(ZERO, share if releases else where(kept > 0, ZERO, share))
        added = perp.initial_margin(opened * price, setting.leverage)
        raw = raw - change * price - fee - released + added - deficit
        moved = released - added
    after = size + change
    position = Position(
        market=market.name,
        size=after,
        leverage=setting.leverage,
        max_leverage=market.max_leverage,
        entry=price if before is None else entry_after(size, before.entry, change, price),
        raw=raw,
    )
    flat = certainly(after == 0)
    left = member.positions.drop(market.name) if flat else member.positions.put(market.name, position)
    moved_member = evolve(member, positions=left).add_raw(market.dex, moved)
    return moved_member if certainly(deficit == 0) else moved_member.add_deficit(market.dex, deficit)


def fee_of(exchange: Exchange, price: Number, change: Number, rate: Number) -> Number:
    """The fee of a trade at a rate (FUND-FEE, NUM-USD)."""
    fee = funding.trade_fee(price, absolute(change), rate, ZERO)
    return numbers.usd_amount(fee, exchange.venue.parameters.usd_unit)


def trade(
    exchange: Exchange,
    name: str,
    one: str,
    other: str,
    change: Number,
    price: Number,
    fees: tuple[Number, Number] = (ZERO, ZERO),
    *,
    releases: bool = True,
) -> Exchange:
    """The exchange after two accounts have traded a perp.

    The one buys where the change is above zero and sells where it is below; the other does the opposite. ``fees``
    are the rates of the one and of the other; ``releases`` says whether an isolated position of the one gives margin back.
    """
    market = exchange.markets[name]
    paid = [fee_of(exchange, price, change, rate) for rate in fees]
    first = traded(exchange, exchange.members[one], market, change, price, paid[0], releases=releases)
    second = traded(exchange, exchange.members[other], market, -change, price, paid[1])
    after = exchange.put(first, second).put_market(held_by(held_by(market, first), second))
    return after.to_treasury(exchange.token_of(name), paid[0] + paid[1])


def held_by(market: Market, member: Member) -> Market:
    """The market with an account's present position among its holders."""
    position = member.positions.get(market.name)
    if position is None:
        return evolve(market, holders=market.holders.drop(member.name))
    return evolve(market, holders=market.holders.put(member.name, position.size))


def trade_spot(
    exchange: Exchange,
    market: str,
    one: str,
    other: str,
    change: Number,
    price: Number,
    fees: tuple[Number, Number] = (ZERO, ZERO),
) -> Exchange:
    """The exchange after two accounts have traded a token for the quote token, as ``trade``; fees in the quote token."""
    token, quote = token_of_spot(market), exchange.venue.quote
    paid = [fee_of(exchange, price, change, rate) for rate in fees]
    cost = change * price
    first = pay(exchange, exchange.members[one], quote, cost + paid[0]).add_spot(token, change)
    second = pay(exchange, exchange.members[other], quote, paid[1] - cost).add_spot(token, -change)
    return exchange.put(first, second).to_treasury(quote, paid[0] + paid[1])
