"""What detectors have in common: a trunk with its pyramid, anchors, losses, and what is found.

Boxes are tensors: left, top, right and bottom in pixels. Overlaps and deltas are those of
``keras.utils.bounding_boxes``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fracture_widgets.models.networks import require_keras
from fracture_widgets.models.networks.looks import resnet50_stages

if TYPE_CHECKING:
    import keras

RATIOS = (0.6, 1.1, 2.0)
"""Heights over widths: near the tenth, half and ninth of ten outlines of FracAtlas's train part."""
STANDARD_SIZE = 480
"""Longer side in pixels of what a network sees, of which the sides of anchors are."""

_VARIANCE = (0.1, 0.1, 0.2, 0.2)
_FARTHEST = 20.0
"""Deltas are cut here, before the exponential of a wild one is infinite."""
_XYXY = "xyxy"

CHANNELS = 128
RADIOGRAPH, TRUTH = "radiograph", "truth"
"""What a learner is given: pictures ``(n, h, w, 1)`` in 0 to 255, whose sides are multiples of 32,
and the boxes there, ``(n, boxes, 4)`` in pixels, filled up with zeros."""

MOST, OVERLAP, LEAST_SCORE = 50, 0.5, 0.01
"""Boxes of a radiograph at most, which overlap less than so much and are so sure at least."""
RARE = -4.6
"""Log-odds that a place starts with: of 100, one holds a fracture."""

_Step = Callable[[list[Any]], Any]
"""What a network computes of tensors without weights of its own."""


@dataclass(frozen=True, eq=False)
class Detector:
    """A network in two forms that share their weights."""

    learner: keras.Model
    """From pictures and truth to the losses, by name; their sum is what falls."""
    finder: keras.Model
    """From pictures to ``(n, MOST, 5)``: boxes in pixels, the surest first, each with its score."""


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


def inputs() -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """Return what a learner is given."""
    keras = require_keras("Building a network")
    radiograph = keras.Input((None, None, 1), name=RADIOGRAPH)
    return radiograph, keras.Input((None, 4), name=TRUTH)


def pyramid(radiograph: keras.KerasTensor) -> dict[int, keras.KerasTensor]:
    """Return features of 128 channels by stride, 8 to 32 (Lin et al., *CVPR* 2017).

    The coarsest are a strided convolution over conv4, as in the network that looks twice: ImageNet
    weights of conv5 are large, and a few hundred radiographs would have to make up for them.
    """
    import keras

    layers = keras.layers
    stages = resnet50_stages(radiograph)
    coarse = layers.ZeroPadding2D(1, name="level32_pad")(stages["conv4"])
    coarse = layers.Conv2D(
        CHANNELS, 3, strides=2, activation="relu", name="level32_strided"
    )(coarse)  # fmt: skip
    merged = {32: coarse}
    for stride, stage in ((16, "conv4"), (8, "conv3")):
        lateral = layers.Conv2D(CHANNELS, 1, name=f"level{stride}_lateral")(stages[stage])
        repeated = layers.UpSampling2D(2, name=f"level{stride}_up")(merged[2 * stride])
        merged[stride] = layers.Add(name=f"level{stride}_sum")([lateral, repeated])
    return {
        stride: layers.Conv2D(
            CHANNELS, 3, padding="same", activation="relu", name=f"level{stride}"
        )(features)
        for stride, features in sorted(merged.items())
    }  # fmt: skip


def dense_head(
    levels: Sequence[Level], features: Mapping[int, keras.KerasTensor], name: str, *, hidden: int
) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """Return log-odds ``(n, anchors)`` and deltas ``(n, anchors, 4)``; levels share the weights."""
    import keras

    layers = keras.layers
    count = levels[0].anchors
    both = []
    for what, width, bias in (("score", 1, RARE), ("box", 4, 0.0)):
        tower = [
            layers.Conv2D(
                CHANNELS, 3, padding="same", activation="relu", name=f"{name}_{what}_{number}"
            )
            for number in range(1, hidden + 1)
        ]
        last = layers.Conv2D(
            count * width,
            3,
            padding="same",
            kernel_initializer=keras.initializers.RandomNormal(stddev=0.01),
            bias_initializer=keras.initializers.Constant(bias),
            dtype="float32",
            name=f"{name}_{what}",
        )
        by_level = []
        for level in levels:
            x = features[level.stride]
            for layer in (*tower, last):
                x = layer(x)
            shape = (-1,) if width == 1 else (-1, width)
            by_level.append(layers.Reshape(shape, name=f"{name}_{what}_at{level.stride}")(x))
        both.append(layers.Concatenate(axis=1, name=f"{name}_{what}s")(by_level))
    logits, deltas = both
    return logits, deltas


def detector(
    name: str,
    given: tuple[keras.KerasTensor, keras.KerasTensor],
    losses: tuple[_Step, Sequence[keras.KerasTensor]],
    found: tuple[_Step, Sequence[keras.KerasTensor]],
) -> Detector:
    """Make a detector of what computes losses and boxes, each of the pictures and some tensors."""
    import keras

    class Learner(keras.Model):
        """Learns by its own outputs, which are losses."""

        def compute_loss(self, *given: Any) -> Any:
            _, _, losses, _ = given
            return keras.ops.sum(keras.ops.stack(list(losses.values())))

    radiograph, _ = given
    learned = step(losses[0], (*given, *losses[1]), "losses")
    answers = step(found[0], (radiograph, *found[1]), "found")
    return Detector(
        Learner({tensor.name: tensor for tensor in given}, dict(learned), name=name),
        keras.Model(radiograph, answers),
    )


def step(function: _Step, given: Sequence[keras.KerasTensor], name: str) -> Any:
    """Return what a function without weights makes of tensors, in float32, as a layer."""
    import keras

    return keras.layers.Lambda(function, dtype="float32", name=name)(list(given))


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


def focal(labels: Any, logits: Any) -> Any:
    """Return the focal loss (Lin et al., *ICCV* 2017) of places, for each that is positive."""
    import keras
    from keras import ops

    loss = keras.losses.BinaryFocalCrossentropy(
        apply_class_balancing=True, from_logits=True, reduction=None
    )
    each = loss(ops.expand_dims(ops.maximum(labels, 0.0), -1), ops.expand_dims(logits, -1))
    return ops.sum(each * ops.cast(labels >= 0, "float32")) / _positives(labels)


def cross_entropy(labels: Any, logits: Any) -> Any:
    """Return the mean cross-entropy of places."""
    from keras import ops

    each = ops.binary_crossentropy(ops.maximum(labels, 0.0), logits, from_logits=True)
    known = ops.cast(labels >= 0, "float32")
    return ops.sum(each * known) / ops.maximum(1.0, ops.sum(known))


def edges(labels: Any, places: Any, wanted: Any, deltas: Any) -> Any:
    """Return Huber's loss of the deltas of positive places, for each of them."""
    import keras
    from keras import ops

    each = keras.losses.Huber(reduction=None)(encode(places, wanted), deltas)
    return ops.sum(each * ops.cast(labels > 0, "float32")) / _positives(labels)


def _positives(labels: Any) -> Any:
    from keras import ops

    return ops.maximum(1.0, ops.sum(ops.cast(labels > 0, "float32")))


def surest(boxes: Any, logits: Any) -> Any:
    """Return what a finder finds, of boxes and their log-odds: ``(n, MOST, 5)``."""
    import keras

    scores = keras.ops.sigmoid(logits)
    return suppressed(boxes, scores, most=MOST, overlap=OVERLAP, least=LEAST_SCORE)


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
