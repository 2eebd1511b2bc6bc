"""Anchors, what they should have found, and the boxes that are found.

Boxes are tensors: left, top, right and bottom in pixels. Overlaps and deltas are those of
``keras.utils.bounding_boxes``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

RATIOS = (0.6, 1.1, 2.0)
"""Heights over widths: near the tenth, half and ninth of ten outlines of FracAtlas's train part."""
STANDARD_SIZE = 480
"""Longer side in pixels of what a network sees, of which the sides of anchors are."""

_VARIANCE = (0.1, 0.1, 0.2, 0.2)
_FARTHEST = 20.0
"""Deltas are cut here, before the exponential of a wild one is infinite."""
_XYXY = "xyxy"


@dataclass(frozen=True)
class Level:
    """Features of a stride in pixels, and the sides of the squares as large as its anchors."""

    stride: int
    sides: tuple[float, ...]

    @property
    def anchors(self) -> int:
        """How many anchors a place has."""
        return len(self.sides) * len(RATIOS)

    def scaled(self, size: int) -> Level:
        """Return the level of networks that see radiographs of another size."""
        factor = size / STANDARD_SIZE
        return Level(self.stride, tuple(side * factor for side in self.sides))


def anchors(levels: Sequence[Level], picture: Any) -> Any:
    """Return the anchors of pictures ``(n, h, w, 1)``: ``(anchors, 4)``, level by level."""
    from keras import ops

    height, width = ops.shape(picture)[1:3]
    found = []
    for level in levels:
        rows, columns = (
            (ops.cast(ops.arange(side // level.stride), "float32") + 0.5) * level.stride
            for side in (height, width)
        )
        y, x = ops.meshgrid(rows, columns, indexing="ij")
        centres = ops.reshape(ops.stack([x, y], axis=-1), (-1, 1, 2))
        halves = np.array(
            [
                (side / math.sqrt(ratio) / 2, side * math.sqrt(ratio) / 2)
                for side in level.sides
                for ratio in RATIOS
            ],
            np.float32,
        )
        corners = ops.concatenate([centres - halves, centres + halves], axis=-1)
        found.append(ops.reshape(corners, (-1, 4)))
    return ops.concatenate(found, axis=0)


def encode(places: Any, boxes: Any) -> Any:
    """Return boxes as deltas from anchors or proposals."""
    import keras

    deltas = keras.utils.bounding_boxes.encode_box_to_deltas(
        places, boxes, anchor_format=_XYXY, box_format=_XYXY, variance=_VARIANCE
    )
    return keras.ops.clip(deltas, -_FARTHEST, _FARTHEST)


def decode(places: Any, deltas: Any, picture: Any) -> Any:
    """Return the boxes of deltas from anchors or proposals, cut at the picture's edge."""
    import keras

    boxes = keras.utils.bounding_boxes.decode_deltas_to_boxes(
        places,
        keras.ops.clip(deltas, -_FARTHEST, _FARTHEST),
        anchor_format=_XYXY,
        box_format=_XYXY,
        variance=_VARIANCE,
    )
    height, width = keras.ops.shape(picture)[1:3]
    edges = keras.ops.cast(keras.ops.stack([width, height, width, height]), "float32")
    return keras.ops.minimum(keras.ops.maximum(boxes, 0.0), edges)


def matched(
    places: Any, truth: Any, *, least: float, most_false: float, force: bool
) -> tuple[Any, Any]:
    """Say of anchors or proposals what they should be: ``(n, places)`` labels and their boxes.

    A label is 1 where the overlap with a true box reaches ``least``, 0 where none is above
    ``most_false``, and -1 between, where nothing is learned. With ``force``, the places that
    overlap a true box most are 1 in any case. ``truth`` is ``(n, boxes, 4)``, filled up with zeros.
    """
    import keras
    from keras import ops

    overlaps = keras.utils.bounding_boxes.compute_iou(places, truth, _XYXY)
    highest = ops.max(overlaps, axis=-1)
    positive = highest >= least
    if force:
        of_truth = ops.max(overlaps, axis=1, keepdims=True)
        forced = ops.cast((overlaps >= of_truth - 1e-4) & (of_truth > 0.05), "float32")
        positive = positive | (ops.max(forced, axis=-1) > 0)
        overlaps = overlaps + 2 * forced
    which = ops.expand_dims(ops.argmax(overlaps, axis=-1), -1)
    labels = ops.where(positive, 1.0, ops.where(highest <= most_false, 0.0, -1.0))
    return labels, ops.take_along_axis(truth, which, axis=1)


def suppressed(boxes: Any, scores: Any, *, most: int, overlap: float, least: float) -> Any:
    """Return the surest boxes, none twice: ``(n, most, 5)`` with the score last, then zeros."""
    import tensorflow as tf

    kept = tf.image.combined_non_max_suppression(
        boxes[:, :, None],
        scores[..., None],
        max_output_size_per_class=most,
        max_total_size=most,
        iou_threshold=overlap,
        score_threshold=least,
        clip_boxes=False,
    )
    return tf.concat([kept.nmsed_boxes, kept.nmsed_scores[..., None]], axis=-1)
