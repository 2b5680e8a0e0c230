"""What may happen around the exchange: prices that reach accounts or pass them by, books, time, parameters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction

from solvent.arithmetic import ONE, ZERO
from solvent.exchange import (
    Action,
    ChangeDepth,
    ChangeParameter,
    Exchange,
    MovePrices,
    PassTime,
)
from solvent.exchange.margin import liquidatable, pool_of_market
from solvent.exchange.settlement import HOUR
from solvent.exchange.state import is_spot, token_of_spot
from solvent.explore.choices import Choices, exactly, maker, price_near, rounded, users

PRICE_STEP = Fraction(1, 10**6)
"""The step of prices."""
MOVES = tuple(Fraction(n, 1000) for n in (1010, 990, 1001, 950, 1100, 800, 1300, 500, 2000, 999))
"""Moves of prices that aim at nobody, as factors."""
BEYOND = tuple(Fraction(n, 1000) for n in (1, 5, 20, 0, -1, 100, 400))
"""How far past a critical price a move goes, as part of the price; below zero it stops short."""
DEPTHS = (
    "0.0002 1000000000",
    "0.001 50000000",
    "0.01 2000000",
    "0.05 200000",
    "0.0002 1000000000 0",
    "0.001 10000000 100",
)
"""Books: spread, width and, where it is bounded, size."""
SPANS = (1_000, 3_000, 2_999, 30_000, 29_999, 600_000, HOUR, 86_400_000, 30 * 86_400_000, 1)
"""Times that pass (ms)."""
FARTHEST = 100
"""By how much a price that would have to fall to zero or below is divided instead."""
PROBES = 14
"""How often a search for a critical move looks at the account."""

Moves = Mapping[str, Fraction]
"""Factors by coin: by perp market, and by token where it has none."""


def coins(exchange: Exchange) -> list[str]:
    """What moves by itself: perp markets, and tokens without one."""
    loose = [token for token, spot in exchange.spots.items() if spot.perp not in exchange.markets]
    return [*exchange.markets, *loose]


def price_of_market(exchange: Exchange, market: str) -> Fraction:
    """The price of a perp or spot market."""
    spot = is_spot(market)
    return exactly(exchange.spots[token_of_spot(market)].price if spot else exchange.markets[market].mark)


def moved(exchange: Exchange, moves: Moves, *, apart: str = "") -> MovePrices:
    """Prices by factors: of marks, oracles and spots alike, unless one of these is to move alone."""
    marks, oracles, spots = {}, {}, {}
    for coin, factor in moves.items():
        if coin in exchange.markets and apart != "spots":
            marks[coin] = at_least_a_step(exchange.markets[coin].mark * factor)
            oracles[coin] = at_least_a_step(exchange.markets[coin].oracle * factor)
        if apart in ("", "spots"):
            for token, spot in exchange.spots.items():
                if (spot.perp or token) == coin or (token == coin and spot.perp not in exchange.markets):
                    spots[token] = at_least_a_step(spot.price * factor)
    return MovePrices(
        marks={} if apart == "oracles" else marks, oracles={} if apart == "marks" else oracles, spots=spots
    )


def at_least_a_step(price: Fraction) -> Fraction:
    """A price above zero on the grid of prices."""
    return max(PRICE_STEP, rounded(price, PRICE_STEP, digits=10))


@maker("move_prices")
def move_prices(exchange: Exchange, choose: Choices) -> Action | None:
    """Prices move: anywhere, to where an account is liquidated or bankrupt, one without its pair, or premiums."""
    known = coins(exchange)
    if not known:
        return None
    purpose = choose.one(("drift", "position", "account", "account", "all", "apart", "account", "position"))
    if purpose == "position":
        return _to_position(exchange, choose) or moved(exchange, {choose.one(known): choose.one(MOVES)})
    if purpose == "account":
        return _to_account(exchange, choose) or moved(exchange, {choose.one(known): choose.one(MOVES)})
    if purpose == "all":
        factor = choose.one(MOVES)
        return moved(exchange, dict.fromkeys(known, factor))
    apart = choose.one(("marks", "spots", "oracles")) if purpose == "apart" else ""
    return moved(exchange, {choose.one(known): choose.one(MOVES)}, apart=apart)


@maker("move_premiums")
def move_premiums(exchange: Exchange, choose: Choices) -> Action | None:
    """The premium of a market changes, and with it who pays funding."""
    if not len(exchange.markets):
        return None
    market = choose.one(list(exchange.markets))
    return MovePrices(premiums={market: choose.one(("0.001", "-0.002", "-0.5", "0.5", "-0.001", "2"))})


def _to_position(exchange: Exchange, choose: Choices) -> Action | None:
    """The mark of one position goes to its liquidation price, towards where its pool has lost all, or beyond."""
    held = [(n, m) for n in users(exchange) for m in exchange.members[n].positions]
    if not held:
        return None
    name, market = choose.one(held)
    known, size = exchange.markets[market], exchange.members[name].size(market)
    root = exchange.assess(name).liquidation_prices[market].root
    bankrupt = known.mark - pool_of_market(exchange, name, market).resources / size
    below, above = price_near(root + (bankrupt - root) * choose.one(_DEPTHS_OF_LOSS), PRICE_STEP)
    price = max(at_least_a_step(known.mark / FARTHEST), below if (size > 0) != choose.chance(30) else above)
    return moved(exchange, {market: price / known.mark}, apart=choose.one(("", "marks")))


_DEPTHS_OF_LOSS = tuple(Fraction(n, 12) for n in (0, 1, 3, 4, 5, 6, 9, 12, 13, 18))
"""Where between liquidation price (0) and bankruptcy (1) a price goes; the backstop begins near one third."""


def _to_account(exchange: Exchange, choose: Choices) -> Action | None:
    """A coin, spot and perp alike, goes to where an account becomes liquidatable, or a little further."""
    exposed = [n for n in users(exchange) if _exposed(exchange, n)]
    if not exposed:
        return None
    name = choose.one(exposed)
    coin = choose.one(_coins_of(exchange, name))
    factor = critical_factor(exchange, name, coin, down=not choose.chance(50))
    if factor is None:
        return None
    past = choose.one(BEYOND)
    return moved(exchange, {coin: factor * (1 + past if factor > 1 else 1 / (1 + past))})


def _exposed(exchange: Exchange, name: str) -> bool:
    member = exchange.members[name]
    return bool(len(member.positions) or len(member.borrowed)) and not liquidatable(exchange, name)


def _coins_of(exchange: Exchange, name: str) -> list[str]:
    member = exchange.members[name]
    spots = exchange.spots
    owned = (t for t in spots if t in member.supplied or t in member.spot)
    return sorted({*member.positions, *((spots[t].perp or t) for t in owned)}) or coins(exchange)


def critical_factor(exchange: Exchange, name: str, coin: str, *, down: bool) -> Fraction | None:
    """About the smallest move of a coin that makes an account liquidatable; ``None`` where none up to 64-fold does."""
    near, far = ONE, ONE
    for _ in range(6):
        far = far / 2 if down else far * 2
        if _falls(exchange, name, coin, far):
            break
        near = far
    else:
        return None
    for _ in range(PROBES):
        middle = rounded((near + far) / 2, PRICE_STEP, digits=7)
        near, far = (near, middle) if _falls(exchange, name, coin, middle) else (middle, far)
    return far


def _falls(exchange: Exchange, name: str, coin: str, factor: Fraction) -> bool:
    return bool(liquidatable(moved(exchange, {coin: factor}).apply(exchange), name))


@maker("change_depth")
def change_depth(exchange: Exchange, choose: Choices) -> Action | None:
    """A book becomes deeper or thinner, or runs dry."""
    books = [*exchange.markets, *(f"{token}/{exchange.venue.quote}" for token in exchange.spots)]
    if not books:
        return None
    market = choose.one(books)
    spread, width, *most = choose.one(DEPTHS).split()
    size = rounded(Fraction(most[0]) / price_of_market(exchange, market), Fraction(1, 100)) if most else None
    return ChangeDepth(market=market, spread=spread, width=width, size=size)


@maker("pass_time")
def pass_time(exchange: Exchange, choose: Choices) -> Action | None:
    """Time passes: some seconds, or exactly until funding is due."""
    due = [market.funded + HOUR - exchange.now for market in exchange.markets.values()]
    left = [span for span in due if span > 0]
    if left and choose.chance(40):
        span = choose.one(left)
        return PassTime(milliseconds=max(1, span - choose.one((0, 0, 1))))
    return PassTime(milliseconds=choose.one(SPANS))


_FREE_PARAMETERS = (
    "transfer_fraction 0.1 0 0.2", "partial_from 100000 1000 0", "margin_ratio_trigger 0.95 0.9 1",
    "rate_base 0.05 0 0.5", "rate_slope 4.75 0", "reserve_share 0.1 0 1", "partial_share 0.2 0.5",
    "partial_cooldown 30 0", "fee_taker 0.00045 0 0.01", "collateral_step 0.2 0.5", "backstop_fraction 0.5 0.7",
    "HYPE.ltv 0.5 0.65 0.3 0.8", "UBTC.ltv 0.5 0.3 0.65", "HYPE.ltv 1", "no_such_parameter 1",
)  # fmt: skip
"""Parameters with values that a venue might set, and some that none can."""


@maker("wait")
def wait(exchange: Exchange, choose: Choices) -> Action | None:  # noqa: ARG001 - a maker takes the state
    """Weeks pass."""
    return PassTime(milliseconds=choose.one((30 * 86_400_000, 365 * 86_400_000)))


@maker("change_parameter")
def change_parameter(exchange: Exchange, choose: Choices) -> Action | None:
    """The venue sets a parameter: mostly a cap to about what is used of it."""
    if choose.chance(35):
        parameter, *values = choose.one(_FREE_PARAMETERS).split()
        return ChangeParameter(parameter=parameter, value=choose.one(values))
    used = list(_used_caps(exchange))
    if not used:
        return None
    parameter, amount = choose.one(used)
    value = choose.one((amount, amount + 1, amount * 2 + 1000, amount / 2, ZERO))
    return ChangeParameter(parameter=parameter, value=rounded(value, Fraction(1, 100), digits=12))


def _used_caps(exchange: Exchange) -> Iterable[tuple[str, Fraction]]:
    """The caps of tokens that are lent or supplied, each with what is used of it."""
    members = list(exchange.members.values())
    for token, pool in exchange.pools.items():
        if token not in exchange.venue.tokens:
            continue
        supplied = max((exactly(exchange.supplied(m, token)) for m in members), default=ZERO)
        borrowed = max((exactly(exchange.borrowed(m, token)) for m in members), default=ZERO)
        if pool.borrowed > 0 or token == exchange.venue.quote:
            yield f"{token}.global_borrow_cap", exactly(pool.borrowed)
            yield f"{token}.user_borrow_cap", borrowed
        if pool.supplied > 0:
            yield f"{token}.global_supply_cap", exactly(pool.supplied)
            yield f"{token}.user_supply_cap", supplied
