"""Figures of the lending pool: reserves, rates, and the account's health factor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from solvent.arithmetic import total
from solvent.decimals import Printed
from solvent.ingest.record import LendingState, Record, ReserveRow
from solvent.interval import Interval, around
from solvent.reconcile.figure import Digits, Figure
from solvent.reconcile.inputs import NotRecordedError
from solvent.reconcile.state import State, price_of
from solvent.rules import lending, portfolio
from solvent.venue import Venue

RESERVE_UNIT_PLACES = 8


def lending_figures(record: Record, venue: Venue) -> Iterator[Figure]:
    """Every figure that the lending pool's calls report."""
    names = {token.index: token.name for token in venue.tokens.values()}
    for index, row in record.reserves.items():
        yield from reserve_figures(names.get(index, f"token {index}"), row)
    if record.lending is not None and record.lending.reports_health:
        prices = tuple(price_of(t.name, "lending") for t in venue.tokens.values() if t.is_collateral)
        yield Figure(
            figure="health factor", subject="account", rule="LEND-HEALTH",
            reported=record.lending.health_factor, digits=Digits.RATIO,
            compute=_health_factor, inputs=prices,
        )  # fmt: skip


def _health_factor(state: State) -> Any:
    loans: LendingState | None = state.record.lending
    if loans is None:
        raise NotRecordedError("the lending state")
    owing = {index: loan for index, loan in loans.borrowed.items() if loan.value}
    if not owing:
        return None
    if len(owing) > 1:
        raise NotRecordedError("how loans in several tokens are added up")
    index, loan = next(iter(owing.items()))
    tokens = state.unscaled.tokens.values()
    collateral = [t for t in tokens if t.is_collateral and t.index in loans.supplied]
    supplied = [(t, loans.supplied[t.index]) for t in collateral if loans.supplied[t.index].value]
    token = next((t for t in tokens if t.index == index), None)
    cap = None if token is None else state.cap(token, "borrow")
    if token is None or cap is None:
        raise NotRecordedError(f"the parameters of token {index}")
    capacity = portfolio.borrow_capacity(
        [state.amount(amount) for _, amount in supplied],
        [state.inputs[price_of(t.name, "lending")] for t, _ in supplied],
        [t.ltv for t, _ in supplied],
        state.quote_price(token.name),
        state.binding(cap),
    )
    return lending.health_factor(capacity, state.amount(loan))


def _digits(shown: Printed) -> Interval:
    return around(shown.value, Printed(shown.value, RESERVE_UNIT_PLACES).unit / 2)


def reserve_figures(name: str, row: ReserveRow) -> Iterator[Figure]:
    """The figures of one reserve, each from what else the same call reports."""
    borrowed, supplied, used = row.borrowed, row.supplied, row.utilization
    if borrowed is not None and supplied is not None and used is not None:
        yield _rate(
            "utilization", name, "LEND-UTILIZATION", used,
            lambda s: lending.utilization(_digits(borrowed), _digits(supplied)),
        )  # fmt: skip
    if used is None or row.borrow_rate is None:
        return
    exact = around(used.value, Printed(used.value, 10).unit / 2)
    yield _rate("borrow rate", name, "LEND-RATE", row.borrow_rate, lambda s: _borrow_rate(s, exact))
    if row.supply_rate is not None:
        yield _rate(
            "supply rate", name, "LEND-SUPPLY-RATE", row.supply_rate,
            lambda s: lending.supply_rate(
                _borrow_rate(s, exact), exact, s.unscaled.parameters.reserve_share
            ),
        )  # fmt: skip


def _borrow_rate(state: State, used: Interval) -> Any:
    p = state.unscaled.parameters
    return lending.borrow_rate(used, p.rate_base, p.rate_slope, p.rate_kink)


def _rate(figure: str, name: str, rule: str, reported: Printed, compute: Any) -> Figure:
    return Figure(
        figure=figure, subject=name, rule=rule, reported=reported, digits=Digits.RATIO, compute=compute
    )


def reserve_gain_figures(name: str, rows: Sequence[ReserveRow]) -> Iterator[Figure]:
    """What the reserve gained between each two readings, against its share of the interest accrued."""
    for before, after in zip(rows, rows[1:], strict=False):
        levels = [_level(row) for row in (before, after)]
        interest = [row.borrowed for row in (before, after)]
        if None in levels or None in interest:
            continue
        gained = total(level * sign for level, sign in zip(levels, (-1, 1), strict=True) if level is not None)
        accrued = total(
            shown.value * sign for shown, sign in zip(interest, (-1, 1), strict=True) if shown is not None
        )
        unit = Printed(gained, RESERVE_UNIT_PLACES).unit
        yield Figure(
            figure="reserve gain", subject=name, rule="LEND-RESERVE-GAIN", digits=Digits.TOKEN,
            reported=Printed(gained, RESERVE_UNIT_PLACES),
            compute=lambda s, accrued=accrued, unit=unit: lending.reserve_gain(
                around(accrued, unit), s.unscaled.parameters.reserve_share
            ) + around(unit * 0, 6 * unit / 2),
        )  # fmt: skip


def _level(row: ReserveRow) -> Any:
    if row.balance is None or row.borrowed is None or row.supplied is None:
        return None
    return lending.reserve(row.balance.value, row.borrowed.value, row.supplied.value)
