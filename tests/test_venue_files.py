"""A file that is not a venue is refused with one error that names the file, the key and what was expected."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvent import bundle
from solvent.errors import InputError
from solvent.ingest import sourced_toml
from solvent.ingest.venue_file import bundled_venues, load_venue
from solvent.venue import SECONDS_A_YEAR, Venue

VENUES = bundled_venues()
BETA = (bundle.spec() / "venues" / "hyperliquid-beta.toml").read_text(encoding="utf-8")
ALPHA = (bundle.spec() / "venues" / "hyperliquid-alpha.toml").read_text(encoding="utf-8")


def written(folder: Path, text: str, name: str = "mine") -> Path:
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def refusal(path: Path) -> InputError:
    with pytest.raises(InputError) as caught:
        load_venue(path)
    return caught.value


def outcome(path: Path) -> Venue | InputError:
    try:
        return load_venue(path)
    except InputError as error:
        return error


def changed(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in the file"
    return text.replace(old, new)


def tier_of(table: str, lower_bound: str, max_leverage: str) -> str:
    sourced = 'source = "a page", date = 2026-01-01'
    return (
        f"[[tables.{table}.tiers]]\n"
        f'lower_bound = {{ value = "{lower_bound}", unit = "USD", {sourced} }}\n'
        f'max_leverage = {{ value = "{max_leverage}", unit = "x", {sourced} }}'
    )


HYPE_LTV = 'ltv = { value = "0.65", unit = "1", source = "Hyperliquid documentation, trading/portfolio-margin", date = 2026-08-19 }'
KINK = 'rate_kink = { value = "0.8", unit = "1"'
BTC_BOUND = 'lower_bound = { value = "150000000"'
BTC_LEVERAGE = 'max_leverage = { value = "40"'
REFUSED = {
    "a misspelt key at the top": ("quote =", "quotes =", "quotes", "an unknown key", "one of title, since"),
    "an unknown parameter": ("fee_taker =", "fee_takers =", "parameters.fee_takers", "an unknown key", "fee_taker"),
    "an unknown key of a token": ("index = 150", 'index = 150\nname = "HYPE"', "tokens.HYPE.name", "an unknown key", "ltv"),
    "an unknown key beside a value": (KINK, f'{KINK}, note = "x"', "parameters.rate_kink.note", "an unknown key", "unit"),
    "a rate beside a tier": (BTC_LEVERAGE, f'rate = "0.02"\n{BTC_LEVERAGE}', "tables.BTC.tiers[0].rate", "an unknown key", "lower_bound"),
    "a missing title": ("title =", "# title =", "title", "nothing", "this key"),
    "a missing parameter": ("fee_taker =", "# fee_taker =", "parameters.fee_taker", "nothing", "this key"),
    "a missing LTV": (HYPE_LTV, "", "tokens.HYPE.ltv", "nothing", "this key"),
    "a missing token index": ("index = 150\n", "", "tokens.HYPE.index", "nothing", "this key"),
    "a missing unit": (KINK, 'rate_kink = { value = "0.8"', "parameters.rate_kink.unit", "nothing", "this key"),
    "a wrong unit": (KINK, KINK.replace('"1"', '"%"'), "parameters.rate_kink.unit", "'%'", "the unit '1'"),
    "a cap in another token": ('"250000000", unit = "USDC"', '"250000000", unit = "USD"', "tokens.USDC.user_supply_cap.unit", "'USD'", "the unit 'USDC'"),
    "an empty source": ('"Hyperliquid documentation, trading/margining"', '" "', "parameters.transfer_fraction.source", "' '", "not empty"),
    "a quoted date": (HYPE_LTV, HYPE_LTV.replace("2026-08-19", '"2026-08-19"'), "tokens.HYPE.ltv.date", "'2026-08-19'", "without quotes"),
    "a time in place of a date": ("since = 2026-08-11", "since = 2026-08-11T00:00:00Z", "since", "2026-08-11 00:00:00+00:00", "a date"),
    "a value without its source": (HYPE_LTV, 'ltv = "0.65"', "tokens.HYPE.ltv", "'0.65'", "a table of value, unit, source, date"),
    "a TOML float": (KINK, KINK.replace('"0.8"', "0.80"), "parameters.rate_kink.value", "0.80", "a decimal string"),
    "a TOML integer": (KINK, KINK.replace('"0.8"', "1"), "parameters.rate_kink.value", "1", "a decimal string"),
    "a boolean": (KINK, KINK.replace('"0.8"', "true"), "parameters.rate_kink.value", "true", "a decimal string"),
    "not a number": (KINK, KINK.replace('"0.8"', "nan"), "parameters.rate_kink.value", "nan", "a decimal string"),
    "a quoted NaN": (KINK, KINK.replace("0.8", "NaN"), "parameters.rate_kink.value", "'NaN'", "a decimal string"),
    "an exponent": (KINK, KINK.replace("0.8", "8e-1"), "parameters.rate_kink.value", "'8e-1'", "a decimal string"),
    "a thousands separator": ('"100000"', '"100_000"', "parameters.partial_from.value", "'100_000'", "a decimal string"),
    "words": (KINK, KINK.replace("0.8", "most of it"), "parameters.rate_kink.value", "'most of it'", "a decimal string"),
    "a quotient by zero": ('"2/3"', '"2/0"', "parameters.backstop_fraction.value", "'2/0'", "a decimal string"),
    "a quotient of three": ('"2/3"', '"2/3/4"', "parameters.backstop_fraction.value", "'2/3/4'", "a decimal string"),
    "a negative parameter": ('{ value = "20", unit = "USD"', '{ value = "-20", unit = "USD"', "parameters.borrow_offset.value", "'-20'", "zero or more"),
    "a share above one": (KINK, KINK.replace("0.8", "80"), "parameters.rate_kink.value", "'80'", "at most 1"),
    "a step of zero": ('"0.000001"', '"0"', "parameters.usd_unit.value", "'0'", "above zero"),
    "a negative cap": ('"250000000", unit', '"-250000000", unit', "tokens.USDC.user_supply_cap.value", "'-250000000'", "zero or more"),
    "a negative LTV": ('"0.65"', '"-0.65"', "tokens.HYPE.ltv.value", "'-0.65'", "an LTV"),
    "an LTV of one": ('"0.65"', '"1"', "tokens.HYPE.ltv.value", "'1'", "an LTV"),
    "a threshold of the LTV": (HYPE_LTV, HYPE_LTV + "\n" + HYPE_LTV.replace("ltv", "threshold"), "tokens.HYPE.threshold.value", "'0.65'", "above the LTV, 0.65"),
    "a threshold above one": (HYPE_LTV, HYPE_LTV + "\n" + HYPE_LTV.replace("ltv", "threshold").replace("0.65", "1.01"), "tokens.HYPE.threshold.value", "'1.01'", "at most 1"),
    "a depth width of zero": ('"3000000", unit = "USD", source = "Hyperliquid documentation, trading/portfolio', '"0", unit = "USD", source = "Hyperliquid documentation, trading/portfolio', "tokens.HYPE.depth_width.value", "'0'", "above zero"),
    "a duplicate token index": ("index = 197", "index = 150", "tokens.UBTC.index", "150", "not that of HYPE"),
    "a negative token index": ("index = 197", "index = -1", "tokens.UBTC.index", "-1", "an integer"),
    "a quoted token index": ("index = 197", 'index = "197"', "tokens.UBTC.index", "'197'", "without quotes"),
    "an unknown quote token": ('quote = "USDC"', 'quote = "USDX"', "quote", "'USDX'", "one of the tokens: USDC, HYPE"),
    "an unknown token of a dex": ('token = { value = "USDC"', 'token = { value = "EUR"', "dexes.xyz.token.value", "'EUR'", "one of the tokens"),
    "an end before the beginning": ("since = 2026-08-11", "since = 2026-08-11\nuntil = 2026-08-10", "until", "2026-08-10", "not before 2026-08-11"),
    "unsorted tiers": ("[tables.ETH]", f"{tier_of('BTC', '100000000', '10')}\n[tables.ETH]", "tables.BTC.tiers[2].lower_bound.value", "'100000000'", "above the tier before"),
    "a first tier above zero": ('markets = ["BTC"]\n\n[[tables.BTC.tiers]]\nlower_bound = { value = "0"', 'markets = ["BTC"]\n\n[[tables.BTC.tiers]]\nlower_bound = { value = "1"', "tables.BTC.tiers[0].lower_bound.value", "'1'", "begins at zero"),
    "a duplicate tier": (BTC_BOUND, BTC_BOUND.replace("150000000", "0"), "tables.BTC.tiers[1].lower_bound.value", "'0'", "above the tier before"),
    "a leverage that does not fall": (BTC_LEVERAGE, BTC_LEVERAGE.replace("40", "20"), "tables.BTC.tiers[1].max_leverage.value", "'20'", "below the tier before"),
    "a leverage below one": (BTC_LEVERAGE, BTC_LEVERAGE.replace("40", "0.5"), "tables.BTC.tiers[0].max_leverage.value", "'0.5'", "at least 1"),
    "four tiers": ("[tables.ETH]", f"{tier_of('BTC', '160000000', '10')}\n{tier_of('BTC', '170000000', '5')}\n[tables.ETH]", "tables.BTC.tiers", "4 tiers", "one to 3 tiers"),
    "a market in two tables": ('markets = ["ETH"]', 'markets = ["ETH", "BTC"]', "tables.ETH.markets[1]", "'BTC'", "it has table BTC"),
    "a table without markets": ('markets = ["ETH"]', "markets = []", "tables.ETH.markets", "a list", "at least one market"),
    "a market in place of a list": ('markets = ["ETH"]', 'markets = "ETH"', "tables.ETH.markets", "'ETH'", "a list"),
    "without and nothing extended": ("quote =", 'without = ["dexes"]\nquote =', "without", "a list", "extends another one"),
}  # fmt: skip
REFUSED_IN_ALPHA = {
    "an unknown rule": ("PM-SPOT-HOLD =", "PM-SPOT =", "readings.PM-SPOT", "an unknown rule", "the id of a rule"),
    "a reading that the rule does not have": ('PM-HOLD = { value = "alpha"', 'PM-HOLD = { value = "gamma"', "readings.PM-HOLD.value", "'gamma'", "a reading of PM-HOLD: beta, alpha"),
    "an extended venue that does not exist": ('extends = "hyperliquid-beta"', 'extends = "hyperliquid-gamma"', "extends", "'hyperliquid-gamma'", "the name of a venue"),
    "an extended venue in another folder": ('extends = "hyperliquid-beta"', 'extends = "../hyperliquid-beta"', "extends", "'../hyperliquid-beta'", "the name of a venue"),
    "a changed value without a source of its own": ('ltv = { value = "0.5", unit = "1", source = "Hyperliquid documentation, trading/portfolio-margin", date = 2026-03-14 }\nuser_supply_cap = { value = "50000"', 'ltv = { value = "0.5", unit = "1", date = 2026-03-14 }\nuser_supply_cap = { value = "50000"', "tokens.HYPE.ltv.source", "nothing", "this key"),
    "a removed key that is not there": ('"tokens.USDT0"]', '"tokens.USDT0.cap"]', "without[1]", "'tokens.USDT0.cap'", "the extended venue has"),
    "a removed key below a plain value": ('"tokens.USDT0"]', '"quote.USDC"]', "without[1]", "'quote.USDC'", "the extended venue has"),
    "a removed key that is needed": ('"parameters.eligible_value"', '"parameters.rate_kink"', "parameters.rate_kink", "nothing", "this key"),
    "no tiers": ("[readings]", "[tables.BTC]\ntiers = []\n\n[readings]", "tables.BTC.tiers", "0 tiers", "one to 3 tiers"),
    "a title that would have to be taken over": ("title =", "# title =", "title", "nothing", "this key"),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "where", "found", "expected"), REFUSED.values(), ids=REFUSED)
def test_refused_is(tmp_path, old, new, where, found, expected):
    path = written(tmp_path, changed(BETA, old, new))

    error = refusal(path)

    assert (error.source, error.where, error.found) == (str(path), where, found)
    assert expected in error.expected


@pytest.mark.parametrize(
    ("old", "new", "where", "found", "expected"), REFUSED_IN_ALPHA.values(), ids=REFUSED_IN_ALPHA
)
def test_refused_in_a_file_that_extends_another_is(tmp_path, old, new, where, found, expected):
    path = written(tmp_path, changed(ALPHA, old, new))

    error = refusal(path)

    assert (error.source, error.where, error.found) == (str(path), where, found)
    assert expected in error.expected


@pytest.mark.parametrize("part", ["value", "unit", "source", "date"])
def test_no_value_of_a_venue_may_lack_a_part(tmp_path, part):
    lines = BETA.splitlines()
    stated = [number for number, line in enumerate(lines) if f" {part} = " in line]

    assert len(stated) == sum(
        bool(s.unit) or part != "unit" for s in VENUES["hyperliquid-beta"].provenance.values()
    )
    for number in stated:
        line = re.sub(rf' {part} = ("[^"]*"|[0-9-]+),?', "", lines[number]).replace(", }", " }")
        error = refusal(written(tmp_path, "\n".join([*lines[:number], line, *lines[number + 1 :]])))
        assert (error.where.rpartition(".")[2], error.found) == (part, "nothing")


def test_a_venue_does_not_extend_itself(tmp_path):
    error = refusal(written(tmp_path, changed(ALPHA, "hyperliquid-beta", "mine")))

    assert (error.where, error.expected) == ("extends", "a venue that does not extend this one")


def test_venues_do_not_extend_each_other_in_a_circle(tmp_path):
    written(tmp_path, changed(ALPHA, "hyperliquid-beta", "mine"), "other")

    error = refusal(written(tmp_path, changed(ALPHA, "hyperliquid-beta", "other")))

    assert (error.where, error.expected) == ("extends", "a venue that does not extend this one")
    assert error.source.endswith("other.toml")


def test_a_fault_of_the_extended_file_is_told_as_its_own(tmp_path):
    other = written(tmp_path, changed(BETA, '"0.65"', '"65"'), "other")

    error = refusal(written(tmp_path, changed(ALPHA, "hyperliquid-beta", "other")))

    assert (error.source, error.where) == (str(other), "tokens.HYPE.ltv.value")


def test_an_extending_file_states_only_what_changes(tmp_path):
    beta = VENUES["hyperliquid-beta"]
    text = 'title = "mine"\nsince = 2027-01-01\nextends = "hyperliquid-beta"\n[parameters]\n' + next(
        line.replace('"0.00045"', '"0.0004"') for line in BETA.splitlines() if line.startswith("fee_taker")
    )

    mine = load_venue(written(tmp_path, text))

    assert (mine.name, mine.title, mine.until) == ("mine", "mine", None)
    assert mine.parameters.fee_taker == Fraction("0.0004")
    assert (mine.parameters.fee_maker, mine.tables, mine.tokens) == (
        beta.parameters.fee_maker, beta.tables, beta.tokens,
    )  # fmt: skip


def test_a_table_may_have_three_tiers(tmp_path):
    text = changed(BETA, "[tables.ETH]", f"{tier_of('BTC', '300000000', '10')}\n\n[tables.ETH]")

    tiers = load_venue(written(tmp_path, text)).tables["BTC"].tiers

    # 1_875_000 up to 150 million, and 300_000_000 * (0.05 - 0.025) beyond 300 million
    assert [tier.deduction for tier in tiers] == [0, 1_875_000, 9_375_000]


def test_a_file_may_leave_out_the_seconds_of_a_year(tmp_path):
    text = re.sub(r"^rate_year = .*\n", "", BETA, flags=re.MULTILINE)

    mine = load_venue(written(tmp_path, text))

    assert mine.parameters.rate_year == SECONDS_A_YEAR == 365 * 24 * 60 * 60
    assert "parameters.rate_year" not in mine.provenance


def test_a_file_may_state_a_threshold_of_its_own(tmp_path):
    threshold = HYPE_LTV.replace("ltv", "threshold").replace("0.65", "0.8")

    mine = load_venue(written(tmp_path, changed(BETA, HYPE_LTV, f"{HYPE_LTV}\n{threshold}")))

    assert mine.tokens["HYPE"].threshold == Fraction("0.8")


def test_an_unknown_venue_is_refused_with_the_names_of_the_bundled_ones():
    with pytest.raises(InputError, match="expected .*" + ", ".join(VENUES)) as caught:
        load_venue("hyperliquid-gamma")

    assert (caught.value.source, caught.value.found) == ("hyperliquid-gamma", "an unknown venue")


def test_a_file_that_is_not_there_is_refused(tmp_path):
    assert refusal(tmp_path / "none.toml").found == "nothing"


def test_a_folder_is_refused(tmp_path):
    assert refusal(tmp_path).expected == "a readable TOML file"


def test_bytes_that_are_not_text_are_refused_with_their_place(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_bytes(b'title = "\xff"')

    assert (refusal(path).where, refusal(path).expected) == ("byte 10", "UTF-8")


def test_text_that_is_not_toml_is_refused_with_its_line(tmp_path):
    error = refusal(written(tmp_path, changed(BETA, "index = 150", "index 150")))

    line = BETA.splitlines().index("index = 150") + 1
    assert error.where.startswith(f"line {line} column ")
    assert (error.found, error.expected[:6]) == ("'index 150'", "TOML (")


def test_text_that_breaks_off_is_refused_with_its_last_line(tmp_path):
    error = refusal(written(tmp_path, 'title = "mine"\nwithout = ['))

    assert error.where.startswith("line 2")


def test_a_key_that_stands_twice_is_refused_with_its_line(tmp_path):
    error = refusal(written(tmp_path, 'title = "mine"\ntitle = "yours"\n'))

    assert error.where.startswith("line 2")


def test_endless_nesting_is_refused(tmp_path):
    assert "TOML" in refusal(written(tmp_path, f"title = {'[' * 100_000}")).expected


def test_an_endless_integer_is_refused(tmp_path):
    assert refusal(written(tmp_path, f"title = {'9' * 10_000}")).expected == "shorter integers"


def test_an_endless_decimal_string_is_refused(tmp_path):
    error = refusal(written(tmp_path, changed(BETA, '"0.65"', f'"{"9" * 10_000}"')))

    assert error.where == "tokens.HYPE.ltv.value"


def test_a_file_that_is_too_large_is_refused(tmp_path):
    error = refusal(written(tmp_path, "#" * (sourced_toml.LARGEST_FILE + 1)))

    assert (error.found, error.expected) == ("more than 1 MB", "a smaller file")


@settings(deadline=None, max_examples=150)
@given(
    place=st.integers(0, len(BETA)),
    length=st.integers(0, 30),
    text=st.text("0123456789.-/'\"[]{}=, \ntruevalue\x00é", max_size=4),
)
def test_a_damaged_file_gives_a_venue_or_one_input_error(tmp_path_factory, place, length, text):
    path = written(tmp_path_factory.getbasetemp(), BETA[:place] + text + BETA[place + length :], "damaged")

    result = outcome(path)

    assert isinstance(result, Venue) or (result.source == str(path) and result.found and result.expected)
