"""The margin models of nautilus_trader behind Solvent's adapter protocol: initial and maintenance margin of positions.

``adapter.py leveraged`` answers by the package's default model, ``adapter.py standard`` by its other one, which knows no
leverage and is asked for maintenance margin alone.
"""

from __future__ import annotations

import json
import sys
import traceback
from decimal import Decimal
from typing import Any

import nautilus_trader
from nautilus_trader.accounting.margin_models import LeveragedMarginModel, StandardMarginModel
from nautilus_trader.model.currencies import BTC, USDC
from nautilus_trader.model.enums import PositionSide
from nautilus_trader.model.identifiers import InstrumentId, Symbol
from nautilus_trader.model.instruments import CryptoPerpetual
from nautilus_trader.model.objects import Price, Quantity

LEVERAGED = sys.argv[1] == "leveraged"
MODEL = LeveragedMarginModel() if LEVERAGED else StandardMarginModel()
FIELDS = ["accounts.requirement", *(["accounts.initial"] if LEVERAGED else [])]
CAPABILITIES = {
    "regimes": ["cross", "isolated"],
    "operations": [],
    "fields": FIELDS,
    "commands": [],
    "genesis": "any",
    "digits": 12,
}


def instrument(market: dict[str, Any], size: Quantity, mark: Price) -> CryptoPerpetual:
    """A perp whose initial rate leaves everything to the leverage, and whose maintenance rate is the first tier's."""
    return CryptoPerpetual(
        instrument_id=InstrumentId.from_str("PERP.VENUE"),
        raw_symbol=Symbol("PERP"),
        base_currency=BTC,
        quote_currency=USDC,
        settlement_currency=USDC,
        is_inverse=False,
        price_precision=mark.precision,
        size_precision=size.precision,
        price_increment=Price(10**-mark.precision, mark.precision),
        size_increment=Quantity(10**-size.precision, size.precision),
        margin_init=Decimal(1),
        margin_maint=1 / (2 * Decimal(market["tiers"][0]["max_leverage"])),
        ts_event=0,
        ts_init=0,
    )


def margins(market: dict[str, Any], position: dict[str, Any]) -> tuple[Decimal, Decimal]:
    """Initial and maintenance margin of a position."""
    size, mark = Quantity.from_str(position["size"].lstrip("-")), Price.from_str(market["mark"])
    side = PositionSide.SHORT if position["size"].startswith("-") else PositionSide.LONG
    perp, leverage = instrument(market, size, mark), Decimal(position["leverage"])
    initial = MODEL.calculate_margin_init(perp, size, mark, leverage)
    maintenance = MODEL.calculate_margin_maint(perp, side, size, mark, leverage)
    return initial.as_decimal(), maintenance.as_decimal()


def figures(genesis: dict[str, Any], account: dict[str, Any]) -> dict[str, str]:
    positions = account.get("positions", {}).items()
    found = [margins(genesis["markets"][market], position) for market, position in positions]
    initial, maintenance = (
        (sum(column, Decimal(0)) for column in zip(*found, strict=True)) if found else (Decimal(0),) * 2
    )
    shown = {"requirement": f"{maintenance.normalize():f}"}
    return {**shown, "initial": f"{initial.normalize():f}"} if LEVERAGED else shown


def answer(message: dict[str, Any]) -> dict[str, Any]:
    if message["cmd"] == "hello":
        engine = {"name": "nautilus_trader", "version": nautilus_trader.__version__, "language": "python"}
        return {"protocol": 1, "engine": engine, "capabilities": CAPABILITIES, "errors": {}}
    if message["cmd"] == "bye":
        return {"ok": True}
    if message["cmd"] != "run" or message.get("steps"):
        return {"unsupported": "accounts as they stand, and nothing else"}
    genesis = message["genesis"]
    users = {
        n: a
        for n, a in genesis["accounts"].items()
        if n.partition(":")[0] not in ("book", "vault", "backstop")
    }
    accounts = {name: figures(genesis, account) for name, account in users.items()}
    return {"state": {"accounts": accounts}, "outcomes": []}


for line in sys.stdin:
    asked = json.loads(line)
    try:
        reply = answer(asked)
    except Exception as error:  # noqa: BLE001 - the conversation goes on
        traceback.print_exc()
        reply = {"error": {"kind": "crash", "message": repr(error)}}
    print(json.dumps({"seq": asked["seq"], **reply}), flush=True)  # noqa: T201 - the protocol's output
    if asked["cmd"] == "bye":
        break
