"""Chapter: unified accounts."""

from __future__ import annotations

from collections.abc import Sequence

from solvent.arithmetic import ZERO, maximum, quotient, total
from solvent.rules.kinds import Amount, Flag, Share, Usd, UsdPositive
from solvent.rules.registry import rule


@rule("UA-EQUITY")
def token_equity(cash: Usd, perp_values: Sequence[Usd]) -> Usd:
    """A unified account's equity in a token is its cash plus the account values of the dexes that use the token."""
    return cash + total(perp_values)


@rule("UA-AVAILABLE")
def available_after_maintenance(
    equity: Usd, maintenances: Sequence[UsdPositive], isolated_margins: Sequence[Usd]
) -> Usd:
    """Available after maintenance is the token's equity less cross maintenance margin and isolated margin of its dexes."""
    return equity - total(maintenances) - total(isolated_margins)


@rule("UA-RATIO")
def unified_ratio(
    maintenances: Sequence[UsdPositive], equities: Sequence[Usd], isolated: Sequence[Usd]
) -> UsdPositive:
    """The unified ratio is the largest maintenance margin over equity without isolated margin, token by token."""
    return maximum(
        ZERO,
        *(
            quotient(maintenance, equity - margin, ZERO)
            for maintenance, equity, margin in zip(maintenances, equities, isolated, strict=True)
        ),
    )


@rule("UA-LIQUIDATABLE")
def unified_liquidatable(available: Usd) -> Flag:
    """A unified account is liquidatable in a token when available after maintenance is below zero."""
    return available < 0


@rule("UA-HOLD")
def committed(
    transfers: Sequence[UsdPositive],
    isolated_margins: Sequence[Usd],
    orders: UsdPositive,
    buffer: Share,
    spot_buys: UsdPositive,
) -> Usd:
    """A token's hold is transfer requirement, isolated margin, buffered order margin and spot buys of its dexes."""
    return total(transfers) + total(isolated_margins) + (1 + buffer) * orders + spot_buys


@rule("UA-SPOT-HOLD")
def spot_hold(selling: Sequence[Amount]) -> Amount:
    """The hold of a token that no dex uses is what rests in spot sell orders."""
    return total(selling)
