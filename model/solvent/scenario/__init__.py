"""Scenarios: short stories of an exchange, with what must hold after each step."""

from solvent.scenario.facts import Figures, figures, value_of
from solvent.scenario.play import play, reason, touched
from solvent.scenario.reader import read
from solvent.scenario.values import Fact, Failure, Moment, Scenario, Step
from solvent.scenario.writer import write, write_log

__all__ = [
    "Fact",
    "Failure",
    "Figures",
    "Moment",
    "Scenario",
    "Step",
    "figures",
    "play",
    "read",
    "reason",
    "touched",
    "value_of",
    "write",
    "write_log",
]
