"""Mistakes about liquidation, deleveraging and what nobody can cover."""

from __future__ import annotations

from solvent.mutants.loader import Edit
from solvent.mutants.mutant import Mutant, Severity, add

add(
    Mutant(
        id="D01",
        family="liquidation",
        rule="LIQ-BOOK",
        mistake="A partial liquidation sends a fifth of the whole of every position, however small.",
        reading="no least notional of partial liquidations",
        edits=(
            Edit(
                "rules.liquidation",
                (
                    "    return where(both(whole * mark > partial_from, negate(cooling)), where(part > "
                    "0, part, whole), whole)"
                ),
                "    return where(negate(cooling), where(part > 0, part, whole), whole)",
            ),
        ),
        severity=Severity.LIVENESS,
    ),
    Mutant(
        id="D03",
        family="liquidation",
        rule="LIQ-COOLDOWN",
        mistake="The cooldown after a partial liquidation is ignored.",
        reading="no cooldown",
        edits=(
            Edit(
                "rules.liquidation",
                "    return now < last_partial + span",
                "    return now < last_partial",
            ),
        ),
        severity=Severity.LIVENESS,
    ),
    Mutant(
        id="D04",
        family="liquidation",
        rule="LIQ-BACKSTOP",
        mistake="The backstop takes over at the maintenance margin, not at two thirds of it.",
        reading="the backstop at maintenance margin",
        edits=(
            Edit(
                "exchange.liquidation",
                "        due = liquidation.backstop_due(pool.resources, pool.requirement, fraction)",
                (
                    "        due = liquidation.backstop_due(pool.resources, pool.requirement, fraction / "
                    "fraction)"
                ),
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="D07",
        family="liquidation",
        rule="LEND-LOSS",
        mistake="A loan that is written off disappears without anybody bearing it.",
        reading="bad debt dropped",
        edits=(
            Edit(
                "exchange.lending",
                "    written = evolve(after, reserve=left + pool.supplied - after.supplied)",
                "    written = evolve(after, supply_index=pool.supply_index, reserve=pool.reserve)",
            ),
        ),
    ),
    Mutant(
        id="D09",
        family="liquidation",
        rule="LIQ-BOOK",
        mistake="A part that is less than a size step is sent as nothing.",
        reading="a part of less than a step sent as nothing",
        edits=(
            Edit(
                "rules.liquidation",
                "where(part > 0, part, whole), whole)",
                "part, whole)",
            ),
        ),
        severity=Severity.LIVENESS,
    ),
    Mutant(
        id="D10",
        family="liquidation",
        rule="LIQ-BOOK",
        mistake="A large position is liquidated as a whole.",
        reading="no partial liquidation",
        edits=(
            Edit(
                "rules.liquidation",
                "    part = floor_to(whole * partial, step)",
                "    part = whole",
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="D13",
        family="liquidation",
        rule="LIQ-BOOK",
        mistake="The part that goes to the book is rounded up to a size step.",
        reading="the part rounded up",
        edits=(
            Edit(
                "rules.liquidation",
                "    part = floor_to(whole * partial, step)",
                "    part = -floor_to(-whole * partial, step)",
            ),
        ),
        severity=Severity.LIVENESS,
    ),
    Mutant(
        id="D15",
        family="liquidation",
        rule="LIQ-TAKEOVER",
        mistake="The vault takes positions over without the margin that is left.",
        reading="margin left behind at a takeover",
        edits=(
            Edit(
                "exchange.liquidation",
                ("        return after if isolated else cross_margin_taken(after, self.account, shares)"),
                "        return after",
            ),
        ),
        real="the class of vault losses",
    ),
    Mutant(
        id="D16",
        family="liquidation",
        rule="PERP-LIQUIDATABLE",
        mistake="A position is liquidatable when equity is at or below maintenance margin.",
        reading="at or below for below",
        edits=(
            Edit(
                "rules.perp",
                "    return equity < maintenance",
                "    return equity <= maintenance",
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="D17",
        family="liquidation",
        rule="TRADE-SLIPPAGE",
        mistake="Liquidations trade at the mark, whatever the book's depth.",
        reading="no slippage in liquidations",
        edits=(
            Edit(
                "exchange.liquidation",
                (
                    "        side = where(size > 0, -1, 1)\n"
                    "        return price_at_book(market.mark, side, self.size(exchange) * market.mark, "
                    "market.depth)"
                ),
                ("        side = where(size > 0, -1, 1)\n        return market.mark + 0 * side"),
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="D19",
        family="liquidation",
        rule="BLQ-STEP",
        mistake="A partial step takes a fifth of the collateral and all of the debt.",
        reading="all debt with a fifth of the collateral",
        edits=(
            Edit(
                "exchange.collateral",
                "            after = self._debt_moved(after, now, token, part)",
                "            after = self._debt_moved(after, now, token, ONE)",
            ),
        ),
    ),
    Mutant(
        id="D20",
        family="liquidation",
        rule="BLQ-INTERVAL",
        mistake="Partial steps follow each other without the interval.",
        reading="no interval between steps",
        edits=(
            Edit(
                "rules.borrow_liquidation",
                "    return now >= last_step + interval",
                "    return now >= last_step",
            ),
        ),
        severity=Severity.LIVENESS,
    ),
    Mutant(
        id="D21",
        family="liquidation",
        rule="BLQ-PARTIAL-AT",
        mistake="Partial liquidation of collateral begins at the LTV.",
        reading="the LTV for the partial threshold",
        edits=(
            Edit(
                "rules.borrow_liquidation",
                "    return (1 + ltv) / 2",
                "    return ltv",
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="D22",
        family="liquidation",
        rule="BLQ-FULL-AT",
        mistake="Full liquidation of collateral begins only at its whole value.",
        reading="the whole value for the full threshold",
        edits=(
            Edit(
                "rules.borrow_liquidation",
                "    return (2 + ltv) / 3",
                "    return ONE",
            ),
        ),
    ),
    Mutant(
        id="D23",
        family="liquidation",
        rule="BLQ-SLIPPAGE",
        mistake="Taken collateral is taken at its price, without a discount.",
        reading="no discount at a takeover",
        edits=(
            Edit(
                "rules.borrow_liquidation",
                "    return minimum(1 - full_threshold, value * full_threshold / width)",
                "    return 0 * value",
            ),
        ),
    ),
    Mutant(
        id="D24",
        family="liquidation",
        rule="LIQ-BOOK",
        mistake="Orders stay while a position is liquidated.",
        reading="orders kept in liquidation",
        edits=(
            Edit(
                "exchange.liquidation",
                "        orders = orders if apart else orders.drop(name)",
                "        orders = orders if apart or name else orders.drop(name)",
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="E01",
        family="deleveraging",
        rule="ADL-RANK",
        mistake="The counterparty of the lowest rank is deleveraged first.",
        reading="the lowest rank first",
        edits=(
            Edit(
                "exchange.losses",
                "either(negate(one.eligible), own.rank >= one.rank)",
                "either(negate(one.eligible), own.rank <= one.rank)",
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="E02",
        family="deleveraging",
        rule="ADL-RANK",
        mistake="The rank ignores leverage.",
        reading="no leverage in the rank",
        edits=(
            Edit(
                "rules.deleveraging",
                ("    return where(size > 0, mark / entry, entry / mark) * absolute(size) * mark / value"),
                "    return where(size > 0, mark / entry, entry / mark) + 0 * value",
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="E03",
        family="deleveraging",
        rule="ADL-SIZE",
        mistake="Holders on the same side are counterparties, too.",
        reading="holders on the same side included",
        edits=(
            Edit(
                "exchange.ranking",
                "both(size * needed < 0, value > 0, left >= 0)",
                "both(size * size > 0, value > 0, left >= 0)",
            ),
            Edit(
                "rules.deleveraging",
                "    return opposite * minimum(absolute(needed), absolute(counter))",
                "    return minimum(absolute(needed), absolute(counter))",
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="E04",
        family="deleveraging",
        rule="ADL-PRICE",
        mistake="Deleveraged positions are closed at the present mark.",
        reading="the present mark for the previous one",
        edits=(
            Edit(
                "exchange.losses",
                (
                    '        price = exchange.venue.rule("ADL-PRICE")(market.previous_mark, '
                    "market.previous_oracle)"
                ),
                "        price = market.mark",
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="E06",
        family="deleveraging",
        rule="ADL-SIZE",
        mistake="A counterparty gives up the whole underwater size, and is flipped.",
        reading="counterparties flipped through zero",
        edits=(
            Edit(
                "rules.deleveraging",
                "    return opposite * minimum(absolute(needed), absolute(counter))",
                "    return opposite * absolute(needed)",
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="E09",
        family="deleveraging",
        rule="TRADE-SHORTFALL",
        mistake="A shortfall goes to the treasury before the vault bears it.",
        reading="the vault spared",
        edits=(
            Edit(
                "rules.trading",
                "    return minimum(shortfall, maximum(ZERO, vault_equity))",
                "    return 0 * minimum(shortfall, maximum(ZERO, vault_equity))",
            ),
        ),
    ),
    Mutant(
        id="D27",
        family="liquidation",
        rule="BLQ-INTERVAL",
        mistake="The time of a step is not kept.",
        reading="the time of a step forgotten",
        edits=(
            Edit(
                "exchange.collateral",
                "last_step=exchange.now",
                "last_step=None",
            ),
        ),
        severity=Severity.LIVENESS,
    ),
    Mutant(
        id="D28",
        family="liquidation",
        rule="LIQ-TAKEOVER",
        mistake="Positions are taken over at the oracle price.",
        reading="the oracle price for the mark in takeovers",
        edits=(
            Edit(
                "exchange.liquidation",
                "    mark, dex = exchange.markets[market].mark, exchange.markets[market].dex",
                "    mark, dex = exchange.markets[market].oracle, exchange.markets[market].dex",
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="E10",
        family="deleveraging",
        rule="TRADE-SHORTFALL",
        mistake="What the vault cannot bear disappears.",
        reading="the rest of a shortfall dropped",
        edits=(
            Edit(
                "exchange.losses",
                (
                    "        return paid.to_treasury(exchange.venue.token_of(self.dex), share - deficit "
                    "- overdrawn)"
                ),
                "        return paid.to_treasury(exchange.venue.token_of(self.dex), 0 * share)",
            ),
        ),
    ),
    Mutant(
        id="E12",
        family="deleveraging",
        rule="TRADE-SHORTFALL",
        mistake="The allocation of what an account owes in one dex clears what it owes in all.",
        reading="the deficits of all dexes cleared at once",
        edits=(
            Edit(
                "exchange.losses",
                "deficit=member.deficit.drop(self.dex)",
                "deficit=type(member.deficit)()",
            ),
        ),
    ),
)
