"""Inputs for properties of rules and engines, drawn by Hypothesis."""

from solvent.explore.numbers import admits, arguments, numbers, tables

__all__ = ["admits", "arguments", "numbers", "tables"]
