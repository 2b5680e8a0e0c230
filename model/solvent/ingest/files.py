"""A recorded account as it lies on disk: one bundle, or a folder with one file per request type."""

from __future__ import annotations

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
    path = Path(path)
    bundle = _folder(path) if path.is_dir() else strict_json.load(path)
    if not isinstance(bundle, dict):
        raise InputError(str(path), "", type(bundle).__name__, "an object keyed by request type")
    state = bundle.get("clearinghouseState")
    if isinstance(state, dict) and "assetPositions" in state:
        bundle["clearinghouseState"] = {"": state}
    return bundle


def _folder(folder: Path) -> dict[str, Any]:
    bundle: dict[str, Any] = {}
    for file in sorted(folder.glob("*.json")):
        request, _, part = file.stem.partition(".")
        if request not in REQUESTS or (part and request not in PARTED):
            known = ", ".join(f"{name}.json" for name in REQUESTS)
            raise InputError(str(folder), "", file.name, f"files named after a request: {known}")
        answer = strict_json.load(file)
        if request in PARTED and (part or (request == "clearinghouseState" and "assetPositions" in answer)):
            bundle.setdefault(request, {})[part] = answer
        else:
            bundle[request] = answer
    if not bundle:
        raise InputError(str(folder), "", "a folder without JSON files", "one file per request type")
    return bundle
