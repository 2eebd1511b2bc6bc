"""Joints of a radiograph: what the first look finds, and what the second sees of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

import numpy as np
from PIL import Image

from fracture_widgets.imaging.boxes import Box
from fracture_widgets.imaging.views import SquareView
from fracture_widgets.models.answering import Floats
from fracture_widgets.models.gate import OTHER_BODY_PART
from fracture_widgets.models.record import Finding

_MAP_SIDE = 512
"""Longest side of the maps that lie over a whole radiograph."""


@dataclass(frozen=True)
class Thresholds:
    """From which score on a joint or a fracture counts as found, and when two boxes are one.

    The surest fracture of a joint counts from a lower score than those beside it.
    """

    joint: float = 0.35
    joint_overlap: float = 0.5
    finding: float = 0.2
    surest: float = 0.1
    finding_overlap: float = 0.3
    most_joints: int = 10
    most_findings: int = 5

    def to_dict(self) -> dict[str, float]:
        """Return them as they stand on a model's card."""
        return asdict(self)


@dataclass(frozen=True)
class Joint:
    """A joint that the first look found: where, of which body part, and how surely."""

    box: Box
    score: float
    probabilities: Mapping[str, float]

    @property
    def body_part(self) -> str:
        """The most probable body part."""
        return max(self.probabilities, key=self.probabilities.__getitem__)


@dataclass(frozen=True, eq=False)
class JointSeen:
    """What the second look saw of a joint: its fracture map lies over the view it was seen in."""

    joint: Joint
    view: SquareView
    fracture_probabilities: Mapping[str, float]
    """By part, as if it were this one."""
    findings: tuple[Finding, ...]
    fracture_map: Floats
    heatmap: Floats
    heat_view: SquareView
    """What the heatmap lies over: the view of the network that gave the probabilities."""
    excess: Mapping[str, float] = field(default_factory=dict)
    """How far its crop lies beyond each limit of a gate for crops, by the kind of refusal."""

    @property
    def fracture_probability(self) -> float:
        """That of the part that it is."""
        return self.fracture_probabilities[self.joint.body_part]

    @property
    def is_ours(self) -> bool:
        """Whether nothing says that it is a joint of another body part, such as a knee."""
        return self.excess.get(OTHER_BODY_PART, 0.0) <= 0.0

    @property
    def furthest(self) -> tuple[str, float]:
        """Why a gate for crops would refuse it, and how far it lies beyond that limit."""
        kind = max(self.excess, key=self.excess.__getitem__, default="")
        return kind, self.excess.get(kind, 0.0)

    @property
    def is_familiar(self) -> bool:
        """Whether a gate for crops lets it pass as one of a joint."""
        return bool(self.excess) and max(self.excess.values()) <= 0.0


def over_radiograph(maps: Sequence[tuple[SquareView, Floats]]) -> Floats:
    """Lay maps over the radiograph that their views are of, the higher where two overlap."""
    view, _ = maps[0]
    scale = min(1.0, _MAP_SIDE / max(view.width, view.height))
    width, height = max(1, round(view.width * scale)), max(1, round(view.height * scale))
    whole = np.zeros((height, width), np.float32)
    for view, values in maps:
        cells = Image.fromarray(np.ascontiguousarray(values, dtype=np.float32))
        factor = view.scale / scale * cells.width / view.pixels.shape[1]
        offset = [-edge * view.scale for edge in (view.left, view.top)]
        shift = [edge * cells.width / view.pixels.shape[1] for edge in offset]
        laid = cells.transform(
            (width, height),
            Image.Transform.AFFINE,
            (factor, 0.0, shift[0], 0.0, factor, shift[1]),
            Image.Resampling.BILINEAR,
        )
        np.maximum(whole, np.asarray(laid, np.float32), out=whole)
    return whole
