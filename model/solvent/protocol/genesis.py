"""A whole state as the protocol sends it, and back: every number a decimal string, nothing left to the engine's memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from fractions import Fraction
from typing import Any

from attrs import evolve, fields, fields_dict

from solvent.arithmetic import ZERO, Number, total
from solvent.errors import InputError
from solvent.exchange import BACKSTOP, BOOK, Exchange, LendingPool, Market, Member, SpotMarket
from solvent.exchange.liquidation import vault_of
from solvent.exchange.orders import tiers_of
from solvent.exchange.record import Fault, number_at, number_text, record_fields, record_of
from solvent.exchange.table import Table, table
from solvent.rules import all_rules
from solvent.rules.kinds import Tier
from solvent.venue import MarginTable, Parameters, Token, Venue, bounds, may_be

MAIN = "main"
"""How the protocol calls the venue's own dex, which has no name."""
Document = dict[str, Any]
_SHARES = {"supplied": "supply_shares", "borrowed": "debt_shares"}
_OF_TIER = ("from", "max_leverage", "rate", "deduction")


def genesis_of(exchange: Exchange) -> Document:
    """The state as plain values that JSON can hold."""
    return {
        "venue": _venue_entry(exchange),
        "now": exchange.now,
        "usdt": _text(exchange.usdt),
        "markets": {name: _market_entry(exchange, market) for name, market in exchange.markets.items()},
        "spots": {token: record_fields(spot, ("token",)) for token, spot in exchange.spots.items()},
        "accounts": {name: _account_entry(member) for name, member in exchange.members.items()},
        "pools": {
            token: record_fields(pool, ("token", "supply_shares", "debt_shares"))
            for token, pool in exchange.pools.items()
        },
        "treasury": _texts(exchange.treasury.items()),
        "selling": dict(exchange.selling.items()),
        "external": _texts(exchange.external.items()),
    }


def _text(number: Any) -> str:
    return number_text(number)


def _texts(entries: Any) -> dict[str, str]:
    return {name: _text(number) for name, number in entries}


def _venue_entry(exchange: Exchange) -> Document:
    venue = exchange.venue
    numbers = ((f.name, getattr(venue.parameters, f.name)) for f in fields(Parameters))
    choices = {
        name: venue.readings.get(name, rule.default)
        for name, rule in all_rules().items()
        if len(rule.readings) > 1
    }
    return {
        "name": venue.name,
        "quote": venue.quote,
        "parameters": {name: _text(value) for name, value in numbers if value is not None},
        "tokens": {name: _token_entry(token) for name, token in venue.tokens.items()},
        "dex_tokens": dict(venue.dex_tokens),
        "readings": choices,
    }


def _token_entry(token: Token) -> Document:
    numbers = {f.name: getattr(token, f.name) for f in fields(Token) if f.name not in ("name", "index")}
    stated = {name: _text(value) for name, value in numbers.items() if value is not None}
    return {"index": token.index, **stated, "threshold": _text(token.threshold)}


def _market_entry(exchange: Exchange, market: Market) -> Document:
    tiers = [
        dict(zip(_OF_TIER, map(_text, (t.lower_bound, t.max_leverage, t.rate, t.deduction)), strict=True))
        for t in tiers_of(exchange, market.name)
    ]
    entry = record_fields(market, ("name", "holders", "max_leverage"))
    return {**entry, "tiers": tiers}


def _account_entry(member: Member) -> Document:
    entry = record_fields(member, ("name", "positions", "raw", "deficit", *_SHARES))
    entry["mode"] = member.mode.value
    for what in ("raw", "deficit"):
        amounts = {dex or MAIN: _text(amount) for dex, amount in getattr(member, what).items()}
        if amounts:
            entry["perp" if what == "raw" else what] = amounts
    for what, name in _SHARES.items():
        if len(getattr(member, what)):
            entry[name] = _texts(getattr(member, what).items())
    positions = {name: record_fields(one, ("market",)) for name, one in member.positions.items()}
    return {**entry, "positions": positions} if positions else entry


def exchange_of(genesis: Any, source: str = "genesis") -> Exchange:
    """The state that a genesis states.

    Raises:
        InputError: something of it cannot be; the error names the field, what was found and what was expected.
    """

    def fault(path: tuple[str, ...], found: str, expected: str) -> InputError:
        return InputError(source, ".".join(path), found, expected)

    top = _table(genesis, fault, ())
    known = {f.name for f in fields(Exchange)} - {"members", "prices"} | {"accounts"}
    for key in top:
        if key not in known:
            raise fault((key,), "an unknown key", f"one of {', '.join(sorted(known))}")
    parts = {
        key: _table(top.get(key, {}), fault, (key,)) for key in ("venue", "markets", "spots", "accounts")
    }
    markets = {name: _market(name, entry, fault) for name, entry in parts["markets"].items()}
    venue = _venue(parts["venue"], _margin_tables(parts["markets"], fault), fault)
    members = {name: _member(name, entry, fault) for name, entry in parts["accounts"].items()}
    exchange = Exchange(
        venue=venue,
        now=_integer(top.get("now", 0), fault, ("now",)),
        usdt=number_at(top.get("usdt", "1"), fault, ("usdt",)),
        markets=table({name: _held(market, members) for name, market in markets.items()}),
        spots=table(_each(SpotMarket, "token", parts["spots"], fault, "spots")),
        members=table(members),
        pools=table({t: _shared(pool, members) for t, pool in _pools(top, fault).items()}),
        treasury=_amounts(top.get("treasury", {}), fault, ("treasury",)),
        selling=table(_table(top.get("selling", {}), fault, ("selling",))),
        external=_amounts(top.get("external", {}), fault, ("external",)),
    )
    _require_known(exchange, fault)
    return exchange


def _table(content: Any, fault: Fault, path: tuple[str, ...]) -> Mapping[str, Any]:
    if not isinstance(content, Mapping):
        raise fault(path, repr(content), "an object")
    return content


def _integer(content: Any, fault: Fault, path: tuple[str, ...]) -> int:
    if type(content) is not int or content < 0:
        raise fault(path, repr(content), "an integer of zero or more")
    return content


def _amounts(content: Any, fault: Fault, path: tuple[str, ...]) -> dict[str, Fraction]:
    return {n: number_at(x, fault, (*path, n)) for n, x in _table(content, fault, path).items()}


def _below(fault: Fault, *path: str) -> Fault:
    return lambda below, found, expected: fault((*path, *below), found, expected)


def _each(kind: type[Any], key: str, entries: Mapping[str, Any], fault: Fault, what: str) -> dict[str, Any]:
    return {
        name: record_of(kind, {key: name, **_table(entry, fault, (what, name))}, _below(fault, what, name))
        for name, entry in entries.items()
    }


def _pools(top: Mapping[str, Any], fault: Fault) -> dict[str, LendingPool]:
    return _each(LendingPool, "token", _table(top.get("pools", {}), fault, ("pools",)), fault, "pools")


def _market(name: str, content: Any, fault: Fault) -> Market:
    entry = {**_table(content, fault, ("markets", name))}
    entry.pop("tiers", None)
    return record_of(Market, {"name": name, **entry}, _below(fault, "markets", name))


def _margin_tables(markets: Mapping[str, Any], fault: Fault) -> dict[str, MarginTable]:
    tables = {}
    for name, entry in markets.items():
        tiers = entry.get("tiers")
        if not isinstance(tiers, list) or not tiers:
            raise fault(("markets", name, "tiers"), repr(tiers), "a list of at least one tier")
        read = tuple(_tier(tier, fault, ("markets", name, f"tiers[{n}]")) for n, tier in enumerate(tiers))
        tables[name] = MarginTable(name, read)
    return tables


def _tier(content: Any, fault: Fault, path: tuple[str, ...]) -> Tier:
    entry = _table(content, fault, path)
    if set(entry) != set(_OF_TIER):
        raise fault(path, ", ".join(map(str, entry)) or "nothing", f"exactly {', '.join(_OF_TIER)}")
    return Tier(*(number_at(entry[key], fault, (*path, key)) for key in _OF_TIER))


def _venue(entry: Mapping[str, Any], tables: dict[str, MarginTable], fault: Fault) -> Venue:
    tokens = _table(entry.get("tokens", {}), fault, ("venue", "tokens"))
    parameters = _amounts(entry.get("parameters", {}), fault, ("venue", "parameters"))
    known = fields_dict(Parameters)
    for name, value in parameters.items():
        if name not in known:
            raise fault(("venue", "parameters", name), "an unknown parameter", f"one of {', '.join(known)}")
        if not may_be(known[name], value):
            raise fault(("venue", "parameters", name), number_text(value), bounds(known[name]))
    readings = _table(entry.get("readings", {}), fault, ("venue", "readings"))
    for name, reading in readings.items():
        if name not in all_rules() or reading not in all_rules()[name].readings:
            raise fault(("venue", "readings", name), repr(reading), "a rule and one of its readings")
    try:
        stated = Parameters(**parameters)
    except TypeError as error:
        raise fault(("venue", "parameters"), str(error), f"all of {', '.join(known)}") from None
    return Venue(
        name=str(entry.get("name", "")),
        title=str(entry.get("name", "")),
        since=date.min,
        until=None,
        quote=str(entry.get("quote", "USDC")),
        parameters=stated,
        tokens={name: _token(name, token, fault) for name, token in tokens.items()},
        tables=tables,
        dex_tokens=dict(_table(entry.get("dex_tokens", {}), fault, ("venue", "dex_tokens"))),
        readings=dict(readings),
    )


def _token(name: str, content: Any, fault: Fault) -> Token:
    path = ("venue", "tokens", name)
    entry = {**_table(content, fault, path)}
    index = _integer(entry.pop("index", 0), fault, (*path, "index"))
    entry.pop("threshold", None)
    return Token(name=name, index=index, **_amounts(entry, fault, path))


def _member(name: str, content: Any, fault: Fault) -> Member:
    path = ("accounts", name)
    entry = {**_table(content, fault, path)}
    positions = _table(entry.pop("positions", {}), fault, (*path, "positions"))
    for what, called in (("raw", "perp"), ("deficit", "deficit")):
        own = _table(entry.pop(called, {}), fault, (*path, called))
        entry[what] = {"" if dex == MAIN else dex: amount for dex, amount in own.items()}
    for what, called in _SHARES.items():
        entry[what] = entry.pop(called, {})
    entry["positions"] = {
        market: {"market": market, **_table(one, fault, (*path, "positions", market))}
        for market, one in positions.items()
    }
    return record_of(Member, {"name": name, **entry}, _below(fault, *path))


def _held(market: Market, members: Mapping[str, Member]) -> Market:
    holders = {n: m.positions[market.name].size for n, m in members.items() if market.name in m.positions}
    return evolve(market, holders=table(holders))


def _shared(pool: LendingPool, members: Mapping[str, Member]) -> LendingPool:
    def shares(what: str) -> Any:
        held: list[Table[Number]] = [getattr(member, what) for member in members.values()]
        return total(entries.get(pool.token, ZERO) for entries in held)

    return evolve(pool, supply_shares=shares("supplied"), debt_shares=shares("borrowed"))


def require_house(exchange: Exchange, source: str = "genesis") -> None:
    """Require the venue's own accounts, without which no step can be carried out.

    Raises:
        InputError: one of them is not there.
    """
    house = {BOOK, BACKSTOP, vault_of(""), *(vault_of(market.dex) for market in exchange.markets.values())}
    for name in sorted(house - {*exchange.members}):
        raise InputError(source, f"accounts.{name}", "nothing", "the account of the venue's own")


def _require_known(exchange: Exchange, fault: Fault) -> None:
    """Everything that an account has is of a market, a pool or a priced token that the state names."""
    for path, name, known in _named(exchange):
        if name not in known:
            raise fault((*path, name), "an unknown name", f"one of {', '.join(sorted(known)) or 'none'}")


def _named(exchange: Exchange) -> Iterator[tuple[tuple[str, ...], str, set[str]]]:
    markets, pools = {*exchange.markets}, {*exchange.pools}
    priced = {exchange.venue.quote, *exchange.spots}
    for token in exchange.pools:
        yield ("pools",), token, priced
    for name, member in exchange.members.items():
        for what, known in (
            ("spot", priced),
            ("positions", markets),
            ("supplied", pools),
            ("borrowed", pools),
        ):
            yield from (
                (("accounts", name, _SHARES.get(what, what)), one, known) for one in getattr(member, what)
            )
        yield ("accounts", name, "owner"), member.owner, {*exchange.members}
