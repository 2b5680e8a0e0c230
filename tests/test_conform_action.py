"""The GitHub Action: its script run for real, and its file held to what a safe action is."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from command import PROGRAM
from conform_engines import written

from solvent.conform.events import read

FOLDER = Path(__file__).parent.parent / ".github" / "actions" / "conform"
pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir() or shutil.which("bash") is None, reason="there is no action here, or no bash"
)


def acted(folder, address, *arguments, program=PROGRAM, **more):
    """The exit code of the action's script in a folder, its outputs, and its summary."""
    given = {
        "SOLVENT": str(program),
        "SOLVENT_ADDRESS": address,
        "SOLVENT_ARGUMENTS": "\n".join(map(str, arguments)),
        "GITHUB_OUTPUT": str(folder / "outputs"),
        "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
        "PYTHONPATH": f"{Path(__file__).parent}{os.pathsep}{os.environ.get('PYTHONPATH', '')}",
    } | {f"SOLVENT_{name.upper()}": value for name, value in more.items()}
    done = subprocess.run(
        [FOLDER / "run.sh"],
        cwd=folder,
        env=os.environ | given,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    outputs = dict(line.split("=", 1) for line in (folder / "outputs").read_text().splitlines())
    summary = folder / "summary.md"
    return done, outputs, summary.read_text() if summary.exists() else ""


def test_an_engine_behind_stdio_is_gated_with_reports_outputs_and_a_summary(tmp_path):
    fixed = written(tmp_path / "vectors", "test/buys", "test/refused")

    done, outputs, summary = acted(
        tmp_path,
        f"stdio:{PROGRAM} serve",
        "--vectors",
        fixed,
        "--no-generated",
        "--rule",
        "PERP-EQUITY",
        jobs="1",
    )

    assert done.returncode == 0, done.stderr
    assert outputs == {"overall": "passed", "exit-code": "0", "failures": "0"}
    assert "**Conforms.** 2 cases: 2 passed." in summary
    assert {file.name for file in (tmp_path / "solvent-reports").iterdir()} == {
        "badge.json", "conform.html", "conform.md", "conform.ndjson", "conform.sarif", "conform.xml",
    }  # fmt: skip
    assert read(tmp_path / "solvent-reports" / "conform.ndjson")[-1]["overall"] == "passed"


def test_the_exit_code_of_the_kit_is_that_of_the_action_and_arguments_are_never_evaluated(tmp_path):
    fixed = written(tmp_path / "vectors; touch hurt", "test/falls")

    done, outputs, summary = acted(
        tmp_path, "py:conform_engines:Crashing", "--vectors", fixed, "--no-generated", "--rule", "PERP-EQUITY",
        reports="my reports",
    )  # fmt: skip

    assert done.returncode == 1
    assert outputs == {"overall": "violation", "exit-code": "1", "failures": "1"}
    assert "outcome/crash" in summary
    assert len([*(tmp_path / "my reports" / "failures").iterdir()]) == 1
    assert not (tmp_path / "hurt").exists()


def test_a_run_that_cannot_begin_leaves_outputs_too(tmp_path):
    done, outputs, summary = acted(tmp_path, "py:conform_engines:Ancient", profile="every-change")

    assert done.returncode == 3
    assert outputs == {"overall": "adapter", "exit-code": "3", "failures": "0"}
    assert summary == ""


def test_a_program_that_cannot_begin_is_a_fault_and_no_violation(tmp_path):
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)

    done, outputs, _ = acted(tmp_path, "py:conform_engines:Right", program=broken)

    assert done.returncode == 5
    assert outputs == {"overall": "fault", "exit-code": "5", "failures": "0"}


def test_inputs_reach_the_script_through_the_environment_alone_and_actions_are_pinned():
    text = (FOLDER / "action.yml").read_text()
    steps = text.partition("\nruns:\n")[2]
    scripts = re.findall(r"^ +run: (?:\|\n)?((?:.+\n)(?: {8,}.+\n)*)", steps, re.MULTILINE)
    inputs = set(
        re.findall(r"^  ([a-z-]+):\n    description", text.partition("\noutputs:\n")[0], re.MULTILINE)
    )

    assert len(scripts) == 2
    assert not any("${{" in script for script in scripts)
    assert all(re.fullmatch(r"[0-9a-f]{40}", pin) for pin in re.findall(r"uses: \S+@(\S+)", steps))
    assert set(re.findall(r"inputs\.([a-z-]+)", text)) == inputs
    assert "eval" not in (FOLDER / "run.sh").read_text()


def test_the_script_reads_every_variable_that_the_action_sets():
    set_by_action = set(re.findall(r"(SOLVENT_[A-Z]+): \$\{\{", (FOLDER / "action.yml").read_text()))
    script = (FOLDER / "run.sh").read_text()
    options = re.search(r"for option in (.+); do", script)[1].split()

    read_by_script = set(re.findall(r"SOLVENT_[A-Z]+", script)) | {
        f"SOLVENT_{name.upper()}" for name in options
    }
    assert set_by_action - {"SOLVENT_PACKAGE"} == read_by_script
