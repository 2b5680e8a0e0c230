"""Portfolio margin: a unified account that may borrow the quote token against supplied collateral."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from solvent.account import Account, Regime
from solvent.arithmetic import (
    ONE,
    ZERO,
    Condition,
    Number,
    certainly,
    either,
    maximum,
    minimum,
    quotient,
    total,
)
from solvent.market import Prices
from solvent.regimes.assessment import Assessment, Line, Pool
from solvent.regimes.dexes import (
    DexMargin,
    Free,
    LiquidationPrices,
    capital_needed,
    free_of_cross,
    free_of_isolated,
    isolated_pools,
    measure_dex,
)
from solvent.regimes.unified import TokenMargin, token_margin, tokens_of
from solvent.regimes.unified import pool_of as unified_pool
from solvent.rules import borrow_liquidation, lending, portfolio, unified
from solvent.rules.kinds import Ratio
from solvent.venue import Token, Venue


@frozen(kw_only=True)
class Collateral:
    """A supplied token that supports the account (PM-COLLATERAL).

    Attributes:
        token: the venue's parameters of it.
        amount: what counts of the supply.
        held: the whole balance.
        price: the borrow oracle price.
    """

    token: Token
    amount: Number
    held: Number
    price: Number


@frozen(kw_only=True)
class PortfolioMargin:
    """A token that may be borrowed, with the collateral that supports the account in it.

    Attributes:
        margin: what stands in the token.
        token: the venue's parameters of it.
        price: its price in USDC.
        loan: what is borrowed of it.
        collateral: what supports it.
    """

    margin: TokenMargin
    token: Token
    price: Number
    loan: Number
    collateral: tuple[Collateral, ...]

    @property
    def borrow_cap(self) -> Number:
        """The user's borrow cap of the token; nothing may be borrowed of a token without one."""
        return ZERO if self.token.user_borrow_cap is None else self.token.user_borrow_cap

    @property
    def capacity(self) -> Number:
        """How much of the token may be borrowed (PM-CAPACITY)."""
        return portfolio.borrow_capacity(
            [c.amount for c in self.collateral],
            [c.price for c in self.collateral],
            [c.token.ltv for c in self.collateral],
            self.price,
            self.borrow_cap,
        )

    @property
    def support(self) -> Number:
        """How much of the token the collateral supports at its liquidation thresholds (PM-SUPPORT)."""
        return portfolio.collateral_support(
            [c.amount for c in self.collateral],
            [c.price for c in self.collateral],
            [c.token.threshold for c in self.collateral],
            self.price,
            self.borrow_cap,
        )

    @property
    def virtual_borrow(self) -> Number:
        """What maintenance margin needs beyond the equity (PM-VIRTUAL)."""
        return portfolio.virtual_borrow(self.margin.maintenance, self.margin.cross_equity)

    @property
    def available(self) -> Number:
        """What is available after maintenance (PM-AVAILABLE)."""
        margin = self.margin
        return portfolio.available_quote(margin.cross_equity, self.support, margin.maintenance)

    def ratio(self, venue: Venue) -> Ratio:
        """The margin ratio (PM-RATIO)."""
        margin, offset = self.margin, venue.parameters.borrow_offset
        rule = venue.rule("PM-RATIO")
        ratio: Ratio = rule(margin.maintenance, margin.cross_equity, self.loan, self.support, offset)
        return ratio

    def hold(self, venue: Venue) -> Number:
        """The hold of the token (PM-HOLD); below zero where more than is committed could be borrowed."""
        committed = self.margin.committed(venue)
        return venue.rule("PM-HOLD")(committed, self.capacity, self.margin.perp_value)

    def spot_hold(self, venue: Venue) -> Number:
        """What is held of the token that is owned (PM-SPOT-HOLD)."""
        margin = self.margin
        rule = venue.rule("PM-SPOT-HOLD")
        return rule(margin.committed(venue), margin.equity, margin.perp_value, self.capacity)

    def collateral_hold(self, collateral: Collateral, venue: Venue) -> Number:
        """The hold of a collateral (PM-COLLATERAL-HOLD)."""
        margin = self.margin
        rule = venue.rule("PM-COLLATERAL-HOLD")
        return rule(
            collateral.amount, margin.committed(venue), margin.equity, margin.perp_value, self.capacity
        )

    def available_collateral(self, collateral: Collateral) -> Number:
        """What is available of a collateral after maintenance (PM-AVAILABLE-COLLATERAL)."""
        return portfolio.available_collateral(
            collateral.held, collateral.amount, self.virtual_borrow, self.support
        )

    def withdrawable(self, venue: Venue) -> Number:
        """What is owned of the token and not held."""
        return maximum(ZERO, self.margin.equity - self.spot_hold(venue) - self.margin.selling)

    def withdrawable_collateral(self, collateral: Collateral, loans: Number) -> Number:
        """What may leave of a collateral with loans of this value (USD): PM-COLLATERAL-OUT, and what does not count."""
        beyond = collateral.held - collateral.amount
        return beyond + portfolio.collateral_withdrawable(
            collateral.amount, collateral.price, collateral.token.ltv, self.capacity * self.price, loans
        )

    def hold_besides(self, main: PortfolioMargin, venue: Venue) -> Number:
        """The hold of a token that no dex uses, beside the token that they use (PM-OTHER-HOLD)."""
        if self.margin.dexes:
            return self.hold(venue)
        return portfolio.other_hold(
            self.borrow_cap,
            [c.amount - main.collateral_hold(c, venue) for c in self.collateral],
            [c.price for c in self.collateral],
            [c.token.ltv for c in self.collateral],
            self.price,
        )

    def available_besides(self, main: PortfolioMargin) -> Number:
        """What is available of a token that no dex uses, beside the token that they use (PM-AVAILABLE-OTHER)."""
        if self.margin.dexes:
            return self.available
        return portfolio.available_other(
            self.margin.equity,
            self.borrow_cap,
            [main.available_collateral(c) for c in self.collateral],
            [c.price for c in self.collateral],
            [c.token.threshold for c in self.collateral],
            self.price,
        )

    @property
    def loan_due(self) -> Condition:
        """Whether the loan exceeds the collateral at its partial thresholds (BLQ-DUE)."""
        at_thresholds = total(
            c.amount * c.price * borrow_liquidation.partial_threshold(c.token.ltv) for c in self.collateral
        )
        return borrow_liquidation.collateral_liquidatable(self.loan * self.price, at_thresholds, ONE)

    @property
    def health_factor(self) -> Ratio:
        """The borrow capacity over the loan (LEND-HEALTH)."""
        return Ratio(self.capacity, self.loan)


def collateral_of(account: Account, prices: Prices, venue: Venue) -> tuple[Collateral, ...]:
    """The collateral of an account: what it supplies of tokens with an LTV above zero.

    Raises:
        LookupError: a collateral has no borrow oracle price.
    """
    found = []
    for balance in account.balances:
        token = venue.tokens.get(balance.token)
        if token is not None and token.is_collateral and not certainly(balance.supplied == 0):
            cap = balance.supplied if token.user_supply_cap is None else token.user_supply_cap
            amount = portfolio.collateral_amount(balance.supplied, cap, token.ltv)
            held, price = balance.supplied + balance.idle, prices.token(token.name)
            found.append(Collateral(token=token, amount=amount, held=held, price=price))
    return tuple(found)


def portfolio_margin(
    token: Token, account: Account, dexes: Sequence[DexMargin], prices: Prices, venue: Venue
) -> PortfolioMargin:
    """A borrowable token of the account."""
    balance = account.balance(token.name)
    used = tuple(dex for dex in dexes if dex.token == token.name)
    values = [dex.account_value for dex in used]
    margin = TokenMargin(
        token=token.name,
        equity=portfolio.portfolio_equity(values, balance.supplied, balance.idle, balance.borrowed),
        perp_value=total(values),
        dexes=used,
        buying=balance.buying,
        selling=balance.selling,
    )
    price = ONE if token.name == venue.quote and token.name not in prices.tokens else prices.token(token.name)
    return PortfolioMargin(
        margin=margin,
        token=token,
        price=price,
        loan=balance.borrowed,
        collateral=collateral_of(account, prices, venue),
    )


def pool_of(margin: PortfolioMargin, others: Sequence[PortfolioMargin], venue: Venue) -> Pool:
    """The cross positions of a token, and the loan in it, as one pool (PM-RATIO, PM-LIQUIDATABLE, BLQ-DUE).

    The collateral stands behind every token; what other tokens owe is taken off it before the pool is bankrupt.
    """
    ratio = margin.ratio(venue)
    due = venue.rule("PM-LIQUIDATABLE")(ratio, venue.parameters.margin_ratio_trigger)
    resources = margin.margin.cross_equity + margin.support
    owed = total(minimum(ZERO, other.margin.cross_equity) * other.price for other in others)
    worth = margin.margin.cross_equity * margin.price + total(c.amount * c.price for c in margin.collateral)
    return Pool(
        name=margin.token.name,
        requirement=margin.margin.maintenance,
        resources=resources,
        ratio=ratio,
        available=margin.available,
        liquidatable=either(due, margin.loan_due),
        perps_due=due,
        bankrupt=worth + owed < 0,
        members=tuple(leg.position.market for dex in margin.margin.dexes for leg in dex.cross),
    )


def assess_portfolio(account: Account, prices: Prices, venue: Venue) -> Assessment:
    """Assess an account under portfolio margin.

    A dex whose token cannot be borrowed is margined in its own balance, as in a unified account.

    Raises:
        LookupError: a market has no mark price, a collateral or a borrowable token that the account holds no
            borrow oracle price, or the quote token of the venue cannot be borrowed.
    """
    dexes = [measure_dex(dex, prices, venue) for dex in account.dexes]
    main = portfolio_margin(_borrowable(venue.quote, venue), account, dexes, prices, venue)
    names = [name for name in tokens_of(account) if name != venue.quote]
    others = [
        portfolio_margin(venue.tokens[name], account, dexes, prices, venue)
        for name in names
        if _is_quote(name, venue)
    ]
    own = [
        margin
        for name in names
        if not _is_quote(name, venue) and (margin := token_margin(account.balance(name), dexes)).dexes
    ]
    quotes = (main, *others)
    loans = total(quote.loan * quote.price for quote in quotes)
    free: Free = {}
    for quote in quotes:
        free |= free_of_cross(quote.margin.dexes, quote.available)
    for margin in own:
        free |= free_of_cross(margin.dexes, margin.available)
    for dex in dexes:
        free |= free_of_isolated(dex)
    return Assessment(
        regime=Regime.PORTFOLIO,
        pools=(
            *(pool_of(quote, [q for q in quotes if q is not quote], venue) for quote in quotes),
            *(unified_pool(margin) for margin in own),
            *(pool for dex in dexes for pool in isolated_pools(dex)),
        ),
        initial=total(leg.initial for dex in dexes for leg in dex.legs),
        withdrawable={b.token: b.idle - b.selling for b in account.balances}
        | {margin.token: maximum(ZERO, margin.equity - margin.hold(venue)) for margin in own}
        | {quote.token.name: quote.withdrawable(venue) for quote in quotes}
        | {c.token.name: main.withdrawable_collateral(c, loans) for c in main.collateral},
        available={b.token: b.idle for b in account.balances}
        | {margin.token: margin.available for margin in own}
        | {other.token.name: other.available_besides(main) for other in others}
        | {main.token.name: main.available}
        | {c.token.name: main.available_collateral(c) for c in main.collateral},
        holds={b.token: unified.spot_hold([b.selling]) for b in account.balances}
        | {margin.token: margin.hold(venue) for margin in own}
        | {other.token.name: other.hold_besides(main, venue) for other in others}
        | {main.token.name: main.hold(venue)}
        | {c.token.name: main.collateral_hold(c, venue) for c in main.collateral},
        capital=capital_needed(dexes, main.capacity),
        liquidation_prices=LiquidationPrices(free, venue),
        lines=(*(line for dex in dexes for line in dex.lines()), *_lines(quotes, venue)),
    )


def _borrowable(name: str, venue: Venue) -> Token:
    token = venue.tokens.get(name)
    if token is None or not token.is_borrowable:
        raise LookupError(f"token {name} cannot be borrowed at {venue.name}")
    return token


def _is_quote(name: str, venue: Venue) -> bool:
    token = venue.tokens.get(name)
    return token is not None and token.is_borrowable and not token.is_collateral


def _lines(quotes: Sequence[PortfolioMargin], venue: Venue) -> list[Line]:
    lines = []
    for quote in quotes:
        token, ratio = quote.token.name, quote.ratio(venue)
        lines += [
            Line(figure="equity", subject=token, amount=quote.margin.equity, rule="PM-EQUITY"),
            Line(figure="borrow capacity", subject=token, amount=quote.capacity, rule="PM-CAPACITY"),
            Line(figure="collateral support", subject=token, amount=quote.support, rule="PM-SUPPORT"),
            Line(figure="virtual borrow", subject=token, amount=quote.virtual_borrow, rule="PM-VIRTUAL"),
            Line(figure="hold", subject=token, amount=quote.hold(venue), rule="PM-HOLD"),
            Line(
                figure="available after maintenance",
                subject=token,
                amount=quote.available,
                rule="PM-AVAILABLE",
            ),
        ]
        if not certainly(ratio.denominator <= 0):
            value = quotient(ratio.numerator, ratio.denominator, ZERO)
            lines.append(Line(figure="margin ratio", subject=token, amount=value, rule="PM-RATIO"))
        if not certainly(quote.loan == 0):
            health = lending.health_factor(quote.capacity, quote.loan)
            lines.append(Line(figure="health factor", subject=token, amount=health, rule="LEND-HEALTH"))
    return lines
