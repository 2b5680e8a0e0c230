"""Mistakes about equity, netting and requirements."""

from __future__ import annotations

from solvent.mutants.loader import Edit
from solvent.mutants.mutant import Mutant, Severity, add

add(
    Mutant(
        id="A01",
        family="equity",
        rule="PM-EQUITY",
        mistake="The loan is not subtracted from portfolio equity.",
        reading="the loan left out of equity",
        edits=(
            Edit(
                "rules.portfolio",
                "    return total(perp_values) + supplied + idle - borrowed",
                "    return total(perp_values) + supplied + idle",
            ),
        ),
    ),
    Mutant(
        id="A02",
        family="equity",
        rule="PM-EQUITY",
        mistake="The loan is subtracted twice from portfolio equity.",
        reading="the loan subtracted twice",
        edits=(
            Edit(
                "rules.portfolio",
                "    return total(perp_values) + supplied + idle - borrowed",
                "    return total(perp_values) + supplied + idle - 2 * borrowed",
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="A04",
        family="equity",
        rule="PERP-ISO-MARGIN",
        mistake="A loss of an isolated position does not lower its margin.",
        reading="losses of isolated positions ignored",
        edits=(
            Edit(
                "rules.perp",
                (
                    '    """The margin of an isolated position is its own raw balance plus its signed '
                    'size at the mark price."""\n'
                    "    return raw + size * mark"
                ),
                (
                    '    """The margin of an isolated position is its own raw balance plus its signed '
                    'size at the mark price."""\n'
                    "    return maximum(raw + size * mark, absolute(raw + size * mark))"
                ),
            ),
        ),
    ),
    Mutant(
        id="A05",
        family="equity",
        rule="PERP-EQUITY",
        mistake="Isolated margin counts as cross equity, too.",
        reading="isolated margin counted twice",
        edits=(
            Edit(
                "regimes.dexes",
                (
                    "    equity = perp.perp_equity(dex.raw, [leg.position.size for leg in cross], "
                    "[leg.mark for leg in cross])"
                ),
                (
                    "    equity = perp.perp_equity(dex.raw, [leg.position.size for leg in cross], "
                    "[leg.mark for leg in cross]) + total(margins)"
                ),
            ),
        ),
    ),
    Mutant(
        id="A08",
        family="netting",
        rule="MODE-SHARED",
        mistake="Dexes of other tokens support a unified position one to one.",
        reading="balances of other tokens netted one to one",
        edits=(
            Edit(
                "regimes.unified",
                "    used = tuple(dex for dex in dexes if dex.token == balance.token)",
                "    used = tuple(dexes)",
            ),
        ),
        real="quote tokens of builder-deployed dexes",
    ),
    Mutant(
        id="A14",
        family="equity",
        rule="UA-SPOT-HOLD",
        mistake="Tokens in spot sell orders are free to leave.",
        reading="tokens in sell orders not held",
        edits=(
            Edit(
                "exchange.margin",
                ("    idle = balance.idle - balance.selling\n    if account"),
                ("    idle = balance.idle\n    if account"),
            ),
        ),
    ),
    Mutant(
        id="A18",
        family="equity",
        rule="PERP-VALUE",
        mistake="Isolated margins do not count for the account value.",
        reading="isolated margins left out of the account value",
        edits=(
            Edit(
                "rules.perp",
                "    return cross_equity + total(isolated_margins)",
                "    return cross_equity",
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="A19",
        family="equity",
        rule="UA-EQUITY",
        mistake="The idle balance of a unified account does not support its perps.",
        reading="spot not shared with perps",
        edits=(
            Edit(
                "regimes.unified",
                "        equity=unified.token_equity(balance.idle, values),",
                "        equity=unified.token_equity(ZERO, values),",
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="B06",
        family="netting",
        rule="PERP-MM",
        mistake="A short offsets the maintenance margin of longs in other markets.",
        reading="maintenance margin netted over markets",
        edits=(
            Edit(
                "regimes.dexes",
                "        maintenance=total(leg.maintenance for leg in cross),",
                (
                    "        maintenance=abs(total(leg.maintenance if leg.position.size > 0 else "
                    "-leg.maintenance for leg in cross)),"
                ),
            ),
        ),
        real="hedges between assets that part",
    ),
    Mutant(
        id="B08",
        family="requirement",
        rule="PERP-MM",
        mistake="Only the largest position is asked for maintenance margin.",
        reading="the largest position for the sum",
        edits=(
            Edit(
                "regimes.dexes",
                "        maintenance=total(leg.maintenance for leg in cross),",
                "        maintenance=max([leg.maintenance for leg in cross], default=ZERO),",
            ),
        ),
    ),
    Mutant(
        id="B09",
        family="requirement",
        rule="PERP-NOTIONAL",
        mistake="Notional is the size at the entry price.",
        reading="the entry price for the mark",
        edits=(
            Edit(
                "regimes.dexes",
                (
                    "    notional = perp.notional(position.size, mark)\n"
                    "    raw, entry = position.raw, position.entry"
                ),
                (
                    "    notional = perp.notional(position.size, mark if position.entry is None else "
                    "position.entry)\n"
                    "    raw, entry = position.raw, position.entry"
                ),
            ),
        ),
        real="requirements that stand still while positions grow",
    ),
    Mutant(
        id="B11",
        family="requirement",
        rule="PERP-RATE",
        mistake="Maintenance margin is the whole initial rate, not half of it.",
        reading="the initial rate for maintenance",
        edits=(
            Edit(
                "rules.perp",
                "    margin = notional * tiers[0].rate - tiers[0].deduction",
                "    margin = 2 * notional * tiers[0].rate - tiers[0].deduction",
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="B12",
        family="requirement",
        rule="PERP-ORDER",
        mistake="Resting orders reserve no margin.",
        reading="no margin for resting orders",
        edits=(
            Edit(
                "regimes.dexes",
                "        orders=total(order_margins(dex, venue).values()),",
                "        orders=ZERO,",
            ),
        ),
    ),
    Mutant(
        id="B13",
        family="requirement",
        rule="PERP-ORDER",
        mistake="Only buy orders reserve margin.",
        reading="sell orders left out",
        edits=(
            Edit(
                "rules.perp",
                "    return (bought + sold) / leverage",
                "    return bought / leverage",
            ),
        ),
    ),
    Mutant(
        id="B17",
        family="requirement",
        rule="PERP-TRANSFER",
        mistake="The transfer requirement is the smaller of initial margin and a tenth of notional.",
        reading="the smaller for the larger in transfers",
        edits=(
            Edit(
                "rules.perp",
                (
                    "    return total(maximum(initial, fraction * n) for initial, n in zip(initials, "
                    "notionals, strict=True))"
                ),
                (
                    "    return total(minimum(initial, fraction * n) for initial, n in zip(initials, "
                    "notionals, strict=True))"
                ),
            ),
        ),
        real="the withdrawal of 2025-03-12",
    ),
    Mutant(
        id="B19",
        family="requirement",
        rule="PERP-TRANSFER",
        mistake="Transfers ask for initial margin alone.",
        reading="no tenth of notional in transfers",
        edits=(
            Edit(
                "rules.perp",
                (
                    "    return total(maximum(initial, fraction * n) for initial, n in zip(initials, "
                    "notionals, strict=True))"
                ),
                (
                    "    return total(maximum(initial, 0 * fraction * n) for initial, n in zip(initials, "
                    "notionals, strict=True))"
                ),
            ),
        ),
        real="the withdrawal of 2025-03-12",
    ),
    Mutant(
        id="B21",
        family="requirement",
        rule="PERP-IM",
        mistake="Initial margin is asked at the largest leverage of the market.",
        reading="the largest leverage for the chosen one",
        edits=(
            Edit(
                "regimes.dexes",
                "perp.initial_margin(notional, position.leverage)",
                "perp.initial_margin(notional, tiers[0].max_leverage)",
            ),
        ),
    ),
    Mutant(
        id="B26",
        family="requirement",
        rule="PERP-ORDER-CAP",
        mistake="A market order may be as large as a limit order.",
        reading="the cap of limit orders for market orders",
        edits=(
            Edit(
                "exchange.orders",
                (
                    "            cap = perp.order_value_cap(tiers_of(exchange, "
                    "self.market)[0].max_leverage, False)"
                ),
                (
                    "            cap = perp.order_value_cap(tiers_of(exchange, "
                    "self.market)[0].max_leverage, True)"
                ),
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="F16",
        family="equity",
        rule="NUM-ENTRY",
        mistake="A position that is turned over keeps its old entry price.",
        reading="the old entry price after a flip",
        edits=(
            Edit(
                "exchange.trading",
                "where(traded > held, price, entry)",
                "entry",
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="F17",
        family="equity",
        rule="FUND-FEE",
        mistake="The maker's fee is charged to the taker.",
        reading="the maker's fee for the taker's",
        edits=(
            Edit(
                "exchange.orders",
                "        fees = (parameters.fee_taker, parameters.fee_maker)",
                "        fees = (parameters.fee_maker, parameters.fee_taker)",
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="F18",
        family="equity",
        rule="FUND-FEE",
        mistake="Trades pay no fee.",
        reading="no fee",
        edits=(
            Edit(
                "exchange.trading",
                "    return numbers.usd_amount(fee, exchange.venue.parameters.usd_unit)",
                "    return 0 * numbers.usd_amount(fee, exchange.venue.parameters.usd_unit)",
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="F19",
        family="equity",
        rule="PERP-WITHDRAWABLE",
        mistake="Withdrawable forgets the order margin.",
        reading="no order margin in withdrawable",
        edits=(
            Edit(
                "rules.perp",
                "    return maximum(ZERO, equity - transfer - orders)",
                "    return maximum(ZERO, equity - transfer)",
            ),
        ),
    ),
    Mutant(
        id="F20",
        family="equity",
        rule="LEND-MAY-SUPPLY",
        mistake="What rests in spot orders is supplied automatically.",
        reading="orders ignored in automatic supply",
        edits=(
            Edit(
                "exchange.pool_actions",
                (
                    "        idle = member.spot.get(self.token, ZERO) - total([balance.selling, "
                    "balance.buying])"
                ),
                (
                    "        idle = member.spot.get(self.token, ZERO) - 0 * total([balance.selling, "
                    "balance.buying])"
                ),
            ),
        ),
    ),
)
