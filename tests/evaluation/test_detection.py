import sys

import numpy as np
import pytest

from fracture_widgets.errors import MissingExtra
from fracture_widgets.evaluation.detection import (
    Examined,
    Found,
    Marked,
    froc,
    froc_sensitivity,
    match,
    mean_average_precision,
    pointing,
    score_joints,
)
from fracture_widgets.imaging.boxes import Box

LEFT, RIGHT = Box(0.1, 0.1, 0.3, 0.3), Box(0.6, 0.6, 0.9, 0.9)
NOWHERE = Box(0.4, 0.1, 0.5, 0.2)


def test_iou_is_shared_over_covered():
    assert LEFT.iou(LEFT) == pytest.approx(1)
    assert LEFT.iou(RIGHT) == 0
    assert Box(0, 0, 2, 1).iou(Box(1, 0, 3, 1)) == pytest.approx(1 / 3)


def test_the_surest_choose_first_and_each_is_taken_once():
    marked = [Marked(LEFT), Marked(RIGHT)]
    found = [Found(LEFT, 0.3), Found(LEFT.grown(0.02), 0.9), Found(RIGHT, 0.1)]
    assert match(marked, found) == [(0, 1), (1, 2)]
    assert match(marked, []) == match([], found) == []
    assert match([Marked(Box(0, 0, 2, 1))], [Found(Box(1, 0, 3, 1), 1)], least_iou=0.3) == [(0, 0)]


def test_joints_are_found_missed_invented_and_named():
    pictures = [
        Examined(
            "a",
            (Marked(LEFT, "elbow"), Marked(RIGHT, "hand")),
            (Found(LEFT, 0.9, "elbow"), Found(RIGHT, 0.8, "elbow"), Found(NOWHERE, 0.7, "hand")),
        ),
        Examined("b", (Marked(LEFT, "hand"),), (Found(LEFT, 0.4, "hand"),)),
        Examined("c", (), (Found(LEFT, 0.95, "hand"),)),
    ]
    scores = score_joints(pictures, threshold=0.5, resamples=50)
    assert scores.recall.value == pytest.approx(2 / 3)
    assert scores.precision.value == pytest.approx(2 / 4)
    assert scores.body_part.value == pytest.approx(1 / 2)
    assert score_joints(pictures, threshold=0.3, resamples=0).recall.value == 1
    assert scores.recall.groups == 3
    assert scores.recall.low <= scores.recall.value <= scores.recall.high


def test_nothing_found_has_no_precision():
    scores = score_joints([Examined("a", (Marked(LEFT),))], threshold=0.5, resamples=5)
    assert scores.recall.value == 0
    assert np.isnan(scores.precision.value)


def _some_joints(seed, n=40):
    rng = np.random.default_rng(seed)

    def box():
        x, y = rng.uniform(0, 0.7, 2)
        return Box(x, y, x + rng.uniform(0.1, 0.3), y + rng.uniform(0.1, 0.3))

    joints = []
    for number in range(n):
        marked = tuple(Marked(box()) for _ in range(rng.integers(0, 3)))
        found = [Found(m.box.grown(rng.uniform(0, 0.3)), round(rng.random(), 1)) for m in marked]
        found += [Found(box(), round(rng.random(), 1)) for _ in range(rng.integers(0, 4))]
        joints.append(Examined(str(number // 2), marked, tuple(found)))
    return joints


def _counted(joints, threshold, is_on):
    """Sensitivity and false boxes a joint, box by box."""
    hits = false = broken = 0
    for joint in joints:
        shown = [f for f in joint.found if f.score >= threshold]
        on = [f for f in shown if any(is_on(f.box, m.box) for m in joint.marked)]
        false += len(shown) - len(on)
        broken += bool(joint.marked)
        hits += bool(on)
    return hits / broken, false / len(joints)


def _middle_in(found, marked):
    x, y = (found.x0 + found.x1) / 2, (found.y0 + found.y1) / 2
    return marked.x0 <= x <= marked.x1 and marked.y0 <= y <= marked.y1


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("hit", "is_on"), [("overlap", lambda a, b: a.iou(b) >= 0.5), ("pointing", _middle_in)]
)
def test_the_curve_is_that_of_counting_box_by_box(seed, hit, is_on):
    joints = _some_joints(seed)
    curve = froc(joints, hit=hit)
    assert len(curve.thresholds) > 5
    for threshold, false, found in zip(
        curve.thresholds, curve.false_boxes, curve.sensitivity, strict=True
    ):
        assert (found, false) == pytest.approx(_counted(joints, threshold, is_on))
    sensitivities = [
        s for s, f in (_counted(joints, t, is_on) for t in curve.thresholds) if f <= 0.5
    ]
    assert curve.at(0.5) == max(sensitivities)


def test_a_second_box_on_a_fracture_is_not_false():
    joints = [
        Examined("a", (Marked(LEFT),), (Found(LEFT, 0.9), Found(LEFT.grown(0.01), 0.8))),
        Examined("b", (), (Found(LEFT, 0.5),)),
    ]
    curve = froc(joints)
    assert curve.false_boxes.tolist() == [0, 0, 0, 0.5]
    assert curve.sensitivity.tolist() == [0, 1, 1, 1]


def test_sensitivities_have_intervals_of_whole_studies():
    joints = _some_joints(3)
    found = froc_sensitivity(joints, at=(0.25, 1.0), resamples=100)
    curve = froc(joints)
    assert found[0.25].value == curve.at(0.25)
    assert found[0.25].value < found[1.0].value
    assert found[1.0].low < found[1.0].value < found[1.0].high
    assert (found[1.0].n, found[1.0].groups) == (40, 20)


def test_pointing_asks_the_surest_box_alone():
    joints = [
        Examined("a", (Marked(LEFT),), (Found(NOWHERE, 0.4), Found(LEFT.grown(2), 0.9))),
        Examined("b", (Marked(LEFT),), (Found(NOWHERE, 0.9), Found(LEFT, 0.4))),
        Examined("c", (Marked(LEFT),)),
        Examined("d", (), (Found(LEFT, 0.4),)),
    ]
    share = pointing(joints, resamples=20)
    assert share.value == pytest.approx(1 / 3)
    assert share.n == 3


def test_average_precision_as_worked_out_by_hand():
    """Found, invented, found: precision 1 up to a recall of 0.5, two thirds up to 1."""
    pictures = [
        Examined(
            "a",
            (Marked(LEFT), Marked(RIGHT)),
            (Found(LEFT, 0.9), Found(NOWHERE, 0.8), Found(RIGHT, 0.7)),
        ),
    ]
    scores = mean_average_precision(pictures, resamples=0)
    expected = (51 + 50 * 2 / 3) / 101  # COCO asks at recalls 0, 0.01, ... 1
    assert scores.map50.value == pytest.approx(expected)
    assert scores.map50_95.value == pytest.approx(expected)


def test_an_overlap_counts_up_to_its_own_threshold():
    narrower = Box(LEFT.x0, LEFT.y0, LEFT.x1, LEFT.y0 + 0.72 * LEFT.height)  # an IoU of 0.72
    scores = mean_average_precision(
        [Examined("a", (Marked(LEFT),), (Found(narrower, 0.9),))], resamples=0
    )
    assert scores.map50.value == pytest.approx(1)
    assert scores.map50_95.value == pytest.approx(5 / 10)  # 0.5, 0.55, 0.6, 0.65 and 0.7


def test_the_mean_is_over_labels_and_a_wrong_label_is_none():
    pictures = [
        Examined(
            "a",
            (Marked(LEFT, "elbow"), Marked(RIGHT, "hand")),
            (Found(LEFT, 0.9, "elbow"), Found(RIGHT, 0.9, "elbow"), Found(RIGHT, 0.9, "foot")),
        ),
    ]
    assert mean_average_precision(pictures, resamples=0).map50.value == pytest.approx(0.5)


def test_nothing_found_is_zero_and_nothing_marked_is_not_defined():
    assert mean_average_precision([Examined("a", (Marked(LEFT),))], resamples=0).map50.value == 0
    nothing = mean_average_precision([Examined("a", (), (Found(LEFT, 1),))], resamples=0)
    assert np.isnan(nothing.map50.value)


def test_its_intervals_draw_whole_studies():
    scores = mean_average_precision(_some_joints(1), resamples=40)
    assert scores.map50.low < scores.map50.value < scores.map50.high
    assert scores.map50_95.value < scores.map50.value
    assert scores.map50.groups == 20


def test_without_its_library_one_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "faster_coco_eval", None)
    with pytest.raises(MissingExtra, match=r"fracture-widgets\[train\]"):
        mean_average_precision([Examined("a", (Marked(LEFT),))])
