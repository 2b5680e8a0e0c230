"""The reference engine: the model behind the protocol, as any engine stands behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any

from attrs import define, field, frozen

from solvent.account import Regime
from solvent.errors import InputError
from solvent.exchange import Action, Check, Discharge, Exchange, all_actions, discharge
from solvent.exchange.record import action_fields, action_of
from solvent.protocol.genesis import exchange_of, genesis_of, require_house
from solvent.protocol.picture import FIELDS, Viewer, plain
from solvent.protocol.questions import answer

PROTOCOL = 1
"""The version of the protocol that this engine speaks."""
DISCHARGE = "discharge"
"""The operation by which the venue does all that is due, in an order that it tells as events."""
COMMANDS = ("quote", "open", "step", "observe", "close", "snapshot", "restore", "ping")
"""The commands that an engine may leave out."""
Message = Mapping[str, Any]
Reply = dict[str, Any]


class Unknown(InputError):  # noqa: N818 - an answer, which the engine gives and goes on
    """An operation that the engine does not know."""


@frozen
class Malformed(Exception):  # noqa: N818 - an answer, which the engine gives and goes on
    """A message that the engine cannot take."""

    reason: str


def op_of(action: Action) -> dict[str, Any]:
    """An action as a step of the protocol."""
    return {"op": action.name(), **action_fields(action)}


def action_from(step: Message) -> Action:
    """The action of a step of the protocol.

    Raises:
        InputError: there is no such action, or a field of it cannot be.
    """
    content = {key: value for key, value in step.items() if key != "op"}
    name = str(step.get("op"))

    def fault(path: tuple[str, ...], found: str, expected: str) -> InputError:
        return InputError(name, ".".join(path), found, expected)

    return action_of(name, content, fault)


@define
class Session:
    """A state that steps lead on from."""

    exchange: Exchange
    snapshots: dict[str, Exchange] = field(factory=dict)


@frozen
class Watching:
    """What a run reports of its states.

    Attributes:
        after: ``each`` step, the ``last`` one, or ``none``.
        fields: the figures.
    """

    after: str
    fields: frozenset[str]

    @classmethod
    def of(cls, observe: Any) -> Watching:
        """What a message asks for; every field after each step where it does not say."""
        asked = observe or {}
        return cls(asked.get("after", "each"), frozenset(asked.get("fields", FIELDS)))


@define
class Reference:
    """The reference engine."""

    sessions: dict[str, Session] = field(factory=dict)
    opened: int = 0

    def answer(self, message: Message) -> Reply:
        """The reply to a message: what it asks for, ``unsupported``, or an error that says what could not be taken."""
        known: Mapping[str, Callable[[Message], Reply]] = {
            "hello": self.hello, "run": self.run, "quote": self.quote, "bye": self.bye, "ping": self.bye,
            "open": self.open, "step": self.step, "observe": self.observe, "close": self.close,
            "snapshot": self.snapshot, "restore": self.restore,
        }  # fmt: skip
        seq = {"seq": message["seq"]} if "seq" in message else {}
        command = known.get(str(message.get("cmd")))
        if command is None:
            return {**seq, "unsupported": f"the command {message.get('cmd')!r}"}
        try:
            return {**seq, **command(message)}
        except Unknown as unknown:
            return {**seq, "unsupported": f"the operation {unknown.found}"}
        except (InputError, Malformed) as error:
            return {**seq, "error": {"kind": "malformed", "message": str(error)}}

    def hello(self, message: Message) -> Reply:
        """Who this is, and what it can do."""
        if PROTOCOL not in message.get("protocol", ()):
            raise Malformed(f"protocol {message.get('protocol')}: this engine speaks {PROTOCOL}")
        return {
            "protocol": PROTOCOL,
            "engine": {"name": "solvent", "version": version("solvent"), "language": "python"},
            "capabilities": {
                "regimes": [regime.value for regime in Regime],
                "operations": [*all_actions(), DISCHARGE],
                "fields": list(FIELDS),
                "commands": list(COMMANDS),
                "genesis": "any",
                "codes": True,
                "digits": 28,
            },
            "errors": {},
        }

    def run(self, message: Message) -> Reply:
        """A fresh state, the steps, and what they led to."""
        exchange = exchange_of(message.get("genesis"))
        watching = Watching.of(message.get("observe"))
        view, outcomes = Viewer(watching.fields), []
        before: Reply = {}
        if watching.after == "each":
            before = {"state": plain(view.look(exchange))}
        for step in message.get("steps", ()):
            exchange, outcome = perform(exchange, step)
            if watching.after == "each":
                outcome["state"] = plain(view.look(exchange))
            outcomes.append(outcome)
        if watching.after == "last":
            before = {"state": plain(view.look(exchange))}
        return {**before, "outcomes": outcomes}

    def quote(self, message: Message) -> Reply:
        """The answers to questions about a session's state, or about the state that steps lead to from a genesis."""
        if "session" in message:
            exchange = self._session(message).exchange
        else:
            exchange = exchange_of(message.get("genesis"))
            for step in message.get("steps", ()):
                exchange, _ = perform(exchange, step)
        return {"answers": [answer(exchange, question, perform) for question in message.get("questions", ())]}

    def bye(self, message: Message) -> Reply:
        """An answer, and no more."""
        del message
        return {"ok": True}

    def open(self, message: Message) -> Reply:
        """A session that begins with a genesis."""
        session = Session(exchange_of(message.get("genesis")))
        self.opened += 1
        name = f"s{self.opened}"
        self.sessions[name] = session
        return {"session": name}

    def step(self, message: Message) -> Reply:
        """One step of a session."""
        session = self._session(message)
        session.exchange, outcome = perform(session.exchange, message.get("step", {}))
        watching = Watching.of(message.get("observe"))
        if watching.after != "none":
            outcome["state"] = plain(Viewer(watching.fields).look(session.exchange))
        return {"outcome": outcome}

    def observe(self, message: Message) -> Reply:
        """The state of a session."""
        fields = Watching.of(message.get("observe")).fields
        return {"state": plain(Viewer(fields).look(self._session(message).exchange))}

    def close(self, message: Message) -> Reply:
        """The end of a session."""
        self._session(message)
        del self.sessions[message["session"]]
        return {"ok": True}

    def snapshot(self, message: Message) -> Reply:
        """A name by which a session's present state can be restored, and the state as a genesis."""
        session = self._session(message)
        name = f"p{len(session.snapshots) + 1}"
        session.snapshots[name] = session.exchange
        return {"snapshot": name, "genesis": genesis_of(session.exchange)}

    def restore(self, message: Message) -> Reply:
        """A session, back at a snapshot."""
        session = self._session(message)
        if message.get("snapshot") not in session.snapshots:
            raise Malformed(
                f"snapshot {message.get('snapshot')!r}: expected one of {', '.join(session.snapshots)}"
            )
        session.exchange = session.snapshots[message["snapshot"]]
        return {"ok": True}

    def _session(self, message: Message) -> Session:
        session = self.sessions.get(str(message.get("session")))
        if session is None:
            raise Malformed(f"session {message.get('session')!r}: expected an open one")
        return session


def perform(exchange: Exchange, step: Message) -> tuple[Exchange, Reply]:
    """The state after a step, and its outcome; a refused one leaves the state as it is."""
    require_house(exchange)
    if step.get("op") == DISCHARGE:
        done = discharge(exchange)
        return done.exchange, discharged(done)
    if step.get("op") not in all_actions():
        raise Unknown("step", "op", repr(step.get("op")), f"one of {', '.join((*all_actions(), DISCHARGE))}")
    action = action_from(step)
    refusal = action.refusal(exchange)
    if refusal is None:
        return action.apply(exchange), {"ok": True}
    return exchange, refused(refusal)


def refused(check: Check) -> Reply:
    """The outcome of a refused step: the rule that refused it, and why in words that nobody compares."""
    return {"ok": False, "code": check.rule or "invalid", "detail": f"refused unless {check.asks}"}


def discharged(done: Discharge) -> Reply:
    """The outcome of a discharge: what was done, in its order."""
    return {"ok": True, "events": [op_of(action) for action in done.actions]}
