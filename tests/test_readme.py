"""What the README shows is what a reader gets."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest

from solvent import load_venue, observe
from solvent.compare import compare
from solvent.ingest import files
from solvent.ingest.holdings import holdings
from solvent.mutants import catalogue
from solvent.prove.audit import load

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGE = (ROOT / "spec" / "conformance.md").read_text(encoding="utf-8")
CONSOLE = re.findall(r"```console\n\$ (solvent [^\n]*)\n(.*?)```", README + PAGE, re.DOTALL)
PYTHON = re.search(r"```python\n(.*?)```\n\n```text\n(.*?)```", README, re.DOTALL)


def run(*command, cwd=ROOT):
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    told = subprocess.run(
        command, cwd=cwd, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )
    return told.stdout


def lines(text):
    return [" ".join(line.split()) for line in text.strip().splitlines()]


@pytest.mark.parametrize(("command", "shown"), CONSOLE, ids=[command for command, _ in CONSOLE])
def test_a_command_prints_what_is_shown(command, shown, tmp_path):
    words = shlex.split(command)
    place = tmp_path if words[1] == "conform" else ROOT
    printed = lines(run(sys.executable, "-m", "solvent", *words[1:], cwd=place))

    position = 0
    for line in lines(shown):
        if line == "...":
            continue
        assert line in printed[position:], line
        position = printed.index(line, position) + 1


def test_every_command_that_is_shown_is_run():
    assert len(CONSOLE) == (README + PAGE).count("```console") == 7


def test_the_numbers_of_theorems_and_mutants_are_those_that_there_are():
    assert f"decides {len(load())} theorems" in README
    assert f"of {len(catalogue())} engines with one mistake each" in README


def test_the_python_example_prints_what_is_shown():
    code, shown = PYTHON.groups()

    assert run(sys.executable, "-c", code) == shown
    assert len([line for line in code.splitlines() if line.strip()]) <= 12


def test_the_sums_of_the_recorded_accounts_are_those_of_the_command():
    stated = re.search(
        r"Over the (\d+) recorded .*?, (\d+) of (\d+) reported\s+figures agree.*?other (\d+) say",
        README,
        re.DOTALL,
    )
    last = run(
        sys.executable,
        "-m",
        "solvent",
        "account",
        *map(str, sorted((ROOT / "spec/observations").glob("*.json"))),
    )
    accounts, agree, figures, silent = stated.groups()

    assert (
        f"{figures} figures of {accounts} accounts: {agree} agree, 0 differ, {silent} not observable" in last
    )


def capital(name):
    source = ROOT / "spec" / "examples" / f"{name}.json"
    report = observe(files.read(source), str(source))
    venue = load_venue("hyperliquid-beta")
    held = holdings(report.state.record, report.regime, venue)
    return [side.capital for side in compare(held.account, held.prices, venue).assessments.values()]


@pytest.mark.parametrize("price", ["50,000", "100,000", "150,000", "200,000"])
def test_the_table_of_the_carry_trade_is_computed(price):
    row = re.search(rf"^\| {price} \|(.*)\|$", README, re.MULTILINE)[1]
    name = f"carry-{int(price.partition(',')[0]):03d}k"

    assert [Fraction(cell.replace(",", "").strip()) for cell in row.split("|")] == capital(name)


def saved(name):
    _, _, unified, portfolio = capital(name)
    return 1 - portfolio / unified


def test_no_portfolio_of_the_examples_saves_the_30_percent_that_are_often_claimed():
    assert saved("carry-150k") == 1
    assert round(saved("carry-200k"), 2) == Fraction(83, 100)
    assert saved("long-short") == 0
    assert saved("one-perp") == 0
    assert saved("one-perp-500-hype") == 1


def test_lending_multiplies_a_holding_by_at_most_what_is_stated():
    tokens = load_venue("hyperliquid-beta").tokens

    assert 1 / (1 - tokens["UBTC"].ltv) == 2
    assert round(1 / (1 - tokens["HYPE"].ltv), 2) == Fraction(286, 100)
    assert round(Fraction("0.50") / Fraction("0.15"), 1) == Fraction(33, 10)
