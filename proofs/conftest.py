"""Theorems as tests: those that are collected are decided together, in as many processes as there are cores."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from solvent import bundled_venues
from solvent.prove.audit import Audit, Settings
from solvent.prove.kept import Finding


@pytest.fixture(scope="session")
def findings(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, tuple[Finding, ...]]:
    """What is found of each collected theorem in all of its cells.

    Results are kept from run to run: they are found by the content of their obligation, and hold models that the exact
    model has to confirm again.
    """
    cache = getattr(request.config, "cache", None)
    kept: Path = tmp_path_factory.mktemp("kept") if cache is None else cache.mkdir("theorems")
    items = [item for item in request.session.items if isinstance(item, pytest.Function)]
    names = [
        item.callspec.params["name"]
        for item in items
        if hasattr(item, "callspec") and "name" in item.callspec.params
    ]
    asked = Audit(
        venues=list(bundled_venues().values()),
        names=names,
        settings=Settings(kept=kept, needs=False),
        workers=os.cpu_count() or 1,
    )
    return {each.theorem.name: each.findings for each in asked.run()}
