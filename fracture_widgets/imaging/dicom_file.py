"""A DICOM file that has been opened, and the radiographs that it can show."""

from __future__ import annotations

import hashlib

from fracture_widgets.imaging.dicom import DicomPictures
from fracture_widgets.imaging.radiograph import Radiograph

__all__ = ["DicomFile"]


class DicomFile:
    """The frames of a DICOM file, each through any of its windows, as radiographs."""

    def __init__(self, data: bytes, name: str, max_pixels: int) -> None:
        self._pictures = DicomPictures(data, name, max_pixels)
        self._name = name
        self._sha256 = hashlib.sha256(data).hexdigest()

    @property
    def nbytes(self) -> int:
        """Bytes of memory that it keeps."""
        return self._pictures.nbytes

    def sha256(self, frame: int = 0, window: int = 0) -> str:
        """Return the identity of one of its radiographs; the first has that of the file."""
        if (frame, window) == (0, 0):
            return self._sha256
        named = f"{self._sha256} frame {frame} window {window}"
        return hashlib.sha256(named.encode()).hexdigest()

    def radiograph(self, frame: int = 0, window: int = 0) -> Radiograph:
        """Decode one of its radiographs."""
        decoded = self._pictures.decode(frame, window)
        windows = self._pictures.windows(frame)
        several = self._pictures.frame_count > 1 or len(windows) > 1
        return Radiograph(
            pixels=decoded.pixels,
            name=self._named(frame, window),
            sha256=self.sha256(frame, window),
            source_format=decoded.source_format,
            spacing_mm=decoded.spacing_mm,
            warnings=decoded.warnings,
            frame=frame,
            frame_count=self._pictures.frame_count,
            window=window,
            windows=windows,
            study=self._pictures.study,
            file=self if several else None,
        )

    def _named(self, frame: int, window: int) -> str:
        numbers = (("frame", frame), ("window", window))
        return self._name + "".join(f", {what} {one + 1}" for what, one in numbers if one)
