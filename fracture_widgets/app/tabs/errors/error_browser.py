"""The error browser: from a cell of the confusion matrix to the radiographs behind it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import pandas as pd

from fracture_widgets.app.examiner import Examines
from fracture_widgets.app.state import Entry, WorkbenchState
from fracture_widgets.app.tabs.errors.matrix_buttons import MatrixButtons
from fracture_widgets.app.tabs.errors.mistakes import PAGE, Case, MistakesState
from fracture_widgets.app.widgets.background import sentence
from fracture_widgets.app.widgets.latest import Latest
from fracture_widgets.app.widgets.live import style, tell_again
from fracture_widgets.app.widgets.pictures import Picture, PictureList
from fracture_widgets.app.widgets.status import StatusLine
from fracture_widgets.app.widgets.thumbnails import thumbnail
from fracture_widgets.app.widgets.viewer import Viewer
from fracture_widgets.base.words import percent
from fracture_widgets.errors import FractureWidgetsError
from fracture_widgets.imaging.radiograph import Radiograph, read_radiograph
from fracture_widgets.models.report import Report

if TYPE_CHECKING:
    from fracture_widgets.evaluation.evaluate import Evaluation

__all__ = ["ErrorBrowser"]

_HEADER = """
<header class="fw-header"><h1>Where the answers were wrong</h1>
<p>For teaching and research. Not a medical device.</p></header>
"""
_MATRIX = "<h2>Answers</h2><p>Choose a cell to see its radiographs.</p>"


class ErrorBrowser(widgets.VBox):
    """Shows which radiographs were answered wrongly, the most confident mistakes first.

    Parameters
    ----------
    predictions
        What :func:`~fracture_widgets.evaluation.evaluate.evaluate_predictions` returns, or its
        ``predictions``: one row for each radiograph with ``image_path``, ``label``,
        ``fracture_probability``, and where they are there ``predicted_label``, ``body_part``,
        ``study_id``.
    cascade
        What draws the maps over the radiograph chosen; by default the shipped cascade, loaded in
        the background when the first is chosen.
    threshold
        From this probability on, a radiograph counts as called fractured; used where the table
        has no ``predicted_label``.
    executor
        Where files are read and the networks run; by default threads of its own.

    Attributes
    ----------
    state
        Which cell, page and radiograph are looked at, as traits.
    matrix, pictures, viewer
        The panels.
    earlier, later
        The buttons that turn the pages.

    Raises
    ------
    DatasetError
        If the table lacks a column, or is empty.

    Examples
    --------
    >>> from fracture_widgets import ErrorBrowser, evaluate_predictions
    >>> ErrorBrowser(evaluate_predictions("joints/"))  # doctest: +SKIP
    """

    def __init__(
        self,
        predictions: pd.DataFrame | Evaluation,
        *,
        cascade: Examines | None = None,
        threshold: float = 0.5,
        executor: Executor | None = None,
    ) -> None:
        table = predictions if isinstance(predictions, pd.DataFrame) else predictions.predictions
        self.state = MistakesState(table, threshold=threshold)
        self._cascade = cascade
        self._shown = WorkbenchState()  # holds the one radiograph that the viewer shows
        self._listing, self._showing = Latest(executor), Latest(executor)
        self.matrix = MatrixButtons(self.state)
        self.heading = widgets.HTML()
        self.pictures = PictureList(label="Radiographs of this cell", executor=executor)
        self.earlier = widgets.Button(description="Previous")
        self.later = widgets.Button(description="Next")
        self.place = StatusLine()
        self.viewer = Viewer(self._shown, advice="Choose one from the list.", executor=executor)
        self.status = StatusLine()
        super().__init__(self._arranged())
        self.add_class("fw-workbench")
        self._wire()
        self._list()

    def __repr__(self) -> str:
        wrong = int(self.state.counts.sum() - self.state.counts.trace())
        return f"ErrorBrowser({wrong} mistakes in {int(self.state.counts.sum())})"

    def _arranged(self) -> list[widgets.Widget]:
        look = widgets.HTML(f"<style>{style(*_STYLES)}</style>")
        matrix_heading = widgets.HTML(_MATRIX)
        self.pages = widgets.HBox([self.earlier, self.later])
        left = widgets.VBox(
            [matrix_heading, self.matrix, self.heading, self.pictures, self.pages, self.place]
        )
        right = widgets.VBox([self.viewer, self.status])
        both = widgets.Box([left, right])
        for widget, name in (
            (look, "fw-style"),
            (matrix_heading, "fw-heading"),
            (self.heading, "fw-heading"),
            (self.pictures, "fw-cases"),
            (self.pages, "fw-buttons"),
            (self.earlier, "fw-secondary"),
            (self.later, "fw-secondary"),
            (left, "fw-left"),
            (right, "fw-right"),
            (both, "fw-errors"),
        ):
            widget.add_class(name)
        return [look, widgets.HTML(_HEADER), both]

    def _wire(self) -> None:
        self.earlier.on_click(lambda _: self._turn(-1))
        self.later.on_click(lambda _: self._turn(+1))
        self.pictures.observe(self._choose, "chosen")
        self.state.observe(self._list, ["cell", "page"])
        self.state.observe(self._show, "chosen")
        self.matrix.on_msg(self._tell_again)

    def _tell_again(self, _: object, content: Any, __: object) -> None:
        if content.get("type") == "ready":
            self.send_state("_dom_classes")
            for widget in (self.heading, self.pages, self.earlier, self.later):
                tell_again(widget)

    def _turn(self, pages: int) -> None:
        self.state.page += pages

    def _choose(self, change: Any) -> None:
        if change["new"] is not None:
            self.state.chosen = change["new"]

    # --- the list -----------------------------------------------------------------------------

    def _list(self, _: object = None) -> None:
        state = self.state
        cases, total = state.cases(), state.total
        self.heading.value = f"<h2>{escape(_said_of(state.cell, total))}</h2>"
        self.earlier.disabled = state.page == 0
        self.later.disabled = state.page >= state.pages - 1
        self.pages.layout.display = None if state.pages > 1 else "none"
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

        self._listing.ask(open_all, note)

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
                    self._cascade = _shipped_cascade()
                yield radiograph, self._cascade.examine(radiograph), ""
            except Exception as error:  # noqa: BLE001 - the radiograph stays, with a sentence
                yield radiograph, None, f"There are no maps over it: {sentence(error)}"

        def note(seen: tuple[Radiograph | None, Report | None, str]) -> None:
            radiograph, report, problem = seen
            entries = () if radiograph is None else (Entry(case.key, radiograph, report),)
            with self._shown.hold_trait_notifications():
                self._shown.entries = entries
                self._shown.selected_key = case.key if entries else None
            self.status.busy = not problem and report is None
            self.status.tone = "problem" if problem else "quiet"
            asked = "" if report or problem else " The networks are asked for their maps …"
            self.status.text = problem or f"{_said(case, report)}{asked}"

        self._showing.ask(look, note)


_STYLES = ("workbench", "errors")


def _said_of(cell: tuple[str, str], total: int) -> str:
    truth, answer = cell
    many = f"{total:,} {truth} radiograph{'' if total == 1 else 's'}"
    order = "the surest mistakes first" if truth != answer else "the surest first"
    return f"{many} called {answer}{', ' + order if total > 1 else ''}"


def _said(case: Case, report: Report | None) -> str:
    study = f" (study {case.study})" if case.study else ""
    said = (
        f"{case.name}{study}: {case.truth}, called {case.answer}; probability of a fracture "
        f"{percent(case.probability)}."
    )
    now = "" if report is None else percent(report.fracture_probability)
    if now and now != percent(case.probability):
        # Folds answer with networks of their own; these maps are of the one that is asked now.
        said += f" The networks that drew these maps say {now}."
    return said


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


def _shipped_cascade() -> Examines:
    # Brings the engine with it: not before it is used.
    from fracture_widgets.models.cascade import shipped_cascade

    return shipped_cascade()
