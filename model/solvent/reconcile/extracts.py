"""Observations that are not whole accounts: a list of isolated positions, reserve states, a flow of balances."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from fractions import Fraction
from functools import partial
from typing import Any

from solvent.account import Position
from solvent.arithmetic import ZERO, total
from solvent.decimals import Printed, parse, printed, show
from solvent.ingest.record import ReserveRow
from solvent.interval import Interval, around, interval
from solvent.market import Prices
from solvent.quantities import growth_factor
from solvent.reconcile.figure import Digits, Figure
from solvent.reconcile.inputs import NotRecordedError
from solvent.reconcile.lending import reserve_figures, reserve_gain_figures
from solvent.reconcile.state import CALLS_APART, State
from solvent.regimes.dexes import measure
from solvent.rules import funding, lending

HOUR = Fraction(3600)


def position_list_figures(document: Mapping[str, Any]) -> Iterator[Figure]:
    """The liquidation price of each isolated position, from its margin at opening."""
    for number, row in enumerate(document["positions"], 1):
        shown = row["liquidationPx"]
        yield Figure(
            figure="liquidation price",
            subject=f"{row['coin']} {row['side']} {number}",
            rule="LIQPX-ROOT" if shown is not None else "LIQPX-NONE",
            reported=None if shown is None else printed(shown),
            digits=Digits.PRICE,
            compute=partial(_isolated_price, row, document["maxLeverage"]),
        )


def _isolated_price(row: Mapping[str, Any], max_leverage: Mapping[str, int], state: State) -> Any:
    if row["coin"] not in max_leverage:
        raise NotRecordedError(f"the largest leverage of {row['coin']}")
    side = 1 if row["side"] == "long" else -1
    shown = printed(row["entryPx"])
    entry = Interval(shown.value, shown.value + shown.unit)
    size = side * parse(row["size"])
    position = Position(
        market=row["coin"],
        size=size,
        leverage=parse(row["leverage"]),
        max_leverage=max_leverage[row["coin"]],
        raw=state.usd(printed(row["collateral"])) - size * entry,
    )
    leg = measure(position, Prices(marks={row["coin"]: entry}), state.venue)
    price = leg.liquidation_price((leg.margin or ZERO) - leg.maintenance, state.venue)
    return None if price.none is True else price.root


def reserve_state_figures(document: Mapping[str, Any], names: Mapping[int, str]) -> Iterator[Figure]:
    """The figures of every reserve state, and of what a reserve gained between readings of it."""
    for index, state in document.get("reserves", {}).items():
        yield from reserve_figures(names.get(int(index), f"token {index}"), _reserve(state))
    for name, given in document.items():
        if name in {"provenance", "reserves"}:
            continue
        rows = [_reserve(state) for state in (given if isinstance(given, list) else [given])]
        for number, row in enumerate(rows, 1):
            subject = name.upper() if len(rows) == 1 else f"{name.upper()} reading {number}"
            yield from reserve_figures(subject, row)
        yield from reserve_gain_figures(name.upper(), rows)


def _reserve(state: Mapping[str, Any]) -> ReserveRow:
    def number(key: str) -> Printed | None:
        return None if state.get(key) is None else printed(state[key])

    return ReserveRow(
        price=number("oraclePx"),
        ltv=number("ltv"),
        borrow_rate=number("borrowYearlyRate"),
        supply_rate=number("supplyYearlyRate"),
        balance=number("balance"),
        utilization=number("utilization"),
        supplied=number("totalSupplied"),
        borrowed=number("totalBorrowed"),
    )


def balance_flow_figures(document: Mapping[str, Any]) -> Iterator[Figure]:
    """The net balance rolled forward, and every fee, funding payment and interest that moved it."""
    given = document["inputs"]
    for number, fill in enumerate(document["fills"], 1):
        subject = f"{fill['coin']} fill {number}"
        yield _usd("fee", subject, "FUND-FEE", fill["fee"], partial(_fee, fill))
    for row in document["funding"]:
        yield _usd("funding", row["coin"], "FUND-PAYMENT", row["usdc"], partial(_payment, row))
    sums = (
        ("realized profit", "NUM-CLOSED", "realized_perp_pnl", [f["closedPnl"] for f in document["fills"]]),
        ("fees", "FUND-FEE", "trading_fees", [fill["fee"] for fill in document["fills"]]),
        ("funding", "FUND-PAYMENT", "funding_received", [row["usdc"] for row in document["funding"]]),
    )
    for figure, rule, key, parts in sums:
        yield _usd(figure, "sum", rule, given[key], partial(_sum, parts))
    yield Figure(
        figure="net balance", subject="USDC", rule="FUND-BALANCE",
        reported=printed(document["reported"]["api_end_net"]), digits=Digits.TOKEN,
        compute=partial(_rolled_forward, document),
    )  # fmt: skip
    yield from _interest_figures(document)


def _usd(figure: str, subject: str, rule: str, reported: str, compute: Any) -> Figure:
    return Figure(
        figure=figure, subject=subject, rule=rule, reported=printed(reported),
        digits=Digits.USD, compute=compute,
    )  # fmt: skip


def _fee(fill: Mapping[str, Any], state: State) -> Any:
    parameters = state.unscaled.parameters
    rate = parameters.fee_taker if fill["crossed"] else parameters.fee_maker
    own = funding.trade_fee(parse(fill["px"]), parse(fill["sz"]), rate, ZERO)
    return own + state.usd(printed(fill.get("builderFee", "0")))


def _payment(row: Mapping[str, Any], _: State) -> Any:
    raise NotRecordedError(f"the oracle price of {row['coin']} at the funding time")


def _sum(parts: list[str], _: State) -> Any:
    return total(parse(part) for part in parts)


def _rolled_forward(document: Mapping[str, Any], state: State) -> Any:
    """The balance by the flows; every perp amount behind a balance or profit is up to one unit off (NUM-USD)."""
    given = {key: parse(text) for key, text in document["inputs"].items()}
    unit, positions = interval(state.usd_unit).high, len(document["funding"])
    profit = given["ending_unrealized_pnl"] - given["starting_unrealized_pnl"]
    rolled = funding.balance_after(
        given["starting_net_balance"],
        given["net_external_transfers"],
        given["spot_cash_flow"],
        given["realized_perp_pnl"],
        given["trading_fees"],
        given["funding_received"],
        given["supply_interest"],
        given["borrow_interest"],
        profit,
    )
    of_balances, of_profits, of_fills = 4 * positions, 2 * positions, 2 * len(document["fills"])
    return rolled + around(ZERO, unit * (of_balances + of_profits + of_fills + Fraction(positions, 2)))


def _interest_figures(document: Mapping[str, Any]) -> Iterator[Figure]:
    """Accrual from the first loan observed; instants are those of calls that may lie seconds apart."""
    debts = [
        (_milliseconds(row["at"]), printed(row["borrowed"])) for row in document.get("debtObservations", ())
    ]
    for now, after in debts[1:]:
        seconds = Fraction(now - debts[0][0], 1000)
        yield Figure(
            figure="loan", subject=f"after {show(seconds)} s", rule="LEND-ACCRUE", reported=after,
            digits=Digits.TOKEN, compute=partial(_accrued, debts[0][1], seconds),
            caveat="what was borrowed or repaid in between was not recorded",
        )  # fmt: skip
    for row in document.get("postedInterest", ()) if debts else ():
        yield Figure(
            figure="posted interest", subject=row["token"], rule="LEND-ACCRUE", digits=Digits.TOKEN,
            reported=printed(row["borrow"]), compute=partial(_hour_of_interest, debts[0][1]),
            caveat="the loan during the hour and the time since the last posting were not recorded; "
            "a full hour of the first loan observed is shown",
        )  # fmt: skip


def _growth(seconds: Fraction, state: State) -> Interval:
    parameters = state.unscaled.parameters
    low, high = (
        growth_factor(parameters.rate_base, max(Fraction(0), seconds + apart), parameters.rate_year)
        for apart in (-CALLS_APART, CALLS_APART)
    )
    return Interval(low, high)


def _accrued(before: Printed, seconds: Fraction, state: State) -> Any:
    return lending.accrued(around(before.value, before.unit), _growth(seconds, state))


def _hour_of_interest(debt: Printed, state: State) -> Any:
    return lending.accrued(debt.value, _growth(HOUR, state)) - debt.value


def _milliseconds(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)
