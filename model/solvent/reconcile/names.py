"""What the inputs of a recomputation are called, in reports and in code."""

from __future__ import annotations

MOVE = "the move of marks between the calls"
SCALE = "the scale of the record"


def orders_of(dex: str) -> str:
    """The name of the order margin of a dex."""
    return f"the order margin of {dex or 'the main dex'}"


def change_of_orders(dex: str) -> str:
    """The name of how far the order margin of a dex has changed between the calls."""
    return f"the change of orders of {dex or 'the main dex'} between the calls"


def raw_of(dex: str) -> str:
    """The name of the cross balance of a dex."""
    return f"the cross balance of {dex or 'the main dex'}"


REST = ("value", "isolated margin", "initial margin", "maintenance margin", "transfer requirement")
"""What positions that were not recorded add to."""


PERPS = ("account value", "isolated margin", "maintenance margin", "commitments")
"""What perps add to a balance where no dex was recorded."""


def of_perps(what: str) -> str:
    """The name of what perps add to a balance where no dex was recorded."""
    return f"the {what} of perps"


def free_at(market: str) -> str:
    """The name of how much more margin was free at the call for a market than at that of its dex."""
    return f"the change of free margin until the call for {market}"


def resting_in(market: str, side: int) -> str:
    """The name of what rests in buys (side 1) or sells (-1) of a market beyond those recorded (contracts)."""
    return f"the size of further resting {'buys' if side > 0 else 'sells'} of {market}"


def rest_of(what: str, dex: str) -> str:
    """The name of what positions that were not recorded add to a sum."""
    return f"the {what} of positions of {dex or 'the main dex'} that were not recorded"


IDLE = "the idle balance too small to be supplied"
ELSEWHERE = "what dexes that were not recorded hold"


def price_of(token: str, call: str) -> str:
    """The name of a token's borrow oracle price at the instant of a call."""
    return f"the {token} price at the {call} call"
