"""Numbers of a model as people read them: exact, with a unit where the name gives one, and side by side as bars."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from attrs import fields, frozen

from solvent.decimals import show
from solvent.venue import Parameters

USD = "USD"
PART = ""
"""The unit of a part or a ratio: none."""
PLACES = 12
DIGITS = 4
"""How many digits a rounded number has at least."""
SHOWN = 14
"""How many numbers are shown before the rest is folded away."""

MINUS = "\N{MINUS SIGN}"

PARAMETER_UNITS: Mapping[str, str] = {
    field.name: PART if field.metadata["unit"] == "1" else field.metadata["unit"]
    for field in fields(Parameters)
}
PARTS = frozenset(
    [
        "over",
        "ltv",
        "rate",
        "ratio",
        "trigger",
        "threshold",
        "fraction",
        "share",
        "slippage",
        "discount",
        "premium",
        "utilization",
        "weight",
        "index",
        "leverage",
        "gain",
        "part",
        "move",
        "rise",
        "fall",
        "shock",
    ]
)
PRICES = frozenset(("price", "mark", "oracle"))
SIZES = frozenset(("size",))
BOUNDS = frozenset(("width", "cap", "bound", "deduction", "offset", "unit"))
AMOUNTS = frozenset(
    [
        "equity",
        "margin",
        "balance",
        "loan",
        "debt",
        "notional",
        "collateral",
        "value",
        "loss",
        "cost",
        "requirement",
        "support",
        "risk",
        "capacity",
        "shortfall",
        "available",
    ]
)
"""Money that an account has, owes or needs."""
KINDS: Sequence[tuple[frozenset[str], str]] = (
    (PARTS, PART), (PRICES, USD), (SIZES, "coins"), (BOUNDS, USD), (AMOUNTS, USD),
)  # fmt: skip
"""Words of the names that statements give their numbers, and what is counted; the first kind with a word of the name decides."""


@frozen
class Quantity:
    """A number of a model.

    Attributes:
        name: as the statement calls it, in words.
        text: its exact value as a decimal number, or as a fraction where it has none.
        about: the value rounded, where the text is a fraction.
        unit: what it counts; empty where the name does not say.
        bar: where its bar begins and how long it is, as percentages of the width; ``None`` where it has none.
        below: whether it is below zero.
    """

    name: str
    text: str
    about: str
    unit: str
    bar: tuple[str, str] | None
    below: bool


def words_of(name: str) -> str:
    """The name of a number in words; the path to a number of a state stays as it is."""
    if name.startswith("token."):
        return f"{name.removeprefix('token.').replace('_', ' ').replace('ltv', 'LTV')} of the collateral"
    return name if "." in name else name.replace("_", " ").replace("usd", "USD")


def unit_of(name: str) -> str:
    """What a number of this name counts; empty where the name does not say."""
    last = name.rpartition(".")[2]
    if last in PARAMETER_UNITS:
        return PARAMETER_UNITS[last]
    if re.search(r"[.](spot|supplied|borrowed)[.]", name):
        return last
    return _kind(name)[1]


def _kind(name: str) -> tuple[frozenset[str], str]:
    """The kind of a number: by the words of its name, or of the end of its path."""
    words = re.findall("[a-z]+", name.rpartition(".")[2].lower())
    said = {*words, *(word.removesuffix("s") for word in words)}
    return next(((kind, unit) for kind, unit in KINDS if said & kind), (frozenset(), ""))


def quantities(model: Mapping[str, str]) -> list[Quantity]:
    """The numbers of a model; amounts of money have bars of one scale where there are two or more of them."""
    values = {name: Fraction(text) for name, text in model.items()}
    money = {name: value for name, value in values.items() if value and _is_amount(name)}
    low, high = min([Fraction(0), *money.values()]), max([Fraction(0), *money.values()])

    def bar(value: Fraction) -> tuple[str, str]:
        begin, length = (min(value, Fraction(0)) - low) / (high - low), abs(value) / (high - low)
        return f"{show(100 * begin, 2)}%", f"{show(100 * length, 2)}%"

    drawn = money if len(money) > 1 else {}
    return [
        Quantity(
            words_of(name),
            exact_text(value),
            about(value),
            unit_of(name),
            bar(value) if name in drawn else None,
            value < 0,
        )
        for name, value in values.items()
    ]


def _is_amount(name: str) -> bool:
    return _kind(name)[0] is AMOUNTS


def exact_text(value: Fraction) -> str:
    """The value as a decimal number with grouped digits, or as a fraction where that would not be exact."""
    if Fraction(show(value, PLACES)) == value:
        return _grouped(show(value, PLACES))
    return f"{value.numerator}/{value.denominator}".replace("-", MINUS)


def about(value: Fraction) -> str:
    """The value rounded to four digits where it is no short decimal number, else nothing."""
    if Fraction(show(value, PLACES)) == value:
        return ""
    size = (Decimal(value.numerator) / value.denominator).adjusted()
    return _grouped(show(value, max(0, DIGITS - 1 - size)))


def _grouped(decimal: str) -> str:
    whole, point, part = decimal.removeprefix("-").partition(".")
    return f"{MINUS if decimal.startswith('-') else ''}{int(whole):,}{point}{part}"


def exact_number(text: str) -> str:
    """A fraction in text as ``exact_text`` gives it."""
    return exact_text(Fraction(text))


def short(text: str) -> str:
    """A fraction in text as a decimal number, exact where it is short and else of four digits at least."""
    value = Fraction(text)
    return about(value) or exact_text(value)


def percent(text: str) -> str:
    """A fraction in text as percent, with three digits."""
    return f"{float(100 * Fraction(text)):.3g} %"
