"""A small engine behind the protocol, and adapters with exactly one fault each; the first argument names one."""

from __future__ import annotations

import json
import sys
import time
from copy import deepcopy
from decimal import Decimal, getcontext

getcontext().prec = 60
CAPABILITIES = {
    "regimes": ["cross", "unified"],
    "operations": ["deposit", "withdraw"],
    "fields": ["accounts.spot"],
    "commands": ["quote", "open", "observe", "close", "ping"],
    "genesis": "empty",
    "digits": 24,
}


class Right:
    """Spot balances, with deposits and withdrawals."""

    capabilities = CAPABILITIES

    def __init__(self):
        self.balances = {}
        self.session = {}

    # What it answers

    def hello(self, _):
        about = {"name": "small", "version": "1", "language": "python"}
        return {"protocol": 1, "engine": about, "capabilities": self.capabilities, "errors": {}}

    def run(self, message):
        self.begin(message["genesis"])
        reply = {"state": self.state(), "outcomes": []}
        for step in message["steps"]:
            reply["outcomes"].append({**self.perform(step), "state": self.state()})
        return reply

    def begin(self, genesis):
        self.balances = {
            name: {token: Decimal(amount) for token, amount in account.get("spot", {}).items()}
            for name, account in genesis["accounts"].items()
        }

    def perform(self, step):
        own, token, amount = self.balances[step["account"]], step["token"], Decimal(step["amount"])
        if step["op"] == "withdraw" and amount > own.get(token, 0):
            return {"ok": False}
        own[token] = own.get(token, 0) + (amount if step["op"] == "deposit" else -amount)
        return {"ok": True}

    def state(self):
        return {"accounts": {name: {"spot": self.spot(own)} for name, own in self.balances.items()}}

    def spot(self, own):
        return {token: self.number(amount) for token, amount in own.items()}

    def number(self, amount):
        return f"{amount.normalize():f}"

    def quote(self, message):
        if "genesis" in message:
            self.begin(message["genesis"])
        return {"answers": [self.on_a_copy(question) for question in message["questions"]]}

    def on_a_copy(self, question):
        kept = deepcopy(self.balances)
        answer = self.asked(question)
        self.balances = kept
        return answer

    def asked(self, question):
        own = self.balances[question["account"]]
        if question["ask"] == "largest_withdrawal":
            return {"amount": self.number(own.get(question["token"], Decimal(0)))}
        outcome = self.perform(question["step"]) if question["ask"] == "what_if" else {}
        return {**outcome, "figures": {"spot": self.spot(own)}}

    def open(self, message):
        self.begin(message["genesis"])
        return {"session": "the only one"}

    def observe(self, _):
        return {"state": self.state()}

    def done(self, _):
        return {"ok": True}

    close = ping = bye = done

    def unknown(self, message):
        return {"unsupported": message["cmd"]}

    def answer(self, message):
        known = ("hello", "run", "quote", "open", "observe", "close", "ping", "bye")
        command = getattr(self, message["cmd"]) if message["cmd"] in known else self.unknown
        return {"seq": message["seq"], **command(message)}

    # How it speaks

    def lines(self):
        yield from sys.stdin

    def text(self, reply):
        return json.dumps(reply)

    def write(self, text):
        print(text, flush=True)

    def serve(self):
        for line in self.lines():
            message = json.loads(line)
            self.write(self.text(self.answer(message)))
            if message["cmd"] == "bye":
                return


class Banner(Right):
    def serve(self):
        print("Listening on standard input", flush=True)
        super().serve()


class LogsAfterwards(Right):
    def write(self, text):
        super().write(text)
        print("answered", flush=True)


class Unflushed(Right):
    def serve(self):
        with open(1, "w", closefd=False, encoding="utf-8") as self.out:
            super().serve()

    def write(self, text):
        self.out.write(text + "\n")


class NoNewline(Right):
    def write(self, text):
        print(text, end="", flush=True)


class NoJson(Right):
    def text(self, reply):
        return str(reply)


class NotANumber(Right):
    def number(self, _):
        return float("nan")


class RepeatedKey(Right):
    def text(self, reply):
        return super().text(reply).replace('"seq"', '"seq": 0, "seq"', 1)


class Floats(Right):
    def number(self, amount):
        return float(amount)


class Exponents(Right):
    def number(self, amount):
        return f"{amount:.18E}"


class TrailingZeros(Right):
    def number(self, amount):
        return f"{amount:.12f}"


class LosesDigits(Right):
    def begin(self, genesis):
        super().begin(genesis)
        for own in self.balances.values():
            own.update({token: Decimal(str(float(amount))) for token, amount in own.items()})


class WrongSeq(Right):
    def answer(self, message):
        return {**super().answer(message), "seq": message["seq"] + 1}


class NoSeq(Right):
    def answer(self, message):
        return {key: value for key, value in super().answer(message).items() if key != "seq"}


class ShortSeq(Right):
    def answer(self, message):
        return {**super().answer(message), "seq": message["seq"] % 2**31}


class FewerOutcomes(Right):
    def run(self, message):
        reply = super().run(message)
        return {**reply, "outcomes": reply["outcomes"][:-1]}


class NoStates(Right):
    def run(self, message):
        return {"outcomes": [{"ok": outcome["ok"]} for outcome in super().run(message)["outcomes"]]}


class IgnoresGenesis(Right):
    def begin(self, genesis):
        self.balances = {name: {} for name in genesis["accounts"]}


class KeepsState(Right):
    def begin(self, genesis):
        before, _ = self.balances, super().begin(genesis)
        for name in before:
            self.balances[name] = before[name]


class KeepsTheOther(Right):
    """What an account had in another mode is not forgotten."""

    kept = Decimal(0)

    def begin(self, genesis):
        super().begin(genesis)
        if genesis["accounts"]["ann"]["mode"] == "unified":
            self.kept = Decimal(1)
        self.balances["bob"]["USDC"] += self.kept


class ReadsTheClock(Right):
    def perform(self, step):
        self.balances["bob"]["USDC"] += Decimal(time.monotonic_ns())
        return super().perform(step)


class ChangesOnRefusal(Right):
    def perform(self, step):
        outcome = super().perform(step)
        self.balances["ann"]["USDC"] -= 0 if outcome["ok"] else 1
        return outcome


class RefusesNothing(Right):
    def perform(self, step):
        return {**super().perform(step), "ok": True}


class ChangesOnQuestions(Right):
    def on_a_copy(self, question):
        return self.asked(question)


class KnowsEverything(Right):
    unknown = Right.done


class Strict(Right):
    def run(self, message):
        if {*message} - {"cmd", "seq", "case", "genesis", "steps", "observe"}:
            return {"error": {"kind": "malformed", "message": "an unknown key"}}
        return super().run(message)


class ShortLines(Right):
    def lines(self):
        yield from iter(lambda: sys.stdin.readline(64 * 2**10), "")


class Boasts(Right):
    capabilities = CAPABILITIES | {"operations": ["deposit", "withdraw", "market_order"]}

    def run(self, message):
        if any(step["op"] == "market_order" for step in message["steps"]):
            return {"unsupported": "orders"}
        return super().run(message)


class BoastsOfLoans(Right):
    capabilities = CAPABILITIES | {"operations": ["borrow", "deposit", "withdraw"]}

    def run(self, message):
        if any(step["op"] == "borrow" for step in message["steps"]):
            return {"error": {"kind": "crash", "message": "borrow"}}
        return super().run(message)


class BoastsOfQuestions(Right):
    quote = Right.unknown


class LacksAFigure(Right):
    capabilities = CAPABILITIES | {"fields": ["accounts.spot", "accounts.ratio"]}


class Misspells(Right):
    capabilities = CAPABILITIES | {"operations": ["deposits"]}


class Ancient(Right):
    def hello(self, message):
        return super().hello(message) | {"protocol": 0}


class Crashes(Right):
    runs = 0

    def run(self, message):
        self.runs += 1
        if self.runs == 3:
            print("index out of bounds", file=sys.stderr, flush=True)
            sys.exit(7)
        return super().run(message)


class SaysError(Right):
    def run(self, _):
        return {"error": {"kind": "crash", "message": "index out of bounds"}}


class Hangs(Right):
    def run(self, message):
        if "note" in message:
            time.sleep(60)
        return super().run(message)


class SaysNothing(Right):
    def done(self, _):
        sys.exit(1)

    ping = done


class ExitsEarly(Right):
    def serve(self):
        sys.exit("no configuration file")


class GoesOn(Right):
    def serve(self):
        super().serve()
        time.sleep(60)


class EndsBadly(Right):
    def serve(self):
        super().serve()
        sys.exit(3)


if __name__ == "__main__":
    globals()[sys.argv[1]]().serve()
