"""The settings of trainings: of the paper's recipe, and of detectors."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from fracture_widgets.errors import TrainingError
from fracture_widgets.models.networks.detectors import STANDARD_SIZE
from fracture_widgets.models.networks.looks import STEP


def check_at_least(settings: object, **least: int) -> None:
    """Raise a :class:`TrainingError` if one of some settings is less than it may be."""
    for name, smallest in least.items():
        value = getattr(settings, name)
        if value < smallest:
            raise TrainingError(f"{name} is {smallest} or more. Received: {value}")


@dataclass(frozen=True)
class Augmentation:
    """How radiographs are varied while training; every epoch sees them differently."""

    flip: bool = True
    """Left and right change places in half of them."""
    rotation: float = 10.0
    """Turned by up to so many degrees, either way."""
    zoom: float = 0.1
    """Enlarged or reduced by up to this share."""
    contrast: float = 0.2
    """Raised or lowered by up to this share."""

    def __post_init__(self) -> None:
        for name, most in (("rotation", 180.0), ("zoom", 0.9), ("contrast", 1.0)):
            value = getattr(self, name)
            if not 0 <= value <= most:
                raise TrainingError(f"{name} lies between 0 and {most:g}. Received: {value}")


@dataclass(frozen=True)
class TrainingPlan:
    """How a network that answers one question is trained; the paper's recipe by default.

    Attributes
    ----------
    learning_rate, batch, epochs, patience
        Of Adam; radiographs in a step; at most so many; epochs without a lower validation loss
        before training ends. The weights of the epoch with the lowest are kept.
    augmentation
        How radiographs are varied; ``None`` for not at all.
    class_weights
        Whether an answer counts the more the rarer it is.
    frozen_trunk
        Whether the trunk stays as it is and the head alone is trained. Without augmentation, its
        pooled features are then computed once and kept, and training takes seconds.
    weights
        What the trunk starts from: ``"imagenet"`` (Keras downloads it), ``"shipped"`` (the
        shipped cascade's), the path of a ``.npz`` file, or ``None`` for a random start.
    validation, test
        Shares of the radiographs that are set aside. No patient stands on two sides.
    test_from_folders
        Whether the dataset's own ``test`` folder is the test split; the rest is then divided in
        the proportion of training and validation.
    bfloat16
        Whether to compute in bfloat16; see :mod:`fracture_widgets.models.networks`.
    seed
        Of the split, the head's first weights, the order and the augmentation.

    Raises
    ------
    TrainingError
        If a setting makes no sense.

    Examples
    --------
    >>> from fracture_widgets import TrainingPlan
    >>> plan = TrainingPlan(epochs=3, augmentation=None, frozen_trunk=True, weights="shipped")
    >>> {side: round(share, 2) for side, share in plan.fractions.items()}
    {'train': 0.72, 'validation': 0.18, 'test': 0.1}
    """

    learning_rate: float = field(default=1e-4, metadata={"help": "of Adam"})
    batch: int = field(default=32, metadata={"help": "radiographs in a step"})
    epochs: int = field(default=25, metadata={"help": "at most so many"})
    patience: int = field(
        default=5, metadata={"help": "epochs without a lower validation loss before training ends"}
    )
    augmentation: Augmentation | None = field(
        default=Augmentation(), metadata={"help": "show every radiograph as it is"}
    )
    class_weights: bool = field(default=True, metadata={"help": "let rare answers count as little"})
    frozen_trunk: bool = field(
        default=False,
        metadata={
            "help": "train the head alone; with --no-augmentation in seconds, once features are "
            "kept"
        },
    )
    weights: str | os.PathLike[str] | None = field(
        default="imagenet",
        metadata={
            "help": "what the trunk starts from: imagenet (downloaded by Keras), shipped "
            "(ResNet-50's), none, or an .npz file"
        },
    )
    validation: float = field(default=0.18, metadata={"help": "share of the radiographs"})
    test: float = field(default=0.10, metadata={"help": "share of the radiographs"})
    test_from_folders: bool = field(
        default=False, metadata={"help": "keep the dataset's own test folder as the test split"}
    )
    bfloat16: bool = field(
        default=False,
        metadata={
            "help": "compute in bfloat16: about twice as fast on processors that know it "
            "(AVX512-BF16 or AMX), much slower on others"
        },
    )
    seed: int = field(
        default=0, metadata={"help": "of split, first weights, order and augmentation"}
    )

    def __post_init__(self) -> None:
        check_at_least(self, batch=1, epochs=1, patience=1, seed=0)
        if not (math.isfinite(self.learning_rate) and self.learning_rate > 0):
            raise TrainingError(f"learning_rate is above 0. Received: {self.learning_rate}")
        if min(self.validation, self.test) <= 0 or self.validation + self.test >= 1:
            raise TrainingError(
                "validation and test are shares above 0 that leave something for training. "
                f"Received: {self.validation} and {self.test}"
            )

    @property
    def fractions(self) -> Mapping[str, float]:
        """Shares of training, validation and test, summing to 1."""
        return {
            "train": 1.0 - self.validation - self.test,
            "validation": self.validation,
            "test": self.test,
        }

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as they stand on a card: of a weight file, the base name alone."""
        weights = None if self.weights is None else Path(self.weights).name
        return {**asdict(self), "weights": weights}


_UPRIGHT = 0.8
"""Shorter over longer side: 373 x 454 pixels, as most of FracAtlas, fill it."""


@dataclass(frozen=True)
class DetectorPlan:
    """The settings of a detector's training."""

    epochs: int = field(default=30, metadata={"help": "of all radiographs once"})
    size: int = field(
        default=STANDARD_SIZE, metadata={"help": "longer side in pixels of what detectors see"}
    )
    batch: int = field(default=8, metadata={"help": "radiographs in a step"})
    rate: float = field(default=3e-4, metadata={"help": "highest learning rate"})
    rise: int = 100
    """Steps until it is reached, after which it falls by half a cosine."""
    decay: float = 1e-4
    """Of AdamW."""
    clip: float = 10.0
    """Largest norm of all gradients."""
    scaling: float = 0.2
    """Enlarged or reduced by up to so much; half are mirrored."""
    brightness: float = 0.15
    """Made brighter or darker by up to so much."""
    seed: int = field(default=0, metadata={"help": "of the first weights and every epoch"})
    bfloat16: bool = field(
        default=False,
        metadata={"help": "compute in bfloat16: faster on processors with AMX or AVX512-BF16"},
    )

    def __post_init__(self) -> None:
        check_at_least(self, epochs=1, batch=1, seed=0)
        if self.size < 2 * STEP or self.size % STEP:
            raise TrainingError(
                f"size is a multiple of {STEP}, {2 * STEP} or more. Received: {self.size}"
            )

    @property
    def frame(self) -> tuple[int, int]:
        """Height and width of an upright radiograph's frame; one that lies has them exchanged."""
        return self.size, round(_UPRIGHT * self.size / STEP) * STEP
