"""The programs of the smoke test, chosen from what an engine declares that it can do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from attrs import NOTHING, fields, frozen

from solvent.account import Regime
from solvent.conform.program import Program
from solvent.conform.values import Abilities
from solvent.exchange import Exchange, Market, Member, SpotMarket, all_actions, found
from solvent.ingest.venue_file import load_venue
from solvent.protocol.engine import DISCHARGE, perform
from solvent.protocol.genesis import genesis_of
from solvent.protocol.picture import FIELDS

VENUE = "hyperliquid-beta"
USER, OTHER, MARKET = "ann", "bob", "HYPE"
AMOUNT = "1234567890.12345678"
"""An amount of 18 digits, two more than a binary float always keeps."""
STORED = (
    "accounts.mode",
    "accounts.spot",
    "accounts.perp",
    "accounts.positions.size",
    "pools.cash",
    "markets.mark",
)
"""Figures that stand in a genesis as they are."""
MODES = (Regime.CROSS, Regime.UNIFIED, Regime.PORTFOLIO)
Step = Mapping[str, Any]

_BUY = {"op": "market_order", "account": USER, "market": MARKET, "size": "10.5"}
_STEPS: tuple[Step, ...] = (
    {"op": "deposit", "account": USER, "token": "USDC", "amount": "1.25"},
    {"op": "withdraw", "account": USER, "token": "USDC", "amount": "0.5"},
    {"op": "send", "sender": USER, "receiver": OTHER, "token": "USDC", "amount": "0.25"},
    {"op": "spot_to_perp", "account": USER, "amount": "2.5"},
    _BUY,
    {"op": "place_order", "account": USER, "order": "o1", "market": MARKET, "size": "1", "price": "39"},
    {"op": "move_prices", "marks": {MARKET: "41.5"}},
    {"op": "pass_time", "milliseconds": 1000},
)  # fmt: skip
"""Steps that the model carries out, one after the other, in the modes that know them."""
_MUCH = "1000000000000"
_REFUSED: tuple[Step, ...] = (
    {"op": "withdraw", "account": USER, "token": "USDC", "amount": _MUCH},
    {"op": "send", "sender": USER, "receiver": OTHER, "token": "USDC", "amount": _MUCH},
    {"op": "perp_to_spot", "account": USER, "amount": _MUCH},
    {"op": "spot_to_perp", "account": USER, "amount": _MUCH},
    {"op": "market_order", "account": USER, "market": MARKET, "size": _MUCH},
    {"op": "place_order", "account": USER, "order": "o2", "market": MARKET, "size": _MUCH, "price": "39"},
    {"op": "cancel_order", "account": USER, "order": "no-such-order"},
)
"""Steps that the model refuses in every mode."""
_SAMPLES: Mapping[str, Any] = {
    "account": USER, "sender": USER, "receiver": OTHER, "counterparty": OTHER, "buyer": USER, "seller": OTHER,
    "token": "USDC", "market": MARKET, "order": "o1", "buy": "o1", "sell": "o2", "amount": "1", "size": "1", "price": "39",
    "leverage": "3", "milliseconds": 1, "parameter": "transfer_fraction", "value": "0.1",
}  # fmt: skip
"""A value of each field that a step may need."""


@frozen
class Programs:
    """Programs for an engine of these abilities."""

    abilities: Abilities

    @cached_property
    def fields(self) -> tuple[str, ...]:
        """The figures that the engine declares, in their order."""
        return tuple(name for name in FIELDS if name in self.abilities.fields)

    @cached_property
    def modes(self) -> tuple[Regime, ...]:
        """The modes of accounts that it knows; of one that knows isolated positions alone, the standard mode."""
        return tuple(mode for mode in MODES if mode.value in self.abilities.regimes) or (Regime.CROSS,)

    def program(self, *steps: Step, amount: str = AMOUNT, mode: Regime | None = None) -> Program:
        """A state with a user who has so much, and steps."""
        exchange = self.exchange(amount, mode or self.modes[0])
        return Program(genesis_of(exchange), steps, self.fields)

    def exchange(self, amount: str, mode: Regime) -> Exchange:
        """A user with so much of the quote token, and with a position where the engine can begin with one."""
        venue = load_venue(VENUE)
        hype = Market(
            name=MARKET,
            step="0.01",
            mark="40.25",
            oracle="40.2",
            previous_mark="40.25",
            previous_oracle="40.2",
        )
        cash = {"": "5000.125"} if mode is Regime.CROSS else {}
        members = [
            Member(name=USER, mode=mode, spot={venue.quote: amount}, raw=cash),
            Member(name=OTHER, mode=mode, spot={venue.quote: "75.5"}),
            Member(name="book", raw={"": "1000000000"}),
        ]
        exchange = found(
            venue,
            markets=[hype],
            spots=[SpotMarket(token=token, price="40") for token in venue.tokens if token != venue.quote],
            members=members,
        )
        return perform(exchange, _BUY)[0] if self.abilities.any_genesis else exchange

    def accepted(self, mode: Regime | None = None) -> tuple[Step, ...]:
        """Steps that the engine can do and that the model carries out."""
        exchange, taken = self.exchange(AMOUNT, mode or self.modes[0]), []
        for step in self._able(_STEPS):
            exchange, outcome = perform(exchange, step)
            if outcome["ok"]:
                taken.append(step)
        return tuple(taken)

    def refused(self) -> Step | None:
        """A step that the engine can do and that the model refuses; none where the engine can do none."""
        return next(self._able(_REFUSED), None)

    def _able(self, steps: tuple[Step, ...]) -> Iterator[Step]:
        return (step for step in steps if step["op"] in self.abilities.operations)

    def each_operation(self) -> Iterator[Step]:
        """A step of every operation that the engine declares; most of them are refused."""
        for name in sorted(self.abilities.operations):
            yield self._sample(name)

    def _sample(self, name: str) -> Step:
        if name == DISCHARGE:
            return {"op": name}
        needed = (f.name for f in fields(all_actions()[name]) if f.default is NOTHING)  # type: ignore[arg-type]
        values = {**_SAMPLES, "mode": self.modes[-1].value}
        return {"op": name, **{key: values[key] for key in needed}}
