"""The Examine tab: files, the radiographs at hand, and drawn samples, beside the radiograph."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from typing import Any

import ipywidgets as widgets

from fracture_widgets.app.state import ModelState, WorkbenchState
from fracture_widgets.app.tab import Tab
from fracture_widgets.app.tabs.examine.radiograph_list import RadiographList
from fracture_widgets.app.tabs.examine.samples import SamplesPanel
from fracture_widgets.app.widgets.background import BackgroundTask
from fracture_widgets.app.widgets.live import named
from fracture_widgets.app.widgets.upload import UploadPanel
from fracture_widgets.phantoms import Phantom, sample_phantoms

__all__ = ["TAB", "ExaminePanel", "ExamineTab"]


class ExaminePanel(widgets.VBox):
    """Takes files, lists the radiographs, and offers drawn ones."""

    def __init__(
        self,
        state: WorkbenchState,
        samples: Sequence[Phantom] | None = None,
        *,
        executor: Executor | None = None,
    ) -> None:
        self._state = state
        self.upload = UploadPanel(state, executor=executor)
        self.radiographs = RadiographList(state, executor=executor)
        self.samples = SamplesPanel(state, samples or (), executor=executor)
        super().__init__([self.upload, self.radiographs, self.samples])
        self._drawing = BackgroundTask(executor)
        if samples is None:
            # Drawing them takes as long as loading the networks, which people wait for.
            state.observe(self._draw_samples, "model")
            self._draw_samples()

    def _draw_samples(self, _: object = None) -> None:
        if self._state.model is not ModelState.LOADING:
            self._state.unobserve(self._draw_samples, "model")
            self._drawing.start(lambda: (sample_phantoms(),), self.samples.offer)


class ExamineTab(Tab):
    """What to examine."""

    key, title, order = "examine", "Examine", 10
    beside = True

    def view(self, app: Any) -> Any:
        """Return the way into a workbench."""
        return named(ExaminePanel(app.state, app.samples_offered, executor=app.executor), "fw-left")


TAB = ExamineTab
