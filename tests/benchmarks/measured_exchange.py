"""Exchanges of any number of accounts and positions by one formula, and one allowed action of every kind."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import cache

from attrs import evolve

from solvent import exchange as x
from solvent.account import Position, Regime
from solvent.exchange import lending
from solvent.exchange.duties import ladder
from solvent.exchange.table import table
from solvent.exchange.trading import held_by, trade
from solvent.ingest.venue_file import load_venue

MARKETS = tuple(f"M{number:02}" for number in range(20))
"""There are always so many markets, and the book always has a position in each."""
QUOTE = "USDC"
COIN = "HYPE"
MARK = Fraction(100)
LEVERAGE = 20
LOT = Fraction(20)
"""The size of a position: 2,000 USD at the mark, whose maintenance margin is 50."""
CASH = Fraction(10**6)
HOUR = 3_600_000
SIZES = ((10, 5), (100, 5), (1000, 5), (100, 1), (100, 20))
"""Accounts, and positions of each, that are measured."""


def market(name: str) -> x.Market:
    """A market that stands at the mark."""
    at = {"mark": MARK, "oracle": MARK, "previous_mark": MARK, "previous_oracle": MARK}
    return x.Market(name=name, max_leverage=LEVERAGE, premium="0.001", **at)


def trader(number: int, positions: int) -> x.Member:
    """An account with cash and so many cross positions, the first of them in the first market; modes take turns."""
    mode = (Regime.CROSS, Regime.UNIFIED, Regime.PORTFOLIO)[number % 3]
    names = [MARKETS[(number + offset) % len(MARKETS)] for offset in range(positions)]
    size = LOT if number % 2 else -LOT
    held = {
        name: Position(market=name, size=size, leverage=LEVERAGE, max_leverage=LEVERAGE, entry=MARK)
        for name in names
    }
    return x.Member(
        name=f"trader{number:05}",
        mode=mode,
        spot={QUOTE: CASH},
        raw={"": CASH - sum((p.size for p in held.values()), Fraction(0)) * MARK},
        positions=held,
    )


def actors() -> list[x.Member]:
    """The accounts that act, before anything has happened: some with cash and coins, some that will be in trouble."""
    rich = {"spot": {QUOTE: CASH, COIN: 10_000}, "raw": {"": CASH}}
    return [
        *(
            x.Member(name=name, **rich)
            for name in ("cross", "isolated", "lender", "free", "pledged", "owing")
        ),
        x.Member(name="sub", owner="cross", **rich),
        x.Member(name="needing", mode=Regime.PORTFOLIO, spot={QUOTE: 10, COIN: 10_000}),
        x.Member(name="repaying", mode=Regime.PORTFOLIO, spot={QUOTE: CASH, COIN: 10_000}),
        x.Member(name="low", raw={"": 40}),
        x.Member(name="lower", raw={"": 25}),
        x.Member(name="bankrupt", raw={"": -10}),
        x.Member(name="overdrawn", raw={"": -10}),
        x.Member(name="gone"),
        x.Member(name="crowd", raw={"": 10**9}),
    ]


@cache
def exchange_of(accounts: int, positions: int) -> x.Exchange:
    """The exchange of so many accounts of so many positions each, with the accounts that act beside them."""
    house = {"spot": {QUOTE: 10**9, COIN: 10**6}, "raw": {"": 10**9}}
    begun = x.found(
        load_venue("hyperliquid-beta"),
        markets=[market(name) for name in MARKETS],
        spots=[x.SpotMarket(token=COIN, price=50)],
        members=[
            *actors(),
            x.Member(name=x.BOOK, **house),
            x.Member(name=x.VAULT, raw={"": 10**6}),
            x.Member(name=x.BACKSTOP, spot={QUOTE: 1000}),
        ],
    )
    return with_actors_trading(with_traders(begun, accounts, positions), positions)


def with_traders(exchange: x.Exchange, accounts: int, positions: int) -> x.Exchange:
    """The exchange with the traders, the book as their counterparty."""
    traders = [trader(number, positions) for number in range(accounts)]
    markets = {}
    for name, known in exchange.markets.items():
        holders = {t.name: t.positions[name].size for t in traders if name in t.positions}
        markets[name] = evolve(known, holders=holders)
    grown = evolve(exchange.put(*traders), markets=table(markets))
    for name, known in markets.items():
        size = -sum((size for _, size in known.holders.items()), Fraction(0))
        if size:
            book = grown.members[x.BOOK]
            held = Position(market=name, size=size, leverage=1, max_leverage=LEVERAGE, entry=MARK)
            paid = evolve(book, positions=book.positions.put(name, held)).add_raw("", -size * MARK)
            grown = grown.put(paid).put_market(held_by(known, paid))
    return grown


def with_actors_trading(exchange: x.Exchange, positions: int) -> x.Exchange:
    """The exchange after the accounts that act have taken positions, orders, supplies and loans, an hour later."""
    for held in MARKETS:
        exchange = trade(exchange, held, "crowd", x.BOOK, 1000 * LOT, MARK)
    for name in ("low", "lower", "bankrupt", x.VAULT):
        exchange = trade(exchange, MARKETS[0], name, x.BOOK, LOT, MARK)
    for name in ("cross", "sub", "lender", "owing", "needing", "repaying"):
        for held in MARKETS[-positions:]:
            exchange = trade(exchange, held, name, x.BOOK, LOT, MARK)
    chosen = x.ChangeLeverage(account="isolated", market=MARKETS[1], leverage=5, isolated=True)
    exchange = trade(x.step(exchange, chosen), MARKETS[1], "isolated", x.BOOK, LOT, MARK)
    for action in (
        x.AddMargin(account="isolated", market=MARKETS[1], amount=100),
        x.PlaceOrder(account="cross", order="buy", market=MARKETS[2], size=LOT, price=MARK),
        x.PlaceOrder(account="sub", order="sell", market=MARKETS[2], size=-LOT, price=MARK),
        *(x.Supply(account=name, token=COIN, amount=5_000) for name in ("lender", "pledged", "owing")),
        x.Supply(account="lender", token=QUOTE, amount=CASH),
        x.AutoSupply(account="needing", token=COIN),
    ):
        exchange = x.step(exchange, action)
    for name, amount in (
        ("lender", 100),
        ("repaying", 100),
        ("pledged", 240_000),
        ("owing", 240_000),
        ("gone", 100),
    ):
        borrowed = lending.borrow(exchange, exchange.members[name], QUOTE, Fraction(amount))
        exchange = borrowed.put(borrowed.members[name].add_spot(QUOTE, Fraction(-amount)))
    exchange = x.step(exchange, x.LiquidateCollateral(account="pledged"))
    return x.step(exchange, x.PassTime(milliseconds=HOUR))


@cache
def actions_of(accounts: int, positions: int) -> Mapping[str, x.Action]:
    """An action of every kind that this exchange allows, by the kind's name."""
    exchange = exchange_of(accounts, positions)
    first, second, third = MARKETS[:3]
    deleverage = next(one for one in ladder(exchange, "bankrupt") if isinstance(one, x.Deleverage))
    actions = (
        x.Deposit(account="cross", token=QUOTE, amount=10),
        x.Withdraw(account="cross", token=QUOTE, amount=10),
        x.Send(sender="cross", receiver="free", token=QUOTE, amount=10),
        x.SubAccountTransfer(sender="cross", receiver="sub", amount=10),
        x.SpotToPerp(account="cross", amount=10),
        x.PerpToSpot(account="cross", amount=10),
        x.SwitchMode(account="free", mode=Regime.PORTFOLIO),
        x.PlaceOrder(account="cross", order="new", market=second, size=1, price=MARK),
        x.CancelOrder(account="cross", order="buy"),
        x.MarketOrder(account="cross", market=second, size=1),
        x.ChangeLeverage(account="cross", market=MARKETS[-1], leverage=10),
        x.AddMargin(account="isolated", market=second, amount=1),
        x.RemoveMargin(account="isolated", market=second, amount=1),
        x.Supply(account="free", token=QUOTE, amount=10),
        x.WithdrawSupply(account="lender", token=QUOTE, amount=10),
        x.Borrow(account="lender", token=QUOTE, amount=10),
        x.Repay(account="owing", token=QUOTE, amount=10),
        x.Fill(market=third, buyer="cross", buy="buy", seller="sub", sell="sell", size=1, price=MARK),
        x.SettleFunding(market=first),
        x.Accrue(token=QUOTE),
        x.AutoBorrow(account="needing", token=QUOTE),
        x.AutoRepay(account="repaying", token=QUOTE),
        x.AutoSupply(account="repaying", token=COIN),
        x.LiquidateOnBook(account="low", market=first),
        x.TakeOver(account="lower", market=first),
        deleverage,
        x.AllocateShortfall(account="overdrawn"),
        x.Unwind(market=first, size=1),
        x.LiquidateCollateral(account="owing"),
        x.SellCollateral(token=COIN),
        x.RepayTaken(token=QUOTE),
        x.WriteOff(account="gone", token=QUOTE),
        x.MovePrices(marks={first: 101}, spots={COIN: 51}),
        x.ChangeDepth(market=first, spread="0.001"),
        x.PassTime(milliseconds=1000),
        x.ChangeParameter(parameter="transfer_fraction", value="0.2"),
    )
    return {action.name(): action for action in actions}
