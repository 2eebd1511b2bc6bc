"""Both looks judged, by hand: a network that says what it is told to, and tables of answers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from fracture_widgets.imaging.views import VIEWS
from fracture_widgets.models.folder import LOOKS, ModelFolder
from fracture_widgets.models.looks import TwoLooks
from fracture_widgets.models.networks import FRACTURE_MAP_OUTPUT
from fracture_widgets.models.networks.looks import (
    FEATURES,
    FRACTURE_HEAT,
    FRACTURE_LOGITS,
    FRACTURE_SIDES,
    JOINT_HEAT,
    JOINT_SIDES,
)
from fracture_widgets.training.atlas import box_of
from fracture_widgets.training.recipes.looks.evidence import (
    LENIENT,
    Judgement,
    judge,
    summarise,
    worst_sheets,
)
from fracture_widgets.training.recipes.looks.radiographs import (
    LIMB,
    OTHER,
    Joint,
    LabelledRadiograph,
    Run,
    known_parts,
)

PARTS = known_parts()


class _Scripted:
    """Finds a joint in the middle of whatever is large, and a fracture in one place of a joint."""

    def run(self, inputs):
        count, size = len(inputs), inputs.shape[1]
        coarse, fine = size // 16, size // 8
        heat = np.full((count, coarse, coarse, len(PARTS)), -9.0, np.float32)
        if size == VIEWS.first:  # as it fills the view, not from further away
            heat[0, 10, 10, 1] = 2.0
        sides = np.full((count, coarse, coarse, 4), np.log(4.0), np.float32)
        centres = np.full((count, fine, fine, 1), -9.0, np.float32)
        centres[:, 8, 12] = 3.0
        return {
            JOINT_HEAT: heat,
            JOINT_SIDES: sides,
            FRACTURE_MAP_OUTPUT: centres,
            FRACTURE_HEAT: centres,
            FRACTURE_SIDES: np.zeros((count, fine, fine, 4), np.float32),
            FRACTURE_LOGITS: np.tile(np.float32([0.0, -1.0, 1.0, 2.0]), (count, 1)),
            FEATURES: np.ones((count, fine, fine, 4), np.float32),
        }


@pytest.fixture(scope="module")
def model() -> TwoLooks:
    weights = {
        f"{FRACTURE_LOGITS}/kernel": np.ones((100, 4), np.float32),
        f"{FRACTURE_MAP_OUTPUT}/kernel": np.zeros((1, 1, 4, 1), np.float32),
        f"{FRACTURE_HEAT}/kernel": np.zeros((1, 1, 4, 1), np.float32),
    }
    card = {"schema": 2, "kind": LOOKS, "body_parts": list(PARTS), "thresholds": LENIENT.to_dict()}
    return TwoLooks(ModelFolder(card, weights, {}, "two", "two"), _Scripted())


def _taught(name, joints, outline=None, kind=LIMB) -> LabelledRadiograph:
    pixels = np.random.default_rng(0).integers(0, 256, (320, 320), dtype=np.uint8)
    outlines = ()
    if outline is not None:
        x0, y0, x1, y1 = outline
        outlines = (np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], float),)
    return LabelledRadiograph(name, kind, f"study {name}", "train", pixels, tuple(joints), outlines)


@pytest.fixture(scope="module")
def limbs() -> list[LabelledRadiograph]:
    box = np.array([100.0, 100.0, 236.0, 236.0])  # the network finds 104 to 232
    # A joint is shown with 6 percent on every side, 152.32 pixels in 256: the centre of cell
    # (8, 12) lies at 91.84 + 68 / 256 * 152.32 and so on.
    x, y = (91.84 + (cell + 0.5) * 8 / 256 * 152.32 for cell in (12, 8))
    there, elsewhere = (x - 5, y - 5, x + 5, y + 5), (200, 200, 215, 220)
    return [
        _taught("found", [Joint(1, box, 1)], there),
        _taught("missed", [Joint(2, box, 1)], elsewhere),
        _taught("sound", [Joint(1, box, 0)]),
        _taught("unclear", [Joint(0, box - 90, -1)], there),
        _taught("leg", [], kind=OTHER),
    ]


@pytest.fixture(scope="module")
def judged(model, limbs) -> Judgement:
    return judge(Run("3", [], limbs), model)


def test_sheets_show_the_worst_first(judged, limbs) -> None:
    sheets = worst_sheets(judged, limbs)
    misses, false = sheets["worst_misses"], sheets["worst_false_boxes"]
    assert [title.split(",")[0] for title in misses.titles] == ["missed", "found"]
    assert ["box 0.00" in misses.titles[0], "box 0.95" in misses.titles[1]] == [True, True]
    # On a fracture that is found lies one box alone; the unclear joint is in no sheet.
    assert [title.split(",")[0] for title in false.titles] == ["missed", "sound"]
    frame = box_of(next(judged.joints.itertuples())).grown(0.1)
    marked, found = misses.marked[1][0], misses.boxes[1][0]
    assert marked.iou(found) > 0.7
    outline = box_of(next(judged.outlines.itertuples()))
    assert marked.x0 == pytest.approx((outline.x0 - frame.x0) / frame.width)
    assert misses.radiographs[0].width == pytest.approx(1.2 * 136, abs=1)


def test_each_joint_has_the_answer_of_its_part(judged) -> None:
    joints = judged.joints.set_index("image_id")
    assert list(joints["label"]) == ["fractured", "fractured", "normal", "unclear"]
    probability = 1 / (1 + np.exp(-np.array([1.0, 2.0, 1.0, -1.0])))
    assert joints["fracture_probability"].to_numpy() == pytest.approx(probability)
    # Named as the first look does, the third part is taken for the second.
    assert joints["cascade_probability"]["missed"] == pytest.approx(probability[0])
    assert joints["joint_score"]["found"] == pytest.approx(1 / (1 + np.exp(-2.0)))
    assert np.isnan(joints["joint_score"]["unclear"])
    assert joints[PARTS[1]]["sound"] > 0.99
    assert set(joints["run"]) == {"3"}


def test_the_highest_places_are_held_against_the_outlines(judged) -> None:
    joints = judged.joints.set_index("image_id")
    assert joints["map_hit"][["found", "missed"]].tolist() == [1, 0]
    assert joints["map_hit"][["sound", "unclear"]].isna().all()
    assert list(judged.outlines["image_id"]) == ["found", "missed"]
    findings = judged.findings.set_index("image_id")
    assert list(findings.index) == ["found", "missed", "sound"]
    outline = judged.outlines.set_index("image_id").loc["found", ["x0", "y0", "x1", "y1"]]
    found = findings.loc["found", ["x0", "y0", "x1", "y1"]]
    assert found.to_list() == pytest.approx(outline.to_list(), abs=0.01)


@pytest.mark.slow
def test_figures_follow_from_the_tables(judged) -> None:
    figures = summarise(judged)
    first = figures["joints"]["0.3"]
    assert first["recall"]["value"] == 0.75
    assert first["precision"]["value"] == 0.75  # on the unclear one, the joint lies elsewhere
    assert first["body_part"]["value"] == pytest.approx(2 / 3, abs=1e-4)
    assert first["limbs_without"]["value"] == 0
    assert first["others_with"]["value"] == 1
    assert figures["pointing"]["map"]["value"] == figures["pointing"]["finding"]["value"] == 0.5
    # Of three joints two are fractured; false boxes come with the same score as the right one.
    found = {rate: share["value"] for rate, share in figures["froc"]["iou 0.5"].items()}
    assert found == {"0.1": 0, "0.25": 0, "0.5": 0, "1.0": 0.5}
    assert figures["fracture"]["pooled"]["auroc"]["value"] == 0.75
    assert sum(figures["fracture"]["pooled"]["confusion"]["counts"][0]) == 2


def test_the_tables_outlive_their_files_and_are_joined(judged, tmp_path) -> None:
    judged.write(tmp_path)
    again = Judgement.joined([Judgement.read(tmp_path), judged])
    for name in ("joints", "outlines", "findings", "places", "wholes"):
        once, both = getattr(judged, name), getattr(again, name)
        half = both.iloc[: len(once)].astype(once.dtypes)
        pd.testing.assert_frame_equal(half, once)
        assert len(both) == 2 * len(once) > 0


def test_nothing_to_judge_is_an_empty_judgement_that_can_be_read_again(model, tmp_path) -> None:
    nothing = judge(Run("all", [], []), model)
    nothing.write(tmp_path)
    again = Judgement.read(tmp_path)
    for table in (again.joints, again.outlines, again.findings, again.places, again.wholes):
        assert isinstance(table, pd.DataFrame)
        assert table.empty
    assert summarise(again)["joints"]["0.3"]["recall"]["value"] is None
