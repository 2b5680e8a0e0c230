"""The kill matrix as a page in Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from solvent.conform.kill import GENERATED, VECTORS, Kill, by_mutant
from solvent.mutants import Mutant
from solvent.report.kills import SHOWN, Matrix, summary

HEADS = {
    VECTORS: ("first vector that finds it", "checks that fail there"),
    GENERATED: ("programs", "steps", "checks that fail there"),
}
"""The columns of each mode."""
ABOUT = """# Kill matrix

A mutant is an engine that differs from the model by one mistake, and a kit is worth what it finds of them. Each has to be found by
the [fixed vectors](vectors/README.md) alone, and by generated programs alone. The vectors of the folder `killing` were made from
the mutants, so that vectors find all of them says little; generated programs know of no mutant, and were made richer until those
of one seed found all of these. Programs of another seed find a mutant sooner or later than here, and may miss the rarest.

`solvent mutants --shrink --markdown` prints this page, the same whenever rules, vectors and seed are. The checks are those that
fail at the first step at which the mutant and the model part, and the steps are those of the smallest program found on which
they do; none where they part before any step. `solvent mutants --show ID` shows a mutant as a change of the model's source.
"""


def markdown(matrix: Matrix, vectors: Sequence[str]) -> str:
    """The page: what it comes to, a row for each mutant, and what each check finds.

    Args:
        matrix: the matrix.
        vectors: the ids of the fixed vectors, in the order in which mutants were asked them.
    """
    return "\n".join((*_mutants(matrix, vectors), "", *_checks(matrix), ""))


def _mutants(matrix: Matrix, vectors: Sequence[str]) -> Iterator[str]:
    yield from ABOUT.splitlines()
    yield ""
    yield from (f"- {line}" for line in summary(matrix))
    yield ""
    modes = [mode for mode in HEADS if mode in matrix.modes]
    yield from _head("mutant", "rule", "mistake", *(head for mode in modes for head in HEADS[mode]))
    table = by_mutant(matrix.kills)
    for mutant in matrix.mutants:
        cells = [cell for mode in modes for cell in _cells(table[mutant.id][mode], vectors)]
        yield _row(mutant.id, mutant.rule, _plain(mutant), *cells)


def _plain(mutant: Mutant) -> str:
    return mutant.mistake.replace("|", "\\|")


def _cells(kill: Kill, vectors: Sequence[str]) -> Iterator[str]:
    if kill.mode == VECTORS:
        yield "" if kill.survived else vectors[kill.calls - 1]
    else:
        yield from (str(kill.calls), "" if kill.survived else str(kill.steps))
    more = f" and {len(kill.checks) - SHOWN} more" if len(kill.checks) > SHOWN else ""
    yield "survives" if kill.survived else ", ".join(kill.checks[:SHOWN]) + more


def _checks(matrix: Matrix) -> Iterator[str]:
    yield "## Checks"
    yield ""
    yield from _head("check", "finds", "mutants")
    for check, mutants in matrix.finds.items():
        yield _row(check, str(len(mutants)), ", ".join(mutants) or "none")


def _head(*names: str) -> Iterator[str]:
    yield _row(*names)
    yield "|" + "---|" * len(names)


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
