"""Recorded real accounts as vectors: the state that a venue reported, and the figures that it derived from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from solvent.account import Account, Dex, Position, Regime
from solvent.arithmetic import ZERO
from solvent.conform.boundary_worlds import world
from solvent.conform.program import Program
from solvent.conform.vectors import Kind, Vector, agrees, made
from solvent.decimals import parse, printed, show, show_up
from solvent.errors import InputError
from solvent.exchange import Exchange, Member, SpotMarket
from solvent.ingest import files
from solvent.ingest.holdings import holdings
from solvent.interval import interval
from solvent.ledger import observations
from solvent.market import Prices
from solvent.protocol.genesis import genesis_of
from solvent.protocol.picture import FIELDS, Viewer
from solvent.protocol.picture import Path as Route
from solvent.reconcile.inputs import Missing
from solvent.reconcile.names import price_of
from solvent.reconcile.observe import kind_of, observe
from solvent.reconcile.report import Comparison, Report, Status
from solvent.venue import Venue

NAME = "account"
HELD = ("idle", "supplied", "borrowed")
MUCH = Fraction(10**12)
DIGITS = 20
"""Decimals of how far a reported figure may lie from the true one."""
OF_POSITION = {
    "PERP-ISO-MARGIN": "margin",
    "LIQPX-ROOT": "liquidation_price",
    "LIQPX-NONE": "liquidation_price",
}
OF_TOKEN = {"hold": "hold", "available after maintenance": "available"}
OF_ACCOUNT = {"margin ratio": "ratio", "health factor": "health"}
SOLVED = "as solved from another figure"


@frozen
class Recorded:
    """One recorded state.

    Attributes:
        id: its name.
        account, prices, venue: what was recorded, and by whose parameters.
        figures: what the venue reported of it, as far as the record supports it.
        source: where it was recorded.
        flags: what is to be known of it.
    """

    id: str
    account: Account
    prices: Prices
    venue: Venue
    figures: tuple[Comparison, ...]
    source: Mapping[str, str]
    flags: tuple[str, ...] = ()


def recorded_vectors() -> Iterator[Vector]:
    """The vectors of all bundled observations that are accounts."""
    for file in observations():
        yield from of_observation(file)


def of_observation(file: Path) -> Iterator[Vector]:
    """The vectors of an observation: one of a whole account, one for each of a list of positions."""
    document = files.read(file)
    kind = kind_of(document, str(file))
    report = observe(document, str(file))
    source = _source(file, document.get("provenance", {}))
    if kind == "account-bundle" and _is_whole(report):
        yield from _vector(_account(report, file.stem, source))
    elif kind == "position-list":
        for one in _positions(report, document, file.stem, source):
            yield from _vector(one)


def _is_whole(report: Report) -> bool:
    """Whether positions and balances of all dexes were recorded."""
    record = report.state.record
    known = [(dex.cross.raw, dex.summary.raw) != (None, None) for dex in record.dexes.values()]
    shared = report.regime in (Regime.UNIFIED, Regime.PORTFOLIO)
    return bool(known) and all(known) and not record.partial and (record.spot is not None or not shared)


def _source(file: Path, provenance: Mapping[str, Any]) -> dict[str, str]:
    """Where a record comes from, in the words of its provenance."""
    where = [str(provenance[key]) for key in ("repo", "file", "commit") if provenance.get(key)]
    stated = {"name": f"spec/observations/{file.name}", "date": str(provenance.get("recordedAt", ""))}
    return {**stated, **({"recorded by": ", ".join(where)} if where else {})}


def _account(report: Report, name: str, source: Mapping[str, str]) -> Recorded:
    state = report.state
    names = {token: price_of(token, "spot") for token in state.unscaled.tokens}
    taken = {token: state.inputs[name] for token, name in names.items() if name in state.inputs.declared}
    known = {
        token: interval(value).middle for token, value in taken.items() if not isinstance(value, Missing)
    }
    held = holdings(state.record, report.regime, state.exact_venue, known)
    figures = tuple(
        one
        for one in report.comparisons
        if one.status is Status.AGREES
        and not (one.figure == "hold" and state.record.order_margins is not None)
    )
    solved = any(SOLVED in figure.because for figure in figures)
    flags = (*(["scaled"] if state.record.scaled else []), *(["solved-input"] if solved else []))
    return Recorded(name, held.account, held.prices, state.exact_venue, figures, source, flags)


def _positions(
    report: Report, document: Mapping[str, Any], name: str, source: Mapping[str, str]
) -> Iterator[Recorded]:
    """Each position of a list, opened at its entry price, in an account of its own."""
    for number, (row, figure) in enumerate(zip(document["positions"], report.comparisons, strict=True), 1):
        entry, size = printed(row["entryPx"]), parse(row["size"]) * (1 if row["side"] == "long" else -1)
        mark = entry.value + entry.unit / 2
        position = Position(
            market=row["coin"],
            size=size,
            leverage=parse(row["leverage"]),
            max_leverage=document["maxLeverage"].get(row["coin"]),
            entry=mark,
            raw=parse(row["collateral"]) - size * mark,
        )
        account = Account(regime=Regime.CROSS, dexes=(Dex(raw=ZERO, positions=(position,)),))
        prices = Prices(marks={row["coin"]: mark})
        venue = report.state.unscaled
        one = evolve(figure, subject=row["coin"])
        yield Recorded(f"{name}-{number:02}", account, prices, venue, (one,), source)


def _vector(one: Recorded) -> Iterator[Vector]:
    """The vector of a record; none where none of its figures is one that engines are asked for.

    A figure that only agrees with prices of another instant is left out.

    Raises:
        InputError: the state does not lead to a figure that the record supports.
    """
    exchange = exchange_of(one)
    picture, nested, count = Viewer(frozenset(FIELDS)).look(exchange), dict[str, Any](), 0
    for figure in one.figures:
        route = _route(figure, exchange.members[NAME])
        value = "none" if figure.reported is None else show(figure.reported, DIGITS)
        within = "0" if figure.tolerance is None else show_up(figure.tolerance, DIGITS)
        if not route:
            continue
        if not agrees(picture.get(route), value, within):
            if SOLVED in figure.because:
                continue
            raise InputError(
                one.source["name"], ".".join(route), str(picture.get(route)), f"{value} within {within}"
            )
        inside, count = nested, count + 1
        for key in route[:-1]:
            inside = inside.setdefault(key, {})
        inside[route[-1]] = {"value": value, "within": within}
    if nested:
        yield made(
            Program(genesis_of(exchange), ()),
            id=f"recorded/{one.id}",
            title=f"A real account under {one.account.regime} margin; figures that its venue reported: {count}",
            kind=Kind.RECORDED,
            source=one.source,
            flags=one.flags,
            reported=nested,
        )


def _route(figure: Comparison, member: Member) -> Route:
    of_account = ("accounts", NAME)
    if figure.rule in OF_POSITION and figure.subject in member.positions:
        return (*of_account, "positions", figure.subject, OF_POSITION[figure.rule])
    if figure.figure in OF_TOKEN and figure.subject in {*member.spot, *member.supplied, *member.borrowed}:
        return (*of_account, OF_TOKEN[figure.figure], figure.subject)
    alone = any(position.isolated for position in member.positions.values())
    if figure.figure in OF_ACCOUNT and figure.subject == NAME and not alone:
        return (*of_account, OF_ACCOUNT[figure.figure])
    return ()


def exchange_of(one: Recorded) -> Exchange:
    """The exchange around a recorded account, at the prices of the record.

    Tokens without a known price are left out; where balances are shared, a cash balance below zero stands in perps.
    """
    priced = {one.venue.quote, *one.prices.tokens}
    balances = [balance for balance in one.account.balances if balance.token in priced]
    held = {what: {b.token: getattr(b, what) for b in balances if getattr(b, what)} for what in HELD}
    raw = {dex.name: dex.raw for dex in one.account.dexes}
    idle, quote = held["idle"], one.venue.quote
    if idle.get(quote, ZERO) < 0 and one.account.regime is not Regime.CROSS:
        raw[""] = raw.get("", ZERO) + idle.pop(quote)
    orders = [order for dex in one.account.dexes for order in dex.orders]
    member = Member(
        name=NAME,
        mode=one.account.regime,
        spot=idle,
        raw=raw,
        positions={position.market: position for dex in one.account.dexes for position in dex.positions},
        orders={f"o{number}": order for number, order in enumerate(orders, 1)},
        supplied=held["supplied"],
        borrowed=held["borrowed"],
    )
    spots = tuple(
        SpotMarket(token=token, price=price) for token, price in one.prices.tokens.items() if token != quote
    )
    marks = {**{order.market: order.price for order in orders}, **one.prices.marks}
    return world(
        member, venue=one.venue, marks=marks, spots=spots, cash={quote: MUCH} if held["borrowed"] else {}
    )
