"""The edges of loans, collateral, caps, lending pools, modes and prices."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from typing import Any

from solvent.arithmetic import ONE
from solvent.conform.boundary import Edge, whole
from solvent.conform.boundary_perps import ANN, BOB, CENT, MILLISECOND, TICK, USDC
from solvent.conform.boundary_worlds import VENUE, account, holding, world
from solvent.exchange import (
    Accrue,
    AutoBorrow,
    Borrow,
    ChangeParameter,
    Deposit,
    Exchange,
    LiquidateCollateral,
    MovePrices,
    PassTime,
    PlaceOrder,
    Setting,
    Supply,
    SwitchMode,
    Withdraw,
    WithdrawSupply,
    WriteOff,
)
from solvent.exchange.margin import (
    free_supply,
    lendable,
    loans_of,
    portfolio_of,
    withdrawable_of,
)
from solvent.ingest.venue_file import load_venue

WEI = Fraction(1, 10**8)
UBTC, USDT0 = "UBTC", "USDT0"


def borrower(loan: Any, mode: str = "unified", **parts: Any) -> Exchange:
    """Ann with a loan against one bitcoin."""
    ann = account(ANN, mode, supplied={UBTC: 1}, borrowed={USDC: loan} if loan else {}, **parts)
    return world(ann, cash={USDC: 10**6})


def coin(price: Any) -> MovePrices:
    """The prices of bitcoin, perp and spot together."""
    return MovePrices(marks={"BTC": price}, spots={UBTC: price})


def beyond(exchange: Any, _: Any, threshold: str) -> Any:
    """The loan beyond the collateral at a threshold."""
    loans = loans_of(exchange, ANN)
    return loans.loan - getattr(loans, threshold)


def seized(_: Any) -> LiquidateCollateral:
    """Ann's collateral and debt are taken over."""
    return LiquidateCollateral(account=ANN)


def stepping(exchange: Any, _: Any) -> Any:
    """The time until the next step of a liquidation of collateral (ms)."""
    interval = exchange.venue.parameters.collateral_interval
    return exchange.now - exchange.members[ANN].last_step - 1000 * interval


def rich(loan: Any = 0, others: Any = 0, cash: Any = 10**7) -> Exchange:
    """Ann with 2.5 million of capacity, and a pool of USDT0 that others have borrowed from."""
    ann = account(ANN, "unified", supplied={UBTC: 50}, borrowed={USDT0: loan} if loan else {})
    bob = account(BOB, "unified", borrowed={USDT0: others} if others else {}, spot={USDT0: others})
    return world(ann, bob, cash={USDT0: cash})


def supplier(own: Any, others: Any) -> Exchange:
    """Ann with bitcoin, some of it supplied, and others who have supplied too."""
    ann = account(ANN, "unified", spot={UBTC: 300}, supplied={UBTC: own})
    return world(ann, account(BOB, supplied={UBTC: others}) if others else account(BOB))


def user_room(exchange: Any) -> Any:
    """What is left of Ann's supply cap of bitcoin."""
    return exchange.venue.tokens[UBTC].user_supply_cap - exchange.supplied(exchange.members[ANN], UBTC)


def global_room(exchange: Any) -> Any:
    """What is left of the global supply cap of bitcoin."""
    return exchange.venue.tokens[UBTC].global_supply_cap - exchange.pools[UBTC].supplied


def free_of(exchange: Any, token: str) -> Any:
    """What is left of a token's global borrow cap."""
    return exchange.venue.tokens[token].global_borrow_cap - exchange.pools[token].borrowed


def hedged(mode: str = "portfolio", **parts: Any) -> Exchange:
    """Ann with a BTC position at leverage 40 on supplied bitcoin."""
    return world(holding(account(ANN, mode, supplied={UBTC: 1}, **parts), "BTC", -1, 40), cash={USDC: 10**6})


def falling_back() -> Exchange:
    """Ann in portfolio mode, and others who have borrowed nearly all that the venue lends, in its reading that all fall back."""
    venue = load_venue(VENUE).with_readings({"MODE-FALLBACK": "existing-borrowers"})
    ann = holding(account(ANN, "portfolio", spot={USDC: 5000}, supplied={UBTC: 1}), "BTC", -1, 40)
    bob = account(BOB, "unified", supplied={UBTC: 100})
    whale = account("whale", "unified", borrowed={USDC: 499_999_000}, spot={USDC: 499_999_000})
    return world(ann, bob, whale, venue=venue, cash={USDC: 10**6})


def uncommitted(exchange: Any, _: Any) -> Any:
    """What Ann's cash is beyond what her position commits."""
    margin = portfolio_of(exchange, exchange.account(ANN), USDC).margin
    return margin.equity - margin.committed(exchange.venue)


def dusty() -> Exchange:
    """Ann, who owes and has nothing but an idle token."""
    return world(account(ANN, spot={"HYPE": 1}, borrowed={USDC: 5}), cash={USDC: 10**6})


LOANS = (
    Edge(
        id="LEND-MANUAL/capacity",
        title="The loan is the borrow capacity",
        world=partial(borrower, 0),
        then=lambda x: Borrow(account=ANN, token=USDC, amount=x),
        gap=lambda exchange, x: loans_of(exchange, ANN).capacity - x,
        unit=WEI,
        flags=("borrowing", "edge"),
    ),
    Edge(
        id="LEND-MAY-BORROW/user-cap",
        title="The loan is the user's borrow cap",
        world=partial(rich, 900_000),
        then=lambda x: Borrow(account=ANN, token=USDT0, amount=x),
        gap=lambda exchange, x: (
            exchange.venue.tokens[USDT0].user_borrow_cap - exchange.borrowed(exchange.members[ANN], USDT0) - x
        ),
        unit=WEI,
        flags=("caps", "edge"),
    ),
    Edge(
        id="LEND-MAY-BORROW/global-cap",
        title="All loans of a token are the global borrow cap",
        world=partial(rich, 0, 9_900_000),
        then=lambda x: Borrow(account=ANN, token=USDT0, amount=x),
        gap=lambda exchange, x: free_of(exchange, USDT0) - x,
        unit=WEI,
        flags=("caps", "edge"),
    ),
    Edge(
        id="LEND-MAY-BORROW/cash",
        title="The loan is all the cash of the pool",
        world=partial(rich, 0, 10_000, 5_000),
        then=lambda x: Borrow(account=ANN, token=USDT0, amount=x),
        gap=lambda exchange, x: exchange.pools[USDT0].cash - x,
        unit=WEI,
        flags=("caps", "edge"),
    ),
    Edge(
        id="LEND-MAY-SUPPLY/user-cap",
        title="The supply is the user's supply cap",
        world=partial(supplier, 150, 0),
        then=lambda x: Supply(account=ANN, token=UBTC, amount=x),
        gap=lambda exchange, x: user_room(exchange) - x,
        unit=WEI,
        flags=("caps", "edge"),
    ),
    Edge(
        id="LEND-MAY-SUPPLY/global-cap",
        title="All supplies of a token are the global supply cap",
        world=partial(supplier, 10, 1900),
        then=lambda x: Supply(account=ANN, token=UBTC, amount=x),
        gap=lambda exchange, x: global_room(exchange) - x,
        unit=WEI,
        flags=("caps", "edge"),
    ),
    Edge(
        id="LEND-WITHDRAW/cash",
        title="What is taken out of a supply is all the cash of the pool",
        world=lambda: world(
            account(ANN, supplied={USDC: 5000}),
            account(BOB, "unified", supplied={UBTC: 1}, spot={USDC: 4000}, borrowed={USDC: 4000}),
        ),
        then=lambda x: WithdrawSupply(account=ANN, token=USDC, amount=x),
        gap=lambda exchange, x: exchange.pools[USDC].cash - x,
        unit=WEI,
        flags=("caps", "edge"),
    ),
    Edge(
        id="LEND-RATE/kink",
        title="The utilization is that at which the borrow rate begins to rise",
        world=lambda: world(
            account(ANN, supplied={USDC: 10_000}),
            account(BOB, "unified", supplied={UBTC: 1}, borrowed={USDC: 4000}, spot={USDC: 4000}),
        ),
        before=lambda x: (Borrow(account=BOB, token=USDC, amount=x), PassTime(milliseconds=3_600_000)),
        then=lambda _: Accrue(token=USDC),
        gap=lambda exchange, _: (
            exchange.pools[USDC].borrowed
            - exchange.venue.parameters.rate_kink * exchange.pools[USDC].supplied
        ),
        unit=CENT,
        watch=("pools", USDC, "debt_index"),
        flags=("edge", "interest"),
    ),
    Edge(
        id="LEND-LOSS/dust",
        title="All that an account with a loan has left is withdrawn, or all but the smallest unit",
        world=dusty,
        before=lambda x: (Withdraw(account=ANN, token="HYPE", amount=x),),
        then=lambda _: WriteOff(account=ANN, token=USDC),
        gap=lambda exchange, _: exchange.members[ANN].spot["HYPE"],
        unit=WEI,
        flags=("dust", "edge"),
    ),
)
"""Loans and supplies."""

COLLATERAL = (
    Edge(
        id="BLQ-DUE/partial",
        title="The loan is the collateral at the partial threshold",
        world=partial(borrower, 60_000),
        before=lambda x: (coin(x),),
        then=seized,
        gap=partial(beyond, threshold="partial"),
        unit=TICK,
        flags=("edge", "liquidation"),
    ),
    Edge(
        id="BLQ-FULL-AT/full",
        title="The loan is the collateral at the full threshold",
        world=partial(borrower, 60_000),
        before=lambda x: (coin(x),),
        then=seized,
        gap=partial(beyond, threshold="full"),
        unit=TICK,
        watch=("accounts", ANN, "borrowed", USDC),
        flags=("edge", "liquidation"),
    ),
    Edge(
        id="BLQ-PARTIAL-AT/ltv",
        title="The LTV is the least at which a loan needs no liquidation",
        world=partial(borrower, 80_000),
        before=lambda x: (ChangeParameter(parameter=f"{UBTC}.ltv", value=x),),
        then=seized,
        gap=partial(beyond, threshold="partial"),
        unit=CENT,
        flags=("edge", "liquidation"),
    ),
    Edge(
        id="PM-CAPACITY/ltv",
        title="The LTV is the least at which a loan may grow no further",
        world=partial(borrower, 40_000),
        before=lambda x: (ChangeParameter(parameter=f"{UBTC}.ltv", value=x),),
        then=lambda _: Borrow(account=ANN, token=USDC, amount=1000),
        gap=lambda exchange, _: loans_of(exchange, ANN).capacity - 41_000,
        unit=CENT,
        flags=("borrowing", "edge"),
    ),
    Edge(
        id="BLQ-INTERVAL/step",
        title="The interval between two steps of a liquidation of collateral has passed",
        world=lambda: borrower(80_000, last_step=0),
        before=lambda x: (PassTime(milliseconds=whole(x)),),
        then=seized,
        gap=stepping,
        unit=MILLISECOND,
        flags=("edge", "liquidation", "timing"),
    ),
    Edge(
        id="PM-COLLATERAL-OUT/loan",
        title="The collateral that is left is what the loan needs",
        world=partial(borrower, 30_000),
        then=lambda x: WithdrawSupply(account=ANN, token=UBTC, amount=x),
        gap=lambda exchange, x: free_supply(exchange, ANN, UBTC) - x,
        unit=WEI,
        flags=("edge", "margin-drained"),
    ),
    Edge(
        id="PM-COLLATERAL/supply-cap",
        title="The supply is the user's supply cap, beyond which it is no collateral",
        world=partial(borrower, 10_000),
        before=lambda x: (ChangeParameter(parameter=f"{UBTC}.user_supply_cap", value=x),),
        gap=lambda exchange, x: exchange.supplied(exchange.members[ANN], UBTC) - x,
        unit=CENT,
        watch=("accounts", ANN, "capacity"),
        flags=("caps", "edge"),
    ),
    Edge(
        id="PRICE-BORROW/median",
        title="The mark price is the spot price, between which and the oracle price the median lies",
        world=partial(borrower, 10_000),
        before=lambda x: (MovePrices(marks={"BTC": x}, oracles={"BTC": 100_010}),),
        gap=lambda exchange, x: exchange.spots[UBTC].price - x,
        unit=TICK,
        watch=("prices", UBTC),
        flags=("edge", "prices"),
    ),
)
"""Collateral."""

SHARED = (
    Edge(
        id="PERP-WITHDRAWABLE/unified",
        title="What is withdrawn leaves a unified account its transfer requirement",
        world=lambda: world(holding(account(ANN, "unified", spot={USDC: 25_000}), "BTC", 1, 40)),
        then=lambda x: Withdraw(account=ANN, token=USDC, amount=x),
        gap=lambda exchange, x: withdrawable_of(exchange, ANN, USDC) - x,
        unit=WEI,
        flags=("edge", "margin-drained"),
    ),
    Edge(
        id="PERP-WITHDRAWABLE/portfolio",
        title="What is withdrawn leaves a portfolio account its transfer requirement, whatever it could borrow",
        world=partial(hedged, spot={USDC: 25_000}),
        then=lambda x: Withdraw(account=ANN, token=USDC, amount=x),
        gap=lambda exchange, x: withdrawable_of(exchange, ANN, USDC) - x,
        unit=WEI,
        flags=("edge", "margin-drained"),
    ),
    Edge(
        id="PM-BORROW/needed",
        title="A portfolio account has in cash what its position commits",
        world=hedged,
        before=lambda x: (Deposit(account=ANN, token=USDC, amount=x),),
        then=lambda _: AutoBorrow(account=ANN, token=USDC),
        gap=uncommitted,
        unit=WEI,
        flags=("borrowing", "edge"),
    ),
    Edge(
        id="TRADE-OPEN/portfolio",
        title="Equity and borrow capacity of a portfolio account are the margin of an order",
        world=lambda: world(
            account(
                ANN, "portfolio", supplied={UBTC: Fraction(1, 10)}, settings={"BTC": Setting(leverage=10)}
            ),
            cash={USDC: 10**6},
        ),
        before=lambda x: (Deposit(account=ANN, token=USDC, amount=x),),
        then=lambda _: PlaceOrder(account=ANN, order="o", market="BTC", size=1, price=90_000),
        gap=lambda exchange, x: (
            x
            + lendable(exchange, portfolio_of(exchange, exchange.account(ANN), USDC))
            - 9000 * (ONE + exchange.venue.parameters.order_buffer)
        ),
        unit=CENT,
        flags=("edge", "requirement"),
    ),
    Edge(
        id="MODE-ELIGIBLE-VALUE/bound",
        title="The value of an account is the bound below which portfolio margin is open",
        world=lambda: world(account(ANN, spot={USDC: 24_000_000})),
        before=lambda x: (Deposit(account=ANN, token=USDC, amount=x),),
        then=lambda _: SwitchMode(account=ANN, mode="portfolio"),
        gap=lambda exchange, _: exchange.venue.parameters.eligible_value - exchange.members[ANN].spot[USDC],
        unit=WEI,
        flags=("edge", "modes"),
    ),
    Edge(
        id="MODE-FALLBACK/cap",
        title="All loans are the global borrow cap, at which portfolio accounts are margined as unified ones",
        world=falling_back,
        before=lambda x: (Borrow(account=BOB, token=USDC, amount=x),),
        gap=lambda exchange, _: free_of(exchange, USDC),
        unit=WEI,
        watch=("accounts", ANN, "resources"),
        flags=("caps", "edge", "modes"),
    ),
)
"""Shared balances, and modes."""

MONEY = (*LOANS, *COLLATERAL, *SHARED)
"""All edges of this module."""
