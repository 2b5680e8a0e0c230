"""Programs made smaller by one thing: an account, a market, a position, a parameter that is not the venue's, a digit.

Each way is a change of a program that gives a smaller one, or none where there is nothing left to take.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from functools import cache, partial
from typing import Any

from attrs import evolve

from solvent.arithmetic import ZERO
from solvent.conform.program import Program
from solvent.decimals import DECIMAL, parse, show
from solvent.errors import InputError
from solvent.exchange import BOOK, found
from solvent.exchange.guards import is_house
from solvent.exchange.record import number_of
from solvent.ingest.venue_file import bundled_venues
from solvent.protocol.genesis import genesis_of
from solvent.rules import all_rules

Genesis = dict[str, Any]
Change = Callable[[Program], Program | None]
Keys = tuple[str, ...]
PLACES = 36
"""Decimals of sums and products of numbers of at most 18."""
KEPT = (0, 1, 2, 4)
"""How many digits are kept of a number, in the order of trying; none stands for one."""
ROUND_TIMES = (1_000, 3_600_000, 86_400_000)
_TABLES = (
    "orders",
    "settings",
    "deficit",
    "positions",
    "borrowed",
    "spot",
    "perp",
    "debt_shares",
    "supply_shares",
)
_OWN = ("owner", "last_partial", "last_step")
_OF_TOKEN = ("spot", "supply_shares", "debt_shares")
_OF_MARKET = ("premium", "depth")


def fewer_accounts(program: Program) -> Iterator[Change]:
    """Without a user, and the steps that name it; the last one first."""
    for name in reversed(list(program.genesis["accounts"])):
        if name != BOOK and not is_house(name):
            yield partial(_without_account, name)


def _without_account(name: str, program: Program) -> Program | None:
    def change(genesis: Genesis) -> None:
        del genesis["accounts"][name]
        for other in genesis["accounts"].values():
            if other.get("owner") == name:
                del other["owner"]

    steps = tuple(step for step in program.steps if name not in step.values())
    return _changed(evolve(program, steps=steps), change)


def fewer_things(program: Program) -> Iterator[Change]:
    """Without something that an account has, without a market, a pool or a token; all that nobody has at once, first."""
    genesis = program.genesis
    yield partial(_changed, change=_without_what_nobody_has)
    for name, account in genesis["accounts"].items():
        for what in _TABLES:
            for key in account.get(what, {}) if name != BOOK or what != "positions" else ():
                yield partial(_changed, change=partial(_drop, ("accounts", name, what, key)))
        for what in _OWN:
            yield partial(_changed, change=partial(_drop, ("accounts", name, what)))
    for part in ("markets", "pools"):
        for name in reversed(list(genesis[part])):
            yield partial(_changed, change=partial(_drop, (part, name)))
    for token in reversed(list(genesis["venue"]["tokens"])):
        yield partial(_changed, change=partial(_without_token, token))


def _drop(path: Keys, genesis: Genesis) -> None:
    inside = _at(genesis, path[:-1])
    del inside[path[-1]]


def _without_what_nobody_has(genesis: Genesis) -> None:
    users = [account for name, account in genesis["accounts"].items() if name != BOOK]
    tokens = {token for account in users for what in _OF_TOKEN for token in account.get(what, {})}
    markets = {market for account in users for market in account.get("positions", {})}
    markets |= {order["market"] for account in users for order in account.get("orders", {}).values()}
    for name in [name for name in genesis["markets"] if name not in markets]:
        del genesis["markets"][name]
    for token in [name for name in genesis["spots"] if name not in tokens]:
        _without_token(token, genesis)


def _without_token(token: str, genesis: Genesis) -> None:
    """Take a token away from the venue and from everybody."""
    if token == genesis["venue"]["quote"]:
        raise KeyError(token)
    del genesis["venue"]["tokens"][token]
    for part in ("spots", "pools", "selling", "treasury"):
        genesis[part].pop(token, None)
    for account in genesis["accounts"].values():
        for what in _OF_TOKEN:
            account.get(what, {}).pop(token, None)


def usual_things(program: Program) -> Iterator[Change]:
    """With a reading, a parameter or tiers as they usually are, and without premiums, depths and indices."""
    genesis = program.genesis
    yield partial(_changed, change=_usual_venue)
    for name in genesis["venue"]["readings"]:
        yield partial(_changed, change=partial(_usual_reading, name))
    for path in _leaves(genesis["venue"]):
        if path[0] in ("parameters", "tokens", "dex_tokens"):
            yield partial(_changed, change=partial(_usual_parameter, path))
    for name in genesis["markets"]:
        yield partial(_changed, change=partial(_usual_market, name))
        for what in _OF_MARKET:
            yield partial(_changed, change=partial(_drop, ("markets", name, what)))
    for token in genesis["pools"]:
        yield partial(_changed, change=partial(_usual_pool, token))
    for token in genesis["spots"]:
        yield partial(_changed, change=partial(_drop, ("spots", token, "depth")))
    for part in ("treasury", "selling", "external"):
        yield partial(_changed, change=partial(_emptied, part))


@cache
def _venue_entry(name: str) -> Mapping[str, Any]:
    venue = bundled_venues().get(name)
    if venue is None:
        return {}
    entry: Mapping[str, Any] = genesis_of(found(venue))["venue"]
    return entry


def _usual_venue(genesis: Genesis) -> None:
    for path in list(_leaves(genesis["venue"])):
        if path[0] in ("parameters", "tokens", "dex_tokens"):
            _usual_parameter(path, genesis)


def _usual_reading(name: str, genesis: Genesis) -> None:
    genesis["venue"]["readings"][name] = all_rules()[name].default


def _usual_parameter(path: Keys, genesis: Genesis) -> None:
    inside, usual = _at(genesis["venue"], path[:-1]), _venue_entry(genesis["venue"]["name"])
    value = _at(usual, path)
    inside[path[-1]] = show(number_of(value), 18) if isinstance(value, str) and "/" in value else value


def _usual_market(name: str, genesis: Genesis) -> None:
    market = genesis["markets"][name]
    market |= {"oracle": market["mark"], "previous_mark": market["mark"], "previous_oracle": market["mark"]}
    market["funded"] = genesis["now"]


def _usual_pool(token: str, genesis: Genesis) -> None:
    genesis["pools"][token] |= {"supply_index": "1", "debt_index": "1", "accrued": genesis["now"]}


def _emptied(part: str, genesis: Genesis) -> None:
    genesis[part] = {}


def shorter_numbers(program: Program) -> Iterator[Change]:
    """With fewer digits: of all numbers at once, and then of one after the other."""
    places = list(_numbers(program.genesis))
    yield from (partial(_changed, change=partial(_shorten_all, places, kept)) for kept in KEPT[2:])
    for number, step in enumerate(program.steps):
        for path in _leaves(step):
            yield from (partial(_shorter_step, number, path, kept) for kept in KEPT)
    for path in places:
        yield from (partial(_changed, change=partial(_shorten, path, kept)) for kept in KEPT)


def _numbers(genesis: Mapping[str, Any]) -> Iterator[Keys]:
    """Where the numbers stand that a reader sees: what users have, prices, and what pools hold."""
    for part in ("accounts", "markets", "spots", "pools"):
        for path in _leaves(genesis[part], (part,)):
            if not (path[1] == BOOK or is_house(path[1]) or "depth" in path):
                yield path


def _shorten_all(places: list[Keys], kept: int, genesis: Genesis) -> None:
    for path in places:
        _try(partial(_shorten, path, kept), genesis)


def _try(change: Callable[[Genesis], None], genesis: Genesis) -> None:
    try:
        change(genesis)
    except KeyError:
        return


def _shorter_step(number: int, path: Keys, kept: int, program: Program) -> Program | None:
    step = _copied(program.steps[number])
    try:
        _shorten(path, kept, step)
    except KeyError:
        return None
    return evolve(program, steps=(*program.steps[:number], step, *program.steps[number + 1 :]))


def _shorten(path: Keys, kept: int, content: dict[str, Any]) -> None:
    """Round the number at a path to so many digits toward zero; none stands for one, or for a round time.

    Raises:
        KeyError: there is no longer number.
    """
    inside = _at(content, path[:-1])
    value = inside[path[-1]]
    if path[-1] == "milliseconds" and kept < len(ROUND_TIMES) and value > ROUND_TIMES[kept]:
        inside[path[-1]] = ROUND_TIMES[kept]
        return
    if not isinstance(value, str) or not DECIMAL.fullmatch(value) or value.strip("-") in "01":
        raise KeyError(path)
    if kept and _digits(value) <= kept:
        raise KeyError(path)
    inside[path[-1]] = rounded(parse(value), kept)


def _digits(text: str) -> int:
    return len(text.replace("-", "").replace(".", "").strip("0"))


def rounded(number: Fraction, digits: int) -> str:
    """The number with so many significant digits, rounded toward zero; one, with its sign, for no digit."""
    sign, size, unit = (-1 if number < 0 else 1), abs(number), Fraction(1)
    if not digits or not size:
        return str(sign if size else 0)
    while size < unit:
        unit /= 10
    while size >= unit * 10:
        unit *= 10
    unit /= Fraction(10) ** (digits - 1)
    return show(size // unit * unit * sign, PLACES)


def _changed(program: Program, change: Callable[[Genesis], None]) -> Program | None:
    """The program with a change of its genesis, and with the book and the pools as they then have to be."""
    genesis: Genesis = _copied(program.genesis)
    try:
        change(genesis)
        _balance(genesis)
    except (KeyError, TypeError, ValueError, InputError):
        return None
    return evolve(program, genesis=genesis)


def _copied(content: Any) -> Any:
    if isinstance(content, Mapping):
        return {key: _copied(value) for key, value in content.items()}
    return [_copied(value) for value in content] if isinstance(content, list | tuple) else content


def _at(content: Any, path: Keys) -> Any:
    for key in path:
        content = content[key]
    return content


def _leaves(content: Any, path: Keys = ()) -> Iterator[Keys]:
    if isinstance(content, Mapping):
        for key, value in content.items():
            yield from _leaves(value, (*path, key))
    elif not isinstance(content, list):
        yield path


def _balance(genesis: Genesis) -> None:
    """Let the book stand against all positions, and the cash of pools, or else their reserves, follow claims and loans."""
    accounts = genesis["accounts"]
    book = accounts.setdefault(BOOK, {"mode": "cross"}).setdefault("positions", {})
    for market, entry in genesis["markets"].items():
        held = [
            one["positions"][market]
            for n, one in accounts.items()
            if n != BOOK and market in one.get("positions", {})
        ]
        size = -sum((number_of(position["size"]) for position in held), ZERO)
        if size:
            usual = {"leverage": "1", "entry": entry["mark"], **_most(held)}
            book[market] = {**usual, **book.get(market, {}), "size": show(size, PLACES)}
        else:
            book.pop(market, None)
    for market in [market for market in book if market not in genesis["markets"]]:
        del book[market]
    for account in accounts.values():
        for what in [what for what in _TABLES if account.get(what) == {}]:
            del account[what]
    for token, pool in genesis["pools"].items():
        claims = {
            what: sum((number_of(one.get(what, {}).get(token, "0")) for one in accounts.values()), ZERO)
            for what in ("supply_shares", "debt_shares")
        }
        supplied = claims["supply_shares"] * number_of(pool.get("supply_index", "1"))
        borrowed = claims["debt_shares"] * number_of(pool.get("debt_index", "1"))
        cash = supplied - borrowed + number_of(pool.get("reserve", "0"))
        if cash < 0:
            pool["reserve"] = show(borrowed - supplied, PLACES)
        pool["cash"] = show(max(cash, ZERO), PLACES)


def _most(held: list[Mapping[str, Any]]) -> dict[str, Any]:
    return {"max_leverage": held[0]["max_leverage"]} if "max_leverage" in held[0] else {}
