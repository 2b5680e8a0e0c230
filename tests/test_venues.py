"""The bundled venues say what their sources say, and every value names its source."""

from __future__ import annotations

import re
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

import pytest
from attrs import fields

from solvent import bundle
from solvent.ingest.venue_file import bundled_venues, load_venue, venue_at
from solvent.venue import Parameters

VENUES = bundled_venues()
FOLDER = bundle.spec() / "venues"
MARGIN_TABLES = {
    (name, table.name): table for name, venue in VENUES.items() for table in venue.tables.values()
}
CAPS = ("user_borrow_cap", "user_supply_cap", "global_borrow_cap", "global_supply_cap")


def test_the_bundled_venues_stand_in_order_of_date():
    assert list(VENUES) == [
        "hyperliquid-pre-alpha",
        "hyperliquid-alpha",
        "hyperliquid-alpha-2026-05",
        "hyperliquid-alpha-2026-06",
        "hyperliquid-beta-2026-06",
        "hyperliquid-beta",
    ]


def test_each_phase_begins_the_day_after_the_one_before_and_the_last_is_in_force():
    phases = list(VENUES.values())

    assert all(after.since == before.until + timedelta(days=1) for before, after in pairwise(phases))
    assert phases[-1].until is None


@pytest.mark.parametrize(
    ("day", "name"),
    [
        ("2024-01-01", "hyperliquid-pre-alpha"),
        ("2026-03-13", "hyperliquid-pre-alpha"),
        ("2026-03-14", "hyperliquid-alpha"),
        ("2026-05-06", "hyperliquid-alpha"),
        ("2026-05-07", "hyperliquid-alpha-2026-05"),
        ("2026-06-22", "hyperliquid-alpha-2026-06"),
        ("2026-06-23", "hyperliquid-beta-2026-06"),
        ("2026-08-10", "hyperliquid-beta-2026-06"),
        ("2026-08-11", "hyperliquid-beta"),
        ("2030-01-01", "hyperliquid-beta"),
    ],
)
def test_the_venue_at_a_day_is_the_phase_in_force(day, name):
    assert venue_at(date.fromisoformat(day)).name == name


@pytest.mark.parametrize(
    ("name", "token", "ltv", "caps"),
    [
        ("hyperliquid-pre-alpha", "USDC", "0", (1000, None, None, None)),
        ("hyperliquid-pre-alpha", "HYPE", "0.5", (None, 200, None, None)),
        ("hyperliquid-alpha", "USDC", "0", (1_000_000, 5_000_000, 100_000_000, 500_000_000)),
        ("hyperliquid-alpha", "USDH", "0", (1_000_000, 5_000_000, 100_000_000, 500_000_000)),
        ("hyperliquid-alpha", "HYPE", "0.5", (None, 50_000, None, 1_000_000)),
        ("hyperliquid-alpha", "UBTC", "0.5", (None, 20, None, 400)),
        ("hyperliquid-alpha-2026-05", "USDC", "0", (10_000_000, 50_000_000, 200_000_000, 1_000_000_000)),
        ("hyperliquid-alpha-2026-05", "USDH", "0", (1_000_000, 5_000_000, 100_000_000, 500_000_000)),
        ("hyperliquid-alpha-2026-05", "HYPE", "0.5", (None, 500_000, None, 10_000_000)),
        ("hyperliquid-alpha-2026-05", "UBTC", "0.5", (None, 200, None, 4000)),
        ("hyperliquid-alpha-2026-06", "USDT0", "0", (1_000_000, 5_000_000, 10_000_000, 50_000_000)),
        ("hyperliquid-alpha-2026-06", "UBTC", "0.5", (None, 200, None, 4000)),
        ("hyperliquid-beta-2026-06", "USDC", "0", (50_000_000, 250_000_000, 500_000_000, 1_000_000_000)),
        ("hyperliquid-beta-2026-06", "HYPE", "0.5", (None, 1_000_000, None, 10_000_000)),
        ("hyperliquid-beta", "HYPE", "0.65", (None, 1_000_000, None, 10_000_000)),
        ("hyperliquid-beta", "UBTC", "0.5", (None, 200, None, 2000)),
        ("hyperliquid-beta", "USDT0", "0", (1_000_000, 5_000_000, 10_000_000, 50_000_000)),
    ],
)
def test_ltv_and_caps_are_those_of_the_phase(name, token, ltv, caps):
    stated = load_venue(name).tokens[token]

    assert stated.ltv == Fraction(ltv)
    assert tuple(getattr(stated, cap) for cap in CAPS) == caps


@pytest.mark.parametrize(
    ("name", "borrowable", "collateral"),
    [
        ("hyperliquid-pre-alpha", {"USDC"}, {"HYPE"}),
        ("hyperliquid-alpha", {"USDC", "USDH"}, {"HYPE", "UBTC"}),
        ("hyperliquid-alpha-2026-05", {"USDC", "USDH"}, {"HYPE", "UBTC"}),
        ("hyperliquid-alpha-2026-06", {"USDC", "USDH", "USDT0"}, {"HYPE", "UBTC"}),
        ("hyperliquid-beta-2026-06", {"USDC", "USDT0"}, {"HYPE", "UBTC"}),
        ("hyperliquid-beta", {"USDC", "USDT0"}, {"HYPE", "UBTC"}),
    ],
)
def test_borrowable_tokens_and_collaterals_are_those_of_the_phase(name, borrowable, collateral):
    tokens = VENUES[name].tokens.values()

    assert {token.name for token in tokens if token.is_borrowable} == borrowable
    assert {token.name for token in tokens if token.is_collateral} == collateral


def test_thresholds_lie_half_way_between_ltv_and_one():
    tokens = VENUES["hyperliquid-beta"].tokens

    assert tokens["HYPE"].threshold == Fraction("0.825")
    assert tokens["UBTC"].threshold == Fraction("0.75")


@pytest.mark.parametrize("name", VENUES)
def test_token_indexes_are_those_of_the_venue(name):
    known = {"USDC": 0, "HYPE": 150, "UBTC": 197, "USDT0": 268, "USDH": 360}

    assert all(token.index == known[token.name] for token in VENUES[name].tokens.values())


def test_eligibility_changes_from_volume_to_value_with_the_beta():
    eligibility = {
        name: (venue.parameters.eligible_volume, venue.parameters.eligible_value)
        for name, venue in VENUES.items()
    }

    alpha, beta = (5_000_000, None), (None, 25_000_000)
    assert list(eligibility.values()) == [(None, None), alpha, alpha, alpha, beta, beta]


def test_holds_follow_the_alpha_reading_until_the_beta():
    rules = ("PM-HOLD", "PM-SPOT-HOLD", "PM-COLLATERAL-HOLD")

    for name, venue in VENUES.items():
        assert venue.readings == ({} if "beta" in name else dict.fromkeys(rules, "alpha"))
    assert VENUES["hyperliquid-alpha"].rule("PM-HOLD").__name__ == "alpha_quote_hold"


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("fee_taker", "0.00045"),
        ("fee_maker", "0.00015"),
        ("backstop_fraction", "2/3"),
        ("rate_year", "31536000"),
        ("rate_slope", "4.75"),
        ("usd_unit", "0.000001"),
        ("margin_ratio_trigger", "0.95"),
        ("partial_from", "100000"),
        ("collateral_half_life", "600"),
    ],
)
def test_the_perp_and_lending_parameters_are_the_same_in_every_phase(parameter, value):
    assert {getattr(venue.parameters, parameter) for venue in VENUES.values()} == {Fraction(value)}


@pytest.mark.parametrize("name", VENUES)
def test_every_value_has_its_unit_and_a_source_with_a_date(name):
    venue = VENUES[name]
    parameters = {f"parameters.{f.name}": (getattr(venue.parameters, f.name), f) for f in fields(Parameters)}
    numbers = {
        key: (value, f.metadata["unit"])
        for key, (value, f) in parameters.items()
        if key in venue.provenance or value != f.default
    }
    for token in venue.tokens.values():
        numbers[f"tokens.{token.name}.ltv"] = (token.ltv, "1")
        numbers[f"tokens.{token.name}.depth_width"] = (token.depth_width, "USD")
        numbers |= {f"tokens.{token.name}.{cap}": (getattr(token, cap), token.name) for cap in CAPS}
    for table in venue.tables.values():
        for index, tier in enumerate(table.tiers):
            numbers[f"tables.{table.name}.tiers[{index}].lower_bound"] = (tier.lower_bound, "USD")
            numbers[f"tables.{table.name}.tiers[{index}].max_leverage"] = (tier.max_leverage, "x")
    names = {f"readings.{rule}": reading for rule, reading in venue.readings.items()}
    names |= {f"dexes.{dex}.token": token for dex, token in venue.dex_tokens.items()}

    stated = {key: (Fraction(s.text), s.unit) for key, s in venue.provenance.items() if s.unit}
    assert stated == {key: number for key, number in numbers.items() if number[0] is not None}
    assert {key: s.text for key, s in venue.provenance.items() if not s.unit} == names
    assert all(s.source.startswith("Hyperliquid ") and s.date.year == 2026 for s in venue.provenance.values())


@pytest.mark.parametrize(("name", "table"), MARGIN_TABLES, ids="-".join)
def test_maintenance_margin_is_continuous_at_each_tier_edge(name, table):
    tiers = MARGIN_TABLES[name, table].tiers
    maintenance_margin = VENUES[name].rule("PERP-MM")

    assert len(tiers) > 1
    for index in range(1, len(tiers)):
        edge = tiers[index].lower_bound
        assert maintenance_margin(edge, tiers) == maintenance_margin(edge, tiers[:index])


@pytest.mark.parametrize(("name", "table"), MARGIN_TABLES, ids="-".join)
def test_the_rate_of_a_tier_is_half_its_initial_rate(name, table):
    for tier in MARGIN_TABLES[name, table].tiers:
        assert tier.rate == VENUES[name].rule("PERP-RATE")(tier.max_leverage) == 1 / tier.max_leverage / 2


def test_no_bundled_file_states_a_rate_or_a_deduction():
    for path in FOLDER.glob("*.toml"):
        assert not re.search(r"^(rate|deduction)\b", path.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize(
    ("notional", "margin"), [("100", "1.25"), ("150000000", "1875000"), ("200000000", "3125000")]
)
def test_bitcoin_pays_the_second_rate_only_beyond_150_million(notional, margin):
    venue = VENUES["hyperliquid-beta"]

    assert venue.rule("PERP-MM")(Fraction(notional), venue.tiers("BTC", Fraction(40))) == Fraction(margin)


def test_the_largest_leverage_of_a_position_rules_over_that_of_its_table():
    (tier,) = VENUES["hyperliquid-beta"].tiers("BTC", 50)

    assert tier.rate == Fraction("0.01")


def test_a_market_without_a_table_has_one_tier():
    (tier,) = VENUES["hyperliquid-beta"].tiers("POPCAT", 3)

    assert (tier.lower_bound, tier.rate, tier.deduction) == (0, Fraction(1, 6), 0)
