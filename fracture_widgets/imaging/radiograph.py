"""A radiograph, and how it is read from a file."""

from __future__ import annotations

import hashlib
import io
import os
import stat
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
from PIL import Image

from fracture_widgets.errors import UnreadableRadiograph
from fracture_widgets.imaging.boxes import Box
from fracture_widgets.imaging.decoding import MAX_BYTES
from fracture_widgets.imaging.dicom_signature import looks_like_dicom
from fracture_widgets.imaging.raster import looks_like_raster, read_raster

__all__ = ["MAX_PIXELS", "Radiograph", "looks_like_radiograph_file", "read_radiograph"]

MAX_PIXELS = 100_000_000
"""Pictures of more pixels are refused; a large radiograph has some 20 million."""

_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp", ".dcm", ".dicom"})
_NAMELESS = "The picture"
_LONGEST_NAME = 120

_OTHER_FILES = (
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "a compressed archive"),
    (b"GIF8", "a GIF picture"),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000 picture"),
)
_READABLE = "choose a PNG, JPEG, TIFF, BMP, WebP or DICOM file"


@dataclass(frozen=True, eq=False)
class Radiograph:
    """A radiograph's grey picture, with what is known about it and nothing about the patient.

    Attributes
    ----------
    pixels
        float32 of shape ``(height, width)`` in 0 to 1, bone bright; read-only.
    name
        The file's base name, for people; never a path.
    sha256
        Hex digest of the bytes that it was read from.
    source_format
        ``"PNG"``, ``"JPEG"``, ``"TIFF"``, ``"BMP"``, ``"WebP"``, ``"DICOM"`` or ``"drawn"``.
    spacing_mm
        Distance between the centres of neighbouring rows and columns in millimetres, if the file
        tells.
    warnings
        Sentences about what whoever looks at the picture should know.
    colourfulness
        How colourful the file was before it became grey, beyond a tint; see
        :func:`~fracture_widgets.imaging.colour.colourfulness`. 0 for grey files.

    Raises
    ------
    ValueError
        If ``pixels`` is not a two-dimensional array with at least one pixel.
    """

    pixels: npt.NDArray[np.float32] = field(repr=False)
    name: str
    sha256: str
    source_format: str
    spacing_mm: tuple[float, float] | None = None
    warnings: tuple[str, ...] = ()
    colourfulness: float = 0.0

    def __post_init__(self) -> None:
        if self.pixels.ndim != 2 or self.pixels.size == 0:
            raise ValueError(
                "A radiograph's pixels have the shape (height, width). "
                f"Received: {self.pixels.shape}"
            )
        # A view of its own, so that an array the caller goes on using stays writable.
        pixels = np.ascontiguousarray(self.pixels, dtype=np.float32).view()
        pixels.setflags(write=False)
        object.__setattr__(self, "pixels", pixels)

    @property
    def height(self) -> int:
        """Number of rows."""
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        """Number of columns."""
        return int(self.pixels.shape[1])

    def crop(self, box: Box) -> Radiograph:
        """Return the part inside a box, cut to whole pixels, at least one.

        Parameters
        ----------
        box
            In fractions of this radiograph; what reaches beyond it is left out.

        Raises
        ------
        ValueError
            If the box lies wholly beside the radiograph.
        """
        inside = box.clipped()
        left = min(round(inside.x0 * self.width), self.width - 1)
        top = min(round(inside.y0 * self.height), self.height - 1)
        right = max(round(inside.x1 * self.width), left + 1)
        bottom = max(round(inside.y1 * self.height), top + 1)
        return replace(self, pixels=self.pixels[top:bottom, left:right])

    def to_uint8(self) -> npt.NDArray[np.uint8]:
        """Return the greys as whole numbers from 0 to 255, shape ``(height, width)``."""
        whole: npt.NDArray[np.float32] = np.rint(np.clip(self.pixels, 0.0, 1.0) * np.float32(255))
        return whole.astype(np.uint8)

    def to_png(self, max_side: int | None = None) -> bytes:
        """Return the picture as an 8-bit grey PNG file.

        Parameters
        ----------
        max_side
            Longest side in pixels; a larger radiograph is scaled down, a smaller one left as it
            is.

        Raises
        ------
        ValueError
            If ``max_side`` is less than 1.
        """
        picture = Image.fromarray(self.to_uint8())
        if max_side is not None:
            if max_side < 1:
                raise ValueError(f"A picture's side is at least 1 pixel. Received: {max_side}")
            picture.thumbnail((max_side, max_side), Image.Resampling.LANCZOS)
        file = io.BytesIO()
        picture.save(file, "PNG")
        return file.getvalue()


def looks_like_radiograph_file(path: str | os.PathLike[str]) -> bool:
    """Tell by the name alone whether a walk through folders should pick a file up.

    Hidden files are left out: copies made on a Mac carry a ``._image1.png`` beside each
    ``image1.png``, which holds no picture.
    """
    name = PurePath(path)
    return name.suffix.lower() in _SUFFIXES and not name.name.startswith(".")


def read_radiograph(
    source: str | os.PathLike[str] | bytes | BinaryIO,
    *,
    name: str | None = None,
    max_pixels: int = MAX_PIXELS,
) -> Radiograph:
    """Read a radiograph from a PNG, JPEG, TIFF, BMP, WebP or DICOM file.

    The format is told by the content, not by the name.

    Parameters
    ----------
    source
        A path, the bytes of a file, or a file opened in binary mode.
    name
        What to call it; by default the base name of the path.
    max_pixels
        Pictures with more pixels are refused before they are decoded. Picture files of more than
        about 178 million pixels are refused in any case.

    Returns
    -------
    Radiograph
        Bone bright. 8-bit greys are divided by 255; deeper ones, and DICOM after its LUTs, are
        stretched from the least to the greatest. What is not as it should be, and can be read
        nevertheless, stands in ``warnings``.

    Raises
    ------
    UnreadableRadiograph
        Whatever is wrong with the file: one sentence with its name and what to do.

    Examples
    --------
    >>> radiograph = read_radiograph("hand.png")  # doctest: +SKIP
    >>> radiograph.height, radiograph.width  # doctest: +SKIP
    (512, 406)
    """
    shown = _shown_name(source if name is None else name)
    data = _bytes_of(source, shown)
    if not data:
        raise UnreadableRadiograph(f"{shown} is empty: copy or export it again.")
    if looks_like_dicom(data):
        from fracture_widgets.imaging.dicom import read_dicom  # a second, for those who need it

        decoded = read_dicom(data, shown, max_pixels)
    elif looks_like_raster(data):
        decoded = read_raster(data, shown, max_pixels)
    else:
        raise UnreadableRadiograph(f"{shown} is {_other_kind(data)}: {_READABLE}.")
    return Radiograph(
        pixels=decoded.pixels,
        name=shown,
        sha256=hashlib.sha256(data).hexdigest(),
        source_format=decoded.source_format,
        spacing_mm=decoded.spacing_mm,
        warnings=decoded.warnings,
        colourfulness=decoded.colourfulness,
    )


def _shown_name(source: Any) -> str:
    """Return a base name that can be shown on one line and stored as UTF-8."""
    if isinstance(source, os.PathLike):
        source = os.fspath(source)
    if not isinstance(source, str):
        source = getattr(source, "name", None)  # an open file's; a number for a pipe
    if not isinstance(source, str):
        return _NAMELESS
    base = source.replace("\\", "/").rstrip("/").rpartition("/")[2]
    printable = "".join(
        letter if letter.isprintable() else " " if letter.isspace() else "\N{REPLACEMENT CHARACTER}"
        for letter in base
    ).strip()
    if len(printable) > _LONGEST_NAME:
        end = PurePath(printable).suffix[-10:]
        printable = f"{printable[: _LONGEST_NAME - len(end) - 1]}…{end}"
    return printable or _NAMELESS


def _bytes_of(source: Any, shown: str) -> bytes:
    """Return a file's content, never more than ``MAX_BYTES``."""
    if isinstance(source, bytes | bytearray | memoryview):
        if memoryview(source).nbytes > MAX_BYTES:
            raise _too_long(shown)
        return bytes(source)
    if isinstance(source, str | os.PathLike):
        try:
            return _content(Path(source), shown)
        except OSError as error:
            raise UnreadableRadiograph(_why_not(shown, error)) from error
        except ValueError as error:  # a name that no file system can hold
            raise UnreadableRadiograph(_why_not(shown, FileNotFoundError())) from error
    if not callable(getattr(source, "read", None)):
        raise UnreadableRadiograph(
            f"{type(source).__name__} is no radiograph: give a path, the bytes of a file, or a "
            "file opened in binary mode."
        )
    return _read(source, shown)


def _content(path: Path, shown: str) -> bytes:
    if path.is_dir():
        raise UnreadableRadiograph(f"{shown} is a folder: choose one radiograph file inside it.")
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):  # a pipe would wait for ever, a device never end
        raise UnreadableRadiograph(f"{shown} is no ordinary file: {_READABLE}.")
    if status.st_size > MAX_BYTES:
        raise _too_long(shown)
    with path.open("rb") as file:
        return _read(file, shown)


def _read(file: Any, shown: str) -> bytes:
    try:
        data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # closed, write-only, or text that does not decode
        raise UnreadableRadiograph(_why_not(shown, error)) from error
    if not isinstance(data, bytes | bytearray | memoryview):
        raise UnreadableRadiograph(
            f"{shown} was opened as text: open it in binary mode, or give its path."
        )
    if len(data) > MAX_BYTES:
        raise _too_long(shown)
    return bytes(data)


def _too_long(shown: str) -> UnreadableRadiograph:
    return UnreadableRadiograph(
        f"{shown} is longer than the {MAX_BYTES >> 20} MB that are read: export it smaller."
    )


def _why_not(shown: str, error: Exception) -> str:
    match error:
        case FileNotFoundError() | NotADirectoryError():
            return f"{shown} was not found: check its name and folder."
        case PermissionError():
            return f"{shown} may not be read: ask for permission to its file and folder."
        case _:
            return f"{shown} cannot be read from where it is: copy it to this computer again."


def _other_kind(data: bytes) -> str:
    """Say what a file is that is no radiograph, as far as its first bytes tell."""
    for signature, kind in _OTHER_FILES:
        if data.startswith(signature):
            return kind
    if data[4:8] == b"ftyp":
        return "a HEIC picture or a film"
    return "no picture that is read here"
