"""Chapter: borrowing and lending."""

from __future__ import annotations

from solvent.arithmetic import ZERO, both, ceil_to, floor_to, maximum, minimum, negate, quotient, where
from solvent.rules.kinds import (
    Amount,
    AmountSigned,
    Cap,
    Factor,
    FactorOpen,
    Flag,
    Quotient,
    Share,
    Unit,
    Usd,
    UsdOpen,
    UsdPositive,
)
from solvent.rules.registry import rule


@rule("LEND-UTILIZATION")
def utilization(borrowed: Amount, supplied: Amount) -> Quotient:
    """Utilization is the borrowed part of what is supplied, and zero of nothing supplied."""
    return quotient(borrowed, supplied, ZERO)


@rule("LEND-RATE")
def borrow_rate(utilization: Share, base: Share, slope: Factor, kink: Share) -> Quotient:
    """The yearly borrow rate is the base rate, plus the slope times the utilization above the kink."""
    return base + slope * maximum(ZERO, utilization - kink)


@rule("LEND-SUPPLY-RATE")
def supply_rate(borrow_rate: Share, utilization: Share, reserve_share: Share) -> Share:
    """The yearly supply rate is the borrow rate times utilization less the reserve's share."""
    return borrow_rate * utilization * (1 - reserve_share)


@rule("LEND-ACCRUE")
def accrued(principal: Amount, growth: Factor) -> Amount:
    """A debt grows by the growth factor of the time passed: one plus the yearly rate, to the power of the years."""
    return principal * growth


@rule("LEND-INDEX")
def next_index(index: Factor, growth: Factor) -> Quotient:
    """The interest index is multiplied by the growth factor, so it never falls."""
    return index * growth


@rule("LEND-SUPPLIER")
def supplier_interest(interest: Amount, holding: Amount, supplied: Amount, reserve_share: Share) -> Amount:
    """Suppliers share the borrowers' interest pro rata, less the reserve's share."""
    return interest * (1 - reserve_share) * quotient(holding, supplied, ZERO)


@rule("LEND-RESERVE")
def reserve(cash: Amount, borrowed: Amount, supplied: Amount) -> AmountSigned:
    """The reserve of a lending pool is its cash and loans beyond what it owes suppliers."""
    return cash + borrowed - supplied


@rule("LEND-RESERVE-GAIN")
def reserve_gain(interest: Amount, reserve_share: Share) -> Amount:
    """The reserve keeps its share of the interest that borrowers accrue."""
    return interest * reserve_share


@rule("LEND-CLAIM")
def claim(shares: Amount, index: Factor) -> Amount:
    """A supply or a debt is held in shares, and is worth the shares times the interest index."""
    return shares * index


@rule("LEND-SHARES-OUT")
def shares_given(amount: Amount, index: FactorOpen, unit: Unit) -> Amount:
    """Shares that count for an account are rounded down: those of what it supplies, and of the debt that it repays."""
    return floor_to(amount / index, unit)


@rule("LEND-SHARES-IN")
def shares_taken(amount: Amount, index: FactorOpen, unit: Unit) -> Amount:
    """Shares that count against an account are rounded up: those of what it borrows, and of the supply it takes out."""
    return ceil_to(amount / index, unit)


@rule("LEND-LOSS")
def index_after_loss(index: FactorOpen, loss: Amount, supplied: Amount) -> Quotient:
    """Bad debt beyond the reserve lowers the supply index, so that suppliers bear it pro rata."""
    return index * (1 - quotient(minimum(loss, supplied), supplied, ZERO))


@rule("LEND-HEALTH")
def health_factor(capacity: UsdPositive, loan: UsdOpen) -> UsdPositive:
    """The health factor is the borrow capacity over the loan; below one forbids further borrowing only."""
    return capacity / loan


@rule("LEND-MAY-BORROW")
def may_borrow(
    loan: UsdPositive,
    capacity: UsdPositive,
    user_cap: Cap,
    pool_borrowed: Amount,
    global_cap: Cap,
    cash: Amount,
    amount: Amount,
) -> Flag:
    """A loan may grow while capacity, user cap, global cap and the pool's cash all cover the result."""
    return both(
        loan + amount <= minimum(capacity, user_cap), pool_borrowed + amount <= global_cap, amount <= cash
    )


@rule("LEND-MAY-SUPPLY")
def may_supply(
    supplied: Amount, user_cap: Cap, pool_supplied: Amount, global_cap: Cap, amount: Amount
) -> Flag:
    """A supply may grow while user cap and global cap cover the result."""
    return both(supplied + amount <= user_cap, pool_supplied + amount <= global_cap)


@rule("LEND-WITHDRAW")
def supply_withdrawable(holding: Amount, cash: Amount) -> Amount:
    """A supplier may take out what the pool has in cash, and nothing at full utilization."""
    return minimum(holding, maximum(ZERO, cash))


@rule("LEND-FALLBACK")
def borrowable_at_caps(capacity: UsdPositive, room: UsdPositive, cash: UsdPositive) -> UsdPositive:
    """At a cap or at full utilization an account borrows no more, and further margin comes from the quote token."""
    return minimum(capacity, room, cash)


@rule("LEND-ACTION")
def action_amount(wei: Amount, unit: Unit, largest: Amount) -> Amount:
    """The supply action of smart contracts counts in wei of the token, and zero means the most that is allowed."""
    return where(wei <= 0, largest, minimum(largest, wei * unit))


@rule("LEND-MANUAL")
def manual_borrow_allowed(
    portfolio_mode: Flag, loan: UsdPositive, amount: UsdPositive, capacity: UsdPositive
) -> Flag:
    """Manual borrowing is for standard and unified accounts, up to the borrow capacity."""
    return both(negate(portfolio_mode), loan + amount <= capacity)


@rule("LEND-MANUAL-PRICE")
def manual_liquidation_price(loan: UsdPositive, supplied: UsdOpen, threshold: Share) -> Usd:
    """A manual loan against one collateral reaches partial liquidation where the loan equals the collateral at threshold."""
    return quotient(loan, supplied * threshold, ZERO)
