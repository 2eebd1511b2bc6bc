"""Datasets that a table or COCO's annotations list."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from fracture_widgets import load_boxes, load_dataset
from fracture_widgets.errors import DatasetError


@pytest.fixture
def home(tmp_path: Path) -> Path:
    picture = io.BytesIO()
    Image.new("L", (40, 20), 90).save(picture, "PNG")
    for name in ("a.png", "b.png", "images/c.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(picture.getvalue())
    (tmp_path / "text.png").write_text("no picture")
    return tmp_path


def write(home: Path, text: str, name: str = "list.csv") -> Path:
    file = home / name
    file.write_text(text, "utf-8-sig")
    return file


@pytest.mark.parametrize("comma", [",", ";"])
def test_a_table_in_its_own_words_is_read(home: Path, comma: str) -> None:
    lines = ["Path,Body Part,fractured,patient,split", "b.png,XR_ELBOW,1,p1,train",
             "a.png,Elbow,0,p1,valid", "c.png,hand,positive,p2,test"]  # fmt: skip
    table = load_dataset(write(home, "\n".join(lines).replace(",", comma)))
    assert list(table["image_path"]) == [str(home / n) for n in ("a.png", "b.png", "images/c.png")]
    assert list(table["label"]) == ["normal", "fractured", "fractured"]
    assert list(table["body_part"]) == ["elbow", "elbow", "hand"]
    assert list(table["patient_id"]) == ["p1", "p1", "p2"]
    assert list(table["split"]) == ["validation", "train", "test"]
    assert table["study_id"].nunique() == 3
    assert table.attrs["skipped"] == []


def test_what_is_missing_is_named_and_the_rest_goes_on(home: Path) -> None:
    rows = "image_path,body_part,label\na.png,hand,normal\ngone.png,hand,normal\ntext.png,hand,1\n"
    table = load_dataset(write(home, rows))
    assert list(table["patient_id"]) == ["a"]
    assert "split" not in table
    assert table.attrs["skipped"] == [("gone.png", "missing"), ("text.png", "not a picture")]
    assert table.attrs["warnings"] == [
        (
            "list.csv lists what cannot be used: gone.png (missing), text.png (not a picture); the "
            "rest goes on."
        )
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "cannot be read as a table"),
        ("image_path,label\na.png,1\n", "has no column body_part: name them"),
        ("image_path,body_part,label\n", "lists no radiograph that is there"),
        ("image_path,body_part,label\ngone.png,hand,1\n", "1 file skipped: 1 missing"),
        ("image_path,body_part,label\na.png,knee,1\n", "holds 'knee', which is none of"),
        ("image_path,body_part,label\na.png,hand,maybe\n", "neither fractured nor normal"),
        ("image_path,body_part,label\na.png,hand,1\na.png,hand,0\n", "does not agree with itself"),
        ("image_path,body_part,label\n\0\n", "list.csv"),
    ],
)
def test_another_table_is_one_sentence(home: Path, text: str, says: str) -> None:
    with pytest.raises(DatasetError, match=says):
        load_dataset(write(home, text))


def test_a_file_listed_twice_alike_is_one_radiograph(home: Path) -> None:
    rows = "image_path,body_part,label\na.png,hand,1\na.png,Hand,fractured\n"
    assert len(load_dataset(write(home, rows))) == 1


def coco() -> dict[str, Any]:
    return {
        "images": [
            {"id": 1, "file_name": "a.png", "width": 40, "height": 20, "body_part": "Elbow",
             "patient_id": "p9"},
            {"id": 2, "file_name": "c.png", "width": 40, "height": 20},
            {"id": 3, "file_name": "hand/gone.png", "width": 40, "height": 20},
        ],
        "annotations": [
            {"id": 1, "image_id": 1, "category_id": 7, "bbox": [10, 5, 20, 10]},
            {"id": 2, "image_id": 2, "category_id": 8, "bbox": [0, 0, 40, 20]},
            {"id": 3, "image_id": 3, "category_id": 7, "bbox": [0, 0, 4, 2]},
        ],
        "categories": [{"id": 7, "name": "Fracture"}, {"id": 8, "name": "shoulder"}],
    }  # fmt: skip


def test_coco_is_read_with_its_boxes_and_a_missing_image_is_named(home: Path) -> None:
    file = write(home, json.dumps(coco()), "instances.json")
    file.write_text(json.dumps(coco()))
    table = load_dataset(file)
    assert list(zip(table["body_part"], table["label"], table["patient_id"], strict=True)) == [
        ("elbow", "fractured", "p9"), ("shoulder", "normal", "c"),
    ]  # fmt: skip
    assert table.attrs["skipped"] == [("hand/gone.png", "missing")]
    assert "hand/gone.png (missing)" in table.attrs["warnings"][0]
    boxes = load_boxes(file).set_index("image_path")
    assert list(boxes.loc[str(home / "a.png")]) == [0.25, 0.25, 0.75, 0.75, 1.0]
    assert set(boxes.index).intersection(table["image_path"]) == {str(home / "a.png")}


@pytest.mark.parametrize(
    "damage",
    [
        "[]", "{", "null", '{"images": []}', "[" * 5000,
        json.dumps(coco() | {"images": [{"id": 1}]}),
        json.dumps(coco() | {"images": [{"id": 1, "file_name": 7}]}),
        json.dumps(coco() | {"annotations": [{"image_id": 1}]}),
        json.dumps(coco() | {"categories": [7]}),
        json.dumps(coco() | {"annotations": 7}),
    ],
)  # fmt: skip
def test_what_is_not_coco_s_format_is_one_sentence(home: Path, damage: str) -> None:
    (home / "x.json").write_text(damage)
    for read in (load_dataset, load_boxes):
        with pytest.raises(DatasetError, match=r"x\.json is not COCO's format"):
            read(home / "x.json")


@pytest.mark.parametrize("box", [[1, 2], "box", [None] * 4, [1, 2, 3, "x"]])
def test_a_box_that_is_none_is_one_sentence(home: Path, box: object) -> None:
    known = coco()
    known["annotations"][0]["bbox"] = box
    (home / "x.json").write_text(json.dumps(known))
    with pytest.raises(DatasetError, match=r"x\.json has a box"):
        load_boxes(home / "x.json")


def test_an_image_of_which_no_part_is_told_is_named(home: Path) -> None:
    known = coco() | {"annotations": []}
    (home / "x.json").write_text(json.dumps(known))
    with pytest.raises(DatasetError, match=r"does not say what c\.png shows"):
        load_dataset(home / "x.json")
