"""Loads the networks and asks them, off the event loop."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Protocol

from fracture_widgets.app.state import Entry, ModelState, WorkbenchState
from fracture_widgets.app.widgets.background import BackgroundTask, sentence
from fracture_widgets.base.language import gettext
from fracture_widgets.imaging.radiograph import Radiograph
from fracture_widgets.models.report import Report
from fracture_widgets.models.trust import SENSITIVE, OperatingPoint


class Examines(Protocol):
    """What the workbench needs of a cascade."""

    def examine(self, radiograph: Radiograph) -> Report:
        """Answer one radiograph."""


class InferenceWorker:
    """Puts the cascade's answers into the state."""

    def __init__(
        self,
        state: WorkbenchState,
        *,
        cascade: Examines | None = None,
        load: Callable[[], Examines] | None = None,
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
            self.load(load or load_shipped_cascade)
        else:
            self._loaded(cascade)
            state.model = ModelState.READY

    def load(
        self, make: Callable[[], Examines], ended: Callable[[str], object] = lambda _: None
    ) -> bool:
        """Load a model in the background; ``ended`` is given what went wrong, or nothing.

        Where it cannot be loaded, the model that was there goes on answering.
        """
        if self._state.working_on or self._loading.running:
            return False
        self._on_load = ended
        self._state.model = ModelState.LOADING
        return self._loading.start(lambda: iter([make()]), self._loaded)

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


def load_cascade(folder: Path, point: OperatingPoint = SENSITIVE) -> Examines:
    """Load the cascade of a models folder, and the engine with it."""
    from fracture_widgets.models.cascade import Cascade

    return Cascade.load(folder, operating_point=point)


def load_shipped_cascade() -> Examines:
    """Load the cascade that ships, and the engine with it: not before it is used."""
    from fracture_widgets.models.cascade import shipped_cascade

    return shipped_cascade()
