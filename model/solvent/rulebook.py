"""The rulebook as data: every rule's entry in ``spec/rules``, parsed.

An entry is a level-two heading ``ID: title`` followed by a sentence, an indented formula, and a list of
``key: text`` items. The keys are fixed, so that a test can hold the text to the functions.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from attrs import field, frozen

from solvent import bundle
from solvent.rules import all_rules
from solvent.rules.kinds import Ratio, Resting, Tier

STANDINGS = ("documented", "observed", "inferred", "assumed")
KEYS = ("units", "rounding", "worked", "source", "standing", "reading", "settled by", "not shown", "note")
REQUIRED = ("units", "rounding", "worked", "source", "standing")

_HEADING = re.compile(r"^## ([A-Z0-9]+(?:-[A-Z0-9]+)+): (.+)$", re.MULTILINE)
_ITEM = re.compile(r"^- \*\*([a-z ]+)\*\*: (.+?)(?=^- \*\*|\Z)", re.MULTILINE | re.DOTALL)
_WORKED = re.compile(r"`([^`]+)`")


class RulebookError(Exception):
    """An entry of the rulebook that does not have the form of one."""


@frozen
class Entry:
    """One rule as the rulebook states it.

    Attributes:
        id, title, chapter: its name and place.
        sentence: the rule in one sentence.
        formula: the formula as printed.
        items: the list below the formula: key to texts, in the order of the page.
    """

    id: str
    title: str
    chapter: str
    sentence: str
    formula: str
    items: Mapping[str, tuple[str, ...]] = field(repr=False)

    @property
    def standing(self) -> str:
        """How the rule is known: documented, observed, inferred or assumed."""
        return self.items["standing"][0].partition(",")[0].partition(" ")[0]

    @property
    def worked(self) -> tuple[str, ...]:
        """The worked numbers, each an equation that can be evaluated."""
        return tuple(text for item in self.items["worked"] for text in _WORKED.findall(item))


def chapters() -> tuple[Path, ...]:
    """The chapters of the rulebook, in reading order."""
    return tuple(sorted((bundle.spec() / "rules").glob("*.md")))


@cache
def entries() -> Mapping[str, Entry]:
    """Every rule's entry by id, in reading order.

    Raises:
        RulebookError: an entry lacks a required item, has an unknown one, or stands twice.
    """
    found: dict[str, Entry] = {}
    for path in chapters():
        for entry in _parse(path.stem, path.read_text(encoding="utf-8")):
            if entry.id in found:
                raise RulebookError(f"{path.name}: {entry.id} stands twice in the rulebook")
            found[entry.id] = entry
    return found


def _parse(chapter: str, text: str) -> list[Entry]:
    headings = list(_HEADING.finditer(text))
    ends = [heading.start() for heading in headings[1:]] + [len(text)]
    return [
        _entry(chapter, heading[1], heading[2], text[heading.end() : end])
        for heading, end in zip(headings, ends, strict=True)
    ]


def _entry(chapter: str, identifier: str, title: str, body: str) -> Entry:
    items: dict[str, tuple[str, ...]] = {}
    for key, text in _ITEM.findall(body):
        if key not in KEYS:
            raise RulebookError(f"{identifier}: unknown item {key!r}; known: {', '.join(KEYS)}")
        items[key] = (*items.get(key, ()), " ".join(text.split()))
    missing = [key for key in REQUIRED if key not in items]
    if missing:
        raise RulebookError(f"{identifier}: lacks {', '.join(missing)}")
    paragraphs = [part for part in body.strip().split("\n\n") if part.strip()]
    formula = next((part for part in paragraphs if part.startswith("    ")), "")
    entry = Entry(identifier, title, chapter, " ".join(paragraphs[0].split()), formula, items)
    if entry.standing not in STANDINGS:
        raise RulebookError(f"{identifier}: standing {entry.standing!r} is none of {', '.join(STANDINGS)}")
    return entry


def evaluate(equation: str) -> tuple[Any, Any]:
    """Both sides of a worked equation such as ``initial_margin("1000", "20") == "50"``.

    Numbers stand as decimal strings or fractions such as ``"2/3"``; tiers, ratios and resting orders stand as
    ``Tier(...)``, ``Ratio(...)`` and ``Resting(...)``. The left side calls a rule's function by its name.
    """
    tree = ast.parse(equation, mode="eval").body
    if not (isinstance(tree, ast.Compare) and isinstance(tree.ops[0], ast.Eq)):
        raise RulebookError(f"not a worked equation: {equation}")
    return _value(tree.left), _value(tree.comparators[0])


@cache
def _functions() -> Mapping[str, Any]:
    rules = [function for rule in all_rules().values() for function in rule.readings.values()]
    return {function.__name__: function for function in rules} | {
        "Tier": Tier, "Ratio": Ratio, "Resting": Resting,
    }  # fmt: skip


def _value(node: ast.expr) -> Any:
    if isinstance(node, ast.Constant):
        return Fraction(node.value) if isinstance(node.value, str) else node.value
    if isinstance(node, ast.List | ast.Tuple):
        return tuple(_value(item) for item in node.elts)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _functions():
        named = {word.arg: _value(word.value) for word in node.keywords if word.arg}
        return _functions()[node.func.id](*(_value(item) for item in node.args), **named)
    raise RulebookError(f"not a worked value: {ast.unparse(node)}")
