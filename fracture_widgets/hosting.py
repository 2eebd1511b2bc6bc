"""What a page is told of the server behind it, in the environment of its kernel."""

from __future__ import annotations

import os

__all__ = [
    "HISTORY_VARIABLE",
    "PACE_VARIABLE",
    "UNTIL_THE_END",
    "bytes_a_second",
    "history_is_the_visitors",
]

PACE_VARIABLE = "FRACTURE_WIDGETS_PACE"
"""Environment variable with the bytes a second that the server lets pass to a page; 0 is no limit.
Jupyter's servers drop what goes beyond a million."""

HISTORY_VARIABLE = "FRACTURE_WIDGETS_HISTORY"
"""Environment variable that is :data:`UNTIL_THE_END` where each visitor has a history alone, and
the server deletes it when it ends."""

UNTIL_THE_END = "until-the-server-ends"

_JUPYTERS_PACE = 750_000


def bytes_a_second() -> int:
    """Return how fast a picture may be sent to the page, in bytes a second; 0 is no limit."""
    text = os.environ.get(PACE_VARIABLE, "")
    return int(text) if text.isascii() and text.isdecimal() else _JUPYTERS_PACE


def history_is_the_visitors() -> bool:
    """Whether what is saved here is the visitor's alone, and gone when the server ends."""
    return os.environ.get(HISTORY_VARIABLE) == UNTIL_THE_END
