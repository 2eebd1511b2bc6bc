"""The matrix, the radiographs of a cell of it, and the one that is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from html import escape

import ipywidgets as widgets

from fracture_widgets.app.inference import Examines, load_shipped_cascade
from fracture_widgets.app.state import Entry
from fracture_widgets.app.tabs.errors.matrix_buttons import MatrixButtons
from fracture_widgets.app.tabs.errors.mistakes import PAGE, Case, MistakesState
from fracture_widgets.app.widgets.background import LatestTask, sentence
from fracture_widgets.app.widgets.controls import StatusLine
from fracture_widgets.app.widgets.live import named, set_shown
from fracture_widgets.app.widgets.table import Picture, PictureList, thumbnail
from fracture_widgets.app.widgets.viewer import Viewer
from fracture_widgets.base.words import percent
from fracture_widgets.errors import FractureWidgetsError
from fracture_widgets.imaging.radiograph import Radiograph, read_radiograph
from fracture_widgets.models.report import Report

__all__ = ["ErrorsView"]

_MATRIX = "<h2>Answers</h2><p>Choose a cell to see its radiographs.</p>"


class ErrorsView(widgets.Box):
    """Shows which radiographs were answered wrongly, the most confident mistakes first."""

    def __init__(
        self,
        state: MistakesState,
        *,
        cascade: Examines | None = None,
        executor: Executor | None = None,
    ) -> None:
        self.state = state
        self._cascade = cascade
        self._listing, self._showing = LatestTask(executor), LatestTask(executor)
        self.matrix = MatrixButtons(self.state)
        self.heading = widgets.HTML()
        self.pictures = PictureList(
            self._choose, label="Radiographs of this cell", executor=executor
        )
        self.earlier = named(widgets.Button(description="Previous"), "fw-secondary")
        self.later = named(widgets.Button(description="Next"), "fw-secondary")
        self.place = StatusLine()
        self.viewer = Viewer(advice="Choose one from the list.", executor=executor)
        self.status = StatusLine()
        self.pages = named(widgets.HBox([self.earlier, self.later]), "fw-buttons")
        left = widgets.VBox(
            [
                named(widgets.HTML(_MATRIX), "fw-heading"), self.matrix,
                named(self.heading, "fw-heading"), named(self.pictures, "fw-cases"),
                self.pages, self.place,
            ]
        )  # fmt: skip
        right = widgets.VBox([self.viewer, self.status])
        super().__init__([named(left, "fw-left"), named(right, "fw-right")])
        self.add_class("fw-errors")
        self.earlier.on_click(lambda _: self._turn(-1))
        self.later.on_click(lambda _: self._turn(+1))
        state.observe(self._list, ["cell", "page"])
        state.observe(self._show, "chosen")
        self._list()

    def _turn(self, pages: int) -> None:
        self.state.page += pages

    def _choose(self, key: int) -> None:
        self.state.chosen = key

    # --- the list -----------------------------------------------------------------------------

    def _list(self, _: object = None) -> None:
        state = self.state
        cases, total = state.cases(), state.total
        self.heading.value = f"<h2>{escape(_cell_in_words(state.cell, total))}</h2>"
        self.earlier.disabled = state.page == 0
        self.later.disabled = state.page >= state.pages - 1
        set_shown(self.pages, state.pages > 1)
        first = state.page * PAGE + 1
        self.place.text = f"{first} to {first + len(cases) - 1} of {total:,}" if cases else ""
        self._opened: dict[int, tuple[bytes, str]] = {}
        self._fill()

        def open_all() -> Iterator[tuple[int, tuple[bytes, str]]]:
            for case in cases:
                yield case.key, _opened(case)

        def note(opened: tuple[int, tuple[bytes, str]]) -> None:
            self._opened[opened[0]] = opened[1]
            if len(self._opened) in (4, len(cases)):  # soon the first ones, then all
                self._fill()

        self._listing.run(open_all, note)

    def _fill(self) -> None:
        self.pictures.list_pictures(
            [
                _picture(case, *self._opened.get(case.key, (b"", "")), self.state.chosen)
                for case in self.state.cases()
            ]
        )

    # --- the radiograph -----------------------------------------------------------------------

    def _show(self, _: object = None) -> None:
        self._fill()
        key = self.state.chosen
        if key is None:
            return
        case = self.state.case(key)
        self.status.tone, self.status.busy = "quiet", True
        self.status.text = f"Opening {case.name} …"

        def look() -> Iterator[tuple[Radiograph | None, Report | None, str]]:
            try:
                radiograph = read_radiograph(case.path)
            except FractureWidgetsError as error:
                yield None, None, str(error)
                return
            yield radiograph, None, ""
            try:
                if self._cascade is None:
                    self._cascade = load_shipped_cascade()
                yield radiograph, self._cascade.examine(radiograph), ""
            except Exception as error:  # noqa: BLE001 - the radiograph stays, with a sentence
                yield radiograph, None, f"There are no maps over it: {sentence(error)}"

        def note(seen: tuple[Radiograph | None, Report | None, str]) -> None:
            radiograph, report, problem = seen
            entry = None if radiograph is None else Entry(case.key, radiograph, report)
            self.viewer.display(entry)
            self.status.busy = not problem and report is None
            self.status.tone = "problem" if problem else "quiet"
            asked = "" if report or problem else " The networks are asked for their maps …"
            self.status.text = problem or f"{_in_words(case, report)}{asked}"

        self._showing.run(look, note)


def _cell_in_words(cell: tuple[str, str], total: int) -> str:
    truth, answer = cell
    many = f"{total:,} {truth} radiograph{'' if total == 1 else 's'}"
    order = "the surest mistakes first" if truth != answer else "the surest first"
    return f"{many} called {answer}{', ' + order if total > 1 else ''}"


def _in_words(case: Case, report: Report | None) -> str:
    study = f" (study {case.study})" if case.study else ""
    words = (
        f"{case.name}{study}: {case.truth}, called {case.answer}; probability of a fracture "
        f"{percent(case.probability)}."
    )
    now = "" if report is None else percent(report.fracture_probability)
    if now and now != percent(case.probability):
        # Folds answer with networks of their own; these maps are of the one that is asked now.
        words += f" The networks that drew these maps say {now}."
    return words


def _picture(case: Case, small: bytes, problem: str, chosen: int | None) -> Picture:
    # Files of MURA are all called image1: the patient tells them apart.
    known = (case.study.partition("/")[0], case.body_part, case.truth)
    tone = "problem" if case.truth != case.answer else "normal"
    return Picture(
        key=case.key,
        title=case.name,
        note=problem or ", ".join(word for word in known if word),
        alt="" if problem else f"Thumbnail of {case.name}",
        thumbnail=(lambda: small) if small else None,
        chosen=case.key == chosen,
        tag="cannot be read" if problem else f"fracture {percent(case.probability)}",
        tone="problem" if problem else tone,
    )


def _opened(case: Case) -> tuple[bytes, str]:
    """Return a thumbnail, or nothing and the sentence that says why there is none."""
    try:
        return thumbnail(read_radiograph(case.path)), ""
    except Exception as error:  # noqa: BLE001 - the others must be shown
        return b"", sentence(error)
