"""The time of recomputing everything that a venue reported of one account."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from solvent import bundle
from solvent.ingest import strict_json
from solvent.reconcile.observe import kind_of, observe


def largest_bundle() -> Path:
    """The recorded account of the largest file, or skip the test that asks for it."""
    recorded = [
        path
        for path in sorted((bundle.spec() / "observations").glob("*.json"))
        if kind_of(strict_json.load(path), path.name) == "account-bundle"
    ]
    if not recorded:
        pytest.skip("spec/observations holds no recorded account")
    return max(recorded, key=lambda path: path.stat().st_size)


@pytest.mark.benchmark(group="one recorded account")
def test_a_recorded_account_is_recomputed(benchmark: BenchmarkFixture) -> None:
    path = largest_bundle()
    document = strict_json.load(path)
    benchmark.extra_info["observation"] = path.stem

    report = benchmark(observe, document, path.name)

    assert report.figures
