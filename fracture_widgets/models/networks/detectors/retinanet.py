"""RetinaNet (Lin et al., *ICCV* 2017), compact: every anchor of three levels answers at once."""

from __future__ import annotations

from typing import Any

from fracture_widgets.models.networks.detectors import (
    STANDARD_SIZE,
    Detector,
    Level,
    anchors,
    decode,
    dense_head,
    detector,
    edges,
    focal,
    inputs,
    matched,
    pyramid,
    surest,
)

LEVELS = (Level(8, (15, 20, 26)), Level(16, (33, 43, 56)), Level(32, (73, 95, 123)))
"""Of the outlines of FracAtlas's train part, the sides of squares as large are 27 pixels in the
median, and 15 to 66 of nine in ten, at 480 pixels."""

_LEAST, _MOST_FALSE = 0.5, 0.4


def build_retinanet(size: int = STANDARD_SIZE) -> Detector:
    """Build the network for radiographs whose longer side is ``size`` pixels."""
    levels = [level.scaled(size) for level in LEVELS]
    radiograph, truth = inputs()
    logits, deltas = dense_head(levels, pyramid(radiograph), "retina", hidden=2)

    def losses(given: list[Any]) -> dict[str, Any]:
        picture, there, said, moved = given
        places = anchors(levels, picture)
        labels, wanted = matched(places, there, least=_LEAST, most_false=_MOST_FALSE, force=True)
        return {
            "score": focal(labels, said)[None],
            "box": edges(labels, places, wanted, moved)[None],
        }

    def found(given: list[Any]) -> Any:
        picture, said, moved = given
        return surest(decode(anchors(levels, picture), moved, picture), said)

    heads = (logits, deltas)
    return detector("retinanet", (radiograph, truth), (losses, heads), (found, heads))
