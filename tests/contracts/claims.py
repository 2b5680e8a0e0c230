"""The claims that CrossHair is asked about, each with the shipped functions it is about and one that breaks it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import frozen
from crosshair_verdict import Contract


@frozen
class Claim:
    """A sentence about a function, as a contract.

    Attributes:
        about: gives the contract about a function.
        shipped: the functions of the library that it is claimed of.
        wrong: a function with one flaw that breaks it.
    """

    about: Callable[[Callable[..., Any]], Contract]
    shipped: tuple[Callable[..., Any], ...]
    wrong: Callable[..., Any]


CLAIMS: list[Claim] = []


def claimed(
    *shipped: Callable[..., Any], wrong: Callable[..., Any]
) -> Callable[[Callable[..., Contract]], Callable[..., Contract]]:
    """Register what gives the contract of a claim."""

    def register(about: Callable[..., Contract]) -> Callable[..., Contract]:
        CLAIMS.append(Claim(about, shipped, wrong))
        return about

    return register
