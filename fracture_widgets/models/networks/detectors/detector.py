"""What both detectors have in common: the trunk with its pyramid, and how they are taught."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fracture_widgets.models.networks.detectors.boxes import Level, suppressed
from fracture_widgets.models.networks.looks import resnet50_stages

if TYPE_CHECKING:
    import keras

CHANNELS = 128
RADIOGRAPH, TRUTH = "radiograph", "truth"
"""What a learner is given: pictures ``(n, h, w, 1)`` in 0 to 255, whose sides are multiples of 32,
and the boxes there, ``(n, boxes, 4)`` in pixels, filled up with zeros."""

MOST, OVERLAP, LEAST_SCORE = 50, 0.5, 0.01
"""Boxes of a radiograph at most, which overlap less than so much and are so sure at least."""
RARE = -4.6
"""Log-odds that a place starts with: of 100, one holds a fracture."""


@dataclass(frozen=True, eq=False)
class Detector:
    """A network in two forms that share their weights."""

    learner: keras.Model
    """From pictures and truth to the losses, by name; their sum is what falls."""
    finder: keras.Model
    """From pictures to ``(n, MOST, 5)``: boxes in pixels, the surest first, each with its score."""


def inputs() -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """Return what a learner is given."""
    import keras

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


def surest(boxes: Any, logits: Any) -> Any:
    """Return what a finder finds, of boxes and their log-odds: ``(n, MOST, 5)``."""
    import keras

    scores = keras.ops.sigmoid(logits)
    return suppressed(boxes, scores, most=MOST, overlap=OVERLAP, least=LEAST_SCORE)


def step(
    function: Callable[[list[Any]], Any], given: Sequence[keras.KerasTensor], name: str
) -> Any:
    """Return what a function without weights makes of tensors, in float32, as a layer."""
    import keras

    return keras.layers.Lambda(function, dtype="float32", name=name)(list(given))


def learner(given: Sequence[keras.KerasTensor], losses: Mapping[str, Any], name: str) -> Any:
    """Return a model that learns by its own outputs, which are losses."""
    import keras

    class Learner(keras.Model):
        def compute_loss(self, *given: Any) -> Any:
            _, _, losses, _ = given
            return keras.ops.sum(keras.ops.stack(list(losses.values())))

    return Learner({tensor.name: tensor for tensor in given}, dict(losses), name=name)
