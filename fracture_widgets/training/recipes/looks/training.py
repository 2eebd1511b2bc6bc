"""Train the network that looks twice from a FracAtlas copy, judge it, and save it with its card."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fracture_widgets.base.cache import content_key
from fracture_widgets.base.language import NOTICE
from fracture_widgets.base.progress import SILENT, Monitor
from fracture_widgets.datasets.fracatlas import FracAtlas
from fracture_widgets.datasets.split import patient_folds
from fracture_widgets.errors import ModelError, TrainingError
from fracture_widgets.evaluation.metrics import rate
from fracture_widgets.evaluation.scores import known_failures, subgroup_rows
from fracture_widgets.evaluation.trust_evidence import save_predictions, trust_section
from fracture_widgets.models.compose import JOINTS_FOLDER, load_composition
from fracture_widgets.models.crops import Crops
from fracture_widgets.models.detection import Joint, Thresholds
from fracture_widgets.models.engine import OnnxEngine
from fracture_widgets.models.folder import (
    LOOKS,
    OUT_OF_FOLD_FILE,
    add_gate,
    amend_card,
    is_model_folder,
    load_model_folder,
    read_card,
    save_model_folder,
)
from fracture_widgets.models.learned_from import SAME, learned_from
from fracture_widgets.models.looks import TwoLooks
from fracture_widgets.models.networks.looks import looks_graph
from fracture_widgets.models.trust import TRUST_SECTION
from fracture_widgets.models.weight_files import read_weights
from fracture_widgets.parts import FRACTURED, LABELS, NORMAL, in_words
from fracture_widgets.training.atlas import LICENCE, attribution, fingerprint_whole_and_cut
from fracture_widgets.training.outliers import drawn_pictures, installed_photographs
from fracture_widgets.training.recipes.looks import LooksRecipe
from fracture_widgets.training.recipes.looks.evidence import (
    Judgement,
    found_at,
    judge,
    served,
    summarise,
    worst_sheets,
)
from fracture_widgets.training.recipes.looks.fit import TrainingJob, fit_looks, new_network
from fracture_widgets.training.recipes.looks.gate import fit_gate, measure_gate
from fracture_widgets.training.recipes.looks.radiographs import (
    ALL,
    FOLDS,
    LIMB,
    TRAIN,
    LabelledRadiograph,
    Run,
    known_parts,
    plan_runs,
    read_radiographs,
)
from fracture_widgets.training.run_folder import RunFolder

EVERY_FOLD = tuple(str(number) for number in range(FOLDS))
_OUT_OF_FOLD, _HELD_OUT, _TEST = "out_of_fold", "held_out", "test"
_SPLITS = {
    _OUT_OF_FOLD: (
        "five folds by study of the train split; what ships is trained on train and test",
        "answers out of fold of the train split, by networks that learned from the other folds",
    ),
    _HELD_OUT: (
        "trained on four of five folds by study of train; held out is the fifth; test, seen once",
        "the answers of the network that ships to the fold that it never saw",
    ),
}
"""By how a model is measured: what was split, and what its trust is fitted on."""


def train_looks(
    atlas: FracAtlas,
    trunk: str | os.PathLike[str],
    work: Path,
    *,
    runs: Sequence[str] = (*EVERY_FOLD, ALL),
    out: Path | None = None,
    ships: str = ALL,
    recipe: LooksRecipe | None = None,
    monitor: Monitor = SILENT,
) -> Mapping[str, Any]:
    """Do the runs that are not done yet, and return the figures of all that are judged.

    With ``out``, the weights of the run ``ships`` are saved there: those of ``"all"`` when all
    folds are done, whose answers they are trusted by, or those of a fold, trusted by its own.
    """
    recipe = recipe or LooksRecipe()
    known = (*EVERY_FOLD, TRAIN, ALL)
    if unknown := [name for name in runs if name not in known]:
        raise TrainingError(f"The runs are {in_words(known, 'and')}. Received: {unknown[0]}")
    if ships not in (*EVERY_FOLD, ALL):
        raise TrainingError(f"What ships is a fold, or all. Received: {ships}")
    radiographs = read_radiographs(atlas, work, phantoms=recipe.phantoms, monitor=monitor)
    jobs = plan_jobs(plan_runs(radiographs), trunk, work, recipe)
    for name in runs:
        teach_and_judge(jobs[name], trunk, monitor)
    done = [name for name in (*EVERY_FOLD, TRAIN) if jobs[name].folder.finished]
    judged = {name: Judgement.read(jobs[name].folder.folder) for name in done}
    folds = {name: judged[name] for name in EVERY_FOLD if name in judged}
    figures = {}
    if folds:
        together = Judgement.joined(list(folds.values()))
        figures[_OUT_OF_FOLD] = summarise(together)
        save_predictions(work / OUT_OF_FOLD_FILE, _answers(together))
    if TRAIN in judged:
        figures[_TEST] = summarise(judged[TRAIN])
    job = jobs[ships]
    if out is None or not job.folder.finished:
        return figures
    if ships == ALL and len(folds) == FOLDS:
        save_looks(out, job, figures, _answers(together), job.run.judged, monitor)
    elif ships in folds:
        model = served(read_weights(job.weights_after(recipe.epochs)))
        seen, alone = jobs[TRAIN].run.judged, judge(job.run, model, monitor)
        figures = _figures(alone, seen, model, monitor)
        save_looks(out, job, figures, _in_parts(_answers(alone)), seen, monitor)
    return figures


def judge_looks_again(
    atlas: FracAtlas,
    out: Path,
    work: Path,
    *,
    fold: str = "0",
    sheets: Path | None = None,
    monitor: Monitor = SILENT,
) -> Mapping[str, Any]:
    """Judge the network in a folder as it is served today, and put the figures into its card.

    ``fold`` is the one that it learned nothing from; the worst mistakes there are drawn into
    ``sheets``. Its gate is measured on the test split anew, and stays as it is.
    """
    card = read_card(out)
    if card["kind"] != LOOKS or "gate" not in card:
        raise ModelError(
            f"{out.name} holds no network that train looks made: name the folder of one."
        )
    phantoms = int(card["recipe"]["phantoms"])
    radiographs = read_radiographs(atlas, work, phantoms=phantoms, monitor=monitor)
    runs = plan_runs(radiographs)
    if fold not in EVERY_FOLD:
        raise TrainingError(f"The folds are {in_words(EVERY_FOLD, 'and')}. Received: {fold}")
    known, limbs = learned_from([load_model_folder(out)]), runs[fold].judged
    if known is None or any(known.holds(limb.radiograph) == SAME for limb in limbs):
        raise TrainingError(f"{out.name} learned from fold {fold}, or does not say: name another.")
    seen = runs[TRAIN].judged
    model = served(load_model_folder(out).weights)
    alone = judge(runs[fold], model, monitor)
    if sheets is not None:
        sheets.mkdir(parents=True, exist_ok=True)
        for name, sheet in worst_sheets(alone, limbs).items():
            sheet.save(sheets / f"{name}.png", dpi=110)
    figures = _figures(alone, seen, model, monitor)
    amend_card(out, figures=figures)
    save_predictions(out / OUT_OF_FOLD_FILE, _in_parts(_answers(alone)))
    _measure_as_served(out, card["gate"], seen, monitor)
    return figures


def _figures(
    alone: Judgement, test: Sequence[LabelledRadiograph], model: TwoLooks, monitor: Monitor
) -> dict[str, Any]:
    """Return figures of the fold that a network never saw, and judge it on test."""
    on_test = judge(Run(_TEST, [], test), model, monitor)
    return {_HELD_OUT: summarise(alone), _TEST: summarise(on_test)}


def _measure_as_served(
    out: Path, gate: Mapping[str, Any], judged: Sequence[LabelledRadiograph], monitor: Monitor
) -> dict[str, Any]:
    """Put into the card what the gate lets through, and what is said at boxes that are found."""
    model = _model_in(out)
    kinds = {**gate["kinds"], **measure_gate(judged, model, monitor)}
    complete = amend_card(out, gate={**gate, "kinds": kinds})
    if _is_beside_crops(out):
        complete = amend_card(out, beside=_same_as_marked(judged, model, monitor))
    return complete


def save_looks(
    out: Path,
    job: TrainingJob,
    figures: Mapping[str, Any],
    out_of_fold: pd.DataFrame,
    judged: Sequence[LabelledRadiograph],
    monitor: Monitor = SILENT,
) -> dict[str, Any]:
    """Save what ships with its gate and its card, and the answers out of fold beside it.

    The gate is measured on the radiographs of ``judged``.
    """
    parts, recipe = known_parts(), job.recipe
    splits, fitted_on = _SPLITS[_OUT_OF_FOLD if job.run.name == ALL else _HELD_OUT]
    card: dict[str, Any] = {
        "name": "Fracture Widgets, two looks",
        "notice": NOTICE,
        "architecture": "ResNet-50 up to conv4, a top-down path, dense heads for joints and "
        "fractures",
        "recipe": asdict(recipe),
        "thresholds": Thresholds().to_dict(),
        "trained_on": _trained_on(job.run),
        "attribution": attribution("conv3 and conv4 tuned" if recipe.tuned else "frozen"),
        "splits": splits,
        "intervals": "95 percent, 2,000 bootstrap draws of whole studies",
        "figures": dict(figures),
    }
    if not _is_beside_crops(out):  # whose own trust is what answers are judged by
        card |= {
            TRUST_SECTION: {**trust_section(out_of_fold), "fitted_on": fitted_on},
            "subgroups": subgroup_rows(out_of_fold),
            "failures": known_failures(out_of_fold),
        }
    weights = read_weights(job.weights_after(recipe.epochs))
    save_model_folder(out, weights, looks_graph(parts), card, kind=LOOKS, body_parts=parts)
    others = [*drawn_pictures(), *installed_photographs()]
    model = _model_in(out)
    heads, figures_of_gate = fit_gate(job.run, others, model, monitor)
    add_gate(out, heads, figures_of_gate)
    save_predictions(out / OUT_OF_FOLD_FILE, out_of_fold)
    limbs = (known for known in job.run.learned if known.kind == LIMB)
    fingerprint_whole_and_cut((known.radiograph, known.boxes) for known in limbs).add_to(out)
    return _measure_as_served(out, figures_of_gate, judged, monitor)


def _is_beside_crops(folder: Path) -> bool:
    """Say whether a folder is the ``joints`` folder of networks of crops."""
    return folder.name == JOINTS_FOLDER and is_model_folder(folder.parent)


def _model_in(folder: Path) -> TwoLooks:
    """Return the model of a folder, before the networks of crops whose ``joints`` folder it is."""
    joints = load_model_folder(folder)
    engine, crops = OnnxEngine.of_model(joints), None
    if _is_beside_crops(folder):
        known = load_composition(folder.parent)
        crops = Crops(known, {model: OnnxEngine.of_model(model) for model in known.of_crops})
    return TwoLooks(joints, engine, crops=crops)


def _same_as_marked(
    judged: Sequence[LabelledRadiograph], model: TwoLooks, monitor: Monitor = SILENT
) -> Mapping[str, Any]:
    """Return how often a joint's verdict is the same at the box that is found and at ours.

    Networks of crops are judged on joints that people marked; this says what that is worth for
    those that are found.
    """
    same, moved, studies = [], [], []
    limbs = [known for known in judged if known.kind == LIMB and known.joints]
    for done, known in enumerate(limbs, start=1):
        prepared = model.prepare(known.radiograph)
        found = found_at(known.boxes, model.find_joints(prepared))
        ours = [Joint(known.boxes[at], 1.0, joint.probabilities) for at, joint in found.items()]
        for there, here in zip(
            model.look_at(prepared, list(found.values())),
            model.look_at(prepared, ours),
            strict=True,
        ):
            answers = [model.answer_of(seen) for seen in (there, here)]
            same.append(answers[0].verdict == answers[1].verdict)
            moved.append(abs(there.fracture_probability - here.fracture_probability))
            studies.append(known.study)
        monitor.step(done, len(limbs), "joints as they are found and as they are marked")
    return {
        "same_verdict": rate(np.array(same, np.bool_), studies).to_dict(),
        "median_difference": float(np.median(moved)) if moved else 0.0,
    }


def plan_jobs(
    runs: Mapping[str, Run], trunk: str | os.PathLike[str], work: Path, recipe: LooksRecipe
) -> dict[str, TrainingJob]:
    """Give each run its settings and its folder in the work folder."""
    home = work / "runs" / _identity(trunk, recipe)
    return {name: TrainingJob(run, recipe, RunFolder(home / name)) for name, run in runs.items()}


def teach_and_judge(job: TrainingJob, trunk: str | os.PathLike[str], monitor: Monitor) -> None:
    """Do a run, judge it, and note its end, if that is not done yet."""
    folder, name = job.folder, job.run.name
    if folder.finished:
        folder.check_same_training(job.record, finished=True)
        return
    with folder.locked():
        weights = fit_looks(new_network(job.recipe, trunk), job, monitor.stage(name))
        judgement = judge(job.run, served(read_weights(weights)), monitor)
        judgement.write(folder.folder)
        folder.finish(judgement.joints)


def _identity(trunk: str | os.PathLike[str], recipe: LooksRecipe) -> str:
    """Name what decides the weights beside the radiographs, for which the run vouches."""
    start = Path(trunk)
    given = start if start.is_file() else str(trunk)
    return content_key({"trunk": given, "recipe": asdict(recipe)})[:16]


def _answers(judged: Judgement) -> pd.DataFrame:
    """Return the joints that have a label."""
    joints = judged.joints
    return joints[joints["label"].isin(LABELS)].reset_index(drop=True)


def _in_parts(answers: pd.DataFrame) -> pd.DataFrame:
    """Divide one fold by study, so that what is fitted on a part is measured on the others."""
    parts = patient_folds(answers, FOLDS, by="study")["fold"]
    return answers.assign(run=[f"part {number}" for number in parts])


def _trained_on(run: Run) -> dict[str, Any]:
    counts: dict[str, dict[str, int]] = {}
    for known in run.learned:
        of_kind = counts.setdefault(known.kind, dict.fromkeys(LABELS, 0))
        of_kind[FRACTURED if known.outlines else NORMAL] += 1
    return {
        "what": "whole radiographs of FracAtlas with our joint boxes, its leg and hip radiographs, "
        "and drawn radiographs",
        "licence": LICENCE,
        "counts": counts,
    }
