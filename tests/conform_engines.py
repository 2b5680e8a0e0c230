"""Engines with one flaw each, the vectors that show it, and a run of the command against them."""

from __future__ import annotations

import json
import os
from decimal import Decimal
from pathlib import Path
from time import sleep

from command import run
from exchange_examples import member, opening

from solvent.conform.program import Program
from solvent.conform.vectors import Kind, made
from solvent.protocol.engine import Reference
from solvent.protocol.genesis import genesis_of

BUY = {"op": "market_order", "account": "ann", "market": "BTC", "size": "1"}
FALL = {"op": "move_prices", "marks": {"BTC": "90000"}, "oracles": {"BTC": "90000"}}
TOO_MUCH = {"op": "withdraw", "account": "ann", "token": "USDC", "amount": "1000000"}


def vector(name, *steps, mode="cross", flags=()):
    """The vector of an account of 50 000 USD that does this."""
    cash = {"raw": 50_000} if mode == "cross" else {"USDC": 50_000}
    genesis = genesis_of(opening(member("ann", mode, **cash)))
    return made(
        Program(genesis, steps),
        id=f"test/{name}",
        title=name,
        kind=Kind.SCENARIO,
        source={"name": "test"},
        flags=flags,
    )


VECTORS = {
    each.id: each
    for each in (
        vector("idle"),
        vector("buys", BUY),
        vector("falls", BUY, FALL),
        vector("refused", TOO_MUCH),
        vector("unified", BUY, mode="unified"),
    )
}


class Right(Reference):
    """The model itself."""


class Generous(Reference):
    """Says that what may be withdrawn is one more than it is."""

    def run(self, message):
        reply = super().run(message)
        for outcome in (reply, *reply["outcomes"]):
            for account in outcome["state"].get("accounts", {}).values():
                for token, amount in account.get("withdrawable", {}).items():
                    account["withdrawable"][token] = str(Decimal(amount) + 1)
        return reply


class Lax(Reference):
    """Lets everybody withdraw what they do not have, and does nothing then."""

    def run(self, message):
        reply = super().run(message)
        for step, outcome in zip(message["steps"], reply["outcomes"], strict=True):
            if step["op"] == "withdraw":
                outcome.pop("code", None)
                outcome["ok"] = True
        return reply


class Crashing(Reference):
    """Fails at every program that moves prices."""

    def run(self, message):
        if any(step["op"] == "move_prices" for step in message["steps"]):
            raise ZeroDivisionError("division by zero")
        return super().run(message)


class Hanging(Reference):
    """Takes for ever over every program that moves prices."""

    def run(self, message):
        if any(step["op"] == "move_prices" for step in message["steps"]):
            sleep(60)
        return super().run(message)


class Boasting(Reference):
    """Says of an order that it cannot do it, although it declares that it can."""

    def answer(self, message):
        if any(step["op"] == "market_order" for step in message.get("steps", ())):
            return {"seq": message["seq"], "unsupported": "orders"}
        return super().answer(message)


class Babbling(Reference):
    """Answers programs in no form of the protocol."""

    def run(self, message):
        return super().run(message) | {"outcomes": "all well"}


class Untidy(Reference):
    """Tells why in what is no text, and is right besides."""

    def run(self, message):
        reply = super().run(message)
        for outcome in reply["outcomes"]:
            outcome["detail"] = 7
        return reply


class Small(Reference):
    """Knows the standard mode alone."""

    def hello(self, message):
        reply = super().hello(message)
        reply["capabilities"]["regimes"] = ["cross", "isolated"]
        return reply


class Ancient(Reference):
    """Speaks another version of the protocol."""

    def hello(self, message):
        return super().hello(message) | {"protocol": 0}


def written(folder, *names):
    """The folder with the files of these vectors, by default all."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names or VECTORS:
        one = VECTORS[name]
        (folder / one.file).write_text(one.text)
    return folder


def conform(folder, engine, *options, vectors=None, address=""):
    """The outcome of the command in a folder, against an engine and the vectors above alone; and its events."""
    stream = folder / "stream.ndjson"
    fixed = vectors or written(folder / "vectors")
    before = Path.cwd()
    os.chdir(folder)
    try:
        outcome = run(
            "conform",
            address or f"py:conform_engines:{engine}",
            "--vectors",
            fixed,
            "--json",
            stream,
            *options,
        )
    finally:
        os.chdir(before)
    events = [json.loads(line) for line in stream.read_text().splitlines()] if stream.exists() else []
    stream.unlink(missing_ok=True)
    return outcome, events


def of(events, kind):
    """The events of a kind."""
    return [event for event in events if event["event"] == kind]


if __name__ == "__main__":
    import sys

    from solvent.protocol.serve import serve_lines

    serve_lines(Hanging().answer, sys.stdin.buffer, sys.stdout.buffer)
