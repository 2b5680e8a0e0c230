"""Chapter: account modes, sub-accounts and eligibility."""

from __future__ import annotations

from collections.abc import Sequence

from solvent.arithmetic import ZERO, both, either, total, where
from solvent.rules.kinds import Amount, Cap, Count, Flag, Usd, UsdPositive
from solvent.rules.registry import rule


@rule("MODE-SHARED")
def supporting_balance(own_dex: Usd, other_dexes: Usd, spot: Usd, shared: Flag) -> Usd:
    """A cross position is supported by its own dex alone, and by all dexes and spot where the mode shares them."""
    return own_dex + where(shared, other_dexes + spot, ZERO)


@rule("MODE-SUB")
def owner_requirement(requirements: Sequence[UsdPositive]) -> UsdPositive:
    """Sub-accounts are margined apart: an owner's requirement is the sum over sub-accounts, without netting."""
    return total(requirements)


@rule("MODE-ACTIONS")
def actions_left(done: Count, limit: Count) -> Flag:
    """A unified or portfolio account may act while it has done fewer actions that day than the limit."""
    return done < limit


@rule("MODE-SWITCH")
def switch_allowed(positions: Count, orders: Count) -> Flag:
    """Portfolio margin may be switched on only without open positions and without open orders."""
    return both(positions <= 0, orders <= 0)


@rule("MODE-FALLBACK", reading="new-borrowing")
def stays_portfolio(borrowed: Amount, cap: Cap, cash: Usd) -> Flag:
    """At a cap or without cash in the pool no more is lent, and accounts keep their margin as it is."""
    return False


@rule("MODE-FALLBACK", reading="existing-borrowers")
def falls_back(borrowed: Amount, cap: Cap, cash: Usd) -> Flag:
    """At a cap or without cash in the pool every portfolio account is margined as a unified account."""
    return either(borrowed >= cap, cash <= 0)


@rule("MODE-ELIGIBLE-VOLUME")
def volume_eligible(volume: UsdPositive, bound: UsdPositive) -> Flag:
    """Where a volume bound is set, portfolio margin asks for a weighted volume above it."""
    return volume > bound


@rule("MODE-ELIGIBLE-VALUE")
def value_eligible(value: Usd, bound: UsdPositive) -> Flag:
    """Where a value bound is set, portfolio margin asks for an account value below it."""
    return value < bound
