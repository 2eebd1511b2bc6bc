"""The shipped cascade's training, in small: views, stored features, teaching, reading out.

The same functions as for what ships, on a miniature FracAtlas and a trunk of random weights.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from fracture_widgets.base.progress import Monitor
from fracture_widgets.datasets.fracatlas import FracAtlas
from fracture_widgets.imaging.boxes import Box
from fracture_widgets.imaging.preprocessing import STANDARD_MARGIN, network_input
from fracture_widgets.imaging.radiograph import read_radiograph
from fracture_widgets.models.engine import OnnxEngine
from fracture_widgets.models.folder import cascade_graph
from fracture_widgets.models.networks import probe_name
from fracture_widgets.models.networks.cascade import build_cascade_network
from fracture_widgets.models.weight_files import collect_weights, read_weights, write_weights
from fracture_widgets.parts import BODY_PARTS
from fracture_widgets.training import features
from fracture_widgets.training.features import trunk_features
from fracture_widgets.training.recipes.cascade import CascadeRecipe, training
from fracture_widgets.training.recipes.cascade.fit import Lesson, stored_outputs
from fracture_widgets.training.recipes.cascade.training import (
    Run,
    draw_views,
    new_network,
    prepare_lesson,
    teach,
)

if TYPE_CHECKING:
    from pathlib import Path

    import keras

pytestmark = pytest.mark.keras

# With so few radiographs, a probe held back less would answer to the rounding of the features.
RECIPE = CascadeRecipe(
    views=3, phantoms=6, map_epochs=1, joint_epochs=1, batch=7, probe_strength=1e-4
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("cascade")


@pytest.fixture(scope="module")
def atlas(mini, folder, as_folder):
    with FracAtlas.open(as_folder(folder / "atlas", mini.reduced())) as opened:
        yield opened


@pytest.fixture(scope="module")
def trunk(folder) -> Path:
    import keras

    keras.utils.set_random_seed(0)
    weights = collect_weights(build_cascade_network(BODY_PARTS))
    conv = {name: array for name, array in weights.items() if name.startswith("conv")}
    write_weights(folder / "trunk.npz", conv)
    return folder / "trunk.npz"


@pytest.fixture(scope="module", autouse=True)
def even_batches():
    """Divide 15 rows of 3 views evenly: every length of a batch would be traced anew."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(features, "_BATCH", 15)
        yield


@pytest.fixture(scope="module")
def lesson(atlas, trunk, folder) -> Lesson:
    return prepare_lesson(atlas, RECIPE, trunk, folder / "features")


@pytest.fixture(scope="module")
def pixels(atlas, lesson) -> np.ndarray:
    return draw_views(atlas, lesson.table, RECIPE.views).pixels


@pytest.fixture(scope="module")
def untaught(trunk) -> keras.Model:
    return build_cascade_network(BODY_PARTS, trunk)


@pytest.fixture(scope="module")
def before(untaught) -> dict[str, np.ndarray]:
    return collect_weights(untaught)


@pytest.fixture(scope="module")
def teaching(lesson, trunk, folder) -> tuple[keras.Model, Path]:
    """The network that is taught, and the file that its weights are written to."""
    networks: list[keras.Model] = []
    lines: list[str] = []

    def building(*arguments: object) -> keras.Model:
        networks.append(new_network(*arguments))
        return networks[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "new_network", building)
        path = teach(every_row(lesson), lesson, RECIPE, trunk, folder, Monitor(on_say=lines.append))
    assert sum("epoch" in line for line in lines) == RECIPE.map_epochs + RECIPE.joint_epochs
    return networks[0], path


@pytest.fixture(scope="module")
def taught(teaching) -> keras.Model:
    return teaching[0]


def every_row(lesson) -> Run:
    return Run("all", np.arange(len(lesson.table)), np.arange(0))


def test_the_table_lists_joints_and_drawn_radiographs_of_every_part(lesson):
    kinds = lesson.table.groupby("kind")["body_part"].agg(set)
    assert kinds["phantom"] == set(BODY_PARTS)
    assert "unclear" not in set(lesson.table.columns)
    assert lesson.table.loc[lesson.table["kind"] == "joint", "x0"].notna().all()


def test_the_same_views_are_drawn_every_time(atlas, lesson):
    first, again = (draw_views(atlas, lesson.table, RECIPE.views) for _ in range(2))
    np.testing.assert_array_equal(first.pixels, again.pixels)
    np.testing.assert_array_equal(first.targets, again.targets)


def test_the_first_view_is_what_serving_sees_of_the_standard_crop(atlas, lesson):
    views = draw_views(atlas, lesson.table, 1)
    joint = lesson.table.iloc[0]
    frame = Box(joint["x0"], joint["y0"], joint["x1"], joint["y1"]).grown(STANDARD_MARGIN)
    served = network_input(read_radiograph(atlas.read_image(joint["image_id"])).crop(frame).pixels)
    assert np.abs(views.pixels[0, 0] - served[..., 0]).max() <= 1


def test_interrupted_features_are_completed_and_the_same(lesson, pixels, untaught, folder):
    shutil.copytree(folder / "features", folder / "again")
    (kept,) = (folder / "again").rglob("*.u8")
    kept.unlink()  # the ceilings stay

    def give_up(done: int, total: int, _what: str) -> None:
        if 0 < done < total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trunk_features(untaught, pixels, folder / "again", Monitor(give_up))
    with kept.open("ab") as torn:
        torn.write(b"half a view")
    completed = trunk_features(untaught, pixels, folder / "again")
    np.testing.assert_array_equal(completed.stored, lesson.features.stored)


def test_features_are_found_again_by_content(pixels, untaught, folder):
    counted: list[int] = []
    monitor = Monitor(lambda done, _total, _what: counted.append(done))
    trunk_features(untaught, pixels, folder / "features", monitor)
    assert counted == [pixels.shape[0] * pixels.shape[1]]
    other = trunk_features(untaught, pixels[:1] // 2, folder / "features")
    assert other.stored.shape[0] == 1


def test_the_frozen_stages_stay_as_they_were(before, taught):
    after = collect_weights(taught)
    for name in before:
        if name.startswith(("conv1", "conv2", "conv3", "conv4")):
            np.testing.assert_array_equal(after[name], before[name], err_msg=name)


@pytest.mark.parametrize("name", ["conv5_block3_3_conv/kernel", "hand/kernel", "map_logits/kernel"])
def test_the_rest_learns(before, taught, name):
    assert not np.array_equal(collect_weights(taught)[name], before[name])


def test_each_probe_knows_its_part_s_fractures_and_is_heard_as_the_recipe_says(taught, lesson):
    names = [probe_name(part) for part in BODY_PARTS]
    probed = stored_outputs(taught, lesson, names)(np.arange(len(lesson.table)), 0)
    for part, name in zip(BODY_PARTS, names, strict=True):
        kernel, _ = taught.get_layer(part).get_weights()
        half = RECIPE.temper / 2
        np.testing.assert_allclose(kernel[-2], [half, -half])
        probe, _ = taught.get_layer(name).get_weights()
        np.testing.assert_allclose(probe[-2:, 0], [RECIPE.peak_weight, RECIPE.readout_weight])
        rows = np.flatnonzero(lesson.table["body_part"] == part)
        fractured = lesson.table["fractured"].to_numpy(dtype=bool)[rows]
        told = probed[name][rows, 0]
        assert told[fractured].mean() > told[~fractured].mean()


def test_reading_out_again_needs_no_teaching_again(teaching, lesson, trunk, folder):
    _, once = teaching
    lines: list[str] = []
    louder = replace(RECIPE, probe_weight=2 * RECIPE.probe_weight)
    again = teach(every_row(lesson), lesson, louder, trunk, folder, Monitor(on_say=lines.append))
    assert not any("epoch" in line for line in lines)
    first, second = read_weights(once), read_weights(again)
    differing = {
        name.split("/")[0] for name in first if not np.array_equal(first[name], second[name])
    }
    assert differing == {probe_name(part) for part in BODY_PARTS}


def test_what_is_served_is_what_was_judged_in_training(lesson, taught, atlas, folder):
    rows = np.arange(len(lesson.table))
    names = ("body_part", *BODY_PARTS)
    judged = stored_outputs(taught, lesson, names)(rows, 0)
    write_weights(folder / "taught.npz", collect_weights(taught))
    pixels = draw_views(atlas, lesson.table, 1).pixels[:, 0, ..., None].astype(np.float32)
    served = OnnxEngine.of_graph(cascade_graph(), read_weights(folder / "taught.npz")).run(pixels)
    for name in names:
        # Teaching sees features in 8 bits; a probe hears every one of them.
        np.testing.assert_allclose(served[name], judged[name], atol=0.1, err_msg=name)
