"""Files and folders that a command is asked to write; one that cannot be written is an error of its input."""

from __future__ import annotations

from pathlib import Path

from solvent.errors import InputError


def make_folder(folder: Path) -> Path:
    """Make a folder, and those that it lies in, where they are missing.

    Raises:
        InputError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(str(folder), "", _reason(error), "a folder that can be written") from None
    return folder


def write_file(path: Path, content: str | bytes) -> None:
    """Write a file: text as UTF-8 with a line feed at the end of each line.

    Raises:
        InputError: it cannot be written.
    """
    try:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    except (OSError, ValueError) as error:
        raise InputError(str(path), "", _reason(error), "a file that can be written") from None


def _reason(error: OSError | ValueError) -> str:
    return str(getattr(error, "strerror", None) or error).lower()
