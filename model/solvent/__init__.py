"""How unified accounts and portfolio margin must behave, and engines held to it."""

from solvent.account import Account, Balance, Dex, Order, Position, Regime
from solvent.errors import InputError
from solvent.ingest.venue_file import bundled_venues, load_venue
from solvent.market import Prices
from solvent.reconcile.observe import observe
from solvent.regimes import Assessment, assess
from solvent.venue import Venue

__all__ = [
    "Account",
    "Assessment",
    "Balance",
    "Dex",
    "InputError",
    "Order",
    "Position",
    "Prices",
    "Regime",
    "Venue",
    "assess",
    "bundled_venues",
    "load_venue",
    "observe",
]
