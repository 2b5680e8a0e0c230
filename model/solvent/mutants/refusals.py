"""Mistakes about what must be refused."""

from __future__ import annotations

from solvent.mutants.loader import Edit
from solvent.mutants.mutant import Mutant, Severity, add

add(
    Mutant(
        id="X01",
        family="refusals",
        rule="TRADE-OPEN",
        mistake="A trade that opens needs no margin.",
        reading="no margin for opening",
        edits=(
            Edit(
                "exchange.orders",
                '    yield Check(covered, f"{name} covers what it opens", "TRADE-OPEN")',
                '    yield Check(covered == covered, f"{name} covers what it opens", "TRADE-OPEN")',
            ),
        ),
    ),
    Mutant(
        id="X02",
        family="refusals",
        rule="TRADE-REDUCES",
        mistake="A reduce-only order may open.",
        reading="reduce-only ignored",
        edits=(
            Edit(
                "exchange.orders",
                (
                    '        yield Check(either(not self.reduce_only, less), "the order only reduces", '
                    '"TRADE-REDUCES")'
                ),
                '        yield Check(True, "the order only reduces", "TRADE-REDUCES")',
            ),
        ),
    ),
    Mutant(
        id="X03",
        family="refusals",
        rule="MODE-SUB",
        mistake="Cash may go between accounts of different owners.",
        reading="owners ignored in transfers",
        edits=(
            Edit(
                "exchange.cash",
                "        yield Check(len(owners) == 1,",
                "        yield Check(len(owners) >= 1,",
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="X04",
        family="refusals",
        rule="PERP-ISO-REMOVE",
        mistake="Isolated margin may be removed down to nothing.",
        reading="no margin kept in an isolated position",
        edits=(
            Edit(
                "rules.perp",
                "    return where(strict, ZERO, maximum(ZERO, margin - transfer))",
                "    return where(strict, ZERO, maximum(ZERO, margin))",
            ),
        ),
    ),
    Mutant(
        id="X05",
        family="refusals",
        rule="MODE-SHARED",
        mistake="Accounts that share balances may move cash to perps as well.",
        reading="the mode ignored in moves",
        edits=(
            Edit(
                "exchange.guards",
                "    apart = exchange.members[name].mode is Regime.CROSS",
                "    apart = exchange.members[name].mode is not Regime.ISOLATED",
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="X06",
        family="refusals",
        rule="TRADE-SLIPPAGE",
        mistake="An order may be larger than the book is deep.",
        reading="the book's depth ignored",
        edits=(
            Edit(
                "exchange.orders",
                "        within = True if depth.size is None else absolute(self.size) <= depth.size",
                "        within = True",
            ),
        ),
        severity=Severity.LIVENESS,
    ),
    Mutant(
        id="X07",
        family="refusals",
        rule="PERP-WITHDRAWABLE",
        mistake="More than is withdrawable may be withdrawn, by one unit.",
        reading="one unit too much",
        edits=(
            Edit(
                "exchange.cash",
                (
                    '    return Check(amount <= most, f"the amount is withdrawable from {account}", '
                    '"PERP-WITHDRAWABLE")'
                ),
                (
                    "    return Check(\n"
                    "        amount <= most + exchange.venue.parameters.token_unit,\n"
                    '        f"the amount is withdrawable from {account}",\n'
                    '        "PERP-WITHDRAWABLE",\n'
                    "    )"
                ),
            ),
        ),
    ),
    Mutant(
        id="X09",
        family="refusals",
        rule="FUND-BALANCE",
        mistake="A deposit is counted twice.",
        reading="deposits counted twice",
        edits=(
            Edit(
                "exchange.cash",
                (
                    "        member = exchange.members[self.account].add_spot(self.token, self.amount)\n"
                    "        return evolve(exchange.put(member), external"
                ),
                (
                    "        member = exchange.members[self.account].add_spot(self.token, 2 * "
                    "self.amount)\n"
                    "        return evolve(exchange.put(member), external"
                ),
            ),
        ),
    ),
    Mutant(
        id="X10",
        family="refusals",
        rule="PERP-ISO-CLOSE",
        mistake="Closing a part of an isolated position releases all of its margin.",
        reading="all isolated margin released",
        edits=(
            Edit(
                "rules.perp",
                "    return margin * closed / (closed + kept)",
                "    return margin * where(closed > 0, ONE, ZERO)",
            ),
        ),
    ),
)
