"""Drawn limbs as what is learned from, and a network small enough to learn them in seconds."""

from __future__ import annotations

import numpy as np
import pytest

from fracture_widgets.phantoms import draw_phantom
from fracture_widgets.training.recipes.looks.radiographs import (
    DRAWN,
    LIMB,
    OTHER,
    Joint,
    LabelledRadiograph,
    known_parts,
)

SIDE = 96


def limb(number: int, kind: str = LIMB) -> LabelledRadiograph:
    """Draw a limb, every second one broken, as one of the kinds that teach."""
    parts = known_parts()
    part = number % len(parts)
    phantom = draw_phantom(parts[part], fractured=number // len(parts) % 2 == 1, seed=number)
    pixels = np.rint(phantom.radiograph.pixels[::4, ::4] * 255).astype(np.uint8)
    scale = np.array(pixels.shape[::-1])
    outlines = tuple(
        np.array([(box.x0, box.y0), (box.x1, box.y0), (box.x1, box.y1), (box.x0, box.y1)]) * scale
        for box in phantom.boxes
    )
    box = np.array([0.1, 0.1, 0.9, 0.9]) * [*scale, *scale]
    joints = () if kind == OTHER else (Joint(part, box, int(bool(outlines))),)
    name = f"{kind}{number}"
    return LabelledRadiograph(name, kind, name, "train", pixels, joints, outlines, bool(outlines))


@pytest.fixture(scope="session")
def limbs() -> list[LabelledRadiograph]:
    return [
        *(limb(number) for number in range(9)),
        *(limb(number, OTHER) for number in range(9, 13)),
        *(limb(number, DRAWN) for number in range(13, 16)),
    ]
