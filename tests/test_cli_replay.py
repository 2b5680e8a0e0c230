"""``solvent replay`` tells a scenario as a table, as JSON, as a picture and as a log, and says whether it is as expected."""

from __future__ import annotations

import json
import os
import re
from fractions import Fraction
from io import StringIO

import pytest
from command import run, run_apart
from rich.console import Console

from solvent import bundle
from solvent.exchange.record import digest
from solvent.ingest import schemas
from solvent.report.replay_plot import MARKS, plot
from solvent.report.replay_text import print_replay
from solvent.scenario import play, read

FOLDER = bundle.spec() / "scenarios"
LADDER = FOLDER / "liquidation-ladder.toml"
CARRY = FOLDER / "carry-trade.toml"
CAP = FOLDER / "cap-fallback-existing-borrowers.toml"


def damaged(tmp_path, path, good, bad):
    """A copy of a scenario with one text in place of another."""
    text = path.read_text(encoding="utf-8")
    assert good in text
    (tmp_path / path.name).write_text(text.replace(good, bad, 1), encoding="utf-8")
    return tmp_path / path.name


def words(text):
    return [" ".join(line.split()) for line in text.splitlines()]


# Text


def test_a_scenario_is_told_with_title_story_steps_notes_and_sum():
    outcome = run("replay", CAP)
    told = words(outcome.out)

    assert (outcome.code, outcome.err) == (0, "")
    assert told[0] == "One dollar that another user borrows makes a healthy account liquidatable"
    assert told[1].startswith("The documentation says that accounts fall back")
    assert "step action account equity resources requirement ratio status" in told
    assert "7 bob borrows 0.99999 USDC ann 101,000.00 1,000.00 1,250.00 1.2500 liquidatable" in told
    assert "step 10: Her hedge is gone, whatever Bob does next." in told
    assert told[-1] == "10 steps, 0 refused, 20 facts: all as expected"


def test_a_refusal_is_shown_with_its_rule():
    told = words(run("replay", CARRY).out)
    place = next(i for i, line in enumerate(told) if line.startswith("14 ann trades -0.001 BTC"))

    assert told[place + 1] == "refused unless ann covers what it opens (TRADE-OPEN)"


def test_an_account_without_equity_is_shown_as_such():
    told = words(run("replay", LADDER).out)

    assert "vault -3,747.91 -3,747.91 18,400.00 no equity bankrupt" in told


@pytest.mark.parametrize(
    ("good", "bad", "step", "said"),
    [
        ('ratio = "0.0328"', 'ratio = "0.0329"', 5, "ann.ratio: expected 0.0329, found 0.03278689"),
        ('loan = "10000"', 'loan = "10001"', 5, "ann.loan: expected 10001, found 10000.00001"),
        ('health = "none"', 'health = "1"', 7, "ann.health: expected 1, found none"),
        ('"TRADE-OPEN"', '"PERP-LEVERAGE"', 14, "refused: expected PERP-LEVERAGE, found refused unless ann covers what it opens (TRADE-OPEN)"),
        ('refused = "TRADE-OPEN"\n', "", 14, "refused: expected allowed, found refused unless ann covers what it opens (TRADE-OPEN)"),
        ('leverage = "10" }', 'leverage = "10" }\nrefused = "no"', 3, "refused: expected no, found allowed"),
    ],
)  # fmt: skip
def test_what_is_not_as_expected_is_named_by_step_line_and_fact(tmp_path, good, bad, step, said):
    path = damaged(tmp_path, CARRY, good, bad)
    lines = [n for n, line in enumerate(path.read_text().splitlines(), 1) if line == "[[steps]]"]
    outcome = run("replay", path)

    assert outcome.code == 1
    assert f"step {step} (line {lines[step - 1]}): {said}" in outcome.out.splitlines()
    assert re.search(r"facts: \d+ NOT AS EXPECTED\n$", outcome.out)


def test_several_scenarios_are_told_one_after_the_other():
    outcome = run("replay", CAP, CARRY)

    assert outcome.code == 0
    assert outcome.out.count("all as expected") == 2


def test_one_failure_among_several_scenarios_is_a_failure(tmp_path):
    bad = damaged(tmp_path, CARRY, 'ratio = "0.0328"', 'ratio = "0.0329"')

    assert run("replay", bad, CAP).code == 1


def test_a_scenario_without_steps_is_told(tmp_path):
    (tmp_path / "s.toml").write_text('title = "T"\nstory = "S"\nvenue = "hyperliquid-beta"\n')

    assert run("replay", tmp_path / "s.toml").out == "T\nS\n\n0 steps, 0 refused, 0 facts: all as expected\n"


def shown(path, width):
    scenario = read(path)
    console = Console(file=StringIO(), width=width, force_terminal=True, markup=False, emoji=False)
    print_replay(console, scenario, list(play(scenario)))
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", console.file.getvalue())


@pytest.mark.parametrize("width", [40, 80, 120, 200])
def test_no_figure_is_cut_on_a_narrow_terminal(width):
    told = shown(LADDER, width)

    assert {"18,400.00", "no", "equity", "bankrupt"} <= set(told.split())
    assert "…" not in told
    assert ("resources" in told.split()) is (width >= 120)


def test_a_name_cannot_command_the_terminal(tmp_path):
    path = damaged(tmp_path, CAP, 'story = """', 'story = """\\u001b[2J\\u0007 [bold]')
    hostile = path.read_text().replace('"bob"', '"[red]b\\\\o:smile:b"')
    path.write_text(hostile)
    outcome = run("replay", path)

    assert outcome.code == 0
    assert r"\x1b[2J\x07 [bold]" in outcome.out
    assert r"[red]b\o:smile:b borrows 1 USDC" in outcome.out
    assert all(line.isprintable() for line in outcome.out.splitlines())


def test_the_installed_program_prints_the_same_without_colour():
    apart = run_apart("replay", CAP, FORCE_COLOR="1", TERM="xterm")

    assert apart.out == run("replay", CAP).out


# JSON


def test_json_follows_its_schema_and_holds_every_step():
    outcome = run("replay", "--json", *sorted(FOLDER.glob("*.toml")))
    printed = json.loads(outcome.out)
    schemas.hold(printed, "replay", "output")

    assert outcome.code == 0
    assert len(printed["scenarios"]) == len(list(FOLDER.glob("*.toml")))
    assert printed["summary"]["steps"] == sum(len(each["steps"]) for each in printed["scenarios"])
    assert printed["summary"]["failed"] == 0


def test_json_tells_refusals_failures_and_the_state(tmp_path):
    path = damaged(tmp_path, CARRY, 'ratio = "0.0328"', 'ratio = "0.0329"')
    outcome = run("replay", "--json", path)
    (replayed,) = json.loads(outcome.out)["scenarios"]
    schemas.hold(json.loads(outcome.out), "replay", "output")
    (failed,) = replayed["steps"][4]["failed"]

    assert outcome.code == 1
    assert replayed["steps"][13]["refused"] == {"unless": "ann covers what it opens", "rule": "TRADE-OPEN"}
    assert replayed["steps"][13]["action"]["fields"] == {"account": "ann", "market": "BTC", "size": "-0.001"}
    assert (failed["fact"], failed["expected"]) == ("ann.ratio", "0.0329")
    assert round(Fraction(failed["found"]), 6) == Fraction("0.032787")
    assert replayed["state"] == digest(list(play(read(path)))[-1].after)


def test_the_schema_takes_no_key_that_it_does_not_name():
    printed = json.loads(run("replay", "--json", CAP).out)
    printed["scenarios"][0]["steps"][0]["more"] = 1

    with pytest.raises(schemas.InputError, match="additionalProperties"):
        schemas.hold(printed, "replay", "output")


# The action log


def test_the_log_that_is_written_replays_to_the_same_state(tmp_path):
    log = tmp_path / "ladder.jsonl"
    outcome = run("replay", LADDER, "--to", log, "--json")
    (first,) = json.loads(outcome.out)["scenarios"]
    (again,) = json.loads(run("replay", log, "--json").out)["scenarios"]

    assert len(log.read_text().splitlines()) == len(first["steps"]) + 1
    assert again["state"] == first["state"]
    assert [step["accounts"] for step in again["steps"]] == [step["accounts"] for step in first["steps"]]


# The picture


@pytest.mark.parametrize(("suffix", "start"), [(".svg", b"<?xml"), (".png", b"\x89PNG")])
def test_the_same_scenario_gives_the_same_bytes(tmp_path, suffix, start):
    pictures = [tmp_path / f"{name}{suffix}" for name in ("one", "other")]
    outcomes = [run("replay", LADDER, "--plot", pictures[0])]
    outcomes.append(run_apart("replay", str(LADDER), "--plot", str(pictures[1]), PYTHONHASHSEED="7"))

    assert [outcome.code for outcome in outcomes] == [0, 0]
    assert pictures[0].read_bytes() == pictures[1].read_bytes()
    assert pictures[0].read_bytes().startswith(start)
    assert b"<dc:date>" not in pictures[0].read_bytes()


def test_the_picture_names_what_it_draws():
    scenario = read(LADDER)
    drawn = plot(scenario, list(play(scenario)), "svg").decode()

    for label in (
        "ETH mark",
        "leo",
        "sue",
        "tom",
        "vault",
        "equity (USD)",
        "requirement (USD)",
        "margin ratio",
        *MARKS,
    ):
        assert label in drawn
    assert scenario.title in drawn


def test_a_refusal_is_marked_only_where_there_is_one():
    scenario = read(CAP)

    assert ">refusal<" not in plot(scenario, list(play(scenario)), "svg").decode()


def test_the_picture_of_a_scenario_without_steps_is_drawn(tmp_path):
    (tmp_path / "s.toml").write_text('title = "T"\nstory = "S"\nvenue = "hyperliquid-beta"\n')
    outcome = run("replay", tmp_path / "s.toml", "--plot", tmp_path / "s.png")

    assert outcome.code == 0
    assert (tmp_path / "s.png").stat().st_size > 1000


# Wrong usage


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Missing argument 'FILE...'"),
        ([CARRY, CAP, "--plot", "x.svg"], "--plot and --to are about one scenario"),
        ([CARRY, CAP, "--to", "x.jsonl"], "--plot and --to are about one scenario"),
        ([CARRY, "--plot", "x.pdf"], "expected a name that ends in .svg or .png"),
        ([CARRY, "--plot", os.devnull + "/x.svg"], "expected a file that can be written"),
        ([CARRY, "--to", os.devnull + "/x.jsonl"], "expected a file that can be written"),
        ([FOLDER], "is a directory"),
        ([FOLDER / "none.toml"], "found nothing; expected a TOML file"),
    ],
)
def test_wrong_usage_is_one_clear_message(arguments, said):
    outcome = run("replay", *arguments)

    assert outcome.code == 2
    assert outcome.out == ""
    assert said in outcome.err
