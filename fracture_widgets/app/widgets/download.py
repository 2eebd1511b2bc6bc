"""A button that hands a file to the browser.

Voilà serves no files of ours, so the bytes travel as a message and are kept in no widget state.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import traitlets

from fracture_widgets.app.widgets.live import LiveWidget, script
from fracture_widgets.records.formats import ReportFile

__all__ = ["DownloadButton", "csv_download"]


class DownloadButton(LiveWidget):
    """A button; a click asks ``provide`` for a file and gives it to the browser."""

    _esm = script("download")

    label = traitlets.Unicode().tag(sync=True)
    disabled = traitlets.Bool(False).tag(sync=True)
    choices: traitlets.List[Any] = traitlets.List().tag(sync=True)
    choice = traitlets.Unicode().tag(sync=True)

    def __init__(self, provide: Callable[[], ReportFile | None], **traits: Any) -> None:
        super().__init__(**traits)
        self._provide = provide

    def receive(self, content: Mapping[str, Any], buffers: Sequence[memoryview] = ()) -> None:
        """Answer a click."""
        super().receive(content, buffers)
        if content.get("type") != "wanted" or self.disabled:
            return
        download = self._provide()
        if download is not None:
            self.send(
                {"type": "file", "name": download.name, "mime": download.mime}, [download.content]
            )


def csv_download(name: str, text: str) -> ReportFile:
    """Return a table for the browser; the mark at its beginning tells Excel that it is UTF-8."""
    return ReportFile(name, "text/csv", text.encode("utf-8-sig"))
