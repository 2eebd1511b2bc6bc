"""What can be told of a picture without a network: too small, blank, or a colour photograph."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fracture_widgets.base.language import whole_percent
from fracture_widgets.imaging.radiograph import Radiograph

TOO_SMALL, BLANK, COLOUR_PHOTOGRAPH = "too small", "blank", "colour photograph"
CUT_SHORT = "cut short"

_MOST_MISSING = 0.125
"""Share of a picture that may be missing: 59 files of FracAtlas lack a few rows, and are whole
to the eye; a JPEG without the last tenth of its bytes lacks up to this."""

_LEAST_SIDE = 32
"""Pixels; the smallest of 1,897 joints in FracAtlas has 41."""

_LEAST_SPREAD = 0.02
"""Between the 1st and the 99th percentile of the greys, in 0 to 1: five of 256 steps."""

MOST_COLOURFUL = 4.0
"""FracAtlas has 0, most colour photographs 5 to 50; a coloured arrow on a radiograph stays below.
See :func:`~fracture_widgets.imaging.raster.colourfulness`."""

_SAMPLED = 512


@dataclass(frozen=True)
class QualityProblem:
    """What makes a picture unfit."""

    kind: str
    score: float
    sentence: str


def find_quality_problem(radiograph: Radiograph) -> QualityProblem | None:
    """Return what makes a picture unfit, the first that is found, or None."""
    side = min(radiograph.height, radiograph.width)
    if side < _LEAST_SIDE:
        return QualityProblem(
            TOO_SMALL,
            _LEAST_SIDE / side - 1,
            f"The picture is {radiograph.width} x {radiograph.height} pixels, and at least "
            f"{_LEAST_SIDE} on each side are needed: choose the full radiograph, or a larger part.",
        )
    missing = radiograph.missing
    if missing > _MOST_MISSING:
        return QualityProblem(
            CUT_SHORT,
            missing / _MOST_MISSING - 1,
            f"The file is cut short and {whole_percent(missing)} of the picture are missing: copy "
            "or export it again.",
        )
    spread = _spread(radiograph.pixels)
    if spread < _LEAST_SPREAD:
        return QualityProblem(
            BLANK,
            1 - spread / _LEAST_SPREAD,
            "The picture is blank, it is almost the same grey everywhere: choose another file, or "
            "export it again with its contrast.",
        )
    colours = radiograph.colourfulness
    if colours > MOST_COLOURFUL:
        return QualityProblem(
            COLOUR_PHOTOGRAPH,
            colours / MOST_COLOURFUL - 1,
            "The picture is in colour, and a radiograph is grey: choose the radiograph itself, "
            "not a photograph or a page.",
        )
    return None


def _spread(pixels: npt.NDArray[np.float32]) -> float:
    steps = [max(1, side // _SAMPLED) for side in pixels.shape]
    low, high = np.percentile(pixels[:: steps[0], :: steps[1]], [1, 99])
    return float(high - low)
