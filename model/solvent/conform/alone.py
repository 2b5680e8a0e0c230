"""Checks of an engine's figures that need no model: what is conserved, and what adds up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from solvent.arithmetic import ZERO
from solvent.conform.values import Abilities, Difference, close, value_of
from solvent.protocol.genesis import MAIN
from solvent.protocol.picture import Path

CONSERVED = "invariant/conserved"
OPEN_INTEREST = "invariant/open-interest"
POOL_IDENTITY = "invariant/pool-identity"
Document = Mapping[str, Any]
Taken = tuple[Document, Document, Mapping[Path, Any]]
"""A step, its outcome, and the figures before it."""
NEEDED = {
    CONSERVED: {
        "accounts.spot", "accounts.perp", "accounts.deficit", "accounts.positions.raw", "pools.cash", "treasury",
    },
    OPEN_INTEREST: {"accounts.positions.size"},
    POOL_IDENTITY: {"pools.cash", "pools.borrowed", "pools.supplied", "pools.reserve"},
}  # fmt: skip
"""The figures that an engine has to report for a check."""


def broken_alone(
    genesis: Document, taken: Taken | None, stated: Mapping[Path, Any], abilities: Abilities
) -> Iterator[Difference]:
    """What does not add up in an engine's own figures after a step; nothing where it does not report them."""
    numbers = {
        path: value for path, content in stated.items() if isinstance(value := value_of(content), Fraction)
    }
    digits = abilities.digits - 2
    if abilities.fields >= NEEDED[OPEN_INTEREST]:
        for market in genesis["markets"]:
            sizes = sum((x for p, x in numbers.items() if p[2:] == ("positions", market, "size")), ZERO)
            if not close(ZERO, sizes, digits):
                yield Difference(OPEN_INTEREST, ("markets", market), ZERO, sizes)
    if abilities.fields >= NEEDED[POOL_IDENTITY]:
        yield from _pools(genesis, numbers, digits)
    if taken is not None and abilities.fields >= NEEDED[CONSERVED]:
        step, outcome, before = taken
        was = {p: value for p, content in before.items() if isinstance(value := value_of(content), Fraction)}
        for token, (old, new) in _totals(genesis, was, numbers).items():
            wanted = old + (_brought(step, token) if outcome.get("ok") else ZERO)
            if not close(wanted, new, digits):
                yield Difference(CONSERVED, ("tokens", token), wanted, new)


def _pools(genesis: Document, numbers: Mapping[Path, Fraction], digits: int) -> Iterator[Difference]:
    """Cash and loans of a pool are the claims of suppliers and the reserve."""
    for token in genesis["pools"]:
        of = {
            figure: numbers.get(("pools", token, figure), ZERO)
            for figure in ("cash", "borrowed", "supplied", "reserve")
        }
        if not close(of["supplied"] + of["reserve"], of["cash"] + of["borrowed"], digits):
            have, owe = of["cash"] + of["borrowed"], of["supplied"] + of["reserve"]
            yield Difference(POOL_IDENTITY, ("pools", token), owe, have)


def _brought(step: Document, token: str) -> Fraction:
    """What a step brings in from outside."""
    signs = {"deposit": 1, "withdraw": -1}
    if step.get("token") != token or step["op"] not in signs:
        return ZERO
    amount = value_of(step.get("amount"))
    return amount * signs[step["op"]] if isinstance(amount, Fraction) else ZERO


def _totals(genesis: Document, *states: Mapping[Path, Fraction]) -> dict[str, tuple[Fraction, ...]]:
    """All that there is of each token, in each state."""
    venue = genesis["venue"]
    tokens = {venue["quote"], *genesis["spots"], *genesis["pools"]}
    return {token: tuple(_total(genesis, token, state) for state in states) for token in sorted(tokens)}


def _total(genesis: Document, token: str, state: Mapping[Path, Fraction]) -> Fraction:
    def token_of(dex: str) -> str:
        known: str = genesis["venue"]["dex_tokens"].get(dex, genesis["venue"]["quote"])
        return known

    total = state.get(("treasury", token), ZERO) + state.get(("pools", token, "cash"), ZERO)
    for path, amount in state.items():
        about, _, *rest = path
        match (about, *rest):
            case ("accounts", "spot", own) if own == token:
                total += amount
            case ("accounts", "perp" | "deficit", dex) if token_of("" if dex == MAIN else dex) == token:
                total += amount
            case ("accounts", "positions", market, "raw"):
                dex = genesis["markets"].get(market, {}).get("dex", "")
                total += amount if token_of(dex) == token else ZERO
    return total
