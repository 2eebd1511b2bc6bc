"""What is found on a radiograph: boxes out of dense outputs, joints, and what is seen of them.

Boxes have the form of CenterNet's (Zhou et al., *Objects as Points*, arXiv:1904.07850) with the
four distances of FCOS (Tian et al., *ICCV* 2019).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

import numpy as np
import numpy.typing as npt
from PIL import Image

from fracture_widgets.imaging.boxes import Box
from fracture_widgets.imaging.views import SquareView
from fracture_widgets.models.gate import OTHER_BODY_PART
from fracture_widgets.models.record import Finding
from fracture_widgets.models.report import most_probable

SHORTEST, LONGEST = -3.0, 4.0
"""Between these the logarithm of a side lies, in cells, in training as here."""

_MAP_SIDE = 512
"""Longest side of the maps that lie over a whole radiograph."""

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Detection(Box):
    """A box in pixels of a network's input, its score 0 to 1, its kind, and the cell it is of."""

    score: float
    kind: int
    cell: tuple[int, int] = (0, 0)


def detect(
    heat: Floats,
    sides: Floats,
    stride: int,
    *,
    threshold: float,
    overlap: float,
    most: int = 30,
) -> list[Detection]:
    """Return the boxes of one picture, the highest score first.

    ``heat`` are logits of shape ``(h, w, kinds)``, ``sides`` logarithms of the distances to the
    left, top, right and bottom in cells, ``(h, w, 4)``.
    """
    scores = sigmoid(heat)
    highest = scores.max(-1)
    rows, columns = np.nonzero((highest >= threshold) & (highest >= _neighbourhood(highest)))
    order = np.argsort(-highest[rows, columns], kind="stable")[: 4 * most]
    reach = np.exp(np.clip(sides, SHORTEST, LONGEST)) * stride
    height, width = (size * stride for size in highest.shape)
    found: list[Detection] = []
    for row, column in zip(rows[order], columns[order], strict=True):
        x, y = (column + 0.5) * stride, (row + 0.5) * stride
        left, top, right, bottom = (float(side) for side in reach[row, column])
        box = Detection(
            max(0.0, x - left),
            max(0.0, y - top),
            min(float(width), x + right),
            min(float(height), y + bottom),
            float(highest[row, column]),
            int(scores[row, column].argmax()),
            (int(row), int(column)),
        )
        if all(box.iou(other) < overlap for other in found):
            found.append(box)
    return found[:most]


def sigmoid(logits: Floats) -> Floats:
    """Return probabilities, without overflow at either end."""
    small = np.exp(-np.abs(logits))
    return np.asarray(np.where(logits >= 0, 1.0, small) / (1.0 + small), dtype=np.float32)


def _neighbourhood(values: Floats) -> Floats:
    """Return the highest of every place and the eight around it."""
    padded = np.pad(values, 1, mode="edge")
    height, width = values.shape
    around = [padded[y : y + height, x : x + width] for y in range(3) for x in range(3)]
    highest: Floats = np.maximum.reduce(around)
    return highest


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
        return most_probable(self.probabilities)


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
