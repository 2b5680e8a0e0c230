"""Conversations with engines: begun with ``hello``, ended with ``bye``, begun anew where an engine breaks."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, Protocol

import urllib3
from attrs import define, field, frozen

from solvent.conform.address import Address, Transport, address
from solvent.conform.engine import Broken, Greeting, InProcess, greeting, hello
from solvent.conform.replies import reply_of
from solvent.conform.stdio import Process
from solvent.errors import InputError

MOST_RESTARTS = 5
PATIENCE = 2.0
"""How many seconds an engine may take to end."""


@frozen
class Limits:
    """How long an engine may take (seconds).

    Attributes:
        start: to answer the first message.
        message: to answer any other, beside what its steps take.
        step: more for each step of a program.
    """

    start: float = 60
    message: float = 10
    step: float = 0.001

    def of(self, message: Mapping[str, Any]) -> float:
        """How long the answer to a message may take."""
        if message.get("cmd") == "hello":
            return self.start
        return self.message + self.step * len(message.get("steps", ()))


class Line(Protocol):
    """A way to an engine."""

    def ask(self, message: Mapping[str, Any], seconds: float) -> Mapping[str, Any]:
        """The reply to a message."""

    def ends(self, seconds: float) -> bool:
        """Whether it ends of its own accord."""

    def kill(self) -> None:
        """End it."""


@define
class Service:
    """An engine behind HTTP: each message is the body of a POST."""

    url: str
    _pool: urllib3.PoolManager = field(factory=lambda: urllib3.PoolManager(maxsize=1))

    def ask(self, message: Mapping[str, Any], seconds: float) -> Mapping[str, Any]:
        """The reply to a message; asked again only where no connection came about."""
        body = json.dumps(message, separators=(",", ":")).encode()
        retries = urllib3.Retry(connect=2, read=0, redirect=0, status=0, other=0, backoff_factor=0.1)
        headers = {"Content-Type": "application/json"}
        try:
            reply = self._pool.request(
                "POST", self.url, body=body, headers=headers, timeout=seconds, retries=retries
            )
        except (urllib3.exceptions.ReadTimeoutError, urllib3.exceptions.ConnectTimeoutError) as error:
            raise Broken("timeout", f"no answer within {seconds:g} s") from error
        except urllib3.exceptions.MaxRetryError as error:
            kind = "start" if message.get("cmd") == "hello" else "crash"
            raise Broken(kind, f"{self.url} cannot be reached: {error.reason}") from error
        except urllib3.exceptions.HTTPError as error:
            raise Broken("crash", f"{self.url}: {error}") from error
        if reply.status != 200:
            raise Broken("protocol", f"{self.url} answers with status {reply.status}")
        return reply_of(reply.data, message, "")

    def ends(self, seconds: float) -> bool:
        """A service goes on."""
        del seconds
        return True

    def kill(self) -> None:
        """A service is not ours to end."""
        self._pool.clear()


@define
class InPython:
    """An engine in this process.

    Attributes:
        engine: the engine.
        strict: whether messages and replies travel as JSON all the same.
    """

    engine: InProcess
    strict: bool = False

    def ask(self, message: Mapping[str, Any], seconds: float) -> Mapping[str, Any]:
        """The reply to a message."""
        del seconds
        if not self.strict:
            reply = self.engine.ask(message)
            return reply_of(json.dumps(reply).encode(), message, "") if message["cmd"] == "hello" else reply
        reply = self.engine.ask(json.loads(json.dumps(message)))
        return reply_of(json.dumps(reply).encode(), message, "")

    def ends(self, seconds: float) -> bool:
        """It ends with this process."""
        del seconds
        return True

    def kill(self) -> None:
        """Nothing is left of it."""


def line_to(at: Address, *, strict: bool = False) -> Line:
    """A way to the engine of an address.

    Raises:
        Broken: it cannot be started.
    """
    match at.transport:
        case Transport.STDIO:
            return Process(at.target)
        case Transport.HTTP:
            return Service(at.target[0])
        case Transport.PYTHON:
            return InPython(InProcess(_answers(*at.target)), strict)


def _answers(module: str, attribute: str) -> Any:
    """The function of messages that a module's attribute is, or has under the name ``answer``."""
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        found = getattr(importlib.import_module(module), attribute)
        made = found() if isinstance(found, type) else found
    except Exception as error:
        raise Broken("start", f"py:{module}:{attribute}: {type(error).__name__}: {error}") from error
    answers = getattr(made, "answer", made)
    if not callable(answers):
        raise Broken("start", f"py:{module}:{attribute} has no method answer(message)")
    return answers


@define
class Connection:
    """A conversation with an engine.

    Attributes:
        at: where it is.
        limits: how long it may take.
        strict: whether an engine in this process is talked to in JSON all the same.
        greeting: what it says of itself.
        restarts: how often it was started again.
        slow_to_end: whether it did not end when it was asked to.
    """

    at: Address
    limits: Limits
    strict: bool = False
    greeting: Greeting = field(init=False)
    restarts: int = 0
    slow_to_end: bool = False
    _line: Line = field(init=False)
    _seq: Iterator[int] = field(factory=lambda: count(1_000_000))

    def __attrs_post_init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._line = line_to(self.at, strict=self.strict)
        message = hello(next(self._seq))
        try:
            self.greeting = greeting(self._line.ask(message, self.limits.of(message)))
        except Broken as broken:
            self._line.kill()
            output = broken.output.strip()
            told = f"{broken.reason}\n{output}" if output else broken.reason
            raise Broken("start", f"{self.at}: {told}", broken.output) from broken

    def ask(self, message: Mapping[str, Any]) -> Mapping[str, Any]:
        """The reply to a message. An engine that breaks is started again; the message is not asked again.

        Raises:
            Broken: there is no reply; of kind ``start`` where the engine cannot be started again, either.
        """
        try:
            return self._line.ask(message, self.limits.of(message))
        except Broken as broken:
            self._line.kill()
            if self.restarts >= MOST_RESTARTS:
                told = f"the engine broke {MOST_RESTARTS + 1} times; the last time: {broken.reason}"
                raise Broken("start", told, broken.output) from broken
            self.restarts += 1
            self._begin()
            raise

    def close(self) -> None:
        """End the conversation; an engine that does not end is killed."""
        try:
            self._line.ask({"cmd": "bye", "seq": next(self._seq)}, PATIENCE)
            self.slow_to_end = not self._line.ends(PATIENCE)
        except Broken:
            self.slow_to_end = True
        self._line.kill()


@contextmanager
def connect(text: str, limits: Limits = Limits(), *, strict: bool = False) -> Iterator[Connection]:
    """A conversation with the engine of an address.

    Raises:
        InputError: the address is none.
        Broken: the engine cannot be started.
    """
    connection = Connection(address(text), limits, strict)
    try:
        yield connection
    finally:
        connection.close()


__all__ = ["Connection", "InputError", "Limits", "connect"]
