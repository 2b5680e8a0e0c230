"""The repository keeps its own rules: layout, layers, sizes, and what may not stand in any file."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODEL = ROOT / "model" / "solvent"
TOP = {
    "pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", "spec", "model", "proofs", "tests", ".ci", ".github", ".gitignore",
}  # fmt: skip
LAYERS = (
    "errors", "written", "bundle", "decimals", "arithmetic", "quantities", "interval", "rules", "venue", "account", "market",
    "regimes", "exchange", "invariants", "compare", "rulebook", "ingest", "reconcile", "ledger", "scenario", "prove", "explore", "protocol", "mutants", "conform", "report", "cli",
)  # fmt: skip
"""The parts of the library; each imports from itself and from what stands before it."""

MODULES = sorted(MODEL.rglob("*.py"))


def tracked():
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("not a git checkout, so there is no list of the project's files")
    return [ROOT / name for name in done.stdout.split("\n") if name and (ROOT / name).is_file()]


def part(module):
    return module.relative_to(MODEL).parts[0].removesuffix(".py")


def imported(module):
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            if node.module == "solvent":
                yield from (alias.name for alias in node.names)
            elif node.module.startswith("solvent."):
                yield node.module.split(".")[1]


def test_the_top_level_is_exactly_this():
    assert {path.relative_to(ROOT).parts[0] for path in tracked()} <= TOP


def test_no_file_names_a_registry_host_or_a_place_outside_the_project():
    forbidden = re.compile(
        "|".join(["py" + "pi[.]org", "np" + "mjs", r"[.][.]/sha" + "red", "/wo" + "rk/ma"])
    )

    found = [
        path.name for path in tracked() if forbidden.search(path.read_text(encoding="utf-8", errors="ignore"))
    ]

    assert not found


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(MODEL)))
def test_a_module_imports_only_from_its_own_layer_and_those_below(module):
    if module.parent == MODEL and module.stem in {"__init__", "__main__"}:
        return
    own = LAYERS.index(part(module))

    assert all(LAYERS.index(name) <= own for name in imported(module) if name in LAYERS)
    assert all(name in LAYERS for name in imported(module))


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(MODEL)))
def test_files_and_functions_are_short(module):
    text = module.read_text(encoding="utf-8")
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]

    assert text.count("\n") <= 450
    assert all((node.end_lineno or 0) - node.lineno < 60 for node in functions)


def test_every_recorded_account_is_listed_with_its_provenance():
    listed = (ROOT / "spec" / "observations" / "README.md").read_text(encoding="utf-8")

    for path in (ROOT / "spec" / "observations").glob("*.json"):
        assert f"[{path.stem}]({path.name})" in listed
