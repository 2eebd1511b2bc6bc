"""Answers beside the truth, sorted so that the most confident mistakes come first."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import traitlets

from fracture_widgets.errors import DatasetError
from fracture_widgets.evaluation.metrics import confusion_matrix
from fracture_widgets.parts import FRACTURED, LABELS, NORMAL

__all__ = ["PAGE", "Case", "MistakesState"]

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
    body_part: str = ""
    study: str = ""

    @property
    def name(self) -> str:
        """Base name of the file."""
        return self.path.name


class MistakesState(traitlets.HasTraits):
    """Which answers are looked at; it knows nothing of widgets."""

    cell = traitlets.Tuple(traitlets.Enum(LABELS), traitlets.Enum(LABELS))
    page = traitlets.Int(0)
    chosen = traitlets.Int(None, allow_none=True)

    def __init__(self, predictions: pd.DataFrame, *, threshold: float = 0.5) -> None:
        missing = [name for name in _NEEDED if name not in predictions]
        if missing:
            raise DatasetError(
                f"The table of predictions has no column {' and no column '.join(missing)}: give "
                "the predictions that evaluate_predictions returns."
            )
        if not len(predictions):
            raise DatasetError(
                "The table of predictions is empty: evaluate some radiographs first."
            )
        self._table = predictions.reset_index(drop=True)
        self._probability = self._table["fracture_probability"].to_numpy(dtype=float)
        self._truth = self._table["label"].to_numpy(dtype=str)
        self._answer: npt.NDArray[np.str_] = (
            self._table["predicted_label"].to_numpy(dtype=str)
            if "predicted_label" in self._table
            else np.where(self._probability >= threshold, FRACTURED, NORMAL)
        )
        self.counts = confusion_matrix(self._truth, self._answer, LABELS)
        super().__init__(cell=self._first_cell())

    @property
    def total(self) -> int:
        """How many radiographs the cell has."""
        return len(self._rows())

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
            truth=str(self._truth[key]),
            answer=str(self._answer[key]),
            probability=float(self._probability[key]),
            body_part=str(row.get("body_part", "")),
            study=str(row.get("study_id", "")),
        )

    def cases(self) -> tuple[Case, ...]:
        """Return the page's radiographs, from the answer given with most confidence on."""
        start = self.page * PAGE
        return tuple(self.case(int(row)) for row in self._rows()[start : start + PAGE])

    def _rows(self) -> npt.NDArray[np.intp]:
        truth, answer = self.cell
        rows = np.flatnonzero((self._truth == truth) & (self._answer == answer))
        sureness = self._probability[rows] if answer == FRACTURED else -self._probability[rows]
        ordered: npt.NDArray[np.intp] = rows[np.argsort(-sureness, kind="stable")]
        return ordered

    def _first_cell(self) -> tuple[str, str]:
        """Begin with missed fractures, or else false alarms, or else whatever there is."""
        cells = [(FRACTURED, NORMAL), (NORMAL, FRACTURED), (FRACTURED, FRACTURED)]
        for truth, answer in cells:
            if self.counts[LABELS.index(truth), LABELS.index(answer)]:
                return truth, answer
        return NORMAL, NORMAL

    @traitlets.observe("cell")
    def _begin_anew(self, _: object) -> None:
        self.page = 0

    @traitlets.validate("page")
    def _within_pages(self, proposal: traitlets.Bunch) -> int:
        return int(min(max(0, proposal["value"]), self.pages - 1))
