"""What guards ask of an account: what it may open, what it owes, and whether it is to be liquidated."""

from __future__ import annotations

from fractions import Fraction

from attrs import frozen

from solvent.account import Account, Regime
from solvent.arithmetic import ONE, ZERO, Condition, Number, either, maximum, minimum, total, where
from solvent.exchange.state import Exchange, Member
from solvent.regimes import Pool
from solvent.regimes.dexes import DexMargin, dex_equity, dex_value, measure_dex
from solvent.regimes.portfolio import Collateral, PortfolioMargin, collateral_of, portfolio_margin
from solvent.regimes.unified import TokenMargin, token_margin
from solvent.rules import borrow_liquidation, lending, perp, trading


def shares_balances(member: Member) -> bool:
    """Whether spot and perp balances of the account are one (MODE-SHARED)."""
    return member.mode is not Regime.CROSS


def main_dex(exchange: Exchange, token: str) -> str:
    """The dex on which a shared balance of a token is booked."""
    dexes = exchange.dexes_of(token)
    return "" if "" in dexes or not dexes else dexes[0]


def pay(exchange: Exchange, member: Member, token: str, amount: Number) -> Member:
    """The account after it has paid an amount: from spot, and where balances are shared, then from its perps.

    An amount below zero is received in spot.
    """
    if not shares_balances(member) or not exchange.dexes_of(token):
        return member.add_spot(token, -amount)
    idle = minimum(maximum(ZERO, member.spot.get(token, ZERO)), amount)
    return member.add_spot(token, -idle).add_raw(main_dex(exchange, token), idle - amount)


def may_open(exchange: Exchange, name: str, token: str, dex: str) -> Condition:
    """Whether what the account has in a token covers initial margin, orders and spot buys (TRADE-OPEN)."""
    account = exchange.margined(name)
    dexes = [measure_dex(d, exchange.prices, exchange.venue) for d in account.dexes if d.token == token]
    if account.regime is Regime.CROSS:
        own = [d for d in dexes if d.name == dex]
        return all_of_standard(own)
    margin, capacity = _shared_margin(exchange, account, token, dexes)
    orders = (1 + exchange.venue.parameters.order_buffer) * total(d.orders for d in dexes)
    initials = [d.initial for d in dexes]
    buys = margin.buying + margin.selling
    return trading.opening_allowed(margin.cross_equity, capacity, initials, orders, buys)


def all_of_standard(dexes: list[DexMargin]) -> Condition:
    """Whether the dex's own cross equity covers its initial margin and orders."""
    if not dexes:
        return True
    (dex,) = dexes
    return trading.opening_allowed(dex.cross_equity, ZERO, [dex.initial], dex.orders, ZERO)


def _shared_margin(
    exchange: Exchange, account: Account, token: str, dexes: list[DexMargin]
) -> tuple[TokenMargin, Number]:
    if account.regime is Regime.PORTFOLIO and lends(exchange, token):
        margin = portfolio_of(exchange, account, token, dexes)
        return margin.margin, lendable(exchange, margin)
    return token_margin(account.balance(token), dexes), ZERO


def lends(exchange: Exchange, token: str) -> bool:
    """Whether a portfolio account may borrow the token."""
    known = exchange.venue.tokens.get(token)
    return known is not None and known.is_borrowable and not known.is_collateral


def portfolio_of(
    exchange: Exchange, account: Account, token: str, dexes: list[DexMargin] | None = None
) -> PortfolioMargin:
    """What a portfolio account has in a token that may be borrowed."""
    if dexes is None:
        dexes = [measure_dex(d, exchange.prices, exchange.venue) for d in account.dexes if d.token == token]
    return portfolio_margin(exchange.venue.tokens[token], account, dexes, exchange.prices, exchange.venue)


def lendable(exchange: Exchange, margin: PortfolioMargin) -> Number:
    """How large the loan may be: the borrow capacity, as far as caps and the pool's cash go (LEND-FALLBACK)."""
    name = margin.token.name
    pool = exchange.pools.get(name)
    if pool is None:
        return ZERO
    cap = margin.token.global_borrow_cap
    cash = margin.loan + maximum(ZERO, pool.cash)
    room = cash if cap is None else margin.loan + maximum(ZERO, cap - pool.borrowed)
    return lending.borrowable_at_caps(margin.capacity, room, cash)


@frozen(kw_only=True)
class Loans:
    """What an account owes to lending pools, and the collateral against it (USD).

    Attributes:
        loan: all loans.
        owed: all loans, and balances below zero of an account that shares balances (BLQ-DEBT).
        collateral: what is supplied of tokens with an LTV.
        value: the collateral's value.
        capacity: the collateral at LTV.
        partial, full: the collateral at the thresholds of partial and of full liquidation.
    """

    loan: Number
    owed: Number
    collateral: tuple[Collateral, ...]
    value: Number
    capacity: Number
    partial: Number
    full: Number

    @property
    def due(self) -> Condition:
        """Whether collateral is to be liquidated for the loan (BLQ-DUE)."""
        return borrow_liquidation.collateral_liquidatable(self.loan, self.partial, ONE)

    @property
    def due_in_full(self) -> Condition:
        """Whether all of it is."""
        return borrow_liquidation.collateral_liquidatable(self.loan, self.full, ONE)


def price_of(exchange: Exchange, token: str) -> Number:
    """The price of a token in the quote token."""
    return ONE if token == exchange.venue.quote else exchange.prices.token(token)


def assets_of(exchange: Exchange, member: Member, token: str) -> Number:
    """What an account has in a token before its loan, the cross equity of its perps included where balances are shared."""
    own = member.spot.get(token, ZERO) + exchange.supplied(member, token)
    return own + cross_value(exchange, member, token) if shares_balances(member) else own


def cross_value(exchange: Exchange, member: Member, token: str) -> Number:
    """The cross equities of an account's dexes that use a token, isolated margins left out."""
    dexes = exchange.account(member.name).dexes
    return total(dex_equity(dex, exchange.prices) for dex in dexes if dex.token == token)


def perp_value(exchange: Exchange, member: Member, token: str) -> Number:
    """The account values of an account's dexes that use a token."""
    values = [
        dex_value(dex, exchange.prices) for dex in exchange.account(member.name).dexes if dex.token == token
    ]
    return total(values)


def owed_in(exchange: Exchange, member: Member, token: str) -> Number:
    """What an account owes in a token (BLQ-DEBT)."""
    loan = exchange.borrowed(member, token)
    return borrow_liquidation.debt_owed(loan, assets_of(exchange, member, token))


def debt_tokens(exchange: Exchange, member: Member) -> list[str]:
    """The tokens that an account may owe: those that it borrowed, and the quote token of shared balances."""
    shared = {exchange.venue.quote} if shares_balances(member) else set()
    return sorted({*member.borrowed, *shared})


def loans_of(exchange: Exchange, name: str) -> Loans:
    """The loans of an account and its collateral."""
    member = exchange.members[name]
    collateral = collateral_of(exchange.account(name), exchange.prices, exchange.venue)
    values = [c.amount * c.price for c in collateral]
    tokens = [c.token for c in collateral]
    return Loans(
        loan=total(exchange.borrowed(member, t) * price_of(exchange, t) for t in member.borrowed),
        owed=total(
            owed_in(exchange, member, t) * price_of(exchange, t) for t in debt_tokens(exchange, member)
        ),
        collateral=collateral,
        value=total(values),
        capacity=total(v * t.ltv for v, t in zip(values, tokens, strict=True)),
        partial=total(
            v * borrow_liquidation.partial_threshold(t.ltv) for v, t in zip(values, tokens, strict=True)
        ),
        full=total(v * borrow_liquidation.full_threshold(t.ltv) for v, t in zip(values, tokens, strict=True)),
    )


def liquidatable(exchange: Exchange, name: str) -> Condition:
    """Whether some position of the account, or its collateral, is to be liquidated."""
    return either(exchange.assess(name).liquidatable, loans_of(exchange, name).due)


def pool_of_market(exchange: Exchange, name: str, market: str) -> Pool:
    """The margin pool that an account's position in a market belongs to."""
    return next(pool for pool in exchange.assess(name).pools if market in pool.members)


def withdrawable_of(exchange: Exchange, name: str, token: str) -> Number:
    """How much of a token may leave an account: nothing that is held, supplied, or lies in another balance."""
    member = exchange.members[name]
    account = exchange.account(name)
    balance = account.balance(token)
    idle = balance.idle - balance.selling
    if account.regime is Regime.CROSS or not exchange.dexes_of(token):
        return maximum(ZERO, idle - balance.buying)
    free = exchange.assess(name).withdrawable.get(token, ZERO)
    own = maximum(ZERO, member.spot.get(token, ZERO) + cross_value(exchange, member, token))
    if account.regime is Regime.PORTFOLIO and lends(exchange, token):
        margin = portfolio_of(exchange, account, token).margin
        own = minimum(own, maximum(ZERO, margin.equity - margin.committed(exchange.venue)))
    return minimum(free, own)


def movable_from_dex(exchange: Exchange, name: str, dex: str) -> Number:
    """How much may leave a dex of an account that keeps its balances apart (PERP-WITHDRAWABLE)."""
    for held in exchange.account(name).dexes:
        if held.name == dex:
            margin = measure_dex(held, exchange.prices, exchange.venue)
            return perp.withdrawable(margin.cross_equity, margin.transfer, margin.orders)
    return ZERO


def free_supply(exchange: Exchange, name: str, token: str) -> Number:
    """How much of a supplied token may be taken out, as far as loans and holds go (PM-COLLATERAL-OUT)."""
    member = exchange.members[name]
    held = exchange.supplied(member, token)
    known = exchange.venue.tokens.get(token)
    if known is None or known.is_borrowable:
        return held
    loans = loans_of(exchange, name)
    own = next((c for c in loans.collateral if c.token.name == token), None)
    if own is None:
        return where(loans.loan > loans.capacity, ZERO, held)
    beyond = held - own.amount
    rule = exchange.venue.rule("PM-COLLATERAL-OUT")
    free = beyond + rule(own.amount, own.price, known.ltv, loans.capacity, loans.loan)
    account = exchange.account(name)
    if account.regime is Regime.PORTFOLIO:
        margin = portfolio_of(exchange, account, exchange.venue.quote)
        free = minimum(free, held - margin.collateral_hold(own, exchange.venue))
    return maximum(ZERO, free)


def token_unit(exchange: Exchange) -> Fraction:
    """The step of token amounts."""
    return exchange.venue.parameters.token_unit
