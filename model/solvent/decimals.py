"""Decimal strings in, ``Fraction`` inside, decimal strings out."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

from attrs import frozen

DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")


def parse(text: str) -> Fraction:
    """The exact value of a plain decimal string such as ``-12.50``.

    Raises:
        ValueError: the text is not of the form ``-?(0|[1-9][0-9]*)(.[0-9]+)?``: no exponent, no plus sign,
            no leading zeros, no NaN or infinity.
    """
    if not isinstance(text, str) or not DECIMAL.fullmatch(text):
        raise ValueError(f"not a plain decimal string: {text!r}")
    return Fraction(text)


def exact(value: Any) -> Any:
    """A number as values hold it: integers and plain decimal strings as ``Fraction``, other numbers as they are.

    Raises:
        TypeError: the value is a float, which is not the decimal number that was meant.
        ValueError: the value is a text that is no plain decimal string.
    """
    if isinstance(value, float):
        raise TypeError(f"{value!r} is a float; write the amount as a decimal string or a Fraction")
    if isinstance(value, str):
        return parse(value)
    return Fraction(value) if isinstance(value, int) else value


def places(text: str) -> int:
    """How many digits stand after the point of a decimal string."""
    return len(text.partition(".")[2])


@frozen
class Printed:
    """A number as it was printed: its value, and how many digits stand after the point."""

    value: Fraction
    places: int

    @property
    def unit(self) -> Fraction:
        """One unit of the last printed digit."""
        return Fraction(1, 10**self.places)


def printed(text: str) -> Printed:
    """A decimal string with the digits that it shows.

    Raises:
        ValueError: the text is not a plain decimal string.
    """
    return Printed(parse(text), places(text))


def show(value: Fraction | int, digits: int = 12) -> str:
    """The value as a decimal string, rounded half-even to at most ``digits`` places, without trailing zeros."""
    scaled = round(Fraction(value) * 10**digits)
    sign, scaled = ("-" if scaled < 0 else ""), abs(scaled)
    whole, part = divmod(scaled, 10**digits)
    tail = f"{part:0{digits}d}".rstrip("0") if digits else ""
    return f"{sign}{whole}.{tail}" if tail else f"{sign}{whole}"


def show_up(value: Fraction, digits: int = 12) -> str:
    """A value that is not negative as a decimal string, rounded up to at most ``digits`` places."""
    return show(Fraction(-((-value * 10**digits) // 1), 10**digits), digits)
