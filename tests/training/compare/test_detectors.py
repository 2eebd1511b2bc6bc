"""Detectors trained on drawn limbs: they learn, end alike however cut up, and are judged."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from fracture_widgets.base.progress import Cancelled, Monitor
from fracture_widgets.cli import main
from fracture_widgets.datasets.fracatlas import FracAtlas
from fracture_widgets.datasets.split import official_split
from fracture_widgets.errors import TrainingError
from fracture_widgets.imaging.boxes import Box
from fracture_widgets.models.record import Finding
from fracture_widgets.models.weight_files import collect_weights, read_weights, write_weights
from fracture_widgets.training.compare import detector_training as training
from fracture_widgets.training.compare import detectors
from fracture_widgets.training.compare.detector_training import (
    Architecture,
    DetectorJob,
    fit_detector,
    read_pictures,
)
from fracture_widgets.training.plan import DetectorPlan
from fracture_widgets.training.recipes.looks.radiographs import OTHER, LabelledRadiograph
from fracture_widgets.training.run_folder import RunFolder, history_table

pytestmark = pytest.mark.keras

PLAN = DetectorPlan(epochs=4, size=160, batch=3, rate=1e-2, rise=2, scaling=0.05)
OPTIONS = ["--epochs", "2", "--size", "96", "--batch", "3", "--resamples", "5"]


@pytest.fixture(autouse=True)
def tiny(monkeypatch, tiny_detector) -> None:
    """Let both networks be tiny, and start at random."""
    monkeypatch.setattr(training, "fill_from_imagenet", lambda network, trunk: None)
    networks = {
        name: replace(each, build=tiny_detector) for name, each in training.NETWORKS.items()
    }
    monkeypatch.setattr(detectors, "NETWORKS", networks)


@pytest.fixture
def job(drawn_atlas, tmp_path, tiny_detector) -> DetectorJob:
    with FracAtlas.open(drawn_atlas) as atlas:
        split = official_split(atlas)
        train, valid = (read_pictures(atlas, part, PLAN) for part in (split.train, split.valid))
    network = Architecture("tiny", "Tiny", tiny_detector)
    return DetectorJob(network, train, valid, split.studies, PLAN, RunFolder(tmp_path / "once"))


def _taught(job: DetectorJob, stop_at: float = np.inf) -> dict[str, np.ndarray]:
    """Train until a number of steps; return the weights."""

    def stepped(done: int, _total: int | None, _what: str) -> None:
        if done > stop_at:
            raise Cancelled

    detector = training.started(job, "none")
    with job.folder.locked():
        fit_detector(detector, job, Monitor(stepped))
    return collect_weights(detector.learner)


def test_it_learns_and_a_killed_run_ends_as_one_that_was_not(job, tmp_path) -> None:
    start = collect_weights(training.started(job, "none").learner)
    once = _taught(job)
    history = job.folder.history()
    assert len(history) == PLAN.epochs
    assert history["loss"].min() < 0.97 * history["loss"].iloc[0]
    assert history["val_loss"].between(0, 1).all()
    for name, weights in once.items():
        assert np.array_equal(weights, start[name]) == name.startswith(training.FROZEN), name

    again = replace(job, folder=RunFolder(tmp_path / "again"))
    with pytest.raises(Cancelled):
        _taught(again, stop_at=2 * 3 + 1)
    assert len(again.folder.history()) == 2
    twice = _taught(again)
    np.testing.assert_allclose(again.folder.history()["loss"], history["loss"], rtol=1e-4)
    for name in once:
        np.testing.assert_allclose(twice[name], once[name], atol=1e-3, err_msg=name)
    with pytest.raises(TrainingError, match=r"begun with other settings \(rate 0.01, not 0.5\)"):
        _taught(replace(again, plan=replace(PLAN, rate=0.5)))


def test_the_command_trains_judges_and_does_nothing_twice(drawn_atlas, tmp_path, capsys) -> None:
    words = ["compare", "detectors", str(drawn_atlas), *OPTIONS, "--out", str(tmp_path / "out")]
    words += ["--work", str(tmp_path / "work"), "--models", "retinanet", "faster-rcnn"]
    assert main(words) == 0
    said = capsys.readouterr()
    assert "Official split, at hand: 6 of 6 train, 3 of 3 valid, 3 of 3 test." in said.out
    assert "retinanet: epoch 2 of 2: loss " in said.err
    assert "| RetinaNet | " in said.out
    assert "| FracDet-v11 (published) | 0.479 | 0.209 |" in said.out
    assert "All: 3 radiographs, 3 studies, " in said.out
    assert "Upper limb: 2 radiographs, 2 studies, " in said.out
    table = pd.read_csv(tmp_path / "out" / "detectors.csv")
    assert set(table["model"]) == {"retinanet", "faster-rcnn"}
    assert table["value"].between(0, 1).all()
    found = pd.read_csv(tmp_path / "out" / "found.csv")
    assert len(found)
    assert found[["x0", "y0", "x1", "y1", "score"]].stack().between(0, 1).all()
    facts = json.loads((tmp_path / "work" / "retinanet" / "facts.json").read_text())
    kept = read_weights(tmp_path / "work" / "retinanet" / "weights.npz")
    assert facts["parameters"] == sum(array.size for array in kept.values())
    assert 0 < facts["trained_parameters"] < facts["parameters"]
    assert facts["seconds"] > 0

    assert main(words) == 0
    again = capsys.readouterr()
    assert again.out == said.out
    assert "faster-rcnn: It was trained and judged before." in again.err
    assert main([*words, "--rate", "0.5"]) == 1
    assert "begun with other settings (rate 0.0003, not 0.5)" in capsys.readouterr().err


class Network:
    """A network of eight weights, of which six are taught."""

    trainable_variables = (np.zeros((3, 2)),)

    @staticmethod
    def count_params() -> int:
        return 8


class Looking:
    """A model that sees two fractures on every radiograph."""

    def __init__(self, weights) -> None:
        assert set(weights) == {"a/kernel"}

    def prepare(self, radiograph):
        return radiograph

    def find_joints(self, prepared):
        return [prepared, prepared]

    def look_at(self, prepared, joints):
        box = Box(0.1, 0.1, 0.2, 0.2)
        return [Seen((Finding("fracture", "x", 0.5, "boxes", box),)) for _ in joints]


class Seen:
    def __init__(self, findings) -> None:
        self.findings = findings


def test_two_looks_are_taught_without_the_studies_of_the_other_parts(
    drawn_atlas, tmp_path, monkeypatch, capsys
) -> None:
    taught: list[set[str]] = []
    with FracAtlas.open(drawn_atlas) as atlas:
        split = official_split(atlas)
    black = np.zeros((9, 9), np.uint8)
    known = [
        LabelledRadiograph(name, OTHER, study, "train", black, (), (), fractured=False)
        for name, study in [*split.studies.items(), ("sound.jpg", "another study")]
    ]

    def fit(network, job, monitor):
        taught.append({known.study for known in job.run.learned})
        weights = job.weights_after(job.recipe.epochs)
        write_weights(weights, {"a/kernel": np.zeros((3, 2))})
        job.folder.keep(job.record, history_table([{"loss": 1.0}]), {"a": np.zeros(1)})
        return weights

    monkeypatch.setattr(detectors, "read_radiographs", lambda *_, **__: known)
    monkeypatch.setattr(detectors, "fit_looks", fit)
    monkeypatch.setattr(detectors, "new_network", lambda recipe, trunk: Network)
    monkeypatch.setattr(detectors, "served", Looking)
    words = ["compare", "detectors", str(drawn_atlas), "--models", "two-looks", "--resamples", "2"]
    words += ["--out", str(tmp_path / "out"), "--work", str(tmp_path / "work")]
    assert main(words) == 0
    assert "| Two looks (ours) | 8 | 6 | 16 (16) | " in capsys.readouterr().out
    assert taught == [{"another study", *(split.studies[name] for name in split.train)}]
    found = pd.read_csv(tmp_path / "out" / "found.csv")
    assert found["image_id"].value_counts().to_dict() == dict.fromkeys(split.test, 2)
    assert main(words) == 0
    assert "two-looks: It was trained and judged before." in capsys.readouterr().err
    assert len(taught) == 1


def test_a_detector_that_there_is_not_is_said(drawn_atlas, tmp_path, capsys) -> None:
    words = ["compare", "detectors", str(drawn_atlas), "--out", str(tmp_path)]
    assert main([*words, "--models", "yolo"]) == 1
    assert "There is no detector called yolo: choose among" in capsys.readouterr().err
    assert main([*words, "--size", "100"]) == 1
    assert "size is a multiple of 32, 64 or more." in capsys.readouterr().err
