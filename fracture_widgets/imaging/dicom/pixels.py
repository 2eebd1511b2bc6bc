"""One frame of a DICOM file is decoded, also where its codestream stops early."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import UID, JPEG2000TransferSyntaxes, RLELossless

from fracture_widgets.errors import UnreadableRadiograph
from fracture_widgets.imaging.codestreams import (
    Codestream,
    check_codestream,
    codestream_of,
    mended,
    padded,
)
from fracture_widgets.imaging.decoding import WITHOUT_DETAIL, cut_short, damaged, data_missing
from fracture_widgets.imaging.dicom.syntaxes import frame_of

Values = npt.NDArray[Any]

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
        return _native(dataset, name, number, count)
    coded = mended(frame_of(dataset.PixelData, number, count), int(dataset.Rows))
    dataset = _of_one(dataset, coded)
    stream = codestream_of(coded)
    if stream is not None and stream.rows and (stream.rows, stream.columns) != _size(dataset):
        raise damaged(name)
    if syntax == RLELossless:
        return _run_lengths(dataset, name, coded)
    if stream is None:
        raise damaged(name)
    check_codestream(coded, name, math.prod(_size(dataset)))
    if stream.samples != int(dataset.SamplesPerPixel):
        raise unread_colours(name, f"{stream.samples} channels")
    if stream.missing == 0:
        return Frame(*_decoded(dataset))
    if syntax in JPEG2000TransferSyntaxes or stream.missing is not None:
        return _without_its_end(dataset, name, coded, stream)
    return _without_its_last_rows(dataset, name, coded, progressive=stream.progressive)


def _size(dataset: Dataset) -> tuple[int, int]:
    return int(dataset.Rows), int(dataset.Columns)


def unread_colours(name: str, kind: str) -> UnreadableRadiograph:
    """Return the error for a file that is whole, in colours that are not read."""
    return UnreadableRadiograph(
        f"{name} has colours of a kind that is not read ({kind}): export it in grey."
    )


def _native(dataset: Dataset, name: str, number: int, count: int) -> Frame:
    """Decode pixels that are not compressed, also where later frames are not there."""
    rows, columns = _size(dataset)
    frame = rows * columns * int(dataset.SamplesPerPixel) * int(dataset.BitsAllocated) // 8
    there = len(dataset.get("PixelData") or b"")
    if not (number + 1) * frame <= there < count * frame:
        return Frame(*_decoded(dataset, number))
    whole = _with_pixels(dataset, dataset.PixelData + bytes(count * frame - there))
    return _cut(*_decoded(whole, number), name, 0)


def _decoded(dataset: Dataset, number: int = 0, plugin: str = "") -> tuple[Values, str]:
    syntax = UID(dataset.file_meta.TransferSyntaxUID)
    # On damaged data the quicker RLE decoder dies of a panic that is no Exception.
    plugin = "pydicom" if syntax == RLELossless else plugin
    values, properties = get_decoder(syntax).as_array(dataset, index=number, decoding_plugin=plugin)
    return values, str(properties["photometric_interpretation"])


def _of_one(dataset: Dataset, coded: bytes) -> Dataset:
    """Return a dataset of the one frame that is coded so."""
    copy = _with_pixels(dataset, encapsulate([coded]))
    for keyword in ("ExtendedOffsetTable", "ExtendedOffsetTableLengths", "NumberOfFrames"):
        if keyword in copy:
            delattr(copy, keyword)
    return copy


def _with_pixels(dataset: Dataset, pixels: bytes) -> Dataset:
    copy = Dataset()
    copy.update(dataset)
    copy.file_meta = dataset.file_meta
    copy.set_original_encoding(*dataset.original_encoding)
    # A new element: the elements of a copy are those of what it was copied from.
    copy["PixelData"] = DataElement("PixelData", dataset["PixelData"].VR, pixels)
    return copy


def _without_its_end(dataset: Dataset, name: str, coded: bytes, stream: Codestream) -> Frame:
    """Decode a JPEG 2000 picture that stops early: its finest detail comes last, or a tile."""
    missing = 1.0 if stream.missing is None else stream.missing
    note = data_missing(name, missing)
    values, photometric = _decoded(_of_one(dataset, padded(coded)))
    return Frame(values, photometric, missing=missing, note=note)


def _without_its_last_rows(
    dataset: Dataset, name: str, coded: bytes, *, progressive: bool
) -> Frame:
    """Decode a JPEG that stops early: what depends on how it might go on is missing."""
    syntax = UID(dataset.file_meta.TransferSyntaxUID)
    for plugin in get_decoder(syntax).available_plugins:
        ways = list(_continued(dataset, coded, plugin))
        if len(ways) > 1:
            (values, photometric), *others = ways
            if progressive:  # each scan is of the whole picture, and the last ones lack
                return Frame(values, photometric, note=WITHOUT_DETAIL)
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


def _run_lengths(dataset: Dataset, name: str, coded: bytes) -> Frame:
    """Decode run lengths; where segments stop early, as far as all of them go."""
    try:
        return Frame(*_decoded(dataset))
    except (RuntimeError, ValueError):
        height, width = _size(dataset)
        whole, there = _completed(coded, height * width)
        values, photometric = _decoded(_of_one(dataset, whole))
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
