"""The group of all commands, and the exit code of every outcome."""

from __future__ import annotations

import sys
import traceback

import click

from solvent.cli.account import account
from solvent.cli.exits import Exit
from solvent.cli.explain import explain
from solvent.cli.rules import rules
from solvent.errors import InputError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="solvent", message="solvent %(version)s")
def cli() -> None:
    r"""Solvent says how unified accounts and portfolio margin must behave, and holds engines to it.

    \b
    Exit codes: 0 all passed; 1 something differs; 2 wrong usage or input;
    3 an adapter failed; 4 incomplete; 5 a fault of solvent itself.
    """


for command in (account, rules, explain):
    cli.add_command(command)


def main() -> None:
    """Run a command; every error is one clear message and an exit code."""
    try:
        code = cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = Exit.INPUT
    except click.exceptions.Abort:
        click.echo("solvent: interrupted", err=True)
        code = Exit.INCOMPLETE
    except InputError as error:
        click.echo(f"solvent: {error}", err=True)
        code = Exit.INPUT
    except Exception:  # noqa: BLE001 - the boundary at which a fault of our own gets its exit code
        click.echo(f"solvent: a fault of solvent itself\n{traceback.format_exc()}", err=True)
        code = Exit.FAULT
    sys.exit(code or Exit.PASSED)
