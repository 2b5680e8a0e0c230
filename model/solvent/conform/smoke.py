"""The smoke test: in seconds, whether an adapter speaks the protocol as it has to, and how to repair it if not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from fractions import Fraction
from typing import Any

from attrs import define, field, frozen

from solvent.conform.advice import EXACT, LONG_LINES, advice
from solvent.conform.connect import Connection
from solvent.conform.engine import Broken
from solvent.conform.judge import Divergence, judge, known
from solvent.conform.program import Program, expected
from solvent.conform.smoke_programs import STORED, USER, Programs
from solvent.conform.values import Abilities, Difference, flat, value_of
from solvent.decimals import DECIMAL, show
from solvent.errors import InputError
from solvent.protocol.picture import field_of

LARGEST_SEQ = 2**53 - 1
LONG = 200_000
"""Characters of a line that is longer than any buffer."""
NEARLY = Fraction(1, 10**12)
"""How well numbers agree, relative to their size, that differ in how they are held alone."""
SHOWN = 18
"""Decimals of a number in a message."""


class Mark(StrEnum):
    """What came of an item."""

    PASSED = "passed"
    WARNED = "warned"
    FAILED = "failed"
    SKIPPED = "skipped"


@frozen
class Item:
    """One thing that an adapter has to do.

    Attributes:
        name: what, as a sentence.
        mark: what came of it.
        told: why it failed and how to repair it, or why it was skipped.
        broken: whether there was no reply of the protocol.
    """

    name: str
    mark: Mark
    told: str = ""
    broken: bool = False


@frozen
class Finding(Exception):  # noqa: N818 - the outcome of an item
    """What an item comes to where it does not pass."""

    mark: Mark
    told: str


def fails(told: str) -> Finding:
    """The adapter does not do it."""
    return Finding(Mark.FAILED, told)


def skips(told: str) -> Finding:
    """It cannot be asked of this adapter."""
    return Finding(Mark.SKIPPED, told)


Test = Callable[["Smoke"], None]
_ITEMS: dict[str, Test] = {}
ENDS = "it ends after bye"
STARTS = "it starts and answers hello"


def item(name: str) -> Callable[[Test], Test]:
    """Register a test under its sentence."""

    def register(test: Test) -> Test:
        _ITEMS[name] = test
        return test

    return register


@define
class Smoke:
    """An adapter under test."""

    connection: Connection
    programs: Programs = field(init=False)
    _seq: int = 100
    _told: set[str] = field(factory=set)

    def __attrs_post_init__(self) -> None:
        self.programs = Programs(self.abilities)

    @property
    def abilities(self) -> Abilities:
        """What the adapter says that it can do."""
        return self.connection.greeting.abilities

    @property
    def language(self) -> str:
        """What it says that it is written in."""
        return self.connection.greeting.language

    def items(self) -> Iterator[Item]:
        """Every item, one after the other; where the adapter cannot be started again the rest is not asked."""
        yield Item(STARTS, Mark.PASSED)
        names = iter(_ITEMS)
        for name in names:
            one = self._item(name)
            yield one
            if not self.connection.alive:
                break
        yield from (Item(name, Mark.SKIPPED, "the adapter broke before") for name in names)

    def _item(self, name: str) -> Item:
        try:
            _ITEMS[name](self)
        except Finding as finding:
            return Item(name, finding.mark, finding.told)
        except InputError as error:
            return Item(name, Mark.FAILED, str(error))
        except Broken as broken:
            told = broken.reason
            if told in self._told:
                return Item(name, Mark.SKIPPED, "it breaks here as it did before", broken=True)
            self._told.add(told)
            last = broken.output.strip().rpartition("\n")[2]
            wrote = f"; the last that it wrote on standard error: {last}" if last else ""
            return Item(name, Mark.FAILED, told + wrote, broken=True)
        return Item(name, Mark.PASSED)

    def ask(self, command: str, **content: Any) -> Mapping[str, Any]:
        """The reply to a message."""
        self._seq += 1
        return self.connection.ask({"cmd": command, "seq": self._seq, **content})

    def put(self, program: Program, **besides: Any) -> Mapping[str, Any]:
        """The reply to a program."""
        self._seq += 1
        return self.connection.ask({**program.message(self._seq), **besides})

    def run(self, program: Program, **besides: Any) -> Mapping[str, Any]:
        """The reply to a program, with as many outcomes as it has steps."""
        reply = self.put(program, **besides)
        if "outcomes" not in reply:
            told = f"run is answered with {_unanswered(reply)}"
            raise fails(
                f"{told}; leave out of the capabilities what the engine cannot do"
                if "unsupported" in reply
                else told
            )
        outcomes, steps = len(reply["outcomes"]), len(program.steps)
        if outcomes != steps:
            raise fails(
                f"{outcomes} outcomes of {steps} steps; exactly one of each is needed, refused ones too"
            )
        return reply

    def judged(self, program: Program) -> Divergence | None:
        """Where the adapter and the model part."""
        return judge(program, self.run(program), self.abilities)


@item("it answers a program with a state and one outcome of each step")
def _answers(smoke: Smoke) -> None:
    reply = smoke.run(smoke.programs.program(*smoke.programs.accepted()))
    states = [reply.get("state"), *(outcome.get("state") for outcome in reply["outcomes"])]
    if smoke.programs.fields and not all(isinstance(state, Mapping) for state in states):
        raise fails(
            "a state is missing; observe asks for one before the first step and after each, refused ones too"
        )


@item("it begins with the genesis")
def _begins(smoke: Smoke) -> None:
    divergence = smoke.judged(smoke.programs.program())
    for one in divergence.differences if divergence else ():
        if field_of(one.path) in STORED and not _nearly(one):
            told = f"{_difference(one)}; every run begins with the whole genesis of its message, and with nothing else"
            raise fails(told)


@item("it reports every figure that it declares")
def _reports(smoke: Smoke) -> None:
    program = smoke.programs.program()
    said = {field_of(path) for path, _ in flat(smoke.run(program).get("state", {})) if known(path)}
    asked = {field_of(path) for path, value in expected(program)[0].picture.items() if value}
    missing = [name for name in program.fields if name in asked - said]
    if missing:
        raise fails(
            f"the state lacks {', '.join(missing)}; report it, or leave it out of capabilities.fields"
        )


@item("it writes every number in one form")
def _canonical(smoke: Smoke) -> None:
    reply = smoke.run(smoke.programs.program(*smoke.programs.accepted(), amount="5000"))
    for state in (reply.get("state", {}), *(outcome.get("state", {}) for outcome in reply["outcomes"])):
        for path, content in flat(state):
            where = ".".join(path)
            if value_of(content) is None:
                raise fails(
                    f"{where} is {content!r}; figures are decimal strings without exponent, or words of the protocol"
                )
            fraction = DECIMAL.fullmatch(content) and "." in content
            if (fraction and content.endswith("0")) or content in ("-0", "-0.0"):
                raise Finding(
                    Mark.WARNED, f"{where} is {content!r}; leave out trailing zeros and the sign of zero"
                )


@item("it keeps every digit of a number")
def _digits(smoke: Smoke) -> None:
    divergence = smoke.judged(smoke.programs.program(*smoke.programs.accepted()))
    lost = next(filter(_nearly, divergence.differences), None) if divergence else None
    if lost is not None:
        how, digits = advice(EXACT, smoke.language), smoke.abilities.digits
        told = (
            f"binary floats lose digits: hold numbers exactly ({how}), or declare fewer digits than {digits}"
        )
        raise fails(f"{_difference(lost)}; {told}")


def _nearly(one: Difference) -> bool:
    """Whether the numbers differ in how they are held, and not in what they are."""
    wanted, found = one.expected, one.found
    if isinstance(wanted, str) or isinstance(found, str):
        return False
    return abs(wanted - found) <= NEARLY * abs(wanted)


@item("it gives the same answer to the same message")
def _steady(smoke: Smoke) -> None:
    program = smoke.programs.program(*smoke.programs.accepted())
    if _bare(smoke.run(program)) != _bare(smoke.run(program)):
        raise fails(
            "two runs of one program differ; nothing may depend on a clock, on chance, or be left over from before"
        )


@item("it keeps nothing from one run to the next")
def _forgets(smoke: Smoke) -> None:
    program = smoke.programs.program(*smoke.programs.accepted())
    other = smoke.programs.program(*smoke.programs.accepted()[:1], amount="9", mode=smoke.programs.modes[-1])
    first, _, again = smoke.run(program), smoke.run(other), smoke.run(program)
    if _bare(first) != _bare(again):
        raise fails(
            "a program is answered otherwise after another one has run; begin every run anew with its genesis"
        )


@item("a step that it refuses changes nothing")
def _refuses(smoke: Smoke) -> None:
    step = smoke.programs.refused()
    if step is None:
        raise skips("it declares no operation that can be refused for certain")
    reply = smoke.run(smoke.programs.program(step))
    (outcome,) = reply["outcomes"]
    if outcome["ok"]:
        raise fails(
            f'it carries out {step}, which nobody can afford; a refusal is {{"ok": false, "code": ...}}'
        )
    if outcome.get("state") != reply.get("state"):
        raise fails(
            f"the state after {step['op']} was refused differs from the state before it; check first, then change"
        )


@item("it can do all that it declares")
def _declared(smoke: Smoke) -> None:
    for mode in smoke.programs.modes:
        reply = smoke.put(smoke.programs.program(mode=mode))
        if "outcomes" not in reply:
            raise fails(f"it declares the regime {mode.value} and answers {_unanswered(reply)}")
    every = smoke.programs.program(*smoke.programs.each_operation())
    if "outcomes" in smoke.put(every, observe={"after": "none"}):
        return
    for step in every.steps:
        reply = smoke.put(smoke.programs.program(step))
        if "outcomes" not in reply:
            raise fails(
                f"it declares {step['op']} and answers {_unanswered(reply)}; a step that it refuses is an outcome"
            )
    raise fails("it carries out each of its operations in a run of its own, and not all of them in one run")


@item("it answers the commands that it declares, and questions change nothing")
def _commands(smoke: Smoke) -> None:
    commands, genesis = smoke.abilities.commands, smoke.programs.program().genesis
    if not commands:
        raise skips("it declares none beside run")
    if "ping" in commands:
        _done(smoke, "ping")
    if "quote" in commands:
        _unchanged_by_questions(smoke, {"genesis": genesis})
    if {"open", "close"} <= commands:
        session = {"session": _done(smoke, "open", genesis=genesis)["session"]}
        _session(smoke, session)
        _done(smoke, "close", **session)


def _session(smoke: Smoke, session: Mapping[str, Any]) -> None:
    commands, step = smoke.abilities.commands, next(iter(smoke.programs.accepted()), None)

    def seen() -> Any:
        return _done(smoke, "observe", **session)["state"] if "observe" in commands else None

    before = seen()
    if "quote" in commands:
        _unchanged_by_questions(smoke, session)
        if seen() != before:
            raise fails("the state of a session differs after a question; answer questions on a copy")
    kept = _done(smoke, "snapshot", **session)["snapshot"] if "snapshot" in commands else None
    if "step" in commands and step is not None:
        _done(smoke, "step", **session, step=step)
    if "restore" in commands and kept is not None:
        _done(smoke, "restore", **session, snapshot=kept)
        if seen() != before:
            raise fails("the state of a session that was restored differs from the one that was kept")


def _unchanged_by_questions(smoke: Smoke, about: Mapping[str, Any]) -> None:
    figures = {"ask": "figures", "account": USER}
    questions: list[Mapping[str, Any]] = [
        figures,
        {"ask": "largest_withdrawal", "account": USER, "token": "USDC"},
    ]
    questions += [{"ask": "what_if", "account": USER, "step": step} for step in smoke.programs.accepted()[:2]]
    answers = _done(smoke, "quote", **about, questions=[*questions, figures])["answers"]
    if len(answers) != len(questions) + 1:
        raise fails(f"{len(answers)} answers to {len(questions) + 1} questions")
    if answers[0] != answers[-1]:
        raise fails("a figure differs after a question; answer questions on a copy of the state")


def _done(smoke: Smoke, command: str, **content: Any) -> Mapping[str, Any]:
    reply = smoke.ask(command, **content)
    if "unsupported" in reply or "error" in reply:
        raise fails(f"it declares {command} and answers {_unanswered(reply)}")
    return reply


@item("it answers what it does not know with unsupported")
def _unknown(smoke: Smoke) -> None:
    if "unsupported" not in smoke.ask("no-such-command"):
        raise fails('answer a command that the adapter does not know with {"seq": ..., "unsupported": "..."}')


@item("it repeats the sequence number of any message")
def _sequence(smoke: Smoke) -> None:
    smoke.run(smoke.programs.program(), seq=LARGEST_SEQ)


@item("it ignores what it does not know of a message")
def _ignores(smoke: Smoke) -> None:
    smoke.run(smoke.programs.program(), note="a later version may say more")


@item("it reads lines of any length")
def _long(smoke: Smoke) -> None:
    try:
        smoke.run(smoke.programs.program(), note="-" * LONG)
    except Broken as broken:
        how = advice(LONG_LINES, smoke.language)
        told = f"{broken.reason}, to a line of {LONG} characters; a program can be as long ({how})"
        raise Broken(broken.kind, told, broken.output) from broken


@item("it agrees with the model on a first program")
def _agrees(smoke: Smoke) -> None:
    divergence = smoke.judged(smoke.programs.program(*smoke.programs.accepted()))
    if divergence is not None:
        step = f" after step {divergence.step}" if divergence.step else ""
        raise Finding(
            Mark.WARNED, f"{_difference(divergence.differences[0])}{step}; solvent conform says more"
        )


MOST_ITEMS = len(_ITEMS) + 2
"""How many items there are, with those of the start and the end."""


def ended(ending: str) -> Item:
    """The item about how an adapter ended."""
    if not ending:
        return Item(ENDS, Mark.PASSED)
    return Item(ENDS, Mark.FAILED, f"{ending}; answer bye, and end with code 0 at once")


def _bare(reply: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in reply.items() if key != "seq"}


def _unanswered(reply: Mapping[str, Any]) -> str:
    return "; ".join(
        f"{key}: {_said(reply[key])}" for key in ("unsupported", "error") if key in reply
    ) or str(reply)


def _said(content: Any) -> str:
    return f"{content['kind']}: {content['message']}" if isinstance(content, Mapping) else str(content)


def _difference(one: Difference) -> str:
    wanted, found = (
        text if isinstance(text, str) else show(text, SHOWN) for text in (one.expected, one.found)
    )
    return f"{'.'.join(one.path) or one.check} is {found}; expected {wanted}"
