"""Train, judge and ship the cascade from a FracAtlas copy."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from fracture_widgets.base.progress import SILENT, Monitor
from fracture_widgets.base.tables import frame_csv_text, read_frame, write_frame
from fracture_widgets.datasets.fracatlas import FracAtlas
from fracture_widgets.datasets.fracatlas_files import ATTRIBUTION
from fracture_widgets.errors import ModelError, TrainingError
from fracture_widgets.evaluation.scores import known_failures, subgroup_rows
from fracture_widgets.evaluation.trust_evidence import save_predictions, trust_section
from fracture_widgets.models.folder import CASCADE, OUT_OF_FOLD_FILE, read_card, save_model_folder
from fracture_widgets.models.learned_from import LearnedFrom
from fracture_widgets.models.networks import precision, require_keras
from fracture_widgets.models.networks.cascade import (
    build_cascade_network,
    cascade_network_graph,
)
from fracture_widgets.models.trust import TRUST_SECTION
from fracture_widgets.models.weight_files import (
    assign_weights,
    collect_weights,
    read_weights,
    write_weights,
)
from fracture_widgets.training.atlas import fingerprint_atlas
from fracture_widgets.training.features import trunk_features
from fracture_widgets.training.recipes.cascade.evidence import judge, served, summarise
from fracture_widgets.training.recipes.cascade.fit import CascadeRecipe, Lesson, fit_cascade
from fracture_widgets.training.recipes.cascade.readout import read_out
from fracture_widgets.training.recipes.cascade.views import (
    Run,
    draw_views,
    plan_runs,
    taught_parts,
    teaching_table,
)

if TYPE_CHECKING:
    import keras

_ROOM_NEEDED = 12 * 2**30
_OUT_OF_FOLD, _TEST = "out_of_fold", "test"
_TRUNK_CREDIT = (
    "ResNet-50 pretrained on ImageNet by He et al., Deep Residual Learning for Image Recognition, "
    "CVPR 2016 (MIT licence), as distributed with Keras Applications; frozen."
)


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
    judged = _judgements(runs, weights, atlas, lesson.table, monitor)
    figures = {
        split: summarise(judged[judged["looked_at"] == split])
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
    save_model_folder(
        models,
        read_weights(weights["all"]),
        cascade_network_graph(lesson.body_parts),
        card,
        body_parts=lesson.body_parts,
    )
    save_predictions(models / OUT_OF_FOLD_FILE, out_of_fold)
    return fingerprint_atlas(atlas, lesson.table, monitor).add_to(models)


def fingerprint_cascade(atlas: FracAtlas, models: Path, monitor: Monitor = SILENT) -> LearnedFrom:
    """Put into the folder of a cascade that was trained before what it learned from."""
    if read_card(models)["kind"] != CASCADE:
        raise ModelError(
            f"{models.name} holds no cascade that train cascade made: name the folder of one."
        )
    table = teaching_table(atlas, sound_patches=0, phantoms=0)
    known = fingerprint_atlas(atlas, table, monitor)
    known.add_to(models)
    return known


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
        network = build_cascade_network(taught_parts(table), trunk)
        features = trunk_features(network, views.pixels, cache, monitor)
    return Lesson(table, features, views.targets)


def _identity(settings: Mapping[str, Any], lesson: Lesson) -> str:
    """Name what decides the weights: settings, rows and what is known of them."""
    digest = hashlib.sha256(json.dumps(dict(settings), sort_keys=True).encode())
    digest.update(frame_csv_text(lesson.table).encode())
    digest.update(lesson.features.ceiling.tobytes())
    return digest.hexdigest()[:16]


def new_network(
    body_parts: Sequence[str], trunk: str | os.PathLike[str], recipe: CascadeRecipe
) -> keras.Model:
    """Build a network whose random start is the recipe's, whatever ran in this process before."""
    require_keras("Training the cascade").utils.set_random_seed(recipe.seed)
    return build_cascade_network(
        body_parts,
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
    path = work / "runs" / _identity(recipe.to_dict(), lesson) / f"{run.name}.npz"
    if path.exists():
        return path
    taught = work / "taught" / _identity(recipe.taught, lesson) / f"{run.name}.npz"
    with precision(bfloat16=recipe.bfloat16):
        network = new_network(lesson.body_parts, trunk, recipe)
        if not taught.exists():
            fit_cascade(network, lesson, run.learned, recipe, monitor.stage(run.name))
            write_weights(taught, collect_weights(network))
        # Read back even if just written: what is read out shall not depend on the rounding.
        assign_weights(network, read_weights(taught), complete=True)
        monitor.say(f"{run.name}: reading out conv5 and the stages before it")
        read_out(network, lesson, run.learned, recipe)
        write_weights(path, collect_weights(network))
    return path


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
) -> pd.DataFrame:
    judged = []
    for run in runs:
        if not len(run.judged):
            continue
        weight = weights[run.name]
        file = weight.with_name(f"{run.name}-judgements.csv")
        if not file.exists():
            cascade = served(weight, taught_parts(table))
            write_frame(file, judge(run, cascade, atlas, table, monitor))
        looked_at = _TEST if run.name == "train" else _OUT_OF_FOLD
        judged.append(read_frame(file).assign(looked_at=looked_at))
    return pd.concat(judged, ignore_index=True)


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
