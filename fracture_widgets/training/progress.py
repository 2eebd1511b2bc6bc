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
    """How far a training is.

    Attributes
    ----------
    stage
        ``"reading"`` radiographs, computing ``"features"``, or ``"training"``.
    done, total
        Radiographs, or batches of all epochs.
    seconds_left
        What the stage will take yet at the pace so far, ``None`` before that can be told. Early
        stopping may end the training sooner.
    epoch, epochs, batch, batches
        Counted from 1; 0 before training.
    loss, accuracy
        Of this epoch so far.
    val_loss, val_accuracy
        Of the last epoch that ended.
    """

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
    """Where a training stands after an epoch.

    Attributes
    ----------
    history
        One row for each epoch that ended, indexed from 1: ``loss``, ``accuracy``, ``val_loss``,
        ``val_accuracy``.
    best_epoch
        The epoch with the lowest validation loss so far.
    epochs, patience
        Of the plan: at most so many, and so many without a lower loss before training ends.
    """

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
    """Who hears of a training, and who may stop it.

    Attributes
    ----------
    progress
        Called with a :class:`Progress` after every radiograph or batch.
    say
        Called with sentences: what was skipped, what a trunk lacks.
    cancelled
        Asked after every radiograph and batch; training stops when it says so.
    enough
        Asked after every batch; when it says so, training ends and is judged.
    epoch_ended
        Called with an :class:`EpochEnded` after every epoch.
    """

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
    """Tells from the pace so far what the rest will take.

    The first step, in which much is prepared, is left out as soon as there are others.
    """

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
