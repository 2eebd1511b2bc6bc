"""The runs behind the shipped cascade: five folds, the train split, and everything."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from fracture_widgets.base.progress import SILENT, Monitor
from fracture_widgets.base.tables import frame_csv_text
from fracture_widgets.datasets.fracatlas import FracAtlas
from fracture_widgets.datasets.split import patient_folds
from fracture_widgets.models.networks.cascade import build_cascade_network
from fracture_widgets.models.networks.keras_import import require_keras
from fracture_widgets.models.networks.precision import precision
from fracture_widgets.models.weight_files import (
    assign_weights,
    collect_weights,
    read_weights,
    write_weights,
)
from fracture_widgets.parts import BODY_PARTS
from fracture_widgets.training.recipes.cascade.features import trunk_features
from fracture_widgets.training.recipes.cascade.fit import Lesson, fit_cascade
from fracture_widgets.training.recipes.cascade.readout import read_out
from fracture_widgets.training.recipes.cascade.settings import CascadeRecipe
from fracture_widgets.training.recipes.cascade.views import JOINT, draw_views, teaching_table

if TYPE_CHECKING:
    import keras

__all__ = ["FOLDS", "Run", "identity", "new_network", "plan_runs", "prepare_lesson", "teach"]

FOLDS = 5


@dataclass(frozen=True, eq=False)
class Run:
    """One training: a name, and the rows it learns from and is judged on."""

    name: str
    learned: npt.NDArray[np.intp]
    judged: npt.NDArray[np.intp]


def prepare_lesson(
    atlas: FracAtlas,
    recipe: CascadeRecipe,
    trunk: str | os.PathLike[str],
    cache: Path,
    monitor: Monitor = SILENT,
) -> Lesson:
    """Draw all views and compute what the frozen stages see in them."""
    table = teaching_table(atlas, sound_patches=recipe.sound_patches, phantoms=recipe.phantoms)
    views = draw_views(atlas, table, recipe.views, monitor)
    with precision(bfloat16=recipe.bfloat16):
        network = build_cascade_network(BODY_PARTS, trunk)
        features = trunk_features(network, views.pixels, cache, monitor)
    return Lesson(table, features, views.targets)


def plan_runs(table: pd.DataFrame, *, seed: int = 0) -> list[Run]:
    """Divide a teaching table into the runs, never a study on both sides."""
    joints = table[table["kind"] == JOINT]
    beside = np.flatnonzero(table["kind"] != JOINT)
    train, test = joints[joints["split"] == "train"], joints[joints["split"] == "test"]
    labelled = train.assign(label=np.where(train["fractured"], "fractured", "normal"))
    fold = patient_folds(labelled, FOLDS, seed=seed, by="study")["fold"].to_numpy()
    at = train.index.to_numpy()
    runs = [
        Run(f"fold{number}", np.concatenate([at[fold != number], beside]), at[fold == number])
        for number in range(FOLDS)
    ]
    return [
        *runs,
        Run("train", np.concatenate([at, beside]), test.index.to_numpy()),
        Run("all", np.arange(len(table)), at[:0]),
    ]


def identity(settings: Mapping[str, Any], lesson: Lesson) -> str:
    """Name what decides the weights: settings, rows and what is known of them."""
    digest = hashlib.sha256(json.dumps(dict(settings), sort_keys=True).encode())
    digest.update(frame_csv_text(lesson.table).encode())
    digest.update(lesson.features.ceiling.tobytes())
    return digest.hexdigest()[:16]


def new_network(trunk: str | os.PathLike[str], recipe: CascadeRecipe) -> keras.Model:
    """Build a network whose random start is the recipe's, whatever ran in this process before."""
    require_keras("Training the cascade").utils.set_random_seed(recipe.seed)
    return build_cascade_network(
        BODY_PARTS,
        trunk,
        map_dropout=recipe.dropout,
        map_l2=recipe.l2,
        head_dropout=recipe.head_dropout,
    )


def teach(
    run: Run,
    lesson: Lesson,
    recipe: CascadeRecipe,
    trunk: str | os.PathLike[str],
    work: Path,
    monitor: Monitor = SILENT,
) -> Path:
    """Train a network for a run, unless its weights are there, and return their file."""
    path = work / "runs" / identity(recipe.to_dict(), lesson) / f"{run.name}.npz"
    if path.exists():
        return path
    taught = work / "taught" / identity(recipe.taught, lesson) / f"{run.name}.npz"
    with precision(bfloat16=recipe.bfloat16):
        network = new_network(trunk, recipe)
        if not taught.exists():
            fit_cascade(network, lesson, run.learned, recipe, monitor.stage(run.name))
            _write(taught, network)
        # Read back even if just written: what is read out shall not depend on the rounding.
        assign_weights(network, read_weights(taught), complete=True)
        monitor.say(f"{run.name}: reading out conv5 and the stages before it")
        read_out(network, lesson, run.learned, recipe)
        _write(path, network)
    return path


def _write(path: Path, network: keras.Model) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_weights(path, collect_weights(network))
