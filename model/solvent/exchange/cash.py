"""User actions that move money: in, out, between accounts, between balances, and between modes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from attrs import evolve, field, frozen

from solvent.account import Regime
from solvent.arithmetic import ZERO, Number, both, negate, total
from solvent.decimals import exact
from solvent.exchange.action import Action, Check, Group, action
from solvent.exchange.guards import above_zero, keeps_apart, known_dex, own_account
from solvent.exchange.margin import movable_from_dex, pay, price_of, shares_balances, withdrawable_of
from solvent.exchange.state import Exchange, Member
from solvent.rules import modes


class UserAction(Action):
    """An action of a user."""

    __slots__ = ()
    group: ClassVar[Group] = Group.USER


@action
@frozen(kw_only=True)
class Deposit(UserAction):
    """Tokens come from outside into the spot balance."""

    words: ClassVar[str] = "{account} deposits {amount} {token}"
    account: str
    token: str
    amount: Number = field(converter=exact)

    def checks(self, exchange: Exchange) -> Iterator[Check]:
        yield from own_account(exchange, self.account)
        known = self.token == exchange.venue.quote or self.token in exchange.spots
        yield Check(known, f"{self.token} has a price here")
        yield above_zero(self.amount)

    def apply(self, exchange: Exchange) -> Exchange:
        external = exchange.external.get(self.token, ZERO) + self.amount
        member = exchange.members[self.account].add_spot(self.token, self.amount)
        return evolve(exchange.put(member), external=exchange.external.put(self.token, external))


@action
@frozen(kw_only=True)
class Withdraw(UserAction):
    """Tokens that nothing holds leave the exchange (PERP-WITHDRAWABLE, PM-SPOT-HOLD)."""

    words: ClassVar[str] = "{account} withdraws {amount} {token}"
    account: str
    token: str
    amount: Number = field(converter=exact)

    def checks(self, exchange: Exchange) -> Iterator[Check]:
        yield from own_account(exchange, self.account)
        yield above_zero(self.amount)
        yield _withdrawable(exchange, self.account, self.token, self.amount)

    def apply(self, exchange: Exchange) -> Exchange:
        external = exchange.external.get(self.token, ZERO) - self.amount
        member = pay(exchange, exchange.members[self.account], self.token, self.amount)
        return evolve(exchange.put(member), external=exchange.external.put(self.token, external))


def _withdrawable(exchange: Exchange, account: str, token: str, amount: Number) -> Check:
    most = withdrawable_of(exchange, account, token)
    return Check(amount <= most, f"the amount is withdrawable from {account}", "PERP-WITHDRAWABLE")


@action
@frozen(kw_only=True)
class Send(UserAction):
    """Tokens that nothing holds go to the spot balance of another account."""

    words: ClassVar[str] = "{sender} sends {amount} {token} to {receiver}"
    sender: str
    receiver: str
    token: str
    amount: Number = field(converter=exact)

    def checks(self, exchange: Exchange) -> Iterator[Check]:
        yield from own_account(exchange, self.sender, self.receiver)
        yield Check(self.sender != self.receiver, "sender and receiver differ")
        yield above_zero(self.amount)
        yield _withdrawable(exchange, self.sender, self.token, self.amount)

    def apply(self, exchange: Exchange) -> Exchange:
        paid = exchange.put(pay(exchange, exchange.members[self.sender], self.token, self.amount))
        return paid.put(paid.members[self.receiver].add_spot(self.token, self.amount))


@action
@frozen(kw_only=True)
class SubAccountTransfer(UserAction):
    """Cash goes from the perps of one account to those of another account of the same owner (MODE-SUB)."""

    words: ClassVar[str] = "{sender} transfers {amount} from perps{dex} to {receiver}, of the same owner"
    sender: str
    receiver: str
    amount: Number = field(converter=exact)
    dex: str = ""

    def checks(self, exchange: Exchange) -> Iterator[Check]:
        yield from own_account(exchange, self.sender, self.receiver)
        yield Check(self.sender != self.receiver, "sender and receiver differ")
        owners = {exchange.members[name].owner for name in (self.sender, self.receiver)}
        yield Check(len(owners) == 1, f"{self.sender} and {self.receiver} have one owner", "MODE-SUB")
        yield from known_dex(exchange, self.dex)
        yield above_zero(self.amount)
        most = self._movable(exchange)
        yield Check(self.amount <= most, f"the amount may leave {self.sender}", "PERP-TRANSFER")

    def _movable(self, exchange: Exchange) -> Number:
        if shares_balances(exchange.members[self.sender]):
            return withdrawable_of(exchange, self.sender, exchange.venue.token_of(self.dex))
        return movable_from_dex(exchange, self.sender, self.dex)

    def apply(self, exchange: Exchange) -> Exchange:
        sender, token = exchange.members[self.sender], exchange.venue.token_of(self.dex)
        if shares_balances(sender):
            paid = exchange.put(pay(exchange, sender, token, self.amount))
        else:
            paid = exchange.put(sender.add_raw(self.dex, -self.amount))
        return paid.put(paid.members[self.receiver].add_raw(self.dex, self.amount))


@action
@frozen(kw_only=True)
class SpotToPerp(UserAction):
    """Cash goes from spot to the perps of a dex, in the standard mode."""

    words: ClassVar[str] = "{account} moves {amount} from spot to perps{dex}"
    account: str
    amount: Number = field(converter=exact)
    dex: str = ""

    def checks(self, exchange: Exchange) -> Iterator[Check]:
        yield from own_account(exchange, self.account)
        yield keeps_apart(exchange, self.account)
        yield from known_dex(exchange, self.dex)
        yield above_zero(self.amount)
        yield _withdrawable(exchange, self.account, exchange.venue.token_of(self.dex), self.amount)

    def apply(self, exchange: Exchange) -> Exchange:
        member = exchange.members[self.account].add_spot(exchange.venue.token_of(self.dex), -self.amount)
        return exchange.put(member.add_raw(self.dex, self.amount))


@action
@frozen(kw_only=True)
class PerpToSpot(UserAction):
    """Cash above the transfer requirement goes from the perps of a dex to spot, in the standard mode."""

    words: ClassVar[str] = "{account} moves {amount} from perps{dex} to spot"
    account: str
    amount: Number = field(converter=exact)
    dex: str = ""

    def checks(self, exchange: Exchange) -> Iterator[Check]:
        yield from own_account(exchange, self.account)
        yield keeps_apart(exchange, self.account)
        yield from known_dex(exchange, self.dex)
        yield above_zero(self.amount)
        most = movable_from_dex(exchange, self.account, self.dex)
        yield Check(self.amount <= most, "the amount may leave the perps", "PERP-TRANSFER")

    def apply(self, exchange: Exchange) -> Exchange:
        member = exchange.members[self.account].add_raw(self.dex, -self.amount)
        return exchange.put(member.add_spot(exchange.venue.token_of(self.dex), self.amount))


@action
@frozen(kw_only=True)
class SwitchMode(UserAction):
    """The account changes its mode, without positions, orders, loans or deficit (MODE-SWITCH)."""

    words: ClassVar[str] = "{account} switches to {mode} mode"
    account: str
    mode: Regime = field(converter=Regime)

    def checks(self, exchange: Exchange) -> Iterator[Check]:
        yield from own_account(exchange, self.account)
        member = exchange.members[self.account]
        yield Check(self.mode is not Regime.ISOLATED, "the mode is cross, unified or portfolio")
        yield Check(self.mode is not member.mode, f"{self.account} is in another mode")
        allowed = modes.switch_allowed(len(member.positions), len(member.orders))
        yield Check(allowed, "there are no positions and no orders", "MODE-SWITCH")
        yield Check(not len(member.borrowed), "there is no loan", "MODE-SWITCH")
        yield Check(not len(member.deficit), "there is no deficit")
        after = self.apply(exchange)
        owing = both(*(amount >= 0 for amount in after.members[self.account].spot.values()))
        yield Check(owing, "no balance is below zero", "MODE-SWITCH")
        healthy = negate(after.assess(self.account).liquidatable)
        yield Check(healthy, f"{self.account} is healthy in the new mode", "MODE-SWITCH")
        yield from self._eligible(exchange, member)

    def _eligible(self, exchange: Exchange, member: Member) -> Iterator[Check]:
        bound = exchange.venue.parameters.eligible_value
        if self.mode is Regime.PORTFOLIO and bound is not None:
            own = {t: member.spot.get(t, ZERO) for t in member.spot}
            lent = {t: exchange.supplied(member, t) for t in member.supplied}
            tokens = sorted({*own, *lent})
            worth = ((own.get(t, ZERO) + lent.get(t, ZERO)) * price_of(exchange, t) for t in tokens)
            value = total(worth) + total(member.raw.values())
            yield Check(
                modes.value_eligible(value, bound),
                "the account value is below the bound",
                "MODE-ELIGIBLE-VALUE",
            )

    def apply(self, exchange: Exchange) -> Exchange:
        member = exchange.members[self.account]
        for dex, amount in member.raw.items():
            member = member.add_spot(exchange.venue.token_of(dex), amount)
        return exchange.put(evolve(member, raw=type(member.raw)(), mode=self.mode))
