"""Mistakes about what is checked, when, and in which words it is refused."""

from __future__ import annotations

from solvent.mutants.loader import Edit
from solvent.mutants.mutant import Mutant, Severity, add

add(
    Mutant(
        id="X11",
        family="refusals",
        rule="TRADE-OPEN",
        mistake="A refused order without margin is said to be beyond its value cap.",
        reading="another rule named in the refusal",
        edits=(
            Edit(
                "exchange.orders",
                '        yield Check(covered, f"{self.account} covers the order", "TRADE-OPEN")',
                '        yield Check(covered, f"{self.account} covers the order", "PERP-ORDER-CAP")',
            ),
        ),
        severity=Severity.LIVENESS,
    ),
    Mutant(
        id="X12",
        family="refusals",
        rule="PERP-WITHDRAWABLE",
        mistake="A withdrawal that is refused is taken off the balance all the same.",
        reading="refused withdrawals carried out",
        edits=(
            Edit(
                "protocol.engine",
                "    return exchange, refused(refusal)",
                '    late = refusal.rule == "PERP-WITHDRAWABLE" and action.name() == "withdraw"\n    return action.apply(exchange) if late else exchange, refused(refusal)',
            ),
        ),
    ),
    Mutant(
        id="X13",
        family="refusals",
        rule="TRADE-OPEN",
        mistake="The engine stops at the first trade that is refused for want of margin.",
        reading="nothing done after a refused trade",
        edits=(
            Edit(
                "protocol.engine",
                "            outcomes.append(outcome)\n",
                '            outcomes.append(outcome)\n            if outcome.get("code") == "TRADE-OPEN":\n                break\n',
            ),
        ),
        severity=Severity.LIVENESS,
    ),
    Mutant(
        id="X14",
        family="refusals",
        rule="PERP-TRANSFER",
        mistake="Margin may be added to an isolated position whatever the cross balance needs.",
        reading="no transfer requirement for isolated margin",
        edits=(
            Edit(
                "exchange.orders",
                '        yield Check(self.amount <= most, "the amount may leave the cross balance", "PERP-TRANSFER")',
                '        yield Check(most is not None, "the amount may leave the cross balance", "PERP-TRANSFER")',
            ),
        ),
    ),
    Mutant(
        id="X15",
        family="refusals",
        rule="PERP-TRANSFER",
        mistake="A transfer between sub-accounts does not ask what the sender's positions need.",
        reading="no transfer requirement between sub-accounts",
        edits=(
            Edit(
                "exchange.cash",
                '        yield Check(self.amount <= most, f"the amount may leave {self.sender}", "PERP-TRANSFER")',
                '        yield Check(most is not None, f"the amount may leave {self.sender}", "PERP-TRANSFER")',
            ),
        ),
    ),
    Mutant(
        id="X16",
        family="refusals",
        rule="TRADE-OPEN",
        mistake="A spot sale may be larger than what is owned.",
        reading="sales of what is not owned",
        edits=(
            Edit(
                "exchange.orders",
                "    return both(sold.idle >= sold.selling, *conditions)",
                "    return both(*conditions)",
            ),
        ),
    ),
    Mutant(
        id="X17",
        family="refusals",
        rule="TRADE-OPEN",
        mistake="The margin of a market order is checked before the trade, not after it.",
        reading="margin checked before the trade",
        edits=(
            Edit(
                "exchange.orders",
                "    covered = unless(reduces, lambda: covers(exchange, name, market))",
                "    covered = unless(reduces, lambda: covers(before, name, market))",
            ),
        ),
    ),
    Mutant(
        id="X18",
        family="refusals",
        rule="TRADE-REDUCES",
        mistake="A closing trade may leave the rest of the account liquidatable.",
        reading="no health check of closing trades",
        edits=(
            Edit(
                "exchange.orders",
                '        yield Check(kept, f"{name} is not liquidatable after it, or no nearer to it", "TRADE-REDUCES")',
                '        yield Check(kept == kept, f"{name} is not liquidatable after it, or no nearer to it", "TRADE-REDUCES")',
            ),
        ),
    ),
    Mutant(
        id="X19",
        family="refusals",
        rule="PERP-LEVERAGE",
        mistake="The leverage of an open position may be raised beyond what its tier allows.",
        reading="no tiers at a change of leverage",
        edits=(
            Edit(
                "exchange.orders",
                "        yield allowed_leverage(after, self.account, self.market)\n        for order",
                "        for order",
            ),
        ),
    ),
    Mutant(
        id="B16",
        family="modes",
        rule="MODE-SWITCH",
        mistake="The mode may be switched with a loan.",
        reading="loans ignored at a switch",
        edits=(
            Edit(
                "exchange.cash",
                '        yield Check(not len(member.borrowed), "there is no loan", "MODE-SWITCH")',
                '        yield Check(True, "there is no loan", "MODE-SWITCH")',
            ),
        ),
    ),
    Mutant(
        id="B27",
        family="modes",
        rule="MODE-SWITCH",
        mistake="A switch to portfolio mode leaves the account unified.",
        reading="unified for portfolio after a switch",
        edits=(
            Edit(
                "exchange.cash",
                "        return exchange.put(evolve(member, raw=type(member.raw)(), mode=self.mode))",
                "        mode = Regime.UNIFIED if self.mode is Regime.PORTFOLIO else self.mode\n        return exchange.put(evolve(member, raw=type(member.raw)(), mode=mode))",
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="B28",
        family="modes",
        rule="MODE-ELIGIBLE-VALUE",
        mistake="The bound of the account value does not keep large accounts out of portfolio mode.",
        reading="no bound of the account value",
        edits=(
            Edit(
                "rules.modes", "    return value < bound", "    return either(value < bound, value >= bound)"
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="B29",
        family="requirement",
        rule="PERP-LEVERAGE",
        mistake="A changed leverage does not reach the open position.",
        reading="the old leverage of open positions",
        edits=(
            Edit(
                "exchange.orders",
                "            held = evolve(positions[self.market], leverage=self.leverage)",
                "            held = positions[self.market]",
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="B33",
        family="requirement",
        rule="UA-RATIO",
        mistake="The ratio of an account is that of its last margin pool, not the highest.",
        reading="the last pool's ratio for the highest",
        edits=(
            Edit(
                "regimes.assessment",
                "        return max((pool.ratio for pool in self.pools), key=_height, default=None)",
                "        return next((pool.ratio for pool in reversed(self.pools)), None)",
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="B31",
        family="requirement",
        rule="UA-AVAILABLE",
        mistake="Available after maintenance counts isolated margin as free.",
        reading="isolated margin free in what is available",
        edits=(
            Edit(
                "rules.unified",
                "    return equity - total(maintenances) - total(isolated_margins)",
                "    return equity - total(maintenances)",
            ),
        ),
    ),
    Mutant(
        id="B32",
        family="requirement",
        rule="UA-HOLD",
        mistake="The hold of a token has no buffer for orders.",
        reading="no buffer for orders in the hold",
        edits=(Edit("rules.unified", "(1 + buffer) * orders + spot_buys", "orders + spot_buys"),),
        severity=Severity.FAIRNESS,
    ),
)
