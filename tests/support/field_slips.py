"""Files with slips of the pen, in the ways of the field: wrong counts, offsets, words and ends."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from field_files import CODED, Variant, coded, dataset, item, ramp_table, stored, under, written
from field_geometry import EDGE, framed
from picture_files import saved
from PIL import Image
from pydicom.dataset import FileDataset
from pydicom.encaps import encapsulate, get_frame
from pydicom.uid import (
    HTJ2K,
    UID,
    HTJ2KLossless,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLSLossless,
    RLELossless,
)

LOSSY = 0.03
HIGH_THROUGHPUT = Path(__file__).with_name("elbow.j2c")
"""Every third row and column of the drawn radiograph in 8 bits, coded by OpenJPH."""
_START_OF_FRAME = {JPEGBaseline8Bit: b"\xff\xc0", JPEGLSLossless: b"\xff\xf7"}


def _frame(syntax: UID, bits: int = 8) -> bytes:
    return get_frame(coded(syntax, bits).PixelData, 0, number_of_frames=1)


def _holding(frame: bytes, syntax: UID, made: FileDataset | None = None) -> bytes:
    made = dataset(stored(8), bits=8) if made is None else made
    made.file_meta.TransferSyntaxUID = syntax
    made.PixelData = encapsulate([frame])
    made["PixelData"].VR = "OB"
    return saved(made)


def _picture(colour: str = "L", kind: str = "JPEG", **options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(stored(8)).convert(colour).save(file, kind, **options)
    return file.getvalue()


def codestreams() -> Iterator[Variant]:
    for syntax in (JPEGBaseline8Bit, JPEGLSLossless):
        for told in (True, False):
            yield Variant(
                "no height",
                f"{syntax.name}, {'told at the end' if told else 'nowhere'}",
                lambda syntax=syntax, told=told: _holding(_without_height(syntax, told), syntax),
                same=LOSSY,
            )
    for name, attributes, notes in (
        ("12 of 16 bits", {"BitsAllocated": 16, "BitsStored": 12, "HighBit": 11}, 1),
        ("8 of 16 bits", {"BitsAllocated": 16, "BitsStored": 8, "HighBit": 7}, 1),
    ):
        for syntax in (JPEGBaseline8Bit, JPEGLSLossless, JPEG2000Lossless):
            yield Variant(
                "8 bits, says more",
                f"{syntax.name}, {name}",
                lambda syntax=syntax, attributes=attributes: _holding(
                    _frame(syntax), syntax, dataset(stored(8), bits=8, **attributes)
                ),
                same=LOSSY,
                notes=("missing in the file, or wrong",) * notes,
            )
    for colours in ("MONOCHROME2", "RGB", "YBR_FULL_422"):
        yield Variant(
            "grey in colour",
            colours,
            lambda colours=colours: _holding(
                _picture("RGB", quality=98),
                JPEGBaseline8Bit,
                dataset(stored(8), bits=8, PhotometricInterpretation=colours,
                        SamplesPerPixel=1 if colours == "MONOCHROME2" else 3),
            ),
            same=LOSSY,
            notes=("missing in the file, or wrong",),
        )  # fmt: skip
    yield Variant(
        "four channels",
        "JPEG 2000",
        lambda: _holding(
            _picture("RGBA", "JPEG2000", no_jp2=True),
            JPEG2000Lossless,
            dataset(stored(8), bits=8, SamplesPerPixel=4, PhotometricInterpretation="RGB"),
        ),
        refused="has colours of a kind that is not read (4 channels)",
    )
    yield Variant(
        "JPEG 2000 in its box",
        "8 bits",
        lambda: _holding(_picture("L", "JPEG2000"), JPEG2000Lossless),
        same=LOSSY,
    )
    yield Variant(
        "progressive",
        "whole",
        lambda: _holding(_picture(quality=98, progressive=True), JPEGBaseline8Bit),
        same=LOSSY,
    )
    yield Variant(
        "progressive",
        "cut short",
        lambda: _holding(_cut(_picture(quality=98, progressive=True)), JPEGBaseline8Bit),
        same=0.2,
        notes=("finest detail may be missing",),
    )
    yield Variant(
        "end marker in a comment",
        "and cut short",
        lambda: _holding(_cut(_with_comment(_frame(JPEGBaseline8Bit))), JPEGBaseline8Bit),
        same=None,
        notes=("The file is cut short: its last",),
        missing=(0.02, 0.3),
    )
    yield Variant(
        "end marker in a comment",
        "whole",
        lambda: _holding(_with_comment(_frame(JPEGBaseline8Bit)), JPEGBaseline8Bit),
        same=LOSSY,
    )
    height, width = stored().shape
    for named in (HTJ2KLossless, HTJ2K, JPEG2000Lossless):
        yield Variant(
            "high-throughput JPEG 2000",
            f"as {named.name}",
            lambda named=named: _holding(
                HIGH_THROUGHPUT.read_bytes(), named, dataset(stored(8)[::3, ::3], bits=8)
            ),
            same=None,
            shape=(-(-height // 3), -(-width // 3)),
        )


def _without_height(syntax: UID, told: bool) -> bytes:
    frame = _frame(syntax)
    place = frame.index(_START_OF_FRAME[syntax]) + 5
    rows, end = frame[place : place + 2], frame.rindex(b"\xff\xd9")
    line_count = b"\xff\xdc\0\x04" + rows if told else b""
    return frame[:place] + b"\0\0" + frame[place + 2 : end] + line_count + frame[end:]


def _with_comment(frame: bytes) -> bytes:
    place = frame.index(b"\xff\xda")
    return frame[:place] + b"\xff\xfe\0\x08ab\xff\xd9cd" + frame[place:]


def fragments() -> Iterator[Variant]:
    for syntax in CODED[1:]:
        for table in (True, False):
            yield Variant(
                "in several fragments",
                f"{syntax.name}, {'with' if table else 'without'} a table of offsets",
                lambda syntax=syntax, table=table: saved(_in_fragments(syntax, table)),
            )
    for syntax in CODED:
        yield Variant(
            "wrong table of offsets",
            syntax.name,
            lambda syntax=syntax: saved(_with_wrong_offsets(syntax)),
        )
        yield Variant(
            "no end of the fragments",
            syntax.name,
            lambda syntax=syntax: _up_to(saved(coded(syntax)), b"\xfe\xff\xdd\xe0"),
        )
    for syntax, bits in ((JPEGBaseline8Bit, 8), (RLELossless, 12), (JPEGLSLossless, 12)):
        yield Variant(
            "the whole file cut short",
            syntax.name,
            lambda syntax=syntax, bits=bits: _cut(saved(coded(syntax, bits))),
            same=None,
            notes=("The file is cut short: its last",),
            missing=(0.05, 0.3),
        )
    yield Variant(
        "the whole file cut short",
        "JPEG 2000",
        lambda: _cut(saved(coded(JPEG2000Lossless))),
        same=None,
        notes=("of the picture's data are missing",),
        missing=(0.05, 0.3),
    )
    yield Variant(
        "states more frames than there are",
        "3",
        lambda: saved(dataset(NumberOfFrames=3)),
        notes=("holds 3 pictures; the first is shown", "no row of the picture is missing"),
    )


def _in_fragments(syntax: UID, table: bool) -> FileDataset:
    made = coded(syntax)
    frame = get_frame(made.PixelData, 0, number_of_frames=1)
    made.PixelData = encapsulate([frame], fragments_per_frame=4, has_bot=table)
    return made


def _with_wrong_offsets(syntax: UID) -> FileDataset:
    made = coded(syntax)
    frame = get_frame(made.PixelData, 0, number_of_frames=1)
    begin = b"\xfe\xff\x00\xe0\x04\0\0\0" + struct.pack("<I", 9999)
    made.PixelData = begin + encapsulate([frame], has_bot=False)[8:]
    return made


def _up_to(data: bytes, end: bytes) -> bytes:
    return data[: data.rindex(end)]


def _cut(data: bytes) -> bytes:
    return data[: int(len(data) * 0.9)]


def numbers() -> Iterator[Variant]:
    nothing = ("display window shows nothing; the full range",)
    for name, centre, width, notes in (
        ("words", b"AUTO", b"AUTO", nothing),
        ("no number", b"nan", b"4096", nothing),
        ("without an end", b"2048", b"inf", nothing),
        ("below zero", b"2048", b"-4096", nothing),
        ("with an exponent", b"2.05E3", b"4.1E3", ()),
        ("ended by zero bytes", b"2048\0\0", b"4096\0\0", ()),
    ):
        yield Variant(
            "odd numbers of a window",
            name,
            lambda centre=centre, width=width: _window(centre, width),
            notes=notes,
        )
    yield Variant(
        "odd numbers of a window",
        "the first is empty",
        lambda: saved(dataset(WindowCenter=["", 2048], WindowWidth=["", 4096])),
        notes=("shows nothing; the file's next display window",),
    )
    yield Variant(
        "modality and display table",
        "one after the other",
        lambda: written(
            dataset(
                ModalityLUTSequence=[ramp_table(0)], VOILUTSequence=[ramp_table(0, count=65535)]
            ),
            ImplicitVRLittleEndian,
        ),
    )
    for name, values, attributes in (
        ("falling, slope -1", 4095 - stored(), {"RescaleSlope": -1, "RescaleIntercept": 4095}),
        ("empty rescaling", stored(), {"RescaleSlope": "", "RescaleIntercept": ""}),
        ("in the upper bits", stored() * 16, {"HighBit": 15}),
        ("in the upper bits, others below", stored() * 16 + 9, {"HighBit": 15}),
        ("an overlay in the upper bits", stored() | 0x5000, {}),
        ("signed in 12 bits", (stored() - 2048) & 0xFFF, {"PixelRepresentation": 1}),
        ("in 32 bits", stored().astype(np.uint32), {}),
    ):
        yield Variant(
            "values stored oddly",
            name,
            lambda values=values, attributes=attributes: saved(dataset(values, **attributes)),
        )
    yield Variant(
        "values stored oddly",
        "more bytes than pixels",
        lambda: saved(_longer()),
    )
    yield Variant(
        "padding as a bright frame",
        "65535",
        lambda: saved(dataset(framed(65535), bits=16, PixelPaddingValue=65535)),
        same=None,
        shape=framed().shape,
    )
    for name, value in (("in micrometres", 150), ("below zero", -0.15), ("none", 0)):
        yield Variant(
            "odd millimetres",
            name,
            lambda value=value: saved(dataset(PixelSpacing=[value, value])),
        )
    yield Variant("odd millimetres", "one number", lambda: saved(dataset(PixelSpacing=0.15)))


def _window(centre: bytes, width: bytes) -> bytes:
    data = saved(dataset(WindowCenter="11111", WindowWidth="22222"))
    return data.replace(b"11111 ", centre.ljust(6)).replace(b"22222 ", width.ljust(6))


def _longer() -> FileDataset:
    made = dataset()
    made.PixelData += bytes(100)
    return made


def words() -> Iterator[Variant]:
    wrong = ("missing in the file, or wrong",)
    for spelt, exchanged in (
        (b"MONOCHROME 1", True),
        (b"MONOCHROME_2", False),
        (b"monochrome2 ", False),
    ):
        yield Variant(
            "kind of grey misspelt",
            spelt.decode(),
            lambda spelt=spelt, exchanged=exchanged: saved(
                dataset(4095 - stored() if exchanged else stored())
            ).replace(b"MONOCHROME2 ", spelt),
            notes=wrong,
        )  # fmt: skip
    for named in ("", "1.2.840.10008.1.2.1 "):
        yield Variant("syntax misspelt", repr(named), lambda named=named: under(dataset(), named))
    yield Variant(
        "syntax misspelt",
        "by its name",
        lambda: under(dataset(), "Explicit VR Little Endian"),
        refused="is in a form that cannot be decoded here: a transfer syntax without a number",
    )
    yield Variant("wrong length of the header", "9", _with_wrong_header_length)
    height, width = stored().shape
    edges = {
        "ShutterLeftVerticalEdge": EDGE,
        "ShutterRightVerticalEdge": EDGE + width + 1,
        "ShutterUpperHorizontalEdge": EDGE,
        "ShutterLowerHorizontalEdge": EDGE + height + 1,
    }
    yield Variant(
        "shutter in small letters",
        "rectangular",
        lambda: saved(dataset(framed(), ShutterShape="RECTANGULAR", **edges)).replace(
            b"RECTANGULAR", b"rectangular"
        ),
        notes=("shutter hides part of the picture",),
        shape=(height, width),
    )
    circle = {"CenterOfCircularShutter": [9, 9], "RadiusOfCircularShutter": 0}
    for shape, attributes in (
        ("RECTANGULAR", dict(zip(edges, (-5, 99999, -5, 99999), strict=True))),
        ("CIRCULAR", circle),
        ("POLYGONAL", {"VerticesOfThePolygonalShutter": [1, 1, 50, 50]}),
    ):
        yield Variant(
            "shutter that shuts nothing",
            shape.lower(),
            lambda attributes=attributes, shape=shape: saved(
                dataset(ShutterShape=shape, **attributes)
            ),
        )
    yield Variant(
        "empty items",
        "wherever there may be some",
        lambda: saved(dataset(SharedFunctionalGroupsSequence=[item()], VOILUTSequence=[])),
    )


def _with_wrong_header_length() -> bytes:
    data = saved(dataset())
    return data[:140] + struct.pack("<I", 9) + data[144:]
