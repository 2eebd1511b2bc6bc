"""Faster R-CNN (Ren et al., *NeurIPS* 2015), compact: proposals first, then a look at each.

Regions are cut from the features at stride 8 as RoIAlign does (He et al., *ICCV* 2017): a fracture
is seldom larger than a dozen of their cells. Nothing is drawn at random: proposals learn by the
focal loss, and all of them, with the true boxes, teach the second stage.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fracture_widgets.models.networks import require_keras
from fracture_widgets.models.networks.detectors import (
    CHANNELS,
    STANDARD_SIZE,
    Detector,
    Level,
    anchors,
    cross_entropy,
    decode,
    dense_head,
    detector,
    edges,
    focal,
    inputs,
    matched,
    pyramid,
    step,
    suppressed,
    surest,
)

if TYPE_CHECKING:
    import keras

LEVELS = (Level(8, (15, 20, 26)), Level(16, (36, 54, 85)))
PROPOSALS = 100

_CELLS, _SAMPLES = 7, 2
_HIDDEN = 256
_ALIKE = 0.7
"""Proposals overlap each other less than so much."""
_LEAST, _MOST_FALSE = 0.5, 0.3
_LEAST_SIDE = 1.0


def build_faster_rcnn(size: int = STANDARD_SIZE) -> Detector:
    """Build the network for radiographs whose longer side is ``size`` pixels."""
    ops = require_keras("Building a network").ops
    levels = [level.scaled(size) for level in LEVELS]
    radiograph, truth = inputs()
    features = pyramid(radiograph)
    logits, deltas = dense_head(levels, features, "proposal", hidden=1)

    def proposed(given: list[Any]) -> Any:
        picture, said, moved = given
        boxes = decode(anchors(levels, picture), moved, picture)
        kept = suppressed(boxes, ops.sigmoid(said), most=PROPOSALS, overlap=_ALIKE, least=0.0)
        return ops.stop_gradient(kept[..., :4])

    proposals = step(proposed, (radiograph, logits, deltas), "proposals")
    taught = step(lambda given: ops.concatenate(given, axis=1), (proposals, truth), "taught")
    head = _Head()
    said, moved = head.of(features[LEVELS[0].stride], taught, "taught")

    def losses(given: list[Any]) -> dict[str, Any]:
        picture, there, first, first_moved, regions, second, second_moved = given
        places = anchors(levels, picture)
        labels, wanted = matched(places, there, least=_LEAST, most_false=_MOST_FALSE, force=True)
        of_regions, their = matched(
            regions, there, least=_LEAST, most_false=_LEAST - 1e-6, force=False
        )
        empty = ops.min(regions[..., 2:] - regions[..., :2], axis=-1) < _LEAST_SIDE
        of_regions = ops.where(empty, -1.0, of_regions)
        return {
            "proposal_score": focal(labels, first)[None],
            "proposal_box": edges(labels, places, wanted, first_moved)[None],
            "score": cross_entropy(of_regions, second)[None],
            "box": edges(of_regions, regions, their, second_moved)[None],
        }

    def found(given: list[Any]) -> Any:
        picture, regions, second, second_moved = given
        return surest(decode(regions, second_moved, picture), second)

    answers = head.of(features[LEVELS[0].stride], proposals, "proposed")
    learned = (logits, deltas, taught, said, moved)
    return detector(
        "faster_rcnn", (radiograph, truth), (losses, learned), (found, (proposals, *answers))
    )


class _Head:
    """The second stage: two dense layers over what lies in a region."""

    def __init__(self) -> None:
        import keras

        layers = keras.layers
        self._hidden = [
            layers.Dense(_HIDDEN, activation="relu", name=f"region_{number}") for number in (1, 2)
        ]
        small = keras.initializers.RandomNormal(stddev=0.001)
        self._score, self._box = (
            layers.Dense(width, kernel_initializer=small, dtype="float32", name=f"region_{name}")
            for name, width in (("score", 1), ("box", 4))
        )

    def of(
        self, features: keras.KerasTensor, regions: keras.KerasTensor, name: str
    ) -> tuple[keras.KerasTensor, keras.KerasTensor]:
        """Return log-odds ``(n, regions)`` and deltas ``(n, regions, 4)``."""
        import keras

        cut = step(lambda given: align(*given), (features, regions), f"{name}_align")
        x = keras.layers.Reshape((-1, _CELLS * _CELLS * CHANNELS), name=f"{name}_flat")(cut)
        for layer in self._hidden:
            x = layer(x)
        said = keras.layers.Reshape((-1,), name=f"{name}_scores")(self._score(x))
        return said, self._box(x)


def align(features: Any, regions: Any, *, stride: int = LEVELS[0].stride) -> Any:
    """Return what lies in regions, ``(n, regions, 7, 7, channels)``, four samples a cell.

    Samples lie in the middle of their part of a region, and features in the middle of their cell.
    """
    import tensorflow as tf

    fine = _CELLS * _SAMPLES
    count, height, width, channels = tf.unstack(tf.shape(features))
    boxes = tf.reshape(regions, (-1, 4)) / stride
    apart = (boxes[:, 2:] - boxes[:, :2]) / fine
    first = boxes[:, :2] + apart / 2 - 0.5
    last = first + apart * (fine - 1)
    # The crop's corners are shares of the way from the middle of the first cell to the last one's.
    way = tf.cast(tf.maximum(tf.stack([height, width]) - 1, 1), tf.float32)
    corners = tf.concat([first[:, ::-1] / way, last[:, ::-1] / way], axis=1)
    of = tf.repeat(tf.range(count), tf.shape(regions)[1])
    samples = tf.image.crop_and_resize(features, corners, of, (fine, fine))
    cells = tf.nn.avg_pool2d(samples, _SAMPLES, _SAMPLES, "VALID")
    return tf.reshape(cells, (count, -1, _CELLS, _CELLS, features.shape[-1] or channels))
