"""The radiographs of a comparison, read once and divided once, the same for every model."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from fracture_widgets.base.files import file_sha256
from fracture_widgets.base.progress import Monitor
from fracture_widgets.datasets.split import patient_folds, split_by_patient
from fracture_widgets.errors import TrainingError
from fracture_widgets.models.networks.names import BODY_PART_OUTPUT
from fracture_widgets.parts import FRACTURED, LABELS
from fracture_widgets.training.data import QUESTIONS, check_study_labels, read_examples, select_task
from fracture_widgets.training.pipeline import one_hot
from fracture_widgets.training.plan import TrainingPlan

__all__ = ["ComparedData", "FoldRows", "read_compared"]

Rows = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class FoldRows:
    """Which radiographs a fold trains, validates and tests with, as row numbers."""

    number: int
    train: Rows
    validation: Rows
    test: Rows

    @property
    def learning(self) -> Rows:
        """All but the test: for what needs no early stopping."""
        return np.sort(np.concatenate([self.train, self.validation]))


@dataclass(frozen=True, eq=False)
class ComparedData:
    """The radiographs that every model is asked about."""

    question: str
    table: pd.DataFrame
    pixels: npt.NDArray[np.uint8]
    folds: tuple[FoldRows, ...]
    skipped: tuple[tuple[str, str], ...]

    @property
    def targets(self) -> npt.NDArray[np.float32]:
        """1 in the column of each label, shape ``(n, 2)``, in the order of ``LABELS``."""
        return one_hot(self.table["label"], LABELS)

    @property
    def fractured(self) -> npt.NDArray[np.bool_]:
        """Whether each radiograph is fractured, shape ``(n,)``."""
        is_so: npt.NDArray[np.bool_] = self.table["label"].to_numpy() == FRACTURED
        return is_so

    def digest(self) -> str:
        """Return a digest of all that a fold's results depend on here."""
        columns = ["sha256", "body_part", "patient_id", "label", "fold"]
        rows = self.table[columns].astype(str).to_numpy().tolist()
        divided = [rows.tolist() for fold in self.folds for rows in (fold.train, fold.validation)]
        return hashlib.sha256(json.dumps([self.question, rows, divided]).encode()).hexdigest()


def read_compared(
    question: str,
    dataset: pd.DataFrame | str | os.PathLike[str],
    folds: int,
    plan: TrainingPlan,
    monitor: Monitor,
) -> ComparedData:
    """Read the radiographs and divide them by patient."""
    if question not in QUESTIONS or question == BODY_PART_OUTPUT:
        known = [one for one in QUESTIONS if one != BODY_PART_OUTPUT]
        raise ValueError(f"The question is one of {', '.join(known)}. Received: {question!r}")
    chosen = select_task(question, dataset)
    check_study_labels(question, chosen)
    patient_folds(chosen, folds, plan.seed)  # what cannot be divided need not be read
    examples = read_examples(chosen, monitor)
    table = patient_folds(examples.table, folds, plan.seed)
    table["sha256"] = [file_sha256(Path(path)) for path in table["image_path"]]
    division = tuple(_divide(table, number, plan) for number in range(folds))
    return ComparedData(question, table, examples.inputs, division, examples.skipped)


def _divide(table: pd.DataFrame, number: int, plan: TrainingPlan) -> FoldRows:
    test = table["fold"] == number
    fractions = {"train": 1 - plan.validation, "validation": plan.validation}
    learning = split_by_patient(table[~test], fractions, seed=plan.seed + number)
    train, validation = (
        learning.index[learning["split"] == side].to_numpy(dtype=np.intp) for side in fractions
    )
    fold = FoldRows(number, train, validation, np.flatnonzero(test))
    for doing, rows in (("train", fold.train), ("validate", fold.validation), ("test", fold.test)):
        for label in LABELS:
            if not (table["label"].to_numpy()[rows] == label).any():
                raise TrainingError(
                    f"Fold {number + 1} has no {label} radiograph to {doing} with: ask for fewer "
                    f"folds, or add {label} radiographs of more patients."
                )
    return fold
