"""Boxes of the paper's detectors: where they are looked for, what is taught, what comes out."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from fracture_widgets.models.networks import detectors
from fracture_widgets.models.networks.detectors import (
    MOST,
    RADIOGRAPH,
    RATIOS,
    TRUTH,
    Level,
    anchors,
    cross_entropy,
    decode,
    edges,
    encode,
    focal,
    matched,
    suppressed,
)
from fracture_widgets.models.networks.detectors.faster_rcnn import align, build_faster_rcnn
from fracture_widgets.models.networks.detectors.retinanet import LEVELS, build_retinanet
from fracture_widgets.models.networks.looks import build_looks_network

pytestmark = pytest.mark.keras

PICTURE = np.zeros((2, 96, 64, 1), np.float32)
TRUE = np.array([[[30, 30, 46, 50], [4, 60, 40, 90]], [[20, 10, 36, 24], [0, 0, 0, 0]]], np.float32)


def test_anchors_lie_in_the_middle_of_every_cell_and_have_the_areas_and_ratios_asked_for() -> None:
    levels = [Level(8, (16, 20)), Level(32, (64,))]
    boxes = np.asarray(anchors(levels, PICTURE))
    assert boxes.shape == (12 * 8 * 6 + 3 * 2 * 3, 4)
    middles, sides = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
    np.testing.assert_allclose(middles[0], [4, 4])
    np.testing.assert_allclose(middles[6], [12, 4])
    np.testing.assert_allclose(middles[-1], [48, 80])
    np.testing.assert_allclose(sides.prod(-1)[:3], 16**2, rtol=1e-5)
    np.testing.assert_allclose((sides[:, 1] / sides[:, 0])[:3], RATIOS, rtol=1e-5)
    half = np.asarray(anchors([level.scaled(240) for level in levels], PICTURE))
    np.testing.assert_allclose(half[:, 2:] - half[:, :2], sides / 2, rtol=1e-5)


def test_what_is_encoded_is_decoded_and_cut_at_the_edge() -> None:
    places = np.array([[20, 20, 40, 50], [0, 0, 10, 10], [50, 70, 70, 100]], np.float32)
    boxes = np.array([[22, 18, 50, 44], [1, 2, 12, 30], [40, 60, 60, 90]], np.float32)
    deltas = encode(places, boxes[None])
    np.testing.assert_allclose(decode(places, deltas, PICTURE)[0], boxes, atol=1e-3)
    beyond = np.array([[22, 18, 80, 44]], np.float32)
    cut = np.asarray(decode(places[:1], encode(places[:1], beyond[None]), PICTURE))[0, 0]
    np.testing.assert_allclose(cut, [22, 18, 64, 44], atol=1e-3)
    assert np.isfinite(
        np.asarray(decode(places, np.full((1, 3, 4), 1e9, np.float32), PICTURE))
    ).all()


def test_places_are_told_what_they_should_be() -> None:
    places = np.array(
        [[30, 30, 46, 50], [32, 30, 50, 50], [36, 30, 52, 50], [0, 0, 8, 8], [4, 70, 40, 84]],
        np.float32,
    )
    limits = {"least": 0.7, "most_false": 0.4}
    labels, boxes = map(np.asarray, matched(places, TRUE, **limits, force=False))
    assert labels[0].tolist() == [1, 1, -1, 0, -1]
    np.testing.assert_array_equal(boxes[0, 1], TRUE[0, 0])
    assert labels[1].tolist() == [0, 0, 0, 0, 0]
    forced, theirs = map(np.asarray, matched(places, TRUE, **limits, force=True))
    assert forced[0].tolist() == [1, 1, -1, 0, 1]
    np.testing.assert_array_equal(theirs[0, 4], TRUE[0, 1])
    nothing = np.zeros((1, 1, 4), np.float32)
    assert not np.asarray(matched(places, nothing, **limits, force=True)[0]).any()


def test_losses_count_what_is_known_alone() -> None:
    labels = np.array([[1.0, 0.0, -1.0]], np.float32)
    right, wrong = np.array([[9.0, -9.0, 9.0]]), np.array([[-9.0, 9.0, 9.0]])
    for loss in (focal, cross_entropy):
        assert float(loss(labels, right.astype(np.float32))) < 1e-3
        assert float(loss(labels, wrong.astype(np.float32))) > 1
    places = TRUE[:1, [0, 1, 1]]
    still = np.zeros((1, 3, 4), np.float32)
    assert float(edges(labels, places, places, still)) == pytest.approx(0, abs=1e-6)
    elsewhere = places + np.array([[[4.0]], [[8.0]], [[8.0]]], np.float32).reshape(1, 3, 1)
    only_first = places.copy()
    only_first[0, 1:] = elsewhere[0, 1:]
    assert float(edges(labels, places, only_first, still)) == pytest.approx(0, abs=1e-6)
    assert float(edges(labels, places, elsewhere, still)) > 0.1


def test_the_surest_of_boxes_that_overlap_is_kept() -> None:
    boxes = np.array([[[0, 0, 10, 10], [1, 0, 11, 10], [30, 30, 40, 40]]], np.float32)
    scores = np.array([[0.5, 0.9, 0.2]], np.float32)
    kept = np.asarray(suppressed(boxes, scores, most=4, overlap=0.5, least=0.1))
    np.testing.assert_allclose(kept[0, :2, 4], [0.9, 0.2])
    np.testing.assert_allclose(kept[0, 0, :4], boxes[0, 1])
    assert not kept[0, 2:].any()


def test_regions_are_cut_out_exactly_where_they_lie() -> None:
    rows, columns = np.mgrid[:12, :10].astype(np.float32)
    ramp = np.stack([columns + 0.5, rows + 0.5], -1)[None] * 8
    regions = np.array([[[12.0, 20.0, 40.0, 76.0], [33.0, 30.0, 47.0, 37.0]]], np.float32)
    cells = np.asarray(align(ramp, regions, stride=8))
    assert cells.shape == (1, 2, 7, 7, 2)
    for region, cut in zip(regions[0], cells[0], strict=True):
        side = (region[2:] - region[:2]) / 7
        for at in range(7):
            wanted = region[:2] + (at + 0.5) * side
            np.testing.assert_allclose(cut[at, at], wanted, atol=1e-3)


def small_stages(radiograph: keras.KerasTensor) -> dict[str, keras.KerasTensor]:
    """Return two stages in the place of ResNet-50's, the first frozen as its are."""
    x = keras.layers.Rescaling(1 / 128, offset=-1, name="scaled")(radiograph)
    x = keras.layers.Conv2D(16, 8, 8, activation="relu", name="conv3_conv")(x)
    return {"conv3": x, "conv4": keras.layers.Conv2D(16, 2, 2, name="conv4_conv")(x)}


def test_the_trunk_is_that_of_the_network_that_looks_twice() -> None:
    theirs = {layer.name: layer.count_params() for layer in build_looks_network(["a"]).layers}
    ours = {layer.name: layer.count_params() for layer in build_retinanet().learner.layers}
    trunk = {name for name in theirs if name.startswith(("conv1_", "conv2_", "conv3_", "conv4_"))}
    assert {name: ours[name] for name in trunk} == {name: theirs[name] for name in trunk}


@pytest.mark.slow
@pytest.mark.parametrize("build", [build_retinanet, build_faster_rcnn])
def test_a_detector_finds_boxes_in_the_picture_and_learns_from_two(build, monkeypatch) -> None:
    monkeypatch.setattr(detectors, "resnet50_stages", small_stages)
    keras.utils.set_random_seed(1)
    detector = build(96)
    rng = np.random.default_rng(0)
    pixels = rng.uniform(0, 80, PICTURE.shape).astype(np.float32)
    for picture, boxes in zip(pixels, TRUE.astype(int), strict=True):
        for x0, y0, x1, y1 in boxes:
            picture[y0:y1, x0:x1] += 150
    found = np.asarray(detector.finder(pixels))
    assert found.shape == (2, MOST, 5)
    assert (found >= 0).all()
    assert (found[..., [0, 2]] <= 64).all()
    assert (found[..., [1, 3]] <= 96).all()

    learner = detector.learner
    assert {weight.path for weight in detector.finder.weights} <= {
        weight.path for weight in learner.weights
    }
    for layer in learner.layers:
        layer.trainable = layer.name != "conv3_conv"
    learner.compile(optimizer=keras.optimizers.Adam(1e-3), jit_compile=False)
    given = {RADIOGRAPH: pixels, TRUTH: TRUE}
    losses = [float(learner.train_on_batch(given)) for _ in range(8)]
    assert np.isfinite(losses).all()
    assert losses[-1] < 0.7 * losses[0]


def test_keras_hub_teaches_the_same() -> None:
    pytest.importorskip("keras_hub", reason="keras-hub is an oracle, not a dependency")
    from keras_hub.src.models.retinanet.retinanet_label_encoder import RetinaNetLabelEncoder

    places = anchors(LEVELS, PICTURE)

    def generator(_: object) -> dict[str, object]:
        return {"all": places}

    generator.bounding_box_format = "xyxy"
    encoder = RetinaNetLabelEncoder(generator, "xyxy", box_variance=[0.1, 0.1, 0.2, 0.2])
    deltas, classes = (
        np.asarray(x) for x in encoder(PICTURE, TRUE, np.zeros(TRUE.shape[:2], np.float32))
    )
    labels, boxes = matched(places, TRUE, least=0.5, most_false=0.4, force=False)
    ours = np.asarray(labels)
    assert (ours > 0).any()
    np.testing.assert_array_equal(ours, np.select([classes == 0, classes == -1], [1, 0], -1))
    taught = np.asarray(encode(places, boxes))
    np.testing.assert_allclose(taught[ours > 0], deltas[ours > 0], atol=1e-4)
