"""Small pictures with names: the radiographs at hand, and the built-in samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import traitlets

from fracture_widgets.imaging.radiograph import Radiograph
from fracture_widgets.panels.live import LiveWidget, script
from fracture_widgets.panels.viewer import jpeg

__all__ = ["Picture", "PictureList", "thumbnail"]

_THUMBNAIL_SIDE = 160


@dataclass(frozen=True)
class Picture:
    """A picture of the list and what stands beside it.

    Attributes
    ----------
    key
        Comes back when the picture is chosen or removed.
    title, note, alt
        Name, a second line, and what the picture shows for those who cannot see it.
    chosen
        Whether it is the one shown; None in a list where none is.
    removable
        Whether it has a button that removes it.
    tag, tone
        A word of state, and its colour: ``"fractured"``, ``"normal"`` or ``"problem"``.
    """

    key: int
    title: str
    note: str
    alt: str
    chosen: bool | None = None
    removable: bool = False
    tag: str = ""
    tone: str = "normal"


class PictureList(LiveWidget):
    """A list of pictures, each a button.

    Attributes
    ----------
    label
        What the list is, for screen readers.
    chosen, removed
        Key of the last picture chosen or removed in the page; set anew at every click.
    """

    _esm = script("pictures")

    label = traitlets.Unicode().tag(sync=True)
    chosen = traitlets.Int(None, allow_none=True)
    removed = traitlets.Int(None, allow_none=True)

    def fill(self, pictures: Sequence[Picture], thumbnails: Sequence[bytes]) -> None:
        """Show these pictures, with a JPEG for each."""
        self.show({"pictures": [asdict(picture) for picture in pictures]}, thumbnails)

    def receive(self, content: Mapping[str, Any], buffers: Sequence[memoryview] = ()) -> None:
        """Take a click."""
        super().receive(content, buffers)
        if content.get("type") == "choose":
            self.chosen = None
            self.chosen = int(content["key"])
        elif content.get("type") == "remove":
            self.removed = None
            self.removed = int(content["key"])


def thumbnail(radiograph: Radiograph) -> bytes:
    """Return a small JPEG of a radiograph."""
    return jpeg(radiograph, _THUMBNAIL_SIDE)
