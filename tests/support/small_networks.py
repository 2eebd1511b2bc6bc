"""Networks of one question so small that a test trains nothing and waits for nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fracture_widgets.models.folder import save_model_folder
from fracture_widgets.models.networks import HEAD_UNITS
from fracture_widgets.training.recipes.looks import LooksRecipe

LOOKS_RECIPE = LooksRecipe(
    warm=1, small=0, large=0, again_small=0, again_large=0, batch=4, joints=4, limbs=4,
    others=0, several=0, sound_patches=0, drawn=0, drawn_limbs=0,
    limb_sizes=(32, 32), joint_sizes=(32, 32),
)  # fmt: skip
"""One epoch of a few small views, of a network that looks twice."""


def _layer(
    name: str, kind: str, source: str, shape: list[int], **config: object
) -> dict[str, object]:
    return {"name": name, "type": kind, "inputs": [source], "config": config, "shape": shape}


def small_network(name: str, answers: int) -> dict[str, object]:
    """One strided convolution, its mean over places and the paper's head."""
    one, two = HEAD_UNITS
    convolution = {"kernel_size": [16, 16], "strides": [16, 16], "padding": "valid",
                   "dilation_rate": [1, 1], "activation": "relu", "use_bias": True,
                   "filters": 4}  # fmt: skip
    relu = {"activation": "relu", "use_bias": True}
    return {
        "layers": [
            {"name": "picture", "type": "InputLayer", "inputs": [], "config": {},
             "shape": [224, 224, 1]},
            _layer("conv", "Conv2D", "picture", [14, 14, 4], **convolution),
            _layer("avg_pool", "GlobalAveragePooling2D", "conv", [4], keepdims=False),
            _layer(f"{name}_dense1", "Dense", "avg_pool", [one], units=one, **relu),
            _layer(f"{name}_dense2", "Dense", f"{name}_dense1", [two], units=two, **relu),
            _layer(name, "Dense", f"{name}_dense2", [answers], units=answers,
                   activation="softmax", use_bias=True),
        ],
        "outputs": {name: name, "conv": "conv", "avg_pool": "avg_pool"},
        "features": "conv",
    }  # fmt: skip


def small_weights(name: str, answers: int, seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    one, two = HEAD_UNITS
    shapes = {"conv": (16, 16, 1, 4), f"{name}_dense1": (4, one), f"{name}_dense2": (one, two),
              name: (two, answers)}  # fmt: skip
    weights = {f"{n}/kernel": rng.normal(0, 0.1, s).astype("f4") for n, s in shapes.items()}
    return weights | {
        f"{n}/bias": rng.normal(0, 0.1, s[-1]).astype("f4") for n, s in shapes.items()
    }


def put(folder: Path, kind: str, parts: list[str], seed: int = 0) -> Path:
    """Write a small network for one question."""
    head = "body_part" if kind == "body_part" else (*parts, "fracture")[0]
    answers = len(parts) if kind == "body_part" else 2
    save_model_folder(folder, small_weights(head, answers, seed), small_network(head, answers),
                      {"question": head}, kind=kind, network="small", body_parts=parts)  # fmt: skip
    return folder
