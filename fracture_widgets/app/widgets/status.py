"""One line that says what the workbench is doing, or why it cannot."""

from __future__ import annotations

import traitlets

from fracture_widgets.app.widgets.live import LiveWidget, script

__all__ = ["StatusLine"]


class StatusLine(LiveWidget):
    """A line of text, read out by screen readers when it changes, with a progress bar."""

    _esm = script("status")

    text = traitlets.Unicode().tag(sync=True)
    tone = traitlets.Enum(("quiet", "good", "problem"), "quiet").tag(sync=True)
    busy = traitlets.Bool(False).tag(sync=True)
    progress = traitlets.Float(None, allow_none=True).tag(sync=True)
