"""What an invariant is: a named predicate of one sentence, and where it is registered."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from attrs import frozen

from solvent.arithmetic import ZERO, Condition, Number, total
from solvent.exchange import Action, Exchange, Member


@frozen
class Claim:
    """One instance of an invariant: of what, whether it holds, and the numbers that it is about by name."""

    subject: str
    condition: Condition
    numbers: Mapping[str, Number]


StateClaims: TypeAlias = Callable[[Exchange], Iterator[Claim]]
StepClaims: TypeAlias = Callable[[Exchange, Action, Exchange], Iterator[Claim]]


@frozen
class Invariant:
    """A named predicate.

    Attributes:
        name: its name.
        claims: its instances, of a state, or of a step: before, action, after.
        refuted_by: the scenario in ``spec/scenarios`` that shows it false; ``None`` where it is held to.
        repair: the change of rule that would make it true, where it is false.
    """

    name: str
    claims: Callable[..., Iterator[Claim]]
    refuted_by: str | None = None
    repair: str = ""

    @property
    def sentence(self) -> str:
        """The invariant in one sentence."""
        return (inspect.getdoc(self.claims) or "").partition("\n")[0]

    @property
    def expected(self) -> bool:
        """Whether it is held to hold."""
        return self.refuted_by is None


_STATE: dict[str, Invariant] = {}
_STEP: dict[str, Invariant] = {}


def _register(
    where: dict[str, Invariant], name: str, refuted_by: str | None, repair: str
) -> Callable[[Callable[..., Iterator[Claim]]], Callable[..., Iterator[Claim]]]:
    def register(claims: Callable[..., Iterator[Claim]]) -> Callable[..., Iterator[Claim]]:
        where[name] = Invariant(name, claims, refuted_by, repair)
        return claims

    return register


def of_states(
    name: str, refuted_by: str | None = None, repair: str = ""
) -> Callable[[StateClaims], StateClaims]:
    """Register the claims of a state invariant."""
    return _register(_STATE, name, refuted_by, repair)


def of_steps(
    name: str, refuted_by: str | None = None, repair: str = ""
) -> Callable[[StepClaims], StepClaims]:
    """Register the claims of a step invariant."""
    return _register(_STEP, name, refuted_by, repair)


def state_invariants() -> Mapping[str, Invariant]:
    """Every invariant of states by name."""
    return _STATE


def step_invariants() -> Mapping[str, Invariant]:
    """Every invariant of steps by name."""
    return _STEP


@frozen
class Violation:
    """A claim of an invariant that does not hold."""

    invariant: Invariant
    claim: Claim


def violations(exchange: Exchange) -> Iterator[Violation]:
    """The claims of state invariants that do not hold, of exact numbers."""
    for invariant in _STATE.values():
        for claim in invariant.claims(exchange):
            if not claim.condition:
                yield Violation(invariant, claim)


def step_violations(before: Exchange, action: Action, after: Exchange) -> Iterator[Violation]:
    """The claims of step invariants that do not hold, of exact numbers."""
    for invariant in _STEP.values():
        for claim in invariant.claims(before, action, after):
            if not claim.condition:
                yield Violation(invariant, claim)


def holdings(exchange: Exchange, member: Member, token: str) -> Number:
    """What an account has of a token outside lending pools: spot, and the balances of its dexes and positions."""
    dexes = exchange.dexes_of(token)
    own = total(member.raw.get(dex, ZERO) + member.deficit.get(dex, ZERO) for dex in dexes)
    isolated = total(
        position.raw
        for position in member.positions.values()
        if position.raw is not None and exchange.token_of(position.market) == token
    )
    return member.spot.get(token, ZERO) + own + isolated


def tokens(exchange: Exchange) -> list[str]:
    """Every token that anybody has."""
    found = {exchange.venue.quote, *exchange.external, *exchange.treasury, *exchange.pools}
    for member in exchange.members.values():
        found |= {*member.spot}
    return sorted(found)


def changed(before: Exchange, after: Exchange) -> list[str]:
    """The accounts that a step has changed."""
    return [n for n, member in after.members.items() if before.members.get(n) is not member]
