"""Recomputed accounts as JSON, in the form of the schema ``account-report``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from solvent.compare import Compared
from solvent.decimals import show, show_up
from solvent.reconcile.report import Comparison, Report, Status
from solvent.regimes.assessment import Assessment
from solvent.rules.kinds import Ratio

SCHEMA = "account-report"


def as_json(reports: Sequence[Report], compared: Mapping[str, Compared]) -> dict[str, Any]:
    """All reports with the sums of their statuses.

    Args:
        reports: the recomputed accounts.
        compared: by source, the account under every regime, where that was asked for.
    """
    return {
        "accounts": [_account(report, compared.get(report.source)) for report in reports],
        "summary": {
            "agrees": sum(report.count(Status.AGREES) for report in reports),
            "differs": sum(report.count(Status.DIFFERS) for report in reports),
            "notObservable": sum(report.count(Status.NOT_OBSERVABLE) for report in reports),
        },
    }


def _account(report: Report, compared: Compared | None) -> dict[str, Any]:
    account: dict[str, Any] = {
        "id": report.id,
        "regime": report.regime.value,
        "venue": report.venue,
        "figures": [_figure(comparison) for comparison in report.comparisons],
    }
    if compared is not None:
        account["regimes"] = [
            _regime(assessment, compared.saved[regime]) for regime, assessment in compared.assessments.items()
        ]
    return account


def _figure(comparison: Comparison) -> dict[str, Any]:
    return {
        "figure": comparison.figure,
        "subject": comparison.subject,
        "rule": comparison.rule,
        "reported": _text(comparison.reported),
        "computed": _text(comparison.computed),
        "residual": _text(comparison.residual),
        "tolerance": None if comparison.tolerance is None else show_up(comparison.tolerance),
        "status": comparison.status.value,
        "because": comparison.because or None,
    }


def _text(value: Fraction | None) -> str | None:
    return None if value is None else show(value)


def _regime(assessment: Assessment, saved: Fraction | None) -> dict[str, Any]:
    capital: Any = assessment.capital
    return {
        "regime": assessment.regime.value,
        "status": assessment.status,
        "requirement": _exact(assessment.requirement),
        "initialMargin": _exact(assessment.initial),
        "capital": None if capital is None else _exact(capital),
        "saved": _text(saved),
        "available": {token: _exact(amount) for token, amount in assessment.available.items()},
        "marginRatio": _ratio(assessment.ratio),
        "liquidationPrices": {
            market: None if price.price is None else _exact(price.price)
            for market, price in assessment.liquidation_prices.items()
        },
    }


def _exact(value: Any) -> str:
    return show(Fraction(value))


def _ratio(ratio: Ratio | None) -> dict[str, Any] | None:
    if ratio is None:
        return None
    numerator, denominator = (Fraction(part) for part in (ratio.numerator, ratio.denominator))  # type: ignore[call-overload]
    value = show(numerator / denominator, 10) if denominator > 0 else None
    return {"numerator": show(numerator), "denominator": show(denominator), "value": value}
