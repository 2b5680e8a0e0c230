"""Chapter: liquidation of borrowed collateral."""

from __future__ import annotations

from solvent.arithmetic import ONE, ZERO, maximum, minimum, quotient, where
from solvent.rules.kinds import Amount, Flag, Milliseconds, Share, Usd, UsdOpen, UsdPositive
from solvent.rules.registry import rule


@rule("BLQ-PARTIAL-AT")
def partial_threshold(ltv: Share) -> Share:
    """Partial liquidation begins where the loan exceeds the collateral at half way between LTV and one."""
    return (1 + ltv) / 2


@rule("BLQ-FULL-AT")
def full_threshold(ltv: Share) -> Share:
    """Full liquidation begins where the loan exceeds the collateral at two thirds of the way from LTV to one."""
    return (2 + ltv) / 3


@rule("BLQ-DEBT")
def debt_owed(loan: UsdPositive, assets: Usd) -> UsdPositive:
    """What an account owes is its loan, and its balance in the token where that is below zero."""
    return loan + maximum(ZERO, -assets)


@rule("BLQ-DUE")
def collateral_liquidatable(loan: UsdPositive, value: UsdPositive, threshold: Share) -> Flag:
    """Borrowed collateral is liquidated when the loan exceeds the collateral's value at the threshold."""
    return loan > value * threshold


@rule("BLQ-STEP")
def step_amount(remaining: Amount, step: Share, full: Flag) -> Amount:
    """A partial step takes over a fifth of what remains, of collateral and of debt alike; a full one takes all."""
    return remaining * where(full, ONE, step)


@rule("BLQ-INTERVAL")
def step_due(now: Milliseconds, last_step: Milliseconds, interval: Milliseconds) -> Flag:
    """Partial steps follow each other after the interval."""
    return now >= last_step + interval


@rule("BLQ-TAKEOVER")
def left_with_owner(value: UsdPositive, debt: UsdPositive, discount: Share) -> Usd:
    """The backstop takes collateral worth the debt it takes, at a discount, and the rest stays with the owner."""
    return value - quotient(debt, 1 - discount, value)


@rule("BLQ-SLIPPAGE")
def takeover_discount(value: UsdPositive, full_threshold: Share, width: UsdOpen) -> Share:
    """The takeover discount grows with the value taken over the depth width, up to what the full threshold leaves."""
    return minimum(1 - full_threshold, value * full_threshold / width)


@rule("BLQ-TWAP")
def unsold(amount: Amount, decay: Share) -> Amount:
    """The backstop sells collateral so that half of it is left after each half-life."""
    return amount * decay


@rule("BLQ-PRICE")
def collateral_liquidation_price(loan: UsdPositive, amount: Amount, threshold: Share) -> Usd:
    """With one collateral, liquidation begins at the price where the loan equals the collateral at the threshold."""
    return quotient(loan, amount * threshold, ZERO)
