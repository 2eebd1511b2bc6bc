"""The shipped cascade: what it answers, how, and that both engines say the same."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fracture_widgets import Cascade, predict, sample_phantoms
from fracture_widgets.errors import ModelError, UnreadableRadiograph
from fracture_widgets.imaging.preprocessing import network_input
from fracture_widgets.models.compose import load_composition
from fracture_widgets.models.engine import OnnxEngine
from fracture_widgets.models.folder import default_models_folder, load_model_folder
from fracture_widgets.models.report import Report
from fracture_widgets.parts import BODY_PARTS
from fracture_widgets.phantoms import Phantom

SAMPLES = sample_phantoms()


@pytest.fixture(scope="module")
def cascade() -> Cascade:
    return Cascade.load()


@pytest.fixture(scope="module")
def reports(cascade: Cascade) -> list[Report]:
    return [cascade.examine(sample.radiograph) for sample in SAMPLES]


@pytest.mark.slow
def test_the_samples_are_answered_rightly(reports: list[Report]) -> None:
    given = [(report.body_part, report.label) for report in reports]
    assert given == [(sample.body_part, sample.label) for sample in SAMPLES]


@pytest.mark.slow
def test_probabilities_are_probabilities(reports: list[Report]) -> None:
    for report in reports:
        assert sum(report.body_part_probabilities.values()) == pytest.approx(1, abs=1e-5)
        assert report.body_part_probability == max(report.body_part_probabilities.values())
        assert 0 <= report.fracture_probability <= 1
        assert (report.label == "fractured") == (report.fracture_probability > 0.5)


@pytest.mark.slow
def test_maps_cover_the_radiograph(reports: list[Report]) -> None:
    for report in reports:
        height, width = report.radiograph.pixels.shape
        for heat in (report.heatmap, report.fracture_map):
            assert heat.dtype == np.float32
            assert heat.shape[1] / heat.shape[0] == pytest.approx(width / height, rel=0.02)
            assert 0 <= heat.min() <= heat.max() <= 1


@pytest.mark.slow
@pytest.mark.parametrize("size", [2, len(SAMPLES)])
def test_many_are_answered_in_one_pass_as_each_by_itself(
    cascade: Cascade, reports: list[Report], size: int
) -> None:
    prepared = [cascade.prepare(sample.radiograph) for sample in SAMPLES]
    answers = [
        answer
        for first in range(0, len(prepared), size)
        for answer in cascade.answer(prepared[first : first + size])
    ]
    for answer, report in zip(answers, reports, strict=True):
        assert (answer.body_part, answer.label) == (report.body_part, report.label)
        assert answer.body_part_probability == pytest.approx(report.body_part_probability, abs=1e-5)
        assert answer.fracture_probability == pytest.approx(report.fracture_probability, abs=1e-5)
        for found, expected in zip(answer.findings, report.answer.findings, strict=True):
            assert found.box.iou(expected.box) > 0.99
            assert found.score == pytest.approx(expected.score, abs=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(
    "sample", [one for one in SAMPLES if one.boxes], ids=lambda one: one.body_part
)
def test_the_fracture_map_is_highest_on_the_drawn_fracture(
    cascade: Cascade, sample: Phantom
) -> None:
    heat = cascade.examine(sample.radiograph).fracture_map
    row, column = np.unravel_index(heat.argmax(), heat.shape)
    x, y = (column + 0.5) / heat.shape[1], (row + 0.5) / heat.shape[0]
    near = [box.grown(0.5) for box in sample.boxes]
    assert any(box.x0 <= x <= box.x1 and box.y0 <= y <= box.y1 for box in near)


@pytest.mark.slow
def test_findings_are_boxes_of_the_joints_that_they_are_on(reports: list[Report]) -> None:
    for report in reports:
        (joint,) = report.answer.joints
        assert report.answer.findings == joint.answer.findings
        for finding in report.answer.findings:
            assert (finding.kind, finding.source) == ("fracture", "fracture boxes")
            assert finding.body_part == report.body_part
            assert finding.box.overlap(joint.box.grown(0.5)) > 0.5 * finding.box.area
    broken = [report for report in reports if report.label == "fractured"]
    assert all(report.answer.findings for report in broken)


@pytest.mark.slow
def test_the_highest_place_of_the_fracture_map_of_a_crop_is_its_finding(crops: Cascade) -> None:
    for sample in SAMPLES:
        report = crops.examine(sample.radiograph)
        (finding,) = report.answer.findings
        assert (finding.kind, finding.source) == ("fracture", "fracture map")
        assert finding.body_part == report.body_part
        assert finding.score == report.fracture_map.max()
        x, y = finding.place
        height, width = report.fracture_map.shape
        assert report.fracture_map[int(y * height), int(x * width)] == finding.score


@pytest.mark.slow
def test_a_mirrored_crop_gets_the_same_answer_and_the_mirrored_map(crops: Cascade) -> None:
    pixels = SAMPLES[0].radiograph.pixels
    square = pixels[: min(pixels.shape), : min(pixels.shape)]
    one, other = (
        crops.examine(replace(SAMPLES[0].radiograph, pixels=np.ascontiguousarray(seen)))
        for seen in (square, square[:, ::-1])
    )
    assert one.fracture_probability == pytest.approx(other.fracture_probability, abs=1e-4)
    assert one.body_part_probabilities == pytest.approx(other.body_part_probabilities, abs=1e-4)
    np.testing.assert_allclose(one.fracture_map, other.fracture_map[:, ::-1], atol=1e-3)


@pytest.mark.slow
def test_the_answer_is_the_mean_of_both_ways_in_log_odds(cascade: Cascade) -> None:
    radiograph = SAMPLES[1].radiograph
    part = cascade.examine(radiograph).body_part
    inputs = network_input(radiograph.pixels)[None]
    model = load_model_folder()
    engine = OnnxEngine.of_graph(model.graph, model.weights)
    alone = [engine.run(seen)[part][0] for seen in (inputs, inputs[:, :, ::-1])]
    mean = np.mean([np.log(answers[0] / answers[1]) for answers in alone])
    given = cascade.examine(radiograph).fracture_probability
    assert np.log(given / (1 - given)) == pytest.approx(mean, abs=1e-2)


@pytest.mark.slow
def test_a_report_is_ready_for_json(reports: list[Report]) -> None:
    row = json.loads(json.dumps(reports[0].to_dict()))
    assert row["name"] == SAMPLES[0].radiograph.name
    assert row["body_part"] == SAMPLES[0].body_part


@pytest.mark.slow
def test_the_same_radiograph_gets_the_same_answer_from_many_threads(
    cascade: Cascade, reports: list[Report]
) -> None:
    with ThreadPoolExecutor(4) as pool:
        again = list(pool.map(cascade.examine, [one.radiograph for one in SAMPLES[:2]] * 3))
    for report, expected in zip(again, reports[:2] * 3, strict=True):
        assert report.fracture_probability == pytest.approx(expected.fracture_probability, abs=1e-5)


@pytest.mark.keras
def test_keras_and_onnx_give_the_same_report(reports: list[Report]) -> None:
    reference = Cascade.load(engine="keras")
    for sample, report in zip(SAMPLES, reports, strict=True):
        expected = reference.examine(sample.radiograph)
        assert report.fracture_probability == pytest.approx(expected.fracture_probability, abs=1e-4)
        np.testing.assert_allclose(report.fracture_map, expected.fracture_map, atol=1e-4)
        np.testing.assert_allclose(report.heatmap, expected.heatmap, atol=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("gate", [True, False])
def test_of_a_picture_of_which_much_is_missing_no_verdict_is_given_unasked(
    cascade: Cascade, crops: Cascade, gate: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not gate:
        monkeypatch.setattr(crops._answers, "_gate", None)
    report = (cascade if gate else crops).examine(replace(SAMPLES[0].radiograph, missing=0.4))
    assert report.refused
    assert report.answer.refusal.startswith("The file is cut short and 40 % of the picture")
    assert not report.override().refused


def test_an_engine_of_another_name_is_refused() -> None:
    with pytest.raises(ModelError, match="one of auto, onnx, openvino, keras"):
        Cascade.load(engine="torch")


def test_an_operating_point_of_another_name_is_refused() -> None:
    with pytest.raises(ModelError, match="one of sensitive, balanced. Received: 'brave'"):
        Cascade.load(operating_point="brave")


@pytest.mark.slow
def test_operating_points_share_probabilities_and_are_models_of_their_own(cascade: Cascade) -> None:
    balanced = Cascade.load(operating_point="balanced")
    assert balanced.sha256 != cascade.sha256 == load_composition().sha256
    for sample in SAMPLES[:2]:
        usual, other = cascade.examine(sample.radiograph), balanced.examine(sample.radiograph)
        assert other.model == balanced.sha256
        assert other.calibrated_probability == usual.calibrated_probability
        assert (usual.answer.band.point, other.answer.band.point) == ("sensitive", "balanced")
        assert usual.answer.band.low < other.answer.band.low
        assert other.answer.band.high < usual.answer.band.high


@pytest.mark.slow
def test_weights_that_make_no_network_are_refused_with_a_sentence() -> None:
    model = load_model_folder()
    weights = dict(model.weights)
    weights["hand_dense2/kernel"] = weights["hand_dense2/kernel"][:5]
    with pytest.raises(ModelError, match="cannot be run here"):
        OnnxEngine.of_graph(model.graph, weights)


@pytest.mark.usefixtures("answered_once")
class TestThePapersPredict:
    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        sample = next(one for one in SAMPLES if one.body_part == "hand" and one.boxes)
        path = tmp_path / "hand.png"
        path.write_bytes(sample.radiograph.to_png())
        return path

    @pytest.mark.slow
    def test_names_the_body_part(self, path: Path) -> None:
        assert predict(path) == "Hand"

    @pytest.mark.slow
    @pytest.mark.parametrize("part", [part.capitalize() for part in BODY_PARTS])
    def test_asks_the_network_it_is_told_to(self, path: Path, part: str) -> None:
        assert predict(path, model=part) in {"fractured", "normal"}

    def test_finds_the_fracture(self, path: Path) -> None:
        assert predict(path, model="Hand") == "fractured"

    def test_knows_no_other_models(self, path: Path) -> None:
        with pytest.raises(ModelError, match="Parts, Elbow, Hand, Shoulder"):
            predict(path, model="Knee")

    def test_says_what_is_no_radiograph(self, tmp_path: Path) -> None:
        with pytest.raises(UnreadableRadiograph, match=r"nothing\.png"):
            predict(tmp_path / "nothing.png")


class TestTheCard:
    def test_says_what_it_is_not(self, cascade: Cascade) -> None:
        assert "Not a medical device" in cascade.card["notice"]

    def test_credits_data_and_weights(self, cascade: Cascade) -> None:
        credited = cascade.card["attribution"]
        assert "CC BY 4.0" in credited["radiographs"]
        assert "MIT" in credited["conv1_to_conv4"]

    def test_has_every_figure_with_its_interval_its_n_and_the_baseline(
        self, cascade: Cascade
    ) -> None:
        for figures in cascade.card["figures"].values():
            for scores in figures["fracture"].values():
                assert scores["auroc"]["low"] <= scores["auroc"]["value"] <= scores["auroc"]["high"]
                assert scores["n"] > 0
                assert 0 < scores["always_normal_accuracy"] < 1

    def test_what_ships_is_at_most_60_megabytes_and_no_pickle(self) -> None:
        files = [path for path in default_models_folder().iterdir() if path.is_file()]
        assert sum(path.stat().st_size for path in files) < 60e6
        assert {path.suffix for path in files} <= {".csv", ".json", ".npy", ".npz", ".md"}
