"""Mistakes about the portfolio ratio, loans, caps and modes."""

from __future__ import annotations

from solvent.mutants.loader import Edit
from solvent.mutants.mutant import Mutant, Severity, add

add(
    Mutant(
        id="A10",
        family="borrowing",
        rule="PM-CAPACITY",
        mistake="New loans are granted up to the liquidation threshold.",
        reading="the liquidation threshold for the LTV",
        edits=(
            Edit(
                "exchange.margin",
                "        capacity=total(v * t.ltv for v, t in zip(values, tokens, strict=True)),",
                ("        capacity=total(v * t.threshold for v, t in zip(values, tokens, strict=True)),"),
            ),
        ),
    ),
    Mutant(
        id="A11",
        family="borrowing",
        rule="PM-CAPACITY",
        mistake="The second collateral lends without a haircut.",
        reading="the haircut of a second collateral missing",
        edits=(
            Edit(
                "rules.portfolio",
                (
                    "    value = total(amount * px * ltv for amount, px, ltv in zip(amounts, prices, "
                    "ltvs, strict=True))\n"
                ),
                (
                    "    value = total(\n"
                    "        amount * px * (ltv if n == 0 else 1)\n"
                    "        for n, (amount, px, ltv) in enumerate(zip(amounts, prices, ltvs, "
                    "strict=True))\n"
                    "    )\n"
                ),
            ),
        ),
    ),
    Mutant(
        id="A13",
        family="caps",
        rule="LEND-MAY-SUPPLY",
        mistake="The global supply cap does not bind automatic supply.",
        reading="the global supply cap left out of automatic supply",
        edits=(
            Edit(
                "exchange.pool_actions",
                "        rooms.append(token.global_supply_cap - pool.supplied)",
                "        rooms.append(token.global_supply_cap)",
            ),
        ),
        real="JELLY, Venus THE",
    ),
    Mutant(
        id="B14",
        family="modes",
        rule="MODE-FALLBACK",
        mistake="Every portfolio account is margined as unified once half of the cap is lent.",
        reading="the fallback at half of the cap",
        edits=(
            Edit(
                "exchange.state",
                ("        return rule(pool.borrowed, pool.borrowed + 1 if cap is None else cap, pool.cash)"),
                (
                    "        return rule(pool.borrowed, pool.borrowed + 1 if cap is None else cap / 2, "
                    "pool.cash)"
                ),
            ),
        ),
        severity=Severity.FAIRNESS,
        real="a hazard of the documents",
    ),
    Mutant(
        id="B15",
        family="modes",
        rule="MODE-SWITCH",
        mistake="The mode may be switched with open orders.",
        reading="open orders ignored at a switch",
        edits=(
            Edit(
                "exchange.cash",
                "modes.switch_allowed(len(member.positions), len(member.orders))",
                "modes.switch_allowed(len(member.positions), 0)",
            ),
        ),
    ),
    Mutant(
        id="P01",
        family="portfolio ratio",
        rule="PM-RATIO",
        mistake="The ratio leaves the virtual borrow out of its denominator.",
        reading="no virtual borrow in the denominator",
        edits=(
            Edit(
                "rules.portfolio",
                "    return Ratio(maintenance + borrow, equity + borrow + support)",
                "    return Ratio(maintenance + borrow, equity + support)",
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="P02",
        family="portfolio ratio",
        rule="PM-RATIO",
        mistake="The ratio leaves the virtual borrow out of its numerator.",
        reading="no virtual borrow in the numerator",
        edits=(
            Edit(
                "rules.portfolio",
                "    return Ratio(maintenance + borrow, equity + borrow + support)",
                "    return Ratio(maintenance, equity + borrow + support)",
            ),
        ),
    ),
    Mutant(
        id="P03",
        family="portfolio ratio",
        rule="PM-SUPPORT",
        mistake="Collateral supports the account at its LTV.",
        reading="the LTV for the liquidation threshold",
        edits=(
            Edit(
                "rules.portfolio",
                (
                    "    value = total(amount * px * share for amount, px, share in zip(amounts, prices, "
                    "thresholds, strict=True))\n"
                    "    return minimum(borrow_cap, value / price)"
                ),
                (
                    "    value = total(\n"
                    "        amount * px * (2 * share - 1) for amount, px, share in zip(amounts, prices, "
                    "thresholds, strict=True)\n"
                    "    )\n"
                    "    return minimum(borrow_cap, value / price)"
                ),
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="P04",
        family="portfolio ratio",
        rule="PM-THRESHOLD",
        mistake="The liquidation threshold lies two thirds of the way from LTV to one.",
        reading="the full threshold for the partial one",
        edits=(
            Edit(
                "rules.portfolio",
                "    return HALF + HALF * ltv",
                "    return (2 + ltv) / 3",
            ),
        ),
    ),
    Mutant(
        id="P05",
        family="portfolio ratio",
        rule="PM-LIQUIDATABLE",
        mistake="A portfolio account is liquidated at a ratio of one.",
        reading="a trigger of one",
        edits=(
            Edit(
                "regimes.portfolio",
                'due = venue.rule("PM-LIQUIDATABLE")(ratio, venue.parameters.margin_ratio_trigger)',
                'due = venue.rule("PM-LIQUIDATABLE")(ratio, ONE)',
            ),
        ),
    ),
    Mutant(
        id="P06",
        family="portfolio ratio",
        rule="PM-VIRTUAL",
        mistake="The virtual borrow has no floor at zero.",
        reading="a virtual borrow below zero",
        edits=(
            Edit(
                "rules.portfolio",
                "    return maximum(ZERO, maintenance - equity)",
                "    return maintenance - equity",
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="P07",
        family="portfolio ratio",
        rule="PM-SUPPORT",
        mistake="Collateral supports without the user's borrow cap.",
        reading="no borrow cap in the support",
        edits=(
            Edit(
                "rules.portfolio",
                "    return minimum(borrow_cap, value / price)",
                "    return minimum(borrow_cap * 1000, value / price)",
            ),
        ),
    ),
    Mutant(
        id="P08",
        family="portfolio ratio",
        rule="PM-COLLATERAL",
        mistake="Collateral counts beyond the user's supply cap.",
        reading="no supply cap of collateral",
        edits=(
            Edit(
                "rules.portfolio",
                "    return where(ltv > 0, minimum(supplied, supply_cap), ZERO)",
                "    return where(ltv > 0, supplied, ZERO)",
            ),
        ),
    ),
    Mutant(
        id="P09",
        family="portfolio ratio",
        rule="PM-AVAILABLE",
        mistake="Available after maintenance leaves the collateral out.",
        reading="no support in what is available",
        edits=(
            Edit(
                "rules.portfolio",
                "    return equity + support - maintenance",
                "    return equity - maintenance",
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="P10",
        family="portfolio ratio",
        rule="PM-HOLD",
        mistake="The hold ignores the borrow capacity.",
        reading="no capacity in the hold",
        edits=(
            Edit(
                "rules.portfolio",
                (
                    '    """The hold of the quote token is what is committed less the borrow '
                    'capacity."""\n'
                    "    return committed - capacity"
                ),
                (
                    '    """The hold of the quote token is what is committed less the borrow '
                    'capacity."""\n'
                    "    return committed"
                ),
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="P11",
        family="portfolio ratio",
        rule="PM-COLLATERAL-HOLD",
        mistake="The hold of collateral is at its price, not at LTV: half as much is held.",
        reading="half of the collateral's hold",
        edits=(
            Edit(
                "rules.portfolio",
                "    return amount * quotient(maximum(ZERO, committed - equity), capacity, ZERO)",
                "    return amount * quotient(maximum(ZERO, committed - equity), 2 * capacity, ZERO)",
            ),
        ),
    ),
    Mutant(
        id="L01",
        family="borrowing",
        rule="LEND-MANUAL",
        mistake="Manual loans ignore what is owed already.",
        reading="the present loan ignored",
        edits=(
            Edit(
                "exchange.pool_actions",
                "        room = maximum(ZERO, loans.capacity - loans.loan) / price",
                "        room = loans.capacity / price",
            ),
            Edit(
                "rules.lending",
                "    return both(negate(portfolio_mode), loan + amount <= capacity)",
                "    return both(negate(portfolio_mode), amount <= capacity)",
            ),
        ),
    ),
    Mutant(
        id="L02",
        family="borrowing",
        rule="PM-COLLATERAL-OUT",
        mistake="Collateral may leave whatever it secures.",
        reading="collateral free to leave",
        edits=(
            Edit(
                "exchange.margin",
                ("    free = beyond + rule(own.amount, own.price, known.ltv, loans.capacity, loans.loan)"),
                "    free = beyond + own.amount",
            ),
        ),
    ),
    Mutant(
        id="L03",
        family="borrowing",
        rule="LEND-WITHDRAW",
        mistake="Supplies may be taken out beyond the pool's cash.",
        reading="the pool's cash ignored",
        edits=(
            Edit(
                "exchange.pool_actions",
                '        yield Check(self.amount <= most, "the pool has the cash", "LEND-WITHDRAW")',
                '        yield Check(most == most, "the pool has the cash", "LEND-WITHDRAW")',
            ),
        ),
        real="reserves lent out",
    ),
    Mutant(
        id="L04",
        family="borrowing",
        rule="UA-HOLD",
        mistake="What is supplied may be needed by orders.",
        reading="orders ignored at a supply",
        edits=(
            Edit(
                "exchange.pool_actions",
                "    idle = balance.idle - balance.selling - balance.buying\n",
                "    idle = balance.idle\n",
            ),
        ),
    ),
    Mutant(
        id="L05",
        family="borrowing",
        rule="PM-BORROW",
        mistake="The automatic loan is what is committed, whatever is owned.",
        reading="equity ignored in the automatic loan",
        edits=(
            Edit(
                "exchange.pool_actions",
                (
                    "    return portfolio.automatic_loan(committed, margin.margin.equity, "
                    "lendable(exchange, margin))"
                ),
                "    return portfolio.automatic_loan(committed, ZERO, lendable(exchange, margin))",
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="L06",
        family="caps",
        rule="LEND-MAY-BORROW",
        mistake="The global borrow cap is checked before the loan, not after it.",
        reading="the global cap checked before the loan",
        edits=(
            Edit(
                "exchange.pool_actions",
                "            pool.borrowed + self.amount if cap is None else cap,",
                ("            pool.borrowed + self.amount if cap is None or pool.borrowed < cap else cap,"),
            ),
        ),
    ),
    Mutant(
        id="L07",
        family="caps",
        rule="LEND-MAY-BORROW",
        mistake="The user's borrow cap does not count the present loan.",
        reading="the present loan left out of the user's cap",
        edits=(
            Edit(
                "exchange.pool_actions",
                "            loan if token.user_borrow_cap is None else token.user_borrow_cap,",
                "            loan if token.user_borrow_cap is None else token.user_borrow_cap + loan,",
            ),
        ),
    ),
    Mutant(
        id="L08",
        family="caps",
        rule="LEND-MAY-SUPPLY",
        mistake="The user's supply cap is checked without the present supply.",
        reading="the present supply left out of the user's cap",
        edits=(
            Edit(
                "exchange.pool_actions",
                "            held + self.amount if own is None else own,",
                "            held + self.amount if own is None else own + held,",
            ),
        ),
    ),
    Mutant(
        id="L09",
        family="borrowing",
        rule="BLQ-DEBT",
        mistake="A balance below zero is not owed.",
        reading="balances below zero not owed",
        edits=(
            Edit(
                "rules.borrow_liquidation",
                "    return loan + maximum(ZERO, -assets)",
                "    return loan",
            ),
        ),
    ),
)
