"""Figures of the lending pool: reserves, rates, and the account's health factor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import partial
from itertools import pairwise
from typing import Any

from solvent.decimals import Printed
from solvent.ingest.record import LendingState, Record, ReserveRow
from solvent.interval import Interval, around
from solvent.reconcile.figure import Digits, Figure
from solvent.reconcile.inputs import NotRecordedError
from solvent.reconcile.names import price_of
from solvent.reconcile.state import State
from solvent.rules import lending, portfolio
from solvent.venue import Venue

AMOUNT_PLACES = 8
RATE_PLACES = 10


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


def _near(shown: Printed, places: int) -> Interval:
    """The numbers that print to so many places as shown."""
    return around(shown.value, Fraction(1, 2 * 10**places))


def reserve_figures(name: str, row: ReserveRow) -> Iterator[Figure]:
    """The figures of one reserve, each from what else the same call reports."""
    if row.borrowed is not None and row.supplied is not None and row.utilization is not None:
        compute = partial(_utilization, row.borrowed, row.supplied)
        yield _rate("utilization", name, "LEND-UTILIZATION", row.utilization, compute)
    if row.utilization is None or row.borrow_rate is None:
        return
    used = _near(row.utilization, RATE_PLACES)
    yield _rate("borrow rate", name, "LEND-RATE", row.borrow_rate, partial(_borrow_rate, used))
    if row.supply_rate is not None:
        yield _rate("supply rate", name, "LEND-SUPPLY-RATE", row.supply_rate, partial(_supply_rate, used))


def _rate(figure: str, name: str, rule: str, reported: Printed, compute: Any) -> Figure:
    return Figure(
        figure=figure, subject=name, rule=rule, reported=reported, digits=Digits.RATIO, compute=compute
    )


def _utilization(borrowed: Printed, supplied: Printed, state: State) -> Any:
    del state
    return lending.utilization(_near(borrowed, AMOUNT_PLACES), _near(supplied, AMOUNT_PLACES))


def _borrow_rate(used: Interval, state: State) -> Any:
    p = state.unscaled.parameters
    return lending.borrow_rate(used, p.rate_base, p.rate_slope, p.rate_kink)


def _supply_rate(used: Interval, state: State) -> Any:
    share = state.unscaled.parameters.reserve_share
    return lending.supply_rate(_borrow_rate(used, state), used, share)


def reserve_gain_figures(name: str, rows: Sequence[ReserveRow]) -> Iterator[Figure]:
    """What the reserve gained between each two readings, against its share of the interest accrued."""
    for before, after in pairwise(rows):
        levels = [_level(row) for row in (before, after)]
        if None in levels or before.borrowed is None or after.borrowed is None:
            continue
        gained = levels[1] - levels[0]
        interest = after.borrowed.value - before.borrowed.value
        yield Figure(
            figure="reserve gain", subject=name, rule="LEND-RESERVE-GAIN", digits=Digits.TOKEN,
            reported=Printed(gained, AMOUNT_PLACES), compute=partial(_reserve_gain, interest),
        )  # fmt: skip


def _reserve_gain(interest: Fraction, state: State) -> Any:
    """The reserve's share, with the digits of the six amounts that the gain is the difference of."""
    unit = Fraction(1, 10**AMOUNT_PLACES)
    gain = lending.reserve_gain(around(interest, unit), state.unscaled.parameters.reserve_share)
    return gain + around(Fraction(0), 3 * unit)


def _level(row: ReserveRow) -> Any:
    if row.balance is None or row.borrowed is None or row.supplied is None:
        return None
    return lending.reserve(row.balance.value, row.borrowed.value, row.supplied.value)
