"""Theorems about the rules, proved over the terms that the rules themselves give."""

from solvent.prove.symbolic import exact, flag, leaves, parameters, real, symbolic_arguments, term

__all__ = ["exact", "flag", "leaves", "parameters", "real", "symbolic_arguments", "term"]
