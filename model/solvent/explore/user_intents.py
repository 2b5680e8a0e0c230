"""What users would like to do: money and lending."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from solvent.account import Regime
from solvent.arithmetic import ONE, ZERO
from solvent.exchange import (
    Action,
    Borrow,
    Deposit,
    Exchange,
    PerpToSpot,
    Repay,
    Send,
    SpotToPerp,
    SubAccountTransfer,
    Supply,
    SwitchMode,
    Withdraw,
    WithdrawSupply,
)
from solvent.exchange.margin import (
    free_supply,
    loans_of,
    movable_from_dex,
    price_of,
    shares_balances,
    withdrawable_of,
)
from solvent.exchange.pool_actions import supply_room
from solvent.explore.choices import Choices, exactly, maker, rounded, users

DEPOSITS = ("1000", "25", "50000", "1000000", "0.00000001", "0.01")
"""What is deposited (USD)."""


def unit_of(exchange: Exchange) -> Fraction:
    """The step of token amounts."""
    return exchange.venue.parameters.token_unit


def token_units(exchange: Exchange, token: str, usd: Fraction) -> Fraction:
    """How much of a token is worth so many USD, rounded."""
    price = price_of(exchange, token) if token in exchange.prices.tokens else Fraction(1)
    return max(unit_of(exchange), rounded(usd / price, unit_of(exchange)))


def tokens_of(exchange: Exchange) -> list[str]:
    """The quote token, and those that are traded against it."""
    return [exchange.venue.quote, *(token for token in exchange.spots if token != exchange.venue.quote)]


def first_of(preferred: Iterable[str], otherwise: list[str], choose: Choices) -> str | None:
    """One of the preferred names, or one of the others where there are none or chance has it so."""
    found = list(preferred)
    pick = otherwise if choose.chance(15) or not found else found
    return choose.one(pick) if pick else None


@maker("deposit")
def deposit(exchange: Exchange, choose: Choices) -> Action | None:
    """Somebody deposits."""
    account = first_of(users(exchange), users(exchange), choose)
    if account is None:
        return None
    token = choose.one(tokens_of(exchange))
    usd = Fraction(choose.one(DEPOSITS))
    return Deposit(account=account, token=token, amount=token_units(exchange, token, usd))


def _rich(exchange: Exchange, token: str) -> list[str]:
    return [name for name in users(exchange) if withdrawable_of(exchange, name, token) > 0]


@maker("withdraw")
def withdraw(exchange: Exchange, choose: Choices) -> Action | None:
    """Somebody withdraws around what is withdrawable."""
    token = choose.one(tokens_of(exchange))
    account = first_of(_rich(exchange, token), users(exchange), choose)
    if account is None:
        return None
    most = withdrawable_of(exchange, account, token)
    return Withdraw(account=account, token=token, amount=choose.amount(most, unit_of(exchange)))


@maker("send")
def send(exchange: Exchange, choose: Choices) -> Action | None:
    """Somebody sends around what may leave."""
    token = choose.one(tokens_of(exchange))
    sender = first_of(_rich(exchange, token), users(exchange), choose)
    if sender is None:
        return None
    receiver = choose.one(users(exchange))
    most = withdrawable_of(exchange, sender, token)
    amount = choose.amount(most, unit_of(exchange))
    return Send(sender=sender, receiver=receiver, token=token, amount=amount)


@maker("sub_account_transfer")
def sub_account_transfer(exchange: Exchange, choose: Choices) -> Action | None:
    """Cash goes between accounts, of the same owner if there are such."""
    names = users(exchange)
    owner = {name: exchange.members[name].owner for name in names}
    pairs = [(a, b) for a in names for b in names if a != b and owner[a] == owner[b]]
    if choose.chance(10) or not pairs:
        pairs = [(a, b) for a in names for b in names if owner[a] != owner[b]]
    if not pairs:
        return None
    sender, receiver = choose.one(pairs)
    dex = _dex(exchange, choose)
    if shares_balances(exchange.members[sender]):
        most = withdrawable_of(exchange, sender, exchange.venue.token_of(dex))
    else:
        most = movable_from_dex(exchange, sender, dex)
    amount = choose.amount(most, unit_of(exchange))
    return SubAccountTransfer(sender=sender, receiver=receiver, amount=amount, dex=dex)


def _dex(exchange: Exchange, choose: Choices) -> str:
    dexes = sorted({market.dex for market in exchange.markets.values()})
    return choose.one(dexes) if dexes else ""


def _standard(exchange: Exchange) -> list[str]:
    return [name for name in users(exchange) if exchange.members[name].mode is Regime.CROSS]


@maker("spot_to_perp")
def spot_to_perp(exchange: Exchange, choose: Choices) -> Action | None:
    """Cash goes to the perps of a standard account."""
    account = first_of(_standard(exchange), users(exchange), choose)
    if account is None:
        return None
    dex = _dex(exchange, choose)
    most = withdrawable_of(exchange, account, exchange.venue.token_of(dex))
    return SpotToPerp(account=account, amount=choose.amount(most, unit_of(exchange)), dex=dex)


@maker("perp_to_spot")
def perp_to_spot(exchange: Exchange, choose: Choices) -> Action | None:
    """Cash goes from the perps of a standard account, around the transfer requirement."""
    account = first_of(_standard(exchange), users(exchange), choose)
    if account is None:
        return None
    dex = _dex(exchange, choose)
    most = movable_from_dex(exchange, account, dex)
    return PerpToSpot(account=account, amount=choose.amount(most, unit_of(exchange)), dex=dex)


@maker("switch_mode")
def switch_mode(exchange: Exchange, choose: Choices) -> Action | None:
    """An account changes its mode, mostly one that is flat."""
    members = exchange.members
    flat = (
        name
        for name in users(exchange)
        if not any((len(members[name].positions), len(members[name].orders), len(members[name].borrowed)))
    )
    account = first_of(flat, users(exchange), choose)
    if account is None:
        return None
    modes = (Regime.PORTFOLIO, Regime.UNIFIED, Regime.CROSS, Regime.ISOLATED)
    others = [mode for mode in modes[:3] if mode is not members[account].mode]
    mode = choose.one(modes) if choose.chance(10) else choose.one(others)
    return SwitchMode(account=account, mode=mode)


def _pools(exchange: Exchange) -> list[str]:
    return [token for token in exchange.pools if token in exchange.venue.tokens] or [exchange.venue.quote]


@maker("supply")
def supply(exchange: Exchange, choose: Choices) -> Action | None:
    """Somebody supplies around what lies idle, or around what a cap leaves room for."""
    pools = _pools(exchange)
    token = choose.one([t for t in pools if _idle_owners(exchange, t)] or pools)
    account = first_of(_idle_owners(exchange, token), users(exchange), choose)
    if account is None:
        return None
    member = exchange.members[account]
    most = _idle(exchange, account, token)
    if token in exchange.pools and choose.chance(30):
        room = supply_room(exchange, member, exchange.venue.tokens[token])
        most = most if room is None else exactly(room)
    return Supply(account=account, token=token, amount=choose.amount(most, unit_of(exchange)))


def _idle_owners(exchange: Exchange, token: str) -> list[str]:
    return [name for name in users(exchange) if _idle(exchange, name, token) > 0]


def _idle(exchange: Exchange, name: str, token: str) -> Fraction:
    """What an account has idle of a token and no margin needs."""
    own = max(ZERO, exactly(exchange.members[name].spot.get(token, ZERO)))
    return min(own, exactly(withdrawable_of(exchange, name, token))) if own else own


@maker("withdraw_supply")
def withdraw_supply(exchange: Exchange, choose: Choices) -> Action | None:
    """Somebody takes out of a supply, around what it is free of, or around the pool's cash."""
    supplies = [(name, t) for name in users(exchange) for t in exchange.members[name].supplied]
    if not supplies or choose.chance(5):
        supplies = [(name, token) for name in users(exchange) for token in _pools(exchange)]
    if not supplies:
        return None
    account, token = choose.one(supplies)
    most = ZERO
    if token in exchange.pools:
        cash = exactly(exchange.pools[token].cash)
        most = cash if choose.chance(10) else min(cash, exactly(free_supply(exchange, account, token)))
    return WithdrawSupply(account=account, token=token, amount=choose.amount(most, unit_of(exchange)))


@maker("drain")
def drain(exchange: Exchange, choose: Choices) -> Action | None:
    """The largest supplier of a pool that lends takes out all that the pool has in cash."""
    lending = [t for t, pool in exchange.pools.items() if pool.borrowed > 0 and pool.cash > 0]
    if not lending:
        return None
    token = choose.one(lending)
    largest = max(
        users(exchange), key=lambda n: (exchange.supplied(exchange.members[n], token), n), default=None
    )
    if largest is None:
        return None
    return WithdrawSupply(account=largest, token=token, amount=exchange.pools[token].cash)


@maker("borrow")
def borrow(exchange: Exchange, choose: Choices) -> Action | None:
    """Somebody borrows against collateral around capacity, a cap, or the pool's cash."""
    tokens = [t for t in _pools(exchange) if exchange.venue.tokens[t].is_borrowable]
    token = choose.one((tokens or _pools(exchange)) if not choose.chance(5) else _pools(exchange))
    names = users(exchange) if choose.chance(10) else _capable(exchange)
    if not names:
        return None
    account = choose.one(names)
    most = _borrowable(exchange, account, token, choose)
    return Borrow(account=account, token=token, amount=choose.amount(most, unit_of(exchange)))


@maker("lend")
def lend(exchange: Exchange, choose: Choices) -> Action | None:
    """The richest user supplies the quote token to a pool without cash; ``None`` where it has some, or nobody can."""
    token = exchange.venue.quote
    owners = _idle_owners(exchange, token)
    if token not in exchange.pools or exchange.pools[token].cash > 0 or not owners:
        return None
    richest = max(owners, key=lambda name: (_idle(exchange, name, token), name))
    amount = rounded(
        _idle(exchange, richest, token) * choose.one((ONE, ONE / 2, ONE / 10)), unit_of(exchange)
    )
    return Supply(account=richest, token=token, amount=max(unit_of(exchange), amount))


@maker("pledge")
def pledge(exchange: Exchange, choose: Choices) -> Action | None:
    """Somebody who may borrow by hand supplies all of a collateral; ``None`` where nobody can."""
    members = exchange.members
    owners = [
        (name, token)
        for name in users(exchange)
        for token in members[name].spot
        if members[name].mode is not Regime.PORTFOLIO
        and token in exchange.pools
        and exchange.venue.tokens[token].is_collateral
        and _idle(exchange, name, token) > 0
    ]
    if not owners:
        return None
    account, token = choose.one(owners)
    return Supply(account=account, token=token, amount=_idle(exchange, account, token))


def _capable(exchange: Exchange) -> list[str]:
    tokens, members = exchange.venue.tokens, exchange.members
    return [
        name
        for name in users(exchange)
        if members[name].mode is not Regime.PORTFOLIO
        and any(tokens[token].is_collateral for token in members[name].supplied)
    ]


def _borrowable(exchange: Exchange, account: str, token: str, choose: Choices) -> Fraction:
    if token not in exchange.pools:
        return ZERO
    pool, caps, loans = exchange.pools[token], exchange.venue.tokens[token], loans_of(exchange, account)
    rooms = [
        (loans.capacity - loans.loan) / price_of(exchange, token),
        pool.cash,
        *([] if caps.global_borrow_cap is None else [caps.global_borrow_cap - pool.borrowed]),
        *([] if caps.user_borrow_cap is None else [caps.user_borrow_cap - loans.loan]),
    ]
    known = [exactly(room) for room in rooms]
    return choose.one(known) if choose.chance(30) else min(known)


@maker("repay")
def repay(exchange: Exchange, choose: Choices) -> Action | None:
    """Somebody repays around the loan or what lies idle."""
    loans = [(name, t) for name in users(exchange) for t in exchange.members[name].borrowed]
    if not loans or choose.chance(5):
        loans = [(name, exchange.venue.quote) for name in users(exchange)]
    if not loans:
        return None
    account, token = choose.one(loans)
    member = exchange.members[account]
    most = min(exchange.borrowed(member, token), max(ZERO, member.spot.get(token, ZERO)))
    return Repay(account=account, token=token, amount=choose.amount(most, unit_of(exchange)))
