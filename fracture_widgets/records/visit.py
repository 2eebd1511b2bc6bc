"""A visit on disk: what a visitor brought, what was answered and drawn, for a bounded time.

A folder with a few files for each radiograph: its picture, which is written once, what was
answered, how it was looked at and read, written anew whenever that changes. Each is written whole,
so that several pages of one visitor may write: of every file, what was written last is there. There
are greys, answers and the names of files in them, no patient's tag, no path and no pickle.
"""

from __future__ import annotations

import json
import math
import os
import re
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NamedTuple, get_type_hints

import numpy as np

from fracture_widgets.base.cache import Arrays, pack_arrays, read_arrays
from fracture_widgets.base.files import private_folder, write_whole
from fracture_widgets.base.values import from_plain, to_plain
from fracture_widgets.errors import VisitError
from fracture_widgets.imaging.radiograph import DicomSource, Radiograph
from fracture_widgets.imaging.stored_values import PackedPixels, ValueScale
from fracture_widgets.models.report import Answer, Report

Version = tuple[int, int, int]
"""Tells one writing of a file from every other one."""

LOOK, READING = "look.json", "reading.json"
"""What is noted of a radiograph: how it is looked at, and what its reader says."""

_PICTURE, _WORDS, _ANSWER = "picture.npz", "about.json", "answer.npz"
_KINDS = (_WORDS, _PICTURE, _ANSWER, LOOK, READING)
_NAME = re.compile(rf"([0-9a-f]{{64}})\.({'|'.join(map(re.escape, _KINDS))})")
_SETTINGS = "visit.json"
_ABOUT = "about"
_ABANDONED = 60.0  # seconds after which what is unfinished is of a page that was ended

_TYPES: dict[str, Any] = {
    name: kind
    for name, kind in get_type_hints(Radiograph).items()
    if name[0] != "_" and name not in {"pixels", "file", "study"}
} | {"scale": ValueScale | None}
"""The plain words about a radiograph."""


class Versions(NamedTuple):
    """Which writing of its files a radiograph of a visit has; None where it has no such file."""

    picture: Version
    answer: Version | None = None
    look: Version | None = None
    reading: Version | None = None


@dataclass(frozen=True, eq=False)
class Answered:
    """What became of a radiograph: a report, or the sentence that says why there is none."""

    report: Report | None = None
    problem: str = ""


class VisitStore:
    """The visit of one visitor, in a folder that its owner alone can open.

    Whatever cannot be written or read raises :class:`~fracture_widgets.errors.VisitError` with a
    sentence.

    Parameters
    ----------
    folder
        Where it is kept; made when first needed.
    max_bytes
        How much of it is kept at most.
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self.folder = folder
        self.max_bytes = max_bytes
        self._studies: dict[str, str] = {}

    def state(self) -> int:
        """Return a number that changes with whatever is kept, a little while after it has."""
        try:
            return self.folder.stat().st_mtime_ns
        except OSError:
            return 0

    def versions(self) -> dict[str, Versions]:
        """Return what is kept, by the digest of each radiograph."""
        found: dict[str, dict[str, Version]] = {}
        for name, status in self._files():
            if named := _NAME.fullmatch(name):
                found.setdefault(named[1], {})[named[2]] = _version(status)
        return {
            sha256: Versions(kept[_WORDS], *map(kept.get, (_ANSWER, LOOK, READING)))
            for sha256, kept in found.items()
            if _WORDS in kept
        }

    def _files(self) -> Iterator[tuple[str, os.stat_result]]:
        """Yield the name of each file that is kept, and what the system knows of it."""
        with suppress(FileNotFoundError), os.scandir(self.folder) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):  # removed by another page
                    yield entry.name, entry.stat()

    def in_order(self, sha256s: Iterable[str]) -> list[str]:
        """Return radiographs in the order of their places; of no place, what cannot be read."""

        def place(sha256: str) -> float:
            try:
                return int(self._read_json(self._path(sha256, _WORDS))["place"])
            except (VisitError, KeyError, TypeError, ValueError):
                return math.inf

        return sorted(sha256s, key=place)

    def add(self, radiograph: Radiograph, place: int) -> Version:
        """Keep a radiograph; those of a lesser place stand before it."""
        held, file = radiograph.held, radiograph.file
        arrays: dict[str, Any] = (
            {"codes": held.codes, "greys": held.greys}
            if isinstance(held, PackedPixels)
            else {"pixels": held}
        )
        about = {name: to_plain(getattr(radiograph, name)) for name in _TYPES}
        about |= {"place": place, "study": self._study_to_keep(radiograph.study)}
        if file is not None:
            about["file"] = [file.name, file.file_sha256, file.max_pixels]
            source = self._source(file.file_sha256)
            if not source.exists():
                self._write_arrays(source, {"content": np.frombuffer(file.content, np.uint8)})
        self._write_arrays(self._path(radiograph.sha256, _PICTURE), arrays)
        # The last: whoever finds it finds the picture too.
        words = json.dumps(about).encode()
        return self._write(self._path(radiograph.sha256, _WORDS), words)

    def radiograph(self, sha256: str) -> tuple[int, Radiograph]:
        """Return a radiograph and its place."""
        about = self._read_json(self._path(sha256, _WORDS))
        arrays, _ = self._read_arrays(self._path(sha256, _PICTURE))
        try:
            place, study = int(about.pop("place")), self._known_study(str(about.pop("study")))
            source = about.pop("file", None)
            file = None if source is None else self._file(study, *source)
            known = {name: from_plain(_TYPES[name], value) for name, value in about.items()}
            scale = known.pop("scale", None)
            if known["sha256"] != sha256:
                raise ValueError("its name is another's")
            pixels: Any = (
                PackedPixels(arrays["codes"], arrays["greys"], scale)
                if "codes" in arrays
                else arrays["pixels"]
            )
            return place, Radiograph(pixels=pixels, file=file, study=study, **known)
        except (ValueError, TypeError, KeyError) as error:
            raise _damaged(error) from error

    def answer(self, sha256: str, answered: Answered) -> Version:
        """Keep what became of a radiograph."""
        report = answered.report
        about: dict[str, Any] = {"problem": answered.problem}
        arrays: dict[str, Any] = {}
        if report is not None:
            about |= {
                "answer": to_plain(report.answer),
                "model": report.model,
                "timings": to_plain(report.timings),
            }
            arrays["heatmap"] = report.heatmap
            if report.fracture_map is not None:
                arrays["fracture_map"] = report.fracture_map
        return self._write_arrays(self._path(sha256, _ANSWER), arrays, about)

    def answered(self, radiograph: Radiograph) -> Answered:
        """Return what became of a radiograph."""
        arrays, about = self._read_arrays(self._path(radiograph.sha256, _ANSWER))
        try:
            if "answer" not in about:
                return Answered(problem=str(about["problem"]))
            report = Report(
                radiograph=radiograph,
                answer=from_plain(Answer, about["answer"]),
                heatmap=arrays["heatmap"],
                fracture_map=arrays.get("fracture_map"),
                model=str(about["model"]),
                timings={str(step): float(took) for step, took in about["timings"].items()},
            )
            return Answered(report, str(about["problem"]))
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            raise _damaged(error) from error

    def note(self, sha256: str, kind: str, content: Mapping[str, Any]) -> Version:
        """Keep plain words of a kind about a radiograph."""
        return self._write(self._path(sha256, kind), json.dumps(content).encode())

    def noted(self, sha256: str, kind: str) -> dict[str, Any]:
        """Return what was noted of that kind."""
        return self._read_json(self._path(sha256, kind))

    def set(self, settings: Mapping[str, Any]) -> None:
        """Keep what was chosen on the page."""
        self._write(self.folder / _SETTINGS, json.dumps(settings).encode())

    def settings(self) -> dict[str, Any]:
        """Return what was chosen on the page; nothing where that is not known."""
        try:
            return self._read_json(self.folder / _SETTINGS)
        except VisitError:
            return {}

    def remove(self, sha256: str) -> None:
        """Remove a radiograph and all that belongs to it; one that is not there is passed over."""
        try:
            source = self._read_json(self._path(sha256, _WORDS)).get("file")
        except VisitError:
            source = None
        try:
            for kind in _KINDS:
                self._path(sha256, kind).unlink(missing_ok=True)
            for unfinished in self.folder.glob(f".{sha256}.*"):
                with suppress(FileNotFoundError):
                    if time.time() - unfinished.stat().st_mtime > _ABANDONED:
                        unfinished.unlink()
            if source is not None and not self._shows(source[1]):
                self._source(source[1]).unlink(missing_ok=True)
        except OSError as error:
            raise _unkept(error.strerror or error) from error

    def _shows(self, file_sha256: str) -> bool:
        """Say whether a picture is left of a file that has several."""
        for sha256 in self.versions():
            with suppress(VisitError):
                about = self._read_json(self._path(sha256, _WORDS))
                if about.get("file", ["", ""])[1] == file_sha256:
                    return True
        return False

    def _path(self, sha256: str, kind: str) -> Path:
        path = self.folder / f"{sha256}.{kind}"
        if not _NAME.fullmatch(path.name):
            raise ValueError(f"No radiograph has this digest. Received: {sha256}")
        return path

    def _source(self, file_sha256: str) -> Path:
        return self.folder / f"source-{int(file_sha256, 16):064x}.npz"

    def _file(self, study: str, name: str, file_sha256: str, max_pixels: int) -> DicomSource | None:
        """Return what shows the other pictures of a file; None where that is lost."""
        with suppress(VisitError):
            content = self._read_arrays(self._source(file_sha256))[0].get("content")
            if content is not None:
                return DicomSource(
                    str(name), content.tobytes(), str(file_sha256), int(max_pixels), study
                )
        return None

    def _study_to_keep(self, study: str) -> str:
        """Return what stands for a study in this visit, and tells nothing of it."""
        if study and study not in self._studies:
            self._studies[study] = secrets.token_hex(16)
        return self._studies.get(study, "")

    def _known_study(self, kept: str) -> str:
        """Return what stands for a study that was kept, in this process."""
        known = (study for study, named in self._studies.items() if named == kept)
        study = next(known, kept)
        if kept:
            self._studies[study] = kept
        return study

    def _write_arrays(
        self, path: Path, arrays: Arrays, about: Mapping[str, Any] | None = None
    ) -> Version:
        words = np.frombuffer(json.dumps(about).encode(), np.uint8)
        content = {_ABOUT: words, **arrays}
        self._make_sure_of_room(sum(array.nbytes for array in content.values()), path)
        return self._write(path, lambda stream: pack_arrays(stream, content))

    def _write(self, path: Path, content: Any) -> Version:
        version: list[Version] = []

        def fill(stream: IO[bytes]) -> None:
            if callable(content):
                content(stream)
            else:
                stream.write(content)
            stream.flush()
            if os.name == "posix":
                os.fchmod(stream.fileno(), 0o600)
            version.append(_version(os.fstat(stream.fileno())))

        try:
            private_folder(self.folder)
            write_whole(path, fill)
        except OSError as error:
            raise _unkept(error.strerror or error) from error
        return version[0]

    def _make_sure_of_room(self, size: int, path: Path) -> None:
        """Refuse what is beyond the bytes that are kept of one visit."""
        kept = sum(status.st_size for name, status in self._files() if name != path.name)
        if kept + size > self.max_bytes:
            raise _unkept(f"of one visit, {self.max_bytes >> 20:,} MB are kept")

    def _read_arrays(self, path: Path) -> tuple[Arrays, dict[str, Any]]:
        try:
            arrays = read_arrays(path)
            about = json.loads(arrays.pop(_ABOUT).tobytes())
        except (OSError, ValueError, KeyError) as error:
            raise _damaged(error) from error
        return arrays, about or {}

    def _read_json(self, path: Path) -> dict[str, Any]:
        try:
            content = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise _damaged(error) from error
        if not isinstance(content, dict):
            raise _damaged(f"{path.name} holds {type(content).__name__}")
        return content


def _version(status: os.stat_result) -> Version:
    return status.st_ino, status.st_mtime_ns, status.st_size


def _damaged(why: object) -> VisitError:
    return VisitError(f"A radiograph of the visit cannot be read and is left out ({why}).")


def _unkept(why: object) -> VisitError:
    return VisitError(
        f"From here on nothing of this visit is kept ({why}): save what you need before you close "
        "or reload this page."
    )
