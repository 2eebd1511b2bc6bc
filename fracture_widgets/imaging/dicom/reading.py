"""DICOM files become grey pictures, as the standard says they are to be shown."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset
from pydicom.encaps import get_frame
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.processing import apply_color_lut
from pydicom.uid import UID, RLELossless

from fracture_widgets.errors import UnreadableRadiograph
from fracture_widgets.imaging.decoding import (
    Decoded,
    check_size,
    damaged,
    quiet,
    row_blocks,
    stretched,
)
from fracture_widgets.imaging.dicom.greys import displayed, windows_of
from fracture_widgets.imaging.dicom.privacy import (
    FUNCTIONAL_GROUPS,
    PIXELS,
    display_attributes,
    parse,
    pixel_attributes,
    spacing_mm,
    unused_low_bits,
)
from fracture_widgets.imaging.files import study_key

__all__ = ["DicomFile"]

_GREY = {"MONOCHROME1", "MONOCHROME2"}
_CONTRADICTIONS = {"INVERSE": "MONOCHROME2", "IDENTITY": "MONOCHROME1"}
_CONTRADICTORY = "The file says two things about what is black: check that bone is bright here."

_START_OF_FRAME = frozenset({*range(0xC0, 0xD0), 0xF7}) - {0xC4, 0xC8, 0xCC}
_LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601


class DicomFile:
    """The pictures in a DICOM file that was opened: every frame, through every window."""

    def __init__(self, data: bytes, name: str, max_pixels: int) -> None:
        self._sha256 = hashlib.sha256(data).hexdigest()
        with _errors_in_words(name):
            dataset = parse(data, name)
            check_size(name, int(dataset.Columns), int(dataset.Rows), max_pixels)
            self.frame_count = max(1, int(dataset.get("NumberOfFrames") or 1))
            self.study = study_key(dataset.get("StudyInstanceUID"))
            per_frame = any(keyword in dataset for keyword in FUNCTIONAL_GROUPS)
            frames = self.frame_count if per_frame else 1
            self._displays = [display_attributes(dataset, frame) for frame in range(frames)]
            self._dataset = pixel_attributes(dataset)
            self._low_bits = unused_low_bits(self._dataset)
            self.name = name

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the pictures take, as they are stored."""
        return sum(len(self._dataset.get(keyword) or b"") for keyword in PIXELS)

    def sha256(self, frame: int = 0, window: int = 0) -> str:
        """Return the identity of one of its radiographs; the first has that of the file."""
        if (frame, window) == (0, 0):
            return self._sha256
        named = f"{self._sha256} frame {frame} window {window}"
        return hashlib.sha256(named.encode()).hexdigest()

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

    def _decode(self, frame: int, window: int) -> Decoded:
        dataset, display, name = self._dataset, self._display(frame), self.name
        notes = []
        if self.frame_count > 1:
            which = f"number {frame + 1:,}" if frame else "the first"
            notes.append(f"The file holds {self.frame_count:,} pictures; {which} is shown.")
        stored, photometric = _frame(dataset, name, frame, self.frame_count)
        if self._low_bits:
            stored = stored >> self._low_bits
        if stored.shape[:2] != (dataset.Rows, dataset.Columns):
            raise damaged(name)
        if photometric in _GREY:
            shape = display.get("PresentationLUTShape")
            if shape in _CONTRADICTIONS and _CONTRADICTIONS[shape] == photometric:
                notes.append(_CONTRADICTORY)
            windows = windows_of(display)
            pixels, note = displayed(
                stored,
                display,
                windows[window] if windows else None,
                inverted=photometric == "MONOCHROME1" or shape == "INVERSE",
            )
            if note:
                notes.append(note)
        else:
            pixels = _luminance(stored, dataset, name, photometric)
        return Decoded(pixels, "DICOM", spacing_mm(display), tuple(notes))

    @property
    def _grey(self) -> bool:
        return str(self._dataset.get("PhotometricInterpretation")) in _GREY

    def _display(self, frame: int) -> Dataset:
        return self._displays[min(frame, len(self._displays) - 1)]


@contextmanager
def _errors_in_words(name: str) -> Iterator[None]:
    """Turn whatever goes wrong into a sentence."""
    with quiet():
        try:
            yield
        except UnreadableRadiograph:
            raise
        except Exception as error:
            # Damaged files make pydicom and the decoders fail in ways of every type.
            raise damaged(name) from error


def _check_number(name: str, what: str, number: int, count: int) -> None:
    if not 0 <= number < count:
        holds = f"{count:,} {what}s" if count > 1 else f"one {what}"
        raise UnreadableRadiograph(
            f"{name} has {holds} and no {what} {number}: choose from 0 to {count - 1}."
        )


def _frame(dataset: Dataset, name: str, number: int, count: int) -> tuple[npt.NDArray[Any], str]:
    """Decode one frame."""
    syntax = UID(dataset.file_meta.TransferSyntaxUID)
    try:
        decoder = get_decoder(syntax)
    except NotImplementedError as error:
        known = syntax.name if syntax.is_transfer_syntax else "none of the standard"
        raise UnreadableRadiograph(
            f"{name} is compressed in a way that is not read ({known}): "
            "export it uncompressed or as JPEG 2000."
        ) from error
    if decoder.is_encapsulated:
        coded = get_frame(dataset.PixelData, number, number_of_frames=count)
        size = _codestream_size(coded)
        if size is not None and size != (dataset.Rows, dataset.Columns):
            raise damaged(name)
    # On damaged data the quicker RLE decoder dies of a panic that is no Exception.
    plugin = "pydicom" if syntax == RLELossless else ""
    values, properties = decoder.as_array(dataset, index=number, decoding_plugin=plugin)
    return values, str(properties["photometric_interpretation"])


def _luminance(
    values: npt.NDArray[Any], dataset: Dataset, name: str, photometric: str
) -> npt.NDArray[np.float32]:
    """Reduce colour to grey."""
    if photometric == "PALETTE COLOR":
        values = apply_color_lut(values, dataset)
        photometric = "RGB"
    if values.ndim == 3 and photometric.startswith("YBR"):
        return stretched(values[..., 0])
    if values.ndim != 3 or values.shape[2] != 3 or photometric != "RGB":
        raise UnreadableRadiograph(
            f"{name} has colours of a kind that is not read ({photometric}): export it in grey."
        )
    height, width = values.shape[:2]
    grey = np.empty((height, width), np.float32)
    for rows in row_blocks(height, width):
        grey[rows] = values[rows].astype(np.float32) @ _LUMINANCE
    return stretched(grey)


def _codestream_size(frame: bytes) -> tuple[int, int] | None:
    """Return the rows and columns that a JPEG or JPEG 2000 codestream itself states."""
    start = frame.find(b"\xff\x4f\xff\x51")
    if start >= 0:  # JPEG 2000: SOC, SIZ (ISO/IEC 15444-1, A.5.1)
        right, bottom, left, top = struct.unpack_from(">4I", frame, start + 8)
        return bottom - top, right - left
    if not frame.startswith(b"\xff\xd8"):
        return None
    position = 2
    while position + 9 <= len(frame):  # JPEG and JPEG-LS: marker segments up to the frame header
        marker = frame[position + 1]
        if marker == 0xFF:
            position += 1
        elif marker in _START_OF_FRAME:
            rows, columns = struct.unpack_from(">2H", frame, position + 5)
            return rows, columns
        else:
            position += 2 + int.from_bytes(frame[position + 2 : position + 4], "big")
    return None
