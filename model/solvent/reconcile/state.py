"""A record as rules take it: numbers with the bounds of their printed digits, at the instant of each call.

Every call of the venue's API is one instant; two calls are seconds apart. States of dexes come from one call,
the spot state from another: ``move`` is how far marks have moved, as a fraction, between them.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cached_property
from typing import Any

from attrs import evolve, field, frozen

from solvent.account import Dex, Regime
from solvent.arithmetic import ONE, ZERO, Number, absolute, total
from solvent.decimals import Printed
from solvent.ingest.holdings import perps
from solvent.ingest.record import DexState, PositionRow, Record, SpotRow, dex_of
from solvent.interval import Interval, around, interval
from solvent.market import Prices
from solvent.reconcile.inputs import Inputs, Missing, NotRecordedError
from solvent.reconcile.names import (
    ELSEWHERE,
    MOVE,
    PERPS,
    REST,
    SCALE,
    change_of_orders,
    of_perps,
    orders_of,
    price_of,
    raw_of,
    rest_of,
)
from solvent.reconcile.scale import SCALED_PRINT, largest_scale, scaled
from solvent.regimes.dexes import DexMargin, measure_dex
from solvent.regimes.portfolio import Collateral, PortfolioMargin
from solvent.regimes.unified import TokenMargin
from solvent.rules import perp, portfolio
from solvent.venue import Token, Venue

MOST = 10**15
"""More than any cap."""
CALLS_APART = 5
"""How many seconds the calls behind a record lie apart at most, unless it says otherwise."""
PRICE_PRINT = Fraction(1, 10**6)
"""One unit of the last digit of a borrow oracle price."""


@frozen(slots=False)
class State:
    """A record under one set of inputs; everything is computed at most once.

    Attributes:
        record: what was recorded.
        regime: how the account is margined.
        venue: the venue's parameters, before scaling.
        inputs: the inputs in use.
        measured: dexes already measured, by the inputs that they depend on; shared by states of one record.
    """

    record: Record
    regime: Regime
    unscaled: Venue
    inputs: Inputs
    measured: dict[Any, DexMargin] = field(factory=dict, repr=False)

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

    @cached_property
    def venue(self) -> Venue:
        """The venue with its USD unit and margin tables as they appear in this record.

        As long as the scale is not known, its bound stands for it: tiers are then taken as not reached.
        """
        if not self.record.scaled:
            return self.unscaled
        scale = self.largest_scale if isinstance(self.scale, Missing) else self.scale
        return scaled(self.unscaled, scale, self.usd_unit, self._markets)

    @cached_property
    def _markets(self) -> frozenset[str]:
        held = {row.market for state in self.record.dexes.values() for row in state.positions}
        return frozenset(held | set(self.record.assets))

    @cached_property
    def exact_venue(self) -> Venue:
        """The venue with everything that counts in amounts as it appears in this record, as exact numbers."""
        if not self.record.scaled:
            return self.unscaled
        scale = self.largest_scale if isinstance(self.scale, Missing) else interval(self.scale).middle
        venue = scaled(self.unscaled, scale, self.unscaled.parameters.usd_unit * scale, self._markets)
        tokens = {
            name: evolve(
                token,
                user_borrow_cap=None if token.user_borrow_cap is None else token.user_borrow_cap * scale,
                user_supply_cap=None if token.user_supply_cap is None else token.user_supply_cap * scale,
            )
            for name, token in venue.tokens.items()
        }
        return evolve(venue, tokens=tokens)

    def amount(self, shown: Printed | Fraction) -> Interval:
        """A recorded token amount or size, with the bounds of its digits."""
        value = shown.value if isinstance(shown, Printed) else shown
        return around(value, SCALED_PRINT / 2) if self.record.scaled else Interval(value, value)

    def usd(self, shown: Printed) -> Interval:
        """A recorded perp USD amount: kept in units and truncated, so up to one unit off (NUM-USD)."""
        return interval(self.amount(shown) + around(ZERO, interval(self.usd_unit).high))

    # -- dexes ---------------------------------------------------------------------------------------------

    def token_of(self, dex: str) -> str:
        """The token that a dex's positions are margined in."""
        return self.record.token_of(dex, self.unscaled)

    @cached_property
    def marks(self) -> dict[str, Any]:
        """The mark price of each position's market at the call of its dex."""
        return {
            row.market: self._mark(row) for state in self.record.dexes.values() for row in state.positions
        }

    def _mark(self, row: PositionRow) -> Any:
        return self.usd(row.notional) / absolute(self.amount(row.size))

    def dex(self, state: DexState, *, moved: bool = False) -> DexMargin:
        """A dex at its own call, or with marks moved to the spot call."""
        key = (state.name, moved, *(self._input(name) for name in self._inputs_of(state.name, moved=moved)))
        if key not in self.measured:
            self.measured[key] = self._measure(state, moved=moved)
        return self.measured[key]

    def _inputs_of(self, dex: str, *, moved: bool) -> tuple[str, ...]:
        rest = (rest_of(what, dex) for what in REST)
        return (SCALE, orders_of(dex), change_of_orders(dex), raw_of(dex), *rest, *((MOVE,) if moved else ()))

    def _input(self, name: str) -> Any:
        return self.inputs[name] if name in self.inputs.declared else None

    def _measure(self, state: DexState, *, moved: bool) -> DexMargin:
        factor = 1 + self.inputs[MOVE] if moved else ONE
        marks = {row.market: self.marks[row.market] * factor for row in state.positions}
        dex = self.account_dex(state)
        if orders_of(state.name) in self.inputs.declared:
            dex = evolve(dex, orders=())
        margin = measure_dex(dex, Prices(marks=marks), self.venue)
        value, isolated, initial, maintenance, transfer = (self._rest(what, state.name) for what in REST)
        equity = margin.cross_equity + value
        return evolve(
            margin,
            cross_equity=equity,
            account_value=perp.account_value(equity, [margin.isolated, isolated]),
            isolated=margin.isolated + isolated,
            initial=margin.initial + initial,
            maintenance=margin.maintenance + maintenance,
            transfer=margin.transfer + transfer,
            orders=self.orders(state, margin),
        )

    def _rest(self, what: str, dex: str) -> Any:
        name = rest_of(what, dex)
        return self.inputs[name] if name in self.inputs.declared else ZERO

    def orders(self, state: DexState, margin: DexMargin) -> Any:
        """The order margin of a dex: by what was recorded of its orders, unless it is solved."""
        name, change = orders_of(state.name), change_of_orders(state.name)
        if name in self.inputs.declared:
            return self.inputs[name]
        margins = self.record.order_margins
        recorded = margin.orders
        if margins is not None:
            unit = interval(self.usd_unit).high
            of_dex = [sums for market, sums in margins.items() if dex_of(market) == state.name]
            recorded = total(around(amount, count * unit) for amount, count in of_dex)
        return recorded * (1 + self.inputs[change])

    def account_dex(self, state: DexState) -> Dex:
        """A dex as an account holds it."""
        return perps(
            self.record,
            state,
            self.unscaled,
            self.cross_raw(state),
            amount=self.amount,
            usd=self.usd,
            unknown_leverage=lambda market: Missing(f"the leverage of {market}"),
        )

    def cross_raw(self, state: DexState) -> Any:
        """The cross balance of a dex: recorded, or the whole balance less that of isolated positions."""
        if state.cross.raw is not None:
            return self.usd(state.cross.raw)
        if state.summary.raw is not None:
            own = total(self.usd(row.raw) for row in state.positions if row.raw is not None)
            return self.usd(state.summary.raw) - own
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
        if of_perps(PERPS[0]) in self.inputs.declared:
            value, isolated, maintenance, committed = (self.inputs[of_perps(what)] for what in PERPS)
            return (
                DexMargin(
                    name="not recorded", token=self.unscaled.quote, legs=(), cross_equity=value,
                    account_value=value, isolated=isolated, maintenance=maintenance, initial=ZERO,
                    transfer=committed, orders=ZERO,
                ),
            )  # fmt: skip
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
        spoken_for: Number = total(amounts)
        return spoken_for

    # -- portfolio margin ----------------------------------------------------------------------------------

    def balance(self, row: SpotRow) -> Interval:
        """The whole balance of a token, with the interest that a loan or supply may accrue between calls."""
        earning = [shown.value for shown in (row.supplied, row.borrowed) if shown is not None]
        parameters = self.unscaled.parameters
        seconds = parameters.rate_base * CALLS_APART / parameters.rate_year
        return interval(self.amount(row.total) + around(ZERO, total(earning) * seconds))

    def collateral(self, call: str) -> tuple[Collateral, ...]:
        """What supports the account: supplied tokens with an LTV above zero, priced at the instant of a call."""
        found = []
        for token in self.unscaled.tokens.values():
            row = self.row(token)
            if row is not None and token.is_collateral and row.supplied is not None and row.supplied.value:
                found.append(
                    Collateral(
                        token=token,
                        amount=portfolio.collateral_amount(
                            self.amount(row.supplied), self._supply_cap(token), token.ltv
                        ),
                        held=self.amount(row.total),
                        price=self.inputs[price_of(token.name, call)],
                    )
                )
        return tuple(found)

    def cap(self, token: Token, side: str) -> Any:
        """A user cap as it appears in this record; ``None`` where the venue sets none."""
        recorded = self.record.borrow_caps if side == "borrow" else self.record.supply_caps
        own = token.user_borrow_cap if side == "borrow" else token.user_supply_cap
        cap = recorded.get(token.index, own)
        return None if cap is None else cap * self.scale

    def _supply_cap(self, token: Token) -> Any:
        cap = self.cap(token, "supply")
        return self.binding(self.largest_scale * MOST if cap is None else cap)

    def portfolio_margin(self, token: Token, call: str = "spot") -> PortfolioMargin:
        """A borrowable token, with collateral priced at the instant of a call.

        Raises:
            NotRecordedError: the account has no balance of it in the record.
        """
        if (token.name, call) not in self._portfolio:
            row = self.row(token)
            if row is None:
                raise NotRecordedError(f"the {token.name} balance")
            cap = self.cap(token, "borrow")
            self._portfolio[token.name, call] = PortfolioMargin(
                margin=self.token_margin(token.name, self.balance(row)),
                token=evolve(token, user_borrow_cap=self.binding(cap)),
                price=self.quote_price(token.name),
                loan=ZERO if row.borrowed is None else self.amount(row.borrowed),
                collateral=self.collateral(call),
            )
        return self._portfolio[token.name, call]

    def quote_price(self, name: str) -> Any:
        """The price of a borrowable token at the spot call: one for the quote token."""
        return ONE if name == self.unscaled.quote else self.inputs[price_of(name, "spot")]

    @cached_property
    def _portfolio(self) -> dict[tuple[str, str], PortfolioMargin]:
        return {}

    def binding(self, cap: Any) -> Any:
        """A cap in a record of unknown scale is taken as not binding until the scale is solved."""
        return self.largest_scale * MOST if isinstance(cap, Missing) else cap
