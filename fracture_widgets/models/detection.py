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
from fracture_widgets.models.gate import INVERTED, NOT_A_RADIOGRAPH, OTHER_BODY_PART
from fracture_widgets.models.record import Finding
from fracture_widgets.models.report import most_probable
from fracture_widgets.models.showings import AS_IS, Showing

SHORTEST, LONGEST = -3.0, 4.0
"""Between these the logarithm of a side lies, in cells, in training as here."""

_ALIKE = 0.3
"""How much of both boxes together two must share for one to have a say in the other."""

_SURE, _CLEAR = 0.5, 0.75
"""A joint below such a score must lie so many standard deviations within the limit to be ours."""

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
    voted: bool = False,
) -> list[Detection]:
    """Return the boxes of one picture, the highest score first.

    ``heat`` are logits of shape ``(h, w, kinds)``, ``sides`` logarithms of the distances to the
    left, top, right and bottom in cells, ``(h, w, 4)``. With ``voted``, the cells around have a
    say in where the edges of a box lie.
    """
    scores = sigmoid(heat)
    highest = scores.max(-1)
    rows, columns = np.nonzero((highest >= threshold) & (highest >= _neighbourhood(highest)))
    order = np.argsort(-highest[rows, columns], kind="stable")[: 4 * most]
    edges = _edges(sides, stride)
    height, width = (size * stride for size in highest.shape)
    found: list[Detection] = []
    for row, column in zip(rows[order].tolist(), columns[order].tolist(), strict=True):
        corners = _voted(edges, highest, row, column) if voted else edges[row, column]
        x0, y0, x1, y1 = np.clip(corners, 0.0, (width, height, width, height)).tolist()
        kind = int(scores[row, column].argmax())
        box = Detection(x0, y0, x1, y1, float(highest[row, column]), kind, (row, column))
        if all(box.iou(other) < overlap for other in found):
            found.append(box)
    return found[:most]


def _edges(sides: Floats, stride: int) -> npt.NDArray[np.float64]:
    """Return the box that each cell gives, in pixels, ``(h, w, 4)``."""
    reach = (np.exp(np.clip(sides, SHORTEST, LONGEST)) * stride).astype(np.float64)
    rows, columns = (np.mgrid[: sides.shape[0], : sides.shape[1]] + 0.5) * stride
    middles = np.stack([columns, rows], -1)
    return np.concatenate([middles - reach[..., :2], middles + reach[..., 2:]], -1)


def _voted(
    edges: npt.NDArray[np.float64], scores: Floats, row: int, column: int
) -> npt.NDArray[np.float64]:
    """Return the mean of a cell's box and those around that lie much as it does, by their scores.

    Gidaris and Komodakis, *ICCV* 2015, section 5, with the squares of scores.
    """
    around = np.s_[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2]
    boxes, own = edges[around].reshape(-1, 4), Box(*edges[row, column])
    alike = np.array([own.iou(Box(*box)) >= _ALIKE for box in boxes])
    mean: npt.NDArray[np.float64] = np.average(
        boxes, axis=0, weights=alike * np.square(scores[around], dtype=np.float64).ravel()
    )
    return mean


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
    showing: Showing = AS_IS
    """How its crop was shown to the networks that gave the probabilities; where it was turned,
    findings and map are of the view turned alike."""

    @property
    def fracture_probability(self) -> float:
        """That of the part that it is."""
        return self.fracture_probabilities[self.joint.body_part]

    @property
    def is_ours(self) -> bool:
        """Whether nothing says that it is a joint of another body part, such as a knee.

        What is found with little certainty is one of ours if it plainly looks so.
        """
        limit = 0.0 if self.joint.score >= _SURE else -_CLEAR
        return self.excess.get(OTHER_BODY_PART, limit) <= limit

    @property
    def furthest(self) -> tuple[str, float]:
        """Why a gate for crops would refuse it, and how far it lies beyond that limit."""
        kind = max(self.excess, key=self.excess.__getitem__, default="")
        return kind, self.excess.get(kind, 0.0)

    @property
    def is_unlike(self) -> bool:
        """Whether its crop is stranger or darker than nearly all of those learned from."""
        return max(self.excess.get(kind, 0.0) for kind in (NOT_A_RADIOGRAPH, INVERTED)) > 0.0

    @property
    def is_familiar(self) -> bool:
        """Whether a gate for crops lets it pass as one of a joint."""
        return bool(self.excess) and self.is_ours and max(self.excess.values()) <= 0.0


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
