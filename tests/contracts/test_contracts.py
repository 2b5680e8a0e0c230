"""CrossHair confirms each claim of the shipped functions over all paths, and breaks it for a function with one flaw."""

from __future__ import annotations

from fractions import Fraction

import pool_indices
import pytest
import quantizers
import sizes
from claims import CLAIMS
from crosshair_verdict import BROKEN, CONFIRMED, UNBROKEN, unreduced, verdict

from solvent.arithmetic import floor_to

SHIPPED = [
    pytest.param(claim, function, id=f"{function.__name__}-{claim.about.__name__}")
    for claim in CLAIMS
    for function in claim.shipped
]
WRONG = [pytest.param(claim, id=f"{claim.wrong.__name__}-{claim.about.__name__}") for claim in CLAIMS]


@pytest.mark.parametrize(("claim", "function"), SHIPPED)
def test_crosshair_confirms_over_all_paths_that(claim, function):
    found = verdict(claim.about(function))

    assert found.state is CONFIRMED, found.message


@pytest.mark.parametrize("claim", WRONG)
def test_crosshair_finds_where_a_flaw_breaks_the_claim_that(claim):
    contract = claim.about(claim.wrong)

    found = verdict(contract)

    assert found.state is BROKEN, found.message
    assert found.counterexample is not None
    assert not contract(*found.counterexample)


def test_every_module_of_claims_claims_something():
    modules = {claim.about.__module__ for claim in CLAIMS}

    assert modules == {module.__name__ for module in (quantizers, pool_indices, sizes)}


def test_a_search_that_ends_before_all_paths_is_no_confirmation():
    contract = quantizers.rounding_down_never_raises(floor_to)

    assert verdict(contract, paths=1).state is UNBROKEN
    assert verdict(contract).state is CONFIRMED


def test_a_fraction_in_other_terms_is_equal_to_itself():
    with unreduced():
        assert Fraction(2, 4) == Fraction(1, 2)
        assert Fraction(4, 2) == 2
        assert Fraction(0, 7) == 0
        assert Fraction(2, 4) != Fraction(2, 3)
        assert Fraction(2, 4) != "1/2"
        assert floor_to(Fraction(14, 4), Fraction(2, 4)) == Fraction(7, 2)
