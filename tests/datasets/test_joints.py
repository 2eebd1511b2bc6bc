import hashlib
import io
import json
import os

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from fracture_widgets.base.progress import Monitor
from fracture_widgets.datasets.fracatlas import FracAtlas
from fracture_widgets.datasets.joints import joint_table, write_joint_crops
from fracture_widgets.datasets.table import load_boxes, load_dataset
from fracture_widgets.errors import DatasetError


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def atlas(reduced_folder):
    with FracAtlas.open(reduced_folder) as opened:
        yield opened


def test_the_packaged_joints_are_whole():
    joints = joint_table()
    assert len(joints) == 1924
    assert set(joints.body_part) == {"elbow", "hand", "shoulder"}
    assert joints.label.value_counts().to_dict() == {
        "normal": 1557,
        "fractured": 340,
        "unclear": 27,
    }
    assert (joints.groupby("study").split.nunique() == 1).all(), "a study stands in both splits"
    assert not joints.duplicated(["image_id", "joint_index"]).any()
    edges = joints[["x0", "y0", "x1", "y1"]]
    assert edges.ge(0).all(axis=None)
    assert edges.le(1).all(axis=None)
    assert (joints.x1 > joints.x0).all()
    assert (joints.y1 > joints.y0).all()


def test_nobody_can_change_the_packaged_joints():
    joints = joint_table()
    joints["label"] = "fractured"
    assert "normal" in set(joint_table().label)


def test_every_clear_joint_becomes_a_crop_in_the_mura_layout(atlas, mini, tmp_path):
    crops = write_joint_crops(atlas, tmp_path / "crops")
    clear = mini.joints[mini.joints.label != "unclear"]
    assert len(crops) == len(clear) < len(mini.joints)
    assert crops.attrs["deviations"] == _only_missing(crops.attrs["deviations"])

    table = load_dataset(tmp_path / "crops")
    assert table.attrs["skipped"] == []
    assert table.attrs["warnings"] == []
    counted = table.groupby(["split", "body_part", "label"]).size()
    expected = (
        clear.assign(split=clear.split.map({"train": "train_valid", "test": "test"}))
        .groupby(["split", "body_part", "label"])
        .size()
    )
    pd.testing.assert_series_equal(counted, expected)


def _only_missing(deviations):
    return [sentence for sentence in deviations if "the radiograph is missing" in sentence]


def test_a_patient_keeps_one_number_and_a_study_one_label(atlas, mini, tmp_path):
    crops = write_joint_crops(atlas, tmp_path / "crops")
    assert (crops.groupby("study_id").label.nunique() == 1).all()
    number = mini.mixed_study.removeprefix("study")
    mixed = crops[(crops.patient_id == f"patient{number}") & (crops.body_part == "hand")]
    assert set(mixed.study_id) == {
        f"patient{number}/study1_positive",
        f"patient{number}/study2_negative",
    }
    example = mixed[mixed.label == "fractured"].iloc[0]
    stem = example.image_id.removesuffix(".jpg")
    assert example.image_path == (
        f"{example.split}/Hand/patient{number}/study1_positive/{stem}_{example.joint_index}.png"
    )


def test_a_crop_holds_the_pixels_of_its_frame(atlas, mini, tmp_path):
    crops = write_joint_crops(atlas, tmp_path / "crops", margin=0.1)
    joints = mini.joints.set_index(["image_id", "joint_index"])
    for crop in crops.itertuples():
        with Image.open(io.BytesIO(mini.images[crop.image_id])) as whole:
            width, height = whole.size
            upright = whole.getexif().get(0x0112, 1) == 1
            if not upright:
                width, height = height, width
            if upright and crop.image_id != mini.cut_short:
                box = (crop.x0 * width, crop.y0 * height, crop.x1 * width, crop.y1 * height)
                expected = np.asarray(whole.crop(tuple(round(edge) for edge in box)))
                with Image.open(tmp_path / "crops" / crop.image_path) as cut:
                    assert cut.mode == "L"
                    assert np.array_equal(np.asarray(cut), expected)
        joint = joints.loc[(crop.image_id, crop.joint_index)]
        grown = 0.1 * (joint.x1 - joint.x0)
        wanted = (max(joint.x0 - grown, 0), min(joint.x1 + grown, 1))
        assert crop.x0 <= wanted[0] + 1e-5
        assert crop.x0 > wanted[0] - 1 / width - 1e-5
        assert crop.x1 >= wanted[1] - 1e-5
        assert crop.x1 < wanted[1] + 1 / width + 1e-5
        assert 0 <= crop.y0 < crop.y1 <= 1


def test_a_sideways_radiograph_is_cut_upright(atlas, tmp_path):
    crops = write_joint_crops(atlas, tmp_path / "crops")
    shoulder = crops[crops.image_id == "IMG0000439.jpg"].iloc[0]
    with Image.open(tmp_path / "crops" / shoulder.image_path) as cut:
        # The drawn stripes run from top to bottom once the picture is upright.
        grey = np.asarray(cut).astype(float)
    assert grey.mean(axis=0).std() > 3 * grey.mean(axis=1).std()


def test_fracture_boxes_are_seen_from_the_crop(atlas, mini, tmp_path):
    crops = write_joint_crops(atlas, tmp_path / "crops", margin=0.06)
    boxes = load_boxes(tmp_path / "crops")
    table = load_dataset(tmp_path / "crops")
    assert set(boxes.image_path) <= set(table.image_path)
    for crop in crops[crops.label == "fractured"].itertuples():
        mine = boxes[boxes.image_path == str(tmp_path / "crops" / crop.image_path)]
        # In the middle fifth of the joint box, which the margin makes a little smaller.
        own = mine[
            (mine.visible > 0.99) & (mine.x0.between(0.3, 0.5)) & (mine.y0.between(0.3, 0.5))
        ]
        assert len(own) >= 1
        first = own.iloc[0]
        back = crop.x0 + first.x0 * (crop.x1 - crop.x0)
        assert any(abs(back - x0) < 1e-4 for i, x0, *_ in mini.outlines if i == crop.image_id)
    assert boxes[["x0", "y0", "x1", "y1"]].ge(0).all(axis=None)
    assert boxes[["x0", "y0", "x1", "y1"]].le(1).all(axis=None)
    assert boxes.visible.between(0.05, 1).all()


def test_a_cut_short_radiograph_is_cut_and_its_warning_kept(atlas, mini, tmp_path):
    crops = write_joint_crops(atlas, tmp_path / "crops")
    warned = crops[crops.warning != ""]
    assert set(warned.image_id) == {mini.cut_short}
    assert warned.warning.str.contains("cut short").all()


@pytest.mark.slow
def test_two_runs_and_both_containers_give_the_same_bytes(
    published_folder, published_zip, tmp_path
):
    for source, name in ((published_folder, "a"), (published_folder, "b"), (published_zip, "c")):
        with FracAtlas.open(source) as atlas:
            write_joint_crops(atlas, tmp_path / name)
    assert contents(tmp_path / "a") == contents(tmp_path / "b") == contents(tmp_path / "c")


def test_a_second_run_writes_nothing(atlas, tmp_path):
    first = write_joint_crops(atlas, tmp_path / "crops")
    stamps = {p: p.stat().st_mtime_ns for p in (tmp_path / "crops").rglob("*")}
    second = write_joint_crops(
        atlas, tmp_path / "crops", monitor=Monitor(lambda *_: pytest.fail("it worked again"))
    )
    assert (first.attrs["written"], second.attrs["written"]) == (len(first), 0)
    pd.testing.assert_frame_equal(first, second)
    assert {p: p.stat().st_mtime_ns for p in (tmp_path / "crops").rglob("*")} == stamps


@pytest.mark.parametrize("stop_after", [1, 3, 6])
def test_an_interrupted_run_is_continued_to_the_same_tree(atlas, tmp_path, stop_after):
    whole = write_joint_crops(atlas, tmp_path / "whole")

    def interrupt(done, *_):
        if done == stop_after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_joint_crops(atlas, tmp_path / "crops", monitor=Monitor(interrupt))
    done = len(list((tmp_path / "crops").rglob("*.png")))
    assert 0 < done < len(whole)
    # A kill can leave the file it was writing, under its hidden name.
    last = tmp_path / "crops" / whole.image_path.iloc[-1]
    last.parent.mkdir(parents=True, exist_ok=True)
    left = last.with_name(f".{last.name}.0a1b2c3d.part")
    left.write_bytes(b"half a pict")
    os.utime(left, (0, 0))

    continued = write_joint_crops(atlas, tmp_path / "crops")
    assert continued.attrs["written"] == len(whole) - done
    assert contents(tmp_path / "crops") == contents(tmp_path / "whole")


def test_a_deleted_crop_is_written_again(atlas, tmp_path):
    crops = write_joint_crops(atlas, tmp_path / "crops")
    before = contents(tmp_path / "crops")
    (tmp_path / "crops" / crops.image_path.iloc[2]).unlink()
    assert write_joint_crops(atlas, tmp_path / "crops").attrs["written"] == 1
    assert contents(tmp_path / "crops") == before


def test_a_folder_with_other_things_is_refused(atlas, tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter1.txt").write_text("mine")
    with pytest.raises(DatasetError, match="The folder thesis holds other files"):
        write_joint_crops(atlas, tmp_path / "thesis")
    with pytest.raises(DatasetError, match=r"chapter1\.txt is a file"):
        write_joint_crops(atlas, tmp_path / "thesis" / "chapter1.txt")
    assert [p.name for p in (tmp_path / "thesis").iterdir()] == ["chapter1.txt"]


def test_crops_with_other_settings_are_not_mixed(atlas, mini, tmp_path, as_folder):
    write_joint_crops(atlas, tmp_path / "crops")
    with pytest.raises(DatasetError, match="another margin"):
        write_joint_crops(atlas, tmp_path / "crops", margin=0.2)
    with (
        FracAtlas.open(as_folder(tmp_path / "other", mini.published())) as other,
        pytest.raises(DatasetError, match="another copy of FracAtlas"),
    ):
        write_joint_crops(other, tmp_path / "crops")
    (tmp_path / "crops" / "crops.json").write_text("{")
    with pytest.raises(DatasetError, match="another copy of FracAtlas"):
        write_joint_crops(atlas, tmp_path / "crops")


def test_a_radiograph_that_cannot_be_read_is_named_and_the_rest_cut(mini, tmp_path, as_folder):
    files = mini.reduced()
    victim = mini.joints.image_id.iloc[0]
    files[f"images/{victim}"] = b"no picture"
    with FracAtlas.open(as_folder(tmp_path / "copy", files)) as atlas:
        crops = write_joint_crops(atlas, tmp_path / "crops")
    assert victim not in set(crops.image_id)
    assert any(victim in sentence for sentence in crops.attrs["deviations"])
    assert len(crops) > 0


def test_labels_that_the_outlines_contradict_are_named(mini, tmp_path, as_folder):
    files = mini.reduced()
    normal = mini.joints[(mini.joints.label == "normal")].iloc[0]
    outline = f"{normal.image_id},{normal.x0},{normal.y0},{normal.x1},{normal.y1},[]\n"
    files["fractures.csv"] += outline.encode()
    with FracAtlas.open(as_folder(tmp_path / "copy", files)) as atlas:
        crops = write_joint_crops(atlas, tmp_path / "crops")
    (sentence,) = (s for s in crops.attrs["deviations"] if "does not follow" in s)
    assert f"{normal.image_id} joint {normal.joint_index} (normal)" in sentence


def test_an_outline_drawn_on_a_turned_picture_is_named(mini, tmp_path, as_folder):
    files = mini.published()
    name = "FracAtlas/Annotations/COCO JSON/COCO_fracture_masks.json"
    coco = json.loads(files[name])
    for image in coco["images"]:
        image["width"], image["height"] = image["height"], image["width"]
    files[name] = json.dumps(coco).encode()
    with FracAtlas.open(as_folder(tmp_path / "copy", files)) as atlas:
        crops = write_joint_crops(atlas, tmp_path / "crops")
    assert any("turned or cropped" in sentence for sentence in crops.attrs["deviations"])


def test_a_copy_without_arms_is_refused(mini, tmp_path, as_folder):
    files = mini.reduced()
    for image_id in set(mini.joints.image_id):
        del files[f"images/{image_id}"]
    with (
        FracAtlas.open(as_folder(tmp_path / "legs", files)) as atlas,
        pytest.raises(DatasetError, match="none of the radiographs with an elbow"),
    ):
        write_joint_crops(atlas, tmp_path / "crops")


def test_a_negative_margin_is_a_programming_error(atlas, tmp_path):
    with pytest.raises(ValueError, match=r"Received: -0\.1"):
        write_joint_crops(atlas, tmp_path / "crops", margin=-0.1)


def test_the_tree_carries_the_credit_the_licence_asks_for(atlas, tmp_path):
    write_joint_crops(atlas, tmp_path / "crops")
    readme = (tmp_path / "crops" / "README.txt").read_text("utf-8")
    for part in ("Abedeen", "CC BY 4.0", "10.1038/s41597-023-02432-4", "What was changed"):
        assert part in readme


def test_a_run_that_was_killed_as_it_began_is_begun_again(atlas, tmp_path):
    (tmp_path / "crops").mkdir()
    (tmp_path / "crops" / ".crops.json.0a1b2c3d-1-5e6f7a8b.part").write_bytes(b"{")
    assert len(write_joint_crops(atlas, tmp_path / "crops")) > 0
