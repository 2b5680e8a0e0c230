"""Chapter: perp margin."""

from __future__ import annotations

from collections.abc import Sequence

from solvent.arithmetic import (
    ONE,
    ZERO,
    absolute,
    both,
    either,
    floor_to,
    maximum,
    minimum,
    negate,
    quotient,
    total,
    where,
)
from solvent.rules.kinds import (
    Flag,
    Leverage,
    Price,
    Resting,
    Share,
    Size,
    SizeOpen,
    Tiers,
    Unit,
    Usd,
    UsdPositive,
)
from solvent.rules.registry import rule


@rule("PERP-NOTIONAL")
def notional(size: Size, mark: Price) -> UsdPositive:
    """A position's notional is the magnitude of its size times the mark price."""
    return absolute(size) * mark


@rule("PERP-EQUITY")
def perp_equity(raw: Usd, sizes: Sequence[Size], marks: Sequence[Price]) -> Usd:
    """The equity of a perp dex is its raw balance plus every signed size at the mark price."""
    return raw + total(size * mark for size, mark in zip(sizes, marks, strict=True))


@rule("PERP-VALUE")
def account_value(cross_equity: Usd, isolated_margins: Sequence[Usd]) -> Usd:
    """The account value of a dex is its cross equity plus the margins of its isolated positions."""
    return cross_equity + total(isolated_margins)


@rule("PERP-IM")
def initial_margin(notional: UsdPositive, leverage: Leverage) -> UsdPositive:
    """Initial margin is the notional at the mark price divided by the position's leverage."""
    return notional / leverage


@rule("PERP-RATE")
def maintenance_rate(max_leverage: Leverage) -> Share:
    """The maintenance rate of a tier is half the initial rate at the tier's largest leverage."""
    return 1 / (2 * max_leverage)


@rule("PERP-DEDUCTION")
def tier_deduction(previous: UsdPositive, lower_bound: UsdPositive, previous_rate: Share, rate: Share) -> Usd:
    """A tier's deduction is the one before it plus its lower bound times the step in the rate."""
    return previous + lower_bound * (rate - previous_rate)


@rule("PERP-MM")
def maintenance_margin(notional: UsdPositive, tiers: Tiers) -> UsdPositive:
    """Maintenance margin is the notional times the rate of its tier, less the tier's deduction."""
    margin = notional * tiers[0].rate - tiers[0].deduction
    for tier in tiers[1:]:
        margin = where(notional >= tier.lower_bound, notional * tier.rate - tier.deduction, margin)
    return margin


@rule("PERP-TIER-ROOM")
def largest_notional(leverage: Leverage, tiers: Tiers, unlimited: UsdPositive) -> UsdPositive:
    """A position and its same-side orders stay below the first tier that forbids the chosen leverage."""
    return minimum(
        unlimited, *(where(tier.max_leverage < leverage, tier.lower_bound, unlimited) for tier in tiers)
    )


@rule("PERP-ISO-MARGIN")
def isolated_margin(raw: Usd, size: Size, mark: Price) -> Usd:
    """The margin of an isolated position is its own raw balance plus its signed size at the mark price."""
    return raw + size * mark


@rule("PERP-ISO-REMOVE")
def removable_margin(margin: Usd, transfer: UsdPositive, strict: Flag) -> UsdPositive:
    """Isolated margin above the transfer requirement may be removed, and none under strict isolation."""
    return where(strict, ZERO, maximum(ZERO, margin - transfer))


@rule("PERP-ISO-CLOSE")
def released_margin(margin: Usd, closed: SizeOpen, kept: SizeOpen) -> Usd:
    """Closing a part of an isolated position releases its margin pro rata."""
    return margin * closed / (closed + kept)


@rule("PERP-CROSS-ALLOWED")
def cross_allowed(strict: Flag, no_cross: Flag) -> Flag:
    """A market that is strictly isolated or bars cross margin takes isolated positions only."""
    return negate(either(strict, no_cross))


@rule("PERP-TRANSFER", reading="per-position")
def transfer_requirement(
    initials: Sequence[UsdPositive], notionals: Sequence[UsdPositive], fraction: Share
) -> UsdPositive:
    """Margin that stays on any way out but trading: per position the larger of initial margin and 10 % of notional."""
    return total(maximum(initial, fraction * n) for initial, n in zip(initials, notionals, strict=True))


@rule("PERP-TRANSFER", reading="of-sums")
def transfer_requirement_of_sums(
    initials: Sequence[UsdPositive], notionals: Sequence[UsdPositive], fraction: Share
) -> UsdPositive:
    """Margin that stays on any way out but trading: the larger of all initial margin and 10 % of all notional."""
    return maximum(total(initials), fraction * total(notionals))


def _reserving(closable: UsdPositive, orders: Sequence[Resting]) -> UsdPositive:
    """Notional of one side's orders beyond what closes the position, at the side's average limit price."""
    size = total(order.size for order in orders)
    value = total(order.size * order.price for order in orders)
    return value * quotient(maximum(ZERO, size - closable), size, ZERO)


@rule("PERP-ORDER", reading="both-sides")
def order_margin(
    position: Size, buys: Sequence[Resting], sells: Sequence[Resting], leverage: Leverage
) -> UsdPositive:
    """Resting orders that increase exposure reserve their limit notional divided by the leverage."""
    bought = _reserving(maximum(ZERO, -position), buys)
    sold = _reserving(maximum(ZERO, position), sells)
    return (bought + sold) / leverage


@rule("PERP-ORDER", reading="larger-side")
def order_margin_of_larger_side(
    position: Size, buys: Sequence[Resting], sells: Sequence[Resting], leverage: Leverage
) -> UsdPositive:
    """Resting orders reserve the limit notional of the side that increases exposure more, divided by the leverage."""
    bought = _reserving(maximum(ZERO, -position), buys)
    sold = _reserving(maximum(ZERO, position), sells)
    return maximum(bought, sold) / leverage


@rule("PERP-WITHDRAWABLE")
def withdrawable(equity: Usd, transfer: UsdPositive, orders: UsdPositive) -> UsdPositive:
    """Withdrawable is the cross equity above the transfer requirement and the order margin."""
    return maximum(ZERO, equity - transfer - orders)


@rule("PERP-SIZE-INCREASE")
def largest_increase(free: Usd, leverage: Leverage, mark: Price, step: Unit) -> UsdPositive:
    """The largest order that increases a position spends the free margin at the leverage, in whole size steps."""
    return floor_to(maximum(ZERO, free) * leverage / mark, step)


@rule("PERP-SIZE-OPPOSITE")
def largest_opposite(
    position: Size, free_after_close: Usd, leverage: Leverage, mark: Price, step: Unit
) -> UsdPositive:
    """The largest opposite order closes the isolated position and opens with all margin that the close frees."""
    return absolute(position) + floor_to(maximum(ZERO, free_after_close) * leverage / mark, step)


@rule("PERP-AVAILABLE")
def available_to_trade(largest_size: UsdPositive, mark: Price, leverage: Leverage) -> UsdPositive:
    """Available to trade is the margin that the largest order would use at the mark price."""
    return largest_size * mark / leverage


@rule("PERP-ORDER-CAP")
def order_value_cap(max_leverage: Leverage, limit_order: Flag) -> UsdPositive:
    """One market order is worth at most 30M, 5M, 2M or 0.5M USD by the market's largest leverage; limit orders 10x."""
    market_order = where(
        max_leverage >= 25,
        30_000_000 * ONE,
        where(max_leverage >= 20, 5_000_000 * ONE, where(max_leverage >= 10, 2_000_000 * ONE, 500_000 * ONE)),
    )
    return market_order * where(limit_order, 10 * ONE, ONE)


@rule("PERP-LEVERAGE")
def leverage_allowed(leverage: Leverage, notional: UsdPositive, tiers: Tiers) -> Flag:
    """An opening trade needs a leverage that the tier of the resulting notional allows."""
    return both(*(either(notional < tier.lower_bound, leverage <= tier.max_leverage) for tier in tiers))


@rule("PERP-MARGIN-FREE")
def margin_after_maintenance(equity: Usd, maintenance: UsdPositive) -> Usd:
    """Margin after maintenance is the equity of the margin pool less its maintenance margin."""
    return equity - maintenance


@rule("PERP-LIQUIDATABLE")
def liquidatable(equity: Usd, maintenance: UsdPositive) -> Flag:
    """An isolated position or the cross positions of a dex are liquidatable when equity is below maintenance margin."""
    return equity < maintenance
