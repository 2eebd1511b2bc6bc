"""What a check says of an answer."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Self

__all__ = ["Verdict"]

_LOOKS = {
    "right": ("Right.", "#e2f2ec", "#17634f"),
    "not yet": ("Not yet.", "#fbeae4", "#a93a1b"),
    "open": ("Your turn.", "#fdf3dc", "#6b4e00"),
}


@dataclass(frozen=True)
class Verdict:
    """What a check says; as the last line of a cell it shows itself.

    Attributes
    ----------
    state
        ``"right"``, ``"not yet"``, or ``"open"`` while there is no answer.
    words
        Why, or a hint.
    """

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
