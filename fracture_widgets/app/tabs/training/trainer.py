"""Looks datasets through and trains, off the event loop."""

from __future__ import annotations

import functools
import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from datetime import datetime
from pathlib import Path
from typing import Any

from fracture_widgets.app.tabs.training.choices import DatasetChoice
from fracture_widgets.app.tabs.training.state import (
    Activity,
    Drawing,
    Overview,
    Started,
    TrainingState,
)
from fracture_widgets.app.widgets.background import BackgroundTask, TaskState
from fracture_widgets.base.files import write_whole
from fracture_widgets.datasets.table import load_dataset
from fracture_widgets.errors import FractureWidgetsError
from fracture_widgets.models.networks.architectures import ARCHITECTURES
from fracture_widgets.models.networks.names import BODY_PART_OUTPUT
from fracture_widgets.parts import BODY_PARTS, FRACTURED
from fracture_widgets.training.progress import EpochEnded, Progress
from fracture_widgets.training.recipes.paper import train_bone_type_model, train_fracture_model
from fracture_widgets.training.runs import TrainingRun, open_run

__all__ = ["Trainer", "look_through"]

_SETUP = "setup.json"
_SECONDS_BETWEEN_STEPS = 0.2


def look_through(folder: Path) -> Overview:
    """Count what a dataset holds."""
    table = load_dataset(folder)
    rows = []
    for part in BODY_PARTS:
        of_part = table[table["body_part"] == part]
        fractured = int((of_part["label"] == FRACTURED).sum())
        patients = int(of_part["patient_id"].nunique())
        rows.append((part, len(of_part), patients, fractured, len(of_part) - fractured))
    skipped = table.attrs["skipped"]
    notes = [str(skipped)] if skipped else []
    return Overview(tuple(rows), (*notes, *table.attrs["warnings"]))


class Trainer:
    """Trains what the state says, and puts what comes of it there."""

    def __init__(self, state: TrainingState, root: Path, executor: Executor | None = None) -> None:
        self._state = state
        self._root = root
        self._pause, self._enough = threading.Event(), threading.Event()
        self.task = BackgroundTask(executor)
        self.looking = BackgroundTask(executor)
        self.task.observe(self._ended, "state")
        self.looking.observe(self._looked, "state")
        state.observe(lambda _: self.look(), "dataset_key")
        self.look()

    def look(self) -> None:
        """Look the chosen dataset through."""
        state, choice = self._state, self._state.dataset
        state.overview, state.dataset_problem = None, ""
        if choice.patients and not (choice.folder / "boxes.csv").is_file():
            return  # nothing is there before it is drawn
        if state.activity is not Activity.NOTHING:
            return

        def counted() -> Iterator[Overview]:
            yield look_through(choice.folder)

        state.activity = Activity.CHECKING
        self.looking.start(counted, functools.partial(self._counted, choice))

    def start(self) -> None:
        """Begin the training chosen, unless something blocks it."""
        state = self._state
        if any(state.blockers()):
            return
        name = f"{datetime.now().astimezone():%Y%m%d-%H%M%S}-{state.question}-{state.network_key}"
        self._train(
            Started(
                self._root / name.replace("_", "-"),
                state.dataset,
                state.question,
                state.network.architecture,
                state.plan(),
            ),
            resume=False,
        )

    def pause(self) -> None:
        """Stop after the batch at hand; the training can be continued."""
        if self._state.activity is Activity.TRAINING:
            self._ask_for(Activity.PAUSING, self._pause)

    def finish(self) -> None:
        """End the training at work, or the one that is paused, and judge it."""
        state = self._state
        if state.activity is Activity.TRAINING:
            self._ask_for(Activity.ENDING, self._enough)
        elif state.paused and state.started is not None:
            self._train(state.started, resume=True, enough=True)

    def _ask_for(self, activity: Activity, wish: threading.Event) -> None:
        self._state.activity = activity
        wish.set()
        if not self.task.running:
            # It ended just now: JupyterLab has clicks handled beside the event loop.
            self._state.activity = Activity.NOTHING

    def resume(self) -> None:
        """Go on with the training that is paused."""
        if self._state.paused and self._state.started is not None:
            self._train(self._state.started, resume=True)

    def resume_run(self, run: TrainingRun) -> None:
        """Go on with an unfinished run, if its radiographs are still on offer."""
        state = self._state
        if state.busy:
            return
        key = _dataset_of(run.folder)
        choice = next((one for one in state.datasets if one.key == key), None)
        if choice is None:
            state.problem = (
                f"The radiographs that {run.folder.name} learns from are not among those offered "
                "here: open the panel with their folder to continue it."
            )
            return
        if run.network_name not in ARCHITECTURES:
            state.problem = (
                f"The network of {run.folder.name} is not among those offered here "
                f"({run.network_name}): continue it with the code that began it."
            )
            return
        started = Started(run.folder, choice, run.question, run.network_name, run.plan)
        state.run, state.ended = run, None
        self._train(started, resume=True)

    def _train(self, started: Started, *, resume: bool, enough: bool = False) -> None:
        state = self._state
        if self.task.running:
            return
        self._pause.clear()
        self._enough.clear()
        if enough:
            self._enough.set()
        state.activity = Activity.ENDING if enough else Activity.TRAINING
        state.problem, state.said, state.step, state.drawing = "", (), None, None
        if not resume:
            state.run, state.ended = None, None
        state.started = started
        self.task.start(functools.partial(self._work, started, resume=resume), self._state.say)

    def _work(self, started: Started, *, resume: bool) -> Iterator[str]:
        """Train; what is yielded is said at the end."""

        def drawn(done: int, total: int) -> None:
            if due() or done == total:
                self._put("drawing", Drawing(done, total))

        due = _throttle()
        dataset = started.dataset.prepare(drawn)
        self._put("drawing", None)
        if not resume:
            started.folder.mkdir(parents=True, exist_ok=True)
            setup = json.dumps({"dataset": started.dataset.key})
            write_whole(started.folder / _SETUP, setup.encode())

        def stepped(step: Progress) -> None:
            if due() or step.done == step.total:
                self._put("step", step)

        given: dict[str, Any] = {
            "plan": started.plan,
            "out": started.folder,
            "resume": resume,
            "trunk": ARCHITECTURES[started.network].build,
            "progress": stepped,
            "epoch_ended": self._epoch_ended,
            "say": lambda said: self.task.hand_over(functools.partial(self._state.say, said)),
            "cancelled": self._pause.is_set,
            "enough": self._enough.is_set,
        }
        try:
            if started.question == BODY_PART_OUTPUT:
                train_bone_type_model(dataset, **given)
            else:
                train_fracture_model(started.question, dataset, **given)
        finally:
            _remove_if_empty(started.folder)
        yield from ()

    def _epoch_ended(self, ended: EpochEnded) -> None:
        self._put("ended", ended)

    def _put(self, name: str, value: object) -> None:
        self.task.hand_over(functools.partial(setattr, self._state, name, value))

    def _ended(self, change: Any) -> None:
        if change["new"] is TaskState.RUNNING:
            return
        state = self._state
        assert state.started is not None
        folder = state.started.folder
        state.problem = self.task.problem
        try:
            if folder.is_dir():
                state.run = open_run(folder)
        except FractureWidgetsError as error:
            state.problem = state.problem or str(error)
        state.step, state.drawing, state.ended = None, None, None
        state.activity = Activity.NOTHING
        state.runs_changed += 1
        self.look()

    def _counted(self, choice: DatasetChoice, overview: Overview) -> None:
        if choice == self._state.dataset:
            self._state.overview = overview

    def _looked(self, change: Any) -> None:
        if change["new"] is TaskState.RUNNING:
            return
        state = self._state
        if state.activity is Activity.CHECKING:
            state.activity = Activity.NOTHING
        state.dataset_problem = self.looking.problem


def _throttle() -> Callable[[], bool]:
    """Return what says whether it is time again: a page cannot show a thousand steps a second."""
    last = 0.0

    def due() -> bool:
        nonlocal last
        now = time.monotonic()
        if now - last < _SECONDS_BETWEEN_STEPS:
            return False
        last = now
        return True

    return due


def _dataset_of(folder: Path) -> str:
    """Return the key of the radiographs that a run was started with, or nothing."""
    try:
        setup = json.loads((folder / _SETUP).read_text(encoding="utf-8"))
        return str(setup["dataset"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _remove_if_empty(folder: Path) -> None:
    """Remove a run's folder that holds no epoch, so that it is not taken for a run."""
    try:
        if {file.name for file in folder.iterdir()} <= {_SETUP}:
            (folder / _SETUP).unlink(missing_ok=True)
            folder.rmdir()
    except OSError:
        return
