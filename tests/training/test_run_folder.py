import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from fracture_widgets.errors import DatasetError, TrainingError
from fracture_widgets.training.data import check_study_labels
from fracture_widgets.training.run_folder import (
    COLUMNS,
    DatasetIdentity,
    RunFolder,
    RunRecord,
    best_of,
    history_table,
    stopped_by,
)

LOSSES = (0.9, 0.7, 0.8)


def record(**changes):
    settings = {"batch": 8, "epochs": 5, "augmentation": None}
    return RunRecord(
        **{"question": "hand", "network": "tiny", "plan": settings,
           "dataset": DatasetIdentity(40, 20, "a" * 64)} | changes
    )  # fmt: skip


def history(epochs):
    rows = [dict.fromkeys(COLUMNS, 0.5) | {"val_loss": loss} for loss in LOSSES[:epochs]]
    return history_table(rows)


def arrays(epoch):
    return {"dense/0/kernel": np.full((3, 2), epoch, np.float32), "optimizer/0/iteration": epoch}


@pytest.fixture
def run(tmp_path):
    return RunFolder(tmp_path / "hand")


def keep(run, epochs, first=1):
    for epoch in range(first, epochs + 1):
        run.keep(record(), history(epoch), arrays(epoch))


def test_what_ended_a_training_is_told_from_its_losses():
    # The best of three epochs is the second.
    assert stopped_by(history(3), patience=1) == "early stopping"
    assert stopped_by(history(3), patience=2) == "cap of epochs"
    assert stopped_by(history(2), patience=1) == "cap of epochs"


def test_the_time_of_all_sittings_is_kept(run, monkeypatch):
    clock = [100.0]
    monkeypatch.setattr("fracture_widgets.training.run_folder.time.perf_counter", lambda: clock[0])
    with run.locked():
        clock[0] += 5
        keep(run, 1)
        clock[0] += 3
        keep(run, 2, first=2)
    assert run.seconds == 8
    clock[0] += 1000
    later = RunFolder(run.folder)
    with later.locked():
        clock[0] += 2
        keep(later, 3, first=3)
        assert later.seconds == 10
        keep(later, 1)
    assert later.seconds == 0


def test_a_kept_epoch_comes_back_number_for_number_with_the_best_one_beside_it(run):
    assert not run.started
    keep(run, 3)
    state = RunFolder(run.folder).state()
    pd.testing.assert_frame_equal(state.history, history(3))
    assert state.last["dense/0/kernel"].tolist() == [[3, 3]] * 3
    assert state.best["dense/0/kernel"].tolist() == [[2, 2]] * 3
    assert best_of(state.history) == 2
    assert RunFolder(run.folder).record() == record()


def test_no_more_than_the_last_and_the_best_epoch_take_room(run):
    keep(run, 3)
    assert len(list((run.folder / "run").glob("*.npz"))) == 2
    assert not list((run.folder / "run").glob(".*"))


def test_where_nothing_is_validated_the_last_epoch_alone_is_kept(run):
    for epochs in (1, 2, 3):
        run.keep(record(), history(epochs).assign(val_loss=np.nan), {"kernel": np.ones(epochs)})
    state = run.state()
    assert best_of(state.history) == 3
    assert len(state.last["kernel"]) == len(state.best["kernel"]) == 3
    assert len(list((run.folder / "run").glob("*.npz"))) == 1


def test_a_damaged_file_is_one_sentence(run):
    keep(run, 2)
    (last,) = (run.folder / "run").glob("*.npz")
    last.write_bytes(last.read_bytes()[:-3])
    with pytest.raises(TrainingError, match=r"^The run in hand is damaged and cannot be continued"):
        run.state()
    (run.folder / "run" / "run.json").write_text("{")
    with pytest.raises(TrainingError, match="is damaged"):
        run.history()


def test_a_folder_without_a_run_is_one_sentence(run):
    with pytest.raises(TrainingError, match=r"^hand holds no run: give the folder"):
        run.record()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"question": "elbow"}, r"another question \(hand, not elbow\)"),
        ({"network": "vgg16"}, r"another network \(tiny, not vgg16\)"),
        ({"dataset": DatasetIdentity(38, 19, "b" * 64)},
         r"other radiographs \(40 of 20 patients then, 38 of 19 patients now\)"),
        ({"plan": {"batch": 16, "epochs": 5, "augmentation": None}},
         r"other settings \(batch 8, not 16\)"),
    ],
)  # fmt: skip
def test_another_training_does_not_go_on_here(run, changes, expected):
    keep(run, 1)
    with pytest.raises(TrainingError, match=expected):
        run.check_same_training(record(**changes))


def test_more_epochs_and_more_patience_may_be_asked_for(run):
    keep(run, 1)
    plan = {"batch": 8, "epochs": 50, "patience": 9, "augmentation": None}
    run.check_same_training(record(plan=plan))


def test_the_end_keeps_the_answers_and_drops_what_a_continuation_would_need(run):
    keep(run, 3)
    answers = pd.DataFrame({"patient_id": ["007"], "answer": ["normal"], "normal": [0.1 + 0.2]})
    run.finish(answers)
    again = RunFolder(run.folder)
    assert again.finished
    pd.testing.assert_frame_equal(again.answers(), answers)
    pd.testing.assert_frame_equal(again.history(), history(3))
    assert not list((run.folder / "run").glob("*.npz"))
    with pytest.raises(TrainingError, match=r"^The run in hand is finished: open it"):
        again.check_same_training(record())


def test_two_programs_do_not_train_in_one_folder(run):
    with run.locked():
        with (
            pytest.raises(TrainingError, match=r"^Another training is at work in hand"),
            RunFolder(run.folder).locked(),
        ):
            pass
        keep(run, 1)
    with RunFolder(run.folder).locked():
        pass
    assert run.started


@pytest.mark.slow
def test_a_program_that_is_killed_leaves_no_lock(run):
    program = (
        "import os, pathlib\n"
        "from fracture_widgets.training.run_folder import RunFolder\n"
        f"with RunFolder(pathlib.Path({str(run.folder)!r})).locked():\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=False)
    assert (run.folder / "run" / "lock").exists()
    with run.locked():
        pass


def test_a_run_of_which_no_epoch_ended_leaves_nothing(run):
    with run.locked():
        pass
    assert list(run.folder.iterdir()) == []


def test_the_identity_of_a_dataset_is_what_is_asked_not_where_it_lies(tmp_path):
    for home in ("here", "there"):
        (tmp_path / home).mkdir()
        (tmp_path / home / "a.png").write_bytes(b"picture")

    def table(home, answer="normal"):
        return pd.DataFrame(
            {"patient_id": ["p1"], "answer": [answer], "split": ["train"],
             "image_path": [str(tmp_path / home / "a.png")]}
        )  # fmt: skip

    here = DatasetIdentity.of_table(table("here"))
    assert here == DatasetIdentity.of_table(table("there"))
    assert here != DatasetIdentity.of_table(table("here", "fractured"))
    (tmp_path / "there" / "a.png").write_bytes(b"another picture")
    assert here != DatasetIdentity.of_table(table("there"))


def test_a_record_of_another_version_is_one_sentence(run):
    keep(run, 1)
    file = run.folder / "run" / "run.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"format": 99}))
    with pytest.raises(TrainingError, match="written by another version of Fracture Widgets"):
        run.state()


def test_a_study_that_is_called_both_is_named():
    table = pd.DataFrame(
        {
            "study_id": ["p1/study1", "p1/study1", "p2/study1"],
            "body_part": ["hand", "hand", "hand"],
            "answer": ["fractured", "normal", "normal"],
        }
    )
    expected = r"^The hand in the study p1/study1 is called both fractured and normal: correct"
    with pytest.raises(DatasetError, match=expected):
        check_study_labels("hand", table)
    check_study_labels("hand", table[1:])
    check_study_labels("body_part", table)
    check_study_labels("hand", table.assign(body_part=["hand", "elbow", "hand"]))
