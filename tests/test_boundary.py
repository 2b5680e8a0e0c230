"""Boundary vectors stand on their edges: what happens changes there, and the solver finds the number again."""

from __future__ import annotations

from fractions import Fraction

import pytest
from attrs import evolve

from solvent.conform.boundary import SIDES, NoBoundary, solve, vectors_of
from solvent.conform.build import EDGES
from solvent.conform.vectors import Kind, load, patched
from solvent.prove.solver import SOLVER

STORED = {vector.id: vector for vector in load() if vector.kind is Kind.BOUNDARY}
EDGE = {edge.id: edge for edge in EDGES}
ALONE = ("LEND-LOSS/dust", "MODE-FALLBACK/cap")
"""Edges on which something happens that happens on neither side."""
SAMPLE = (
    "PERP-LIQUIDATABLE/cross",
    "PM-LIQUIDATABLE/trigger",
    "LIQ-COOLDOWN/end",
    "LEND-MAY-BORROW/global-cap",
)


def seen(edge, side):
    """What the last step of a vector leads to, and the figure that the edge watches, by the file alone."""
    vector, state = STORED[f"{edge.id}-{side}"], {}
    for entry in vector.expect:
        state = patched(state, entry.get("state", {}))
    for key in edge.watch:
        state = state.get(key, {}) if isinstance(state, dict) else {}
    figure = state if edge.watch else None
    return vector.expect[-1].get("reject"), figure


def test_every_edge_has_three_vectors_and_there_are_no_others():
    assert {*STORED} == {f"{edge.id}-{side}" for edge in EDGES for side, _ in SIDES}


@pytest.mark.parametrize("edge", EDGES, ids=lambda edge: edge.id)
def test_what_happens_changes_at_the_edge(edge):
    below, at, above = (seen(edge, side) for side, _ in SIDES)

    assert (below == at) + (at == above) < 2
    assert at in (below, above) or edge.id in ALONE


def test_at_the_cap_all_fall_back_and_beyond_it_nothing_is_lent():
    below, at, above = (seen(EDGE["MODE-FALLBACK/cap"], side) for side, _ in SIDES)

    assert (below[0], at[0], above[0]) == (None, None, ["LEND-MAY-BORROW"])
    assert below[1] == above[1] != at[1]


@pytest.mark.parametrize("name", SAMPLE)
def test_the_solver_finds_the_same_vectors_again(name):
    for vector in vectors_of(EDGE[name]):
        assert vector.program == STORED[vector.id].program
        assert vector.expect == STORED[vector.id].expect
        if STORED[vector.id].source["solver"] == SOLVER:
            assert vector.text == STORED[vector.id].text


def test_a_number_that_is_on_no_whole_unit_is_no_boundary():
    edge = evolve(EDGE["PERP-LIQUIDATABLE/cross"], unit=Fraction(3))

    with pytest.raises(NoBoundary, match="no number stands on the edge"):
        solve(edge)


def test_an_edge_on_which_several_numbers_stand_is_no_boundary():
    edge = evolve(EDGE["PERP-LIQUIDATABLE/cross"], gap=lambda *_: Fraction(0))

    with pytest.raises(NoBoundary, match="is not shown to be the only number"):
        solve(edge)


def test_an_edge_at_which_nothing_changes_is_no_boundary():
    edge = evolve(EDGE["PERP-TRANSFER/out"], gap=lambda _, x: x - 14_000)

    with pytest.raises(NoBoundary, match="nothing changes at 14000"):
        list(vectors_of(edge))
