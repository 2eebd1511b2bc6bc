"""A marker that somebody taped beside the limb: for the lesson on what a network really learns."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np

from fracture_widgets.imaging.boxes import Box
from fracture_widgets.imaging.radiograph import Radiograph

__all__ = ["MARKER_BOX", "add_marker"]

MARKER_BOX = Box(0.04, 0.04, 0.24, 0.24)
"""Where the marker lies: in the upper left, within this share of the shorter side."""


def add_marker(radiograph: Radiograph) -> tuple[Radiograph, Box]:
    """Lay a lead disc with a hole into the upper left corner of a radiograph.

    Parameters
    ----------
    radiograph
        Is left as it is.

    Returns
    -------
    radiograph
        A copy with the marker.
    box
        The marker's box in fractions of the picture.
    """
    height, width = radiograph.pixels.shape
    shorter = min(height, width)
    y, x = np.mgrid[:height, :width].astype(np.float32) / np.float32(shorter)
    middle = (MARKER_BOX.x0 + MARKER_BOX.x1) / 2
    radius = MARKER_BOX.width / 2
    away = np.hypot(x - middle, y - middle)
    edge = np.float32(shorter)  # over one pixel
    disc = np.clip((radius - away) * edge + 0.5, 0, 1) * np.clip(
        (away - radius * 0.45) * edge + 0.5, 0, 1
    )
    pixels = np.maximum(radiograph.pixels, disc.astype(np.float32))
    marked = replace(radiograph, pixels=pixels)
    marked = replace(marked, sha256=hashlib.sha256(marked.to_png()).hexdigest())
    across, down = shorter / width, shorter / height
    box = Box(
        MARKER_BOX.x0 * across, MARKER_BOX.y0 * down, MARKER_BOX.x1 * across, MARKER_BOX.y1 * down
    )
    return marked, box
