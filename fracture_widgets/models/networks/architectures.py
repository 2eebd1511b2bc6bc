"""The trunks by name, and where their ImageNet weights come from."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from fracture_widgets.errors import ModelError
from fracture_widgets.models.networks.baselines import (
    build_alexnet_trunk,
    build_densenet169_trunk,
    build_vgg16_trunk,
)
from fracture_widgets.models.networks.imagenet import download_imagenet_weights
from fracture_widgets.models.networks.resnet50 import build_trunk
from fracture_widgets.models.weight_files import Weights, assign_weights, read_weights

if TYPE_CHECKING:
    import keras

__all__ = [
    "ARCHITECTURES",
    "Architecture",
    "TrunkBuilder",
    "fill_trunk",
    "started_from",
    "weight_names",
]

TrunkBuilder = Callable[[int], "keras.Model"]
"""From the side of the input in pixels to a flat model with one input ``(n, size, size, 1)``, grey
values of 0 to 255, and one output ``(n, h, w, channels)``."""


@dataclass(frozen=True)
class Architecture:
    """A trunk by name."""

    name: str
    title: str
    build: TrunkBuilder
    imagenet: str | None


ARCHITECTURES: Mapping[str, Architecture] = MappingProxyType(
    {
        one.name: one
        for one in (
            Architecture("resnet50", "ResNet-50", build_trunk, "ResNet50"),
            Architecture("alexnet", "AlexNet (batch norm)", build_alexnet_trunk, None),
            Architecture("vgg16", "VGG16", build_vgg16_trunk, "VGG16"),
            Architecture("densenet169", "DenseNet-169", build_densenet169_trunk, "DenseNet169"),
        )
    }
)
"""The trunks that come with the package, by name."""


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
