"""The workbench: drop a radiograph, press one button, read the answer."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Executor
from functools import partial
from pathlib import Path
from typing import Any

from fracture_widgets.app.answer import AnswerPane
from fracture_widgets.app.inference import Examines, InferenceWorker, ModelMenu
from fracture_widgets.app.limits import UploadLimits
from fracture_widgets.app.result import ResultPanel
from fracture_widgets.app.state import WorkbenchState
from fracture_widgets.app.tab import AppShell, find_tabs
from fracture_widgets.app.visit import KeptVisit, SavedPictures
from fracture_widgets.app.widgets.live import set_shown
from fracture_widgets.app.widgets.picture import region_of
from fracture_widgets.app.widgets.viewer import Comparison, Viewer
from fracture_widgets.base.language import gettext, marked
from fracture_widgets.imaging.boxes import Box
from fracture_widgets.imaging.radiograph import Radiograph
from fracture_widgets.phantoms import Phantom
from fracture_widgets.records.history import History

_SECONDS_FOR_THE_HISTORY = 5.0  # a page that waits longer seems dead

_CUT = marked("Drag a box around the joint, then press Examine region.")


class Workbench(AppShell):
    """Fracture Widgets as one page, for a notebook or for Voilà.

    Parameters
    ----------
    cascade
        What answers; by default the shipped cascade, loaded in the background.
    history
        Where results are kept; by default the user's own history.
    samples
        Drawn radiographs to offer; by default the built-in ones.
    executor
        Where the networks run and files are read; by default a thread each, of the workbench's
        own.
    limits
        How much it takes in, as ``UploadLimits(file_mb=200)``; by default what the environment
        variable ``FRACTURE_WIDGETS_MAX_MB`` says, and 64 MB a file where it is not set.

    models
        The models folder that answers first; by default the shipped one, or the one that the
        environment variable ``FRACTURE_WIDGETS_MODELS`` names. Others can be chosen on the page.
    answer_at_once
        Whether radiographs are answered when they arrive, to begin with; a switch on the page
        changes it for the visit.

    Attributes
    ----------
    state
        Everything the panels show, as traits.
    tabs
        The switch of the tabs; ``view(key)`` is what one of them shows.
    upload, radiographs, samples, worklist, history
        What the tabs Examine, Worklist and History show.
    viewer, comparison, answer, result, study
        The radiograph, what can stand beside it, the column to the right, and what is in that.
    visit
        Keeps what is on the page of a visitor of the dashboard.
    predict, predict_all, stop, models
        The buttons, and the menu of the models.

    Examples
    --------
    >>> from fracture_widgets import Workbench
    >>> page = Workbench()  # as the last line of a cell, it shows itself
    >>> page.close()
    """

    def __init__(
        self,
        *,
        cascade: Examines | None = None,
        history: History | None = None,
        samples: Sequence[Phantom] | None = None,
        executor: Executor | None = None,
        limits: UploadLimits | None = None,
        models: str | os.PathLike[str] | None = None,
        answer_at_once: bool = True,
    ) -> None:
        self.state = WorkbenchState(limits or UploadLimits.from_environment())
        self.record = History(patience=_SECONDS_FOR_THE_HISTORY) if history is None else history
        self.samples_offered = samples
        folder = None if models is None else Path(models)
        self.worker = InferenceWorker(self.state, cascade=cascade, folder=folder, executor=executor)
        self.models = ModelMenu(self.state, self.worker, folder)
        set_shown(self.models, cascade is None)
        self.viewer = Viewer(
            cut=self._examine_region,
            add=self.state.add,
            select=self.state.select,
            looked=lambda _: self.visit.keep(),
            step=self.state.step,
            executor=executor,
        )
        self.comparison = Comparison(self.state, self.viewer)
        self.result = ResultPanel(
            self.state,
            self.record,
            examine=self.examine,
            look_of=self.viewer.look_of,
            choose_region=partial(self.viewer.take_up, "region", gettext(_CUT)),
        )
        self.answer = AnswerPane(self.state, self.worker, self.record, self.result)
        tabs, problems = find_tabs()
        super().__init__(
            tabs,
            beside=(self.answer, self.comparison),
            extras=(self.models,),
            problems=problems,
            executor=executor,
        )
        self.predict, self.predict_all = self.answer.predict, self.answer.predict_all
        self.stop, self.status = self.answer.stop, self.answer.status
        self.study = self.answer.study
        examine = self.view("examine")
        self.upload, self.radiographs = examine.upload, examine.radiographs
        self.samples = examine.samples
        self.state.observe(self._show_picture, ["selected", "read_first"])
        self.pictures = SavedPictures(self.state, executor)
        self.state.observe(self._show_place, ["listed", "selected_key"])
        self.visit = KeptVisit(self.state, self.viewer, self.upload, self.models, executor)
        self.viewer.on_msg(self._begin)
        self.state.observe(self._show_whether_empty, "listed")
        self._show_whether_empty()
        self.state.at_once = answer_at_once

    @property
    def worklist(self) -> Any:
        """What the Worklist tab shows."""
        return self.view("worklist")

    @property
    def history(self) -> Any:
        """What the History tab shows."""
        return self.view("history")

    def examine(self, radiograph: Radiograph) -> None:
        """Put a radiograph into the list and ask the networks about it."""
        self.state.add(radiograph)
        self.worker.examine_selected()

    def open_selected(self) -> None:
        """Show the radiograph selected in the first tab."""
        self.tabs.value = self.tabs.options[0][1]

    def _begin(self, _: object, content: Any, __: object) -> None:
        """Take up what a visitor left, once their page is there."""
        if content.get("type") == "ready":
            self.visit.take_up()

    def _examine_region(self, radiograph: Radiograph, box: Box) -> None:
        names = [entry.radiograph.name for entry in self.state.entries]
        self.examine(region_of(radiograph, box, names))

    def _show_picture(self, _: object) -> None:
        self.viewer.display(self.state.shown)

    def _show_place(self, _: object) -> None:
        self.viewer.place = self.state.place

    def _show_whether_empty(self, _: object = None) -> None:
        (self.remove_class if self.state.listed else self.add_class)("fw-nothing-yet")
