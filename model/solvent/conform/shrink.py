"""Shrinking: the smallest program that still fails, found by trying smaller ones one after the other."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any

from attrs import define, evolve

from solvent.arithmetic import ZERO
from solvent.conform.alone import broken_alone
from solvent.conform.decimal_state import decimal_genesis
from solvent.conform.program import Program, expected
from solvent.conform.values import Abilities, flat
from solvent.decimals import DECIMAL, parse, show
from solvent.exchange.guards import is_house
from solvent.exchange.state import BOOK
from solvent.protocol.picture import plain

Fails = Callable[[Program], bool]
_MOVED = ("positions", "supply_shares", "debt_shares", "spot", "perp")
"""What the account of the book takes over of an account that is left out, so that all still adds up."""
WHOLE = Abilities(digits=20)
"""What a state has to add up to."""
_OF_ACCOUNT = ("orders", "settings", "deficit", "positions", "spot", "perp", "debt_shares", "supply_shares")


def shrunk(program: Program, fails: Fails, most_calls: int = 400, *, any_genesis: bool = True) -> Program:
    """The smallest program found that fails, beginning with one that does.

    Args:
        program: a program that fails.
        fails: whether a program fails in the same way; asked only of programs that the model can run.
        most_calls: how often it is asked at most.
        any_genesis: whether the engine can begin with any state.
    """
    search = _Search(program, fails, most_calls)
    while True:
        before = search.best
        search.try_all(_fewer_steps)
        if any_genesis:
            search.try_all(_later_beginnings)
        search.try_all(_fewer_accounts)
        search.try_all(_fewer_things)
        search.try_all(_shorter_numbers)
        if search.best is before or not search.left:
            return search.best


@define
class _Search:
    best: Program
    fails: Fails
    left: int

    def try_all(self, candidates: Callable[[Program], Iterator[Program]]) -> None:
        """Take every candidate that fails; what comes after one that was taken is made of it."""
        taken = True
        while taken and self.left:
            taken = False
            for candidate in candidates(self.best):
                if self.left and self._fails(candidate):
                    self.best, taken = candidate, True
                    break

    def _fails(self, candidate: Program) -> bool:
        if candidate.content == self.best.content or not _runs(candidate):
            return False
        self.left -= 1
        return self.fails(candidate)


def _runs(program: Program) -> bool:
    """Whether the model can run a program, and its state adds up; one that was cut too far raises whatever it meets."""
    try:
        begun = expected(program)[0].picture
    except Exception:  # noqa: BLE001 - a state that was cut too far
        return False
    return not any(broken_alone(program.genesis, None, dict(flat(plain(begun))), WHOLE))


def _fewer_steps(program: Program) -> Iterator[Program]:
    """Without a chunk of steps: large ones first, the last ones first."""
    steps, size = program.steps, len(program.steps)
    while size:
        for end in range(len(steps), 0, -size):
            yield evolve(program, steps=steps[: max(0, end - size)] + steps[end:])
        size //= 2


def _later_beginnings(program: Program) -> Iterator[Program]:
    """Begun after some of its steps, where there are more than two."""
    if len(program.steps) <= 2:
        return
    trace = expected(program)
    for first in range(len(program.steps) - 1, 0, -1):
        yield evolve(program, genesis=decimal_genesis(trace[first].state), steps=program.steps[first:])


def _fewer_accounts(program: Program) -> Iterator[Program]:
    """Without an account, the steps that name it, and what it had: the book has it then."""
    for name in reversed(list(program.genesis["accounts"])):
        if name != BOOK and not is_house(name):
            steps = tuple(step for step in program.steps if name not in step.values())
            yield evolve(program, genesis=_without_account(program.genesis, name), steps=steps)


def _without_account(genesis: Mapping[str, Any], name: str) -> dict[str, Any]:
    left = copy.deepcopy(dict(genesis))
    gone = left["accounts"].pop(name)
    for other in left["accounts"].values():
        if other.get("owner") == name:
            del other["owner"]
    book = left["accounts"].setdefault(BOOK, {"mode": "cross"})
    for what in _MOVED:
        for key, amount in gone.get(what, {}).items():
            if what == "positions":
                _give_position(left, book, key, amount)
            else:
                _add(book.setdefault(what, {}), key, amount)
    return left


def _give_position(genesis: dict[str, Any], book: dict[str, Any], market: str, position: Any) -> None:
    held = book.setdefault("positions", {}).get(market)
    if "raw" in position:
        dex = genesis["markets"][market].get("dex") or "main"
        _add(book.setdefault("perp", {}), dex, position["raw"])
    if held is None:
        book["positions"][market] = {key: value for key, value in position.items() if key != "raw"}
        return
    size = parse(held["size"]) + parse(position["size"])
    if size:
        held["size"] = show(size, 36)
    else:
        del book["positions"][market]


def _add(amounts: dict[str, str], key: str, amount: str) -> None:
    amounts[key] = show(parse(amounts.get(key, "0")) + parse(amount), 36)


def _fewer_things(program: Program) -> Iterator[Program]:
    """Without a market, a token, a pool, or something of an account."""
    for part in ("markets", "pools", "spots"):
        for name in reversed(list(program.genesis[part])):
            left = copy.deepcopy(dict(program.genesis))
            del left[part][name]
            if part == "spots":
                left["venue"]["tokens"].pop(name, None)
                left["pools"].pop(name, None)
                _forget(left, name)
            yield evolve(program, genesis=left)
    for name, account in program.genesis["accounts"].items():
        for what in _OF_ACCOUNT:
            for key in account.get(what, {}):
                yield evolve(program, genesis=_without(program.genesis, name, what, key))


def _forget(genesis: dict[str, Any], token: str) -> None:
    """Take a token away from everybody."""
    for account in genesis["accounts"].values():
        for what in ("spot", "supply_shares", "debt_shares"):
            account.get(what, {}).pop(token, None)


def _without(genesis: Mapping[str, Any], name: str, what: str, key: str) -> dict[str, Any]:
    left = copy.deepcopy(dict(genesis))
    gone = left["accounts"][name][what].pop(key)
    if what == "positions" and name != BOOK:
        _give_position(left, left["accounts"].setdefault(BOOK, {"mode": "cross"}), key, gone)
    elif what in ("supply_shares", "debt_shares") and key in left["pools"]:
        _repay(left["pools"][key], what, parse(gone))
    return left


def _repay(pool: dict[str, Any], what: str, shares: Fraction) -> None:
    """Let the cash of a pool follow what is claimed of it."""
    index = parse(pool.get("supply_index" if what == "supply_shares" else "debt_index", "1"))
    change = shares * index * (-1 if what == "supply_shares" else 1)
    pool["cash"] = show(parse(pool.get("cash", "0")) + change, 36)


def _shorter_numbers(program: Program) -> Iterator[Program]:
    """With a number of fewer digits: in the steps, of accounts, and of prices."""
    for number, step in enumerate(program.steps):
        for shorter in _shorter(step):
            yield evolve(program, steps=(*program.steps[:number], shorter, *program.steps[number + 1 :]))
    for part in ("accounts", "markets", "spots"):
        for shorter in _shorter(program.genesis[part]):
            yield evolve(program, genesis={**program.genesis, part: shorter})


def _shorter(content: Any) -> Iterator[Any]:
    """The content with one number in it of fewer digits."""
    if isinstance(content, Mapping):
        for key, value in content.items():
            for shorter in _shorter(value) if key != "tiers" else ():
                yield {**content, key: shorter}
    elif isinstance(content, str) and DECIMAL.fullmatch(content):
        digits = len(content.replace("-", "").replace(".", "").strip("0"))
        yield from (_rounded(parse(content), kept) for kept in (1, 2, 4) if kept < digits)


def _rounded(number: Fraction, digits: int) -> str:
    """The number with so many significant digits, rounded toward zero."""
    if number == ZERO:
        return "0"
    size, unit = abs(number), Fraction(1)
    while size < unit:
        unit /= 10
    while size >= unit * 10:
        unit *= 10
    unit /= Fraction(10) ** (digits - 1)
    return show((size // unit) * unit * (1 if number > 0 else -1), 36)
