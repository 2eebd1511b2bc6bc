"""How a detector is trained."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from fracture_widgets.errors import TrainingError
from fracture_widgets.models.networks.detectors import STANDARD_SIZE
from fracture_widgets.models.networks.looks import STEP
from fracture_widgets.training.plan import check_at_least

_SHAPE = 0.8
"""Shorter over longer side: 373 x 454 pixels, as most of FracAtlas, fill it."""


@dataclass(frozen=True)
class DetectorPlan:
    """The settings of a detector's training.

    Attributes
    ----------
    epochs, batch
        Epochs, each of all radiographs once; radiographs in a step.
    size
        Longer side in pixels of what is seen; the shorter is four fifths of it.
    rate, rise, decay, clip
        Highest learning rate of AdamW, with the steps until it is reached, after which it falls by
        half a cosine; weight decay; largest norm of all gradients.
    scaling, brightness
        Enlarged or reduced, and made brighter or darker, by up to so much; half are mirrored.
    seed
        Of the first weights and of every epoch.
    bfloat16
        Whether to compute in bfloat16.
    """

    epochs: int = field(default=30, metadata={"help": "of all radiographs once"})
    size: int = field(
        default=STANDARD_SIZE, metadata={"help": "longer side in pixels of what detectors see"}
    )
    batch: int = field(default=8, metadata={"help": "radiographs in a step"})
    rate: float = field(default=3e-4, metadata={"help": "highest learning rate"})
    rise: int = 100
    decay: float = 1e-4
    clip: float = 10.0
    scaling: float = 0.2
    brightness: float = 0.15
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
        return self.size, round(_SHAPE * self.size / STEP) * STEP

    def to_dict(self) -> dict[str, Any]:
        """Return the settings, ready for JSON."""
        return asdict(self)
