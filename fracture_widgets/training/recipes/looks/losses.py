"""How far the network's answers are from what it should have said, each output in its own way.

What it should have said holds, in its last channels, how much each place counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fracture_widgets.models.detection import LONGEST, SHORTEST
from fracture_widgets.models.networks import FRACTURE_MAP_OUTPUT
from fracture_widgets.models.networks.looks import (
    FRACTURE_HEAT,
    FRACTURE_LOGITS,
    FRACTURE_SIDES,
    JOINT_HEAT,
    JOINT_SIDES,
)

Loss = Callable[[Any, Any], Any]

_CENTRE = 0.999
_FOCUS, _NEARNESS = 2, 4
_FRACTURED = 5.0
_SHARE_SCALE = 30.0


def focal(true: Any, logits: Any) -> Any:
    """Return the loss of centres (Law and Deng, CornerNet, *ECCV* 2018), for each centre."""
    from keras import ops

    heat, weight = true[..., :-1], true[..., -1:]
    probability = ops.sigmoid(logits)
    centre = ops.cast(heat >= _CENTRE, "float32")
    missed = centre * (1 - probability) ** _FOCUS * ops.log_sigmoid(logits)
    away = (1 - centre) * (1 - heat) ** _NEARNESS
    false = away * probability**_FOCUS * ops.log_sigmoid(-logits)
    return -ops.sum((missed + false) * weight) / ops.maximum(1.0, ops.sum(centre * weight))


def sides(true: Any, raw: Any) -> Any:
    """Return 1 less the generalised IoU (Rezatofighi et al., *CVPR* 2019), for each that counts.

    ``raw`` are logarithms of the distances from a cell's middle to the left, top, right and bottom.
    """
    from keras import ops

    counts = true[..., 4]
    found = ops.exp(ops.clip(raw, SHORTEST, LONGEST))
    wanted = ops.maximum(true[..., :4], 1e-3)

    def area(reach: Any) -> Any:
        return (reach[..., 0] + reach[..., 2]) * (reach[..., 1] + reach[..., 3])

    shared, hull = area(ops.minimum(found, wanted)), area(ops.maximum(found, wanted))
    union = area(found) + area(wanted) - shared
    overlap = shared / union - (hull - union) / hull
    return ops.sum((1 - overlap) * counts) / ops.maximum(1.0, ops.sum(counts))


def share(true: Any, logits: Any) -> Any:
    """Return the cross-entropy of the share of each cell that is fractured."""
    from keras import ops

    wanted, weight = true[..., :1], true[..., 1:]
    loss = ops.binary_crossentropy(wanted, logits, from_logits=True)
    weighted = loss * (1 + _FRACTURED * wanted) * weight
    return ops.mean(ops.sum(weighted, axis=(1, 2, 3))) / _SHARE_SCALE


def label(true: Any, logits: Any) -> Any:
    """Return the cross-entropy of what is labelled: any fracture, or one of a part.

    The log-odds of a part are those of anything, and what its own output adds to them.
    """
    from keras import ops

    known = logits.shape[-1]
    wanted, weight = true[:, :known], true[:, known:]
    anything = logits[:, :1]
    odds = ops.concatenate([anything, anything + logits[:, 1:]], axis=1)
    loss = ops.binary_crossentropy(wanted, odds, from_logits=True) * weight
    return ops.sum(loss) / ops.maximum(1.0, ops.sum(weight))


def _half(loss: Loss) -> Loss:
    return lambda true, logits: 0.5 * loss(true, logits)


LOSSES: Mapping[str, Loss] = {
    JOINT_HEAT: focal,
    JOINT_SIDES: sides,
    FRACTURE_MAP_OUTPUT: share,
    FRACTURE_HEAT: _half(focal),
    FRACTURE_SIDES: sides,
    FRACTURE_LOGITS: label,
}
"""By the output it is of; their sum is what falls."""
