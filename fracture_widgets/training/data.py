"""The radiographs that answer one question: chosen, divided by patient, read."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from fracture_widgets.base.progress import Monitor
from fracture_widgets.datasets.split import split_by_patient
from fracture_widgets.datasets.table import load_dataset
from fracture_widgets.errors import DatasetError, TrainingError, UnreadableRadiograph
from fracture_widgets.imaging.preprocessing import INPUT_SIZE, network_input
from fracture_widgets.imaging.radiograph import read_radiograph
from fracture_widgets.models.networks.names import BODY_PART_OUTPUT, FRACTURE_OUTPUT
from fracture_widgets.parts import BODY_PARTS, LABELS, with_article
from fracture_widgets.training.plan import TrainingPlan
from fracture_widgets.training.progress import READING

__all__ = [
    "QUESTIONS",
    "SPLITS",
    "Examples",
    "check_something_read",
    "check_splits",
    "check_study_labels",
    "counts",
    "label_names",
    "network_pixels",
    "read_examples",
    "select_task",
    "split_dataset",
]

QUESTIONS = (BODY_PART_OUTPUT, FRACTURE_OUTPUT, *BODY_PARTS)
"""What a network can be asked: the body part, or fractured or normal, of any part or of one."""

SPLITS = ("train", "validation", "test")
_NEEDED = ("body_part", "patient_id", "label", "image_path")


@dataclass(frozen=True, eq=False)
class Examples:
    """What a network, or its head, is given."""

    table: pd.DataFrame
    inputs: npt.NDArray[Any]
    skipped: tuple[tuple[str, str], ...]

    def rows(self, split: str) -> npt.NDArray[np.intp]:
        """Return the numbers of a split's rows."""
        return np.flatnonzero(self.table["split"].to_numpy() == split)


def label_names(question: str, table: pd.DataFrame) -> tuple[str, ...]:
    """Return the answers to a question, in the order of a network's outputs.

    The parts that a dataset holds are those that its network tells apart.
    """
    if question != BODY_PART_OUTPUT:
        return LABELS
    there = set(table["answer"])
    return tuple(part for part in BODY_PARTS if part in there)


def select_task(question: str, dataset: pd.DataFrame | str | os.PathLike[str]) -> pd.DataFrame:
    """Return the radiographs a question is asked of, with the column ``answer``."""
    table = dataset if isinstance(dataset, pd.DataFrame) else load_dataset(dataset)
    missing = [name for name in _NEEDED if name not in table]
    if missing:
        raise DatasetError(
            f"The table of radiographs has no column {' and no column '.join(missing)}: "
            "use the one load_dataset returns."
        )
    if question == BODY_PART_OUTPUT:
        chosen = table.assign(answer=table["body_part"])
    else:
        parts = BODY_PARTS if question == FRACTURE_OUTPUT else (question,)
        chosen = table[table["body_part"].isin(parts)]
        chosen = chosen.assign(answer=chosen["label"])
    if not len(chosen):
        wanted = f" of {with_article(question)}" if question in BODY_PARTS else ""
        raise DatasetError(
            f"The dataset holds no radiograph{wanted}: add some, or choose another body part."
        )
    if question == BODY_PART_OUTPUT and chosen["body_part"].nunique() < 2:
        raise DatasetError(
            f"The dataset holds one body part alone ({chosen['body_part'].iloc[0]}): there is none "
            "to tell it from. Add others, or train the fracture network of this one."
        )
    # The same files give the same training, whatever the order of the rows.
    return chosen.sort_values("image_path", ignore_index=True)


def split_dataset(question: str, table: pd.DataFrame, plan: TrainingPlan) -> pd.DataFrame:
    """Return the table with the column ``split`` and no patient on two sides."""
    fractions = plan.fractions
    if plan.test_from_folders:
        own = table["split"] if "split" in table else pd.Series("", index=table.index)
        test = table[own == "test"]
        if not len(test):
            raise TrainingError(
                "The dataset has no test folder with such radiographs: let the test split be "
                "drawn instead."
            )
        rest = table[~table["patient_id"].isin(test["patient_id"])]
        if not len(rest):
            raise TrainingError(
                "All patients stand in the dataset's test folder: none is left to train with."
            )
        kept = fractions["train"] + fractions["validation"]
        shares = {name: fractions[name] / kept for name in ("train", "validation")}
        learnt = split_by_patient(rest, shares, seed=plan.seed)
        divided = pd.concat([learnt, test.assign(split="test")]).sort_index()
    else:
        divided = split_by_patient(table, fractions, seed=plan.seed)
    check_splits(question, divided)
    return divided.reset_index(drop=True)


def check_splits(question: str, table: pd.DataFrame) -> None:
    """Raise a :class:`TrainingError` if a split has no radiograph for one of the answers."""
    for split in SPLITS:
        there = set(table.loc[table["split"] == split, "answer"])
        for answer in label_names(question, table):
            if answer not in there:
                what = answer if question == BODY_PART_OUTPUT else f"{answer} {_noun(question)}"
                raise TrainingError(
                    f"The {split} split holds no {what}: add such radiographs of more patients, "
                    "or give that split a larger share."
                )


def check_study_labels(question: str, table: pd.DataFrame) -> None:
    """Raise a :class:`DatasetError` if a study is called both fractured and normal."""
    if question == BODY_PART_OUTPUT or "study_id" not in table:
        return
    answers = table.groupby(["study_id", "body_part"])["answer"].nunique()
    disagreeing = answers.index[answers > 1]
    if len(disagreeing):
        study, part = disagreeing[0]
        others = f", and {len(disagreeing) - 1:,} more" if len(disagreeing) > 1 else ""
        raise DatasetError(
            f"The {part} in the study {study} is called both fractured and normal{others}: correct "
            "the labels, or leave the study out."
        )


def counts(table: pd.DataFrame, question: str) -> dict[str, dict[str, int]]:
    """Return radiographs, patients and answers of every split, as a card lists them."""
    labels = label_names(question, table)
    return {
        split: {
            "radiographs": len(rows),
            "patients": int(rows["patient_id"].nunique()),
            **{answer: int((rows["answer"] == answer).sum()) for answer in labels},
        }
        for split in SPLITS
        for rows in [table[table["split"] == split]]
    }


def read_examples(table: pd.DataFrame, monitor: Monitor) -> Examples:
    """Read every radiograph as the network sees it, and pass over those that cannot be read."""
    pixels = np.empty((len(table), INPUT_SIZE, INPUT_SIZE), np.uint8)
    kept: list[int] = []
    skipped: list[tuple[str, str]] = []
    for done, path in enumerate(table["image_path"], start=1):
        try:
            pixels[len(kept)] = network_pixels(read_radiograph(path).pixels)
        except UnreadableRadiograph as error:
            skipped.append((Path(path).name, str(error)))
            monitor.say(f"Skipped: {error}")
        else:
            kept.append(done - 1)
        monitor.step(done, len(table), READING)
    check_something_read(kept, skipped)
    return Examples(table.iloc[kept].reset_index(drop=True), pixels[: len(kept)], tuple(skipped))


def network_pixels(pixels: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """Return a radiograph as the network sees it, in whole greys, shape ``(224, 224)``."""
    whole: npt.NDArray[np.uint8] = np.rint(network_input(pixels)[..., 0]).astype(np.uint8)
    return whole


def check_something_read(kept: Sequence[int], skipped: Sequence[tuple[str, str]]) -> None:
    """Raise a :class:`TrainingError` if no radiograph could be read."""
    if not kept:
        raise TrainingError(
            f"None of the {len(skipped):,} radiographs could be read; the first: {skipped[0][1]}"
        )


def _noun(question: str) -> str:
    return question if question in BODY_PARTS else "radiograph"
