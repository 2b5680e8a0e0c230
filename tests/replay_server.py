"""A venue's info API on this machine: it replays recorded answers, with faults where a test asks for them.

The account is the public one 0x2359... that lifinance/perps-sdk recorded on 2026-09-22: its own dex, token
balances, MEGA order and MEGA market are as recorded there; the address is filled up with zeros. The spot order, the
builder-deployed dexes, the reserves and the loans are made for the tests, in the form that the venue documents.
"""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from attrs import define, field

ADDRESS = "0x2359" + "0" * 36
SUMMARY = {"totalNtlPos": "0.0", "totalRawUsd": "0.0", "totalMarginUsed": "0.0"}
OWN_DEX = {
    "marginSummary": {
        "accountValue": "2193.808086",
        "totalNtlPos": "3428.625",
        "totalRawUsd": "-1234.816914",
        "totalMarginUsed": "2123.360586",
    },
    "crossMarginSummary": SUMMARY | {"accountValue": "70.4475", "totalRawUsd": "70.4475"},
    "crossMaintenanceMarginUsed": "0.0",
    "withdrawable": "0.6975",
    "assetPositions": [
        {
            "type": "oneWay",
            "position": {
                "coin": "MEGA",
                "szi": "75000.0",
                "leverage": {"type": "isolated", "value": 3, "rawUsd": "-1305.264414"},
                "entryPx": "0.063913",
                "positionValue": "3428.625",
                "unrealizedPnl": "-1364.860533",
                "liquidationPx": "0.0208842306",
                "marginUsed": "2123.360586",
                "maxLeverage": 3,
            },
        }
    ],
    "time": 1790081138245,
}
EMPTY_DEX = {
    "marginSummary": SUMMARY | {"accountValue": "0.0"},
    "crossMarginSummary": SUMMARY | {"accountValue": "0.0"},
    "crossMaintenanceMarginUsed": "0.0",
    "withdrawable": "0.0",
    "assetPositions": [],
    "time": 1790081138300,
}
FUNDED_DEX = EMPTY_DEX | {"marginSummary": SUMMARY | {"accountValue": "5.05", "totalRawUsd": "5.05"}}
ORDERS = [
    {
        "coin": "MEGA",
        "side": "B",
        "limitPx": "0.04185",
        "sz": "5000.0",
        "reduceOnly": False,
        "isTrigger": False,
    },
    {
        "coin": "@107",
        "side": "A",
        "limitPx": "90.0",
        "sz": "1.0",
        "reduceOnly": False,
        "isTrigger": False,
    },
]
GOLD_ORDER = {
    "coin": "xyz:GOLD",
    "side": "B",
    "limitPx": "50.0",
    "sz": "1.0",
    "reduceOnly": False,
    "isTrigger": False,
}
OWN_META = {
    "universe": [
        {"name": "BTC", "szDecimals": 5, "maxLeverage": 40},
        {"name": "MEGA", "szDecimals": 0, "maxLeverage": 3},
    ],
    "marginTables": [],
    "collateralToken": 0,
}
GOLD_META = {
    "universe": [{"name": "xyz:GOLD", "szDecimals": 4, "maxLeverage": 10}],
    "marginTables": [],
    "collateralToken": 360,
}
SPOT = {
    "balances": [
        {"coin": "USDC", "token": 0, "total": "2296.35783828", "hold": "2193.808086"},
        {"coin": "HYPE", "token": 150, "total": "2.10613124", "hold": "0.0"},
    ],
    "tokenToAvailableAfterMaintenance": [[0, "172.99725228"]],
}
MEGA_DATA = {
    "leverage": {"type": "isolated", "value": 3, "rawUsd": "-1305.264414"},
    "maxTradeSzs": ["6775.0", "225696.0"],
    "availableToTrade": ["103.239708", "3439.23088"],
    "markPx": "0.045715",
}
GOLD_DATA = {"leverage": {"type": "cross", "value": 10}, "markPx": "51.0"}
RESERVES = [[0, {"oraclePx": "1.0", "ltv": "0.0"}], [150, {"oraclePx": "84.035", "ltv": "0.65"}]]
LOANS = {"tokenToState": [], "health": "healthy", "healthFactor": None}
ANSWERS = {
    "perpDexs": [None, {"name": "xyz", "fullName": "XYZ"}, {"name": "flx", "fullName": "Felix"}],
    "userAbstraction": "unifiedAccount",
    "spotClearinghouseState": SPOT,
    "clearinghouseState": OWN_DEX,
    "clearinghouseState xyz": FUNDED_DEX,
    "clearinghouseState flx": EMPTY_DEX,
    "frontendOpenOrders": ORDERS,
    "frontendOpenOrders xyz": [GOLD_ORDER],
    "allBorrowLendReserveStates": RESERVES,
    "borrowLendUserState": LOANS,
    "meta": OWN_META,
    "meta xyz": GOLD_META,
    "activeAssetData MEGA": MEGA_DATA,
    "activeAssetData xyz:GOLD": GOLD_DATA,
}

Reply = Callable[["Handler"], None]
"""What is done with one request."""


def content(body: bytes, status: int = 200, **headers: str) -> Reply:
    """These bytes; the name of a header is written with underscores."""

    def reply(handler: Handler) -> None:
        handler.send_response(status)
        for name, value in {**headers, "Content_Length": str(len(body))}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return reply


def answer(value: Any) -> Reply:
    """This value as JSON."""
    return content(json.dumps(value).encode())


def failure(status: int, **headers: str) -> Reply:
    """This HTTP status, with a text that is not JSON."""
    return content(b"no", status, **headers)


UNKNOWN = failure(422)
"""What the venue says to a type of request that it does not know."""


def silence(handler: Handler) -> None:
    """Nothing for two seconds, then the end of the connection."""
    handler.close_connection = True
    handler.server.stopped.wait(2)


def broken_off(handler: Handler) -> None:
    """The beginning of an answer, then the end of the connection."""
    handler.close_connection = True
    handler.send_response(200)
    handler.send_header("Content-Length", "100")
    handler.end_headers()
    handler.wfile.write(b'{"marginSummary":')


def endless(handler: Handler) -> None:
    """An answer without end."""
    handler.close_connection = True
    handler.send_response(200)
    handler.end_headers()
    with suppress(OSError):
        while not handler.server.stopped.is_set():
            handler.wfile.write(b" " * 1000)


@define
class Venue:
    """The server's address, what it will say, and what it was asked.

    Attributes:
        api: the address to send requests to.
        answers: by request (its type, and its dex or coin after a space) the value that is answered.
        script: by request the replies that come before that value.
        requests: the bodies of all requests so far.
        connections: how many connections were made.
    """

    api: str
    answers: Mapping[str, Any]
    script: dict[str, deque[Reply]] = field(factory=dict)
    requests: list[dict[str, str]] = field(factory=list)
    connections: int = 0

    def first(self, request: str, *replies: Reply) -> None:
        """Reply so to the first of these requests, then as usual."""
        self.script[request] = deque(replies)

    def always(self, request: str, reply: Reply) -> None:
        """Reply so to every one of these requests."""
        self.first(request, *[reply] * 1000)

    def asked(self, kind: str) -> list[dict[str, str]]:
        """The requests of this type."""
        return [request for request in self.requests if request["type"] == kind]

    def reply(self, request: dict[str, str]) -> Reply:
        """What comes now for this request."""
        self.requests.append(request)
        name = " ".join(filter(None, [request["type"], request.get("dex"), request.get("coin")]))
        if self.script.get(name):
            return self.script[name].popleft()
        return answer(self.answers[name]) if name in self.answers else UNKNOWN


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    venue: Venue

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.stopped = threading.Event()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    server: Server

    def setup(self) -> None:
        super().setup()
        self.server.venue.connections += 1

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path != "/info" or self.headers["Content-Type"] != "application/json":
            return failure(404)(self)
        return self.server.venue.reply(json.loads(body))(self)

    def log_message(self, *_: Any) -> None:
        """Keep the terminal for the tests."""


@contextmanager
def replaying(answers: Mapping[str, Any]) -> Iterator[Venue]:
    """A venue that gives these answers while the block runs."""
    with Server() as server:
        server.venue = Venue(f"http://127.0.0.1:{server.server_port}", answers)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield server.venue
        finally:
            server.stopped.set()
            server.shutdown()
            thread.join()
