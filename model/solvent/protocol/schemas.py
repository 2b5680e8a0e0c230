"""The published schemas of the protocol, and messages and replies held to them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from solvent import bundle
from solvent.errors import InputError
from solvent.ingest.strict_json import dotted, excerpt

PREFIX = "solvent:protocol/v1/"
"""What the ids of the schemas begin with."""
_FILES: Mapping[str, str] = {"step": "step-command"}
"""The files of commands that are not named after the command."""


def folder() -> Path:
    """Where the schemas stand."""
    return bundle.spec() / "protocol" / "v1"


@cache
def published() -> Mapping[str, Mapping[str, Any]]:
    """Every schema by its name."""
    files = sorted(folder().glob("*.schema.json"))
    read = {file.name.removesuffix(".schema.json"): file.read_text(encoding="utf-8") for file in files}
    return {name: json.loads(text) for name, text in read.items()}


@cache
def _validator(place: str) -> Draft202012Validator:
    """What holds a value to a schema, or to a part of one; following references once makes it twice as fast."""
    return Draft202012Validator(_at(place))


def _at(place: str) -> Any:
    """The schema, or the part of one, at a place, with what it refers to in the place of references."""
    name, _, pointer = place.partition("#")
    found: Any = published()[name]
    for key in filter(None, pointer.split("/")):
        found = found[key]
    return _whole(found, name)


def _whole(schema: Any, name: str) -> Any:
    if isinstance(schema, list):
        return [_whole(one, name) for one in schema]
    if not isinstance(schema, Mapping):
        return schema
    parts = {key: _whole(one, name) for key, one in schema.items() if key not in ("$ref", "$id", "$defs")}
    place = schema.get("$ref", "").removeprefix(PREFIX)
    if not place:
        return parts
    return {**_at(name + place if place.startswith("#") else place), **parts}


def hold(value: Any, place: str, source: str) -> None:
    """Hold a value to a schema such as ``genesis``, or to a part of one such as ``run#/$defs/reply``.

    Raises:
        InputError: it does not fit.
    """
    fault = best_match(_validator(place).iter_errors(value))
    if fault is not None:
        raise _error(fault, source)


def hold_message(message: Mapping[str, Any]) -> None:
    """Hold a message to the schema of its command; one of an unknown command fits.

    Raises:
        InputError: it does not fit.
    """
    _hold_side(message, str(message.get("cmd")), "message")


def hold_reply(reply: Mapping[str, Any], message: Mapping[str, Any]) -> None:
    """Hold a reply to the schema of the command that it answers; one to an unknown command fits.

    Raises:
        InputError: it does not fit.
    """
    _hold_side(reply, str(message.get("cmd")), "reply")


def _hold_side(value: Mapping[str, Any], command: str, side: str) -> None:
    name = _FILES.get(command, command)
    if side in published().get(name, {}).get("$defs", {}):
        hold(value, f"{name}#/$defs/{side}", f"the {side}")


def _error(fault: ValidationError, source: str) -> InputError:
    where = dotted(fault.absolute_path)
    expected = fault.schema.get("expected") if isinstance(fault.schema, Mapping) else None
    if fault.validator == "required":
        missing = next(name for name in _names(fault.validator_value) if name not in _names(fault.instance))
        return InputError(source, where, "no such key", f"the key {missing}")
    found = excerpt(json.dumps(fault.instance, ensure_ascii=True), 60)
    return InputError(source, where, found, expected or _expected(fault))


def _names(values: Any) -> list[str]:
    return [str(value) for value in values]


def _expected(fault: ValidationError) -> str:
    match fault.validator, fault.validator_value:
        case "type", wanted:
            return f"of type {wanted}"
        case "enum", names:
            return f"one of {', '.join(_names(names))}"
        case "const", value:
            return json.dumps(value)
        case "additionalProperties", _:
            return fault.message
        case rule, value:
            return f"{rule} {json.dumps(value)}"
