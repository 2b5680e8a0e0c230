"""Net risk: the worst loss of the netted portfolio over a stated set of price moves."""

from __future__ import annotations

from attrs import frozen

from solvent.account import Account
from solvent.arithmetic import ZERO, Number, maximum, quotient, total, where
from solvent.exchange.state import Exchange
from solvent.regimes.dexes import Leg, measure_dex
from solvent.regimes.portfolio import Collateral, collateral_of
from solvent.rules import portfolio


@frozen(kw_only=True)
class Exposure:
    """What an account has at stake on one underlying: a perp market, a collateral token, or both.

    Attributes:
        name: the perp market, or the token without one.
        perp, value: the signed value of the perp, and the value of the collateral (USD).
        maintenance: the maintenance margin of the perp.
        rate: the maintenance margin over the notional: the move of the perp that it covers.
        haircut: the part of the collateral's value that does not support the account.
        share: one minus the liquidation threshold: the fall of the collateral that the haircut covers; ``None``
            without collateral.
    """

    name: str
    perp: Number
    value: Number
    maintenance: Number
    rate: Number
    haircut: Number
    share: Number | None

    @property
    def requirement(self) -> Number:
        """What the rules ask for it: maintenance margin and haircut."""
        return self.maintenance + self.haircut

    def loss(self, move: Number) -> Number:
        """What a relative move of the underlying costs (USD), below zero where it gains."""
        return -(self.perp + self.value) * move

    def worst(self) -> Number:
        """The worst loss over the moves that the requirement is stated for (USD).

        The underlying moves by the perp's maintenance rate either way; it falls as far as the haircut of its
        collateral unless the account is also long its perp.
        """
        near = maximum(self.loss(self.rate), self.loss(-self.rate))
        if self.share is None:
            return near
        return where(self.perp > 0, near, maximum(near, self.loss(-self.share)))


def exposures(exchange: Exchange, name: str) -> list[Exposure]:
    """What an account has at stake, by underlying: a perp and the collateral of the same coin are one."""
    account = exchange.account(name)
    collateral = {c.token.name: c for c in _collateral(exchange, account)}
    coins = {spot.perp: token for token, spot in exchange.spots.items() if spot.perp and token in collateral}
    found = []
    for dex in account.dexes:
        for leg in measure_dex(dex, exchange.prices, exchange.venue).legs:
            held = collateral.pop(coins.get(leg.position.market, ""), None) if leg.margin is None else None
            found.append(_exposure(leg.position.market, leg, held))
    return found + [_exposure(token, None, held) for token, held in sorted(collateral.items())]


def _collateral(exchange: Exchange, account: Account) -> tuple[Collateral, ...]:
    return collateral_of(account, exchange.prices, exchange.venue) if account.regime == "portfolio" else ()


def _exposure(name: str, leg: Leg | None, held: Collateral | None) -> Exposure:
    value: Number = ZERO if held is None else held.amount * held.price
    supported: Number = ZERO
    if held is not None:
        supported = portfolio.collateral_support(
            [held.amount], [held.price], [held.token.threshold], 1, held.amount * held.price
        )
    return Exposure(
        name=name,
        perp=ZERO if leg is None else leg.value,
        value=value,
        maintenance=ZERO if leg is None else leg.maintenance,
        rate=ZERO if leg is None else quotient(leg.maintenance, leg.notional, ZERO),
        haircut=value - supported,
        share=None if held is None else 1 - held.token.threshold,
    )


def net_risk(exchange: Exchange, name: str) -> Number:
    """The worst loss of an account over the moves that its requirement is stated for, each underlying by its own (USD)."""
    return total(exposure.worst() for exposure in exposures(exchange, name))


def net_risk_of_collateral_fall(exchange: Exchange, name: str) -> Number:
    """The loss of an account when every collateral falls to its threshold and its perp with it (USD)."""
    return total(
        e.worst() if e.share is None else maximum(ZERO, e.loss(-e.share)) for e in exposures(exchange, name)
    )


def net_requirement(exchange: Exchange, name: str) -> Number:
    """What the rules ask of an account against net risk: maintenance margin, and the haircut of collateral (USD)."""
    return total(exposure.requirement for exposure in exposures(exchange, name))
