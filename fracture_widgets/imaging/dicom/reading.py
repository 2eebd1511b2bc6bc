"""DICOM files become grey pictures, as the standard says they are to be shown."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_color_lut
from pydicom.uid import (
    DigitalIntraOralXRayImageStorageForProcessing,
    DigitalMammographyXRayImageStorageForProcessing,
    DigitalXRayImageStorageForProcessing,
)

from fracture_widgets.base.language import marked
from fracture_widgets.errors import UnreadableRadiograph
from fracture_widgets.imaging.decoding import (
    LUMINANCE,
    Decoded,
    check_size,
    damaged,
    row_blocks,
    squared,
    stretched,
)
from fracture_widgets.imaging.dicom.elements import (
    TooMany,
    complete,
    unpack,
    unused_low_bits,
    whole,
)
from fracture_widgets.imaging.dicom.geometry import hidden_by_shutter, opening_of, spacing_of
from fracture_widgets.imaging.dicom.greys import displayed
from fracture_widgets.imaging.dicom.pixels import (
    coded_frame,
    decoded_frame,
    settle_syntax,
    unknown_form,
    unread_colours,
)
from fracture_widgets.imaging.dicom.privacy import (
    display_attributes,
    parse,
    pixel_attributes,
    shutter_bitmap,
    stripped,
)
from fracture_widgets.imaging.dicom.windows import check_palette, windows_of

_LONGEST_UID = 64
_UNPADDED = marked("pixels of {bits} bits without padding")
_MOST_FRAMES = 10_000
_GREY = {"MONOCHROME1", "MONOCHROME2"}
_CONTRADICTIONS = {"INVERSE": "MONOCHROME2", "IDENTITY": "MONOCHROME1"}
_RAW = (
    "The file holds raw data of the detector (FOR PROCESSING), which are not meant to be looked "
    "at: use the processed picture of the same exposure."
)
_RAW_CLASSES = (
    DigitalXRayImageStorageForProcessing,
    DigitalMammographyXRayImageStorageForProcessing,
    DigitalIntraOralXRayImageStorageForProcessing,
)


def read_dicom(
    data: bytes, name: str, max_pixels: int, frame: int = 0, window: int = 0, *, keep: bool = False
) -> Decoded:
    """Decode a frame of a DICOM file through a window, and ``keep`` what shows the others."""
    try:
        decoded = _decode(data, name, max_pixels, frame, window)
    except UnreadableRadiograph:
        raise
    except TooMany as error:
        raise UnreadableRadiograph(
            f"{name} has far more {error} than a radiograph: export it again."
        ) from None
    except Exception as error:
        # Damaged files make pydicom and the decoders fail in ways of every type.
        raise damaged(name) from error
    if keep and (decoded.frame_count > 1 or len(decoded.windows) > 1):
        with suppress(Exception):  # what cannot be written anew is shown as it is first
            return replace(decoded, kept=stripped(data, name))
    return decoded


def _decode(data: bytes, name: str, max_pixels: int, number: int, window: int) -> Decoded:
    parsed = parse(data, name)
    check_size(name, int(parsed.Columns), int(parsed.Rows), max_pixels)
    frame_count = max(1, whole(parsed, "NumberOfFrames") or 1)
    if frame_count > _MOST_FRAMES:
        raise TooMany("pictures")
    raw = _is_raw(parsed)
    notes = [_RAW if raw else "", *_settled(parsed, name, frame_count)]
    bitmap = shutter_bitmap(data, parsed)
    dataset = pixel_attributes(parsed)
    low_bits = unused_low_bits(dataset)
    _check_number(name, "frame", number, frame_count)
    display = display_attributes(parsed, number)
    windows = windows_of(display) if dataset.PhotometricInterpretation in _GREY else ()
    _check_number(name, "window", window, max(1, len(windows)))
    if frame_count > 1:
        which = f"number {number + 1:,}" if number else "the first"
        notes.append(f"The file holds {frame_count:,} pictures; {which} is shown.")
    frame = decoded_frame(dataset, name, number, frame_count)
    notes.append(frame.note)
    rows, columns = frame.values.shape[:2]
    if (rows, columns) != (dataset.Rows, dataset.Columns):
        raise damaged(name)
    hidden, note = hidden_by_shutter(display, rows, columns, bitmap)
    notes.append(note)
    opening = ... if hidden is None else opening_of(hidden)
    if frame.missing_rows:
        hidden = np.zeros((rows, columns), bool) if hidden is None else hidden
        hidden[-frame.missing_rows :] = True
    coded = None
    if frame.photometric in _GREY:
        stored = frame.values >> low_bits if low_bits else frame.values
        if raw and not windows[window:] and display.get("PixelIntensityRelationship") == "LIN":
            stored = np.log(np.maximum(stored, 1))  # as films and displays show X-rays
        inverted = _inverted(display, frame.photometric, raw=raw)
        pixels, coded, more = displayed(
            stored, display, windows, first=window, hidden=hidden, inverted=inverted
        )
        notes += more
    else:
        pixels = _luminance(frame.values, dataset, name, frame.photometric, hidden)
    spacing = spacing_of(display)
    pixels = pixels[opening]
    square, note = squared(pixels, spacing.aspect, max_pixels)
    mm = spacing.mm
    if mm is not None and note:
        mm = _spread(mm, pixels.shape, square.shape)
    values = None
    if coded is not None and square is pixels:  # what was drawn anew has no values of the file
        values = replace(coded, codes=coded.codes[opening]).packed(pixels)
    return Decoded(
        square if values is None else values,
        "DICOM",
        mm,
        spacing.at_detector,
        warnings=tuple(filter(None, [*notes, note])),
        missing=frame.missing,
        frame_count=frame_count,
        windows=tuple(each.title for each in windows),
        study=str(parsed.get("StudyInstanceUID") or "")[:_LONGEST_UID],
    )


def _settled(dataset: Dataset, name: str, count: int) -> tuple[str, str]:
    """Have a dataset say truly what form its pixels are in; return the notes on what it said."""
    notes = settle_syntax(dataset), complete(dataset, coded_frame(dataset, count))
    unpack(dataset)
    if (bits := int(dataset.BitsAllocated)) % 8 and bits != 1:
        raise unknown_form(name, _UNPADDED.format(bits=bits))
    return notes


def _spread(
    mm: tuple[float, float], before: tuple[int, ...], after: tuple[int, ...]
) -> tuple[float, float]:
    """Return the distance of rows and columns once there are more or fewer of them."""
    row, column = (
        round(each * was / now, 9) for each, was, now in zip(mm, before, after, strict=True)
    )
    return row, column


def _check_number(name: str, what: str, number: int, count: int) -> None:
    if not 0 <= number < count:
        holds = f"{count:,} {what}s" if count > 1 else f"one {what}"
        raise UnreadableRadiograph(
            f"{name} has {holds} and no {what} {number}: choose from 0 to {count - 1}."
        )


def _is_raw(dataset: Dataset) -> bool:
    """Tell whether a file holds what the detector measured, which is not meant for the eye."""
    intent = str(dataset.get("PresentationIntentType") or "")
    stored_as = dataset.file_meta.get("MediaStorageSOPClassUID")
    return intent.strip().upper() == "FOR PROCESSING" or stored_as in _RAW_CLASSES


def _inverted(display: Dataset, photometric: str, *, raw: bool) -> bool | None:
    """Tell whether black and white are to be exchanged, None where only the picture can."""
    shape = display.get("PresentationLUTShape")
    if raw and (sign := whole(display, "PixelIntensityRelationshipSign")) in {1, -1}:
        return sign == 1  # where few X-rays came through, the values are low
    if shape in _CONTRADICTIONS and _CONTRADICTIONS[shape] == photometric:
        return None
    return photometric == "MONOCHROME1" or shape == "INVERSE"


def _luminance(
    values: npt.NDArray[Any],
    dataset: Dataset,
    name: str,
    photometric: str,
    hidden: npt.NDArray[np.bool_] | None,
) -> npt.NDArray[np.float32]:
    """Reduce colour to grey."""
    if photometric == "PALETTE COLOR":
        check_palette(dataset)
        values = apply_color_lut(values, dataset)
        photometric = "RGB"
    if values.ndim == 3 and photometric.startswith("YBR"):
        return stretched(values[..., 0], ignored=hidden)
    if values.ndim != 3 or values.shape[2] != 3 or photometric != "RGB":
        raise unread_colours(name, photometric)
    height, width = values.shape[:2]
    grey = np.empty((height, width), np.float32)
    for rows in row_blocks(height, width):
        grey[rows] = values[rows].astype(np.float32) @ LUMINANCE
    return stretched(grey, ignored=hidden)
