"""Results as JSON-ready values, and back."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from solvent.prove.decide import Result
from solvent.prove.needs import Need
from solvent.prove.theorem import Verdict


def text_of(result: Result) -> dict[str, Any]:
    """A result as JSON-ready values; numbers are exact fractions in text."""
    return {
        "theorem": result.theorem,
        "venue": result.venue,
        "regime": str(result.regime),
        "token": result.token,
        "verdict": str(result.verdict),
        "part": result.part,
        "parts": result.parts,
        "witness": _model_text(result.witness),
        "countermodel": _model_text(result.countermodel),
        "confirmed": result.confirmed,
        "needs": [
            {"meaning": n.meaning, "side": n.side, "needed": n.needed, "model": _model_text(n.model)}
            for n in result.needs
        ],
        "failed_sides": list(result.failed_sides),
        "rules": list(result.rules),
        "solver": result.solver,
        "milliseconds": result.milliseconds,
    }


def result_of(content: Mapping[str, Any]) -> Result:
    """The result that these values stand for.

    Raises:
        KeyError, TypeError, ValueError: they are not those of a result.
    """
    return Result(
        theorem=content["theorem"],
        venue=content["venue"],
        regime=content["regime"],
        token=content["token"],
        verdict=Verdict(content["verdict"]),
        part=content["part"],
        parts=content["parts"],
        witness=_model(content["witness"]),
        countermodel=_model(content["countermodel"]),
        confirmed=content["confirmed"],
        needs=tuple(Need(n["meaning"], n["side"], n["needed"], _model(n["model"])) for n in content["needs"]),
        failed_sides=tuple(content["failed_sides"]),
        rules=tuple(content["rules"]),
        solver=content["solver"],
        milliseconds=content["milliseconds"],
    )


def _model_text(model: Mapping[str, Fraction] | None) -> dict[str, str] | None:
    return None if model is None else {name: str(value) for name, value in sorted(model.items())}


def _model(content: Mapping[str, str] | None) -> dict[str, Fraction] | None:
    return None if content is None else {name: Fraction(value) for name, value in content.items()}
