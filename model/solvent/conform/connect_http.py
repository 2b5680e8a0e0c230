"""Engines that are services: each message is the body of a POST."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import urllib3
from attrs import define, field
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
)

from solvent.conform.engine import Broken
from solvent.conform.replies import reply_of

KEY = "Idempotency-Key"
"""The header that tells a service which message is put to it again."""


def _conversation() -> str:
    return uuid4().hex


@define
class Service:
    """An engine behind HTTP.

    Attributes:
        url: where messages are posted to.
        conversation: what tells this conversation from others; with the ``seq`` of a message it is the message's key.
    """

    url: str
    conversation: str = field(factory=_conversation)
    _pool: urllib3.PoolManager = field(factory=lambda: urllib3.PoolManager(maxsize=1, retries=False))

    def ask(self, message: Mapping[str, Any], seconds: float) -> Mapping[str, Any]:
        """The reply to a message, which is sent once more only where the connection fails before any byte of a reply.

        Raises:
            Broken: there is no reply in time, or none of the protocol.
        """
        status, content = self._post(message, seconds)
        if status != 200 and not content.lstrip().startswith(b"{"):
            raise Broken("protocol", f"{self.url} answers with status {status}; a reply has status 200")
        return reply_of(content, message, "")

    def _post(self, message: Mapping[str, Any], seconds: float) -> tuple[int, bytes]:
        try:
            reply = self._begun(message, seconds)
            content = reply.data
        except HTTPError as error:
            late = isinstance(error, (ReadTimeoutError, ConnectTimeoutError))
            if late and not isinstance(error, NewConnectionError):
                raise Broken("timeout", f"no answer within {seconds:g} s") from error
            kind = "start" if message.get("cmd") == "hello" else "crash"
            raise Broken(kind, f"{self.url}: {_why(error)}") from error
        return reply.status, content

    def _begun(self, message: Mapping[str, Any], seconds: float) -> urllib3.BaseHTTPResponse:
        """A reply of which the first bytes are there."""
        headers = {"Content-Type": "application/json", KEY: f"{self.conversation}-{message.get('seq')}"}
        body = json.dumps(message, separators=(",", ":")).encode()

        def post() -> urllib3.BaseHTTPResponse:
            timeout = urllib3.Timeout(total=seconds)
            return self._pool.request(
                "POST", self.url, body=body, headers=headers, timeout=timeout, preload_content=False
            )

        try:
            return post()
        except ProtocolError:
            return post()

    def ends(self, seconds: float) -> str:
        """A service goes on, and nothing is wrong with that."""
        del seconds
        return ""

    def kill(self) -> None:
        """A service is not ours to end."""
        self._pool.clear()


def _why(error: HTTPError) -> str:
    """What went wrong, without the names of the library's objects."""
    cause = error.__cause__ or (error.args[1] if len(error.args) > 1 else None)
    strerror = cause.strerror if isinstance(cause, OSError) else None
    return strerror.lower() if strerror else str(cause or error)
