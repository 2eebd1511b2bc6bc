"""What the server writes on the console: a line each, without tokens, and never without end."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable

from fracture_widgets.base.words import plain

_UNSIGNED = "Notebook %s is not trusted"  # as Jupyter's contents say it, at every page
_MOST_LETTERS = 400
_MOST_LINES, _WINDOW_SECONDS = 30, 60.0
_SECRET = re.compile(r"((?:token|password)\W{1,6}|bearer\s+)[^\s&'\"]+", re.IGNORECASE)


def escaped(text: str) -> str:
    """Return a text as one line that moves no cursor and tells no token."""
    hidden = _SECRET.sub(r"\1...", plain(text).replace("\n", "\\n"))
    return hidden if len(hidden) <= _MOST_LETTERS else f"{hidden[:_MOST_LETTERS]} ..."


class OneLine(logging.Formatter):
    """Writes a message as one line; of an error, its last line and where it came from."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        parts = [record.getMessage()]
        if record.exc_info and record.exc_info[1] is not None:
            trace = record.exc_info[2]
            while trace is not None and trace.tb_next is not None:
                trace = trace.tb_next
            where = "" if trace is None else f" ({trace.tb_frame.f_code.co_name}:{trace.tb_lineno})"
            parts.append(f"{record.exc_info[1]!r}{where}")
        when = time.strftime("%H:%M:%S", time.localtime(record.created))
        return f"{when} {record.levelname.lower()}: {escaped(': '.join(parts))}"


def _is_news(record: logging.LogRecord) -> bool:
    """Say whether a line is news: that a notebook is not signed, which ours never are, is none."""
    return record.msg != _UNSIGNED


class Sparing(logging.Filter):
    """Lets so many lines a minute through, and says how many it left out."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._since = clock()
        self._lines = 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether a record is written."""
        if self._clock() - self._since > _WINDOW_SECONDS:
            left_out = self._lines - _MOST_LINES
            self._since, self._lines = self._clock(), 0
            if left_out > 0:
                record.msg = f"({left_out:,} lines were left out) {record.getMessage()}"
                record.args = ()
        self._lines += 1
        return self._lines <= _MOST_LINES


def write_sparingly() -> None:
    """Have all that this program logs written so."""
    handler = logging.StreamHandler()
    handler.setFormatter(OneLine())
    handler.addFilter(_is_news)
    handler.addFilter(Sparing())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
