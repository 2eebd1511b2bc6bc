"""Files come from the browser, in pieces, and become radiographs.

What the page and the kernel tell each other. A view of the page makes up the ids of its choices
(``batch``) and of its files (``upload``); what is sent to the page reaches every view of it, and
each passes over the ids that are not its own.

========== ================================== ====================================================
page says  with                               and is answered
========== ================================== ====================================================
batch      batch                              nothing: a new choice of files begins
begin      batch, upload, name, size, how     ``have``; or ``done`` or ``full``, with how many
           many more wait, the first piece    radiographs it gave, once the file is here and read
piece      upload, at, and the piece          the same; a piece that is not the next is passed over
where      upload, query                      ``have`` with how many bytes are here, or the last
                                              answer again, or ``unknown``
end        upload                             nothing: no more of this file will come
left_out   batch, reason, names, count        nothing: files that the page does not send
over       batch                              nothing: all files of the choice are through
========== ================================== ====================================================
"""

from __future__ import annotations

import math
import time
import uuid
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from threading import RLock
from typing import Any

import traitlets

from fracture_widgets.app.limits import UploadErrors, UploadLimits
from fracture_widgets.app.state import WorkbenchState
from fracture_widgets.app.widgets.background import BackgroundTask, sentence
from fracture_widgets.app.widgets.live import LiveWidget, script
from fracture_widgets.base.language import gettext
from fracture_widgets.errors import FractureWidgetsError
from fracture_widgets.imaging.archives import ArchiveLimits, looks_like_archive
from fracture_widgets.imaging.decoders import DECODERS
from fracture_widgets.imaging.files import shown_name
from fracture_widgets.imaging.radiograph import Radiograph, compact, read_radiograph
from fracture_widgets.imaging.studies import radiographs_in_archive
from fracture_widgets.imaging.walk import HIDDEN, SkippedFiles

_MOST_PENDING = 8
_EXPIRES_AFTER = 10 * 60.0
_SHOWN_AFTER = 2.0
_ANSWERS_KEPT = 64
_FILES_PER_RADIOGRAPH = 20  # of an archive, for each radiograph that may be in it, as in a folder
_UNPACKED_PER_HELD = 4  # bytes that an archive may unpack to for each that the list may hold


@dataclass
class Batch:
    """A choice of files: when something of it came last, and what of it is not in the list yet."""

    last_seen: float
    ready: list[Radiograph] = field(default_factory=list)
    shown: float = -math.inf
    begun: bool = False
    over: bool = False


@dataclass
class PendingUpload:
    """A file of which not all pieces are here, or which is not read to its end yet."""

    batch: str
    name: str
    size: int
    last_seen: float
    last: bool = False
    content: bytearray = field(default_factory=bytearray)
    received: int = 0
    taken: int = 0
    several: bool = False

    @property
    def complete(self) -> bool:
        """Whether all bytes are here."""
        return self.received >= self.size

    def take(self, piece: bytes | memoryview) -> None:
        """Add a piece; what goes beyond the size that was announced is not kept."""
        self.content += piece[: self.size - self.received]
        self.received = len(self.content)

    def read(self, limits: UploadLimits) -> Iterator[Radiograph | str | None]:
        """Yield what is in the file, or the sentence that says why nothing is; None at its end."""
        content, self.content = bytes(self.content), bytearray()
        try:
            if looks_like_archive(content):
                yield from self._unpacked(content, limits)
            else:
                yield compact(read_radiograph(content, name=self.name))
        except FractureWidgetsError as error:
            yield str(error)
        except Exception as error:  # noqa: BLE001 - the rest of the batch must go on
            yield gettext("{name} was left out. {error}", name=self.name, error=sentence(error))
        yield None

    def _unpacked(self, content: bytes, limits: UploadLimits) -> Iterator[Radiograph | str]:
        self.several = True
        bounds = ArchiveLimits(
            files=_FILES_PER_RADIOGRAPH * limits.files,
            file_bytes=limits.file_bytes,
            all_bytes=_UNPACKED_PER_HELD * limits.held_bytes,
        )
        skipped = SkippedFiles()
        packed = radiographs_in_archive(content, self.name, limits=bounds, skipped=skipped)
        for found in packed:
            yield found.problem if found.radiograph is None else compact(found.radiograph)
        others = SkippedFiles(entry for entry in skipped if entry[1] != HIDDEN)
        if others:
            yield f"{self.name}: {others}"


class UploadPanel(LiveWidget):
    """Takes radiographs, and folders and ZIP archives of them, and puts them into the state."""

    _esm = script("upload")

    hint = traitlets.Unicode().tag(sync=True)
    hint_id = traitlets.Unicode().tag(sync=True)
    max_bytes = traitlets.Int().tag(sync=True)
    max_files = traitlets.Int().tag(sync=True)
    foldable = traitlets.Bool(False).tag(sync=True)
    folded = traitlets.Bool(False).tag(sync=True)
    """Whether the zone to drop on is folded away; its button takes drops, too."""
    unsaved = traitlets.Bool(False).tag(sync=True)
    """Whether something would be lost with the page, which then asks before it is left."""

    def __init__(
        self,
        state: WorkbenchState,
        *,
        executor: Executor | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        limits = state.limits
        handlers = {
            "ready": self._ready,
            "batch": self._batch,
            "begin": self._begin,
            "piece": self._piece,
            "where": self._where,
            "end": self._end,
            "left_out": self._left_out,
            "over": self._over,
        }
        super().__init__(
            handlers,
            hint=gettext(
                "PNG, JPEG, TIFF, BMP, WebP or DICOM, or a ZIP of them, up to {file_mb} MB each",
                file_mb=limits.file_mb,
            ),
            hint_id=f"fw-hint-{uuid.uuid4().hex}",
            max_bytes=limits.file_bytes,
            max_files=limits.files,
        )
        self._state = state
        self._clock = clock
        self._errors = UploadErrors(limits)
        self._reported: tuple[str, ...] = ()
        self._batches: dict[str, Batch] = {}
        self._pending: dict[str, PendingUpload] = {}
        self._to_read: deque[str] = deque()
        self._answers: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self._reading = BackgroundTask(executor)
        self._reading.on_end(self._read_next)
        self._lock = RLock()  # JupyterLab hands messages over on a thread of their own

    def receive(self, content: Mapping[str, Any], buffers: Sequence[memoryview] = ()) -> None:
        """Take a message from the page, as the head of this module lists them."""
        with self._lock:
            super().receive({**content, "bytes": buffers[0] if buffers else b""}, buffers)

    def _ready(self, _: Mapping[str, Any]) -> None:
        """Show a page that is opened anew what an old one had sent."""
        for batch in self._batches.values():
            self._show_ready(batch)

    def _batch(self, content: Mapping[str, Any]) -> None:
        self._expire()
        if not self._batches:
            self._errors = UploadErrors(self._state.limits)
            self._reported = self._state.problems = ()
            DECODERS.start()  # while the first file comes
        self._batches[str(content["batch"])] = Batch(self._clock())

    def _begin(self, content: Mapping[str, Any]) -> None:
        self._expire()
        upload, batch = str(content["upload"]), str(content["batch"])
        pending = PendingUpload(
            batch,
            shown_name(content["name"]),
            max(0, int(content["size"])),
            last_seen=self._clock(),
            last=content.get("more") == 0,
        )
        if upload in self._pending:  # sent again after the connection was lost
            self._have(upload)
            return
        self._batches.setdefault(batch, Batch(self._clock()))
        if pending.size > self._state.limits.file_bytes:
            self._note_left_out("size", [pending.name], 1)
            self._answer(upload, "done", taken=0)
            return
        waiting = sum(other.size for other in self._pending.values())
        if self._pending and waiting + pending.size > self._state.limits.held_bytes:
            self._note_left_out("full", [pending.name], 1)
            self._answer(upload, "full", taken=0)
            return
        self._pending[upload] = pending
        self._take(upload, content["bytes"])

    def _piece(self, content: Mapping[str, Any]) -> None:
        upload = str(content["upload"])
        pending = self._pending.get(upload)
        if pending is not None and int(content["at"]) == pending.received:
            self._take(upload, content["bytes"])

    def _where(self, content: Mapping[str, Any]) -> None:
        upload = str(content["upload"])
        if upload in self._pending:
            self._have(upload, query=content.get("query"))
        else:
            self.send(self._answers.get(upload) or {"type": "unknown", "upload": upload})

    def _end(self, content: Mapping[str, Any]) -> None:
        upload = str(content["upload"])
        pending = self._pending.get(upload)
        if pending is None:
            return
        if not pending.complete:
            del self._pending[upload]
        elif pending.several:  # being read, which may take long
            self._reading.stop()
            self._finish(upload, "done", now=True)

    def _left_out(self, content: Mapping[str, Any]) -> None:
        names = [shown_name(name) for name in content["names"][:10]]
        self._note_left_out(str(content["reason"]), names, int(content["count"]))

    def _over(self, content: Mapping[str, Any]) -> None:
        batch = self._batches.get(str(content["batch"]))
        if batch is not None:
            batch.over = True
            self._show_ready(batch)
            self._expire()

    def _take(self, upload: str, piece: bytes | memoryview) -> None:
        pending = self._pending[upload]
        pending.take(piece)
        pending.last_seen = self._batches[pending.batch].last_seen = self._clock()
        self._have(upload)
        if pending.complete:
            self._to_read.append(upload)
            self._read_next()

    def _have(self, upload: str, **more: Any) -> None:
        received = self._pending[upload].received
        self.send({"type": "have", "upload": upload, "received": received, **more})

    def _answer(self, upload: str, kind: str, **more: Any) -> None:
        self._answers[upload] = {"type": kind, "upload": upload, **more}
        if len(self._answers) > _ANSWERS_KEPT:
            self._answers.popitem(last=False)
        self.send(self._answers[upload])

    def _read_next(self) -> None:
        with self._lock:
            if not self._to_read or self._reading.running:
                return
            upload = self._to_read.popleft()
            pending = self._pending[upload]
            self._reading.start(
                lambda: pending.read(self._state.limits),
                lambda outcome: self._note(upload, pending, outcome),
            )

    def _note(self, upload: str, pending: PendingUpload, outcome: Radiograph | str | None) -> None:
        """Take what a file gives: radiographs, sentences, and None at its end."""
        with self._lock:
            if upload not in self._pending:  # the list was full before its end
                return
            batch = self._batches.setdefault(pending.batch, Batch(self._clock(), over=True))
            if outcome is None:
                # A list told of every single radiograph would draw itself anew each time.
                self._finish(upload, "done", now=batch.over or pending.last)
            elif isinstance(outcome, str):
                self._errors.unreadable(pending.name, outcome)
                self._report()
            elif not self._state.has_room([*self._not_shown(), outcome]):
                rest = gettext(" with the rest of {name}", name=pending.name)
                name = outcome.name + (rest if pending.several else "")
                self._note_left_out("full", [name], 1)
                self._reading.stop()
                self._finish(upload, "full", now=True)
            else:
                self._note_new(pending, outcome)
                batch.ready.append(outcome)
                if self._clock() > batch.shown + _SHOWN_AFTER:
                    self._show_ready(batch)

    def _note_new(self, pending: PendingUpload, radiograph: Radiograph) -> None:
        """Count a radiograph, or say under which name the same bytes are here already."""
        entry, new = self._state.find(radiograph.sha256), radiograph.name
        names = [x.name for x in self._not_shown() if x.sha256 == radiograph.sha256]
        known = next(iter(names), None) if entry is None else entry.radiograph.name
        if known is None:
            pending.taken += 1
            return
        same = gettext("came before")
        if known != new:
            same = gettext("is identical to {known}", known=known)
        self._note_left_out("identical", [f"{new} {same}"], 1)

    def _finish(self, upload: str, kind: str, *, now: bool) -> None:
        pending = self._pending.pop(upload)
        if now:
            self._show_ready(self._batches[pending.batch])
        self._answer(upload, kind, taken=pending.taken)
        self._expire()

    def _not_shown(self) -> list[Radiograph]:
        return [radiograph for batch in self._batches.values() for radiograph in batch.ready]

    def _show_ready(self, batch: Batch) -> None:
        if batch.ready:
            ready, batch.ready = batch.ready, []
            batch.shown = self._clock()
            self._state.extend(ready, select_first=not batch.begun)
            batch.begun = True

    def _note_left_out(self, reason: str, names: Sequence[str], count: int) -> None:
        self._errors.left_out(reason, names, count)
        self._report()

    def _report(self) -> None:
        before, self._reported = self._reported, self._errors.sentences
        self._state.replace_problems(before, self._reported)

    def _expire(self) -> None:
        """Let go of choices that are over, and of what pages left behind that are no more."""
        now = self._clock()
        unfinished = sorted(
            (pending.last_seen, upload)
            for upload, pending in self._pending.items()
            if not pending.complete
        )
        too_many = len(unfinished) - _MOST_PENDING
        for place, (last_seen, upload) in enumerate(unfinished):
            if place < too_many or now - last_seen > _EXPIRES_AFTER:
                del self._pending[upload]
        sending = {pending.batch for pending in self._pending.values()}
        for key, batch in list(self._batches.items()):
            if key not in sending and (batch.over or now - batch.last_seen > _EXPIRES_AFTER):
                self._show_ready(batch)
                del self._batches[key]
