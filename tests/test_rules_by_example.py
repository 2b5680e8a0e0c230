"""What rules say on both sides of each bound, by example, beside the worked numbers of the rulebook."""

from __future__ import annotations

from fractions import Fraction

import pytest
from attrs import fields, has

from solvent import rulebook
from solvent.rules import numbers, perp, portfolio, unified

TIERS = '[Tier("0", "40", "1/80", "0"), Tier("100", "20", "1/40", "1.25")]'
ONE = [Fraction(1)]


def parts(value):
    """The numbers that a result consists of."""
    return tuple(getattr(value, f.name) for f in fields(type(value))) if has(type(value)) else value


def holds(*equations):
    """Whether both sides of each equation are the same."""
    sides = [rulebook.evaluate(equation) for equation in equations]
    assert [parts(computed) for computed, _ in sides] == [parts(stated) for _, stated in sides]
    return True


# Numbers and prices


def test_a_higher_entry_lowers_the_profit_of_a_long_and_raises_that_of_a_short():
    assert holds(
        'profit_bounds("2", "10", "9", "0.1") == ("1.8", "2")',
        'profit_bounds("-2", "10", "9", "0.1") == ("-2", "-1.8")',
    )


def test_the_entry_price_after_opening_is_weighted_by_both_sizes():
    assert holds('entry_after_opening("1", "100", "3", "200") == "175"')


def test_a_short_gains_where_it_closes_below_its_entry():
    assert holds(
        'closed_profit("-1", "2", "90", "100", "-1") == "20"',
        'closed_profit_with_fee("-1", "2", "90", "100", "-1") == "19"',
        'closed_profit_with_fee("1", "2", "90", "100", "-1") == "-21"',
    )


def test_an_oracle_price_has_at_least_half_of_the_weight_at_or_below_it():
    assert holds(
        'weighted_median(["1", "2"], ["1", "1"]) == "1"',
        'weighted_median(["3", "1", "2"], ["1", "1", "1"]) == "2"',
        'weighted_median(["3", "1", "2"], ["9", "1", "1"]) == "3"',
    )


@pytest.mark.parametrize(("spot", "mark", "oracle"), [("1", "3", "2"), ("1", "2", "3"), ("2.2", "1", "3")])
def test_whichever_price_is_the_middle_one_in_usdc_is_the_borrow_oracle_price(spot, mark, oracle):
    assert holds(f'borrow_oracle_price("{spot}", "{mark}", "{oracle}", "1.1") == "2.2"')


def test_one_update_moves_a_mark_by_a_hundredth_up_or_down_at_most():
    assert holds(
        'clamped_move("200", "100", "0.01") == "198"',
        'clamped_move("200", "199", "0.01") == "199"',
        'clamped_move("200", "300", "0.01") == "202"',
    )


def test_a_hyperp_mark_below_its_cap_is_kept():
    assert holds('hyperp_mark_cap("5", "2", "4") == "5"', 'hyperp_mark_cap("9", "2", "4") == "8"')


# Perp margin


def test_deductions_add_up_over_tiers():
    assert holds('tier_deduction("3", "100", "0.01", "0.02") == "4"')


def test_a_tier_that_forbids_the_leverage_bounds_the_notional():
    assert holds(
        f'largest_notional("20", {TIERS}, "1000") == "1000"',
        f'largest_notional("21", {TIERS}, "1000") == "100"',
    )


def test_the_leverage_of_a_tier_binds_from_its_lower_bound_on():
    assert holds(
        f'leverage_allowed("40", "99.99", {TIERS}) == True',
        f'leverage_allowed("40", "100", {TIERS}) == False',
        f'leverage_allowed("20", "100", {TIERS}) == True',
    )


def test_no_isolated_margin_below_the_transfer_requirement_may_be_removed():
    assert holds('removable_margin("5", "7", False) == "0"', 'removable_margin("9", "7", False) == "2"')


def test_closing_two_thirds_releases_two_thirds_of_the_margin():
    assert holds('released_margin("90", "2", "1") == "60"')


def test_either_flag_bars_cross_margin():
    assert holds(
        "cross_allowed(True, False) == False",
        "cross_allowed(False, True) == False",
        "cross_allowed(False, False) == True",
    )


def test_a_tenth_of_all_notional_is_required_where_it_exceeds_all_initial_margin():
    assert holds(
        'transfer_requirement_of_sums(["1", "2"], ["100", "200"], "0.1") == "30"',
        'transfer_requirement_of_sums(["1", "90"], ["100", "200"], "0.1") == "91"',
        'transfer_requirement(["1", "90"], ["100", "200"], "0.1") == "100"',
    )


def test_orders_reserve_for_what_adds_to_the_position_and_nothing_for_what_closes_it():
    assert holds(
        'order_margin("-5", [Resting("2", "10")], [], "2") == "0"',
        'order_margin("-5", [Resting("8", "10")], [], "2") == "15"',
        'order_margin("5", [], [Resting("2", "10")], "2") == "0"',
        'order_margin("5", [], [Resting("8", "10")], "2") == "15"',
        'order_margin("-5", [], [Resting("8", "10")], "2") == "40"',
        'order_margin("5", [Resting("8", "10")], [], "2") == "40"',
    )


def test_only_the_side_that_increases_exposure_more_reserves_in_the_reading_of_the_larger_side():
    small, medium, large = ('[Resting("1", "10")]', '[Resting("8", "10")]', '[Resting("20", "10")]')
    assert holds(
        f'order_margin_of_larger_side("-5", {large}, {medium}, "2") == "75"',
        f'order_margin_of_larger_side("-5", {small}, {medium}, "2") == "40"',
        f'order_margin_of_larger_side("5", {medium}, {large}, "2") == "75"',
        f'order_margin_of_larger_side("5", {medium}, {small}, "2") == "40"',
    )


def test_what_is_committed_beyond_the_equity_leaves_nothing_to_withdraw():
    assert holds('withdrawable("5", "4", "2") == "0"', 'withdrawable("100", "30", "20") == "50"')


def test_no_order_increases_a_position_without_free_margin():
    assert holds(
        'largest_increase("-5", "2", "1", "1") == "0"', 'largest_increase("5", "2", "1", "1") == "10"'
    )


def test_a_short_can_always_be_bought_back():
    assert holds(
        'largest_opposite("-3", "-5", "2", "1", "1") == "3"',
        'largest_opposite("-3", "5", "2", "1", "1") == "13"',
    )


@pytest.mark.parametrize(
    ("most", "leverages"),
    [(30_000_000, (50, 25)), (5_000_000, (24, 20)), (2_000_000, (19, 10)), (500_000, (9, 3))],
)
def test_the_largest_leverage_of_a_market_says_how_much_one_order_is_worth_at_most(most, leverages):
    for leverage in leverages:
        assert holds(
            f'order_value_cap("{leverage}", False) == "{most}"',
            f'order_value_cap("{leverage}", True) == "{most}0"',
        )


# Liquidation prices


def test_a_liquidation_price_follows_the_tier_at_that_price():
    # From a notional of 150 down to 50, and from 50 up to 150; equity there is 0.625 and 2.5.
    assert holds(
        f'liquidation_price("0.5", "300", "98.125", "2.5", {TIERS}) == "100"',
        f'liquidation_price("-0.5", "100", "101.875", "0.625", {TIERS}) == "300"',
    )


def test_a_frozen_tier_is_that_of_the_notional_at_the_mark():
    assert holds(
        f'liquidation_price_of_current_tier("-0.5", "300", "10", "2.5", {TIERS}) == "13100/41"',
        f'liquidation_price_of_current_tier("1", "100", "10", "1.25", {TIERS}) == "3500/39"',
        f'liquidation_price_of_current_tier("0.5", "100", "10", "0.625", {TIERS}) == "6300/79"',
    )


def test_a_root_of_zero_is_no_liquidation_price_and_a_small_one_is():
    assert holds('no_liquidation_price("0") == True', 'no_liquidation_price("0.5") == False')


# Liquidation and deleveraging


def test_a_partial_liquidation_is_in_whole_steps_and_whole_where_no_step_is_left():
    large = '"20000", "10000", "0.2", False, "1"'
    assert holds(f'book_size("7", {large}) == "1"', f'book_size("-3", {large}) == "3"')


def test_liquidations_are_whole_until_the_cooldown_after_a_partial_one_is_over():
    assert holds(
        'cooling_down("79999", "50000", "30000") == True', 'cooling_down("80000", "50000", "30000") == False'
    )


def test_liquidating_costs_no_fee():
    assert holds('liquidation_fee("0") == "0"')


def test_a_small_long_is_ranked_by_its_profit_and_not_by_its_loss():
    assert holds(
        'deleveraging_rank("0.5", "20", "10", "5") == "4"',
        'deleveraging_rank("-0.5", "20", "10", "5") == "1"',
    )


def test_a_counterparty_gives_up_at_most_what_it_has_and_what_is_needed():
    assert holds('deleveraged_size("-5", "3") == "3"', 'deleveraged_size("3", "-5") == "3"')


def test_a_counterparty_on_the_same_side_or_without_position_gives_up_nothing():
    assert holds(
        'deleveraged_size("-0.5", "-0.5") == "0"',
        'deleveraged_size("0.5", "0.5") == "0"',
        'deleveraged_size("5", "0") == "0"',
    )


# Lending and the liquidation of collateral


@pytest.mark.parametrize(
    "limits",
    [
        '"30", "99", "500", "999", "99"',
        '"99", "30", "500", "999", "99"',
        '"99", "99", "980", "1000", "99"',
        '"99", "99", "500", "999", "20"',
    ],
    ids=["capacity", "user cap", "global cap", "cash"],
)
def test_each_limit_alone_bounds_a_loan_and_may_be_reached(limits):
    assert holds(f'may_borrow("10", {limits}, "20") == True', f'may_borrow("10", {limits}, "21") == False')


@pytest.mark.parametrize(
    "limits", ['"30", "500", "999"', '"99", "980", "1000"'], ids=["user cap", "global cap"]
)
def test_each_cap_alone_bounds_a_supply_and_may_be_reached(limits):
    assert holds(f'may_supply("10", {limits}, "20") == True', f'may_supply("10", {limits}, "21") == False')


def test_a_supplier_takes_out_at_most_what_it_holds_and_nothing_of_an_overdrawn_pool():
    assert holds('supply_withdrawable("5", "8") == "5"', 'supply_withdrawable("5", "-3") == "0"')


@pytest.mark.parametrize("limits", ['"1", "2", "3"', '"2", "1", "3"', '"2", "3", "1"'])
def test_the_least_of_capacity_room_and_cash_may_be_borrowed(limits):
    assert holds(f'borrowable_at_caps({limits}) == "1"')


def test_one_wei_is_an_amount_and_an_amount_is_at_most_the_largest():
    assert holds('action_amount("1", "0.01", "5") == "0.01"', 'action_amount("900", "0.01", "5") == "5"')


def test_a_manual_loan_reaches_the_capacity_and_no_further():
    assert holds(
        'manual_borrow_allowed(False, "10", "20", "30") == True',
        'manual_borrow_allowed(False, "10", "21", "30") == False',
        'manual_borrow_allowed(False, "25", "6", "30") == False',
    )


def test_an_amount_of_whole_shares_leaves_no_remainder_in_either_direction():
    assert holds(
        'shares_given("10.5", "1.05", "1") == "10"',
        'shares_taken("10.5", "1.05", "1") == "10"',
        'shares_given("10.49", "1.05", "1") == "9"',
        'shares_taken("10.51", "1.05", "1") == "11"',
    )


def test_suppliers_lose_what_they_supplied_at_most_and_nothing_where_nothing_is_supplied():
    assert holds(
        'index_after_loss("2", "99", "100") == "0.02"',
        'index_after_loss("2", "100", "100") == "0"',
        'index_after_loss("2", "101", "100") == "0"',
        'index_after_loss("2", "5", "0") == "2"',
    )


def test_a_balance_below_zero_is_owed_beside_the_loan_and_one_above_zero_pays_nothing_of_it():
    assert holds(
        'debt_owed("0", "-0.01") == "0.01"',
        'debt_owed("5", "0") == "5"',
        'debt_owed("5", "9") == "5"',
    )


def test_a_partial_step_is_due_once_the_interval_since_the_last_one_is_over():
    assert holds(
        'step_due("79999", "50000", "30000") == False', 'step_due("80000", "50000", "30000") == True'
    )


def test_a_loan_without_collateral_has_no_price_at_which_it_is_covered():
    assert holds('collateral_liquidation_price("5", "0", "0.75") == "0"')


# Portfolio margin, unified accounts and modes


def test_supplied_and_idle_balance_count_as_equity():
    assert holds('portfolio_equity(["1", "2"], "20", "300", "4000") == "-3677"')


def test_what_collateral_is_worth_counts_in_the_borrowed_token():
    assert holds(
        'borrow_capacity(["3"], ["100"], ["0.5"], "2", "1000") == "75"',
        'collateral_support(["3"], ["100"], ["0.75"], "2", "1000") == "112.5"',
        'available_other("7", "1000", ["3"], ["100"], ["0.75"], "2") == "119.5"',
    )


def test_the_offset_is_the_least_maintenance_margin_in_its_reading_only():
    assert holds(
        'floored_ratio("30", "100", "0", "0", "20") == Ratio("30", "100")',
        'floored_ratio("10", "100", "0", "0", "20") == Ratio("20", "100")',
        'portfolio_ratio("10", "100", "0", "0", "20") == Ratio("10", "100")',
    )


def test_what_is_committed_is_held_up_to_what_could_pay_for_it():
    assert holds(
        'alpha_quote_hold("10", "5", "20") == "5"',
        'alpha_quote_hold("30", "5", "20") == "20"',
        'alpha_quote_spot_hold("10", "0", "20", "5") == "10"',
        'alpha_quote_spot_hold("30", "0", "20", "5") == "25"',
        'quote_spot_hold("10", "20", "0", "0") == "10"',
        'quote_spot_hold("30", "20", "0", "0") == "20"',
    )


def test_no_collateral_is_held_for_what_the_quote_token_pays():
    assert holds(
        'collateral_hold("8", "10", "20", "0", "5") == "0"',
        'collateral_hold("8", "21", "20", "0", "4") == "2"',
        'alpha_collateral_hold("8", "10", "0", "20", "5") == "0"',
    )


def test_only_what_is_committed_beyond_what_is_owned_is_borrowed():
    assert holds(
        'automatic_loan("100", "30", "500") == "70"',
        'automatic_loan("100", "30", "50") == "50"',
        'automatic_loan("30", "100", "500") == "0"',
    )


def test_collateral_leaves_whole_without_a_loan_and_up_to_what_the_loan_needs_with_one():
    # Without a loan a capacity that is cut off by the borrow cap holds nothing back.
    assert holds(
        'collateral_withdrawable("5", "100", "0.5", "10", "0") == "5"',
        'collateral_withdrawable("5", "100", "0.5", "10", "0.5") == "0.19"',
        'collateral_withdrawable("5", "10", "0.5", "1000", "1") == "5"',
        'collateral_withdrawable("5", "10", "0.5", "25", "30") == "0"',
    )


def test_a_unified_account_of_no_token_has_a_ratio_of_zero():
    assert holds("unified_ratio([], [], []) == '0'")


def test_everything_that_a_unified_account_commits_is_held():
    assert holds('committed(["1", "2"], ["10", "20"], "100", "0.01", "1000") == "1134"')


def test_the_cap_or_the_last_cash_alone_makes_portfolio_accounts_fall_back_and_only_in_its_reading():
    assert holds(
        'falls_back("99.99", "100", "0.01") == False',
        'falls_back("100", "100", "0.01") == True',
        'falls_back("99.99", "100", "0") == True',
        'falls_back("0", "100", "-1") == True',
        'stays_portfolio("101", "100", "-1") == False',
    )


def test_portfolio_margin_waits_for_the_last_position_and_the_last_order():
    assert holds(
        'switch_allowed("1", "0") == False',
        'switch_allowed("0", "1") == False',
        'switch_allowed("0", "0") == True',
    )


# Funding


def test_the_rest_of_the_interest_rate_is_clamped_and_the_funding_rate_is_capped_on_both_sides():
    assert holds(
        'funding_rate("0.0099", "0.0001", "0.0005", "0.04") == "0.001175"',
        'funding_rate("-0.0099", "0.0001", "0.0005", "0.04") == "-0.001175"',
        'funding_rate("0.0002", "0.0001", "0.0005", "0.04") == "0.0000125"',
        'funding_rate("0.9", "0.0001", "0.0005", "0.04") == "0.04"',
        'funding_rate("-0.9", "0.0001", "0.0005", "0.04") == "-0.04"',
    )


def test_every_flow_moves_a_balance_in_its_own_direction():
    assert holds('balance_after("1", "2", "4", "8", "16", "32", "64", "128", "256") == "223"')


def test_what_payments_take_too_much_is_the_venues_and_what_they_give_too_much_is_borne_by_it():
    assert holds(
        'funding_remainder(["-3", "1", "1"]) == "1"',
        'funding_remainder(["3", "-1", "-1"]) == "-1"',
        'funding_remainder([]) == "0"',
    )


# Sequences


@pytest.mark.parametrize(
    "mismatched",
    [
        lambda: numbers.weighted_median(2 * ONE, ONE),
        lambda: perp.perp_equity(0, ONE, 2 * ONE),
        lambda: perp.transfer_requirement(ONE, 2 * ONE, 1),
        lambda: portfolio.borrow_capacity(ONE, ONE, 2 * ONE, 1, 1),
        lambda: portfolio.collateral_support(ONE, 2 * ONE, ONE, 1, 1),
        lambda: portfolio.available_other(0, 1, 2 * ONE, ONE, ONE, 1),
        lambda: unified.unified_ratio(ONE, ONE, []),
    ],
)
def test_a_rule_takes_sequences_of_one_length_only(mismatched):
    with pytest.raises(ValueError, match="zip"):
        mismatched()
