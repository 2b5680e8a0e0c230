"""Chapter: numbers, rounding, profit and price kinds."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from solvent.arithmetic import (
    ZERO,
    Number,
    maximum,
    median,
    minimum,
    nearest,
    total,
    truncate,
    where,
)
from solvent.rules.kinds import Factor, Price, Share, Side, Size, SizeOpen, Unit, Usd, UsdPositive
from solvent.rules.registry import rule


@rule("NUM-USD")
def usd_amount(amount: Usd, unit: Unit) -> Usd:
    """A USD amount of one position is truncated towards zero to the venue's USD unit before any sum."""
    return truncate(amount, unit)


@rule("NUM-RATIO")
def displayed_ratio(value: Usd, unit: Unit) -> Usd:
    """A displayed ratio or liquidation price is rounded to the nearest multiple of the ratio unit."""
    return nearest(value, unit)


@rule("NUM-TOKEN")
def token_amount(amount: Usd, unit: Unit) -> Usd:
    """A token amount is rounded to the nearest multiple of the token unit."""
    return nearest(amount, unit)


@rule("NUM-PNL")
def unrealized_profit(size: Size, mark: Price, entry: Price) -> Usd:
    """Unrealized profit is the signed size times the mark price less the entry price."""
    return size * (mark - entry)


@frozen
class ProfitBounds:
    """The range of unrealized profit that a displayed entry price allows, both ends included."""

    low: Number
    high: Number


@rule("NUM-ENTRY-SHOWN")
def profit_bounds(size: Size, mark: Price, entry: Price, unit: Unit) -> ProfitBounds:
    """The displayed entry price is truncated, so profit lies within one unit of it on the side of a higher entry."""
    shown = unrealized_profit(size, mark, entry)
    truncated = unrealized_profit(size, mark, entry + unit)
    return ProfitBounds(minimum(shown, truncated), maximum(shown, truncated))


@rule("NUM-ENTRY")
def entry_after_opening(size: SizeOpen, entry: Price, opened: SizeOpen, price: Price) -> Price:
    """An opening trade makes the entry price the size-weighted average; a closing trade leaves it."""
    return (size * entry + opened * price) / (size + opened)


@rule("NUM-CLOSED", reading="as-reported")
def closed_profit(side: Side, closed: SizeOpen, price: Price, entry: Price, fee: Usd) -> Usd:
    """A closing trade realizes its size times the price move since entry; the fee is charged apart."""
    return side * closed * (price - entry)


@rule("NUM-CLOSED", reading="as-documented")
def closed_profit_with_fee(side: Side, closed: SizeOpen, price: Price, entry: Price, fee: Usd) -> Usd:
    """A closing trade realizes the fee, which is below zero when paid, and its size times the price move since entry."""
    return fee + side * closed * (price - entry)


@rule("PRICE-MARK")
def mark_price(oracle: Price, basis: Usd, book: Price, outside: Price) -> Price:
    """The mark price is the median of oracle plus smoothed basis, the book price, and the outside perp price."""
    return median(oracle + basis, book, outside)


@rule("PRICE-BOOK")
def book_price(best_bid: Price, best_ask: Price, last_trade: Price) -> Price:
    """The book price is the median of best bid, best ask and last trade."""
    return median(best_bid, best_ask, last_trade)


@rule("PRICE-EMA")
def smoothed(
    numerator: Usd, denominator: UsdPositive, decay: Share, sample: Usd, span: UsdPositive
) -> Average:
    """An exponential average keeps a decayed sum of samples and of spans, and is their quotient."""
    return Average(numerator * decay + sample * span, denominator * decay + span)


@frozen
class Average:
    """The two decayed sums of an exponential average; its value is ``numerator / denominator``."""

    numerator: Number
    denominator: Number


@rule("PRICE-ORACLE")
def weighted_median(prices: Sequence[Price], weights: Sequence[UsdPositive]) -> Price:
    """An oracle price is the smallest price at or below which at least half of the weight lies."""
    half = total(weights) / 2
    highest = maximum(*prices)
    return minimum(
        *(
            where(
                total(
                    where(other <= price, weight, ZERO) for other, weight in zip(prices, weights, strict=True)
                )
                >= half,
                price,
                highest,
            )
            for price in prices
        )
    )


@rule("PRICE-BORROW")
def borrow_oracle_price(spot: Price, mark: Price, oracle: Price, usdt_usdc: Price) -> Price:
    """The borrow oracle price is the median of the spot price and the perp mark and oracle turned into USDC."""
    return median(spot, mark * usdt_usdc, oracle * usdt_usdc)


@rule("PRICE-CLAMP")
def clamped_move(previous: Price, proposed: Price, most: Share) -> Price:
    """One update moves a builder-deployed market's mark by at most the allowed fraction."""
    return maximum(previous * (1 - most), minimum(previous * (1 + most), proposed))


@rule("PRICE-QUANTO")
def quanto_value(size: Size, price_usdt: Price) -> Usd:
    """A price quoted in USDT counts as USDC one for one, without conversion."""
    return size * price_usdt


@rule("PRICE-HYPERP")
def hyperp_mark_cap(mark: Price, average: Price, most: Factor) -> Price:
    """The mark of a hyperp is at most the given multiple of its 8 hour average."""
    return minimum(mark, most * average)
