"""Engines that others wrote are gated: over thousands of accounts, every difference is a finding that is recorded."""

from __future__ import annotations

import os
from collections import Counter
from fractions import Fraction

import pytest
from attrs import evolve, frozen
from foreign.findings import ASKED, asked, explained, parameter
from foreign.hyperliquid import HYPERLIQUID_MATH
from foreign.nautilus import NAUTILUS_TRADER

from solvent import bundle
from solvent.conform.connect import connect
from solvent.conform.generate import accounts
from solvent.conform.program import expected
from solvent.conform.values import flat
from solvent.decimals import show
from solvent.rulebook import entries

PROGRAMS = int(os.environ.get("SOLVENT_FOREIGN_PROGRAMS", "570"))
"""How many states are asked about, each in two modes; 570 make two thousand accounts."""
ENGINES = (HYPERLIQUID_MATH, NAUTILUS_TRADER)
ENGINE = pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.name)
FINDING = pytest.mark.parametrize(
    ("engine", "finding"),
    [pytest.param(engine, finding, id=finding.id) for engine in ENGINES for finding in engine.findings],
)


@frozen
class Tally:
    """What an engine came to: how many accounts it was asked about, how many showed each finding, what none explains."""

    accounts: int
    shown: Counter[str]
    strange: list[tuple[str, int]]


@pytest.fixture(scope="module")
def programs():
    """States as the kit generates them; in every tenth of them a parameter has a value that no venue gives it."""
    twisted = parameter("transfer_fraction", "0.2")
    made = enumerate(accounts(5, range(PROGRAMS), ASKED))
    return [p if n % 10 else evolve(p, genesis=twisted(p.genesis)) for n, p in made]


@pytest.fixture(scope="module")
def address(pytestconfig):
    """The address of an engine in a mode; the test is skipped where the engine is not to be had."""
    ready = {}

    def of(engine, mode):
        if engine.name not in ready:
            ready[engine.name] = engine.install(pytestconfig.cache.mkdir(f"foreign-{engine.name}"))
        return ready[engine.name](mode)

    return of


@pytest.fixture(scope="module")
def tally(address, programs):
    """What an engine comes to, over all its modes."""
    done = {}

    def of(engine):
        if engine.name not in done:
            done[engine.name] = tallied(engine, address, programs)
        return done[engine.name]

    return of


def tallied(engine, address, programs):
    shown, strange, total = Counter(), [], 0
    for mode, regime in engine.modes.items():
        with connect(address(engine, mode)) as line:
            abilities = line.greeting.abilities
            for number, program in enumerate(programs):
                question = asked(program, regime, tuple(sorted(abilities.fields)))
                found = explained(question, line.ask(question.message(number)), abilities, engine.findings)
                total += len(question.genesis["accounts"])
                shown.update(found or ())
                strange += [(mode, number)] if found is None else []
    return Tally(total, shown, strange)


@ENGINE
def test_every_difference_is_a_recorded_finding(tally, engine):
    come = tally(engine)

    print(f"{engine.name}: {come.accounts} accounts, {dict(come.shown)}")  # noqa: T201 - for the page of findings
    assert come.strange == []
    assert come.accounts > 2 * PROGRAMS


@FINDING
def test_every_recorded_finding_is_shown_by_some_account(tally, engine, finding):
    assert tally(engine).shown[finding.id] > 0


@FINDING
def test_the_smallest_account_of_a_finding_shows_it_alone(address, engine, finding):
    example = finding.example
    with connect(address(engine, finding.mode)) as line:
        abilities = line.greeting.abilities
        program = example.program(tuple(sorted(abilities.fields)))
        reply = line.ask(program.message(1))
    path = ("accounts", "ann", *example.path)
    model = expected(program)[0].picture[path]

    assert (show(model) if isinstance(model, Fraction) else model) == example.solvent
    assert dict(flat(reply["state"])).get(path, "nothing") == example.engine
    assert explained(program, reply, abilities, engine.findings) == (finding.id,)


@FINDING
def test_the_page_tells_of_each_finding_its_rule_and_both_numbers(engine, finding):
    page = (bundle.spec() / "findings.md").read_text(encoding="utf-8")
    section = page.partition(f"### {finding.id}: ")[2].partition("\n##")[0]

    assert engine.name in page
    assert finding.rule in section
    assert entries()[finding.rule].sentence in section
    assert f"`{finding.example.solvent}`" in section
    assert f"`{finding.example.engine}`" in section


def test_the_page_tells_of_no_finding_that_there_is_not():
    page = (bundle.spec() / "findings.md").read_text(encoding="utf-8")
    told = [line[4:].partition(":")[0] for line in page.splitlines() if line.startswith("### ")]

    assert told == [finding.id for engine in ENGINES for finding in engine.findings]
