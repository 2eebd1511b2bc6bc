"""Runs from radiographs to figures and a model, done once; and the command that does them."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest
from small_networks import LOOKS_RECIPE as RECIPE

from fracture_widgets.base.progress import Monitor
from fracture_widgets.base.tables import read_frame
from fracture_widgets.cli import main
from fracture_widgets.datasets.joints import crop_frame
from fracture_widgets.errors import TrainingError
from fracture_widgets.evaluation.scores import subgroup_rows
from fracture_widgets.evaluation.trust_evidence import trust_section
from fracture_widgets.models.cascade import Cascade
from fracture_widgets.models.folder import LOOKS, OUT_OF_FOLD_FILE, load_model_folder
from fracture_widgets.models.learned_from import NOT, SAME, learned_from
from fracture_widgets.models.networks.looks import build_looks_network
from fracture_widgets.models.weight_files import collect_weights, read_weights, write_weights
from fracture_widgets.parts import LABELS
from fracture_widgets.phantoms import draw_phantom
from fracture_widgets.training.recipes.looks import LooksRecipe, fit, training
from fracture_widgets.training.recipes.looks.evidence import judge, served
from fracture_widgets.training.recipes.looks.fit import TrainingJob
from fracture_widgets.training.recipes.looks.radiographs import (
    DRAWN,
    LIMB,
    OTHER,
    Run,
    known_parts,
    plan_runs,
)
from fracture_widgets.training.run_folder import RunFolder

pytestmark = pytest.mark.keras


def test_a_run_is_taught_judged_and_not_done_again(limbs, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(fit, "fill_from_imagenet", lambda network, trunk: None)
    several = [replace(known, study=f"{known.study} {copy}") for known in limbs for copy in (0, 1)]
    monkeypatch.setattr(training, "read_radiographs", lambda *_, **__: several)
    stages: set[str] = set()

    def teach():
        stages.clear()
        monitor = Monitor(lambda done, total, what: stages.add(what))
        return training.train_looks(
            None, "none", tmp_path, runs=["2"], recipe=RECIPE, monitor=monitor
        )

    figures = teach()
    assert stages == {"2: training", "judging 2"}
    answers = read_frame(tmp_path / OUT_OF_FOLD_FILE)
    assert set(answers["run"].astype(str)) == {"2"}
    assert figures["out_of_fold"]["fracture"]["pooled"]["n"] == len(answers) > 0
    assert list(tmp_path.glob("runs/*/2/weights-1.npz"))
    assert teach() == figures
    assert stages == set()


def test_a_run_that_there_is_not_is_said(tmp_path) -> None:
    with pytest.raises(TrainingError, match="The runs are 0, 1, 2, 3, 4, train and all"):
        training.train_looks(None, "imagenet", tmp_path, runs=["0", "5"])


def test_what_is_saved_answers_and_knows_the_limbs_again(limbs, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(training, "fit_gate", lambda *given: ({}, {"kinds": {}}))
    for fitted in (trust_section, subgroup_rows):
        monkeypatch.setattr(training, fitted.__name__, partial(fitted, resamples=20))
    parts, rng = known_parts(), np.random.default_rng(0)
    job = TrainingJob(Run("all", limbs, []), RECIPE, RunFolder(tmp_path / "all"))
    weights = job.weights_after(RECIPE.epochs)
    write_weights(weights, collect_weights(build_looks_network(parts)))
    answers = pd.DataFrame(
        [
            {
                "image_id": f"{part}{number}.jpg",
                "joint_index": 0,
                "study": f"study{number}",
                "holder": 0,
                "body_part": part,
                "label": LABELS[number % 2],
                "run": str(number // 2 % 5),
                "fracture_probability": float(np.clip(0.7 - number % 2 * 0.4 + noise, 0, 1)),
            }
            for part in parts
            for number, noise in enumerate(rng.normal(0, 0.2, 60))
        ]
    )
    card = training.save_looks(tmp_path / "model", job, {}, answers, [])
    assert card["kind"] == LOOKS
    report = Cascade.load(tmp_path / "model").examine(
        draw_phantom(parts[1], fractured=True, seed=1).radiograph
    )
    assert report.answer.calibrated
    assert len(read_frame(tmp_path / "model" / OUT_OF_FOLD_FILE)) == len(answers)
    known = learned_from([load_model_folder(tmp_path / "model")])
    of_kind = {kind: {known.holds(one.radiograph) for one in limbs if one.kind == kind}
               for kind in (LIMB, OTHER, DRAWN)}  # fmt: skip
    assert of_kind == {LIMB: {SAME}, OTHER: {NOT}, DRAWN: {NOT}}
    joint = limbs[0].boxes[0]
    assert known.holds(limbs[0].radiograph.crop(crop_frame(joint, limbs[0].radiograph))) == SAME


def test_what_was_saved_is_judged_again_as_it_is_served(limbs, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(training, "fit_gate", lambda *given: ({}, {"kinds": {"photograph": {}}}))
    for name in ("trust_section", "subgroup_rows", "known_failures"):  # of so few, there are none
        monkeypatch.setattr(training, name, lambda rows: {})
    monkeypatch.setattr(training, "_in_parts", lambda answers: answers.assign(run="part 0"))
    several = [
        replace(
            known,
            study=f"{known.study} {copy}",
            pixels=np.roll(known.pixels, copy, axis=1),
            split="test" if copy == 2 else "train",
        )
        for number, known in enumerate(limbs[:6])
        for copy in range(3 if number in {0, 3} else 2)  # one sound and one broken limb to test
    ]
    monkeypatch.setattr(training, "read_radiographs", lambda *_, **__: several)
    run, parts = plan_runs(several)["1"], known_parts()
    job = TrainingJob(run, RECIPE, RunFolder(tmp_path / "1"))
    weights = job.weights_after(RECIPE.epochs)
    write_weights(weights, collect_weights(build_looks_network(parts)))
    alone = judge(run, served(read_weights(weights)))
    answers = alone.joints[alone.joints["label"].isin(LABELS)].assign(run="part 0")
    out = tmp_path / "model"
    training.save_looks(out, job, {}, answers, [])
    before = load_model_folder(out)

    sheets = tmp_path / "sheets"
    figures = training.judge_looks_again(None, out, tmp_path, fold="1", sheets=sheets)
    after = load_model_folder(out)
    assert after.sha256 == before.sha256
    assert figures["held_out"]["fracture"]["pooled"]["n"] == len(answers) > 0
    assert figures["test"]["joints"]["0.3"]["recall"]["n"] > 0
    assert after.card["figures"].keys() == figures.keys()
    assert "worst_misses.png" in {each.name for each in sheets.iterdir()}
    assert {"photograph", "whole limb"} <= after.card["gate"]["kinds"].keys()
    for fold, why in (("0", "learned from fold 0"), ("6", "The folds are 0, 1, 2, 3 and 4")):
        with pytest.raises(TrainingError, match=why):
            training.judge_looks_again(None, out, tmp_path, fold=fold)


def test_the_command_names_runs_and_settings_and_prints_the_figures(
    reduced_folder, tmp_path, monkeypatch, capsys
) -> None:
    told: dict[str, object] = {}
    estimate = {"value": 0.9, "low": 0.8, "high": 0.95, "n": 40, "groups": 20}
    fracture = {
        "n": 40,
        "auroc": estimate,
        "accuracy": estimate,
        "always_normal_accuracy": 0.825,
        "confusion": {"counts": [[5, 2], [3, 30]]},
    }
    figure = {
        "joints": {"0.3": {"recall": estimate, "others_with": estimate | {"value": None}}},
        "fracture": {"pooled": fracture},
        "whole_way": {"found": estimate, "fracture": fracture},
        "pointing": {"map": estimate},
        "froc": {"iou 0.3": {"0.25": estimate | {"value": 0.5}, "1.0": estimate | {"value": 0.75}}},
    }

    def train(atlas, trunk, work, **settings):
        told.update(settings, trunk=trunk, work=work)
        return {"out_of_fold": figure}

    monkeypatch.setattr(training, "train_looks", train)
    words = ["train", "looks", str(reduced_folder), "--work", str(tmp_path), "--trunk", "w.npz"]
    assert main([*words, "--folds", "0, 3", "--large", "4", "--no-strong"]) == 0
    assert told["runs"] == ["0", "3"]
    assert told["trunk"] == "w.npz"
    assert told["recipe"] == LooksRecipe(large=4, strong=False)
    interval = "0.900 (0.800 to 0.950)"
    counts = "0.825  n 40, 7 fractured"
    assert capsys.readouterr().out.splitlines() == [
        "out of fold:",
        "  joints from 0.3: recall 0.900 (0.800 to 0.950), others with not defined; n 40",
        f"  fracture pooled    AUROC {interval}, accuracy {interval}, always normal {counts}",
        f"  joints found and named by the first look: {interval}, their fractures AUROC {interval}",
        "  highest map on the fracture: 0.900 (0.800 to 0.950) of 40",
        "  fractured joints found, iou 0.3: 0.500 at 0.25, 0.750 at 1.0 false boxes a joint",
    ]
