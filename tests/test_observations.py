"""The model recomputes what the venue reported of real accounts."""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import pytest
from attrs import evolve

from solvent import bundle, observe
from solvent.decimals import Printed
from solvent.ingest import files
from solvent.reconcile.inputs import Inputs
from solvent.reconcile.report import Status, compare_all
from solvent.reconcile.solve import solve
from solvent.rules import all_rules

RECORDED = {path.stem: path for path in sorted((bundle.spec() / "observations").glob("*.json"))}

EXPECTED = {
    "flow-01-mm-replay-20260908": (11, 20),
    "iso-01-freqtrade-29-positions-2024": (29, 0),
    "pm-01-mm-20260908T041930": (76, 1),
    "pm-06-tula-borrow-20260914": (50, 4),
    "pm-alpha-01-0xb1c4-20260331T2209": (21, 1),
    "pm-alpha-02-0xdc00-20260331T2209": (18, 1),
    "pm-alpha-04-0xb1c4-20260331T1522": (11, 3),
    "rates-01-docs-borrowlend-reserves": (10, 0),
    "rates-02-rektslug-reserves-20260331": (12, 0),
    "std-01-tula-default-mode-20260914": (11, 1),
    "std-02-tula-perp-isolated-default-20260914": (68, 7),
    "std-05-docs-example-isolated-eth": (11, 0),
    "ua-01-lifi-0x2359-20260922": (21, 0),
    "ua-02-lifi-0x68e6-20260922": (19, 1),
    "ua-03-tula-unified-short-20260914": (13, 0),
    "ua-05-tula-sub-accounts-20260914": (29, 0),
    "ua-06-tula-perp-long-20260914": (20, 1),
    "ua-07-tula-perp-long-20260909": (12, 1),
    "ua-09-tula-perp-short-20260914": (16, 0),
}
"""How many figures of each record agree, and how many cannot be observed; none differs."""

READINGS_REFUTED = {
    ("PM-RATIO", "documented"): "pm-01-mm-20260908T041930",
    ("PM-HOLD", "beta"): "pm-alpha-01-0xb1c4-20260331T2209",
    ("PM-SPOT-HOLD", "beta"): "pm-alpha-01-0xb1c4-20260331T2209",
    ("PM-SPOT-HOLD", "alpha"): "pm-01-mm-20260908T041930",
    ("PM-COLLATERAL-HOLD", "alpha"): "pm-01-mm-20260908T041930",
}
"""Readings that a record refutes, with the record; each venue's own reading is another one there."""

SMALL = [name for name in RECORDED if name.startswith(("ua", "std-01", "std-05", "pm-alpha", "iso", "rates"))]


@cache
def report(name):
    return observe(files.read(RECORDED[name]), str(RECORDED[name]))


def test_every_record_of_the_folder_is_expected():
    assert list(EXPECTED) == list(RECORDED)


@pytest.mark.parametrize("name", EXPECTED)
def test_no_reported_figure_differs(name):
    differing = [row for row in report(name).comparisons if row.status is Status.DIFFERS]

    assert not differing


@pytest.mark.parametrize("name", EXPECTED)
def test_as_many_figures_agree_as_are_listed(name):
    counts = report(name)

    assert EXPECTED[name] == (counts.count(Status.AGREES), counts.count(Status.NOT_OBSERVABLE))


@pytest.mark.parametrize("name", EXPECTED)
def test_whatever_cannot_be_observed_says_why(name):
    assert all(row.because for row in report(name).comparisons if row.status is not Status.AGREES)


@pytest.mark.parametrize("name", EXPECTED)
def test_an_agreeing_figure_lies_within_its_tolerance(name):
    for row in report(name).comparisons:
        if row.status is Status.AGREES and row.residual is not None and row.tolerance is not None:
            assert abs(row.residual) <= row.tolerance + 10**-10


@pytest.mark.parametrize(
    ("name", "figure", "subject", "digits"),
    [
        ("pm-01-mm-20260908T041930", "margin ratio", "account", 8),
        ("pm-06-tula-borrow-20260914", "margin ratio", "account", 9),
        ("ua-01-lifi-0x2359-20260922", "available after maintenance", "USDC", 7),
        ("ua-09-tula-perp-short-20260914", "liquidation price", "HYPE", 4),
        ("pm-01-mm-20260908T041930", "liquidation price", "ZEC", 6),
        ("flow-01-mm-replay-20260908", "loan", "after 13.446 s", 6),
        ("iso-01-freqtrade-29-positions-2024", "liquidation price", "BTC short 15", 1),
    ],
)
def test_figures_that_show_a_rule_are_reproduced_to_many_digits(name, figure, subject, digits):
    row = next(r for r in report(name).comparisons if (r.figure, r.subject) == (figure, subject))

    assert row.status is Status.AGREES
    assert abs(row.residual) * 10**digits < 1


@pytest.mark.parametrize("name", SMALL)
def test_a_figure_that_is_moved_by_a_thousandth_does_not_agree(name):
    recorded = report(name)
    fresh = evolve(recorded.state, inputs=Inputs(recorded.state.inputs.declared))
    for position, (figure, row) in enumerate(zip(recorded.figures, recorded.comparisons, strict=True)):
        if row.status is not Status.AGREES or row.tolerance is None:
            continue
        moved = row.reported + row.tolerance * 3 + abs(row.reported) / 1000 + Fraction(1, 1000)
        figures = list(recorded.figures)
        figures[position] = evolve(figure, reported=Printed(moved, 12))

        outcome = compare_all(figures, solve(figures, fresh))

        assert not (
            outcome[position].status is Status.AGREES
            and all(other.status is not Status.DIFFERS for other in outcome)
        ), (figure.figure, figure.subject)


@pytest.mark.parametrize(("rule", "reading"), READINGS_REFUTED)
def test_a_record_refutes_the_other_reading(rule, reading):
    path = RECORDED[READINGS_REFUTED[rule, reading]]

    otherwise = observe(files.read(path), str(path), readings={rule: reading})

    assert otherwise.count(Status.DIFFERS)


def test_the_readings_that_no_record_refutes_are_known():
    several = {(r.id, name) for r in all_rules().values() if len(r.readings) > 1 for name in r.readings}
    defaults = {(r.id, r.default) for r in all_rules().values()}

    assert several - defaults - set(READINGS_REFUTED) == {
        ("ADL-PRICE", "oracle"),
        ("MODE-FALLBACK", "existing-borrowers"),
        ("ADL-RANK", "as-printed"),
        ("LIQPX-ROOT", "frozen-tier"),
        ("NUM-CLOSED", "as-documented"),
        ("PERP-ORDER", "larger-side"),
        ("PERP-TRANSFER", "of-sums"),
        ("PM-HOLD", "alpha"),
        ("PM-LIQUIDATABLE", "at-least"),
        ("PM-RATIO", "offset-floor"),
    }


def test_two_runs_give_the_same_report():
    path = RECORDED["pm-06-tula-borrow-20260914"]
    again = observe(files.read(path), str(path))

    assert report(path.stem).comparisons == again.comparisons
