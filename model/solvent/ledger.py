"""The ledger: every rule with its function, its readings, its worked numbers and the observations that reach it.

It is generated. Which rules a recorded figure uses is not declared anywhere: it is what the model calls while it
recomputes the figure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from attrs import evolve, frozen

from solvent import bundle, rulebook
from solvent.ingest import files
from solvent.reconcile.observe import observe
from solvent.reconcile.report import Status
from solvent.reconcile.solve import evaluate
from solvent.rules import all_rules, called


@frozen
class Row:
    """One rule in the ledger.

    Attributes:
        entry: what the rulebook says.
        readings: the function of each reading, as ``module.name``.
        figures: how many recorded figures agree whose recomputation calls the rule.
        observations: the recorded accounts that they belong to.
    """

    entry: rulebook.Entry
    readings: Mapping[str, str]
    figures: int
    observations: tuple[str, ...]

    @property
    def gap(self) -> str:
        """What is missing although the rule's standing asks for it; empty where nothing is."""
        if self.entry.standing == "observed" and not self.figures and "not shown" not in self.entry.items:
            return "observed, but no recorded figure of this folder reaches it and no reason is stated"
        return ""


def observations() -> tuple[Path, ...]:
    """The project's own recorded accounts."""
    return tuple(sorted((bundle.spec() / "observations").glob("*.json")))


def ledger(progress: Callable[[Path], None] = lambda _: None) -> tuple[Row, ...]:
    """Every rule in the order of the rulebook.

    Args:
        progress: called with each observation before it is recomputed.
    """
    reached: dict[str, dict[str, int]] = {}
    for path in observations():
        progress(path)
        for rule, count in _reached(path).items():
            reached.setdefault(rule, {})[path.stem] = count
    return tuple(
        Row(
            entry=entry,
            readings={
                name: f"{function.__module__.rpartition('.')[2]}.{function.__name__}"
                for name, function in all_rules()[identifier].readings.items()
            },
            figures=sum(reached.get(identifier, {}).values()),
            observations=tuple(reached.get(identifier, {})),
        )
        for identifier, entry in rulebook.entries().items()
    )


def _reached(path: Path) -> dict[str, int]:
    """How many agreeing figures of an observation call each rule."""
    counts: dict[str, int] = {}
    report = observe(files.read(path), str(path))
    for figure, comparison in zip(report.figures, report.comparisons, strict=True):
        if comparison.status is Status.AGREES:
            fresh = evolve(report.state, measured={})
            with called() as rules:
                figure.agrees(evaluate(figure, fresh).computed, fresh)
            for rule in rules | {figure.rule}:
                counts[rule] = counts.get(rule, 0) + 1
    return counts
