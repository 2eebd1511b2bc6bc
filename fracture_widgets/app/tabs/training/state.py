"""What the training panel knows, apart from how it looks."""

from __future__ import annotations

import enum
import importlib.util
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import traitlets

from fracture_widgets.app.tabs.training.choices import (
    NETWORKS,
    QUESTIONS,
    DatasetChoice,
    NetworkChoice,
)
from fracture_widgets.errors import MissingExtra, TrainingError
from fracture_widgets.models.networks.names import BODY_PART_OUTPUT
from fracture_widgets.training.plan import Augmentation, TrainingPlan
from fracture_widgets.training.progress import EpochEnded, Progress
from fracture_widgets.training.runs import TrainingRun

__all__ = ["Activity", "Drawing", "Overview", "Started", "TrainingState"]

_VALIDATION = _TEST = 0.2


class Activity(enum.Enum):
    """What is being done."""

    NOTHING = "nothing"
    CHECKING = "checking"
    TRAINING = "training"
    PAUSING = "pausing"
    ENDING = "ending"


@dataclass(frozen=True)
class Overview:
    """What a dataset holds."""

    rows: tuple[tuple[str, int, int, int, int], ...]
    notes: tuple[str, ...]

    def count(self, part: str) -> int:
        """Return the radiographs of a body part."""
        return next((row[1] for row in self.rows if row[0] == part), 0)


@dataclass(frozen=True)
class Drawing:
    """How far the drawing of radiographs is: pictures done, and all."""

    done: int
    total: int


@dataclass(frozen=True)
class Started:
    """A training as it was started or is to be continued."""

    folder: Path
    dataset: DatasetChoice
    question: str
    network: str
    plan: TrainingPlan


class TrainingState(traitlets.HasTraits):
    """State that the views show and change; it knows nothing of widgets."""

    datasets = traitlets.Tuple()
    dataset_key = traitlets.Unicode()
    question = traitlets.Unicode(QUESTIONS[0][0])
    network_key = traitlets.Unicode(NETWORKS[0].key)
    epochs = traitlets.Int(25)
    patience = traitlets.Int(5)
    batch = traitlets.Int(32)
    learning_rate = traitlets.Float(NETWORKS[0].learning_rate)
    augmentation = traitlets.Bool(True)
    class_weights = traitlets.Bool(True)
    overview = traitlets.Instance(Overview, allow_none=True)
    dataset_problem = traitlets.Unicode()
    activity = traitlets.UseEnum(Activity, default_value=Activity.NOTHING)
    started = traitlets.Instance(Started, allow_none=True)
    step = traitlets.Instance(Progress, allow_none=True)
    drawing = traitlets.Instance(Drawing, allow_none=True)
    ended = traitlets.Instance(EpochEnded, allow_none=True)
    run = traitlets.Instance(TrainingRun, allow_none=True)
    said = traitlets.Tuple()
    problem = traitlets.Unicode()
    runs_changed = traitlets.Int()

    def __init__(self, datasets: Sequence[DatasetChoice]) -> None:
        super().__init__(datasets=tuple(datasets), dataset_key=datasets[0].key)

    @property
    def dataset(self) -> DatasetChoice:
        """The radiographs chosen."""
        chosen: DatasetChoice = next(one for one in self.datasets if one.key == self.dataset_key)
        return chosen

    @property
    def network(self) -> NetworkChoice:
        """The network chosen."""
        return next(one for one in NETWORKS if one.key == self.network_key)

    @property
    def busy(self) -> bool:
        """Whether a training is at work."""
        return self.activity in {Activity.TRAINING, Activity.PAUSING, Activity.ENDING}

    @property
    def paused(self) -> bool:
        """Whether a training waits to be continued."""
        return (
            not self.busy
            and self.started is not None
            and self.run is not None
            and self.run.folder == self.started.folder
            and not self.run.finished
        )

    @property
    def history(self) -> pd.DataFrame | None:
        """The epochs to show: of the training at work, or of the run that is open."""
        if self.ended is not None:
            return self.ended.history
        return None if self.run is None else self.run.history

    def plan(self) -> TrainingPlan:
        """Return the settings as a plan."""
        network = self.network
        # A trunk that stays as it is sees every radiograph once, as it is.
        varied = self.augmentation and not network.frozen
        return TrainingPlan(
            learning_rate=self.learning_rate,
            batch=self.batch,
            epochs=self.epochs,
            patience=self.patience,
            augmentation=Augmentation() if varied else None,
            class_weights=self.class_weights,
            frozen_trunk=network.frozen,
            weights=network.weights,
            validation=_VALIDATION,
            test=_TEST,
        )

    def say(self, sentence: str) -> None:
        """Add a sentence that training said."""
        self.said = (*self.said, sentence)

    def blockers(self) -> Iterator[str]:
        """Yield the reasons why Start cannot work now, each a sentence."""
        if not importlib.util.find_spec("keras"):
            yield str(MissingExtra("Training", "train"))
        if self.busy:
            yield "A training is at work."
        if self.activity is Activity.CHECKING:
            yield "The radiographs are being looked through."
        if self.dataset_problem:
            yield self.dataset_problem
        elif (
            self.overview is not None
            and self.question != BODY_PART_OUTPUT
            and not self.overview.count(self.question)
        ):
            yield f"There is no radiograph of the {self.question} among these: ask otherwise."
        try:
            self.plan()
        except TrainingError as error:
            yield str(error)
