"""What the page shows: the matrix of an audit, and a card for every theorem."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from attrs import frozen

from solvent.report.audit_reading import title
from solvent.report.events import Event
from solvent.report.html.numbers import Quantity


@frozen
class Column:
    """A column of the matrix: a venue with a regime, or any venue."""

    venue: str
    regime: str
    title: str = ""


@frozen
class Outcome:
    """What is known of a theorem in all cells in which the same is known of it.

    Attributes:
        id: its anchor.
        kind: the verdict, or ``finding``.
        where, count: the cells in words, and how many they are.
        result: the result of the first of them; its numbers stand for all.
        witness, countermodel: the numbers of its models.
        needs: each assumption, with the numbers that show that it is needed.
    """

    id: str
    kind: str
    where: str
    count: int
    result: Event
    witness: Sequence[Quantity]
    countermodel: Sequence[Quantity]
    needs: Sequence[tuple[Event, Sequence[Quantity]]]


@frozen
class Place:
    """A cell of the matrix: the outcome that it shows, the worst of its collaterals, and whether others differ."""

    outcome: Outcome | None
    words: str = ""
    mixed: bool = False


@frozen
class Card:
    """A theorem with its outcomes and its row of the matrix.

    Attributes:
        id: its anchor.
        theorem: its event.
        kind: ``proved`` in all cells, ``refuted`` as it states, ``finding``, or ``unknown``.
        outcomes: the worst first.
        places: a cell for each column.
        rules: the rules that its statement calls.
        reads: what it reads of venues and collateral.
    """

    id: str
    theorem: Event
    kind: str
    outcomes: Sequence[Outcome]
    places: Sequence[Place]
    rules: Sequence[str]
    reads: Sequence[str]

    @property
    def title(self) -> str:
        """The name as a sentence."""
        words = title(self.theorem["name"])
        return words[:1].upper() + words[1:]


@frozen
class View:
    """The whole page.

    Attributes:
        header, footer: those events of the stream.
        columns: the columns of the matrix.
        families: the cards by family, in the order of the stream.
        figures: by figure and venue, its values by collateral.
        frontiers: the frontier events.
    """

    header: Event
    footer: Event
    columns: Sequence[Column]
    families: Mapping[str, Sequence[Card]]
    figures: Mapping[str, Mapping[str, Mapping[str, str]]]
    frontiers: Sequence[Event]

    @property
    def cards(self) -> list[Card]:
        """All cards."""
        return [card for cards in self.families.values() for card in cards]

    @property
    def venues(self) -> list[str]:
        """The venues of the audit."""
        return [venue["name"] for venue in self.header["venues"]]

    @property
    def kinds(self) -> Counter[str]:
        """How many theorems are of each kind."""
        return Counter(card.kind for card in self.cards)

    @property
    def ledger(self) -> Mapping[str, Sequence[Card]]:
        """By rule, the theorems whose statements call it."""
        rules = sorted({rule for card in self.cards for rule in card.rules})
        return {rule: [card for card in self.cards if rule in card.rules] for rule in rules}
