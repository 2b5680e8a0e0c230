"""Chapter: funding and fees."""

from __future__ import annotations

from collections.abc import Sequence

from solvent.arithmetic import ZERO, maximum, minimum, nearest, total
from solvent.rules.kinds import Price, Quotient, Rate, Share, Size, SizeOpen, Unit, Usd
from solvent.rules.registry import rule


@rule("FUND-PREMIUM")
def premium(impact_bid: Price, impact_ask: Price, oracle: Price) -> Quotient:
    """The premium is how far the impact bid lies above or the impact ask below the oracle price, over the oracle price."""
    return (maximum(ZERO, impact_bid - oracle) - maximum(ZERO, oracle - impact_ask)) / oracle


@rule("FUND-PREMIUM-DEX")
def premium_of_builder_dex(impact_bid: Price, impact_ask: Price, oracle: Price) -> Quotient:
    """On a builder-deployed dex the premium is the impact mid over the oracle price, less one."""
    return (impact_bid + impact_ask) / (2 * oracle) - 1


@rule("FUND-RATE")
def funding_rate(premium: Rate, interest: Rate, clamp: Share, cap: Share) -> Rate:
    """The hourly funding rate is an eighth of the premium plus the clamped rest of the interest rate, within the cap."""
    hourly = (premium + maximum(-clamp, minimum(clamp, interest - premium))) / 8
    return maximum(-cap, minimum(cap, hourly))


@rule("FUND-PAYMENT")
def funding_payment(size: Size, oracle: Price, rate: Rate, unit: Unit) -> Usd:
    """A position receives minus its signed size times the oracle price times the rate, to the nearest USD unit."""
    return nearest(-size * oracle * rate, unit)


@rule("FUND-REMAINDER")
def funding_remainder(payments: Sequence[Usd]) -> Usd:
    """What rounded funding payments do not balance stays with the venue, or is borne by it."""
    return -total(payments)


@rule("FUND-BALANCE")
def balance_after(
    balance: Usd,
    transfers: Usd,
    spot: Usd,
    realized: Usd,
    fees: Usd,
    funding: Usd,
    supply_interest: Usd,
    borrow_interest: Usd,
    profit_change: Usd,
) -> Usd:
    """A net balance moves by transfers, spot cash, realized profit, fees, funding, interest and change of profit."""
    return (
        balance
        + transfers
        + spot
        + realized
        - fees
        + funding
        + supply_interest
        - borrow_interest
        + profit_change
    )


@rule("FUND-FEE")
def trade_fee(price: Price, size: SizeOpen, rate: Share, builder_rate: Share) -> Usd:
    """A trade pays the fee rate, and the builder's rate where there is one, on its notional."""
    return price * size * (rate + builder_rate)
