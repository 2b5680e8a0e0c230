"""An engine served: a line for a line, or HTTP."""

from __future__ import annotations

import json
import traceback
from collections import OrderedDict
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from typing import IO, Any

from attrs import define, field

from solvent.errors import InputError
from solvent.ingest import strict_json

Answers = Callable[[Mapping[str, Any]], Mapping[str, Any]]
LARGEST_BODY = 64 * 2**20
PATH = "/v1"
MOST_KEPT = 64
"""How many replies a server keeps for messages that are put again."""


def answer_text(answers: Answers, text: bytes) -> tuple[str, bool]:
    """The reply to a message, or to each of a list of them, as JSON; and whether the message was ``bye``."""
    try:
        message = strict_json.loads(text, "the message")
    except InputError as error:
        return _text(_malformed(str(error))), False
    if isinstance(message, list):
        return _text([_reply(answers, one) for one in message]), False
    return _text(_reply(answers, message)), isinstance(message, Mapping) and message.get("cmd") == "bye"


def _reply(answers: Answers, message: Any) -> Mapping[str, Any]:
    """The reply to a message; an engine that fails over it says so, and the next message is answered."""
    if not isinstance(message, Mapping):
        return _malformed("a message is one JSON object")
    try:
        return answers(message)
    except Exception as error:  # noqa: BLE001 - the boundary at which a failure becomes an answer
        told = {
            "kind": "crash",
            "message": f"{type(error).__name__}: {error}",
            "trace": traceback.format_exc(),
        }
        return {**({"seq": message["seq"]} if "seq" in message else {}), "error": told}


def _malformed(told: str) -> dict[str, Any]:
    return {"error": {"kind": "malformed", "message": told}}


def _text(reply: Any) -> str:
    return json.dumps(reply, separators=(",", ":"))


def serve_lines(answers: Answers, source: IO[bytes], out: IO[bytes]) -> None:
    """Answer each line of a stream until ``bye``, or until it ends."""
    for line in source:
        reply, last = answer_text(answers, line)
        out.write(reply.encode() + b"\n")
        out.flush()
        if last:
            return


@define
class _Desk:
    """Answers one message after the other, and a message that is put again as it did before."""

    answers: Answers
    _lock: Any = field(factory=Lock)
    _kept: OrderedDict[str, bytes] = field(factory=OrderedDict)

    def reply(self, text: bytes, key: str | None) -> bytes:
        """The reply to a message, or to a list of them."""
        with self._lock:
            if key is not None and key in self._kept:
                return self._kept[key]
            reply = answer_text(self.answers, text)[0].encode()
            if key is not None:
                self._kept[key] = reply
                if len(self._kept) > MOST_KEPT:
                    self._kept.popitem(last=False)
            return reply


def http_server(answers: Answers, host: str, port: int) -> ThreadingHTTPServer:
    """A server that answers ``POST /v1``."""
    desk = _Desk(answers)

    class Handler(BaseHTTPRequestHandler):
        """Answers the requests of one connection."""

        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            """Answer the message in the body."""
            length = self.headers.get("Content-Length", "")
            refused = self._refused(length)
            if refused is not None:
                self.close_connection = True
                self.send_error(refused)
                return
            body = desk.reply(self.rfile.read(int(length)), self.headers.get("Idempotency-Key"))
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _refused(self, length: str) -> int | None:
            if self.path != PATH:
                return 404
            if not length.isdecimal():
                return 411
            return 413 if int(length) > LARGEST_BODY else None

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that it overrides
            """Requests are not logged."""

    return ThreadingHTTPServer((host, port), Handler)
