"""Reports become pictures: a heatmap over a radiograph, and the page that a person keeps."""

from __future__ import annotations

from fracture_widgets.rendering.overlay import heat_layer, overlay
from fracture_widgets.rendering.page import report_png
from fracture_widgets.rendering.verdict_words import (
    OVERRIDDEN,
    band_sentence,
    peers_sentence,
    verdict_heading,
    verdict_slug,
)
from fracture_widgets.rendering.words import percent

__all__ = [
    "OVERRIDDEN",
    "band_sentence",
    "heat_layer",
    "overlay",
    "peers_sentence",
    "percent",
    "report_png",
    "verdict_heading",
    "verdict_slug",
]
