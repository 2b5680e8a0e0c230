"""Steps at the edges of what users may do: at a cap, at what is free, at the largest leverage, and beside."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from random import Random
from typing import Any

from solvent.account import Regime
from solvent.arithmetic import ZERO, floor_to
from solvent.decimals import show
from solvent.exchange import (
    Action,
    AllocateShortfall,
    Deleverage,
    Exchange,
    LiquidateCollateral,
    LiquidateOnBook,
    TakeOver,
)
from solvent.exchange import lending as pools
from solvent.exchange.margin import liquidatable, loans_of, movable_from_dex, price_of, withdrawable_of
from solvent.exchange.orders import tiers_of
from solvent.exchange.ranking import counterparties
from solvent.explore.choices import exactly, users
from solvent.protocol.engine import op_of
from solvent.rules import perp

Step = dict[str, Any]
PLACES = 18
FAR = Fraction(10**12)
MODES = (Regime.CROSS, Regime.UNIFIED, Regime.PORTFOLIO)
UNITS = (0, 0, 1, 1, -1)
"""How many units beside an edge."""


def edge_steps(exchange: Exchange, name: str, choose: Random) -> Iterator[Callable[[], Step]]:
    """What a user may try at an edge in this state, each made when it is called."""
    maker, member = _Edges(exchange, name, choose), exchange.members[name]
    yield from (maker.withdraw, maker.switch)
    if len(users(exchange)) > 1:
        yield from (maker.send, maker.transfer)
    if member.mode is Regime.CROSS:
        yield maker.move
    if len(exchange.markets):
        yield from (maker.leverage, maker.limit_order, maker.market_order)
    if len(exchange.pools):
        yield from (maker.supply, maker.automatic)
    if len(member.supplied):
        yield from (maker.withdraw_supply, *([] if member.mode is Regime.PORTFOLIO else [maker.borrow] * 2))
    if len(member.borrowed):
        yield maker.repay
    if len(member.positions) or len(member.deficit):
        yield from [maker.liquidation] * (4 if liquidatable(exchange, name) else 1)


class _Edges:
    """Makes steps of one user."""

    def __init__(self, exchange: Exchange, name: str, choose: Random) -> None:
        self.exchange, self.name, self.choose = exchange, name, choose
        self.member = exchange.members[name]

    def beside(self, edges: list[Any], unit: Any) -> str:
        """An edge, mostly the one that binds, or a unit beside it; one unit where none of them is above zero."""
        above = [exactly(edge) for edge in edges if edge is not None and edge > 0]
        unit = exactly(unit)
        edge = floor_to(self.choose.choice([*above, *[min(above)] * len(above)]), unit) if above else ZERO
        return show(max(unit, exactly(edge) + unit * self.choose.choice(UNITS)), PLACES)

    def _token_amount(self, edges: list[Any]) -> str:
        return self.beside(edges, self.exchange.venue.parameters.token_unit)

    def switch(self) -> Step:
        others = [mode for mode in MODES if mode is not self.member.mode]
        return {"op": "switch_mode", "account": self.name, "mode": self.choose.choice(others).value}

    def liquidation(self) -> Step:
        """What the venue may do to the account, due or not."""
        actions: list[Action] = [LiquidateCollateral(account=self.name)]
        actions += [AllocateShortfall(account=self.name, dex=dex) for dex in self.member.deficit] * 2
        if len(self.member.positions):
            market = self.choose.choice(list(self.member.positions))
            others = counterparties(self.exchange, self.name, market)
            actions += [
                LiquidateOnBook(account=self.name, market=market),
                TakeOver(account=self.name, market=market),
                *(Deleverage(account=self.name, market=market, counterparty=o.name) for o in others[:2]),
            ]
        return op_of(self.choose.choice(actions))

    def _pool(self, *, mine: bool) -> tuple[Exchange, str]:
        """A pool, one where the user has a claim if it is asked for, with interest accrued."""
        own = [token for token in self.member.supplied if token in self.exchange.pools] if mine else []
        token = self.choose.choice(own or list(self.exchange.pools))
        return pools.accrue(self.exchange, token), token

    def supply(self) -> Step:
        now, token = self._pool(mine=self.choose.random() < 0.5)
        known, held = now.venue.tokens[token], now.supplied(self.member, token)
        rooms = [
            None if known.user_supply_cap is None else known.user_supply_cap - held,
            None if known.global_supply_cap is None else known.global_supply_cap - now.pools[token].supplied,
        ]
        balance = now.account(self.name).balance(token)
        idle = [
            balance.idle,
            balance.idle - balance.selling - balance.buying,
            withdrawable_of(now, self.name, token),
        ]
        return self._of(token, "supply", [*rooms, *idle])

    def withdraw_supply(self) -> Step:
        now, token = self._pool(mine=True)
        held = now.supplied(self.member, token)
        return self._of(
            token, "withdraw_supply", [held, held / 2, min(exactly(held), exactly(now.pools[token].cash))]
        )

    def borrow(self) -> Step:
        now, token = self._pool(mine=False)
        lent = [name for name in now.pools if now.venue.tokens[name].is_borrowable]
        lent = [*self.member.borrowed] * 2 + lent
        if lent:
            token = self.choose.choice(lent)
        known, pool, loan = now.venue.tokens[token], now.pools[token], now.borrowed(self.member, token)
        loans, price = loans_of(now, self.name), price_of(now, token)
        edges = [
            None if known.user_borrow_cap is None else known.user_borrow_cap - loan,
            None if known.global_borrow_cap is None else known.global_borrow_cap - pool.borrowed,
            (loans.capacity - loans.loan) / price, (loans.capacity - loans.loan) / price / 2, loans.capacity / price, pool.cash,
        ]  # fmt: skip
        return self._of(token, "borrow", edges)

    def repay(self) -> Step:
        token = self.choose.choice(list(self.member.borrowed))
        now = pools.accrue(self.exchange, token)
        balance = now.account(self.name).balance(token)
        idle = balance.idle - balance.selling - balance.buying
        return self._of(token, "repay", [now.borrowed(self.member, token), idle])

    def automatic(self) -> Step:
        """What automatic lending may do for the user."""
        operation = self.choose.choice(("auto_supply", "auto_supply", "auto_borrow", "auto_repay"))
        idle = [token for token in self.member.spot if token in self.exchange.pools]
        token = self.choose.choice(idle) if idle and operation == "auto_supply" else self.exchange.venue.quote
        return {"op": operation, "account": self.name, "token": token}

    def _of(self, token: str, operation: str, edges: list[Any]) -> Step:
        return {"op": operation, "account": self.name, "token": token, "amount": self._token_amount(edges)}

    def _market(self) -> tuple[Any, str, Any]:
        market = self.exchange.markets[self.choose.choice(list(self.exchange.markets))]
        return market, market.name, tiers_of(self.exchange, market.name)

    def limit_order(self) -> Step:
        """At the order value cap, or at the tier that forbids the leverage."""
        market, name, tiers = self._market()
        side, mark = self.choose.choice((1, -1)), market.mark
        position, setting = self.member.positions.get(name), self.member.settings.get(name)
        leverage = position.leverage if position else setting.leverage if setting else tiers[0].max_leverage
        orders = sum(
            (o.size for o in self.member.orders.values() if (o.market, o.side) == (name, side)), ZERO
        )
        held = max(ZERO, side * exactly(self.member.size(name)))
        room = perp.largest_notional(leverage, tiers, FAR) / mark
        edges = [
            perp.order_value_cap(tiers[0].max_leverage, True) / mark,
            room,
            room - held,
            room - held - orders,
        ]
        size = self.beside(edges, market.step)
        sign = "" if side > 0 else "-"
        return {
            "op": "place_order", "account": self.name, "order": "edge", "market": name,
            "size": sign + size, "price": show(exactly(mark), PLACES),
        }  # fmt: skip

    def market_order(self) -> Step:
        """At the order value cap, at the size that is held, or at twice of it."""
        market, name, tiers = self._market()
        held = exactly(self.member.size(name))
        cap = perp.order_value_cap(tiers[0].max_leverage, False) / market.mark
        size = self.beside([cap, cap * 2, abs(held), 2 * abs(held)], market.step)
        sign = "-" if held > 0 or (not held and self.choose.random() < 0.5) else ""
        return {"op": "market_order", "account": self.name, "market": name, "size": sign + size}

    def leverage(self) -> Step:
        _, name, tiers = self._market()
        most = exactly(tiers[0].max_leverage)
        half = Fraction(1, 2)
        leverage = self.choose.choice(
            (most, most + 1, most - half, most - 1 or most, Fraction(1), Fraction(2))
        )
        step: Step = {
            "op": "change_leverage",
            "account": self.name,
            "market": name,
            "leverage": show(leverage, PLACES),
        }
        held = self.member.positions.get(name)
        as_held, other = held is not None and held.isolated, self.choose.random() < 0.2
        return {**step, "isolated": True} if as_held is not other else step

    def _free(self, token: str) -> str:
        edges = [withdrawable_of(self.exchange, self.name, token), self.member.spot.get(token)]
        return self._token_amount(edges)

    def withdraw(self) -> Step:
        token = self.choose.choice([self.exchange.venue.quote, *self.member.spot])
        return {"op": "withdraw", "account": self.name, "token": token, "amount": self._free(token)}

    def _other(self) -> str:
        return self.choose.choice([name for name in users(self.exchange) if name != self.name] or [self.name])

    def send(self) -> Step:
        token = self.choose.choice([self.exchange.venue.quote, *self.member.spot])
        return {
            "op": "send", "sender": self.name, "receiver": self._other(), "token": token, "amount": self._free(token),
        }  # fmt: skip

    def transfer(self) -> Step:
        return {
            "op": "sub_account_transfer", "sender": self.name, "receiver": self._other(), "amount": self._movable(""),
        }  # fmt: skip

    def _movable(self, dex: str) -> str:
        shared = self.member.mode is not Regime.CROSS
        free = (
            withdrawable_of(self.exchange, self.name, self.exchange.venue.token_of(dex)) if shared else ZERO
        )
        own = ZERO if shared else movable_from_dex(self.exchange, self.name, dex)
        return self.beside([free, own, self.member.raw.get(dex)], self.exchange.venue.parameters.usd_unit)

    def move(self) -> Step:
        held = [
            dex for dex, raw in self.member.raw.items() if movable_from_dex(self.exchange, self.name, dex) > 0
        ]
        known = sorted({market.dex for market in self.exchange.markets.values()}) or [""]
        dex = self.choose.choice([*held * 2, *known])
        if self.choose.random() < 0.7:
            step: Step = {"op": "perp_to_spot", "account": self.name, "amount": self._movable(dex)}
        else:
            token = self.exchange.venue.token_of(dex)
            step = {"op": "spot_to_perp", "account": self.name, "amount": self._free(token)}
        return {**step, "dex": dex} if dex else step
