"""Vectors: programs with what they must lead to, as files that anybody can read and replay against any engine."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from attrs import asdict, evolve, field, frozen

from solvent import bundle
from solvent.account import Regime
from solvent.conform.program import Document, Moment, Program, canonical, expected, rules_of
from solvent.decimals import parse
from solvent.errors import InputError
from solvent.exchange import BOOK, Action, Deleverage, Exchange, duties
from solvent.exchange.guards import is_house
from solvent.ingest import schemas, strict_json
from solvent.protocol.engine import DISCHARGE, op_of
from solvent.protocol.picture import Path as Path_
from solvent.protocol.picture import Value, plain
from solvent.rules import all_rules

FORMAT = "1.0.0"
"""The version of the format that is written; any version of the same major number is read."""
SCHEMA = "vector"
OPEN_CHOICE = "open-choice"
"""The flag of a step whose order of duties the rules leave open."""
MOST_ORDERS = 24
"""How many allowed orders of duties are listed at most."""
HELD = ("positions", "orders", "supplied", "borrowed", "deficit")
"""What no account has in an empty genesis."""


class Kind(StrEnum):
    """Where a vector comes from."""

    SCENARIO = "scenario"
    RECORDED = "recorded"
    BOUNDARY = "boundary"
    KILLING = "killing"
    FAILURE = "failure"


@frozen
class Requires:
    """What an engine needs so that a vector can be put to it.

    Attributes:
        regimes: those of its accounts, and those that they switch to.
        operations: those of its steps.
        fields: figures without which it says nothing; none where the outcomes of its steps say it.
        genesis: ``any``, or ``empty`` where no account begins with a position, an order, a supply or a loan.
    """

    regimes: tuple[str, ...]
    operations: tuple[str, ...]
    fields: tuple[str, ...] = ()
    genesis: str = "any"


@frozen
class Vector:
    """A program, and what its genesis and each of its steps must lead to.

    Attributes:
        id: the rule or the kind that it is about, a slash, and a name; never changed, never given twice.
        title: what it shows, as a sentence.
        kind: where it comes from.
        rules: the rules that the model calls for it.
        requires: what an engine needs for it.
        flags: the mistakes that it finds, and why more than one outcome is allowed.
        source: its name, and as far as they apply date, url and solver.
        genesis, steps: the program.
        expect: the outcome of the genesis and of each step, and the figures that each changes.
        hash: the SHA-256 of all the rest in canonical form.
        format: the version of the format.
    """

    id: str
    title: str
    kind: Kind
    rules: tuple[str, ...]
    requires: Requires
    flags: tuple[str, ...]
    source: Mapping[str, str]
    genesis: Document = field(repr=False)
    steps: tuple[Document, ...] = field(repr=False)
    expect: tuple[Document, ...] = field(repr=False)
    hash: str = ""
    format: str = FORMAT

    @property
    def program(self) -> Program:
        """What an engine is asked to run; nothing of what is expected stands in it."""
        return Program(self.genesis, self.steps)

    @property
    def file(self) -> str:
        """The name of its file."""
        return f"{self.id.replace('/', '.').replace(':', '-')}.json"

    @property
    def document(self) -> dict[str, Any]:
        """The vector as plain values."""
        return {
            "format": self.format,
            "id": self.id,
            "title": self.title,
            "kind": self.kind.value,
            "rules": list(self.rules),
            "requires": _listed(asdict(self.requires)),
            "flags": list(self.flags),
            "source": dict(self.source),
            "genesis": self.genesis,
            "steps": list(self.steps),
            "expect": list(self.expect),
            "hash": self.hash,
        }

    @property
    def text(self) -> str:
        """The vector as its file holds it."""
        return json.dumps(self.document, indent=1, ensure_ascii=False) + "\n"


def _listed(entries: Mapping[str, Any]) -> dict[str, Any]:
    return {key: list(value) if isinstance(value, tuple) else value for key, value in entries.items()}


def content_hash(document: Document) -> str:
    """The SHA-256 of a vector without its hash, as canonical JSON."""
    content = {key: value for key, value in document.items() if key != "hash"}
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def sealed(vector: Vector) -> Vector:
    """The vector with the hash of its content."""
    return evolve(vector, hash=content_hash(vector.document))


def made(
    program: Program,
    *,
    id: str,  # noqa: A002 - it is the id
    title: str,
    kind: Kind,
    source: Mapping[str, str],
    flags: tuple[str, ...] = (),
    fields: tuple[str, ...] = (),
    reported: Document | None = None,
) -> Vector:
    """The vector of a program, with what the model makes of it.

    Args:
        program: the program; all its figures are observed.
        id: as of ``Vector``, and so title, kind, source and flags.
        title: a sentence.
        kind: where it comes from.
        source: in names.
        flags: the mistakes that it finds.
        fields: figures without which it says nothing.
        reported: what a venue reported of the genesis, as nested objects whose leaves have ``value`` and ``within``.

    Raises:
        InputError: the genesis or a step cannot be.
    """
    whole = Program(program.genesis, tuple(program.steps))
    expect = list(expectations(whole))
    if reported:
        expect[0] = {**expect[0], "reported": reported}
    open_choice = {OPEN_CHOICE} if any("allowed" in entry for entry in expect) else set()
    known = rules_of(whole)
    vector = Vector(
        id=id,
        title=title,
        kind=kind,
        rules=tuple(rule for rule in all_rules() if rule in known),
        requires=requires_of(whole, fields),
        flags=tuple(sorted({*flags, *open_choice})),
        source=dict(source),
        genesis=whole.genesis,
        steps=whole.steps,
        expect=tuple(expect),
    )
    return sealed(vector)


def requires_of(program: Program, fields: tuple[str, ...] = ()) -> Requires:
    """What an engine needs so that a program can be put to it."""
    return Requires(
        regimes=tuple(sorted({*_regimes(program)})),
        operations=tuple(sorted({str(step.get("op")) for step in program.steps})),
        fields=fields,
        genesis="empty" if is_empty(program.genesis) else "any",
    )


def _regimes(program: Program) -> Iterator[str]:
    """The regimes of users, and those that they switch to."""
    for name, account in program.genesis.get("accounts", {}).items():
        if name == BOOK or is_house(name):
            continue
        yield str(account.get("mode", Regime.CROSS.value))
        if any("raw" in position for position in account.get("positions", {}).values()):
            yield Regime.ISOLATED.value
    for step in program.steps:
        if "mode" in step:
            yield str(step["mode"])
        if step.get("isolated"):
            yield Regime.ISOLATED.value


def is_empty(genesis: Document) -> bool:
    """Whether no account has a position, an order, a supply, a loan or a deficit."""
    return not any(account.get(what) for account in genesis.get("accounts", {}).values() for what in HELD)


def expectations(program: Program) -> Iterator[dict[str, Any]]:
    """What the genesis and each step of a program lead to, by the model.

    Each has an outcome, and under ``state`` the figures that change, as a merge patch (RFC 7396): what is there no
    more is null. The first patch, that of the genesis, has all figures.
    """
    before: dict[str, Any] = {}
    state: Exchange | None = None
    for step, moment in zip(({}, *program.steps), expected(program), strict=True):
        after = plain(moment.picture)
        change = patch(before, after)
        yield {**_outcome(step, state, moment), **({"state": change} if change else {})}
        before, state = after, moment.state


def _outcome(step: Document, state: Exchange | None, moment: Moment) -> dict[str, Any]:
    if moment.refusals:
        return {"reject": sorted(moment.codes)}
    if step.get("op") != DISCHARGE or state is None:
        return {"ok": True}
    orders = _orders(state)
    if len(orders) == 1:
        return {"ok": True, "events": orders[0]}
    if len(orders) > MOST_ORDERS:
        return {"allowed": orders[:1], "because": OPEN_CHOICE, "more": True}
    return {"allowed": orders, "because": OPEN_CHOICE}


def _orders(state: Exchange) -> list[list[Document]]:
    """The orders in which all that is due may be done, that of the model first; one more than are listed at most."""
    found: list[list[Document]] = []
    left: list[tuple[Exchange, list[Document]]] = [(state, [])]
    while left and len(found) <= MOST_ORDERS:
        at, done = left.pop()
        due = list(dict.fromkeys(_choices(at)))
        if not due:
            found.append(done)
        left.extend((action.apply(at), [*done, op_of(action)]) for action in reversed(due))
    return found


def _choices(state: Exchange) -> Iterator[Action]:
    """What may be done first of what is due; counterparties of one rank are as good as each other."""
    for action in duties(state):
        yield action
        if isinstance(action, Deleverage):
            others = (evolve(action, counterparty=name) for name in state.markets[action.market].holders)
            yield from (other for other in others if other.refusal(state) is None)


def reported_figures(vector: Vector) -> Iterator[tuple[Path_, str, str]]:
    """What a venue reported of the genesis: the path of each figure, its value, and how far the true one may lie."""
    yield from _leaves(vector.expect[0].get("reported", {}), ())


def _leaves(entry: Mapping[str, Any], path: Path_) -> Iterator[tuple[Path_, str, str]]:
    if isinstance(entry.get("value"), str):
        yield path, entry["value"], entry["within"]
        return
    for key, below in entry.items():
        yield from _leaves(below, (*path, key))


def agrees(own: Value | None, value: str, within: str) -> bool:
    """Whether a figure is what was reported, to the digits that were shown."""
    if own is None or isinstance(own, str) or value == "none":
        return own == value
    return bool(abs(own - parse(value)) <= parse(within))


def patch(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """What makes one object of another, as a merge patch (RFC 7396)."""
    changed: dict[str, Any] = {key: None for key in before if key not in after}
    for key, value in after.items():
        was = before.get(key)
        if isinstance(was, Mapping) and isinstance(value, Mapping):
            below = patch(was, value)
            if below:
                changed[key] = below
        elif was != value:
            changed[key] = value
    return changed


def patched(before: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """The object after a merge patch (RFC 7396)."""
    after = dict(before)
    for key, value in change.items():
        if value is None:
            after.pop(key, None)
        elif isinstance(value, Mapping):
            was = after.get(key)
            after[key] = patched(was if isinstance(was, Mapping) else {}, value)
        else:
            after[key] = value
    return after


def folder_of(kind: Kind) -> Path:
    """Where the project's own vectors of a kind stand."""
    return bundle.spec() / "vectors" / kind.value


def files(folder: Path | None = None) -> tuple[Path, ...]:
    """The files of the vectors in a folder and below it; by default of the project's own, in the order of their kinds.

    Raises:
        InputError: there is no such folder.
    """
    if folder is None:
        return tuple(file for kind in Kind for file in sorted(folder_of(kind).glob("*.json")))
    if not folder.is_dir():
        raise InputError(str(folder), "", "no folder", "a folder of vectors")
    return tuple(sorted(folder.rglob("*.json")))


def load(folder: Path | None = None) -> tuple[Vector, ...]:
    """The vectors in a folder and below it; by default the project's own.

    Raises:
        InputError: a file is no vector, its hash is not that of its content, or two have one id.
    """
    seen: dict[str, Path] = {}
    found = []
    for file in files(folder):
        vector = read(file, own=folder is None)
        if vector.id in seen:
            raise InputError(str(file), "id", vector.id, f"an id that {seen[vector.id].name} does not have")
        seen[vector.id] = file
        found.append(vector)
    return tuple(found)


def read(file: Path, *, own: bool = False) -> Vector:
    """The vector of a file.

    Args:
        file: the file.
        own: whether it is the project's own, whose hash says that it is as it was when it was held to the schema.

    Raises:
        InputError: it is none, or its hash is not that of its content; the error names the field.
    """
    document, source = strict_json.load(file), str(file)
    if not own:
        schemas.hold(document, SCHEMA, source)
    if document["format"].partition(".")[0] != FORMAT.partition(".")[0]:
        raise InputError(source, "format", document["format"], f"a version of the format {FORMAT}")
    hashed = content_hash(document)
    if document["hash"] != hashed:
        raise InputError(source, "hash", document["hash"], f"the SHA-256 of the content, {hashed}")
    return vector_of(document, source)


def vector_of(document: Document, source: str) -> Vector:
    """The vector of a document that fits the schema.

    Raises:
        InputError: a rule is unknown, or there is not one expectation of the genesis and of each step.
    """
    for place, rule in enumerate(document["rules"]):
        if rule not in all_rules():
            raise InputError(source, f"rules[{place}]", rule, "a rule of the rulebook")
    steps, expect = document["steps"], document["expect"]
    if len(expect) != len(steps) + 1:
        raise InputError(source, "expect", f"{len(expect)} entries", f"{len(steps) + 1}: genesis and steps")
    needs = document["requires"]
    return Vector(
        id=document["id"],
        title=document["title"],
        kind=Kind(document["kind"]),
        rules=tuple(document["rules"]),
        requires=Requires(
            tuple(needs["regimes"]), tuple(needs["operations"]), tuple(needs["fields"]), needs["genesis"]
        ),
        flags=tuple(document["flags"]),
        source=document["source"],
        genesis=document["genesis"],
        steps=tuple(steps),
        expect=tuple(expect),
        hash=document["hash"],
        format=document["format"],
    )
