"""What the command prints of the same holdings under every regime, for constructed accounts that show the difference."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from command import EXAMPLES, OBSERVATIONS, PM, UNIFIED, run

NAMES = [
    "carry-050k", "carry-100k", "carry-150k", "carry-200k", "long-short", "one-perp", "one-perp-500-hype",
]  # fmt: skip


def table(name):
    """The printed rows of an example: by label, the cells of isolated, cross, unified and portfolio."""
    outcome = run("account", "--compare", "--venue", "hyperliquid-beta", EXAMPLES / f"{name}.json")
    assert (outcome.code, outcome.err) == (0, "")
    heading, *lines = outcome.out.rstrip().splitlines()
    assert heading.split() == [name, "isolated", "cross", "unified", "portfolio"]
    starts = heading.index("isolated") + len("isolated") - max(len(line.split()[-1]) for line in lines)
    return {line[:28].strip(): line[min(28, starts) :].replace("no equity", "none").split() for line in lines}


def test_every_example_is_shown_here():
    assert sorted(path.stem for path in EXAMPLES.iterdir()) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_an_example_says_that_it_is_constructed(name):
    provenance = json.loads((EXAMPLES / f"{name}.json").read_text())["provenance"]

    assert provenance["note"].startswith("Constructed, not recorded. ")
    assert "recordedAt" not in provenance


@pytest.mark.parametrize(
    ("name", "needed", "saved"),
    [
        ("carry-050k", ["0.00"] * 4, ["0.00", "0.00", "0.00"]),
        ("carry-100k", ["10,000.00"] * 3 + ["0.00"], ["0.00", "0.00", "10,000.00"]),
        ("carry-150k", ["65,000.00"] * 3 + ["0.00"], ["0.00", "0.00", "65,000.00"]),
        ("carry-200k", ["120,000.00"] * 3 + ["20,000.00"], ["0.00", "0.00", "100,000.00"]),
        # 100 ETH and 5 BTC have an initial margin of 27,500 each; each has moved by 50,000.
        ("long-short", ["77,500.00"] + ["55,000.00"] * 3, ["22,500.00", "0.00", "0.00"]),
        ("one-perp", ["19,000.00"] * 4, ["0.00", "0.00", "0.00"]),
        # 500 HYPE at 40 lend 13,000 at an LTV of 0.65.
        ("one-perp-500-hype", ["10,000.00"] * 3 + ["0.00"], ["0.00", "0.00", "10,000.00"]),
    ],
)
def test_the_capital_that_each_regime_needs(name, needed, saved):
    rows = table(name)

    assert rows["capital needed (USDC)"] == needed
    assert rows["saved by the step"] == saved


@pytest.mark.parametrize(
    ("name", "ratio"),
    [("carry-100k", "0.0328"), ("carry-150k", "0.4699"), ("carry-200k", "0.6885"), ("one-perp", "0.1125")],
)
def test_the_margin_ratio_under_portfolio_margin(name, ratio):
    assert table(name)["margin ratio"][-1] == ratio


@pytest.mark.parametrize("name", ["carry-100k", "carry-150k", "carry-200k"])
def test_only_portfolio_margin_keeps_the_carry_trade_alive(name):
    *others, portfolio = table(name)["status"]

    assert portfolio == "healthy"
    assert set(others) <= {"liquidatable", "bankrupt"}


@pytest.mark.parametrize("name", ["one-perp", "long-short"])
def test_portfolio_margin_changes_nothing_without_collateral(name):
    assert all(cells[-1] == cells[-2] for cells in table(name).values())


@pytest.mark.parametrize("name", NAMES)
def test_initial_and_maintenance_margin_are_the_same_under_every_regime(name):
    rows = table(name)

    assert len(set(rows["initial margin"])) == len(set(rows["maintenance margin"])) == 1


@pytest.mark.parametrize("name", NAMES)
def test_text_and_json_of_a_comparison_show_the_same_numbers(name):
    outcome = run("account", "--compare", "--json", "--venue", "hyperliquid-beta", EXAMPLES / f"{name}.json")
    (account,) = json.loads(outcome.out)["accounts"]
    rows = table(name)

    assert [f"{float(side['capital']):,.2f}" for side in account["regimes"]] == rows["capital needed (USDC)"]
    assert [side["status"] for side in account["regimes"]] == rows["status"]


def test_money_is_shown_to_the_cent():
    (account,) = json.loads(run("account", "--compare", "--json", PM).out)["accounts"]
    (line,) = (line for line in run("account", "--compare", PM).out.splitlines() if "capital needed" in line)
    capital = [round(Decimal(side["capital"]), 2) for side in account["regimes"]]

    assert any(amount % 1 for amount in capital)
    assert line.split()[-4:] == [f"{amount:,.2f}" for amount in capital]


def test_a_record_that_is_no_account_has_nothing_to_compare():
    path = OBSERVATIONS / "iso-01-freqtrade-29-positions-2024.json"
    outcome = run("account", "--compare", path, UNIFIED)

    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == (
        f"solvent: {path}: found no perp state; expected an account bundle with clearinghouseState\n"
    )
