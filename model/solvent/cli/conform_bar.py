"""The progress of a run on a terminal."""

from __future__ import annotations

from time import monotonic
from typing import Self

from attrs import evolve
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from solvent.cli.console import errors
from solvent.conform.events import Total
from solvent.conform.runner import Settings
from solvent.conform.trial import BAD
from solvent.rules import all_rules


class Bar:
    """Cases, steps a second, rules reached and the time left, on a terminal; nothing elsewhere."""

    def __init__(self, settings: Settings) -> None:
        self._begun, self._budget = monotonic(), settings.budget
        columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
        self._progress = Progress(
            *columns, console=errors(), transient=True, disable=not errors().is_terminal
        )
        fixed = sum(len(vectors) for family, vectors in settings.fixed.items() if family in settings.families)
        total = settings.budget or fixed + (settings.count or 0)
        self._task = self._progress.add_task("connecting", total=total)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def watching(self, settings: Settings) -> Settings:
        """The settings of a run that tells how far it is."""
        return evolve(settings, tells=self.tell)

    def tell(self, total: Total) -> None:
        """Show how far it is."""
        cases, elapsed = total.verdicts.total(), monotonic() - self._begun
        bad = sum(total.verdicts[each] for each in BAD)
        words = f"{cases} cases, {total.reach.steps / max(elapsed, 0.001):.0f} steps/s, "
        words += f"{len(total.reach.rules)} of {len(all_rules())} rules, {bad} failing"
        words = f"{words}, {total.doing}" if total.doing else words
        done = cases if self._budget is None else elapsed
        self._progress.update(self._task, completed=done, description=words)
