"""Theorems: sentences about the shipped rules, each one function that is read symbolically and exactly.

A theorem's function takes what is given, states its assumptions, and returns its claim. Read with symbols it is a
proof obligation; read with the numbers of a model of its negation it is a check of the countermodel by the rules that
the exact model runs.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from fractions import Fraction
from typing import Any, Protocol

from attrs import Factory, field, fields_dict, frozen

from solvent.account import Regime
from solvent.arithmetic import Condition, Number, negate
from solvent.decimals import exact as parsed
from solvent.exchange import Exchange
from solvent.ingest.venue_file import bundled_venues
from solvent.prove.bearing import Bounds
from solvent.prove.states import renumbered
from solvent.prove.symbolic import Term, bounded_floors, real, term
from solvent.rules import called, select
from solvent.venue import Parameters, Token, Venue


class Family(StrEnum):
    """What a theorem is about; the families are the sections of the audit matrix."""

    COVERAGE = "coverage"
    SHAPE = "shape"
    RATIO = "ratio"
    USER_ACTIONS = "user actions"
    LIQUIDATION = "liquidation"
    DELEVERAGING = "deleveraging and funding"
    LENDING = "lending pool"
    PRICES = "prices"
    MODES = "modes and caps"
    LIQUIDATION_PRICE = "liquidation price"
    CASCADES = "cascades"
    CONSERVATION = "conservation"


class Verdict(StrEnum):
    """What is known of a claim."""

    PROVED = "proved"
    REFUTED = "refuted"
    CONDITIONAL = "conditional"
    UNKNOWN = "unknown"
    VACUOUS = "vacuous"


@frozen
class Assumption:
    """A condition that a claim rests on, with its meaning; a side condition is one on the venue's parameters alone."""

    meaning: str
    condition: Condition
    side: bool = False


@frozen
class Part:
    """One case of a claim: its name, when it is asked for, and what is claimed then."""

    name: str
    claim: Condition
    when: Condition = True

    def denied(self, assumed: Iterable[Assumption]) -> list[Term]:
        """What holds where the assumptions do, the part is asked for, and its claim does not hold."""
        return [*(term(a.condition) for a in assumed), term(self.when), term(negate(self.claim))]


class Given(Protocol):
    """What a theorem is given: a venue or symbolic parameters, a regime, and as many numbers as it names."""

    @property
    def venue(self) -> Venue | None:
        """The venue whose numbers are taken, without its name and its days; ``None`` for parameters that are symbols."""

    @property
    def regime(self) -> Regime | None:
        """The regime of the column."""

    @property
    def token(self) -> Token | None:
        """The collateral that a theorem over each collateral is about."""

    def number(self, name: str, example: Any = None) -> Any:
        """A number of this name, any at all; the example is tried in the witness."""

    def state(self, example: Exchange, keep: tuple[str, ...] = ()) -> Exchange:
        """A state of the structure of an example with any numbers at all; the example's own are tried as the witness.

        Without a venue its parameters, tokens and margin tables have any numbers too. Numbers whose path begins with one of ``keep`` stay those of the example.
        """

    def rule(self, identifier: str) -> Any:
        """The function of a rule, in the venue's reading."""

    def parameter(self, name: str, example: Any = None) -> Any:
        """A parameter of the venue, such as ``transfer_fraction``, or of the collateral, such as ``token.ltv``."""

    def assume(self, meaning: str, condition: Condition) -> None:
        """Assume a condition."""

    def side(self, meaning: str, condition: Condition) -> None:
        """Assume a condition on parameters; a venue's numbers pass it or fail it."""


Statement = Callable[[Given], Condition | Sequence[Part]]


@frozen(eq=False)
class Theorem:
    """A declared theorem.

    Attributes:
        name: its name, a sentence with underscores.
        family: the section of the matrix that it stands in.
        statement: its function.
        why: why it matters: an incident, or what a user asks.
        regimes: the regimes that it speaks about.
        over: ``collateral`` where it is checked for each collateral of a venue, else empty.
        strength: ``for all sizes``, or the bound.
        general: whether it is also checked with parameters that are symbols.
        false: whether it is stated to be refuted.
        repair: what would make it true, where it is false.
        timeout: the most milliseconds of one question to the solver.
    """

    name: str
    family: Family
    statement: Statement
    why: str = ""
    regimes: tuple[Regime, ...] = tuple(Regime)
    over: str = ""
    strength: str = "for all sizes"
    general: bool = True
    false: bool = False
    repair: str = ""
    timeout: int = 10_000

    @property
    def sentence(self) -> str:
        """The theorem as a sentence: the first line of its docstring."""
        return (inspect.getdoc(self.statement) or self.name.replace("_", " ")).partition("\n")[0]

    @property
    def file(self) -> str:
        """The file that it is declared in."""
        return inspect.getsourcefile(self.statement) or ""


_THEOREMS: dict[str, Theorem] = {}


def theorem(family: Family, /, **about: Any) -> Callable[[Statement], Statement]:
    """Declare a function as a theorem; keywords as the attributes of ``Theorem``."""

    def register(statement: Statement) -> Statement:
        name = statement.__name__
        known = _THEOREMS.get(name)
        if known is not None and inspect.getsourcefile(known.statement) != inspect.getsourcefile(statement):
            raise ValueError(f"theorem {name} is declared twice")
        _THEOREMS[name] = Theorem(name, family, statement, **about)
        return statement

    return register


def all_theorems() -> Mapping[str, Theorem]:
    """Every declared theorem by name, in the order of declaration."""
    return _THEOREMS


@frozen
class Cell:
    """A place of the audit matrix: a venue or none, a regime or none, and a collateral or none."""

    venue: Venue | None = None
    regime: Regime | None = None
    token: str = ""

    @property
    def collateral(self) -> Token | None:
        """The collateral, as the venue has it."""
        return self.venue.tokens[self.token] if self.venue and self.token else None

    @property
    def label(self) -> str:
        """The cell as people read it."""
        parts = [self.venue.name if self.venue else "any venue", self.regime or "", self.token]
        return ", ".join(part for part in parts if part)


def cells(stated: Theorem, venues: Iterable[Venue]) -> Iterator[Cell]:
    """The cells that a theorem is checked in: with symbolic parameters, and with each venue's numbers by regime."""
    if stated.general:
        yield Cell()
    for venue in venues:
        names = [""]
        if stated.over == "collateral":
            names = [token.name for token in venue.tokens.values() if token.is_collateral]
        for regime in stated.regimes:
            for name in names:
                yield Cell(venue, regime, name)


@frozen
class _Base:
    """What both readings of what is given share."""

    cell: Cell
    assumptions: list[Assumption] = Factory(list)

    @property
    def venue(self) -> Venue | None:
        return self.cell.venue

    @property
    def regime(self) -> Regime | None:
        return self.cell.regime

    @property
    def token(self) -> Token | None:
        return self.cell.collateral

    def assume(self, meaning: str, condition: Condition) -> None:
        self._note(Assumption(meaning, condition))

    def side(self, meaning: str, condition: Condition) -> None:
        self._note(Assumption(meaning, condition, side=True))

    def _note(self, stated: Assumption) -> None:
        known = (a for a in self.assumptions if a.meaning == stated.meaning)
        if not any(term(a.condition).eq(term(stated.condition)) for a in known):
            self.assumptions.append(stated)

    def rule(self, identifier: str) -> Any:
        return select(identifier, {}) if self.cell.venue is None else self.cell.venue.rule(identifier)

    def number(self, name: str, example: Any = None) -> Any:
        raise NotImplementedError

    def parameter(self, name: str, example: Any = None) -> Any:
        """The venue's number, or a number of its own where there is no venue.

        A parameter that venues declare to be above zero is assumed to be so.
        """
        if self.cell.venue is None:
            value, declared = self.number(name, example), fields_dict(Parameters).get(name)
            if declared is not None and declared.metadata["positive"]:
                self.assume(f"the {declared.metadata['meaning']} is above zero", value > 0)
            return value
        owner, _, attribute = name.rpartition(".")
        value = getattr(self.token if owner else self.cell.venue.parameters, attribute)
        return self.number(name, example) if value is None else value


@frozen
class Symbolic(_Base):
    """What is given, as symbols."""

    symbols: dict[str, Term] = field(factory=dict)
    examples: dict[str, Fraction] = field(factory=dict)

    def number(self, name: str, example: Any = None) -> Term:
        """The symbol of this name."""
        if example is not None:
            self.examples[name] = parsed(example)
        return self.symbols.setdefault(name, real(name))

    def state(self, example: Exchange, keep: tuple[str, ...] = ()) -> Exchange:
        """The state with a symbol at every path."""

        def symbol(path: str, value: Fraction) -> Term:
            self.examples[path] = value
            return self.number(path)

        return renumbered(example, symbol, keep, venue=self.cell.venue is None)


@frozen
class Exact(_Base):
    """What is given, as the numbers of a model."""

    values: Mapping[str, Fraction] = field(factory=dict)

    def number(self, name: str, example: Any = None) -> Number:
        """The number of this name; the example, or else zero, where the model leaves it open."""
        value: Number = self.values.get(name, Fraction(0) if example is None else parsed(example))
        return value

    def state(self, example: Exchange, keep: tuple[str, ...] = ()) -> Exchange:
        """The state with the model's number at every path, and the example's where the model leaves it open."""
        return renumbered(example, self.values.get, keep, venue=self.cell.venue is None)


@frozen(eq=False)
class Obligation:
    """A theorem in a cell as formulas: assumptions that imply the claims of its parts, over these symbols.

    Attributes:
        theorem, cell: what it is the obligation of.
        assumptions: what is assumed in every part.
        parts: the cases; one without a name where the statement has no cases.
        symbols: every symbol by name.
        bounds: what is known of the floors in it.
        examples: numbers that the statement suggests for a witness.
        rules: the rules that the statement calls.
    """

    theorem: Theorem
    cell: Cell
    assumptions: tuple[Assumption, ...]
    parts: tuple[Part, ...]
    symbols: Mapping[str, Term]
    bounds: Bounds
    examples: Mapping[str, Fraction]
    rules: tuple[str, ...]

    @property
    def assumed(self) -> list[Assumption]:
        """The assumptions that are taken for granted; side conditions only where parameters are symbols."""
        return [a for a in self.assumptions if not (a.side and self.cell.venue)]

    @property
    def background(self) -> list[Term]:
        """What is known of the floors in it, all of it."""
        return self.bounds.floors.bounds

    @property
    def failed_sides(self) -> list[str]:
        """The side conditions that the venue's own numbers do not meet."""
        return [a.meaning for a in self.assumptions if a.side and a.condition is False]


def obligation(stated: Theorem, cell: Cell) -> Obligation:
    """The obligation of a theorem in a cell."""
    given = Symbolic(cell)
    bundled_venues()  # they are read once, with calls of rules that are none of the statement
    with bounded_floors() as floors, called() as rules:
        parts = _parts(stated.statement(given))
    return Obligation(
        theorem=stated,
        cell=cell,
        assumptions=tuple(given.assumptions),
        parts=parts,
        symbols=dict(given.symbols),
        bounds=Bounds(floors),
        examples=given.examples,
        rules=tuple(sorted(rules)),
    )


def _parts(claimed: Condition | Sequence[Part]) -> tuple[Part, ...]:
    return tuple(claimed) if isinstance(claimed, list | tuple) else (Part("", claimed),)


@frozen
class Outcome:
    """What the exact reading says of a theorem at given numbers.

    Attributes:
        assumptions: each assumption with whether it holds.
        parts: each part with whether it is asked for, and whether its claim holds.
    """

    assumptions: tuple[tuple[str, bool], ...]
    parts: tuple[tuple[str, bool, bool], ...]

    def witnesses(self, part: str = "") -> bool:
        """Whether all assumptions hold, and the part is asked for."""
        asked = any(when for name, when, _ in self.parts if name == part)
        return asked and all(holds for _, holds in self.assumptions)

    def refutes(self, part: str = "", without: str = "") -> bool:
        """Whether all assumptions but the one of this meaning hold, the part is asked for, and its claim does not hold."""
        return part in self.refuted(without)

    def refuted(self, without: str = "") -> list[str]:
        """The parts of which it is so."""
        if not all(holds for meaning, holds in self.assumptions if meaning != without):
            return []
        return [name for name, when, claim in self.parts if when and not claim]


def evaluate(stated: Theorem, cell: Cell, values: Mapping[str, Fraction]) -> Outcome:
    """What the exact model says of a theorem at given numbers; nothing at all where it has no answer."""
    given = Exact(cell, values=values)
    try:
        parts = _parts(stated.statement(given))
    except (ArithmeticError, LookupError, StopIteration):
        return Outcome((), ())
    held = tuple((a.meaning, bool(a.condition)) for a in given.assumptions if not (a.side and cell.venue))
    return Outcome(held, tuple((p.name, bool(p.when), bool(p.claim)) for p in parts))
