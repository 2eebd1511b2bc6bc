"""A heatmap laid over a radiograph."""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
from PIL import Image

from fracture_widgets.imaging.radiograph import Radiograph

DEFAULT_OPACITY = 0.6
"""Opacity of a heatmap where nobody chose another: bone stays readable underneath."""

_COLOURS = "inferno"
# The darkest fifth of the colours is nearly black: over a radiograph it would hide, not show.
_FIRST_COLOUR = 0.2


def heat_layer(heat: npt.NDArray[np.float32], width: int, height: int) -> Image.Image:
    """Colour a heatmap so that it can be laid over a picture."""
    import matplotlib

    small = Image.fromarray(np.ascontiguousarray(heat, dtype=np.float32))
    smooth = np.asarray(small.resize((width, height), Image.Resampling.BICUBIC))
    values = np.clip(smooth, 0.0, 1.0)
    colours = matplotlib.colormaps[_COLOURS](_FIRST_COLOUR + (1.0 - _FIRST_COLOUR) * values)
    colours[..., 3] = np.sqrt(values)
    return Image.fromarray(np.round(colours * 255.0).astype(np.uint8))


def grey_picture(radiograph: Radiograph, max_side: int | None = None) -> Image.Image:
    """Return a radiograph as an 8-bit grey picture, its longer side at most ``max_side``."""
    picture = Image.fromarray(radiograph.to_uint8())
    if max_side is not None and max(picture.size) > max_side:
        scale = max_side / max(picture.size)
        size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        picture = picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    return picture


def grey_jpeg(radiograph: Radiograph, max_side: int, *, quality: int = 90) -> bytes:
    """Return a radiograph as a grey JPEG, its longer side at most ``max_side`` pixels."""
    file = io.BytesIO()
    grey_picture(radiograph, max_side).save(file, "JPEG", quality=quality)
    return file.getvalue()


def overlay(
    radiograph: Radiograph,
    heat: npt.NDArray[np.float32],
    *,
    opacity: float = DEFAULT_OPACITY,
    max_side: int | None = None,
) -> Image.Image:
    """Lay a heatmap over the radiograph it belongs to."""
    if not 0.0 <= opacity <= 1.0:
        raise ValueError(f"Opacity must lie in 0 to 1. Received: {opacity}")
    picture = grey_picture(radiograph, max_side).convert("RGB")
    layer = heat_layer(heat, picture.width, picture.height)
    layer.putalpha(layer.getchannel("A").point(lambda alpha: round(alpha * opacity)))
    picture.paste(layer, mask=layer.getchannel("A"))
    return picture
