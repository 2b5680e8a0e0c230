"""The parameter frontier: from which price gap on, at which LTV and slippage, a loan against a collateral leaves bad debt."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cache
from typing import Any

import matplotlib as mpl
from attrs import evolve
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from solvent.prove.audit import load
from solvent.venue import Token, Venue

GAP_BUDGET = "largest fall of the collateral without bankruptcy"
"""The figure of the theorems that the frontier begins from."""
LTVS = tuple(Fraction(step, 40) for step in range(41))
"""The LTVs at which lines are computed."""
SLIPPAGES = tuple(Fraction(percent, 100) for percent in (0, 5, 10, 20))
"""What a sale may lose against the price after the gap, a line each."""
SIZES = tuple(Fraction(10) ** power for power in range(4, 8))
"""Values of collateral (USD) at which the venue's own discount is shown."""

INKS: Mapping[str, str] = {"#010203": "--ink", "#040506": "--faint", "#070809": "--line", "#0a0b0c": "--safe"}
"""Colours that stand for those of the page, so that a picture follows it into the dark."""
INK, FAINT, LINE, SAFE = INKS
COLOURS = ("#0072b2", "#009e73", "#cc79a7", "#e69f00")
"""Of the palette of Okabe and Ito, which colour-blind readers can tell apart."""
DISCOUNT = "#d55e00"
DASHES = ("-", (0, (6, 2)), (0, (3, 2)), (0, (1, 1.5)))
STYLE: Any = {
    "svg.hashsalt": "solvent", "svg.fonttype": "none", "font.family": "DejaVu Sans", "font.size": 10,
    "axes.spines.top": False, "axes.spines.right": False, "axes.axisbelow": True, "text.color": INK,
    "axes.edgecolor": FAINT, "axes.labelcolor": INK, "xtick.color": FAINT, "ytick.color": FAINT,
    "xtick.labelcolor": INK, "ytick.labelcolor": INK, "axes.grid": True, "grid.color": LINE, "grid.linewidth": 0.6,
    "figure.facecolor": "none", "axes.facecolor": "none",
}  # fmt: skip


@cache
def gap_budget() -> Callable[[Venue, Token], Fraction]:
    """The formula of the gap budget, as it stands beside its theorem.

    Raises:
        LookupError: no file of theorems offers it.
    """
    for stated in load().values():
        offered = getattr(sys.modules[stated.statement.__module__], "FIGURES", {})
        if GAP_BUDGET in offered:
            formula: Callable[[Venue, Token], Fraction] = offered[GAP_BUDGET]
            return formula
    raise LookupError(f"no file of theorems offers the figure {GAP_BUDGET!r}")


def largest_gap(venue: Venue, token: str, slippage: Fraction) -> Fraction:
    """The largest fall of a collateral after which its sale still pays the loan of any account that was not liquidatable.

    The account owes all that the gap budget leaves; BLQ-TAKEOVER gives what a sale at this slippage must start from.
    Zero where no fall at all is safe.
    """
    owed = 1 - gap_budget()(venue, venue.tokens[token])
    needed = -venue.rule("BLQ-TAKEOVER")(Fraction(0), owed, slippage)
    return max(Fraction(0), 1 - Fraction(needed))


def discount(venue: Venue, token: str, value: Fraction | None = None) -> Fraction:
    """The takeover discount on collateral of this value (USD), or the largest one that there is (BLQ-SLIPPAGE)."""
    full, width = full_threshold(venue, token), venue.tokens[token].depth_width
    if value is None or width is None:
        value, width = 1 / full, Fraction(1)
    found: Fraction = venue.rule("BLQ-SLIPPAGE")(value, full, width)
    return found


def full_threshold(venue: Venue, token: str) -> Fraction:
    """The loan over the value of a collateral beyond which liquidation is full (BLQ-FULL-AT)."""
    found: Fraction = venue.rule("BLQ-FULL-AT")(venue.tokens[token].ltv)
    return found


def with_ltv(venue: Venue, token: str, ltv: Fraction) -> Venue:
    """The venue with another LTV of a collateral."""
    return evolve(venue, tokens={**venue.tokens, token: evolve(venue.tokens[token], ltv=ltv)})


def frontiers(venues: Sequence[Venue]) -> Iterator[dict[str, Any]]:
    """The frontier of every collateral of every venue as an event; all numbers are exact fractions in text."""
    for venue in venues:
        for name in sorted(venue.tokens):
            if venue.tokens[name].is_collateral:
                yield _frontier(venue, name)


def _frontier(venue: Venue, name: str) -> dict[str, Any]:
    token = venue.tokens[name]
    others = [(ltv, with_ltv(venue, name, ltv)) for ltv in LTVS]
    steepest = {ltv: discount(other, name) for ltv, other in others}
    sizes = SIZES if token.depth_width is not None else ()
    return {
        "event": "frontier",
        "venue": venue.name,
        "token": name,
        "ltv": str(token.ltv),
        "threshold": str(token.threshold),
        "full": str(full_threshold(venue, name)),
        "lines": [
            {
                "slippage": str(slippage),
                "gaps": [str(largest_gap(other, name, slippage)) for _, other in others],
            }
            for slippage in SLIPPAGES
        ],
        "discount": [str(largest_gap(other, name, steepest[ltv])) for ltv, other in others],
        "ltvs": [str(ltv) for ltv in LTVS],
        "sizes": [_size(venue, name, value) for value in sizes],
        "point": {"gap": str(largest_gap(venue, name, Fraction(0))), **_size(venue, name, None)},
    }


def _size(venue: Venue, name: str, value: Fraction | None) -> dict[str, Any]:
    taken = discount(venue, name, value)
    left = str(largest_gap(venue, name, taken))
    return {"value": None if value is None else str(value), "discount": str(taken), "gap_at_discount": left}


def plot(drawn: Sequence[Mapping[str, Any]], name: str = "frontier") -> str:
    """The frontier of a collateral as SVG; the same numbers give the same text.

    Args:
        drawn: its events of venues with the same lines; each venue's point is marked.
        name: what the ids inside the picture begin with.
    """
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(5.4, 4.2), layout="constrained")
        canvas = FigureCanvasSVG(figure)
        axis: Axes = figure.subplots()
        _draw(axis, drawn)
        content = io.BytesIO()
        canvas.print_figure(
            content, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type"))
        )
    return _inlined(content.getvalue().decode(), name)


def _draw(axis: Axes, drawn: Sequence[Mapping[str, Any]]) -> None:
    first = drawn[0]
    ltvs = _floats(first["ltvs"])
    axis.fill_between(ltvs, _floats(first["discount"]), color=SAFE, linewidth=0, zorder=0)
    for place, line in enumerate(first["lines"]):
        slippage = Fraction(line["slippage"])
        axis.plot(
            ltvs, _floats(line["gaps"]), color=COLOURS[place], linestyle=DASHES[place], linewidth=1.8,
            label=f"slippage {_percent(slippage)}" if slippage else "no slippage",
        )  # fmt: skip
    axis.plot(ltvs, _floats(first["discount"]), color=DISCOUNT, linewidth=2.2, label="largest discount")
    axis.text(
        0.02,
        0.02,
        "no bad debt, if sold\nwithin the largest discount",
        transform=axis.transAxes,
        color=INK,
        fontsize=9,
        style="italic",
    )
    for event in _by_ltv(drawn):
        _mark(axis, event)
    axis.set(
        xlim=(0, 1), ylim=(0, None), xlabel="LTV of the collateral", ylabel="fall of its price in one gap"
    )
    for direction in (axis.xaxis, axis.yaxis):
        direction.set_major_formatter(PercentFormatter(1, decimals=0))
    axis.legend(frameon=False, fontsize=8.5, loc="upper right")


def _by_ltv(drawn: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return list({event["ltv"]: event for event in drawn}.values())


def _mark(axis: Axes, event: Mapping[str, Any]) -> None:
    ltv, point = float(Fraction(event["ltv"])), event["point"]
    heights = _floats([point["gap"], point["gap_at_discount"]])
    axis.plot([ltv, ltv], [0, heights[0]], color=INK, linewidth=0.9, zorder=4)
    axis.plot([ltv], heights[:1], "o", color=COLOURS[0], markeredgecolor=INK, markersize=6, zorder=5)
    axis.plot([ltv], heights[1:], "D", color=DISCOUNT, markeredgecolor=INK, markersize=5.5, zorder=5)
    for height, gap in zip(heights, (point["gap"], point["gap_at_discount"]), strict=True):
        axis.annotate(
            _percent(Fraction(gap)), (ltv, height), xytext=(7, 4), textcoords="offset points", fontsize=9, color=INK
        )  # fmt: skip


def _inlined(svg: str, name: str) -> str:
    """The SVG without its preamble, in the colours of the page, with ids that no other picture of the page has."""
    body = svg[svg.index("<svg") :].strip()
    for colour, variable in INKS.items():
        body = body.replace(colour, f"var({variable})")
    for before, after in (
        ('id="', f'id="{name}-'),
        ('href="#', f'href="#{name}-'),
        ("url(#", f"url(#{name}-"),
    ):
        body = body.replace(before, after)
    return body


def _floats(texts: Sequence[str]) -> list[float]:
    return [float(Fraction(text)) for text in texts]


def _percent(value: Fraction) -> str:
    return f"{float(100 * value):.3g} %"
