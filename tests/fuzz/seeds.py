"""Small files of every kind that is read, for mutations to start from."""

from __future__ import annotations

import io
import sys
import zipfile
from pathlib import Path

import numpy as np
import pydicom.data
from PIL import Image
from pydicom import dcmwrite
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    JPEG2000,
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

sys.path.append(str(Path(__file__).parents[1] / "support"))

from field_files import small as small_files
from field_variants import field_variants
from picture_files import (
    dicom_dataset,
    dicom_file,
    limb,
    look_up_table,
    picture_file,
    png_header,
    saved,
)

__all__ = ["MARK", "seeds"]

MARK = "Zwiebelfisch"
"""Stands for the patient in every DICOM seed; no sentence may ever hold a part of it."""

_LONGEST = 13_800
_MARKED = {
    "PatientName": f"{MARK}^{MARK}",
    "PatientID": MARK,
    "StudyDescription": MARK,
    "WindowCenterWidthExplanation": MARK,
}


def seeds() -> dict[str, bytes]:
    """Return the files by name, each no longer than 13,800 bytes."""
    return {
        name: data
        for name, data in {
            **_pictures(),
            **_dicom(),
            **_archives(),
            **_of_pydicom(),
            **_of_the_field(),
        }.items()
        if len(data) <= _LONGEST
    }


def _pictures() -> dict[str, bytes]:
    small = limb(24, 20)
    deep = small.astype(np.uint16) * 257
    grey = Image.fromarray(small)
    sideways = Image.Exif()
    sideways[274] = 6
    return {
        "grey.png": picture_file(small, "PNG"),
        "deep.png": picture_file(deep, "PNG"),
        "bit.png": picture_file(grey.convert("1"), "PNG"),
        "palette.png": picture_file(grey.convert("P"), "PNG"),
        "palette_through.png": picture_file(grey.convert("P"), "PNG", transparency=3),
        "two.png": picture_file(grey.convert("LA"), "PNG"),
        "four.png": picture_file(grey.convert("RGBA"), "PNG"),
        "moving.png": picture_file(grey, "PNG", save_all=True, append_images=[grey.rotate(90)]),
        "header.png": png_header(9000, 9000),
        "grey.jpg": picture_file(small, "JPEG"),
        "colour.jpg": picture_file(grey.convert("RGB"), "JPEG", subsampling=2),
        "steps.jpg": picture_file(grey.convert("RGB"), "JPEG", progressive=True),
        "press.jpg": picture_file(grey.convert("CMYK"), "JPEG"),
        "sideways.jpg": picture_file(grey, "JPEG", exif=sideways),
        "plain.tif": picture_file(small, "TIFF"),
        "deep.tif": picture_file(deep, "TIFF"),
        "float.tif": picture_file(small.astype(np.float32), "TIFF"),
        "lzw.tif": picture_file(small, "TIFF", compression="tiff_lzw"),
        "deflate.tif": picture_file(deep, "TIFF", compression="tiff_deflate"),
        "packbits.tif": picture_file(small, "TIFF", compression="packbits"),
        "jpeg.tif": picture_file(small, "TIFF", compression="jpeg"),
        "fax.tif": picture_file(grey.convert("1"), "TIFF", compression="group4"),
        "lab.tif": picture_file(Image.new("LAB", (20, 20), (90, 9, 9)), "TIFF"),
        "press.tif": picture_file(grey.convert("CMYK"), "TIFF"),
        "pages.tif": picture_file(grey, "TIFF", save_all=True, append_images=[grey] * 3),
        "big.tif": picture_file(small, "TIFF", big_tiff=True),
        "grey.bmp": picture_file(small, "BMP"),
        "colour.bmp": picture_file(grey.convert("RGB"), "BMP"),
        "lossless.webp": picture_file(grey.convert("RGB"), "WEBP", lossless=True),
        "lossy.webp": picture_file(grey.convert("RGBA"), "WEBP", quality=50),
        "moving.webp": picture_file(
            grey.convert("RGB"), "WEBP", save_all=True, append_images=[grey.rotate(90)]
        ),
    }


def _dicom() -> dict[str, bytes]:
    small = limb(34, 32)
    deep = small.astype(np.uint16) * 16
    window = {"WindowCenter": 90, "WindowWidth": 120}
    plain = dicom_dataset(deep, **_MARKED)
    colour = dicom_dataset(small, **_MARKED, SamplesPerPixel=3, PlanarConfiguration=0)
    colour.PhotometricInterpretation = "RGB"
    colour.PixelData = np.repeat(small, 3).tobytes()
    palette = dicom_dataset(small, **_MARKED, PhotometricInterpretation="PALETTE COLOR")
    for name in ("Red", "Green", "Blue"):
        setattr(palette, f"{name}PaletteColorLookupTableDescriptor", [256, 0, 16])
        setattr(palette, f"{name}PaletteColorLookupTableData", bytes(range(256)) * 2)
    float_ = dicom_dataset(small, **_MARKED, PixelData=None, BitsAllocated=32)
    float_.FloatPixelData = small.astype(np.float32).tobytes()
    functional = dicom_dataset(np.stack([small, small]), **_MARKED)
    for keyword, count in (
        ("SharedFunctionalGroupsSequence", 1),
        ("PerFrameFunctionalGroupsSequence", 2),
    ):
        setattr(functional, keyword, [_group(place) for place in range(count)])
    return {
        "explicit.dcm": saved(plain),
        "window.dcm": dicom_file(small, **_MARKED, **window, PixelSpacing=[0.1, 0.2]),
        "windows.dcm": dicom_file(small, WindowCenter=[9, 90], WindowWidth=[9, 20], **_MARKED),
        "sigmoid.dcm": dicom_file(small, **_MARKED, **window, VOILUTFunction="SIGMOID"),
        "inverted.dcm": dicom_file(
            deep, **_MARKED, PhotometricInterpretation="MONOCHROME1", PixelPaddingValue=0
        ),
        "signed.dcm": dicom_file(
            deep.astype(np.int16), **_MARKED, RescaleSlope=2, RescaleIntercept=-9
        ),
        "tables.dcm": dicom_file(
            small,
            **_MARKED,
            ModalityLUTSequence=[look_up_table(list(range(256)))],
            VOILUTSequence=[look_up_table(list(range(256))), look_up_table([9, 8], first=-1)],
        ),
        "low_bits.dcm": dicom_file(deep, **_MARKED, BitsStored=12, HighBit=15),
        "frames.dcm": dicom_file(np.stack([small, small[::-1]]), **_MARKED),
        "functional.dcm": saved(functional),
        "colour.dcm": saved(colour),
        "palette.dcm": saved(palette),
        "float.dcm": saved(float_),
        "no_preamble.dcm": saved(plain)[132:],
        **{f"{name}.dcm": _written(deep, uid) for name, uid in _UNCOMPRESSED.items()},
        **{f"{name}.dcm": _compressed(small, uid) for name, uid in _COMPRESSED.items()},
        "deep_j2k.dcm": _compressed(deep, JPEG2000Lossless),
        "jpeg.dcm": _jpeg(small),
    }


_UNCOMPRESSED = {
    "implicit": ImplicitVRLittleEndian,
    "big_endian": ExplicitVRBigEndian,
    "deflated": DeflatedExplicitVRLittleEndian,
}
_COMPRESSED = {
    "rle": RLELossless,
    "jls": JPEGLSLossless,
    "jls_near": JPEGLSNearLossless,
    "j2k": JPEG2000Lossless,
    "j2k_lossy": JPEG2000,
}


def _group(place: int) -> Dataset:
    group, values, window = Dataset(), Dataset(), Dataset()
    values.RescaleSlope, values.RescaleIntercept = place + 1, 3
    window.WindowCenter, window.WindowWidth = 90 + place, 120
    group.PixelValueTransformationSequence = [values]
    group.FrameVOILUTSequence = [window]
    return group


def _written(stored: np.ndarray, uid: UID) -> bytes:
    made = dicom_dataset(stored if uid.is_little_endian else stored.byteswap(), **_MARKED)
    plain = Dataset()  # one that was never in another byte order
    plain.update(made)
    plain.file_meta = made.file_meta
    plain.file_meta.TransferSyntaxUID = uid
    file = io.BytesIO()
    dcmwrite(file, plain, enforce_file_format=True)
    return file.getvalue()


def _compressed(stored: np.ndarray, uid: UID) -> bytes:
    dataset = dicom_dataset(stored, **_MARKED)
    options = {JPEGLSNearLossless: {"jls_error": 2}, JPEG2000: {"j2k_cr": [4]}}.get(uid, {})
    dataset.compress(uid, generate_instance_uid=False, **options)
    return saved(dataset)


def _jpeg(stored: np.ndarray) -> bytes:
    dataset = dicom_dataset(stored, **_MARKED)
    dataset.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    dataset.PixelData = encapsulate([picture_file(stored, "JPEG")])
    dataset["PixelData"].VR = "OB"
    return saved(dataset)


def _archives() -> dict[str, bytes]:
    found = {}
    for name, method in (
        ("stored.zip", zipfile.ZIP_STORED),
        ("deflated.zip", zipfile.ZIP_DEFLATED),
    ):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", method) as archive:
            archive.writestr("study1_positive/hand.png", picture_file(limb(20, 18), "PNG"))
            archive.writestr(f"{MARK}/hand.dcm", dicom_file(limb(20, 18), **_MARKED))
            archive.writestr("../../notes.txt", "no picture")
        found[name] = file.getvalue()
    return found


def _of_pydicom() -> dict[str, bytes]:
    folder = Path(pydicom.data.__file__).parent / "test_files"
    return {f"pydicom-{path.name}": path.read_bytes() for path in sorted(folder.glob("*.dcm"))}


def _of_the_field() -> dict[str, bytes]:
    with small_files():
        made = [variant.make() for variant in field_variants()]
    return {f"field{number:03}.dcm": data for number, data in enumerate(made)}
