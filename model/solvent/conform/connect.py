"""Conversations with engines: begun with ``hello``, ended with ``bye``, begun anew where an engine breaks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from typing import Any, Protocol

from attrs import define, field, frozen

from solvent.conform.address import Address, Transport, address
from solvent.conform.connect_http import Service
from solvent.conform.connect_python import InPython, engine_at
from solvent.conform.engine import Broken, Greeting, greeting, hello
from solvent.conform.stdio import Process
from solvent.errors import InputError
from solvent.protocol import schemas

MOST_RESTARTS = 5
PATIENCE = 2.0
"""How many seconds an engine may take to end."""
_FIRST_SEQ = 1_000_000
"""The sequence numbers from here on are the conversation's own."""


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

    def ends(self, seconds: float) -> str:
        """What is wrong with how it ends of its own accord; empty where nothing is."""

    def kill(self) -> None:
        """End it."""


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
            return InPython(engine_at(*at.target), strict)


class Misspoken(Exception):  # noqa: N818 - a fault of the kit, told as one
    """A message of the kit that the published schema of its command does not allow."""


@define
class Connection:
    """A conversation with an engine.

    Attributes:
        at: where it is.
        limits: how long it may take.
        strict: whether every message and reply is held to the published schemas, and an engine in this process is
            talked to in JSON.
        greeting: what it says of itself.
        alive: whether it can be asked: not once it could not be started again.
        restarts: how often it was started again.
        ending: what was wrong with how it ended, such as that it went on running; empty where nothing was.
    """

    at: Address
    limits: Limits
    strict: bool = False
    greeting: Greeting = field(init=False)
    restarts: int = 0
    ending: str = ""
    _line: Line = field(init=False)
    alive: bool = field(default=False, init=False)
    _seq: Iterator[int] = field(factory=lambda: count(_FIRST_SEQ))

    def __attrs_post_init__(self) -> None:
        self._begin()

    @property
    def slow_to_end(self) -> bool:
        """Whether it did not end as it was asked to."""
        return bool(self.ending)

    def _begin(self) -> None:
        self._line = line_to(self.at, strict=self.strict)
        message = hello(next(self._seq))
        try:
            reply = self._line.ask(message, self.limits.of(message))
            self.greeting = greeting(reply)
            self._require(reply, message)
        except Broken as broken:
            self._kill()
            last = broken.output.strip().rpartition("\n")[2]
            told = (
                f"{broken.reason}; the last that it wrote on standard error: {last}"
                if last
                else broken.reason
            )
            raise Broken("start", f"{self.at}: {told}", broken.output) from broken
        self.alive = True

    def ask(self, message: Mapping[str, Any]) -> Mapping[str, Any]:
        """The reply to a message. An engine that breaks is started again; the message is not asked again.

        Raises:
            Broken: there is no reply; of kind ``start`` where the engine cannot be started again, either.
        """
        if not self.alive:
            raise Broken("start", "the engine could not be started again")
        try:
            return self._asked(message)
        except Broken as broken:
            self._kill()
            if self.restarts >= MOST_RESTARTS:
                told = f"the engine broke {MOST_RESTARTS + 1} times; the last time: {broken.reason}"
                raise Broken("start", told, broken.output) from broken
            self.restarts += 1
            self._begin()
            raise

    def _asked(self, message: Mapping[str, Any]) -> Mapping[str, Any]:
        if self.strict:
            try:
                schemas.hold_message(message)
            except InputError as error:
                raise Misspoken(str(error)) from error
        reply = self._line.ask(message, self.limits.of(message))
        self._require(reply, message)
        return reply

    def _require(self, reply: Mapping[str, Any], message: Mapping[str, Any]) -> None:
        if self.strict:
            try:
                schemas.hold_reply(reply, message)
            except InputError as error:
                raise Broken("protocol", str(error)) from error

    def _kill(self) -> None:
        self.alive = False
        self._line.kill()

    def close(self) -> None:
        """End the conversation; an engine that does not end is killed."""
        if not self.alive:
            return
        try:
            self._line.ask({"cmd": "bye", "seq": next(self._seq)}, PATIENCE)
            self.ending = self._line.ends(PATIENCE)
        except Broken as broken:
            self.ending = f"bye: {broken.reason}"
        self._kill()


@contextmanager
def connect(text: str, limits: Limits = Limits(), *, strict: bool = False) -> Iterator[Connection]:
    """A conversation with the engine of an address.

    Raises:
        InputError: the address is none.
        Broken: the engine cannot be started.
        Misspoken: strict, and a message of ours is none of the protocol.
    """
    connection = Connection(address(text), limits, strict)
    try:
        yield connection
    finally:
        connection.close()
