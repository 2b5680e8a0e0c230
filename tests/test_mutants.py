"""Mutants: each is one change of the shipped source, and generated programs find them and know them by name."""

from __future__ import annotations

import pytest

from solvent.conform.diagnose import misreadings
from solvent.conform.engine import InProcess
from solvent.conform.generate import accounts, sequences
from solvent.conform.kill import abilities, diverged, hunt, programs, smallest
from solvent.errors import InputError
from solvent.mutants import Mutant, catalogue, engine_of
from solvent.mutants.loader import Edit, copy
from solvent.protocol.engine import Reference
from solvent.rules import all_rules

ABLE = abilities()
QUICK = ("A05", "B02", "B11", "R02", "X07", "P10")
"""Mutants that die within few calls."""


@pytest.mark.parametrize("mutant", catalogue().values(), ids=lambda mutant: mutant.id)
def test_a_mutant_is_one_change_of_the_shipped_source(mutant):
    assert all(edit.applied() != edit.file.read_text(encoding="utf-8") for edit in mutant.edits)
    assert all(compile(edit.applied(), edit.module, "exec") for edit in mutant.edits)
    assert mutant.rule in all_rules()
    assert mutant.mistake.endswith(".")


def test_there_are_mutants_of_every_family():
    families = {mutant.family for mutant in catalogue().values()}

    assert len(catalogue()) >= 100
    assert families >= {
        "equity", "netting", "requirement", "tiers", "portfolio ratio", "borrowing", "caps", "prices", "liquidation",
        "deleveraging", "interest", "funding", "rounding", "refusals",
    }  # fmt: skip


def test_mutants_answer():
    hello = {"cmd": "hello", "seq": 1, "protocol": [1]}

    replies = [engine_of(mutant).answer(hello) for mutant in list(catalogue().values())[::12]]

    assert len(replies) > 8
    assert all(reply["engine"]["name"] == "solvent" for reply in replies)


def test_a_copy_without_a_change_answers_as_the_model_does():
    same = copy("unchanged", ())("protocol.engine").Reference()
    tried = [*accounts(3, range(6), ABLE), *sequences(3, range(3), ABLE)]

    assert type(same) is not Reference
    assert all(same.answer(p.message(1)) == Reference().answer(p.message(1)) for p in tried)


@pytest.mark.parametrize("old", ["no such text", "return"])
def test_a_change_that_does_not_fit_is_refused(old):
    with pytest.raises(InputError):
        Edit("rules.perp", old, "other").applied()


def test_generated_programs_find_mutants_within_few_calls():
    kills = list(hunt([catalogue()[name] for name in QUICK], programs(0, ABLE, 40), "generated"))

    assert sorted(kill.mutant for kill in kills) == sorted(QUICK)
    assert not [kill.mutant for kill in kills if kill.survived]


def test_an_engine_without_a_mistake_survives():
    change = Edit("rules.perp", "return notional / leverage", "return notional / leverage + 0")
    same = Mutant("same", "none", "PERP-MM", "None.", "none", (change,))

    (kill,) = hunt([same], programs(0, ABLE, 6), "generated")

    assert kill.survived
    assert kill.calls == 6


def test_a_mutant_is_shrunk_and_diagnosed_by_its_own_name():
    engine = InProcess(engine_of(catalogue()["B02"]).answer)
    program = next(p for p in programs(0, ABLE, 40) if diverged(engine, p, ABLE))
    check = diverged(engine, program, ABLE).differences[0].check
    small = smallest(engine, program, check, ABLE)
    divergence = diverged(engine, small, ABLE)

    told = misreadings(small, engine.ask(small.message(1)), divergence, ABLE)

    assert len(small.steps) <= 1
    assert len(str(small.content)) < len(str(program.content))
    assert "B02" in {one.id for one in told if one.whole}
