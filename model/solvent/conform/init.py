"""Skeletons of adapters: a working one in each of six languages, with a small engine behind it that waits to be replaced."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from string import Template

from attrs import frozen

from solvent.errors import InputError

SKELETONS = Path(__file__).with_name("skeletons")
Command = tuple[str, ...]


@frozen
class Language:
    """A language that there is a skeleton in.

    Attributes:
        title: what it is called.
        adapter, engine: the files that speak the protocol and hold the engine.
        build: the commands that build the adapter in its folder.
        run: the command that runs it there.
    """

    title: str
    adapter: str
    engine: str
    build: tuple[Command, ...]
    run: Command

    @property
    def address(self) -> str:
        """The address of the adapter, of a kit that runs in its folder."""
        return f"stdio:{' '.join(self.run)}"


_JAVA = "src/main/java/adapter"
LANGUAGES: Mapping[str, Language] = {
    "python": Language("Python", "adapter.py", "engine.py", (), ("python3", "adapter.py")),
    "typescript": Language(
        "TypeScript",
        "src/adapter.ts",
        "src/engine.ts",
        (("npm", "install", "--no-audit", "--no-fund"), ("npm", "run", "build")),
        ("node", "out/adapter.js"),
    ),
    "rust": Language(
        "Rust",
        "src/main.rs",
        "src/engine.rs",
        (("cargo", "build", "--release"),),
        ("target/release/my-adapter",),
    ),
    "go": Language("Go", "adapter.go", "engine.go", (("go", "build"),), ("./my-adapter",)),
    "java": Language(
        "Java",
        f"{_JAVA}/Adapter.java",
        f"{_JAVA}/Engine.java",
        (("mvn", "-q", "-B", "compile"),),
        ("java", "-cp", "target/classes:target/lib/*", "adapter.Adapter"),
    ),
    "cpp": Language(
        "C++",
        "adapter.cpp",
        "engine.hpp",
        (("cmake", "-S", ".", "-B", "build", "-DCMAKE_BUILD_TYPE=Release"), ("cmake", "--build", "build")),
        ("build/my-adapter",),
    ),
}
"""The languages by the names that the command line has for them."""


def skeleton(name: str) -> dict[str, str]:
    """The files of a language's skeleton: their texts by their paths in its folder."""
    language, folder = LANGUAGES[name], SKELETONS / name
    checks = [f'solvent {command} "{language.address}"' for command in ("smoke", "conform")]
    told = Template((SKELETONS / "README.md").read_text(encoding="utf-8")).substitute(
        title=language.title,
        adapter=language.adapter,
        engine=language.engine,
        commands="\n".join([*map(shlex.join, language.build), *checks]),
    )
    files = [path for path in folder.rglob("*") if path.is_file() and path.parent.name != "__pycache__"]
    texts = {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in sorted(files)}
    return {"README.md": told, **texts}


def write(name: str, folder: Path) -> tuple[Path, ...]:
    """The paths of a skeleton's files, written into a folder that is new or empty.

    Raises:
        InputError: the folder has files already, and stays as it was; or it cannot be written to.
    """
    texts, expected = skeleton(name), "a new or an empty folder"
    try:
        if folder.exists() and not folder.is_dir():
            raise InputError(str(folder), "", "a file", expected)
        if folder.is_dir() and any(folder.iterdir()):
            raise InputError(str(folder), "", "a folder with files", expected)
        for path, text in texts.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(str(folder), "", error.strerror or str(error), f"{expected} to write to") from None
    return tuple(folder / path for path in texts)
