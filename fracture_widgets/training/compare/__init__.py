"""Many models on the same folds: the paper's table, with what it left out."""

from fracture_widgets.training.compare.contenders import (
    DEFAULT_MODELS,
    Baseline,
    FrozenFeatures,
    NetworkChoice,
    baselines,
)
from fracture_widgets.training.compare.result import Comparison
from fracture_widgets.training.compare.run import compare

__all__ = [
    "DEFAULT_MODELS",
    "Baseline",
    "Comparison",
    "FrozenFeatures",
    "NetworkChoice",
    "baselines",
    "compare",
]
