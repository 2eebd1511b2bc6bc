"""Train, judge and ship the cascade from a FracAtlas copy."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from fracture_widgets.base.progress import SILENT, Monitor
from fracture_widgets.base.tables import read_frame, write_frame
from fracture_widgets.datasets.fracatlas import FracAtlas
from fracture_widgets.datasets.fracatlas_files import ATTRIBUTION
from fracture_widgets.errors import TrainingError
from fracture_widgets.evaluation.subgroups import known_failures, subgroup_rows
from fracture_widgets.evaluation.trust_evidence import save_predictions, trust_section
from fracture_widgets.models.folder import OUT_OF_FOLD_FILE, save_model_folder
from fracture_widgets.models.networks.cascade import cascade_network_graph
from fracture_widgets.models.networks.keras_import import require_keras
from fracture_widgets.models.trust import TRUST_SECTION
from fracture_widgets.models.weight_files import read_weights
from fracture_widgets.parts import BODY_PARTS
from fracture_widgets.training.recipes.cascade.evidence import (
    judge,
    judge_uncropped,
    served,
    summarise,
)
from fracture_widgets.training.recipes.cascade.runs import Run, plan_runs, prepare_lesson, teach
from fracture_widgets.training.recipes.cascade.settings import CascadeRecipe

__all__ = ["train_cascade"]

_ROOM_NEEDED = 12 * 2**30
_OUT_OF_FOLD, _TEST = "out_of_fold", "test"


def train_cascade(
    atlas: FracAtlas,
    trunk: str | os.PathLike[str],
    models: Path,
    work: Path,
    *,
    recipe: CascadeRecipe | None = None,
    look_at_test: bool = False,
    monitor: Monitor = SILENT,
) -> Mapping[str, Any]:
    """Train the cascade on real radiographs, judge it, and save it with its card."""
    require_keras("Training the cascade").utils.set_random_seed(0)
    recipe = recipe or CascadeRecipe()
    work.mkdir(parents=True, exist_ok=True)
    _check_room(work)
    lesson = prepare_lesson(atlas, recipe, trunk, work / "features", monitor)
    runs = [run for run in plan_runs(lesson.table) if look_at_test or run.name != "train"]
    weights = {run.name: teach(run, lesson, recipe, trunk, work, monitor) for run in runs}
    judged, uncropped = _judgements(runs, weights, atlas, lesson.table, monitor)
    figures = {
        split: summarise(
            judged[judged["looked_at"] == split], uncropped[uncropped["looked_at"] == split]
        )
        for split in judged["looked_at"].unique()
    }
    out_of_fold = judged[judged["looked_at"] == _OUT_OF_FOLD]
    card = {
        "name": "Fracture Widgets cascade",
        "notice": "For teaching and research. Not a medical device.",
        "architecture": "ResNet-50, one trunk for four heads, with a fracture map",
        "recipe": recipe.to_dict(),
        "trained_on": _trained_on(lesson.table),
        "attribution": {"radiographs": ATTRIBUTION, "conv1_to_conv4": _TRUNK_CREDIT},
        "splits": "five folds by study of the train split; the weights that ship are trained on "
        "train and test",
        "intervals": "95 percent, 2,000 bootstrap draws of whole studies",
        "figures": figures,
        TRUST_SECTION: trust_section(out_of_fold),
        "subgroups": subgroup_rows(out_of_fold),
        "failures": known_failures(out_of_fold),
    }
    complete = save_model_folder(
        models,
        read_weights(weights["all"]),
        cascade_network_graph(BODY_PARTS),
        card,
        body_parts=BODY_PARTS,
    )
    save_predictions(models / OUT_OF_FOLD_FILE, out_of_fold)
    return complete


_TRUNK_CREDIT = (
    "ResNet-50 pretrained on ImageNet by He et al., Deep Residual Learning for Image Recognition, "
    "CVPR 2016 (MIT licence), as distributed with Keras Applications; frozen."
)


def _check_room(work: Path) -> None:
    free = shutil.disk_usage(work).free
    if free < _ROOM_NEEDED and not (work / "features").is_dir():
        raise TrainingError(
            f"The features need about {_ROOM_NEEDED / 2**30:.0f} GB and {work.name} has "
            f"{free / 2**30:.1f} GB free: make room, or name another folder with --work."
        )


def _judgements(
    runs: list[Run],
    weights: Mapping[str, Path],
    atlas: FracAtlas,
    table: pd.DataFrame,
    monitor: Monitor,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    joints, whole = [], []
    for run in runs:
        if not len(run.judged):
            continue
        weight = weights[run.name]
        files = [weight.with_name(f"{run.name}-{what}.csv") for what in ("judged", "uncropped")]
        if not all(file.exists() for file in files):
            cascade = served(weight)
            write_frame(files[1], judge_uncropped(run, cascade, atlas, table))
            write_frame(files[0], judge(run, cascade, atlas, table, monitor))
        looked_at = _TEST if run.name == "train" else _OUT_OF_FOLD
        joints.append(read_frame(files[0]).assign(looked_at=looked_at))
        whole.append(read_frame(files[1]).assign(looked_at=looked_at))
    return pd.concat(joints, ignore_index=True), pd.concat(whole, ignore_index=True)


def _trained_on(table: pd.DataFrame) -> dict[str, Any]:
    counts = {
        f"{kind} {part}": {
            "fractured": int(rows["fractured"].sum()),
            "normal": int((~rows["fractured"]).sum()),
        }
        for kind in table["kind"].unique()
        for part in sorted(table.loc[table["kind"] == kind, "body_part"].unique())
        for rows in [table[(table["kind"] == kind) & (table["body_part"] == part)]]
    }
    return {
        "what": "FracAtlas joints cut by our joint boxes, patches of its leg and hip radiographs, "
        "and drawn radiographs",
        "licence": "FracAtlas: CC BY 4.0; joint boxes and drawn radiographs: this project",
        "counts": counts,
    }
