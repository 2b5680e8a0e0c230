"""Scenarios written: as TOML for people, as action logs for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import tomlkit
from attrs import fields
from tomlkit.items import AoT, InlineTable, Table

from solvent.errors import InputError
from solvent.exchange import Market, Member, found
from solvent.exchange.guards import is_house
from solvent.exchange.record import action_fields, number_text, record_fields
from solvent.ingest.sourced_toml import Node
from solvent.ingest.venue_file import bundled_venues, load_venue
from solvent.scenario.beginning import MAIN
from solvent.scenario.reader import build
from solvent.scenario.values import Scenario, Step
from solvent.venue import Parameters, Token, Venue

Document = dict[str, Any]
"""A scenario as plain values, in the order in which it is written."""


def write(scenario: Scenario) -> str:
    """The scenario as TOML; reading it gives an equal one.

    Raises:
        ValueError: the scenario cannot be written, because its exchange does not begin as ``found`` makes one, or its
            venue is none that can be named.
    """
    document = document_of(scenario)
    written = tomlkit.document()
    for key, value in document.items():
        if key == "story":
            written.add(key, tomlkit.string(f"{value}\n", multiline=True))
        elif key in ("markets", "spots", "accounts", "steps"):
            written.add(key, _tables(value))
        else:
            written.add(key, _dotted(value) if isinstance(value, Mapping) else value)
    return tomlkit.dumps(written)


def write_log(scenario: Scenario) -> str:
    """The scenario as an action log: JSON Lines, the head first, then a line for each step.

    Raises:
        ValueError: the scenario cannot be written; see ``write``.
    """
    document = document_of(scenario)
    steps = document.pop("steps")
    return "".join(f"{json.dumps(entry)}\n" for entry in (document, *steps))


def document_of(scenario: Scenario) -> Document:
    """The scenario as plain values.

    Raises:
        ValueError: the scenario cannot be written; see ``write``.
    """
    begins = scenario.begins
    usdt: Any = begins.usdt
    fresh = found(begins.venue, markets=begins.markets.values(), spots=begins.spots.values())
    own = [member for name, member in begins.members.items() if member != fresh.members.get(name)]
    head = {
        "title": scenario.title,
        "story": scenario.story,
        **_venue(scenario),
        "now": begins.now,
        "usdt": number_text(usdt),
        "pools": [token for token in begins.pools if token not in fresh.pools],
        "markets": [_market(market) for market in begins.markets.values()],
        "spots": [record_fields(spot) for spot in begins.spots.values()],
        "accounts": [_account(member) for member in own],
    }
    plain = {key: value for key, value in head.items() if value not in (0, "1", [], {})}
    document = plain | {"steps": [_step(step) for step in scenario.steps]}
    try:
        again = build(Node("the scenario", (), document), Path())
    except InputError as error:
        raise ValueError(f"the scenario cannot be written: {error}") from error
    if again != scenario:
        raise ValueError("the scenario cannot be written: its exchange does not begin as accounts found one")
    return document


def _venue(scenario: Scenario) -> Document:
    """The venue's name or file, and what differs there."""
    venue, file = scenario.begins.venue, scenario.venue_file
    if file is None and venue.name not in bundled_venues():
        raise ValueError(f"the scenario cannot be written: {venue.name} is no bundled venue and has no file")
    base = bundled_venues()[venue.name] if file is None else load_venue(file)
    readings = {rule: name for rule, name in venue.readings.items() if base.readings.get(rule) != name}
    name = venue.name if file is None else str(file.resolve())
    return {"venue": name, "readings": readings, "parameters": dict(_parameters(base, venue))}


def _parameters(base: Venue, venue: Venue) -> Iterator[tuple[str, Any]]:
    for parameter in fields(Parameters):
        value = getattr(venue.parameters, parameter.name)
        if value is not None and value != getattr(base.parameters, parameter.name):
            yield parameter.name, number_text(value)
    for name, token in venue.tokens.items():
        was = base.tokens.get(name, token)
        own = {f.name: getattr(token, f.name) for f in fields(Token)}
        changed = {key: number_text(v) for key, v in own.items() if v is not None and v != getattr(was, key)}
        if changed:
            yield name, changed


def _market(market: Market) -> Document:
    entry = record_fields(market, ("holders", "funded"))
    if market.dex == market.name.rpartition(":")[0]:
        entry.pop("dex", None)
    for key, like in (("previous_oracle", "oracle"), ("previous_mark", "mark"), ("oracle", "mark")):
        if entry[key] == entry[like]:
            del entry[key]
    return entry


def _account(member: Member) -> Document:
    entry = record_fields(member)
    entry |= {"mode": member.mode.value} if is_house(member.name) else {}
    if "raw" in entry:
        entry["perp"] = {dex or MAIN: amount for dex, amount in entry.pop("raw").items()}
    return entry


def _step(step: Step) -> Document:
    expect: Document = {}
    for fact in step.expect:
        inside = expect
        for key in fact.path[:-1]:
            inside = inside.setdefault(key, {})
        inside[fact.path[-1]] = fact.expected
    entry = {
        step.action.name(): action_fields(step.action),
        "refused": step.refused,
        "note": step.note or None,
        "expect": expect or None,
    }
    return {key: value for key, value in entry.items() if value is not None}


def _tables(entries: list[Document]) -> AoT:
    tables = tomlkit.aot()
    for entry in entries:
        tables.append(_dotted(entry))
    return tables


def _dotted(entry: Mapping[str, Any]) -> Table:
    """The entry as a table, in which what must hold after a step has a line for each thing that it is about."""
    made = tomlkit.table()
    for key, value in entry.items():
        if key == "expect":
            for about, facts in value.items():
                made.append(tomlkit.key([key, about]), _inline(facts) if isinstance(facts, dict) else facts)
        else:
            made.append(tomlkit.key([key]), _inline(value) if isinstance(value, dict) else value)
    return made


def _inline(entry: Document) -> InlineTable:
    made = tomlkit.inline_table()
    for key, value in entry.items():
        made.append(key, _inline(value) if isinstance(value, dict) else value)
    return made
