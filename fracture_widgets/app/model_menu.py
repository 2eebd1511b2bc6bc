"""Which model answers, the one that ships or one of one's own, and at which operating point."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import ipywidgets as widgets

from fracture_widgets.app.inference import InferenceWorker, load_cascade
from fracture_widgets.app.state import ModelState, WorkbenchState
from fracture_widgets.app.widgets.controls import StatusLine
from fracture_widgets.app.widgets.live import named
from fracture_widgets.base.language import gettext
from fracture_widgets.base.words import begun
from fracture_widgets.models.compose import list_models
from fracture_widgets.models.folder import default_models_folder
from fracture_widgets.models.trust import OPERATING_POINTS, SENSITIVE, OperatingPoint


class ModelMenu(widgets.HBox):
    """Lists models and operating points, loads what is chosen, and says why that cannot be."""

    def __init__(
        self, state: WorkbenchState, worker: InferenceWorker, folder: Path | None = None
    ) -> None:
        self._state = state
        self._worker = worker
        self._folder = default_models_folder() if folder is None else folder
        self._in_use: Path | None = None
        self._point = SENSITIVE
        self.choice = named(widgets.Dropdown(description=gettext("Model")), "fw-field")
        points = [(begun(gettext(point)), point) for point in OPERATING_POINTS]
        self.point = named(
            widgets.Dropdown(
                options=points, value=self._point, description=gettext("Operating point")
            ),
            "fw-field",
        )
        self.problem = StatusLine()
        super().__init__([self.choice, self.point, self.problem])
        self.add_class("fw-model-menu")
        self.refresh()
        self._in_use = self.choice.value
        self.choice.observe(self._choose, "value")
        self.point.observe(self._choose_point, "value")
        state.observe(self._show, ["model", "working_on"])
        self._show()

    def refresh(self, *folders: Path) -> None:
        """Look again at what models there are, these among them; the one in use stays chosen."""
        options = list_models()
        known = (self._in_use, self._folder, *folders)
        paths = [folder.resolve() for folder in known if folder is not None]
        for path in paths:
            options.setdefault(path, path.name)
        wanted = next(iter([*paths, *options]), None)
        with self.hold_trait_notifications():
            self.choice.options = [(gettext(name), path) for path, name in options.items()]
            self.choice.value = wanted

    def use(self, folder: Path) -> None:
        """Have the model of a folder answer."""
        self.refresh(folder)
        self.choice.value = folder.resolve()

    @property
    def in_use(self) -> tuple[str, str]:
        """The folder and the operating point that answer."""
        return str(self._in_use or ""), self._point

    def resume(self, model: str, point: str) -> None:
        """Have a folder's model answer at a point, where both are offered, once one is loaded."""
        offered = {str(path): path for _, path in self.choice.options}
        if model not in offered or point not in OPERATING_POINTS or (model, point) == self.in_use:
            return

        def load(_: object = None) -> None:
            if self._state.model is not ModelState.LOADING and not self._state.working_on:
                self._state.unobserve(load, ["model", "working_on"])
                self._load(offered[model], point)

        self._state.observe(load, ["model", "working_on"])
        load()

    def _choose(self, _: object) -> None:
        path = self.choice.value
        if path is not None and path != self._in_use:
            self._load(path, self._point)

    def _choose_point(self, _: object) -> None:
        if self._in_use is not None and self.point.value != self._point:
            self._load(self._in_use, self.point.value)

    def _load(self, path: Path, point: OperatingPoint) -> None:
        self.problem.text = ""
        ended = partial(self._loaded, path, point)
        if not self._worker.load(partial(load_cascade, path, point), ended):
            self._show_in_use()

    def _loaded(self, path: Path, point: OperatingPoint, problem: str) -> None:
        self.problem.say(problem, "problem")
        if not problem:
            self._in_use, self._point = path, point
        self._show_in_use()

    def _show_in_use(self) -> None:
        self.choice.value = self._in_use
        self.point.value = self._point

    def _show(self, _: object = None) -> None:
        busy = bool(self._state.working_on) or self._state.model is ModelState.LOADING
        self.choice.disabled = self.point.disabled = busy
