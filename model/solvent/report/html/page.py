"""The page: the template filled with what was read from the stream."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from solvent import rulebook
from solvent.ingest.venue_file import bundled_venues
from solvent.report import frontier
from solvent.report.audit_reading import LEGEND, SIGNS
from solvent.report.events import Event
from solvent.report.html.numbers import SHOWN, exact_number, percent, short
from solvent.report.html.reading import read

FOLDER = Path(__file__).parent


def page(events: Iterable[Event]) -> str:
    """The audit as one HTML page that needs nothing else; the same events give the same text.

    Args:
        events: the stream of an audit, with the events of ``solvent.report.frontier`` where the frontier is to be shown.

    Raises:
        ValueError: the stream has no footer, so that the audit did not end.
    """
    view = read(events)
    environment = Environment(
        loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {"percent": percent, "number": exact_number, "short": short}
    return environment.get_template("audit.html.j2").render(
        view=view,
        signs={kind: sign for kind, (sign, _) in SIGNS.items()},
        legend=LEGEND,
        shown=SHOWN,
        rules=rulebook.entries(),
        frontiers=_frontiers(view.frontiers),
        command=_command(view.header["venues"]),
        style=_inlined("style.css"),
        script=_inlined("script.js"),
    )


def _inlined(name: str) -> Markup:
    return Markup((FOLDER / name).read_text(encoding="utf-8"))  # noqa: S704 - the project's own file


def _command(venues: Sequence[Event]) -> str:
    """The command that makes the audit again; without names it is of all bundled venues."""
    names = [venue["file"] or venue["name"] for venue in venues]
    chosen = [] if set(names) == set(bundled_venues()) else names
    return shlex.join(["solvent", "audit", *chosen, "--html", "audit.html"])


def _frontiers(events: Sequence[Event]) -> list[tuple[Sequence[Event], Markup]]:
    """For each collateral the events of venues with the same lines, and their picture."""
    groups: dict[str, list[Event]] = {}
    for event in events:
        groups.setdefault(f"{event['token']} {event['lines']} {event['discount']}", []).append(event)
    return [
        (group, Markup(frontier.plot(group, f"frontier-{place}")))  # noqa: S704 - numbers drawn by matplotlib
        for place, group in enumerate(groups.values())
    ]
