"""Where the rulebook, the venues, the recorded accounts and the theorems stand, in a checkout and in an installed package."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent


def _folder(name: str) -> Path:
    bundled = _PACKAGE / "_bundle" / name
    return bundled if bundled.is_dir() else _PACKAGE.parent.parent / name


def spec() -> Path:
    """The folder ``spec``."""
    return _folder("spec")


def proofs() -> Path:
    """The folder ``proofs``."""
    return _folder("proofs")
