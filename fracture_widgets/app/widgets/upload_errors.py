"""What is said about the files of one choice that did not become radiographs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from fracture_widgets.app.limits import UploadLimits
from fracture_widgets.base.language import gettext, marked

_OWN_SENTENCES = 5
"""So many files that cannot be read get a sentence of their own; further ones are counted."""

_NAMED = 3

_SENTENCES = {
    "kind": marked("{count:,} files are no radiographs and were left out: {names}."),
    "size": (
        marked(
            "{count:,} files are larger than {file_mb} MB, the limit here, and were left "
            "out: {names}. Export smaller copies and choose those."
        )
    ),
    "count": (
        marked(
            "More than {files:,} radiographs were chosen, the limit here, and none was "
            "taken: choose a smaller folder, or some of the files."
        )
    ),
    "disk": (
        marked(
            "Too many files lie there to look through, and none was taken: choose a smaller folder."
        )
    ),
    "identical": marked("{count:,} files are identical to others, and in the list once: {names}."),
    "full": marked(
        "The list is full ({held_mb} MB), and {names} were left out: remove radiographs from the "
        "list, then add the rest again."
    ),
    "changed": (
        marked(
            "{count:,} files changed or vanished while they were sent, and were left out:"
            " {names}. Check that they are still there and choose them again."
        )
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
    "size": (
        marked(
            "{names} is larger than {file_mb} MB, the limit here: export a smaller copy "
            "and choose that."
        )
    ),
    "identical": marked("{names}: it is in the list once."),
    "full": marked(
        "The list is full ({held_mb} MB), and {names} was left out: remove radiographs from the "
        "list, then add it again."
    ),
    "changed": (
        marked(
            "{names} changed or vanished while it was sent, and was left out: check that "
            "it is still there and choose it again."
        )
    ),
    "further": marked("{count:,} more file could not be read: {names}."),
}


@dataclass
class _Files:
    names: list[str] = field(default_factory=list)
    count: int = 0

    def listed(self) -> str:
        more = self.count - len(self.names)
        return ", ".join(self.names) + (gettext(" and {more:,} more", more=more) if more else "")


class UploadErrors:
    """Sentences about one choice of files, few enough to be read."""

    def __init__(self, limits: UploadLimits) -> None:
        self._limits = limits
        self._unreadable: list[str] = []
        self._left_out: dict[str, _Files] = {}

    def unreadable(self, name: str, sentence: str) -> None:
        """Note a file that arrived and could not be read, and why."""
        if len(self._unreadable) < _OWN_SENTENCES:
            self._unreadable.append(sentence)
        else:
            self.left_out("further", [name], 1)

    def left_out(self, reason: str, names: Sequence[str], count: int) -> None:
        """Note files that were left out for one reason; the page may have made it up."""
        if reason in _SENTENCES:
            files = self._left_out.setdefault(reason, _Files())
            files.names += names[: _NAMED - len(files.names)]
            files.count += max(count, len(names))

    @property
    def sentences(self) -> tuple[str, ...]:
        """A sentence for each reason, and for each of the first files that could not be read."""
        return (*self._unreadable, *map(self._sentence, self._left_out))

    def _sentence(self, reason: str) -> str:
        files = self._left_out[reason]
        templates = _OF_ONE_FILE if files.count == 1 else _SENTENCES
        return gettext(
            templates[reason], names=files.listed(), count=files.count, **vars(self._limits)
        )
