"""``solvent audit``: what margin rules keep, and what they do not, for each venue and regime."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Self

import click
from platformdirs import user_cache_path
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from solvent.account import Regime
from solvent.cli.console import errors, output
from solvent.cli.exits import Exit
from solvent.errors import InputError
from solvent.ingest.venue_file import bundled_venues, load_venue
from solvent.prove.audit import Audit, Settings, load
from solvent.prove.countermodel import countermodels
from solvent.prove.theorem import Family
from solvent.report.audit_text import print_audit
from solvent.report.events import Event, Overall, shown_path, stream, without_times
from solvent.report.junit import junit
from solvent.report.markdown import markdown
from solvent.report.sarif import sarif
from solvent.venue import Venue
from solvent.written import make_folder, write_file

EXITS = {
    Overall.PASSED: Exit.PASSED,
    Overall.REFUTED: Exit.VIOLATION,
    Overall.INCOMPLETE: Exit.INCOMPLETE,
    Overall.DISAGREEMENT: Exit.FAULT,
}
FORMS: Mapping[str, Callable[[Iterable[Event]], str]] = {
    "junit_file": junit,
    "sarif_file": sarif,
    "markdown_file": markdown,
}
LONGEST_TIMEOUT = 3600

_FILE = click.Path(dir_okay=False, path_type=Path)
_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command(short_help="Prove or refute what margin rules should keep.")
@click.argument("names", nargs=-1, metavar="[VENUE...]")
@click.option(
    "--theorems", "places", multiple=True, type=click.Path(path_type=Path), metavar="PATH",
    help="Check the theorems of this file or folder too. May be repeated.",
)  # fmt: skip
@click.option(
    "--theorem", "chosen", multiple=True, metavar="NAME", help="Check this theorem alone. May be repeated."
)
@click.option(
    "--family", "families", multiple=True, type=click.Choice([str(f) for f in Family]),
    metavar="NAME", help="Check the theorems of this family alone. May be repeated.",
)  # fmt: skip
@click.option(
    "--regime", "regimes", multiple=True, type=click.Choice([str(r) for r in Regime]),
    help="Check the cells of this regime alone. May be repeated.",
)  # fmt: skip
@click.option("--no-needs", is_flag=True, help="Do not check which assumptions are needed.")
@click.option("--cross-check", is_flag=True, help="Let cvc5 decide every part again.")
@click.option("--smtlib", type=_FOLDER, metavar="DIR", help="Write every part as SMT-LIB 2.")
@click.option(
    "--timeout", type=click.FloatRange(0.001, LONGEST_TIMEOUT), metavar="SECONDS",
    help="The most time of one question to a solver; by default the theorem's own, mostly 10.",
)  # fmt: skip
@click.option("--jobs", type=click.IntRange(1, 256), help="How many processes; by default one for each core.")
@click.option(
    "--cache", type=_FOLDER, metavar="DIR", help="Where results are kept; by default the user's cache."
)
@click.option("--no-cache", is_flag=True, help="Keep no results, and use none that were kept.")
@click.option("--json", "as_json_text", is_flag=True, help="Print JSON, one event a line (schema audit).")
@click.option("--times", is_flag=True, help="Tell in JSON and JUnit how long each cell took.")
@click.option("--junit", "junit_file", type=_FILE, metavar="FILE", help="Write JUnit XML.")
@click.option("--sarif", "sarif_file", type=_FILE, metavar="FILE", help="Write SARIF 2.1.0.")
@click.option("--markdown", "markdown_file", type=_FILE, metavar="FILE", help="Write Markdown.")
@click.option("--html", "html_file", type=_FILE, metavar="FILE", help="Write one self-contained page.")
@click.option(
    "--countermodels", "countermodel_folder", type=_FOLDER, metavar="DIR",
    help="Write the numbers that break each refuted theorem, which solvent replay takes.",
)  # fmt: skip
@click.pass_context
def audit(
    context: click.Context,
    /,
    *,
    names: tuple[str, ...],
    places: tuple[Path, ...],
    chosen: tuple[str, ...],
    families: tuple[str, ...],
    regimes: tuple[str, ...],
    no_needs: bool,
    cross_check: bool,
    smtlib: Path | None,
    timeout: float | None,
    jobs: int | None,
    cache: Path | None,
    no_cache: bool,
    as_json_text: bool,
    times: bool,
    countermodel_folder: Path | None,
    **files: Path | None,
) -> None:
    """Prove or refute every theorem in every cell: for each VENUE and regime, and for any parameters at all.

    A VENUE is a bundled name or a TOML file; by default all bundled ones are audited. Theorems that are stated to be
    false are expected to be refuted.

    Exit code 1 where a theorem is refuted that should hold, 4 where one is not decided or nothing is selected, 5
    where two solvers disagree.
    """
    if cache is not None and no_cache:
        raise click.UsageError("--cache and --no-cache exclude each other")
    venues, venue_files = _venues(names)
    settings = Settings(
        regimes=tuple(r for r in Regime if not regimes or str(r) in regimes),
        places=places,
        kept=None if no_cache else _cache(cache),
        needs=not no_needs,
        timeout=None if timeout is None else round(1000 * timeout),
        second=cross_check,
        smtlib=smtlib,
    )
    with _Bar() as bar:
        asked = Audit(
            venues=venues, names=_theorems(places, chosen, families), settings=settings,
            workers=jobs or os.cpu_count() or 1, tells=bar.tell,
        )  # fmt: skip
        events: list[Event] = list(stream(asked, venue_files))
    events = events if times else list(without_times(events))
    for option, file in files.items():
        if file is not None:
            write_file(file, _rendered(option, events, venues))
    if countermodel_folder is not None:
        _keep(countermodel_folder, events)
    if as_json_text:
        click.echo("[\n" + ",\n".join(json.dumps(event) for event in events) + "\n]")
    else:
        print_audit(output(), events)
    context.exit(EXITS[Overall(events[-1]["overall"])])


def _venues(names: Sequence[str]) -> tuple[list[Venue], Mapping[str, str]]:
    """The venues by name or file, and the files of those that are no bundled ones."""
    if not names:
        return list(bundled_venues().values()), {}
    venues: dict[str, Venue] = {}
    files = {}
    for name in names:
        venue = load_venue(name)
        if venue.name in venues:
            raise click.UsageError(f"{name}: there are two venues of the name {venue.name}")
        venues[venue.name] = venue
        if name != venue.name:
            files[venue.name] = shown_path(Path(name))
    return list(venues.values()), files


def _theorems(places: Sequence[Path], chosen: Sequence[str], families: Sequence[str]) -> list[str]:
    """The theorems of these names and families, all where there are none."""
    known = load(places)
    for name in chosen:
        if name not in known:
            close = get_close_matches(name, known, n=3, cutoff=0.5)
            hint = f"; did you mean {', '.join(close)}?" if close else ""
            raise click.UsageError(f"there is no theorem {name}{hint}")
    return [
        name
        for name, stated in known.items()
        if (not chosen or name in chosen) and (not families or stated.family in families)
    ]


def _cache(folder: Path | None) -> Path | None:
    """The folder of kept results; none where the user's own cannot be written.

    Raises:
        InputError: the folder that was asked for cannot be written.
    """
    place = folder or user_cache_path("solvent", appauthor=False) / "audit"
    try:
        return make_folder(place)
    except InputError:
        if folder is None:
            return None
        raise


def _rendered(option: str, events: Sequence[Event], venues: Sequence[Venue]) -> str:
    """The events in the form of an option."""
    if option == "html_file":
        from solvent.report.frontier import frontiers  # noqa: PLC0415 - matplotlib takes long to load
        from solvent.report.html import page  # noqa: PLC0415

        return page([*events[:-1], *frontiers(venues), events[-1]])
    return FORMS[option](events)


def _keep(folder: Path, events: Sequence[Event]) -> None:
    """Write one countermodel of each refuted theorem."""
    files = {event["name"]: event["file"] for event in events if event["event"] == "theorem"}
    results = [event for event in events if event["event"] == "result"]
    make_folder(folder)
    for each in countermodels(results, files):
        write_file(folder / f"{each.theorem}.json", each.text)


class _Bar:
    """How many theorems are done, and the time left, on a terminal."""

    def __init__(self) -> None:
        columns = (
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        )  # fmt: skip
        self._progress = Progress(
            *columns, console=errors(), transient=True, disable=not errors().is_terminal
        )
        self._task = self._progress.add_task("theorems by venue", total=None)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def tell(self, done: int, of: int) -> None:
        """Show how far it is."""
        self._progress.update(self._task, completed=done, total=of)
