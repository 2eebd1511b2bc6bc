"""Long work off the event loop, one piece at a time."""

from __future__ import annotations

import asyncio
import enum
import functools
import logging
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

import traitlets

from fracture_widgets.base.language import gettext, told
from fracture_widgets.errors import FractureWidgetsError

_log = logging.getLogger(__name__)

T = TypeVar("T")
P = ParamSpec("P")
Deliver = Callable[[Callable[[], None]], object]


class SynchronousExecutor(Executor):
    """Runs what it is given before ``submit`` returns, for tests and notebooks."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Call ``fn`` at once and return what came of it."""
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001 - as in the threads of other executors
            future.set_exception(error)
        return future


class TaskState(enum.Enum):
    """Where a task stands."""

    IDLE = "idle"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


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


class BackgroundTask(traitlets.HasTraits):
    """Runs one piece of work at a time in an executor and reports from the event loop."""

    state = traitlets.UseEnum(TaskState, default_value=TaskState.IDLE)
    problem = traitlets.Unicode()

    def __init__(self, executor: Executor | None = None) -> None:
        super().__init__()
        self._executor = executor or ThreadPoolExecutor(1, thread_name_prefix="fracture-widgets")
        self._deliver = _delivery()
        self._stop = threading.Event()

    @property
    def running(self) -> bool:
        """Whether work is going on."""
        return self.state is TaskState.RUNNING

    def start(self, work: Callable[[], Iterable[T]], on_value: Callable[[T], None]) -> bool:
        """Start work, unless some is running."""
        if self.running:
            return False
        self._stop.clear()
        self.problem = ""
        self.state = TaskState.RUNNING
        self._executor.submit(self._run, work, on_value)
        return True

    def stop(self) -> None:
        """Ask the work to end after the value it is at."""
        self._stop.set()

    def hand_over(self, call: Callable[[], None]) -> None:
        """Have something called on the event loop; for work that tells more than its values."""
        self._deliver(call)

    def on_end(self, call: Callable[[], object]) -> None:
        """Have something called whenever work has ended, well or not."""
        self.observe(lambda change: None if change["new"] is TaskState.RUNNING else call(), "state")

    def _run(self, work: Callable[[], Iterable[T]], on_value: Callable[[T], None]) -> None:
        problem = ""
        try:
            for value in work():
                self._deliver(functools.partial(on_value, value))
                if self._stop.is_set():
                    break
        except Exception as error:  # noqa: BLE001 - whatever it is, the person must read of it
            _log.debug(gettext("Background work failed"), exc_info=True)
            problem = sentence(error)
        self._deliver(functools.partial(self._finish, problem))

    def _finish(self, problem: str) -> None:
        self.problem = problem
        self.state = TaskState.FAILED if problem else TaskState.DONE


class LatestTask:
    """Runs in the background what was asked last; what it replaces ends after its next value."""

    def __init__(self, executor: Executor | None = None) -> None:
        self.task = BackgroundTask(executor)
        self._number = 0
        self._waiting: tuple[Callable[[], Iterable[Any]], Callable[[Any], None]] | None = None
        self.task.on_end(self._start)

    def run(self, work: Callable[[], Iterable[Any]], on_value: Callable[[Any], None]) -> None:
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


def _delivery() -> Deliver:
    try:
        return asyncio.get_running_loop().call_soon_threadsafe
    except RuntimeError:
        return lambda call: call()
