"""States whose every number is a finite decimal, so that any engine can begin with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from solvent.decimals import show
from solvent.exchange import Exchange
from solvent.exchange.record import number_of
from solvent.explore.choices import exactly
from solvent.protocol.genesis import exchange_of, genesis_of

PLACES = 18
"""The most decimals of a number that is rounded."""
_STATED = ("accounts", "markets", "treasury", "external")
"""The parts of a genesis whose quotients come from dividing, and not from a venue's parameters."""


def decimal_genesis(exchange: Exchange) -> dict[str, Any]:
    """The state as a genesis, quotients rounded; what rounding takes from a pool's claims goes to its reserve."""
    genesis = genesis_of(exchange)
    for part in _STATED:
        genesis[part] = _rounded(genesis[part])
    rounded = exchange_of(genesis)
    for token, pool in rounded.pools.items():
        reserve = exactly(pool.cash + pool.borrowed - pool.supplied)
        genesis["pools"][token]["reserve"] = show(reserve, 2 * PLACES)
    return genesis


def _rounded(content: Any) -> Any:
    if isinstance(content, Mapping):
        return {key: _rounded(value) for key, value in content.items()}
    if isinstance(content, list):
        return [_rounded(value) for value in content]
    return (
        show(number_of(content), PLACES)
        if isinstance(content, str) and "/" in content and content[-1].isdigit()
        else content
    )
