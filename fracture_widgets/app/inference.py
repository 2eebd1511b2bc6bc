"""The networks: loaded, chosen and asked, off the event loop."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from functools import partial
from pathlib import Path
from typing import Protocol

import ipywidgets as widgets

from fracture_widgets.app.state import Entry, ModelState, WorkbenchState
from fracture_widgets.app.widgets.background import BackgroundTask, sentence
from fracture_widgets.app.widgets.controls import StatusLine, dropdown
from fracture_widgets.base.language import begun, gettext
from fracture_widgets.imaging.radiograph import Radiograph
from fracture_widgets.models.compose import list_models
from fracture_widgets.models.folder import default_models_folder
from fracture_widgets.models.report import Report
from fracture_widgets.models.trust import OPERATING_POINTS, SENSITIVE, OperatingPoint


class Examines(Protocol):
    """What the workbench needs of a cascade."""

    def examine(self, radiograph: Radiograph) -> Report:
        """Answer one radiograph."""


def load_cascade(folder: Path | None = None, point: OperatingPoint = SENSITIVE) -> Examines:
    """Load the cascade of a models folder, or the one that ships, and the engine with it."""
    from fracture_widgets.models.cascade import Cascade, shipped_cascade

    return shipped_cascade() if folder is None else Cascade.load(folder, operating_point=point)


class InferenceWorker:
    """Puts the cascade's answers into the state; without one, that of a folder is loaded."""

    def __init__(
        self,
        state: WorkbenchState,
        *,
        cascade: Examines | None = None,
        folder: Path | None = None,
        executor: Executor | None = None,
    ) -> None:
        self._state = state
        self._cascade: Examines | None = None
        self._examining = BackgroundTask(executor)
        self._examining.on_end(self._ended)
        self._loading = BackgroundTask(executor)
        self._loading.on_end(self._load_ended)
        self._on_load: Callable[[str], object] = lambda _: None
        self._met: set[int] = set()  # radiographs that are not new any more
        state.observe(self._examine_new, ["listed", "model", "working_on", "at_once"])
        if cascade is None:
            self.load(folder)
        else:
            self._loaded(cascade)
            state.model = ModelState.READY

    def load(
        self,
        folder: Path | None,
        point: OperatingPoint = SENSITIVE,
        ended: Callable[[str], object] = lambda _: None,
    ) -> bool:
        """Load a model in the background; ``ended`` is given what went wrong, or nothing.

        Where it cannot be loaded, the model that was there goes on answering.
        """
        if self._state.working_on or self._loading.running:
            return False
        self._on_load = ended
        self._state.model = ModelState.LOADING
        return self._loading.start(lambda: [load_cascade(folder, point)], self._loaded)

    def examine_selected(self) -> None:
        """Ask about the selected radiograph, unless something blocks it."""
        selected = self._state.selected
        if selected is not None and not any(self._state.blockers()):
            self._state.asked_key = selected.key
            self._examine((selected,))

    def examine_all(self) -> None:
        """Ask about every radiograph that has no answer yet, in their order."""
        if self._state.model is ModelState.READY and not self._state.working_on:
            self._examine(self._state.waiting)

    def stop(self) -> None:
        """End after the radiograph being examined; what has arrived meanwhile waits, too."""
        self._meet(self._state.entries)
        self._examining.stop()

    def _meet(self, entries: Sequence[Entry]) -> None:
        self._met.update(entry.key for entry in entries)

    def _examine_new(self, _: object = None) -> None:
        """Ask about what has arrived since, that on the screen first, where that is wanted."""
        state = self._state
        # What was asked before, on an earlier page or on one beside this, has not arrived.
        self._meet([entry for entry in state.entries if entry.report or entry.problem])
        met = self._met | state.asked_elsewhere
        new = [entry for entry in state.waiting if entry.key not in met]
        if not state.at_once:
            self._meet(new)
        elif new and state.model is ModelState.READY and not state.working_on:
            self._meet(new)
            new.sort(key=lambda entry: entry.key != state.selected_key)
            if new[0].key == state.selected_key:
                state.asked_key = new[0].key
            self._examine(new)

    def _examine(self, entries: Sequence[Entry]) -> None:
        cascade, state, total = self._cascade, self._state, len(entries)
        if cascade is None or not entries or self._examining.running:
            return

        def show_progress(done: int) -> None:
            number = gettext(" ({n} of {total})", n=done + 1, total=total) if total > 1 else ""
            state.progress = done / total if total > 1 else None
            state.queue = tuple(entry.key for entry in entries[done:])
            state.working_on = gettext(
                "Examining {name}{number} …", name=entries[done].radiograph.name, number=number
            )

        def answers() -> Iterator[tuple[int, Report | None, str]]:
            for done, entry in enumerate(entries, 1):
                try:
                    yield done, cascade.examine(entry.radiograph), ""
                except Exception as error:  # noqa: BLE001 - the others must go on
                    yield done, None, f"{entry.radiograph.name}: {sentence(error)}"

        def note(answer: tuple[int, Report | None, str]) -> None:
            done, report, problem = answer
            state.answer(entries[done - 1].key, report, problem)
            if done < total:
                show_progress(done)

        show_progress(0)
        self._examining.start(answers, note)

    def _loaded(self, cascade: Examines) -> None:
        self._cascade = cascade
        self._state.model_id = getattr(cascade, "sha256", "")

    def _load_ended(self) -> None:
        if self._cascade is None:
            self._state.model_problem = self._loading.problem
            self._state.model = ModelState.FAILED
        else:
            self._state.model = ModelState.READY
        self._on_load(self._loading.problem)

    def _ended(self) -> None:
        self._state.progress = None
        self._state.queue = ()
        self._state.working_on = ""  # the last: what has arrived meanwhile begins with it


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
        self.choice = dropdown(gettext("Model"))
        points = [(begun(gettext(point)), point) for point in OPERATING_POINTS]
        self.point = dropdown(gettext("Operating point"), options=points, value=self._point)
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
        if not self._worker.load(path, point, ended):
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
