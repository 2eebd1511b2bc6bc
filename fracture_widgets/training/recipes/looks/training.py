"""Train the network that looks twice from a FracAtlas copy, judge it, and save it with its card."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from fracture_widgets.base.cache import content_key
from fracture_widgets.base.progress import SILENT, Monitor
from fracture_widgets.base.words import NOTICE
from fracture_widgets.datasets.fracatlas import FracAtlas
from fracture_widgets.datasets.fracatlas_files import ATTRIBUTION
from fracture_widgets.errors import TrainingError
from fracture_widgets.evaluation.subgroups import known_failures, subgroup_rows
from fracture_widgets.evaluation.trust_evidence import save_predictions, trust_section
from fracture_widgets.models.folder import LOOKS, OUT_OF_FOLD_FILE, save_model_folder
from fracture_widgets.models.joints import Thresholds
from fracture_widgets.models.networks.keras_import import require_keras
from fracture_widgets.models.networks.looks import (
    build_looks_network,
    fill_from_imagenet,
    looks_graph,
)
from fracture_widgets.models.trust import TRUST_SECTION
from fracture_widgets.models.weight_files import read_weights
from fracture_widgets.parts import LABELS, in_words
from fracture_widgets.training.recipes.looks.evidence import Judgement, judge, served, summarise
from fracture_widgets.training.recipes.looks.fit import TrainingJob, fit_looks
from fracture_widgets.training.recipes.looks.radiographs import (
    ALL,
    FOLDS,
    TRAIN,
    LabelledRadiograph,
    Run,
    known_parts,
    plan_runs,
    read_radiographs,
)
from fracture_widgets.training.recipes.looks.recipe import LooksRecipe
from fracture_widgets.training.run_folder import RunFolder

EVERY_FOLD = tuple(str(number) for number in range(FOLDS))
_OUT_OF_FOLD, _TEST = "out_of_fold", "test"
_TRUNK_CREDIT = (
    "ResNet-50 pretrained on ImageNet by He et al., Deep Residual Learning for Image Recognition, "
    "CVPR 2016 (MIT licence), as distributed with Keras Applications; conv3 and conv4 tuned."
)


def train_looks(
    atlas: FracAtlas,
    trunk: str | os.PathLike[str],
    work: Path,
    *,
    runs: Sequence[str] = (*EVERY_FOLD, ALL),
    out: Path | None = None,
    recipe: LooksRecipe | None = None,
    monitor: Monitor = SILENT,
) -> Mapping[str, Any]:
    """Do the runs that are not done yet, and return the figures of all that are judged.

    With ``out``, and all folds and ``"all"`` done, the model is saved there.
    """
    recipe = recipe or LooksRecipe()
    known = (*EVERY_FOLD, TRAIN, ALL)
    if unknown := [name for name in runs if name not in known]:
        raise TrainingError(f"The runs are {in_words(known, 'and')}. Received: {unknown[0]}")
    radiographs = read_radiographs(atlas, work, phantoms=recipe.phantoms, monitor=monitor)
    return teach_runs(radiographs, trunk, work, runs, out, recipe, monitor)


def teach_runs(
    radiographs: Sequence[LabelledRadiograph],
    trunk: str | os.PathLike[str],
    work: Path,
    runs: Sequence[str],
    out: Path | None,
    recipe: LooksRecipe,
    monitor: Monitor = SILENT,
) -> Mapping[str, Any]:
    """Do runs on radiographs that were read."""
    home = work / "runs" / _identity(trunk, recipe)
    parts = len(known_parts())
    jobs = {
        name: TrainingJob(run, recipe, parts, RunFolder(home / name))
        for name, run in plan_runs(radiographs).items()
    }
    for name in runs:
        _teach(jobs[name], trunk, monitor)
    done = [name for name in (*EVERY_FOLD, TRAIN) if jobs[name].folder.finished]
    judged = {name: Judgement.read(jobs[name].folder.folder) for name in done}
    folds = [judged[name] for name in EVERY_FOLD if name in judged]
    figures = {}
    if folds:
        together = Judgement.joined(folds)
        figures[_OUT_OF_FOLD] = summarise(together)
        save_predictions(work / OUT_OF_FOLD_FILE, _answers(together))
    if TRAIN in judged:
        figures[_TEST] = summarise(judged[TRAIN])
    if out is not None and len(folds) == FOLDS and jobs[ALL].folder.finished:
        save_looks(out, jobs[ALL], figures, _answers(together))
    return figures


def save_looks(
    out: Path, job: TrainingJob, figures: Mapping[str, Any], out_of_fold: pd.DataFrame
) -> dict[str, Any]:
    """Save what ships with its card, and the answers out of fold beside it."""
    parts, recipe = known_parts(), job.recipe
    card = {
        "name": "Fracture Widgets, two looks",
        "notice": NOTICE,
        "architecture": "ResNet-50 up to conv4, a top-down path, dense heads for joints and "
        "fractures",
        "recipe": recipe.to_dict(),
        "thresholds": Thresholds().to_dict(),
        "trained_on": _trained_on(job.run),
        "attribution": {"radiographs": ATTRIBUTION, "conv1_to_conv4": _TRUNK_CREDIT},
        "splits": "five folds by study of the train split; the weights that ship are trained on "
        "train and test",
        "intervals": "95 percent, 2,000 bootstrap draws of whole studies",
        "figures": dict(figures),
        TRUST_SECTION: trust_section(out_of_fold),
        "subgroups": subgroup_rows(out_of_fold),
        "failures": known_failures(out_of_fold),
    }
    weights = read_weights(job.weights_after(recipe.epochs))
    complete = save_model_folder(
        out, weights, looks_graph(parts), card, kind=LOOKS, body_parts=parts
    )
    save_predictions(out / OUT_OF_FOLD_FILE, out_of_fold)
    return complete


def _teach(job: TrainingJob, trunk: str | os.PathLike[str], monitor: Monitor) -> None:
    """Do a run, judge it, and note its end."""
    folder, name = job.folder, job.run.name
    if folder.finished:
        folder.check_same_training(job.record, finished=True)
        return
    require_keras("Training").utils.set_random_seed(job.recipe.seed)
    network = build_looks_network(known_parts())
    fill_from_imagenet(network, trunk)
    with folder.locked():
        weights = fit_looks(network, job, monitor.stage(name))
        judgement = judge(job.run, served(weights), monitor)
        judgement.write(folder.folder)
        folder.finish(judgement.joints)


def _identity(trunk: str | os.PathLike[str], recipe: LooksRecipe) -> str:
    """Name what decides the weights beside the radiographs, for which the run vouches."""
    start = Path(trunk)
    given = start if start.is_file() else str(trunk)
    return content_key({"trunk": given, "recipe": recipe.to_dict()})[:16]


def _answers(judged: Judgement) -> pd.DataFrame:
    """Return the joints that have a label."""
    joints = judged.joints
    return joints[joints["label"].isin(LABELS)].reset_index(drop=True)


def _trained_on(run: Run) -> dict[str, Any]:
    counts: dict[str, int] = {}
    for known in run.learned:
        broken = "with fractures" if known.outlines else "without"
        name = f"{known.kind} {broken}"
        counts[name] = counts.get(name, 0) + 1
    return {
        "what": "whole radiographs of FracAtlas with our joint boxes, its leg and hip radiographs, "
        "and drawn radiographs",
        "licence": "FracAtlas: CC BY 4.0; joint boxes and drawn radiographs: this project",
        "counts": counts,
    }
