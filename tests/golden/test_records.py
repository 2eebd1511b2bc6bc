"""What older versions kept is read to the same rows, and gone on with."""

from __future__ import annotations

import dataclasses
import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from golden_compare import DATA, compare, read
from golden_records import (
    JOURNAL,
    KEPT,
    histories,
    readings,
    restore,
    schemas,
    worklist,
)
from golden_tables import BATCH, RADIOGRAPHS, odd_folder

import fracture_widgets
from fracture_widgets import Cascade, FractureWidgetsError, History, read_radiograph, screen_folder
from fracture_widgets.base.progress import Monitor
from fracture_widgets.models.cascade import shipped_cascade
from fracture_widgets.models.record import RECORD_SCHEMA

pytestmark = pytest.mark.usefixtures("answered_once")


def test_histories_of_every_schema_have_the_rows_they_ever_had(tmp_path: Path) -> None:
    assert schemas()[:2] == ["history_schema_1.sql", "history_schema_2.sql"]
    # Nothing is computed: what was stored comes back to the last bit on every machine.
    compare(histories(tmp_path), read("histories.json"), exactly=True)


@pytest.mark.slow
@pytest.mark.parametrize("name", schemas())
def test_an_older_history_goes_on_under_numbers_that_were_never_used(
    tmp_path: Path, name: str
) -> None:
    path = restore(name, tmp_path)
    with closing(sqlite3.connect(path)) as connection:
        ((last,),) = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'results'")
    picture = read_radiograph(RADIOGRAPHS / "hand-normal.png")
    report = dataclasses.replace(Cascade.load().examine(picture), model="e" * 64)
    history = History(path)
    before = len(history.rows())
    assert history.save(report) == last + 1
    assert len(history.rows()) == before + 1


def test_a_history_whose_writer_died_before_it_had_a_version_has_the_same_rows(
    tmp_path: Path,
) -> None:
    path = restore("history_schema_1.sql", tmp_path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 0")
    known = json.loads("\n".join(read("histories.json")["history_schema_1.sql"]["json"]))
    assert json.loads(History(path).export_json()) == known


def test_an_unfinished_screening_is_gone_on_with_or_refused_with_its_sentence(
    tmp_path: Path,
) -> None:
    radiographs, table = odd_folder(tmp_path / "radiographs"), tmp_path / "t.csv"
    shutil.copyfile(DATA / JOURNAL, tmp_path / "t.csv.part")
    done: list[int] = []
    monitor = Monitor(on_step=lambda step, *_: done.append(step))
    written_by = json.loads((DATA / JOURNAL).read_text("utf-8").splitlines()[1].split(" ", 1)[1])
    same_version = written_by["version"] == fracture_widgets.__version__
    same_model = written_by["model"] == shipped_cascade().sha256
    if same_model and same_version and written_by.get("schema") == RECORD_SCHEMA:
        screen_folder(radiographs, table, batch=BATCH, monitor=monitor)
        assert done[0] == KEPT
        compare(table.read_bytes().decode().split("\n"), read("screening.json")["csv"])
    else:
        words = "was begun with the columns of another version of Fracture Widgets"
        if not same_model:
            words = "was begun with another model or operating point"
        elif not same_version:
            words = f"was begun with Fracture Widgets {written_by['version']}, and this is"
        with pytest.raises(FractureWidgetsError, match=words):
            screen_folder(radiographs, table, batch=BATCH, monitor=monitor)
        assert done == []
        assert (tmp_path / "t.csv.part").read_bytes() == (DATA / JOURNAL).read_bytes()


@pytest.mark.slow
def test_a_worklist_is_the_table_that_it_ever_was(tmp_path: Path) -> None:
    pytest.importorskip("ipywidgets")
    compare(worklist(tmp_path), read("worklist.json"))


@pytest.mark.slow
def test_reading_sessions_are_listed_exported_and_summed_up_as_ever(tmp_path: Path) -> None:
    pytest.importorskip("ipywidgets")
    compare(readings(tmp_path), read("readings.json"))
