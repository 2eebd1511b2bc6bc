"""What a training reports while it works, and how it is asked to stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

import pandas as pd

from fracture_widgets.base.progress import Clock, Monitor

READING, FEATURES, TRAINING = "reading", "features", "training"


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
class TrainingMonitor(Monitor):
    """A monitor that is also told of batches and epochs, and may want no more of them."""

    on_progress: Callable[[Progress], object] = lambda _: None
    on_epoch: Callable[[EpochEnded], object] = lambda _: None
    enough: Callable[[], bool] = lambda: False
    _clocks: dict[str, Clock] = field(default_factory=dict)

    @classmethod
    def of_callbacks(
        cls,
        progress: Callable[[Progress], object] | None = None,
        epoch_ended: Callable[[EpochEnded], object] | None = None,
        say: Callable[[str], object] | None = None,
        cancelled: Callable[[], bool] | None = None,
        enough: Callable[[], bool] | None = None,
    ) -> Self:
        """Return a monitor of the functions that a caller gives, each of which may be missing."""
        given = {
            "on_progress": progress,
            "on_epoch": epoch_ended,
            "on_say": say,
            "is_cancelled": cancelled,
            "enough": enough,
        }
        return cls(**{name: call for name, call in given.items() if call is not None})  # type: ignore[arg-type]

    def step(self, done: int, total: int | None, what: str = "") -> None:
        """Report a step of a stage, with the time that the rest will take."""
        total = done if total is None else total
        clock = self._clocks.setdefault(what, Clock())
        self.report(Progress(what, done, total, clock.seconds_left(done, total)))

    def report(self, progress: Progress) -> None:
        """Pass progress on, and raise :class:`Cancelled` if asked to."""
        self.on_progress(progress)
        self.check()
