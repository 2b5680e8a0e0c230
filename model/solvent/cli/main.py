"""The group of all commands, and the exit code of every outcome."""

from __future__ import annotations

import os
import sys
import traceback

import click

from solvent.cli.account import account
from solvent.cli.audit import audit
from solvent.cli.conform import conform, report
from solvent.cli.console import say
from solvent.cli.exits import Exit
from solvent.cli.explain import explain
from solvent.cli.explore import explore
from solvent.cli.init import init
from solvent.cli.mutants import mutants
from solvent.cli.replay import replay
from solvent.cli.rules import rules
from solvent.cli.serve import serve
from solvent.cli.smoke import smoke
from solvent.cli.trace import trace
from solvent.cli.vectors import vectors
from solvent.errors import InputError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="solvent", message="solvent %(version)s")
def cli() -> None:
    """Solvent says how unified accounts and portfolio margin must behave, and holds engines to it.

    \b
    Exit codes:
      0  all that was selected ran and passed
      1  something differs: a figure, a claim, an engine, a vector; or the ledger has a gap
      2  wrong usage, or input that cannot be taken
      3  an adapter could not start or broke the protocol
      4  incomplete: nothing to compare or selected, interrupted, or less reached than was asked for
      5  a fault of solvent itself
    """  # noqa: D301 - click takes the backspace character as the mark of text that is not to be wrapped


for command in (
    account,
    audit,
    replay,
    explore,
    conform,
    report,
    smoke,
    init,
    mutants,
    vectors,
    trace,
    serve,
    rules,
    explain,
):
    cli.add_command(command)


def main() -> None:
    """Run the command of ``sys.argv`` and exit; every error is one clear message and an exit code."""
    try:
        code = _run(sys.argv[1:])
        sys.stdout.flush()
    except OSError as error:
        if not isinstance(error, BrokenPipeError):
            say(f"the output cannot be written: {error.strerror}")
        os.dup2(
            os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno()
        )  # for what the interpreter still flushes
        code = Exit.INCOMPLETE
    sys.exit(code)


def _run(arguments: list[str]) -> int:
    try:
        with cli.make_context("solvent", arguments) as context:
            cli.invoke(context)
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.ClickException as error:
        error.show()
        return Exit.INPUT
    except InputError as error:
        say(error)
        return Exit.INPUT
    except (click.Abort, KeyboardInterrupt):
        say("interrupted")
        return Exit.INCOMPLETE
    except OSError:
        raise  # of the output: a fault of an input is an InputError
    except Exception:  # noqa: BLE001 - the boundary at which a fault of our own gets its exit code
        click.echo(f"solvent: a fault of solvent itself\n{traceback.format_exc()}", err=True)
        return Exit.FAULT
    return Exit.PASSED
