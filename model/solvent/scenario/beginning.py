"""How an exchange begins, as a scenario's head states it: venue, readings, parameters, markets and accounts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from attrs import evolve, fields

from solvent.account import Regime
from solvent.errors import InputError
from solvent.exchange import ChangeParameter, Depth, Exchange, Market, Member, Setting, SpotMarket, found
from solvent.exchange.orders import tiers_of
from solvent.exchange.record import Fault, number_at, record_of
from solvent.exchange.state import is_spot
from solvent.ingest.sourced_toml import Node
from solvent.ingest.strict_json import dotted
from solvent.ingest.venue_file import bundled_venues, load_venue
from solvent.rules import all_rules
from solvent.scenario.facts import NO_ACCOUNT
from solvent.venue import Parameters, Token, Venue

MAIN = "main"
"""How a scenario calls the venue's own dex, which has no name."""
HEAD = ("readings", "parameters", "now", "usdt", "pools", "markets", "spots", "accounts")
"""The keys of a head that say how the exchange begins, besides its venue."""
LONGEST_NAME = 60
"""How many characters an account's name may have."""
OF_MARKET = (
    "oracle", "previous_mark", "previous_oracle", "premium", "step", "max_leverage", "dex", "depth",
)  # fmt: skip
"""What a market may state besides its name and mark."""
OF_VENUE = tuple(field.name for field in fields(Parameters))
OF_TOKEN = tuple(field.name for field in fields(Token) if field.name not in ("name", "index"))
"""What a head may state of the venue's parameters, and of those of a token."""

_MODES = (Regime.CROSS, Regime.UNIFIED, Regime.PORTFOLIO)
_ABOVE_ZERO = (lambda value: value > 0, "a number above zero")
_NOT_BELOW = (lambda value: value >= 0, "a number of zero or more")
_AT_LEAST_ONE = (lambda value: value >= 1, "a leverage of at least 1")
_SHARE = (lambda value: 0 <= value <= 1, "a number of zero or more, at most 1")
_BOUNDS: Mapping[str, tuple[Callable[[Fraction], bool], str]] = {
    "mark": _ABOVE_ZERO, "oracle": _ABOVE_ZERO, "previous_mark": _ABOVE_ZERO, "previous_oracle": _ABOVE_ZERO,
    "price": _ABOVE_ZERO, "step": _ABOVE_ZERO, "width": _ABOVE_ZERO, "size": _NOT_BELOW, "spread": _SHARE,
    "max_leverage": _AT_LEAST_ONE, "leverage": _AT_LEAST_ONE,
    "premium": (lambda value: -1 <= value <= 1, "a number from -1 to 1"),
}  # fmt: skip


def fault_at(node: Node) -> Fault:
    """What makes the error for something below a node."""

    def fault(path: tuple[str, ...], found: str, expected: str) -> InputError:
        return InputError(node.source, dotted((*node.path, *path)), found, expected)

    return fault


def begin(top: Node, folder: Path) -> tuple[Exchange, Path | None]:
    """The exchange that a head states, and the file of its venue where that is not a bundled one.

    Raises:
        InputError: something of it cannot be.
    """
    entries: dict[str, Node] = {key: top.child(key) for key in ("venue", *HEAD) if key in top.content}
    venue, file = _venue(entries["venue"], folder)
    if "readings" in entries:
        venue = venue.with_readings(dict(_readings(entries["readings"])))
    if "parameters" in entries:
        venue = _with_parameters(venue, entries["parameters"])
    markets = list(_each(entries, "markets", lambda node: _market(node, venue), "name"))
    spots = list(_each(entries, "spots", lambda node: _spot(node, venue, markets), "token"))
    empty = found(venue, markets=markets, spots=spots)
    members = list(_each(entries, "accounts", lambda node: _member(node, empty), "name"))
    exchange = found(
        venue,
        markets=markets,
        spots=spots,
        members=members,
        pools=list(_pools(entries["pools"], empty)) if "pools" in entries else (),
        now=_now(entries["now"]) if "now" in entries else 0,
    )
    if "usdt" in entries:
        exchange = evolve(exchange, usdt=_bounded(entries["usdt"], *_ABOVE_ZERO))
        exchange = evolve(exchange, prices=exchange.price_view())
    return exchange, file


def _venue(node: Node, folder: Path) -> tuple[Venue, Path | None]:
    name = node.name()
    if name in bundled_venues():
        return bundled_venues()[name], None
    if not name.endswith(".toml"):
        known = ", ".join(bundled_venues())
        raise node.error(f"the path of a TOML file, or one of the bundled venues: {known}")
    if "\0" in name:
        raise node.error("the path of a TOML file")
    file = folder / name
    return load_venue(file), file


def _readings(node: Node) -> Iterator[tuple[str, str]]:
    for identifier, entry in node.entries().items():
        if identifier not in all_rules():
            raise entry.error("the id of a rule", "an unknown rule")
        known = all_rules()[identifier].readings
        if entry.name() not in known:
            raise entry.error(f"a reading of {identifier}: {', '.join(known)}")
        yield identifier, entry.name()


def _with_parameters(venue: Venue, node: Node) -> Venue:
    """The venue with other parameters, of its own and of its tokens, each as a change of it would be allowed."""
    for key, entry in node.entries().items():
        token = key in venue.tokens
        for name, leaf in entry.entries("a table of its parameters").items() if token else ((key, entry),):
            known = OF_TOKEN if token else OF_VENUE
            if name not in known:
                tokens = "" if token else f", or of the tokens {', '.join(venue.tokens)}"
                raise leaf.error(f"one of {', '.join(known)}{tokens}", "an unknown key")
            value = number_at(leaf.content, fault_at(leaf), ())
            change = ChangeParameter(parameter=f"{key}.{name}" if token else key, value=value)
            empty = Exchange(venue=venue)
            refusal = change.refusal(empty)
            if refusal is not None:
                raise leaf.error(f"a number so that {refusal.asks}")
            venue = change.apply(empty).venue
    return venue


def _each(entries: Mapping[str, Node], key: str, read: Callable[[Node], Any], name: str) -> Iterator[Any]:
    """What a list of tables holds, each under a name of its own."""
    seen = set()
    for node in entries[key].items() if key in entries else ():
        value = read(node)
        if getattr(value, name) in seen:
            raise node.child(name).error(f"each {name} once")
        seen.add(getattr(value, name))
        yield value


def _market(node: Node, venue: Venue) -> Market:
    given = node.table(("name", "mark"), OF_MARKET)
    name = given["name"].name()
    if is_spot(name):
        raise given["name"].error("the name of a perp market, without a slash")
    content = {"dex": name.rpartition(":")[0], **node.content}
    content |= {"oracle": content["mark"]} | content
    content |= {"previous_mark": content["mark"], "previous_oracle": content["oracle"]} | content
    market = record_of(Market, content, fault_at(node), ("holders", "funded"))
    _hold_to_bounds(node, market)
    if market.max_leverage is None and name not in venue.tables:
        place = dotted((*node.path, "max_leverage"))
        expected = f"this key, because {venue.name} has no margin table of {name}"
        raise InputError(node.source, place, "nothing", expected)
    return market


def _spot(node: Node, venue: Venue, markets: list[Market]) -> SpotMarket:
    given = node.table(("token", "price"), ("perp", "depth"))
    spot = record_of(SpotMarket, node.content, fault_at(node))
    _hold_to_bounds(node, spot)
    tokens = [token for token in venue.tokens if token != venue.quote]
    if spot.token not in tokens:
        raise given["token"].error(f"a token of the venue besides its quote token: {', '.join(tokens)}")
    perps = [market.name for market in markets]
    if spot.perp is not None and spot.perp not in perps:
        raise given["perp"].error(_one_of("of the markets", perps))
    return spot


def _hold_to_bounds(node: Node, value: Market | SpotMarket | Setting | Depth) -> None:
    for key in node.content:
        stated = getattr(value, key)
        if isinstance(stated, Depth):
            _hold_to_bounds(node.child(key), stated)
        elif key in _BOUNDS and stated is not None and not _BOUNDS[key][0](stated):
            raise node.child(key).error(_BOUNDS[key][1])


def _member(node: Node, empty: Exchange) -> Member:
    given = node.table(("name",), ("owner", "mode", "spot", "perp", "settings"))
    name = given["name"].name()
    if name in NO_ACCOUNT or not name.isprintable() or len(name) > LONGEST_NAME:
        expected = f"a printable name of at most {LONGEST_NAME} characters, none of {', '.join(NO_ACCOUNT)}"
        raise given["name"].error(expected)
    tokens = [empty.venue.quote, *empty.spots]
    dexes = list(dict.fromkeys(market.dex or MAIN for market in empty.markets.values()))
    perp = dict(_amounts(given["perp"], dexes, "of the dexes of the markets")) if "perp" in given else {}
    usual = empty.members.get(name, Member(name=name))
    return Member(
        name=name,
        owner=given["owner"].name() if "owner" in given else name,
        mode=_mode(given["mode"]) if "mode" in given else usual.mode,
        spot=dict(_amounts(given["spot"], tokens, "of the tokens with a price")) if "spot" in given else {},
        raw={"" if dex == MAIN else dex: amount for dex, amount in perp.items()},
        settings=_settings(given["settings"], empty) if "settings" in given else {},
    )


def _mode(node: Node) -> Regime:
    if node.content not in _MODES:
        raise node.error(f"one of {', '.join(_MODES)}")
    return Regime(node.content)


def _amounts(node: Node, known: list[str], what: str) -> Iterator[tuple[str, Fraction]]:
    for name, entry in node.entries().items():
        if name not in known:
            raise entry.error(_one_of(what, known), "an unknown key")
        yield name, _bounded(entry, *_NOT_BELOW)


def _settings(node: Node, empty: Exchange) -> dict[str, Setting]:
    chosen: dict[str, Setting] = {}
    for market, entry in node.entries().items():
        if market not in empty.markets:
            raise entry.error(_one_of("of the markets", list(empty.markets)), "an unknown key")
        chosen[market] = record_of(Setting, entry.content, fault_at(entry))
        _hold_to_bounds(entry, chosen[market])
        most = tiers_of(empty, market)[0].max_leverage
        if chosen[market].leverage > most:
            raise entry.child("leverage").error(f"a leverage of at most {most}")
    return chosen


def _pools(node: Node, empty: Exchange) -> Iterator[str]:
    tokens = [empty.venue.quote, *empty.spots]
    for entry in node.items():
        if entry.name() not in tokens:
            raise entry.error(_one_of("of the tokens with a price", tokens))
        yield entry.name()


def _now(node: Node) -> int:
    if type(node.content) is not int or not 0 <= node.content < 10**15:
        raise node.error("an integer of zero or more and at most 15 digits, without quotes")
    return node.content


def _bounded(node: Node, allowed: Callable[[Fraction], bool], expected: str) -> Fraction:
    value = number_at(node.content, fault_at(node), ())
    if not allowed(value):
        raise node.error(expected)
    return value


def _one_of(what: str, known: list[str]) -> str:
    return f"one {what}: {', '.join(known) or 'there are none'}"
