"""The outcome of a recomputation: each figure as reported and as recomputed, and how they compare."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from fractions import Fraction
from itertools import product

from attrs import evolve, field, frozen

from solvent.account import Regime
from solvent.decimals import show
from solvent.ingest.record import Record
from solvent.interval import Interval
from solvent.reconcile.declare import LARGEST_MOVE, declare
from solvent.reconcile.figure import Figure
from solvent.reconcile.inputs import Inputs
from solvent.reconcile.lending import lending_figures
from solvent.reconcile.perps import perp_figures
from solvent.reconcile.solve import Solution, evaluate, solve
from solvent.reconcile.spot import spot_figures
from solvent.reconcile.state import State
from solvent.reconcile.trading import trading_figures
from solvent.venue import Venue

NOT_ATOMIC = (
    "the calls were not made at one instant: several figures are off by what a move of prices "
    f"of up to {show(100 * LARGEST_MOVE)} % between them would explain"
)


MOST_UNKNOWN = 3
"""For how many dexes of unknown collateral the tokens are tried out."""


class Status(StrEnum):
    """How a reported figure and its recomputation compare."""

    AGREES = "agrees"
    DIFFERS = "differs"
    NOT_OBSERVABLE = "notObservable"


@frozen(kw_only=True)
class Comparison:
    """One figure: as reported, as recomputed, and how they compare.

    Attributes:
        figure, subject, rule: what it is, of what, and by which rule.
        reported: what the venue printed; ``None`` for null.
        computed: the middle of what the model allows; ``None`` for null or where it cannot be computed.
        residual: reported less computed.
        tolerance: how far they may lie apart by printed digits and stated truncations alone.
        status: agrees, differs, or not observable.
        because: what explains it, where something has to.
    """

    figure: str
    subject: str
    rule: str
    reported: Fraction | None
    computed: Fraction | None
    residual: Fraction | None
    tolerance: Fraction | None
    status: Status
    because: str = ""


@frozen(kw_only=True)
class Report:
    """Every figure of one record.

    Attributes:
        id, source: the record's name, and where it was read from.
        regime, venue: how the account is margined, and by whose parameters.
        figures, comparisons: what was reported, and how it compares, in the same order.
        state: the record with all inputs that could be solved.
    """

    id: str
    source: str
    regime: Regime
    venue: str
    figures: tuple[Figure, ...] = field(repr=False)
    comparisons: tuple[Comparison, ...]
    state: State = field(repr=False)

    def count(self, status: Status) -> int:
        """How many figures have a status."""
        return sum(comparison.status is status for comparison in self.comparisons)


def regime_of(record: Record) -> Regime:
    """How an account is margined: by its reported mode, or by what its spot state carries where none is."""
    match record.mode:
        case "portfolioMargin":
            return Regime.PORTFOLIO
        case "unifiedAccount":
            return Regime.UNIFIED
        case None if record.spot is not None and record.spot.ratio is not None:
            return Regime.PORTFOLIO
        case None if record.spot is not None and record.spot.available:
            return Regime.UNIFIED
        case _:
            return Regime.CROSS


def figures_of(record: Record, regime: Regime, venue: Venue) -> list[Figure]:
    """Every figure that a record reports and the model recomputes."""
    return [
        *perp_figures(record, venue),
        *spot_figures(record, regime, venue),
        *lending_figures(record, venue),
        *trading_figures(record),
    ]


def reconcile(record: Record, venue: Venue) -> Report:
    """Recompute every figure of a record.

    The token of a builder-deployed dex that neither the record nor the venue tells is the quote token, or the
    one of the account's tokens with which most figures agree; it must let more agree and fewer differ.
    """
    report = _reconcile(record, venue)
    if not report.count(Status.DIFFERS):
        return report
    others = [_reconcile(evolve(record, dex_tokens=tokens), venue) for tokens in _dex_tokens(record, venue)]
    better = [
        each
        for each in others
        if each.count(Status.DIFFERS) < report.count(Status.DIFFERS)
        and each.count(Status.AGREES) > report.count(Status.AGREES)
    ]
    if not better:
        return report
    return _with_tokens_explained(max(better, key=lambda each: each.count(Status.AGREES)), record)


def _reconcile(record: Record, venue: Venue) -> Report:
    regime = regime_of(record)
    figures = figures_of(record, regime, venue)
    return report_of(figures, State(record, regime, venue, declare(record, regime, venue)))


def _dex_tokens(record: Record, venue: Venue) -> Iterator[dict[str, int]]:
    """Every other way in which dexes of unknown collateral may use the account's tokens."""
    unknown = [dex for dex in record.dexes if dex and dex not in {*record.dex_tokens, *venue.dex_tokens}]
    tokens = () if record.spot is None else tuple(record.spot.available)
    for chosen in product(tokens, repeat=len(unknown[:MOST_UNKNOWN])) if unknown else ():
        yield {**record.dex_tokens, **dict(zip(unknown, chosen, strict=False))}


def _with_tokens_explained(report: Report, record: Record) -> Report:
    tokens = {
        dex: report.state.token_of(dex)
        for dex in report.state.record.dex_tokens
        if dex not in record.dex_tokens
    }
    return evolve(
        report,
        comparisons=tuple(
            evolve(row, because=f"the dex is margined in {tokens[row.subject]}, as other figures show")
            if row.subject in tokens and not row.because
            else row
            for row in report.comparisons
        ),
    )


def report_of(figures: Sequence[Figure], state: State) -> Report:
    """Recompute figures, solving inputs that were not recorded."""
    solution = solve(figures, state)
    return Report(
        id=state.record.id,
        source=state.record.source,
        regime=state.regime,
        venue=state.unscaled.name,
        figures=tuple(figures),
        comparisons=compare_all(figures, solution),
        state=solution.state,
    )


def compare_all(figures: Sequence[Figure], solution: Solution) -> tuple[Comparison, ...]:
    """How every figure compares in a solution."""
    return tuple(_compare(position, figure, solution) for position, figure in enumerate(figures))


def _compare(position: int, figure: Figure, solution: Solution) -> Comparison:
    value, state = solution.values[position], solution.state
    shown = figure.shown(state)
    computed = None if value.computed is None else value.computed.middle
    both = shown is not None and value.computed is not None
    status, because = _status(position, figure, solution)
    return Comparison(
        figure=figure.figure,
        subject=figure.subject,
        rule=figure.rule,
        reported=None if figure.reported is None else figure.reported.value,
        computed=computed,
        residual=figure.reported.value - computed
        if figure.reported is not None and computed is not None
        else None,
        tolerance=shown.reach + value.computed.reach if both and shown and value.computed else None,
        status=status,
        because=because,
    )


def _status(position: int, figure: Figure, solution: Solution) -> tuple[Status, str]:
    state, value = solution.state, solution.values[position]
    if position in solution.told:
        name = solution.told[position]
        solved = state.inputs.solved[name]
        return Status.NOT_OBSERVABLE, f"{name} is solved from this figure: {show(solved.middle, 8)}"
    if value.lacks:
        return Status.NOT_OBSERVABLE, f"not recorded: {value.lacks}"
    inputs = [state.inputs.declared[name] for name in figure.inputs if name in state.inputs.declared]
    agrees = solution.agrees(position, figure)
    words = [
        f"with {entry.name} as solved from another figure"
        for entry in inputs
        if entry.name in state.inputs.solved and _matters(figure, entry.name, state)
    ]
    if figure.caveat and not agrees:
        return Status.NOT_OBSERVABLE, figure.caveat
    if not agrees and _moved(position, solution):
        return Status.NOT_OBSERVABLE, NOT_ATOMIC
    words += [
        entry.assumption
        for entry in inputs
        if entry.assumption and entry.name not in state.inputs.solved and not (agrees and entry.plain)
    ]
    return Status.AGREES if agrees else Status.DIFFERS, "; ".join(words)


def _moved(position: int, solution: Solution) -> bool:
    """Whether prices that moved between the calls explain a figure, and another figure shows that they did."""
    figure, inputs = solution.figures[position], solution.state.inputs
    drifting = _drifting(figure, inputs)
    if not any(_shows(i, drifting, solution) for i in range(len(solution.figures)) if i != position):
        return False
    for name in drifting:
        inputs = inputs.with_solved(name, Interval(inputs.declared[name].low, inputs.declared[name].high))
    within = evolve(solution.state, inputs=inputs)
    return figure.agrees(evaluate(figure, within).computed, within)


def _drifting(figure: Figure, inputs: Inputs) -> set[str]:
    return {name for name in figure.inputs if name in inputs.declared and inputs.declared[name].drifts}


def _shows(position: int, drifting: set[str], solution: Solution) -> bool:
    """Whether a figure shows that one of these inputs moved: it differs too, or the input was solved from it."""
    if position in solution.told:
        return solution.told[position] in drifting
    figure = solution.figures[position]
    off = not (solution.values[position].lacks or solution.agrees(position, figure))
    return off and bool(drifting & _drifting(figure, solution.state.inputs))


def _matters(figure: Figure, name: str, state: State) -> bool:
    """Whether a figure comes out otherwise with an input as it was taken at first."""
    before = evaluate(figure, evolve(state, inputs=state.inputs.as_taken(name))).computed
    after = evaluate(figure, state).computed
    return before is None or after is None or before.middle != after.middle
