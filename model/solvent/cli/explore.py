"""``solvent explore``: search for a state or a step that breaks an invariant."""

from __future__ import annotations

import json
import os
import re
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from time import monotonic
from typing import Any, Self

import click
from attrs import evolve
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text

from solvent.cli.console import errors, output
from solvent.cli.exits import Exit
from solvent.decimals import show
from solvent.errors import InputError
from solvent.explore.campaign import Campaign, Outcome, Tally
from solvent.explore.coverage import all_events
from solvent.explore.machine import Watch, all_invariants
from solvent.explore.profiles import PROFILES, Profile
from solvent.explore.story import Find, scenario_of, told
from solvent.report.tables import Column, print_table, printable
from solvent.scenario import write
from solvent.written import make_folder, write_file

EVENTS = (Column("event"), Column("runs", "right"), Column("share", "right"), Column("target", "right"))
BROKEN = (Column("invariant"), Column("runs", "right"), Column("what it is", wraps=True))
UNITS = {"s": 1, "m": 60, "h": 3600}


class Span(click.ParamType[float]):
    """A time such as ``90s``, ``30m`` or ``2h``, in seconds."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The seconds of a text."""
        found = re.fullmatch(r"([1-9][0-9]{0,5})([smh])", str(value))
        if found is None:
            self.fail(f"{value!r}; expected a time such as 90s, 30m or 2h", param, ctx)
        return float(int(found[1]) * UNITS[found[2]])


@click.command(short_help="Search for states and steps that break an invariant.")
@click.option("--budget", type=Span(), metavar="TIME", help="Begin no run after this time, such as 30m.")
@click.option(
    "--runs", "most_runs", type=click.IntRange(min=1), help="How many runs; by default the profile's."
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="What the runs draw from."
)
@click.option("--jobs", type=click.IntRange(1, 256), help="How many processes; by default one for each core.")
@click.option(
    "--out", "folder", type=click.Path(file_okay=False, path_type=Path), default=Path("finds"),
    show_default=True, metavar="DIR", help="Where finds are kept, as scenarios.",
)  # fmt: skip
@click.option(
    "--profile", "name", type=click.Choice(sorted(PROFILES)), default="nightly", show_default=True,
    help="How far worlds and plans go, and what runs must reach.",
)  # fmt: skip
@click.option(
    "--invariant", "invariants", multiple=True, type=click.Choice(sorted(all_invariants())), metavar="NAME",
    help="Look at this invariant alone; may be given more than once. Then there are no targets.",
)  # fmt: skip
@click.option("--json", "as_json_text", is_flag=True, help="Print JSON (schema explore).")
@click.pass_context
def explore(
    context: click.Context,
    *,
    budget: float | None,
    most_runs: int | None,
    seed: int,
    jobs: int | None,
    folder: Path,
    name: str,
    invariants: tuple[str, ...],
    as_json_text: bool,
) -> None:
    """Run random plans in random worlds, and hold every state and step to every invariant.

    A plan is what users, the venue and the world around it do; how many runs reached which event is told. Runs of a
    seed are the same every time, and with --runs so is all that is printed. What is found is shrunk and kept as a
    scenario, one for each invariant, which takes some time after the budget. Findings that are known, each with its
    scenario in spec/scenarios, are counted and not told again. An interrupt (Ctrl-C) ends the search early.

    Exit code 1 where an invariant does not hold, 4 where runs were too few or have not reached the profile's targets.
    """
    _hold_writable(folder)
    profile = PROFILES[name]
    runs = profile.runs if most_runs is None and budget is None else most_runs
    with _Bar(runs, budget) as bar:
        outcome = Campaign(
            profile=profile, seed=seed, most_runs=runs, budget=budget, jobs=jobs or os.cpu_count() or 1,
            watch=Watch(names=invariants), tells=bar.tell,
        ).explore()  # fmt: skip
    kept = {find.name: _keep(find, folder, seed, profile) for find in outcome.finds}
    if as_json_text:
        click.echo(json.dumps(as_json(outcome, kept, profile, seed), indent=1))
    else:
        print_outcome(output(), outcome, kept, profile if not invariants else evolve(profile, targets={}))
    if outcome.finds:
        context.exit(Exit.VIOLATION)
    context.exit(Exit.PASSED if outcome.complete else Exit.INCOMPLETE)


class _Bar:
    """Runs, steps, events and finds so far, and the time left, on a terminal."""

    def __init__(self, runs: int | None, budget: float | None) -> None:
        self._runs, self._budget, self._begun = runs, budget, monotonic()
        columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
        self._progress = Progress(
            *columns, console=errors(), transient=True, disable=not errors().is_terminal
        )
        self._task: TaskID = self._progress.add_task("exploring", total=budget or runs)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def tell(self, tally: Tally, shrinking: str) -> None:
        """Show how far it is."""
        done = tally.runs if self._budget is None else monotonic() - self._begun
        finds = sum(all_invariants()[name].expected for name in tally.broken)
        told = f"{tally.runs} runs, {tally.steps} steps, {len(tally.events)} of {len(all_events())} events, {finds} finds"
        words = f"{told}, shrinking {shrinking}" if shrinking else told
        self._progress.update(self._task, completed=done, description=words)


def _hold_writable(folder: Path) -> None:
    """Raise the error of a folder that no find could be kept in, before time is spent on a search."""
    nearest = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK):
        found = "no folder that can be written" if nearest.is_dir() else f"{nearest}, which is no folder"
        raise InputError(str(folder), "", found, "a folder that can be written")


def _keep(find: Find, folder: Path, seed: int, profile: Profile) -> str:
    """The path of the file that a find is written to."""
    path = folder / f"{find.name}.toml"
    text = write(scenario_of(find, f"solvent explore --profile {profile.name} --seed {seed}"))
    write_file(make_folder(folder) / path.name, text)
    return str(path)


def as_json(outcome: Outcome, kept: dict[str, str], profile: Profile, seed: int) -> dict[str, Any]:
    """The outcome of a campaign as the schema ``explore`` describes it."""
    tally = outcome.tally
    return {
        "profile": profile.name,
        "seed": seed,
        "runs": tally.runs,
        "steps": tally.steps,
        "complete": outcome.complete,
        "events": {name: tally.events[name] for name in all_events()},
        "targets": {name: show(percent) for name, percent in profile.targets.items()},
        "missed": [each.event for each in outcome.missed],
        "refusals": dict(sorted(tally.refusals.items())),
        "broken": dict(sorted(tally.broken.items())),
        "known": {n: i.refuted_by for n, i in sorted(all_invariants().items()) if not i.expected},
        "finds": [
            {
                "invariant": f.name,
                "sentence": f.broken.invariant.sentence,
                "file": kept[f.name],
                "story": list(told(f)),
            }
            for f in outcome.finds
        ],
    }


def print_outcome(console: Console, outcome: Outcome, kept: dict[str, str], profile: Profile) -> None:
    """Print what was reached, what does not hold, and the stories of what was found."""
    tally, targets = outcome.tally, profile.targets
    rows = [
        (name, str(tally.events[name]), _percent(tally.events[name], tally.runs),
         f"{show(targets[name])} %" if name in targets else "")
        for name in all_events()
    ]  # fmt: skip
    print_table(console, EVENTS, rows)
    console.print()
    if tally.broken:
        print_table(console, BROKEN, [_broken(name, tally) for name in sorted(tally.broken)])
        console.print()
    for find in outcome.finds:
        for line in told(find):
            console.print(Text(printable(line)), soft_wrap=True)
        console.print(Text(f"  replay it: solvent replay {kept[find.name]}", style="bold"), soft_wrap=True)
        console.print()
    for shortfall in outcome.missed:
        console.print(Text(str(shortfall), style="bold red"), soft_wrap=True)
    if not outcome.whole:
        console.print(
            f"too few runs: the targets of {profile.name} ask for {profile.least}", style="bold red"
        )
    console.print(f"{tally.runs} runs, {tally.steps} steps, {len(outcome.finds)} finds")


def _percent(part: int, whole: int) -> str:
    share = Decimal(show(Fraction(100 * part, max(1, whole)), 1))
    return f"{share:.1f} %"


def _broken(name: str, tally: Tally) -> tuple[str, ...]:
    invariant = all_invariants()[name]
    known = f"known: spec/scenarios/{invariant.refuted_by}" if invariant.refuted_by else "FOUND"
    return name, str(tally.broken[name]), known
