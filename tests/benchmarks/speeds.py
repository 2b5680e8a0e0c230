"""Assessments per second of what is measured side by side, and how they compare."""

from __future__ import annotations

from collections.abc import Callable

import peer_process
from attrs import Factory, frozen
from pytest_benchmark.fixture import BenchmarkFixture

TIMES = 100
"""How many assessments one round takes."""
ROUNDS = 15
WARM_UP = 10
"""Rounds before the first that counts; the peer's engine compiles in them."""

SOLVENT = "Solvent"
FROM_STRINGS = "Solvent from decimal strings"
PEER = f"{peer_process.PACKAGE} {peer_process.VERSION}"


@frozen
class Speeds:
    """Assessments per second by the fastest round, since other work on the machine only adds time."""

    rates: dict[str, float] = Factory(dict)

    def measure(self, name: str, benchmark: BenchmarkFixture, assess_times: Callable[[], object]) -> None:
        """Measure a function that assesses ``TIMES`` times."""
        benchmark.group = f"{TIMES} assessments of five cross legs"
        benchmark.pedantic(assess_times, rounds=ROUNDS, warmup_rounds=WARM_UP)  # type: ignore[no-untyped-call]
        if benchmark.stats is not None:
            self.rates[name] = TIMES / benchmark.stats.stats.min
            benchmark.extra_info["assessments_per_second"] = self.rates[name]

    @property
    def ratios(self) -> dict[str, float]:
        """How many times as fast as the peer each of the others is; empty where the peer was not measured."""
        if PEER not in self.rates:
            return {}
        return {name: rate / self.rates[PEER] for name, rate in self.rates.items() if name != PEER}

    @property
    def line(self) -> str:
        """The comparison in one line; empty where the peer was not measured."""
        ours = ", ".join(
            f"{name} {self.rates[name]:.0f}/s ({r:.2f} times)" for name, r in self.ratios.items()
        )
        return ours and f"five cross legs: {ours} beside {PEER} {self.rates[PEER]:.0f}/s"
