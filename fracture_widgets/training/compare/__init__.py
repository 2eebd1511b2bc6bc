"""Many models on the same folds: the paper's table, with what it left out."""

from __future__ import annotations

from fracture_widgets.training.compare.contenders import (
    DEFAULT_MODELS,
    AlwaysNormal,
    FeatureClusters,
    FeatureRegression,
    FrozenFeatures,
    NetworkChoice,
    PixelClusters,
)
from fracture_widgets.training.compare.result import Comparison
from fracture_widgets.training.compare.run import compare

__all__ = [
    "DEFAULT_MODELS",
    "AlwaysNormal",
    "Comparison",
    "FeatureClusters",
    "FeatureRegression",
    "FrozenFeatures",
    "NetworkChoice",
    "PixelClusters",
    "compare",
]
