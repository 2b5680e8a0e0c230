"""Prices at one instant."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from attrs import field, frozen

from solvent.arithmetic import Number
from solvent.decimals import exact

_NONE: Mapping[str, Number] = MappingProxyType({})


def _exact(prices: Mapping[str, Any]) -> Mapping[str, Number]:
    return {name: exact(price) for name, price in prices.items()}


@frozen(kw_only=True)
class Prices:
    """The prices that an assessment takes, all of one instant.

    Attributes:
        marks: mark price (USD) by market.
        tokens: borrow oracle price (USDC) by token; the quote token stands at one where it is left out.

    Prices may be given as integers, plain decimal strings or fractions, and are held as fractions.
    """

    marks: Mapping[str, Number] = field(default=_NONE, converter=_exact)
    tokens: Mapping[str, Number] = field(default=_NONE, converter=_exact)

    def mark(self, market: str) -> Number:
        """The mark price of a market.

        Raises:
            LookupError: no mark price is given for it.
        """
        if market not in self.marks:
            raise LookupError(f"no mark price for {market}")
        return self.marks[market]

    def token(self, token: str) -> Number:
        """The borrow oracle price of a token.

        Raises:
            LookupError: no borrow oracle price is given for it.
        """
        if token not in self.tokens:
            raise LookupError(f"no borrow oracle price for {token}")
        return self.tokens[token]
