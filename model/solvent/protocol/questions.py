"""Pure questions about a state: a figure, the largest withdrawal, and what a step would lead to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from solvent.arithmetic import floor_to
from solvent.decimals import show
from solvent.errors import InputError
from solvent.exchange import Exchange
from solvent.exchange.margin import withdrawable_of
from solvent.protocol.picture import DIGITS, FIELDS, Viewer, plain

Perform = Callable[[Exchange, Mapping[str, Any]], tuple[Exchange, dict[str, Any]]]
"""How a step is carried out."""


def answer(exchange: Exchange, question: Mapping[str, Any], perform: Perform) -> dict[str, Any]:
    """The answer to a question; the state stays as it is.

    Raises:
        InputError: there is no such question, or no such account.
    """
    match question.get("ask"):
        case "figures":
            name, fields = _account(exchange, question), tuple(question.get("fields", FIELDS))
            return {"figures": _figures(exchange, name, fields)}
        case "largest_withdrawal":
            name, token = _account(exchange, question), str(question.get("token"))
            unit = exchange.venue.parameters.token_unit
            return {"amount": show(floor_to(withdrawable_of(exchange, name, token), unit), DIGITS)}
        case "what_if":
            after, outcome = perform(exchange, question.get("step", {}))
            name, fields = _account(after, question), tuple(question.get("fields", FIELDS))
            return {**outcome, "figures": _figures(after, name, fields)}
    raise InputError("question", "ask", repr(question.get("ask")), "figures, largest_withdrawal or what_if")


def _account(exchange: Exchange, question: Mapping[str, Any]) -> str:
    name = question.get("account")
    if name not in exchange.members:
        raise InputError("question", "account", repr(name), f"one of {', '.join(exchange.members)}")
    return str(name)


def _figures(exchange: Exchange, name: str, fields: tuple[str, ...]) -> Any:
    asked = frozenset(figure for figure in fields if figure.startswith("accounts."))
    seen = Viewer(asked).look(exchange)
    own = {path: value for path, value in seen.items() if path[:2] == ("accounts", name)}
    return plain(own).get("accounts", {}).get(name, {})
