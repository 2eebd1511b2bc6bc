"""What a check says of an answer, and how what was typed is read as a number."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from numbers import Real
from typing import Self

import numpy as np

_LOOKS = {
    "right": ("Right.", "#e2f2ec", "#17634f"),
    "not yet": ("Not yet.", "#fbeae4", "#a93a1b"),
    "open": ("Your turn.", "#fdf3dc", "#6b4e00"),
}


@dataclass(frozen=True)
class Verdict:
    """A state, and why or a hint; as the last line of a cell it shows itself."""

    state: str
    words: str

    @classmethod
    def right(cls, words: str) -> Self:
        """Say that an answer is right, and what it means."""
        return cls("right", words)

    @classmethod
    def not_yet(cls, hint: str) -> Self:
        """Say that an answer is wrong, and where to look."""
        return cls("not yet", hint)

    @classmethod
    def open(cls, task: str) -> Self:
        """Say what is asked for."""
        return cls("open", task)

    def __repr__(self) -> str:
        return f"{_LOOKS[self.state][0]} {self.words}"

    def _repr_html_(self) -> str:
        says, pale, dark = _LOOKS[self.state]
        return (
            f'<div style="background:{pale};color:{dark};border-left:4px solid {dark};'
            f'padding:8px 14px;border-radius:4px"><b>{says}</b> {escape(self.words)}</div>'
        )


_CLOSE = 0.006
"""Answers are given to two places."""


def near(answer: float, number: float) -> bool:
    """Say whether an answer of two places is a number."""
    return abs(answer - number) <= _CLOSE


def number_of(answer: object, as_in: str) -> float | Verdict:
    """Return the number that was typed, or a hint at what was typed in its place."""
    if isinstance(answer, str):
        return Verdict.not_yet(f"Quotation marks make a text of it: write the number, {as_in}.")
    if isinstance(answer, tuple):
        return Verdict.not_yet(f"A comma makes several numbers of it: write one, {as_in}.")
    if isinstance(answer, Iterable):
        return Verdict.not_yet(f"Write the number itself, without brackets, {as_in}.")
    if isinstance(answer, bool) or not isinstance(answer, Real) or not np.isfinite(float(answer)):
        return Verdict.not_yet(f"Write a number, {as_in}.")
    return float(answer)


def share_of(answer: object) -> float | Verdict:
    """Return the share that was typed, or a hint at what was typed in its place."""
    share = number_of(answer, "as in 0.55")
    if isinstance(share, Verdict) or 0 <= share <= 1:
        return share
    return Verdict.not_yet("Give a share between 0 and 1, not a percentage.")


def whole_number_of(answer: object) -> float | Verdict:
    """Return the whole number that was typed, or a hint at what was typed in its place."""
    return number_of(answer, "as in 1234")
