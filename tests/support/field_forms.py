"""Files whose form is told wrongly, or not at all, or that stop early."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from field_files import (
    CODED,
    NATIVE,
    Variant,
    coded,
    dataset,
    renamed,
    stored,
    under,
    without,
    written,
)
from picture_files import saved
from pydicom.dataset import FileDataset
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

DEFAULTED = (
    *("SamplesPerPixel", "PixelRepresentation", "PhotometricInterpretation"),
    *("BitsStored", "HighBit", "BitsAllocated"),
)


def defaults() -> Iterator[Variant]:
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


def syntaxes() -> Iterator[Variant]:
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
    for written_in, named in (
        (ExplicitVRLittleEndian, ExplicitVRBigEndian),
        (ExplicitVRBigEndian, ExplicitVRLittleEndian),
        (ImplicitVRLittleEndian, ExplicitVRBigEndian),
        (ExplicitVRBigEndian, ImplicitVRLittleEndian),
    ):
        yield Variant(
            "written in another order than it says",
            f"{written_in.name} as {named.name}",
            lambda written_in=written_in, named=named: renamed(
                written(dataset(), written_in), written_in, named
            ),
            notes=(f"holds {written_in.name}: it is read as such",),
        )
    for written_in, named in (
        (ImplicitVRLittleEndian, ExplicitVRLittleEndian),
        (ExplicitVRLittleEndian, ImplicitVRLittleEndian),
        (ExplicitVRLittleEndian, DeflatedExplicitVRLittleEndian),
    ):
        yield Variant(
            "written with another representation than it says",
            f"{written_in.name} as {named.name}",
            lambda written_in=written_in, named=named: renamed(
                written(dataset(), written_in), written_in, named
            ),
        )
    for syntax in NATIVE[:3]:
        yield Variant("12 bits without padding", syntax.name, lambda syntax=syntax: _packed(syntax))
    yield Variant(
        "form that is not decoded",
        "10 bits without padding",
        lambda: saved(dataset(bits=10, BitsAllocated=10)),
        refused="is in a form that cannot be decoded here: pixels of 10 bits without padding",
    )
    yield Variant("names a syntax in a text", "deflated", _names_deflated)


def _packed(syntax: UID) -> bytes:
    pixels = stored().astype(np.uint32).ravel()
    low, high = np.append(pixels, [0] * (-pixels.size % 4)).reshape(-1, 2).T
    packed = (low | high << 12).astype("<u4").view(np.uint8).reshape(-1, 4)[:, :3]
    made = dataset(BitsAllocated=12)
    made.PixelData = packed.tobytes()
    return written(made, syntax)


def _names_deflated() -> bytes:
    return saved(dataset(ImageComments=f"was {DeflatedExplicitVRLittleEndian}"))


def cut_short() -> Iterator[Variant]:
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


def frames() -> Iterator[Variant]:
    several = np.stack([stored(), stored()[::-1]])
    for syntax in NATIVE[:2]:
        yield Variant(
            "two frames",
            syntax.name,
            lambda syntax=syntax: written(dataset(several), syntax),
            notes=("holds 2 pictures; the first is shown",),
        )
