"""Named invariants of the exchange, one sentence each, for machines, proofs and gating alike.

A state invariant says something about every reachable state, a step invariant about every action. Both are
claims over numbers of any reading. One that is false for the documented rules stays in the list, with the scenario
that refutes it.
"""

from solvent.invariants import states, steps
from solvent.invariants.kit import (
    Claim,
    Invariant,
    Violation,
    changed,
    holdings,
    state_invariants,
    step_invariants,
    step_violations,
    violations,
)

__all__ = [
    "Claim",
    "Invariant",
    "Violation",
    "changed",
    "holdings",
    "state_invariants",
    "states",
    "step_invariants",
    "step_violations",
    "steps",
    "violations",
]
