"""Unified accounts: one balance of each token supports spot and the cross positions of every dex that uses it."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from solvent.account import Account, Balance, Regime
from solvent.arithmetic import ZERO, Number, maximum, total
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
from solvent.rules import unified
from solvent.rules.kinds import Ratio
from solvent.venue import Venue


@frozen(kw_only=True)
class TokenMargin:
    """Everything that stands in one token: its equity and the sums over the dexes that use it.

    Attributes:
        token: the token.
        equity: its whole balance, perp account values included; the loan subtracted.
        perp_value: the account values of its dexes.
        dexes: the dexes that use it.
        buying, selling: what rests in spot orders.
    """

    token: str
    equity: Number
    perp_value: Number
    dexes: tuple[DexMargin, ...]
    buying: Number
    selling: Number

    @property
    def maintenance(self) -> Number:
        """The maintenance margin of the cross positions."""
        return total(dex.maintenance for dex in self.dexes)

    @property
    def isolated(self) -> Number:
        """The margins of the isolated positions."""
        return total(dex.isolated for dex in self.dexes)

    @property
    def cross_equity(self) -> Number:
        """The equity outside isolated positions."""
        return self.equity - self.isolated

    @property
    def available(self) -> Number:
        """What is available after maintenance (UA-AVAILABLE)."""
        return unified.available_after_maintenance(
            self.equity, [dex.maintenance for dex in self.dexes], [dex.isolated for dex in self.dexes]
        )

    def committed(self, venue: Venue) -> Number:
        """What transfers, isolated positions, orders and spot buys commit (UA-HOLD)."""
        return unified.committed(
            [dex.transfer for dex in self.dexes],
            [dex.isolated for dex in self.dexes],
            total(dex.orders for dex in self.dexes),
            venue.parameters.order_buffer,
            self.buying,
        )

    def hold(self, venue: Venue) -> Number:
        """The hold of the token: what is committed, and what rests in spot sells of it (UA-HOLD, UA-SPOT-HOLD)."""
        return self.committed(venue) + unified.spot_hold([self.selling])


def token_margin(balance: Balance, dexes: Sequence[DexMargin]) -> TokenMargin:
    """The margin of one token of a unified account."""
    used = tuple(dex for dex in dexes if dex.token == balance.token)
    values = [dex.account_value for dex in used]
    return TokenMargin(
        token=balance.token,
        equity=unified.token_equity(balance.idle, values),
        perp_value=total(values),
        dexes=used,
        buying=balance.buying,
        selling=balance.selling,
    )


def tokens_of(account: Account) -> tuple[str, ...]:
    """The tokens of an account, of its balances first and then those that only a dex uses."""
    return tuple(dict.fromkeys([*(b.token for b in account.balances), *(dex.token for dex in account.dexes)]))


def pool_of(margin: TokenMargin) -> Pool:
    """The cross positions of a token as one pool (UA-AVAILABLE, UA-LIQUIDATABLE)."""
    return Pool(
        name=margin.token,
        requirement=margin.maintenance,
        resources=margin.cross_equity,
        ratio=Ratio(margin.maintenance, margin.cross_equity),
        available=margin.available,
        liquidatable=unified.unified_liquidatable(margin.available),
        bankrupt=margin.cross_equity < 0,
        members=tuple(leg.position.market for dex in margin.dexes for leg in dex.cross),
    )


def assess_unified(account: Account, prices: Prices, venue: Venue) -> Assessment:
    """Assess an account in unified mode.

    Raises:
        LookupError: a market has no mark price.
    """
    dexes = [measure_dex(dex, prices, venue) for dex in account.dexes]
    margins = [token_margin(account.balance(token), dexes) for token in tokens_of(account)]
    free: Free = {}
    for margin in margins:
        free |= free_of_cross(margin.dexes, margin.available)
    for dex in dexes:
        free |= free_of_isolated(dex)
    holds = {margin.token: margin.hold(venue) for margin in margins}
    needs = [capital_needed(margin.dexes) for margin in margins]
    return Assessment(
        regime=Regime.UNIFIED,
        pools=(
            *(pool_of(margin) for margin in margins if margin.dexes),
            *(pool for dex in dexes for pool in isolated_pools(dex)),
        ),
        initial=total(leg.initial for dex in dexes for leg in dex.legs),
        withdrawable={m.token: maximum(ZERO, m.equity - holds[m.token]) for m in margins},
        available={margin.token: margin.available for margin in margins},
        holds=holds,
        capital=None if None in needs else total(need for need in needs if need is not None),
        liquidation_prices=LiquidationPrices(free, venue),
        lines=(*(line for dex in dexes for line in dex.lines()), *_lines(margins, holds)),
    )


def _lines(margins: Sequence[TokenMargin], holds: dict[str, Number]) -> list[Line]:
    lines = []
    for margin in margins:
        token = margin.token
        lines += [
            Line(figure="equity", subject=token, amount=margin.equity, rule="UA-EQUITY"),
            Line(figure="hold", subject=token, amount=holds[token], rule="UA-HOLD"),
            Line(
                figure="available after maintenance",
                subject=token,
                amount=margin.available,
                rule="UA-AVAILABLE",
            ),
        ]
    return lines
