"""The npm package that Solvent is measured beside, installed into a folder of its own and kept running."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest
from attrs import frozen

FOLDER = Path(__file__).with_name("peer")
PACKAGE = "hyperliquid-math"
VERSION = json.loads((FOLDER / "package.json").read_text(encoding="utf-8"))["dependencies"][PACKAGE]
INSTALL = (
    "npm",
    "install",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--no-package-lock",
    "--fetch-retries=0",
)
LONGEST_INSTALL = 60


@frozen
class Peer:
    """The running package: it takes an account and gives its figures, as decimal strings.

    Attributes:
        node: the version of Node that runs it.
    """

    node: str
    _requests: IO[str]
    _answers: IO[str]

    def assess(self, account: dict[str, Any], times: int = 1) -> dict[str, Any]:
        """The figures of an account, computed this many times."""
        self._requests.write(json.dumps({"account": account, "times": times}) + "\n")
        self._requests.flush()
        answer = self._answers.readline()
        if not answer:
            raise RuntimeError(
                f"{PACKAGE} {VERSION} ended without an answer; its message stands in the captured output"
            )
        figures: dict[str, Any] = json.loads(answer)
        return figures


def install(folder: Path) -> None:
    """Install the package into a folder, or skip the test that asks for it."""
    for tool in ("node", "npm"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed, so {PACKAGE} cannot run")
    shutil.copytree(FOLDER, folder, dirs_exist_ok=True)
    try:
        subprocess.run(
            INSTALL, cwd=folder, capture_output=True, text=True, timeout=LONGEST_INSTALL, check=True
        )
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm did not install {PACKAGE} {VERSION} in {LONGEST_INSTALL} s")
    except subprocess.CalledProcessError as error:
        reason = next((line for line in error.stderr.splitlines() if "error" in line), "it says no reason")
        pytest.skip(f"npm did not install {PACKAGE} {VERSION}: {reason}")


@contextmanager
def running(folder: Path) -> Iterator[Peer]:
    """The package that is installed in a folder, until the context ends."""
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    serve = subprocess.Popen(
        ["node", "serve.mjs"], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with serve:
        assert serve.stdin is not None
        assert serve.stdout is not None
        yield Peer(node, serve.stdin, serve.stdout)
