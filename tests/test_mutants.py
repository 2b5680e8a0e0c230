"""Mutants: each is one change of the shipped source, each answers, and generated programs find them."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from functools import partial

import pytest
from attrs import evolve
from command import run
from exchange_examples import member, opening

from solvent import bundle
from solvent.conform.blind import BLIND, rows
from solvent.conform.cases import CHECKS
from solvent.conform.connect import connect
from solvent.conform.coverage import reach_of
from solvent.conform.generate import accounts, sequences
from solvent.conform.kill import (
    MOST_CALLS,
    Hunt,
    Kill,
    Stretch,
    abilities,
    checks_of,
    diverged,
    engine,
    generated,
    idle_checks,
    search,
    smallest,
)
from solvent.conform.profiles import PROFILES
from solvent.conform.program import Program
from solvent.conform.runner import Settings
from solvent.conform.runner import run as run_cases
from solvent.conform.vectors import load
from solvent.errors import InputError
from solvent.ingest import schemas
from solvent.mutants import Mutant, catalogue, engine_of
from solvent.mutants.loader import Edit, copy
from solvent.mutants.places import runs, watched
from solvent.protocol.engine import Reference
from solvent.protocol.genesis import genesis_of
from solvent.rules import all_rules

ABLE = abilities()
QUICK = tuple(catalogue()[name] for name in ("A05", "B02", "B11", "R02", "X07", "P10"))
"""Mutants that die within few calls."""
SAMPLE = tuple(catalogue().values())[::10]
"""Mutants of all families that are made here; a hunt makes all of them."""
TRADES = (("ann", "1"), ("bob", "-2"))
"""After the first the book is short of 1, and after the second long of it."""
SAME = Mutant(
    id="same",
    family="none",
    rule="PERP-IM",
    mistake="There is none.",
    reading="no mistake",
    edits=(Edit("rules.perp", "return notional / leverage", "return notional / leverage + 0"),),
)
"""A mutant without a mistake."""


@pytest.mark.parametrize("mutant", catalogue().values(), ids=lambda mutant: mutant.id)
def test_a_mutant_is_one_change_of_the_shipped_source(mutant):
    for edit in mutant.edits:
        assert edit.applied() != edit.source
        compile(edit.applied(), edit.module, "exec")
    assert mutant.rule in all_rules()
    assert mutant.mistake.endswith(".")
    assert not mutant.reading.endswith(".")


def test_there_are_enough_mutants_of_every_family_and_no_two_are_the_same():
    families = {mutant.family for mutant in catalogue().values()}

    assert len(catalogue()) >= 140
    assert len({mutant.edits for mutant in catalogue().values()}) == len(catalogue())
    assert len({mutant.reading for mutant in catalogue().values()}) == len(catalogue())
    assert families == {
        "equity", "netting", "requirement", "tiers", "portfolio ratio", "borrowing", "caps", "prices", "liquidation",
        "deleveraging", "interest", "funding", "rounding", "refusals", "modes",
    }  # fmt: skip


@pytest.mark.parametrize("mutant", SAMPLE, ids=lambda mutant: mutant.id)
def test_a_mutant_is_an_engine_of_its_own(mutant):
    hello = {"cmd": "hello", "seq": 1, "protocol": [1]}

    made = engine_of(mutant)

    assert made.answer(hello) == Reference().answer(hello)
    assert type(made) is not Reference


def test_a_copy_without_a_change_answers_as_the_model_does():
    same = copy("unchanged", ())("protocol.engine").Reference()
    tried = [*accounts(3, range(4), ABLE), *sequences(3, range(1), ABLE)]

    assert all(same.answer(p.message(1)) == Reference().answer(p.message(1)) for p in tried)


def test_a_change_that_does_not_fit_is_refused():
    with pytest.raises(InputError):
        Edit("rules.perp", "no such text", "other").applied()
    with pytest.raises(InputError):
        Edit("rules.perp", "return", "give").applied()
    with pytest.raises(InputError):
        Edit("rules.nothing", "return", "give").applied()


def test_a_copy_has_one_change_of_each_module_and_a_name_stands_for_one_copy():
    edit = SAME.edits[0]
    copy("named", (edit,))

    with pytest.raises(InputError, match="one of each module"):
        copy("twice", (edit, edit))
    with pytest.raises(InputError, match="the copy that has the name"):
        copy("named", ())


def test_a_mutant_answers_as_the_model_where_a_program_calls_nothing_that_it_changes():
    program = next(accounts(0, (0,), ABLE))
    right, called = watched(lambda: Reference().answer(program.message(1)))
    unable = [mutant for mutant in SAMPLE if not runs(mutant, called)]

    replies = [engine(mutant).ask(program.message(1)) for mutant in unable]

    assert len(unable) > 3
    assert all(reply == right for reply in replies)
    assert any(runs(mutant, called) for mutant in QUICK)


def test_a_mutant_whose_change_stands_outside_of_functions_runs_always():
    outside = evolve(SAME, edits=(Edit("exchange.settlement", "HOUR = 3_600_000", "HOUR = 1_800_000"),))

    assert runs(outside, frozenset())
    assert not runs(SAME, frozenset())


def test_generated_programs_find_mutants_within_few_calls():
    kills = Hunt(("generated",), most=16).kills(QUICK)

    assert [kill.mutant for kill in kills] == [mutant.id for mutant in QUICK]
    assert not [kill.mutant for kill in kills if kill.survived]


def test_an_engine_without_a_mistake_survives():
    (kill,) = Hunt(("generated",), most=3).kills((SAME,))

    assert kill.survived
    assert kill.calls == 3


def test_an_engine_that_breaks_is_found_by_that():
    broken = evolve(SAME, id="broken", edits=(evolve(SAME.edits[0], new="raise ValueError"),))

    findings = search(Stretch((broken,), numbers=range(1)))

    assert [kill.checks for kill in findings.kills] == [("outcome/crash",)]


def test_the_program_that_finds_a_mutant_is_made_small():
    asked = engine(catalogue()["B02"])
    program = next(p for p in generated(0, range(20), ABLE) if checks_of(diverged(asked, p)))

    small = smallest(asked, program)

    assert len(small.steps) <= 1
    assert checks_of(diverged(asked, small))[0] == checks_of(diverged(asked, program))[0]
    assert len(str(small.genesis)) < len(str(program.genesis))


def test_a_hunt_is_the_same_however_it_is_spread():
    mutants = (QUICK[0], SAME)
    alone, spread = (Hunt(("generated",), most=4, jobs=jobs).kills(mutants) for jobs in (1, 2))

    assert [(k.mutant, k.checks, k.calls) for k in alone] == [(k.mutant, k.checks, k.calls) for k in spread]


def test_checks_that_find_nothing_are_named():
    kills = [Kill("one", "generated", ("accounts/ratio", "prices"), 1)]

    assert set(CHECKS) - set(idle_checks(kills, CHECKS)) == {"accounts/ratio", "prices"}


# Mutants of the search


def few(*events):
    """A profile of few programs that asks for these events alone."""
    asked = dict.fromkeys(events, ())
    return evolve(PROFILES["every-change"], programs=12, least=1, events=asked, accepted=Fraction(0))


def test_a_search_that_never_meets_something_is_noticed_and_the_search_itself_is_not():
    known = {blind.id: blind for blind in BLIND}
    asked = few("user action refused", "isolated position", "mode switch")

    told = list(rows([known["M8"], known["M9"], known["M10"]], asked, 0, ABLE))

    assert [(row.id, row.missed) for row in told] == [
        ("", ()),
        ("M8", ("no generated program reached: user action refused",)),
        ("M9", ("no generated program reached: mode switch",)),
        ("M10", ("no generated program reached: isolated position",)),
    ]
    assert all(row.right for row in told)


def test_what_accrues_without_time_and_other_modes_do_not_hide_what_a_search_never_meets():
    known = {blind.id: blind for blind in BLIND}
    told = [
        row
        for name, event in (("M13", "interest accrued"), ("M15", "portfolio position"))
        for row in rows([known[name]], few(event), 0, ABLE)
    ]

    assert [(row.id, row.missed) for row in told] == [
        ("", ()),
        ("M13", ("no generated program reached: interest accrued",)),
        ("", ()),
        ("M15", ("no generated program reached: portfolio position",)),
    ]


def test_a_position_of_the_book_that_is_turned_over_is_no_event_and_one_of_a_user_is():
    genesis = genesis_of(opening(member("ann", raw=10**6), member("bob", raw=10**6)))
    buys, sells = (
        {"op": "market_order", "account": name, "market": "BTC", "size": size} for name, size in TRADES
    )
    turns = {**sells, "account": "ann"}

    assert "position flip" not in reach_of(Program(genesis, (buys, sells)), ()).events
    assert "position flip" in reach_of(Program(genesis, (buys, turns)), ()).events


def test_a_run_of_such_a_search_is_incomplete():
    never = next(blind for blind in BLIND if blind.id == "M8")
    settings = Settings(profile=few("user action refused"), vectors=(), generators=never.generators())

    *_, footer = run_cases(settings, partial(connect, "py:solvent.protocol.engine:Reference"))

    assert footer["lacks"] == ["no generated program reached: user action refused"]


# The command


def test_the_command_prints_the_matrix():
    done = run("mutants", "B02", "B11", "--generated-only", "--calls", "20", "--jobs", "1")

    lines = done.out.splitlines()
    assert done.code == 0
    assert any(line.startswith("B02") and "The maintenance deduction is dropped." in line for line in lines)
    assert any(
        line.startswith("accounts/requirement") and line.split()[-2:] == ["B11,", "B02"] for line in lines
    )
    assert lines[-1].startswith("generated: 2 of 2 mutants found")


def test_the_page_of_the_matrix_has_a_row_for_each_mutant_which_vectors_and_programs_find():
    page = (bundle.spec() / "kill-matrix.md").read_text(encoding="utf-8")
    above, below = page.split("## Checks")
    rows_of = [[cell.strip() for cell in line.split(" | ")] for line in above.splitlines() if " | " in line]
    finds = dict(re.findall(r"^\| (\S+) \| (\d+) \|", below, re.MULTILINE))

    assert [(row[0].lstrip("| "), row[1], row[2]) for row in rows_of[1:]] == [
        (mutant.id, mutant.rule, mutant.mistake) for mutant in catalogue().values()
    ]
    assert {row[3] for row in rows_of[1:]} <= {vector.id for vector in load()}
    assert all(0 < int(row[5]) <= MOST_CALLS for row in rows_of[1:])
    assert {*CHECKS} <= {*finds}
    assert "0" not in finds.values()


def test_the_command_prints_the_page():
    done = run("mutants", "B11", "--generated-only", "--calls", "20", "--jobs", "1", "--markdown")

    assert done.code == 0
    assert done.out.startswith("# Kill matrix\n")
    assert "| B11 | PERP-RATE | Maintenance margin is the whole initial rate, not half of it. | " in done.out


def test_the_json_of_the_matrix_follows_its_schema_and_tells_times_only_where_asked():
    options = ("B02", "--generated-only", "--calls", "20", "--jobs", "1", "--json")
    plain, timed = (json.loads(run("mutants", *options, *more).out) for more in ((), ("--times",)))

    schemas.hold(plain, "mutants", "the matrix")
    schemas.hold(timed, "mutants", "the matrix")
    kill = plain["mutants"][0]["kills"]["generated"]
    assert kill["checks"][0].startswith("accounts/")
    assert timed["mutants"][0]["kills"]["generated"].keys() - kill.keys() == {"seconds"}


def test_a_survivor_is_exit_code_one(monkeypatch):
    monkeypatch.setitem(catalogue(), "same", SAME)

    done = run("mutants", "same", "--generated-only", "--calls", "2", "--jobs", "1")

    assert done.code == 1
    assert "survive: same (generated)" in done.out


def test_the_mistake_of_a_mutant_is_shown_as_a_change_of_source():
    done = run("mutants", "--show", "B02")

    assert "-        margin = where(notional >= tier.lower_bound" in done.out
    assert done.code == 0


def test_the_mutants_of_a_family_are_listed():
    done = run("mutants", "--list", "--family", "tiers")

    assert {line.split()[0] for line in done.out.splitlines()} == {
        mutant.id for mutant in catalogue().values() if mutant.family == "tiers"
    }


@pytest.mark.parametrize("asked", [("Z99",), ("--family", "teirs"), ("B02", "--family", "caps")])
def test_what_there_is_not_is_refused_with_what_there_is(asked):
    done = run("mutants", *asked)

    assert done.code == 2
    assert "expected" in done.err
