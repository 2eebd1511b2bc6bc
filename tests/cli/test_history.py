from __future__ import annotations

import csv
import io
import json

import pytest
from history_reports import REFUSAL, make_report

from fracture_widgets.base.files import DATA_FOLDER_VARIABLE
from fracture_widgets.cli import main
from fracture_widgets.records.history import History


@pytest.fixture
def history(tmp_path, monkeypatch):
    """No. 1, a fracture; no. 2, refused; no. 3, in doubt."""
    monkeypatch.setenv(DATA_FOLDER_VARIABLE, str(tmp_path))
    history = History()
    history.save(make_report("left hand.png", sha256="1" * 64))
    history.save(make_report("cat.png", sha256="2" * 64, refusal=REFUSAL))
    history.save(make_report("elbow.png", sha256="3" * 64, body_part="elbow", calibrated=0.5))
    return history


def test_the_saved_results_are_listed_newest_first(history, capsys):
    assert main(["history"]) == 0
    said = capsys.readouterr()
    lines = said.out.splitlines()
    assert [line.split()[0] for line in lines] == ["3", "2", "1"]
    assert "elbow.png | elbow, doubt, more likely fracture (50.0 %) | reader: not read" in lines[0]
    assert "cat.png | not answered | reader: not read" in lines[1]
    assert said.err == "3 of 3 saved results\n"


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["--search", "HAND"], ["1"]),
        (["--verdict", "refused"], ["2"]),
        (["--part", "elbow"], ["3"]),
        (["--reader", "not read"], ["3", "2", "1"]),
        (["--by", "probable"], ["1", "3", "2"]),
        (["--limit", "1"], ["3"]),
        (["--model", "ff"], []),
    ],
)
def test_filters(history, capsys, words, found):
    assert main(["history", *words]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == found


def test_a_reading_is_noted_and_shown(history, capsys):
    assert main(["history", "read", "3", "none seen", "--remark", "an old one"]) == 0
    assert "reader: none seen | an old one" in capsys.readouterr().out
    assert main(["history", "read", "3", "doubt"]) == 0
    row = history.get(3)
    assert (row.reader_verdict, row.remark) == ("doubt", "an old one")
    assert main(["history", "read", "3", "not read", "--remark", ""]) == 0
    row = history.get(3)
    assert (row.reader_verdict, row.remark) == (None, "")
    assert main(["history", "read", "9", "doubt"]) == 1
    assert "There is no no. 9 in the history" in capsys.readouterr().err


@pytest.mark.parametrize(("answer", "kept"), [("y", False), ("n", True), ("", True)])
def test_deleting_asks_first(history, capsys, monkeypatch, answer, kept):
    monkeypatch.setattr("sys.stdin", io.StringIO(answer))
    assert main(["history", "delete", "1"]) == (1 if kept else 0)
    said = capsys.readouterr()
    assert "left hand.png" in said.out
    assert (history.count() == 3) is kept


def test_deleting_with_yes_asks_nothing(history, monkeypatch):
    monkeypatch.setattr("sys.stdin", None)
    assert main(["history", "delete", "2", "--yes"]) == 0
    assert [row.id for row in history.rows()] == [3, 1]


def test_exports_have_what_is_found(history, tmp_path, capsys):
    table = tmp_path / "found.csv"
    assert main(["history", "--verdict", "doubt", "--csv", str(table)]) == 0
    assert capsys.readouterr().err == f"{table}: 1 saved results\n"
    with table.open(encoding="utf-8-sig", newline="") as file:
        assert [line["name"] for line in csv.DictReader(file)] == ["elbow.png"]
    assert main(["history", "--json", "-"]) == 0
    assert [row["id"] for row in json.loads(capsys.readouterr().out)] == [3, 2, 1]
    assert main(["history", "--csv", str(tmp_path)]) == 1
    assert "could not be written" in capsys.readouterr().err


def test_a_name_or_remark_cannot_move_the_cursor(history, capsys):
    history.save(make_report("\x1b[2Jgone.png", sha256="4" * 64))
    history.set_reading(4, None, "two\nlines")
    main(["history"])
    said = capsys.readouterr().out
    assert "\x1b" not in said
    assert "two lines" in said
