"""A training panel without threads, over small pictures and a trunk that trains in a second."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fracture_widgets.app.tabs.training import TrainingPanel, trainer
from fracture_widgets.models.networks.trunks import ARCHITECTURES, Architecture
from fracture_widgets.training import classifier


def build_tiny_trunk(size):
    import keras

    radiograph = keras.Input((size, size, 1), name="radiograph")
    x = keras.layers.Conv2D(4, 32, strides=32, name="conv1_conv")(radiograph)
    return keras.Model(radiograph, x)


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """Ten patients with a hand each, every second one fractured, and a file that is no picture."""
    root = tmp_path_factory.mktemp("datasets") / "hands"
    rng = np.random.default_rng(0)
    for number in range(10):
        label = "fractured" if number % 2 else "normal"
        file = root / "Hand" / label / f"patient{number}" / "view.png"
        file.parent.mkdir(parents=True)
        Image.fromarray(rng.integers(0, 255, (30, 30), dtype=np.uint8)).save(file)
    (root / "Hand" / "normal" / "patient0" / "notes.png").write_text("no picture")
    return root


@pytest.fixture
def tiny(monkeypatch):
    """AlexNet's place is taken by a trunk of one layer."""
    known = dict(ARCHITECTURES) | {
        "alexnet": Architecture("alexnet", "AlexNet", build_tiny_trunk, None)
    }
    for module in (trainer, classifier):
        monkeypatch.setattr(module, "ARCHITECTURES", known)


@pytest.fixture
def home(tmp_path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def make(home, synchronous):
    """Open a page over a folder of datasets; all pages share one home."""

    def panel(datasets):
        panel = TrainingPanel(folders=[datasets], home=home, executor=synchronous)
        for name, value in (
            ("question", "hand"), ("network_key", "alexnet"), ("epochs", 3), ("batch", 4),
        ):  # fmt: skip
            for form in (panel.setup.choices, panel.setup.settings):
                form.change(name, value)
        return panel

    return panel


@pytest.fixture
def panel(make, folder):
    return make(folder.parent)
