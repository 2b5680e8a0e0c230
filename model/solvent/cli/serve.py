"""``solvent serve``: the reference engine, or one of the mutants, behind the adapter protocol."""

from __future__ import annotations

import sys

import click

from solvent.cli.console import say
from solvent.errors import InputError
from solvent.mutants import catalogue, engine_of
from solvent.protocol.engine import Reference
from solvent.protocol.serve import Answers, http_server, serve_lines


@click.command(short_help="Serve the reference engine behind the adapter protocol.")
@click.option("--http", "place", metavar="HOST:PORT", help="Serve HTTP (POST /v1); port 0 takes a free one.")
@click.option("--mutant", metavar="ID", help="Serve this mutant, to see what the kit says of it.")
def serve(*, place: str | None, mutant: str | None) -> None:
    """Serve the reference engine: one JSON message a line on standard input, one reply a line on standard output.

    spec/protocol/README.md describes the messages.
    """
    answers = _answers(mutant)
    if place is None:
        serve_lines(answers, sys.stdin.buffer, sys.stdout.buffer)
        return
    host, _, port = place.rpartition(":")
    if not port.isdigit() or int(port) > 65535:
        raise InputError("--http", "", repr(place), "HOST:PORT, such as 127.0.0.1:8700")
    try:
        server = http_server(answers, host or "127.0.0.1", int(port))
    except OSError as error:
        raise InputError(
            "--http", "", place, f"a place that is free: {str(error.strerror).lower()}"
        ) from None
    with server:
        say(f"serving http://{host or '127.0.0.1'}:{server.server_address[1]}/v1")
        server.serve_forever()


def _answers(mutant: str | None) -> Answers:
    if mutant is None:
        return Reference().answer
    if mutant not in catalogue():
        raise InputError("--mutant", "", repr(mutant), f"one of {', '.join(catalogue())}")
    answers: Answers = engine_of(catalogue()[mutant]).answer
    return answers
