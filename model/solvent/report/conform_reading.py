"""A stream of a run, read for reports: its failures with their cases, and what it comes to in words."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping

from attrs import frozen

from solvent.conform.events import Event, held
from solvent.conform.trial import BAD, Verdict

GREEN = (Verdict.PASS, Verdict.EXPECTED)
WORDS: Mapping[Verdict, str] = {
    Verdict.PASS: "passed",
    Verdict.FAIL: "failed",
    Verdict.ERROR: "broke the engine",
    Verdict.TIMEOUT: "timed out",
    Verdict.UNSUPPORTED: "unsupported",
    Verdict.EXPECTED: "failed as expected",
    Verdict.NOT_RUN: "not run",
}
"""What is said of cases of a verdict."""
OVERALL: Mapping[str, str] = {
    "passed": "conforms",
    "violation": "does not conform",
    "incomplete": "incomplete",
    "adapter": "the adapter broke",
    "fault": "a fault of solvent itself",
}
"""What is said of a run."""


@frozen
class Reading:
    """A whole stream.

    Attributes:
        header, footer: those events.
        cases: every case that was told.
        failures: each failure once, those that a baseline does not allow first.
        problems: what is wrong with the baseline.
    """

    header: Event
    cases: tuple[Event, ...]
    failures: tuple[Event, ...]
    problems: tuple[Event, ...]
    footer: Event

    @property
    def engine(self) -> str:
        """The engine's name and version."""
        engine = self.header["engine"]
        return " ".join(part for part in (engine["name"], engine["version"]) if part)

    @property
    def overall(self) -> str:
        """What the run comes to; where several apply, all of them."""
        return "; ".join(OVERALL[each] for each in self.footer["outcomes"])

    def counted(self) -> str:
        """How many cases there are of each verdict, in words."""
        told = [
            f"{self.footer['verdicts'][each]} {words}"
            for each, words in WORDS.items()
            if self.footer["verdicts"][each] or each is Verdict.PASS
        ]
        return f"{_count(self.footer['selected'], 'case')}: {', '.join(told)}"

    def covered(self) -> str:
        """Which rules were reached, and which were not."""
        rules = self.footer["rules"]
        reached, missed = len(rules["reached"]), rules["missed"]
        words = f"{reached}/{reached + len(missed)} rules reached"
        if missed:
            words += f"; not reached: {', '.join(missed)}"
        if rules["beyond"]:
            words += f"; {len(rules['beyond'])} are beyond what the engine can do"
        if rules["unasked"]:
            words += f"; no vector asks for {len(rules['unasked'])}"
        return words

    def lacking(self) -> Mapping[str, int]:
        """What unsupported cases need that the engine does not have, and how many need it."""
        found: dict[str, int] = {}
        for case in self.cases:
            if case["verdict"] == Verdict.UNSUPPORTED:
                for need in case.get("reason", "").split(", "):
                    found[need] = found.get(need, 0) + 1
        return dict(sorted(found.items()))

    def shown_by(self, failure: Event) -> tuple[Event, ...]:
        """The cases that show a failure."""
        return tuple(case for case in self.cases if case.get("failure") == failure["id"])

    def again(self, failure: Event) -> str:
        """The command that puts a failure's program to the engine again; empty where it was not written."""
        if not failure["file"]:
            return ""
        return shlex.join(["solvent", "replay", failure["file"], "--engine", self.header["address"]])

    def loose(self) -> tuple[Event, ...]:
        """Failing cases that were not looked into."""
        return tuple(case for case in self.cases if case["verdict"] in BAD and "failure" not in case)

    def families(self) -> Iterator[tuple[str, tuple[Event, ...]]]:
        """The cases of each family that has any."""
        for family in dict.fromkeys(case["family"] for case in self.cases):
            yield family, tuple(case for case in self.cases if case["family"] == family)


def read(events: Iterable[Event], source: str = "the stream") -> Reading:
    """A stream, read.

    Raises:
        InputError: it is no whole stream.
    """
    all_of = held(events, source)

    def of(kind: str) -> tuple[Event, ...]:
        return tuple(event for event in all_of if event["event"] == kind)

    failures = sorted(of("failure"), key=lambda failure: failure["allowed"] is not None)
    return Reading(all_of[0], of("case"), tuple(failures), of("baseline"), all_of[-1])


def keep(failure: Event) -> str:
    """The command that keeps a failure's program among the user's own vectors; empty where it was not written."""
    return shlex.join(["solvent", "vectors", "promote", failure["file"]]) if failure["file"] else ""


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
