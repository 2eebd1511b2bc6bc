"""Picture and DICOM files made on the fly, for the tests."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
from PIL import Image
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

DIGITAL_X_RAY = "1.2.840.10008.5.1.4.1.1.1.1"
BASIC_TEXT_REPORT = "1.2.840.10008.5.1.4.1.1.88.11"
PATIENT = "Doe^Jane"


def ramp(height: int = 32, width: int = 48) -> np.ndarray:
    """An 8-bit picture that grows brighter to the right; its top left corner is white."""
    picture = np.tile(np.linspace(0, 255, width).astype(np.uint8), (height, 1))
    picture[:8, :8] = 255
    return picture


def limb(height: int = 96, width: int = 64, seed: int = 0) -> np.ndarray:
    """An 8-bit picture with noise, so that its file holds data for every row."""
    noise = np.random.default_rng(seed).integers(0, 60, (height, width))
    bone = 140 * np.exp(-(((np.arange(width) - width / 2) / (width / 6)) ** 2))
    return (noise + bone).astype(np.uint8)


def picture_file(picture: np.ndarray | Image.Image, file_format: str, **options: Any) -> bytes:
    """The bytes of a picture file."""
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    file = io.BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A PNG that states a size and holds next to nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + checksum

    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(bytes(1000)))
        + chunk(b"IEND", b"")
    )


def deep_png(values: np.ndarray) -> bytes:
    """A PNG of 16 bits for each of two to four colours, which Pillow cannot write."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    height, width, colours = values.shape
    header = struct.pack(">IIBBBBB", width, height, 16, {2: 4, 3: 2, 4: 6}[colours], 0, 0, 0)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    chunks = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def deep_tiff(values: np.ndarray, order: str) -> bytes:
    """A TIFF of 16 bits for each of three colours, in one strip and either byte order."""
    height, width, colours = values.shape
    data = values.astype(f"{order}u2").tobytes()
    tags = {256: width, 257: height, 259: 1, 262: 2, 277: colours, 278: height, 284: 1}
    bits_at = 8 + 2 + 12 * (len(tags) + 3) + 4
    entries = [(tag, 3, 1, struct.pack(f"{order}HH", value, 0)) for tag, value in tags.items()]
    for tag, kind, count, value in (
        (258, 3, colours, bits_at),
        (273, 4, 1, bits_at + 2 * colours),
        (279, 4, 1, len(data)),
    ):
        entries.append((tag, kind, count, struct.pack(f"{order}I", value)))
    directory = b"".join(
        struct.pack(f"{order}HHI", tag, kind, count) + value
        for tag, kind, count, value in sorted(entries)
    )
    start = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(f"{order}I", 8)
    count = struct.pack(f"{order}H", len(entries))
    bits = struct.pack(f"{order}{colours}H", *[16] * colours)
    return start + count + directory + bytes(4) + bits + data


def dicom_dataset(stored: np.ndarray | None, **attributes: Any) -> FileDataset:
    """A DICOM radiograph of one frame, or of as many as ``stored`` has where it has three axes.

    Attributes given as ``None`` are left out.
    """
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(DIGITAL_X_RAY)
    meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=["fracture"])
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = FileDataset("", Dataset(), file_meta=meta, preamble=bytes(128))
    dataset.SOPClassUID = meta.MediaStorageSOPClassUID
    dataset.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    dataset.PatientName = PATIENT
    dataset.PatientID = "4711"
    if stored is not None:
        dataset.PhotometricInterpretation = "MONOCHROME2"
        dataset.SamplesPerPixel = 1
        dataset.Rows, dataset.Columns = stored.shape[-2:]
        if stored.ndim == 3:
            dataset.NumberOfFrames = stored.shape[0]
        dataset.BitsAllocated = dataset.BitsStored = stored.dtype.itemsize * 8
        dataset.HighBit = dataset.BitsStored - 1
        dataset.PixelRepresentation = int(stored.dtype.kind == "i")
        dataset.PixelData = stored.tobytes()
        dataset["PixelData"].VR = "OW"
    for keyword, value in attributes.items():
        if value is None:
            delattr(dataset, keyword)
        else:
            setattr(dataset, keyword, value)
    return dataset


def saved(dataset: FileDataset) -> bytes:
    """The bytes of a DICOM file."""
    file = io.BytesIO()
    dataset.save_as(file, enforce_file_format=True)
    return file.getvalue()


def dicom_file(stored: np.ndarray | None, **attributes: Any) -> bytes:
    """The bytes of a DICOM radiograph; see :func:`dicom_dataset`."""
    return saved(dicom_dataset(stored, **attributes))


def look_up_table(entries: list[int], *, first: int = 0, bits: int = 16) -> Dataset:
    """An item of a modality or VOI LUT sequence."""
    item = Dataset()
    item.LUTDescriptor = [len(entries) % 65536, first, bits]
    item["LUTDescriptor"].VR = "SS" if first < 0 else "US"
    item.LUTData = entries
    item["LUTData"].VR = "US"
    return item
