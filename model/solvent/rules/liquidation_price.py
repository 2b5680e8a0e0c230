"""Chapter: liquidation price."""

from __future__ import annotations

from solvent.arithmetic import absolute, maximum, minimum, where
from solvent.rules.kinds import Flag, Price, SizeHeld, Tiers, Usd, UsdPositive
from solvent.rules.registry import rule


def _root(size: SizeHeld, mark: Price, free: Usd, maintenance: UsdPositive, rate: Usd, deduction: Usd) -> Usd:
    """Where ``free + maintenance + size * (x - mark)`` equals ``rate * |size| * x - deduction``."""
    return (size * mark - free - maintenance - deduction) / (size - rate * absolute(size))


@rule("LIQPX-ROOT", reading="tier-at-price")
def liquidation_price(size: SizeHeld, mark: Price, free: Usd, maintenance: UsdPositive, tiers: Tiers) -> Usd:
    """The liquidation price is where margin after maintenance is used up, by the tier of the notional at that price."""
    roots = [_root(size, mark, free, maintenance, tier.rate, tier.deduction) for tier in tiers]
    return where(size > 0, maximum(*roots), minimum(*roots))


@rule("LIQPX-ROOT", reading="frozen-tier")
def liquidation_price_of_current_tier(
    size: SizeHeld, mark: Price, free: Usd, maintenance: UsdPositive, tiers: Tiers
) -> Usd:
    """The liquidation price is where margin after maintenance is used up, by the tier of the notional at the mark."""
    price = _root(size, mark, free, maintenance, tiers[0].rate, tiers[0].deduction)
    for tier in tiers[1:]:
        in_tier = absolute(size) * mark >= tier.lower_bound
        price = where(in_tier, _root(size, mark, free, maintenance, tier.rate, tier.deduction), price)
    return price


@rule("LIQPX-NONE")
def no_liquidation_price(root: Usd) -> Flag:
    """There is no liquidation price where the root is not above zero."""
    return root <= 0


@rule("LIQPX-ALREADY")
def already_liquidatable(free: Usd) -> Flag:
    """The position is liquidatable at the current price where margin after maintenance is below zero."""
    return free < 0
