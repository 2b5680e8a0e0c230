"""The one error for input that Solvent cannot take."""

from __future__ import annotations

from attrs import field, frozen

LONGEST_VALUE = 80


@frozen
class InputError(Exception):
    """Input that cannot be taken: where it stands, what was found, what was expected.

    Attributes:
        source: the file, folder or address that was read.
        where: the field, as a dotted path from the top of the source; empty for the whole source.
        found: the value that was found, as text.
        expected: what would have been taken, as the end of "expected ...".
    """

    source: str
    where: str
    found: str = field(converter=str)
    expected: str

    def __str__(self) -> str:
        found = self.found if len(self.found) <= LONGEST_VALUE else f"{self.found[:LONGEST_VALUE]}..."
        place = f"{self.source}: {self.where}" if self.where else self.source
        return f"{place}: found {found}; expected {self.expected}"
