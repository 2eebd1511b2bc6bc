"""Everything that keeps something on disk, held to one contract; every table, to another."""

from __future__ import annotations

import json
import sys

import numpy as np
import pandas as pd
import pytest
from contracts import (
    Writer,
    a_full_disk_is_a_sentence_and_loses_nothing,
    killed_anywhere_it_leaves_the_old_or_the_new,
    no_cell_is_a_formula,
)
from history_reports import make_report
from known_reports import MADE_AT, known_report
from reading_cases import KnownSource, report_of

from fracture_widgets.app.state import Entry
from fracture_widgets.app.tabs.worklist import worklist_csv
from fracture_widgets.base.cache import ArrayCache
from fracture_widgets.base.tables import frame_csv_text, read_frame, write_frame
from fracture_widgets.errors import (
    FractureWidgetsError,
    HistoryError,
    ModelError,
    ReadingRoomError,
    ScreeningError,
    TrainingError,
)
from fracture_widgets.models.folder import load_model_folder, save_model_folder
from fracture_widgets.models.weight_files import read_weights, write_weights
from fracture_widgets.parts import Verdict
from fracture_widgets.reading_room.class_table import read_exports, readings_csv
from fracture_widgets.reading_room.session import ReadingSession, SessionStore
from fracture_widgets.records.formats import ReportFormat, report_csv, save_report
from fracture_widgets.records.history import History
from fracture_widgets.screening.table import Journal, Screened, failed_row, read_table, write_table
from fracture_widgets.training.run_folder import (
    DatasetIdentity,
    RunFolder,
    RunRecord,
    history_table,
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL"),
]

SCREENED = Screened(model="m" * 64, version="1.0", files=2, listing="f" * 64, batch=1)
ROWS = [failed_row(f"{name}.png", "It is empty.", SCREENED.model) for name in "ab"]
LOSSES = [{"loss": 0.5, "accuracy": 0.5, "val_loss": 0.5, "val_accuracy": 0.5}] * 2
RECORD = RunRecord("hand", "tiny", {"batch": 8}, DatasetIdentity(40, 20, "a" * 64))


def arrays(value):
    return {"layer/kernel": np.full((8, 8), value, np.float32)}


def keep_batch(place):
    def keep(folder):
        with Journal(folder / "t.csv", SCREENED) as journal:
            journal.keep(place, [ROWS[place]])

    return keep


def kept_batches(folder):
    with Journal(folder / "t.csv", SCREENED) as journal:
        return len(list(journal.rows()))


def save_result(sha256):
    return lambda folder: History(folder / "history.sqlite3").save(make_report(sha256=sha256))


def start_session(folder):
    SessionStore(folder).save(ReadingSession.start(KnownSource(), code="c", count=3, reader="Ana"))


def read_a_case(folder):
    store = SessionStore(folder)
    (session,), _ = store.sessions()
    session.set_verdict(Verdict.DOUBT)
    store.save(session)


def verdicts(folder):
    sessions, problems = SessionStore(folder).sessions()
    assert problems == []
    return [session.current.verdict for session in sessions]


def keep_epoch(epoch):
    def keep(folder):
        RunFolder(folder / "hand").keep(RECORD, history_table(LOSSES[:epoch]), arrays(epoch))

    return keep


def epochs(folder):
    state = RunFolder(folder / "hand").state()
    assert state.last["layer/kernel"].flat[0] == len(state.history)
    return len(state.history)


def write_rows(name, count):
    return lambda folder: write_table(folder / name, ROWS[:count] * 3)


def rows(name):
    return lambda folder: [row["path"] for row in read_table(folder / name)]


def save_weights(value):
    return lambda folder: write_weights(folder / "weights.npz", arrays(value))


def save_model(value):
    layer = {"name": f"x{value}", "type": "InputLayer", "inputs": [], "config": {}, "shape": [3]}
    graph = {"layers": [layer], "outputs": {"hand": layer["name"]}, "features": layer["name"]}
    return lambda folder: save_model_folder(
        folder / "model", arrays(value), graph, {"made": value}, body_parts=["hand"]
    )


def saved_model(folder):
    model = load_model_folder(folder / "model")
    named = [layer["name"] for layer in model.graph["layers"]]
    return model.card["made"], float(model.weights["layer/kernel"].mean()), named


def save_answer(probability):
    def save(folder):
        report = known_report(calibrated_probability=probability)
        save_report(report, folder, ReportFormat.JSON, made_at=MADE_AT)

    return save


def answers(folder):
    return [json.loads(file.read_text("utf-8")) for file in folder.glob("*.json")]


def build(content):
    def fill(folder):
        (folder / "graph").write_bytes(content)

    return lambda folder: ArrayCache(folder).get_or_build({"content": content}, fill)


WRITERS = [
    Writer(
        "history", save_result("a" * 64), save_result("c" * 64),
        lambda folder: len(History(folder / "history.sqlite3").rows()),
        HistoryError, r"^The history history\.sqlite3 cannot be opened or written \(",
    ),
    Writer(
        "journal", keep_batch(0), keep_batch(1), kept_batches,
        ScreeningError, r"^t\.csv\.part could not be written \(.*\): make room or get permission",
    ),
    *(
        Writer(
            f"table {name}", write_rows(name, 1), write_rows(name, 2), rows(name),
            ScreeningError, rf"^{name} could not be written \(.*\): make room or get permission",
        )
        for name in ("t.csv", "t.parquet")
    ),
    Writer(
        "reading session", start_session, read_a_case, verdicts,
        ReadingRoomError, r"^The reading session cannot be written \(.*\): make room in its folder",
    ),
    Writer(
        "run folder", keep_epoch(1), keep_epoch(2), epochs,
        TrainingError, r"^Epoch 2 could not be saved in hand \(.*; 1 before it are kept\): make",
    ),
    Writer(
        "weights", save_weights(1), save_weights(2),
        lambda folder: float(read_weights(folder / "weights.npz")["layer/kernel"].mean()),
    ),
    Writer(
        "model folder", save_model(1), save_model(2), saved_model,
        ModelError, r"^The model could not be saved in model \(File too large\): make room there",
    ),
    Writer(
        "report", save_answer(0.87), save_answer(0.9), answers,
        FractureWidgetsError, r"^The report on hand\.png could not be written \(.*\): make room",
    ),
    Writer(
        "data frame",
        lambda folder: write_frame(folder / "t.csv", pd.DataFrame({"a": ["x"] * 50})),
        lambda folder: write_frame(folder / "t.csv", pd.DataFrame({"a": ["y"] * 50})),
        lambda folder: read_frame(folder / "t.csv")["a"].tolist(),
    ),
    Writer(
        "cached arrays",
        lambda folder: ArrayCache(folder).put("k" * 64, arrays(1)),
        lambda folder: ArrayCache(folder).put("k" * 64, arrays(2)),
        lambda folder: float(ArrayCache(folder).get("k" * 64)["layer/kernel"].mean()),
    ),
    Writer(
        "cached files", build(b"1" * 100), build(b"2" * 100),
        lambda folder: sorted(file.read_bytes() for file in folder.glob("??/[!.]*/graph")),
        sentence="cannot be written, disk I/O error|File too large",
    ),
]  # fmt: skip


@pytest.mark.parametrize("writer", WRITERS, ids=str)
def test_killed_at_any_moment_it_leaves_the_old_state_or_the_new(writer, tmp_path):
    killed_anywhere_it_leaves_the_old_or_the_new(writer, tmp_path)


@pytest.mark.parametrize("writer", WRITERS, ids=str)
def test_a_full_disk_is_a_sentence_and_loses_nothing(writer, tmp_path):
    a_full_disk_is_a_sentence_and_loses_nothing(writer, tmp_path)


HOSTILE = ("=1+1.png", "+1.png", "-1.png", "@SUM(A1).png", "=HYPERLINK(1).png")


def history_table_of(name, home):
    history = History(home / "history.sqlite3")
    history.save(make_report(name))
    history.set_reading(1, None, name)
    return history.export_csv()


def answer_table_of(name, _home):
    return report_csv(known_report(name=name), made_at=MADE_AT).decode("utf-8-sig")


def worklist_of(name, _home):
    report = known_report(name=name)
    return worklist_csv([Entry(1, report.radiograph), Entry(2, report.radiograph, report=report)])


def screening_table_of(name, home):
    write_table(home / "t.csv", [failed_row(name, "It is empty.", "m" * 64)])
    return (home / "t.csv").read_text("utf-8")


def readings_of(name, _home):
    source = KnownSource()
    session = ReadingSession.start(source, code="c", count=1, reader=name)
    session.set_verdict(Verdict.DOUBT)
    case = source.case(session.keys[0])
    session.reveal(case, report_of(case.radiograph))
    return readings_csv(session)


def class_table_of(name, home):
    (home / "export.csv").write_text(readings_of(name, home), "utf-8-sig", newline="")
    return frame_csv_text(read_exports([home / "export.csv"]).students(resamples=20))


def frame_of(name, _home):
    return frame_csv_text(pd.DataFrame({name: [0.5, -0.5], "file": [name, "a"]}))


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize(
    "written",
    [history_table_of, answer_table_of, worklist_of, screening_table_of, readings_of,
     class_table_of, frame_of],
)  # fmt: skip
def test_no_table_holds_a_formula(written, hostile, tmp_path):
    no_cell_is_a_formula(written(hostile, tmp_path), hostile)
