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
where      upload, asked                      ``have`` with how many bytes are here, or the last
                                              answer again, or ``unknown``
end        upload                             nothing: no more of this file will come
left_out   batch, reason, names, count        nothing: files that the page does not send
over       batch                              nothing: all files of the choice are through
========== ================================== ====================================================
"""

from __future__ import annotations

import time
import uuid
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from threading import RLock
from typing import Any

import traitlets

from fracture_widgets.app.state import WorkbenchState
from fracture_widgets.app.widgets.arriving import Arriving, Batch, base_name
from fracture_widgets.app.widgets.background import BackgroundTask
from fracture_widgets.app.widgets.complaints import Complaints
from fracture_widgets.app.widgets.live import LiveWidget, script
from fracture_widgets.imaging.radiograph import Radiograph

__all__ = ["UploadPanel"]

_MOST_ARRIVING = 8
_FORGOTTEN_AFTER = 10 * 60.0
_SHOWN_AFTER = 2.0
_ANSWERS_KEPT = 64


class UploadPanel(LiveWidget):
    """Takes radiographs, and folders and ZIP archives of them, and puts them into the state."""

    _esm = script("upload")

    hint = traitlets.Unicode().tag(sync=True)
    hint_id = traitlets.Unicode().tag(sync=True)
    max_bytes = traitlets.Int().tag(sync=True)
    max_files = traitlets.Int().tag(sync=True)

    def __init__(
        self,
        state: WorkbenchState,
        *,
        executor: Executor | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        limits = state.limits
        super().__init__(
            hint="PNG, JPEG, TIFF, BMP, WebP or DICOM, or a ZIP of them, "
            f"up to {limits.file_mb}\N{NO-BREAK SPACE}MB each",
            hint_id=f"fw-hint-{uuid.uuid4().hex}",
            max_bytes=limits.file_bytes,
            max_files=limits.files,
        )
        self._state = state
        self._clock = clock
        self._complaints = Complaints(limits)
        self._told: tuple[str, ...] = ()
        self._batches: dict[str, Batch] = {}
        self._arriving: dict[str, Arriving] = {}
        self._to_read: deque[str] = deque()
        self._answers: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self._reading = BackgroundTask(executor)
        self._reading.observe(self._read_next, "state")
        self._lock = RLock()  # JupyterLab hands messages over on a thread of their own
        self._handlers: dict[str, Callable[[Mapping[str, Any], bytes | memoryview], None]] = {
            "ready": self._ready,
            "batch": self._batch,
            "begin": self._begin,
            "piece": self._piece,
            "where": self._where,
            "end": self._end,
            "left_out": self._left_out,
            "over": self._over,
        }

    def receive(self, content: Mapping[str, Any], buffers: Sequence[memoryview] = ()) -> None:
        """Take a message from the page, as the head of this module lists them."""
        super().receive(content, buffers)
        handler = self._handlers.get(str(content.get("type")))
        if handler is not None:
            with self._lock:
                handler(content, buffers[0] if buffers else b"")

    def _ready(self, content: Mapping[str, Any], _: object) -> None:
        """Show a page that is opened anew what an old one had sent."""
        for batch in self._batches.values():
            self._show_ready(batch)

    def _batch(self, content: Mapping[str, Any], _: object) -> None:
        self._forget()
        if not self._batches:
            self._complaints = Complaints(self._state.limits)
            self._told = self._state.problems = ()
        self._batches[str(content["batch"])] = Batch(self._clock())

    def _begin(self, content: Mapping[str, Any], piece: bytes | memoryview) -> None:
        self._forget()
        upload, batch = str(content["upload"]), str(content["batch"])
        arriving = Arriving(
            batch,
            base_name(content["name"]),
            int(content["size"]),
            heard=self._clock(),
            last=content.get("more") == 0,
        )
        if upload in self._arriving:  # asked again after the connection was lost
            self._have(upload)
            return
        self._batches.setdefault(batch, Batch(self._clock()))
        if arriving.size > self._state.limits.file_bytes:
            self._note_left_out("size", [arriving.name], 1)
            self._answer(upload, "done", taken=0)
            return
        self._arriving[upload] = arriving
        self._take(upload, piece)

    def _piece(self, content: Mapping[str, Any], piece: bytes | memoryview) -> None:
        upload = str(content["upload"])
        arriving = self._arriving.get(upload)
        if arriving is not None and int(content["at"]) == arriving.received:
            self._take(upload, piece)

    def _where(self, content: Mapping[str, Any], _: object) -> None:
        upload, asked = str(content["upload"]), content.get("asked")
        if upload in self._arriving:
            self._have(upload, asked=asked)
        else:
            self.send(self._answers.get(upload) or {"type": "unknown", "upload": upload})

    def _end(self, content: Mapping[str, Any], _: object) -> None:
        upload = str(content["upload"])
        arriving = self._arriving.get(upload)
        if arriving is None:
            return
        if not arriving.complete:
            del self._arriving[upload]
        elif arriving.several:  # being read, which may take long
            self._reading.stop()
            self._finish(upload, "done", now=True)

    def _left_out(self, content: Mapping[str, Any], _: object) -> None:
        names = [base_name(name) for name in content["names"][:10]]
        self._note_left_out(str(content["reason"]), names, int(content["count"]))

    def _over(self, content: Mapping[str, Any], _: object) -> None:
        batch = self._batches.get(str(content["batch"]))
        if batch is not None:
            batch.over = True
            self._show_ready(batch)
            self._forget()

    def _take(self, upload: str, piece: bytes | memoryview) -> None:
        arriving = self._arriving[upload]
        arriving.take(piece)
        arriving.heard = self._batches[arriving.batch].heard = self._clock()
        self._have(upload)
        if arriving.complete:
            self._to_read.append(upload)
            self._read_next()

    def _have(self, upload: str, **more: Any) -> None:
        received = self._arriving[upload].received
        self.send({"type": "have", "upload": upload, "received": received, **more})

    def _answer(self, upload: str, kind: str, **more: Any) -> None:
        self._answers[upload] = {"type": kind, "upload": upload, **more}
        if len(self._answers) > _ANSWERS_KEPT:
            self._answers.popitem(last=False)
        self.send(self._answers[upload])

    def _read_next(self, _: object = None) -> None:
        with self._lock:
            if not self._to_read or self._reading.running:
                return
            upload = self._to_read.popleft()
            arriving = self._arriving[upload]
            self._reading.start(
                lambda: _to_the_end(arriving.read(self._state.limits)),
                lambda outcome: self._note(upload, arriving, outcome),
            )

    def _note(self, upload: str, arriving: Arriving, outcome: Radiograph | str | None) -> None:
        """Take what a file gives: radiographs, sentences, and None at its end."""
        with self._lock:
            if upload not in self._arriving:  # the list was full before its end
                return
            batch = self._batches.setdefault(arriving.batch, Batch(self._clock(), over=True))
            if outcome is None:
                # A list told of every single radiograph would draw itself anew each time.
                self._finish(upload, "done", now=batch.over or arriving.last)
            elif isinstance(outcome, str):
                self._complaints.unreadable(arriving.name, outcome)
                self._tell()
            elif not self._state.has_room([*self._not_shown(), outcome]):
                rest = f" with the rest of {arriving.name}" if arriving.several else ""
                self._note_left_out("full", [outcome.name + rest], 1)
                self._reading.stop()
                self._finish(upload, "full", now=True)
            else:
                arriving.taken += 1
                batch.ready.append(outcome)
                if self._clock() > batch.shown + _SHOWN_AFTER:
                    self._show_ready(batch)

    def _finish(self, upload: str, kind: str, *, now: bool) -> None:
        arriving = self._arriving.pop(upload)
        if now:
            self._show_ready(self._batches[arriving.batch])
        self._answer(upload, kind, taken=arriving.taken)
        self._forget()

    def _not_shown(self) -> list[Radiograph]:
        return [radiograph for batch in self._batches.values() for radiograph in batch.ready]

    def _show_ready(self, batch: Batch) -> None:
        if batch.ready:
            ready, batch.ready = batch.ready, []
            batch.shown = self._clock()
            self._state.extend(ready, select_first=not batch.begun)
            batch.begun = True

    def _note_left_out(self, reason: str, names: Sequence[str], count: int) -> None:
        self._complaints.left_out(reason, names, count)
        self._tell()

    def _tell(self) -> None:
        told, self._told = self._told, self._complaints.sentences
        self._state.tell_instead(told, self._told)

    def _forget(self) -> None:
        """Let go of choices that are over, and of what pages left behind that are no more."""
        now = self._clock()
        unfinished = sorted(
            (arriving.heard, upload)
            for upload, arriving in self._arriving.items()
            if not arriving.complete
        )
        too_many = len(unfinished) - _MOST_ARRIVING
        for place, (heard, upload) in enumerate(unfinished):
            if place < too_many or now - heard > _FORGOTTEN_AFTER:
                del self._arriving[upload]
        sending = {arriving.batch for arriving in self._arriving.values()}
        for key, batch in list(self._batches.items()):
            if key not in sending and (batch.over or now - batch.heard > _FORGOTTEN_AFTER):
                self._show_ready(batch)
                del self._batches[key]


def _to_the_end(outcomes: Iterator[Radiograph | str]) -> Iterator[Radiograph | str | None]:
    yield from outcomes
    yield None
