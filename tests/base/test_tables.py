from __future__ import annotations

import csv
import io

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fracture_widgets.base.tables import (
    csv_text,
    frame_csv_text,
    read_csv,
    read_parquet,
    unguarded,
    write_csv,
    write_frame,
    write_parquet,
)

FORMULAS = ("=", "+", "-", "@", "\t", "\r")
TEXTS = st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0")), min_size=1)


def read_back(text):
    return list(csv.reader(io.StringIO(text, newline="")))


@given(TEXTS)
def test_cells_come_back_and_none_of_them_begins_a_formula(cells):
    header, row = read_back(csv_text(cells, [cells]))
    assert not any(cell.startswith(FORMULAS) for cell in header + row)
    assert [unguarded(cell) for cell in row] == cells


def test_numbers_stay_numbers_and_nothing_is_an_empty_cell():
    assert read_back(csv_text(["a", "b", "c"], [(-1.5, 3, None)])) == [
        ["a", "b", "c"], ["-1.5", "3", ""],
    ]  # fmt: skip


def test_numbers_are_rounded_where_it_is_asked_for(tmp_path):
    file = write_csv(tmp_path / "a.csv", ["a", "b"], [(-1.5, -3)], end="\n", decimals=3)
    assert file.read_text("utf-8-sig") == "a,b\n-1.500,-3\n"


def test_a_frame_has_no_formula_in_its_cells_or_its_header():
    frame = pd.DataFrame(
        {"=a": ["=1", None, "x"], "b": [-1.5, 2.0, None], "c": [True, False, True]}
    )
    frame["d"] = pd.Categorical(["-", "+", "-"])
    assert frame_csv_text(frame) == ("'=a,b,c,d\n'=1,-1.5,True,'-\n,2.0,False,'+\nx,,True,'-\n")
    assert list(frame.columns) == ["=a", "b", "c", "d"]


def test_a_table_is_read_as_it_was_written(tmp_path):
    rows = [("=1", "a\nb"), ("'=1", ""), ("", "é")]
    write_csv(tmp_path / "t.csv", ["a", "b"], rows)
    assert [tuple(row.values()) for row in read_csv(tmp_path / "t.csv", ["a", "b"])] == rows
    with pytest.raises(ValueError, match="other columns"):
        list(read_csv(tmp_path / "t.csv", ["a"]))
    (tmp_path / "t.csv").write_text('a,b\n"x', "utf-8")
    with pytest.raises(ValueError, match="unexpected end"):
        list(read_csv(tmp_path / "t.csv", ["a", "b"]))


def test_a_frame_is_written_for_pandas_to_read(tmp_path):
    frame = pd.DataFrame({"a": ["x", "y"], "b": [0.1 + 0.2, -1e-9]})
    pd.testing.assert_frame_equal(pd.read_csv(write_frame(tmp_path / "t.csv", frame)), frame)


def test_parquet_holds_the_types_and_the_texts_as_they_are(tmp_path):
    pytest.importorskip("pyarrow")
    path = tmp_path / "t.parquet"
    write_parquet(path, {"a": "string", "b": "float64", "c": "int32"}, iter([("=1", 0.5, None)]))
    assert list(read_parquet(path, ["a", "b", "c"])) == [{"a": "=1", "b": 0.5, "c": None}]
    with pytest.raises(ValueError, match="other columns"):
        list(read_parquet(path, ["a"]))
