"""One frame of a DICOM file is decoded, also where its codestream stops early."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, get_frame
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import UID, JPEG2000TransferSyntaxes, RLELossless

from fracture_widgets.imaging.decoding import cut_short, damaged
from fracture_widgets.imaging.dicom.codestreams import Codestream, codestream_of, mended, padded

Values = npt.NDArray[Any]

_MOST_MISSING = 2 / 3
_TAILS = (b"\x55", b"\xaa", b"\x00", b"\x33\x5a\x71\x0f\x6c")
_TAIL = 256
_LONGEST_RUN = 128


@dataclass(frozen=True, eq=False)
class Frame:
    """The stored values of a frame, and how much of them its codestream lacks."""

    values: Values
    photometric: str
    missing_rows: int = 0
    missing: float = 0.0
    note: str = ""


def decoded_frame(dataset: Dataset, name: str, number: int, count: int) -> Frame:
    """Decode one frame."""
    syntax = UID(dataset.file_meta.TransferSyntaxUID)
    if not syntax.is_encapsulated:
        return Frame(*_decoded(dataset, number))
    coded = get_frame(dataset.PixelData, number, number_of_frames=count)
    stream = codestream_of(coded)
    if stream is not None and stream.rows and (stream.rows, stream.columns) != _size(dataset):
        raise damaged(name)
    if syntax == RLELossless:
        return _run_lengths(dataset, name, number, coded)
    if stream is None or stream.missing == 0:
        if (whole := mended(coded)) is not coded:
            return Frame(*_decoded(_of_one(dataset, whole), 0))
        return Frame(*_decoded(dataset, number))
    if syntax in JPEG2000TransferSyntaxes or stream.missing is not None:
        return _without_its_end(dataset, name, coded, stream)
    return _without_its_last_rows(dataset, name, mended(coded))


def _size(dataset: Dataset) -> tuple[int, int]:
    return int(dataset.Rows), int(dataset.Columns)


def _decoded(dataset: Dataset, number: int, plugin: str = "") -> tuple[Values, str]:
    syntax = UID(dataset.file_meta.TransferSyntaxUID)
    # On damaged data the quicker RLE decoder dies of a panic that is no Exception.
    plugin = "pydicom" if syntax == RLELossless else plugin
    values, properties = get_decoder(syntax).as_array(dataset, index=number, decoding_plugin=plugin)
    return values, str(properties["photometric_interpretation"])


def _of_one(dataset: Dataset, coded: bytes) -> Dataset:
    """Return a dataset of the one frame that is coded so."""
    copy = Dataset()
    copy.update(dataset)
    copy.file_meta = dataset.file_meta
    copy.set_original_encoding(*dataset.original_encoding)
    for keyword in ("ExtendedOffsetTable", "ExtendedOffsetTableLengths", "NumberOfFrames"):
        if keyword in copy:
            delattr(copy, keyword)
    copy.PixelData = encapsulate([coded])
    return copy


def _without_its_end(dataset: Dataset, name: str, coded: bytes, stream: Codestream) -> Frame:
    """Decode a JPEG 2000 picture that stops early: its finest detail comes last, or a tile."""
    missing = 1.0 if stream.missing is None else stream.missing
    if missing > _MOST_MISSING:
        raise damaged(name)
    values, photometric = _decoded(_of_one(dataset, padded(coded)), 0)
    note = (
        f"The file is cut short: {max(0.01, missing):.0%} of the picture's data are missing, and "
        "with them detail or parts of it."
    )
    return Frame(values, photometric, missing=missing, note=note)


def _without_its_last_rows(dataset: Dataset, name: str, coded: bytes) -> Frame:
    """Decode a JPEG that stops early: what depends on how it might go on is missing."""
    syntax = UID(dataset.file_meta.TransferSyntaxUID)
    for plugin in get_decoder(syntax).available_plugins:
        ways = list(_continued(dataset, coded, plugin))
        if len(ways) > 1:
            (values, photometric), *others = ways
            rows = min(_first_difference(values, other) for other, _ in others)
            return _cut(values, photometric, name, len(values) - rows)
    raise damaged(name)


def _continued(dataset: Dataset, coded: bytes, plugin: str) -> Iterator[tuple[Values, str]]:
    for tail in _TAILS:
        try:
            yield _decoded(_of_one(dataset, coded + tail * _TAIL + b"\xff\xd9"), 0, plugin)
        except (RuntimeError, ValueError):
            continue


def _first_difference(first: Values, second: Values) -> int:
    same = (first == second).reshape(len(first), -1).all(axis=1)
    return int(np.argmin(same)) if not same.all() else len(first)


def _run_lengths(dataset: Dataset, name: str, number: int, coded: bytes) -> Frame:
    """Decode run lengths; where segments stop early, as far as all of them go."""
    try:
        return Frame(*_decoded(dataset, number))
    except (RuntimeError, ValueError):
        height, width = _size(dataset)
        whole, there = _completed(coded, height * width)
        values, photometric = _decoded(_of_one(dataset, whole), 0)
        return _cut(values, photometric, name, height - there // width)


def _completed(coded: bytes, pixels: int) -> tuple[bytes, int]:
    """Complete the segments of run lengths (PS3.5, G) by zeros; return the least that is there."""
    count, *offsets = struct.unpack_from("<16L", coded)
    offsets = offsets[: min(count, 15)]
    segments, least = [], pixels
    for start, end in zip(offsets, [*offsets[1:], len(coded)], strict=True):
        there, kept = _walked(coded[start:end], pixels)
        least = min(least, there)
        runs = -(-(pixels - there) // _LONGEST_RUN)
        segment = coded[start : start + kept] + b"\x81\x00" * max(0, runs)
        segments.append(segment + b"\x80" * (len(segment) % 2))
    starts = np.cumsum([64, *map(len, segments)])[:-1].tolist()
    header = struct.pack("<16L", len(starts), *starts, *[0] * (15 - len(starts)))
    return header + b"".join(segments), least


def _walked(segment: bytes, pixels: int) -> tuple[int, int]:
    """Return how many bytes a segment's whole runs give, and where they end."""
    given = position = 0
    while position + 1 < len(segment) and given < pixels:
        control = segment[position]
        literal = control < _LONGEST_RUN
        after = position + (control + 2 if literal else 2 - (control == _LONGEST_RUN))
        if after > len(segment):
            break
        given += control + 1 if literal else (257 - control) % 129
        position = after
    return min(given, pixels), position


def _cut(values: Values, photometric: str, name: str, rows: int) -> Frame:
    height = values.shape[0]
    note = cut_short(name, rows, height)
    return Frame(values, photometric, rows, rows / height, note)
