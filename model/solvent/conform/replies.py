"""What engines write, read: one JSON object a line, no floats, and the sequence number that was asked with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from solvent.conform.engine import Broken
from solvent.errors import InputError
from solvent.ingest import strict_json

LONGEST_SHOWN = 80


def reply_of(line: bytes, message: Mapping[str, Any], output: str) -> Mapping[str, Any]:
    """The reply that a line is.

    Args:
        line: what the engine wrote.
        message: what it answers.
        output: what the engine wrote on standard error.

    Raises:
        Broken: it is none.
    """
    if not line.lstrip().startswith(b"{"):
        shown = line.decode("utf-8", "replace").strip()[:LONGEST_SHOWN]
        told = f"the engine wrote {shown!r} where an answer was due; only answers belong on standard output, logs on standard error"
        raise Broken("protocol", told, output)
    try:
        reply = strict_json.loads(line, "the reply")
    except InputError as error:
        raise Broken("protocol", f"{error}{_advice(error)}", output) from error
    if not isinstance(reply, Mapping):
        raise Broken("protocol", "the reply is no object", output)
    if reply.get("seq") != message.get("seq"):
        told = f"the reply has seq {reply.get('seq')!r}, the message had {message.get('seq')!r}: one reply to each message, in order"
        raise Broken("protocol", told, output)
    return reply


def _advice(error: InputError) -> str:
    return '; numbers of money go as decimal strings, such as "12.5"' if "." in error.found else ""
