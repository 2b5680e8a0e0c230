"""Conservation: whatever happens, every unit has an owner and every position a counterparty.

Each is an induction over histories: it holds of an exchange in which nobody has a position, a supply or a loan yet, and
every action keeps it, whether its guard holds or not.
"""

from __future__ import annotations

from solvent import load_venue
from solvent.account import Regime
from solvent.arithmetic import both
from solvent.exchange import (
    AddMargin,
    AllocateShortfall,
    AutoBorrow,
    AutoRepay,
    AutoSupply,
    Borrow,
    CancelOrder,
    ChangeDepth,
    ChangeLeverage,
    ChangeParameter,
    Deleverage,
    Deposit,
    Exchange,
    Fill,
    LiquidateCollateral,
    LiquidateOnBook,
    Market,
    MarketOrder,
    Member,
    MovePrices,
    PassTime,
    PerpToSpot,
    PlaceOrder,
    RemoveMargin,
    Repay,
    RepayTaken,
    SellCollateral,
    Send,
    SettleFunding,
    SpotToPerp,
    SubAccountTransfer,
    Supply,
    SwitchMode,
    TakeOver,
    Unwind,
    Withdraw,
    WithdrawSupply,
    WriteOff,
    found,
)
from solvent.exchange import lending as pools
from solvent.invariants import states, steps
from solvent.prove.examples import any_busy
from solvent.prove.theorem import Family, Part, theorem
from solvent.prove.wellformed import assume_all, pools_well_formed

EXAMPLE = "hyperliquid-beta"
KEEP = tuple(f"markets.{name}.step" for name in ("BTC", "ETH", "HYPE"))


def user_actions(amount, size, price):
    """Every action of users, of every mode that it has a way of its own for: by what it is called."""
    return {
        "a deposit": Deposit(account="standard", token="USDC", amount=amount),
        "a withdrawal of a standard account": Withdraw(account="standard", token="USDC", amount=amount),
        "a withdrawal of a portfolio account": Withdraw(account="portfolio", token="USDC", amount=amount),
        "a payment": Send(sender="unified", receiver="standard", token="USDC", amount=amount),
        "a transfer between sub-accounts": SubAccountTransfer(
            sender="standard", receiver="standard/sub", amount=amount
        ),
        "a transfer from spot to perps": SpotToPerp(account="standard", amount=amount),
        "a transfer from perps to spot": PerpToSpot(account="standard", amount=amount),
        "a switch of mode": SwitchMode(account="standard", mode=Regime.UNIFIED),
        "an order": PlaceOrder(account="unified", order="more", market="ETH", size=1, price=price),
        "a cancelled order": CancelOrder(account="standard", order="buy"),
        "a market order for a cross position": MarketOrder(account="standard", market="BTC", size=size),
        "a market order for an isolated position": MarketOrder(account="standard", market="ETH", size=size),
        "a market order for a new position": MarketOrder(account="unified", market="ETH", size=size),
        "a market order of a portfolio account": MarketOrder(account="portfolio", market="HYPE", size=size),
        "a spot order of a standard account": MarketOrder(account="standard", market="HYPE/USDC", size=size),
        "a spot order of a unified account": MarketOrder(account="unified", market="HYPE/USDC", size=size),
        "margin added": AddMargin(account="standard", market="ETH", amount=amount),
        "margin removed": RemoveMargin(account="standard", market="ETH", amount=amount),
        "a change of leverage": ChangeLeverage(account="standard", market="BTC", leverage=amount),
        "a supply": Supply(account="lender", token="USDC", amount=amount),
        "a supply of collateral": Supply(account="unified", token="HYPE", amount=amount),
        "a withdrawal of supply": WithdrawSupply(account="lender", token="USDC", amount=amount),
        "a withdrawal of collateral": WithdrawSupply(account="portfolio", token="HYPE", amount=amount),
        "a loan": Borrow(account="standard", token="USDC", amount=amount),
        "a first loan": Borrow(account="unified", token="USDC", amount=amount),
        "a repayment": Repay(account="standard", token="USDC", amount=amount),
    }


def venue_actions(size, price):
    """Every action of the venue."""
    orders = {"buyer": "standard", "buy": "buy", "seller": "standard/sub", "sell": "sell"}
    return {
        "a fill": Fill(market="HYPE", size=size, price=price, **orders),
        "an automatic loan": AutoBorrow(account="portfolio", token="USDC"),
        "an automatic repayment": AutoRepay(account="portfolio", token="USDC"),
        "an automatic supply": AutoSupply(account="portfolio", token="HYPE"),
        "funding of cross positions": SettleFunding(market="BTC"),
        "funding of an isolated position": SettleFunding(market="ETH"),
        "a liquidation on the book, cross": LiquidateOnBook(account="standard", market="BTC"),
        "a liquidation on the book, isolated": LiquidateOnBook(account="standard", market="ETH"),
        "a liquidation on the book, portfolio": LiquidateOnBook(account="portfolio", market="HYPE"),
        "a takeover, cross": TakeOver(account="standard", market="BTC"),
        "a takeover, isolated": TakeOver(account="standard", market="ETH"),
        "a takeover, unified": TakeOver(account="unified", market="BTC"),
        "a takeover, portfolio": TakeOver(account="portfolio", market="HYPE"),
        "auto-deleveraging, cross": Deleverage(account="unified", market="BTC", counterparty="standard"),
        "auto-deleveraging, isolated": Deleverage(account="standard", market="ETH", counterparty="book"),
        "a shortfall of a standard account": AllocateShortfall(account="standard"),
        "a shortfall of a portfolio account": AllocateShortfall(account="portfolio"),
        "a sale of the liquidator vault": Unwind(market="BTC", size=size),
        "a takeover of collateral": LiquidateCollateral(account="standard"),
        "a takeover of collateral, portfolio": LiquidateCollateral(account="portfolio"),
        "a loan written off": WriteOff(account="standard", token="USDC"),
    }


def world_actions(amount, price):
    """Every action of the environment."""
    return {
        "a move of prices": MovePrices(marks={"BTC": price}, spots={"HYPE": amount}),
        "a change of depth": ChangeDepth(market="BTC", spread=0, width=amount),
        "time": PassTime(milliseconds=1000),
        "a change of parameters": ChangeParameter(parameter="transfer_fraction", value=amount),
    }


def chains():
    """Actions that need what another one leaves: the backstop with collateral and debt, a deficit, an isolated opening."""
    taken = LiquidateCollateral(account="standard")
    own = ChangeLeverage(account="unified", market="ETH", leverage=5, isolated=True)
    return {
        "a sale of collateral that the backstop took": (taken, SellCollateral(token="HYPE")),
        "a repayment of debt that the backstop took": (taken, RepayTaken(token="USDC")),
        "a shortfall of an isolated position": (
            LiquidateOnBook(account="standard", market="ETH"),
            AllocateShortfall(account="standard"),
        ),
        "a new isolated position": (own, MarketOrder(account="unified", market="ETH", size=1)),
    }


def afterwards(given, exchange):
    """What the exchange may become in one step: what happened in words, the last action of it if it was one, and the state after it."""
    amount, size, price = given.number("amount", "5"), given.number("size", "1"), given.number("price", "100")
    single = {
        **user_actions(amount, size, price),
        **venue_actions(size, price),
        **world_actions(amount, price),
    }
    for words, happening in single.items():
        yield words, happening, happening.apply(exchange)
    for words, (first, second) in chains().items():
        yield words, second, second.apply(first.apply(exchange))
    growth = given.number("growth factor", "1.01")
    for token in ("HYPE", "USDC"):
        grown = pools.grown(exchange, exchange.pools[token], growth)
        yield f"interest of {token}", None, exchange.put_pool(grown)


def state(given) -> Exchange:
    """An exchange in which everything is present, with any numbers, those of tokens included."""
    return any_busy(given, given.venue or load_venue(EXAMPLE), KEEP)


def holds(invariant, exchange):
    """Whether an invariant holds of a state."""
    return both(*(claim.condition for claim in invariant(exchange)))


def inductive(given, invariant):
    """An invariant holds where an exchange begins, and after every action where it held before."""
    exchange = state(given)
    given.assume(f"before it: {invariant.__doc__}", holds(invariant, exchange))
    balance = given.number("a balance that is brought in", "5")
    prices = dict.fromkeys(("mark", "oracle", "previous_mark", "previous_oracle"), balance)
    begun = found(
        exchange.venue,
        markets=[Market(name="BTC", **prices)],
        members=[Member(name="ann", spot={"USDC": balance}, raw={"": balance})],
    )
    parts = [Part("the beginning", holds(invariant, begun))]
    return parts + [Part(words, holds(invariant, after)) for words, _, after in afterwards(given, exchange)]


@theorem(Family.CONSERVATION, why="Value that appears from nowhere is paid by somebody else.")
def every_action_conserves_every_token(given):
    """Every action keeps what accounts, lending pools and the treasury have at what came in less what went out."""
    return inductive(given, states.conservation)


@theorem(Family.CONSERVATION, why="A position without a counterparty is a debt of the venue.")
def every_action_keeps_the_positions_of_a_market_at_zero(given):
    """Every action keeps the positions of a market at a sum of zero."""
    return inductive(given, states.open_interest)


@theorem(Family.CONSERVATION, why="Suppliers can be paid only from cash and loans that exist.")
def every_action_keeps_the_identity_of_lending_pools(given):
    """Every action keeps cash and loans of a lending pool equal to suppliers' claims and the reserve."""
    return inductive(given, states.pool_identity)


@theorem(
    Family.CONSERVATION,
    why="An index that falls takes from suppliers what they have, or forgives borrowers what they owe.",
)
def no_action_but_a_write_off_lowers_an_interest_index(given):
    """No action lowers an interest index, but for the supply index when suppliers bear what the reserve cannot.

    Interest itself never does: interest_indices_never_fall.
    """
    exchange = state(given)
    assume_all(given, pools_well_formed(exchange))
    parts = []
    for words, happening, after in afterwards(given, exchange):
        if happening is not None:
            kept = (claim.condition for claim in steps.indices_never_fall(exchange, happening, after))
            parts.append(Part(words, both(*kept)))
    return parts


@theorem(Family.CONSERVATION, why="What longs pay and shorts do not get is somebody's gain.")
def funding_leaves_what_was_there(given):
    """Funding of a market sums to zero but for a remainder of half a USD unit a position at most, which is the treasury's."""
    exchange = state(given)
    given.assume("the positions of a market sum to zero", holds(states.open_interest, exchange))
    parts = []
    for market, words in (
        ("BTC", "cross positions"),
        ("ETH", "an isolated position"),
        ("HYPE", "a portfolio"),
    ):
        paid = SettleFunding(market=market)
        claims = steps.funding_sums_to_zero(exchange, paid, paid.apply(exchange))
        parts.append(Part(words, both(*(claim.condition for claim in claims))))
    return parts
