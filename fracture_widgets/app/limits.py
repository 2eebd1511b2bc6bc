"""How much the workbench takes in."""

from __future__ import annotations

import os
from dataclasses import dataclass

from fracture_widgets.base.language import gettext
from fracture_widgets.errors import FractureWidgetsError
from fracture_widgets.imaging.decoding import MAX_BYTES

MAX_MB_VARIABLE = "FRACTURE_WIDGETS_MAX_MB"
"""Environment variable with the largest file in megabytes; the pages' kernels inherit it."""

_MEGABYTE = 1 << 20
MOST_MB = MAX_BYTES // _MEGABYTE
"""The highest limit of a file in megabytes: no larger one is read."""


@dataclass(frozen=True)
class UploadLimits:
    """What an upload may bring.

    Attributes
    ----------
    file_mb
        Largest file in megabytes of 2**20 bytes, 1 to 512; radiographs in DICOM have 8 to 30.
    files
        Most radiographs in one choice or drop, at least 1.
    held_mb
        Most memory for the radiographs in the list together, in megabytes, at least 1.

    Raises
    ------
    FractureWidgetsError
        If a limit is out of its range.

    Examples
    --------
    >>> from fracture_widgets import UploadLimits
    >>> UploadLimits(file_mb=30).files
    1000
    """

    file_mb: int = 64
    files: int = 1000
    held_mb: int = 800

    def __post_init__(self) -> None:
        if not 1 <= self.file_mb <= MOST_MB:
            raise FractureWidgetsError(
                gettext(
                    "The largest file cannot be {file_mb} MB: choose from 1 to {value} MB.",
                    file_mb=self.file_mb,
                    value=MOST_MB,
                )
            )
        for what, value in (
            (gettext("number of files"), self.files),
            (gettext("memory in MB"), self.held_mb),
        ):
            if value < 1:
                raise FractureWidgetsError(
                    gettext(
                        "The {what} taken in cannot be limited to {value}: choose 1 or more.",
                        what=what,
                        value=value,
                    )
                )

    @property
    def file_bytes(self) -> int:
        """Largest file in bytes."""
        return self.file_mb * _MEGABYTE

    @property
    def held_bytes(self) -> int:
        """Most memory for the radiographs together, in bytes."""
        return self.held_mb * _MEGABYTE

    @classmethod
    def from_environment(cls) -> UploadLimits:
        """Return the limits that ``FRACTURE_WIDGETS_MAX_MB`` sets, and the usual ones else.

        Raises
        ------
        FractureWidgetsError
            If the variable holds no whole number in range.
        """
        text = os.environ.get(MAX_MB_VARIABLE, "").strip()
        if not text:
            return cls()
        if not (text.isascii() and text.isdecimal()):
            raise FractureWidgetsError(
                gettext(
                    "{value} is {text!r} and no whole number: set it to the largest file in "
                    "megabytes, from 1 to {value_}.",
                    value=MAX_MB_VARIABLE,
                    text=text,
                    value_=MOST_MB,
                )
            )
        return cls(file_mb=int(text))
