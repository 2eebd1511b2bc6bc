"""Files that are no radiograph, and odd ones that are, each with what is to be said of it.

Also from the command line: ``python tests/support/bad_inputs.py`` prints the sentence for each.
"""

from __future__ import annotations

import struct
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from picture_files import (
    BASIC_TEXT_REPORT,
    dicom_dataset,
    dicom_file,
    limb,
    picture_file,
    png_header,
    ramp,
    saved,
)
from PIL import Image
from pydicom.encaps import encapsulate
from pydicom.uid import JPEG2000, MPEG2MPML


@dataclass(frozen=True)
class Input:
    """A file, and a part of what is said of it.

    Attributes
    ----------
    name
        Base name of the file.
    story
        What it is.
    content
        Makes its bytes; ``None`` for what is no file.
    says
        A part of the error's sentence, or of the radiograph's warning; empty where nothing is to
        be said.
    """

    name: str
    story: str
    content: Callable[[], bytes] | None
    says: str

    def put(self, folder: Path) -> Path:
        """Put it into a folder and return its path."""
        path = folder / self.name
        if self.content is not None:
            path.write_bytes(self.content())
        elif self.story == "a folder":
            path.mkdir()
        return path


def _zip() -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("hand.png", picture_file(ramp(), "PNG"))
    return file.getvalue()


def _broken_checksum() -> bytes:
    data = bytearray(picture_file(limb(), "PNG"))
    data[len(data) // 2] ^= 0xFF
    return bytes(data)


def _tiff_of(width: int, height: int) -> bytes:
    entries = [(256, width), (257, height), (258, 8), (259, 1), (262, 1), (273, 8), (277, 1)]
    entries += [(278, height), (279, 100)]
    directory = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries)
    return b"II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + directory + bytes(4)


def _packed_bmp(width: int, height: int) -> bytes:
    """A BMP of which every line is a single pixel and the word that the line ends."""
    body = b"\1\1\0\0" * height + b"\0\1"
    header = struct.pack("<IIiHHIIiiII", 40, width, height, 1, 8, 1, len(body), 1, 1, 256, 0)
    start = 14 + len(header) + 1024
    return b"BM" + struct.pack("<III", start + len(body), 0, start) + header + bytes(1024) + body


def _not_a_number() -> bytes:
    return picture_file(np.full((32, 32), np.nan, np.float32), "TIFF")


def _report() -> bytes:
    return dicom_file(None, SOPClassUID=BASIC_TEXT_REPORT)


def _film() -> bytes:
    dataset = dicom_dataset(ramp())
    dataset.file_meta.TransferSyntaxUID = MPEG2MPML
    dataset.PixelData = encapsulate([b"\0\0\1\xb3" + bytes(100)])
    dataset["PixelData"].VR = "OB"
    return saved(dataset)


def _larger_inside() -> bytes:
    dataset = dicom_dataset(ramp())
    dataset.file_meta.TransferSyntaxUID = JPEG2000
    size = struct.pack(">8I", 60_000, 60_000, 0, 0, 60_000, 60_000, 0, 0)
    codestream = b"\xff\x4f\xff\x51" + struct.pack(">HH", 41, 0) + size + b"\0\1\7\1\1\xff\x93"
    dataset.PixelData = encapsulate([codestream + bytes(100)])
    dataset["PixelData"].VR = "OB"
    return saved(dataset)


def _dicom_bomb() -> bytes:
    return dicom_file(ramp(), Rows=65_535, Columns=65_535)


def _cut(data: bytes, share: float) -> bytes:
    return data[: int(len(data) * share)]


BAD_INPUTS = (
    Input("empty.png", "an empty file", lambda: b"", "is empty"),
    Input("notes.png", "text renamed", lambda: b"Fracture of the radius?\n" * 40, "no picture"),
    Input("page.jpg", "a web page renamed", lambda: b"<!doctype html>\n" * 40, "no picture"),
    Input("cut.png", "a PNG cut in half", lambda: _cut(picture_file(limb(), "PNG"), 0.5), "cut"),
    Input(
        "most_missing.jpg",
        "a JPEG of which a fifth is left",
        lambda: _cut(picture_file(limb(480), "JPEG", quality=95), 0.2),
        "rows are missing",
    ),
    Input("head.jpg", "the first 100 bytes", lambda: picture_file(limb(), "JPEG")[:100], "cut"),
    Input("checksum.png", "a PNG with a flipped byte", _broken_checksum, "damaged"),
    Input("bomb.png", "a bomb", lambda: png_header(50_000, 50_000), "far more pixels"),
    Input("large.png", "too many pixels", lambda: png_header(10_001, 10_000), "10,001 x 10,000"),
    Input("bomb.tif", "a TIFF bomb", lambda: _tiff_of(30_000, 5_000), "30,000 x 5,000"),
    Input("slow.bmp", "a BMP of packed lines", lambda: _packed_bmp(600_000, 16), "600,000 x 16"),
    Input("bomb.dcm", "a DICOM bomb", _dicom_bomb, "65,535 x 65,535"),
    Input("larger_inside.dcm", "a small header, a large codestream", _larger_inside, "damaged"),
    Input("dot.png", "one pixel", lambda: picture_file(ramp()[:1, :1], "PNG"), "1 x 1 pixels"),
    Input("strip.png", "a strip", lambda: picture_file(ramp()[:9], "PNG"), "48 x 9 pixels"),
    Input("dot.dcm", "a DICOM of one pixel", lambda: dicom_file(ramp()[:1, :1]), "1 x 1 pixels"),
    Input("report.dcm", "a DICOM without pixels", _report, "without a picture"),
    Input("cut.dcm", "a DICOM cut short", lambda: _cut(dicom_file(limb()), 0.8), "cut short"),
    Input("no_rows.dcm", "pixels of no size", lambda: dicom_file(ramp(), Rows=None), "damaged"),
    Input("film.dcm", "a DICOM film", _film, "MPEG2"),
    Input("nan.tif", "a TIFF without a number", _not_a_number, "damaged"),
    Input("noise.tif", "a TIFF signature, then zeros", lambda: b"II*\0" + bytes(500), "no"),
    Input("spin.gif", "a GIF", lambda: picture_file(ramp(), "GIF"), "a GIF picture"),
    Input("letter.pdf", "a PDF", lambda: b"%PDF-1.7\n" + bytes(300), "a PDF document"),
    Input("study.zip", "a ZIP archive", _zip, "a ZIP archive"),
    Input("photo.heic", "a HEIC photo", lambda: b"\0\0\0\x18ftypheic" + bytes(300), "HEIC"),
    Input("hands", "a folder", None, "is a folder"),
    Input("lost.png", "no such file", None, "was not found"),
)
"""What cannot be read: each is refused with one sentence."""


def _frames(count: int) -> list[Image.Image]:
    return [Image.fromarray(np.full((24, 24), 40 * n + 20, np.uint8)) for n in range(count)]


def _animated(file_format: str) -> bytes:
    first, *others = _frames(3)
    return picture_file(first, file_format, save_all=True, append_images=others)


def _some_not_a_number() -> bytes:
    values = ramp().astype(np.float32)
    values[20, 20] = np.nan
    return picture_file(values, "TIFF")


def _frames_dicom() -> bytes:
    return dicom_file(np.stack([limb(seed=seed) for seed in range(3)]))


def _no_window() -> bytes:
    return dicom_file(ramp(), WindowCenter=100, WindowWidth=0)


ODD_INPUTS = (
    Input("deep.png", "16 bit", lambda: picture_file(ramp().astype(np.uint16) * 99, "PNG"), ""),
    Input(
        "press.jpg",
        "CMYK",
        lambda: picture_file(Image.fromarray(ramp()).convert("CMYK"), "JPEG"),
        "",
    ),
    Input(
        "shorter.jpg", "a JPEG cut by 20 bytes", lambda: picture_file(limb(), "JPEG")[:-20], "cut"
    ),
    Input("spin.png", "an animated PNG", lambda: _animated("PNG"), "holds 3 pictures"),
    Input("spin.webp", "an animated WebP", lambda: _animated("WEBP"), "holds 3 pictures"),
    Input("stack.tif", "a TIFF of 3 pages", lambda: _animated("TIFF"), "holds 3 pictures"),
    Input("frames.dcm", "a DICOM of 3 frames", _frames_dicom, "holds 3 pictures"),
    Input("window.dcm", "a window of no width", _no_window, "window shows nothing"),
    Input("some_nan.tif", "a TIFF with a not-a-number", _some_not_a_number, "hold no number"),
)
"""What is not as usual and can be read: what is wrong stands in the radiograph's warnings."""


def main() -> None:
    """Print what is said of each input."""
    from fracture_widgets.errors import UnreadableRadiograph
    from fracture_widgets.imaging.radiograph import read_radiograph

    with tempfile.TemporaryDirectory() as folder:
        for given in (*BAD_INPUTS, *ODD_INPUTS):
            try:
                radiograph = read_radiograph(given.put(Path(folder)))
            except UnreadableRadiograph as error:
                said = str(error)
            else:
                size = f"read, {radiograph.width} x {radiograph.height}"
                said = " ".join((f"{given.name}: {size}.", *radiograph.warnings))
            print(f"{given.story}\n    {said}")  # noqa: T201 - a command prints


if __name__ == "__main__":
    main()
