"""DICOM files become grey pictures, as the standard says they are to be shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
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
from fracture_widgets.imaging.dicom.greys import displayed, windows_of
from fracture_widgets.imaging.dicom.pixels import Frame, decoded_frame, unread_colours
from fracture_widgets.imaging.dicom.privacy import (
    display_attributes,
    parse,
    pixel_attributes,
    shutter_bitmap,
)
from fracture_widgets.imaging.dicom.shutters import hidden_by_shutter, opening_of
from fracture_widgets.imaging.dicom.spacing import spacing_of
from fracture_widgets.imaging.dicom.syntaxes import coded_frame, settle_syntax, unknown_form
from fracture_widgets.imaging.dicom.tables import check_palette
from fracture_widgets.imaging.packing import Coded

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


class DicomFile:
    """The pictures in a DICOM file that was opened: every frame, through every window."""

    def __init__(self, data: bytes, name: str, max_pixels: int) -> None:
        self._max_pixels = max_pixels
        with _errors_in_words(name):
            dataset = parse(data, name)
            check_size(name, int(dataset.Columns), int(dataset.Rows), max_pixels)
            self.frame_count = max(1, whole(dataset, "NumberOfFrames") or 1)
            if self.frame_count > _MOST_FRAMES:
                raise TooMany("pictures")
            self.study = str(dataset.get("StudyInstanceUID") or "")[:_LONGEST_UID]
            notes = [_RAW] if _is_raw(dataset) else []
            notes.append(settle_syntax(dataset))
            notes.append(complete(dataset, coded_frame(dataset, self.frame_count)))
            self._notes = tuple(filter(None, notes))
            unpack(dataset)
            if (bits := int(dataset.BitsAllocated)) % 8 and bits != 1:
                raise unknown_form(name, _UNPADDED.format(bits=bits))
            self._raw = _is_raw(dataset)
            self._bitmap = shutter_bitmap(data, dataset)
            self._parsed = dataset
            self._dataset = pixel_attributes(dataset)
            self._low_bits = unused_low_bits(self._dataset)
            self.name = name

    def windows(self, frame: int = 0) -> tuple[str, ...]:
        """Return the titles of the windows and look-up tables of a frame, the usual one first."""
        if not self._grey:
            return ()
        with _errors_in_words(self.name):
            return tuple(window.title for window in windows_of(self._display(frame)))

    def decode(self, frame: int = 0, window: int = 0) -> Decoded:
        """Decode one picture."""
        name = self.name
        _check_number(name, "frame", frame, self.frame_count)
        _check_number(name, "window", window, max(1, len(self.windows(frame))))
        with _errors_in_words(name):
            return self._decode(frame, window)

    def _decode(self, number: int, window: int) -> Decoded:
        dataset, display = self._dataset, self._display(number)
        notes = list(self._notes)
        if self.frame_count > 1:
            which = f"number {number + 1:,}" if number else "the first"
            notes.append(f"The file holds {self.frame_count:,} pictures; {which} is shown.")
        frame = decoded_frame(dataset, self.name, number, self.frame_count)
        notes.append(frame.note)
        rows, columns = frame.values.shape[:2]
        if (rows, columns) != (dataset.Rows, dataset.Columns):
            raise damaged(self.name)
        hidden, note = hidden_by_shutter(display, rows, columns, self._bitmap)
        notes.append(note)
        opening = ... if hidden is None else opening_of(hidden)
        if frame.missing_rows:
            hidden = np.zeros((rows, columns), bool) if hidden is None else hidden
            hidden[-frame.missing_rows :] = True
        if frame.photometric in _GREY:
            pixels, coded, more = self._grey_pixels(frame, display, window, hidden)
            notes += more
        else:
            coded = None
            pixels = _luminance(frame.values, dataset, self.name, frame.photometric, hidden)
        spacing = spacing_of(display)
        pixels = pixels[opening]
        square, note = squared(pixels, spacing.aspect, self._max_pixels)
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
        )

    def _grey_pixels(
        self, frame: Frame, display: Dataset, window: int, hidden: npt.NDArray[np.bool_] | None
    ) -> tuple[npt.NDArray[np.float32], Coded | None, list[str]]:
        stored = frame.values >> self._low_bits if self._low_bits else frame.values
        windows = windows_of(display)[window:]
        if self._raw and not windows and display.get("PixelIntensityRelationship") == "LIN":
            stored = np.log(np.maximum(stored, 1))  # as films and displays show X-rays
        inverted = _inverted(display, frame.photometric, raw=self._raw)
        return displayed(stored, display, windows, hidden=hidden, inverted=inverted)

    @property
    def _grey(self) -> bool:
        return str(self._dataset.get("PhotometricInterpretation")) in _GREY

    def _display(self, frame: int) -> Dataset:
        return display_attributes(self._parsed, frame)


@contextmanager
def _errors_in_words(name: str) -> Iterator[None]:
    """Turn whatever goes wrong into a sentence."""
    try:
        yield
    except UnreadableRadiograph:
        raise
    except TooMany as error:
        raise UnreadableRadiograph(
            f"{name} has far more {error} than a radiograph: export it again."
        ) from None
    except Exception as error:
        # Damaged files make pydicom and the decoders fail in ways of every type.
        raise damaged(name) from error


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
