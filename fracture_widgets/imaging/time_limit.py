"""Work on what a stranger sent is waited for so long, and no longer."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, wait
from threading import Thread
from typing import TypeVar

__all__ = ["TookTooLong", "within_seconds"]

Result = TypeVar("Result")


class TookTooLong(Exception):
    """The time was up before the work was done."""


def within_seconds(seconds: float, work: Callable[[], Result]) -> Result:
    """Return what some work returns, or raise what it raises, unless it takes too long."""
    outcome: Future[Result] = Future()

    def run() -> None:
        try:
            outcome.set_result(work())
        except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
            outcome.set_exception(error)

    Thread(target=run, name="limited in time", daemon=True).start()
    done, _ = wait([outcome], timeout=seconds)
    if not done:
        raise TookTooLong
    return outcome.result()
