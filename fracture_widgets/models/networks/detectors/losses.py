"""How far detectors are from the truth: which places hold a fracture, and where its edges are."""

from __future__ import annotations

from typing import Any

from fracture_widgets.models.networks.detectors.boxes import encode


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
