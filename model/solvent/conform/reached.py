"""Which functions of the model a program runs, and so which mutants it can tell from the model at all."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import cache
from inspect import CO_NEWLOCALS
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from solvent.conform.program import Program
from solvent.mutants import Mutant
from solvent.mutants.loader import Edit
from solvent.protocol.engine import Reference

Place = tuple[str, int]
"""A function: its file, and its first line."""


def reached(program: Program) -> frozenset[Place]:
    """The functions of the model that a program runs."""
    found: set[Place] = set()

    def note(frame: FrameType, event: str, _: Any) -> None:
        if event == "call":
            found.add((frame.f_code.co_filename, frame.f_code.co_firstlineno))

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        Reference().answer(program.message(0))
    finally:
        sys.setprofile(before)
    return frozenset(found)


def can_tell(mutant: Mutant, places: frozenset[Place]) -> bool:
    """Whether one of these functions is one that the mutant changes; what stands outside of functions may matter always."""
    changed = [place for edit in mutant.edits for place in _functions(edit)]
    return not changed or not places.isdisjoint(changed)


@cache
def _functions(edit: Edit) -> tuple[Place, ...]:
    """The innermost functions that hold the text of an edit; none where it stands outside of functions."""
    file = edit.file
    source = file.read_text(encoding="utf-8")
    first = source.count("\n", 0, source.index(edit.old)) + 1
    last = first + edit.old.rstrip("\n").count("\n")
    holding = [code for code in _codes(file) if any(first <= line <= last for line in _lines(code))]
    return tuple((str(file), code.co_firstlineno) for code in holding)


@cache
def _codes(file: Path) -> tuple[CodeType, ...]:
    """Every function of a file."""
    return tuple(_within(compile(file.read_text(encoding="utf-8"), str(file), "exec")))


def _within(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            if constant.co_flags & CO_NEWLOCALS:
                yield constant
            yield from _within(constant)


def _lines(code: CodeType) -> set[int]:
    """The lines of a function's own text."""
    return {line for _, _, line in code.co_lines() if line is not None}
