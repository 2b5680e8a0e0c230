"""Where a mutant differs: the functions that it changes. A program that calls none of them cannot find it."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from functools import cache
from types import CodeType, FrameType
from typing import Any, TypeVar

from solvent.mutants.loader import Edit
from solvent.mutants.mutant import Mutant

Result = TypeVar("Result")
Place = tuple[str, int]
"""A function by its file and its first line."""


@cache
def places(mutant: Mutant) -> frozenset[Place] | None:
    """The functions that a mutant changes; ``None`` where it changes anything outside of them, which always runs."""
    found = [_place(edit) for edit in mutant.edits]
    known = frozenset(place for place in found if place is not None)
    return known if len(known) == len({*found}) else None


def _place(edit: Edit) -> Place | None:
    source = edit.source
    same = _alike(edit.old, edit.new)
    old, new = edit.old[same:], edit.new[same:]
    alike = _alike(old[::-1], new[::-1])
    at = source.index(edit.old) + same
    first = source.count("\n", 0, at) + 1
    last = first + source.count("\n", at, at + len(old) - alike)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and node.body[0].lineno <= first <= last <= (
            node.end_lineno or 0
        ):
            return str(edit.file), min([node.lineno, *(one.lineno for one in node.decorator_list)])
    return None


def _alike(one: str, other: str) -> int:
    """With how many equal characters two texts begin."""
    both = zip(one, other, strict=False)
    return next((n for n, (a, b) in enumerate(both) if a != b), min(len(one), len(other)))


def watched(run: Callable[[], Result]) -> tuple[Result, frozenset[Place]]:
    """What a function gives, and the functions that are called for it."""
    codes: dict[int, CodeType] = {}

    def watch(frame: FrameType, event: str, _: Any) -> None:
        if event == "call":
            codes[id(frame.f_code)] = frame.f_code

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        given = run()
    finally:
        sys.setprofile(before)
    return given, frozenset((code.co_filename, code.co_firstlineno) for code in codes.values())


def runs(mutant: Mutant, called: frozenset[Place]) -> bool:
    """Whether what a mutant changes is among the functions that the model calls for a program.

    Where it is not, the mutant answers as the model does: it runs the same source, which keeps nothing between runs.
    """
    changed = places(mutant)
    return changed is None or not changed.isdisjoint(called)
