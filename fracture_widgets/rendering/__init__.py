"""Reports become pictures: a heatmap over a radiograph, and the page that a person keeps."""

from __future__ import annotations

from fracture_widgets.rendering.overlay import heat_layer, overlay
from fracture_widgets.rendering.page import report_pdf, report_png
from fracture_widgets.rendering.verdict_words import (
    operating_points,
    override_mark,
    peers_sentence,
    verdict_heading,
    verdict_slug,
)
from fracture_widgets.rendering.words import NOTICE, percent

__all__ = [
    "NOTICE",
    "heat_layer",
    "operating_points",
    "overlay",
    "override_mark",
    "peers_sentence",
    "percent",
    "report_pdf",
    "report_png",
    "verdict_heading",
    "verdict_slug",
]
