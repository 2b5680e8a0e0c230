"""An engine as the kit sees it: something that answers messages, says what it can do, and may break."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from attrs import field, frozen

from solvent.account import Regime
from solvent.conform.values import Abilities
from solvent.errors import InputError
from solvent.exchange import all_actions
from solvent.protocol.engine import COMMANDS, DISCHARGE, PROTOCOL
from solvent.protocol.picture import FIELDS

ALL = "*"
"""What stands for every regime, operation or field."""
FEWEST_DIGITS = 6
"""An engine whose numbers agree to fewer digits cannot be held to rules."""


class Engine(Protocol):
    """Something that answers messages of the protocol."""

    def ask(self, message: Mapping[str, Any]) -> Mapping[str, Any]:
        """The reply to a message.

        Raises:
            Broken: there is none.
        """


@frozen
class Broken(Exception):  # noqa: N818 - an outcome of a case, which the run goes on from
    """An engine that gave no answer of the protocol.

    Attributes:
        kind: ``timeout``, ``crash``, ``protocol`` or ``start``.
        reason: what happened, and where the kit knows it, how to repair it.
        output: the end of what the engine wrote on standard error.
    """

    kind: str
    reason: str
    output: str = ""

    def __str__(self) -> str:
        return f"{self.kind}: {self.reason}"


@frozen
class InProcess:
    """An engine that is a Python function of messages."""

    answer: Callable[[Mapping[str, Any]], Mapping[str, Any]]

    def ask(self, message: Mapping[str, Any]) -> Mapping[str, Any]:
        """The reply to a message."""
        try:
            return self.answer(message)
        except Exception as error:
            raise Broken("crash", f"{type(error).__name__}: {error}") from error


@frozen
class Greeting:
    """What an engine says of itself.

    Attributes:
        name, version, language: who it is; empty where it does not say.
        abilities: what it can do.
    """

    name: str
    version: str = ""
    language: str = ""
    abilities: Abilities = field(factory=Abilities)


def hello(seq: int) -> dict[str, Any]:
    """The message by which a conversation begins."""
    return {"cmd": "hello", "seq": seq, "protocol": [PROTOCOL], "kit": "solvent", "numbers": "decimal-string"}


def greeting(reply: Mapping[str, Any]) -> Greeting:
    """What a reply to ``hello`` says.

    Raises:
        Broken: it is none, or in no version of the protocol that the kit speaks.
    """
    if reply.get("protocol") != PROTOCOL:
        raise Broken(
            "start", f"the engine speaks protocol {reply.get('protocol')!r}; this kit speaks {PROTOCOL}"
        )
    try:
        engine, stated = reply["engine"], reply["capabilities"]
        abilities = Abilities(
            regimes=_names(stated, "regimes", [*Regime]),
            operations=_names(stated, "operations", [*all_actions(), DISCHARGE]),
            fields=_names(stated, "fields", list(FIELDS)),
            commands=_names(stated, "commands", list(COMMANDS), ()),
            any_genesis=stated.get("genesis", "any") == "any",
            codes=bool(stated.get("codes", False)),
            digits=int(stated.get("digits", 12)),
            errors=dict(reply.get("errors", {})),
        )
    except (KeyError, TypeError, AttributeError, ValueError, InputError) as error:
        raise Broken("start", f"the reply to hello has no usable engine and capabilities: {error}") from error
    if abilities.digits < FEWEST_DIGITS:
        raise Broken(
            "start", f"numbers that agree to {abilities.digits} digits; at least {FEWEST_DIGITS} are needed"
        )
    return Greeting(
        str(engine["name"]), str(engine.get("version", "")), str(engine.get("language", "")), abilities
    )


def _names(stated: Mapping[str, Any], key: str, known: list[Any], absent: Any = ALL) -> frozenset[str]:
    """The names under a key, all where it says so or nothing; unknown names are an error, for they are misspelt."""
    given = stated.get(key, absent)
    names = known if given in (ALL, [ALL]) else given
    for name in names:
        if name not in known:
            raise InputError(
                "hello", f"capabilities.{key}", repr(name), f"one of {', '.join(map(str, known))}"
            )
    return frozenset(map(str, names))
