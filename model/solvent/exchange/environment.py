"""Environment actions: prices, books, time, and the venue's parameters."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, ClassVar

from attrs import evolve, field, fields_dict, frozen

from solvent.arithmetic import ONE, ZERO, Number
from solvent.decimals import exact, show
from solvent.exchange.action import Action, Check, Group, action
from solvent.exchange.guards import above_zero, known_market
from solvent.exchange.state import Amounts, Depth, Exchange, amounts, is_spot, token_of_spot
from solvent.exchange.table import Table
from solvent.venue import Parameters, Token

_SHARES = ("ltv", "stated_threshold")


class EnvironmentAction(Action):
    """Something that happens to the exchange from outside."""

    __slots__ = ()
    group: ClassVar[Group] = Group.ENVIRONMENT


@action
@frozen(kw_only=True)
class MovePrices(EnvironmentAction):
    """One atomic batch of prices: marks, oracles, spot prices, premiums, and that of USDT.

    An oracle price follows the mark of its market where the batch gives a mark and no oracle price.
    """

    words: ClassVar[str] = "prices move: {moves}"
    marks: Amounts = field(factory=Table, converter=amounts)
    oracles: Amounts = field(factory=Table, converter=amounts)
    spots: Amounts = field(factory=Table, converter=amounts)
    premiums: Amounts = field(factory=Table, converter=amounts)
    usdt: Number | None = field(default=None, converter=exact)

    def checks(self, exchange: Exchange) -> Iterator[Check]:
        for market in sorted({*self.marks, *self.oracles, *self.premiums}):
            yield from known_market(exchange, market, spot=False)
        for token in self.spots:
            yield Check(token in exchange.spots, f"there is a spot market of {token}")
        for prices in (self.marks, self.oracles, self.spots):
            for name, price in prices.items():
                yield above_zero(price, f"the price of {name}")
        for market, premium in self.premiums.items():
            yield Check(premium >= -1, f"the premium of {market} is at least -1")
            yield Check(premium <= 1, f"the premium of {market} is at most 1")
        if self.usdt is not None:
            yield above_zero(self.usdt, "the price of USDT")

    def apply(self, exchange: Exchange) -> Exchange:
        markets, spots = exchange.markets, exchange.spots
        for name, market in exchange.markets.items():
            mark = self.marks.get(name, market.mark)
            follows = mark if name in self.marks else market.oracle
            moved = evolve(
                market,
                mark=mark,
                oracle=self.oracles.get(name, follows),
                previous_mark=market.mark,
                previous_oracle=market.oracle,
                premium=self.premiums.get(name, market.premium),
            )
            markets = markets.put(name, moved)
        for token, price in self.spots.items():
            spots = spots.put(token, evolve(spots[token], price=price))
        usdt = exchange.usdt if self.usdt is None else self.usdt
        moved_exchange = evolve(exchange, markets=markets, spots=spots, usdt=usdt)
        return evolve(moved_exchange, prices=moved_exchange.price_view())

    def __str__(self) -> str:
        moves = [
            *(f"{name} to {_text(price)}" for name, price in self.marks.items()),
            *(f"oracle of {name} to {_text(price)}" for name, price in self.oracles.items()),
            *(f"spot {name} to {_text(price)}" for name, price in self.spots.items()),
            *(f"premium of {name} to {_text(value)}" for name, value in self.premiums.items()),
            *([] if self.usdt is None else [f"USDT to {_text(self.usdt)}"]),
        ]
        return self.words.format(moves=", ".join(moves) or "none")


def _text(number_: Number) -> str:
    return show(number_) if isinstance(number_, Fraction) else str(number_)


@action
@frozen(kw_only=True)
class ChangeDepth(EnvironmentAction):
    """The book of a market becomes deeper or thinner (TRADE-SLIPPAGE)."""

    words: ClassVar[str] = "the book of {market} changes: spread {spread}, width {width}, {most}"
    market: str
    spread: Number = field(default=ZERO, converter=exact)
    width: Number = field(default=Fraction(10**12), converter=exact)
    size: Number | None = field(default=None, converter=exact)

    def checks(self, exchange: Exchange) -> Iterator[Check]:
        yield from known_market(exchange, self.market)
        yield Check(self.spread >= 0, "the spread is not below zero")
        yield Check(self.spread <= 1, "the spread is at most the price")
        yield above_zero(self.width, "the width")
        yield Check(True if self.size is None else self.size >= 0, "the size is not below zero")

    def apply(self, exchange: Exchange) -> Exchange:
        depth = Depth(spread=self.spread, width=self.width, size=self.size)
        if is_spot(self.market):
            token = token_of_spot(self.market)
            spot = evolve(exchange.spots[token], depth=depth)
            return evolve(exchange, spots=exchange.spots.put(token, spot))
        return exchange.put_market(evolve(exchange.markets[self.market], depth=depth))

    def __str__(self) -> str:
        most = "any size" if self.size is None else f"size at most {_text(self.size)}"
        return self.words.format(
            market=self.market, spread=_text(self.spread), width=_text(self.width), most=most
        )


@action
@frozen(kw_only=True)
class PassTime(EnvironmentAction):
    """Time passes."""

    words: ClassVar[str] = "{milliseconds} ms pass"
    milliseconds: int

    def checks(self, exchange: Exchange) -> Iterator[Check]:  # noqa: ARG002 - time asks nothing of the state
        yield Check(type(self.milliseconds) is int and self.milliseconds > 0, "the time is above zero")

    def apply(self, exchange: Exchange) -> Exchange:
        return evolve(exchange, now=exchange.now + self.milliseconds)

    def __str__(self) -> str:
        if self.milliseconds % 1000:
            return f"{self.milliseconds} ms pass"
        return f"{self.milliseconds // 1000} s pass"


@action
@frozen(kw_only=True)
class ChangeParameter(EnvironmentAction):
    """The venue changes one of its parameters, such as ``transfer_fraction``, or of a token, such as ``HYPE.ltv``."""

    words: ClassVar[str] = "the venue sets {parameter} to {value}"
    parameter: str
    value: Number = field(converter=exact)

    def checks(self, exchange: Exchange) -> Iterator[Check]:
        token, _, name = self.parameter.rpartition(".")
        yield Check(self.value >= 0, "the value is not below zero")
        if token:
            yield Check(token in exchange.venue.tokens, f"{token} is a token of the venue")
            known = name in fields_dict(Token) and name not in ("name", "index")
            yield Check(known, f"{name} is a parameter of a token")
            if name in _SHARES:
                yield Check(self.value < 1, "the value is below one")
            if name == "depth_width":
                yield above_zero(self.value, "the value")
            return
        known_parameter = fields_dict(Parameters).get(name)
        yield Check(known_parameter is not None, f"{name} is a parameter of the venue")
        if known_parameter is not None:
            metadata = known_parameter.metadata
            yield Check(metadata["unit"] != "1" or self.value <= ONE, "the value is at most one")
            yield Check(not metadata["positive"] or self.value > 0, "the value is above zero")

    def apply(self, exchange: Exchange) -> Exchange:
        token, _, name = self.parameter.rpartition(".")
        venue = exchange.venue
        change: dict[str, Any] = {name: self.value}
        if token:
            changed = evolve(venue.tokens[token], **change)
            return evolve(exchange, venue=evolve(venue, tokens={**venue.tokens, token: changed}))
        parameters = evolve(venue.parameters, **change)
        return evolve(exchange, venue=evolve(venue, parameters=parameters))
