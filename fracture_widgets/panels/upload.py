"""Files come from the browser, in pieces, and become radiographs."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

import traitlets

from fracture_widgets.errors import FractureWidgetsError
from fracture_widgets.imaging.radiograph import read_radiograph
from fracture_widgets.panels.background import sentence
from fracture_widgets.panels.live import LiveWidget, script
from fracture_widgets.panels.state import WorkbenchState

__all__ = ["MAX_FILE_BYTES", "UploadPanel"]

MAX_FILE_BYTES = 64 * 1024 * 1024
"""Largest file taken in; radiographs in DICOM are 8 to 30 MB."""

_MEGABYTES = MAX_FILE_BYTES // (1024 * 1024)


class UploadPanel(LiveWidget):
    """Takes radiographs by button or by drop and puts them into the state.

    A file arrives in pieces, each answered before the next is sent: the 10 MiB that Jupyter and
    Voilà allow a message, beyond which a file vanishes without a word, is never reached. The
    bytes are let go as soon as the radiograph is read.

    Parameters
    ----------
    state
        Where radiographs, and sentences about files that are none, go.
    """

    _esm = script("upload")

    hint = traitlets.Unicode(
        f"PNG, JPEG, TIFF, BMP, WebP or DICOM, up to {_MEGABYTES}\N{NO-BREAK SPACE}MB each"
    ).tag(sync=True)
    hint_id = traitlets.Unicode().tag(sync=True)
    max_bytes = traitlets.Int(MAX_FILE_BYTES).tag(sync=True)

    def __init__(self, state: WorkbenchState) -> None:
        super().__init__(hint_id=f"fw-hint-{uuid.uuid4().hex}")
        self._state = state
        self._arriving: dict[str, _Arriving] = {}
        self._handlers: dict[str, Callable[[Mapping[str, Any], Sequence[memoryview]], None]] = {
            "batch": self._batch,
            "begin": self._begin,
            "piece": self._piece,
            "refused": self._refused,
        }

    def receive(self, content: Mapping[str, Any], buffers: Sequence[memoryview] = ()) -> None:
        """Take a message from the page: a file begins, a piece of it, or why it was refused."""
        super().receive(content, buffers)
        handler = self._handlers.get(str(content.get("type")))
        if handler is not None:
            handler(content, buffers)

    def _batch(self, content: Mapping[str, Any], buffers: Sequence[memoryview]) -> None:
        self._state.problems = ()

    def _begin(self, content: Mapping[str, Any], buffers: Sequence[memoryview]) -> None:
        arriving = _Arriving(_base_name(content["name"]), int(content["size"]))
        if arriving.size > self.max_bytes:
            self._state.tell(_refusal(arriving.name, "size"))
            self._done(str(content["upload"]))
            return
        self._arriving[str(content["upload"])] = arriving
        self._go_on(str(content["upload"]))

    def _piece(self, content: Mapping[str, Any], buffers: Sequence[memoryview]) -> None:
        upload = str(content["upload"])
        arriving = self._arriving.get(upload)
        if arriving is None:
            return
        for buffer in buffers:
            arriving.content += buffer
        self._go_on(upload)

    def _refused(self, content: Mapping[str, Any], buffers: Sequence[memoryview]) -> None:
        self._arriving.pop(str(content.get("upload")), None)
        self._state.tell(_refusal(_base_name(content["name"]), str(content["reason"])))

    def _go_on(self, upload: str) -> None:
        arriving = self._arriving[upload]
        if len(arriving.content) < arriving.size:
            self.send({"type": "next", "upload": upload})
            return
        del self._arriving[upload]
        try:
            self._state.add(read_radiograph(bytes(arriving.content), name=arriving.name))
        except FractureWidgetsError as error:
            self._state.tell(str(error))
        except Exception as error:  # noqa: BLE001 - the rest of the batch must go on
            self._state.tell(f"{arriving.name} was left out. {sentence(error)}")
        finally:
            self._done(upload)

    def _done(self, upload: str) -> None:
        self.send({"type": "done", "upload": upload})


class _Arriving:
    """A file of which not all pieces are here yet."""

    def __init__(self, name: str, size: int) -> None:
        self.name = name
        self.size = size
        self.content = bytearray()


def _base_name(name: object) -> str:
    return PurePosixPath(PureWindowsPath(str(name)).name).name or "unnamed file"


def _refusal(name: str, reason: str) -> str:
    if reason == "size":
        return (
            f"{name} is larger than {_MEGABYTES} MB, the limit here: export a smaller copy and "
            "choose that."
        )
    if reason == "folder":
        return f"{name} is a folder: open it and choose the radiographs in it."
    return f"{name} could not be read by the browser: check that it is still there."
