"""The same file twice is found, whatever it is called."""

from __future__ import annotations

import pandas as pd
import pytest

from fracture_widgets.datasets.table import find_duplicates
from fracture_widgets.errors import DatasetError


@pytest.fixture
def table(tmp_path):
    content = {
        "a.png": b"one",
        "b.png": b"two",
        "c.png": b"one",
        "d.png": b"three",
        "e.png": b"two",
    }
    for name, data in content.items():
        (tmp_path / name).write_bytes(data)
    paths = [str(tmp_path / name) for name in content]
    return pd.DataFrame({"image_path": paths}, index=range(9, 0, -2))


def test_copies_stand_beside_one_another(table):
    found = find_duplicates(table)
    assert [path[-5:] for path in found["image_path"]] == ["a.png", "c.png", "b.png", "e.png"]
    assert found["copy_of"].tolist() == [1, 1, 2, 2]
    assert found.index.tolist() == [9, 5, 7, 1]


def test_without_copies_the_table_is_empty_and_keeps_its_columns(table):
    found = find_duplicates(table.iloc[[0, 1, 3]])
    assert len(found) == 0
    assert list(found) == ["image_path", "copy_of"]


def test_a_file_that_is_gone_is_named(table, tmp_path):
    (tmp_path / "b.png").unlink()
    with pytest.raises(DatasetError, match=r"b\.png cannot be read"):
        find_duplicates(table)
