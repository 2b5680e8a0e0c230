"""A real account, asked of Hyperliquid's public info API and kept as an observation.

Requests and answers: Hyperliquid documentation, for-developers/api/info-endpoint with its pages perpetuals and
spot, as published in 2026.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import urllib3
from attrs import define, field
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from urllib3 import exceptions
from urllib3.response import BaseHTTPResponse
from urllib3.util import Retry, parse_url

from solvent import decimals
from solvent.errors import InputError
from solvent.ingest import strict_json

LARGEST_ANSWER = 16 * 2**20
"""How many bytes of one answer are read at most."""
BACKOFF = 1
"""Seconds that the waits between tries grow from: none, then 2, 4, 8, ... times this."""
LONGEST_WAIT = 60
"""Seconds that one wait lasts at most, whatever the server asks for: its budget is by the minute."""
OVERLOADED = frozenset({429, 500, 502, 503, 504})
"""The HTTP statuses after which a request is tried again."""

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_TIME = 253_402_300_799_999


def fetch(
    address: str,
    api: str,
    *,
    timeout: float = 10,
    retries: int = 4,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """The observation of one account: what the venue says about it now, keyed by request type.

    The requests follow one another, so figures of different answers can be some seconds apart; the states of
    the account are asked in one row. ``recordedAt`` is the latest ``time`` that a state carries. Builder-deployed
    dexes without positions and account value are left out, and with them their orders: an order that reserves
    margin shows in the account value (inferred from recorded unified accounts). ``orderDexes`` lists the dexes
    that are kept, and is null where the venue does not say which dexes there are: then only its own was asked.

    Lending, market metadata and per-market data are null, or without the market or dex, where they are not
    answered; a type of request that fails once is not asked again. Leverage and size decimals are taken for the
    coins of positions and of perp orders.

    Args:
        address: the account, ``0x`` and 40 hexadecimal digits; an agent wallet's address shows an empty account.
        api: where the API stands, such as ``https://api.hyperliquid.xyz``; the observation keeps it.
        timeout: seconds to wait for a connection, and for each part of an answer.
        retries: how often a request is tried again after HTTP 429, 500, 502, 503 or 504, a time-out, or an
            answer that breaks off.
        progress: is told each request before it is sent, with counts, and each that stays without answer.

    Raises:
        InputError: the address or the API's address is malformed, or the account's mode, balances, positions or
            orders are not answered in the form that the venue documents.
    """
    user, base = _checked_address(address), _checked_api(api)
    waits = _Waits(
        total=retries,
        other=0,
        allowed_methods={"POST"},
        status_forcelist=OVERLOADED,
        backoff_factor=BACKOFF,
        backoff_max=LONGEST_WAIT,
        raise_on_status=False,
    )
    with urllib3.PoolManager() as http:
        return _observe(_Client(http, base, waits, timeout, progress), user)


def record(bundle: Mapping[str, Any], path: str | Path) -> None:
    """Write an observation as JSON, whole or not at all; a file that stands there is replaced.

    Raises:
        InputError: the path is a folder or something else that is no file, or cannot be written.
    """
    target = Path(path)
    content = (json.dumps(bundle, ensure_ascii=False, indent=1) + "\n").encode()
    part = target.parent / f".solvent-{os.getpid()}.part"
    try:
        if target.exists() and not target.is_file():
            found = "a folder" if target.is_dir() else "something that is no file"
            raise InputError(str(path), "", found, "a path where a file can be written")
        part.write_bytes(content)
        part.replace(target)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "a path that cannot be"
        raise InputError(str(path), "", reason.lower(), "a path where a file can be written") from None
    finally:
        with suppress(OSError, ValueError):
            part.unlink()


def _object(title: str, optional: Mapping[str, Any] | None = None, **needed: Any) -> dict[str, Any]:
    properties = {**needed, **(optional or {})}
    return {"title": title, "type": "object", "required": list(needed), "properties": properties}


def _list(title: str, items: Mapping[str, Any]) -> dict[str, Any]:
    return {"title": title, "type": "array", "items": items}


_ANY: Mapping[str, Any] = {}
_NAME = {"title": "a name", "type": "string", "minLength": 1}
_COUNT = {"title": "a whole number that is not negative", "type": "integer", "minimum": 0}
_AMOUNT = {"title": "a decimal string", "type": "string", "pattern": rf"^({decimals.DECIMAL.pattern})(?!\n)$"}
_TIME = {"title": "milliseconds since 1970", "type": "integer", "minimum": 0, "maximum": _LAST_TIME}
_POSITION = _object("a position", position=_object("a position", coin=_NAME))
_MARKET = _object("a market", name=_NAME, szDecimals=_COUNT)

ANSWERS: Mapping[str, Mapping[str, Any]] = {
    "perpDexs": _list("a list of dexes", _object("a dex or null", name=_NAME) | {"type": ["object", "null"]}),
    "userAbstraction": {"title": "the name of an account mode", "type": "string"},
    "spotClearinghouseState": _object("balances", balances=_list("a list of balances", _ANY)),
    "clearinghouseState": _object(
        "a perp account",
        {"time": _TIME},
        marginSummary=_object("a margin summary", accountValue=_AMOUNT),
        assetPositions=_list("a list of positions", _POSITION),
    ),
    "frontendOpenOrders": _list("a list of orders", _object("an order", coin=_NAME)),
    "allBorrowLendReserveStates": _list(
        "a list of reserves", {"title": "a token and its reserve", "type": "array"}
    ),
    "borrowLendUserState": _object("an account's loans", tokenToState=_list("a list of tokens", _ANY)),
    "meta": _object(
        "a dex's markets", {"collateralToken": _COUNT}, universe=_list("a list of markets", _MARKET)
    ),
    "activeAssetData": _object("an account's settings for a market", leverage=_ANY),
}
"""The JSON Schema of what is relied upon in the answer to each type of request; the rest is kept as it comes."""


class _Waits(Retry):
    """The tries that are left and the waits between them."""

    def increment(self, *arguments: Any, **named: Any) -> Self:
        """What is left after one more failure; a host that cannot be reached is not tried again."""
        if isinstance(named.get("error"), exceptions.NewConnectionError):
            raise named["error"]
        return super().increment(*arguments, **named)

    def get_retry_after(self, response: BaseHTTPResponse) -> float | None:
        """The seconds that the server asks to wait, up to the longest wait, where it says so legibly."""
        try:
            seconds = super().get_retry_after(response)
        except exceptions.InvalidHeader:
            return None
        return None if seconds is None else min(seconds, LONGEST_WAIT)


@define
class _Client:
    """The info API of one venue.

    Attributes:
        asked, planned: how many requests were sent, and how many there will be as far as is known.
        unanswered: the optional types of request that failed.
    """

    http: urllib3.PoolManager
    api: str
    waits: Retry
    timeout: float
    progress: Callable[[str], None]
    asked: int = 0
    planned: int = 0
    unanswered: set[str] = field(factory=set)

    def ask(self, kind: str, **arguments: str) -> Any:
        """The answer to one request, in the form that is relied upon."""
        label = " ".join([kind, *(value for name, value in arguments.items() if name != "user" and value)])
        self.asked += 1
        self.progress(f"{self.asked}/{self.planned} {label}")
        where = f"info {label}"
        content = self._content({"type": kind, **arguments}, where)
        try:
            answer = strict_json.loads(content, self.api)
        except InputError as error:
            raise self._error(_place(where, error.where), error.found, error.expected) from None
        for fault in Draft202012Validator(ANSWERS[kind]).iter_errors(answer):
            place = _place(where, strict_json.dotted(fault.absolute_path))
            raise self._error(place, strict_json.excerpt(json.dumps(fault.instance)), _expected(fault))
        return answer

    def ask_if_answered(self, kind: str, **arguments: str) -> Any:
        """The answer to a request that an observation can do without, or ``None``."""
        if kind in self.unanswered:
            self.planned -= 1
            return None
        try:
            return self.ask(kind, **arguments)
        except InputError as error:
            self.unanswered.add(kind)
            self.progress(f"{kind} is not recorded: found {error.found}; expected {error.expected}")
            return None

    def _content(self, request: Mapping[str, str], where: str) -> bytes:
        try:
            response, content = self._post(request)
        except exceptions.HTTPError as error:
            raise self._error(where, self._fault(error), "an answer") from None
        if response.status != 200:
            tries = len(response.retries.history) + 1 if response.retries else 1
            found = f"HTTP {response.status}" + (f" after {tries} tries" if tries > 1 else "")
            target = response.get_redirect_location()
            raise self._error(where, f"{found} to {target}" if target else found, "HTTP 200 and JSON")
        if len(content) > LARGEST_ANSWER:
            found = f"more than {LARGEST_ANSWER} bytes"
            raise self._error(where, found, "a shorter answer")
        return content

    def _post(self, request: Mapping[str, str]) -> tuple[BaseHTTPResponse, bytes]:
        """A response and its content; an answer that breaks off counts as a try like one that does not come."""
        url, waits = f"{self.api}/info", self.waits
        while True:
            response = self.http.request(
                "POST",
                url,
                json=request,
                timeout=self.timeout,
                retries=waits,
                redirect=False,
                preload_content=False,
            )
            try:
                return response, response.read(LARGEST_ANSWER + 1)
            except (exceptions.ReadTimeoutError, exceptions.ProtocolError) as error:
                waits = (response.retries or waits).increment("POST", url, error=error)
            finally:
                response.close()
            waits.sleep()

    def _fault(self, error: exceptions.HTTPError) -> str:
        reason = error.reason if isinstance(error, exceptions.MaxRetryError) else error
        tries = "1 try" if not self.waits.total else f"{self.waits.total + 1} tries"
        match reason:
            case exceptions.NameResolutionError():
                return "no host of this name"
            case exceptions.NewConnectionError():
                return (getattr(reason.__cause__, "strerror", None) or "no connection").lower()
            case exceptions.TimeoutError():
                return f"no answer within {self.timeout:g} s in {tries}"
            case exceptions.SSLError():
                return f"no trusted connection: {reason}"
            case exceptions.ProtocolError():
                return f"a connection that broke off in {tries}"
            case _:
                return str(reason)

    def _error(self, where: str, found: str, expected: str) -> InputError:
        return InputError(self.api, where, found, expected)


def _observe(client: _Client, user: str) -> dict[str, Any]:
    client.planned = 6
    mode = client.ask("userAbstraction", user=user)
    listed = client.ask_if_answered("perpDexs")
    dexes = list(dict.fromkeys(["", *(dex["name"] for dex in listed or () if dex)]))
    client.planned += len(dexes) - 1

    spot = client.ask("spotClearinghouseState", user=user)
    asked = {dex: client.ask("clearinghouseState", user=user, dex=dex) for dex in dexes}
    states = {dex: state for dex, state in asked.items() if not dex or not _is_empty(state)}
    client.planned += 2 * len(states)

    orders = [order for dex in states for order in client.ask("frontendOpenOrders", user=user, dex=dex)]
    reserves = client.ask_if_answered("allBorrowLendReserveStates")
    loans = client.ask_if_answered("borrowLendUserState", user=user)
    metas = {dex: client.ask_if_answered("meta", dex=dex) for dex in states}
    size_decimals = {
        market["name"]: market["szDecimals"] for meta in metas.values() if meta for market in meta["universe"]
    }
    coins = _coins(states, orders, size_decimals)
    client.planned += len(coins)

    return {
        "provenance": {
            "address": user,
            "api": client.api,
            **_recorded_at(asked),
            "scaled": False,
        },
        "userAbstraction": mode,
        "spotClearinghouseState": spot,
        "clearinghouseState": states,
        "frontendOpenOrders": orders,
        "orderDexes": None if listed is None else list(states),
        "allBorrowLendReserveStates": reserves,
        "borrowLendUserState": loans,
        "activeAssetData": _answered(
            {coin: client.ask_if_answered("activeAssetData", user=user, coin=coin) for coin in coins}
        ),
        "szDecimals": _answered({coin: size_decimals.get(coin) for coin in coins}),
        "dexTokens": _answered({dex: (meta or {}).get("collateralToken") for dex, meta in metas.items()}),
    }


def _answered(answers: Mapping[str, Any]) -> dict[str, Any] | None:
    """The answers that came, or ``None`` where none of those that were wanted did."""
    known = {name: answer for name, answer in answers.items() if answer is not None}
    return known if known or not answers else None


def _is_empty(state: Mapping[str, Any]) -> bool:
    return not state["assetPositions"] and decimals.parse(state["marginSummary"]["accountValue"]) == 0


def _coins(
    states: Mapping[str, Any], orders: list[dict[str, Any]], size_decimals: Mapping[str, int]
) -> list[str]:
    """The coins of positions, and those of orders that a perp dex lists (the others are spot orders)."""
    held = [row["position"]["coin"] for state in states.values() for row in state["assetPositions"]]
    ordered = [order["coin"] for order in orders if order["coin"] in size_decimals]
    return list(dict.fromkeys(held + ordered))


def _recorded_at(states: Mapping[str, Any]) -> dict[str, str]:
    times = [state["time"] for state in states.values() if "time" in state]
    if not times:
        return {}
    moment = _EPOCH + timedelta(milliseconds=max(times))
    return {"recordedAt": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")}


def _place(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


def _expected(fault: ValidationError) -> str:
    schema: Any = fault.schema
    found: Any = fault.instance
    if fault.validator != "required":
        return str(schema["title"])
    missing = next(key for key in schema["required"] if key not in found)
    return f'{schema["title"]} with the key "{missing}"'


def _checked_address(address: str) -> str:
    if not _ADDRESS.fullmatch(address):
        raise InputError("address", "", repr(address), "0x and 40 hexadecimal digits")
    return address.lower()


def _checked_api(api: str) -> str:
    expected = "an http or https address without user, query or fragment, such as https://api.hyperliquid.xyz"
    try:
        url = parse_url(api)
    except exceptions.LocationParseError:
        raise InputError("api", "", repr(api), expected) from None
    if url.scheme not in {"http", "https"} or not url.host or url.auth or url.query or url.fragment:
        raise InputError("api", "", repr(api), expected)
    return api.rstrip("/")
