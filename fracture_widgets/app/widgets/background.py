"""Long work off the event loop, one piece at a time."""

from __future__ import annotations

import asyncio
import functools
import logging
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any, TypeVar

import traitlets

from fracture_widgets.base.language import gettext, told
from fracture_widgets.errors import FractureWidgetsError

_log = logging.getLogger(__name__)

T = TypeVar("T")
Deliver = Callable[[Callable[[], object]], object]


def sentence(error: BaseException) -> str:
    """Say an error in one sentence for the person at the screen."""
    if isinstance(error, FractureWidgetsError):
        return told(str(error))
    if isinstance(error, MemoryError):
        return gettext("There is not enough memory for this: close other programs and try again.")
    return gettext(
        "Something went wrong that should not ({kind}): please try again.",
        kind=type(error).__name__,
    )


def _said_elsewhere(_: str) -> None:
    """Leave a problem to who reads ``problem``."""


class BackgroundTask(traitlets.HasTraits):
    """Runs one piece of work at a time in an executor and reports from the event loop."""

    running = traitlets.Bool(False)
    problem = traitlets.Unicode()
    """What went wrong with the work that ran last, in a sentence."""

    def __init__(self, executor: Executor | None = None) -> None:
        super().__init__()
        self._executor = executor or ThreadPoolExecutor(1, thread_name_prefix="fracture-widgets")
        self._deliver = _delivery()
        self._stop = threading.Event()

    def start(
        self,
        work: Callable[[], Iterable[T]],
        on_value: Callable[[T], object],
        on_problem: Callable[[str], object] = _said_elsewhere,
    ) -> bool:
        """Start work, unless some is running."""
        if self.running:
            return False
        self._stop.clear()
        self.problem = ""
        self.running = True
        self._executor.submit(self._run, work, on_value, on_problem)
        return True

    def stop(self) -> None:
        """Ask the work to end after the value it is at."""
        self._stop.set()

    def hand_over(self, call: Callable[[], object]) -> None:
        """Have something called on the event loop; for work that tells more than its values."""
        self._deliver(call)

    def on_end(self, call: Callable[[], object]) -> None:
        """Have something called whenever work has ended, well or not."""
        self.observe(lambda change: None if change["new"] else call(), "running")

    def _run(
        self,
        work: Callable[[], Iterable[T]],
        on_value: Callable[[T], object],
        on_problem: Callable[[str], object],
    ) -> None:
        problem = ""
        try:
            for value in work():
                self._deliver(functools.partial(on_value, value))
                if self._stop.is_set():
                    break
        except Exception as error:  # noqa: BLE001 - whatever it is, the person must read of it
            _log.debug(gettext("Background work failed"), exc_info=True)
            problem = sentence(error)
            self._deliver(functools.partial(on_problem, problem))
        finally:
            self._deliver(functools.partial(self._finish, problem))

    def _finish(self, problem: str) -> None:
        self.problem = problem
        self.running = False


class LatestTask(BackgroundTask):
    """Runs what was asked last; what it replaces ends after its next value, and gives no more."""

    def __init__(self, executor: Executor | None = None) -> None:
        super().__init__(executor)
        self._number = 0
        self._waiting: tuple[Any, ...] = ()
        self.on_end(self._start_waiting)

    def start(
        self,
        work: Callable[[], Iterable[T]],
        on_value: Callable[[T], object],
        on_problem: Callable[[str], object] = _said_elsewhere,
    ) -> bool:
        """Run work, now or as soon as what is running has stopped."""
        self._number += 1
        number = self._number

        def if_still_wanted(call: Callable[[Any], object]) -> Callable[[Any], object]:
            return lambda value: call(value) if number == self._number else None

        self._waiting = (work, if_still_wanted(on_value), if_still_wanted(on_problem))
        if self.running:
            self.stop()
        else:
            self._start_waiting()
        return True

    def _start_waiting(self) -> None:
        if self._waiting:
            waiting, self._waiting = self._waiting, ()
            super().start(*waiting)


def _delivery() -> Deliver:
    try:
        return asyncio.get_running_loop().call_soon_threadsafe
    except RuntimeError:
        return lambda call: call()
