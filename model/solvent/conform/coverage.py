"""What the cases of a run have reached: rules, events, and how many steps were carried out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from attrs import field, frozen

from solvent.conform.program import Moment, Program, expected, rules_of
from solvent.exchange import discharge
from solvent.explore.coverage import Taken, events_of
from solvent.protocol.engine import DISCHARGE, action_from
from solvent.rules import all_rules


@frozen
class Reach:
    """What one case reaches, or several together.

    Attributes:
        rules: the rules that the model calls, where they were looked for.
        events: by event, how many cases reach it.
        accepted, refused: how many steps the model carries out, and how many it refuses.
    """

    rules: frozenset[str] = frozenset()
    events: Counter[str] = field(factory=Counter)
    accepted: int = 0
    refused: int = 0

    def __add__(self, other: Reach) -> Reach:
        """Both together."""
        return Reach(
            self.rules | other.rules,
            self.events + other.events,
            self.accepted + other.accepted,
            self.refused + other.refused,
        )

    @property
    def steps(self) -> int:
        """How many steps there were."""
        return self.accepted + self.refused


def reach_of(program: Program, rules: Iterable[str] | None) -> Reach:
    """What a program reaches.

    Args:
        program: the program.
        rules: those that are known to be reached; ``None`` where they are to be found, which takes time.
    """
    moments = expected(program)
    refused = sum(bool(moment.refusals) for moment in moments[1:])
    return Reach(
        rules=rules_of(program) if rules is None else frozenset(rules),
        events=Counter({name: 1 for taken in _taken(program, moments) for name in events_of(taken)}),
        accepted=len(program.steps) - refused,
        refused=refused,
    )


def _taken(program: Program, moments: Sequence[Moment]) -> Iterator[Taken]:
    """Every action of a program, those that the venue takes in a discharge among them."""
    for step, before, after in zip(program.steps, moments, moments[1:], strict=False):
        if step.get("op") != DISCHARGE:
            refusal = after.refusals[0] if after.refusals else None
            yield Taken(action_from(step), before.state, after.state, refusal)
            continue
        state = before.state
        for action in discharge(state).actions:
            reached = action.apply(state)
            yield Taken(action, state, reached)
            state = reached


@frozen
class Rules:
    """The rules of the rulebook, as a run stands to them.

    Attributes:
        reached: those that some case reached.
        missed: those that none did, although a fixed vector does that the engine can run.
        beyond: those that only fixed vectors reach which ask more of the engine than it has.
        unasked: those that no fixed vector reaches, and no case did.
    """

    reached: tuple[str, ...]
    missed: tuple[str, ...]
    beyond: tuple[str, ...]
    unasked: tuple[str, ...]

    @property
    def within(self) -> int:
        """How many the run could reach."""
        return len(self.reached) + len(self.missed)


def rules_of_run(reached: Iterable[str], having: Iterable[str], lacking: Iterable[str]) -> Rules:
    """How a run stands to the rules.

    Args:
        reached: what its cases reached.
        having: what fixed vectors reach that the engine can run, whether they ran or not.
        lacking: what the other fixed vectors reach.
    """
    found, able, unable = frozenset(reached), frozenset(having), frozenset(lacking)

    def these(names: frozenset[str]) -> tuple[str, ...]:
        return tuple(rule for rule in all_rules() if rule in names)

    known = found | able | unable
    return Rules(
        reached=these(found),
        missed=these(able - found),
        beyond=these(unable - able - found),
        unasked=tuple(rule for rule in all_rules() if rule not in known),
    )
