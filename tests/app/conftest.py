"""A workbench without threads, without a browser and with answers known beforehand."""

from __future__ import annotations

import hashlib
from concurrent.futures import Executor, Future

import numpy as np
import pytest
from synchronous import SynchronousExecutor

from fracture_widgets.app.workbench import Workbench
from fracture_widgets.base.files import PLACE_VARIABLE
from fracture_widgets.errors import FractureWidgetsError
from fracture_widgets.imaging.radiograph import Radiograph
from fracture_widgets.models.report import Answer, Report
from fracture_widgets.phantoms import draw_phantom
from fracture_widgets.records.history import History


class PatientExecutor(Executor):
    """Keeps what it is given until the test says go."""

    def __init__(self):
        self.waiting = []

    def submit(self, fn, /, *args, **kwargs):
        self.waiting.append((fn, args, kwargs))
        return Future()

    def go(self):
        for fn, args, kwargs in self.waiting:
            fn(*args, **kwargs)
        self.waiting.clear()


class KnownAnswers:
    """Answers by the file's name, as a cascade would; a name with ``bad`` in it fails."""

    model = hashlib.sha256(b"known answers").hexdigest()

    def __init__(self):
        self.asked = []

    def examine(self, radiograph):
        self.asked.append(radiograph.name)
        if "bad" in radiograph.name:
            raise FractureWidgetsError(f"{radiograph.name} cannot be examined.")
        said = 0.873 if "fractured" in radiograph.name else 0.124
        heat = np.zeros((7, 7), np.float32)
        heat[0, 6] = 1.0
        return Report(
            radiograph=radiograph,
            answer=Answer({"elbow": 0.01, "hand": 0.97, "shoulder": 0.02}, said, said),
            heatmap=heat,
            fracture_map=heat * 0.5,
            model=self.model,
            timings={"prepare": 0.01, "network": 0.07, "heatmap": 0.001, "total": 0.08},
        )


def make_radiograph(name="hand.png", *, width=30, height=40, warnings=()):
    """A small picture whose content, and so whose sha256, depends on its name."""
    digest = hashlib.sha256(name.encode())
    rng = np.random.default_rng(int.from_bytes(digest.digest()[:4], "big"))
    return Radiograph(
        pixels=rng.random((height, width), dtype=np.float32),
        name=name,
        sha256=digest.hexdigest(),
        source_format="PNG",
        warnings=tuple(warnings),
    )


@pytest.fixture
def radiograph():
    return make_radiograph


@pytest.fixture
def answers():
    return KnownAnswers()


@pytest.fixture
def synchronous():
    return SynchronousExecutor()


@pytest.fixture
def patient():
    return PatientExecutor()


@pytest.fixture
def record(tmp_path):
    return History(tmp_path / "history.sqlite3")


@pytest.fixture(scope="session")
def samples():
    return (draw_phantom("hand", fractured=True, seed=2),)


@pytest.fixture
def workbench_with(answers, record, samples, synchronous):
    def make(**options):
        return Workbench(
            cascade=answers,
            history=record,
            executor=synchronous,
            **({"samples": samples, "answer_at_once": False} | options),
        )

    return make


@pytest.fixture
def workbench(workbench_with):
    return workbench_with()


@pytest.fixture
def place(tmp_path, monkeypatch):
    """The folder of a visitor, which is there."""
    folder = tmp_path / "visitor"
    folder.mkdir()
    monkeypatch.setenv(PLACE_VARIABLE, str(folder))
    return folder


@pytest.fixture
def open_page(workbench_with):
    """Open a page of the visitor, as one that is drawn: it says that it is ready."""

    def make(**options):
        page = workbench_with(**options)
        page.viewer._handle_custom_msg({"type": "ready"}, [])
        return page

    return make
