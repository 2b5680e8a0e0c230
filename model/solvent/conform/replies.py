"""What engines write, read: one JSON object a line, no floats, and the sequence number that was asked with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from solvent.conform.advice import LOG, advice
from solvent.conform.engine import Broken
from solvent.errors import InputError
from solvent.ingest import strict_json

LONGEST_SHOWN = 80


def excerpt(line: bytes) -> str:
    """The beginning of a line, in quotes."""
    text = line.decode("utf-8", "replace").strip()
    return repr(text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}...")


def reply_of(line: bytes, message: Mapping[str, Any], output: str, language: str = "") -> Mapping[str, Any]:
    """The reply that a line is.

    Args:
        line: what the engine wrote.
        message: what it answers.
        output: what the engine wrote on standard error.
        language: what it is written in, where that is known.

    Raises:
        Broken: it is none.
    """

    def broken(told: str) -> Broken:
        return Broken("protocol", told, output)

    if not line.lstrip().startswith(b"{"):
        how = advice(LOG, language)
        raise broken(
            f"the engine wrote {excerpt(line)} where a reply was due: standard output is for replies alone, logs belong on standard error ({how})"
        )
    try:
        reply: Mapping[str, Any] = strict_json.loads(line, "the reply")
    except InputError as error:
        number = error.expected == "a decimal string"
        raise broken(
            f'{error}; numbers go as JSON strings, such as "12.5"' if number else str(error)
        ) from error
    if "seq" not in reply:
        raise broken(
            f"the reply has no seq: {excerpt(line)}; every reply repeats the seq of its message, and nothing else is written on standard output"
        )
    if reply["seq"] != message.get("seq"):
        raise broken(
            f"the reply has seq {reply['seq']!r}, the message had {message.get('seq')!r}: one reply to each message, in order, with its seq"
        )
    return reply
