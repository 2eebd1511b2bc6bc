"""``fracture-widgets screen``: the table, the exit code, and what is said."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from fracture_widgets import sample_phantoms
from fracture_widgets.cli import main

pytestmark = pytest.mark.usefixtures("answered_once")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("radiographs")
    for index, sample in enumerate(sample_phantoms()):
        (folder / f"{index}.png").write_bytes(sample.radiograph.to_png(max_side=120))
    return folder


@pytest.mark.slow
def test_good_files_alone_are_a_success(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "t.csv"
    assert main(["screen", str(folder), "--out", str(table)]) == 0
    assert len(pd.read_csv(table)) == len(list(folder.iterdir()))
    shown = capsys.readouterr()
    assert "6 answered" in shown.out
    assert shown.err == ""


def test_a_bad_file_has_its_row_and_the_exit_code_tells(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.png").write_text("text, renamed")
    table = tmp_path / "t.parquet"
    assert main(["screen", str(tmp_path), "--out", str(table)]) == 1
    assert "bad.png is no picture" in pd.read_parquet(table)["error"][0]
    assert "1 with an error" in capsys.readouterr().out


def test_what_cannot_be_done_is_one_sentence(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for words, says in (
        ([str(folder), "--out", str(tmp_path / "t.txt")], "ends in .csv or .parquet"),
        ([str(tmp_path), "--out", str(tmp_path / "t.csv")], "holds no radiographs"),
        ([str(folder), "--out", str(tmp_path / "t.csv"), "--batch", "0"], "at least one"),
    ):
        assert main(["screen", *words]) == 1
        error = capsys.readouterr().err
        assert says in error
        assert error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
def test_ctrl_c_says_how_to_go_on_and_kills_at_any_moment_cost_nothing(
    folder: Path, tmp_path: Path
) -> None:
    # So many that it is still at work when the signal comes, however busy the machine is.
    many = tmp_path / "many"
    many.mkdir()
    for copy in range(6):
        for file in folder.iterdir():
            (many / f"{copy} {file.name}").write_bytes(file.read_bytes())
    whole, table = tmp_path / "whole.csv", tmp_path / "t.csv"
    journal = tmp_path / "t.csv.part"
    assert main(["screen", str(many), "--out", str(whole), "--batch", "1"]) == 0
    words = ["screen", str(many), "--out", str(table), "--batch", "1"]
    program = (
        "import signal, sys; from fracture_widgets.cli import main; "
        # Shells have the programs that they start in the background pass over Ctrl+C.
        "signal.signal(signal.SIGINT, signal.default_int_handler); sys.exit(main(sys.argv[1:]))"
    )

    def stopped_by(sign: signal.Signals) -> tuple[int, str]:
        before = _lines(journal)
        with subprocess.Popen(
            [sys.executable, "-c", program, *words], stderr=subprocess.PIPE, text=True
        ) as running:
            while _lines(journal) < max(before + 1, 3) and running.poll() is None:
                time.sleep(0.005)
            running.send_signal(sign)
            _, said = running.communicate()
        return running.returncode, said

    assert stopped_by(signal.SIGKILL)[0] == -signal.SIGKILL
    kept = _lines(journal)
    code, said = stopped_by(signal.SIGINT)
    assert code == 130
    assert "of 36 radiographs are kept in" in said
    assert "the same command" in said
    assert _lines(journal) > kept
    assert main(words) == 0
    assert table.read_bytes() == whole.read_bytes()


def _lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0
