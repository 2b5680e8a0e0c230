"""Engines that are programs: a process that answers each line on its input with a line on its output."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from queue import Empty, Queue
from threading import Thread
from typing import IO, Any

from attrs import define, field

from solvent.conform.engine import Broken
from solvent.conform.replies import reply_of

KEPT = 64 * 2**10
"""How many bytes of standard error are kept."""


@define
class Process:
    """A running program.

    Attributes:
        command: its words; no shell reads them.
    """

    command: tuple[str, ...]
    _child: subprocess.Popen[bytes] = field(init=False)
    _lines: Queue[bytes | None] = field(init=False)
    _errors: deque[bytes] = field(init=False)

    def __attrs_post_init__(self) -> None:
        try:
            self._child = subprocess.Popen(  # noqa: S603 - the user names the engine, and no shell reads it
                self.command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise Broken(
                "start", f"{self.command[0]} cannot be run: {str(error.strerror).lower()}"
            ) from error
        self._lines, self._errors = Queue(), deque(maxlen=512)
        for read in (self._read, self._listen):
            Thread(target=read, daemon=True).start()

    def _read(self) -> None:
        for line in _stream(self._child.stdout):
            self._lines.put(line)
        self._lines.put(None)

    def _listen(self) -> None:
        for line in _stream(self._child.stderr):
            self._errors.append(line)

    @property
    def output(self) -> str:
        """The end of what it wrote on standard error."""
        return b"".join(self._errors)[-KEPT:].decode("utf-8", "replace")

    def ask(self, message: Mapping[str, Any], seconds: float) -> Mapping[str, Any]:
        """The reply to a message.

        Raises:
            Broken: there is none in time, or none of the protocol.
        """
        self._write(message)
        try:
            line = self._lines.get(timeout=seconds)
        except Empty:
            told = f"no answer within {seconds:g} s; an engine has to flush its output after every line"
            raise Broken("timeout", told, self.output) from None
        if line is None:
            raise Broken(
                "crash", f"the engine ended with code {self._child.wait()} before it answered", self.output
            )
        return reply_of(line, message, self.output)

    def _write(self, message: Mapping[str, Any]) -> None:
        pipe = self._child.stdin
        try:
            if pipe is not None:
                pipe.write(json.dumps(message, separators=(",", ":")).encode() + b"\n")
                pipe.flush()
        except OSError as error:
            raise Broken("crash", "the engine has closed its input", self.output) from error

    def ends(self, seconds: float) -> bool:
        """Whether it ends of its own accord in time."""
        if self._child.stdin is not None:
            try:
                self._child.stdin.close()
            except OSError:
                return True
        try:
            self._child.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def kill(self) -> None:
        """End it and all that it has started."""
        with suppress(ProcessLookupError):
            os.killpg(self._child.pid, signal.SIGKILL)
        self._child.wait()


def _stream(pipe: IO[bytes] | None) -> IO[bytes] | list[bytes]:
    return [] if pipe is None else pipe
