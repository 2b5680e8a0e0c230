"""What the venue has to do of its own accord, and in which order.

Where more than one action is allowed the order matters, so it is a rule of this model: interest first; then
account by account in the order of names; of an account auto-deleveraging before the backstop, the backstop before the
book, perps before collateral; what nobody can cover last. Markets go by name, counterparties by rank, then by name.
"""

from __future__ import annotations

from collections.abc import Iterator

from attrs import frozen

from solvent.exchange.action import Action
from solvent.exchange.collateral import LiquidateCollateral, RepayTaken, SellCollateral
from solvent.exchange.liquidation import LiquidateOnBook, TakeOver
from solvent.exchange.losses import AllocateShortfall, Deleverage
from solvent.exchange.pool_actions import Accrue, AutoBorrow, AutoRepay, AutoSupply, WriteOff
from solvent.exchange.ranking import counterparties
from solvent.exchange.state import BACKSTOP, Exchange

MOST_STEPS = 10_000
"""How many actions one discharge may take."""


def ladder(exchange: Exchange, name: str) -> Iterator[Action]:
    """The liquidation actions that an account may be due for, in order; whether each is allowed is its guard's."""
    member = exchange.members[name]
    pools = exchange.assess(name).pools if len(member.positions) else ()
    bankrupt = sorted(market for pool in pools if pool.bankrupt for market in pool.members)
    due = sorted(market for pool in pools if pool.liquidatable or pool.bankrupt for market in pool.members)
    for market in bankrupt:
        for other in counterparties(exchange, name, market)[:1]:
            yield Deleverage(account=name, market=market, counterparty=other.name)
    for market in due:
        yield TakeOver(account=name, market=market)
    for market in due:
        yield LiquidateOnBook(account=name, market=market)
    if name != BACKSTOP:
        yield LiquidateCollateral(account=name)
    used = {exchange.markets[market].dex for market in member.positions}
    for dex in sorted({*member.raw, *member.deficit, *used}, reverse=True) or [""]:
        yield AllocateShortfall(account=name, dex=dex)
    for token in member.borrowed:
        yield WriteOff(account=name, token=token)


def duties(exchange: Exchange) -> Iterator[Action]:
    """What the liquidation ladder asks of the venue now, in the order in which it is done."""
    for token, pool in exchange.pools.items():
        if pool.borrowed > 0 and exchange.now > pool.accrued:
            yield Accrue(token=token)
    for name in exchange.members:
        for action in ladder(exchange, name):
            if action.refusal(exchange) is None:
                yield action
    for token in exchange.spots:
        sale = SellCollateral(token=token)
        if sale.refusal(exchange) is None:
            yield sale
    for token in exchange.members[BACKSTOP].borrowed:
        payment = RepayTaken(token=token)
        if payment.refusal(exchange) is None:
            yield payment


def automatic(exchange: Exchange) -> Iterator[Action]:
    """What automatic lending asks of the venue now: loans, repayments, supplies."""
    quote = exchange.venue.quote
    for name, member in exchange.members.items():
        offers: list[Action] = [AutoBorrow(account=name, token=quote), AutoRepay(account=name, token=quote)]
        offers += [AutoSupply(account=name, token=token) for token in member.spot]
        for action in offers:
            if action.refusal(exchange) is None:
                yield action


@frozen
class Discharge:
    """The outcome of a run of duties.

    Attributes:
        exchange: the state in which nothing more is due.
        actions: what was done.
        ended: whether nothing is due any more; otherwise the limit was reached.
    """

    exchange: Exchange
    actions: tuple[Action, ...]
    ended: bool


def discharge(exchange: Exchange, limit: int = MOST_STEPS) -> Discharge:
    """The exchange after the venue has done what the liquidation ladder asks, one action after the other."""
    done: list[Action] = []
    while len(done) < limit:
        action = next(duties(exchange), None)
        if action is None:
            return Discharge(exchange, tuple(done), True)
        exchange = action.apply(exchange)
        done.append(action)
    return Discharge(exchange, tuple(done), next(duties(exchange), None) is None)
