"""Benchmarks are measured where this folder is asked for; in any other run each of them runs once, as a test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import peer_process
import pytest
from pytest_benchmark.fixture import BenchmarkFixture
from speeds import PEER, Speeds

from solvent.ingest.venue_file import load_venue
from solvent.venue import Venue

FOLDER = Path(__file__).parent
SPEEDS = pytest.StashKey[Speeds]()


def asked_for(config: pytest.Config) -> bool:
    """Whether the command line names this folder or something in it."""
    paths = (Path(argument.partition("::")[0]).resolve() for argument in config.args)
    return any(FOLDER in (path, *path.parents) for path in paths)


@pytest.fixture(scope="session")
def measures(pytestconfig: pytest.Config) -> bool:
    """Whether benchmarks are measured."""
    return asked_for(pytestconfig)


@pytest.fixture
def benchmark(benchmark: BenchmarkFixture, pytestconfig: pytest.Config) -> BenchmarkFixture:
    benchmark.disabled = benchmark.disabled or not asked_for(pytestconfig)
    return benchmark


@pytest.fixture(scope="session")
def venue() -> Venue:
    return load_venue("hyperliquid-beta")


@pytest.fixture(scope="session")
def speeds(pytestconfig: pytest.Config) -> Speeds:
    return pytestconfig.stash.setdefault(SPEEDS, Speeds())


@pytest.fixture(scope="session")
def peer(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[peer_process.Peer]:
    if not asked_for(pytestconfig):
        pytest.skip(f"{PEER} is installed only where tests/benchmarks is asked for")
    folder = tmp_path_factory.mktemp("peer")
    peer_process.install(folder)
    with peer_process.running(folder) as peer:
        yield peer


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    speeds = config.stash.get(SPEEDS, None)
    if speeds is not None and speeds.line:
        terminalreporter.write_line(speeds.line)
