"""What the network should have said, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from fracture_widgets.training.recipes.looks.radiographs import (
    LIMB,
    OTHER,
    Joint,
    LabelledRadiograph,
)
from fracture_widgets.training.recipes.looks.targets import dense_targets

SIZE = 128
PLAIN = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
EVERYTHING = np.ones((SIZE, SIZE), bool)


def _known(joints=(), outlines=(), kind=LIMB) -> LabelledRadiograph:
    pixels = np.zeros((SIZE, SIZE), np.uint8)
    outlines = tuple(
        np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], float) for x0, y0, x1, y1 in outlines
    )
    return LabelledRadiograph(
        "one", kind, "study", "train", pixels, tuple(joints), outlines, bool(outlines)
    )


def _joint(box, part=1, label=1) -> Joint:
    return Joint(part, np.array(box, float), label)


def test_a_joint_has_its_centre_its_bell_and_its_sides() -> None:
    joint = _joint((20, 36, 84, 60))  # 4 x 1.5 cells of 16, its centre at 3.25, 3.0
    targets = dense_targets(_known([joint]), PLAIN, EVERYTHING, joint)
    heat = targets.joints.heat
    assert heat.shape == (8, 8, 3)
    assert heat[3, 3, 1] == 1
    assert heat[..., [0, 2]].max() == 0
    wanted = np.exp(-((1.25 / 0.55) ** 2 + (0.5 / 0.55) ** 2) / 2)
    assert heat[3, 4, 1] == pytest.approx(wanted)
    assert targets.joints.weight.min() == 1
    sides = targets.joints.sides
    assert sides[3, 3] == pytest.approx([3.5 - 1.25, 3.5 - 2.25, 5.25 - 3.5, 3.75 - 3.5, 1])
    # One cell to the side lies within a quarter of the width; none below, of the height.
    assert sides[3, 4] == pytest.approx([4.5 - 1.25, 3.5 - 2.25, 5.25 - 4.5, 3.75 - 3.5, 0.5])
    assert (sides[..., 4] > 0).sum() == 3


def test_a_joint_that_is_shown_in_part_is_passed_over() -> None:
    inside, partly, hardly = (-20, 0, 100, 60), (-60, 0, 40, 60), (-100, 0, 10, 60)
    for box, weight, centres in ((inside, 1, 1), (partly, 0, 0), (hardly, 1, 0)):
        targets = dense_targets(_known([_joint(box)]), PLAIN, EVERYTHING, None)
        assert targets.joints.weight[0, 0, 0] == weight
        assert (targets.joints.heat == 1).sum() == centres


def test_a_fracture_has_its_share_its_centre_and_its_sides() -> None:
    targets = dense_targets(_known([], [(32, 40, 52, 56)]), PLAIN, EVERYTHING, None)
    share = targets.share[..., 0]
    assert share.shape == (16, 16)
    assert share[5:7, 4:6] == pytest.approx(1)
    assert 0.5 <= share[5, 6] <= 0.7  # half of the cell, and the outline's own pixels
    assert share[:4].max() == share[:, 8:].max() == 0
    assert np.argwhere(targets.fractures.heat[..., 0] == 1).tolist() == [[6, 5]]
    assert targets.fractures.sides[6, 5] == pytest.approx([1.5, 1.5, 1.0, 0.5, 1])


def test_what_a_frame_hides_is_not_taught() -> None:
    shown = EVERYTHING.copy()
    shown[:, :64] = False
    known = _known([_joint((8, 8, 56, 56))], [(10, 10, 30, 30), (50, 80, 82, 112)])
    targets = dense_targets(known, PLAIN, shown, known.joints[0])
    assert targets.joints.heat.max() == 0
    assert targets.share[:, :8].max() == 0
    assert targets.share[12, 9] == 1
    assert (targets.fractures.heat == 1).sum() == 1
    assert targets.label.tolist() == [0] * 8


@pytest.mark.parametrize(("label", "part"), [(1, 0), (0, 2)])
def test_the_label_of_a_joint_counts_for_its_part_alone(label, part) -> None:
    joint = _joint((20, 20, 100, 100), part, label)
    targets = dense_targets(_known([joint]), PLAIN, EVERYTHING, joint)
    wanted, weight = np.zeros(4), np.zeros(4)
    wanted[0] = wanted[1 + part] = label
    weight[1 + part] = 1
    assert targets.label.tolist() == [*wanted, *weight]


def test_labels_of_unclear_joints_and_of_whole_limbs_do_not_count() -> None:
    joint = _joint((20, 20, 100, 100), label=-1)
    for focus in (joint, None):
        targets = dense_targets(_known([joint]), PLAIN, EVERYTHING, focus)
        assert targets.label.tolist() == [0] * 8


@pytest.mark.parametrize(("outlines", "fractured"), [([(32, 40, 52, 56)], 1), ([], 0)])
def test_other_parts_teach_what_is_a_fracture_of_anything(outlines, fractured) -> None:
    targets = dense_targets(_known([], outlines, OTHER), PLAIN, EVERYTHING, None)
    assert targets.label.tolist() == [fractured, 0, 0, 0, 1, 0, 0, 0]


def test_of_two_joints_each_centre_keeps_its_own_sides() -> None:
    left, right = _joint((0, 30, 70, 90), 0), _joint((20, 30, 96, 90), 2)
    targets = dense_targets(_known([left, right]), PLAIN, EVERYTHING, None)
    assert targets.joints.heat[3, 2, 0] == targets.joints.heat[3, 3, 2] == 1
    assert targets.joints.sides[3, 2] == pytest.approx(
        [2.5, 3.5 - 30 / 16, 70 / 16 - 2.5, 90 / 16 - 3.5, 1]
    )
    assert targets.joints.sides[3, 3][4] == 1
