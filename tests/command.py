"""The command ``solvent``, run inside the test or as a process of its own."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from unittest.mock import patch

import pytest
from attrs import frozen

from solvent import bundle
from solvent.cli import main

OBSERVATIONS = bundle.spec() / "observations"
EXAMPLES = bundle.spec() / "examples"
PM = OBSERVATIONS / "pm-01-mm-20260908T041930.json"
UNIFIED = OBSERVATIONS / "ua-02-lifi-0x68e6-20260922.json"
PROGRAM = Path(sys.executable).with_name("solvent")


@frozen
class Outcome:
    """What a run of the command left: its exit code and what it printed."""

    code: int
    out: str
    err: str


def run(*arguments: object) -> Outcome:
    """The outcome of the command inside this process, without a terminal."""
    out, err = io.StringIO(), io.StringIO()
    with (
        redirect_stdout(out),
        redirect_stderr(err),
        patch.object(sys, "argv", ["solvent", *map(str, arguments)]),
        pytest.raises(SystemExit) as ended,
    ):
        main()
    return Outcome(int(ended.value.code or 0), out.getvalue(), err.getvalue())


def run_apart(*arguments: object, folder: Path | None = None, **environment: str) -> Outcome:
    """The outcome of the installed program in a process of its own."""
    done = subprocess.run(
        [PROGRAM, *map(str, arguments)],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


def refused(path, where, found, expected, *options):
    """The file is refused with this one line, and nothing is printed besides."""
    outcome = run("account", *options, path)
    place = f"{path}: {where}" if where else path
    assert outcome.err == f"solvent: {place}: found {found}; expected {expected}\n"
    assert (outcome.code, outcome.out) == (2, "")
