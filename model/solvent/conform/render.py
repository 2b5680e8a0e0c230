"""A failure in words: where an engine and the model part, both values, why, and how to see it again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from pprint import pformat
from typing import Any

from solvent import rulebook
from solvent.conform.diagnose import Misreading
from solvent.conform.judge import Divergence
from solvent.conform.program import Document, Program, expected, rules_behind
from solvent.conform.values import Difference
from solvent.decimals import show
from solvent.exchange import BOOK
from solvent.exchange.guards import is_house
from solvent.exchange.record import number_of
from solvent.protocol.engine import DISCHARGE, action_from
from solvent.protocol.picture import Value
from solvent.rules import all_rules

MOST_DIFFERENCES = 4
"""How many differences are told in full."""
MOST_NAMED = 8
"""How many more are named."""
MOST_RULES = 4
"""How many of the rules behind a figure are named where no misreading is known."""
FEW_DIGITS, DIGITS = 10, 24
"""Decimals of a number, and of two numbers that differ in none of the first."""
WIDTH = 10
"""The width of the words before values."""


def story(
    program: Program,
    divergence: Divergence,
    misread: Iterable[Misreading],
    *,
    file: str = "",
    regressions: str = "",
) -> list[str]:
    """The failure, a line each.

    Args:
        program: the smallest program that shows it.
        divergence: where the engine and the model part.
        misread: what makes the engine's number.
        file: where the program is kept; empty for nowhere.
        regressions: the folder that it can be promoted to; empty for none.
    """
    found = tuple(misread)
    return [
        *_place(program, divergence),
        *_differences(divergence.differences),
        *(_reading(one) for one in found),
        *_rules(program, divergence, found),
        *told(program, divergence.step),
        *([_line("replay", f"solvent replay {file}")] if file else []),
        *([_line("promote", f"cp {file} {regressions}/")] if file and regressions else []),
    ]


def _line(word: str, text: str) -> str:
    return f"{word:<{WIDTH}}{text}"


def words_of(step: Document) -> str:
    """A step as a sentence."""
    if step.get("op") == DISCHARGE:
        return "the venue does all that is due"
    return str(action_from(step))


def _place(program: Program, divergence: Divergence) -> Iterator[str]:
    number, count = divergence.step, len(program.steps)
    if number:
        yield f"step {number} of {count}: {words_of(program.steps[number - 1])}"
    else:
        yield "at the beginning, before any step"


def _differences(differences: tuple[Difference, ...]) -> Iterator[str]:
    for difference in differences[:MOST_DIFFERENCES]:
        yield _name(difference)
        yield from _values(difference)
    left = [_name(difference) for difference in differences[MOST_DIFFERENCES:]]
    if left:
        more = ", and more" if len(left) > MOST_NAMED else ""
        yield f"and {len(left)} other{'s' * (len(left) > 1)}: {', '.join(left[:MOST_NAMED])}{more}"


def _name(difference: Difference) -> str:
    """What a difference is about; an outcome and an invariant are called by their check."""
    figure = not difference.check.startswith(("outcome/", "invariant/"))
    path = ".".join(difference.path)
    return path if figure else f"{difference.check} {path if len(difference.path) > 1 else ''}".strip()


def _values(difference: Difference) -> Iterator[str]:
    wanted, found, gap, digits = difference.expected, difference.found, "", FEW_DIGITS
    if isinstance(wanted, Fraction) and isinstance(found, Fraction):
        if abs(wanted - found) < Fraction(1, 10 ** (FEW_DIGITS - 2)):
            digits = DIGITS
        gap = f"   {'+' if found > wanted else ''}{show(found - wanted, digits)}"
    yield f"    {_line('spec', _shown(wanted, digits))}"
    yield f"    {_line('engine', _shown(found, digits))}{gap}"


def _shown(value: Value, digits: int = FEW_DIGITS) -> str:
    return value if isinstance(value, str) else show(value, digits)


def _reading(misread: Misreading) -> str:
    much = "every figure up to here" if misread.whole else "this figure"
    return _line("misread", f"{much} is what it would be with {misread.words} ({misread.id})")


def _rules(program: Program, divergence: Divergence, misread: tuple[Misreading, ...]) -> Iterator[str]:
    """The rule that is misread; else that of the refusal, and else some of those behind what differs."""
    refusals = divergence.moment.refusals[:1]
    named = [one.rule for one in misread] or [check.rule or "" for check in refusals]
    named = [name for name in dict.fromkeys(named) if name]
    if not named:
        step = program.steps[divergence.step - 1] if divergence.step else None
        before = expected(program)[max(0, divergence.step - 1)].state
        path = divergence.differences[0].path
        behind = rules_behind(before, step, path if path in divergence.moment.picture else ())
        named = [name for name in rulebook.entries() if name in behind][-MOST_RULES:]
    for name in named:
        entry = rulebook.entries().get(name)
        if entry is not None:
            yield _line("rule", f"{name}: {entry.sentence}")
            yield _line("", link_of(entry))


def link_of(entry: rulebook.Entry) -> str:
    """Where the rule stands in the specification, with the anchor of its heading."""
    heading = re.sub(r"[^\w\- ]", "", f"{entry.id}: {entry.title}".lower()).replace(" ", "-")
    return f"spec/rules/{entry.chapter}.md#{heading}"


def told(program: Program, last: int | None = None) -> Iterator[str]:
    """The program as sentences: what it begins with, then each step, up to the last one that matters."""
    yield "program"
    yield from (f"  {line}" for line in _beginning(program.genesis))
    trace = expected(program)
    for number, step in enumerate(program.steps[:last], 1):
        refused = " (refused)" if trace[number].refusals else ""
        yield f"  {number}. {words_of(step)}{refused}"


def _beginning(genesis: Document) -> Iterator[str]:
    venue = genesis["venue"]
    readings = [
        f"{name} read {reading}" for name, reading in venue.get("readings", {}).items()
        if reading != all_rules()[name].default
    ]  # fmt: skip
    yield f"at {venue['name'] or 'a venue'}{', ' if readings else ''}{', '.join(readings)}"
    prices = [f"{name} at {market['mark']}{_oracle(market)}" for name, market in genesis["markets"].items()]
    prices += [f"{token} in spot at {spot['price']}" for token, spot in genesis["spots"].items()]
    if prices:
        yield "prices: " + ", ".join(prices)
    for name, account in genesis["accounts"].items():
        owns = [*_owns(genesis, account)]
        if owns and name != BOOK and not is_house(name):
            yield f"{name} ({account['mode']}) " + ", ".join(owns)


def _oracle(market: Document) -> str:
    return "" if market["oracle"] == market["mark"] else f" (oracle {market['oracle']})"


def _owns(genesis: Document, account: Document) -> Iterator[str]:
    """What an account has, as the ends of a sentence about it."""
    yield from (f"holds {amount} {token} in spot" for token, amount in account.get("spot", {}).items())
    for dex, amount in account.get("perp", {}).items():
        yield f"has {amount} USD on perps{'' if dex == 'main' else f' of {dex}'}"
    for what, index, verb in (
        ("supply_shares", "supply_index", "supplies"),
        ("debt_shares", "debt_index", "owes"),
    ):
        for token, shares in account.get(what, {}).items():
            amount = number_of(shares) * number_of(genesis["pools"][token].get(index, "1"))
            yield f"{verb} {show(amount, DIGITS)} {token}"
    for dex, amount in account.get("deficit", {}).items():
        yield f"has a deficit of {amount} USD on {dex}"
    for market, position in account.get("positions", {}).items():
        yield _position(market, position)
    for order in account.get("orders", {}).values():
        side = "buy" if order["side"] > 0 else "sell"
        rests = "" if order.get("reserves", True) else ", without margin"
        yield f"orders to {side} {order['size']} {order['market']} at {order['price']}{rests}"


def _position(market: str, position: Mapping[str, Any]) -> str:
    size = number_of(position["size"])
    entry = f" from {position['entry']}" if "entry" in position else ""
    apart = f", isolated with {position['raw']} USD" if "raw" in position else ""
    return (
        f"is {'long' if size > 0 else 'short'} {show(abs(size), DIGITS)} {market}{entry}"
        f" at {position['leverage']}x{apart}"
    )


def python_of(program: Program) -> str:
    """The program as a Python program that prints what the model makes of it."""
    return f"""from solvent.conform.program import Program, expected
from solvent.protocol.picture import plain

program = Program(
    genesis={_indented(dict(program.genesis))},
    steps={_indented(tuple(program.steps))},
)
for step, moment in zip(("genesis", *program.steps), expected(program), strict=True):
    print(step, "refused" if moment.refusals else "", plain(moment.picture))
"""


def _indented(content: Any) -> str:
    return pformat(content, sort_dicts=False, width=100).replace("\n", "\n    ")
