"""What the rules of trades and shortfalls say on both sides of each bound, by example."""

from __future__ import annotations

import pytest
from test_rules_by_example import holds


def test_half_of_the_spread_and_the_share_of_the_width_add_up():
    assert holds(
        'book_slippage("0.01", "0", "200") == "0.005"',
        'book_slippage("0", "50", "200") == "0.25"',
        'book_slippage("0.01", "50", "200") == "0.255"',
    )


def test_a_buyer_pays_more_and_a_seller_gets_less_than_the_mark():
    assert holds('trade_price("200", "1", "0.1") == "220"', 'trade_price("200", "-1", "0.1") == "180"')


@pytest.mark.parametrize("sign", ["", "-"], ids=["long", "short"])
def test_a_trade_closes_up_to_the_whole_position_and_nothing_on_its_own_side(sign):
    other = "" if sign else "-"
    assert holds(
        f'closed_part("{sign}5", "{other}4") == "4"',
        f'closed_part("{sign}5", "{other}5") == "5"',
        f'closed_part("{sign}5", "{other}6") == "5"',
        f'closed_part("{sign}5", "{sign}4") == "0"',
        'closed_part("0", "4") == "0"',
    )


@pytest.mark.parametrize("sign", ["", "-"], ids=["long", "short"])
def test_a_trade_only_reduces_against_the_position_and_up_to_all_of_it(sign):
    other = "" if sign else "-"
    assert holds(
        f'only_reduces("{sign}5", "{other}5") == True',
        f'only_reduces("{sign}5", "{other}5.01") == False',
        f'only_reduces("{sign}5", "{sign}1") == False',
        'only_reduces("5", "0") == False',
        'only_reduces("0", "1") == False',
    )


@pytest.mark.parametrize(
    "needs", ['["111"], "0", "0"', '["100", "11"], "0", "0"', '[], "111", "0"', '[], "0", "111"']
)
def test_equity_and_capacity_together_cover_margin_orders_and_buys_to_the_last_unit(needs):
    assert holds(
        f'opening_allowed("11", "100", {needs}) == True',
        f'opening_allowed("10.99", "100", {needs}) == False',
        f'opening_allowed("11", "99.99", {needs}) == False',
    )


def test_the_vault_bears_no_more_than_the_shortfall_and_no_more_than_it_has():
    assert holds(
        'vault_share("10", "9") == "9"',
        'vault_share("10", "11") == "10"',
        'vault_share("10", "0") == "0"',
        'vault_share("0", "5") == "0"',
    )
