"""What is observed of a state: figures by path, such as ``accounts.ann.spot.USDC``, as the rulebook names them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from functools import cache, partial
from typing import Any

from attrs import define, field

from solvent.decimals import show
from solvent.exchange import Exchange
from solvent.exchange.guards import is_house
from solvent.exchange.state import BOOK
from solvent.protocol.genesis import MAIN
from solvent.scenario.facts import NONE, OF_ACCOUNT, OF_ACCOUNT_AND, OF_MARKET, OF_POOL

Path = tuple[str, ...]
Value = Fraction | str
Picture = Mapping[Path, Value]
"""Figures by path."""

DIGITS = 30
"""Decimals of a number that has no finite decimal, as the reference engine sends it."""

STORED_OF_POSITION = ("size", "entry", "raw", "leverage")
DERIVED_OF_POSITION = ("margin", "liquidation_price")
DERIVED_OF_ACCOUNT = (
    "status",
    "ratio",
    "equity",
    "resources",
    "requirement",
    "initial",
    "loan",
    "capacity",
    "health",
)
DERIVED_BY_TOKEN = ("available", "hold", "withdrawable")

FIELDS = (
    *(f"accounts.{figure}" for figure in ("mode", "spot", "perp", "deficit", "supplied", "borrowed")),
    *(f"accounts.positions.{figure}" for figure in (*STORED_OF_POSITION, *DERIVED_OF_POSITION)),
    "accounts.orders",
    *(f"accounts.{figure}" for figure in (*DERIVED_OF_ACCOUNT, *DERIVED_BY_TOKEN)),
    *(f"pools.{figure}" for figure in OF_POOL),
    *(f"markets.{figure}" for figure in OF_MARKET),
    "prices",
    "treasury",
)  # fmt: skip
"""Every figure that is observed, in the order in which a difference is told: what is stored before what follows."""


def field_of(path: Path) -> str:
    """The figure that a path leads to, without the names of accounts, markets and tokens."""
    about, *rest = path
    if about == "accounts":
        _, figure, *below = rest
        return f"accounts.positions.{below[1]}" if figure == "positions" else f"accounts.{figure}"
    return f"{about}.{rest[1]}" if about in ("pools", "markets") else about


def picture(exchange: Exchange, fields: Iterable[str] = FIELDS) -> dict[Path, Value]:
    """The figures of a state, of those fields alone that are asked for.

    What is derived, such as a margin ratio, is found of users' accounts, and what is stored of all.
    """
    return Viewer(frozenset(fields)).look(exchange)


@define
class Viewer:
    """Looks at one state after the other; what follows from an account that has not changed is not found again."""

    asked: frozenset[str]
    _last: Exchange | None = None
    _derived: dict[str, dict[Path, Value]] = field(factory=dict)

    def look(self, exchange: Exchange) -> dict[Path, Value]:
        """The figures of a state."""
        same = self._last is not None and _prices_alike(self._last, exchange)
        found = {path: _value(value) for path, value in _stored(exchange) if field_of(path) in self.asked}
        for name, member in exchange.members.items():
            if name == BOOK or is_house(name):
                continue
            if not (same and self._last and self._last.members.get(name) is member):
                self._derived[name] = derived(exchange, name, self.asked)
            found |= self._derived[name]
        self._last = exchange
        return found


def _prices_alike(before: Exchange, after: Exchange) -> bool:
    """Whether all that accounts share is the same, so that what follows of an account can only change with it."""
    return (
        before.prices == after.prices
        and before.venue is after.venue
        and before.pools == after.pools
        and before.now == after.now
    )


class _Remembering:
    """A state that is asked for the same account many times and finds its assessment once."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self.account = cache(exchange.account)
        self.margined = cache(exchange.margined)
        self.assess = cache(exchange.assess)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._exchange, name)


def derived(exchange: Exchange, name: str, asked: frozenset[str]) -> dict[Path, Value]:
    """The figures of an account that follow from what is stored."""
    remembering: Any = _Remembering(exchange)
    return {
        ("accounts", name, *path): _value(found())
        for path, found in _derived(remembering, name)
        if field_of(("accounts", name, *path)) in asked
    }


def _value(found: Any) -> Value:
    if found is None:
        return NONE
    return str(found) if isinstance(found, str) else Fraction(found)


def _stored(exchange: Exchange) -> Iterator[tuple[Path, Any]]:
    for name, member in exchange.members.items():
        for path, value in _stored_of(exchange, name):
            yield ("accounts", name, *path), value
        yield ("accounts", name, "mode"), member.mode.value
    for token in exchange.pools:
        yield from ((("pools", token, figure), of(exchange, token)) for figure, of in OF_POOL.items())
    for market in exchange.markets:
        yield from ((("markets", market, figure), of(exchange, market)) for figure, of in OF_MARKET.items())
    yield from ((("prices", token), price) for token, price in sorted(exchange.prices.tokens.items()))
    yield from ((("treasury", token), amount) for token, amount in exchange.treasury.items() if amount)


def _stored_of(exchange: Exchange, name: str) -> Iterator[tuple[Path, Any]]:
    member = exchange.members[name]
    yield from ((("spot", token), amount) for token, amount in member.spot.items() if amount)
    yield from ((("perp", dex or MAIN), amount) for dex, amount in member.raw.items() if amount)
    yield from ((("deficit", dex or MAIN), amount) for dex, amount in member.deficit.items() if amount)
    for token in member.supplied:
        yield ("supplied", token), exchange.supplied(member, token)
    for token in member.borrowed:
        yield ("borrowed", token), exchange.borrowed(member, token)
    for market, position in member.positions.items():
        for figure in STORED_OF_POSITION:
            if getattr(position, figure) is not None:
                yield ("positions", market, figure), getattr(position, figure)
    yield from ((("orders", order), resting.size) for order, resting in member.orders.items())


def _derived(exchange: Exchange, name: str) -> Iterator[tuple[Path, Callable[[], Any]]]:
    member = exchange.members[name]
    for figure in DERIVED_OF_ACCOUNT:
        yield (figure,), partial(OF_ACCOUNT[figure], exchange, name)
    for token in sorted({exchange.venue.quote, *member.spot, *member.supplied, *member.borrowed}):
        for figure in DERIVED_BY_TOKEN:
            yield (figure, token), partial(OF_ACCOUNT_AND[figure][1], exchange, name, token)
    for market, position in member.positions.items():
        for figure in DERIVED_OF_POSITION:
            if figure != "margin" or position.raw is not None:
                of = OF_ACCOUNT_AND[figure][1]
                yield ("positions", market, figure), partial(of, exchange, name, market)


def plain(found: Picture) -> dict[str, Any]:
    """The figures as nested objects of decimal strings, as the protocol sends them."""
    top: dict[str, Any] = {}
    for path, value in found.items():
        inside = top
        for key in path[:-1]:
            inside = inside.setdefault(key, {})
        inside[path[-1]] = value if isinstance(value, str) else show(value, DIGITS)
    return top
