"""A small FracAtlas of drawn limbs with its split, and a detector that learns in seconds."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from fracture_widgets.parts import BODY_PARTS
from fracture_widgets.phantoms import draw_phantom

PARTS = {"train": range(6), "valid": range(6, 9), "test": range(9, 12)}
COLUMNS = (
    *("hand", "leg", "hip", "shoulder", "mixed", "hardware", "multiscan"),
    *("fractured", "fracture_count", "frontal", "lateral", "oblique"),
)


def name_of(number: int) -> str:
    return f"IMG900{number:04}.jpg"


@pytest.fixture(scope="session")
def drawn_atlas(tmp_path_factory) -> Path:
    """Write twelve broken limbs, one of them lying, half of the test part legs by their label."""
    home = tmp_path_factory.mktemp("drawn") / "fracatlas"
    (home / "images").mkdir(parents=True)
    (home / "split").mkdir()
    rows, outlines = [], []
    for number in range(12):
        part = BODY_PARTS[number % len(BODY_PARTS)]
        phantom = draw_phantom(part, fractured=True, seed=number)
        greys = np.rint(phantom.radiograph.pixels[::3, ::3] * 255).astype(np.uint8)
        boxes = [(box.x0, box.y0, box.x1, box.y1) for box in phantom.boxes]
        if number == 1:
            greys = greys.T
            boxes = [(y0, x0, y1, x1) for x0, y0, x1, y1 in boxes]
        file = io.BytesIO()
        Image.fromarray(greys).save(file, "JPEG")
        (home / "images" / name_of(number)).write_bytes(file.getvalue())
        outlines += [(name_of(number), *box) for box in boxes]
        shown = {"leg": 1} if number == 11 else {"hand": 1}
        rows.append(
            dict.fromkeys(COLUMNS, 0)
            | {"image_id": name_of(number), "fractured": 1, "study": f"study{number}"}
            | shown
        )
    pd.DataFrame(rows).to_csv(home / "dataset.csv", index=False)
    edges = ["x0", "y0", "x1", "y1"]
    pd.DataFrame(outlines, columns=["image_id", *edges]).to_csv(home / "fractures.csv", index=False)
    for part, numbers in PARTS.items():
        listed = pd.DataFrame({"image_id": [name_of(number) for number in numbers]})
        listed.to_csv(home / "split" / f"{part}.csv", index=False)
    return home


def build_tiny(size: int):
    """Return a RetinaNet of one level over three convolutions, the first of them frozen."""
    import keras

    from fracture_widgets.models.networks import detectors

    levels = [detectors.Level(8, (60, 90, 130)).scaled(size)]
    radiograph, truth = detectors.inputs()
    x = keras.layers.Rescaling(1 / 128, offset=-1, name="scaled")(radiograph)
    for number, (filters, stride) in enumerate(((6, 4), (12, 2)), start=1):
        x = keras.layers.Conv2D(
            filters, stride, stride, activation="relu", name=f"conv{number * 2 - 1}_conv"
        )(x)
    x = keras.layers.Conv2D(12, 3, padding="same", activation="relu", name="conv4_conv")(x)
    logits, deltas = detectors.dense_head(levels, {8: x}, "tiny", hidden=0)

    def taught(given):
        picture, there, said, moved = given
        places = detectors.anchors(levels, picture)
        labels, wanted = detectors.matched(places, there, least=0.5, most_false=0.4, force=True)
        return {
            "score": detectors.focal(labels, said)[None],
            "box": detectors.edges(labels, places, wanted, moved)[None],
        }

    def found(given):
        picture, said, moved = given
        kept = detectors.decode(detectors.anchors(levels, picture), moved, picture)
        scores = keras.ops.sigmoid(said)
        return detectors.suppressed(kept, scores, most=9, overlap=0.5, least=0.001)

    heads = (logits, deltas)
    return detectors.detector("tiny", (radiograph, truth), (taught, heads), (found, heads))


@pytest.fixture(scope="session")
def tiny_detector():
    return build_tiny
