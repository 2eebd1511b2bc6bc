"""What a page is told of the server behind it, in the environment of its kernel."""

from __future__ import annotations

import os

__all__ = ["HISTORY_VARIABLE", "UNTIL_THE_END", "history_is_the_visitors"]

HISTORY_VARIABLE = "FRACTURE_WIDGETS_HISTORY"
"""Environment variable that is :data:`UNTIL_THE_END` where each visitor has a history alone, and
the server deletes it when it ends."""

UNTIL_THE_END = "until-the-server-ends"


def history_is_the_visitors() -> bool:
    """Whether what is saved here is the visitor's alone, and gone when the server ends."""
    return os.environ.get(HISTORY_VARIABLE) == UNTIL_THE_END
