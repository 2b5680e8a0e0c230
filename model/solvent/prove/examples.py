"""Exchanges that theorems about actions speak of: their structure, and numbers to begin with."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from attrs import evolve

from solvent.account import Regime
from solvent.arithmetic import ZERO
from solvent.exchange import (
    Action,
    AddMargin,
    AutoBorrow,
    AutoSupply,
    Borrow,
    ChangeLeverage,
    Deposit,
    Exchange,
    Market,
    MarketOrder,
    Member,
    PlaceOrder,
    SpotMarket,
    SpotToPerp,
    SubAccountTransfer,
    Supply,
    found,
    step,
)
from solvent.exchange.table import table
from solvent.prove.states import renumbered
from solvent.prove.theorem import Given
from solvent.rules.kinds import Tier
from solvent.venue import MarginTable, Token, Venue

_PRICES = {"BTC": "100000", "HYPE": "40", "ETH": "4000"}


def _market(name: str, price: str) -> Market:
    return Market(name=name, mark=price, oracle=price, previous_mark=price, previous_oracle=price)


def _after(exchange: Exchange, steps: Iterable[Action]) -> Exchange:
    for happening in steps:
        exchange = step(exchange, happening)
    return exchange


def _begun(venue: Venue) -> Exchange:
    return found(
        venue,
        markets=[_market(name, price) for name, price in _PRICES.items()],
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
    return _after(_begun(venue), _STEPS)


def any_busy(given: Given, venue: Venue, keep: tuple[str, ...] = ()) -> Exchange:
    """A busy exchange with any numbers, those of its tokens included; the parameters of a venue are its own.

    Args:
        given: what the theorem is given.
        venue: the venue, or the one whose structure is taken.
        keep: the beginnings of paths whose numbers stay those of the example.
    """
    own = () if given.venue is None else ("venue.parameters", "venue.tables")
    example = busy_exchange(evolve(venue, tokens=_tokens(venue, Regime.CROSS)))
    return renumbered(example, given.number, (*keep, *own), venue=True)


OTHER = "OTHER"
"""The market that stands for all other cross positions of an account: its margin table has any numbers."""


def _table(name: str, *tiers: tuple[str, str, str, str]) -> MarginTable:
    return MarginTable(name, tuple(Tier(*(Fraction(number) for number in tier)) for tier in tiers))


_TABLES = {
    "BTC": _table("BTC", ("0", "40", "1/80", "0"), ("1000000", "20", "1/40", "12500")),
    "ETH": _table("ETH", ("0", "25", "1/50", "0"), ("1000000", "20", "1/40", "5000")),
    OTHER: _table(OTHER, ("0", "10", "1/20", "0")),
}


def pair_exchange(venue: Venue, mode: Regime) -> Exchange:
    """Two accounts of one mode, a sub-account of the first, and the book.

    The first has a cross position in BTC, one in OTHER, an isolated one in ETH, HYPE as collateral, a loan,
    and an order to buy BTC that meets the second's order to sell. A margin table has two tiers: at the two
    notionals before and after a step no more than two are in force, so these have any numbers instead of those of
    a market. OTHER stands for any number of other positions, because they enter through the sums of their margins alone.
    """
    cash = "200" if mode is Regime.PORTFOLIO else "20000"
    balance: dict[str, Any] = {"mode": mode, "spot": {"USDC": cash, "HYPE": "300"}}
    begun = found(
        evolve(venue, tables=_TABLES, tokens=_tokens(venue, mode)),
        markets=[_market("BTC", "1000"), _market("ETH", "100"), _market(OTHER, "10")],
        spots=[SpotMarket(token="HYPE", price="40")],
        members=[
            Member(name="book", spot={"USDC": "50000", "HYPE": "1000"}, raw={"": "50000"}),
            Member(name="ann", **balance),
            Member(name="ann/sub", owner="ann", **balance),
            Member(name="bob", mode=mode, spot={"USDC": "20000", "HYPE": "300"}),
        ],
    )
    shared: list[Action] = []
    if mode is Regime.CROSS:
        shared = [SpotToPerp(account=name, amount="9000") for name in ("ann", "ann/sub", "bob")]
    return _without_entries(_after(begun, [*shared, *_HOLDINGS, *_loan(mode), *_LATER]))


def _tokens(venue: Venue, mode: Regime) -> dict[str, Token]:
    """The quote token and HYPE with the caps that the venue has, at made-up numbers; LTVs count in portfolio mode."""
    tokens = {}
    for token in (venue.tokens[venue.quote], venue.tokens["HYPE"]):
        caps: dict[str, Any] = {name: Fraction(10**6) if name in token.stated else None for name in _CAPS}
        ltv = token.ltv if mode is Regime.PORTFOLIO else Fraction(1, 2) if token.is_collateral else ZERO
        tokens[token.name] = evolve(token, ltv=ltv, **caps)
    return tokens


_CAPS = ("user_borrow_cap", "user_supply_cap", "global_borrow_cap", "global_supply_cap", "depth_width")
_HOLDINGS: tuple[Action, ...] = (
    Supply(account="bob", token="USDC", amount="900"),
    Supply(account="ann", token="HYPE", amount="100"),
    Supply(account="ann", token="USDC", amount="20"),
    ChangeLeverage(account="ann", market="BTC", leverage="10"),
    ChangeLeverage(account="bob", market="BTC", leverage="10"),
    ChangeLeverage(account="ann", market=OTHER, leverage="5"),
    ChangeLeverage(account="bob", market=OTHER, leverage="5"),
    ChangeLeverage(account="ann", market="ETH", leverage="10", isolated=True),
    MarketOrder(account="ann", market="BTC", size="2"),
    MarketOrder(account="ann", market=OTHER, size="20"),
    MarketOrder(account="ann", market="ETH", size="-5"),
    MarketOrder(account="bob", market="BTC", size="-1"),
    MarketOrder(account="bob", market=OTHER, size="-10"),
)
_LATER: tuple[Action, ...] = (
    AddMargin(account="ann", market="ETH", amount="60"),
    SubAccountTransfer(sender="ann", receiver="ann/sub", amount="50"),
    PlaceOrder(account="ann", order="buy", market="BTC", size="1", price="1001"),
    PlaceOrder(account="bob", order="sell", market="BTC", size="-1", price="999"),
)


def _loan(mode: Regime) -> list[Action]:
    if mode is Regime.PORTFOLIO:
        return [AutoBorrow(account="ann", token="USDC"), Deposit(account="ann", token="USDC", amount="2000")]
    return [Borrow(account="ann", token="USDC", amount="100")]


def lone_exchange(venue: Venue, mode: Regime) -> Exchange:
    """The first account of a pair alone, with all its cross positions as one, and without orders."""
    exchange = pair_exchange(venue, mode)
    ann = exchange.members["ann"]
    held = table({OTHER: ann.positions[OTHER]})
    alone = table({"ann": evolve(ann, positions=held, orders=table({}))})
    return evolve(exchange, members=alone)


def _without_entries(exchange: Exchange) -> Exchange:
    """The exchange without entry prices: nothing that margin asks depends on them."""
    for member in list(exchange.members.values()):
        positions = member.positions
        for market, position in member.positions.items():
            positions = positions.put(market, evolve(position, entry=None))
        exchange = exchange.put(evolve(member, positions=positions))
    return exchange


def any_numbers(given: Given, example: Exchange, keep: tuple[str, ...] = (), of: str = "") -> Exchange:
    """The state of an example with any numbers at all, those of tokens and margin tables included.

    With a venue its parameters are its own, and in portfolio mode its LTVs; without one they have any numbers as well.

    Args:
        given: what the theorem is given.
        example: the structure, and the numbers of the witness.
        keep: the beginnings of paths whose numbers stay those of the example.
        of: what the names of the numbers begin with, where a theorem speaks of several states.
    """

    def number(path: str, value: Fraction) -> Any:
        return given.number(f"{of}{path}", value)

    fixed = [f"venue.tables.{market}.tiers.0.lower_bound" for market in _TABLES]
    fixed.append(f"venue.tokens.{example.venue.quote}.ltv")
    if given.venue is not None:
        fixed.append("venue.parameters")
        if given.regime is Regime.PORTFOLIO:
            fixed.append("venue.tokens.HYPE.ltv")
    return renumbered(example, number, (*keep, *fixed), venue=True)


def switching_exchange(venue: Venue, mode: Regime) -> Exchange:
    """An account without positions, orders and loans, with the quote token and HYPE idle and supplied, and cash in perps."""
    tokens = _tokens(venue, Regime.PORTFOLIO)
    begun = found(
        evolve(venue, tables=_TABLES, tokens=tokens),
        markets=[_market("BTC", "1000")],
        spots=[SpotMarket(token="HYPE", price="40")],
        members=[Member(name="ann", mode=mode, spot={"USDC": "500", "HYPE": "30"}, raw={"": "200"})],
    )
    supplies = [Supply(account="ann", token=token, amount="10") for token in (venue.quote, "HYPE")]
    return _after(begun, supplies)
