"""``solvent replay``: play scenarios, logs, vectors and countermodels, and hold the model or an engine to them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click
from attrs import frozen

from solvent.cli.console import output, progress, say
from solvent.cli.exits import Exit
from solvent.cli.replay_countermodels import is_countermodel, replay_countermodels
from solvent.cli.replay_vectors import replay_vectors
from solvent.errors import InputError
from solvent.report.replay_json import as_json
from solvent.report.replay_text import print_replay
from solvent.scenario import Moment, Scenario, play, read, write_log
from solvent.written import write_file

PICTURES = (".svg", ".png")
"""How the name of a picture may end."""
DOCUMENT = ".json"
"""How the name of a vector or a countermodel ends."""


@frozen
class Replay:
    """A file, its scenario, and the steps as they were played."""

    source: Path
    scenario: Scenario
    moments: tuple[Moment, ...]

    @property
    def failed(self) -> bool:
        """Whether something is not as expected."""
        return any(moment.failed for moment in self.moments)


@click.command(short_help="Play scenarios, vectors and countermodels again.")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option(
    "--plot", "picture", type=click.Path(path_type=Path), metavar="OUT.svg|OUT.png",
    help="Draw prices, equity, requirement and ratio over the steps.",
)  # fmt: skip
@click.option(
    "--to", "log", type=click.Path(path_type=Path), metavar="LOG", help="Write the action log (JSON Lines)."
)
@click.option("--engine", metavar="ADDRESS", help="Put vectors to this engine instead of the model.")
@click.option(
    "--json",
    "as_json_text",
    is_flag=True,
    help="Print JSON (schema replay, replay-vectors or replay-countermodels).",
)
@click.pass_context
def replay(
    context: click.Context,
    files: tuple[Path, ...],
    *,
    picture: Path | None,
    log: Path | None,
    engine: str | None,
    as_json_text: bool,
) -> None:
    """Play scenarios step by step and hold them to what they expect.

    A FILE is a scenario (TOML), or an action log (JSON Lines, its name ends in .jsonl), which spec/scenarios/README.md
    describes; a vector (JSON), which spec/vectors/README.md does; or a countermodel (JSON) that solvent audit wrote.
    With --engine, vectors are put to the engine at ADDRESS. Exit code 1 where something is not as expected, 3 where the engine breaks, 4 where it lacks what a vector needs.
    """
    if all(file.suffix == DOCUMENT for file in files):
        if picture or log:
            raise click.UsageError("--plot and --to are about scenarios")
        context.exit(_replay_documents(files, engine, as_json=as_json_text))
    if engine is not None or any(file.suffix == DOCUMENT for file in files):
        raise click.UsageError(
            "vectors and countermodels (.json) are replayed without scenarios, and vectors alone are put to an engine"
        )
    if len(files) > 1 and (picture or log):
        raise click.UsageError("--plot and --to are about one scenario: name one FILE")
    if picture is not None and picture.suffix not in PICTURES:
        raise click.UsageError(f"--plot {picture}: expected a name that ends in {' or '.join(PICTURES)}")
    faults: list[InputError] = []
    played: list[Replay] = []
    for file in progress(files, "scenarios", len(files)):
        try:
            scenario = read(file)
            played.append(Replay(file, scenario, tuple(play(scenario))))
        except InputError as fault:
            faults.append(fault)
    if faults:
        say(*faults)
        context.exit(Exit.INPUT)
    for one in played:
        _keep(one, picture, log)
    _print(played, as_json_text=as_json_text)
    context.exit(Exit.VIOLATION if any(one.failed for one in played) else Exit.PASSED)


def _replay_documents(files: Sequence[Path], engine: str | None, *, as_json: bool) -> Exit:
    """Replay vectors, or countermodels."""
    if not all(is_countermodel(file) for file in files):
        return replay_vectors(files, engine, as_json=as_json)
    if engine is not None:
        raise click.UsageError("--engine is about vectors")
    return replay_countermodels(files, as_json=as_json)


def _keep(one: Replay, picture: Path | None, log: Path | None) -> None:
    """Write the log and the picture that are asked for."""
    if log is not None:
        write_file(log, write_log(one.scenario).encode())
    if picture is not None:
        from solvent.report.replay_plot import plot  # noqa: PLC0415 - matplotlib takes long to load

        write_file(picture, plot(one.scenario, one.moments, picture.suffix.removeprefix(".")))


def _print(played: Sequence[Replay], *, as_json_text: bool) -> None:
    if as_json_text:
        document = as_json([(str(one.source), one.scenario, one.moments) for one in played])
        click.echo(json.dumps(document, indent=1))
        return
    console = output()
    for place, one in enumerate(played):
        if place:
            console.print()
        print_replay(console, one.scenario, one.moments)
