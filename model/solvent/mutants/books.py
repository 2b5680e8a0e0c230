"""Mistakes about how trades, prices, funding and losses are booked."""

from __future__ import annotations

from solvent.mutants.loader import Edit
from solvent.mutants.mutant import Mutant, Severity, add

add(
    Mutant(
        id="F14",
        family="funding",
        rule="FUND-PAYMENT",
        mistake="The list of a market's holders, from which funding is paid, misses the other side of each trade.",
        reading="holders kept up to date on one side",
        edits=(
            Edit(
                "exchange.trading",
                "put_market(held_by(held_by(market, first), second))",
                "put_market(held_by(market, first))",
            ),
        ),
        severity=Severity.FAIRNESS,
        real="caches of open interest that one path forgets",
    ),
    Mutant(
        id="F15",
        family="interest",
        rule="LEND-ACCRUE",
        mistake="Interest accrues by whole hours.",
        reading="whole hours of interest",
        edits=(
            Edit(
                "exchange.lending",
                "    seconds = Fraction(exchange.now - pool.accrued, 1000)",
                "    seconds = Fraction((exchange.now - pool.accrued) // 3_600_000 * 3600)",
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="F23",
        family="equity",
        rule="FUND-BALANCE",
        mistake="A trade is booked on one side alone.",
        reading="one side of a trade booked",
        edits=(
            Edit(
                "exchange.trading",
                "    after = exchange.put(first, second).put_market(",
                "    after = exchange.put(first).put_market(",
            ),
        ),
    ),
    Mutant(
        id="F24",
        family="rounding",
        rule="LEND-SHARES-IN",
        mistake="What the rounding of a repayment leaves is lost to the pool.",
        reading="the remainder of a repayment lost",
        edits=(
            Edit(
                "exchange.lending",
                "        debt_shares=pool.debt_shares - shares,\n        reserve=pool.reserve + amount - lending.claim(shares, pool.debt_index),",
                "        debt_shares=pool.debt_shares - shares,\n        reserve=pool.reserve,",
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="F25",
        family="equity",
        rule="NUM-ENTRY",
        mistake="The entry price is averaged when a position is reduced.",
        reading="the entry price averaged by reductions",
        edits=(
            Edit(
                "exchange.trading",
                "where(traded > held, price, entry), opened)",
                "where(traded > held, price, opened), opened)",
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="F26",
        family="funding",
        rule="FUND-REMAINDER",
        mistake="What the rounding of funding leaves goes to nobody.",
        reading="the remainder of funding lost",
        edits=(
            Edit(
                "exchange.settlement",
                "        return after.to_treasury(exchange.token_of(self.market), remainder)",
                "        return after.to_treasury(exchange.token_of(self.market), remainder - remainder)",
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="F27",
        family="equity",
        rule="FUND-FEE",
        mistake="The buyer of a fill pays the taker's fee, and the seller the maker's.",
        reading="maker and taker changed in fills",
        edits=(
            Edit(
                "exchange.settlement",
                "        return exchange.venue.parameters.fee_maker, exchange.venue.parameters.fee_taker",
                "        return exchange.venue.parameters.fee_taker, exchange.venue.parameters.fee_maker",
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="F28",
        family="equity",
        rule="TRADE-SHORTFALL",
        mistake="What an isolated position loses beyond its margin is forgotten.",
        reading="losses beyond isolated margin forgotten",
        edits=(
            Edit(
                "exchange.trading",
                "    return moved_member if certainly(deficit == 0) else moved_member.add_deficit(market.dex, deficit)",
                "    return moved_member if certainly(deficit == 0) else moved_member",
            ),
        ),
    ),
    Mutant(
        id="F29",
        family="equity",
        rule="TRADE-SHORTFALL",
        mistake="What an isolated position loses beyond its margin is taken from the cross balance.",
        reading="losses beyond isolated margin taken from cross",
        edits=(
            Edit(
                "exchange.trading",
                "else moved_member.add_deficit(market.dex, deficit)",
                "else moved_member.add_raw(market.dex, deficit)",
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="C08",
        family="prices",
        rule="TRADE-PRICE",
        mistake="The slippage moves the price in the trader's favour.",
        reading="the sign of the slippage turned",
        edits=(
            Edit(
                "rules.trading",
                "    return mark * (1 + side * slippage)",
                "    return mark * (1 - side * slippage)",
            ),
        ),
    ),
    Mutant(
        id="C09",
        family="prices",
        rule="TRADE-SLIPPAGE",
        mistake="An order pays the whole spread.",
        reading="the whole spread for half of it",
        edits=(
            Edit(
                "rules.trading",
                "    return spread / 2 + notional / width",
                "    return spread + notional / width",
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="C10",
        family="prices",
        rule="PRICE-MARK",
        mistake="The oracle price follows the mark, whatever oracle price a batch gives.",
        reading="oracle prices ignored",
        edits=(
            Edit(
                "exchange.environment",
                "                oracle=self.oracles.get(name, follows),",
                "                oracle=follows,",
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="C11",
        family="prices",
        rule="PRICE-MARK",
        mistake="The mark follows the oracle price where a batch gives the oracle price alone.",
        reading="the mark moved by the oracle price",
        edits=(
            Edit(
                "exchange.environment",
                "            mark = self.marks.get(name, market.mark)\n",
                "            mark = self.marks.get(name, self.oracles.get(name, market.mark))\n",
            ),
        ),
        real="marks that one source moves",
    ),
    Mutant(
        id="D25",
        family="liquidation",
        rule="BLQ-TAKEOVER",
        mistake="A partial step leaves the owner nothing of what the collateral is worth beyond the debt.",
        reading="nothing left with the owner of collateral",
        edits=(
            Edit(
                "exchange.collateral",
                "        return where(loans.due_in_full, ONE, part * quotient(value - left, value, ZERO))",
                "        return where(loans.due_in_full, ONE, part * quotient(value, value, ZERO))",
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="D26",
        family="liquidation",
        rule="BLQ-DUE",
        mistake="Balances below zero make collateral due as loans do.",
        reading="balances below zero counted as loans",
        edits=(
            Edit(
                "exchange.margin",
                "        return borrow_liquidation.collateral_liquidatable(self.loan, self.partial, ONE)",
                "        return borrow_liquidation.collateral_liquidatable(self.owed, self.partial, ONE)",
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="D29",
        family="liquidation",
        rule="ADL-TRIGGER",
        mistake="The vault takes a bankrupt account over although somebody can be deleveraged.",
        reading="the vault before deleveraging",
        edits=(
            Edit(
                "exchange.liquidation",
                "        first = unless(negate(pool.bankrupt), lambda: self._nobody(exchange))",
                "        first = unless(True, lambda: self._nobody(exchange))",
            ),
        ),
        real="the vault's loss of 2025-03-26",
    ),
    Mutant(
        id="E05",
        family="deleveraging",
        rule="ADL-TRIGGER",
        mistake="Accounts are deleveraged as soon as they are liquidatable.",
        reading="deleveraging before the backstop",
        edits=(
            Edit(
                "exchange.losses",
                '        yield Check(pool.bankrupt, f"{self.account} is bankrupt", "ADL-TRIGGER")',
                '        yield Check(pool.perps_due, f"{self.account} is bankrupt", "ADL-TRIGGER")',
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="E11",
        family="deleveraging",
        rule="TRADE-SHORTFALL",
        mistake="The vault bears a shortfall with what its own positions need.",
        reading="the vault's own margin spent on a shortfall",
        edits=(
            Edit(
                "exchange.losses",
                "            return maximum(ZERO, margin.cross_equity - margin.maintenance)",
                "            return maximum(ZERO, margin.cross_equity)",
            ),
        ),
        real="loss thresholds that pool a vault's equity",
    ),
    Mutant(
        id="D32",
        family="liquidation",
        rule="LEND-LOSS",
        mistake="Suppliers bear a lost loan before the reserve does.",
        reading="the suppliers before the reserve",
        edits=(
            Edit(
                "exchange.lending",
                "lending.index_after_loss(pool.supply_index, maximum(ZERO, -left), pool.supplied)",
                "lending.index_after_loss(pool.supply_index, loss, pool.supplied)",
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="D34",
        family="liquidation",
        rule="LIQ-COOLDOWN",
        mistake="A position that is liquidated as a whole starts the cooldown, too.",
        reading="a cooldown after whole liquidations",
        edits=(
            Edit(
                "exchange.liquidation",
                "last_partial=exchange.now if partial else member.last_partial",
                "last_partial=exchange.now",
            ),
        ),
        severity=Severity.LIVENESS,
    ),
    Mutant(
        id="D35",
        family="liquidation",
        rule="BLQ-TWAP",
        mistake="The backstop sells what it has taken at once.",
        reading="all sold at once",
        edits=(
            Edit(
                "exchange.collateral",
                "        kept = borrow_liquidation.unsold(held, decay(seconds, parameters.collateral_half_life))",
                "        kept = borrow_liquidation.unsold(held, decay(seconds, parameters.collateral_half_life)) * 0",
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
)
