"""Mistakes about interest, funding, rounding and prices."""

from __future__ import annotations

from solvent.mutants.loader import Edit
from solvent.mutants.mutant import Mutant, Severity, add

add(
    Mutant(
        id="F01",
        family="interest",
        rule="LEND-ACCRUE",
        mistake="Interest accrues at the rate of full utilization.",
        reading="interest by the rate of full utilization",
        edits=(
            Edit(
                "exchange.lending",
                "lending.utilization(pool.borrowed, pool.supplied)",
                "lending.utilization(pool.supplied, pool.supplied)",
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="F04",
        family="interest",
        rule="LEND-ACCRUE",
        mistake="The time of the last accrual is not kept, so interest accrues twice.",
        reading="interest accrued twice",
        edits=(
            Edit(
                "exchange.lending",
                "supply_index=supply_index, accrued=exchange.now",
                "supply_index=supply_index, accrued=pool.accrued",
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="F07",
        family="funding",
        rule="FUND-PAYMENT",
        mistake="Longs receive and shorts pay when the rate is above zero.",
        reading="the sign of funding turned",
        edits=(
            Edit(
                "rules.funding",
                "    return nearest(-size * oracle * rate, unit)",
                "    return nearest(size * oracle * rate, unit)",
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="F08",
        family="funding",
        rule="FUND-PAYMENT",
        mistake="Funding is paid on the mark price.",
        reading="the mark for the oracle in funding",
        edits=(
            Edit(
                "exchange.settlement",
                "market.oracle, ",
                "market.mark, ",
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="F09",
        family="funding",
        rule="FUND-RATE",
        mistake="The funding rate is that of eight hours, each hour.",
        reading="eight hours' funding each hour",
        edits=(
            Edit(
                "rules.funding",
                "    hourly = (premium + maximum(-clamp, minimum(clamp, interest - premium))) / 8",
                "    hourly = premium + maximum(-clamp, minimum(clamp, interest - premium))",
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="F10",
        family="funding",
        rule="FUND-RATE",
        mistake="The cap of the funding rate is not applied.",
        reading="no cap of the funding rate",
        edits=(
            Edit(
                "rules.funding",
                "    return maximum(-cap, minimum(cap, hourly))",
                "    return hourly + 0 * cap",
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="F12",
        family="funding",
        rule="FUND-PAYMENT",
        mistake="Funding payments are rounded down.",
        reading="funding rounded down",
        edits=(
            Edit(
                "rules.funding",
                "    return nearest(-size * oracle * rate, unit)",
                "    return unit * ((-size * oracle * rate) // unit)",
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="R01",
        family="rounding",
        rule="NUM-USD",
        mistake="Maintenance margin is not truncated to the USD unit.",
        reading="maintenance margin not truncated",
        edits=(
            Edit(
                "regimes.dexes",
                ("        maintenance=numbers.usd_amount(perp.maintenance_margin(notional, tiers), unit),"),
                "        maintenance=perp.maintenance_margin(notional, tiers),",
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="R02",
        family="rounding",
        rule="NUM-USD",
        mistake="Initial margin is rounded up to the USD unit.",
        reading="initial margin rounded up",
        edits=(
            Edit(
                "regimes.dexes",
                (
                    "        initial=numbers.usd_amount(perp.initial_margin(notional, "
                    "position.leverage), unit),"
                ),
                "        initial=-(-perp.initial_margin(notional, position.leverage) // unit) * unit,",
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="R03",
        family="rounding",
        rule="NUM-USD",
        mistake="Fees are rounded up to the USD unit.",
        reading="fees rounded up",
        edits=(
            Edit(
                "exchange.trading",
                "    return numbers.usd_amount(fee, exchange.venue.parameters.usd_unit)",
                (
                    "    return -(-fee // exchange.venue.parameters.usd_unit) * "
                    "exchange.venue.parameters.usd_unit"
                ),
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="C01",
        family="prices",
        rule="PRICE-BORROW",
        mistake="The borrow oracle price is the spot price alone.",
        reading="the spot price for the borrow oracle price",
        edits=(
            Edit(
                "exchange.state",
                (
                    "                tokens[token] = numbers.borrow_oracle_price(spot.price, perp.mark, "
                    "perp.oracle, self.usdt)"
                ),
                "                tokens[token] = spot.price",
            ),
        ),
    ),
    Mutant(
        id="C02",
        family="prices",
        rule="PRICE-BORROW",
        mistake="The perp's prices enter the borrow oracle price without the price of USDT.",
        reading="the price of USDT left out",
        edits=(
            Edit(
                "exchange.state",
                "numbers.borrow_oracle_price(spot.price, perp.mark, perp.oracle, self.usdt)",
                "numbers.borrow_oracle_price(spot.price, perp.mark, perp.oracle, ONE)",
            ),
        ),
    ),
    Mutant(
        id="C03",
        family="prices",
        rule="LIQPX-ROOT",
        mistake="The liquidation price is found by the tier of the present notional.",
        reading="the tier of the present notional",
        edits=(
            Edit(
                "rules.liquidation_price",
                (
                    "    roots = [_root(size, mark, free, maintenance, tier.rate, tier.deduction) for "
                    "tier in tiers]"
                ),
                (
                    "    present = [tier for tier in tiers if absolute(size) * mark >= "
                    "tier.lower_bound][-1:]\n"
                    "    roots = [_root(size, mark, free, maintenance, tier.rate, tier.deduction) for "
                    "tier in present]"
                ),
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="C04",
        family="prices",
        rule="PRICE-MARK",
        mistake="A price of zero or below is accepted.",
        reading="prices of zero accepted",
        edits=(
            Edit(
                "exchange.guards",
                '    return Check(amount > 0, f"{what} is above zero")',
                '    return Check(amount >= 0, f"{what} is above zero")',
            ),
        ),
        real="a market at zero",
    ),
    Mutant(
        id="C05",
        family="prices",
        rule="LIQPX-ROOT",
        mistake="The position's own maintenance margin is left out of its liquidation price.",
        reading="the position's own maintenance left out of its liquidation price",
        edits=(
            Edit(
                "rules.liquidation_price",
                (
                    "    return (size * mark - free - maintenance - deduction) / (size - rate * "
                    "absolute(size))"
                ),
                "    return (size * mark - free - deduction) / (size - rate * absolute(size))",
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="C06",
        family="prices",
        rule="ADL-PRICE",
        mistake="A batch of prices does not keep the prices before it.",
        reading="previous prices not kept",
        edits=(
            Edit(
                "exchange.environment",
                "previous_mark=market.mark",
                "previous_mark=market.previous_mark",
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="F02",
        family="interest",
        rule="LEND-RESERVE-GAIN",
        mistake="The reserve keeps its share of interest twice.",
        reading="the reserve's share taken twice",
        edits=(
            Edit(
                "exchange.lending",
                (
                    "lending.supplier_interest(interest, pool.supplied, pool.supplied, "
                    "parameters.reserve_share)"
                ),
                (
                    "lending.supplier_interest(\n"
                    "        interest, pool.supplied, pool.supplied, 2 * parameters.reserve_share\n"
                    "    )"
                ),
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="F03",
        family="interest",
        rule="LEND-SUPPLIER",
        mistake="Suppliers receive the reserve's share on top of what borrowers pay.",
        reading="the sign of the reserve's share turned",
        edits=(
            Edit(
                "exchange.lending",
                (
                    "lending.supplier_interest(interest, pool.supplied, pool.supplied, "
                    "parameters.reserve_share)"
                ),
                (
                    "lending.supplier_interest(\n"
                    "        interest, pool.supplied, pool.supplied, -parameters.reserve_share\n"
                    "    )"
                ),
            ),
        ),
    ),
    Mutant(
        id="F05",
        family="interest",
        rule="LEND-UTILIZATION",
        mistake="Utilization is what is borrowed over the cash that is left.",
        reading="utilization over cash",
        edits=(
            Edit(
                "exchange.lending",
                "lending.utilization(pool.borrowed, pool.supplied)",
                "lending.utilization(pool.borrowed, maximum(Fraction(1), pool.cash))",
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="F06",
        family="interest",
        rule="LEND-RATE",
        mistake="The borrow rate has no kink.",
        reading="no kink in the borrow rate",
        edits=(
            Edit(
                "exchange.lending",
                "parameters.rate_slope, parameters.rate_kink)",
                "parameters.rate_slope, Fraction(1))",
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="R04",
        family="rounding",
        rule="LEND-SHARES-OUT",
        mistake="Shares that a supply gives are rounded up.",
        reading="supply shares rounded up",
        edits=(
            Edit(
                "exchange.lending",
                "    shares = lending.shares_given(amount, pool.supply_index, unit)",
                "    shares = lending.shares_taken(amount, pool.supply_index, unit)",
            ),
        ),
        real="share inflation",
    ),
    Mutant(
        id="R05",
        family="rounding",
        rule="LEND-INDEX",
        mistake="The debt index is rounded down.",
        reading="the debt index rounded down",
        edits=(
            Edit(
                "exchange.lending",
                "    debt_index = -floor_to(-lending.next_index(pool.debt_index, growth), unit)",
                "    debt_index = floor_to(lending.next_index(pool.debt_index, growth), unit)",
            ),
        ),
    ),
    Mutant(
        id="R06",
        family="rounding",
        rule="LEND-SHARES-IN",
        mistake="Shares of a loan are rounded down.",
        reading="debt shares rounded down",
        edits=(
            Edit(
                "exchange.lending",
                "    shares = lending.shares_taken(amount, pool.debt_index, unit)",
                "    shares = lending.shares_given(amount, pool.debt_index, unit)",
            ),
        ),
    ),
    Mutant(
        id="F21",
        family="funding",
        rule="FUND-PAYMENT",
        mistake="Hours that were missed are never paid.",
        reading="missed hours of funding lost",
        edits=(
            Edit(
                "exchange.settlement",
                "funded=market.funded + HOUR",
                "funded=exchange.now",
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="F22",
        family="funding",
        rule="FUND-PAYMENT",
        mistake="Funding of an isolated position goes to the cross balance.",
        reading="funding of isolated positions paid to the cross balance",
        edits=(
            Edit(
                "exchange.settlement",
                ("    if position.raw is None:\n        return member.add_raw(dex, amount)"),
                ("    if position.raw is None or amount:\n        return member.add_raw(dex, amount)"),
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
    Mutant(
        id="C07",
        family="prices",
        rule="PRICE-MARK",
        mistake="The oracle price does not follow the mark where a batch gives the mark alone.",
        reading="an oracle price that does not follow",
        edits=(
            Edit(
                "exchange.environment",
                "            follows = mark if name in self.marks else market.oracle",
                "            follows = market.oracle",
            ),
        ),
        severity=Severity.FAIRNESS,
    ),
)
