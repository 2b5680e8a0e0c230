"""A record as rules take it: numbers with the bounds of their printed digits, at the instant of each call.

Every call of the venue's API is one instant; two calls are seconds apart. States of dexes come from one call,
the spot state from another: ``move`` is how far marks have moved, as a fraction, between them.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import cached_property
from typing import Any

from attrs import evolve, frozen

from solvent.account import Dex, Order, Position, Regime
from solvent.arithmetic import ONE, ZERO, Number, total
from solvent.decimals import Printed
from solvent.ingest.record import DexState, PositionRow, Record, SpotRow
from solvent.interval import Interval, around
from solvent.market import Prices
from solvent.reconcile.inputs import Inputs, Missing, NotRecordedError
from solvent.regimes.dexes import DexMargin, measure_dex
from solvent.regimes.portfolio import Collateral, PortfolioMargin
from solvent.regimes.unified import TokenMargin
from solvent.rules import perp
from solvent.rules.kinds import Tier
from solvent.venue import Token, Venue

SCALED_PRINT = Fraction(1, 10**10)
"""One unit of the last digit of a scaled record."""
PRICE_PRINT = Fraction(1, 10**6)
"""One unit of the last digit of a borrow oracle price."""

MOVE = "the move of marks between the calls"
SCALE = "the scale of the record"


def orders_of(dex: str) -> str:
    """The name of the order margin of a dex."""
    return f"the order margin of {dex or 'the main dex'}"


def raw_of(dex: str) -> str:
    """The name of the cross balance of a dex."""
    return f"the cross balance of {dex or 'the main dex'}"


def rest_of(what: str, dex: str) -> str:
    """The name of what positions that were not recorded add to a sum."""
    return f"the {what} of positions of {dex or 'the main dex'} that were not recorded"


ELSEWHERE = "what dexes that were not recorded hold"


def price_of(token: str, call: str) -> str:
    """The name of a token's borrow oracle price at the instant of a call."""
    return f"the {token} price at the {call} call"


@frozen(slots=False)
class State:
    """A record under one set of inputs; everything is computed at most once.

    Attributes:
        record: what was recorded.
        regime: how the account is margined.
        venue: the venue's parameters, before scaling.
        inputs: the inputs in use.
    """

    record: Record
    regime: Regime
    unscaled: Venue
    inputs: Inputs

    @cached_property
    def scale(self) -> Any:
        """By how much amounts were multiplied: one, a solved number, or ``Missing``."""
        return self.inputs[SCALE] if self.record.scaled else ONE

    @cached_property
    def largest_scale(self) -> Fraction:
        """A bound of the scale: every real size is at least one step of its market's sizes."""
        return largest_scale(self.record) if self.record.scaled else ONE

    @cached_property
    def usd_unit(self) -> Any:
        """One unit of a perp USD amount, as it appears in this record."""
        unit = self.unscaled.parameters.usd_unit
        if not self.record.scaled:
            return unit
        if isinstance(self.scale, Missing):
            return Interval(ZERO, unit * self.largest_scale)
        return self.scale * unit

    def tiers(self, market: str, max_leverage: int | None) -> tuple[Tier, ...]:
        """A market's tiers with bounds as they appear in this record."""
        tiers = self.unscaled.tiers(market, max_leverage)
        scale = self.largest_scale if isinstance(self.scale, Missing) else self.scale
        if not self.record.scaled or len(tiers) == 1:
            return tiers
        return tuple(
            evolve(tier, lower_bound=tier.lower_bound * scale, deduction=tier.deduction * scale)
            for tier in tiers
        )

    @cached_property
    def venue(self) -> Venue:
        """The venue with its USD unit and margin tables as they appear in this record."""
        if not self.record.scaled:
            return self.unscaled
        return _ScaledVenue.of(self)

    def amount(self, shown: Printed | Fraction, unit: Any = ZERO) -> Any:
        """A recorded amount with the bounds of its digits."""
        value = shown.value if isinstance(shown, Printed) else shown
        if self.record.scaled:
            return around(value, SCALED_PRINT / 2)
        return around(value, unit) if unit else Interval(value, value)

    # -- dexes ---------------------------------------------------------------------------------------------

    def token_of(self, dex: str) -> str:
        """The token that a dex's positions are margined in."""
        index = self.record.dex_tokens.get(dex)
        if index is not None:
            return next((t.name for t in self.unscaled.tokens.values() if t.index == index), f"token {index}")
        return self.unscaled.dex_tokens.get(dex, self.unscaled.quote)

    @cached_property
    def marks(self) -> dict[str, Any]:
        """The mark price of each position's market at the call of its dex."""
        return {
            row.market: self._mark(row) for state in self.record.dexes.values() for row in state.positions
        }

    def _mark(self, row: PositionRow) -> Any:
        notional = self.amount(row.notional)
        return notional / abs(row.size.value)

    def dex(self, state: DexState, *, moved: bool = False) -> DexMargin:
        """A dex at its own call, or with marks moved to the spot call."""
        key = (state.name, moved)
        if key not in self._dexes:
            self._dexes[key] = self._measure(state, moved)
        return self._dexes[key]

    @cached_property
    def _dexes(self) -> dict[tuple[str, bool], DexMargin]:
        return {}

    def _measure(self, state: DexState, moved: bool) -> DexMargin:
        factor = 1 + self.inputs[MOVE] if moved else ONE
        marks = {row.market: self.marks[row.market] * factor for row in state.positions}
        margin = measure_dex(self._account_dex(state), Prices(marks=marks), self.venue)
        rest = {what: self._rest(what, state.name) for what in ("value", "initial margin", "maintenance margin")}
        equity = margin.cross_equity + rest["value"]
        return evolve(
            margin,
            cross_equity=equity,
            account_value=perp.account_value(equity, [margin.isolated]),
            initial=margin.initial + rest["initial margin"],
            maintenance=margin.maintenance + rest["maintenance margin"],
            transfer=margin.transfer + self._rest("transfer requirement", state.name),
            orders=self.orders(state, margin),
        )

    def _rest(self, what: str, dex: str) -> Any:
        name = rest_of(what, dex)
        return self.inputs[name] if name in self.inputs.declared else ZERO

    def orders(self, state: DexState, margin: DexMargin) -> Any:
        """The order margin of a dex: by its recorded orders, or as an input."""
        if self.record.order_margins is not None:
            return total(v for market, v in self.record.order_margins.items() if market_dex(market) == state.name)
        name = orders_of(state.name)
        return self.inputs[name] if name in self.inputs.declared else margin.orders

    def _account_dex(self, state: DexState) -> Dex:
        return Dex(
            name=state.name,
            token=self.token_of(state.name),
            raw=self.cross_raw(state),
            positions=tuple(
                Position(
                    market=row.market,
                    size=row.size.value,
                    leverage=Fraction(row.leverage),
                    max_leverage=row.max_leverage,
                    entry=None,
                    raw=None if row.raw is None else self.amount(row.raw),
                )
                for row in state.positions
            ),
            orders=self._orders(state),
        )

    def _orders(self, state: DexState) -> tuple[Order, ...]:
        leverages = {row.market: row.leverage for row in state.positions}
        return tuple(
            Order(
                market=order.market,
                side=order.side,
                size=order.size.value,
                price=order.price.value,
                leverage=self._leverage(order.market, leverages),
                reserves=order.reserves,
            )
            for order in self.record.orders or ()
            if not order.spot and market_dex(order.market) == state.name
        )

    def _leverage(self, market: str, of_positions: Mapping[str, int]) -> Any:
        asset = self.record.assets.get(market)
        if market in of_positions:
            return Fraction(of_positions[market])
        if asset is not None and asset.leverage is not None:
            return Fraction(asset.leverage)
        return Missing(f"the leverage of {market}")

    def cross_raw(self, state: DexState) -> Any:
        """The cross balance of a dex: recorded, or the whole balance less that of isolated positions."""
        if state.cross.raw is not None:
            return self.amount(state.cross.raw)
        if state.summary.raw is not None:
            own = total(self.amount(row.raw) for row in state.positions if row.raw is not None)
            return self.amount(state.summary.raw) - own
        return self.inputs[raw_of(state.name)]

    # -- tokens --------------------------------------------------------------------------------------------

    def row(self, token: Token) -> SpotRow | None:
        """The balance of a token."""
        return None if self.record.spot is None else self.record.spot.row(token.index)

    def token_margin(self, coin: str, equity: Any) -> TokenMargin:
        """A token at the spot call, with its whole balance as reported there."""
        dexes = tuple(
            self.dex(state, moved=True)
            for state in self.record.dexes.values()
            if self.token_of(state.name) == coin
        )
        if coin == self.unscaled.quote:
            dexes = (*dexes, *self._unrecorded())
        return TokenMargin(
            token=coin,
            equity=equity,
            perp_value=total(dex.account_value for dex in dexes),
            dexes=dexes,
            buying=self.spot_orders(coin, 1),
            selling=self.spot_orders(coin, -1),
        )

    def _unrecorded(self) -> tuple[DexMargin, ...]:
        """What is known of dexes that were not recorded, as one dex without legs."""
        isolated = self.amount(self.record.uncaptured_isolated)
        hold = self.inputs[ELSEWHERE] if ELSEWHERE in self.inputs.declared else ZERO
        nothing = {"cross_equity": ZERO, "maintenance": ZERO, "initial": ZERO, "orders": ZERO}
        return (
            DexMargin(
                name="not recorded", token=self.unscaled.quote, legs=(), account_value=isolated,
                isolated=isolated, transfer=hold, **nothing,
            ),
        )  # fmt: skip

    def spot_orders(self, coin: str, side: int) -> Number:
        """What rests in spot orders of a token: the notional of buys with it, or the size of sells of it.

        Raises:
            NotRecordedError: a spot sell names its pair by number only.
        """
        amounts = []
        for order in self.record.orders or ():
            base, _, quote = order.market.partition("/")
            if not order.spot or order.side != side:
                continue
            if side > 0 and (quote or self.unscaled.quote) == coin:
                amounts.append(order.size.value * order.price.value)
            if side < 0 and order.market.startswith("@") and coin != self.unscaled.quote:
                raise NotRecordedError(f"the token of spot orders in {order.market}")
            if side < 0 and base == coin:
                amounts.append(order.size.value)
        return total(amounts)

    # -- portfolio margin ----------------------------------------------------------------------------------

    @cached_property
    def collateral(self) -> tuple[Collateral, ...]:
        """What supports the account: supplied tokens with an LTV above zero, at the spot call."""
        found = []
        for token in self.unscaled.tokens.values():
            row = self.row(token)
            if row is not None and token.is_collateral and row.supplied is not None and row.supplied.value:
                found.append(
                    Collateral(
                        token=token,
                        amount=self.amount(row.supplied),
                        held=self.amount(row.total),
                        price=self.inputs[price_of(token.name, "spot")],
                    )
                )
        return tuple(found)

    def cap(self, token: Token, side: str) -> Any:
        """A user cap as it appears in this record; ``None`` where the venue sets none."""
        recorded = self.record.borrow_caps if side == "borrow" else self.record.supply_caps
        own = token.user_borrow_cap if side == "borrow" else token.user_supply_cap
        cap = recorded.get(token.index, own)
        return None if cap is None else cap * self.scale if self.record.scaled else cap

    def portfolio_margin(self, token: Token) -> PortfolioMargin:
        """A borrowable token at the spot call.

        Raises:
            NotRecordedError: the account has no balance of it in the record.
        """
        if token.name not in self._portfolio:
            row = self.row(token)
            if row is None:
                raise NotRecordedError(f"the {token.name} balance")
            price = price_of(token.name, "spot")
            cap = self.cap(token, "borrow")
            self._portfolio[token.name] = PortfolioMargin(
                margin=self.token_margin(token.name, self.amount(row.total)),
                token=evolve(token, user_borrow_cap=self._binding(cap)),
                price=ONE if price not in self.inputs.declared else self.inputs[price],
                loan=ZERO if row.borrowed is None else self.amount(row.borrowed),
                collateral=self.collateral,
            )
        return self._portfolio[token.name]

    @cached_property
    def _portfolio(self) -> dict[str, PortfolioMargin]:
        return {}

    def _binding(self, cap: Any) -> Any:
        """A cap in a record of unknown scale is taken as not binding until the scale is solved."""
        return self.largest_scale * 10**15 if isinstance(cap, Missing) else cap


@frozen
class _ScaledVenue(Venue):
    """A venue whose USD unit and margin tables appear as a scaled record shows them."""

    state: State | None = None

    @classmethod
    def of(cls, state: State) -> _ScaledVenue:
        venue = state.unscaled
        parameters = evolve(venue.parameters, usd_unit=state.usd_unit)
        values = {name: getattr(venue, name) for name in venue.__slots__ if not name.startswith("_")}
        return cls(**{**values, "parameters": parameters}, state=state)

    def tiers(self, market: str, max_leverage: Any) -> tuple[Tier, ...]:
        if self.state is None:
            raise ValueError("a scaled venue stands for a state")
        return self.state.tiers(market, max_leverage)


def market_dex(market: str) -> str:
    """The dex of a market."""
    return market.partition(":")[0] if ":" in market else ""


def largest_scale(record: Record) -> Fraction:
    """A bound of a record's scale: prices show at most six digits less the size decimals, so every real size
    is at least one step, and the smallest scaled size bounds the factor."""
    places: dict[str, int] = {}
    sizes: dict[str, Fraction] = {}
    rows = [row for state in record.dexes.values() for row in state.positions]
    entries = [(row.market, abs(row.size.value), row.entry) for row in rows]
    entries += [(order.market, order.size.value, order.price) for order in record.orders or ()]
    for market, size, price in entries:
        if size > 0:
            sizes[market] = min(size, sizes.get(market, size))
        if price is not None:
            shown = price.places if price.value % 1 else 0
            places[market] = max(shown, places.get(market, 0))
    bounds = [sizes[market] * Fraction(10) ** (6 - places.get(market, 0)) for market in sizes]
    return min(bounds, default=Fraction(10**6))
