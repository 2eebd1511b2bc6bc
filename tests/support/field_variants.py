"""Files as machines and archives of the field write them: one drawn radiograph in many forms.

Also from the command line: ``python tests/support/field_variants.py sheet.png`` draws them all.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from picture_files import dicom_dataset, look_up_table, saved
from PIL import Image
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileDataset
from pydicom.encaps import encapsulate, get_frame
from pydicom.sequence import Sequence
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    DigitalXRayImageStorageForProcessing,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
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


@cache
def stored(bits: int = 12) -> np.ndarray:
    """The drawn radiograph's values, its bones bright."""
    pixels = draw_phantom("elbow", fractured=True, seed=3).radiograph.pixels
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
    was = made.file_meta.TransferSyntaxUID
    data = saved(made)
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


def _tables() -> Iterator[Variant]:
    for syntax in NATIVE:
        for sign in ("SS", "US"):
            yield Variant(
                "table below zero after rescaling",
                f"{syntax.name}, {sign}",
                lambda syntax=syntax, sign=sign: written(
                    dataset(
                        RescaleIntercept=-1024,
                        RescaleSlope=1,
                        VOILUTSequence=[ramp_table(-1024, sign=sign)],
                    ),
                    syntax,
                ),
            )
    signed = lambda: stored().astype(np.int16) - np.int16(2048)  # noqa: E731
    for sign in ("SS", "US"):
        yield Variant(
            "table below zero of signed values",
            sign,
            lambda sign=sign: written(
                dataset(signed(), VOILUTSequence=[ramp_table(-2048, sign=sign)]),
                ImplicitVRLittleEndian,
            ),
        )
        yield Variant(
            "modality table of signed values",
            sign,
            lambda sign=sign: written(
                dataset(signed(), ModalityLUTSequence=[ramp_table(-2048, sign=sign)])
            ),
        )
    empty = "look-up table is empty; the full range"
    yield Variant("empty table", "nothing in it", lambda: saved(_empty_table({})), notes=(empty,))
    for keyword, value in (("LUTDescriptor", None), ("LUTData", None)):
        yield Variant(
            "empty table",
            f"{keyword} empty",
            lambda keyword=keyword, value=value: saved(_empty_table({keyword: value})),
            notes=(empty,),
        )
    yield Variant(
        "empty table",
        "and a good one",
        lambda: saved(dataset(VOILUTSequence=[item(LUTExplanation=""), ramp_table(0)])),
    )
    yield Variant(
        "table states another count",
        "more than there are",
        lambda: saved(dataset(VOILUTSequence=[_recounted(5000)])),
    )
    yield Variant(
        "table states another count", "none", lambda: saved(dataset(VOILUTSequence=[_recounted(0)]))
    )
    shows = "look-up table shows nothing; "
    for first in (40000, 5000, -9000):
        yield Variant(
            "table off the data",
            str(first),
            lambda first=first: saved(dataset(VOILUTSequence=[ramp_table(first)])),
            notes=(f"{shows}the full range",),
        )
    yield Variant(
        "table off the data",
        "and the next is not",
        lambda: saved(dataset(VOILUTSequence=[ramp_table(40000), ramp_table(0)])),
        notes=(f"{shows}the file's look-up table",),
    )
    yield Variant(
        "table off the data",
        "and a window",
        lambda: saved(
            dataset(VOILUTSequence=[ramp_table(40000)], WindowCenter=2048, WindowWidth=4096)
        ),
        notes=(f"{shows}the file's display window",),
    )
    yield Variant(
        "modality table off the data",
        "40000",
        lambda: saved(dataset(ModalityLUTSequence=[ramp_table(40000)])),
        notes=("modality table makes all greys one",),
    )
    for count, bits in ((4096, 8), (256, 8)):
        yield Variant(
            "table of bytes, packed",
            f"{count} entries, {bits} bits",
            lambda count=count, bits=bits: saved(
                dataset(None if count > 256 else stored(8), bits=12 if count > 256 else 8,
                        VOILUTSequence=[_packed(count, bits)])
            ),
            same=0.006,
        )  # fmt: skip


def _empty_table(values: dict[str, Any]) -> FileDataset:
    table = ramp_table(0) if values else Dataset()
    for keyword, value in values.items():
        table[keyword].VR = "US"
        table[keyword].value = value
    return dataset(VOILUTSequence=[table])


def _recounted(count: int) -> Dataset:
    table = ramp_table(0)
    table.LUTDescriptor = [count, 0, 16]
    return table


def _packed(count: int, bits: int) -> Dataset:
    table = look_up_table([0] * count, bits=bits)
    table.LUTData, table["LUTData"].VR = None, "OW"
    table.LUTData = (np.arange(count) * 255 // (count - 1)).astype(np.uint8).tobytes()
    return table


def _windows() -> Iterator[Variant]:
    for centre, width in ((128, 256), (127, 255), (127.5, 255), (128, 255)):
        for bits in (12, 16):
            yield Variant(
                "window of 8 bits",
                f"{centre}, {width} on {bits} bits",
                lambda centre=centre, width=width, bits=bits: saved(
                    dataset(bits=bits, WindowCenter=centre, WindowWidth=width)
                ),
                notes=("is for 8 bits",),
            )
    yield Variant(
        "window of 8 bits",
        "on values below zero too",
        lambda: saved(
            dataset(
                stored().astype(np.int16) - np.int16(1024),
                bits=16,
                WindowCenter=128,
                WindowWidth=256,
            )
        ),
        notes=("is for 8 bits",),
    )
    yield Variant(
        "window of 8 bits",
        "and a good one",
        lambda: saved(dataset(WindowCenter=[128, 2048], WindowWidth=[256, 4096])),
        notes=("is for 8 bits and its pixels have more; the file's display window",),
    )
    yield Variant(
        "window of 8 bits", "on 8 bits", lambda: saved(dataset(bits=8, WindowCenter=128,
                                                             WindowWidth=256)), same=0.005
    )  # fmt: skip
    for centre, width in ((60000, 100), (-500, 10), (2048, 0), ("", "")):
        yield Variant(
            "window that shows nothing",
            f"{centre}, {width}",
            lambda centre=centre, width=width: saved(
                dataset(WindowCenter=centre, WindowWidth=width)
            ),
            notes=("display window shows nothing; the full range",),
        )
    yield Variant(
        "window that is mostly white",
        "centre 600, width 1000",
        lambda: saved(dataset(WindowCenter=600, WindowWidth=1000)),
        same=None,
        notes=("plain white",),
    )
    yield Variant(
        "numbers with a comma",
        "window and rescaling",
        lambda: _with_commas(
            dataset(WindowCenter="2047.50", WindowWidth="4096.0", RescaleSlope="1.0",
                    RescaleIntercept="0.0")
        ),
    )  # fmt: skip
    yield Variant(
        "rescaling by zero",
        "slope 0",
        lambda: saved(dataset(RescaleSlope=0, RescaleIntercept=5)),
        notes=("rescaling makes all greys one",),
    )


def _with_commas(made: FileDataset) -> bytes:
    data = saved(made)
    for text in (b"2047.50", b"4096.0", b"1.0 ", b"0.0 "):
        data = data.replace(text, text.replace(b".", b","))
    return data


def _polarity() -> Iterator[Variant]:
    turned = {"exchanged": 4095 - stored(), "as stored": stored()}
    for photometric, shape in (("MONOCHROME2", "INVERSE"), ("MONOCHROME1", "IDENTITY")):
        for way, values in turned.items():
            yield Variant(
                "two words about black",
                f"{photometric}, {shape}, {way}",
                lambda values=values, photometric=photometric, shape=shape: saved(
                    dataset(
                        values, PhotometricInterpretation=photometric, PresentationLUTShape=shape
                    )
                ),
                notes=(f"greys are shown {way}",),
            )
    for photometric, shape in (("MONOCHROME2", "IDENTITY"), ("MONOCHROME1", "INVERSE")):
        yield Variant(
            "one word about black",
            photometric,
            lambda photometric=photometric, shape=shape: saved(
                dataset(
                    4095 - stored() if photometric == "MONOCHROME1" else stored(),
                    PhotometricInterpretation=photometric,
                    PresentationLUTShape=shape,
                )
            ),
        )
    raw = "raw data of the detector"
    for sign, way in ((1, "exchanged"), (-1, "as stored")):
        yield Variant(
            "for processing",
            f"sign {sign}",
            lambda sign=sign, way=way: saved(
                dataset(
                    turned[way],
                    PresentationIntentType="FOR PROCESSING",
                    PixelIntensityRelationship="LOG",
                    PixelIntensityRelationshipSign=sign,
                )
            ),
            notes=(raw,),
        )
    yield Variant("for processing", "by its class alone", _raw_by_class, notes=(raw,))
    yield Variant("for processing", "linear", _raw_linear, same=0.02, notes=(raw,))


def _raw_by_class() -> bytes:
    made = dataset()
    made.SOPClassUID = DigitalXRayImageStorageForProcessing
    made.file_meta.MediaStorageSOPClassUID = DigitalXRayImageStorageForProcessing
    return saved(made)


def _raw_linear() -> bytes:
    beam = np.rint(np.exp(np.log(60000) - 5 * plain())).astype(np.uint16)
    return saved(
        dataset(
            beam,
            bits=16,
            PresentationIntentType="FOR PROCESSING",
            PixelIntensityRelationship="LIN",
            PixelIntensityRelationshipSign=1,
        )
    )


EDGE = 40


def framed(fill: int = 4095) -> np.ndarray:
    """The radiograph within a bright frame, which a shutter is to hide."""
    return np.pad(stored(), EDGE, constant_values=fill)


def _shutters() -> Iterator[Variant]:
    height, width = stored().shape
    rectangle = {
        "ShutterLeftVerticalEdge": EDGE,
        "ShutterRightVerticalEdge": EDGE + width + 1,
        "ShutterUpperHorizontalEdge": EDGE,
        "ShutterLowerHorizontalEdge": EDGE + height + 1,
    }
    top, left, bottom, right = EDGE + 1, EDGE + 1, EDGE + height, EDGE + width
    polygon = {
        "VerticesOfThePolygonalShutter": [top, left, top, right, bottom, right, bottom, left]
    }
    radius = min(height, width) // 2 - 3
    circle = {
        "CenterOfCircularShutter": [EDGE + height // 2, EDGE + width // 2],
        "RadiusOfCircularShutter": radius,
    }
    note = ("shutter hides part of the picture",)
    for shape, edges in (("RECTANGULAR", rectangle), ("POLYGONAL", polygon), ("CIRCULAR", circle)):
        for fill, photometric in ((4095, "MONOCHROME2"), (0, "MONOCHROME1")):
            yield Variant(
                f"{shape.lower()} shutter",
                photometric,
                lambda shape=shape, edges=edges, fill=fill, photometric=photometric: saved(
                    dataset(
                        framed() if fill else 4095 - framed(),
                        ShutterShape=shape,
                        PhotometricInterpretation=photometric,
                        **edges,
                    )
                ),
                same=0.05 if shape == "CIRCULAR" else 1e-3,
                notes=note,
                shape=(2 * radius + 1,) * 2 if shape == "CIRCULAR" else (height, width),
                corner=(height // 2 - 1 - radius, width // 2 - 1 - radius)
                if shape == "CIRCULAR"
                else (0, 0),
            )
    yield Variant(
        "two shutters",
        "rectangle and polygon",
        lambda: saved(
            dataset(framed(), ShutterShape=["RECTANGULAR", "POLYGONAL"], **rectangle, **polygon)
        ),
        notes=note,
        shape=(height, width),
    )
    yield Variant("bitmap shutter", "overlay", _bitmap, notes=note, shape=(height, width))
    yield Variant(
        "shutter of a frame",
        "functional groups",
        lambda: saved(
            dataset(
                framed(),
                SharedFunctionalGroupsSequence=[
                    item(
                        FrameDisplayShutterSequence=Sequence(
                            [item(ShutterShape="RECTANGULAR", **rectangle)]
                        )
                    )
                ],
            )
        ),
        notes=note,
        shape=(height, width),
    )
    whole = dict(zip(rectangle, (1, width, 1, height), strict=True))
    yield Variant(
        "shutter as large as the picture",
        "no word",
        lambda: saved(dataset(ShutterShape="RECTANGULAR", **whole)),
    )
    nothing = dict(zip(rectangle, (90, 80, 90, 80), strict=True))
    yield Variant(
        "shutter that leaves nothing",
        "rectangle",
        lambda: saved(dataset(ShutterShape="RECTANGULAR", **nothing)),
        notes=("leaves next to nothing",),
    )


def _bitmap() -> bytes:
    made = dataset(framed(), ShutterShape="BITMAP", ShutterOverlayGroup=0x6002)
    rows, columns = framed().shape
    shut = np.ones((rows, columns), np.uint8)
    shut[EDGE:-EDGE, EDGE:-EDGE] = 0
    made.add_new(0x60020010, "US", rows)
    made.add_new(0x60020011, "US", columns)
    made.add_new(0x60020050, "SS", [1, 1])
    made.add_new(0x60020100, "US", 1)
    bits = np.packbits(shut.ravel(), bitorder="little").tobytes()
    made.add_new(0x60023000, "OW", bits + b"\0" * (len(bits) % 2))
    return saved(made)


def _millimetres() -> Iterator[Variant]:
    square = {"ImagerPixelSpacing": [0.15, 0.15]}
    known = {"EstimatedRadiographicMagnificationFactor": 1.5}
    both = square | {"PixelSpacing": [0.15, 0.15]}
    for name, attributes, mm, at_detector in (
        ("at the detector", square, 0.15, True),
        ("magnified", square | known, 0.1, False),
        ("magnified by less than nothing", square | {next(iter(known)): 0}, 0.15, True),
        ("calibrated", square | {"PixelSpacing": [0.11, 0.11]}, 0.11, False),
        ("the same twice", both, 0.15, True),
        ("the same twice, magnified", both | known, 0.1, False),
        (
            "the same twice, calibrated",
            both | known | {"PixelSpacingCalibrationType": "FIDUCIAL"},
            0.15,
            False,
        ),
        ("one without the other", {"PixelSpacing": [0.2, 0.2]}, 0.2, False),
        ("of the scanned film", {"NominalScannedPixelSpacing": [0.1, 0.1]}, 0.1, True),
    ):
        yield Variant(
            "millimetres",
            name,
            lambda attributes=attributes: saved(dataset(**attributes)),
            mm=(mm, mm),
            at_detector=at_detector,
        )
    yield Variant(
        "millimetres",
        "of a frame",
        lambda: saved(
            dataset(
                SharedFunctionalGroupsSequence=[
                    item(
                        FramePixelDataPropertiesSequence=Sequence([item(**square)]),
                        XRayGeometrySequence=Sequence([item(**known)]),
                    )
                ]
            )
        ),
        mm=(0.1, 0.1),
    )
    height, width = stored().shape
    note = ("not square",)
    for keyword, value, shape, mm in (
        ("PixelSpacing", [0.2, 0.1], (2 * height, width), (0.1, 0.1)),
        ("PixelSpacing", [0.1, 0.2], (height, 2 * width), (0.1, 0.1)),
        ("ImagerPixelSpacing", [0.2, 0.1], (2 * height, width), (0.1, 0.1)),
        ("PixelAspectRatio", [2, 1], (2 * height, width), None),
        ("PixelAspectRatio", [1, 2], (height, 2 * width), None),
    ):
        yield Variant(
            "pixels not square",
            f"{keyword} {value}",
            lambda keyword=keyword, value=value: saved(dataset(**{keyword: value})),
            same=None,
            notes=note,
            mm=mm,
            at_detector=keyword == "ImagerPixelSpacing",
            shape=shape,
        )
    yield Variant(
        "pixels not square",
        "by a slip of the pen",
        lambda: saved(dataset(PixelAspectRatio=[1, 1000])),
    )


DEFAULTED = (
    *("SamplesPerPixel", "PixelRepresentation", "PhotometricInterpretation"),
    *("BitsStored", "HighBit", "BitsAllocated"),
)


def _defaults() -> Iterator[Variant]:
    for keyword in DEFAULTED:
        for syntax in NATIVE:
            yield Variant(
                f"no {keyword}",
                syntax.name,
                lambda keyword=keyword, syntax=syntax: _lacking(keyword, syntax),
                notes=("missing in the file",),
            )
        for syntax in CODED:
            yield Variant(
                f"no {keyword}",
                syntax.name,
                lambda keyword=keyword, syntax=syntax: saved(without(keyword, coded(syntax))),
                notes=("missing in the file",),
            )
    yield Variant(
        "no SamplesPerPixel",
        "nor anything else",
        lambda: saved(_lacking_all()),
        notes=("are missing in the file",),
    )
    for keyword, value in (
        ("PhotometricInterpretation", "GREY"),
        ("PhotometricInterpretation", "PALETTE COLOR"),
        ("SamplesPerPixel", 2),
        ("BitsStored", 33),
        ("HighBit", 99),
        ("PixelRepresentation", 7),
        ("BitsStored", 0),
    ):
        yield Variant(
            f"no sense in {keyword}",
            str(value),
            lambda keyword=keyword, value=value: saved(dataset(**{keyword: value})),
            notes=("or wrong",),
        )


def _lacking(keyword: str, syntax: UID) -> bytes:
    made = dataset()
    bits = made.BitsAllocated
    delattr(made, keyword)
    return written(made, syntax, bits=bits)


def _lacking_all() -> FileDataset:
    made = dataset()
    for keyword in DEFAULTED:
        delattr(made, keyword)
    return made


def _syntaxes() -> Iterator[Variant]:
    for syntax in (RLELossless, JPEG2000Lossless, JPEGLSLossless, JPEGLosslessSV1):
        yield Variant(
            "native, says compressed",
            syntax.name,
            lambda syntax=syntax: under(dataset(), syntax),
            notes=("holds uncompressed pixels",),
        )
    for syntax in CODED:
        for named in (ExplicitVRLittleEndian, JPEGLosslessSV1):
            yield Variant(
                "compressed, says otherwise",
                f"{syntax.name} as {named.name}",
                lambda syntax=syntax, named=named: under(coded(syntax), named),
                notes=("it is read as such",),
            )
    for uid, words in (
        ("1.2.840.113619.5.2", "a private one of GE"),
        ("1.2.840.10008.1.2.4.110", "JPEG XL lossless"),
        ("1.2.840.10008.1.2.4.111", "JPEG XL"),
        ("1.2.840.10008.1.2.4.112", "JPEG XL"),
        ("1.2.840.10008.1.2.4.94", "JPIP Referenced"),
        ("1.2.840.10008.1.2.4.205", "JPIP HTJ2K Referenced Deflate"),
        ("1.2.840.10008.1.2.8.1", "deflated frames"),
        ("1.3.46.670589.33.1.4.1", "transfer syntax 1.3.46.670589.33.1.4.1"),
        ("1.2.3.4", "transfer syntax 1.2.3.4"),
        ("1.2.840.10008.1.2.4.103", "MPEG"),
    ):
        yield Variant(
            "form that is not decoded",
            uid,
            lambda uid=uid: under(dataset(), uid),
            refused=f"is in a form that cannot be decoded here: {words}",
        )
    yield Variant("names a syntax in a text", "deflated", _names_deflated)


def _names_deflated() -> bytes:
    return saved(dataset(ImageComments=f"was {DeflatedExplicitVRLittleEndian}"))


def _cut() -> Iterator[Variant]:
    for syntax, bits in ((JPEGBaseline8Bit, 8), (RLELossless, 8), (RLELossless, 12),
                         (JPEGLSLossless, 8), (JPEGLSLossless, 12)):  # fmt: skip
        for share in (0.97, 0.6):
            yield Variant(
                "cut short inside",
                f"{syntax.name}, {bits} bits, {share}",
                lambda syntax=syntax, bits=bits, share=share: saved(coded(syntax, bits, share)),
                same=None,
                notes=("The file is cut short: its last",),
                missing=(0.0, 0.125) if share > 0.9 else (0.125, 0.7),
            )
    for bits in (8, 12):
        yield Variant(
            "cut short inside",
            f"JPEG 2000, {bits} bits",
            lambda bits=bits: saved(coded(JPEG2000Lossless, bits, 0.6)),
            same=None,
            notes=("of the picture's data are missing",),
            missing=(0.3, 0.5),
        )
    for syntax in (JPEGBaseline8Bit, RLELossless, JPEGLSLossless, JPEG2000Lossless):
        yield Variant(
            "little is left inside",
            syntax.name,
            lambda syntax=syntax: saved(coded(syntax, 8, 0.1)),
            refused="is cut short",
        )
    yield Variant(
        "native, cut short", "0.8", lambda: saved(dataset())[: -stored().nbytes // 5],
        refused="is cut short or damaged",
    )  # fmt: skip


def _frames() -> Iterator[Variant]:
    several = np.stack([stored(), stored()[::-1]])
    for syntax in NATIVE[:2]:
        yield Variant(
            "two frames",
            syntax.name,
            lambda syntax=syntax: written(dataset(several), syntax),
            notes=("holds 2 pictures; the first is shown",),
        )


def field_variants() -> tuple[Variant, ...]:
    """Every variant of every kind."""
    kinds = (
        _tables, _windows, _polarity, _shutters, _millimetres, _defaults, _syntaxes, _cut, _frames
    )  # fmt: skip
    return tuple(variant for kind in kinds for variant in kind())


def main() -> None:
    """Draw every variant on one sheet."""
    from PIL import ImageDraw

    from fracture_widgets.errors import UnreadableRadiograph
    from fracture_widgets.imaging.radiograph import read_radiograph

    shown = field_variants()
    across, wide, high = 16, 120, 150
    sheet = Image.new("L", (across * wide, -(-len(shown) // across) * high), 90)
    draw = ImageDraw.Draw(sheet)
    for number, variant in enumerate(shown):
        left, top = number % across * wide, number // across * high
        try:
            picture = Image.fromarray(read_radiograph(variant.make()).to_uint8())
        except UnreadableRadiograph as error:
            draw.text((left, top + 50), str(error)[11:30], fill=255)
        else:
            picture.thumbnail((wide - 6, high - 30))
            sheet.paste(picture, (left, top + 26))
        draw.text((left, top), variant.kind[:19], fill=255)
        draw.text((left, top + 12), variant.name[:19], fill=255)
    sheet.save(sys.argv[1])


if __name__ == "__main__":
    main()
