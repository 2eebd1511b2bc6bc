"""How long work says how far it is, what it has to say, and whether it was asked to stop."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace


class Cancelled(Exception):
    """Somebody asked the work to stop."""


def _nothing(*_: object) -> None:
    """Hear it, and do nothing."""


@dataclass(frozen=True)
class Monitor:
    """Who follows a piece of work, and who may stop it."""

    on_step: Callable[[int, int | None, str], object] = _nothing
    """Gets what is done, the total if it is known, and the name of the stage."""

    on_say: Callable[[str], object] = _nothing
    """Gets a sentence."""

    is_cancelled: Callable[[], bool] = lambda: False

    def step(self, done: int, total: int | None, what: str = "") -> None:
        """Tell that so much is done; raise :class:`Cancelled` if the work was asked to stop."""
        self.on_step(done, total, what)
        self.check()

    def say(self, text: str) -> None:
        """Tell a sentence."""
        self.on_say(text)

    @property
    def cancelled(self) -> bool:
        """Whether the work was asked to stop."""
        return self.is_cancelled()

    def check(self) -> None:
        """Raise :class:`Cancelled` if the work was asked to stop."""
        if self.cancelled:
            raise Cancelled

    def stage(self, name: str) -> Monitor:
        """Return a monitor whose steps and sentences name a stage of this one's work."""
        return replace(
            self,
            on_step=lambda done, total, what: self.on_step(
                done, total, f"{name}: {what}" if what else name
            ),
            on_say=lambda text: self.on_say(f"{name}: {text}"),
        )


SILENT = Monitor()
"""Nobody follows, and nobody stops it."""


class Clock:
    """Tells from the pace so far what the rest will take."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._first: tuple[int, float] | None = None

    def seconds_left(self, done: int, total: int) -> float | None:
        """Return the seconds left after ``done`` of ``total``, or ``None`` at the start."""
        if done == 0:
            return None
        now = time.monotonic()
        if self._first is None or done <= self._first[0]:
            self._first = (done, now)
            return (now - self._started) / done * (total - done)
        before, then = self._first
        return (now - then) / (done - before) * (total - done)
