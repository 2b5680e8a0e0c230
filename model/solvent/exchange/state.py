"""The state of an exchange, as frozen values: who owns what, at which prices, at which time.

Whatever changes makes a new value that shares all the rest, so a step costs what it touches. Numbers may be
given as integers, plain decimal strings or fractions, and are held as fractions.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from attrs import Factory, evolve, field, frozen

from solvent.account import Account, Balance, Dex, Order, Position, Regime
from solvent.arithmetic import ONE, ZERO, Condition, Number, certainly
from solvent.decimals import exact
from solvent.exchange.table import Table, table
from solvent.market import Prices
from solvent.regimes import Assessment, assess
from solvent.rules import lending, numbers
from solvent.venue import Venue

BOOK = "book"
"""The account on whose behalf the order books trade: the counterparty of every order to the book."""
VAULT = "vault"
"""The liquidator vault of the venue's own dex; that of a builder-deployed dex is ``vault:dex``."""
BACKSTOP = "backstop"
"""The account that takes over borrowed collateral and the debt against it."""

Amounts = Table[Number]
"""Amounts by name."""


def amounts(entries: Mapping[str, Any] | Amounts) -> Amounts:
    """A table of amounts."""
    if isinstance(entries, Table):
        return entries
    return table({name: exact(amount) for name, amount in entries.items()})


@frozen(kw_only=True)
class Depth:
    """How much worse than the mark an order to the book trades (TRADE-SLIPPAGE).

    Attributes:
        spread: the difference of best ask and best bid, as a fraction of the mark.
        width: the notional (USD) over which the price moves by all of itself; the larger, the deeper the book.
        size: the most that one order trades; ``None`` for no bound.
    """

    spread: Number = field(default=ZERO, converter=exact)
    width: Number = field(default=Fraction(10**12), converter=exact)
    size: Number | None = field(default=None, converter=exact)


@frozen(kw_only=True)
class Market:
    """A perp market.

    Attributes:
        name, dex: the market, and the dex that it belongs to.
        mark, oracle: the present prices (USD).
        previous_mark, previous_oracle: those before the last batch of prices.
        premium: the average premium of the hour (FUND-PREMIUM).
        step: the smallest size.
        max_leverage: the largest leverage; ``None`` where the venue's margin table says it.
        depth: the book.
        funded: when funding was last paid (ms).
        holders: the names of the accounts with a position, each with its size.
    """

    name: str
    dex: str = ""
    mark: Number = field(converter=exact)
    oracle: Number = field(converter=exact)
    previous_mark: Number = field(converter=exact)
    previous_oracle: Number = field(converter=exact)
    premium: Number = field(default=ZERO, converter=exact)
    step: Number = field(default=Fraction(1, 10**5), converter=exact)
    max_leverage: Number | None = field(default=None, converter=exact)
    depth: Depth = Depth()
    funded: int = 0
    holders: Amounts = field(factory=Table, converter=amounts)


@frozen(kw_only=True)
class SpotMarket:
    """The spot market of a token against the quote token.

    Attributes:
        token: the token; the market's name is ``TOKEN/QUOTE``.
        price: the spot price (quote token).
        perp: the perp market whose prices enter the borrow oracle price (PRICE-BORROW), where there is one.
        depth: the book.
    """

    token: str
    price: Number = field(converter=exact)
    perp: str | None = None
    depth: Depth = Depth()


@frozen(kw_only=True)
class LendingPool:
    """The lending pool of a token: cash and debts on one side, supplies and the reserve on the other.

    Attributes:
        token: the token.
        cash: what is not lent.
        supply_shares, debt_shares: the sums of all shares.
        supply_index, debt_index: what a share is worth.
        reserve: what belongs to the venue; below zero where bad debt has not been allocated yet.
        accrued: up to when interest has been accrued (ms).
    """

    token: str
    cash: Number = field(default=ZERO, converter=exact)
    supply_shares: Number = field(default=ZERO, converter=exact)
    debt_shares: Number = field(default=ZERO, converter=exact)
    supply_index: Number = field(default=ONE, converter=exact)
    debt_index: Number = field(default=ONE, converter=exact)
    reserve: Number = field(default=ZERO, converter=exact)
    accrued: int = 0

    @property
    def supplied(self) -> Number:
        """What suppliers can claim."""
        return lending.claim(self.supply_shares, self.supply_index)

    @property
    def borrowed(self) -> Number:
        """What borrowers owe."""
        return lending.claim(self.debt_shares, self.debt_index)


@frozen(kw_only=True)
class Setting:
    """What an account has chosen for a market: its leverage, and whether its position has margin of its own."""

    leverage: Number = field(converter=exact)
    isolated: bool = False


@frozen(kw_only=True)
class Member:
    """A party of the exchange: an account or sub-account with all that it owns and owes.

    Attributes:
        name, owner: the account, and the master account that owns it: itself, unless it is a sub-account.
        mode: cross (the standard mode), unified or portfolio.
        spot: idle tokens.
        raw: by dex, the cross balance (USD) before the value of positions.
        positions: by market.
        orders: resting orders by id.
        supplied, borrowed: shares of lending pools by token.
        deficit: by dex, what closed isolated positions owe beyond their margin: below zero until it is allocated.
        settings: by market.
        last_partial, last_step: when its last partial liquidation was (ms), and the last one of collateral.
    """

    name: str
    owner: str = Factory(lambda self: self.name, takes_self=True)
    mode: Regime = Regime.CROSS
    spot: Amounts = field(factory=Table, converter=amounts)
    raw: Amounts = field(factory=Table, converter=amounts)
    positions: Table[Position] = field(factory=Table, converter=table)
    orders: Table[Order] = field(factory=Table, converter=table)
    supplied: Amounts = field(factory=Table, converter=amounts)
    borrowed: Amounts = field(factory=Table, converter=amounts)
    deficit: Amounts = field(factory=Table, converter=amounts)
    settings: Table[Setting] = field(factory=Table, converter=table)
    last_partial: int | None = None
    last_step: int | None = None

    def add_spot(self, token: str, amount: Number) -> Member:
        """With so much more of a token; less, where the amount is below zero."""
        return evolve(self, spot=self.spot.put(token, self.spot.get(token, ZERO) + amount))

    def add_raw(self, dex: str, amount: Number) -> Member:
        """With so much more cross balance in a dex; less, where the amount is below zero."""
        return evolve(self, raw=self.raw.put(dex, self.raw.get(dex, ZERO) + amount))

    def add_deficit(self, dex: str, amount: Number) -> Member:
        """With so much more deficit, which is below zero."""
        return evolve(self, deficit=self.deficit.put(dex, self.deficit.get(dex, ZERO) + amount))

    def size(self, market: str) -> Number:
        """The signed size of its position in a market."""
        position = self.positions.get(market)
        return ZERO if position is None else position.size


@frozen(kw_only=True)
class Exchange:
    """The whole state at one instant.

    Attributes:
        venue: the rules' parameters.
        now: the time (ms).
        markets, spots: perp markets by name, spot markets by token.
        usdt: the price of USDT in the quote token, as the borrow oracle takes it (PRICE-BORROW).
        members: the accounts by name, those of the venue among them (BOOK, VAULT, BACKSTOP).
        pools: the lending pools by token.
        treasury: what the venue itself owns by token: fees, remainders, and what it bears where that is below zero.
        selling: by token, since when the backstop's sale of taken collateral counts (ms).
        external: by token, what came in from outside less what went out.
        prices: what assessments take of the above.
    """

    venue: Venue
    now: int = 0
    markets: Table[Market] = field(factory=Table, converter=table)
    spots: Table[SpotMarket] = field(factory=Table, converter=table)
    usdt: Number = field(default=ONE, converter=exact)
    members: Table[Member] = field(factory=Table, converter=table)
    pools: Table[LendingPool] = field(factory=Table, converter=table)
    treasury: Amounts = field(factory=Table, converter=amounts)
    selling: Table[int] = field(factory=Table, converter=table)
    external: Amounts = field(factory=Table, converter=amounts)
    prices: Prices = Factory(lambda self: self.price_view(), takes_self=True)

    def price_view(self) -> Prices:
        """The prices that assessments take, of the present markets."""
        tokens: dict[str, Number] = {self.venue.quote: ONE}
        for token, spot in self.spots.items():
            tokens[token] = spot.price
            if spot.perp is not None and spot.perp in self.markets:
                perp = self.markets[spot.perp]
                tokens[token] = numbers.borrow_oracle_price(spot.price, perp.mark, perp.oracle, self.usdt)
        return Prices(marks={name: market.mark for name, market in self.markets.items()}, tokens=tokens)

    def put(self, *members: Member) -> Exchange:
        """With these accounts in place of those of the same names."""
        table = self.members
        for member in members:
            table = table.put(member.name, member)
        return evolve(self, members=table)

    def put_pool(self, pool: LendingPool) -> Exchange:
        """With this lending pool in place of that of the same token."""
        return evolve(self, pools=self.pools.put(pool.token, pool))

    def put_market(self, market: Market) -> Exchange:
        """With this market in place of that of the same name; prices stay as they are."""
        return evolve(self, markets=self.markets.put(market.name, market))

    def to_treasury(self, token: str, amount: Number) -> Exchange:
        """With so much more in the treasury; less, where the amount is below zero."""
        return evolve(self, treasury=self.treasury.put(token, self.treasury.get(token, ZERO) + amount))

    def token_of(self, market: str) -> str:
        """The token that a market's positions are margined in."""
        return self.venue.token_of(self.markets[market].dex)

    def dexes_of(self, token: str) -> tuple[str, ...]:
        """The dexes that use a token."""
        dexes = dict.fromkeys(market.dex for market in self.markets.values())
        return tuple(dex for dex in dexes if self.venue.token_of(dex) == token)

    def supplied(self, member: Member, token: str) -> Number:
        """What an account can claim of a lending pool."""
        shares = member.supplied.get(token)
        return ZERO if shares is None else lending.claim(shares, self.pools[token].supply_index)

    def borrowed(self, member: Member, token: str) -> Number:
        """What an account owes to a lending pool."""
        shares = member.borrowed.get(token)
        return ZERO if shares is None else lending.claim(shares, self.pools[token].debt_index)

    def fallen_back(self) -> Condition:
        """Whether portfolio accounts are margined as unified ones (MODE-FALLBACK)."""
        quote = self.venue.quote
        if quote not in self.pools:
            return False
        pool, cap = self.pools[quote], self.venue.tokens[quote].global_borrow_cap
        rule = self.venue.rule("MODE-FALLBACK")
        return rule(pool.borrowed, pool.borrowed + 1 if cap is None else cap, pool.cash)

    def account(self, name: str) -> Account:
        """What an account holds and owes at this instant, in its own mode."""
        member = self.members[name]
        return Account(
            regime=member.mode,
            dexes=tuple(self._dex(member, dex) for dex in self._dexes(member)),
            balances=tuple(self._balance(member, token) for token in self._tokens(member)),
        )

    def margined(self, name: str) -> Account:
        """The account as it is margined: a portfolio account that has fallen back as a unified one (MODE-FALLBACK).

        What it has supplied is then its own balance, less its loan, and supports no other token.
        """
        account = self.account(name)
        if account.regime is not Regime.PORTFOLIO or not certainly(self.fallen_back()):
            return account
        netted = tuple(
            evolve(b, idle=b.idle + b.supplied - b.borrowed, supplied=ZERO, borrowed=ZERO)
            for b in account.balances
        )
        return evolve(account, regime=Regime.UNIFIED, balances=netted)

    def assess(self, name: str) -> Assessment:
        """What its regime says of an account at this instant."""
        return assess(self.margined(name), self.prices, self.venue)

    def _dexes(self, member: Member) -> list[str]:
        used = {self.markets[market].dex for market in member.positions}
        ordered = {self.markets[o.market].dex for o in member.orders.values() if not is_spot(o.market)}
        return sorted({*member.raw, *used, *ordered})

    def _dex(self, member: Member, dex: str) -> Dex:
        return Dex(
            name=dex,
            token=self.venue.token_of(dex),
            raw=member.raw.get(dex, ZERO),
            positions=tuple(p for p in member.positions.values() if self.markets[p.market].dex == dex),
            orders=tuple(
                order
                for order in member.orders.values()
                if not is_spot(order.market) and self.markets[order.market].dex == dex
            ),
        )

    def _tokens(self, member: Member) -> list[str]:
        ordered = {token_of_spot(o.market) for o in member.orders.values() if is_spot(o.market)}
        buying = {self.venue.quote} if ordered else set()
        return sorted({*member.spot, *member.supplied, *member.borrowed, *ordered, *buying})

    def _balance(self, member: Member, token: str) -> Balance:
        idle, supplied = member.spot.get(token, ZERO), self.supplied(member, token)
        borrowed = self.borrowed(member, token)
        orders = [o for o in member.orders.values() if is_spot(o.market)]
        selling = sum((o.size for o in orders if o.side < 0 and token_of_spot(o.market) == token), ZERO)
        buying = sum(
            (o.size * o.price for o in orders if o.side > 0), ZERO
        ) if token == self.venue.quote else ZERO  # fmt: skip
        return Balance(
            token=token, idle=idle, supplied=supplied, borrowed=borrowed, selling=selling, buying=buying
        )


def is_spot(market: str) -> bool:
    """Whether the name is that of a spot market."""
    return "/" in market


def token_of_spot(market: str) -> str:
    """The token that a spot market trades."""
    return market.partition("/")[0]
