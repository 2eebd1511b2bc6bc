"""The exports of a class in one table."""

from __future__ import annotations

import csv
import io
import json

import pytest
from reading_cases import report_of

from fracture_widgets.cli import main
from fracture_widgets.errors import ReadingRoomError
from fracture_widgets.parts import Verdict
from fracture_widgets.reading_room.cases import digest
from fracture_widgets.reading_room.class_table import COLUMNS, read_exports, readings_csv
from fracture_widgets.reading_room.session import Mark, ReadingSession

N, D, F = Verdict.NONE_SEEN, Verdict.DOUBT, Verdict.FRACTURE


def read(source, reader, verdicts, *, mark=None):
    """A session whose cases are normal, fractured, normal, fractured."""
    session = ReadingSession.start(source, code="c", count=4, reader=reader)
    for verdict in verdicts:
        session.set_verdict(verdict)
        session.set_mark(mark)
        case = source.case(session.keys[session.position])
        session.reveal(case, report_of(case.radiograph, 0.7))
        session.advance()
    return session


@pytest.fixture
def exported(source, tmp_path):
    """Ana was right each time; Ben doubted one and missed one; Cem stopped after two."""
    files = {}
    for reader, verdicts in (("Ana", [N, F, N, F]), ("Ben", [D, F, N, N]), ("Cem", [F, F])):
        files[reader] = tmp_path / f"{reader}.csv"
        text = readings_csv(read(source, reader, verdicts))
        files[reader].write_text(text, "utf-8-sig", newline="")
    return files


def test_an_export_has_a_row_a_case_and_tells_no_key(source):
    session = read(source, "=1+1", [N, F], mark=Mark(0.5, 0.5, 0.5, 0.5))
    text = readings_csv(session)
    rows = list(csv.DictReader(io.StringIO(text)))
    assert tuple(rows[0]) == COLUMNS
    assert [row["reading"] for row in rows] == ["normal", "fractured"]
    assert [row["mark_on_fracture"] for row in rows] == ["", "yes"]
    assert rows[0]["reader"] == "'=1+1"
    assert rows[0]["case"] == digest(session.keys[0])
    assert not any(key in text for key in session.keys)
    assert (rows[1]["network_verdict"], rows[1]["network_probability"]) == ("fracture", "0.7")


def test_students_by_hand(exported):
    table = read_exports(list(exported.values())).students(resamples=20).set_index("reader")
    assert table["n"].tolist() == [4, 4, 2]

    def said(reader, column):
        return float(table.loc[reader, column].split()[0])

    assert said("Ana", "kappa, doubt as fractured") == 1.0
    assert said("Ben", "sensitivity, doubt as fractured") == 0.5
    assert said("Ben", "specificity, doubt as fractured") == 0.5
    assert said("Ben", "specificity, doubt as normal") == 1.0
    assert said("Ben", "kappa, doubt as normal") == 0.5
    assert said("Cem", "specificity, doubt as fractured") == 0.0
    assert table["accuracy of always normal"].tolist() == ["0.500"] * 3


def test_cases_by_hand_the_hardest_first(exported):
    cases = read_exports(list(exported.values())).cases()
    counted = cases[["truth", "read", "right", "doubt", "wrong"]].to_records(index=False).tolist()
    assert counted[0] == ("normal", 3, 1, 1, 1)
    assert sorted(counted[1:]) == [
        ("fractured", 2, 1, 0, 1), ("fractured", 3, 3, 0, 0), ("normal", 2, 2, 0, 0),
    ]  # fmt: skip


def test_the_same_reading_counts_once_and_a_second_session_stands_for_itself(
    exported, source, tmp_path
):
    second = tmp_path / "again.csv"
    second.write_text(readings_csv(read(source, "Ana", [N, N])), "utf-8", newline="")
    readings = read_exports([exported["Ana"], exported["Ana"], second])
    students = readings.students(resamples=2)
    assert students["reader"].tolist() == ["Ana", "Ana (2)"]
    assert students["n"].tolist() == [4, 2]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no CSV table"),
        (b"a,b\n1,2\n", "no column session"),
        (b"\x89PNG\r\n\x1a\n\x00\xff", "no CSV table"),
        (",".join(COLUMNS).encode(), "holds no reading"),
        ((",".join(COLUMNS) + "\n" + ",".join(["x"] * len(COLUMNS))).encode(), "words other than"),
    ],
)
def test_a_file_that_is_no_export_is_left_out_in_a_sentence(exported, tmp_path, content, words):
    bad = tmp_path / "bad.csv"
    bad.write_bytes(content)
    readings = read_exports([bad, exported["Ana"], tmp_path / "gone.csv"])
    assert len(readings.table) == 4
    assert words in readings.problems[0]
    assert readings.problems[0].startswith("bad.csv")
    assert "gone.csv cannot be read" in readings.problems[1]
    with pytest.raises(ReadingRoomError, match="bad.csv"):
        read_exports([bad])


def test_files_that_disagree_on_the_truth_are_refused(exported, tmp_path):
    other = tmp_path / "other.csv"
    text = exported["Ben"].read_text("utf-8-sig")
    other.write_text(text.replace(",normal,fractured", ",fractured,fractured")
                     .replace(",normal,doubt", ",fractured,doubt"))  # fmt: skip
    with pytest.raises(ReadingRoomError, match="disagree"):
        read_exports([exported["Ana"], other])


@pytest.mark.slow
def test_the_command_prints_and_writes_both_tables(exported, tmp_path, capsys):
    bad = tmp_path / "bad.csv"
    bad.write_text("x\n")
    students, cases = tmp_path / "students.csv", tmp_path / "cases.csv"
    files = [str(one) for one in (*exported.values(), bad)]
    code = main(["readings", *files, "--students", str(students), "--cases", str(cases)])
    said = capsys.readouterr()
    assert code == 1
    assert "bad.csv is no export" in said.err
    assert "Ana: 4 cases, 2 fractured" in said.out
    assert "4 cases, the hardest first" in said.out
    assert len(students.read_text("utf-8").splitlines()) == 4
    assert len(cases.read_text("utf-8").splitlines()) == 5


@pytest.mark.slow
def test_the_command_speaks_json(exported, capsys):
    assert main(["readings", str(exported["Ana"]), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["students"][0]["n"] == 4
    assert len(told["cases"]) == 4


@pytest.mark.slow
def test_a_name_cannot_move_the_cursor_of_who_reads_the_table(exported, tmp_path, capsys):
    text = exported["Ana"].read_text("utf-8-sig").replace("Ana", "A\x1b[2Jna")
    exported["Ana"].write_text(text, "utf-8")
    main(["readings", str(exported["Ana"])])
    assert "\x1b" not in capsys.readouterr().out
