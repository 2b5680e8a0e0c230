"""One thing in the place of another: an engine that takes one price for another, leaves something out, or rounds."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any

from attrs import evolve

from solvent.arithmetic import ZERO
from solvent.conform.program import Program
from solvent.conform.values import value_of
from solvent.decimals import parse, places, show
from solvent.protocol.genesis import MAIN
from solvent.protocol.picture import Value

Entry = dict[str, Any]
Substitution = Callable[[Entry, tuple[Entry, ...]], None]
PLACES = 36
MOST_PLACES = 10
"""The most decimals of a number that looks rounded."""
UNITS = ("usd_unit", "token_unit", "ratio_unit")
FACTORS = {
    Fraction(-1): "the other sign",
    Fraction(2): "twice the figure",
    Fraction(1, 2): "half of the figure",
}
_SUBSTITUTIONS: dict[str, tuple[str, Substitution]] = {}


def substituted(program: Program) -> Iterator[tuple[str, str, Program]]:
    """The program with one thing in the place of another, or without it: the id, the words, and the program."""
    for name, (words, change) in _SUBSTITUTIONS.items():
        genesis, steps = copy.deepcopy((dict(program.genesis), tuple(map(dict, program.steps))))
        change(genesis, steps)
        other = evolve(program, genesis=genesis, steps=steps)
        if other.content != program.content:
            yield name, words, other


def _substitution(name: str, words: str) -> Callable[[Substitution], Substitution]:
    def register(change: Substitution) -> Substitution:
        _SUBSTITUTIONS[name] = (words, change)
        return change

    return register


@_substitution("oracle-for-mark", "oracle prices for mark prices")
def _oracle_for_mark(genesis: Entry, steps: tuple[Entry, ...]) -> None:
    for market in genesis["markets"].values():
        market["mark"] = market["oracle"]
    for step in steps:
        if step["op"] == "move_prices" and step.get("oracles"):
            step["marks"] = {**step.get("marks", {}), **step["oracles"]}


@_substitution("mark-for-oracle", "mark prices for oracle prices")
def _mark_for_oracle(genesis: Entry, steps: tuple[Entry, ...]) -> None:
    for market in genesis["markets"].values():
        market["oracle"] = market["mark"]
    for step in steps:
        if step["op"] == "move_prices":
            step.pop("oracles", None)


@_substitution("earlier-mark", "the mark prices before the last move")
def _earlier_mark(genesis: Entry, steps: tuple[Entry, ...]) -> None:
    moves = [step for step in steps if step["op"] == "move_prices"]
    if moves:
        moves[-1].pop("marks", None)
        return
    for market in genesis["markets"].values():
        market["mark"] = market["previous_mark"]


@_substitution("spot-for-borrow-oracle", "the spot price alone for the borrow oracle price")
def _spot_alone(genesis: Entry, _: tuple[Entry, ...]) -> None:
    for spot in genesis["spots"].values():
        spot.pop("perp", None)


@_substitution("mark-for-spot", "the perp's mark price for the token's price")
def _mark_for_spot(genesis: Entry, _: tuple[Entry, ...]) -> None:
    for spot in genesis["spots"].values():
        perp = genesis["markets"].get(spot.pop("perp", None))
        if perp is not None:
            spot["price"] = perp["mark"]


@_substitution("usdt-at-one", "USDT taken to be worth one")
def _usdt_at_one(genesis: Entry, steps: tuple[Entry, ...]) -> None:
    genesis["usdt"] = "1"
    for step in steps:
        step.pop("usdt", None)


@_substitution("shares-for-amounts", "shares of pools taken for amounts")
def _shares_for_amounts(genesis: Entry, _: tuple[Entry, ...]) -> None:
    for pool in genesis["pools"].values():
        pool.update(supply_index="1", debt_index="1")


@_substitution("cross-for-isolated", "isolated positions taken for cross ones")
def _cross_for_isolated(genesis: Entry, _: tuple[Entry, ...]) -> None:
    for account in genesis["accounts"].values():
        for market, position in account.get("positions", {}).items():
            if "raw" in position:
                dex, perp = genesis["markets"][market].get("dex") or MAIN, account.setdefault("perp", {})
                perp[dex] = show(parse(perp.get(dex, "0")) + parse(position.pop("raw")), PLACES)


@_substitution("first-tier", "the first tier at every size")
def _first_tier(genesis: Entry, _: tuple[Entry, ...]) -> None:
    for market in genesis["markets"].values():
        market["tiers"] = market["tiers"][:1]


@_substitution("no-depth", "books of no spread and any depth")
def _no_depth(genesis: Entry, _: tuple[Entry, ...]) -> None:
    for market in (*genesis["markets"].values(), *genesis["spots"].values()):
        market.pop("depth", None)


def _without(what: str, words: str) -> None:
    @_substitution(f"without-{what.replace('_', '-')}", words)
    def change(genesis: Entry, _: tuple[Entry, ...]) -> None:
        for account in genesis["accounts"].values():
            account.pop(what, None)


_without("orders", "resting orders left out")
_without("debt_shares", "loans left out")
_without("supply_shares", "supplies left out")
_without("deficit", "deficits left out")
_without("settings", "what is set for markets left out")


def numeric(
    wanted: Value, found: Value, before: Value | None, parameters: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """What a number alone may tell: the figure of the step before, nothing, another sign, another rounding.

    Args:
        wanted: the model's figure.
        found: the engine's.
        before: the model's figure before the step, where there is one.
        parameters: of the venue, with its units.
    """
    if not isinstance(wanted, Fraction) or not isinstance(found, Fraction):
        return
    if found == before:
        yield "stale", "the figure before the step"
        return
    if not found:
        yield "zero", "nothing in its place"
        return
    yield from ((f"times{factor}", words) for factor, words in FACTORS.items() if found == wanted * factor)
    fewest = places(show(found, PLACES))
    step = Fraction(1, 10**fewest)
    if fewest <= MOST_PLACES and ZERO < abs(found - wanted) <= step:
        names = [name for name in UNITS if value_of(parameters.get(name)) == step]
        unit = f"the {names[0].replace('_', ' ').replace('usd', 'USD')}" if names else show(step, PLACES)
        way = "up" if abs(found) > abs(wanted) else "down"
        yield f"rounded-{way}", f"the number rounded {way} to {unit}"
