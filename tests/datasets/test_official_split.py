"""FracAtlas's own split: what of it a copy holds, and that its parts share no study."""

from __future__ import annotations

import pandas as pd
import pytest

from fracture_widgets.datasets.fracatlas import FracAtlas
from fracture_widgets.datasets.split import official_split
from fracture_widgets.errors import DatasetError

STUDIES = {"a": "one", "b": "one", "c": "two", "d": "two", "e": "three", "f": "four", "g": "five"}
GONE = "IMG0009999.jpg"


def _name(letter: str) -> str:
    return f"IMG9{ord(letter):06}.jpg"


def _files(mini, train: str, valid: str, test: str) -> dict[str, bytes]:
    """Write a copy of radiographs a to g, all fractured but g; the last of each part is gone."""
    (picture, *_) = mini.images.values()
    columns = dict.fromkeys(mini.table.columns, 0)
    table = pd.DataFrame(
        [
            {**columns, "image_id": _name(letter), "study": study, "fractured": int(letter != "g")}
            | {"leg": int(letter == "e"), "hand": int(letter != "e")}
            for letter, study in STUDIES.items()
        ]
    )
    outlines = pd.DataFrame(
        [(_name(letter), 0.1, 0.2, 0.3, 0.4) for letter in STUDIES if letter != "g"],
        columns=["image_id", "x0", "y0", "x1", "y1"],
    )
    parts = {"train": train, "valid": valid, "test": test}
    return {
        "dataset.csv": table.to_csv(index=False).encode(),
        "fractures.csv": outlines.to_csv(index=False).encode(),
        **{f"images/{_name(letter)}": picture for letter in STUDIES},
        **{
            f"split/{part}.csv": "\n".join(["image_id", *map(_name, letters), GONE]).encode()
            for part, letters in parts.items()
        },
    }


def test_no_study_is_on_two_sides_and_test_is_as_published(mini, as_folder, tmp_path) -> None:
    with FracAtlas.open(as_folder(tmp_path, _files(mini, "acg", "bdf", "de"))) as atlas:
        split = official_split(atlas)
    assert split.test == (_name("d"), _name("e"))
    assert split.train == (_name("a"),)
    assert split.valid == (_name("f"),)
    assert split.studies[_name("c")] == "two"
    assert _name("e") not in split.upper
    assert _name("a") in split.upper
    assert split.told == (
        "Official split, at hand: 2 of 4 train, 3 of 4 valid, 2 of 3 test.",
        "Of train, 1 is of a study of test and left out.",
        "Of valid, 2 are of a study of train or test and left out.",
    )


def test_parts_without_a_common_study_are_whole(mini, as_folder, tmp_path) -> None:
    with FracAtlas.open(as_folder(tmp_path, _files(mini, "ab", "cd", "ef"))) as atlas:
        split = official_split(atlas)
    assert [len(part) for part in (split.train, split.valid, split.test)] == [2, 2, 2]
    assert split.told[1:] == (
        "Of train, none is of a study of test.",
        "Of valid, none is of a study of train or test.",
    )


def test_a_copy_without_the_split_or_without_a_part_says_so(
    mini, reduced_folder, as_folder, tmp_path
) -> None:
    with (
        FracAtlas.open(reduced_folder) as atlas,
        pytest.raises(DatasetError, match=r"has no train.csv with a column image_id: copy"),
    ):
        official_split(atlas)
    home = as_folder(tmp_path / "other", _files(mini, "a", "b", "e"))
    with (
        FracAtlas.open(home) as atlas,
        pytest.raises(DatasetError, match="holds nothing of the official valid part"),
    ):
        official_split(atlas)
