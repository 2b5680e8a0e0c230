"""What a scenario is: a venue, how its exchange begins, and what happens then."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from attrs import field, frozen

from solvent.exchange import Action, Check, Exchange
from solvent.venue import Venue


def _stripped(text: str) -> str:
    return text.strip()


@frozen
class Fact:
    """Something that must hold after a step.

    Attributes:
        path: what it is about, such as ``("ann", "ratio")`` or ``("pools", "USDC", "cash")``.
        expected: a word, or a number, which is held to as many digits as it shows.
    """

    path: tuple[str, ...]
    expected: str

    @property
    def name(self) -> str:
        """The path as text."""
        return ".".join(self.path)


@frozen
class Step:
    """One thing that happens.

    Attributes:
        action: what.
        refused: where it must be refused, the rule that refuses it or a part of the reason.
        note: what a reader should see in it.
        expect: what must hold after it.
        line: where it stands in its file.
    """

    action: Action
    refused: str | None = None
    note: str = ""
    expect: tuple[Fact, ...] = ()
    line: int | None = field(default=None, eq=False)


@frozen
class Scenario:
    """A short story of an exchange that anybody can replay.

    Attributes:
        title, story: what it shows, in a line and in prose.
        venue: the venue, as the story begins.
        begins: the exchange, as the story begins.
        steps: what happens.
        venue_file: the file of the venue, where it is not a bundled one.
    """

    title: str = field(converter=_stripped)
    story: str = field(converter=_stripped)
    venue: Venue
    begins: Exchange
    steps: tuple[Step, ...]
    venue_file: Path | None = field(default=None, eq=False)


@frozen
class Failure:
    """Something that was to hold after a step and does not.

    Attributes:
        fact: what: the name of a fact, or ``refused``.
        expected: what was to be.
        found: what is: a number, a word, or ``none``.
    """

    fact: str
    expected: str
    found: Fraction | str


@frozen
class Moment:
    """A step that has been played.

    Attributes:
        number: which step it is, from 1.
        step: the step.
        before, after: the exchange; the same one where the action was refused.
        refusal: the check of the guard that refused it, where one did.
        failed: what was to hold and does not.
    """

    number: int
    step: Step
    before: Exchange
    after: Exchange
    refusal: Check | None
    failed: tuple[Failure, ...]
