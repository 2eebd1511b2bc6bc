"""Earlier trainings, to open, continue and delete."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import ipywidgets as widgets

from fracture_widgets.app.tabs.training.state import TrainingState
from fracture_widgets.app.widgets.controls import StatusLine
from fracture_widgets.app.widgets.table import DELETE, Record, RecordTable
from fracture_widgets.errors import FractureWidgetsError
from fracture_widgets.models.networks.architectures import ARCHITECTURES
from fracture_widgets.training.run_folder import RunFolder
from fracture_widgets.training.runs import TrainingRun, list_runs, open_run, task_title

__all__ = ["RunsPanel"]

_COLUMNS = ["Started", "Question", "Network", "Epochs", "Validation loss", "State"]
_EMPTY = "No training yet. Every one that finishes an epoch is listed here, and can be continued."
_MOST = 50


class RunsPanel(widgets.VBox):
    """Lists the trainings of this computer, newest first."""

    def __init__(
        self, state: TrainingState, root: Path, resume: Callable[[TrainingRun], object]
    ) -> None:
        self._state = state
        self._root = root
        self._resume = resume
        self.table = RecordTable(
            self.press,
            caption="Trainings, newest first",
            columns=_COLUMNS,
            empty=_EMPTY,
            question="Delete this training and its network?",
        )
        self.table.add_class("fw-runs-table")
        self.note = StatusLine()
        heading = widgets.HTML(
            "<h2>Trainings</h2><p>Kept on the computer that runs this page, epoch by epoch. A page "
            "that was closed, or a computer that was switched off, loses no finished epoch.</p>"
        )
        heading.add_class("fw-heading")
        super().__init__([heading, self.note, self.table])
        state.observe(self.refresh, ["runs_changed", "run", "activity"])
        self.refresh()

    def refresh(self, _: object = None) -> None:
        """Read the folder of runs again."""
        rows = []
        for folder in list_runs(self._root)[:_MOST]:
            try:
                rows.append(self._row(open_run(folder)))
            except FractureWidgetsError:
                rows.append(_damaged(folder))
        self.table.list_records(rows)

    def press(self, kind: str, name: str) -> None:
        """Do what was pressed for the run of that name."""
        state, folder = self._state, self._root / name
        self.note.tone, self.note.text = "quiet", ""
        if state.busy:
            self.note.text = "A training is at work: wait for its end, or pause it."
            return
        try:
            if kind == "delete":
                self._delete(folder)
                return
            run = open_run(folder)
        except FractureWidgetsError as error:
            self.note.tone, self.note.text = "problem", str(error)
            return
        if kind == "continue":
            self._resume(run)
        else:
            state.started, state.ended, state.problem, state.said = None, None, "", ()
            state.run = run

    def _delete(self, folder: Path) -> None:
        with RunFolder(folder).locked():
            pass  # refuses while another page trains there
        shutil.rmtree(folder, ignore_errors=True)
        if self._state.run is not None and self._state.run.folder == folder:
            self._state.started, self._state.ended, self._state.run = None, None, None
        self._state.runs_changed += 1
        self.note.tone, self.note.text = "good", "The training is deleted."

    def _row(self, run: TrainingRun) -> Record:
        started = self._state.started
        at_work = self._state.busy and started is not None and started.folder == run.folder
        known = ARCHITECTURES.get(run.network_name)
        network = known.title if known else run.network_name
        best = run.history["val_loss"].loc[run.best_epoch]
        how = "finished" if run.finished else "at work" if at_work else "can be continued"
        unfinished = () if run.finished else (("continue", "Continue"),)
        question = task_title(run.question)
        return Record(
            id=run.folder.name,
            name=f"{question}, {_when(run.folder)}",
            cells=(
                _when(run.folder),
                question,
                f"{network}, head alone" if run.plan.frozen_trunk else network,
                f"{len(run.history)} of {run.plan.epochs}",
                f"{best:.3f} (epoch {run.best_epoch})",
                how,
            ),
            actions=() if at_work else (("open", "Open"), *unfinished, DELETE),
            shown=self._state.run is not None and self._state.run.folder == run.folder,
        )


def _damaged(folder: Path) -> Record:
    return Record(
        id=folder.name,
        name=folder.name,
        cells=(_when(folder), "", "", "", "", "damaged"),
        actions=(DELETE,),
    )


def _when(folder: Path) -> str:
    """Return when a run was started, which its folder is named after."""
    day, time = folder.name[:8], folder.name[9:15]
    if not (day + time).isdecimal() or len(day + time) != 14:
        return folder.name
    return f"{day[:4]}-{day[4:6]}-{day[6:]} {time[:2]}:{time[2:4]}"
