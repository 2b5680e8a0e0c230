"""How positions and balances are margined together: one module per regime."""

from solvent.regimes.assess import assess
from solvent.regimes.assessment import Assessment, Line, LiquidationPrice, Pool

__all__ = ["Assessment", "Line", "LiquidationPrice", "Pool", "assess"]
