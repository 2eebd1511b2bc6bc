"""A folder becomes a table, whatever stops it on the way."""

from __future__ import annotations

import csv
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from small_networks import put

from fracture_widgets import Cascade, read_radiograph, screen_folder
from fracture_widgets.base.progress import Cancelled, Monitor
from fracture_widgets.errors import ScreeningError
from fracture_widgets.imaging.walk import walk
from fracture_widgets.models.cascade import shipped_cascade
from fracture_widgets.screening.screen import Listing
from fracture_widgets.screening.table import read_table

pytestmark = pytest.mark.usefixtures("answered_once")

BATCH = 2
NAMES = ["r1.png", "r1a.png", "r2.png", "r4.png", "r5.png", "r9.dcm"]
NAMES = sorted([*NAMES, "deeper/r0.png", "deeper/r3.png", "deeper/r6.png"])


def _rows(table: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(table.decode("utf-8-sig").splitlines()))


def test_there_is_one_row_a_file_sorted_by_path_errors_in_place(uninterrupted: bytes) -> None:
    rows = _rows(uninterrupted)
    assert [row["path"] for row in rows] == NAMES
    assert [row["path"] for row in rows if row["error"]] == ["r1a.png", "r9.dcm"]
    assert rows[4]["error"].startswith("r1a.png is no picture that is read here")
    assert {row["model"] for row in rows} == {shipped_cascade().sha256}


@pytest.mark.slow
def test_rows_say_what_examining_one_by_one_says(uninterrupted: bytes, radiographs: Path) -> None:
    answered = [row for row in _rows(uninterrupted) if not row["error"]]
    assert {row["verdict"] for row in answered} != {"refused"}
    for row in answered:
        report = shipped_cascade().examine(read_radiograph(radiographs / row["path"]))
        assert (row["verdict"], row["reason"]) == (report.verdict, report.answer.refusal)
        if report.refused:
            assert row["body_part"] == row["fracture_probability"] == ""
            continue
        assert (row["body_part"], row["label"]) == (report.body_part, report.label)
        assert float(row["body_part_probability"]) == pytest.approx(
            report.body_part_probability, abs=1e-5
        )
        assert float(row["fracture_probability"]) == pytest.approx(
            report.fracture_probability, abs=1e-5
        )
        assert row["sha256"] == report.radiograph.sha256
        assert (int(row["width"]), int(row["height"])) == (
            report.radiograph.width,
            report.radiograph.height,
        )


PROGRAM = """
import os, sys
from pathlib import Path
from fracture_widgets import screen_folder
from fracture_widgets.base.progress import Monitor
from fracture_widgets.models.cascade import Cascade
from fracture_widgets.screening.screen import Listing
from fracture_widgets.screening.table import Journal

moment, folder, table, examined = sys.argv[1:]

def now(*_):
    print("now", flush=True)
    sys.stdin.read()

answer = Cascade.answer
def counted(self, inputs, *more):
    with open(examined, "a") as file:
        file.write("x" * len(inputs))
    return answer(self, inputs, *more)
Cascade.answer = counted

keeps = 0
def torn(self, line):
    global keeps
    keeps += 1
    if keeps == 4:  # the header, two batches, and half of the third
        self._file.write(line[: len(line) // 2])
        now()
    return append(self, line)

if moment == "while a batch is written":
    append, Journal._append = Journal._append, torn
elif moment == "before the table has its name":
    Path.replace = now
elif moment == "before the journal goes":
    Journal.discard = now

def progress(done, total, what):
    if moment == f"after {done} files":
        now()

screen_folder(folder, table, batch=2, monitor=Monitor(on_step=progress))
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX's")
@pytest.mark.parametrize(
    ("moment", "examined_by_then"),
    [
        ("after 4 files", 4),
        ("while a batch is written", 5),
        ("before the table has its name", 7),
        ("before the journal goes", 7),
    ],
)
def test_killed_and_started_again_it_writes_the_same_bytes_and_repeats_at_most_a_batch(
    radiographs: Path,
    uninterrupted: bytes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    moment: str,
    examined_by_then: int,
) -> None:
    table, log = tmp_path / "results.csv", tmp_path / "examined"
    log.touch()
    running = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, moment, str(radiographs), str(table), str(log)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with running:
        assert running.stdout is not None
        assert running.stdout.readline() == "now\n"
        running.send_signal(signal.SIGKILL)
        running.wait()
    first = len(log.read_text())
    assert first == examined_by_then

    second = 0
    answer = Cascade.answer

    def counted(self, inputs, *more):
        nonlocal second
        second += len(inputs)
        return answer(self, inputs, *more)

    monkeypatch.setattr(Cascade, "answer", counted)
    screening = screen_folder(radiographs, table, batch=BATCH)
    assert table.read_bytes() == uninterrupted
    assert 7 <= first + second <= 7 + BATCH
    assert (screening.files, screening.failed) == (9, 2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["examined", "results.csv"]


def test_a_complete_table_is_counted_and_not_made_again(
    radiographs: Path, uninterrupted: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "results.csv"
    table.write_bytes(uninterrupted)
    monkeypatch.setattr(Cascade, "answer", None)
    said: list[str] = []
    screening = screen_folder(radiographs, table, monitor=Monitor(on_say=said.append))
    assert (screening.files, screening.failed) == (9, 2)
    assert said == ["results.csv was complete already; --restart screens the folder again."]


@pytest.mark.slow
def test_a_table_of_other_files_is_not_replaced_unasked(
    radiographs: Path, uninterrupted: bytes, tmp_path: Path
) -> None:
    table = tmp_path / "results.csv"
    table.write_bytes(uninterrupted.replace(b"r1a.png,", b"r1b.png,"))
    with pytest.raises(ScreeningError, match="is there already, of other files, another model"):
        screen_folder(radiographs, table)
    screen_folder(radiographs, table, batch=BATCH, restart=True)
    assert table.read_bytes() == uninterrupted


@pytest.mark.slow
def test_another_operating_point_is_another_table(
    radiographs: Path, uninterrupted: bytes, tmp_path: Path
) -> None:
    table = tmp_path / "results.csv"
    table.write_bytes(uninterrupted)
    with pytest.raises(ScreeningError, match="another model or operating point"):
        screen_folder(radiographs, table, operating_point="balanced")
    screen_folder(radiographs, table, batch=BATCH, operating_point="balanced", restart=True)
    told = [list(read_table(file)) for file in (table, _written(tmp_path, uninterrupted))]
    balanced, sensitive = ([row for row in rows if row["body_part"]] for rows in told)
    for column in ("path", "body_part", "calibrated_probability"):
        assert [row[column] for row in balanced] == [row[column] for row in sensitive]
    assert {row["model"] for row in balanced}.isdisjoint({row["model"] for row in sensitive})


def _written(folder: Path, content: bytes) -> Path:
    file = folder / "sensitive.csv"
    file.write_bytes(content)
    return file


def test_two_at_once_are_refused(radiographs: Path, tmp_path: Path) -> None:
    refused: list[ScreeningError] = []

    def again(*_):
        try:
            screen_folder(radiographs, tmp_path / "t.csv")
        except ScreeningError as error:
            refused.append(error)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        screen_folder(radiographs, tmp_path / "t.csv", monitor=Monitor(on_step=again))
    assert "Another screening is at work on t.csv" in str(refused[0])


@pytest.mark.slow
def test_a_folder_that_changes_on_the_way_is_noticed(radiographs: Path, tmp_path: Path) -> None:
    folder, table = tmp_path / "folder", tmp_path / "results.csv"
    shutil.copytree(radiographs, folder)

    done: list[int] = []
    monitor = Monitor(
        on_step=lambda step, *_: done.append(step), is_cancelled=lambda: max(done) > 0
    )
    with pytest.raises(Cancelled):
        screen_folder(folder, table, batch=BATCH, monitor=monitor)
    assert done == [0, 2]
    (folder / "r2.png").unlink()
    with pytest.raises(ScreeningError, match=r"has changed since results.csv was begun \(9 files"):
        screen_folder(folder, table, batch=BATCH)


@pytest.mark.parametrize(
    ("name", "says"), [("none", "is no folder"), ("empty", "holds no radiographs")]
)
def test_a_folder_with_nothing_to_screen_is_one_sentence(
    tmp_path: Path, name: str, says: str
) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ScreeningError, match=says):
        screen_folder(tmp_path / name, tmp_path / "t.csv")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems keep names in Unicode")
def test_a_name_that_is_no_unicode_has_its_row(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / os.fsdecode(b"caf\xe9.png")).write_bytes(b"")
    (folder / "line\nbreak.png").write_bytes(b"")
    screen_folder(folder, tmp_path / "t.csv")
    rows = csv.DictReader((tmp_path / "t.csv").read_text("utf-8-sig").splitlines(keepends=True))
    assert [row["path"] for row in rows] == ["caf\\udce9.png", "line\nbreak.png"]


def test_hidden_files_and_other_kinds_are_left_out(tmp_path: Path) -> None:
    for name in ("b.png", "a.dcm", "notes.txt", "._b.png"):
        (tmp_path / name).touch()
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "c.jpg").touch()
    assert walk(tmp_path).names == ("a/c.jpg", "a.dcm", "b.png")


def test_another_size_is_another_listing(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"1")
    before = Listing.of(tmp_path).sha256
    assert Listing.of(tmp_path).sha256 == before
    (tmp_path / "a.png").write_bytes(b"12")
    assert Listing.of(tmp_path).sha256 != before


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may do anything")
def test_a_folder_that_may_not_be_read_has_its_row(tmp_path: Path) -> None:
    closed = tmp_path / "folder" / "closed"
    closed.mkdir(parents=True)
    closed.chmod(0)
    try:
        screen_folder(tmp_path / "folder", tmp_path / "t.csv")
    finally:
        closed.chmod(0o700)
    assert "closed may not be read" in (tmp_path / "t.csv").read_text()


def test_any_cascade_screens_and_its_table_is_a_data_frame(
    radiographs: Path, uninterrupted: bytes, tmp_path: Path
) -> None:
    cascade = Cascade.load(put(tmp_path / "small", "fracture", ["hand"]))
    screening = screen_folder(radiographs, models=cascade, batch=BATCH)
    table = screening.table
    assert (screening.path, len(table), screening.failed) == (None, 9, 2)
    assert set(table["model"]) == {cascade.sha256}
    answered = table[table["error"] == ""]
    assert answered["calibrated_probability"].dropna().between(0, 1).all()
    assert answered["width"].notna().all()
    assert table.loc[table["error"] != "", "width"].isna().all()
    with pytest.raises(ScreeningError, match="cannot be sent to a Dask cluster"):
        screen_folder(radiographs, models=cascade, dask="tcp://127.0.0.1:1")
    kept = tmp_path / "results.csv"
    kept.write_bytes(uninterrupted)
    assert len(screen_folder(radiographs, kept, batch=BATCH).table) == 9
