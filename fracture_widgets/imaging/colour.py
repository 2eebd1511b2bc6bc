"""How colourful a picture file is, which a radiograph is not."""

from __future__ import annotations

import numpy as np
from PIL import Image

__all__ = ["colourfulness"]

_ENOUGH = 128  # pixels along a side, to see colours
_COLOUR_MODES = frozenset({"RGB", "RGBA", "RGBX", "P", "CMYK", "YCbCr", "HSV"})


def colourfulness(image: Image.Image) -> float:
    """Return how colourful a picture is, beyond a tint."""
    if image.mode not in _COLOUR_MODES:
        return 0.0
    size = (min(image.width, _ENOUGH), min(image.height, _ENOUGH))
    if image.mode == "P":  # whose numbers must not be mixed
        image = image.convert("RGB")
    image = image.resize(size, Image.Resampling.BOX).convert("RGB")
    ycc = np.asarray(image.convert("YCbCr"), np.float64).reshape(-1, 3)
    grey, chroma = ycc[:, 0] / 255, ycc[:, 1:]
    tint = np.stack([np.ones_like(grey), grey, grey**2], axis=1)
    explained, *_ = np.linalg.lstsq(tint, chroma, rcond=None)
    return float(np.median(np.hypot(*(chroma - tint @ explained).T)))
