"""A recorded account as it lies on disk: one bundle, or a folder with one file per request type."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from solvent.errors import InputError
from solvent.ingest import strict_json

REQUESTS = (
    "provenance",
    "userAbstraction",
    "spotClearinghouseState",
    "clearinghouseState",
    "frontendOpenOrders",
    "orderDexes",
    "orderMargins",
    "allBorrowLendReserveStates",
    "borrowLendUserState",
    "activeAssetData",
    "szDecimals",
    "spotMids",
    "dexTokens",
    "userCaps",
    "partialPositions",
    "uncapturedIsolatedMargin",
    "phase",
)
"""The keys of a bundle, which are also the names of the files of a folder."""

PARTED = ("clearinghouseState", "activeAssetData")
"""Requests that are made once per dex or market: ``clearinghouseState.xyz.json`` is that of the dex ``xyz``."""


def read(path: str | Path) -> dict[str, Any]:
    """The bundle in a file, or the one that the files of a folder make up.

    Raises:
        InputError: something cannot be read, is not JSON, holds a float, or is no answer of a known request.
    """
    source = str(path)
    bundle = _folder(Path(path)) if _is_folder(path) else strict_json.load(path)
    if not isinstance(bundle, dict):
        raise InputError(
            source, "", strict_json.excerpt(json.dumps(bundle)), "an object keyed by request type"
        )
    if _is_state(bundle.get("clearinghouseState")):
        bundle["clearinghouseState"] = {"": bundle["clearinghouseState"]}
    return bundle


def _is_folder(path: str | Path) -> bool:
    try:
        return Path(path).is_dir()
    except (OSError, ValueError):  # whoever reads it as a file says why it cannot be
        return False


def _is_state(answer: Any) -> bool:
    """Whether an answer is the state of one dex rather than an object of states."""
    return isinstance(answer, dict) and "assetPositions" in answer


def _folder(folder: Path) -> dict[str, Any]:
    try:
        files = sorted(file for file in folder.iterdir() if file.suffix == ".json")
    except OSError as error:
        raise InputError(str(folder), "", str(error.strerror).lower(), "a readable folder") from None
    if not files:
        raise InputError(str(folder), "", "a folder without JSON files", "one file per request type")
    bundle: dict[str, Any] = {}
    parts: dict[str, dict[str, Any]] = {}
    for file in files:
        request, part = _named(file)
        answer = strict_json.load(file)
        if part or (request == "clearinghouseState" and _is_state(answer)):
            parts.setdefault(request, {})[part] = answer
        else:
            bundle[request] = answer
    for request, answers in parts.items():
        whole = bundle.get(request, {})
        if not isinstance(whole, dict) or whole.keys() & answers.keys():
            found = f"{request}.json beside files of its parts"
            raise InputError(str(folder), request, found, "each answer in one file")
        bundle[request] = whole | answers
    return bundle


def _named(file: Path) -> tuple[str, str]:
    """The request that a file is named after, and the dex or market that follows it."""
    request, dot, part = file.stem.partition(".")
    if request not in REQUESTS or (dot and not (part and request in PARTED)):
        known = ", ".join(f"{name}.json" for name in REQUESTS)
        raise InputError(str(file), "", "an unknown request", f"a file named after a request: {known}")
    return request, part
