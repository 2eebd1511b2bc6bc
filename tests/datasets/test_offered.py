import os

import pytest

from fracture_widgets.datasets.layout import DATASETS_VARIABLE, find_datasets


@pytest.fixture
def root(tmp_path):
    for folder in (
        "mura/train/XR_ELBOW", "joints/train_valid/Hand", "plain/Shoulder/normal", "notes/drafts",
        ".hidden/Hand", "deep/down/there/Elbow",
    ):  # fmt: skip
        (tmp_path / folder).mkdir(parents=True)
    return tmp_path


def test_the_datasets_right_below_a_folder_are_found(root):
    assert [one.name for one in find_datasets([root])] == ["joints", "mura", "plain"]


def test_a_dataset_itself_is_one(root):
    assert find_datasets([root / "mura", root / "plain"]) == [root / "mura", root / "plain"]


def test_a_folder_that_is_not_there_holds_none(root):
    assert find_datasets([root / "nowhere", root / "notes"]) == []


def test_by_default_the_environment_names_them(root, monkeypatch):
    monkeypatch.setenv(DATASETS_VARIABLE, os.pathsep.join([str(root / "mura"), str(root)]))
    assert [one.name for one in find_datasets()] == ["mura", "joints", "mura", "plain"]
    monkeypatch.delenv(DATASETS_VARIABLE)
    assert find_datasets() == []
