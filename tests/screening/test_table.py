"""Tables: CSV and Parquet hold the same, and are whole or not there."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pandas as pd
import pytest
from known_reports import known_report, refused_report

from fracture_widgets.errors import MissingExtra, ScreeningError
from fracture_widgets.models.record import Finding
from fracture_widgets.screening.table import (
    COLUMNS,
    answered_row,
    check_format,
    failed_row,
    read_table,
    write_table,
)

FINDINGS = '[{"kind": "fracture", "place": [0.25, 0.5]}]'
ANSWERED = {
    "path": 'a, "b"\n.png',
    "verdict": "none seen",
    "reason": "",
    "body_part": "elbow",
    "body_part_probability": 0.5,
    "calibrated_probability": 0.01,
    "operating_point": "sensitive",
    "label": "normal",
    "fracture_probability": 1e-06,
    "findings": FINDINGS,
    "joints": "[]",
    "model": "m",
    "sha256": "s",
    "width": 40,
    "height": 30,
    "warnings": "Mind the é.",
    "error": "",
}
ROWS = [ANSWERED, failed_row("sub/c.png", "It is empty.", "m")]


def test_a_row_is_made_of_the_record() -> None:
    peak = Finding("fracture", "hand", 0.123456789, "fracture map", place=(0.25, 0.5))
    report = known_report(findings=(peak,))
    row = answered_row("a/hand.png", report)
    assert tuple(row) == COLUMNS == tuple(ANSWERED)
    assert (row["path"], row["error"], row["width"]) == ("a/hand.png", "", 150)
    assert (row["verdict"], row["calibrated_probability"]) == ("fracture", 0.87)
    assert json.loads(row["findings"])[0]["score"] == 0.123457
    refused = answered_row("a/hand.png", refused_report(findings=(peak,)))
    assert (refused["body_part"], refused["findings"]) == (None, "[]")


def test_csv_and_parquet_hold_the_same(tmp_path: Path) -> None:
    for name in ("t.csv", "t.parquet"):
        write_table(tmp_path / name, ROWS)
    csv, parquet = pd.read_csv(tmp_path / "t.csv"), pd.read_parquet(tmp_path / "t.parquet")
    assert tuple(csv.columns) == tuple(parquet.columns) == COLUMNS
    assert list(parquet["path"]) == list(csv["path"]) == [row["path"] for row in ROWS]
    assert csv["fracture_probability"][0] == parquet["fracture_probability"][0] == 1e-06
    assert parquet["width"][0] == 40
    assert parquet["findings"][0] == csv["findings"][0] == FINDINGS
    assert parquet["label"].isna().tolist() == csv["label"].isna().tolist() == [False, True]


@pytest.mark.parametrize("name", ["t.csv", "t.parquet"])
def test_a_table_is_read_back_and_the_same_rows_make_the_same_bytes(
    tmp_path: Path, name: str
) -> None:
    write_table(tmp_path / name, ROWS)
    first = (tmp_path / name).read_bytes()
    write_table(tmp_path / name, iter(ROWS))
    assert (tmp_path / name).read_bytes() == first
    read = list(read_table(tmp_path / name))
    assert [(row["path"], row["label"] or None, row["error"]) for row in read] == [
        (row["path"], row["label"], row["error"]) for row in ROWS
    ]


@pytest.mark.parametrize("name", ["t.csv", "t.parquet"])
@pytest.mark.parametrize("missing", [["operating_point"], ["operating_point", "joints"]])
def test_a_table_that_was_written_before_there_were_such_columns_is_read(
    tmp_path: Path, name: str, missing: list[str]
) -> None:
    write_table(tmp_path / name, ROWS)
    if name == "t.csv":
        pd.read_csv(tmp_path / name).drop(columns=missing).to_csv(tmp_path / name, index=False)
    else:
        frame = pd.read_parquet(tmp_path / name).drop(columns=missing)
        frame.to_parquet(tmp_path / name, index=False)
    read = list(read_table(tmp_path / name))
    assert [(row["path"], row["error"] or "") for row in read] == [
        (row["path"], row["error"]) for row in ROWS
    ]
    assert set(COLUMNS).difference(read[0]) == set(missing)


@pytest.mark.parametrize("name", ["t.csv", "t.parquet"])
def test_what_is_no_table_of_ours_is_one_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"a,b\n1,2\xff\n")
    with pytest.raises(ScreeningError, match="is no table of a screening"):
        list(read_table(tmp_path / name))


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("t.xlsx", "ends in .csv or .parquet"),
        ("none/t.csv", "is not there: make it"),
        ("folder.csv", "is a folder"),
    ],
)
def test_a_name_that_cannot_be_is_refused_before_any_work(
    tmp_path: Path, name: str, says: str
) -> None:
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(ScreeningError, match=says):
        check_format(tmp_path / name)


def test_without_pyarrow_parquet_is_refused_with_the_way_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtra, match=r"fracture-widgets\[parquet\]"):
        check_format(tmp_path / "t.parquet")
