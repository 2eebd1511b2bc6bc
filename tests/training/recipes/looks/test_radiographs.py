"""What teaches and what judges: no study on two sides, and everything where it belongs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fracture_widgets.base.progress import Monitor
from fracture_widgets.datasets.fracatlas import FracAtlas
from fracture_widgets.errors import TrainingError
from fracture_widgets.imaging.radiograph import read_radiograph
from fracture_widgets.parts import FRACTURED
from fracture_widgets.training.recipes.looks import LooksRecipe
from fracture_widgets.training.recipes.looks.radiographs import (
    ALL,
    DRAWN,
    FOLDS,
    LIMB,
    OTHER,
    TRAIN,
    Joint,
    LabelledRadiograph,
    known_parts,
    plan_runs,
    read_radiographs,
)

LEG = "IMG0000000.jpg"


@pytest.fixture(scope="module")
def atlas(mini, as_folder, tmp_path_factory):
    files = mini.reduced()
    table = mini.table.assign(study="study09999", split="train")
    table.loc[table["image_id"] == LEG, ["hand", "leg"]] = 0, 1
    files["dataset.csv"] = table.to_csv(index=False).encode()
    with FracAtlas.open(as_folder(tmp_path_factory.mktemp("atlas"), files)) as opened:
        yield opened


@pytest.fixture(scope="module")
def known(atlas, tmp_path_factory):
    work = tmp_path_factory.mktemp("work")
    return work, {taught.image_id: taught for taught in read_radiographs(atlas, work, phantoms=4)}


def test_joints_and_outlines_are_in_pixels(known, atlas, mini) -> None:
    _, taught = known
    limbs = {name: one for name, one in taught.items() if one.kind == LIMB}
    assert set(limbs) == set(mini.joints["image_id"])
    for name, one in limbs.items():
        rows = mini.joints[mini.joints["image_id"] == name]
        pixels = read_radiograph(atlas.read_image(name)).pixels
        assert np.abs(one.pixels / 255 - pixels).max() < 0.5 / 255 + 1e-6
        assert [joint.label == 1 for joint in one.joints] == list(rows["label"] == FRACTURED)
        height, width = pixels.shape
        wanted = rows[["x0", "y0", "x1", "y1"]].to_numpy() * [width, height, width, height]
        np.testing.assert_allclose([joint.box for joint in one.joints], wanted)
        assert len(one.outlines) == len(atlas.outlines_of(name))
        assert {one.study, one.split} <= {*rows["study"], *rows["split"]}


def test_legs_and_drawings_stand_beside_them(known) -> None:
    _, taught = known
    assert [name for name, one in taught.items() if one.kind == OTHER] == [LEG]
    assert taught[LEG].joints == ()
    drawn = [one for one in taught.values() if one.kind == DRAWN]
    assert [one.joints[0].part for one in drawn] == [0, 1, 2, 0]
    assert [bool(one.outlines) for one in drawn] == [False, False, False, True]


def test_pixels_are_read_once(atlas, known) -> None:
    work, taught = known
    told: list[str] = []
    again = read_radiographs(
        atlas, work, phantoms=4, monitor=Monitor(lambda *_: told.append("step"))
    )
    assert told == []
    for one in again:
        np.testing.assert_array_equal(one.pixels, taught[one.image_id].pixels)


def _many() -> list[LabelledRadiograph]:
    rng = np.random.default_rng(0)
    pixels, box = np.zeros((8, 8), np.uint8), np.array([1.0, 1.0, 7.0, 7.0])
    made = []
    for number in range(90):
        joints = tuple(
            Joint(part, box, int(rng.random() < 0.5)) for part in range(len(known_parts()))
        )
        split = "test" if number % 6 == 0 else "train"
        for view in range(2):
            name = f"limb{number}-{view}"
            made.append(LabelledRadiograph(name, LIMB, f"study{number}", split, pixels, joints))
    made += [
        LabelledRadiograph(f"leg{number}", OTHER, f"leg{number // 2}", "train", pixels)
        for number in range(40)
    ]
    return [*made, LabelledRadiograph("leg99", OTHER, "leg99", "test", pixels),
            LabelledRadiograph("drawn", DRAWN, "drawn", "train", pixels)]  # fmt: skip


def test_no_run_is_judged_on_a_study_it_learned_from() -> None:
    runs = plan_runs(_many())
    assert list(runs) == [*map(str, range(FOLDS)), TRAIN, ALL]
    for run in runs.values():
        learned, judged = ({one.study for one in side} for side in (run.learned, run.judged))
        assert not learned & judged, run.name
        assert "drawn" in learned
        assert ("study0" in learned) == (run.name == ALL)


def test_the_folds_judge_everything_of_the_train_split_once() -> None:
    many = _many()
    runs = plan_runs(many)
    judged = [one.image_id for number in range(FOLDS) for one in runs[str(number)].judged]
    wanted = [one.image_id for one in many if one.kind != DRAWN and one.split == "train"]
    assert sorted(judged) == sorted(wanted)
    assert {one.split for one in runs[TRAIN].judged} == {"test"}
    assert plan_runs(many[::-1])["2"].judged[0].study in {one.study for one in runs["2"].judged}


def test_settings_that_make_no_sense_are_refused() -> None:
    recipe = LooksRecipe()
    rounds = [recipe.place(epoch)[0] for epoch in range(recipe.epochs)]
    assert rounds == [0, *[1] * 7, *[2] * 8]
    small, large = (256, 192), (320, 256)
    assert [recipe.sizes(epoch) for epoch in (0, 5, 6, 8, 13, 14)] == [
        *(small, small, large),
        *(small, small, large),
    ]
    chosen = [epoch for epoch in range(recipe.epochs) if recipe.is_candidate(epoch)]
    assert chosen == [5, 6, 7, 13, 14, 15]
    with pytest.raises(TrainingError, match="batch is 1 or more. Received: 0"):
        replace(recipe, batch=0)
    with pytest.raises(TrainingError, match="multiples of 32"):
        replace(recipe, limb_sizes=(250, 320))
    with pytest.raises(TrainingError, match="an epoch at least"):
        replace(recipe, warm=0, small=0, large=0, again_small=0, again_large=0)
