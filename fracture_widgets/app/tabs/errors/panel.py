"""The matrix, the radiographs of a cell of it, and the one that is looked at.

The most confident mistakes come first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import ipywidgets as widgets
import numpy as np
import numpy.typing as npt
import pandas as pd
import traitlets

from fracture_widgets.app.inference import Examines, load_cascade
from fracture_widgets.app.state import Entry
from fracture_widgets.app.widgets.background import LatestTask, sentence
from fracture_widgets.app.widgets.controls import StatusLine, button
from fracture_widgets.app.widgets.live import LiveWidget, named, script, set_shown
from fracture_widgets.app.widgets.markup import headed, heading
from fracture_widgets.app.widgets.table import Picture, PictureList, thumbnail
from fracture_widgets.app.widgets.viewer import Viewer
from fracture_widgets.base.language import gettext, ngettext, number, percent, whole_percent
from fracture_widgets.errors import DatasetError
from fracture_widgets.evaluation.learned import MARK, Learned, counted, was_learned
from fracture_widgets.evaluation.metrics import confusion_matrix
from fracture_widgets.imaging.radiograph import read_radiograph
from fracture_widgets.models.report import Report
from fracture_widgets.parts import FRACTURED, LABELS, NORMAL

PAGE = 12
"""Radiographs on one page; no more thumbnails than these are held."""

_NEEDED = ("image_path", "label", "fracture_probability")


class Case(NamedTuple):
    """One radiograph that was answered."""

    key: int
    path: Path
    truth: str
    answer: str
    probability: float
    body_part: str
    study: str
    learned: bool


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
        table = predictions.reset_index(drop=True)
        said = table["fracture_probability"].astype(float)
        called = np.where(said >= threshold, FRACTURED, NORMAL)
        self.learned = Learned.of_table(table)
        self._counted = counted(table).index
        self._cases = pd.DataFrame(
            {
                "path": table["image_path"].map(Path),
                "truth": table["label"].map(str),
                "answer": table.get("predicted_label", pd.Series(called)).map(str),
                "probability": said,
                "body_part": table["body_part"].map(str) if "body_part" in table else "",
                "study": table["study_id"].map(str) if "study_id" in table else "",
                "learned": was_learned(table) if self.learned else False,
            }
        )
        # Begin with missed fractures, or else false alarms, or else whatever there is.
        cells = [(FRACTURED, NORMAL), (NORMAL, FRACTURED), (FRACTURED, FRACTURED), (NORMAL, NORMAL)]
        super().__init__(cell=next(cell for cell in cells if len(self._rows(*cell))))

    @property
    def counts(self) -> npt.NDArray[np.int64]:
        """How often each was called what, in the order of the labels."""
        return confusion_matrix(self._shown["truth"], self._shown["answer"], LABELS)

    @property
    def _shown(self) -> pd.DataFrame:
        """Those that were not learned from, or all, whether asked for or where no other is."""
        return self._cases if self.with_learned else self._cases.loc[self._counted]

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
        return next(map(Case._make, self._cases.loc[[key]].itertuples()))

    def cases(self) -> list[Case]:
        """Return the page's radiographs, from the answer given with most confidence on."""
        start = self.page * PAGE
        rows = self._rows(*self.cell).iloc[start : start + PAGE]
        return [*map(Case._make, rows.itertuples())]

    def _rows(self, truth: str, answer: str) -> pd.DataFrame:
        here = (self._shown["truth"] == truth) & (self._shown["answer"] == answer)
        return self._shown[here].sort_values(
            "probability", ascending=answer != FRACTURED, kind="stable"
        )

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
        self.heading = heading()
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
        self.learned = widgets.VBox(_about_learned(state))
        left = widgets.VBox(
            [
                heading(gettext("Answers"), gettext("Choose a cell to see its radiographs.")),
                self.learned, self.matrix, self.heading, named(self.pictures, "fw-cases"),
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
        return button(words, lambda: self._state.set_trait("page", self._state.page + pages))

    def _list(self, _: object = None) -> None:
        state = self._state
        cases, total = state.cases(), state.total
        self.heading.value = headed(_cell_in_words(state.cell, total))
        earlier, later = self.pages.children
        earlier.disabled, later.disabled = state.page == 0, state.page >= state.pages - 1
        set_shown(self.pages, state.pages > 1)
        first = state.page * PAGE + 1
        last = first + len(cases) - 1
        place = gettext("{first} to {cases} of {total:,}", first=first, cases=last, total=total)
        self.place.text = place if cases else ""
        self._opened = {}
        self._fill()

        def note(opened: tuple[int, bytes, str]) -> None:
            key, small, problem = opened
            self._opened[key] = (small, problem)
            if len(self._opened) in (4, len(cases)):  # soon the first ones, then all
                self._fill()

        self._listing.start(lambda: map(_opened, cases), note)

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
            entry = Entry(case.key, read_radiograph(case.path))
            yield entry, ""
            try:
                if self._cascade is None:
                    self._cascade = load_cascade()
                yield replace(entry, report=self._cascade.examine(entry.radiograph)), ""
            except Exception as error:  # noqa: BLE001 - the radiograph stays, with a sentence
                yield entry, gettext("There are no maps over it: {error}", error=sentence(error))

        def note(seen: tuple[Entry | None, str]) -> None:
            entry, problem = seen
            report = None if entry is None else entry.report
            self.viewer.display(entry)
            self.status.busy = not problem and report is None
            words = problem or _in_words(case, report)
            if self.status.busy:
                words += gettext(" The networks are asked for their maps …")
            self.status.say(words, "problem" if problem else "quiet")

        self._showing.start(look, note, lambda problem: note((None, problem)))


def _about_learned(state: MistakesState) -> list[widgets.Widget]:
    """Return what is said of radiographs that were learned from, and the button that shows them."""
    learned = state.learned
    if learned is None:
        return []
    said = StatusLine()
    said.say(str(learned), "problem" if learned.n and learned.all else "quiet")
    if learned.all or not learned.n:
        return [said]
    turn = button("", lambda: state.set_trait("with_learned", not state.with_learned))

    def tell(_: object = None) -> None:
        turn.description = gettext("Show those learned from")
        words = str(learned)
        if state.with_learned:
            turn.description = gettext("Leave out those learned from")
            words = gettext(
                "{n:,} of these {of:,} radiographs were learned from.", n=learned.n, of=learned.of
            )
        said.say(words)

    state.observe(tell, "with_learned")
    tell()
    return [said, named(widgets.HBox([turn]), "fw-buttons")]


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
