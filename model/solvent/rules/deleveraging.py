"""Chapter: auto-deleveraging."""

from __future__ import annotations

from collections.abc import Sequence

from solvent.arithmetic import ONE, ZERO, absolute, minimum, total, where
from solvent.rules.kinds import Flag, Price, Size, SizeHeld, Usd, UsdOpen, UsdPositive
from solvent.rules.registry import rule


@rule("ADL-TRIGGER")
def deleveraging_due(value: Usd) -> Flag:
    """Auto-deleveraging begins when an account value or the value of an isolated position is negative."""
    return value < 0


@rule("ADL-RANK", reading="inverse-for-shorts")
def deleveraging_rank(size: SizeHeld, mark: Price, entry: Price, value: UsdOpen) -> UsdPositive:
    """Counterparties are ranked by profit factor times leverage: mark over entry for longs, entry over mark for shorts."""
    return where(size > 0, mark / entry, entry / mark) * absolute(size) * mark / value


@rule("ADL-RANK", reading="as-printed")
def printed_rank(size: SizeHeld, mark: Price, entry: Price, value: UsdOpen) -> UsdPositive:
    """Counterparties are ranked by mark over entry times leverage, for longs and shorts alike."""
    return mark / entry * absolute(size) * mark / value


@rule("ADL-PRICE", reading="mark")
def deleveraging_price(previous_mark: Price, previous_oracle: Price) -> Price:
    """Deleveraged positions are closed at the previous mark price, against the underwater account."""
    return previous_mark


@rule("ADL-PRICE", reading="oracle")
def deleveraging_price_of_oracle(previous_mark: Price, previous_oracle: Price) -> Price:
    """Deleveraged positions are closed at the previous oracle price, against the underwater account."""
    return previous_oracle


@rule("ADL-SIZE")
def deleveraged_size(needed: Size, counter: Size) -> UsdPositive:
    """A counterparty on the opposite side gives up at most its whole position, and one on the same side nothing."""
    opposite = where(needed * counter < 0, ONE, ZERO)
    return opposite * minimum(absolute(needed), absolute(counter))


@rule("ADL-SUM")
def left_to_deleverage(needed: UsdPositive, taken: Sequence[UsdPositive]) -> Usd:
    """What counterparties give up adds up to the underwater position."""
    return needed - total(taken)
