"""A Dask cluster does the same work: real workers, one of them killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from fracture_widgets import screen_folder
from fracture_widgets.base.progress import SILENT, Monitor
from fracture_widgets.errors import MissingExtra, ScreeningError
from fracture_widgets.models.compose import load_composition
from fracture_widgets.models.folder import load_model_folder, save_model_folder
from fracture_widgets.screening.examining import ClusterExaminer

BATCH = 2
PATIENCE = 120
SCHEDULER = ("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-show")
WORKER = ("worker", "--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1")

Start = Callable[..., subprocess.Popen[bytes]]


def _wait_until(true: Callable[[], object]) -> None:
    until = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start parts of a cluster; all end with the test."""
    with ExitStack() as stack:

        def started(*words: str, **environment: str) -> subprocess.Popen[bytes]:
            running = subprocess.Popen(
                [sys.executable, "-m", "dask", *words],
                cwd=tmp_path,
                env=os.environ | environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            stack.callback(running.wait)
            stack.callback(running.kill)
            return running

        yield started


@pytest.fixture
def scheduler(start: Start, tmp_path: Path) -> str:
    file = tmp_path / "scheduler.json"
    start(*SCHEDULER, "--scheduler-file", str(file))
    _wait_until(lambda: file.exists() and file.read_text().endswith("}"))
    from distributed import Client

    with Client(scheduler_file=str(file), set_as_default=False) as client:
        return str(client.scheduler.address)


@pytest.fixture
def other_model(tmp_path: Path) -> Path:
    """A models folder whose weights differ in one number."""
    folder = tmp_path / "other-models"
    shipped = load_model_folder()
    weights = {name: np.array(weight) for name, weight in shipped.weights.items()}
    weights["elbow/bias"][0] += 1
    save_model_folder(folder, weights, shipped.graph, shipped.card, body_parts=shipped.body_parts)
    return folder


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX's")
def test_a_killed_worker_loses_nothing_and_one_with_another_model_is_left_out_by_name(
    start: Start,
    scheduler: str,
    other_model: Path,
    radiographs: Path,
    uninterrupted: bytes,
    tmp_path: Path,
) -> None:
    able = {start(*WORKER, scheduler).pid for _ in range(2)}
    start(*WORKER, scheduler, FRACTURE_WIDGETS_MODELS=str(other_model))
    from distributed import Client

    said: list[str] = []
    killed: list[str] = []
    table = tmp_path / "results.csv"
    with Client(scheduler, set_as_default=False) as client:
        client.wait_for_workers(3, timeout=PATIENCE)
        pids = client.run(os.getpid)

        def kill_one_at_work(done: int, *_) -> None:
            at_work = [address for address, tasks in client.processing().items() if tasks]
            if done and at_work and not killed:
                assert pids[at_work[0]] in able
                killed.append(at_work[0])
                os.kill(pids[at_work[0]], signal.SIGKILL)

        screening = screen_folder(
            radiographs,
            table,
            batch=BATCH,
            dask=scheduler,
            monitor=Monitor(on_step=kill_one_at_work, on_say=said.append),
        )
        _wait_until(lambda: set(client.scheduler_info()["workers"]) == pids.keys() - {*killed})
    assert killed
    assert table.read_bytes() == uninterrupted
    assert (screening.files, screening.failed) == (9, 2)
    (refusal,) = said
    assert any(address in refusal for address, pid in pids.items() if pid not in able)
    assert "is left out: it has another model (sha256 " in refusal


@pytest.mark.slow
def test_where_no_worker_can_do_it_that_is_one_sentence_and_the_same_command_goes_on_elsewhere(
    start: Start,
    scheduler: str,
    radiographs: Path,
    uninterrupted: bytes,
    tmp_path: Path,
) -> None:
    old = tmp_path / "old.py"
    old.write_text("from fracture_widgets import base\nbase.__version__ = '0.0.1'\n")
    start(*WORKER, scheduler, "--preload", str(old))
    said: list[str] = []
    table = tmp_path / "results.csv"
    with pytest.raises(ScreeningError, match="No Dask worker can do the work"):
        screen_folder(
            radiographs, table, batch=BATCH, dask=scheduler, monitor=Monitor(on_say=said.append)
        )
    assert "it has Fracture Widgets 0.0.1, and this is" in said[-1]
    screen_folder(radiographs, table, batch=BATCH)
    assert table.read_bytes() == uninterrupted


def test_without_dask_that_is_said_with_the_way_to_get_it(
    radiographs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingExtra, match=r"fracture-widgets\[cluster\]"):
        screen_folder(radiographs, tmp_path / "t.csv", dask="tcp://127.0.0.1:1")


@pytest.mark.slow
@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nonsense://x"])
def test_where_no_scheduler_answers_that_is_one_sentence(
    radiographs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setattr("fracture_widgets.screening.examining._SECONDS_TO_CONNECT", 1)
    with pytest.raises(ScreeningError, match="No Dask scheduler answers at"):
        screen_folder(radiographs, tmp_path / "t.csv", dask=address)
    assert list(tmp_path.iterdir()) == []


def test_networks_that_answer_together_are_known_by_what_they_are_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer = {"name": "x", "type": "InputLayer", "inputs": [], "config": {}, "shape": [3]}
    graph = {"layers": [layer], "outputs": {"x": "x"}, "features": "x"}
    for kind, parts in (("body_part", ["hand"]), ("fracture", [])):
        weights = {"x/kernel": np.ones((2, 2), np.float32)}
        save_model_folder(tmp_path / kind, weights, graph, {}, kind=kind, body_parts=parts)
    monkeypatch.setattr("distributed.Client", lambda *_, **__: None)
    examiner = ClusterExaminer("tcp://127.0.0.1:1", tmp_path, (tmp_path, "sensitive"), SILENT)
    assert examiner.model == load_composition(tmp_path).sha256
