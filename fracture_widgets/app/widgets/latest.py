"""Work of which only the last that was asked for matters."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from typing import Any

from fracture_widgets.app.widgets.background import BackgroundTask, TaskState

__all__ = ["Latest"]


class Latest:
    """Runs in the background what was asked last; what it replaces ends after its next value."""

    def __init__(self, executor: Executor | None = None) -> None:
        self.task = BackgroundTask(executor)
        self._number = 0
        self._waiting: tuple[Callable[[], Iterable[Any]], Callable[[Any], None]] | None = None
        self.task.observe(self._ended, "state")

    def ask(self, work: Callable[[], Iterable[Any]], on_value: Callable[[Any], None]) -> None:
        """Run work, now or as soon as what is running has stopped."""
        self._number += 1
        number = self._number

        def if_still_wanted(value: Any) -> None:
            if number == self._number:
                on_value(value)

        self._waiting = (work, if_still_wanted)
        if self.task.running:
            self.task.stop()
        else:
            self._start()

    def _start(self) -> None:
        if self._waiting is not None:
            waiting, self._waiting = self._waiting, None
            self.task.start(*waiting)

    def _ended(self, change: Any) -> None:
        if change["new"] is not TaskState.RUNNING:
            self._start()
