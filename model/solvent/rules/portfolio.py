"""Chapter: portfolio margin."""

from __future__ import annotations

from collections.abc import Sequence

from solvent.arithmetic import HALF, ZERO, both, maximum, minimum, quotient, total, where
from solvent.rules.kinds import Amount, Cap, Flag, Price, Ratio, Share, ShareOpen, Usd, UsdOpen, UsdPositive
from solvent.rules.registry import rule


@rule("PM-COLLATERAL")
def collateral_amount(supplied: Amount, supply_cap: Cap, ltv: Share) -> Amount:
    """Collateral is the supplied amount, up to the user's supply cap, of a token with an LTV above zero."""
    return where(ltv > 0, minimum(supplied, supply_cap), ZERO)


@rule("PM-EQUITY")
def portfolio_equity(
    perp_values: Sequence[Usd], supplied: UsdPositive, idle: UsdPositive, borrowed: UsdPositive
) -> Usd:
    """Portfolio equity in the quote token is perp account values, supplied and idle balance, less the loan."""
    return total(perp_values) + supplied + idle - borrowed


@rule("PM-THRESHOLD")
def liquidation_threshold(ltv: Share) -> Share:
    """The liquidation threshold of a token lies half way between its LTV and one."""
    return HALF + HALF * ltv


@rule("PM-CAPACITY")
def borrow_capacity(
    amounts: Sequence[Amount], prices: Sequence[Price], ltvs: Sequence[Share], price: Price, cap: Cap
) -> Amount:
    """The borrow capacity in a token is the collateral at LTV divided by the token's price, up to the user's borrow cap."""
    value = total(amount * px * ltv for amount, px, ltv in zip(amounts, prices, ltvs, strict=True))
    return minimum(cap, value / price)


@rule("PM-SUPPORT")
def collateral_support(
    amounts: Sequence[Amount],
    prices: Sequence[Price],
    thresholds: Sequence[Share],
    price: Price,
    borrow_cap: Cap,
) -> Amount:
    """Collateral supports a token at its liquidation thresholds, divided by the token's price, up to the user's borrow cap."""
    value = total(amount * px * share for amount, px, share in zip(amounts, prices, thresholds, strict=True))
    return minimum(borrow_cap, value / price)


@rule("PM-VIRTUAL")
def virtual_borrow(maintenance: UsdPositive, equity: Usd) -> UsdPositive:
    """The virtual borrow is what maintenance margin needs beyond the equity outside isolated positions."""
    return maximum(ZERO, maintenance - equity)


@rule("PM-RATIO", reading="observed")
def portfolio_ratio(
    maintenance: UsdPositive, equity: Usd, loan: UsdPositive, support: UsdPositive, offset: UsdPositive
) -> Ratio:
    """The margin ratio is maintenance margin plus virtual borrow over equity plus virtual borrow plus support."""
    borrow = virtual_borrow(maintenance, equity)
    return Ratio(maintenance + borrow, equity + borrow + support)


@rule("PM-RATIO", reading="documented")
def documented_ratio(
    maintenance: UsdPositive, equity: Usd, loan: UsdPositive, support: UsdPositive, offset: UsdPositive
) -> Ratio:
    """The margin ratio is offset plus maintenance margin plus loan over balance with the loan plus support."""
    return Ratio(offset + maintenance + loan, equity + loan + support)


@rule("PM-RATIO", reading="offset-floor")
def floored_ratio(
    maintenance: UsdPositive, equity: Usd, loan: UsdPositive, support: UsdPositive, offset: UsdPositive
) -> Ratio:
    """The margin ratio is the observed one with the offset as the least maintenance margin."""
    return portfolio_ratio(maximum(offset, maintenance), equity, loan, support, offset)


@rule("PM-LIQUIDATABLE", reading="above")
def portfolio_liquidatable(ratio: Ratio, trigger: Share) -> Flag:
    """A portfolio margin account is liquidatable when its margin ratio is above the trigger."""
    return ratio.above(trigger)


@rule("PM-LIQUIDATABLE", reading="at-least")
def portfolio_liquidatable_at(ratio: Ratio, trigger: Share) -> Flag:
    """A portfolio margin account with a requirement is liquidatable when its margin ratio is at least the trigger."""
    return both(ratio.numerator > 0, ratio.at_least(trigger))


@rule("PM-AVAILABLE")
def available_quote(equity: Usd, support: UsdPositive, maintenance: UsdPositive) -> Usd:
    """Available after maintenance in the quote token is equity outside isolated positions plus support less maintenance."""
    return equity + support - maintenance


@rule("PM-AVAILABLE-COLLATERAL")
def available_collateral(held: Amount, amount: Amount, borrow: UsdPositive, support: UsdPositive) -> Usd:
    """Available after maintenance of a collateral is what is held less its share of the virtual borrow."""
    return held - amount * quotient(borrow, support, ZERO)


@rule("PM-AVAILABLE-OTHER")
def available_other(
    held: Usd,
    cap: Cap,
    available: Sequence[Amount],
    prices: Sequence[Price],
    thresholds: Sequence[Share],
    price: Price,
) -> Usd:
    """Available after maintenance of another borrowable token is what is held plus what free collateral supports."""
    value = total(
        amount * px * share for amount, px, share in zip(available, prices, thresholds, strict=True)
    )
    return held + minimum(cap, value / price)


@rule("PM-HOLD", reading="beta")
def quote_hold(committed: Usd, capacity: UsdPositive, perp_value: Usd) -> Usd:
    """The hold of the quote token is what is committed less the borrow capacity."""
    return committed - capacity


@rule("PM-HOLD", reading="alpha")
def alpha_quote_hold(committed: Usd, capacity: UsdPositive, perp_value: Usd) -> Usd:
    """The hold of the quote token is what is committed, up to perp account value plus capacity, less the capacity."""
    return minimum(committed, perp_value + capacity) - capacity


@rule("PM-SPOT-HOLD", reading="beta")
def quote_spot_hold(committed: Usd, equity: Usd, perp_value: Usd, capacity: UsdPositive) -> Usd:
    """The spot hold of the quote token is what is committed, up to the equity."""
    return minimum(equity, committed)


@rule("PM-SPOT-HOLD", reading="alpha")
def alpha_quote_spot_hold(committed: Usd, equity: Usd, perp_value: Usd, capacity: UsdPositive) -> Usd:
    """The spot hold of the quote token is what is committed, up to perp account value plus capacity."""
    return minimum(committed, perp_value + capacity)


@rule("PM-COLLATERAL-HOLD", reading="beta")
def collateral_hold(
    amount: Amount, committed: Usd, equity: Usd, perp_value: Usd, capacity: UsdPositive
) -> Amount:
    """The hold of a collateral is its share of what is committed beyond the equity, at LTV."""
    return amount * quotient(maximum(ZERO, committed - equity), capacity, ZERO)


@rule("PM-COLLATERAL-HOLD", reading="alpha")
def alpha_collateral_hold(
    amount: Amount, committed: Usd, equity: Usd, perp_value: Usd, capacity: UsdPositive
) -> Amount:
    """The hold of a collateral is its share of what is committed beyond perp account value, at LTV, up to all of it."""
    return amount * quotient(minimum(maximum(ZERO, committed - perp_value), capacity), capacity, ZERO)


@rule("PM-OTHER-HOLD")
def other_hold(
    cap: Cap, free: Sequence[Amount], prices: Sequence[Price], ltvs: Sequence[Share], price: Price
) -> Usd:
    """The hold of another borrowable token is minus what collateral that is not held could borrow of it."""
    return -borrow_capacity(free, prices, ltvs, price, cap)


@rule("PM-CAP-USE")
def cap_use(amount: Amount, cap: UsdOpen) -> UsdPositive:
    """A cap ratio is the borrowed or supplied amount over the user's cap."""
    return amount / cap


@rule("PM-BORROW")
def automatic_loan(committed: Usd, owned: Usd, capacity: UsdPositive) -> UsdPositive:
    """What is committed beyond what is owned is borrowed automatically, up to the capacity."""
    return minimum(capacity, maximum(ZERO, committed - owned))


@rule("PM-COLLATERAL-OUT")
def collateral_withdrawable(
    amount: Amount, price: Price, ltv: ShareOpen, capacity: UsdPositive, loan: UsdPositive
) -> Amount:
    """Collateral may leave while the health factor stays at least one, and all of it without a loan."""
    free = maximum(ZERO, capacity - loan) / (price * ltv)
    return where(loan > 0, minimum(amount, free), amount)
