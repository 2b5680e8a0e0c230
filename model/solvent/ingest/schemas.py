"""Published JSON Schemas, and documents held to them with one clear error."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError, relevance
from referencing import Registry, Resource

from solvent import bundle
from solvent.errors import InputError
from solvent.ingest.strict_json import dotted

_KINDS: Mapping[str, str] = {
    "object": "an object",
    "array": "a list",
    "string": "a string",
    "integer": "an integer",
    "boolean": "true or false",
    "null": "null",
}
_FORMATS = FormatChecker(formats=())


@_FORMATS.checks("date-time", raises=ValueError)
def _is_time(text: object) -> bool:
    return not isinstance(text, str) or datetime.fromisoformat(text) is not None


@cache
def schema(name: str) -> Mapping[str, Any]:
    """The published schema of this name."""
    path = bundle.spec() / "schemas" / f"{name}.schema.json"
    loaded: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


@cache
def _validator(name: str) -> Draft202012Validator:
    published = Registry().with_resources(
        (contents["$id"], Resource.from_contents(contents)) for contents in map(schema, published_names())
    )
    return Draft202012Validator(schema(name), registry=published, format_checker=_FORMATS)


def published_names() -> tuple[str, ...]:
    """The names of all published schemas."""
    files = (bundle.spec() / "schemas").glob("*.schema.json")
    return tuple(sorted(file.name.removesuffix(".schema.json") for file in files))


def hold(document: Any, name: str, source: str) -> None:
    """Hold a document to the published schema of this name.

    Raises:
        InputError: it does not fit; the message is about the first fault, in the order of the schema.
    """
    for fault in _validator(name).iter_errors(document):
        raise _error(fault, source)


def _error(fault: ValidationError, source: str) -> InputError:
    expected = fault.schema.get("expected") if isinstance(fault.schema, Mapping) else None
    while fault.context and not expected:
        fault = max(fault.context, key=relevance)
        expected = fault.schema.get("expected") if isinstance(fault.schema, Mapping) else None
    if fault.validator == "required":
        return InputError(source, dotted(fault.absolute_path), "no such key", _missing(fault))
    found = json.dumps(fault.instance, ensure_ascii=True)
    return InputError(source, dotted(fault.absolute_path), found, expected or _expected(fault))


def _missing(fault: ValidationError) -> str:
    wanted: Any = fault.validator_value
    instance: Any = fault.instance
    names = [name for name in wanted if name not in instance]
    return "the key " + " or ".join(names)


def _expected(fault: ValidationError) -> str:
    if fault.validator == "type":
        wanted: Any = fault.validator_value
        kinds = [wanted] if isinstance(wanted, str) else wanted
        return " or ".join(_KINDS.get(kind, kind) for kind in kinds)
    return f"{fault.validator} {json.dumps(fault.validator_value)}"
