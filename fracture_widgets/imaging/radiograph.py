"""A radiograph, and how it is read from a file."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
from PIL import Image

from fracture_widgets.errors import UnreadableRadiograph
from fracture_widgets.imaging.boxes import Box
from fracture_widgets.imaging.decoders import DECODERS
from fracture_widgets.imaging.decoding import shares
from fracture_widgets.imaging.files import bytes_of, shown_name, study_key
from fracture_widgets.imaging.stored_values import HeldPixels, PackedPixels, eight_bit, packed
from fracture_widgets.imaging.worker import Request

MAX_PIXELS = 100_000_000
"""Pictures of more pixels are refused; a large radiograph has some 20 million."""

MAX_SECONDS = 60.0
"""A file that takes longer is given up; the largest that is read takes 3 on a quiet machine."""


@dataclass(frozen=True, eq=False, repr=False)
class DicomSource:
    """What is kept of a DICOM file to show its other pictures, and nothing of the patient."""

    name: str
    content: bytes
    file_sha256: str
    max_pixels: int
    study: str

    def sha256(self, frame: int = 0, window: int = 0) -> str:
        """Return the identity of one of its pictures; the first has that of the file."""
        if (frame, window) == (0, 0):
            return self.file_sha256
        named = f"{self.file_sha256} frame {frame} window {window}"
        return hashlib.sha256(named.encode()).hexdigest()

    def picture(self, frame: int, window: int) -> Radiograph:
        """Decode one of its pictures."""
        request = Request(self.name, self.max_pixels, MAX_SECONDS, frame, window, stripped=True)
        return _decoded(request, self.content, self)


@dataclass(frozen=True, eq=False)
class Radiograph(HeldPixels):
    """A radiograph's grey picture, with what is known about it and nothing about the patient.

    Attributes
    ----------
    pixels
        float32 of shape ``(height, width)`` in 0 to 1, bone bright; read-only.
    name
        The file's base name, for people; never a path.
    sha256
        Hex digest of the bytes that it was read from; where they hold several pictures, another
        frame or window than the first has one of its own.
    source_format
        ``"PNG"``, ``"JPEG"``, ``"TIFF"``, ``"BMP"``, ``"WebP"``, ``"DICOM"``, ``"drawn"`` or
        ``"array"``.
    spacing_mm
        Distance between the centres of neighbouring rows and columns in millimetres, if the file
        tells.
    spacing_at_detector
        Whether that is the distance at the detector, where a limb's shadow is larger than the limb.
    missing
        Share of the picture that the file lacks because it was cut short; 0 for a whole file.
    warnings
        Sentences about what whoever looks at the picture should know.
    frame, frame_count
        Number of the frame shown, from 0, and how many a DICOM file holds.
    window, windows
        Number of the window or look-up table that a DICOM file is shown through, from 0, and the
        titles of those that it has.
    study
        Stands for the study it belongs to, in this process alone; empty where that is not known.
        It is neither shown nor stored.
    file
        Shows the other frames and windows, where there are any; see :meth:`shown_as`.
    colourfulness
        How colourful the file was before it became grey, beyond a tint; see
        :func:`~fracture_widgets.imaging.raster.colourfulness`. 0 for grey files.

    Raises
    ------
    ValueError
        If ``pixels`` is not a two-dimensional array with at least one pixel.

    Examples
    --------
    >>> import numpy as np
    >>> from fracture_widgets import Radiograph
    >>> Radiograph(np.zeros((300, 200)), "mine.png", "0" * 64, "PNG").width
    200
    """

    pixels: npt.NDArray[np.float32] = field(repr=False)
    name: str
    sha256: str
    source_format: str
    spacing_mm: tuple[float, float] | None = None
    warnings: tuple[str, ...] = ()
    frame: int = 0
    frame_count: int = 1
    window: int = 0
    windows: tuple[str, ...] = ()
    study: str = field(default="", repr=False)
    file: DicomSource | None = field(default=None, repr=False)
    colourfulness: float = 0.0
    spacing_at_detector: bool = False
    missing: float = 0.0

    def __post_init__(self) -> None:
        if isinstance(self._held, PackedPixels):
            return
        if self.pixels.ndim != 2 or self.pixels.size == 0:
            raise ValueError(
                "A radiograph's pixels have the shape (height, width). "
                f"Received: {self.pixels.shape}"
            )
        # A view of its own, so that an array the caller goes on using stays writable.
        pixels = np.ascontiguousarray(self.pixels, dtype=np.float32).view()
        pixels.setflags(write=False)
        object.__setattr__(self, "pixels", pixels)

    def crop(self, box: Box) -> Radiograph:
        """Return the part inside a box, cut to whole pixels, at least one; no view of a study.

        Parameters
        ----------
        box
            In fractions of this radiograph; what reaches beyond it is left out.

        Raises
        ------
        ValueError
            If the box lies wholly beside the radiograph.
        """
        left, top, right, bottom = box.in_pixels(self.width, self.height)
        rows, columns, held = slice(top, bottom), slice(left, right), self.held
        part = held.part(rows, columns) if isinstance(held, PackedPixels) else held[rows, columns]
        return self.replaced(pixels=part, study="", file=None)

    def inverted(self) -> Radiograph:
        """Return it with black and white exchanged: a radiograph of its own, of no study.

        For files whose bones are dark. A note on it is among the ``warnings``, its name tells it
        from the first, and its ``sha256`` is another.
        """
        held = self.held
        return self.replaced(
            pixels=held.inverted() if isinstance(held, PackedPixels) else np.float32(1) - held,
            name=f"{self.name}, black and white exchanged",
            sha256=hashlib.sha256(f"{self.sha256} inverted".encode()).hexdigest(),
            warnings=(*self.warnings, "Black and white were exchanged after it was read."),
            study="",
            file=None,
        )

    def as_grey(self) -> Radiograph:
        """Return it to be taken as grey, whatever colours its file had: a radiograph of its own.

        For radiographs that were photographed or saved with a tint. A note on it is among the
        ``warnings``, its name tells it from the first, and its ``sha256`` is another.
        """
        return self.replaced(
            name=f"{self.name}, as grey",
            sha256=hashlib.sha256(f"{self.sha256} as grey".encode()).hexdigest(),
            warnings=(*self.warnings, "Its colours were left out on request."),
            colourfulness=0.0,
            study="",
            file=None,
        )

    def replaced(self, **changes: Any) -> Radiograph:
        """Return it with some fields changed; its pixels stay as they lie in memory."""
        known = {
            each.name: getattr(self, each.name) for each in fields(self) if each.name != "pixels"
        }
        return Radiograph(**known | {"pixels": self.held} | changes)

    def shown_as(self, *, frame: int = 0, window: int = 0) -> Radiograph:
        """Return another frame of the same file, or the same one through another window.

        It is a radiograph of its own, with a name and a ``sha256`` of its own: an answer belongs
        to exactly the pixels examined.

        Parameters
        ----------
        frame, window
            Numbers from 0, less than ``frame_count`` and the number of ``windows``.

        Raises
        ------
        UnreadableRadiograph
            If there is no such frame or window, the frame is damaged, or it takes too long.
        """
        if (frame, window) == (self.frame, self.window):
            return self
        if self.file is None:
            raise UnreadableRadiograph(
                f"{self.name} has no other frame or window: look at it as it is."
            )
        return self.file.picture(frame, window)

    def to_uint8(self) -> npt.NDArray[np.uint8]:
        """Return the greys as whole numbers from 0 to 255, shape ``(height, width)``."""
        held = self.held
        return held.to_uint8() if isinstance(held, PackedPixels) else eight_bit(held)

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


def compact(radiograph: Radiograph) -> Radiograph:
    """Return the same radiograph in a half or a quarter of the memory; nothing is lost."""
    held = radiograph.held
    if isinstance(held, PackedPixels):
        return radiograph
    return radiograph.replaced(pixels=packed(held) or held)


def held_bytes(radiographs: Iterable[Radiograph]) -> int:
    """Return the bytes of memory that radiographs take while nobody looks at them."""
    held = list(radiographs)
    files = {id(each.file): len(each.file.content) for each in held if each.file is not None}
    return sum(each.nbytes for each in held) + sum(files.values())


RadiographLike = Radiograph | str | os.PathLike[str] | bytes | BinaryIO | npt.NDArray[Any]
"""A radiograph, what :func:`read_radiograph` reads, or greys of shape ``(height, width)``."""


def as_radiograph(given: RadiographLike) -> Radiograph:
    """Return a radiograph as it is, read from its file, or made of an array of greys.

    Floating greys lie in 0 to 1, and whole ones from 0 to the most that their type holds.
    """
    if isinstance(given, Radiograph):
        return given
    if not isinstance(given, np.ndarray):
        return read_radiograph(given)
    greys, kind = np.asarray(given), np.asarray(given).dtype.kind
    if greys.ndim != 2 or not greys.size or kind not in "uif":
        raise UnreadableRadiograph(
            "An array that is a radiograph holds greys of the shape (height, width). "
            f"Received: {greys.dtype} of the shape {greys.shape}"
        )
    most = 1.0 if kind == "f" else float(np.iinfo(greys.dtype).max)
    if not (np.isfinite(greys).all() and greys.min() >= 0 and greys.max() <= most):
        raise UnreadableRadiograph(
            f"Greys of the type {greys.dtype} lie between 0 and {most:g}. "
            f"Received: {greys.min()} to {greys.max()}"
        )
    digest = hashlib.sha256(f"{greys.dtype}{greys.shape}".encode() + greys.tobytes()).hexdigest()
    return Radiograph((greys / most).astype(np.float32), "array", digest, "array")


def read_radiograph(
    source: str | os.PathLike[str] | bytes | BinaryIO,
    *,
    name: str | None = None,
    max_pixels: int = MAX_PIXELS,
    max_seconds: float = MAX_SECONDS,
    frame: int = 0,
    window: int = 0,
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
    max_seconds
        The process that decodes a file is killed if it takes longer.
    frame
        Which picture of a DICOM file that holds several, from 0.
    window
        Which of a DICOM file's windows, from 0; its look-up tables come before its windows, as
        the standard has it. The radiograph's ``windows`` names them all.

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
    DecoderError
        If the process that decodes files cannot be started.

    Examples
    --------
    >>> from pathlib import Path
    >>> from fracture_widgets import draw_phantom, read_radiograph
    >>> drawn = draw_phantom("hand", fractured=False, seed=1).radiograph
    >>> _ = Path("hand.png").write_bytes(drawn.to_png())
    >>> radiograph = read_radiograph("hand.png")
    >>> radiograph.name, radiograph.source_format, radiograph.width == drawn.width
    ('hand.png', 'PNG', True)
    """
    shown = shown_name(source if name is None else name)
    data = bytes_of(source, shown)
    if not data:
        raise UnreadableRadiograph(f"{shown} is empty: copy or export it again.")
    request = Request(shown, max_pixels, max_seconds, frame, window)
    return _decoded(request, data)


def _decoded(request: Request, data: bytes, source: DicomSource | None = None) -> Radiograph:
    """Have a picture decoded, of a file or of what was kept of it when it was first read."""
    found = dict(vars(DECODERS.decode(request, data)))
    held, kept, uid = (found.pop(each) for each in ("pixels", "kept", "study"))
    name, frame, window = request.name, request.frame, request.window
    known = source or DicomSource(
        name, kept, hashlib.sha256(data).hexdigest(), request.max_pixels, study_key(uid)
    )
    pixels: Any = held if isinstance(held, PackedPixels) else shares(held)
    numbers = (("frame", frame), ("window", window))
    return Radiograph(
        pixels=pixels,
        name=name + "".join(f", {what} {number + 1}" for what, number in numbers if number),
        sha256=known.sha256(frame, window),
        frame=frame,
        window=window,
        study=known.study,
        file=known if known.content else None,
        **found,
    )
