"""The same holdings at the same prices under every regime."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from attrs import evolve, frozen

from solvent.account import Account, Balance, Dex, Regime
from solvent.arithmetic import ONE
from solvent.market import Prices
from solvent.regimes.assess import assess
from solvent.regimes.assessment import Assessment
from solvent.venue import Venue


@frozen
class Compared:
    """An account under every regime, in the order isolated, cross, unified, portfolio.

    Attributes:
        assessments: by regime.
        saved: how much less capital (quote token) each regime needs than the one before it; ``None`` where
            the capital is not known.
    """

    assessments: Mapping[Regime, Assessment]
    saved: Mapping[Regime, Fraction | None]


def compare(account: Account, prices: Prices, venue: Venue) -> Compared:
    """Assess the same holdings under every regime.

    The quote token that lies outside perps, less its loan, stands in the venue's own dex under isolated and
    cross margin, and is one balance with it otherwise. Tokens that may be collateral count as supplied under
    portfolio margin where they have a price. Positions that are isolated stay isolated in every regime.

    A token that a dex uses stands at one USDC where it has no price.

    Raises:
        LookupError: a market has no mark price.
    """
    assessments = {
        Regime.ISOLATED: assess(_in_perps(account, Regime.ISOLATED, venue), prices, venue),
        Regime.CROSS: assess(_in_perps(account, Regime.CROSS, venue), prices, venue),
        Regime.UNIFIED: assess(_one_balance(account), prices, venue),
        Regime.PORTFOLIO: assess(_supplied(account, prices, venue), _with_quotes(account, prices), venue),
    }
    saved: dict[Regime, Fraction | None] = {}
    before: Fraction | None = None
    for regime, assessment in assessments.items():
        needed = None if assessment.capital is None else Fraction(assessment.capital)  # type: ignore[call-overload]
        saved[regime] = None if needed is None or before is None else before - needed
        before = needed
    return Compared(assessments, saved)


def _net(balance: Balance) -> Balance:
    """A balance with its supply taken out and its loan repaid."""
    return evolve(balance, idle=balance.idle + balance.supplied - balance.borrowed, supplied=0, borrowed=0)


def _in_perps(account: Account, regime: Regime, venue: Venue) -> Account:
    outside = _net(account.balance(venue.quote)).idle
    dexes = account.dexes or (Dex(token=venue.quote, raw=0),)
    own = next((dex for dex in dexes if dex.token == venue.quote), None)
    return evolve(
        account,
        regime=regime,
        dexes=tuple(evolve(dex, raw=dex.raw + outside) if dex is own else dex for dex in dexes),
        balances=tuple(_net(b) for b in account.balances if b.token != venue.quote),
    )


def _one_balance(account: Account) -> Account:
    return evolve(account, regime=Regime.UNIFIED, balances=tuple(_net(b) for b in account.balances))


def _supplied(account: Account, prices: Prices, venue: Venue) -> Account:
    def counted(balance: Balance) -> Balance:
        token = venue.tokens.get(balance.token)
        if token is None or not token.is_collateral or balance.token not in prices.tokens:
            return balance if token is None or not token.is_collateral else evolve(balance, supplied=0)
        return evolve(balance, idle=0, supplied=balance.idle + balance.supplied)

    known = {name for name, token in venue.tokens.items() if token.is_collateral or name == venue.quote}
    known |= {dex.token for dex in account.dexes}
    return evolve(
        account,
        regime=Regime.PORTFOLIO,
        balances=tuple(
            counted(b) for b in account.balances if b.token in known or b.token not in venue.tokens
        ),
    )


def _with_quotes(account: Account, prices: Prices) -> Prices:
    return evolve(prices, tokens={dex.token: ONE for dex in account.dexes} | dict(prices.tokens))
