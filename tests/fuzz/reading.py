"""What reading one input gives, and whether that is as it should be."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
from seeds import MARK

from fracture_widgets.errors import UnreadableRadiograph
from fracture_widgets.imaging.archives import ArchiveLimits, looks_like_archive
from fracture_widgets.imaging.radiograph import Radiograph, read_radiograph
from fracture_widgets.imaging.studies import radiographs_in_archive

__all__ = ["NAME", "Wrong", "outcome"]

NAME = "hand.png"
_JARGON = re.compile(r"Error|Exception|Traceback|[<>{}\[\]]|0x|\bNone\b|PIL|pydicom|\n")
_LIMITS = ArchiveLimits(files=50, file_bytes=8 << 20, all_bytes=32 << 20)
_NUMBER = re.compile(r"\d[\d,.]*")
_NAMES = re.compile(rf"^.*? in (?={re.escape(NAME)} )")
_OUT_OF_MEMORY = "not enough memory"


class Wrong(AssertionError):
    """An input was read, or refused, in a way that it must not be."""


def outcome(data: bytes) -> str:
    """Read an input every way there is, and name what came of it.

    Raises
    ------
    Wrong
        If a radiograph is none, or a sentence is none or tells what it must not.
    """
    if looks_like_archive(data):
        return " | ".join(sorted({_found(one) for one in _in_archive(data)}))
    try:
        radiograph = read_radiograph(data, name=NAME)
    except UnreadableRadiograph as error:
        return _refused(error)
    said = [_read(radiograph)]
    if radiograph.frame_count > 1:
        said.append("frame: " + _again(data, radiograph.frame_count - 1, 0))
    if len(radiograph.windows) > 1:
        said.append("window: " + _again(data, 0, len(radiograph.windows) - 1))
    return " | ".join(said)


def _again(data: bytes, frame: int, window: int) -> str:
    try:
        return _read(read_radiograph(data, name=NAME, frame=frame, window=window))
    except UnreadableRadiograph as error:
        return _refused(error)


def _in_archive(data: bytes) -> Iterator[Radiograph | str]:
    for found in radiographs_in_archive(data, NAME, limits=_LIMITS):
        yield found.problem if found.radiograph is None else found.radiograph


def _found(one: Radiograph | str) -> str:
    # A file's own name is told, and in a damaged archive its folder's can become a part of it.
    return _said(one, begins="", names=True) if isinstance(one, str) else _read(one)


def _read(radiograph: Radiograph) -> str:
    pixels = radiograph.pixels
    if pixels.dtype != np.float32 or pixels.ndim != 2 or min(pixels.shape) < 16:
        raise Wrong(f"pixels {pixels.dtype} {pixels.shape}")
    if not (pixels.min() >= 0 and pixels.max() <= 1):  # false for not-a-number too
        raise Wrong(f"pixels from {pixels.min()} to {pixels.max()}")
    for words in (*radiograph.windows, radiograph.name):
        _check_discreet(words)
    notes = [_said(words, begins="") for words in radiograph.warnings]
    return " ".join((f"read {radiograph.source_format}", *notes))


def _refused(error: UnreadableRadiograph) -> str:
    if isinstance(error.__cause__, MemoryError):
        return _OUT_OF_MEMORY
    cause = f" ({type(error.__cause__).__name__})" if error.__cause__ else ""
    return _said(str(error), begins=NAME) + cause


def _said(sentence: str, begins: str, *, names: bool = False) -> str:
    if not (
        sentence.startswith(begins)
        and sentence.endswith(".")
        and len(sentence) < (400 if names else 200)
    ):
        raise Wrong(f"no sentence: {sentence!r}")
    if not sentence.isprintable():
        raise Wrong(f"control characters: {sentence!r}")
    if names:
        return _NUMBER.sub("#", _NAMES.sub("NAME in ", sentence))
    if _JARGON.search(sentence):
        raise Wrong(f"jargon: {sentence!r}")
    _check_discreet(sentence)
    return _NUMBER.sub("#", sentence)


def _check_discreet(words: str) -> None:
    if any(
        MARK[start : start + 5].casefold() in words.casefold() for start in range(len(MARK) - 4)
    ):
        raise Wrong(f"tells of the patient: {words!r}")
