"""PNG, JPEG, JPEG 2000, TIFF, BMP and WebP files become grey pictures."""

from __future__ import annotations

import io
import sys
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image, ImageFile, ImageOps, UnidentifiedImageError

from fracture_widgets.errors import UnreadableRadiograph
from fracture_widgets.imaging.codestreams import check_codestream, codestream_of, padded
from fracture_widgets.imaging.decoding import (
    LUMINANCE,
    WITHOUT_DETAIL,
    Decoded,
    Greys,
    check_size,
    cut_short,
    damaged,
    data_missing,
    row_blocks,
    shares,
    squared,
    stretched,
)

_FORMATS = ("PNG", "JPEG", "JPEG2000", "TIFF", "BMP", "WEBP")
_FORMAT_NAMES = {"MPO": "JPEG", "WEBP": "WebP", "JPEG2000": "JPEG 2000"}

_END_OF_JPEG = b"\xff\xd9"
_MISSING_GREYS = (127, 128)
"""What libjpeg fills missing blocks with; the first for inverted CMYK."""

_MOST_FRAMES_COUNTED = 1000

_RUN_LENGTHS = {1, 2}
"""The ways of packing a BMP that Pillow unpacks pixel by pixel in Python."""

_MOST_RUN_LENGTH_PIXELS = 8_000_000
"""A few bytes can stand for a line of such a picture, and cost seconds."""

_PHOTOMETRIC = 262
"""The TIFF tag that tells whether 0 is black or white."""

_TURNED = range(2, 9)
"""The values of the EXIF orientation tag of a picture that does not lie upright."""

_OTHER_BYTE = {
    f"{mode};16{order}": f"{mode};16{other}"
    for mode in ("RGB", "RGBA")
    for order, other in (("B", "L"), ("L", "B"), ("N", "B" if sys.byteorder == "little" else "L"))
}
"""Pillow keeps the higher byte of deep colours; in the other byte order, that is the lower one."""

_ENOUGH = 128  # pixels along a side, to see colours
_COLOUR_MODES = frozenset({"RGB", "RGBA", "RGBX", "P", "CMYK", "YCbCr", "HSV"})


def read_raster(data: bytes, name: str, max_pixels: int) -> Decoded:
    """Decode a PNG, JPEG, TIFF, BMP or WebP file."""
    try:
        return _decode(data, name, max_pixels)
    except UnreadableRadiograph:
        raise
    except UnidentifiedImageError as error:
        raise UnreadableRadiograph(
            f"{name} begins like a picture and holds none: copy or export it again."
        ) from error
    except Image.DecompressionBombError as error:
        raise UnreadableRadiograph(
            f"{name} has far more pixels than the {max_pixels:,} that are read: export it smaller."
        ) from error
    except Exception as error:
        # Damaged files make Pillow's readers fail in ways of every type.
        raise damaged(name) from error


def _decode(data: bytes, name: str, max_pixels: int) -> Decoded:
    image: Image.Image = _open(data)
    check_size(name, *image.size, max_pixels)
    if image.format == "BMP" and image.info.get("compression") in _RUN_LENGTHS:
        check_size(name, *image.size, min(max_pixels, _MOST_RUN_LENGTH_PIXELS))
    if image.format in _CODESTREAMS:
        check_codestream(data, name, max_pixels)
    source_format = _FORMAT_NAMES.get(image.format or "", image.format or "")
    notes, missing = [], 0.0
    if frames := _frames(image):
        notes.append(f"The file holds {frames} pictures; the first is shown.")
        image = _open(data)  # counting has moved on to later frames
    tiles = _raw_modes(image)
    lower = _lower_bytes(data) if tiles & _OTHER_BYTE.keys() else None
    try:
        image.load()
    except OSError:
        if image.format not in _CODESTREAMS:
            raise
        image, cut, missing = _CODESTREAMS[image.format](data, name)
        notes.append(cut)
    pixels, note = _grey(image) if lower is None else (_deep_colour(image, lower), "")
    pixels, oblong = squared(pixels, _aspect(image), max_pixels)
    notes += filter(None, [note, _lost_bits(image, lower, tiles), oblong])
    return Decoded(
        _upright(image, pixels),
        source_format,
        warnings=tuple(notes),
        colourfulness=colourfulness(image),
        missing=missing,
    )


def _open(data: bytes) -> ImageFile.ImageFile:
    return Image.open(io.BytesIO(data), formats=_FORMATS)


def _frames(image: Image.Image) -> str:
    """Count the pictures in the file; nothing if there is one only."""
    if not getattr(image, "is_animated", False):
        return ""
    if image.format != "TIFF":
        return str(getattr(image, "n_frames", "several"))
    # A TIFF does not say how many pictures it holds, and a hostile one could hold millions.
    for frame in range(1, _MOST_FRAMES_COUNTED):
        try:
            image.seek(frame)
        except Exception:  # noqa: BLE001 - a damaged later picture does not spoil the first
            return str(frame) if frame > 1 else ""
    return f"at least {_MOST_FRAMES_COUNTED}"


def _decoded_to_its_end(data: bytes, name: str) -> tuple[Image.Image, str, float]:
    """Decode a JPEG that stops early as far as it goes; what is missing becomes black."""
    # The decoder waits for bytes that never come. Handing it the end marker lets it finish,
    # without Pillow's LOAD_TRUNCATED_IMAGES, which changes every reader in the process.
    image = _open(data + _END_OF_JPEG)
    image.load()
    if "progressive" in image.info:
        return image, WITHOUT_DETAIL, 0.0
    missing = _missing(image)
    rows = int(missing[:, -1].sum())
    note = cut_short(name, rows, image.height)
    if rows == 0:
        return image, note, 0.0
    grey = image.convert("L")
    grey.paste(0, mask=Image.fromarray(missing))
    return grey, note, int(missing.all(axis=1).sum()) / image.height


def _without_detail(data: bytes, name: str) -> tuple[Image.Image, str, float]:
    """Decode a JPEG 2000 picture that stops early; its finest detail comes last, or a tile."""
    stream = codestream_of(data)
    missing = 1.0 if stream is None or stream.missing is None else stream.missing
    note = data_missing(name, missing)
    image = _open(padded(data))
    image.load()
    return image, note, missing


_CODESTREAMS = {
    "JPEG": _decoded_to_its_end,
    "MPO": _decoded_to_its_end,
    "JPEG2000": _without_detail,
}
"""What holds a codestream, and what reads the beginning of one that stops early."""


def _missing(image: Image.Image) -> npt.NDArray[np.bool_]:
    """Find the pixels after the end of the data: rows at the end, the first perhaps in part."""
    bands = np.asarray(image).reshape(image.height, image.width, -1)
    grey = np.logical_and.reduce(np.isin(bands, _MISSING_GREYS), axis=2)
    to_the_right = np.logical_and.accumulate(grey[:, ::-1], axis=1)[:, ::-1]
    below = np.logical_and.accumulate(to_the_right[::-1, -1])[::-1]
    missing: npt.NDArray[np.bool_] = to_the_right & below[:, np.newaxis]
    return missing


def _grey(image: Image.Image) -> tuple[Greys, str]:
    """Reduce a decoded picture of any mode to grey in 0 to 1, or in 0 to 255 as bytes."""
    if image.mode == "F" or image.mode.startswith("I"):
        return _deep_grey(image)
    alpha: npt.NDArray[np.uint8] | None = None
    if image.has_transparency_data:
        image = image.convert("RGBA")
        alpha = np.asarray(image.getchannel("A"))
    if image.mode == "LAB":
        image = image.getchannel(0)
    elif image.mode in {"CMYK", "HSV"}:
        image = image.convert("RGB")
    grey = np.asarray(image.convert("L"))
    if alpha is None:
        return grey, ""
    pixels = shares(grey)
    for rows in row_blocks(*grey.shape):
        pixels[rows] *= alpha[rows] / np.float32(255)
    return pixels, ""


def _raw_modes(image: Image.Image) -> set[str]:
    """Return the ways in which the file's bytes become pixels, before they have."""
    arguments = [tile[3] for tile in getattr(image, "tile", ())]
    several = [each if isinstance(each, tuple) else (each,) for each in arguments]
    return {mode for each in several for mode in each if isinstance(mode, str)}


def _lower_bytes(data: bytes) -> Image.Image:
    """Decode a picture of 16 bits a colour into the bytes that Pillow leaves out."""
    image = _open(data)
    image.tile = [tile._replace(args=_with_other_byte(tile.args)) for tile in image.tile]
    image.load()
    return image


def _with_other_byte(arguments: Any) -> Any:
    if isinstance(arguments, tuple):
        return tuple(map(_with_other_byte, arguments))
    return _OTHER_BYTE.get(arguments, arguments) if isinstance(arguments, str) else arguments


def _deep_colour(image: Image.Image, lower: Image.Image) -> npt.NDArray[np.float32]:
    """Reduce a picture of 16 bits a colour to grey, stretched as deep greys are."""
    high, low = np.asarray(image), np.asarray(lower)
    height, width = high.shape[:2]
    grey = np.empty((height, width), np.float32)
    for rows in row_blocks(height, width):
        deep = high[rows] * np.float32(256) + low[rows]
        grey[rows] = deep[..., :3] @ LUMINANCE
        if deep.shape[2] == 4:
            grey[rows] *= deep[..., 3] / np.float32(65535)
    return stretched(grey)


def _lost_bits(image: Image.Image, lower: Image.Image | None, raw_modes: set[str]) -> str:
    """Say where a file has more bits than were read of it."""
    deep = image.mode == "F" or image.mode.startswith("I")
    if lower is not None or deep or not any(";16" in mode for mode in raw_modes):
        return ""
    return "The file has 16 bits for each colour, of which 8 are read: export it in grey."


def _deep_grey(image: Image.Image) -> tuple[npt.NDArray[np.float32], str]:
    """Stretch 16- and 32-bit greys, whose range differs from machine to machine."""
    values: npt.NDArray[Any] = np.asarray(image)
    note = ""
    if values.dtype.kind == "f":
        finite = sum(int(np.isfinite(values[rows]).sum()) for rows in row_blocks(*values.shape))
        if finite == 0:
            raise ValueError("no pixel is a number")
        if finite < values.size:
            note = f"Some pixels ({values.size - finite:,}) hold no number."
    pixels = stretched(values)
    if _white_is_zero(image) and pixels.any():
        np.subtract(np.float32(1), pixels, out=pixels)
    return pixels, note


def _aspect(image: Image.Image) -> float:
    """Return how high a pixel is, of a width of 1, as far as the file tells."""
    for keyword in ("dpi", "aspect", "resolution", "jfif_density"):
        try:
            across, down = (float(density) for density in image.info[keyword])
        except (KeyError, TypeError, ValueError, ZeroDivisionError):
            continue
        return across / down if across > 0 and down > 0 else 1.0
    return 1.0


def _white_is_zero(image: Image.Image) -> bool:
    """Tell whether a deep TIFF counts from white to black: Pillow inverts 8-bit ones only."""
    tags = getattr(image, "tag_v2", {})
    return image.format == "TIFF" and tags.get(_PHOTOMETRIC) == 0


def _upright(image: Image.Image, pixels: Greys) -> Greys:
    """Undo the rotation that a camera or viewer noted in the file's EXIF data."""
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation)
    except Exception:  # noqa: BLE001 - unreadable notes about a picture do not spoil it
        return pixels
    if not isinstance(orientation, int) or orientation not in _TURNED:
        return pixels
    picture = Image.fromarray(pixels)
    picture.getexif()[ExifTags.Base.Orientation] = orientation
    return np.asarray(ImageOps.exif_transpose(picture))


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
