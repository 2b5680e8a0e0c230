"""The figures that facts are about, of accounts, lending pools, markets, the treasury, and the whole state."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any

from attrs import frozen

from solvent.arithmetic import ZERO, total
from solvent.exchange import Exchange
from solvent.exchange.margin import (
    assets_of,
    liquidatable,
    loans_of,
    perp_value,
    price_of,
    shares_balances,
    withdrawable_of,
)
from solvent.exchange.record import digest
from solvent.exchange.risk import net_requirement, net_risk, net_risk_of_collateral_fall
from solvent.regimes import Assessment
from solvent.rules import lending
from solvent.rules.kinds import Ratio

NONE = "none"
"""What stands for a figure that there is not: the ratio of an account without positions, the order that was filled."""
NO_EQUITY = "no equity"
"""What stands for the ratio of an account that has nothing to stand against its requirement."""

WORDS = ("healthy", "liquidatable", "bankrupt", NONE, NO_EQUITY)
"""The words that a figure may be."""

Value = Fraction | str


@frozen
class Figures:
    """What an account comes to at one instant.

    Attributes:
        equity: all that it has less all that it owes (USD).
        resources: what stands against the requirement (USD).
        requirement: the maintenance margin (USD).
        ratio: the margin ratio, ``NONE`` or ``NO_EQUITY``.
        status: ``healthy``, ``liquidatable`` or ``bankrupt``.
    """

    equity: Fraction
    resources: Fraction
    requirement: Fraction
    ratio: Value
    status: str


def figures(exchange: Exchange, name: str) -> Figures:
    """What an account comes to."""
    assessment: Any = exchange.assess(name)
    return Figures(
        equity=_equity(exchange, name),
        resources=Fraction(assessment.resources),
        requirement=Fraction(assessment.requirement),
        ratio=_ratio(assessment.ratio),
        status=_status(exchange, name, assessment),
    )


def _equity(exchange: Exchange, name: str) -> Fraction:
    member = exchange.members[name]
    dexes = {token: exchange.dexes_of(token) for token in exchange.venue.tokens}
    held = {*member.spot, *member.supplied, *member.borrowed, *(t for t, used in dexes.items() if used)}
    worth = ZERO
    for token in sorted(held):
        own = assets_of(exchange, member, token) - exchange.borrowed(member, token)
        if not shares_balances(member):
            own += perp_value(exchange, member, token)
        own += total(member.deficit.get(dex, ZERO) for dex in dexes.get(token, ()))
        worth += own * price_of(exchange, token) if own else ZERO
    return Fraction(worth)


def _ratio(ratio: Ratio | None) -> Value:
    if ratio is None:
        return NONE
    numerator, denominator = Fraction(ratio.numerator), Fraction(ratio.denominator)  # type: ignore[call-overload]
    if denominator > 0:
        return Fraction(numerator / denominator)
    return NO_EQUITY if numerator > 0 or denominator < 0 else NONE


def _status(exchange: Exchange, name: str, assessment: Assessment) -> str:
    """The status of the assessment, or of the loans where those are worse."""
    if assessment.status == "healthy" and liquidatable(exchange, name):
        return "liquidatable"
    status: str = assessment.status
    return status


def _line(exchange: Exchange, name: str, figure: str, subject: str) -> Any:
    lines = exchange.assess(name).lines
    return next((x.amount for x in lines if (x.figure, x.subject) == (figure, subject)), NONE)


def _health(exchange: Exchange, name: str) -> Any:
    loans = loans_of(exchange, name)
    return lending.health_factor(loans.capacity, loans.loan) if loans.loan else NONE


def _position(exchange: Exchange, name: str, market: str, what: str) -> Any:
    position = exchange.members[name].positions.get(market)
    return NONE if position is None else getattr(position, what)


def _margin(exchange: Exchange, name: str, market: str) -> Any:
    position = exchange.members[name].positions.get(market)
    if position is None or position.raw is None:
        return NONE
    return position.raw + position.size * exchange.markets[market].mark


def _order(exchange: Exchange, name: str, order: str) -> Any:
    resting = exchange.members[name].orders.get(order)
    return NONE if resting is None else resting.size


def _liquidation_price(exchange: Exchange, name: str, market: str) -> Any:
    price = exchange.assess(name).liquidation_prices.get(market)
    return NONE if price is None or price.none else price.root


Alone = Mapping[str, Callable[[Exchange, str], Any]]
Of = Mapping[str, tuple[str, Callable[[Exchange, str, str], Any]]]

OF_ACCOUNT: Alone = {
    "status": lambda x, n: figures(x, n).status,
    "ratio": lambda x, n: figures(x, n).ratio,
    "equity": _equity,
    "resources": lambda x, n: x.assess(n).resources,
    "requirement": lambda x, n: x.assess(n).requirement,
    "initial": lambda x, n: x.assess(n).initial,
    "loan": lambda x, n: loans_of(x, n).loan,
    "owed": lambda x, n: loans_of(x, n).owed,
    "capacity": lambda x, n: loans_of(x, n).capacity,
    "collateral": lambda x, n: loans_of(x, n).value,
    "health": _health,
    "net_risk": net_risk,
    "net_risk_of_collateral_fall": net_risk_of_collateral_fall,
    "net_requirement": net_requirement,
}
"""Figures of an account: their names, and how they are found."""

OF_ACCOUNT_AND: Of = {
    "spot": ("token", lambda x, n, t: x.members[n].spot.get(t, ZERO)),
    "supplied": ("token", lambda x, n, t: x.supplied(x.members[n], t)),
    "borrowed": ("token", lambda x, n, t: x.borrowed(x.members[n], t)),
    "equity_in": ("token", lambda x, n, t: assets_of(x, x.members[n], t) - x.borrowed(x.members[n], t)),
    "available": ("token", lambda x, n, t: x.assess(n).available.get(t, NONE)),
    "hold": ("token", lambda x, n, t: x.assess(n).holds.get(t, NONE)),
    "withdrawable": ("token", withdrawable_of),
    "virtual_borrow": ("token", lambda x, n, t: _line(x, n, "virtual borrow", t)),
    "size": ("market", lambda x, n, m: _position(x, n, m, "size")),
    "entry": ("market", lambda x, n, m: _position(x, n, m, "entry")),
    "margin": ("market", _margin),
    "liquidation_price": ("market", _liquidation_price),
    "order": ("order", _order),
}
"""Figures of an account and something of it: their names, what they are of, and how they are found."""

OF_POOL: Alone = {
    "cash": lambda x, t: x.pools[t].cash,
    "supplied": lambda x, t: x.pools[t].supplied,
    "borrowed": lambda x, t: x.pools[t].borrowed,
    "reserve": lambda x, t: x.pools[t].reserve,
    "utilization": lambda x, t: lending.utilization(x.pools[t].borrowed, x.pools[t].supplied),
    "supply_index": lambda x, t: x.pools[t].supply_index,
    "debt_index": lambda x, t: x.pools[t].debt_index,
}
"""Figures of a lending pool."""

OF_MARKET: Alone = {
    "mark": lambda x, m: x.markets[m].mark,
    "oracle": lambda x, m: x.markets[m].oracle,
    "open_interest": lambda x, m: total(max(ZERO, size) for size in x.markets[m].holders.values()),
}
"""Figures of a perp market."""

POOLS, MARKETS, PRICES, TREASURY, STATE = "pools", "markets", "prices", "treasury", "state"
NO_ACCOUNT = (POOLS, MARKETS, PRICES, TREASURY, STATE)
"""What facts are about besides accounts: no account of a scenario has such a name."""
_BESIDES: Mapping[str, Callable[..., Any]] = {
    POOLS: lambda x, token, figure: OF_POOL[figure](x, token),
    MARKETS: lambda x, market, figure: OF_MARKET[figure](x, market),
    PRICES: price_of,
    TREASURY: lambda x, token: x.treasury.get(token, ZERO),
    STATE: digest,
}


def value_of(exchange: Exchange, path: tuple[str, ...]) -> Value:
    """What a fact is about, as it is: a number, or a word such as ``healthy`` or ``none``.

    Raises:
        LookupError: there is no such figure.
    """
    fault = unknown(exchange, path)
    if fault is not None:
        raise LookupError(f"{'.'.join(path)}: expected {fault[1]}")
    found = _found(exchange, path)
    if found is None:
        return NONE
    return found if isinstance(found, str) else Fraction(found)


def _found(exchange: Exchange, path: tuple[str, ...]) -> Any:
    about, *rest = path
    if about in _BESIDES:
        return _BESIDES[about](exchange, *rest)
    figure, *subject = rest
    return (
        OF_ACCOUNT_AND[figure][1](exchange, about, *subject)
        if subject
        else OF_ACCOUNT[figure](exchange, about)
    )


def unknown(exchange: Exchange, path: tuple[str, ...]) -> tuple[int, str] | None:
    """Which key of a path leads nowhere, and what was expected there; ``None`` of a path that leads to a figure."""
    levels = [tuple(known) for known in _levels(exchange, path)]
    for depth, known in enumerate(levels):
        if len(path) == depth:
            return depth, f"a table of {', '.join(known)}"
        if path[depth] not in known:
            return depth, f"one of {', '.join(known)}"
    return None if len(path) == len(levels) else (len(levels), "a text")


def _levels(exchange: Exchange, path: tuple[str, ...]) -> Iterable[Iterable[str]]:
    """The keys that are known at each level of a path, as far as it is known itself."""
    tokens = sorted({exchange.venue.quote, *exchange.spots})
    first, second = (*path, "", "")[:2]
    yield (*exchange.members, *NO_ACCOUNT)
    if first == STATE:
        return
    if first == POOLS:
        yield from (tuple(exchange.pools), tuple(OF_POOL))
    elif first == MARKETS:
        yield from (tuple(exchange.markets), tuple(OF_MARKET))
    elif first == PRICES:
        yield tokens
    elif first == TREASURY:
        yield sorted({*tokens, *exchange.venue.tokens})
    else:
        yield (*OF_ACCOUNT, *OF_ACCOUNT_AND)
        if second in OF_ACCOUNT_AND:
            of = OF_ACCOUNT_AND[second][0]
            found = {"token": tokens, "market": tuple(exchange.markets), "order": path[2:3]}
            yield found[of]
