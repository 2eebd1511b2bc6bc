"""The radiographs that answer one question: chosen, divided by patient, read, and in batches."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from fracture_widgets.base.progress import Monitor
from fracture_widgets.datasets.split import split_by_patient
from fracture_widgets.datasets.table import labelled_table
from fracture_widgets.errors import DatasetError, TrainingError, UnreadableRadiograph
from fracture_widgets.imaging.preprocessing import INPUT_SIZE, network_input
from fracture_widgets.imaging.radiograph import Radiograph, read_radiograph
from fracture_widgets.models.learned_from import Fingerprints, fingerprint_of
from fracture_widgets.models.networks import BODY_PART_OUTPUT, FRACTURE_OUTPUT, require_keras
from fracture_widgets.parts import BODY_PARTS, LABELS, with_article
from fracture_widgets.training.plan import Augmentation, TrainingPlan
from fracture_widgets.training.teaching import READING

QUESTIONS = (BODY_PART_OUTPUT, FRACTURE_OUTPUT, *BODY_PARTS)
"""What a network can be asked: the body part, or fractured or normal, of any part or of one."""

Pixels = npt.NDArray[np.uint8]
"""A radiograph as the network sees it, in whole greys, shape ``(224, 224)``."""

SPLITS = ("train", "validation", "test")
# Far more than the batches of an epoch: each draws once.
_DRAWS_IN_AN_EPOCH = 1 << 24
_SETTINGS = Augmentation()
_BLACK = {"fill_mode": "constant", "fill_value": 0.0}


@dataclass(frozen=True, eq=False)
class Examples:
    """What a network, or its head, is given."""

    table: pd.DataFrame
    inputs: npt.NDArray[Any]
    skipped: tuple[tuple[str, str], ...]
    fingerprints: Fingerprints

    def rows(self, split: str) -> npt.NDArray[np.intp]:
        """Return the numbers of a split's rows."""
        return np.flatnonzero(self.table["split"].to_numpy() == split)


def parts_in(names: Iterable[str]) -> tuple[str, ...]:
    """Return the known body parts among some, in the order of a network's outputs."""
    there = set(names)
    return tuple(part for part in BODY_PARTS if part in there)


def label_names(question: str, table: pd.DataFrame) -> tuple[str, ...]:
    """Return the answers to a question: a network tells apart the parts that its dataset holds."""
    return parts_in(table["answer"]) if question == BODY_PART_OUTPUT else LABELS


def select_task(question: str, dataset: pd.DataFrame | str | os.PathLike[str]) -> pd.DataFrame:
    """Return the radiographs a question is asked of, with the column ``answer``."""
    table = labelled_table(dataset, ("patient_id",))
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


def pixel_loader(
    table: pd.DataFrame, monitor: Monitor
) -> tuple[Callable[[int], Pixels | None], list[tuple[str, str]], dict[int, Fingerprints]]:
    """Return what reads a row's radiograph as the network sees it, and two lists that it fills.

    They are of what it has to skip, and of the fingerprints of what it read.
    """
    paths = [Path(path) for path in table["image_path"]]
    skipped: list[tuple[str, str]] = []
    fingerprints: dict[int, Fingerprints] = {}

    def load(row: int) -> Pixels | None:
        try:
            radiograph = read_radiograph(paths[row])
            greys = network_input(radiograph.pixels)
        except UnreadableRadiograph as error:
            skipped.append((paths[row].name, str(error)))
            monitor.say(f"Skipped: {error}")
            return None
        fingerprints[row] = fingerprint_of(radiograph)
        return np.rint(greys[..., 0]).astype(np.uint8)

    return load, skipped, fingerprints


def read_examples(table: pd.DataFrame, monitor: Monitor) -> Examples:
    """Read every radiograph as the network sees it, and pass over those that cannot be read."""
    pixels = np.empty((len(table), INPUT_SIZE, INPUT_SIZE), np.uint8)
    kept: list[int] = []
    load, skipped, fingerprints = pixel_loader(table, monitor)
    for row in range(len(table)):
        radiograph = load(row)
        if radiograph is not None:
            pixels[len(kept)] = radiograph
            kept.append(row)
        monitor.step(row + 1, len(table), READING)
    return kept_examples(table, kept, pixels[: len(kept)], skipped, fingerprints)


def kept_examples(
    table: pd.DataFrame,
    kept: list[int],
    inputs: npt.NDArray[Any],
    skipped: Sequence[tuple[str, str]],
    fingerprints: Mapping[int, Fingerprints],
) -> Examples:
    """Return the rows that could be read; raise a :class:`TrainingError` if there are none."""
    if not kept:
        raise TrainingError(
            f"None of the {len(skipped):,} radiographs could be read; the first: {skipped[0][1]}"
        )
    marked = np.concatenate([fingerprints[row] for row in kept])
    return Examples(table.iloc[kept].reset_index(drop=True), inputs, tuple(skipped), marked)


def _noun(question: str) -> str:
    return question if question in BODY_PARTS else "radiograph"


def one_hot(answers: npt.ArrayLike, labels: tuple[str, ...]) -> npt.NDArray[np.float32]:
    """Return 1 in the column of each answer and 0 elsewhere, shape ``(n, len(labels))``."""
    given = np.asarray(answers, dtype=str)
    return np.stack([given == label for label in labels], axis=1).astype(np.float32)


def class_weights(targets: npt.NDArray[np.float32]) -> dict[int, float]:
    """Return by answer what its examples count, so that all answers count the same together."""
    total, answers = targets.shape
    return {
        number: total / (answers * float(count))
        for number, count in enumerate(targets.sum(axis=0))
        if count
    }


class Augmenter:
    """Varies batches of greys; what is drawn depends on the seed, the epoch and the batch alone."""

    def __init__(self, settings: Augmentation, seed: int) -> None:
        layers = require_keras("Training").layers
        self._steps = [
            layers.RandomFlip("horizontal", seed=seed),
            layers.RandomRotation(settings.rotation / 360.0, seed=seed + 1, **_BLACK),
            layers.RandomZoom((-settings.zoom, settings.zoom), seed=seed + 2, **_BLACK),
            layers.RandomContrast(settings.contrast, value_range=(0, 255), seed=seed + 3),
        ]
        self._seed = seed
        if not settings.flip:
            self._steps, self._seed = self._steps[1:], seed + 1

    def __call__(self, greys: Any) -> Any:
        """Vary a batch, float32 of shape ``(n, h, w, 1)`` in 0 to 255."""
        for step in self._steps:
            greys = step(greys, training=True)
        return greys

    def begin(self, epoch: int) -> None:
        """Draw from now on what belongs to an epoch, counted from 0."""
        for number, step in enumerate(self._steps):
            for state in step.variables:
                state.assign([self._seed + number, epoch * _DRAWS_IN_AN_EPOCH])


def augmented_views(
    radiograph: Radiograph, n: int, settings: Augmentation = _SETTINGS, *, seed: int = 0
) -> list[Radiograph]:
    """Vary a radiograph as training does: another picture in every epoch."""
    if n < 1:
        raise ValueError(f"n is 1 or more. Received: {n}")
    require_keras("Augmentation")
    same = np.repeat(network_input(radiograph.pixels)[np.newaxis], n, axis=0)
    varied = np.asarray(Augmenter(settings, seed)(same))[..., 0] / np.float32(255)
    return [replace(radiograph, pixels=np.clip(view, 0, 1)) for view in varied]


class Shuffle:
    """Orders that depend on the seed and the epoch alone, so that any epoch can be had again."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._epoch = 0

    def begin(self, epoch: int) -> None:
        """Give next the order of an epoch, counted from 0."""
        self._epoch = epoch

    def __call__(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return the rows in the order of this epoch, and go on to the next."""
        chances = np.random.default_rng((self._seed, self._epoch))
        self._epoch += 1
        return chances.permutation(rows)


def batches(
    inputs: npt.NDArray[Any],
    targets: npt.NDArray[np.float32],
    rows: npt.NDArray[np.intp],
    *,
    size: int,
    shuffled: Shuffle | None = None,
    vary: Callable[[Any], Any] | None = None,
) -> Any:
    """Return a ``tf.data.Dataset`` of ``(inputs, targets)`` batches."""
    import tensorflow as tf

    pictures = inputs.ndim == 3

    def gather(chosen: Any) -> tuple[Any, Any]:
        (taken,) = tf.numpy_function(
            lambda at: [inputs[at].astype(np.float32)], [chosen], [tf.float32]
        )
        taken = tf.ensure_shape(taken, (None, *inputs.shape[1:]))
        if pictures:
            taken = taken[..., tf.newaxis]
        return (taken if vary is None else vary(taken)), tf.gather(targets, chosen)

    wanted = rows.astype(np.int64)
    order = tf.data.Dataset.from_tensor_slices(wanted)
    if shuffled is not None:

        def shuffle_anew(_: Any) -> Any:
            drawn = tf.numpy_function(lambda: shuffled(wanted), [], tf.int64)
            return tf.data.Dataset.from_tensor_slices(tf.ensure_shape(drawn, (len(wanted),)))

        order = tf.data.Dataset.range(1).flat_map(shuffle_anew)
        order = order.apply(tf.data.experimental.assert_cardinality(len(wanted)))
    # Workers draw the same batches and keep their share of each; see training.loop.
    sharded = tf.data.Options()
    sharded.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    # One batch after the other: drawn side by side, the same seed would not give the same ones.
    return order.batch(size).map(gather).prefetch(1).with_options(sharded)
