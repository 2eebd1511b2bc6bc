"""Trunks and the weights that they start from."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fracture_widgets.errors import ModelError
from fracture_widgets.models.networks.keras_import import require_keras
from fracture_widgets.models.networks.registry import Architecture, TrunkBuilder, all_networks
from fracture_widgets.models.weight_files import (
    Weights,
    assign_weights,
    collect_weights,
    read_weights,
)

if TYPE_CHECKING:
    import keras

__all__ = [
    "ARCHITECTURES",
    "Architecture",
    "TrunkBuilder",
    "download_imagenet_weights",
    "fill_trunk",
    "started_from",
    "weight_names",
]

ARCHITECTURES: Mapping[str, Architecture] = all_networks()
"""The trunks that there are, by name."""


def weight_names(model: keras.Model) -> list[str]:
    """Return the name of every weight of a flat model, ``layer/weight``."""
    return [f"{layer.name}/{weight.name}" for layer in model.layers for weight in layer.weights]


def fill_trunk(
    trunk: keras.Model, weights: str | os.PathLike[str] | Weights | None, builder: TrunkBuilder
) -> list[str]:
    """Load a trunk's weights and return the names of those that stay random."""
    held = weight_names(trunk)
    if weights is None:
        return held
    if isinstance(weights, Mapping):
        missing = assign_weights(trunk, weights, complete=False)
    elif weights == "imagenet":
        missing = assign_weights(trunk, _imagenet_weights(builder), complete=False)
    else:
        missing = assign_weights(trunk, read_weights(Path(weights)), complete=False)
    if len(missing) == len(held):
        raise ModelError(
            f"The weights are of another architecture: none of the trunk's {len(held)} is among "
            "them. Use the weights trained for this network."
        )
    return missing


def started_from(weights: str | os.PathLike[str] | Weights | None, missing: list[str]) -> str:
    """Say what a trunk started from, as it stands in tables."""
    if weights is None:
        return "random"
    if isinstance(weights, Mapping):
        named = "given weights"
    else:
        file = Path(weights).name
        named = "ImageNet" if "imagenet" in file.lower() else file
    return f"{named} in part: {len(missing)} weights at random" if missing else named


def _imagenet_weights(builder: TrunkBuilder) -> Weights:
    """Return what Keras downloads for a trunk, by ``layer/weight`` name."""
    application = next((a.imagenet for a in ARCHITECTURES.values() if a.build is builder), None)
    if application is None:
        there = ", ".join(name for name, one in ARCHITECTURES.items() if one.imagenet)
        raise ModelError(
            f"There are no ImageNet weights for this trunk, only for {there}: give a weight file, "
            "or let it start at random."
        )
    return download_imagenet_weights(application)


def download_imagenet_weights(application: str) -> dict[str, npt.NDArray[np.float32]]:
    """Return the ImageNet weights of a network of ``keras.applications``, without its top."""
    keras = require_keras("Building a network")
    try:
        source = getattr(keras.applications, application)(weights="imagenet", include_top=False)
    except Exception as error:
        raise ModelError(
            f"The ImageNet weights of {application} could not be downloaded ({error}); connect to "
            "the internet, or give the path of a weight file instead of 'imagenet'."
        ) from error
    return collect_weights(source)
