"""What the cascade says of one radiograph, as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fracture_widgets.imaging.radiograph import Radiograph

__all__ = ["Answer", "Report"]


@dataclass(frozen=True)
class Answer:
    """What the cascade says of one radiograph, without the picture and the maps.

    Attributes
    ----------
    body_part
        The most probable body part: ``"elbow"``, ``"hand"`` or ``"shoulder"``.
    body_part_probabilities
        Probability of every body part, summing to 1.
    label
        ``"fractured"`` or ``"normal"``: the more probable answer of that part's network.
    fracture_probability
        Probability of a fracture given the body part, 0 to 1.
    """

    body_part: str
    body_part_probabilities: Mapping[str, float]
    label: str
    fracture_probability: float

    @property
    def body_part_probability(self) -> float:
        """Probability of the body part named, 0 to 1."""
        return self.body_part_probabilities[self.body_part]


@dataclass(frozen=True, eq=False)
class Report:
    """The cascade's answer to one radiograph.

    Attributes
    ----------
    radiograph
        The radiograph examined.
    body_part
        The most probable body part: ``"elbow"``, ``"hand"`` or ``"shoulder"``.
    body_part_probabilities
        Probability of every body part, summing to 1.
    label
        ``"fractured"`` or ``"normal"``: the more probable answer of that part's network.
    fracture_probability
        Probability of a fracture given the body part, 0 to 1.
    heatmap
        Grad-CAM of the fracture answer, float32 of shape ``(h, w)`` in 0 to 1. It covers the
        radiograph from edge to edge; stretch it to the radiograph's size to overlay it.
    fracture_map
        Probability of a fracture at each place, in the same frame as ``heatmap``.
    model
        sha256 of the model's weights.
    timings
        Seconds spent in ``"prepare"``, ``"network"``, ``"heatmap"`` and ``"total"``.
    """

    radiograph: Radiograph
    body_part: str
    body_part_probabilities: Mapping[str, float]
    label: str
    fracture_probability: float
    heatmap: npt.NDArray[np.float32]
    fracture_map: npt.NDArray[np.float32]
    model: str
    timings: Mapping[str, float]

    @property
    def body_part_probability(self) -> float:
        """Probability of the body part named, 0 to 1."""
        return self.body_part_probabilities[self.body_part]

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the pixels and maps, ready for JSON or a table row."""
        return {
            "name": self.radiograph.name,
            "sha256": self.radiograph.sha256,
            "width": self.radiograph.width,
            "height": self.radiograph.height,
            "body_part": self.body_part,
            "body_part_probability": self.body_part_probability,
            "body_part_probabilities": dict(self.body_part_probabilities),
            "label": self.label,
            "fracture_probability": self.fracture_probability,
            "model": self.model,
            "warnings": list(self.radiograph.warnings),
            "timings": dict(self.timings),
        }
