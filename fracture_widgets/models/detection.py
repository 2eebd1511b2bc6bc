"""From dense outputs to boxes: peaks of a heatmap, the sides around them, and no box twice.

The form is that of CenterNet (Zhou et al., *Objects as Points*, arXiv:1904.07850) with the four
distances of FCOS (Tian et al., *ICCV* 2019).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fracture_widgets.imaging.boxes import Box

SHORTEST, LONGEST = -3.0, 4.0
"""Between these the logarithm of a side lies, in cells, in training as here."""


@dataclass(frozen=True)
class Detection(Box):
    """A box in pixels of a network's input, its score 0 to 1, its kind, and the cell it is of."""

    score: float
    kind: int
    cell: tuple[int, int] = (0, 0)


def detect(
    heat: npt.NDArray[np.float32],
    sides: npt.NDArray[np.float32],
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


def sigmoid(logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return probabilities, without overflow at either end."""
    small = np.exp(-np.abs(logits))
    return np.asarray(np.where(logits >= 0, 1.0, small) / (1.0 + small), dtype=np.float32)


def _neighbourhood(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return the highest of every place and the eight around it."""
    padded = np.pad(values, 1, mode="edge")
    height, width = values.shape
    around = [padded[y : y + height, x : x + width] for y in range(3) for x in range(3)]
    highest: npt.NDArray[np.float32] = np.maximum.reduce(around)
    return highest
