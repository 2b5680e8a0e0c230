"""Worlds to explore: venues, markets, books and accounts that are realistic and lean to the edges."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import cache
from typing import Any

from attrs import field, frozen
from hypothesis import strategies as st

from solvent.account import Regime
from solvent.exchange import BACKSTOP, BOOK, VAULT, Depth, Exchange, Market, Member, SpotMarket, found
from solvent.explore import environment_intents, trade_intents, user_intents, venue_intents
from solvent.explore.choices import BYTES, Choices, Intent, makers
from solvent.ingest.venue_file import load_venue
from solvent.venue import Venue

__all__ = ["DUTIES", "Plan", "World", "plans", "worlds"]

_KINDS_COME_FROM = (environment_intents, trade_intents, user_intents, venue_intents)

DUTIES = "duties"
"""The kind of intent by which the venue does all that the liquidation ladder asks, at most so many steps."""
VENUES = (
    "hyperliquid-beta", "hyperliquid-beta", "hyperliquid-beta", "hyperliquid-beta-2026-06",
    "hyperliquid-alpha-2026-06", "hyperliquid-alpha", "hyperliquid-pre-alpha",
)  # fmt: skip
READINGS: tuple[Mapping[str, str], ...] = (
    {}, {}, {"MODE-FALLBACK": "existing-borrowers"}, {"MODE-FALLBACK": "existing-borrowers"}, {"ADL-RANK": "as-printed", "ADL-PRICE": "oracle"},
    {"PERP-TRANSFER": "of-sums"}, {"PM-LIQUIDATABLE": "at-least"},
)  # fmt: skip
"""Alternative readings of rules, a set for a world."""
NAMES = ("ann", "bob", "cat", "dan", "eve", "fay", "gus", "hal")
CAPITALS = tuple(map(Fraction, ("10000", "300", "1000000", "20000000", "100000")))
"""What an account begins with (USD)."""
BOOKS = tuple(
    Depth(spread=spread, width=width, size=size)
    for spread, width, size in (
        ("0.0002", "1000000000", None), ("0.001", "50000000", None), ("0.01", "5000000", None),
        ("0.02", "2000000", None),
    )
)  # fmt: skip
"""Books, from deep to thin."""


@frozen
class Coin:
    """A perp market with its prices, its step of sizes, and the token whose spot market goes with it."""

    market: str
    prices: tuple[str, ...]
    step: str
    token: str | None = None
    dex: str = ""
    max_leverage: int | None = None


COINS = (
    Coin("HYPE", ("40", "25.5", "100"), "0.01", "HYPE"),
    Coin("BTC", ("100000", "60000", "87654"), "0.00001", "UBTC"),
    Coin("ONDO", ("1", "0.875"), "1"),
    Coin("xyz:CL", ("70", "64.25"), "0.01", dex="xyz", max_leverage=20),
    Coin("MEME", ("0.002", "0.0317"), "10", max_leverage=3),
)


@frozen
class World:
    """Where a run begins: an exchange of a named venue, and the readings of rules that differ from the venue's own."""

    venue: str
    readings: Mapping[str, str]
    exchange: Exchange = field(repr=False)

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        """What Hypothesis prints of it: not the whole state."""
        printer.text(repr(self))


@frozen
class Plan:
    """What is to happen in a world, one intent after the other."""

    intents: tuple[Intent, ...] = field(repr=False)


@frozen
class Limits:
    """How far worlds and plans go.

    Attributes:
        users, markets: how many users and perp markets there are at most.
        length: how many groups of about four chapters a plan has after its opening.
    """

    users: int = 6
    markets: int = 3
    length: int = 4


@cache
def venue_of(name: str) -> Venue:
    """A bundled venue, read once."""
    return load_venue(name)


def _numbers(count: int) -> st.SearchStrategy[bytes]:
    return st.binary(min_size=count, max_size=count)


@frozen
class Seat:
    """What a user's account is made of: its name, its capital (USD), a coin with its price, and choices of its own."""

    name: str
    capital: Fraction
    coin: Coin
    price: Fraction
    choose: Choices

    def tokens(self) -> dict[str, Fraction]:
        """The coin's token worth the capital, in one of two cases; nothing where it has none."""
        held = self.coin.token is not None and self.choose.chance(50)
        return {str(self.coin.token): self.capital / self.price} if held else {}


def _standard(seat: Seat) -> Member:
    """A standard account with its cash on perps, some of it idle, and perhaps a token."""
    spot = {"USDC": seat.capital / 10, **seat.tokens()}
    return Member(name=seat.name, mode=Regime.CROSS, raw={seat.coin.dex: seat.capital}, spot=spot)


def _unified(seat: Seat) -> Member:
    """A unified account with cash, and perhaps a token to hedge."""
    return Member(name=seat.name, mode=Regime.UNIFIED, spot={"USDC": seat.capital, **seat.tokens()})


def _portfolio(seat: Seat) -> Member:
    """A portfolio account with collateral, and perhaps a little cash."""
    token = seat.coin.token or "HYPE"
    price = seat.price if seat.coin.token else Fraction(COINS[0].prices[0])
    cash = {"USDC": seat.capital / 100} if seat.choose.chance(50) else {}
    return Member(name=seat.name, mode=Regime.PORTFOLIO, spot={token: seat.capital / price, **cash})


def _lender(seat: Seat) -> Member:
    """A unified account whose cash is for lending."""
    cash = seat.capital * seat.choose.one((2, 1, 10))
    return Member(name=seat.name, mode=Regime.UNIFIED, spot={"USDC": cash})


def _dust(seat: Seat) -> Member:
    """A standard account with next to nothing."""
    amount = Fraction(seat.choose.one(("0.00000001", "0.5", "0.01")))
    return Member(name=seat.name, mode=Regime.CROSS, raw={seat.coin.dex: amount}, spot={"USDC": amount})


_ROLES: tuple[Callable[[Seat], Member], ...] = (
    _standard, _unified, _portfolio, _lender, _portfolio, _unified, _standard, _dust,
)  # fmt: skip


@st.composite
def worlds(draw: st.DrawFn, limits: Limits = Limits()) -> World:
    """An exchange of a venue's phase with some markets, deep or thin books, and users of all modes."""
    name = draw(st.sampled_from(VENUES))
    readings = draw(st.sampled_from(READINGS))
    venue = venue_of(name).with_readings(readings)
    drawn = draw(
        st.lists(st.sampled_from(COINS), min_size=1, max_size=limits.markets, unique_by=lambda c: c.market)
    )
    coins = sorted(drawn, key=COINS.index)
    setup = Choices(draw(_numbers(12)))
    prices = {coin.market: Fraction(setup.one(coin.prices)) for coin in coins}
    roles = draw(st.lists(_numbers(6), min_size=1, max_size=limits.users))
    members = [_member(n, Choices(numbers), coins, prices, venue) for n, numbers in enumerate(roles)]
    exchange = found(
        venue,
        markets=[_market(coin, prices[coin.market], setup.one(BOOKS)) for coin in coins],
        spots=_spots(venue, coins, prices, setup),
        members=[*_owned(members), *_house(venue, coins, setup)],
        now=0,
    )
    return World(name, readings, exchange)


def _member(
    number: int, choose: Choices, coins: list[Coin], prices: Mapping[str, Fraction], venue: Venue
) -> Member:
    role, coin = choose.one(_ROLES), choose.one(coins)
    member = role(Seat(NAMES[number], choose.one(CAPITALS), coin, prices[coin.market], choose))
    known = {token: amount for token, amount in member.spot.items() if token in venue.tokens}
    return Member(name=member.name, owner=member.owner, mode=member.mode, raw=member.raw, spot=known)


def _owned(members: list[Member]) -> list[Member]:
    """The accounts, the third and the sixth of them sub-accounts of the first."""
    return [
        Member(
            name=m.name, owner=members[0].name if n % 3 == 2 else m.name, mode=m.mode, raw=m.raw, spot=m.spot
        )
        for n, m in enumerate(members)
    ]


def _market(coin: Coin, price: Fraction, depth: Depth) -> Market:
    return Market(
        name=coin.market,
        dex=coin.dex,
        mark=price,
        oracle=price,
        previous_mark=price,
        previous_oracle=price,
        step=coin.step,
        max_leverage=coin.max_leverage,
        depth=depth,
    )


def _spots(
    venue: Venue, coins: list[Coin], prices: Mapping[str, Fraction], setup: Choices
) -> list[SpotMarket]:
    """A spot market of every token of the venue, at the price of its perp where that is there."""
    by_token = {coin.token: coin for coin in COINS if coin.token}
    found_spots = []
    for token in venue.tokens:
        coin = by_token.get(token)
        if token == venue.quote:
            continue
        usual = Fraction(coin.prices[0]) if coin else Fraction("0.9998")
        price = prices.get(coin.market, usual) if coin else usual
        perp = coin.market if coin in coins and coin else None
        found_spots.append(SpotMarket(token=token, price=price, perp=perp, depth=setup.one(BOOKS)))
    return found_spots


def _house(venue: Venue, coins: list[Coin], setup: Choices) -> list[Member]:
    """The book, rich enough to trade with everybody, and vaults and a backstop with much or little."""
    rich = Fraction(10**10)
    dexes = sorted({coin.dex for coin in coins})
    tokens = dict.fromkeys(venue.tokens, rich)
    vaults = [f"{VAULT}:{dex}" if dex else VAULT for dex in dexes]
    own = Fraction(setup.one((1_000_000, 0, 1_000)))
    return [
        Member(name=BOOK, raw=dict.fromkeys(dexes, rich), spot=tokens),
        *(Member(name=vault, raw={dex: own}) for vault, dex in zip(vaults, dexes, strict=True)),
        Member(name=BACKSTOP),
    ]


_LOANS = {
    ("lend", "pledge", "borrow"): 4, ("auto_supply", "lend", "hedge", "auto_borrow"): 5,
    ("auto_supply", "lend", "market_order", "auto_borrow"): 2,
}  # fmt: skip
"""Chapters by which loans come to be: kinds that belong together, with weights."""
_OPENING = {
    **_LOANS, ("market_order",): 5,
    ("isolate", "market_order"): 2, ("place_order", "meet", "fill"): 2, ("change_parameter",): 1,
    ("spot_to_perp",): 1, ("supply",): 1, ("grow", "grow", "grow"): 3, ("lend", "pledge", "borrow", "drain"): 1,
}  # fmt: skip
"""Chapters by which positions come to be, too."""
_CHAPTERS = {
    ("move_prices", DUTIES): 24, ("market_order",): 12, ("pass_time", "accrue"): 6, ("hedge",): 3,
    ("move_prices",): 6, ("pass_time", DUTIES): 6, ("move_prices", DUTIES, "wait", DUTIES): 4,
    ("move_premiums", "pass_time", "settle_funding"): 5, ("change_parameter", "borrow"): 4, ("withdraw",): 4,
    ("change_depth", "move_prices", DUTIES): 5, ("auto_borrow",): 4, ("place_order", "meet", "fill"): 4, ("drain",): 2,
    ("move_prices", DUTIES, "unwind"): 3, ("grow", "grow", "grow", "move_prices"): 2, ("lend", "pledge", "borrow"): 3,
    ("borrow",): 3, ("withdraw_supply",): 3, ("isolate", "market_order"): 3, ("switch_mode",): 2,
    ("change_parameter", "auto_supply"): 1, ("change_parameter", "auto_borrow"): 1, ("isolate", "market_order", "add_margin", "remove_margin"): 3,
}  # fmt: skip
"""Chapters of what happens then. Each kind is a chapter of its own, too."""


def _chapters(weights: Mapping[tuple[str, ...], int], most: int) -> st.SearchStrategy[list[Intent]]:
    chosen = [kinds for kinds, weight in weights.items() for _ in range(weight)]
    together = st.builds(
        lambda kinds, numbers: [Intent(kind, numbers) for kind in kinds],
        st.sampled_from(chosen),
        _numbers(BYTES),
    )
    return st.lists(together, max_size=most).map(
        lambda chapters: [intent for chapter in chapters for intent in chapter]
    )


def plans(limits: Limits = Limits()) -> st.SearchStrategy[Plan]:
    """Plans: an opening by which positions and loans come to be, and then anything."""
    every: dict[tuple[str, ...], int] = {(kind,): 1 for kind in makers()} | dict(_CHAPTERS)
    parts = [_chapters(_LOANS, 3), _chapters(_OPENING, 8), *[_chapters(every, 8)] * limits.length]
    return st.tuples(*parts).map(lambda drawn: Plan(tuple(intent for part in drawn for intent in part)))
