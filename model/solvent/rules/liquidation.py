"""Chapter: perp liquidation."""

from __future__ import annotations

from solvent.arithmetic import ZERO, absolute, both, floor_to, negate, where
from solvent.rules.kinds import Flag, Milliseconds, Price, Share, Size, SizeOpen, Unit, Usd, UsdPositive
from solvent.rules.registry import rule


@rule("LIQ-BOOK")
def book_size(
    size: Size, mark: Price, partial_from: UsdPositive, partial: Share, cooling: Flag, step: Unit
) -> UsdPositive:
    """A liquidatable position is sent to the book whole, or a fifth of it when large and not within the cooldown."""
    whole = absolute(size)
    part = floor_to(whole * partial, step)
    return where(both(whole * mark > partial_from, negate(cooling)), where(part > 0, part, whole), whole)


@rule("LIQ-COOLDOWN")
def cooling_down(now: Milliseconds, last_partial: Milliseconds, span: Milliseconds) -> Flag:
    """After a partial liquidation the user's liquidations are whole until the cooldown has passed."""
    return now < last_partial + span


@rule("LIQ-STOP")
def liquidation_stops(equity: Usd, maintenance: UsdPositive) -> Flag:
    """Liquidation stops when equity covers maintenance margin again, and what is left stays with the trader."""
    return equity >= maintenance


@rule("LIQ-BACKSTOP")
def backstop_due(equity: Usd, maintenance: UsdPositive, fraction: Share) -> Flag:
    """The backstop takes over when equity has fallen below two thirds of maintenance margin."""
    return equity < fraction * maintenance


@rule("LIQ-TAKEOVER")
def taken_over(equity: Usd, isolated: Usd, of_cross: Flag) -> Usd:
    """The liquidator vault takes all cross positions with all cross margin, or the isolated position with its margin."""
    return where(of_cross, equity, isolated)


@rule("LIQ-FEE")
def liquidation_fee(notional: UsdPositive) -> UsdPositive:
    """A liquidation charges no fee of its own."""
    return ZERO * notional


@rule("LIQ-BACKSTOP-PNL")
def vault_result(size: Size, exit_price: Price, takeover_price: Price) -> Usd:
    """The liquidator vault keeps the profit and bears the loss of the positions that it takes over."""
    return size * (exit_price - takeover_price)


@rule("LIQ-CLOSE")
def equity_after_close(equity: Usd, closed: SizeOpen, mark: Price, slippage: Share) -> Usd:
    """Closing at a price worse than the mark by the slippage costs that share of the closed notional."""
    return equity - closed * mark * slippage
