"""``solvent conform``: hold an engine to the model; ``solvent report``: a run's stream in another form."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from secrets import randbelow
from typing import Any

import click

from solvent.cli.conform_bar import Bar
from solvent.cli.console import output, say
from solvent.cli.exits import Exit
from solvent.cli.explore import Span
from solvent.conform import baseline as baselines
from solvent.conform import resume
from solvent.conform.baseline import Baseline
from solvent.conform.cases import FIXED, GENERATED, Family, NothingSelected, Selection
from solvent.conform.connect import Limits, connect
from solvent.conform.crew import Connected
from solvent.conform.engine import Broken
from solvent.conform.events import Event, Overall, line, read
from solvent.conform.profiles import PROFILES
from solvent.conform.resume import Cursor
from solvent.conform.runner import Settings, run
from solvent.conform.vectors import Vector, load
from solvent.report.conform_html import page
from solvent.report.conform_junit import junit
from solvent.report.conform_markdown import badge, markdown
from solvent.report.conform_sarif import sarif
from solvent.report.conform_text import print_run
from solvent.written import make_folder, write_file

EXITS = {
    Overall.PASSED: Exit.PASSED,
    Overall.VIOLATION: Exit.VIOLATION,
    Overall.INCOMPLETE: Exit.INCOMPLETE,
    Overall.ADAPTER: Exit.ADAPTER,
    Overall.FAULT: Exit.FAULT,
}
FORMS: Mapping[str, Callable[[Iterable[Event]], str]] = {
    "junit_file": junit,
    "sarif_file": sarif,
    "markdown_file": markdown,
    "badge_file": badge,
    "html_file": page,
}
REGRESSIONS = Path(".solvent/regressions")
SEEDS = 2**32

_FILE = click.Path(dir_okay=False, path_type=Path)
_FOLDER = click.Path(file_okay=False, path_type=Path)


def _forms(command: Any) -> Any:
    """The options that write a run in another form."""
    for option, what in (
        ("html", "one self-contained page"),
        ("badge", "the JSON of an endpoint badge"),
        ("markdown", "Markdown, as a step summary shows it"),
        ("sarif", "SARIF 2.1.0"),
        ("junit", "JUnit XML"),
    ):
        add = click.option(f"--{option}", f"{option}_file", type=_FILE, metavar="FILE", help=f"Write {what}.")
        command = add(command)
    return command


@click.command(short_help="Hold an engine to the model.")
@click.argument("address")
@click.option(
    "--profile", "profile_name", type=click.Choice(sorted(PROFILES)), default="every-change", show_default=True,
    help="How far it goes and what it has to reach; nightly is random and bounded by time.",
)  # fmt: skip
@click.option(
    "--rule",
    "rules",
    multiple=True,
    metavar="ID",
    help="Only cases that reach this rule, such as PM-RATIO or PM. May be repeated.",
)
@click.option(
    "--check",
    "checks",
    multiple=True,
    metavar="ID",
    help="Only this check, such as accounts/ratio or outcome. May be repeated.",
)
@click.option(
    "--flag", "flags", multiple=True, metavar="NAME", help="Only vectors of this flag. May be repeated."
)
@click.option(
    "--family",
    "families",
    multiple=True,
    type=click.Choice([str(f) for f in Family]),
    help="Only cases of this family. May be repeated.",
)
@click.option("--no-generated", is_flag=True, help="No generated programs.")
@click.option("--no-vectors", is_flag=True, help="No fixed vectors, and none of the regressions.")
@click.option(
    "--programs",
    type=click.IntRange(min=1),
    help="How many programs are generated; by default the profile's.",
)
@click.option(
    "--budget", type=Span(), metavar="TIME", help="Begin no generated program after this time, such as 30m."
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    help="What generated programs depend on; by default 0, and random where the profile is.",
)
@click.option(
    "--resume",
    "resume_file",
    type=_FILE,
    metavar="FILE",
    help="Go on where the run ended that wrote this file; it is written again.",
)
@click.option(
    "--jobs",
    type=click.IntRange(1, 256),
    default=1,
    show_default=True,
    help="How many processes, each with an adapter of its own.",
)
@click.option(
    "--timeout", type=click.FloatRange(0.001, 3600), metavar="SECONDS", help="The most time of one message."
)
@click.option(
    "--validate",
    is_flag=True,
    help="Hold every message and reply to the published schemas; an engine in this process then speaks JSON.",
)
@click.option("--fail-fast", is_flag=True, help="End with the first failure that no baseline allows.")
@click.option(
    "--baseline",
    "baseline_file",
    type=_FILE,
    metavar="FILE",
    help="Failures that are known and allowed (TOML).",
)
@click.option(
    "--baseline-update", is_flag=True, help="Print what would make the baseline fit the run, as a diff."
)
@click.option("--yes", is_flag=True, help="With --baseline-update: write it.")
@click.option(
    "--today",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="The day by which baselines expire; by default the clock's, in UTC.",
)
@click.option(
    "--regressions",
    type=_FOLDER,
    default=REGRESSIONS,
    show_default=True,
    metavar="DIR",
    help="Your own vectors.",
)
@click.option(
    "--vectors", "vectors_folder", type=_FOLDER, metavar="DIR", help="Fixed vectors instead of the project's."
)
@click.option(
    "--failures",
    type=_FOLDER,
    default=Path("failures"),
    show_default=True,
    metavar="DIR",
    help="Where failures are written to, as vectors.",
)
@click.option(
    "--json",
    "json_file",
    type=_FILE,
    metavar="FILE",
    help="Write the event stream, one event a line (schema conform); - is standard output.",
)
@_forms
@click.pass_context
def conform(context: click.Context, /, *, address: str, **options: Any) -> None:
    """Hold the engine at ADDRESS to the model: fixed vectors, your own, and generated programs.

    ADDRESS is stdio:COMMAND, an http(s) URL, or py:MODULE:ATTRIBUTE. Each kind of failure is shrunk, told once, and
    kept as a vector that solvent replay puts to any engine.

    Exit code 1 where the engine differs or a baseline does not fit, 3 where the adapter cannot start or breaks the
    protocol, 4 where nothing is selected or the run reaches less than its profile asks for.
    """
    settings = _settings(address, options)
    opens = partial(_connected, address, options["timeout"], options["validate"])
    try:
        with Bar(settings) as bar:
            events = list(_kept(run(bar.watching(settings), opens), options["failures"]))
    except NothingSelected as nothing:
        say(nothing)
        context.exit(Exit.INCOMPLETE)
    except Broken as broken:
        say(f"{address}: {broken}", *broken.output.strip().splitlines())
        context.exit(Exit.ADAPTER)
    if options["resume_file"] is not None:
        write_file(options["resume_file"], resume.text(events[-1]["cursor"]))
    _write_forms(events, options)
    stream = "".join(line(event) + "\n" for event in events)
    if str(options["json_file"]) == "-":
        click.echo(stream, nl=False)
    else:
        if options["json_file"] is not None:
            write_file(options["json_file"], stream)
        print_run(output(), events)
    if options["baseline_update"]:
        _update(settings, events, write=options["yes"])
    context.exit(EXITS[Overall(events[-1]["overall"])])


@click.command(short_help="Render the stream of a run in another form.")
@click.argument("stream", type=click.Path(path_type=Path), metavar="STREAM")
@_forms
def report(stream: Path, **files: Path | None) -> None:
    """Render STREAM, which solvent conform --json wrote, again: as text, or in the forms that are asked for.

    A stream without a footer is of a run that did not end, and cannot be taken. The exit code says only whether it
    was rendered.
    """
    events = read(stream)
    _write_forms(events, files)
    if not any(files.values()):
        print_run(output(), events)


def _settings(address: str, options: Mapping[str, Any]) -> Settings:
    """What the options ask for.

    Raises:
        InputError: a file of theirs cannot be taken.
        click.UsageError: they contradict each other.
    """
    profile = PROFILES[options["profile_name"]]
    given = options["baseline_file"]
    if options["baseline_update"] and given is None:
        raise click.UsageError("--baseline-update needs --baseline FILE")
    if options["yes"] and not options["baseline_update"]:
        raise click.UsageError("--yes goes with --baseline-update")
    budget = options["budget"]
    if budget is None and options["programs"] is None:
        budget = profile.budget
    after = resume.load(options["resume_file"]) if options["resume_file"] else None
    return Settings(
        profile=profile,
        selection=_selection(options),
        seed=_seed(options["seed"], after, random=profile.random),
        programs=options["programs"],
        budget=budget,
        jobs=options["jobs"],
        fail_fast=options["fail_fast"],
        baseline=None if given is None else baselines.load(given, absent=options["baseline_update"]),
        today=_today(options["today"]),
        vectors=load(options["vectors_folder"]),
        regressions=_regressions(options["regressions"]),
        after=after,
        about={"address": address},
    )


def _selection(options: Mapping[str, Any]) -> Selection:
    left = [
        family
        for family in Family
        if not (options["no_generated"] and family in GENERATED)
        and not (options["no_vectors"] and family in FIXED)
        and (not options["families"] or family in options["families"])
    ]
    if not left:
        raise click.UsageError("--family, --no-vectors and --no-generated leave nothing")
    families = () if len(left) == len(Family) else tuple(left)
    return Selection(options["rules"], options["checks"], options["flags"], families)


def _seed(given: int | None, after: Cursor | None, *, random: bool) -> int:
    if after is not None:
        if given not in (None, after.seed):
            raise click.UsageError(f"--seed {given}: the run to go on with has the seed {after.seed}")
        return after.seed
    if given is not None:
        return given
    return randbelow(SEEDS) if random else 0


def _today(given: datetime | None) -> date:
    return (given or datetime.now(UTC)).date()


def _regressions(folder: Path) -> tuple[Vector, ...]:
    return () if folder == REGRESSIONS and not folder.exists() else load(folder)


def _connected(address: str, timeout: float | None, strict: bool) -> AbstractContextManager[Connected]:
    limits = Limits() if timeout is None else Limits(message=timeout)
    return connect(address, limits, strict=strict)


def _kept(events: Iterable[Event], folder: Path) -> Iterator[Event]:
    """The events, with the vector of every failure written to a file that the event names."""
    for event in events:
        if event["event"] != "failure":
            yield event
            continue
        file = folder / f"{event['vector'].partition('/')[2]}.json"
        make_folder(folder)
        write_file(file, json.dumps(event["program"], indent=1, ensure_ascii=False) + "\n")
        yield {**event, "file": file.as_posix()}


def _write_forms(events: Iterable[Event], options: Mapping[str, Any]) -> None:
    for option, form in FORMS.items():
        if options[option] is not None:
            write_file(options[option], form(events))


def _update(settings: Settings, events: Iterable[Event], *, write: bool) -> None:
    """Print what would make the baseline fit the run, and write it where that is asked for."""
    baseline: Baseline = settings.baseline or Baseline("", {})
    text = baselines.updated(baseline, settings.today, events)
    changed = baselines.difference(baseline, text)
    click.echo(changed or f"{baseline.source}: nothing to change\n", nl=False)
    if write and changed:
        write_file(Path(baseline.source), text)
    elif changed:
        say(f"{baseline.source} is as it was; --yes writes it")
