"""Countermodels as files: the numbers that break a theorem, which the exact model replays without any solver."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from fractions import Fraction
from pathlib import Path
from typing import Any

from attrs import field, frozen

from solvent.account import Regime
from solvent.errors import InputError
from solvent.exchange.record import number_of, number_text
from solvent.ingest import schemas, strict_json
from solvent.ingest.venue_file import load_venue
from solvent.prove.audit import load
from solvent.prove.theorem import Cell, Outcome, Theorem, evaluate

SCHEMA = "countermodel"
FORMAT = "1.0.0"


@frozen
class Countermodel:
    """Numbers for which a theorem's assumptions hold and its claim does not.

    Attributes:
        theorem: its name.
        file: where it is declared.
        venue: the venue whose numbers are taken, by name or file; empty where parameters are among the numbers.
        regime, token: of the cell; empty where it has none.
        part: the case of the claim that fails; empty where it has no cases.
        numbers: by name; what is left out is that of the statement's own example, or zero.
    """

    theorem: str
    file: str
    venue: str
    regime: str
    token: str
    part: str
    numbers: Mapping[str, Fraction] = field(repr=False)

    @property
    def document(self) -> dict[str, Any]:
        """The countermodel as plain values."""
        return {
            "format": FORMAT,
            "theorem": self.theorem,
            "file": self.file,
            "venue": self.venue,
            "regime": self.regime,
            "token": self.token,
            "part": self.part,
            "numbers": {name: number_text(value) for name, value in sorted(self.numbers.items())},
        }

    @property
    def text(self) -> str:
        """The countermodel as its file holds it."""
        return json.dumps(self.document, indent=1, ensure_ascii=False) + "\n"

    @property
    def where(self) -> str:
        """Its cell in words."""
        named = [self.venue or "any venue", self.regime, self.token]
        return ", ".join(part for part in named if part)


@frozen
class Replayed:
    """A countermodel with its theorem, and what the exact model says of it."""

    countermodel: Countermodel
    theorem: Theorem
    outcome: Outcome

    @property
    def stands(self) -> bool:
        """Whether it still breaks its theorem."""
        return self.outcome.refutes(self.countermodel.part)


def countermodels(results: Sequence[Mapping[str, Any]], files: Mapping[str, str]) -> Iterator[Countermodel]:
    """One countermodel of each theorem that has one: in a cell with a venue's own numbers, where there is one.

    Args:
        results: the events of results, as of ``solvent.report.events``.
        files: the file that each theorem is declared in.
    """
    found: dict[str, Mapping[str, Any]] = {}
    for result in results:
        if result["countermodel"] is not None:
            known = found.get(result["theorem"])
            if known is None or (result["venue"] and not known["venue"]):
                found[result["theorem"]] = result
    for name, result in found.items():
        numbers = {number: _number(text) for number, text in result["countermodel"].items()}
        where = (result["venue"], result["regime"], result["token"])
        yield Countermodel(name, files[name], *where, result["part"], numbers)


def is_one(document: Any) -> bool:
    """Whether a document is a countermodel, and not a vector."""
    return isinstance(document, Mapping) and "theorem" in document


def read(path: Path) -> Countermodel:
    """The countermodel of a file.

    Raises:
        InputError: it is none, or its format is of another major version; the error names the field.
    """
    document, source = strict_json.load(path), str(path)
    schemas.hold(document, SCHEMA, source)
    if document["format"].partition(".")[0] != FORMAT.partition(".")[0]:
        raise InputError(source, "format", document["format"], f"a version of the format {FORMAT}")
    content = {key: value for key, value in document.items() if key != "format"}
    numbers = {}
    for name, text in document["numbers"].items():
        try:
            numbers[name] = _number(text)
        except ValueError as error:
            raise InputError(source, f"numbers.{name}", repr(text), str(error)) from None
    return Countermodel(**{**content, "numbers": numbers})


def _number(text: str) -> Fraction:
    """The number of a text; a quotient of hexadecimal numbers, as the longest ones are written, too."""
    if "0x" not in text:
        return number_of(text)
    numerator, _, denominator = text.partition("/")
    return Fraction(int(numerator, 16), int(denominator, 16))


def replayed(countermodel: Countermodel, source: str, places: Sequence[Path] = ()) -> Replayed:
    """A countermodel, put to the exact model.

    Raises:
        InputError: there is no such theorem, venue, or collateral.
    """
    known = load(places)
    if countermodel.theorem not in known:
        near = get_close_matches(countermodel.theorem, known) or ["a theorem of proofs/ or of --theorems"]
        raise InputError(source, "theorem", countermodel.theorem, " or ".join(near))
    stated = known[countermodel.theorem]
    return Replayed(countermodel, stated, evaluate(stated, _cell(countermodel, source), countermodel.numbers))


def _cell(countermodel: Countermodel, source: str) -> Cell:
    regime = Regime(countermodel.regime) if countermodel.regime else None
    if not countermodel.venue:
        return Cell(None, regime)
    venue = load_venue(countermodel.venue)
    if countermodel.token and countermodel.token not in venue.tokens:
        raise InputError(source, "token", countermodel.token, f"one of {', '.join(venue.tokens)}")
    return Cell(venue, regime, countermodel.token)
