"""Skeletons of adapters as a user gets them, built side by side, each once for as long as it does not change."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from attrs import define, frozen

from solvent.conform.init import LANGUAGES, Command, skeleton, write

LONGEST_BUILD = 240
UNREACHED = re.compile(
    r".*(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|spurious network error|failed to (download|fetch)"
    r"|resolve host|Could not transfer artifact|could not be resolved|the download failed).*"
)
"""What tools say where they cannot get the libraries that an adapter needs."""


@frozen
class Unbuilt(Exception):  # noqa: N818 - a reason to skip, which is no error
    """An adapter that cannot be built here, through no fault of its own."""

    reason: str


@define
class Builds:
    """The adapters of all languages; the first that is asked for starts the builds of all."""

    folder: Path
    _started: Mapping[str, Future[Path]] | None = None

    def of(self, language: str) -> Path:
        """The folder of a built adapter; the test is skipped where the language's tools or libraries are not there."""
        if self._started is None:
            pool = ThreadPoolExecutor(2)
            self._started = {name: pool.submit(build, name, self.folder) for name in LANGUAGES}
            pool.shutdown(wait=False)
        try:
            return self._started[language].result()
        except Unbuilt as unbuilt:
            pytest.skip(f"the {LANGUAGES[language].title} adapter: {unbuilt.reason}")


def build(name: str, folder: Path) -> Path:
    """The folder in which the skeleton of a language is built.

    Raises:
        Unbuilt: a tool or a library that it needs is not to be had.
    """
    language = LANGUAGES[name]
    for tool in sorted({command[0] for command in (*language.build, language.run)}):
        if "/" not in tool and shutil.which(tool) is None:
            raise Unbuilt(f"{tool} is not installed")
    content = json.dumps([skeleton(name), language.build], sort_keys=True)
    place = folder / f"{name}-{hashlib.sha256(content.encode()).hexdigest()[:12]}"
    if not (place / "built").exists():
        shutil.rmtree(place, ignore_errors=True)
        write(name, place)
        for command in language.build:
            carry_out(command, place)
        (place / "built").touch()
    return place


def carry_out(command: Command, place: Path) -> None:
    """Run a command in a folder.

    Raises:
        Unbuilt: something that it needs is not to be had.
    """
    try:
        done = subprocess.run(
            command, cwd=place, capture_output=True, text=True, timeout=LONGEST_BUILD, check=False
        )
    except subprocess.TimeoutExpired:
        raise Unbuilt(f"{' '.join(command)} took longer than {LONGEST_BUILD} s") from None
    if done.returncode:
        told = f"{done.stdout}{done.stderr}"
        unreached = UNREACHED.search(told)
        if unreached:
            raise Unbuilt(f"{' '.join(command)}: {unreached[0].strip()}")
        raise RuntimeError(f"{' '.join(command)} failed:\n{told}")
