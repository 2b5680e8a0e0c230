"""A run as one HTML page that needs nothing else."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from solvent.conform.cases import Family
from solvent.conform.events import Event
from solvent.conform.trial import Verdict
from solvent.report.conform_reading import WORDS, Reading, keep, read
from solvent.report.html.page import FOLDER


def page(events: Iterable[Event]) -> str:
    """The page; the same events give the same text.

    Raises:
        InputError: the stream has no footer.
    """
    reading = read(events)
    environment = Environment(
        loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters["pretty"] = _pretty
    return environment.get_template("conform.html.j2").render(
        reading=reading,
        words={str(verdict): words for verdict, words in WORDS.items()},
        verdicts=[str(each) for each in Verdict if reading.footer["verdicts"][each]],
        command=_command(reading),
        keep=keep,
        style=Markup((FOLDER / "style.css").read_text(encoding="utf-8")),  # noqa: S704 - the project's own file
    )


def _pretty(content: object) -> str:
    return json.dumps(content, indent=1, ensure_ascii=False)


def _command(reading: Reading) -> str:
    """The command that makes the run again."""
    header, chosen = reading.header, reading.header["selection"]
    words = ["solvent", "conform", header["address"], "--profile", header["profile"]]
    words += ["--seed", str(header["seed"])] if header["profile"] != "every-change" or header["seed"] else []
    for option in ("rule", "check", "flag"):
        words += [part for name in chosen[f"{option}s"] for part in (f"--{option}", name)]
    if len(chosen["families"]) < len(Family):
        words += [part for name in chosen["families"] for part in ("--family", name)]
    words += ["--baseline", header["baseline"]] if header["baseline"] else []
    return shlex.join(words)
