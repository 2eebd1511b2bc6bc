"""What a long training tells while it works, and how it is asked to stop."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

__all__ = [
    "FEATURES",
    "READING",
    "TRAINING",
    "Clock",
    "Enough",
    "EpochEnded",
    "Progress",
    "Stopped",
    "Telling",
]

READING, FEATURES, TRAINING = "reading", "features", "training"


class Stopped(Exception):
    """Somebody asked training to stop."""


class Enough(Exception):
    """Somebody wants no more epochs, and what there is judged."""


@dataclass(frozen=True)
class Progress:
    """How far a training is."""

    stage: str
    done: int
    total: int
    seconds_left: float | None = None
    epoch: int = 0
    epochs: int = 0
    batch: int = 0
    batches: int = 0
    loss: float | None = None
    accuracy: float | None = None
    val_loss: float | None = None
    val_accuracy: float | None = None


@dataclass(frozen=True, eq=False)
class EpochEnded:
    """Where a training stands after an epoch."""

    history: pd.DataFrame
    best_epoch: int
    epochs: int
    patience: int

    @property
    def epoch(self) -> int:
        """The epoch that ended."""
        return len(self.history)

    @property
    def waited(self) -> int:
        """How many epochs have ended since the best one."""
        return self.epoch - self.best_epoch

    def __str__(self) -> str:
        if self.waited == 0:
            return f"Epoch {self.epoch} is the best so far."
        epochs = "epoch" if self.patience == 1 else "epochs"
        return (
            f"No improvement for {self.waited} of {self.patience} {epochs}; best so far epoch "
            f"{self.best_epoch}."
        )


@dataclass(frozen=True)
class Telling:
    """Who hears of a training, and who may stop it."""

    progress: Callable[[Progress], object] = lambda _: None
    say: Callable[[str], object] = lambda _: None
    cancelled: Callable[[], bool] = lambda: False
    enough: Callable[[], bool] = lambda: False
    epoch_ended: Callable[[EpochEnded], object] = lambda _: None

    def step(self, progress: Progress) -> None:
        """Pass progress on, and raise :class:`Stopped` if asked to."""
        self.progress(progress)
        if self.cancelled():
            raise Stopped


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
