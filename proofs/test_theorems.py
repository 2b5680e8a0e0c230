"""Every theorem comes out as it is stated, for any parameters and for the venue in force."""

from __future__ import annotations

import pytest

from solvent import load_venue
from solvent.prove.audit import Job, Settings, load, run_job
from solvent.prove.theorem import Verdict

VENUE = load_venue("hyperliquid-beta")
THEOREMS = load()
UNDECIDED = pytest.mark.xfail(strict=True, reason="the solver does not know: neither proved nor refuted yet")
OPEN = {
    "no_collateral_taken_back_makes_a_portfolio_account_liquidatable",
    "withdrawing_in_two_parts_is_withdrawing_the_sum",
}
"""True as far as the exact model shows, and not decided in every cell; the audit shows them as unknown."""


def results(name):
    """With any parameters; with the venue's numbers where that says too little. ``solvent audit`` has every venue."""
    found = [finding.result for finding in run_job(Job(name, None, Settings(needs=False)))]
    verdicts = {result.verdict for result in found}
    if Verdict.REFUTED not in verdicts and (THEOREMS[name].false or verdicts != {Verdict.PROVED}):
        found += [finding.result for finding in run_job(Job(name, VENUE, Settings(needs=False)))]
    return found


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=UNDECIDED) if name in OPEN else name
        for name, stated in THEOREMS.items()
        if not stated.false
    ],
)
def test_a_theorem_is_proved_wherever_it_is_asked(name):
    found = results(name)

    assert {result.verdict for result in found} <= {Verdict.PROVED, Verdict.CONDITIONAL}
    assert all(result.confirmed for result in found)
    assert found


@pytest.mark.parametrize("name", [name for name, stated in THEOREMS.items() if stated.false])
def test_a_statement_that_is_said_to_be_false_has_a_countermodel_that_the_exact_model_confirms(name):
    refuted = [result for result in results(name) if result.verdict is Verdict.REFUTED]

    assert refuted
    assert all(result.confirmed and result.countermodel is not None for result in refuted)
