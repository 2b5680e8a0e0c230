"""The second opinion: every part of an obligation as SMT-LIB 2, decided again by Z3 from that text and by cvc5."""

from __future__ import annotations

from collections.abc import Iterator

import cvc5
import z3
from attrs import frozen

from solvent.prove.theorem import Obligation, Verdict

SECOND = f"cvc5 {cvc5.__version__}"
"""The second solver and its version."""

SAT, UNSAT, UNKNOWN = "sat", "unsat", "unknown"


@frozen
class Question:
    """A part of an obligation in SMT-LIB 2: unsatisfiable exactly if its claim follows from the assumptions."""

    part: str
    text: str


@frozen
class Opinion:
    """What two solvers say of the text of one part: ``sat``, ``unsat`` or ``unknown``.

    Attributes:
        part: its name.
        verdict: the verdict of the theorem that it is a part of.
        first: what Z3 says.
        second: what cvc5 says.
    """

    part: str
    verdict: Verdict
    first: str
    second: str

    @property
    def says(self) -> str:
        """``disagree`` where one is told a proof and another a countermodel, ``agree`` where the second decides, else ``unknown``."""
        proved = {UNSAT} if self.verdict in {Verdict.PROVED, Verdict.CONDITIONAL} else set()
        if {SAT, UNSAT} <= {self.first, self.second} | proved:
            return "disagree"
        return UNKNOWN if UNKNOWN in {self.first, self.second} else "agree"


def questions(due: Obligation, label: str) -> Iterator[Question]:
    """Each part of an obligation, under the label of its cell; its floors come with the bounds that bear on it."""
    for part in due.parts:
        solver = z3.Solver()
        denied = part.denied(due.assumed)
        solver.add(*due.bounds.bearing_on(denied), *denied)
        head = [due.theorem.sentence, f"{due.theorem.name}: {label}"]
        head += [f"the case: {part.name}"] if part.name else []
        comments = "".join(f"; {' '.join(line.split())}\n" for line in head)
        yield Question(part.name, f"{comments}(set-logic QF_NRA)\n{solver.sexpr().strip()}\n(check-sat)\n")


def opinion(question: Question, verdict: Verdict, timeout: int) -> Opinion:
    """What both solvers say of a question, each within so many milliseconds."""
    return Opinion(question.part, verdict, by_z3(question.text, timeout), by_cvc5(question.text, timeout))


def by_z3(text: str, timeout: int) -> str:
    """What Z3 says of a text."""
    solver = z3.Solver(ctx=z3.Context())
    solver.set("timeout", timeout)
    solver.from_string(text)
    return str(solver.check())


def by_cvc5(text: str, timeout: int) -> str:
    """What cvc5 says of a text; ``unknown`` also where it cannot read it."""
    solver = cvc5.Solver()
    solver.setOption("tlimit-per", str(timeout))
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text, "part")
    said = UNKNOWN
    try:
        while not (command := parser.nextCommand()).isNull():
            answer = command.invoke(solver, parser.getSymbolManager())
            said = str(answer).strip() or said
    except RuntimeError:
        return UNKNOWN
    return said if said in {SAT, UNSAT} else UNKNOWN
