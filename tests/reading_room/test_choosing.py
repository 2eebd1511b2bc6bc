"""A class code decides which cases are read, and in which order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from fracture_widgets.errors import DatasetError, ReadingRoomError, UnreadableRadiograph
from fracture_widgets.reading_room.cases import (
    DatasetSource,
    DrawnSource,
    choose,
    code_generator,
    digest,
    offered_sources,
)


@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 8)), max_size=40),
    st.integers(1, 50),
    st.booleans(),
    st.text(max_size=5),
)
def test_so_many_as_wanted_none_twice_and_the_same_for_the_same_code(rows, count, balanced, code):
    broken, patients = [one for one, _ in rows], [str(one) for _, one in rows]
    chosen, again = (
        choose(broken, patients, count, code_generator(code), balanced=balanced) for _ in range(2)
    )
    assert chosen == again
    assert len(chosen) == len(set(chosen)) == min(count, len(rows))
    if balanced:
        kinds = [sum(broken), len(broken) - sum(broken)]
        found = sum(broken[one] for one in chosen)
        if min(kinds) >= (count + 1) // 2:
            assert abs(2 * found - count) <= 1


def test_a_patient_is_read_twice_only_when_there_is_no_other():
    patients = ["a", "a", "a", "b", "c", "c"]
    chosen = choose([False] * 6, patients, 3, code_generator("x"), balanced=False)
    assert {patients[one] for one in chosen} == {"a", "b", "c"}


def test_a_code_is_the_same_in_capitals_and_with_spaces_around():
    drawn = DrawnSource()
    assert drawn.choose(" Monday ", 10, balanced=True) == drawn.choose("monday", 10, balanced=True)
    assert drawn.choose("tuesday", 10, balanced=True) != drawn.choose("monday", 10, balanced=True)


def test_half_of_the_drawn_cases_are_fractured_or_few_are():
    drawn = DrawnSource()
    broken = [key.endswith("-1") for key in drawn.choose("a", 10, balanced=True)]
    assert sum(broken) == 5
    few = [key.endswith("-1") for key in drawn.choose("a", 200, balanced=False)]
    assert 20 <= sum(few) <= 60


def test_a_drawn_case_knows_its_truth_and_place():
    key = next(one for one in DrawnSource().choose("a", 4, balanced=True) if one.endswith("-1"))
    case = DrawnSource().case(key)
    assert (case.truth, len(case.boxes)) == ("fractured", 1)
    assert DrawnSource().case(key.removesuffix("1") + "0").boxes == ()
    with pytest.raises(ReadingRoomError, match="not known"):
        DrawnSource().case("foot-1-1")


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "hands"
    for number in range(6):
        label = "positive" if number % 2 else "negative"
        file = root / "Hand" / f"patient{number}" / f"study1_{label}" / "image1.png"
        file.parent.mkdir(parents=True)
        Image.fromarray(np.full((20, 20), number, np.uint8)).save(file)
    (root / "boxes.csv").write_text(
        "image_path,x0,y0,x1,y1\nHand/patient1/study1_positive/image1.png,0.1,0.2,0.3,0.4\n"
    )
    return root


def test_a_dataset_knows_the_place_of_a_fracture_where_it_was_drawn(folder):
    source = DatasetSource(folder)
    keys = source.choose("a", 10, balanced=True)
    cases = {key.split("/")[1]: source.case(key) for key in keys}
    assert len(cases) == 6
    assert [(box.x0, box.y1) for box in cases["patient1"].boxes] == [(0.1, 0.4)]
    assert cases["patient3"].boxes is None
    assert cases["patient2"].boxes == ()
    assert len({case.group for case in cases.values()}) == 6
    assert not any("patient" in case.group + digest(case.key) for case in cases.values())


def test_what_is_no_longer_there_or_no_picture_is_said(folder):
    source = DatasetSource(folder)
    key = source.choose("a", 1, balanced=False)[0]
    (folder / key).write_bytes(b"\x89PNG\r\n\x1a\nno picture")
    with pytest.raises(UnreadableRadiograph, match="image1"):
        source.case(key)
    with pytest.raises(ReadingRoomError, match="no longer in hands"):
        source.case("Hand/other.png")
    with pytest.raises(DatasetError):
        DatasetSource(folder / "Elbow").choose("a", 1, balanced=False)


def test_sources_are_named_and_not_by_their_paths(folder, tmp_path):
    other = tmp_path / "more" / "hands"
    other.parent.mkdir()
    folder.rename(tmp_path / "moved")
    (tmp_path / "moved").rename(folder)
    import shutil

    shutil.copytree(folder, other)
    keys = [one.key for one in offered_sources([folder, other])]
    assert keys == ["drawn", f"dataset {tmp_path.name}/hands", "dataset more/hands"]
