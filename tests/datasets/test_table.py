import copy
import io
import os

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from fracture_widgets.datasets.layout import DATASETS_VARIABLE, Place, find_datasets, place_of
from fracture_widgets.datasets.table import (
    find_duplicates,
    labelled_table,
    load_boxes,
    load_dataset,
)
from fracture_widgets.errors import DatasetError
from fracture_widgets.imaging.walk import SkippedFiles

PICTURE = io.BytesIO()
Image.new("L", (4, 3), 90).save(PICTURE, "PNG")
PNG = PICTURE.getvalue()


@pytest.fixture
def tree(tmp_path):
    def write(*names, content=PNG):
        for name in names:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(content)
        return tmp_path

    return write


def rows(table):
    return [
        tuple(row) for row in table.drop(columns="image_path").itertuples(index=False, name=None)
    ]


def test_the_mura_layout_is_read(tree):
    root = tree(
        "train_valid/XR_ELBOW/patient00011/study1_positive/image1.png",
        "test/Hand/patient00012/study2_negative/image1.png",
    )
    table = load_dataset(root)
    assert list(table.columns) == [
        *("body_part", "patient_id", "study_id", "label", "image_path", "split"),
    ]
    assert rows(table) == [
        ("hand", "patient00012", "patient00012/study2_negative", "normal", "test"),
        ("elbow", "patient00011", "patient00011/study1_positive", "fractured", "train_valid"),
    ]
    assert table["image_path"].tolist() == [
        str(root / "test/Hand/patient00012/study2_negative/image1.png"),
        str(root / "train_valid/XR_ELBOW/patient00011/study1_positive/image1.png"),
    ]


def test_mura_as_downloaded_is_read_and_its_other_parts_reported(tree):
    root = tree(
        "MURA-v1.1/train/XR_SHOULDER/patient00001/study1_positive/image1.png",
        "MURA-v1.1/valid/XR_HAND/patient11185/study1_negative/image1.png",
        "MURA-v1.1/train/XR_WRIST/patient00006/study1_positive/image1.png",
        "MURA-v1.1/train/XR_WRIST/patient00006/study1_positive/image2.png",
        "MURA-v1.1/train/XR_FINGER/patient00007/study1_positive/image1.png",
    )
    tree("MURA-v1.1/train_image_paths.csv", content=b"MURA-v1.1/train/XR_SHOULDER/")
    table = load_dataset(root)
    assert sorted(table["split"]) == ["train", "validation"]
    assert table.attrs["skipped"].counts == {
        "another body part (wrist)": 2,
        "another body part (finger)": 1,
        "not a picture": 1,
    }
    assert str(table.attrs["skipped"]) == (
        "4 files skipped: 2 another body part (wrist), 1 another body part (finger), "
        "1 not a picture."
    )


def test_without_a_split_level_there_is_no_split_column(tree):
    table = load_dataset(tree("xr_elbow/Patient00003/Study1_Negative/IMAGE1.PNG"))
    assert rows(table) == [("elbow", "patient00003", "patient00003/study1_negative", "normal")]


def test_one_parts_own_folder_can_be_given(tree):
    root = tree("XR_ELBOW/patient00003/study1_negative/image1.png")
    assert load_dataset(root / "XR_ELBOW")["body_part"].tolist() == ["elbow"]


@pytest.mark.parametrize(
    ("folder", "label"),
    [
        ("fractured", "fractured"),
        ("Positive", "fractured"),
        ("NORMAL", "normal"),
        ("negative", "normal"),
        ("Not Fractured", "normal"),
        ("non-fractured", "normal"),
    ],
)
def test_the_plain_layout_takes_every_radiograph_for_a_patient(tree, folder, label):
    root = tree(f"Elbow/{folder}/a.png", f"Elbow/{folder}/b.png", f"Hand/{folder}/a.png")
    table = load_dataset(root)
    assert table["label"].tolist() == [label] * 3
    assert table["patient_id"].nunique() == 3


def test_in_the_plain_layout_an_inner_folder_is_the_patient(tree):
    root = tree(
        "Elbow/fractured/Smith/a.png", "Elbow/fractured/Smith/b.png", "Hand/normal/smith/a.png"
    )
    table = load_dataset(root)
    assert table["patient_id"].unique().tolist() == ["smith"]
    assert table["study_id"].unique().tolist() == ["smith/fractured", "smith/normal"]


def test_what_is_no_radiograph_is_skipped_with_its_reason(tree):
    good = "Elbow/patient00001/study1_positive/image1.png"
    study = good.rpartition("/")[0]
    tree(good)
    tree(f"{study}/._image1.png", f"{study}/.DS_Store", content=b"\0\5\x16\7")
    tree(f"{study}/image2.png", content=b"")
    tree(f"{study}/image3.png", content=b"just text")
    tree(f"{study}/notes.txt", content=b"just text")
    tree("Elbow/patient00002/study1/image1.png", "elsewhere/image.png")
    root = tree("__MACOSX/Elbow/patient00001/study1_positive/image1.png")
    tree("boxes.csv", "README.txt", "crops.csv", content=b"image_path\n")
    table = load_dataset(root)
    assert len(table) == 1
    assert sorted(table.attrs["skipped"]) == sorted(
        [
            (f"{study}/._image1.png", "hidden"),
            (f"{study}/.DS_Store", "hidden"),
            ("__MACOSX", "hidden"),
            (f"{study}/image2.png", "empty"),
            (f"{study}/image3.png", "not a picture"),
            (f"{study}/notes.txt", "not a picture"),
            ("Elbow/patient00002/study1/image1.png", "no label in its folders"),
            ("elsewhere/image.png", "outside the expected folders"),
        ]
    )
    assert pd.DataFrame(table.attrs["skipped"], columns=["path", "reason"]).shape == (8, 2)


def test_every_kind_of_radiograph_file_is_recognised(tree):
    study = "Hand/patient00001/study1_positive"
    for suffix, kind in (("jpg", "JPEG"), ("tif", "TIFF"), ("bmp", "BMP"), ("WEBP", "WEBP")):
        file = io.BytesIO()
        Image.new("L", (4, 3)).save(file, kind)
        tree(f"{study}/image.{suffix}", content=file.getvalue())
    root = tree(f"{study}/image.dcm", content=bytes(128) + b"DICM" + bytes(20))
    assert len(load_dataset(root)) == 5


def test_links_that_lead_back_up_do_not_trap_the_walk(tree):
    root = tree("Hand/patient00001/study1_positive/image1.png")
    (root / "Hand" / "again").symlink_to(root, target_is_directory=True)
    assert len(load_dataset(root)) == 1


@pytest.mark.parametrize(
    ("parts", "labels"),
    [
        (["Elbow", "XR_HAND"], ["Fractured", "Normal"]),
        (["elbow", " Hand"], ["positive", "negative"]),
        (["elbow", "hand"], [1, 0]),
        (["elbow", "hand"], [True, False]),
        (["ELBOW", "xr_hand"], ["1", "0"]),
    ],
)
def test_a_table_in_other_words_is_understood(parts, labels):
    ours = pd.DataFrame({"body_part": parts, "label": labels, "image_path": ["a.png", "b.png"]})
    table = labelled_table(ours)
    assert table["body_part"].tolist() == ["elbow", "hand"]
    assert table["label"].tolist() == ["fractured", "normal"]
    assert ours["label"].tolist() == labels


def test_a_table_in_words_that_mean_nothing_is_refused_by_the_first_of_them():
    rows = {"body_part": ["elbow", "hand"], "label": ["normal", "broken"], "image_path": ["a", "b"]}
    with pytest.raises(DatasetError, match="label holds 'broken', which is neither fractured nor"):
        labelled_table(pd.DataFrame(rows))
    rows |= {"body_part": ["knee", "hand"], "label": ["normal", "normal"]}
    with pytest.raises(DatasetError, match="body_part holds 'knee', which is none of elbow, hand"):
        labelled_table(pd.DataFrame(rows))
    with pytest.raises(DatasetError, match="has no column label and no column patient_id"):
        labelled_table(pd.DataFrame(rows).drop(columns="label"), ["patient_id"])


@pytest.mark.parametrize(
    ("names", "says"),
    [
        ([], "it is empty"),
        (["holiday/beach.png"], "1 file skipped: 1 outside the expected folders"),
        (["XR_WRIST/patient00001/study1_positive/image1.png"], "1 another body part"),
    ],
)
def test_an_empty_or_foreign_folder_is_an_error_that_shows_the_layout(tree, names, says):
    with pytest.raises(DatasetError) as caught:
        load_dataset(tree(*names))
    message = str(caught.value)
    assert says in message
    assert "study1_positive" in message
    assert "fractured | normal" in message


def test_no_folder_and_a_file_are_errors_that_show_the_layout(tree):
    root = tree("archive.zip")
    with pytest.raises(DatasetError, match=r"archive\.zip is a file"):
        load_dataset(root / "archive.zip")
    with pytest.raises(DatasetError, match=r"nowhere does not exist[^$]*patient00011"):
        load_dataset(root / "nowhere")


def test_a_patient_in_two_split_folders_is_warned_of(tree):
    root = tree(
        "train/Elbow/patient00001/study1_positive/image1.png",
        "test/Hand/patient00001/study1_negative/image1.png",
        "test/Hand/patient00002/study1_negative/image1.png",
    )
    (warning,) = load_dataset(root).attrs["warnings"]
    assert warning.startswith("1 patient stands in more than one split folder (patient00001)")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs folders one may not read")
def test_a_folder_that_may_not_be_read_is_one_sentence(tree):
    root = tree("Hand/patient00001/study1_positive/image1.png")
    (root / "Hand").chmod(0)
    try:
        with pytest.raises(DatasetError, match="The folder Hand cannot be read"):
            load_dataset(root)
    finally:
        (root / "Hand").chmod(0o755)


def test_skipped_files_survive_pandas_without_being_copied():
    skipped = SkippedFiles([("a", "empty")])
    table = pd.DataFrame({"x": [1]})
    table.attrs["skipped"] = skipped
    assert table.copy().attrs["skipped"] is skipped
    assert copy.deepcopy(skipped) is skipped
    assert str(SkippedFiles()) == "No file was skipped."


def test_boxes_carry_the_paths_of_the_table(tree):
    name = "Hand/patient00001/study1_positive/image1.png"
    root = tree(name)
    tree("boxes.csv", content=f"image_path,x0,y0,x1,y1\n{name},0,0.25,0.5,1\n".encode())
    boxes = load_boxes(root)
    assert boxes.to_dict("records") == [
        {"image_path": str(root / name), "x0": 0, "y0": 0.25, "x1": 0.5, "y1": 1, "visible": 1}
    ]
    assert boxes["image_path"].isin(load_dataset(root)["image_path"]).all()


def test_a_dataset_without_boxes_has_an_empty_table_of_them(tmp_path):
    boxes = load_boxes(tmp_path)
    assert boxes.empty
    assert list(boxes.columns) == ["image_path", "x0", "y0", "x1", "y1", "visible"]


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"image_path,x0,y0,x1,y1\na,b,0,0,0\n"])
def test_a_damaged_table_of_boxes_is_one_sentence(tree, content):
    with pytest.raises(DatasetError, match=r"boxes\.csv cannot be read"):
        load_boxes(tree("boxes.csv", content=content))


def any_case(words):
    return st.sampled_from(words).flatmap(
        lambda word: st.lists(st.booleans(), min_size=len(word), max_size=len(word)).map(
            lambda upper: "".join(
                letter.upper() if up else letter.lower()
                for letter, up in zip(word, upper, strict=True)
            )
        )
    )


@settings(max_examples=40, deadline=None)
@given(
    above=st.lists(st.text("abcxyz .-", min_size=1, max_size=8), max_size=3),
    split=st.none() | any_case(["train_valid", "train", "valid", "test"]),
    part=any_case(["xr_elbow", "hand", "XR_Shoulder", "elbow"]),
    patient=st.integers(0, 99999).map("patient{:05d}".format),
    study=any_case(["study1_positive", "study12_negative"]),
)
def test_names_are_understood_in_any_case_below_any_folder(above, split, part, patient, study):
    folders = (*above, *([split] if split else []), part, patient, study)
    place = place_of(folders)
    names = {"train_valid": "train_valid", "train": "train", "valid": "validation", "test": "test"}
    assert place == Place(
        body_part=part.lower().removeprefix("xr_"),
        label="fractured" if "positive" in study.lower() else "normal",
        patient=patient,
        study=study.lower(),
        split=names[split.lower()] if split else None,
    )


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=10), max_size=5).map(tuple))
def test_arbitrary_folders_are_placed_or_refused_in_words(folders):
    place = place_of(folders)
    assert isinstance(place, Place) or place


@pytest.fixture
def copies(tree):
    names = {"a.png": b"1", "b.png": b"2", "c.png": b"1", "d.png": b"3", "e.png": b"2"}
    paths = [str(tree(name, content=content) / name) for name, content in names.items()]
    return pd.DataFrame({"image_path": paths}, index=range(9, 0, -2))


def test_copies_stand_beside_one_another(copies):
    found = find_duplicates(copies)
    assert [path[-5:] for path in found["image_path"]] == ["a.png", "c.png", "b.png", "e.png"]
    assert found["copy_of"].tolist() == [1, 1, 2, 2]
    assert found.index.tolist() == [9, 5, 7, 1]
    none = find_duplicates(copies.iloc[[0, 1, 3]])
    assert len(none) == 0
    assert list(none) == ["image_path", "copy_of"]


def test_a_file_that_is_gone_is_named(copies, tmp_path):
    (tmp_path / "b.png").unlink()
    with pytest.raises(DatasetError, match=r"b\.png cannot be read"):
        find_duplicates(copies)


@pytest.fixture
def datasets(tmp_path):
    for folder in (
        "mura/train/XR_ELBOW", "joints/train_valid/Hand", "plain/Shoulder/normal", "notes/drafts",
        ".hidden/Hand", "deep/down/there/Elbow",
    ):  # fmt: skip
        (tmp_path / folder).mkdir(parents=True)
    return tmp_path


def test_the_datasets_right_below_a_folder_are_found(datasets):
    assert [path.name for path in find_datasets([datasets])] == ["joints", "mura", "plain"]


def test_a_dataset_itself_is_one(datasets):
    assert find_datasets([datasets / "mura", datasets / "plain"]) == [
        datasets / "mura",
        datasets / "plain",
    ]


def test_a_folder_that_is_not_there_holds_none(datasets):
    assert find_datasets([datasets / "nowhere", datasets / "notes"]) == []


def test_by_default_the_environment_names_them(datasets, monkeypatch):
    monkeypatch.setenv(DATASETS_VARIABLE, os.pathsep.join([str(datasets / "mura"), str(datasets)]))
    assert [path.name for path in find_datasets()] == ["mura", "joints", "mura", "plain"]
    monkeypatch.delenv(DATASETS_VARIABLE)
    assert find_datasets() == []
