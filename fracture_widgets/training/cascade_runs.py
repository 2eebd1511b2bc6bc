"""The runs behind the shipped cascade: five folds, the train split, and everything."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from fracture_widgets.datasets.fracatlas import FracAtlas
from fracture_widgets.datasets.split import patient_folds
from fracture_widgets.networks.resnet50 import build_cascade_network
from fracture_widgets.networks.weight_files import collect_weights, write_weights
from fracture_widgets.training.cascade_fit import Lesson, fit_cascade
from fracture_widgets.training.cascade_readout import read_out
from fracture_widgets.training.cascade_recipe import CascadeRecipe
from fracture_widgets.training.trunk_features import trunk_features
from fracture_widgets.training.views import JOINT, draw_views, teaching_table

__all__ = ["FOLDS", "Run", "plan_runs", "prepare_lesson", "teach"]

FOLDS = 5


@dataclass(frozen=True, eq=False)
class Run:
    """One training: a name, and the rows it learns from and is judged on.

    Attributes
    ----------
    name
        ``"fold0"`` to ``"fold4"``, ``"train"`` (judged on the test split) or ``"all"``.
    learned, judged
        Row numbers of the teaching table.
    """

    name: str
    learned: npt.NDArray[np.intp]
    judged: npt.NDArray[np.intp]


def prepare_lesson(
    atlas: FracAtlas,
    recipe: CascadeRecipe,
    trunk: str | os.PathLike[str],
    cache: Path,
    *,
    progress: Callable[[str, int, int], None] = lambda _what, _done, _total: None,
) -> Lesson:
    """Draw all views and compute what the frozen stages see in them.

    Parameters
    ----------
    atlas
        A copy of FracAtlas.
    recipe
        How many views of what.
    trunk
        Weights of conv1 to conv4: ``"imagenet"`` or the path of a weight file.
    cache
        Folder that keeps the features.
    progress
        Called with what is being done, how much is done, and how much there is.
    """
    table = teaching_table(atlas, sound_patches=recipe.sound_patches, phantoms=recipe.phantoms)
    views = draw_views(
        atlas, table, recipe.views, progress=lambda done, total: progress("views", done, total)
    )
    features = trunk_features(
        build_cascade_network(trunk),
        views.pixels,
        cache,
        progress=lambda done, total: progress("features", done, total),
    )
    return Lesson(table, features, views.targets)


def plan_runs(table: pd.DataFrame, *, seed: int = 0) -> list[Run]:
    """Divide a teaching table into the runs, never a study on both sides.

    Legs, hips and drawn radiographs are learned from in every run and judged in none.
    """
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


def teach(
    run: Run,
    lesson: Lesson,
    recipe: CascadeRecipe,
    trunk: str | os.PathLike[str],
    folder: Path,
    *,
    report: Callable[[str], None] = lambda _line: None,
) -> Path:
    """Train a network for a run, unless its weights are there, and return their file.

    Parameters
    ----------
    run
        What to learn from.
    lesson, recipe, trunk
        As for :func:`prepare_lesson`.
    folder
        Where the weights of all runs are kept.
    report
        Called with a line after every epoch.
    """
    path = folder / f"{run.name}.npz"
    if path.exists():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    network = build_cascade_network(
        trunk,
        map_dropout=recipe.dropout,
        map_l2=recipe.l2,
        head_dropout=recipe.head_dropout,
    )
    fit_cascade(
        network, lesson, run.learned, recipe, report=lambda line: report(f"{run.name}: {line}")
    )
    report(f"{run.name}: reading out conv5")
    read_out(network, lesson, run.learned, recipe)
    write_weights(path, collect_weights(network))
    return path
