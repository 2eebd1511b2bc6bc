"""Drawn radiographs: the same every time, as labelled, and changed only where they say."""

from __future__ import annotations

import functools
import hashlib
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fracture_widgets.errors import DatasetError
from fracture_widgets.imaging.boxes import Box
from fracture_widgets.imaging.preprocessing import Placement, network_input
from fracture_widgets.imaging.radiograph import read_radiograph
from fracture_widgets.phantoms import (
    BODY_PARTS,
    FRACTURE_KINDS,
    add_marker,
    draw_phantom,
    sample_phantoms,
    write_phantoms,
)

pytestmark = pytest.mark.slow

SEEDS = 10

parts = pytest.mark.parametrize("part", BODY_PARTS)


@parts
@pytest.mark.parametrize("fractured", [False, True])
def test_the_same_seed_draws_the_same_picture(part, fractured):
    one = draw_phantom(part, fractured=fractured, seed=7)
    other = draw_phantom(part, fractured=fractured, seed=7)
    assert one.radiograph.sha256 == other.radiograph.sha256
    assert np.array_equal(one.radiograph.pixels, other.radiograph.pixels)
    assert one.boxes == other.boxes


def test_another_exposure_is_the_same_limb_in_the_same_place():
    one, other = (draw_phantom("hand", fractured=True, seed=7, exposure=n) for n in (0, 1))
    assert one.radiograph.pixels.shape == other.radiograph.pixels.shape
    assert one.boxes == other.boxes
    assert one.radiograph.sha256 != other.radiograph.sha256
    alike = np.corrcoef(one.radiograph.pixels.ravel(), other.radiograph.pixels.ravel())[0, 1]
    assert alike > 0.7
    with pytest.raises(ValueError, match="exposure must be 0 or more"):
        draw_phantom("hand", fractured=True, seed=7, exposure=-1)


def test_exposures_of_one_limb_are_one_patient(tmp_path):
    write_phantoms(tmp_path / "drawn", patients=2, seed=4, exposures=3)
    pictures = sorted((tmp_path / "drawn").rglob("*.png"))
    assert [path.name for path in pictures] == ["image1.png", "image2.png", "image3.png"] * 6
    shapes = [read_radiograph(path).pixels.shape for path in pictures]
    assert all(len(set(shapes[at : at + 3])) == 1 for at in range(0, 18, 3))
    assert len(set(shapes)) > 1
    with pytest.raises(DatasetError, match="other settings"):
        write_phantoms(tmp_path / "drawn", patients=2, seed=4)
    with pytest.raises(ValueError, match="exposures must be 1 or more"):
        write_phantoms(tmp_path / "none", exposures=0)


def test_another_process_draws_the_same_picture():
    code = (
        "from fracture_widgets.phantoms import draw_phantom;"
        "print(draw_phantom('hand', fractured=True, seed=3).radiograph.sha256)"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    here = draw_phantom("hand", fractured=True, seed=3).radiograph.sha256
    assert printed.stdout.decode().strip() == here


def test_seeds_and_parts_differ():
    digests = {
        draw_phantom(each, fractured=False, seed=seed).radiograph.sha256
        for each in BODY_PARTS
        for seed in (0, 1)
    }
    assert len(digests) == 2 * len(BODY_PARTS)


@given(
    part=st.sampled_from(BODY_PARTS),
    fractured=st.booleans(),
    seed=st.integers(0, 2**63),
)
@settings(max_examples=20, deadline=None, derandomize=True)
def test_any_seed_gives_a_sound_radiograph(part, fractured, seed):
    phantom = draw_phantom(part, fractured=fractured, seed=seed)
    radiograph = phantom.radiograph
    assert radiograph.pixels.dtype == np.float32
    assert 0 <= radiograph.pixels.min() < radiograph.pixels.max() <= 1
    assert 150 <= max(radiograph.pixels.shape) <= 400
    assert min(radiograph.pixels.shape) >= 50
    assert radiograph.pixels.std() > 0.02
    assert radiograph.source_format == "drawn"
    assert radiograph.spacing_mm is not None
    assert all(0.1 < spacing < 3 for spacing in radiograph.spacing_mm)
    assert (phantom.body_part, phantom.seed) == (part, seed)
    if fractured:
        assert phantom.label == "fractured"
        assert phantom.fracture_kind in FRACTURE_KINDS
        (box,) = phantom.boxes
        assert 0 <= box.x0 < box.x1 <= 1
        assert 0 <= box.y0 < box.y1 <= 1
        assert box.area < 0.3
    else:
        assert (phantom.label, phantom.fracture_kind, phantom.boxes) == ("normal", None, ())


@parts
def test_every_kind_of_fracture_occurs(part):
    kinds = {draw_phantom(part, fractured=True, seed=seed).fracture_kind for seed in range(20)}
    assert kinds == set(FRACTURE_KINDS)


@functools.cache
def _broken_and_whole(part, seed):
    return tuple(draw_phantom(part, fractured=fractured, seed=seed) for fractured in (True, False))


def _change(part, seed):
    """Return the squared change that the fracture makes, and where its box lies in pixels."""
    broken, whole = _broken_and_whole(part, seed)
    assert whole.radiograph.pixels.shape == broken.radiograph.pixels.shape
    change = (broken.radiograph.pixels - whole.radiograph.pixels) ** 2
    height, width = change.shape
    (box,) = broken.boxes
    rows = slice(int(box.y0 * height), int(np.ceil(box.y1 * height)))
    columns = slice(int(box.x0 * width), int(np.ceil(box.x1 * width)))
    return broken.fracture_kind, change, rows, columns


@parts
def test_gap_and_step_change_the_picture_inside_their_box(part):
    seen = 0
    for seed in range(SEEDS):
        kind, change, rows, columns = _change(part, seed)
        if kind == "angulation":
            continue
        seen += 1
        assert change[rows, columns].sum() > 0.8 * change.sum()
    assert seen >= 3


@parts
def test_a_fracture_can_be_seen_at_the_size_networks_see(part):
    for seed in range(SEEDS):
        broken, whole = _broken_and_whole(part, seed)
        change = np.abs(
            network_input(broken.radiograph.pixels) - network_input(whole.radiograph.pixels)
        )
        place = Placement.of(broken.radiograph.width, broken.radiograph.height)
        box = broken.boxes[0].relative_to(place.to_radiograph(Box(0, 0, 1, 1)))
        inside = change[
            int(box.y0 * 224) : int(np.ceil(box.y1 * 224)),
            int(box.x0 * 224) : int(np.ceil(box.x1 * 224)),
        ]
        # Ten grey values of 256 on a patch of a few pixels: plain to see, far above the noise.
        assert np.sort(inside.ravel())[-6:].min() > 10


def test_an_unknown_part_is_refused():
    with pytest.raises(ValueError, match="elbow, hand, shoulder"):
        draw_phantom("knee", fractured=False, seed=0)
    with pytest.raises(ValueError, match="seed"):
        draw_phantom("hand", fractured=False, seed=-1)


@parts
def test_drawing_is_quick(part):
    draw_phantom(part, fractured=True, seed=0)
    start = time.process_time()
    for seed in range(4):
        draw_phantom(part, fractured=True, seed=seed)
    assert (time.process_time() - start) / 4 < 0.5  # 0.06 s where it was written


def test_samples_show_each_part_whole_and_broken():
    samples = sample_phantoms()
    assert [(sample.body_part, sample.label) for sample in samples] == [
        (part, label) for part in BODY_PARTS for label in ("normal", "fractured")
    ]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawings") / "phantoms"
    steps = []
    boxes = write_phantoms(
        folder, patients=4, seed=5, progress=lambda done, total: steps.append((done, total))
    )
    return folder, boxes, steps


def _pictures(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.png"))


def test_files_are_laid_out_as_in_mura(drawn):
    folder, _, steps = drawn
    pictures = _pictures(folder)
    assert len(pictures) == steps[-1][1] == len(steps)
    for picture in pictures:
        split, part, patient, study, image = picture.split("/")
        assert split in {"train_valid", "test"}
        assert part in {"Elbow", "Hand", "Shoulder"}
        assert patient.removeprefix("patient").isdecimal()
        assert study in {"study1_positive", "study1_negative"}
        assert image in {"image1.png", "image2.png"}
    patients = {picture.split("/")[2] for picture in pictures}
    assert len(patients) == 12
    for split in ("train_valid", "test"):
        for part in ("Elbow", "Hand", "Shoulder"):
            for study in ("positive", "negative"):
                assert list(folder.glob(f"{split}/{part}/*/study1_{study}/image1.png"))


def test_written_pictures_are_read_back_as_drawn(drawn):
    folder, _, _ = drawn
    picture = folder / _pictures(folder)[0]
    radiograph = read_radiograph(picture)
    assert radiograph.sha256 == hashlib.sha256(picture.read_bytes()).hexdigest()
    assert radiograph.warnings == ()


def test_a_phantom_carries_the_digest_of_its_file():
    radiograph = draw_phantom("elbow", fractured=True, seed=2).radiograph
    assert hashlib.sha256(radiograph.to_png()).hexdigest() == radiograph.sha256
    again = read_radiograph(radiograph.to_png(), name=radiograph.name)
    assert np.array_equal(again.pixels, radiograph.pixels)


def test_boxes_are_listed_for_the_positive_studies_only(drawn):
    folder, boxes, _ = drawn
    listed = pd.read_csv(folder / "boxes.csv")
    pd.testing.assert_frame_equal(listed, boxes, check_dtype=False)
    positive = {picture for picture in _pictures(folder) if "_positive/" in picture}
    assert set(listed["image_path"]) == positive
    assert ((listed[["x0", "y0"]] >= 0) & (listed[["x0", "y0"]] < 1)).all(axis=None)
    assert (listed["x1"] > listed["x0"]).all()
    assert (listed["y1"] > listed["y0"]).all()
    assert (listed[["x1", "y1"]] <= 1).all(axis=None)


def test_the_readme_says_that_the_pictures_are_drawn(drawn):
    folder, _, _ = drawn
    assert "drawn" in (folder / "README.txt").read_text(encoding="utf-8").lower()


def test_writing_twice_gives_the_same_files(drawn):
    folder, boxes, _ = drawn
    before = {picture: (folder / picture).read_bytes() for picture in _pictures(folder)}
    (folder / next(iter(before))).unlink()
    again = write_phantoms(folder, patients=4, seed=5)
    assert {picture: (folder / picture).read_bytes() for picture in _pictures(folder)} == before
    pd.testing.assert_frame_equal(again, boxes)


def test_other_settings_do_not_mix_into_a_drawing(drawn):
    folder, _, _ = drawn
    before = _pictures(folder)
    with pytest.raises(DatasetError, match="other settings"):
        write_phantoms(folder, patients=1, seed=6)
    assert _pictures(folder) == before


def test_a_foreign_folder_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(DatasetError, match="holds other files"):
        write_phantoms(tmp_path, patients=1)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_file_is_no_destination(tmp_path):
    file = tmp_path / "phantoms"
    file.write_text("x", encoding="utf-8")
    with pytest.raises(DatasetError, match="is a file"):
        write_phantoms(file, patients=1)


def test_an_empty_folder_is_welcome(tmp_path):
    write_phantoms(tmp_path, patients=1)
    assert (tmp_path / "boxes.csv").is_file()


@pytest.mark.parametrize("settings_", [{"patients": 0}, {"seed": -1}])
def test_impossible_settings_are_refused(tmp_path, settings_):
    with pytest.raises(ValueError, match="Received"):
        write_phantoms(tmp_path / "new", **settings_)


def test_a_marker_is_white_in_its_box_and_nothing_changes_outside():
    radiograph = draw_phantom("hand", fractured=False, seed=2).radiograph
    marked, box = add_marker(radiograph)
    inside = np.zeros(radiograph.pixels.shape, bool)
    left, right = round(box.x0 * marked.width) - 1, round(box.x1 * marked.width) + 1
    top, bottom = round(box.y0 * marked.height) - 1, round(box.y1 * marked.height) + 1
    inside[top:bottom, left:right] = True
    changed = marked.pixels != radiograph.pixels
    assert changed[inside].mean() > 0.3
    assert not changed[~inside].any()
    assert marked.pixels[inside].max() == 1.0
    assert marked.sha256 != radiograph.sha256
