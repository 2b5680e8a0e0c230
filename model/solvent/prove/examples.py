"""An exchange in which everything is present: the structure of the states that theorems about actions speak of."""

from __future__ import annotations

from solvent.account import Regime
from solvent.exchange import (
    Action,
    AutoBorrow,
    AutoSupply,
    Borrow,
    ChangeLeverage,
    Exchange,
    Market,
    MarketOrder,
    Member,
    PlaceOrder,
    SpotMarket,
    SpotToPerp,
    Supply,
    found,
    step,
)
from solvent.venue import Venue

_PRICES = {"BTC": "100000", "HYPE": "40", "ETH": "4000"}


def _begun(venue: Venue) -> Exchange:
    return found(
        venue,
        markets=[
            Market(name=name, mark=price, oracle=price, previous_mark=price, previous_oracle=price)
            for name, price in _PRICES.items()
        ],
        spots=[
            SpotMarket(token="UBTC", price="100000", perp="BTC"),
            SpotMarket(token="HYPE", price="40", perp="HYPE"),
        ],
        members=[
            Member(name="book", spot={"USDC": "50000000", "HYPE": "100000"}, raw={"": "50000000"}),
            Member(name="vault", raw={"": "1000000"}),
            Member(name="lender", spot={"USDC": "900"}),
            Member(name="standard", spot={"USDC": "30000", "HYPE": "200"}),
            Member(name="standard/sub", owner="standard", spot={"USDC": "9000"}),
            Member(name="unified", mode=Regime.UNIFIED, spot={"USDC": "30000", "HYPE": "100"}),
            Member(name="portfolio", mode=Regime.PORTFOLIO, spot={"HYPE": "150"}),
        ],
    )


_STEPS: tuple[Action, ...] = (
    Supply(account="lender", token="USDC", amount="900"),
    SpotToPerp(account="standard", amount="20000"),
    SpotToPerp(account="standard/sub", amount="8000"),
    ChangeLeverage(account="standard", market="BTC", leverage="10"),
    ChangeLeverage(account="standard", market="ETH", leverage="5", isolated=True),
    MarketOrder(account="standard", market="BTC", size="0.5"),
    MarketOrder(account="standard", market="ETH", size="5"),
    MarketOrder(account="standard/sub", market="BTC", size="-0.2"),
    PlaceOrder(account="standard", order="buy", market="HYPE", size="20", price="39"),
    PlaceOrder(account="standard/sub", order="sell", market="HYPE", size="-20", price="38"),
    Supply(account="standard", token="HYPE", amount="100"),
    Borrow(account="standard", token="USDC", amount="100"),
    ChangeLeverage(account="unified", market="BTC", leverage="10"),
    MarketOrder(account="unified", market="BTC", size="-0.4"),
    MarketOrder(account="unified", market="HYPE", size="100"),
    AutoSupply(account="portfolio", token="HYPE"),
    ChangeLeverage(account="portfolio", market="HYPE", leverage="10"),
    MarketOrder(account="portfolio", market="HYPE", size="-100"),
    AutoBorrow(account="portfolio", token="USDC"),
)


def busy_exchange(venue: Venue) -> Exchange:
    """Accounts of every mode with cross, isolated, spot, borrowed and supplied holdings, orders, and a sub-account.

    Every state of an exchange with more of the same differs from one of this structure in the sums of the rest only.
    """
    exchange = _begun(venue)
    for happening in _STEPS:
        exchange = step(exchange, happening)
    return exchange
