"""Engines that are programs: a process that answers each line on its input with a line on its output."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector
from time import monotonic
from typing import IO, Any

from attrs import define, field

from solvent.conform.advice import FLUSH, advice, language_of
from solvent.conform.engine import Broken
from solvent.conform.replies import excerpt, reply_of

KEPT = 64 * 2**10
"""How many bytes of standard error are kept of one message."""
LONGEST_LINE = 64 * 2**20
"""How many bytes one reply may have."""
GRACE = 1.0
"""How many seconds are left to a program for what it still writes."""
_CHUNK = 2**18


def _empty() -> bytearray:
    return bytearray()


@define
class Process:
    """A running program, the first of a process group of its own.

    Attributes:
        command: its words; no shell reads them.
    """

    command: tuple[str, ...]
    _child: subprocess.Popen[bytes] = field(init=False)
    _ready: DefaultSelector = field(factory=DefaultSelector)
    _written: bytearray = field(factory=_empty)
    _searched: int = 0
    _errors: bytearray = field(factory=_empty)
    _ended: bool = False

    def __attrs_post_init__(self) -> None:
        try:
            self._child = subprocess.Popen(  # noqa: S603 - the user names the engine, and no shell reads it
                self.command,
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            self._ready.close()
            raise Broken("start", self._why_not(error)) from error
        for pipe in self._pipes:
            os.set_blocking(pipe.fileno(), False)
        for pipe in self._pipes[1:]:
            self._ready.register(pipe, EVENT_READ)

    def _why_not(self, error: OSError) -> str:
        name = self.command[0]
        told = f"{name} cannot be run: {str(error.strerror).lower()}"
        if isinstance(error, PermissionError) and os.path.isfile(name):  # noqa: PTH113 - Path of any text may raise
            return f"{told}; make it executable, or name the program that runs it, as in stdio:python3 {name}"
        return told

    @property
    def _pipes(self) -> tuple[IO[bytes], IO[bytes], IO[bytes]]:
        source, out, errors = self._child.stdin, self._child.stdout, self._child.stderr
        assert source is not None and out is not None and errors is not None  # noqa: S101, PT018 - all are asked for
        return source, out, errors

    @property
    def output(self) -> str:
        """The end of what it has written on standard error since the last message."""
        return self._errors.decode("utf-8", "replace")

    def ask(self, message: Mapping[str, Any], seconds: float) -> Mapping[str, Any]:
        """The reply to a message.

        Raises:
            Broken: there is none in time, or none of the protocol.
        """
        if message.get("cmd") != "hello":
            self._errors.clear()
        text = json.dumps(message, separators=(",", ":")).encode() + b"\n"
        try:
            line = self._exchange(memoryview(text), monotonic() + seconds)
        except TimeoutError:
            raise Broken(
                "timeout", f"no answer within {seconds:g} s{self._why_late()}", self.output
            ) from None
        if line is None:
            raise Broken("crash", f"{self._end()} before it answered", self.output)
        return reply_of(line, message, self.output, language_of(self.command))

    def _exchange(self, unsent: memoryview, deadline: float) -> bytes | None:
        """Send what is unsent and take the next line; nothing where the output ends before one.

        Raises:
            TimeoutError: no line is there in time.
        """
        source = self._pipes[0]
        unsent = _sent(source, unsent)
        if unsent:
            self._ready.register(source, EVENT_WRITE)
        try:
            while True:
                line = None if unsent and not self._ended else self._line()
                if line is not None or self._ended:
                    return line
                left = deadline - monotonic()
                if left <= 0:
                    raise TimeoutError
                for key, _ in self._ready.select(left):
                    if key.fileobj is not source:
                        self._read(key.fileobj)
                    elif not (unsent := _sent(source, unsent)):
                        self._ready.unregister(source)
        finally:
            if unsent and source in self._ready.get_map():
                self._ready.unregister(source)

    def _line(self) -> bytes | None:
        end = self._written.find(b"\n", self._searched)
        if end < 0:
            self._searched = len(self._written)
            if self._searched > LONGEST_LINE:
                raise Broken("protocol", f"a line of more than {LONGEST_LINE >> 20} MiB", self.output)
            return None
        line = bytes(self._written[:end])
        del self._written[: end + 1]
        self._searched = 0
        return line

    def _read(self, pipe: Any) -> None:
        """Take what stands in a pipe of the program."""
        _, out, _ = self._pipes
        try:
            chunk = os.read(pipe.fileno(), _CHUNK)
        except BlockingIOError:
            return
        if not chunk:
            self._ready.unregister(pipe)
            self._ended = self._ended or pipe is out
        elif pipe is out:
            self._written += chunk
        else:
            self._errors += chunk
            del self._errors[:-KEPT]

    def _drain(self, seconds: float, *, until_line: bool = False) -> bytes | None:
        """Read on for a time, or until all is read, or until there is a line."""
        deadline = monotonic() + seconds
        while self._ready.get_map() and (left := deadline - monotonic()) > 0:
            for key, _ in self._ready.select(left):
                self._read(key.fileobj)
            line = self._line() if until_line else None
            if line is not None:
                return line
        return None

    def _why_late(self) -> str:
        """Why there is no line, where what the program wrote, or writes once its input has ended, shows it."""
        if self._written:
            return f": it wrote {excerpt(bytes(self._written))} without the end of a line; end every reply with a newline"
        self._close_input()
        line = self._drain(GRACE, until_line=True)
        if line is not None and line.lstrip().startswith(b"{"):
            how = advice(FLUSH, language_of(self.command))
            return f", and one when its input ended: its output waits in a buffer; flush standard output after every line ({how})"
        return ""

    def _close_input(self) -> None:
        with suppress(OSError):
            self._pipes[0].close()

    def _end(self) -> str:
        """How the program ended, which has closed its output."""
        self._drain(GRACE)
        try:
            code = self._child.wait(GRACE)
        except subprocess.TimeoutExpired:
            return "the engine closed its output"
        return f"the engine ended with {_meaning(code)}"

    def ends(self, seconds: float) -> str:
        """What is wrong with how it ends once its input does; empty where nothing is."""
        self._close_input()
        deadline = monotonic() + seconds
        while self._child.poll() is None and monotonic() < deadline:
            self._drain(0.01)
            if not self._ready.get_map():
                with suppress(subprocess.TimeoutExpired):
                    self._child.wait(deadline - monotonic())
        code = self._child.poll()
        if code is None:
            return f"it goes on running {seconds:g} s after bye"
        return f"it ended with {_meaning(code)} after bye" if code else ""

    def kill(self) -> None:
        """End it and all that it has started."""
        with suppress(ProcessLookupError):
            os.killpg(self._child.pid, signal.SIGKILL)
        self._child.wait()
        self._ready.close()
        for pipe in self._pipes:
            with suppress(OSError):
                pipe.close()


def _sent(pipe: IO[bytes], unsent: memoryview) -> memoryview:
    """What of a text is still unsent, after sending what can be sent at once; nothing to a program that reads no more."""
    if pipe.closed:
        return unsent[:0]
    try:
        while unsent:
            unsent = unsent[os.write(pipe.fileno(), unsent) :]
    except BlockingIOError:
        return unsent
    except OSError:
        return unsent[:0]
    return unsent


def _meaning(code: int) -> str:
    if code >= 0:
        return f"code {code}"
    try:
        return f"signal {signal.Signals(-code).name}"
    except ValueError:
        return f"signal {-code}"
