"""The kill matrix in words and as plain values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import frozen
from rich.console import Console

from solvent.conform.blind import Row
from solvent.conform.kill import MODES, Kill, by_mutant
from solvent.mutants import Mutant
from solvent.report.tables import Column, print_table

SHOWN = 3
"""How many checks are told of one kill."""


@frozen
class Matrix:
    """Which checks find which mutant.

    Attributes:
        mutants: those that were hunted.
        modes: how.
        kills: how each was found in each mode.
        checks: those that have to find one at least; none where only some mutants were hunted.
    """

    mutants: Sequence[Mutant]
    modes: tuple[str, ...]
    kills: Sequence[Kill]
    checks: tuple[str, ...] = ()

    @property
    def survivors(self) -> tuple[Kill, ...]:
        """The mutants that were not found, each in each mode in which it was not."""
        return tuple(kill for kill in self.kills if kill.survived)

    @property
    def finds(self) -> Mapping[str, list[str]]:
        """By check, the mutants that it finds in any mode; all checks that have to find one are there."""
        known = sorted({check for kill in self.kills for check in kill.checks} - {*self.checks})
        found: dict[str, list[str]] = {check: [] for check in (*self.checks, *known)}
        for kill in self.kills:
            for check in kill.checks:
                if kill.mutant not in found[check]:
                    found[check].append(kill.mutant)
        return found

    @property
    def idle(self) -> tuple[str, ...]:
        """The checks that find none."""
        return tuple(check for check, mutants in self.finds.items() if not mutants)

    @property
    def passed(self) -> bool:
        """Whether every mutant was found, and every check finds one."""
        return not self.survivors and not self.idle


def document(matrix: Matrix, *, times: bool) -> dict[str, Any]:
    """The matrix as plain values, as the schema ``mutants`` has them."""
    table = by_mutant(matrix.kills)
    return {
        "modes": list(matrix.modes),
        "mutants": [
            {
                "id": mutant.id,
                "family": mutant.family,
                "rule": mutant.rule,
                "mistake": mutant.mistake,
                "endangers": mutant.severity.value,
                "seen": mutant.real,
                "kills": {mode: _plain(kill, times=times) for mode, kill in table[mutant.id].items()},
            }
            for mutant in matrix.mutants
        ],
        "checks": matrix.finds,
        "survivors": [{"mutant": kill.mutant, "mode": kill.mode} for kill in matrix.survivors],
        "idle": list(matrix.idle),
    }


def _plain(kill: Kill, *, times: bool) -> dict[str, Any]:
    found = {} if kill.program is None else {"steps": kill.steps, "program": kill.program.id}
    took = {"seconds": round(kill.seconds, 3)} if times else {}
    return {"checks": list(kill.checks), "calls": kill.calls, **found, **took}


def print_matrix(console: Console, matrix: Matrix, *, times: bool) -> None:
    """Print the matrix: a row for each mutant and mode, what each check finds, and what it all comes to."""
    table = by_mutant(matrix.kills)
    headings = (
        "mutant",
        "rule",
        "mistake",
        "by",
        "call",
        "steps",
        *(("seconds",) if times else ()),
        "checks",
    )
    right, wide = ("call", "steps", "seconds"), ("mistake", "checks")
    columns = [Column(name, "right" if name in right else "left", name in wide) for name in headings]
    rows = [
        [*_names(mutant, first=mode == matrix.modes[0]), *_cells(table[mutant.id][mode], times=times)]
        for mutant in matrix.mutants
        for mode in matrix.modes
    ]
    print_table(console, columns, rows, optional=("rule", "steps"))
    console.print()
    found = [[check, str(len(names)), ", ".join(names) or "none"] for check, names in matrix.finds.items()]
    print_table(console, [Column("check"), Column("finds", "right"), Column("mutants", wraps=True)], found)
    console.print()
    for line in summary(matrix):
        console.print(line)


def _names(mutant: Mutant, *, first: bool) -> list[str]:
    return [mutant.id, mutant.rule, mutant.mistake] if first else ["", "", ""]


def _cells(kill: Kill, *, times: bool) -> list[str]:
    took = [f"{kill.seconds:.2f}"] if times else []
    if kill.survived:
        return [kill.mode, str(kill.calls), "", *took, "survives"]
    more = f" and {len(kill.checks) - SHOWN} more" if len(kill.checks) > SHOWN else ""
    return [kill.mode, str(kill.calls), str(kill.steps), *took, ", ".join(kill.checks[:SHOWN]) + more]


def summary(matrix: Matrix) -> Iterator[str]:
    """What the matrix comes to."""
    for mode in [mode for mode in MODES if mode in matrix.modes]:
        calls = sorted(kill.calls for kill in matrix.kills if kill.mode == mode and not kill.survived)
        most = (
            f"; half of them within {calls[len(calls) // 2]} calls, all within {calls[-1]}" if calls else ""
        )
        yield f"{mode}: {len(calls)} of {len(matrix.mutants)} mutants found{most}"
    if matrix.survivors:
        yield f"survive: {', '.join(f'{kill.mutant} ({kill.mode})' for kill in matrix.survivors)}"
    if matrix.idle:
        yield f"checks that find none: {', '.join(matrix.idle)}"


def print_rows(console: Console, rows: Sequence[Row]) -> None:
    """Print what coverage says of each mutant of the search."""
    columns = [Column("search"), Column("mistake", wraps=True), Column("noticed by", wraps=True)]
    cells = [[row.id, row.mistake, "; ".join(row.missed) or "nothing"] for row in rows]
    print_table(console, columns, cells)


def rows_document(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The same as plain values."""
    return [
        {"id": row.id, "mistake": row.mistake, "missed": list(row.missed), "noticed": row.noticed}
        for row in rows
    ]
