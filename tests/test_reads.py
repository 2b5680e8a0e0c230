"""What a statement reads of its cell is noted, all of it, and nothing else keeps two cells apart."""

from __future__ import annotations

from fractions import Fraction

import pytest
from attrs import evolve
from statements import stated

from solvent import load_venue
from solvent.account import Regime
from solvent.prove.audit import Job, Settings, load, run_job
from solvent.prove.reads import nameless, noted
from solvent.prove.symbolic import term
from solvent.prove.theorem import Cell, cells, obligation

BETA, ALPHA = load_venue("hyperliquid-beta"), load_venue("hyperliquid-alpha")
CELL = Cell(BETA, Regime.PORTFOLIO, "HYPE")
ABOUT_THE_TRIGGER = "the_ratio_passes_its_trigger_exactly_when_positions_are_liquidatable"
ABOUT_CASH = "no_loan_makes_its_borrower_liquidatable"


def with_parameter(venue, **changes):
    return evolve(venue, parameters=evolve(venue.parameters, **changes))


def with_token(venue, name, **changes):
    return evolve(venue, tokens={**venue.tokens, name: evolve(venue.tokens[name], **changes)})


def reading(read):
    """The notes of what a function reads of the cell."""
    cell, reads = noted(nameless(CELL))
    read(cell)
    return reads


def text(due):
    """The formulas of an obligation, as text."""
    formulas = [*(a.condition for a in due.assumptions), *(part.claim for part in due.parts)]
    return [term(formula).sexpr() for formula in formulas]


READS = {
    "a parameter": (lambda cell: cell.venue.parameters.order_buffer, "parameters.order_buffer"),
    "a number of a token": (lambda cell: cell.venue.tokens["UBTC"].ltv, "tokens.UBTC.ltv"),
    "whether it is collateral": (lambda cell: cell.venue.tokens["UBTC"].is_collateral, "tokens.UBTC.is_collateral"),
    "a threshold": (lambda cell: cell.venue.tokens["UBTC"].threshold, "tokens.UBTC.ltv"),
    "the collateral of the cell": (lambda cell: cell.collateral.ltv, "collateral.ltv"),
    "margin tiers": (lambda cell: cell.venue.tiers("BTC", None), "tables"),
    "a reading": (lambda cell: cell.venue.rule("PM-HOLD"), "readings.PM-HOLD"),
    "a parameter of an evolved venue": (
        lambda cell: evolve(cell.venue, tables={}).parameters.usd_unit, "parameters.usd_unit",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", READS)
def test_what_is_read_is_noted(case):
    read, name = READS[case]

    assert name in reading(read).names


def test_what_is_not_read_is_not_noted():
    assert reading(lambda cell: cell.venue.tokens["UBTC"].ltv).names == ["tokens.UBTC.ltv"]
    assert reading(lambda cell: cell.regime).names == []


@pytest.mark.parametrize("case", READS)
def test_what_is_noted_is_what_a_plain_cell_has(case):
    read, _ = READS[case]
    cell, _ = noted(nameless(CELL))

    assert read(cell) == read(nameless(CELL))


@pytest.mark.parametrize(
    ("read", "other", "alike"),
    [
        (lambda cell: cell.venue.parameters.order_buffer, with_parameter(BETA, order_buffer=Fraction(1, 7)), False),
        (lambda cell: cell.venue.parameters.usd_unit, with_parameter(BETA, order_buffer=Fraction(1, 7)), True),
        (lambda cell: cell.venue.tokens["HYPE"].ltv, with_token(BETA, "HYPE", ltv=Fraction(1, 7)), False),
        (lambda cell: cell.venue.tokens["HYPE"].is_collateral, with_token(BETA, "HYPE", ltv=Fraction(1, 7)), True),
        (lambda cell: cell.collateral.ltv, with_token(BETA, "HYPE", ltv=Fraction(1, 7)), False),
        (lambda cell: cell.collateral.ltv, with_token(BETA, "UBTC", ltv=Fraction(1, 7)), True),
        (lambda cell: list(cell.venue.tokens), evolve(BETA, tokens={"HYPE": BETA.tokens["HYPE"]}), False),
        (lambda cell: cell.venue.tokens.get("NONE"), BETA, True),
        (lambda cell: cell.venue.tokens.get("USDT0"), ALPHA, False),
        (lambda cell: cell.venue.tokens.get("NONE"), with_token(BETA, "UBTC", ltv=Fraction(1, 7)), True),
        (lambda cell: cell.venue.rule("PM-HOLD"), BETA.with_readings({"PM-HOLD": "alpha"}), False),
        (lambda cell: cell.venue.rule("PM-RATIO"), BETA.with_readings({"PM-HOLD": "alpha"}), True),
        (lambda cell: cell.venue.tiers("BTC", None), evolve(BETA, tables={}), False),
        (lambda cell: (cell.venue.name, cell.venue.since), evolve(BETA, name="another", since=ALPHA.since), True),
        (lambda cell: cell.venue, None, False),
    ],
)  # fmt: skip
def test_two_cells_are_alike_exactly_where_what_is_read_is_equal(read, other, alike):
    assert reading(read).hold_of(nameless(evolve(CELL, venue=other))) is alike


def test_regimes_are_alike_until_a_statement_asks_for_them():
    crossed = nameless(evolve(CELL, regime=Regime.CROSS))

    assert reading(lambda cell: cell.venue.quote).hold_of(crossed)
    assert not reading(lambda cell: cell.regime).hold_of(crossed)


def test_a_read_of_an_absent_entry_is_an_error_as_before():
    cell, _ = noted(nameless(CELL))

    with pytest.raises(KeyError, match="NONE"):
        cell.venue.tokens["NONE"]
    assert "NONE" not in cell.venue.tokens


@pytest.mark.parametrize("name", [ABOUT_THE_TRIGGER, ABOUT_CASH, "every_action_conserves_every_token"])
def test_an_obligation_of_a_noting_cell_is_that_of_the_plain_one(name):
    theorem = load()[name]
    for cell in list(cells(theorem, [BETA]))[:3]:
        plain, noting = (obligation(theorem, c) for c in (nameless(cell), noted(nameless(cell))[0]))
        assert text(noting) == text(plain)
        assert (noting.examples, noting.rules) == (plain.examples, plain.rules)


def test_venues_that_differ_in_nothing_that_is_read_share_a_finding_and_others_do_not():
    other = with_parameter(with_token(BETA, "HYPE", ltv=Fraction(1, 3)), fee_taker=Fraction(1, 7))
    shared = run_job(Job(ABOUT_THE_TRIGGER, (BETA, evolve(other, name="other")), Settings()))
    apart = run_job(Job(ABOUT_CASH, (BETA, evolve(other, name="other")), Settings(needs=False)))

    assert shared[1].result == evolve(shared[5].result, venue=BETA.name)
    assert "parameters.fee_taker" in apart[1].reads
    assert apart[1].result.milliseconds != apart[3].result.milliseconds


def test_the_name_of_a_venue_is_no_part_of_what_a_statement_is_given():
    def asks(given):
        """Whatever the name of the venue, a statement is given the same."""
        return given.number("x") >= len(given.venue.name)

    plain = [text(obligation(stated(asks), nameless(Cell(venue)))) for venue in (BETA, ALPHA)]
    assert plain[0] == plain[1]
