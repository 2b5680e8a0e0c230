"""The margin of one dex: every position by the rules of the perp chapter, and the sums above them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from attrs import frozen

from solvent.account import Dex, Order, Position
from solvent.arithmetic import ZERO, Number, maximum, total
from solvent.market import Prices
from solvent.regimes.assessment import Line, LiquidationPrice, Pool
from solvent.rules import numbers, perp
from solvent.rules.kinds import Ratio, Resting, Tiers
from solvent.rules.liquidation_price import already_liquidatable, no_liquidation_price
from solvent.venue import Venue


@frozen(kw_only=True)
class Leg:
    """A position with its mark price and what the perp chapter says of it (USD).

    Attributes:
        margin: the margin of an isolated position; ``None`` for a cross position.
        profit: the unrealized profit; ``None`` where no entry price is known.
    """

    position: Position
    mark: Number
    tiers: Tiers
    notional: Number
    initial: Number
    maintenance: Number
    margin: Number | None
    profit: Number | None

    @property
    def value(self) -> Number:
        """The signed size at the mark price."""
        return self.position.size * self.mark

    def liquidation_price(self, free: Number, venue: Venue) -> LiquidationPrice:
        """Where the margin ``free`` after maintenance is used up by this position alone."""
        root = venue.rule("LIQPX-ROOT")(self.position.size, self.mark, free, self.maintenance, self.tiers)
        return LiquidationPrice(
            root=root, none=no_liquidation_price(root), already=already_liquidatable(free)
        )

    def lines(self) -> Iterable[Line]:
        """The leg's amounts with their rules."""
        market = self.position.market
        yield Line(figure="notional", subject=market, amount=self.notional, rule="PERP-NOTIONAL")
        yield Line(figure="initial margin", subject=market, amount=self.initial, rule="PERP-IM")
        yield Line(figure="maintenance margin", subject=market, amount=self.maintenance, rule="PERP-MM")
        if self.margin is not None:
            yield Line(figure="isolated margin", subject=market, amount=self.margin, rule="PERP-ISO-MARGIN")
        if self.profit is not None:
            yield Line(figure="unrealized profit", subject=market, amount=self.profit, rule="NUM-PNL")


@frozen(kw_only=True)
class DexMargin:
    """The legs of a dex and the sums that the rules above them take (USD).

    Attributes:
        cross_equity: the equity behind the cross positions.
        account_value: cross equity and isolated margins.
        isolated: the isolated margins.
        maintenance, initial, transfer: of the cross positions.
        orders: the order margin, without buffer.
    """

    name: str
    token: str
    legs: tuple[Leg, ...]
    cross_equity: Number
    account_value: Number
    isolated: Number
    maintenance: Number
    initial: Number
    transfer: Number
    orders: Number

    @property
    def cross(self) -> tuple[Leg, ...]:
        """The legs that share the dex's cross margin."""
        return tuple(leg for leg in self.legs if leg.margin is None)

    def lines(self) -> Iterable[Line]:
        """The sums with their rules, after those of the legs."""
        for leg in self.legs:
            yield from leg.lines()
        name = self.name or "main dex"
        yield Line(figure="cross equity", subject=name, amount=self.cross_equity, rule="PERP-EQUITY")
        yield Line(figure="account value", subject=name, amount=self.account_value, rule="PERP-VALUE")
        yield Line(figure="transfer requirement", subject=name, amount=self.transfer, rule="PERP-TRANSFER")
        yield Line(figure="order margin", subject=name, amount=self.orders, rule="PERP-ORDER")


def measure(position: Position, prices: Prices, venue: Venue) -> Leg:
    """One position at its mark price.

    Raises:
        LookupError: its market has no mark price.
    """
    unit = venue.parameters.usd_unit
    mark = prices.mark(position.market)
    tiers = venue.tiers(position.market, position.max_leverage)
    notional = perp.notional(position.size, mark)
    raw, entry = position.raw, position.entry
    return Leg(
        position=position,
        mark=mark,
        tiers=tiers,
        notional=notional,
        initial=numbers.usd_amount(perp.initial_margin(notional, position.leverage), unit),
        maintenance=numbers.usd_amount(perp.maintenance_margin(notional, tiers), unit),
        margin=None if raw is None else perp.isolated_margin(raw, position.size, mark),
        profit=None if entry is None else numbers.unrealized_profit(position.size, mark, entry),
    )


def dex_equity(dex: Dex, prices: Prices) -> Number:
    """The equity behind the cross positions of a dex (USD)."""
    cross = [position for position in dex.positions if position.raw is None]
    return perp.perp_equity(dex.raw, [p.size for p in cross], [prices.mark(p.market) for p in cross])


def dex_value(dex: Dex, prices: Prices) -> Number:
    """The account value of a dex: its cross equity and isolated margins (USD)."""
    margins = [
        perp.isolated_margin(p.raw, p.size, prices.mark(p.market)) for p in dex.positions if p.raw is not None
    ]
    return perp.account_value(dex_equity(dex, prices), margins)


def measure_dex(dex: Dex, prices: Prices, venue: Venue) -> DexMargin:
    """All positions and orders of a dex.

    Raises:
        LookupError: a market has no mark price.
    """
    legs = tuple(measure(position, prices, venue) for position in dex.positions)
    cross = [leg for leg in legs if leg.margin is None]
    margins = [leg.margin for leg in legs if leg.margin is not None]
    initials, notionals = [leg.initial for leg in cross], [leg.notional for leg in cross]
    equity = perp.perp_equity(dex.raw, [leg.position.size for leg in cross], [leg.mark for leg in cross])
    fraction = venue.parameters.transfer_fraction
    return DexMargin(
        name=dex.name,
        token=dex.token,
        legs=legs,
        cross_equity=equity,
        account_value=perp.account_value(equity, margins),
        isolated=total(margins),
        maintenance=total(leg.maintenance for leg in cross),
        initial=total(initials),
        transfer=venue.rule("PERP-TRANSFER")(initials, notionals, fraction),
        orders=total(order_margins(dex, venue).values()),
    )


def order_margins(dex: Dex, venue: Venue) -> dict[str, Number]:
    """The order margin of each market with reserving orders, by market."""
    sizes = {position.market: position.size for position in dex.positions}
    by_market: dict[str, list[Order]] = {}
    for order in dex.orders:
        if order.reserves:
            by_market.setdefault(order.market, []).append(order)
    rule = venue.rule("PERP-ORDER")
    return {
        market: numbers.usd_amount(
            rule(sizes.get(market, ZERO), _resting(orders, 1), _resting(orders, -1), orders[0].leverage),
            venue.parameters.usd_unit,
        )
        for market, orders in by_market.items()
    }  # fmt: skip


def _resting(orders: list[Order], side: int) -> list[Resting]:
    return [Resting(order.size, order.price) for order in orders if order.side == side]


def isolated_pools(dex: DexMargin) -> Iterable[Pool]:
    """Each isolated position of the dex as a pool of its own."""
    for leg in dex.legs:
        if leg.margin is not None:
            yield simple_pool(leg.position.market, leg.maintenance, leg.margin, (leg.position.market,))


def simple_pool(name: str, requirement: Number, equity: Number, members: tuple[str, ...]) -> Pool:
    """A pool whose only resource is its equity (PERP-LIQUIDATABLE)."""
    return Pool(
        name=name,
        requirement=requirement,
        resources=equity,
        ratio=Ratio(requirement, equity),
        available=perp.margin_after_maintenance(equity, requirement),
        liquidatable=perp.liquidatable(equity, requirement),
        bankrupt=equity < 0,
        members=members,
    )


Free = dict[str, tuple[Leg, Number]]
"""By market the position, and the margin after maintenance that it may use up."""


@frozen
class LiquidationPrices(Mapping[str, LiquidationPrice]):
    """The liquidation price of positions, by market; each is found when it is asked for."""

    free: Free
    venue: Venue

    def __getitem__(self, market: str) -> LiquidationPrice:
        leg, free = self.free[market]
        return leg.liquidation_price(free, self.venue)

    def __iter__(self) -> Iterator[str]:
        return iter(self.free)

    def __len__(self) -> int:
        return len(self.free)


def free_of_isolated(dex: DexMargin) -> Free:
    """What each isolated position may use up: its own margin alone."""
    return {
        leg.position.market: (leg, leg.margin - leg.maintenance) for leg in dex.legs if leg.margin is not None
    }


def free_of_cross(dexes: Iterable[DexMargin], free: Number) -> Free:
    """What every cross position of dexes may use up that share the margin ``free`` after maintenance."""
    return {leg.position.market: (leg, free) for dex in dexes for leg in dex.cross}


def capital_needed(dexes: Iterable[DexMargin], support: Number = ZERO) -> Number | None:
    """The least balance that carries initial and order margin, given the profit and what else supports it.

    An isolated position keeps its profit to itself; cross positions of the dexes share theirs. ``None`` where
    the entry price of a position is not known.
    """
    alone, shared = ZERO, -support
    for dex in dexes:
        shared = shared + dex.orders
        for leg in dex.legs:
            if leg.profit is None:
                return None
            if leg.margin is None:
                shared = shared + leg.initial - leg.profit
            else:
                alone = alone + maximum(ZERO, leg.initial - leg.profit)
    return maximum(ZERO, shared + alone)
