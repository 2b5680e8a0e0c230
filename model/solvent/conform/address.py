"""Addresses of engines: one syntax for programs, services and Python objects."""

from __future__ import annotations

import shlex
from enum import StrEnum
from pathlib import Path

from attrs import frozen
from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

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
    prefix, _, rest = text.partition(":")
    if prefix in ("http", "https"):
        return _service(text)
    if prefix == Transport.STDIO:
        return Address(Transport.STDIO, _words(text, rest, "a command after stdio:"), text)
    if prefix == Transport.PYTHON:
        return _python(text, rest)
    if _is_dotted(prefix) and rest.isidentifier():
        return _python(text, text)
    words = _words(text, text, EXPECTED)
    if not Path(words[0]).is_file():
        raise InputError("the address", "", repr(text), EXPECTED)
    return Address(Transport.STDIO, (str(Path(words[0]).absolute()), *words[1:]), text)


def _is_dotted(text: str) -> bool:
    return all(part.isidentifier() for part in text.split("."))


def _words(text: str, command: str, expected: str) -> tuple[str, ...]:
    try:
        words = tuple(shlex.split(command))
    except ValueError as error:
        told = f"a command whose quotes are closed ({str(error).lower()})"
        raise InputError("the address", "", repr(text), told) from None
    if not words or "\0" in command:
        raise InputError("the address", "", repr(text), expected)
    return words


def _service(text: str) -> Address:
    try:
        host = parse_url(text).host
    except LocationParseError:
        host = None
    if not host:
        raise InputError("the address", "", repr(text), "a URL with a host, such as http://127.0.0.1:8700/v1")
    return Address(Transport.HTTP, (text,), text)


def _python(text: str, rest: str) -> Address:
    module, _, attribute = rest.partition(":")
    if not _is_dotted(module) or not attribute.isidentifier():
        expected = "py:MODULE:ATTRIBUTE, such as py:myengine.adapter:Adapter"
        raise InputError("the address", "", repr(text), expected)
    return Address(Transport.PYTHON, (module, attribute), text)
