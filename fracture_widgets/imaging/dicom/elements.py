"""Elements of a DICOM file: numbers as they are met in the field, and what is left out."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
from pydicom.datadict import dictionary_description
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.uid import UID

from fracture_widgets.imaging.codestreams import JPEG, Codestream

_GREY = ("MONOCHROME1", "MONOCHROME2", "PALETTE COLOR")
_COLOURS = ("RGB", "YBR", "ARGB", "CMYK", "HSV")
_DEEPEST = 64
_PACKED = 12

_LONGEST_VALUE = 1 << 16
_LONGEST_TABLE = 1 << 17


class TooMany(Exception):
    """A file holds more of something than any radiograph, and reading it would take too long."""


def check_length(dataset: Dataset, keyword: str | int, *, table: bool = False) -> None:
    """Refuse an element before its bytes become values, of which each takes many more."""
    value = getattr(dataset.get_item(keyword), "value", None)
    most = _LONGEST_TABLE if table else _LONGEST_VALUE
    if isinstance(value, bytes) and len(value) > most:
        raise TooMany(f"values in its {dictionary_description(keyword)}")


def values_of(value: Any) -> list[Any]:
    """Return an element's values, of which an empty one has one that is None."""
    return list(value) if isinstance(value, MultiValue | list | tuple) else [value]


def as_number(value: Any) -> float | None:
    """Return a value as a number, also with a decimal comma; None if it is none."""
    try:
        return float(value.replace(",", ".") if isinstance(value, str) else value)
    except (TypeError, ValueError, OverflowError):
        return None


def numbers(dataset: Dataset, keyword: str) -> list[float]:
    """Return an element's numbers; none where one is no number."""
    try:
        found = [as_number(value) for value in values_of(dataset.get(keyword))]
    except (TypeError, ValueError, OverflowError):
        return []
    known = [value for value in found if value is not None and math.isfinite(value)]
    return known if len(known) == len(found) else []


def number(dataset: Dataset, keyword: str) -> float | None:
    """Return an element's first number, if it has one."""
    found = numbers(dataset, keyword)
    return found[0] if found else None


def whole(dataset: Dataset, keyword: str) -> int | None:
    """Return an element's first number as a whole one, if it has one."""
    found = number(dataset, keyword)
    return None if found is None else int(found)


def element(dataset: Dataset, keyword: str | int) -> DataElement:
    """Return an element, also one whose value is not written as its kind is to be."""
    try:
        return dataset[keyword]
    except (TypeError, ValueError, OverflowError):
        raw = dataset.get_item(keyword)
        words = raw.value.decode("ascii", "replace") if isinstance(raw.value, bytes) else ""
        return DataElement(raw.tag, "LO", [word.strip()[:64] for word in words.split("\\")])


def complete(dataset: Dataset, coded: Codestream | None) -> str:
    """Give what a file leaves out of its pixels' form the usual values; return a note."""
    # Left out, empty, and of no meaning are one: no reader can tell why.
    found = dict(_usual(dataset, coded))
    for keyword, value in found.items():
        setattr(dataset, keyword, value)
    if not found:
        return ""
    names = ", ".join(dictionary_description(keyword) for keyword in found)
    if len(found) == 1:
        return f"{names} is missing in the file, or wrong: the usual value is taken."
    return f"{names} are missing in the file, or wrong: the usual values are taken."


def _usual(dataset: Dataset, coded: Codestream | None) -> Iterator[tuple[str, Any]]:
    """Yield what is left out, each with what other readers take."""
    photometric = str(dataset.get("PhotometricInterpretation") or "").strip().upper()
    if (squeezed := re.sub(r"[\s_-]", "", photometric)) in _GREY:
        photometric = squeezed
    samples = whole(dataset, "SamplesPerPixel")
    if coded is not None and coded.samples in {1, 3} and coded.samples != samples:
        samples = coded.samples
        yield "SamplesPerPixel", samples
    elif samples not in {1, 3}:
        known = photometric in _GREY or photometric.startswith(_COLOURS)
        samples = (1 if photometric in _GREY else 3) if known else _samples(dataset)
        yield "SamplesPerPixel", samples
    if not _fits(photometric, samples, dataset):
        colour = "YBR_FULL_422" if coded is not None and coded.kind == JPEG else "RGB"
        photometric = "MONOCHROME2" if samples == 1 else colour
    if photometric != dataset.get("PhotometricInterpretation"):
        yield "PhotometricInterpretation", photometric
    if samples == 3 and whole(dataset, "PlanarConfiguration") not in {0, 1}:
        yield "PlanarConfiguration", 0
    allocated = whole(dataset, "BitsAllocated") or 0
    coded_bits = 0 if coded is None else coded.bits
    if allocated < max(1, coded_bits) or (coded_bits and allocated > max(8, 2 * coded_bits - 2)):
        allocated = _allocated(dataset, coded_bits, samples)
        yield "BitsAllocated", allocated
    if "PixelData" not in dataset:
        return
    stored, high = whole(dataset, "BitsStored"), whole(dataset, "HighBit")
    if stored is None or not max(1, coded_bits) <= stored <= allocated:
        stored = coded_bits or allocated
        if not coded_bits and high is not None and 0 < high < allocated:
            stored = high + 1
        yield "BitsStored", stored
    if high is None or not stored - 1 <= high < allocated:
        yield "HighBit", stored - 1
    if whole(dataset, "PixelRepresentation") not in {0, 1}:
        yield "PixelRepresentation", 0


def _fits(photometric: str, samples: int, dataset: Dataset) -> bool:
    """Tell whether a file can mean the kind of colour that it names."""
    if photometric == "PALETTE COLOR":
        return samples == 1 and "RedPaletteColorLookupTableDescriptor" in dataset
    return photometric in _GREY if samples == 1 else photometric.startswith(_COLOURS)


def _samples(dataset: Dataset) -> int:
    """Tell grey from colour by the length of the pixels."""
    deep = max(1, (whole(dataset, "BitsAllocated") or 8) // 8)
    return 3 if _bytes_per_pixel(dataset) >= 3 * deep else 1


def _allocated(dataset: Dataset, coded_bits: int, samples: int) -> int:
    bits = coded_bits or whole(dataset, "BitsStored") or 0
    bits = bits or 8 * int(_bytes_per_pixel(dataset) // samples)
    return min(max(8, -(-bits // 8) * 8), _DEEPEST)


def _bytes_per_pixel(dataset: Dataset) -> float:
    frames = max(1, whole(dataset, "NumberOfFrames") or 1)
    pixels = int(dataset.Rows) * int(dataset.Columns) * frames
    return len(dataset.PixelData or b"") / max(1, pixels)


def unpack(dataset: Dataset) -> None:
    """Give each pixel of 12 bits, of which older files pack four into three words, one of 16."""
    pixels = dataset.get("PixelData")
    encapsulated = UID(dataset.file_meta.TransferSyntaxUID).is_encapsulated
    if int(dataset.BitsAllocated) != _PACKED or encapsulated or not isinstance(pixels, bytes):
        return
    word = "<u2" if dataset.original_encoding[1] else ">u2"
    packed = np.frombuffer(pixels[: len(pixels) // 2 * 2], word).astype("<u2").view(np.uint8)
    low, middle, high = packed[: packed.size // 3 * 3].reshape(-1, 3).T.astype(np.uint16)
    values = np.stack([low | (middle & 15) << 8, middle >> 4 | high << 4], axis=1)
    dataset.PixelData = values.astype(word).tobytes()
    dataset.BitsAllocated = 16


def unused_low_bits(dataset: Dataset) -> int:
    """Count the bits below the values, and have them read as though they belonged to them."""
    if UID(dataset.file_meta.TransferSyntaxUID).is_encapsulated or "HighBit" not in dataset:
        return 0
    top, stored = int(dataset.HighBit) + 1, int(dataset.BitsStored)
    if not stored < top <= int(dataset.BitsAllocated):
        return 0
    dataset.BitsStored = top
    return top - stored
