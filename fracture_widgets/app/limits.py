"""How much the workbench takes in, and what is said about the files that it does not."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from fracture_widgets.base.language import gettext, marked
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


_OWN_SENTENCES = 5
"""So many files that cannot be read get a sentence of their own; further ones are counted."""

_NAMED = 3

_SENTENCES = {
    "kind": marked("{count:,} files are no radiographs and were left out: {names}."),
    "size": marked(
        "{count:,} files are larger than {file_mb} MB, the limit here, and were left "
        "out: {names}. Export smaller copies and choose those."
    ),
    "count": marked(
        "More than {files:,} radiographs were chosen, the limit here, and none was "
        "taken: choose a smaller folder, or some of the files."
    ),
    "disk": marked(
        "Too many files lie there to look through, and none was taken: choose a smaller folder."
    ),
    "identical": marked("{count:,} files are identical to others, and in the list once: {names}."),
    "full": marked(
        "The list is full ({held_mb} MB), and {names} were left out: remove radiographs from the "
        "list, then add the rest again."
    ),
    "changed": marked(
        "{count:,} files changed or vanished while they were sent, and were left out:"
        " {names}. Check that they are still there and choose them again."
    ),
    "nothing": marked(
        "No radiograph was found there: choose PNG, JPEG, TIFF, BMP, WebP or DICOM files."
    ),
    "further": marked("{count:,} more files could not be read: {names}."),
}
_OF_ONE_FILE = _SENTENCES | {
    "kind": marked(
        "{names} is no radiograph and was left out: choose PNG, JPEG, TIFF, BMP, WebP or DICOM "
        "files."
    ),
    "size": marked(
        "{names} is larger than {file_mb} MB, the limit here: export a smaller copy "
        "and choose that."
    ),
    "identical": marked("{names}: it is in the list once."),
    "full": marked(
        "The list is full ({held_mb} MB), and {names} was left out: remove radiographs from the "
        "list, then add it again."
    ),
    "changed": marked(
        "{names} changed or vanished while it was sent, and was left out: check that "
        "it is still there and choose it again."
    ),
    "further": marked("{count:,} more file could not be read: {names}."),
}


class UploadErrors:
    """Sentences about one choice of files, few enough to be read."""

    def __init__(self, limits: UploadLimits) -> None:
        self._limits = limits
        self._unreadable: list[str] = []
        self._names: dict[str, list[str]] = {}
        self._counts: Counter[str] = Counter()

    def unreadable(self, name: str, sentence: str) -> None:
        """Note a file that arrived and could not be read, and why."""
        if len(self._unreadable) < _OWN_SENTENCES:
            self._unreadable.append(sentence)
        else:
            self.left_out("further", [name], 1)

    def left_out(self, reason: str, names: Sequence[str], count: int) -> None:
        """Note files that were left out for one reason; the page may have made it up."""
        if reason in _SENTENCES:
            known = self._names.setdefault(reason, [])
            known += names[: _NAMED - len(known)]
            self._counts[reason] += max(count, len(names))

    @property
    def sentences(self) -> tuple[str, ...]:
        """A sentence for each reason, and for each of the first files that could not be read."""
        return (*self._unreadable, *map(self._sentence, self._names))

    def _sentence(self, reason: str) -> str:
        names, count = self._names[reason], self._counts[reason]
        more = count - len(names)
        listed = ", ".join(names) + (gettext(" and {more:,} more", more=more) if more else "")
        said = (_OF_ONE_FILE if count == 1 else _SENTENCES)[reason]
        return gettext(said, names=listed, count=count, **vars(self._limits))
