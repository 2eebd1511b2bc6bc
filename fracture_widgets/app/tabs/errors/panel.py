"""The matrix, the radiographs of a cell of it, and the one that is looked at.

The most confident mistakes come first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import numpy as np
import numpy.typing as npt
import pandas as pd
import traitlets

from fracture_widgets.app.inference import Examines, load_shipped_cascade
from fracture_widgets.app.state import Entry
from fracture_widgets.app.widgets.background import LatestTask, sentence
from fracture_widgets.app.widgets.controls import StatusLine
from fracture_widgets.app.widgets.live import LiveWidget, named, script, set_shown
from fracture_widgets.app.widgets.table import Picture, PictureList, thumbnail
from fracture_widgets.app.widgets.viewer import Viewer
from fracture_widgets.base.language import gettext, ngettext, number
from fracture_widgets.base.words import percent, whole_percent
from fracture_widgets.errors import DatasetError, FractureWidgetsError
from fracture_widgets.evaluation.learned import LEARNED_COLUMN, MARK, Learned, counted
from fracture_widgets.evaluation.metrics import confusion_matrix
from fracture_widgets.imaging.radiograph import read_radiograph
from fracture_widgets.models.learned_from import NOT
from fracture_widgets.models.report import Report
from fracture_widgets.parts import FRACTURED, LABELS, NORMAL

PAGE = 12
"""Radiographs on one page; no more thumbnails than these are held."""

_NEEDED = ("image_path", "label", "fracture_probability")


@dataclass(frozen=True)
class Case:
    """One radiograph that was answered."""

    key: int
    path: Path
    truth: str
    answer: str
    probability: float
    body_part: str
    study: str
    learned: bool = False


class MistakesState(traitlets.HasTraits):
    """Which answers are looked at; it knows nothing of widgets."""

    cell = traitlets.Tuple(traitlets.Enum(LABELS), traitlets.Enum(LABELS))
    page = traitlets.Int(0)
    chosen = traitlets.Int(None, allow_none=True)
    with_learned = traitlets.Bool(False)

    def __init__(self, predictions: pd.DataFrame, *, threshold: float = 0.5) -> None:
        missing = [name for name in _NEEDED if name not in predictions]
        if missing:
            raise DatasetError(
                gettext(
                    "The table of predictions has no column {missing}: give the predictions that "
                    "evaluate_predictions returns.",
                    missing=" and no column ".join(missing),
                )
            )
        if not len(predictions):
            raise DatasetError(
                gettext("The table of predictions is empty: evaluate some radiographs first.")
            )
        self._table = predictions.reset_index(drop=True)
        self._probability = self._table["fracture_probability"].to_numpy(dtype=float)
        if "predicted_label" not in self._table:
            called = np.where(self._probability >= threshold, FRACTURED, NORMAL)
            self._table["predicted_label"] = called
        self.learned = Learned.of_table(self._table)
        # Begin with missed fractures, or else false alarms, or else whatever there is.
        cells = [(FRACTURED, NORMAL), (NORMAL, FRACTURED), (FRACTURED, FRACTURED), (NORMAL, NORMAL)]
        super().__init__(cell=next(cell for cell in cells if len(self._rows(*cell))))

    @property
    def counts(self) -> npt.NDArray[np.int64]:
        """How often each was called what, in the order of the labels."""
        table = self._shown
        return confusion_matrix(table["label"], table["predicted_label"], LABELS)

    @property
    def _shown(self) -> pd.DataFrame:
        """Those that were not learned from, or all, whether asked for or where no other is."""
        return self._table if self.with_learned else counted(self._table)

    @property
    def total(self) -> int:
        """How many radiographs the cell has."""
        return len(self._rows(*self.cell))

    @property
    def pages(self) -> int:
        """How many pages the cell has, at least 1."""
        return max(1, -(-self.total // PAGE))

    def case(self, key: int) -> Case:
        """Return one radiograph."""
        row = self._table.iloc[key]
        return Case(
            key=key,
            path=Path(row["image_path"]),
            truth=str(row["label"]),
            answer=str(row["predicted_label"]),
            probability=float(self._probability[key]),
            body_part=str(row.get("body_part", "")),
            study=str(row.get("study_id", "")),
            learned=row.get(LEARNED_COLUMN, NOT) != NOT,
        )

    def cases(self) -> tuple[Case, ...]:
        """Return the page's radiographs, from the answer given with most confidence on."""
        start = self.page * PAGE
        return tuple(self.case(int(row)) for row in self._rows(*self.cell)[start : start + PAGE])

    def _rows(self, truth: str, answer: str) -> npt.NDArray[np.intp]:
        table = self._shown
        here = (table["label"] == truth) & (table["predicted_label"] == answer)
        rows = table.index[here].to_numpy(dtype=np.intp)
        sureness = self._probability[rows] if answer == FRACTURED else -self._probability[rows]
        ordered: npt.NDArray[np.intp] = rows[np.argsort(-sureness, kind="stable")]
        return ordered

    @traitlets.observe("cell", "with_learned")
    def _begin_anew(self, _: object) -> None:
        self.page = 0

    @traitlets.validate("page")
    def _within_pages(self, proposal: traitlets.Bunch) -> int:
        return int(min(max(0, proposal["value"]), self.pages - 1))


class MatrixButtons(LiveWidget):
    """A confusion matrix whose cells are buttons."""

    _esm = script("matrix")

    def __init__(self, state: MistakesState) -> None:
        super().__init__({"choose": self._choose})
        self._state = state
        state.observe(self._fill, ["cell", "with_learned"])
        self._fill()

    def _choose(self, content: Mapping[str, Any]) -> None:
        cell = (str(content["truth"]), str(content["answer"]))
        if set(cell) <= set(LABELS):
            self._state.cell = cell

    def _fill(self, _: object = None) -> None:
        rows = []
        for truth, counts in zip(LABELS, self._state.counts.tolist(), strict=True):
            total = sum(counts)
            cells = [
                {
                    "answer": answer,
                    "n": number(n),
                    "share": whole_percent(n / total) if total else "–",
                    "wrong": answer != truth,
                    "strength": n / total if total else 0.0,
                    "chosen": self._state.cell == (truth, answer),
                    "label": gettext(
                        "{n:,} {truth}, called {answer}",
                        n=n,
                        truth=gettext(truth),
                        answer=gettext(answer),
                    ),
                }
                for answer, n in zip(LABELS, counts, strict=True)
            ]
            rows.append({"truth": gettext(truth), "n": number(total), "cells": cells})
        self.show({"answers": list(LABELS), "rows": rows})


class ErrorsView(widgets.Box):
    """Shows which radiographs were answered wrongly, the most confident mistakes first."""

    def __init__(
        self,
        state: MistakesState,
        *,
        cascade: Examines | None = None,
        executor: Executor | None = None,
    ) -> None:
        self._state = state
        self._cascade = cascade
        self._listing, self._showing = LatestTask(executor), LatestTask(executor)
        self._opened: dict[int, tuple[bytes, str]] = {}
        self.matrix = MatrixButtons(state)
        self.heading = widgets.HTML()
        self.pictures = PictureList(
            lambda key: state.set_trait("chosen", key),
            label=gettext("Radiographs of this cell"),
            executor=executor,
        )
        turners = [self._turner(gettext("Previous"), -1), self._turner(gettext("Next"), +1)]
        self.pages = named(widgets.HBox(turners), "fw-buttons")
        self.place = StatusLine()
        self.viewer = Viewer(advice=gettext("Choose one from the list."), executor=executor)
        self.status = StatusLine()
        title = widgets.HTML(
            f"<h2>{escape(gettext('Answers'))}</h2>"
            f"<p>{escape(gettext('Choose a cell to see its radiographs.'))}</p>"
        )
        self.learned = widgets.VBox(_about_learned(state))
        left = widgets.VBox(
            [
                named(title, "fw-heading"), self.learned, self.matrix,
                named(self.heading, "fw-heading"), named(self.pictures, "fw-cases"),
                self.pages, self.place,
            ]
        )  # fmt: skip
        right = widgets.VBox([self.viewer, self.status])
        super().__init__([named(left, "fw-left"), named(right, "fw-right")])
        self.add_class("fw-errors")
        state.observe(self._list, ["cell", "page", "with_learned"])
        state.observe(self._show, "chosen")
        self._list()

    def _turner(self, words: str, pages: int) -> widgets.Button:
        button = named(widgets.Button(description=words), "fw-secondary")
        button.on_click(lambda _: self._state.set_trait("page", self._state.page + pages))
        return button

    def _list(self, _: object = None) -> None:
        state = self._state
        cases, total = state.cases(), state.total
        self.heading.value = f"<h2>{escape(_cell_in_words(state.cell, total))}</h2>"
        earlier, later = self.pages.children
        earlier.disabled, later.disabled = state.page == 0, state.page >= state.pages - 1
        set_shown(self.pages, state.pages > 1)
        first = state.page * PAGE + 1
        self.place.text = (
            gettext(
                "{first} to {cases} of {total:,}",
                first=first,
                cases=first + len(cases) - 1,
                total=total,
            )
            if cases
            else ""
        )
        self._opened = {}
        self._fill()

        def note(opened: tuple[int, bytes, str]) -> None:
            key, small, problem = opened
            self._opened[key] = (small, problem)
            if len(self._opened) in (4, len(cases)):  # soon the first ones, then all
                self._fill()

        self._listing.run(lambda: map(_opened, cases), note)

    def _fill(self) -> None:
        self.pictures.list_pictures(
            [
                _picture(case, *self._opened.get(case.key, (b"", "")), self._state.chosen)
                for case in self._state.cases()
            ]
        )

    def _show(self, _: object = None) -> None:
        self._fill()
        if self._state.chosen is None:
            return
        case = self._state.case(self._state.chosen)
        self.status.busy = True
        self.status.say(gettext("Opening {name} …", name=case.path.name))

        def look() -> Iterator[tuple[Entry | None, str]]:
            try:
                radiograph = read_radiograph(case.path)
            except FractureWidgetsError as error:
                yield None, str(error)
                return
            yield Entry(case.key, radiograph), ""
            try:
                if self._cascade is None:
                    self._cascade = load_shipped_cascade()
                yield Entry(case.key, radiograph, self._cascade.examine(radiograph)), ""
            except Exception as error:  # noqa: BLE001 - the radiograph stays, with a sentence
                problem = gettext("There are no maps over it: {error}", error=sentence(error))
                yield Entry(case.key, radiograph), problem

        def note(seen: tuple[Entry | None, str]) -> None:
            entry, problem = seen
            report = None if entry is None else entry.report
            self.viewer.display(entry)
            self.status.busy = not problem and report is None
            waiting = (
                gettext(" The networks are asked for their maps …") if self.status.busy else ""
            )
            self.status.say(
                problem or f"{_in_words(case, report)}{waiting}", "problem" if problem else "quiet"
            )

        self._showing.run(look, note)


def _about_learned(state: MistakesState) -> list[widgets.Widget]:
    """Return what is said of radiographs that were learned from, and the button that shows them."""
    learned = state.learned
    if learned is None:
        return []
    said = StatusLine()
    said.say(str(learned), "problem" if learned.n and learned.all else "quiet")
    if learned.all or not learned.n:
        return [said]
    button = named(widgets.Button(), "fw-secondary")

    def tell(_: object = None) -> None:
        button.description = (
            gettext("Leave out those learned from")
            if state.with_learned
            else gettext("Show those learned from")
        )
        counted_too = gettext(
            "{n:,} of these {of:,} radiographs were learned from.", n=learned.n, of=learned.of
        )
        said.say(counted_too if state.with_learned else str(learned))

    button.on_click(lambda _: state.set_trait("with_learned", not state.with_learned))
    state.observe(tell, "with_learned")
    tell()
    return [said, named(widgets.HBox([button]), "fw-buttons")]


def _cell_in_words(cell: tuple[str, str], total: int) -> str:
    truth, answer = cell
    said = ngettext(
        "{n:,} {truth} radiograph called {answer}",
        "{n:,} {truth} radiographs called {answer}",
        total,
        truth=gettext(truth),
        answer=gettext(answer),
    )
    order = gettext("the surest mistakes first") if truth != answer else gettext("the surest first")
    return f"{said}{', ' + order if total > 1 else ''}"


def _in_words(case: Case, report: Report | None) -> str:
    study = gettext(" (study {study})", study=case.study) if case.study else ""
    words = gettext(
        "{name}{study}: {truth}, called {answer}; probability of a fracture {probability}.",
        name=case.path.name,
        study=study,
        truth=gettext(case.truth),
        answer=gettext(case.answer),
        probability=percent(case.probability),
    )
    now = "" if report is None else percent(report.fracture_probability)
    if now and now != percent(case.probability):
        # Folds answer with networks of their own; these maps are of the one that is asked now.
        words += gettext(" The networks that drew these maps say {now}.", now=now)
    return words


def _picture(case: Case, small: bytes, problem: str, chosen: int | None) -> Picture:
    # Files of MURA are all called image1: the patient tells them apart.
    known = (
        case.study.partition("/")[0],
        gettext(case.body_part or ""),
        gettext(case.truth),
        gettext(MARK) if case.learned else "",
    )
    name = case.path.name
    return Picture(
        key=case.key,
        title=name,
        note=problem or ", ".join(word for word in known if word),
        alt="" if problem else gettext("Thumbnail of {name}", name=name),
        thumbnail=(lambda: small) if small else None,
        chosen=case.key == chosen,
        tag=gettext("cannot be read")
        if problem
        else gettext("fracture {share}", share=percent(case.probability)),
        tone="problem" if problem or case.truth != case.answer else "normal",
    )


def _opened(case: Case) -> tuple[int, bytes, str]:
    """Return key and thumbnail, or nothing and the sentence that says why there is none."""
    try:
        return case.key, thumbnail(read_radiograph(case.path)), ""
    except Exception as error:  # noqa: BLE001 - the others must be shown
        return case.key, b"", sentence(error)
