"""What a long training tells while it works, and how it is asked to stop."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["FEATURES", "READING", "TRAINING", "Clock", "Progress", "Stopped", "Telling"]

READING, FEATURES, TRAINING = "reading", "features", "training"


class Stopped(Exception):
    """Somebody asked training to stop."""


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
    """

    progress: Callable[[Progress], object] = lambda _: None
    say: Callable[[str], object] = lambda _: None
    cancelled: Callable[[], bool] = lambda: False

    def step(self, progress: Progress) -> None:
        """Pass progress on, and raise :class:`Stopped` if asked to."""
        self.progress(progress)
        if self.cancelled():
            raise Stopped


class Clock:
    """Tells from the pace so far what the rest will take."""

    def __init__(self) -> None:
        self._started = time.monotonic()

    def seconds_left(self, done: int, total: int) -> float | None:
        """Return the seconds left after ``done`` of ``total``, or ``None`` at the start."""
        if done == 0:
            return None
        return (time.monotonic() - self._started) / done * (total - done)
