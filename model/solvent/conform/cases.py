"""What an engine is asked: fixed vectors, the user's own, and generated programs, as far as they are selected."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from enum import StrEnum

from attrs import field, frozen

from solvent.conform import alone, judge
from solvent.conform.alone import NEEDED
from solvent.conform.program import Program
from solvent.conform.values import Abilities
from solvent.conform.vectors import Requires, Vector
from solvent.protocol.picture import FIELDS
from solvent.rules import all_rules

CHECKS = (
    judge.ACCEPTED, judge.REFUSED, judge.CODE, judge.UNCHANGED, judge.EVENTS, judge.COUNT,
    *(name.replace(".", "/", 1) for name in FIELDS),
    alone.CONSERVED, alone.OPEN_INTEREST, alone.POOL_IDENTITY,
)  # fmt: skip
"""Every check of an engine, by its id."""


class Family(StrEnum):
    """Where a case comes from."""

    VECTORS = "vectors"
    REGRESSIONS = "regressions"
    ACCOUNTS = "accounts"
    SEQUENCES = "sequences"


FIXED = (Family.VECTORS, Family.REGRESSIONS)
GENERATED = (Family.ACCOUNTS, Family.SEQUENCES)


@frozen
class NothingSelected(Exception):  # noqa: N818 - an outcome, which has an exit code of its own
    """A selection that matches nothing.

    Attributes:
        what: what was asked for, such as ``rule``.
        name: its name.
        nearest: the names that it may have meant.
    """

    what: str
    name: str
    nearest: tuple[str, ...] = ()

    def __str__(self) -> str:
        hint = f"; did you mean {', '.join(self.nearest)}?" if self.nearest else ""
        return f"nothing is selected: there is no {self.what} {self.name}{hint}"


@frozen
class Selection:
    """Which cases are asked for; empty where all are.

    Attributes:
        rules: by id, or the beginning of one up to a hyphen, such as ``PM``.
        checks: by id, or the beginning of one up to a slash or a point, such as ``accounts/positions``.
        flags: of vectors; no generated program has one.
        families: where cases come from.
    """

    rules: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    families: tuple[Family, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.rules or self.checks or self.flags or self.families)

    def takes(self, family: Family) -> bool:
        """Whether cases of a family are asked for."""
        if self.flags and family in GENERATED:
            return False
        return not self.families or family in self.families

    def asks(self, rules: Iterable[str]) -> bool:
        """Whether a case that reaches these rules is asked for."""
        return not self.rules or any(within(rule, self.rules, "-") for rule in rules)

    def holds(self, check: str) -> bool:
        """Whether engines are held to a check."""
        return not self.checks or within(check, self.checks, "/.")

    @property
    def fields(self) -> frozenset[str]:
        """The figures that are needed for the checks."""
        chosen = {name for name in FIELDS if self.holds(name.replace(".", "/", 1))}
        alone_of = (needed for check, needed in NEEDED.items() if self.holds(check))
        return frozenset(chosen.union(*alone_of))

    def required(self, vectors: Iterable[Vector]) -> None:
        """Raise the error of a name that there is not.

        Raises:
            NothingSelected: with the names that are nearest to it.
        """
        flags = sorted({flag for vector in vectors for flag in vector.flags})
        asked = (
            ("rule", self.rules, list(all_rules()), "-"),
            ("check", self.checks, list(CHECKS), "/."),
            ("flag", self.flags, flags, ""),
        )
        for what, names, known, ends in asked:
            for name in names:
                if not any(within(one, (name,), ends) for one in known):
                    raise NothingSelected(what, name, tuple(get_close_matches(name, known, 3, 0.4)))


def within(name: str, asked: Iterable[str], ends: str) -> bool:
    """Whether a name is one of these, or goes on where one of these ends."""
    return any(name == one or any(name.startswith(one + end) for end in ends) for one in asked)


@frozen
class Case:
    """One program that an engine is asked to run.

    Attributes:
        number: its place in the run, from 1.
        family: where it comes from.
        id: the vector's, or the family and the number by which it is drawn.
        draw: that number.
        program: of a vector; a generated one is drawn where it is run.
        rules: those that a vector reaches.
        missing: what it needs that the engine does not have.
        source: the file of a regression.
    """

    number: int
    family: Family
    id: str
    draw: int = 0
    program: Program | None = field(default=None, repr=False)
    rules: frozenset[str] = frozenset()
    missing: tuple[str, ...] = ()
    source: str = ""


def fixed(
    selection: Selection, families: Mapping[Family, Iterable[Vector]], abilities: Abilities
) -> tuple[Case, ...]:
    """The selected vectors as cases, in their order."""
    chosen = [
        (family, vector)
        for family, vectors in families.items()
        if selection.takes(family)
        for vector in vectors
        if selection.asks(vector.rules) and (not selection.flags or {*selection.flags} & {*vector.flags})
    ]
    return tuple(
        Case(
            number=number,
            family=family,
            id=vector.id,
            program=vector.program,
            rules=frozenset(vector.rules),
            missing=missing(vector.requires, abilities),
        )
        for number, (family, vector) in enumerate(chosen, 1)
    )


def generated(
    families: tuple[Family, ...], number: int, first: int, count: int | None, accounts: int
) -> Iterator[Case]:
    """Generated cases without end or as many as asked for, families interleaved.

    Args:
        families: which.
        number: the place in the run of the first.
        first: how many have been drawn before.
        count: how many; ``None`` for no bound.
        accounts: how many accounts there are for each sequence.
    """
    cycle = {Family.SEQUENCES: 1, Family.ACCOUNTS: accounts}
    turn = [family for family in (Family.SEQUENCES, Family.ACCOUNTS) if family in families]
    order = [(family, place) for family in turn for place in range(cycle[family])]
    place = first
    while order and (count is None or place < first + count):
        family, within = order[place % len(order)]
        draw = place // len(order) * cycle[family] + within
        yield Case(number=number + place - first, family=family, id=f"{family}/{draw}", draw=draw)
        place += 1


def missing(needs: Requires, abilities: Abilities) -> tuple[str, ...]:
    """What an engine does not have of what a vector or a program needs, in words."""
    unseen = needs.fields if needs.fields and not abilities.fields.intersection(needs.fields) else ()
    begins = () if abilities.any_genesis or needs.genesis == "empty" else ("any genesis",)
    return (
        *(f"operation {name}" for name in sorted({*needs.operations} - abilities.operations)),
        *(f"regime {name}" for name in sorted({*needs.regimes} - abilities.regimes)),
        *(f"field {name}" for name in unseen),
        *begins,
    )
