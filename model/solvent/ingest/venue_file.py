"""Venue files: a venue's parameters, tokens and margin tables as TOML, every value with its source.

A file describes a whole venue, or ``extends`` another one: then it states what changes, and ``without`` lists the
dotted keys that it does not take over. Title and dates are never taken over.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from attrs import NOTHING, fields, fields_dict

from solvent import bundle, decimals
from solvent.errors import InputError
from solvent.ingest.sourced_toml import Document, Node, read
from solvent.rules import all_rules, select
from solvent.rules.kinds import Tier
from solvent.venue import MarginTable, Parameters, Token, Venue, bounds, may_be

MOST_TIERS = 3
"""How many tiers a margin table may have."""

_REQUIRED = ("title", "since", "quote", "parameters", "tokens", "tables")
_OPTIONAL = ("until", "extends", "without", "dexes", "readings")
_OWN = ("title", "since", "until", "extends", "without")
_CAPS = ("user_borrow_cap", "user_supply_cap", "global_borrow_cap", "global_supply_cap")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,60}")
_HYPERLIQUID = "hyperliquid-"


def load_venue(name_or_path: str | Path) -> Venue:
    """The venue of this bundled name, such as ``hyperliquid-beta``, or of a TOML file.

    Raises:
        InputError: there is no such venue, or its file or one that it extends is not a venue file; the error
            names the file, the dotted key, what was found and what was expected.
    """
    path = Path(name_or_path)
    if isinstance(name_or_path, Path) or path.suffix == ".toml" or len(path.parts) > 1:
        return _venue(path)
    if name_or_path not in _bundled_paths():
        names = ", ".join(bundled_venues())
        raise InputError(
            name_or_path,
            "",
            "an unknown venue",
            f"the path of a TOML file, or one of the bundled venues: {names}",
        )
    return _venue(_bundled_paths()[name_or_path])


@cache
def bundled_venues() -> Mapping[str, Venue]:
    """The venues that come with Solvent, by name, in order of the day they begin."""
    venues = [_venue(path) for path in _bundled_paths().values()]
    return {venue.name: venue for venue in sorted(venues, key=lambda venue: (venue.since, venue.name))}


def venue_at(day: date) -> Venue:
    """The bundled Hyperliquid venue in force on a day: the first one before its time, the last one after it."""
    phases = [venue for name, venue in bundled_venues().items() if name.startswith(_HYPERLIQUID)]
    return next((venue for venue in reversed(phases) if venue.since <= day), phases[0])


def _bundled_paths() -> Mapping[str, Path]:
    return {path.stem: path for path in (bundle.spec() / "venues").glob("*.toml")}


def _venue(path: Path) -> Venue:
    return _build(_document(path, ()))


def _document(path: Path, extending: tuple[Path, ...]) -> Node:
    """The whole document of a file: what it states, over what it takes over from the file that it extends."""
    top = Node(str(path), (), read(path))
    if "extends" not in top.content:
        if "without" in top.content:
            raise top.child("without").error("this key only in a file that extends another one")
        return top
    chain = (*extending, path.resolve())
    base_path = _extended(top.child("extends"), path)
    if base_path.resolve() in chain:
        raise top.child("extends").error("a venue that does not extend this one")
    base = _document(base_path, chain)
    _build(base)  # a fault of the extended file is told as its own
    taken = {key: value for key, value in base.content.items() if key not in _OWN}
    for key in top.child("without").items() if "without" in top.content else ():
        taken = _removed(taken, key.name().split("."), key)
    return Node(top.source, (), _merged(taken, top.content))


def _extended(node: Node, path: Path) -> Path:
    name = node.name()
    if _NAME.fullmatch(name):
        for candidate in (path.with_name(f"{name}.toml"), _bundled_paths().get(name)):
            if candidate is not None and candidate.is_file():
                return candidate
    raise node.error("the name of a venue, bundled or in this folder")


def _removed(base: Document, keys: list[str], node: Node) -> Document:
    first, *rest = keys
    if first not in base or (rest and not isinstance(base[first], dict)):
        raise node.error("the dotted key of something that the extended venue has")
    if rest:
        return {**base, first: _removed(base[first], rest, node)}
    return {key: value for key, value in base.items() if key != first}


def _merged(base: Document, own: Document) -> Document:
    """The document with its own values in place of the extended one's; a value with its source is one whole."""
    merged = {**base, **own}
    for key in base.keys() & own.keys():
        pair = (base[key], own[key])
        if all(isinstance(value, dict) and "value" not in value for value in pair):
            merged[key] = _merged(*pair)
    return merged


def _build(top: Node) -> Venue:
    entries = top.table(_REQUIRED, _OPTIONAL)
    readings = _readings(entries["readings"]) if "readings" in entries else {}
    tokens = _tokens(entries["tokens"])
    since, quote = entries["since"].day(), entries["quote"]
    until = entries["until"].day() if "until" in entries else None
    if until is not None and until < since:
        raise entries["until"].error(f"a day not before {since}, the first one")
    if quote.name() not in tokens:
        raise quote.error(f"one of the tokens: {', '.join(tokens)}")
    return Venue(
        name=Path(top.source).stem,
        title=entries["title"].name(),
        since=since,
        until=until,
        quote=quote.name(),
        parameters=_parameters(entries["parameters"]),
        tokens=tokens,
        tables=_tables(entries["tables"], readings),
        dex_tokens=_dex_tokens(entries["dexes"], tokens) if "dexes" in entries else {},
        readings=readings,
        provenance=top.provenance,
    )


def _readings(node: Node) -> dict[str, str]:
    readings = {}
    for identifier, entry in node.entries().items():
        if identifier not in all_rules():
            raise entry.error("the id of a rule", "an unknown rule")
        readings[identifier] = entry.choice(all_rules()[identifier].readings, f"a reading of {identifier}")
    return readings


def _parameters(node: Node) -> Parameters:
    known = fields(Parameters)
    required = tuple(parameter.name for parameter in known if parameter.default is NOTHING)
    optional = tuple(parameter.name for parameter in known if parameter.default is not NOTHING)
    entries = node.table(required, optional)
    return Parameters(**{name: _parameter(name, entry) for name, entry in entries.items()})


def _parameter(name: str, node: Node) -> Fraction:
    parameter = fields_dict(Parameters)[name]
    return node.number(parameter.metadata["unit"], lambda value: may_be(parameter, value), bounds(parameter))


def _tokens(node: Node) -> dict[str, Token]:
    tokens: dict[str, Token] = {}
    for name, entry in node.entries().items():
        token = _token(name, entry)
        for other in tokens.values():
            if other.index == token.index:
                raise entry.child("index").error(f"an index of its own, not that of {other.name}")
        tokens[name] = token
    return tokens


def _token(name: str, node: Node) -> Token:
    entries = node.table(("index", "ltv"), ("threshold", *_CAPS, "depth_width"))
    index = entries["index"]
    if type(index.content) is not int or index.content < 0:
        raise index.error("an integer of zero or more, without quotes")
    ltv = entries["ltv"].number("1", lambda value: 0 <= value < 1, "an LTV of zero or more and below 1")
    threshold = None
    if "threshold" in entries:
        threshold = entries["threshold"].number(
            "1",
            lambda value: ltv < value <= 1,
            f"a threshold above the LTV, {decimals.show(ltv)}, and at most 1",
        )
    stated: dict[str, Any] = {
        cap: entries[cap].number(name, lambda value: value >= 0, "a cap of zero or more")
        for cap in _CAPS
        if cap in entries
    }
    if "depth_width" in entries:
        stated["depth_width"] = entries["depth_width"].number(
            "USD", lambda value: value > 0, "USD above zero"
        )
    return Token(name, index.content, ltv, threshold, **stated)


def _tables(node: Node, readings: Mapping[str, str]) -> dict[str, MarginTable]:
    tables: dict[str, MarginTable] = {}
    for name, entry in node.entries().items():
        entries = entry.table(("markets", "tiers"))
        table = MarginTable(name, _tiers(entries["tiers"], readings))
        if not entries["markets"].content:
            raise entries["markets"].error("a list of at least one market")
        for market in entries["markets"].items():
            if market.name() in tables:
                raise market.error(f"each market once; it has table {tables[market.name()].name}")
            tables[market.name()] = table
    return tables


def _tiers(node: Node, readings: Mapping[str, str]) -> tuple[Tier, ...]:
    nodes = list(node.items())
    if not 1 <= len(nodes) <= MOST_TIERS:
        raise node.error(f"one to {MOST_TIERS} tiers", f"{len(nodes)} tiers")
    rate_of, deduction_of = select("PERP-RATE", readings), select("PERP-DEDUCTION", readings)
    tiers: list[Tier] = []
    for tier in nodes:
        if not tiers:
            leverage = _leverage(tier, None)
            tiers.append(Tier(_lower_bound(tier, None), leverage, rate_of(leverage), Fraction(0)))
            continue
        before, leverage = tiers[-1], _leverage(tier, tiers[-1])
        bound, rate = _lower_bound(tier, before), rate_of(leverage)
        tiers.append(Tier(bound, leverage, rate, deduction_of(before.deduction, bound, before.rate, rate)))
    return tuple(tiers)


def _lower_bound(node: Node, before: Tier | None) -> Fraction:
    bound = node.table(("lower_bound", "max_leverage"))["lower_bound"]
    if before is None:
        return bound.number("USD", lambda value: value == 0, "'0': the first tier begins at zero")
    return bound.number("USD", lambda value: value > before.lower_bound, "a bound above the tier before")


def _leverage(node: Node, before: Tier | None) -> Fraction:
    leverage = node.table(("lower_bound", "max_leverage"))["max_leverage"]
    if before is None:
        return leverage.number("x", lambda value: value >= 1, "a leverage of at least 1")
    expected = "a leverage of at least 1 and below the tier before"
    return leverage.number("x", lambda value: 1 <= value < before.max_leverage, expected)


def _dex_tokens(node: Node, tokens: Mapping[str, Token]) -> dict[str, str]:
    return {
        dex: entry.table(("token",))["token"].choice(tokens, "one of the tokens")
        for dex, entry in node.entries().items()
    }
