"""Two looks: joints of a whole radiograph, the gravest of which is its answer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scripted_looks import Scripted, scripted_cascade

from fracture_widgets.imaging.boxes import Box
from fracture_widgets.imaging.radiograph import Radiograph
from fracture_widgets.models.looks import NO_JOINT
from fracture_widgets.parts import Verdict

_RNG = np.random.default_rng(0)


@pytest.fixture
def limb() -> Radiograph:
    pixels = _RNG.uniform(0, 1, (400, 320)).astype(np.float32)
    return Radiograph(pixels=pixels, name="limb.png", sha256="0", source_format="PNG")


def test_the_gravest_joint_is_the_answer_and_all_are_kept(limb: Radiograph) -> None:
    joints = [(4, 6, 0, (3, 3, 3, 3)), (14, 10, 1, (4, 4, 4, 4))]
    engine = Scripted(joints, logits=(0.0, 4.0, 0.0))
    report = scripted_cascade(engine).examine(limb)
    assert [shape[:2] for shape in engine.looked] == [(1, 320), (1, 224), (2, 256)]
    assert report.body_part == "hand"
    assert report.verdict is Verdict.FRACTURE
    assert [joint.answer.body_part for joint in report.answer.joints] == ["hand", "elbow"]
    assert [joint.verdict for joint in report.answer.joints] == [
        Verdict.FRACTURE,
        Verdict.NONE_SEEN,
    ]
    assert [joint.to_dict()["verdict"] for joint in report.answer.joints] == [
        "fracture",
        "none seen",
    ]
    # The view is a square of 400 pixels, 320 of them of the radiograph's width.
    hand = report.answer.joints[0].box
    assert (hand.x0, hand.x1) == pytest.approx(((6.5 * 20 - 40) / 320, (14.5 * 20 - 40) / 320))
    assert (hand.y0, hand.y1) == pytest.approx((10.5 * 20 / 400, 18.5 * 20 / 400))


def test_a_joint_that_fills_the_radiograph_is_seen_from_further_away(limb: Radiograph) -> None:
    part_of_it, beside = (8, 8, 1, (2, 2, 2, 2)), (1, 5, 0, (1, 1, 1, 1))
    fills = (7, 7, 1, (4, 4, 4, 5))  # 0.886 of the view's 14 cells show the radiograph
    found = scripted_cascade(Scripted([part_of_it], (0, 0, 0), filling=[fills])).examine(limb)
    (joint,) = found.answer.joints
    assert joint.box.height == pytest.approx(9 / 14 / 0.886, abs=0.01)
    both = scripted_cascade(Scripted([part_of_it, beside], (0, 0, 0), filling=[fills])).examine(
        limb
    )
    assert [joint.answer.body_part for joint in both.answer.joints] == ["hand", "elbow"]
    small = (7, 7, 1, (2, 2, 2, 2))
    (joint,) = (
        scripted_cascade(Scripted([beside], (0, 0, 0), filling=[small])).examine(limb).answer.joints
    )
    assert joint.answer.body_part == "elbow"


def test_findings_lie_where_they_are_on_the_whole_radiograph(limb: Radiograph) -> None:
    engine = Scripted([(10, 10, 1, (5, 5, 5, 5))], (0.0, 4.0, 0.0), fracture=(8, 20))
    report = scripted_cascade(engine).examine(limb)
    (joint,), (finding,) = report.answer.joints, report.answer.visible_findings
    centre_x, centre_y = finding.box.centre
    side = (joint.box.width * 320) * 1.12
    left = joint.box.centre[0] * 320 - side / 2
    top = joint.box.centre[1] * 400 - side / 2
    assert centre_x == pytest.approx((left + 20.5 * 8 * side / 256) / 320, abs=1e-4)
    assert centre_y == pytest.approx((top + 8.5 * 8 * side / 256) / 400, abs=1e-4)
    row, column = np.unravel_index(report.fracture_map.argmax(), report.fracture_map.shape)
    height, width = report.fracture_map.shape
    assert (column + 0.5) / width == pytest.approx(centre_x, abs=0.02)
    assert (row + 0.5) / height == pytest.approx(centre_y, abs=0.02)


def test_without_a_joint_no_verdict_is_given_unasked(limb: Radiograph) -> None:
    report = scripted_cascade(Scripted([], (0.0, 4.0, 0.0))).examine(limb)
    assert report.refused
    assert report.answer.refusal_kind == NO_JOINT
    assert report.answer.refusal.startswith("No elbow, hand or shoulder was found")
    assert report.answer.joints == ()
    assert report.override().verdict is not Verdict.REFUSED


def test_many_are_answered_as_each_by_itself(limb: Radiograph) -> None:
    engine = Scripted([(4, 6, 0, (3, 3, 3, 3)), (14, 10, 1, (4, 4, 4, 4))], (0.0, 4.0, 0.0))
    cascade = scripted_cascade(engine)
    turned = replace(limb, pixels=np.ascontiguousarray(limb.pixels[::-1]))
    alone = [cascade.examine(picture).answer for picture in (limb, turned)]
    assert cascade.answer([cascade.prepare(picture) for picture in (limb, turned)]) == alone


def test_what_lies_beside_the_radiograph_is_no_joint(limb: Radiograph) -> None:
    engine = Scripted([(10, 0, 1, (0.4, 1, 0.4, 1))], (0.0, 4.0, 0.0))
    assert scripted_cascade(engine).examine(limb).answer.refusal_kind == NO_JOINT


def test_boxes_are_of_the_whole_radiograph_whatever_its_size() -> None:
    pixels = _RNG.uniform(0, 1, (3000, 2400)).astype(np.float32)
    large = Radiograph(pixels=pixels, name="limb.png", sha256="0", source_format="PNG")
    engine = Scripted([(14, 10, 1, (4, 4, 4, 4))], (0.0, 4.0, 0.0))
    (joint,) = scripted_cascade(engine).examine(large).answer.joints
    assert joint.box.y0 == pytest.approx(10.5 / 20, abs=0.01)
    assert isinstance(joint.box, Box)


def test_dark_bones_are_turned_and_that_is_said(limb: Radiograph) -> None:
    engine = Scripted([(14, 10, 1, (4, 4, 4, 4))], (0.0, 4.0, 0.0))
    cascade = scripted_cascade(engine, inverted=(1.0, -0.4))  # more bright than dark, as a negative
    bright = replace(limb, pixels=np.sqrt(limb.pixels))
    report = cascade.examine(bright)
    assert [shape[1] for shape in engine.looked] == [320, 320, 224, 256]
    assert report.answer.notes[0].startswith("Black and white were exchanged")
    assert report.to_dict()["warnings"] == list(report.answer.notes)
    plain = cascade.examine(replace(limb, pixels=np.square(limb.pixels)))
    assert plain.answer.notes == ()


def test_what_is_no_radiograph_gets_no_verdict_unasked(limb: Radiograph) -> None:
    engine = Scripted([(14, 10, 1, (4, 4, 4, 4))], (0.0, 4.0, 0.0))
    report = scripted_cascade(engine, radiograph=(0.0, -1.0)).examine(limb)
    assert report.refused
    assert report.answer.refusal.startswith("This does not look like a radiograph")
    assert not scripted_cascade(engine, radiograph=(0.0, 1.0)).examine(limb).refused
