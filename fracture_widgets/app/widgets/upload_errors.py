"""What is said about the files of one choice that did not become radiographs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from fracture_widgets.app.limits import UploadLimits

__all__ = ["UploadErrors"]

_WHOLE = 5
"""So many files that cannot be read get a sentence of their own; further ones are counted."""

_NAMED = 3


@dataclass
class _Counted:
    names: list[str] = field(default_factory=list)
    count: int = 0

    def add(self, names: Sequence[str], count: int) -> None:
        self.names += names[: _NAMED - len(self.names)]
        self.count += count

    def listed(self) -> str:
        more = self.count - len(self.names)
        return ", ".join(self.names) + (f" and {more:,} more" if more else "")


class UploadErrors:
    """Sentences about one choice of files, few enough to be read."""

    def __init__(self, limits: UploadLimits) -> None:
        self._limits = limits
        self._whole: list[str] = []
        self._counted: dict[str, _Counted] = {}

    def unreadable(self, name: str, sentence: str) -> None:
        """Note a file that arrived and could not be read, and why."""
        if len(self._whole) < _WHOLE:
            self._whole.append(sentence)
        else:
            self.left_out("further", [name], 1)

    def left_out(self, reason: str, names: Sequence[str], count: int) -> None:
        """Note files that were left out for one reason."""
        if reason in _SENTENCES:
            self._counted.setdefault(reason, _Counted()).add(names, max(count, len(names)))

    @property
    def sentences(self) -> tuple[str, ...]:
        """A sentence for each reason, and for each of the first files that could not be read."""
        counted = (
            _SENTENCES[reason](counted, self._limits) for reason, counted in self._counted.items()
        )
        return (*self._whole, *counted)


def _no_radiographs(files: _Counted, _: UploadLimits) -> str:
    if files.count == 1:
        return (
            f"{files.listed()} is no radiograph and was left out: choose PNG, JPEG, TIFF, BMP, "
            "WebP or DICOM files."
        )
    return f"{files.count:,} files are no radiographs and were left out: {files.listed()}."


def _too_large(files: _Counted, limits: UploadLimits) -> str:
    limit = f"larger than {limits.file_mb} MB, the limit here"
    if files.count == 1:
        return f"{files.listed()} is {limit}: export a smaller copy and choose that."
    return (
        f"{files.count:,} files are {limit}, and were left out: {files.listed()}. Export smaller "
        "copies and choose those."
    )


def _too_many(_files: _Counted, limits: UploadLimits) -> str:
    return (
        f"More than {limits.files:,} radiographs were chosen, the limit here, and none was taken: "
        "choose a smaller folder, or some of the files."
    )


def _whole_disk(_files: _Counted, _limits: UploadLimits) -> str:
    return "Too many files lie there to look through, and none was taken: choose a smaller folder."


def _no_room(files: _Counted, limits: UploadLimits) -> str:
    were = "was" if files.count == 1 else "were"
    return (
        f"The list is full ({limits.held_mb} MB), and {files.listed()} {were} left out: remove "
        "radiographs from the list, then add the rest again."
    )


def _changed(files: _Counted, _: UploadLimits) -> str:
    if files.count == 1:
        return (
            f"{files.listed()} changed or vanished while it was sent, and was left out: check "
            "that it is still there and choose it again."
        )
    return (
        f"{files.count:,} files changed or vanished while they were sent, and were left out: "
        f"{files.listed()}. Check that they are still there and choose them again."
    )


def _nothing_found(_files: _Counted, _limits: UploadLimits) -> str:
    return "No radiograph was found there: choose PNG, JPEG, TIFF, BMP, WebP or DICOM files."


def _further(files: _Counted, _: UploadLimits) -> str:
    those = "file" if files.count == 1 else "files"
    return f"{files.count:,} more {those} could not be read: {files.listed()}."


_SENTENCES: dict[str, Callable[[_Counted, UploadLimits], str]] = {
    "kind": _no_radiographs,
    "size": _too_large,
    "count": _too_many,
    "disk": _whole_disk,
    "full": _no_room,
    "changed": _changed,
    "nothing": _nothing_found,
    "further": _further,
}
