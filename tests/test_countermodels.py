"""Countermodels as files: replayed by the exact model alone, and refused where they cannot be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command import run

from solvent import bundle
from solvent.ingest import schemas
from solvent.prove.audit import load
from solvent.prove.countermodel import read, replayed

FOLDER = bundle.spec() / "countermodels"
FILES = sorted(FOLDER.glob("*.json"))
ONE = FOLDER / "adding_twenty_to_the_requirement_keeps_idle_accounts_healthy.json"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_numbers_break_the_theorem_by_the_exact_model(file):
    assert replayed(read(file), str(file)).stands


def test_every_false_theorem_has_one_and_no_other():
    assert {file.stem for file in FILES} == {name for name, stated in load().items() if stated.false}


def test_a_file_holds_what_it_is_read_as():
    assert all(read(file).text == file.read_text(encoding="utf-8") for file in FILES)


def altered(tmp_path: Path, **content: object) -> Path:
    document = json.loads(ONE.read_text(encoding="utf-8"))
    path = tmp_path / "altered.json"
    path.write_text(json.dumps({**document, **content}), encoding="utf-8")
    return path


def test_it_is_replayed_in_words():
    outcome = run("replay", str(ONE))

    assert (outcome.code, outcome.err) == (0, "")
    assert "equity = 1" in outcome.out
    assert outcome.out.splitlines()[-1] == "1 of 1 countermodels break their theorem"


def test_it_is_replayed_as_json():
    outcome = run("replay", "--json", str(ONE))
    printed = json.loads(outcome.out)

    schemas.hold(printed, "replay-countermodels", "output")
    assert [one["stands"] for one in printed["countermodels"]] == [True]


def test_numbers_that_break_nothing_are_told_and_the_code_is_1(tmp_path):
    outcome = run("replay", str(altered(tmp_path, numbers={"equity": "1000"})))

    assert outcome.code == 1
    assert outcome.out.splitlines()[-1] == "0 of 1 countermodels break their theorem"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({"theorem": "nothing_of_the_kind"}, "theorem: found nothing_of_the_kind; expected"),
        ({"venue": "nowhere"}, "nowhere"),
        ({"numbers": {"equity": 1}}, "numbers.equity"),
        ({"numbers": {"equity": "1/0"}}, "numbers.equity"),
        ({"token": "DOGE"}, "token: found DOGE; expected one of"),
        ({"format": "9.0.0"}, "format: found 9.0.0"),
        ({"more": 1}, "additionalProperties"),
    ],
)
def test_a_file_that_cannot_be_taken_is_an_error_that_names_the_field(content, told, tmp_path):
    outcome = run("replay", str(altered(tmp_path, **content)))

    assert (outcome.code, outcome.out) == (2, "")
    assert told in outcome.err


def test_the_audit_writes_what_is_refuted(tmp_path):
    outcome = run(
        "audit", "hyperliquid-beta", "--theorem", ONE.stem, "--no-needs", "--no-cache", "--jobs", "1",
        "--countermodels", str(tmp_path),
    )  # fmt: skip

    assert outcome.code == 0
    assert [file.name for file in tmp_path.iterdir()] == [ONE.name]
    assert replayed(read(tmp_path / ONE.name), ONE.name).stands
