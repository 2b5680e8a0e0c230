"""Engines that are Python objects in this process."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import define, frozen

from solvent.conform.engine import Broken, InProcess
from solvent.conform.replies import reply_of


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
        """The reply to a message; nothing bounds the time of an engine in this process.

        Raises:
            Broken: there is none.
        """
        del seconds
        if not self.strict:
            return _checked(self.engine.ask(message), message)
        sent = json.loads(json.dumps(message))
        reply = self.engine.ask(sent)
        if sent != message:
            raise Broken("protocol", "the engine changed the message that it was given; work on a copy of it")
        try:
            text = json.dumps(reply)
        except (TypeError, ValueError) as error:
            raise Broken("protocol", f"the reply cannot be JSON: {error}") from error
        return reply_of(text.encode(), message, "", "python")

    def ends(self, seconds: float) -> str:
        """It ends with this process."""
        del seconds
        return ""

    def kill(self) -> None:
        """Nothing is left of it."""


def _checked(reply: Any, message: Mapping[str, Any]) -> Mapping[str, Any]:
    """The reply, where it is an object with the seq of its message."""
    if isinstance(reply, Mapping) and reply.get("seq") == message.get("seq"):
        return reply
    return reply_of(json.dumps(reply).encode(), message, "", "python")


@frozen
class ByMethods:
    """An engine whose methods are named after the commands; each is given the message and gives the reply without its seq."""

    engine: Any

    def answer(self, message: Mapping[str, Any]) -> Mapping[str, Any]:
        """The reply to a message."""
        command = str(message.get("cmd"))
        method = None if command.startswith("_") else getattr(self.engine, command, None)
        seq = {"seq": message.get("seq")}
        if callable(method):
            return {**method(message), **seq}
        return {**seq, "ok": True} if command == "bye" else {**seq, "unsupported": f"the command {command}"}


def engine_at(module: str, attribute: str) -> InProcess:
    """The engine that a module's attribute is, or makes where it is a class.

    Raises:
        Broken: there is none.
    """
    place = f"py:{module}:{attribute}"
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        found = getattr(importlib.import_module(module), attribute)
        made = found() if isinstance(found, type) else found
    except Exception as error:
        raise Broken("start", f"{place}: {type(error).__name__}: {error}") from error
    if callable(getattr(made, "answer", None)):
        return InProcess(made.answer)
    if callable(getattr(made, "hello", None)) and callable(getattr(made, "run", None)):
        return InProcess(ByMethods(made).answer)
    if callable(made):
        return InProcess(made)
    raise Broken("start", f"{place} has neither a method answer(message) nor methods hello and run")
