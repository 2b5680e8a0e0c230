"""What a regime says about an account."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import Factory, frozen

from solvent.account import Regime
from solvent.arithmetic import ZERO, Condition, Number, both, either, negate, total
from solvent.rules.kinds import Ratio


@frozen(kw_only=True)
class Line:
    """One amount of an assessment: what it is, of what, how much, and the rule that says so."""

    figure: str
    subject: str
    amount: Number
    rule: str


@frozen(kw_only=True)
class LiquidationPrice:
    """Where a position would be liquidated, all other prices held (rules LIQPX-ROOT, LIQPX-NONE, LIQPX-ALREADY).

    Attributes:
        root: the price (USD) at which margin after maintenance is used up.
        none: whether there is no such price, because the root is not above zero.
        already: whether the position is liquidatable at the present price.
    """

    root: Number
    none: Condition
    already: Condition

    @property
    def price(self) -> Number | None:
        """The root, or ``None`` where there is no liquidation price."""
        return None if self.none else self.root


@frozen(kw_only=True)
class Pool:
    """Positions that share one margin: an isolated position, the cross positions of a dex, or those of a token.

    Attributes:
        name: the market, the dex, or the token.
        requirement: the maintenance margin.
        resources: what stands against it: equity, and the support of collateral under portfolio margin.
        ratio: the margin ratio of the regime; below one (portfolio: below the trigger) is safe.
        available: what is available after maintenance.
        liquidatable, bankrupt: whether the pool is so.
        perps_due: whether its positions are to be liquidated: of a portfolio account by the margin ratio alone, as its
            loan concerns the collateral.
        members: the markets of its positions.
    """

    name: str
    requirement: Number
    resources: Number
    ratio: Ratio
    available: Number
    liquidatable: Condition
    bankrupt: Condition
    perps_due: Condition = Factory(lambda self: self.liquidatable, takes_self=True)
    members: tuple[str, ...] = ()


@frozen(kw_only=True)
class Assessment:
    """An account under one regime: its pools, its amounts, and the lines that they come from.

    Attributes:
        regime: the regime.
        pools: each part that is margined by itself.
        initial: the initial margin of all positions (USD).
        withdrawable: what may leave, by token.
        available: what is available after maintenance, by token.
        holds: what is held, by token; below zero where more could be borrowed.
        capital: the least balance of the quote token, before unrealized profit, that carries the initial margin;
            ``None`` where an entry price is not known.
        liquidation_prices: by market.
        lines: every amount with its rule.
    """

    regime: Regime
    pools: tuple[Pool, ...]
    initial: Number
    withdrawable: Mapping[str, Number]
    available: Mapping[str, Number]
    holds: Mapping[str, Number]
    capital: Number | None
    liquidation_prices: Mapping[str, LiquidationPrice]
    lines: tuple[Line, ...]

    @property
    def requirement(self) -> Number:
        """The maintenance margin of all pools (USD)."""
        return total(pool.requirement for pool in self.pools)

    @property
    def resources(self) -> Number:
        """What stands against the requirement in all pools (USD)."""
        return total(pool.resources for pool in self.pools)

    @property
    def ratio(self) -> Ratio | None:
        """The highest margin ratio of its pools; ``None`` of no pools."""
        return max((pool.ratio for pool in self.pools), key=_height, default=None)

    @property
    def liquidatable(self) -> Condition:
        """Whether some pool is liquidatable."""
        return either(*(pool.liquidatable for pool in self.pools))

    @property
    def bankrupt(self) -> Condition:
        """Whether some pool has lost more than it had."""
        return either(*(pool.bankrupt for pool in self.pools))

    @property
    def healthy(self) -> Condition:
        """Whether no pool is liquidatable or bankrupt."""
        return both(negate(self.liquidatable), negate(self.bankrupt))

    @property
    def status(self) -> str:
        """``healthy``, ``liquidatable`` or ``bankrupt``, for an account of exact numbers."""
        if self.bankrupt:
            return "bankrupt"
        return "liquidatable" if self.liquidatable else "healthy"


def _height(ratio: Ratio) -> tuple[bool, Number]:
    """Orders ratios of exact numbers: nothing to stand against a requirement is higher than any number."""
    if ratio.denominator > 0:
        return False, ratio.numerator / ratio.denominator
    return ratio.numerator > 0 or ratio.denominator < 0, ZERO
