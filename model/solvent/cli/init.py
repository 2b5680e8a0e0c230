"""``solvent init``: a working adapter to start from."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from solvent.conform.init import LANGUAGES, write


@click.command(short_help="Write a working adapter to start from.")
@click.option("--lang", "name", type=click.Choice(list(LANGUAGES)), required=True, help="The language.")
@click.option(
    "--to",
    "folder",
    type=click.Path(path_type=Path),
    default=Path("adapter"),
    show_default=True,
    help="The folder, new or empty.",
)
def init(name: str, folder: Path) -> None:
    """Write a working adapter with a small engine behind it, and say how it is built and held to the rules.

    \b
    Exit codes:
      0  it is written
      2  wrong usage, or the folder has files already; nothing is written
    """  # noqa: D301 - click takes the backspace character as the mark of text that is not to be wrapped
    for path in write(name, folder):
        click.echo(f"wrote {path}")
    language = LANGUAGES[name]
    click.echo("\nNext:")
    for command in (("cd", str(folder)), *language.build):
        click.echo(f"  {shlex.join(command)}")
    click.echo(f'  solvent smoke "{language.address}"')
