"""Reports become pictures: a heatmap over a radiograph, and the page that a person keeps."""

from __future__ import annotations

from fracture_widgets.rendering.overlay import heat_layer, overlay
from fracture_widgets.rendering.page import report_pdf, report_png
from fracture_widgets.rendering.words import NOTICE, percent

__all__ = ["NOTICE", "heat_layer", "overlay", "percent", "report_pdf", "report_png"]
