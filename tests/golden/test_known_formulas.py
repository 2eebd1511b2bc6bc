"""No cell of a table is one that a spreadsheet would take for a formula."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest
from golden_reports import run
from golden_tables import RADIOGRAPHS

pytestmark = pytest.mark.usefixtures("answered_once")

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def _text_cells(table: Path) -> list[str]:
    """Return all cells that are no numbers."""
    with table.open(encoding="utf-8-sig", newline="") as opened:
        cells = [cell for row in csv.reader(opened) for cell in row]
    return [cell for cell in cells if not cell.lstrip("+-").replace(".", "", 1).isdigit()]


def _formulas(table: Path) -> list[str]:
    return [cell for cell in _text_cells(table) if cell.startswith(FORMULA_STARTS)]


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """A folder laid out as MURA's whose patients and files are called like formulas."""
    folder = tmp_path / "dataset"
    for number in range(4):
        for label, study in (("normal", "study1_negative"), ("fractured", "study1_positive")):
            home = folder / "Hand" / f"={number}+{len(label)}" / study
            home.mkdir(parents=True)
            shutil.copyfile(RADIOGRAPHS / f"hand-{label}.png", home / "=1+1.png")
    return folder


@pytest.mark.slow
def test_a_screened_file_called_like_a_formula_is_none(tmp_path: Path) -> None:
    for name in ("=1+1.png", "=HYPERLINK(A1).png", "+1.png", "-1.png", "@SUM(A1).png"):
        shutil.copyfile(RADIOGRAPHS / "hand-normal.png", tmp_path / name)
    assert run("screen", tmp_path, "--out", tmp_path / "t.csv")["code"] == 0
    assert _formulas(tmp_path / "t.csv") == []
    assert "'=1+1.png" in _text_cells(tmp_path / "t.csv")


@pytest.mark.slow
def test_an_evaluated_patient_called_like_a_formula_is_none(dataset: Path, tmp_path: Path) -> None:
    assert run("evaluate", dataset, "--predictions", tmp_path / "t.csv")["code"] == 0
    assert _formulas(tmp_path / "t.csv") == []


@pytest.mark.keras
def test_a_compared_patient_called_like_a_formula_is_none(dataset: Path, tmp_path: Path) -> None:
    pytest.importorskip("keras")
    quick = ("--models", "always-normal", "--folds", "2", "--resamples", "20")
    assert run("compare", dataset, "--out", tmp_path / "results", *quick)["code"] == 0
    tables = list((tmp_path / "results").glob("*.csv"))
    assert tables
    assert [cell for table in tables for cell in _formulas(table)] == []


def test_a_formula_is_found_where_there_is_one(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b,c\n=1+1,-0.5,'=1+1\n", "utf-8")
    assert _formulas(tmp_path / "t.csv") == ["=1+1"]
