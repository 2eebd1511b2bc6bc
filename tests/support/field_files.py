"""What files of the field are made of: one drawn radiograph, written in many ways."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from picture_files import dicom_dataset, look_up_table, saved
from PIL import Image
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileDataset
from pydicom.encaps import encapsulate, get_frame
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLSLossless,
    RLELossless,
)

from fracture_widgets.phantoms import draw_phantom

NATIVE = (
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    ExplicitVRBigEndian,
    DeflatedExplicitVRLittleEndian,
)
CODED = (RLELossless, JPEG2000Lossless, JPEGLSLossless)


@dataclass(frozen=True)
class Variant:
    """A file, and what is right of it.

    ``same`` is how far its greys may be from the plain ones, None where they differ; ``notes``
    are parts of its warnings, one each; ``refused`` is the start of the sentence after its name.
    """

    kind: str
    name: str
    make: Callable[[], bytes]
    same: float | None = 1e-3
    notes: tuple[str, ...] = ()
    refused: str = ""
    mm: tuple[float, float] | None = None
    at_detector: bool = False
    missing: tuple[float, float] = (0.0, 0.0)
    shape: tuple[int, int] | None = None
    corner: tuple[int, int] = (0, 0)


_STEP = ContextVar("step", default=1)


@contextmanager
def small() -> Iterator[None]:
    """Let the files made meanwhile show every fourth row and column."""
    before = _STEP.set(4)
    try:
        yield
    finally:
        _STEP.reset(before)


def stored(bits: int = 12) -> np.ndarray:
    """The drawn radiograph's values, its bones bright."""
    return _stored(bits, _STEP.get())


@cache
def _stored(bits: int, step: int) -> np.ndarray:
    pixels = draw_phantom("elbow", fractured=True, seed=3).radiograph.pixels[::step, ::step]
    low, high = pixels.min(), pixels.max()
    whole = np.rint((pixels - low) / (high - low) * (2**bits - 1))
    return whole.astype(np.uint8 if bits <= 8 else np.uint16)


def plain() -> np.ndarray:
    """The greys that the variants are to be shown in."""
    return stored().astype(np.float32) / 4095


def dataset(values: np.ndarray | None = None, *, bits: int = 12, **attributes: Any) -> FileDataset:
    """A radiograph of so many bits."""
    values = stored(bits) if values is None else values
    whole = {"BitsStored": bits, "HighBit": bits - 1} | attributes
    return dicom_dataset(values, **whole)


def written(made: FileDataset, syntax: UID = ExplicitVRLittleEndian, *, bits: int = 16) -> bytes:
    """The bytes of a file in one of the uncompressed syntaxes."""
    made.file_meta.TransferSyntaxUID = syntax
    if syntax == ExplicitVRBigEndian:
        words = np.frombuffer(made.PixelData, f"<u{bits // 8}")
        made.PixelData = words.byteswap().tobytes()
        made.set_original_encoding(is_implicit_vr=False, is_little_endian=False)
    file = io.BytesIO()
    made.save_as(
        file,
        implicit_vr=syntax.is_implicit_VR,
        little_endian=syntax.is_little_endian,
        enforce_file_format=True,
    )
    return file.getvalue()


def without(keyword: str, made: FileDataset | None = None) -> FileDataset:
    made = dataset() if made is None else made
    delattr(made, keyword)
    return made


def coded(syntax: UID, bits: int = 12, share: float = 1.0) -> FileDataset:
    """A compressed radiograph, of whose codestream a share is there."""
    made = dataset(bits=bits)
    if syntax == JPEGBaseline8Bit:
        file = io.BytesIO()
        Image.fromarray(stored(8)).save(file, "JPEG", quality=98)
        frame = file.getvalue()
    else:
        made.compress(syntax)
        frame = get_frame(made.PixelData, 0, number_of_frames=1)
    made.file_meta.TransferSyntaxUID = syntax
    made.PixelData = encapsulate([frame[: int(len(frame) * share)]])
    made["PixelData"].VR = "OB"
    return made


def under(made: FileDataset, syntax: str) -> bytes:
    """A file whose header names another syntax than it is written in."""
    return renamed(saved(made), made.file_meta.TransferSyntaxUID, syntax)


def renamed(data: bytes, was: str, syntax: str) -> bytes:
    old, new = (uid.encode() + b"\0" * (len(uid) % 2) for uid in (was, syntax))
    start = data.index(b"UI", data.index(b"\x02\x00\x10\x00"))
    return data[: start + 2] + len(new).to_bytes(2, "little") + new + data[start + 4 + len(old) :]


def ramp_table(first: int, *, count: int = 4096, bits: int = 16, sign: str = "") -> Dataset:
    item = look_up_table([round(entry * 65535 / (count - 1)) for entry in range(count)])
    sign = sign or ("SS" if first < 0 else "US")
    values = [count % 65536, first % 65536 if sign == "US" else first, bits]
    item["LUTDescriptor"] = DataElement("LUTDescriptor", sign, values)
    return item


def item(**attributes: Any) -> Dataset:
    made = Dataset()
    for keyword, value in attributes.items():
        setattr(made, keyword, value)
    return made
