"""What users would like to do: orders, isolated margin and leverage."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import count

from solvent.account import Regime
from solvent.arithmetic import ONE, ZERO, absolute, floor_to, minimum
from solvent.exchange import (
    Action,
    AddMargin,
    CancelOrder,
    ChangeLeverage,
    Exchange,
    MarketOrder,
    PlaceOrder,
    RemoveMargin,
)
from solvent.exchange.margin import lendable, lends, portfolio_of, shares_balances, withdrawable_of
from solvent.exchange.state import is_spot
from solvent.exchange.trading import setting_of
from solvent.explore.choices import Choices, exactly, maker, rounded, users
from solvent.explore.user_intents import unit_of
from solvent.regimes.dexes import measure_dex
from solvent.regimes.unified import token_margin
from solvent.rules import perp

SPOT_STEP = Fraction(1, 100)
"""The step of sizes in spot markets."""
PROBES = 24
"""How often a search for the largest allowed size asks the guard."""
LIMITS = tuple(Fraction(n, 1000) for n in (1000, 999, 1001, 950, 1050, 500, 2000))
"""Limit prices, as multiples of the market price."""


def free_margin(exchange: Exchange, name: str, market: str) -> Fraction:
    """What an account may still commit to initial margin in a perp market, borrow capacity included (USD)."""
    account, token = exchange.account(name), exchange.token_of(market)
    own = [d for d in account.dexes if d.token == token]
    if account.regime is Regime.CROSS:
        own = [d for d in own if d.name == exchange.markets[market].dex]
    dexes = [measure_dex(dex, exchange.prices, exchange.venue) for dex in own]
    used = sum((d.initial + d.orders for d in dexes), ZERO)
    if account.regime is Regime.CROSS:
        return exactly(sum((d.cross_equity for d in dexes), ZERO) - used)
    if account.regime is Regime.PORTFOLIO and lends(exchange, token):
        margin = portfolio_of(exchange, account, token, dexes)
        return exactly(margin.margin.cross_equity + lendable(exchange, margin) - used - margin.margin.buying)
    shared = token_margin(account.balance(token), dexes)
    return exactly(shared.cross_equity - used - shared.buying)


def room(exchange: Exchange, name: str, market: str) -> Fraction:
    """About the largest size that an account may open in a perp market, as its margin, the order cap and the book go."""
    known = exchange.markets[market]
    leverage = setting_of(exchange, exchange.members[name], market).leverage
    fee, depth = exchange.venue.parameters.fee_taker, known.depth
    free = max(ZERO, free_margin(exchange, name, market))
    notional = free * leverage / (1 + leverage * (fee + depth.spread / 2 + free * leverage / depth.width))
    cap = perp.order_value_cap(exchange.venue.tiers(market, known.max_leverage)[0].max_leverage, False)
    size = exactly(minimum(notional, cap) / known.mark)
    return size if depth.size is None else min(size, exactly(depth.size))


def largest_allowed(
    make: Callable[[Fraction], Action], exchange: Exchange, guess: Fraction, step: Fraction
) -> Fraction:
    """The largest multiple of the step, near a guess, whose action is allowed; zero where none of those tried is."""
    low, high = ZERO, max(step, floor_to(guess, step))
    for _ in range(PROBES):
        if high - low <= step and low:
            break
        middle = high if not low else max(low + step, floor_to((low + high) / 2, step))
        if make(middle).refusal(exchange) is None:
            low, high = middle, (high if high > middle else middle * 2)
        elif middle <= step:
            break
        else:
            high = middle if low else max(step, floor_to(middle / 2, step))
    return low


def _able(exchange: Exchange, market: str, choose: Choices) -> str:
    """Some user who has margin for the market; the one that was chosen where nobody has, or chance has it so."""
    accounts = users(exchange)
    first = choose.number()
    able = (
        a
        for n in range(len(accounts))
        if room(exchange, a := accounts[(first + n) % len(accounts)], market) > 0
    )
    return (
        accounts[first % len(accounts)] if choose.chance(10) else next(able, accounts[first % len(accounts)])
    )


@maker("market_order")
def market_order(exchange: Exchange, choose: Choices) -> Action | None:
    """Somebody trades a perp: opens, adds, reduces, closes, turns over, or goes to the edge of what is allowed."""
    markets = list(exchange.markets)
    if not users(exchange) or not markets:
        return None
    market = choose.one(markets)
    account = _able(exchange, market, choose)
    held = exchange.members[account].positions
    if len(held) and choose.chance(40):
        market = choose.one(list(held))
    size, reduce_only = _size(exchange, account, market, choose)
    return MarketOrder(account=account, market=market, size=size, reduce_only=reduce_only)


_PURPOSES = ("open", "open", "open", "add", "reduce", "close", "turn", "edge", "above", "tier")


def _size(exchange: Exchange, account: str, market: str, choose: Choices) -> tuple[Fraction, bool]:
    """A signed size and whether it is to reduce only."""
    known = exchange.markets[market]
    held, step = exactly(exchange.members[account].size(market)), exactly(known.step)
    purpose, side = choose.one(_PURPOSES), -1 if choose.chance(50) else 1
    side = side if held == 0 or purpose in ("open", "edge", "above") else (1 if held > 0 else -1)
    if purpose in ("reduce", "close", "turn") and held:
        part = choose.part() if purpose == "reduce" else ONE
        extra = room(exchange, account, market) * choose.part() if purpose == "turn" else ZERO
        size = max(step, floor_to(abs(held) * part + extra, step))
        return -side * size, choose.chance(30)
    if purpose == "tier":
        return side * _to_tier(exchange, account, market, choose), False
    largest = room(exchange, account, market)
    if purpose in ("edge", "above"):
        largest = largest_allowed(
            lambda size: MarketOrder(account=account, market=market, size=side * size),
            exchange,
            largest,
            step,
        )
        return side * (max(step, largest) if purpose == "edge" else largest + step), False
    return side * max(step, rounded(largest * choose.part(), step)), choose.chance(5)


def _to_tier(exchange: Exchange, account: str, market: str, choose: Choices) -> Fraction:
    """A size that brings the position to the notional at which a tier begins, just below or just above it."""
    known, held = exchange.markets[market], abs(exactly(exchange.members[account].size(market)))
    bounds = [t.lower_bound for t in exchange.venue.tiers(market, known.max_leverage)[1:]]
    wanted = choose.one(bounds) / known.mark - held if bounds else room(exchange, account, market)
    step = exactly(known.step)
    return max(step, exactly(floor_to(wanted, step)) + step * choose.one((0, 1, -1)))


@maker("grow")
def grow(exchange: Exchange, choose: Choices) -> Action | None:
    """The user with the most margin opens as much as one order may, at the leverage of the highest tier."""
    markets, names = list(exchange.markets), users(exchange)
    tiers = {m: exchange.venue.tiers(m, exchange.markets[m].max_leverage) for m in markets}
    if not markets or not names:
        return None
    market = choose.one([m for m in markets if len(tiers[m]) > 1] or markets)
    margins = {name: free_margin(exchange, name, market) for name in names}
    account = max(names, key=lambda name: (margins[name], name))
    member, leverage = exchange.members[account], tiers[market][-1].max_leverage
    if setting_of(exchange, member, market).leverage > leverage:
        isolated = setting_of(exchange, member, market).isolated
        return ChangeLeverage(account=account, market=market, leverage=leverage, isolated=isolated)
    step, held = exactly(exchange.markets[market].step), member.size(market)
    side = (-1 if choose.chance(50) else 1) if held == 0 else (1 if held > 0 else -1)
    size = max(step, exactly(floor_to(room(exchange, account, market), step)))
    return MarketOrder(account=account, market=market, size=side * size)


@maker("hedge")
def hedge(exchange: Exchange, choose: Choices) -> Action | None:
    """Somebody who has a token trades its perp against it: all of it, nearly all, or more."""
    pairs = []
    for token, spot in exchange.spots.items():
        for name in users(exchange):
            member, market = exchange.members[name], spot.perp
            owned = exactly(member.spot.get(token, ZERO) + exchange.supplied(member, token))
            if market is not None and market in exchange.markets and owned > 0:
                pairs.append((name, market, owned))
    if not pairs:
        return spot_order(exchange, choose)
    account, market, owned = choose.one(pairs)
    known = exchange.markets[market]
    held = exactly(exchange.members[account].size(market))
    wanted = owned * choose.one((ONE, ONE / 2, Fraction(21, 20))) + held
    cap = perp.order_value_cap(exchange.venue.tiers(market, known.max_leverage)[0].max_leverage, False)
    most = minimum(absolute(wanted), cap / known.mark)
    most = most if known.depth.size is None else minimum(most, known.depth.size)
    size = max(exactly(known.step), exactly(floor_to(most, known.step)))
    return MarketOrder(account=account, market=market, size=-size if wanted > 0 else size)


@maker("spot_order")
def spot_order(exchange: Exchange, choose: Choices) -> Action | None:
    """Somebody buys or sells a token, around what is owned and not held."""
    accounts, tokens, quote = users(exchange), list(exchange.spots), exchange.venue.quote
    if not accounts or not tokens:
        return None
    account, token = choose.one(accounts), choose.one(tokens)
    spot = exchange.spots[token]
    if choose.chance(50):
        most, side = exactly(withdrawable_of(exchange, account, token)), -1
    else:
        most, side = exactly(withdrawable_of(exchange, account, quote) / spot.price), 1
    if spot.depth.size is not None and not choose.chance(10):
        most = min(most, exactly(spot.depth.size))
    if most < SPOT_STEP and not choose.chance(5):
        return None
    return MarketOrder(account=account, market=f"{token}/{quote}", size=side * choose.amount(most, SPOT_STEP))


@maker("place_order")
def place_order(exchange: Exchange, choose: Choices) -> Action | None:
    """Somebody places a limit order, now and then one that meets another account's order."""
    accounts = users(exchange)
    if not accounts:
        return None
    account = choose.one(accounts)
    order = next(
        f"o{n}" for n in count(1) if not any(f"o{n}" in exchange.members[a].orders for a in accounts)
    )
    side = -1 if choose.chance(50) else 1
    market, price, most, step = _quoted(exchange, account, side, choose)
    size = choose.amount(most, step)
    return PlaceOrder(
        account=account,
        order=order,
        market=market,
        size=side * size,
        price=price,
        reduce_only=choose.chance(10),
    )


def _unused(exchange: Exchange) -> str:
    members = [exchange.members[name] for name in users(exchange)]
    return next(order for n in count(1) if not any((order := f"o{n}") in member.orders for member in members))


@maker("meet")
def meet(exchange: Exchange, choose: Choices) -> Action | None:
    """Somebody places an order that meets another account's, all of it or a part."""
    names = users(exchange)
    resting = [(name, order) for name in names for order in exchange.members[name].orders.values()]
    if not resting or len(names) < 2:
        return None
    owner, met = choose.one(resting)
    account = choose.one([name for name in names if name != owner])
    step = SPOT_STEP if is_spot(met.market) else exchange.markets[met.market].step
    size = max(step, floor_to(met.size * (choose.part() if choose.chance(50) else ONE), step))
    return PlaceOrder(
        account=account, order=_unused(exchange), market=met.market, size=-met.side * size, price=met.price
    )


def _quoted(
    exchange: Exchange, account: str, side: int, choose: Choices
) -> tuple[str, Fraction, Fraction, Fraction]:
    """A market, a limit price, about the largest size, and the step of sizes."""
    markets, tokens, quote = list(exchange.markets), list(exchange.spots), exchange.venue.quote
    if tokens and (choose.chance(25) or not markets):
        token = choose.one(tokens)
        price = rounded(exchange.spots[token].price * choose.one(LIMITS), unit_of(exchange))
        bought = withdrawable_of(exchange, account, quote) / price
        most = withdrawable_of(exchange, account, token) if side < 0 else bought
        return f"{token}/{quote}", price, exactly(most), SPOT_STEP
    market = choose.one(markets)
    known = exchange.markets[market]
    price = rounded(known.mark * choose.one(LIMITS), unit_of(exchange))
    return market, price, room(exchange, account, market), exactly(known.step)


@maker("cancel_order")
def cancel_order(exchange: Exchange, choose: Choices) -> Action | None:
    """Somebody takes an order back."""
    resting = [(name, order) for name in users(exchange) for order in exchange.members[name].orders]
    if not resting or choose.chance(5):
        resting = [(name, "o0") for name in users(exchange)]
    if not resting:
        return None
    account, order = choose.one(resting)
    return CancelOrder(account=account, order=order)


def _isolated(exchange: Exchange) -> list[tuple[str, str]]:
    return [
        (name, position.market)
        for name in users(exchange)
        for position in exchange.members[name].positions.values()
        if position.isolated
    ]


def _margin_pair(exchange: Exchange, choose: Choices) -> tuple[str, str] | None:
    pairs = _isolated(exchange)
    if choose.chance(10):
        pairs = [(name, market) for name in users(exchange) for market in exchange.markets]
    return choose.one(pairs) if pairs else None


@maker("add_margin")
def add_margin(exchange: Exchange, choose: Choices) -> Action | None:
    """Somebody adds to the margin of an isolated position."""
    pair = _margin_pair(exchange, choose)
    if pair is None:
        return None
    account, market = pair
    if shares_balances(exchange.members[account]):
        most = exactly(withdrawable_of(exchange, account, exchange.token_of(market)))
    else:
        most = max(ZERO, free_margin(exchange, account, market))
    return AddMargin(account=account, market=market, amount=choose.amount(most, unit_of(exchange)))


@maker("remove_margin")
def remove_margin(exchange: Exchange, choose: Choices) -> Action | None:
    """Somebody takes from the margin of an isolated position."""
    pair = _margin_pair(exchange, choose)
    if pair is None:
        return None
    account, market = pair
    position, mark = exchange.members[account].positions.get(market), exchange.markets[market].mark
    most = ZERO
    if position is not None and position.raw is not None:
        notional = abs(position.size) * mark
        stays = max(notional / position.leverage, notional * exchange.venue.parameters.transfer_fraction)
        most = position.raw + position.size * mark - stays
    return RemoveMargin(account=account, market=market, amount=choose.amount(most, unit_of(exchange)))


@maker("isolate")
def isolate(exchange: Exchange, choose: Choices) -> Action | None:
    """Somebody who has margin for a market is to hold its position with margin of its own."""
    markets = [
        m for m in exchange.markets if any(m not in exchange.members[a].positions for a in users(exchange))
    ]
    if not markets:
        return None
    market = choose.one(markets)
    account = _able(exchange, market, choose)
    leverage = exchange.venue.tiers(market, exchange.markets[market].max_leverage)[-1].max_leverage
    return ChangeLeverage(account=account, market=market, leverage=leverage, isolated=True)


@maker("change_leverage")
def change_leverage(exchange: Exchange, choose: Choices) -> Action | None:
    """Somebody chooses a leverage, and whether the margin of a new position is its own."""
    accounts, markets = users(exchange), list(exchange.markets)
    if not accounts or not markets:
        return None
    account, market = choose.one(accounts), choose.one(markets)
    tiers = exchange.venue.tiers(market, exchange.markets[market].max_leverage)
    most = tiers[0].max_leverage
    leverage = choose.one([*(t.max_leverage for t in tiers), Fraction(3), ONE, Fraction(2), most + 1])
    position = exchange.members[account].positions.get(market)
    isolated = choose.chance(40)
    if position is not None and not choose.chance(10):
        isolated = position.isolated
    return ChangeLeverage(account=account, market=market, leverage=leverage, isolated=isolated)
