"""Small pictures with names: the radiographs at hand, and the built-in samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import traitlets

from fracture_widgets.app.widgets.live import script
from fracture_widgets.app.widgets.live_rows import LiveRows
from fracture_widgets.app.widgets.thumbnails import MakeThumbnail

__all__ = ["Picture", "PictureList"]


@dataclass(frozen=True)
class Picture:
    """A picture of the list and what stands beside it."""

    key: int
    title: str
    note: str
    alt: str
    thumbnail: MakeThumbnail | None = None
    chosen: bool | None = None
    removable: bool = False
    tag: str = ""
    tone: str = "normal"


class PictureList(LiveRows):
    """A list of pictures, each a button."""

    _esm = script("pictures")

    label = traitlets.Unicode().tag(sync=True)
    chosen = traitlets.Int(None, allow_none=True)
    removed = traitlets.Int(None, allow_none=True)

    def list_pictures(self, pictures: Sequence[Picture]) -> None:
        """Show these pictures."""
        self.fill(
            [_row(picture) for picture in pictures],
            {str(one.key): one.thumbnail for one in pictures if one.thumbnail is not None},
        )

    def receive(self, content: Mapping[str, Any], buffers: Sequence[memoryview] = ()) -> None:
        """Take a click."""
        super().receive(content, buffers)
        if content.get("type") == "choose":
            self.chosen = None
            self.chosen = int(content["key"])
        elif content.get("type") == "remove":
            self.removed = None
            self.removed = int(content["key"])


def _row(picture: Picture) -> dict[str, Any]:
    row = {one.name: getattr(picture, one.name) for one in fields(picture)}
    return row | {"thumbnail": str(picture.key) if picture.thumbnail is not None else ""}
