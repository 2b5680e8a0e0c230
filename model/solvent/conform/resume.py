"""Where a run ended, as a file from which another one goes on."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import frozen

from solvent.conform.coverage import Reach
from solvent.ingest import schemas, strict_json

SCHEMA = "conform-cursor"


@frozen
class Cursor:
    """Where a run ended.

    Attributes:
        seed: what its programs depend on, beside their numbers.
        next: the number of the next.
        programs: how many ran.
        reach: what they reached.
    """

    seed: int
    next: int
    programs: int
    reach: Reach


def text(cursor: Mapping[str, Any]) -> str:
    """The file of the cursor of a footer."""
    return json.dumps(cursor, indent=1) + "\n"


def load(path: Path) -> Cursor | None:
    """Where the run ended that wrote a file; ``None`` where there is no file yet.

    Raises:
        InputError: it cannot be taken.
    """
    if not path.exists():
        return None
    document = strict_json.load(path)
    schemas.hold(document, SCHEMA, str(path))
    reach = Reach(
        frozenset(document["rules"]), Counter(document["events"]), document["accepted"], document["refused"]
    )
    return Cursor(document["seed"], document["next"], document["programs"], reach)
