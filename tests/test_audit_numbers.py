"""Numbers of the audit page: exact where there is a decimal, with units where their names give them, and as bars."""

from __future__ import annotations

import pytest

from solvent.report.html.numbers import MINUS, exact_number, quantities, short, unit_of, words_of


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("equity of the other", "USD"), ("mark price after", "USD"), ("fall of the collateral", ""), ("size", "coins"),
        ("margin_ratio_trigger", ""), ("borrow_offset", "USD"), ("members.ann.spot.HYPE", "HYPE"), ("rounds", ""),
        ("shortfall", "USD"), ("loan over value", ""), ("markets.BTC.mark", "USD"),
    ],
)  # fmt: skip
def test_a_number_has_the_unit_that_its_name_gives(name, unit):
    assert unit_of(name) == unit


@pytest.mark.parametrize(
    ("exact", "text"),
    [
        ("1234567/100", "12,345.67"),
        ("-5/8", f"{MINUS}0.625"),
        ("1/3", "1/3"),
        ("-7/3", f"{MINUS}7/3"),
        ("0", "0"),
    ],
)
def test_numbers_are_exact_decimals_where_there_is_one(exact, text):
    assert exact_number(exact) == text


@pytest.mark.parametrize(
    ("exact", "text"),
    [("7000000/11", "636,364"), ("-2/3", f"{MINUS}0.6667"), ("1/3000", "0.0003333"), ("0.05", "0.05")],
)
def test_figures_without_a_short_decimal_are_rounded_to_four_digits_or_more(exact, text):
    assert short(exact) == text


def test_bars_begin_at_one_zero():
    below, above = quantities({"equity": "-1", "collateral": "3", "move": "1"})[:2]

    assert below.bar == ("0%", "25%")
    assert above.bar == ("25%", "75%")


def test_a_single_amount_has_no_bar():
    assert all(each.bar is None for each in quantities({"equity": "-1", "mark price": "3", "move": "1"}))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("token.ltv", "LTV of the collateral"), ("margin_ratio_trigger", "margin ratio trigger"),
        ("usd_unit", "USD unit"), ("members.ann.spot.HYPE", "members.ann.spot.HYPE"),
    ],
)  # fmt: skip
def test_names_are_told_in_words_and_paths_as_they_are(name, words):
    assert words_of(name) == words
