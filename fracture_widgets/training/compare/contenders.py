"""What can be compared: networks by name, and four that keep them honest."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from fracture_widgets.base.files import file_sha256
from fracture_widgets.errors import ModelError, TrainingError
from fracture_widgets.models.networks.architectures import ARCHITECTURES, TrunkBuilder
from fracture_widgets.models.networks.names import POOLED_OUTPUT
from fracture_widgets.models.networks.resnet50 import build_trunk

__all__ = [
    "DEFAULT_MODELS",
    "AlwaysNormal",
    "Contender",
    "FeatureClusters",
    "FeatureRegression",
    "FrozenFeatures",
    "NetworkChoice",
    "PixelClusters",
    "choose",
    "weight_origin",
]

WeightSource = str | os.PathLike[str] | None
_CONV4 = "conv4_block6_out"


@dataclass(frozen=True)
class NetworkChoice:
    """A network to compare, and how much of it learns.

    Attributes
    ----------
    name
        How it is called in tables and folders.
    trunk
        Builds what comes before the pooling.
    weights
        What the trunk starts from: ``"imagenet"`` (Keras downloads it), the path of a ``.npz``
        file, or ``None`` for a random start.
    frozen_up_to
        The last layer that stays as it was: ``"conv4_block6_out"`` lets ResNet-50's conv5 and the
        head learn, ``"avg_pool"`` the head alone, ``None`` everything. Whatever stays needs all
        of its weights.
    augmented
        Whether the plan's augmentation applies. Without it, what a frozen part makes of a
        radiograph is computed once for all epochs and folds.
    title
        How it is called in figures; the name by default.
    learning_rate
        Of Adam, for this network alone; the plan's by default. A head by itself stands, and often
        needs, a higher one than a whole network.
    """

    name: str
    trunk: TrunkBuilder
    weights: WeightSource = "imagenet"
    frozen_up_to: str | None = None
    augmented: bool = True
    title: str = ""
    learning_rate: float | None = None

    def identity(self) -> dict[str, Any]:
        """Return what tells its results from those of other settings, ready for JSON."""
        return {
            "kind": "network",
            "learning_rate": self.learning_rate,
            "trunk": _called(self.trunk),
            "weights": weight_origin(self.weights),
            "frozen_up_to": self.frozen_up_to,
            "augmented": self.augmented,
        }


@dataclass(frozen=True)
class AlwaysNormal:
    """Calls every radiograph normal: what any network has to beat."""

    name: str = "always-normal"
    title: str = "Always normal"

    def identity(self) -> dict[str, Any]:
        """Return what tells its results from those of other settings, ready for JSON."""
        return {"kind": "always normal"}


@dataclass(frozen=True)
class PixelClusters:
    """k-means on the greys of 32 x 32 fields, clusters named by the training radiographs."""

    name: str = "k-means-pixels"
    title: str = "k-means on pixels"

    def identity(self) -> dict[str, Any]:
        """Return what tells its results from those of other settings, ready for JSON."""
        return {"kind": "k-means on pixels"}


@dataclass(frozen=True)
class FrozenFeatures:
    """The mean over places of a trunk that has never seen a radiograph's label.

    ResNet-50's conv4 by default. The trunk that ships has been taught with the labels of FracAtlas
    and would give them away there.

    Attributes
    ----------
    trunk
        Builds it.
    weights
        Its weights, as for :class:`NetworkChoice`; they must hold all layers up to ``layer``.
    layer
        Whose output is averaged.
    """

    trunk: TrunkBuilder = build_trunk
    weights: WeightSource = "imagenet"
    layer: str = _CONV4

    def identity(self) -> dict[str, Any]:
        """Return what tells its results from those of other settings, ready for JSON."""
        return {
            "trunk": _called(self.trunk),
            "weights": weight_origin(self.weights),
            "layer": self.layer,
        }


@dataclass(frozen=True)
class FeatureClusters:
    """k-means on pooled features, clusters named by the training radiographs."""

    features: FrozenFeatures = field(default_factory=FrozenFeatures)
    name: str = "k-means-features"
    title: str = "k-means on ResNet-50 features"

    def identity(self) -> dict[str, Any]:
        """Return what tells its results from those of other settings, ready for JSON."""
        return {"kind": "k-means on features", **self.features.identity()}


@dataclass(frozen=True)
class FeatureRegression:
    """Logistic regression on pooled features: what a frozen trunk is worth by itself."""

    features: FrozenFeatures = field(default_factory=FrozenFeatures)
    name: str = "logistic-regression"
    title: str = "Logistic regression on ResNet-50 features"

    def identity(self) -> dict[str, Any]:
        """Return what tells its results from those of other settings, ready for JSON."""
        return {"kind": "logistic regression", **self.features.identity()}


Contender = NetworkChoice | AlwaysNormal | PixelClusters | FeatureClusters | FeatureRegression

DEFAULT_MODELS = (
    "always-normal",
    "k-means-pixels",
    "k-means-features",
    "logistic-regression",
    "densenet169",
    "resnet50",
    "alexnet",
    "vgg16",
)
"""The models that come with the package, the quick ones first."""

# What stays of a trunk whose ImageNet weights there are. ResNet-50 learns conv5, as the shipped
# cascade did; the others learn the head alone.
_FROZEN_UP_TO: Mapping[str, str] = MappingProxyType(
    {"resnet50": _CONV4, "vgg16": POOLED_OUTPUT, "densenet169": POOLED_OUTPUT}
)


def choose(
    models: Sequence[str | Contender], weights: Mapping[str, WeightSource]
) -> tuple[Contender, ...]:
    """Return the models to compare."""
    unknown = sorted(set(weights) - set(ARCHITECTURES))
    if unknown:
        raise TrainingError(
            f"There is no network called {unknown[0]}: weights are for {', '.join(ARCHITECTURES)}."
        )
    chosen = tuple(_named(one, weights) if isinstance(one, str) else one for one in models)
    names = [one.name for one in chosen]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise TrainingError(f"Two models are called {twice[0]}: give each a name of its own.")
    if not chosen:
        raise TrainingError("There is nothing to compare: name at least one model.")
    return chosen


def _named(name: str, weights: Mapping[str, WeightSource]) -> Contender:
    features = FrozenFeatures(weights=weights.get("resnet50") or "imagenet")
    others: dict[str, Contender] = {
        one.name: one
        for one in (
            AlwaysNormal(),
            PixelClusters(),
            FeatureClusters(features),
            FeatureRegression(features),
        )
    }
    if name in others:
        return others[name]
    if name not in ARCHITECTURES:
        raise TrainingError(
            f"There is no model called {name}: choose among {', '.join(DEFAULT_MODELS)}."
        )
    architecture = ARCHITECTURES[name]
    start = weights.get(name, "imagenet" if architecture.imagenet else None)
    frozen = None if start is None else _FROZEN_UP_TO.get(name)
    return NetworkChoice(
        name, architecture.build, start, frozen, augmented=frozen is None, title=architecture.title
    )


def weight_origin(weights: WeightSource) -> str | None:
    """Return ``"imagenet"``, the sha256 of a weight file, or ``None``."""
    if weights is None or weights == "imagenet":
        return None if weights is None else "imagenet"
    try:
        return file_sha256(Path(weights))
    except OSError as error:
        raise ModelError(
            f"The weight file {Path(weights).name} cannot be read ({error.strerror}): check its "
            "name, or leave it out to let Keras download ImageNet's weights."
        ) from error


def _called(trunk: TrunkBuilder) -> str:
    return getattr(trunk, "__qualname__", type(trunk).__name__)
