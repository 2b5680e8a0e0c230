"""States and steps whose every number is a short decimal, so that any engine can take them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from solvent.arithmetic import ZERO
from solvent.decimals import show
from solvent.exchange import Exchange
from solvent.exchange.record import number_of
from solvent.protocol.genesis import genesis_of

PLACES = 18
"""The most decimals of a number that is rounded."""
_LONG = re.compile(rf"-?\d+(\.\d+)?/\d+(\.\d+)?|-?\d+\.\d{{{PLACES + 1},}}")
"""A quotient, or a decimal with more places."""


def decimal_genesis(exchange: Exchange) -> dict[str, Any]:
    """The state as a genesis, long numbers rounded; what rounding takes from a pool's claims goes to its reserve."""
    exact = genesis_of(exchange)
    genesis: dict[str, Any] = shortened(exact)
    if any(genesis[part] != exact[part] for part in ("accounts", "pools")):
        for token, pool in genesis["pools"].items():
            pool["reserve"] = show(_reserve(genesis, token), 2 * PLACES)
    return genesis


def _reserve(genesis: Mapping[str, Any], token: str) -> Fraction:
    """What a pool's cash and loans leave to the venue."""
    pool = genesis["pools"][token]

    def claims(what: str, index: str) -> Fraction:
        shares = (number_of(one.get(what, {}).get(token, "0")) for one in genesis["accounts"].values())
        return Fraction(sum(shares, ZERO) * number_of(pool.get(index, "1")))

    owed = claims("debt_shares", "debt_index") - claims("supply_shares", "supply_index")
    return Fraction(number_of(pool.get("cash", "0")) + owed)


def shortened(content: Any) -> Any:
    """Plain values with every long number in them rounded."""
    if isinstance(content, Mapping):
        return {key: shortened(value) for key, value in content.items()}
    if isinstance(content, list):
        return [shortened(value) for value in content]
    if isinstance(content, str) and _LONG.fullmatch(content):
        return show(number_of(content), PLACES)
    return content
