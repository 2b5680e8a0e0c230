"""Addresses of engines: one syntax for programs, services and Python objects."""

from __future__ import annotations

import shlex
from enum import StrEnum
from pathlib import Path

from attrs import frozen

from solvent.errors import InputError

EXPECTED = "stdio:COMMAND, http://HOST/PATH, py:MODULE:ATTRIBUTE, or the path of a program"


class Transport(StrEnum):
    """How messages travel."""

    STDIO = "stdio"
    HTTP = "http"
    PYTHON = "py"


@frozen
class Address:
    """Where an engine is.

    Attributes:
        transport: how messages travel.
        target: the command's words, the service's URL, or the module and its attribute.
        text: the address as it was given.
    """

    transport: Transport
    target: tuple[str, ...]
    text: str

    def __str__(self) -> str:
        return self.text


def address(text: str) -> Address:
    """The address that a text states; without a prefix a file is a program, a URL a service, a dotted name Python.

    Raises:
        InputError: it states none.
    """
    if text.startswith(("http://", "https://")):
        return Address(Transport.HTTP, (text,), text)
    prefix, _, rest = text.partition(":")
    if prefix == Transport.STDIO:
        return _command(text, rest)
    if prefix == Transport.PYTHON:
        return _python(text, rest)
    if Path(text.split(" ", 1)[0]).is_file():
        return _command(text, text)
    if prefix.replace(".", "").replace("_", "").isalnum() and rest.isidentifier():
        return _python(text, text)
    raise InputError("the address", "", repr(text), EXPECTED)


def _command(text: str, rest: str) -> Address:
    try:
        words = tuple(shlex.split(rest))
    except ValueError as error:
        raise InputError(
            "the address", "", repr(text), f"a command whose quotes are closed: {error}"
        ) from None
    if not words:
        raise InputError("the address", "", repr(text), "a command after stdio:")
    return Address(Transport.STDIO, words, text)


def _python(text: str, rest: str) -> Address:
    module, _, attribute = rest.partition(":")
    if not module or not attribute.isidentifier():
        raise InputError(
            "the address", "", repr(text), "py:MODULE:ATTRIBUTE, such as py:myengine.adapter:Adapter"
        )
    return Address(Transport.PYTHON, (module, attribute), text)
