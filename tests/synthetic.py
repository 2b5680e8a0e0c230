"""Bundles in the venue's form, printed from an account that the model assesses.

They show how a recomputation copes with what a record may lack. That the rules are the venue's own is shown by
recorded accounts, never by these.
"""

from __future__ import annotations

from fractions import Fraction

from solvent.account import Regime
from solvent.arithmetic import ZERO
from solvent.decimals import show
from solvent.regimes import assess
from solvent.regimes.dexes import measure_dex
from solvent.regimes.portfolio import portfolio_margin
from solvent.rules import numbers

MODES = {Regime.CROSS: "default", Regime.UNIFIED: "unifiedAccount", Regime.PORTFOLIO: "portfolioMargin"}


def printed(value, places):
    """Truncated to so many places, as perp amounts are."""
    return show(numbers.usd_amount(Fraction(value), Fraction(1, 10**places)), places)


def nearest(value, places=10):
    return show(numbers.displayed_ratio(Fraction(value), Fraction(1, 10**places)), places)


def dex_state(dex, prices, venue, liquidation):
    margin = measure_dex(dex, prices, venue)
    cross = margin.cross
    rows = [position_row(leg, liquidation[leg.position.market]) for leg in margin.legs]
    own = sum((leg.position.raw for leg in margin.legs if leg.position.raw is not None), ZERO)
    return {
        "marginSummary": {
            "accountValue": printed(margin.account_value, 6),
            "totalNtlPos": printed(sum((leg.notional for leg in margin.legs), ZERO), 6),
            "totalRawUsd": printed(dex.raw + own, 6),
            "totalMarginUsed": printed(margin.initial + margin.isolated, 6),
        },
        "crossMarginSummary": {
            "accountValue": printed(margin.cross_equity, 6),
            "totalNtlPos": printed(sum((leg.notional for leg in cross), ZERO), 6),
            "totalRawUsd": printed(dex.raw, 6),
            "totalMarginUsed": printed(margin.initial, 6),
        },
        "crossMaintenanceMarginUsed": printed(margin.maintenance, 6),
        "withdrawable": printed(max(ZERO, margin.cross_equity - margin.transfer - margin.orders), 6),
        "time": 1788841170190,
        "assetPositions": [{"type": "oneWay", "position": row} for row in rows],
    }


def position_row(leg, price):
    position = leg.position
    isolated = position.raw is not None
    leverage = {"type": "isolated" if isolated else "cross", "value": int(position.leverage)}
    if isolated:
        leverage["rawUsd"] = printed(position.raw, 6)
    return {
        "coin": position.market,
        "szi": show(position.size, 8),
        "leverage": leverage,
        "entryPx": printed(position.entry, 5),
        "positionValue": printed(leg.notional, 6),
        "unrealizedPnl": printed(leg.profit, 6),
        "liquidationPx": None if price.none else nearest(price.root),
        "marginUsed": printed(leg.margin if isolated else leg.initial, 6),
        "maxLeverage": int(position.max_leverage),
    }


def bundle(account, prices, venue):
    """What the venue would report of an account whose calls are all made at one instant."""
    seen = assess(account, prices, venue)
    states = {dex.name: dex_state(dex, prices, venue, seen.liquidation_prices) for dex in account.dexes}
    return {
        "userAbstraction": MODES[account.regime],
        "spotClearinghouseState": spot_state(account, prices, venue, seen),
        "clearinghouseState": states,
        "frontendOpenOrders": [],
        "allBorrowLendReserveStates": [
            [venue.tokens[name].index, {"oraclePx": show(price, 6)}] for name, price in prices.tokens.items()
        ],
    }


def spot_state(account, prices, venue, seen):
    perp_values = {}
    for dex in account.dexes:
        value = measure_dex(dex, prices, venue).account_value
        perp_values[dex.token] = perp_values.get(dex.token, ZERO) + value
    shared = account.regime in {Regime.UNIFIED, Regime.PORTFOLIO}
    rows = []
    for balance in account.balances:
        value = perp_values.get(balance.token, ZERO) if shared else ZERO
        row = {
            "coin": balance.token,
            "token": venue.tokens[balance.token].index,
            "total": show(balance.idle + balance.supplied - balance.borrowed + value, 8),
            "hold": show(seen.holds[balance.token], 8),
        }
        for key, amount in (("supplied", balance.supplied), ("borrowed", balance.borrowed)):
            if amount:
                row[key] = show(amount, 8)
        rows.append(row)
    state = {"balances": rows}
    if shared:
        state["tokenToAvailableAfterMaintenance"] = [
            [venue.tokens[token].index, show(amount, 8)] for token, amount in seen.available.items()
        ]
    if account.regime is Regime.PORTFOLIO:
        dexes = [measure_dex(dex, prices, venue) for dex in account.dexes]
        main = portfolio_margin(venue.tokens[venue.quote], account, dexes, prices, venue)
        ratio = main.ratio(venue)
        state["portfolioMarginRatio"] = nearest(ratio.numerator / ratio.denominator)
    return state


def scaled(node, factor):
    """A bundle with every amount multiplied by one factor, and prices and ratios kept."""
    amounts = {
        "accountValue", "totalNtlPos", "totalRawUsd", "totalMarginUsed", "crossMaintenanceMarginUsed",
        "withdrawable", "szi", "rawUsd", "positionValue", "unrealizedPnl", "marginUsed", "total", "hold",
        "supplied", "borrowed", "spotHold",
    }  # fmt: skip
    if isinstance(node, dict):
        changed = {}
        for key, value in node.items():
            if key in amounts and isinstance(value, str):
                changed[key] = show(Fraction(value) * factor, 10)
            elif key == "tokenToAvailableAfterMaintenance":
                changed[key] = [[token, show(Fraction(amount) * factor, 10)] for token, amount in value]
            else:
                changed[key] = scaled(value, factor)
        return changed
    return [scaled(item, factor) for item in node] if isinstance(node, list) else node
