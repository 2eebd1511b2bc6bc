"""Small pictures with an obvious answer, and a trunk small enough to train in a second."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from fracture_widgets.models.predict import TRAINED
from fracture_widgets.parts import BODY_PARTS


def draw(part, fractured, rng):
    """Bars that differ by part; a fracture is a dark gap across the middle."""
    grey = rng.normal(60, 12, (40, 40))
    bars = BODY_PARTS.index(part) + 1
    for bar in range(bars):
        left = 4 + bar * 36 // bars
        grey[2:38, left : left + 24 // bars] += 130
    if fractured:
        grey[17:24] = 20
    return Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8))


def write_dataset(folder, patients=12, parts=BODY_PARTS):
    """Write MURA's layout: of each part, ``patients`` patients, every second one fractured."""
    rng = np.random.default_rng(5)
    for offset, part in enumerate(parts):
        for number in range(patients):
            fractured = number % 2 == 0
            study = "study1_positive" if fractured else "study1_negative"
            split = "test" if number < 4 else "train_valid"
            home = folder / split / part.title() / f"patient{offset:02d}{number:03d}" / study
            home.mkdir(parents=True)
            for view in (1, 2):
                draw(part, fractured, rng).save(home / f"image{view}.png")
    return folder


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return write_dataset(tmp_path_factory.mktemp("pictures"))


def build_tiny_trunk(size):
    """One strided convolution from 224 x 224 to 14 x 14, with a batch normalisation."""
    import keras

    radiograph = keras.Input((size, size, 1), name="radiograph")
    x = keras.layers.Rescaling(1 / 128, offset=-1, name="scaled")(radiograph)
    x = keras.layers.Conv2D(8, 16, strides=16, name="conv1_conv")(x)
    x = keras.layers.BatchNormalization(name="conv1_bn")(x)
    x = keras.layers.Activation("relu", name="conv1_relu")(x)
    return keras.Model(radiograph, x)


@pytest.fixture(scope="session")
def tiny_trunk():
    pytest.importorskip("keras")
    return build_tiny_trunk


@pytest.fixture(scope="session")
def trunk_weights(tiny_trunk, tmp_path_factory):
    """A file with weights for the tiny trunk."""
    import keras

    from fracture_widgets.models.weight_files import collect_weights, write_weights

    keras.utils.set_random_seed(7)
    path = tmp_path_factory.mktemp("weights") / "tiny.npz"
    write_weights(path, collect_weights(tiny_trunk(224)))
    return path


@pytest.fixture(autouse=True)
def nothing_trained_before():
    """Let ``predict`` of other tests answer by what ships."""
    yield
    TRAINED.clear()
