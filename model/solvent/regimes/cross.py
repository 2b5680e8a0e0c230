"""Cross margin: the positions of a dex share its balance; dexes and spot are apart (MODE-SHARED)."""

from __future__ import annotations

from solvent.account import Account, Regime
from solvent.arithmetic import ZERO, Number, total
from solvent.market import Prices
from solvent.regimes.assessment import Assessment, Pool
from solvent.regimes.dexes import (
    Free,
    LiquidationPrices,
    capital_needed,
    free_of_cross,
    free_of_isolated,
    isolated_pools,
    measure_dex,
    simple_pool,
)
from solvent.rules import perp, unified
from solvent.venue import Venue


def assess_cross(account: Account, prices: Prices, venue: Venue) -> Assessment:
    """Assess an account in standard mode.

    Raises:
        LookupError: a market has no mark price.
    """
    dexes = [measure_dex(dex, prices, venue) for dex in account.dexes]
    pools: list[Pool] = []
    free: Free = {}
    available: dict[str, Number] = {}
    withdrawable: dict[str, Number] = {}
    for dex in dexes:
        pool = simple_pool(
            dex.name or "main dex",
            dex.maintenance,
            dex.cross_equity,
            tuple(leg.position.market for leg in dex.cross),
        )
        pools += [pool, *isolated_pools(dex)]
        free |= free_of_isolated(dex) | free_of_cross([dex], pool.available)
        out = perp.withdrawable(dex.cross_equity, dex.transfer, dex.orders)
        available[dex.token] = available.get(dex.token, ZERO) + pool.available
        withdrawable[dex.token] = withdrawable.get(dex.token, ZERO) + out
    apart = [capital_needed([dex]) for dex in dexes]
    return Assessment(
        regime=Regime.CROSS,
        pools=tuple(pools),
        initial=total(leg.initial for dex in dexes for leg in dex.legs),
        withdrawable=withdrawable,
        available=available,
        holds={b.token: unified.spot_hold([b.selling]) + b.buying for b in account.balances},
        capital=None if None in apart else total(need for need in apart if need is not None),
        liquidation_prices=LiquidationPrices(free, venue),
        lines=tuple(line for dex in dexes for line in dex.lines()),
    )
