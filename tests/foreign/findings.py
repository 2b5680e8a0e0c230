"""Findings: in what an engine of others differs from the model, each traced to a rule and told from every other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import combinations
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from solvent.account import Position, Regime
from solvent.conform.judge import judge
from solvent.conform.program import Moment, Program
from solvent.conform.values import Abilities, Difference
from solvent.exchange import Exchange, Market, Member, found
from solvent.exchange.guards import is_house
from solvent.exchange.record import number_text
from solvent.exchange.state import BOOK
from solvent.ingest.venue_file import load_venue
from solvent.protocol.genesis import MAIN, genesis_of
from solvent.rules import perp

Genesis = Mapping[str, Any]


VENUE = load_venue("hyperliquid-beta")
BEYOND = ("orders", "supply_shares", "debt_shares")
"""What an account may have that the engines of others know nothing of."""
ASKED = Abilities(regimes=frozenset({"cross", "isolated"}))
"""Accounts are generated in the standard mode, and asked about in every mode that an engine knows."""


@frozen
class Example:
    """An account that shows a finding, and in which figure.

    Attributes:
        exchange: the state that it stands in, under the name ann.
        path: the figure, below the account.
        solvent, engine: what both say of it.
    """

    exchange: Exchange
    path: tuple[str, ...]
    solvent: str
    engine: str

    def program(self, fields: tuple[str, ...]) -> Program:
        """The question."""
        return Program(genesis_of(self.exchange), (), fields)


@frozen
class Finding:
    """A difference that is understood.

    Attributes:
        id: its heading in the page of findings.
        rule: the rule that it is about.
        mode: how the engine is started that shows it.
        example: the smallest account that shows it.
        reads: how the model would have to be told otherwise, to give the engine's figures.
        about: whether a difference that no such telling removes is of this kind.
    """

    id: str
    rule: str
    mode: str
    example: Example
    reads: Callable[[Genesis], Genesis] | None = None
    about: Callable[[Difference, Moment], bool] | None = None


@frozen
class Foreign:
    """An engine that others wrote, behind an adapter that stands here.

    Attributes:
        name: what it is called.
        modes: how it may be started, and the mode of the accounts that it is asked about then.
        findings: all in which it differs.
        install: makes it ready, and gives its address in a mode; skips the test where it is not to be had.
    """

    name: str
    modes: Mapping[str, Regime]
    findings: tuple[Finding, ...]
    install: Callable[[Path], Callable[[str], str]]


def asked(program: Program, mode: Regime, fields: tuple[str, ...]) -> Program:
    """The users' accounts of a program in a mode, without orders, supplies and loans.

    Cash in a dex without markets, to which no action leads, is left out, too.
    """
    dexes = {market.get("dex") or MAIN for market in program.genesis["markets"].values()}
    accounts = {
        name: {
            **{key: value for key, value in account.items() if key not in BEYOND},
            "mode": mode.value,
            "perp": {dex: cash for dex, cash in account.get("perp", {}).items() if dex in dexes},
        }
        for name, account in program.genesis["accounts"].items()
        if name != BOOK and not is_house(name)
    }
    markets = {
        name: {**market, "tiers": exact(market["tiers"])}
        for name, market in program.genesis["markets"].items()
    }
    return Program({**program.genesis, "accounts": accounts, "markets": markets, "pools": {}}, (), fields)


def exact(tiers: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Tiers with the rates and deductions that follow from their largest leverages (PERP-RATE, PERP-DEDUCTION).

    The engines of others find them so, and a rate that is rounded, such as a sixth, comes to a visible amount.
    """
    found, deduction, before = [], Fraction(0), Fraction(0)
    for tier in tiers:
        rate = perp.maintenance_rate(Fraction(tier["max_leverage"]))
        deduction = (
            perp.tier_deduction(deduction, Fraction(tier["from"]), before, rate) if found else deduction
        )
        found.append({**tier, "rate": number_text(rate), "deduction": number_text(deduction)})
        before = rate
    return found


def explained(
    program: Program, reply: Mapping[str, Any], abilities: Abilities, findings: Sequence[Finding]
) -> tuple[str, ...] | None:
    """The fewest findings that account for every difference; none where there is none, ``None`` where they do not suffice."""
    retold = [f for f in findings if f.reads is not None and f.reads(program.genesis) != program.genesis]
    for chosen in _subsets(retold):
        parted = judge(_told(program, chosen), reply, abilities)
        if parted is None:
            return tuple(finding.id for finding in chosen)
        kinds = [_kind(difference, parted.moment, findings) for difference in parted.differences]
        if None not in kinds:
            return (*(finding.id for finding in chosen), *sorted({str(kind) for kind in kinds}))
    return None


def _subsets(findings: Sequence[Finding]) -> Iterator[tuple[Finding, ...]]:
    for count in range(len(findings) + 1):
        yield from combinations(findings, count)


def _told(program: Program, findings: Iterable[Finding]) -> Program:
    genesis: Genesis = program.genesis
    for finding in findings:
        assert finding.reads is not None
        genesis = finding.reads(genesis)
    return evolve(program, genesis=genesis)


def _kind(difference: Difference, moment: Moment, findings: Sequence[Finding]) -> str | None:
    kinds = (f.id for f in findings if f.about is not None and f.about(difference, moment))
    return next(kinds, None)


def parameter(name: str, value: str) -> Callable[[Genesis], Genesis]:
    """The model with another value of a parameter."""

    def reads(genesis: Genesis) -> Genesis:
        venue = genesis["venue"]
        return {**genesis, "venue": {**venue, "parameters": {**venue["parameters"], name: value}}}

    return reads


def reading(rule: str, name: str) -> Callable[[Genesis], Genesis]:
    """The model with another reading of a rule."""

    def reads(genesis: Genesis) -> Genesis:
        venue = genesis["venue"]
        return {**genesis, "venue": {**venue, "readings": {**venue["readings"], rule: name}}}

    return reads


def position(market: str, size: str, entry: str, leverage: str, raw: str | None = None) -> Position:
    """A position, isolated where it has a balance of its own."""
    return Position(market=market, size=size, entry=entry, leverage=leverage, raw=raw)


def account(
    mode: Regime, *positions: Position, marks: Mapping[str, str], perp: str = "0", spot: str = "0"
) -> Exchange:
    """A state in which ann is the only user."""
    markets = [
        Market(name=name, mark=mark, oracle=mark, previous_mark=mark, previous_oracle=mark)
        for name, mark in marks.items()
    ]
    ann = Member(
        name="ann",
        mode=mode,
        spot={"USDC": Fraction(spot)},
        raw={"": Fraction(perp)},
        positions={held.market: held for held in positions},
    )
    return found(VENUE, markets=markets, spots=()).put(ann)
