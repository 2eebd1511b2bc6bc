"""What the training tab knows; it looks datasets through and trains, off the event loop."""

from __future__ import annotations

import enum
import importlib.util
import json
import os
import shutil
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import traitlets

from fracture_widgets.app.tabs.training.choices import (
    NETWORKS,
    QUESTIONS,
    DatasetChoice,
    NetworkChoice,
    Overview,
    offered_datasets,
)
from fracture_widgets.app.widgets.background import BackgroundTask, LatestTask
from fracture_widgets.base.files import data_folder, write_whole
from fracture_widgets.base.language import gettext
from fracture_widgets.errors import FractureWidgetsError, MissingExtra
from fracture_widgets.models.networks import BODY_PART_OUTPUT
from fracture_widgets.models.networks.trunks import ARCHITECTURES
from fracture_widgets.training.plan import TrainingPlan
from fracture_widgets.training.recipes.paper import train_bone_type_model, train_fracture_model
from fracture_widgets.training.runs import TrainingRun, open_run
from fracture_widgets.training.teaching import EpochEnded, Progress

DRAWING = "drawing"
"""The stage before those of a training: radiographs are drawn."""

_SETUP = "setup.json"
_SECONDS_BETWEEN_STEPS = 0.2  # a page cannot show a thousand steps a second


class Activity(enum.Enum):
    """What is being done."""

    NOTHING = "nothing"
    CHECKING = "checking"
    TRAINING = "training"
    PAUSING = "pausing"
    ENDING = "ending"


class Trainer(traitlets.HasTraits):
    """Trains what is chosen; the views are drawn from it, and change it."""

    dataset_key = traitlets.Unicode()
    question = traitlets.Unicode(QUESTIONS[0][0])
    network_key = traitlets.Unicode(NETWORKS[0].key)
    settings = traitlets.Instance(TrainingPlan)
    overview = traitlets.Instance(Overview, allow_none=True)
    dataset_problem = traitlets.Unicode()
    activity = traitlets.UseEnum(Activity, default_value=Activity.NOTHING)
    folder = traitlets.Instance(Path, allow_none=True, help="Of the training at work or paused.")
    step = traitlets.Instance(Progress, allow_none=True)
    ended = traitlets.Instance(EpochEnded, allow_none=True)
    run = traitlets.Instance(TrainingRun, allow_none=True)
    notes = traitlets.Tuple()
    problem = traitlets.Unicode()
    runs_changed = traitlets.Int()

    def __init__(
        self,
        *,
        folders: Sequence[str | os.PathLike[str]] | None = None,
        home: str | os.PathLike[str] | None = None,
        executor: Executor | None = None,
    ) -> None:
        self.home = data_folder() if home is None else Path(home)
        self.root = self.home / "runs"
        self.datasets = tuple(offered_datasets(folders, self.home))
        self._pause, self._enough = threading.Event(), threading.Event()
        self._step_shown_at = 0.0
        settings = NETWORKS[0].begin(TrainingPlan(validation=0.2, test=0.2))
        super().__init__(dataset_key=self.datasets[0].key, settings=settings)
        self.task = BackgroundTask(executor)
        self.task.on_end(self._ended)
        self._looking = LatestTask(executor)
        self._looking.on_end(self._looked)
        self.observe(lambda _: self.look(), "dataset_key")
        self.look()

    @property
    def dataset(self) -> DatasetChoice:
        """The radiographs chosen."""
        return next(choice for choice in self.datasets if choice.key == self.dataset_key)

    @property
    def network(self) -> NetworkChoice:
        """The network chosen."""
        return next(choice for choice in NETWORKS if choice.key == self.network_key)

    @property
    def plan(self) -> TrainingPlan:
        """The settings; a trunk that stays as it is sees every radiograph once, unvaried."""
        settings = self.settings
        return replace(settings, augmentation=None) if settings.frozen_trunk else settings

    @property
    def busy(self) -> bool:
        """Whether a training is at work."""
        return self.activity not in {Activity.NOTHING, Activity.CHECKING}

    @property
    def paused(self) -> bool:
        """Whether a training waits to be continued."""
        run = self.run
        return not self.busy and run is not None and run.folder == self.folder and not run.finished

    @property
    def history(self) -> pd.DataFrame | None:
        """The epochs to show: of the training at work, or of the run that is open."""
        if self.ended is not None:
            return self.ended.history
        return None if self.run is None else self.run.history

    def open(self, run: TrainingRun | None) -> None:
        """Show a run, or none, in place of what was trained here."""
        self.folder = self.ended = None
        self.problem, self.notes = "", ()
        self.run = run

    def blockers(self) -> Iterator[str]:
        """Yield the reasons why Start cannot work now, each a sentence."""
        if not importlib.util.find_spec("keras"):
            yield str(MissingExtra(gettext("Training"), "train"))
        if self.busy:
            yield gettext("A training is at work.")
        if self.activity is Activity.CHECKING:
            yield gettext("The radiographs are being looked through.")
        if self.dataset_problem:
            yield self.dataset_problem
        elif self.overview is not None and any(
            part == self.question and not count for part, count, *_ in self.overview.rows
        ):
            yield gettext(
                "There is no radiograph of the {question} among these: ask otherwise.",
                question=self.question,
            )

    def look(self) -> None:
        """Look the chosen dataset through."""
        choice = self.dataset
        self.overview, self.dataset_problem = None, ""
        self.activity = Activity.CHECKING
        self._looking.start(
            lambda: [] if choice.drawn_later else [choice.overview()],
            partial(setattr, self, "overview"),
            partial(setattr, self, "dataset_problem"),
        )

    def start(self) -> None:
        """Begin the training chosen, unless something blocks it."""
        if any(self.blockers()):
            return
        name = f"{datetime.now().astimezone():%Y%m%d-%H%M%S}-{self.question}-{self.network_key}"
        self.run = self.ended = None
        self._train(
            self.root / name.replace("_", "-"),
            self.dataset,
            self.question,
            self.network.architecture,
            self.plan,
        )

    def pause(self) -> None:
        """Stop after the batch at hand; the training can be continued."""
        if self.activity is Activity.TRAINING:
            self._request(Activity.PAUSING, self._pause)

    def finish(self) -> None:
        """End the training at work, or the one that is paused, and judge it."""
        if self.activity is Activity.TRAINING:
            self._request(Activity.ENDING, self._enough)
        elif self.paused:
            self.resume(self.run, enough=True)

    def _request(self, activity: Activity, wish: threading.Event) -> None:
        self.activity = activity
        wish.set()
        if not self.task.running:
            # It ended just now: JupyterLab has clicks handled beside the event loop.
            self.activity = Activity.NOTHING

    def resume(self, run: TrainingRun | None, *, enough: bool = False) -> None:
        """Go on with an unfinished run, if its radiographs are still on offer."""
        if self.busy or run is None or run.finished:
            return
        key = _dataset_of(run.folder)
        choice = next((choice for choice in self.datasets if choice.key == key), None)
        if choice is None:
            self.problem = gettext(
                "The radiographs that {name} learns from are not among those offered here: "
                "open the panel with their folder to continue it.",
                name=run.folder.name,
            )
            return
        if run.network_name not in ARCHITECTURES:
            self.problem = gettext(
                "The network of {name} is not among those offered here ({network_name}): "
                "continue it with the code that began it.",
                name=run.folder.name,
                network_name=run.network_name,
            )
            return
        self.run, self.ended = run, None
        self._train(
            run.folder, choice, run.question, run.network_name, run.plan, resume=True, enough=enough
        )

    def _train(
        self,
        folder: Path,
        choice: DatasetChoice,
        question: str,
        network: str,
        plan: TrainingPlan,
        *,
        resume: bool = False,
        enough: bool = False,
    ) -> None:
        if self.task.running:
            return
        self._pause.clear()
        self._enough.clear()
        if enough:
            self._enough.set()
        self.activity = Activity.ENDING if enough else Activity.TRAINING
        self.problem, self.notes, self.step = "", (), None
        self.folder = folder

        def work() -> Iterable[None]:
            dataset = choice.prepare(
                lambda done, total: self._stepped(Progress(DRAWING, done, total))
            )
            self._put("step", None)
            if not resume:
                write_whole(folder / _SETUP, json.dumps({"dataset": choice.key}).encode())
            given: dict[str, Any] = {
                "plan": plan,
                "out": folder,
                "resume": resume,
                "trunk": ARCHITECTURES[network].build,
                "progress": self._stepped,
                "epoch_ended": partial(self._put, "ended"),
                "say": lambda note: self.task.hand_over(partial(self._add_note, note)),
                "cancelled": self._pause.is_set,
                "enough": self._enough.is_set,
            }
            try:
                if question == BODY_PART_OUTPUT:
                    train_bone_type_model(dataset, **given)
                else:
                    train_fracture_model(question, dataset, **given)
            finally:
                # A folder without an epoch is no run.
                if [file.name for file in folder.glob("*")] == [_SETUP]:
                    shutil.rmtree(folder, ignore_errors=True)
            return ()

        self.task.start(work, lambda _: None)

    def _stepped(self, step: Progress) -> None:
        now = time.monotonic()
        if step.done == step.total or now - self._step_shown_at >= _SECONDS_BETWEEN_STEPS:
            self._step_shown_at = now
            self._put("step", step)

    def _put(self, name: str, value: object) -> None:
        self.task.hand_over(partial(setattr, self, name, value))

    def _add_note(self, note: str) -> None:
        self.notes = (*self.notes, note)

    def _ended(self) -> None:
        self.problem = self.task.problem
        try:
            if self.folder is not None and self.folder.is_dir():
                self.run = open_run(self.folder)
        except FractureWidgetsError as error:
            self.problem = self.problem or str(error)
        self.step = self.ended = None
        self.activity = Activity.NOTHING
        self.runs_changed += 1
        self.look()

    def _looked(self) -> None:
        # Where another dataset was chosen meanwhile, that one is looked through by now.
        if self.activity is Activity.CHECKING and not self._looking.running:
            self.activity = Activity.NOTHING


def _dataset_of(folder: Path) -> str:
    """Return the key of the radiographs that a run was started with, or nothing."""
    try:
        return str(json.loads((folder / _SETUP).read_text(encoding="utf-8"))["dataset"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
