"""Odd files as they lie on discs and in folders: taken, refused and skipped, by every way in."""

from __future__ import annotations

import numpy as np
from picture_files import dicom_file, limb, picture_file

JPEG = picture_file(limb(), "JPEG")
PNG = picture_file(limb(), "PNG")
DICOM = dicom_file(limb().astype(np.uint16))
TAKEN = {
    "a.jfif": JPEG,
    "b.jpe": JPEG,
    "c.jp2": picture_file(limb(), "JPEG2000"),
    "D.PNG": PNG,
    "e.tif": picture_file(limb(), "TIFF"),
    "f.webp": picture_file(limb(), "WEBP"),
    "g": PNG,
    "h.bmp": picture_file(limb(), "BMP"),
    "IM0001": DICOM,
    "IM0002": DICOM[132:],
    "j.dat": DICOM,
    "k.jpg": PNG,
}
REFUSED = {
    "empty.png": b"",
    "text.png": b"no picture" * 30,
    "cut.tif": picture_file(limb(), "TIFF")[:300],
    "report.dcm": dicom_file(None),
}
SKIPPED = {
    "notes.txt": (b"no picture" * 30, "not a picture"),
    "viewer.exe": (b"MZ\x90\0" + bytes(300), "not a picture"),
    ".hidden.png": (PNG, "hidden"),
    "Thumbs.db": (PNG, "hidden"),
    "more.zip": (b"PK\x03\x04" + bytes(40), "an archive, to be unpacked first"),
}
FILES = TAKEN | REFUSED | {name: content for name, (content, _) in SKIPPED.items()}
