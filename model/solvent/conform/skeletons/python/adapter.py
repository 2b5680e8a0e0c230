"""Solvent's adapter protocol around an engine: one JSON object a line in, one reply a line out."""

import json
import sys
import traceback
from typing import Any

from engine import Engine, Refusal

Message = dict[str, Any]

CAPABILITIES: Message = {
    "regimes": ["cross"],
    "operations": ["deposit", "withdraw"],
    "fields": ["accounts.spot"],
    "commands": [],
    "genesis": "empty",
    "codes": True,
    "digits": 18,
}
ERRORS = {"bad_request": "invalid", "insufficient_balance": "PERP-WITHDRAWABLE"}


def hello(message: Message) -> Message:
    if 1 not in message["protocol"]:
        return {"error": {"kind": "malformed", "message": "this adapter speaks protocol 1"}}
    engine = {"name": "my-engine", "version": "0.1.0", "language": "python"}
    return {"protocol": 1, "engine": engine, "capabilities": CAPABILITIES, "errors": ERRORS}


def run(message: Message) -> Message:
    engine = Engine(message["genesis"])  # a new one for every run: nothing is kept
    after = message.get("observe", {}).get("after", "each")

    def seen(when: str) -> Message:
        return {"state": state(engine)} if after == when else {}

    reply: Message = {**seen("each"), "outcomes": []}
    for step in message.get("steps", []):
        if step["op"] not in CAPABILITIES["operations"]:
            return {"unsupported": f"the operation {step['op']}"}
        reply["outcomes"].append({**perform(engine, step), **seen("each")})
    return {**reply, **seen("last")}


def perform(engine: Engine, step: Message) -> Message:
    operation = engine.deposit if step["op"] == "deposit" else engine.withdraw
    try:
        operation(step["account"], step["token"], step["amount"])
    except Refusal as refusal:
        return {"ok": False, "code": refusal.code}
    return {"ok": True}


def state(engine: Engine) -> Message:
    return {"accounts": {name: {"spot": engine.spot(name)} for name in engine.accounts}}


def answer(message: Message) -> Message:
    match message.get("cmd"):
        case "hello":
            return hello(message)
        case "run":
            return run(message)
        case "bye":
            return {"ok": True}
    return {"unsupported": f"the command {message.get('cmd')}"}


for line in sys.stdin:
    asked = json.loads(line)
    try:
        reply = answer(asked)
    except Exception as error:
        traceback.print_exc()  # on standard error: standard output is for replies alone
        reply = {"error": {"kind": "crash", "message": repr(error)}}
    print(json.dumps({"seq": asked["seq"], **reply}), flush=True)
    if asked.get("cmd") == "bye":
        break
