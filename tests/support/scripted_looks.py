"""A model that looks twice and finds what it is told to, and a limb of several joints for it."""

from __future__ import annotations

import numpy as np

from fracture_widgets.imaging.radiograph import Radiograph
from fracture_widgets.imaging.views import VIEWS
from fracture_widgets.models.cascade import Cascade
from fracture_widgets.models.first_look import FAR_SIDE
from fracture_widgets.models.folder import LOOKS, ModelFolder
from fracture_widgets.models.networks import FRACTURE_MAP_OUTPUT
from fracture_widgets.models.networks.looks import (
    CONTEXT,
    FEATURES,
    FRACTURE_HEAT,
    FRACTURE_LOGITS,
    FRACTURE_SIDES,
    JOINT_HEAT,
    JOINT_SIDES,
)
from fracture_widgets.phantoms import draw_phantom

PARTS = ("elbow", "hand", "shoulder")
_RNG = np.random.default_rng(0)


class Scripted:
    """A network that finds what it is told to, by the size of its input."""

    def __init__(self, joints, logits, fracture=None, filling=()) -> None:
        self.joints, self.logits, self.fracture = joints, logits, fracture
        self.filling = filling  # what is seen from further away
        self.looked: list[tuple[int, ...]] = []
        self.inputs: list[np.ndarray] = []

    def run(self, inputs):
        self.looked.append(inputs.shape)
        self.inputs.append(inputs)
        count, size = len(inputs), inputs.shape[1]
        coarse, fine = size // 16, size // 8
        heat = np.full((count, coarse, coarse, 3), -9.0, np.float32)
        sides = np.zeros((count, coarse, coarse, 4), np.float32)
        seen = {VIEWS.first: self.joints, FAR_SIDE: self.filling}.get(size, ())
        for row, column, part, reach, *logit in seen:  # a logit of 3, if none is given
            heat[0, row, column, part] = logit[0] if logit else 3.0
            sides[0, row, column] = np.log(reach)
        fractures = np.full((count, fine, fine, 1), -9.0, np.float32)
        if self.fracture is not None:
            fractures[:, *self.fracture] = 2.0
        logits = np.full((count, 4), -3.0, np.float32)
        logits[:, 1:] = self.logits
        return {
            JOINT_HEAT: heat,
            JOINT_SIDES: sides,
            FRACTURE_MAP_OUTPUT: fractures,
            FRACTURE_HEAT: fractures,
            FRACTURE_SIDES: np.zeros((count, fine, fine, 4), np.float32),
            FRACTURE_LOGITS: logits,
            # As bright as the picture is on average: what the gate's heads are tested with.
            CONTEXT: np.tile(inputs.mean((1, 2, 3))[:, None, None, None], (1, 2, 2, 256)) / 255,
            FEATURES: np.abs(_RNG.normal(size=(count, fine, fine, 128))).astype(np.float32),
        }


def looks_folder(parts=PARTS, **heads) -> ModelFolder:
    weights = {
        **{
            f"gate_{name}/kernel": np.full(512, kernel / 512) for name, (kernel, _) in heads.items()
        },
        **{f"gate_{name}/bias": np.array([bias]) for name, (_, bias) in heads.items()},
        f"{FRACTURE_LOGITS}/kernel": np.full((642, 4), 0.1, np.float32),
        f"{FRACTURE_MAP_OUTPUT}/kernel": np.zeros((1, 1, 128, 1), np.float32),
        f"{FRACTURE_HEAT}/kernel": np.zeros((1, 1, 128, 1), np.float32),
    }
    card = {"schema": 2, "kind": LOOKS, "body_parts": list(parts)}
    return ModelFolder(card, weights, {}, "two", "two")


def scripted_cascade(engine, **heads) -> Cascade:
    return Cascade(looks_folder(**heads), engine)


def drawn_limb(name: str = "limb.png") -> Radiograph:
    """A hand, an elbow and a shoulder side by side on one radiograph, the hand fractured."""
    drawn = [
        draw_phantom(part, fractured=part == "hand", seed=3).radiograph.pixels
        for part in ("hand", "elbow", "shoulder")
    ]
    height = min(len(pixels) for pixels in drawn)
    pixels = np.concatenate([pixels[:height] for pixels in drawn], axis=1)
    return Radiograph(pixels, name, "d" * 64, "PNG")


def three_joints() -> Cascade:
    """A model that sees three joints side by side, and a fracture in each, plain in the hand."""
    reach = (2.5, 2.5, 2.5, 2.5)
    joints = [(10, 3, 1, reach), (10, 10, 0, reach), (10, 16, 2, reach)]
    return scripted_cascade(Scripted(joints, logits=(1.0, 4.0, 2.5), fracture=(12, 20)))
