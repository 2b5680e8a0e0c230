"""The parameter frontier says where the exact model begins to find bad debt, and marks each venue on it."""

from __future__ import annotations

import re
from fractions import Fraction

import pytest
from attrs import evolve

from solvent import Regime, bundled_venues, load_venue
from solvent.prove.pools import pool_of
from solvent.regimes.portfolio import Collateral
from solvent.report.frontier import (
    LTVS,
    SIZES,
    SLIPPAGES,
    discount,
    frontiers,
    full_threshold,
    largest_gap,
    plot,
    with_ltv,
)
from solvent.rules import borrow_liquidation

BETA = load_venue("hyperliquid-beta")
VALUE = Fraction(1000)
CENT = Fraction(1, 100)


def collateral(venue, name):
    return Collateral(token=venue.tokens[name], amount=VALUE, held=VALUE, price=Fraction(1))


def liquidatable(venue, name, owed):
    """Whether an account that owes so much against the collateral, and has nothing else, is liquidatable."""
    return pool_of(venue, Regime.PORTFOLIO, -owed, Fraction(0), [collateral(venue, name)]).liquidatable


def of(venue, token):
    return next(event for event in frontiers([venue]) if event["token"] == token)


@pytest.mark.parametrize("slippage", SLIPPAGES)
@pytest.mark.parametrize("token", ["HYPE", "UBTC"])
@pytest.mark.parametrize("ltv", ["0.1", "0.5", "0.65"])
def test_a_sale_after_the_largest_gap_pays_exactly_what_the_account_at_the_brink_owes(ltv, token, slippage):
    venue = with_ltv(BETA, token, Fraction(ltv))
    owed = VALUE * venue.parameters.margin_ratio_trigger * venue.tokens[token].threshold
    gap = largest_gap(venue, token, slippage)

    left = borrow_liquidation.left_with_owner(VALUE * (1 - gap), owed, slippage)

    assert not liquidatable(venue, token, owed)
    assert liquidatable(venue, token, owed + CENT)
    assert left == 0 if gap else left <= 0


def test_where_no_fall_is_safe_the_gap_is_zero():
    assert largest_gap(with_ltv(BETA, "HYPE", Fraction(1)), "HYPE", Fraction(1, 5)) == 0


def test_raising_an_ltv_narrows_every_line():
    for slippage in SLIPPAGES:
        gaps = [largest_gap(with_ltv(BETA, "HYPE", ltv), "HYPE", slippage) for ltv in LTVS]

        assert gaps == sorted(gaps, reverse=True)


def test_the_discount_grows_with_the_value_up_to_what_the_full_threshold_leaves():
    found = [discount(BETA, "HYPE", value) for value in SIZES]

    assert found == sorted(found)
    assert found[-1] == discount(BETA, "HYPE") == 1 - full_threshold(BETA, "HYPE")


def test_every_collateral_of_a_venue_has_a_frontier_and_nothing_else_has():
    for venue in bundled_venues().values():
        named = [event["token"] for event in frontiers([venue])]

        assert named == sorted(token.name for token in venue.tokens.values() if token.is_collateral)


def test_the_point_of_a_venue_lies_on_its_lines():
    event = of(BETA, "HYPE")
    place = event["ltvs"].index(event["ltv"])

    assert event["point"]["gap"] == event["lines"][0]["gaps"][place]
    assert event["point"]["gap_at_discount"] == event["discount"][place]


def test_collateral_without_a_depth_has_no_sizes():
    tokens = {**BETA.tokens, "HYPE": evolve(BETA.tokens["HYPE"], depth_width=None)}

    assert of(evolve(BETA, tokens=tokens), "HYPE")["sizes"] == []


def test_the_picture_of_the_same_numbers_has_the_same_bytes_and_no_date():
    event = of(BETA, "HYPE")

    first, second = plot([event]), plot([event])

    assert first == second
    assert "date" not in first.lower()


def test_two_pictures_of_one_page_share_no_ids():
    event = of(BETA, "HYPE")

    one, other = (set(re.findall(r'\bid="([^"]+)"', plot([event], name))) for name in ("one", "other"))

    assert one
    assert not one & other


def test_every_reference_inside_a_picture_has_its_target():
    picture = plot([of(BETA, "HYPE")], "one")

    named = set(re.findall(r'\bid="([^"]+)"', picture))
    asked = set(re.findall(r'(?:href="#|url\(#)([^")]+)', picture))

    assert asked
    assert asked <= named


def test_a_picture_takes_its_ink_from_the_page_and_marks_each_ltv_once():
    alpha = load_venue("hyperliquid-alpha")
    picture = plot([of(alpha, "HYPE"), of(BETA, "HYPE"), of(BETA, "HYPE")])

    assert "var(--ink)" in picture
    assert "#010203" not in picture
    assert picture.count("28.8 %") == 1
    assert picture.count("21.6 %") == 1
