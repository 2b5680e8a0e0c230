"""On a terminal no digit is cut and no name takes command; a reader who leaves early meets no traceback."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from io import StringIO

import pytest
from command import OBSERVATIONS, PM, PROGRAM, UNIFIED, run
from rich.console import Console

from solvent import observe
from solvent.cli.console import output
from solvent.ingest import files
from solvent.report.account_text import FIGURES, LEFT_OUT, print_reports
from solvent.report.tables import Column, print_table, printable

WIDE = OBSERVATIONS / "ua-07-tula-perp-long-20260909.json"
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
HOSTILE = ("[bold]", "[/red]", ":smile:", "\x1b[2J\x07", "a\nb", "\u202eabc", "名前", "x" * 60)


def shown(width, path=WIDE):
    """What is printed of a record on a terminal of this width, without its colours."""
    console = Console(file=StringIO(), width=width, force_terminal=True, markup=False, emoji=False)
    print_reports(console, [observe(files.read(path), str(path))])
    return ESCAPES.sub("", console.file.getvalue())


@pytest.mark.parametrize("width", [20, 40, 80, 100, 120, 160])
def test_no_digit_is_cut_at_any_width(width):
    amounts = {word for word in shown(1000).split() if re.fullmatch(r"-?\d+\.\d{6,}", word)}

    assert len(amounts) > 10
    assert amounts <= set(shown(width).split())
    assert {"unrealized", "maintenance", "withdrawable", "HYPE"} <= set(shown(width).split())
    assert "…" not in shown(width)


@pytest.mark.parametrize("path", [WIDE, PM, UNIFIED])
def test_a_table_fits_80_columns(path):
    lines = shown(80, path).split("\n\n")[0].splitlines()
    table = [line for line in lines if not line.startswith("  [")]

    assert max(len(line) for line in table) <= 80


@pytest.mark.parametrize(("width", "left_out"), [(160, 0), (110, 1), (100, 2), (80, 3)])
def test_a_narrow_terminal_leaves_out_whole_columns_in_a_fixed_order(width, left_out):
    headings = [column.heading for column in FIGURES if column.heading]
    heading = next(line for line in shown(width).splitlines() if line.startswith("figure"))

    assert heading.split() == [word for word in headings if word not in LEFT_OUT[:left_out]]


def test_what_is_too_wide_for_the_terminal_goes_past_its_edge():
    console = Console(file=StringIO(), width=20, force_terminal=True)
    print_table(console, (Column("amount", "right"),), [["9" * 60]])

    assert "9" * 60 in console.file.getvalue()


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_printed_as_it_is_or_as_its_escape(name, tmp_path):
    record = json.loads(UNIFIED.read_text())
    record["spotClearinghouseState"]["balances"][1]["coin"] = name
    path = tmp_path / "account.json"
    path.write_text(json.dumps(record))
    outcome = run("account", path)

    assert outcome.code == 0
    assert name.encode("unicode_escape").decode() in outcome.out or name in outcome.out
    assert all(line.isprintable() for line in outcome.out.splitlines())


@pytest.mark.parametrize("options", [(), ("--compare",)])
def test_a_name_of_a_file_cannot_take_command_of_the_terminal(options, tmp_path):
    path = tmp_path / "[bold]\x1b[2J.json"
    path.write_bytes(UNIFIED.read_bytes())
    outcome = run("account", *options, path)

    assert (outcome.code, outcome.err) == (0, "")
    assert r"[bold]\x1b[2J" in outcome.out
    assert "\x1b" not in outcome.out


def test_a_message_cannot_take_command_of_the_terminal(tmp_path):
    assert run("account", tmp_path / "\x1b[2J\n.json").err.count("\n") == 1
    assert "\x1b" not in run("account", tmp_path / "\x1b[2J\n.json").err


@pytest.mark.parametrize(
    ("text", "expected"),
    [("HYPE", "HYPE"), ("UBTC/USDC", "UBTC/USDC"), ("名", "名"), ("\x1b", "\\x1b"), ("\u202e", "\\u202e")],
)
def test_only_what_does_not_print_as_itself_is_escaped(text, expected):
    assert printable(text) == expected


def on_a_terminal(*arguments, columns):
    """What the program prints on a terminal of so many columns, and its exit code."""
    pty = pytest.importorskip("pty", reason="this system has no pseudo-terminals")
    theirs, ours = pty.openpty()
    environment = os.environ | {"COLUMNS": str(columns), "TERM": "xterm-256color", "NO_COLOR": ""}
    with subprocess.Popen([PROGRAM, *arguments], stdout=ours, stderr=ours, env=environment) as process:
        os.close(ours)
        content = b""
        while True:
            try:
                part = os.read(theirs, 65536)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            content += part
        os.close(theirs)
    return content.decode(), process.returncode


def test_a_terminal_gets_colour_a_bar_that_goes_away_and_its_own_width():
    content, code = on_a_terminal("account", UNIFIED, columns=80)
    lines = ESCAPES.sub("", content).splitlines()

    assert code == 0
    assert "\x1b[32magrees" in content
    assert "accounts" in content
    assert max(len(line) for line in lines if " agrees" in line) <= 80


def test_a_function_is_shown_whole_on_a_narrow_terminal():
    content, code = on_a_terminal("explain", "PM-RATIO", columns=80)
    shown_words = ESCAPES.sub("", content).split()

    assert code == 0
    assert [word for word in run("explain", "PM-RATIO").out.split() if word not in shown_words] == []


@pytest.mark.skipif(sys.platform == "win32", reason="a pipe there reports a reader that has gone otherwise")
@pytest.mark.parametrize("options", [(), ("--json",), ("--compare",)])
@pytest.mark.parametrize("records", [[UNIFIED], [UNIFIED] * 60])
def test_a_reader_who_leaves_early_ends_the_run_without_a_word(options, records):
    with subprocess.Popen(
        [PROGRAM, "account", *options, *records], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.close()
        said = process.stderr.read()

    assert (process.returncode, said) == (4, b"")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no full device")  # noqa: PTH110
def test_output_that_cannot_be_written_is_one_message():
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = subprocess.run(
            [PROGRAM, "explain", "PM-RATIO"], stdout=full, stderr=subprocess.PIPE, check=False
        )

    assert done.returncode == 4
    assert done.stderr == b"solvent: the output cannot be written: No space left on device\n"


def test_without_a_terminal_no_width_limits_a_line(monkeypatch):
    monkeypatch.setenv("COLUMNS", "30")
    monkeypatch.setattr(sys, "stdout", StringIO())
    output().print("9" * 200)

    assert sys.stdout.getvalue() == "9" * 200 + "\n"
