"""Mutants of the search: the engine is right, and programs never meet something. What a run reaches has to tell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from itertools import islice
from typing import Any

from attrs import evolve, frozen

from solvent.account import Regime
from solvent.arithmetic import absolute
from solvent.conform.cases import GENERATED, Family, generated
from solvent.conform.coverage import Reach, Rules, reach_of
from solvent.conform.generate import accounts, sequences
from solvent.conform.profiles import Profile, Seen, shortfalls
from solvent.conform.program import Document, Program, refusals_of
from solvent.conform.trial import Generator
from solvent.conform.values import Abilities, value_of
from solvent.exchange import Exchange
from solvent.exchange.margin import liquidatable
from solvent.explore.choices import users
from solvent.explore.coverage import LADDER
from solvent.protocol.engine import DISCHARGE, perform
from solvent.protocol.genesis import exchange_of

NO_RULES = Rules((), (), (), ())
"""Nothing is asked of the rules that are reached, so that events alone have to tell."""


@frozen
class Move:
    """A step, and the states before and after it; of a genesis there is no step, and both are the same."""

    step: Document
    before: Exchange
    after: Exchange
    refused: bool = False


Meets = Callable[[Move], bool]


@frozen
class Blind:
    """A mutant of the search.

    Attributes:
        id: its name.
        mistake: the mistake, as a sentence.
        meets: whether a step, or a genesis, is one that it never meets.
    """

    id: str
    mistake: str
    meets: Meets

    def sees(self, program: Program) -> Program | None:
        """What it makes of a program: the steps that it can meet; nothing where it cannot begin so."""
        state = exchange_of(program.genesis)
        if self.meets(Move({}, state, state)):
            return None
        steps = []
        for step in program.steps:
            refused = bool(refusals_of(state, step))
            move = Move(step, state, state if refused else perform(state, step)[0], refused)
            if not self.meets(move):
                steps.append(step)
                state = move.after
        return evolve(program, steps=tuple(steps))

    def generators(self) -> Mapping[Family, Generator]:
        """The generators of programs, as it has them."""
        return {Family.ACCOUNTS: _Generates(self, accounts), Family.SEQUENCES: _Generates(self, sequences)}


@frozen
class _Generates:
    """A generator that a mutant of the search has spoilt."""

    blind: Blind
    whole: Generator

    def __call__(self, seed: int, numbers: Iterable[int], abilities: Abilities) -> Iterator[Program]:
        for program in self.whole(seed, numbers, abilities):
            seen = self.blind.sees(program)
            if seen is not None:
                yield seen


def _op(*names: str) -> Meets:
    return lambda move: move.step.get("op") in names


def _unhealthy(state: Exchange) -> bool:
    return any(liquidatable(state, name) for name in users(state))


def _hedged(state: Exchange) -> bool:
    """Whether a user holds a token and is short of its perp."""
    return any(
        member.size(spot.perp) < 0 and (member.spot.get(token, 0) > 0 or token in member.supplied)
        for member in map(state.members.__getitem__, users(state))
        for token, spot in state.spots.items()
        if spot.perp is not None
    )


def _holders(state: Exchange) -> int:
    return sum(bool(len(state.members[name].positions)) for name in users(state))


def _isolated(state: Exchange) -> bool:
    return any(p.isolated for name in users(state) for p in state.members[name].positions.values())


def _flips(move: Move) -> bool:
    return any(
        move.before.members[name].size(market) * move.after.members[name].size(market) < 0
        for name in users(move.before)
        for market in move.after.members[name].positions
    )


def _below_one(move: Move) -> bool:
    amount = value_of(move.step.get("amount"))
    return isinstance(amount, Fraction) and amount < 1


def _accrues(move: Move) -> bool:
    before, after = move.before.pools, move.after.pools
    return any(after[token].debt_index > pool.debt_index for token, pool in before.items())


def _tiered(state: Exchange) -> bool:
    """Whether a user's position is beyond the first tier."""
    return any(
        len(tiers := state.venue.tiers(name, market.max_leverage)) > 1
        and absolute(state.members[user].size(name)) * market.mark >= tiers[1].lower_bound
        for name, market in state.markets.items()
        for user in users(state)
    )


BLIND: tuple[Blind, ...] = (
    Blind(
        "M1",
        "Prices never move so far that an account becomes liquidatable, and none begins so.",
        lambda move: _unhealthy(move.after),
    ),
    Blind("M2", "Nobody holds a token and is short of its perp.", lambda move: _hedged(move.after)),
    Blind("M3", "No second user holds a position.", lambda move: _holders(move.after) > 1),
    Blind("M4", "No amount is below one token.", _below_one),
    Blind(
        "M7",
        "The venue never does what is due.",
        _op(DISCHARGE, *(kind.name() for kind in LADDER)),
    ),
    Blind("M8", "Every step is one that must be carried out.", lambda move: move.refused),
    Blind("M9", "Nobody switches the mode.", _op("switch_mode")),
    Blind("M10", "No position is isolated.", lambda move: _isolated(move.after)),
    Blind("M11", "Positions are never turned over.", _flips),
    Blind("M12", "Positions never leave the first tier.", lambda move: _tiered(move.after)),
    Blind("M13", "No interest accrues.", _accrues),
    Blind("M14", "Funding is never settled.", _op("settle_funding", "pass_time")),
    Blind(
        "M15",
        "No account is in portfolio mode.",
        lambda move: any(move.after.members[name].mode is Regime.PORTFOLIO for name in users(move.after)),
    ),
)  # fmt: skip
"""The mutants of the search. One that judges healthy states alone (M5) is no generator: there, mutants survive."""


@frozen
class Row:
    """What a profile says of a mutant of the search, or, without an id, of the search itself.

    Attributes:
        id, mistake: which.
        programs: how many programs there were.
        missed: what they lack of the profile's minimum, in words.
    """

    id: str
    mistake: str
    programs: int
    missed: tuple[str, ...]

    @property
    def noticed(self) -> bool:
        """Whether the run is incomplete."""
        return bool(self.missed)

    @property
    def right(self) -> bool:
        """Whether it is as it should be: incomplete, and the search itself not."""
        return self.noticed is bool(self.id)


def rows(
    blind: Iterable[Blind], profile: Profile, seed: int, able: Abilities,
    tells: Callable[[int, int], None] = lambda *_: None,
) -> Iterator[Row]:  # fmt: skip
    """What a profile says of the search as it is, and of each mutant of it.

    Each is given as many programs as the profile asks for, without figures: only events are looked for.

    Args:
        blind: the mutants.
        profile: what a run has to reach.
        seed: what programs depend on.
        able: what the engine can do.
        tells: is called with how many programs were made, and how many there are.
    """
    whole = profile.programs or profile.least
    searches: tuple[Blind, ...] = (Blind("", "The search as it is.", lambda _: False), *blind)
    reach, count = dict.fromkeys(searches, Reach()), dict.fromkeys(searches, 0)
    for done, program in enumerate(_programs(whole, profile, seed, able), 1):
        for search in searches:
            seen = search.sees(program)
            if seen is not None:
                reach[search] += reach_of(evolve(seen, fields=()), ())
                count[search] += 1
        tells(done, whole)
    for search in searches:
        seen_ = Seen(NO_RULES, GENERATED, max(count[search], profile.least), reach[search])
        yield Row(search.id, search.mistake, count[search], tuple(shortfalls(profile, seen_, able)))


def _programs(whole: int, profile: Profile, seed: int, able: Abilities) -> Iterator[Program]:
    generators: dict[Any, Generator] = {Family.ACCOUNTS: accounts, Family.SEQUENCES: sequences}
    cases = generated(GENERATED, 1, 0, whole, profile.accounts)
    for case in cases:
        yield from islice(generators[case.family](seed, (case.draw,), able), 1)
