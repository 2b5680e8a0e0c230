"""What the venue may do, asked for whether or not it is due."""

from __future__ import annotations

from fractions import Fraction

from solvent.account import Order
from solvent.arithmetic import ZERO, floor_to, maximum, minimum
from solvent.exchange import (
    BACKSTOP,
    VAULT,
    Accrue,
    Action,
    AllocateShortfall,
    AutoBorrow,
    AutoRepay,
    AutoSupply,
    Deleverage,
    Exchange,
    Fill,
    LiquidateCollateral,
    LiquidateOnBook,
    SellCollateral,
    SettleFunding,
    TakeOver,
    Unwind,
    WriteOff,
)
from solvent.exchange.collateral import RepayTaken
from solvent.exchange.liquidation import vault_of
from solvent.exchange.ranking import counterparties
from solvent.exchange.state import is_spot
from solvent.explore.choices import Choices, exactly, maker, users
from solvent.explore.trade_intents import SPOT_STEP, place_order


def _positions(exchange: Exchange) -> list[tuple[str, str]]:
    return [(n, market) for n in exchange.members for market in exchange.members[n].positions]


@maker("fill")
def fill(exchange: Exchange, choose: Choices) -> Action | None:
    """Two orders meet, mostly such as can."""
    resting = [(n, key, o) for n in users(exchange) for key, o in exchange.members[n].orders.items()]
    buys, sells = [r for r in resting if r[2].side > 0], [r for r in resting if r[2].side < 0]
    pairs = [(b, s) for b in buys for s in sells if b[2].market == s[2].market]
    crossing = [(b, s) for b, s in pairs if b[2].price >= s[2].price and b[0] != s[0]]
    pairs = crossing if crossing and not choose.chance(10) else pairs
    if not pairs:
        return place_order(exchange, choose)
    (buyer, buy, bought), (seller, sell, sold) = choose.one(pairs)
    return Fill(
        market=bought.market,
        buyer=buyer,
        buy=buy,
        seller=seller,
        sell=sell,
        size=_filled(exchange, bought, sold, choose),
        price=choose.one((bought.price, sold.price)),
    )


def _filled(exchange: Exchange, buy: Order, sell: Order, choose: Choices) -> Fraction:
    most = exactly(minimum(buy.size, sell.size))
    if choose.chance(60):
        return most
    step = SPOT_STEP if is_spot(buy.market) else exchange.markets[buy.market].step
    return exactly(maximum(step, floor_to(most * choose.part(), step)))


@maker("settle_funding")
def settle_funding(exchange: Exchange, choose: Choices) -> Action | None:
    """Funding of a market is paid."""
    return SettleFunding(market=choose.one(list(exchange.markets))) if len(exchange.markets) else None


@maker("accrue")
def accrue(exchange: Exchange, choose: Choices) -> Action | None:
    """Interest of a pool accrues."""
    return Accrue(token=choose.one(list(exchange.pools))) if len(exchange.pools) else None


def _portfolio_account(exchange: Exchange, choose: Choices) -> str | None:
    names = [n for n in users(exchange) if exchange.members[n].mode == "portfolio"]
    return choose.one(names) if names else None


@maker("auto_borrow")
def auto_borrow(exchange: Exchange, choose: Choices) -> Action | None:
    """A portfolio account is lent what it has committed."""
    names = [n for n in users(exchange) if exchange.members[n].mode == "portfolio"]
    offers = [AutoBorrow(account=name, token=exchange.venue.quote) for name in names]
    wanted = [offer for offer in offers if offer.refusal(exchange) is None]
    offers = offers if choose.chance(5) else wanted
    return choose.one(offers) if offers else None


@maker("auto_repay")
def auto_repay(exchange: Exchange, choose: Choices) -> Action | None:
    """A portfolio account repays what it does not need."""
    account = _portfolio_account(exchange, choose)
    return None if account is None else AutoRepay(account=account, token=exchange.venue.quote)


@maker("auto_supply")
def auto_supply(exchange: Exchange, choose: Choices) -> Action | None:
    """What lies idle in a portfolio account is supplied."""
    account = _portfolio_account(exchange, choose)
    if account is None:
        return None
    idle = [t for t, amount in exchange.members[account].spot.items() if amount > 0]
    return AutoSupply(account=account, token=choose.one(idle or [exchange.venue.quote]))


@maker("liquidate_on_book")
def liquidate_on_book(exchange: Exchange, choose: Choices) -> Action | None:
    """A position goes to the book."""
    held = _positions(exchange)
    if not held:
        return None
    account, market = choose.one(held)
    return LiquidateOnBook(account=account, market=market)


@maker("take_over")
def take_over(exchange: Exchange, choose: Choices) -> Action | None:
    """The vault takes an account over."""
    held = _positions(exchange)
    if not held:
        return None
    account, market = choose.one(held)
    return TakeOver(account=account, market=market)


@maker("deleverage")
def deleverage(exchange: Exchange, choose: Choices) -> Action | None:
    """A position is closed against a counterparty, mostly that of the highest rank."""
    held = _positions(exchange)
    if not held:
        return None
    account, market = choose.one(held)
    ranked = counterparties(exchange, account, market)
    others = [one.name for one in ranked[:1]] or list(exchange.markets[market].holders)
    if choose.chance(20):
        others = list(exchange.markets[market].holders)
    return Deleverage(account=account, market=market, counterparty=choose.one(others))


@maker("allocate_shortfall")
def allocate_shortfall(exchange: Exchange, choose: Choices) -> Action | None:
    """What an account owes is allocated."""
    owing = [
        (name, dex)
        for name, member in exchange.members.items()
        for dex in sorted({*member.raw, *member.deficit})
        if member.raw.get(dex, ZERO) < 0 or dex in member.deficit
    ]
    if not owing:
        owing = [(name, "") for name in exchange.members]
    account, dex = choose.one(owing)
    return AllocateShortfall(account=account, dex=dex)


@maker("unwind")
def unwind(exchange: Exchange, choose: Choices) -> Action | None:
    """The vault closes of what it has taken."""
    markets = list(exchange.markets)
    if not markets:
        return None
    vaults = {m: exchange.members[vault_of(exchange.markets[m].dex)] for m in markets}
    held = {m: abs(exactly(vaults[m].size(m))) for m in markets}
    markets = markets if choose.chance(10) else [m for m in markets if held[m]]
    if not markets:
        return None
    market = choose.one(markets)
    return Unwind(market=market, size=choose.amount(held[market], exchange.markets[market].step))


@maker("liquidate_collateral")
def liquidate_collateral(exchange: Exchange, choose: Choices) -> Action | None:
    """The backstop takes collateral over."""
    members = exchange.members
    owing = [n for n in members if len(members[n].borrowed) or len(members[n].supplied)]
    return LiquidateCollateral(account=choose.one(owing or list(members)))


@maker("sell_collateral")
def sell_collateral(exchange: Exchange, choose: Choices) -> Action | None:
    """The backstop sells what it took."""
    return SellCollateral(token=choose.one(list(exchange.spots))) if len(exchange.spots) else None


@maker("repay_taken")
def repay_taken(exchange: Exchange, choose: Choices) -> Action | None:
    """The backstop repays of what it took over."""
    owed = list(exchange.members[BACKSTOP].borrowed)
    return RepayTaken(token=choose.one(owed or [exchange.venue.quote]))


@maker("write_off")
def write_off(exchange: Exchange, choose: Choices) -> Action | None:
    """A loan is written off."""
    loans = [(n, token) for n in exchange.members for token in exchange.members[n].borrowed]
    if not loans:
        loans = [(VAULT, exchange.venue.quote)]
    account, token = choose.one(loans)
    return WriteOff(account=account, token=token)
