"""The edges of margin, tiers, orders, liquidation and funding."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from typing import Any

from solvent.conform.boundary import Edge, whole
from solvent.conform.boundary_worlds import account, holding, world
from solvent.exchange import (
    ChangeLeverage,
    Deleverage,
    Deposit,
    Exchange,
    LiquidateOnBook,
    MarketOrder,
    MovePrices,
    PassTime,
    PerpToSpot,
    PlaceOrder,
    RemoveMargin,
    Setting,
    SettleFunding,
    SpotToPerp,
    TakeOver,
)
from solvent.exchange.margin import movable_from_dex, pool_of_market
from solvent.exchange.ranking import candidates
from solvent.exchange.settlement import HOUR

CENT, TICK, CONTRACT, MILLISECOND = Fraction(1, 100), Fraction(1), Fraction(1, 10**5), Fraction(1)
USDC = "USDC"
ANN, BOB, CID = "ann", "bob", "cid"


def btc(mark: Any) -> MovePrices:
    """The mark and oracle price of BTC, and the spot price where the market has one."""
    return MovePrices(marks={"BTC": mark})


def one_long(cash: Any, mode: str = "cross", size: Any = 1, leverage: int = 40, **parts: Any) -> Exchange:
    """Ann with a BTC position and so much cash."""
    return world(holding(account(ANN, mode, cash=cash, **parts), "BTC", size, leverage))


def one_isolated(size: Any, margin: Any, **parts: Any) -> Exchange:
    """Ann with an isolated BTC position."""
    return world(holding(account(ANN, **parts), "BTC", size, 20, margin=margin))


def after_maintenance(exchange: Exchange, _: Any, market: str = "BTC", part: Any = 1) -> Any:
    """What stands against the position beyond a part of its requirement."""
    pool = pool_of_market(exchange, ANN, market)
    return pool.resources - part * pool.requirement


def over_the_trigger(exchange: Exchange, _: Any) -> Any:
    """How far the margin ratio is above the trigger, times its denominator."""
    ratio = pool_of_market(exchange, ANN, "ETH").ratio
    return ratio.numerator - exchange.venue.parameters.margin_ratio_trigger * ratio.denominator


def liquidated(_: Any, market: str = "BTC") -> LiquidateOnBook:
    """Ann's position goes to the book."""
    return LiquidateOnBook(account=ANN, market=market)


def two_unified() -> Exchange:
    """Ann, unified: long BTC and short ETH, cash in both balances."""
    ann = account(ANN, "unified", cash=750, spot={USDC: 6000})
    return world(holding(holding(ann, "BTC", 1, 40), "ETH", -10, 25))


def collateralized() -> Exchange:
    """Ann, in portfolio mode: long ETH on one bitcoin."""
    ann = account(ANN, "portfolio", spot={USDC: 1480}, supplied={"UBTC": 1})
    return world(holding(ann, "ETH", 100, 25), cash={USDC: 10**6})


def in_the_second_tier(leverage: int) -> Exchange:
    """Ann with a position of two tiers' worth of bitcoin, and her leverage."""
    return world(holding(account(ANN, cash=50_000_000), "BTC", 1500, leverage))


def second_tier(exchange: Any) -> Any:
    """The notional at which the second tier of BTC begins (USD)."""
    return exchange.venue.tiers("BTC", None)[1].lower_bound


def counterparties() -> Exchange:
    """Ann, bankrupt below 80,000, against two that are short."""
    ann = holding(account(ANN, cash=20_000), "BTC", 1, 40)
    bob = holding(account(BOB, "unified", cash=20_000), "BTC", Fraction(-1, 2), 10)
    cid = holding(account(CID, "unified", cash=30_000), "BTC", Fraction(-1, 2), 10)
    return world(ann, bob, cid)


def rank_gap(exchange: Exchange, _: Any) -> Any:
    """By how much Bob ranks before Cid, without a quotient: both hold the same size from the same price."""
    first, second = (
        next(c for c in candidates(exchange, ANN, "BTC") if c.name == name) for name in (BOB, CID)
    )
    return first.rank - second.rank


def crash(*more: Any) -> tuple[Any, ...]:
    """BTC falls below what Ann can bear; the price of deleveraging is that before the last batch."""
    return (btc(79_000), *more)


MARGIN = (
    Edge(
        id="PERP-LIQUIDATABLE/cross",
        title="The equity of a cross position is its maintenance margin",
        world=partial(one_long, 21_000),
        before=lambda x: (btc(x),),
        then=liquidated,
        gap=after_maintenance,
        unit=TICK,
        flags=("edge", "liquidation"),
    ),
    Edge(
        id="PERP-LIQUIDATABLE/isolated",
        title="The margin of an isolated short is its maintenance margin",
        world=partial(one_isolated, -1, 21_500),
        before=lambda x: (btc(x),),
        then=liquidated,
        gap=after_maintenance,
        unit=TICK,
        flags=("edge", "liquidation"),
    ),
    Edge(
        id="UA-LIQUIDATABLE/shared",
        title="What a unified account has in USDC is the maintenance margin of a long and a short",
        world=two_unified,
        before=lambda x: (MovePrices(marks={"ETH": x}),),
        then=partial(liquidated, market="ETH"),
        gap=partial(after_maintenance, market="ETH"),
        unit=CENT,
        flags=("edge", "liquidation", "netting"),
    ),
    Edge(
        id="PM-LIQUIDATABLE/trigger",
        title="The portfolio margin ratio is the trigger",
        world=collateralized,
        before=lambda x: (MovePrices(marks={"ETH": x}),),
        then=partial(liquidated, market="ETH"),
        gap=over_the_trigger,
        unit=CENT,
        flags=("edge", "liquidation"),
    ),
    Edge(
        id="ADL-TRIGGER/bankrupt",
        title="The equity of a cross position is zero",
        world=partial(one_long, 20_000),
        before=lambda x: (btc(x),),
        gap=partial(after_maintenance, part=0),
        unit=TICK,
        watch=("accounts", ANN, "status"),
    ),
    Edge(
        id="PERP-TRANSFER/out",
        title="What leaves the perps leaves the transfer requirement: a tenth of the notional at leverage 40",
        world=partial(one_long, 25_000),
        then=lambda x: PerpToSpot(account=ANN, amount=x),
        gap=lambda exchange, x: movable_from_dex(exchange, ANN, "") - x,
        unit=CENT,
        flags=("edge", "margin-drained"),
    ),
    Edge(
        id="PERP-ISO-REMOVE/out",
        title="What is removed leaves an isolated position its transfer requirement",
        world=partial(one_isolated, 1, 25_000),
        then=lambda x: RemoveMargin(account=ANN, market="BTC", amount=x),
        gap=lambda exchange, x: (
            pool_of_market(exchange, ANN, "BTC").resources - x - exchange.markets["BTC"].mark / 10
        ),
        unit=CENT,
        flags=("edge", "margin-drained"),
    ),
)
"""Requirements, and what may leave."""

TIERS = (
    Edge(
        id="PERP-LEVERAGE/tier",
        title="The notional is the lower bound of the second tier, which forbids leverage 40",
        world=partial(in_the_second_tier, 20),
        before=lambda x: (btc(x),),
        then=lambda _: ChangeLeverage(account=ANN, market="BTC", leverage=40),
        gap=lambda exchange, x: 1500 * x - second_tier(exchange),
        unit=TICK,
        flags=("edge", "tiers"),
    ),
    Edge(
        id="PERP-TIER-ROOM/tier",
        title="A position and an order of its side are worth the lower bound of the tier that forbids their leverage",
        world=partial(in_the_second_tier, 40),
        before=lambda _: (btc(80_000),),
        then=lambda x: PlaceOrder(account=ANN, order="o", market="BTC", size=x, price=80_000),
        gap=lambda exchange, x: (1500 + x) * 80_000 - second_tier(exchange),
        unit=CONTRACT,
        flags=("edge", "tiers"),
    ),
)
"""Margin tiers."""

ORDERS = (
    Edge(
        id="TRADE-OPEN/cross",
        title="The cash in perps is the margin of an order",
        world=lambda: world(account(ANN, spot={USDC: 10_000}, settings={"BTC": Setting(leverage=20)})),
        before=lambda x: (SpotToPerp(account=ANN, amount=x),),
        then=lambda _: PlaceOrder(account=ANN, order="o", market="BTC", size=1, price=90_000),
        gap=lambda _, x: x - Fraction(90_000, 20),
        unit=CENT,
        flags=("edge", "requirement"),
    ),
    Edge(
        id="TRADE-OPEN/unified",
        title="The balance of a unified account is the margin of an order, with the buffer",
        world=lambda: world(account(ANN, "unified", settings={"BTC": Setting(leverage=20)})),
        before=lambda x: (Deposit(account=ANN, token=USDC, amount=x),),
        then=lambda _: PlaceOrder(account=ANN, order="o", market="BTC", size=1, price=90_000),
        gap=lambda exchange, x: x - Fraction(90_000, 20) * (1 + exchange.venue.parameters.order_buffer),
        unit=CENT,
        flags=("edge", "requirement"),
    ),
    Edge(
        id="PERP-ORDER-CAP/market-order",
        title="A market order is worth the most that one may be",
        world=lambda: world(account(ANN, cash=10**8, settings={"BTC": Setting(leverage=10)})),
        then=lambda x: MarketOrder(account=ANN, market="BTC", size=x),
        gap=lambda exchange, x: x * exchange.markets["BTC"].mark - 30_000_000,
        unit=CONTRACT,
        flags=("caps", "edge"),
    ),
    Edge(
        id="TRADE-REDUCES/whole",
        title="A reduce-only order closes all of a position",
        world=partial(one_long, 20_000),
        then=lambda x: MarketOrder(account=ANN, market="BTC", size=-x, reduce_only=True),
        gap=lambda exchange, x: exchange.members[ANN].size("BTC") - x,
        unit=CONTRACT,
    ),
)
"""What may be opened."""


def large(cash: Any, **parts: Any) -> Exchange:
    """Ann with two bitcoin, a position that is liquidated in parts above 50,000."""
    return one_long(cash, size=2, leverage=10, **parts)


def cooling(exchange: Any, _: Any) -> Any:
    """The time until the cooldown has passed (ms)."""
    member, span = exchange.members[ANN], exchange.venue.parameters.partial_cooldown
    return exchange.now - member.last_partial - 1000 * span


LIQUIDATION = (
    Edge(
        id="LIQ-BACKSTOP/two-thirds",
        title="The equity is two thirds of the maintenance margin",
        world=partial(one_long, 4_800),
        before=lambda x: (btc(x),),
        then=lambda _: TakeOver(account=ANN, market="BTC"),
        gap=lambda exchange, x: after_maintenance(
            exchange, x, part=exchange.venue.parameters.backstop_fraction
        ),
        unit=TICK,
    ),
    Edge(
        id="LIQ-BOOK/partial",
        title="A liquidatable position is worth what one is liquidated in parts above",
        world=partial(large, 101_000),
        before=lambda x: (btc(x),),
        then=liquidated,
        gap=lambda exchange, x: 2 * x - exchange.venue.parameters.partial_from,
        unit=TICK,
        watch=("accounts", ANN, "positions", "BTC", "size"),
        flags=("edge", "liquidation"),
    ),
    Edge(
        id="LIQ-COOLDOWN/end",
        title="The cooldown after a partial liquidation ends",
        world=lambda: large(41_500, last_partial=0),
        before=lambda x: (btc(80_000), PassTime(milliseconds=whole(x))),
        then=liquidated,
        gap=cooling,
        unit=MILLISECOND,
        watch=("accounts", ANN, "positions", "BTC", "size"),
        flags=("edge", "liquidation", "timing"),
    ),
    Edge(
        id="ADL-RANK/tie",
        title="Two counterparties of auto-deleveraging have the same rank",
        world=counterparties,
        before=lambda x: crash(Deposit(account=BOB, token=USDC, amount=x)),
        then=lambda _: Deleverage(account=ANN, market="BTC", counterparty=BOB),
        gap=rank_gap,
        unit=CENT,
        flags=("deleveraging", "edge"),
    ),
    Edge(
        id="ADL-RANK/tie-discharged",
        title="Two counterparties of auto-deleveraging have the same rank, and the venue does what is due",
        world=counterparties,
        before=lambda x: crash(Deposit(account=BOB, token=USDC, amount=x)),
        gap=rank_gap,
        unit=CENT,
        watch=("accounts", BOB, "positions", "BTC", "size"),
        discharged=True,
        flags=("deleveraging", "edge"),
    ),
)
"""What is liquidated, how, and against whom."""

FUNDING = (
    Edge(
        id="FUND-PAYMENT/hour",
        title="An hour has passed since funding was paid",
        world=partial(one_long, 20_000),
        before=lambda x: (PassTime(milliseconds=whole(x)),),
        then=lambda _: SettleFunding(market="BTC"),
        gap=lambda exchange, _: exchange.now - HOUR,
        unit=MILLISECOND,
        flags=("edge", "timing"),
    ),
    Edge(
        id="FUND-RATE/clamp",
        title="The premium is the largest that funding does not follow",
        world=partial(one_long, 20_000),
        before=lambda x: (PassTime(milliseconds=HOUR), MovePrices(premiums={"BTC": x})),
        then=lambda _: SettleFunding(market="BTC"),
        gap=lambda exchange, x: (
            x - exchange.venue.parameters.funding_interest - exchange.venue.parameters.funding_clamp
        ),
        unit=Fraction(1, 10**6),
        watch=("accounts", ANN, "perp", "main"),
    ),
)
"""Funding."""


PERPS = (*MARGIN, *TIERS, *ORDERS, *LIQUIDATION, *FUNDING)
"""All edges of this module."""
