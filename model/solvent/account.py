"""An account as frozen values: what it holds, owes, and has in orders.

Numbers may be given as integers, plain decimal strings or fractions, and are held as fractions.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from attrs import evolve, field, frozen

from solvent.arithmetic import Number
from solvent.decimals import exact


class Regime(StrEnum):
    """How positions and balances are margined together."""

    ISOLATED = "isolated"
    CROSS = "cross"
    UNIFIED = "unified"
    PORTFOLIO = "portfolio"


@frozen(kw_only=True)
class Position:
    """An open perp position.

    Attributes:
        market: the market's name; builder-deployed markets carry their dex (``xyz:CL``).
        size: signed contracts, never zero.
        leverage: the chosen leverage.
        max_leverage: the largest leverage that the venue reports for the position; ``None`` where its margin
            table says it.
        entry: the average entry price in USD, where it is known.
        raw: the own balance (USD) of an isolated position; ``None`` for a cross position.
    """

    market: str
    size: Number = field(converter=exact)
    leverage: Number = field(converter=exact)
    max_leverage: Number | None = field(default=None, converter=exact)
    entry: Number | None = field(default=None, converter=exact)
    raw: Number | None = field(default=None, converter=exact)

    @property
    def isolated(self) -> bool:
        """Whether the position has margin of its own."""
        return self.raw is not None


@frozen(kw_only=True)
class Order:
    """A resting order of a perp market.

    Attributes:
        market: the market's name.
        side: +1 for a buy, -1 for a sell.
        size: contracts, not negative.
        price: the limit price in USD.
        leverage: the leverage of the market's position, or the one that was set for the market.
        reserves: whether the order reserves margin: not where it is reduce-only or waits for a trigger.
    """

    market: str
    side: int
    size: Number = field(converter=exact)
    price: Number = field(converter=exact)
    leverage: Number = field(converter=exact)
    reserves: bool = True


@frozen(kw_only=True)
class Dex:
    """The perps of one dex: the venue's own (named ``""``) or a builder-deployed one.

    Attributes:
        name: the dex.
        token: the token that its positions are margined in.
        raw: the cross balance (USD) before the value of positions.
        positions, orders: what is open and what rests.
    """

    name: str = ""
    token: str = "USDC"
    raw: Number = field(converter=exact)
    positions: tuple[Position, ...] = ()
    orders: tuple[Order, ...] = ()


@frozen(kw_only=True)
class Balance:
    """What an account holds and owes of one token outside its perps.

    Attributes:
        token: the token's name.
        idle: what lies idle in spot.
        supplied: what is supplied to the lending pool.
        borrowed: the loan.
        selling: the part of ``idle`` that rests in spot sell orders.
        buying: the part of ``idle`` that rests in spot buy orders.
    """

    token: str
    idle: Number = field(default=0, converter=exact)
    supplied: Number = field(default=0, converter=exact)
    borrowed: Number = field(default=0, converter=exact)
    selling: Number = field(default=0, converter=exact)
    buying: Number = field(default=0, converter=exact)


@frozen(kw_only=True)
class Account:
    """An account, margined apart from every other account and sub-account (MODE-SUB).

    Raises:
        ValueError: two dexes, two balances, or two positions of a market stand for the same thing.
    """

    regime: Regime
    dexes: tuple[Dex, ...] = ()
    balances: tuple[Balance, ...] = ()

    def __attrs_post_init__(self) -> None:
        _once("dex", (dex.name for dex in self.dexes))
        _once("balance", (balance.token for balance in self.balances))
        _once("position", (position.market for dex in self.dexes for position in dex.positions))

    def under(self, regime: Regime) -> Account:
        """The same holdings under another regime."""
        return evolve(self, regime=regime)

    def balance(self, token: str) -> Balance:
        """The balance of a token; an empty one where the account has none."""
        return next((b for b in self.balances if b.token == token), Balance(token=token))


def _once(what: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ValueError(f"more than one {what} of {name!r}")
        seen.add(name)
