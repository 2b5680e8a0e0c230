"""A scenario that has been played as a picture: prices, equity, requirement and ratio over the steps."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from solvent.account import Regime
from solvent.exchange import (
    BOOK,
    AllocateShortfall,
    Deleverage,
    Exchange,
    LiquidateCollateral,
    LiquidateOnBook,
    TakeOver,
    WriteOff,
)
from solvent.scenario import Figures, Moment, Scenario, figures

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
"""The palette of Okabe and Ito, which colour-blind readers can tell apart."""
LINES = ("-", "--", "-.", ":")
MOST_ACCOUNTS = len(COLOURS)
"""How many accounts a picture shows: those whose equity changes most."""
HIGHEST_RATIO = 2.0
"""Ratios are drawn up to here; what is higher, or has no equity, stands at the edge."""
LEAST_SPAN = 0.1
"""An axis spans at least this part of its largest number, so that cents do not look like crashes."""
STYLE: Any = {
    "svg.hashsalt": "solvent", "svg.fonttype": "none", "font.family": "DejaVu Sans", "font.size": 9,
    "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "axes.grid.axis": "y",
    "grid.color": "#dddddd", "grid.linewidth": 0.6, "axes.axisbelow": True,
}  # fmt: skip
LIQUIDATIONS = (LiquidateOnBook, TakeOver, LiquidateCollateral, Deleverage)
LOSSES = (AllocateShortfall, WriteOff)
MARKS: Mapping[str, tuple[str, str]] = {
    "liquidation": ("v", "#D55E00"), "loss allocated": ("s", "#000000"), "refusal": ("x", "#666666"),
}  # fmt: skip

_LEGEND: Mapping[str, Any] = {
    "loc": "upper left", "bbox_to_anchor": (1.01, 1), "borderaxespad": 0, "frameon": False, "fontsize": 8,
}  # fmt: skip

Path = Mapping[str, Sequence[float]]
"""By account or market, a number before the first step and after each."""


def plot(scenario: Scenario, moments: Sequence[Moment], form: str) -> bytes:
    """The picture as SVG or PNG; the same scenario gives the same bytes.

    Args:
        scenario: what was played.
        moments: how it went.
        form: ``svg`` or ``png``.
    """
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(8, 9), layout="constrained")
        canvas = FigureCanvasSVG(figure) if form == "svg" else FigureCanvasAgg(figure)
        figure.suptitle(scenario.title, fontsize=11, wrap=True)
        _draw(figure.subplots(4, 1, sharex=True), scenario, moments)
        content = io.BytesIO()
        metadata = {"Date": None, "Creator": None} if form == "svg" else {"Software": None}
        canvas.print_figure(content, format=form, dpi=150, metadata=metadata)
    return content.getvalue()


def _draw(axes: Sequence[Axes], scenario: Scenario, moments: Sequence[Moment]) -> None:
    states = [scenario.begins, *(moment.after for moment in moments)]
    prices, equity, requirement, ratio = axes
    shown = _accounts(states)
    found = {name: [figures(state, name) for state in states] for name in shown}
    _lines(prices, _prices(states), "price, start = 100")
    _lines(equity, _path(found, lambda one: float(one.equity)), "equity (USD)")
    _lines(requirement, _path(found, lambda one: float(one.requirement)), "requirement (USD)")
    _lines(ratio, _path(found, _height), "margin ratio")
    for axis in (equity, requirement):
        axis.yaxis.set_major_formatter(FuncFormatter(_money))
    ratio.yaxis.set_major_formatter(FuncFormatter(_ratio))
    _triggers(ratio, scenario, shown)
    ratio.set_xlabel("step")
    ratio.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=20))
    ratio.set_xlim(0, len(states))
    _mark(axes, moments)


def _triggers(axis: Axes, scenario: Scenario, shown: Sequence[str]) -> None:
    """The ratios above which accounts are liquidatable: that of portfolio accounts, and that of others."""
    modes = {scenario.begins.members[name].mode for name in shown}
    own = float(scenario.venue.parameters.margin_ratio_trigger)
    labels = []
    if Regime.PORTFOLIO in modes:
        labels.append((own, "portfolio trigger", 0.0, "left"))
    if modes - {Regime.PORTFOLIO}:
        labels.append((1.0, "trigger", 1.0, "right"))
    for height, label, place, side in labels:
        axis.axhline(height, color="#888888", linewidth=0.8)
        axis.annotate(
            label, (place, height), xycoords=("axes fraction", "data"), textcoords="offset points",
            xytext=(2, -8) if side == "left" else (-2, 2), ha=side, fontsize=7, color="#555555",
        )  # fmt: skip


def _accounts(states: Sequence[Exchange]) -> list[str]:
    """The accounts whose equity or requirement changes most, the book left out, in the order of names."""
    changes: dict[str, Fraction] = {}
    for name in states[-1].members:
        if name != BOOK and any(state.members[name] is not states[0].members[name] for state in states):
            found = [figures(state, name) for state in states]
            needed, worth = [one.requirement for one in found], [one.equity for one in found]
            changes[name] = max(worth) - min(worth) + max(needed) - min(needed)
    moving = sorted((name for name, change in changes.items() if change), key=lambda name: -changes[name])
    return sorted(moving[:MOST_ACCOUNTS])


def _prices(states: Sequence[Exchange]) -> Path:
    first, path = states[0], {}
    for name, market in first.markets.items():
        path[f"{name} mark"] = [float(100 * state.markets[name].mark / market.mark) for state in states]
    for token in first.spots:
        before: Any = first.prices.token(token)
        path[f"{token} as collateral"] = [float(100 * state.prices.token(token) / before) for state in states]
    return path


def _path(found: Mapping[str, Sequence[Figures]], of: Callable[[Figures], float]) -> Path:
    return {name: [of(one) for one in each] for name, each in found.items()}


def _height(one: Figures) -> float:
    if isinstance(one.ratio, str):
        return HIGHEST_RATIO if one.ratio == "no equity" else 0.0
    return min(HIGHEST_RATIO, float(one.ratio))


def _lines(axis: Axes, path: Path, what: str) -> None:
    """The path of every name, as steps: a number holds from one action to the next."""
    for place, (name, numbers) in enumerate(path.items()):
        axis.step(
            range(len(numbers) + 1), [*numbers, numbers[-1]], where="post", label=name, linewidth=1.8, alpha=0.9,
            color=COLOURS[place % len(COLOURS)], linestyle=LINES[place % len(LINES)],
        )  # fmt: skip
    axis.set_ylabel(what)
    axis.margins(y=0.12)
    every = [number for numbers in path.values() for number in numbers]
    least = LEAST_SPAN * max(map(abs, every), default=1)
    if every and max(every) - min(every) < least:
        middle = (max(every) + min(every)) / 2
        axis.set_ylim(middle - least / 2, middle + least / 2)
    if path:
        axis.legend(**_LEGEND)


def _money(value: float, _: int) -> str:
    for unit, sign in ((1e9, "bn"), (1e6, "m"), (1e3, "k")):
        if abs(value) >= unit:
            return f"{value / unit:g}{sign}"
    return f"{value:g}"


def _ratio(value: float, _: int) -> str:
    return f"{value:g} or more" if value == HIGHEST_RATIO else f"{value:g}"


def _mark(axes: Sequence[Axes], moments: Sequence[Moment]) -> None:
    """Mark the steps of liquidations, allocated losses and refusals on top of the first panel, with a line through all."""
    seen = {}
    for moment in moments:
        kind = _kind(moment)
        if kind is None:
            continue
        sign, colour = MARKS[kind]
        for axis in axes:
            axis.axvline(moment.number, color=colour, linewidth=0.6, alpha=0.35, zorder=0)
        axes[0].plot(
            [moment.number], [1.0], sign, color=colour, markersize=6, clip_on=False,
            transform=axes[0].get_xaxis_transform(),
        )  # fmt: skip
        seen[kind] = Line2D([], [], marker=sign, color=colour, linestyle="", label=kind)
    if seen:
        handles = [seen[kind] for kind in MARKS if kind in seen]
        lines = axes[0].get_legend_handles_labels()[0]
        axes[0].legend(handles=[*lines, *handles], **_LEGEND)


def _kind(moment: Moment) -> str | None:
    if moment.refusal is not None:
        return "refusal"
    if isinstance(moment.step.action, LIQUIDATIONS):
        return "liquidation"
    return "loss allocated" if isinstance(moment.step.action, LOSSES) else None
