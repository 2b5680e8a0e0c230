"""Exit codes."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """What an exit code means."""

    PASSED = 0
    VIOLATION = 1
    INPUT = 2
    ADAPTER = 3
    INCOMPLETE = 4
    FAULT = 5
