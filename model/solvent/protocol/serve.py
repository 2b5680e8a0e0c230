"""The reference engine served: a line for a line, or HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import IO, Any

from solvent.errors import InputError
from solvent.ingest import strict_json

Answers = Callable[[Mapping[str, Any]], Mapping[str, Any]]
LARGEST_BODY = 64 * 2**20


def answer_text(answers: Answers, text: bytes) -> tuple[str, bool]:
    """The reply to a message as JSON, and whether the message was ``bye``."""
    try:
        message = strict_json.loads(text, "the message")
    except InputError as error:
        return _text({"error": {"kind": "malformed", "message": str(error)}}), False
    if isinstance(message, list):
        replies = [answers(one) if isinstance(one, Mapping) else _no_object() for one in message]
        return json.dumps(replies, separators=(",", ":")), False
    if not isinstance(message, Mapping):
        return _text(_no_object()), False
    return _text(answers(message)), message.get("cmd") == "bye"


def _no_object() -> dict[str, Any]:
    return {"error": {"kind": "malformed", "message": "a message is one JSON object"}}


def _text(reply: Mapping[str, Any]) -> str:
    return json.dumps(reply, separators=(",", ":"))


def serve_lines(answers: Answers, source: IO[bytes], out: IO[bytes]) -> None:
    """Answer each line of a stream until ``bye``, or until it ends."""
    for line in source:
        reply, last = answer_text(answers, line)
        out.write(reply.encode() + b"\n")
        out.flush()
        if last:
            return


def http_server(answers: Answers, host: str, port: int) -> ThreadingHTTPServer:
    """A server that answers ``POST /v1``."""

    class Handler(BaseHTTPRequestHandler):
        """Answers one request."""

        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            """Answer the message in the body."""
            length = int(self.headers.get("Content-Length", "0"))
            if self.path != "/v1" or length > LARGEST_BODY:
                self.send_error(404 if self.path != "/v1" else 413)
                return
            body = answer_text(answers, self.rfile.read(length))[0].encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that it overrides
            """Requests are not logged."""

    return ThreadingHTTPServer((host, port), Handler)
